//! What a user wants done.

mod deeds;
mod error;
mod read;

pub use deeds::{NodeDeed, PermissionDeed, ProposalDeed, Registration};
pub use error::IntentError;
pub use read::{
    MAX_EXPIRATION_S, MAX_MEMO, MAX_PROPOSED_ACTIONS, MAX_REQUESTED, Requested, permission_name, weight,
};

use credo_primitives::{AccountName, Amount, PublicKey};

/// What a transaction is to do, as read from what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Send tokens.
    Transfer {
        /// The recipient.
        to: AccountName,
        /// How much.
        amount: Amount,
        /// A note that everybody can read.
        memo: String,
    },
    /// Vote for a Servi node (P-17): the tokens are locked.
    Vote {
        /// The node's account.
        candidate: AccountName,
        /// How much.
        amount: Amount,
    },
    /// Take votes back: the tokens return after `vote_lock` (P-17).
    Unvote {
        /// The node's account.
        candidate: AccountName,
        /// How much.
        amount: Amount,
    },
    /// Move votes from one node to another at once (P-17).
    Move {
        /// From this node.
        from: AccountName,
        /// To this one.
        to: AccountName,
        /// How much.
        amount: Amount,
    },
    /// Pledge IOST for an account's gas (P-23): the tokens are locked.
    Pledge {
        /// Whose gas.
        to: AccountName,
        /// How much.
        amount: Amount,
    },
    /// Take a pledge back: the tokens return after `pledge_lock` (P-23).
    Unpledge {
        /// Whose gas.
        to: AccountName,
        /// How much.
        amount: Amount,
    },
    /// Claim rewards (P-20, P-21): what is claimed of each kind as far as it is proved; blocks since then add to it.
    Claim {
        /// For votes.
        voter: Amount,
        /// The node's own.
        node: Amount,
        /// For contribution.
        contribution: Amount,
    },
    /// Create an account for somebody's key.
    SignUp {
        /// The new account's name.
        name: AccountName,
        /// Its owner key.
        owner: PublicKey,
        /// Its active key.
        active: PublicKey,
        /// Who invited it, when that isn't the publisher.
        inviter: Option<AccountName>,
    },
    /// Something of the account's own Servi node.
    Node(NodeDeed),
    /// A change of the account's permissions.
    Permission(PermissionDeed),
    /// Something with a proposal for several to approve.
    Proposal(ProposalDeed),
}

impl Intent {
    /// The other account whose existence (or absence) must be proved beforehand.
    pub fn other(&self) -> Option<&AccountName> {
        match self {
            Self::Transfer { to, .. } | Self::Pledge { to, .. } => Some(to),
            Self::SignUp { name, .. } => Some(name),
            Self::Permission(deed) => deed.other(),
            // Nodes are looked up in their list, proposals under their own key.
            _ => None,
        }
    }

    /// The nodes that it is about, beside the account's own: to judge it their records must be known as they are now.
    pub fn nodes(&self) -> Vec<&AccountName> {
        match self {
            Self::Vote { candidate, .. } | Self::Unvote { candidate, .. } => vec![candidate],
            Self::Move { from, to, .. } => vec![from, to],
            _ => Vec::new(),
        }
    }

    /// "Send 12.5 IOST to harbor_cafe".
    pub fn title(&self) -> String {
        match self {
            Self::Transfer { to, amount, .. } => format!("Send {amount} IOST to {to}"),
            Self::Vote { candidate, amount } => format!("Vote for {candidate} with {amount} IOST"),
            Self::Unvote { candidate, amount } => format!("Take back {amount} IOST from {candidate}"),
            Self::Move { from, to, amount } => format!("Move {amount} IOST of votes from {from} to {to}"),
            Self::Pledge { to, amount } => format!("Pledge {amount} IOST for the gas of {to}"),
            Self::Unpledge { to, amount } => format!("Take back {amount} IOST pledged for the gas of {to}"),
            Self::Claim { .. } => format!("Claim {} IOST of rewards", self.claimed()),
            Self::SignUp { name, .. } => format!("Create the account {name}"),
            Self::Node(deed) => deed.title(),
            Self::Permission(deed) => deed.title(),
            Self::Proposal(deed) => deed.title(),
        }
    }

    /// The title once it is done: "Sent 12.5 to harbor_cafe".
    pub fn done_title(&self) -> String {
        match self {
            Self::Transfer { to, amount, .. } => format!("Sent {amount} to {to}"),
            Self::Vote { candidate, amount } => format!("Voted {amount} for {candidate}"),
            Self::Unvote { candidate, amount } => format!("Took back {amount} from {candidate}"),
            Self::Move { from, to, amount } => format!("Moved {amount} from {from} to {to}"),
            Self::Pledge { to, amount } => format!("Pledged {amount} for the gas of {to}"),
            Self::Unpledge { to, amount } => format!("Took back {amount} pledged for {to}"),
            Self::Claim { .. } => format!("Claimed {} of rewards", self.claimed()),
            Self::SignUp { name, .. } => format!("Created {name}"),
            Self::Node(deed) => deed.done_title(),
            Self::Permission(deed) => deed.done_title(),
            Self::Proposal(deed) => deed.done_title(),
        }
    }

    /// All that a claim is about to bring.
    fn claimed(&self) -> Amount {
        match self {
            Self::Claim {
                voter,
                node,
                contribution,
            } => [node, contribution]
                .into_iter()
                .try_fold(*voter, |sum, part| sum.checked_add(*part))
                .unwrap_or(Amount::MAX),
            _ => Amount::ZERO,
        }
    }
}
