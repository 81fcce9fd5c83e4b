//! From what was typed to a review: reads the intent, asks for what it rests on, and puts it in words.

use crate::protocol::{Intent, KeysView, NodeText, ProposedAction, Review};
use credo_light::{AccountQuery, Holdings, Query};
use credo_pob::{Candidate, Candidates};
use credo_primitives::entry::Proposal;
use credo_primitives::{AccountName, Preset, StateKey};
use credo_wallet::{
    Basis, Intent as Wanted, IntentError, NodeDeed, PermissionDeed, ProposalDeed, Registration, Requested,
    draft, permission_name, weight,
};

use super::commands::NO_CHAIN;
use super::core::Core;
use super::facts::{Holding, Proof, decode};
use super::keys::capital;
use super::parts::Purpose;

const HOUR_S: u64 = 3_600;

/// Reads what was typed. What is claimed, and what a proposal does, comes with what is proved.
fn read(intent: &Intent) -> Result<Wanted, IntentError> {
    use credo_primitives::Amount;
    let name = |text: &str| permission_name("the name", text);
    let deed = |deed: PermissionDeed| Ok(Wanted::Permission(deed));
    let node = |text: &NodeText| {
        Registration::parse(
            &text.key,
            &text.location,
            &text.url,
            &text.net_id,
            &text.possession,
        )
    };
    match intent {
        Intent::Transfer { to, amount, memo } => Wanted::transfer(to, amount, memo),
        Intent::Vote { candidate, amount } => Wanted::vote(candidate, amount),
        Intent::Unvote { candidate, amount } => Wanted::unvote(candidate, amount),
        Intent::Move { from, to, amount } => Wanted::move_votes(from, to, amount),
        Intent::Pledge { to, amount } => Wanted::pledge(to, amount),
        Intent::Unpledge { to, amount } => Wanted::unpledge(to, amount),
        Intent::Claim => Ok(Wanted::Claim {
            voter: Amount::ZERO,
            node: Amount::ZERO,
            contribution: Amount::ZERO,
        }),
        Intent::SignUp {
            name,
            owner,
            active,
            inviter,
        } => Wanted::sign_up(name, owner, active, inviter),
        Intent::Register(text) => Ok(Wanted::Node(NodeDeed::Register(node(text)?))),
        Intent::Update(text) => Ok(Wanted::Node(NodeDeed::Update(node(text)?))),
        Intent::Apply => Ok(Wanted::Node(NodeDeed::Apply)),
        Intent::Leave => Ok(Wanted::Node(NodeDeed::Leave)),
        Intent::StandAside { epochs } => Wanted::stand_aside(epochs),
        Intent::FeeShare { percent } => Wanted::fee_share(percent),
        Intent::AddPermission {
            permission,
            threshold,
        } => deed(PermissionDeed::Add {
            permission: name(permission)?,
            threshold: weight("the threshold", threshold)?,
        }),
        Intent::DropPermission { permission } => deed(PermissionDeed::Drop {
            permission: name(permission)?,
        }),
        Intent::Threshold {
            permission,
            threshold,
        } => deed(PermissionDeed::Threshold {
            permission: name(permission)?,
            threshold: weight("the threshold", threshold)?,
        }),
        Intent::Assign {
            permission,
            who,
            weight,
        } => Wanted::assign(permission, who, weight),
        Intent::RevokeItem { permission, who } => deed(PermissionDeed::Revoke {
            permission: name(permission)?,
            who: Requested::parse(who)?,
        }),
        Intent::AddGroup { group } => deed(PermissionDeed::AddGroup { group: name(group)? }),
        Intent::DropGroup { group } => deed(PermissionDeed::DropGroup { group: name(group)? }),
        Intent::AssignGroup {
            group,
            who,
            weight: counts,
        } => deed(PermissionDeed::AssignGroup {
            group: name(group)?,
            who: Requested::parse(who)?,
            weight: weight("the weight", counts)?,
        }),
        Intent::RevokeGroup { group, who } => deed(PermissionDeed::RevokeGroup {
            group: name(group)?,
            who: Requested::parse(who)?,
        }),
        Intent::AddToPermission { permission, group } => deed(PermissionDeed::AddToPermission {
            permission: name(permission)?,
            group: name(group)?,
        }),
        Intent::RemoveFromPermission { permission, group } => deed(PermissionDeed::RemoveFromPermission {
            permission: name(permission)?,
            group: name(group)?,
        }),
        Intent::Propose {
            name,
            requested,
            actions,
            hours,
        } => {
            let plain = |action: &ProposedAction| {
                (
                    action.contract.clone(),
                    action.action.clone(),
                    action.data.clone(),
                )
            };
            let actions: Vec<_> = actions.iter().map(plain).collect();
            Wanted::propose(name, requested, &actions, hours.saturating_mul(HOUR_S))
        }
        Intent::Approve {
            proposer,
            name: of,
            who,
        } => Ok(Wanted::Proposal(ProposalDeed::Approve {
            proposer: Wanted::name(proposer)?,
            name: name(of)?,
            who: Requested::parse(who)?,
            actions: Vec::new(),
        })),
        Intent::RevokeApproval {
            proposer,
            name: of,
            who,
        } => Ok(Wanted::Proposal(ProposalDeed::Revoke {
            proposer: Wanted::name(proposer)?,
            name: name(of)?,
            who: Requested::parse(who)?,
        })),
        Intent::RevokeAllApprovals => Ok(Wanted::Proposal(ProposalDeed::RevokeAll)),
        Intent::ClearProposals { proposer } => Ok(Wanted::Proposal(ProposalDeed::Clear {
            proposer: match proposer.as_str() {
                "" => None,
                proposer => Some(Wanted::name(proposer)?),
            },
        })),
        Intent::CancelProposal { name: of } => Ok(Wanted::Proposal(ProposalDeed::Cancel { name: name(of)? })),
        Intent::Execute { proposer, name: of } => Ok(Wanted::Proposal(ProposalDeed::Execute {
            proposer: Wanted::name(proposer)?,
            name: name(of)?,
            actions: Vec::new(),
        })),
    }
}

/// Where a proposal stands whose actions are to be signed for.
fn proposal(intent: &Wanted) -> Option<StateKey> {
    match intent {
        Wanted::Proposal(
            ProposalDeed::Approve { proposer, name, .. } | ProposalDeed::Execute { proposer, name, .. },
        ) => Some(StateKey::proposal(proposer, name.as_str())),
        _ => None,
    }
}

/// Completes an intent with what is proved: a claim's amounts, a proposal's actions.
fn completed(intent: Wanted, held: &Holdings, proposed: Option<&Proposal>) -> Wanted {
    let proved = || {
        let actions = proposed.iter().flat_map(|proposal| &proposal.actions);
        actions.map(super::proposals::action).collect()
    };
    match intent {
        Wanted::Proposal(ProposalDeed::Approve {
            proposer, name, who, ..
        }) => Wanted::Proposal(ProposalDeed::Approve {
            proposer,
            name,
            who,
            actions: proved(),
        }),
        Wanted::Proposal(ProposalDeed::Execute { proposer, name, .. }) => {
            Wanted::Proposal(ProposalDeed::Execute {
                proposer,
                name,
                actions: proved(),
            })
        }
        Wanted::Claim { .. } => {
            let rewards = held.rewards();
            Wanted::Claim {
                voter: rewards.voter,
                node: rewards.node,
                contribution: rewards.contribution,
            }
        }
        other => other,
    }
}

impl Core {
    pub(super) fn prepare(&mut self, id: u32, intent: &Intent) -> Result<(), String> {
        let wanted = read(intent).map_err(|e| capital(&e.to_string()))?;
        if !matches!(self.keys.view(&[]), KeysView::Unlocked { .. }) {
            return Err("The wallet is locked. Unlock it first.".into());
        }
        if self.facts.chosen.is_none() {
            return Err("There is no account under this key yet.".into());
        }
        self.prepare_on_state(id, wanted)
    }

    /// Asks for what the review rests on, from one snapshot: our own account, the other one's entry, and the nodes that it is
    /// about as they are now: they may have registered or lost candidacy since the epoch began.
    fn prepare_on_state(&mut self, id: u32, intent: Wanted) -> Result<(), String> {
        let account = self
            .facts
            .chosen
            .clone()
            .ok_or("There is no account under this key yet.")?;
        let query = self.facts.query(account);
        let mut keys = query.keys();
        keys.extend(intent.nodes().into_iter().map(StateKey::candidate));
        keys.extend(intent.other().map(StateKey::account));
        keys.extend(proposal(&intent));
        self.question(
            Query::State(keys),
            Purpose::Prepare {
                command: id,
                intent,
                query,
            },
        )
    }

    /// Everything that the review rests on is proved: checks the intent against it and puts it in words.
    pub(super) fn reviewed(
        &mut self,
        intent: Wanted,
        query: &AccountQuery,
        proof: Proof,
        entries: &[Option<Vec<u8>>],
    ) -> Result<Review, String> {
        let own = entries.len().min(query.keys().len());
        let (of_account, others) = entries.split_at(own);
        let held = Holding::read(query, proof, of_account, self.facts.holding.as_ref())?.held;
        let mut others = others.iter();
        let mut named: Vec<Candidate> = held.own_node().cloned().into_iter().collect();
        for _ in intent.nodes() {
            let entry = others.next().and_then(Option::as_deref);
            named.extend(decode::<Candidate>(entry)?.filter(|node| node.account != held.account));
        }
        named.sort_by(|a, b| a.account.cmp(&b.account));
        named.dedup_by(|a, b| a.account == b.account);
        let named = Candidates::of(named);
        let other_exists = intent.other().is_some() && others.next().is_some_and(Option::is_some);
        let proposed = match proposal(&intent) {
            None => None,
            Some(_) => {
                let entry = others.next().and_then(Option::as_deref);
                let gone = "There is no such proposal (its absence is proved): it was executed or cancelled.";
                Some(decode::<Proposal>(entry)?.ok_or(gone)?)
            }
        };
        self.review(
            completed(intent, &held, proposed.as_ref()),
            &held,
            &named,
            proof,
            other_exists,
        )
    }

    fn review(
        &mut self,
        intent: Wanted,
        held: &Holdings,
        nodes: &Candidates,
        proof: Proof,
        other_exists: bool,
    ) -> Result<Review, String> {
        let spec = self.chain.spec().ok_or(NO_CHAIN)?;
        let chain = spec.hash();
        let now_ms = self.chain.clock_ms(self.now) as u64;
        let votes = held.counting();
        let account: &AccountName = &held.account;
        let basis = Basis {
            account,
            record: held.record.as_ref(),
            key: self.keys.public_key(),
            spendable: held.spendable(now_ms),
            gas: held.gas(now_ms, spec.parameters.gas_per_iost_day).total(),
            votes: &votes,
            pledges: &held.pledges.to,
            pledged: held.gas.pledged,
            ram: held.ram,
            ram_market: held.ram_market.as_ref(),
            nodes: Some(nodes),
            available_votes: self.facts.pool.as_ref().map(|pool| pool.available),
            other_exists,
            height: proof.height,
            parameters: &spec.parameters,
            spec: &chain,
            by_invitation: spec.preset == Preset::Private,
        };
        let draft = draft(intent, &basis).map_err(|e| capital(&e.to_string()))?;
        let words = draft.review().clone();
        let id = self.keep_review(draft);
        Ok(Review {
            id,
            title: words.title,
            lines: words.lines,
            height: words.height,
        })
    }
}
