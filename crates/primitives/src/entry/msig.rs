//! `msig.iost`: proposals that wait for several approvals.
//!
//! A proposal with all its approvals is one value, so that one proof shows a co-signer what it approves.

use super::Principal;
use crate::{AccountName, Text};

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
/// Most proposals listed for one account or key (the oldest).
pub const MAX_WAITING: usize = 128;

/// A proposal's name.
pub type ProposalName = Text<32>;

/// An approval that a proposal asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    /// Whose.
    pub who: Principal,
    /// Whether it was given.
    pub approved: bool,
}
codec_struct!(Requested { who, approved });

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
}
codec_struct!(WaitingProposal { proposer, name });

/// The oldest open proposals that ask for an account's or key's approval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// The proposals, oldest first.
    pub proposals: Vec<WaitingProposal>,
}
codec_struct!(Waiting {
    proposals: MAX_WAITING
});
