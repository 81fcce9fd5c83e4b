//! Why the ledger refused.

use credo_primitives::{AccountName, Amount};

use crate::{MAX_CANDIDATES, MAX_VOTES};

/// Why an operation was refused; the ledger and the voter's record are then as they were. The texts are IOST's where
/// IOST has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PobError {
    /// The account is registered already.
    #[error("producer exists")]
    Exists,
    /// Another node has this consensus key.
    #[error("pubkey is used by another producer")]
    KeyUsed,
    /// No node is registered under this account.
    #[error("producer not exists")]
    NotExists,
    /// Too few votes for candidacy (P-10).
    #[error("producer not approved: {votes} votes, more than {threshold} are needed")]
    BelowThreshold {
        /// Votes that it has.
        votes: Amount,
        /// Votes that it must exceed.
        threshold: Amount,
    },
    /// A member of the committee can't change its key.
    #[error("account in producerList, can't change pubkey")]
    Sitting,
    /// Nothing, where something is needed.
    #[error("amount must be positive")]
    NotPositive,
    /// The account has no vote for this node.
    #[error("account didn't vote.")]
    DidNotVote,
    /// The account has fewer votes for this node.
    #[error("amount too large. max amount = {max}")]
    TooLarge {
        /// How many it has.
        max: Amount,
    },
    /// A move to the node where the votes are.
    #[error("votes can't be moved from {0} to itself")]
    SameNode(AccountName),
    /// The vote was cast before the node lost candidacy (P-16).
    #[error("the vote for {0} is void: the node lost its candidacy after it was cast")]
    VoidVote(AccountName),
    /// The account votes for as many nodes as it can.
    #[error("an account can vote for at most {MAX_VOTES} nodes at once")]
    TooManyVotes,
    /// The list of nodes is full.
    #[error("at most {MAX_CANDIDATES} nodes can be registered")]
    TooManyNodes,
    /// More votes than fit; can't happen while tokens are conserved.
    #[error("the votes of {0} overflow")]
    Overflow(AccountName),
}
