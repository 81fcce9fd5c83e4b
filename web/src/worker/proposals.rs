//! Proposals of `msig.iost` that concern the present account: those that ask for its approval or its key's, and its own.
//!
//! A refresh brings their names; their records, and those of the accounts that they would act for, are asked for apart.
//! So it can be said how far the approvals go, not only how many there are.

use std::collections::{BTreeMap, BTreeSet};

use crate::protocol::{ActionView, ApprovalView, NeedView, ProposalView, Shown};
use credo_light::Query;
use credo_primitives::entry::{Account, Principal, Proposal, Proposals, Waiting};
use credo_primitives::{AccountName, Action, PublicKey, StateKey};
use credo_wallet::{actor, in_words, permissions};

use super::core::Core;
use super::facts::{Proof, decode};
use super::parts::Purpose;

/// Most proposals that are followed at once, the oldest first.
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
    /// Their records, and those of the accounts that they act for, all from one snapshot.
    known: Option<Known>,
    /// Accounts that the records name, to be asked for with them.
    actors: BTreeSet<AccountName>,
    asked: f64,
}

#[derive(Debug)]
struct Known {
    proof: Proof,
    proposals: Vec<Proposal>,
    accounts: BTreeMap<AccountName, Account>,
}

/// What was asked for, in order.
#[derive(Clone, Debug)]
pub(super) struct Records {
    ids: Vec<ProposalId>,
    actors: Vec<AccountName>,
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
        let mut ids: Vec<ProposalId> = Vec::new();
        let mut add = |id: ProposalId| {
            if ids.len() < MAX_FOLLOWED && !ids.contains(&id) {
                ids.push(id);
            }
        };
        for i in 0..2 {
            let waiting = decode::<Waiting>(entry(i))?.unwrap_or_default();
            for one in waiting.proposals {
                add((one.proposer, one.name.to_string()));
            }
        }
        let own = decode::<Proposals>(entry(2))?.unwrap_or_default();
        for name in own.open {
            add((account.clone(), name.to_string()));
        }
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

    fn records(&self) -> Records {
        Records {
            ids: self.ids.clone(),
            actors: self.actors.iter().take(MAX_ACTORS).cloned().collect(),
        }
    }

    /// Takes the records; true when they name accounts that should be looked up, too.
    fn learn(&mut self, asked: &Records, proof: Proof, entries: &[Option<Vec<u8>>]) -> Result<bool, String> {
        let (proposals, accounts) = entries.split_at(asked.ids.len().min(entries.len()));
        let mut known = Known {
            proof,
            proposals: Vec::new(),
            accounts: BTreeMap::new(),
        };
        for entry in proposals {
            known.proposals.extend(decode::<Proposal>(entry.as_deref())?);
        }
        for (name, entry) in asked.actors.iter().zip(accounts) {
            if let Some(account) = decode::<Account>(entry.as_deref())? {
                known.accounts.insert(name.clone(), account);
            }
        }
        let actors = known.proposals.iter().flat_map(|proposal| &proposal.actions);
        let actors: BTreeSet<AccountName> = actors
            .filter_map(|proposed| actor(&action(proposed)))
            .take(MAX_ACTORS)
            .collect();
        let more = actors != self.actors;
        self.actors = actors;
        self.known = Some(known);
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
                    given: requested.approved,
                    mine: mine(&requested.who),
                })
                .collect(),
            needs: known.needs(proposal),
            expires_ms: proposal.expires_ms as f64,
            expired: proposal.expires_ms <= now_ms,
        });
        Some(Shown {
            value: views.collect(),
            face: known.proof.face(fresh(&known.proof)),
        })
    }
}

impl Known {
    /// How far the approvals go for each account that the proposal acts for.
    fn needs(&self, proposal: &Proposal) -> Vec<NeedView> {
        let actors: BTreeSet<AccountName> = proposal
            .actions
            .iter()
            .filter_map(|proposed| actor(&action(proposed)))
            .collect();
        let need = |name: AccountName| {
            let account = self.accounts.get(&name)?;
            let active = account.permission("active")?;
            let given = |who: &Principal| {
                let mut approvals = proposal.requested.iter().filter(|requested| requested.approved);
                approvals.any(|requested| requested.who == *who)
            };
            let whole = proposal.requested.iter().any(|requested| {
                let of = matches!(&requested.who, Principal::Account { account, permission }
                    if *account == name && matches!(permission.as_str(), "active" | "owner"));
                of && requested.approved
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
        let followed = &self.facts.proposals;
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
        let records = followed.records();
        let proposals = records
            .ids
            .iter()
            .map(|(proposer, name)| StateKey::proposal(proposer, name));
        let accounts = records.actors.iter().map(StateKey::account);
        let keys = proposals.chain(accounts).collect();
        if self.ask(Query::State(keys), Purpose::Proposals(records)) {
            self.facts.proposals.asked = self.now;
        }
    }

    /// Their records came.
    pub(super) fn proposals_came(&mut self, asked: &Records, proof: Proof, entries: &[Option<Vec<u8>>]) {
        match self.facts.proposals.learn(asked, proof, entries) {
            Ok(true) => self.facts.proposals.asked = 0.0,
            Ok(false) => {}
            Err(why) => self.chain.note_problem(why),
        }
    }
}
