//! Why the ledger refused.

use credo_primitives::{AccountName, Amount};

use crate::{MAX_CANDIDATES, MAX_VOTES, PROTECTED_EPOCHS};

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
    /// It lost candidacy and isn't registered again, or waits for approval.
    #[error("producer not approved")]
    NotApproved,
    /// It isn't a candidate.
    #[error("producer isn't a candidate")]
    NotCandidate,
    /// It lost candidacy; it may register again from this time on (ms since 1970, P-16).
    #[error("producer lost its candidacy and may register again from {0} ms since 1970 on")]
    Cooling(u64),
    /// What it locked the last time hasn't been given back yet.
    #[error("what the node locked the last time hasn't returned yet")]
    Deposit,
    /// Votes for a node that lost candidacy (P-16).
    #[error(
        "{0} lost its candidacy: it can't be voted for until it registers again, from {1} ms since 1970 on"
    )]
    LostNode(AccountName, u64),
    /// It would stand aside for longer than it may (P-15).
    #[error("a node can stand aside for at most {0} epochs")]
    AsideTooLong(u64),
    /// Fewer than four active candidates would be left (P-13).
    #[error("fewer than four active candidates would be left")]
    TooFewLeft,
    /// Availability was proved against this MSB before, or there is no need to.
    #[error(
        "the node proved its availability against the Micro State Block of epoch {0} or a later one before"
    )]
    Proved(u64),
    /// There is nobody to share with.
    #[error("{0} has no voters")]
    NoVoters(AccountName),
    /// Outside 10 % to 30 % (P-22).
    #[error("a node's share of its invited users' fees lies between 10 and 30 percent")]
    FeeShare,
    /// Too few votes for candidacy (P-10).
    #[error("producer not approved: {votes} votes, more than {threshold} are needed")]
    BelowThreshold {
        /// Votes that it has.
        votes: Amount,
        /// Votes that it must exceed.
        threshold: Amount,
    },
    /// Too few votes for candidacy at the last MSB (P-10).
    #[error(
        "producer not approved: {votes} votes at the last Micro State Block, more than {threshold} are needed then, too"
    )]
    BelowThresholdBefore {
        /// Votes that it had.
        votes: Amount,
        /// Votes that it must have exceeded.
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
    /// A candidate's votes for itself, which answer for what it signs (P-24).
    #[error("a candidate's votes for itself can't be moved to another node while it is one")]
    OwnVotes,
    /// The vote was cast before the node lost candidacy (P-16).
    #[error("the vote for {0} is void: the node lost its candidacy after it was cast")]
    VoidVote(AccountName),
    /// The account votes for as many nodes as it can.
    #[error("an account can vote for at most {MAX_VOTES} nodes at once")]
    TooManyVotes,
    /// The list of nodes is full of candidates and of nodes that registered lately (P-10).
    #[error(
        "at most {MAX_CANDIDATES} nodes can be registered, and each of them is a candidate or registered less than {PROTECTED_EPOCHS} epochs ago"
    )]
    TooManyNodes,
    /// More votes than fit; can't happen while tokens are conserved.
    #[error("the votes of {0} overflow")]
    Overflow(AccountName),
}
