//! Proposals of `msig.iost` that concern the present account: those that ask for its approval or its key's, and its own.
//!
//! A refresh brings their names; their records, those of the accounts that they would act for, and what their approvals
//! rest upon, are asked for apart. So it can be said which approvals count and how far they go, not only how many there are.

use std::collections::BTreeSet;

use credo_wallet::approvals::{self, Records, Standing, Wanted};
use credo_wire::MAX_KEYS;

use crate::protocol::{ActionView, ApprovalView, NeedView, ProposalView, Shown};
use credo_light::Query;
use credo_primitives::entry::{Account, Principal, Proposal, Proposals, Requested, Waiting};
use credo_primitives::{AccountName, Action, PublicKey, StateKey};
use credo_wallet::{actor, in_words, permissions};

use super::core::Core;
use super::facts::{Proof, decode};
use super::parts::Purpose;

/// Most proposals that are followed at once: the newest of each proposer in turn.
const MAX_FOLLOWED: usize = 16;
/// Most accounts whose permissions are looked up for them.
const MAX_ACTORS: usize = 16;
/// Their records at most this often.
const EVERY_MS: f64 = 2_000.0;

/// A proposal by its names.
pub(super) type ProposalId = (AccountName, String);

/// What is known of them.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// A refresh has told which there are.
    named: bool,
    /// Those that concern the account, by the last refresh.
    ids: Vec<ProposalId>,
    /// Their records.
    known: Option<Known>,
    /// Entries that the records name, to be asked for with them: accounts that they act for, and what approvals rest upon.
    wanted: BTreeSet<Wanted>,
    /// What is known of these. Those that don't fit into one question are asked for in turn.
    records: Records,
    turn: usize,
    asked: f64,
}

#[derive(Debug)]
struct Known {
    proof: Proof,
    proposals: Vec<Proposal>,
}

/// What was asked for, in order.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    ids: Vec<ProposalId>,
    wanted: Vec<Wanted>,
}

impl Followed {
    /// The keys whose entries [`Followed::names`] takes.
    pub(super) fn keys(account: &AccountName, key: &PublicKey) -> [StateKey; 3] {
        [
            StateKey::proposals_for(account),
            StateKey::proposals_for_key(key),
            StateKey::proposals(account),
        ]
    }

    /// Takes a refresh's entries.
    pub(super) fn names(&mut self, account: &AccountName, entries: &[Option<Vec<u8>>]) -> Result<(), String> {
        let entry = |i: usize| entries.get(i).and_then(Option::as_deref);
        let mut waiting = Vec::new();
        for i in 0..2 {
            waiting.push(decode::<Waiting>(entry(i))?.unwrap_or_default());
        }
        let own = decode::<Proposals>(entry(2))?.unwrap_or_default();
        let ids: Vec<ProposalId> = approvals::newest_of_each(account, &waiting, &own, MAX_FOLLOWED)
            .into_iter()
            .map(|(proposer, name)| (proposer, name.to_string()))
            .collect();
        if ids != self.ids {
            self.asked = 0.0;
        }
        self.ids = ids;
        self.named = true;
        if self.ids.is_empty() {
            self.known = None;
        }
        Ok(())
    }

    /// The next question: the proposals, and of what they name first what isn't known yet.
    fn question(&mut self) -> Asked {
        let (mut wanted, mut known): (Vec<Wanted>, Vec<Wanted>) = self
            .wanted
            .iter()
            .cloned()
            .partition(|one| !self.records.knows(one));
        if !known.is_empty() {
            let from = self.turn % known.len();
            known.rotate_left(from);
        }
        let room = MAX_KEYS.saturating_sub(self.ids.len());
        self.turn = self.turn.wrapping_add(room.saturating_sub(wanted.len()));
        wanted.extend(known);
        wanted.truncate(room);
        Asked {
            ids: self.ids.clone(),
            wanted,
        }
    }

    /// Takes the records; true when they name entries that aren't known yet.
    fn learn(&mut self, asked: &Asked, proof: Proof, entries: &[Option<Vec<u8>>]) -> Result<bool, String> {
        let (of_proposals, others) = entries.split_at(asked.ids.len().min(entries.len()));
        let mut proposals = Vec::new();
        for entry in of_proposals {
            proposals.extend(decode::<Proposal>(entry.as_deref())?);
        }
        for (one, entry) in asked.wanted.iter().zip(others) {
            match one {
                Wanted::Account(name) => {
                    let record = decode::<Account>(entry.as_deref())?;
                    self.records.learn_account(name.clone(), record);
                }
                Wanted::Withdrawals(key) => {
                    let count = decode::<u64>(entry.as_deref())?;
                    self.records.learn_withdrawals(key.clone(), count.unwrap_or(0));
                }
            }
        }
        let mut wanted = self.records.wanted(&proposals);
        let actors = proposals.iter().flat_map(|proposal| &proposal.actions);
        let actors: BTreeSet<AccountName> = actors
            .filter_map(|proposed| actor(&action(proposed)))
            .take(MAX_ACTORS)
            .collect();
        wanted.extend(actors.into_iter().map(Wanted::Account));
        self.records.retain(&wanted);
        let more = wanted.iter().any(|one| !self.records.knows(one));
        self.wanted = wanted;
        self.known = Some(Known { proof, proposals });
        Ok(more)
    }

    /// For the page. `asked` is what proved which there are, `fresh` says whether a proof's height is recent enough.
    pub(super) fn view(
        &self,
        account: Option<&Account>,
        key: Option<&PublicKey>,
        now_ms: u64,
        asked: &Proof,
        fresh: impl Fn(&Proof) -> bool,
    ) -> Option<Shown<Vec<ProposalView>>> {
        if self.ids.is_empty() {
            // That there is none is proved, too.
            return self.named.then(|| Shown {
                value: Vec::new(),
                face: asked.face(fresh(asked)),
            });
        }
        let known = self.known.as_ref()?;
        let mine = |who: &Principal| match who {
            Principal::Key(held) => Some(held) == key,
            Principal::Account {
                account: of,
                permission,
            } => {
                matches!((account, key), (Some(record), Some(key))
                    if record.name == *of && permissions::satisfies(record, permission.as_str(), key))
            }
        };
        let views = known.proposals.iter().map(|proposal| ProposalView {
            proposer: proposal.proposer.to_string(),
            name: proposal.name.to_string(),
            actions: proposal.actions.iter().map(action_view).collect(),
            approvals: proposal
                .requested
                .iter()
                .map(|requested| ApprovalView {
                    who: permissions::item_text(&requested.who),
                    given: self.counts(requested),
                    void: self.records.standing(requested) == Standing::Void,
                    mine: mine(&requested.who),
                })
                .collect(),
            needs: self.needs(proposal),
            expires_ms: proposal.expires_ms as f64,
            expired: proposal.expires_ms <= now_ms,
        });
        Some(Shown {
            value: views.collect(),
            face: known.proof.face(fresh(&known.proof)),
        })
    }

    /// Given, and not known to be void.
    fn counts(&self, requested: &Requested) -> bool {
        matches!(
            self.records.standing(requested),
            Standing::Counts | Standing::Unknown
        )
    }

    /// How far the approvals go for each account that the proposal acts for.
    fn needs(&self, proposal: &Proposal) -> Vec<NeedView> {
        let actors: BTreeSet<AccountName> = proposal
            .actions
            .iter()
            .filter_map(|proposed| actor(&action(proposed)))
            .collect();
        let need = |name: AccountName| {
            let account = self.records.account(&name)?;
            let active = account.permission("active")?;
            let given = |who: &Principal| {
                let mut given = proposal.requested.iter().filter(|one| self.counts(one));
                given.any(|requested| requested.who == *who)
            };
            let whole = proposal.requested.iter().any(|requested| {
                let of = matches!(&requested.who, Principal::Account { account, permission }
                    if *account == name && matches!(permission.as_str(), "active" | "owner"));
                of && self.counts(requested)
            });
            let weight: u64 = permissions::items(account, active)
                .filter(|item| given(&item.principal))
                .map(|item| u64::from(item.weight))
                .sum();
            Some(NeedView {
                account: name.to_string(),
                weight: if whole {
                    u64::from(active.threshold)
                } else {
                    weight
                },
                threshold: active.threshold,
            })
        };
        actors.into_iter().filter_map(need).collect()
    }
}

/// A proposed action as a transaction would carry it.
pub(super) fn action(proposed: &credo_primitives::entry::ProposedAction) -> Action {
    Action {
        contract: proposed.contract.to_string(),
        name: proposed.action.to_string(),
        data: proposed.data.to_string(),
    }
}

fn action_view(proposed: &credo_primitives::entry::ProposedAction) -> ActionView {
    let action = action(proposed);
    ActionView {
        words: in_words(&action),
        raw: format!("{}/{} {}", action.contract, action.name, action.data),
    }
}

impl Core {
    /// Asks for the records of the proposals that concern the account, when it is time to.
    pub(super) fn follow_proposals(&mut self) {
        let followed = &mut self.facts.proposals;
        if followed.ids.is_empty() || self.now - followed.asked < EVERY_MS {
            return;
        }
        let pending = self
            .asks
            .values()
            .any(|(purpose, _)| matches!(purpose, Purpose::Proposals(_)));
        if pending {
            return;
        }
        let asked = followed.question();
        let proposals = asked
            .ids
            .iter()
            .map(|(proposer, name)| StateKey::proposal(proposer, name));
        let others = asked.wanted.iter().map(Wanted::key);
        let keys = proposals.chain(others).collect();
        if self.ask(Query::State(keys), Purpose::Proposals(asked)) {
            self.facts.proposals.asked = self.now;
        }
    }

    /// Their records came.
    pub(super) fn proposals_came(&mut self, asked: &Asked, proof: Proof, entries: &[Option<Vec<u8>>]) {
        match self.facts.proposals.learn(asked, proof, entries) {
            Ok(true) => self.facts.proposals.asked = 0.0,
            Ok(false) => {}
            Err(why) => self.chain.note_problem(why),
        }
    }
}
