//! The present account, as the page draws it. Times are ms since 1970 as `f64`, amounts decimal text.

use serde::{Deserialize, Serialize};

use super::{CandidateView, Shown};

/// The present account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct AccountView {
    pub name: String,
    /// Spendable IOST.
    pub balance: Option<Shown<String>>,
    pub gas: Option<Shown<GasView>>,
    pub ram: Option<Shown<RamView>>,
    pub staked: Option<Shown<StakedView>>,
    /// To claim; none while a node that it votes for isn't known yet.
    pub rewards: Option<Shown<RewardsView>>,
    /// Sum of the votes that count.
    pub voting: Option<Shown<String>>,
    pub votes: Vec<VoteView>,
    pub pledges: Vec<PledgeView>,
    /// What is on its way back, by date.
    pub unlocking: Vec<ReturnView>,
    pub permissions: Vec<PermissionView>,
    pub groups: Vec<GroupView>,
    /// This key alone can change the permissions.
    pub owner: bool,
    /// This key alone can act for the account.
    pub alone: bool,
    /// Who signed it up.
    pub referrer: Option<String>,
    pub created_ms: Option<f64>,
    /// Its own Servi node.
    pub node: Option<CandidateView>,
    /// Proposals that ask for its approval, or that it made.
    pub proposals: Option<Shown<Vec<ProposalView>>>,
}

/// Gas (P-23), in the units that users see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct GasView {
    /// The block's time.
    pub at_ms: f64,
    /// What could be used then.
    pub now: f64,
    /// The most that staked IOST fills it to.
    pub limit: f64,
    /// What of `now` was earned from others' fees: it is used last, and has no limit.
    pub earned: f64,
    pub per_day: f64,
    /// When it is full, if it isn't.
    pub full_at_ms: Option<f64>,
}

/// RAM in bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RamView {
    pub own: f64,
    pub total: f64,
}

/// Where staked IOST stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct StakedView {
    pub total: String,
    pub votes: String,
    pub pledges: String,
    pub deposit: String,
}

/// Rewards to claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RewardsView {
    pub total: String,
    pub votes: String,
    pub node: String,
    pub contribution: String,
}

/// A vote of the present account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct VoteView {
    pub candidate: String,
    pub amount: String,
    /// To claim; none while the node's record isn't known.
    pub rewards: Option<String>,
    /// The node lost its candidacy: the vote counts no longer.
    pub void: Option<VoidView>,
}

/// Why a vote counts no longer, and when its tokens return.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct VoidView {
    /// A sentence.
    pub reason: String,
    pub until_ms: f64,
}

/// A pledge for somebody's gas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PledgeView {
    pub to: String,
    pub amount: String,
}

/// An amount on its way back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ReturnView {
    pub amount: String,
    pub until_ms: f64,
    /// "from servi_004", "the node's deposit", or nothing.
    pub why: String,
}

/// A permission.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PermissionView {
    pub name: String,
    pub threshold: u32,
    pub items: Vec<ItemView>,
    pub groups: Vec<String>,
}

/// Who counts how much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ItemView {
    /// A key's base58 text, or `account@permission`.
    pub who: String,
    pub is_key: bool,
    pub weight: u32,
    /// This wallet's key.
    pub mine: bool,
}

/// A group of keys and accounts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct GroupView {
    pub name: String,
    pub items: Vec<ItemView>,
}

/// A proposal (`msig.iost`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ProposalView {
    pub proposer: String,
    pub name: String,
    pub actions: Vec<ActionView>,
    pub approvals: Vec<ApprovalView>,
    /// How far the approvals go for each account that it acts for, as far as that is known.
    pub needs: Vec<NeedView>,
    pub expires_ms: f64,
    /// Its time is over.
    pub expired: bool,
}

/// An action of a proposal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ActionView {
    /// What it does.
    pub words: String,
    /// As it stands.
    pub raw: String,
}

/// What the approvals weigh for an account that a proposal acts for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct NeedView {
    pub account: String,
    pub weight: u64,
    pub threshold: u32,
}

/// Who was asked to approve, and whether they did and it counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ApprovalView {
    pub who: String,
    pub given: bool,
    /// It was given, but what gave it has changed or was withdrawn: it doesn't count any more.
    pub void: bool,
    /// This key can approve or revoke as them.
    pub mine: bool,
}
