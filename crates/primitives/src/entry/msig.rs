//! `msig.iost`: proposals that wait for several approvals.
//!
//! A proposal with all its approvals is one value, so that one proof shows a co-signer what it approves.

use std::collections::BTreeMap;

use super::Principal;
use crate::{AccountName, Digest, Text};

/// Most approvals that a proposal asks for.
pub const MAX_REQUESTED: usize = 64;
/// Most actions of a proposal.
pub const MAX_PROPOSAL_ACTIONS: usize = 32;
/// Most bytes of all actions of a proposal together.
pub const MAX_PROPOSAL_BYTES: usize = 32 * 1024;
/// Most open proposals of one account.
pub const MAX_PROPOSALS: usize = 32;
/// Most names of one account's that can't be used again yet.
pub const MAX_RETIRED: usize = 128;
/// Most proposals listed for one account or key.
pub const MAX_WAITING: usize = 128;

/// A proposal's name.
pub type ProposalName = Text<32>;

/// What an approval was given with. It counts while that is still so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approval {
    /// What the authority that gave it rests upon ([`authority_digest`](super::authority_digest)). Zero for a key: that
    /// counts where it stands when the proposal is executed, and nowhere else.
    pub authority: Digest,
    /// How often all approvals of the account or key had been withdrawn by then.
    pub withdrawals: u64,
}
codec_struct!(Approval {
    authority,
    withdrawals
});

/// An approval that a proposal asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    /// Whose.
    pub who: Principal,
    /// What it was given with, if it was.
    pub approval: Option<Approval>,
}
codec_struct!(Requested { who, approval });

/// An action that is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedAction {
    /// The contract's own name, never a url that could be linked elsewhere later.
    pub contract: AccountName,
    /// The action's name.
    pub action: Text<64>,
    /// Text of a JSON array with the arguments.
    pub data: Text<MAX_PROPOSAL_BYTES>,
}
codec_struct!(ProposedAction {
    contract,
    action,
    data
});

/// Actions that are done, all or none, once those agree whose authority they need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Who proposed it.
    pub proposer: AccountName,
    /// Its name among the proposer's.
    pub name: ProposalName,
    /// Since when, ms since 1970.
    pub created_ms: u64,
    /// From when on it can neither be approved nor executed.
    pub expires_ms: u64,
    /// The approvals that it asks for.
    pub requested: Vec<Requested>,
    /// What is to be done.
    pub actions: Vec<ProposedAction>,
}

impl Proposal {
    /// Bytes of RAM that its proposer pays for while it is open: its actions, and a fixed part for itself and for each approval
    /// that it asks for, since approvals come later and the proposal stands in the lists of those who are asked.
    pub fn ram_bytes(&self) -> u64 {
        const FIXED: usize = 256;
        let actions = self.actions.iter();
        let texts: usize = actions
            .map(|a| a.contract.as_str().len() + a.action.as_str().len() + a.data.as_str().len())
            .sum();
        (texts + FIXED * (1 + self.requested.len())) as u64
    }
}
codec_struct!(Proposal {
    proposer,
    name,
    created_ms,
    expires_ms,
    requested: MAX_REQUESTED,
    actions: MAX_PROPOSAL_ACTIONS,
});

/// A name that can't be used again before a date: who approves it may still have the old proposal before its eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retired {
    /// The name.
    pub name: ProposalName,
    /// Until when, ms since 1970.
    pub until_ms: u64,
}
codec_struct!(Retired { name, until_ms });

/// All proposals of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposals {
    /// Names of those that are open, oldest first.
    pub open: Vec<ProposalName>,
    /// Names that can't be used again yet.
    pub retired: Vec<Retired>,
}
codec_struct!(Proposals {
    open: MAX_PROPOSALS,
    retired: MAX_RETIRED
});

/// A proposal by its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingProposal {
    /// Who proposed it.
    pub proposer: AccountName,
    /// Its name.
    pub name: ProposalName,
    /// When it expires, ms since 1970.
    pub expires_ms: u64,
}
codec_struct!(WaitingProposal {
    proposer,
    name,
    expires_ms
});

/// Open proposals that ask for an account's or key's approval. A full list makes place for a new one by what has expired,
/// else by the oldest of the proposer that has most in it ([`Waiting::add`]): nobody hides what others propose later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// The proposals, oldest first.
    pub proposals: Vec<WaitingProposal>,
}
codec_struct!(Waiting {
    proposals: MAX_WAITING
});

impl Waiting {
    /// Adds a proposal, once. What gives way for it is what has expired at `now_ms`, else the oldest of whoever has most.
    pub fn add(&mut self, proposal: WaitingProposal, now_ms: u64) {
        let same = |one: &WaitingProposal| one.proposer == proposal.proposer && one.name == proposal.name;
        if self.proposals.iter().any(same) {
            return;
        }
        if self.proposals.len() >= MAX_WAITING {
            self.proposals.retain(|one| one.expires_ms > now_ms);
        }
        if self.proposals.len() >= MAX_WAITING {
            let mut counts: BTreeMap<&AccountName, usize> = BTreeMap::new();
            for one in self.proposals.iter().chain([&proposal]) {
                *counts.entry(&one.proposer).or_default() += 1;
            }
            let most = counts.values().copied().max();
            let at = self
                .proposals
                .iter()
                .position(|one| counts.get(&one.proposer).copied() == most);
            self.proposals.remove(at.unwrap_or(0));
        }
        self.proposals.push(proposal);
    }
}
