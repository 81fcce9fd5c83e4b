//! Why an intent was refused.

use credo_primitives::entry::IOST;
use credo_primitives::{AccountName, Amount, AmountError, NameError};

use super::{MAX_EXPIRATION_S, MAX_MEMO, MAX_PROPOSED_ACTIONS, MAX_REQUESTED};
use crate::review::grouped;

/// Why an intent was refused. Each is a sentence for the screen; nothing was signed or sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntentError {
    /// Not a plain decimal number, negative, or over-precise.
    #[error("{}", amount_sentence(.0))]
    Amount(AmountError),
    /// A negative amount.
    #[error("the amount is negative: an amount above zero is needed")]
    Negative,
    /// An amount of nothing.
    #[error("the amount is zero: an amount above zero is needed")]
    Zero,
    /// A text that can't be an account's name.
    #[error("\"{name}\" can't be an account: {}", name_sentence(.source))]
    Name {
        /// What was typed.
        name: String,
        /// Why.
        source: NameError,
    },
    /// More than can be spent.
    #[error("that is more than you have: {amount} asked, {spendable} spendable")]
    Balance {
        /// Asked for.
        amount: Amount,
        /// Proved to be there.
        spendable: Amount,
    },
    /// More than was voted.
    #[error("your votes for {candidate} are {votes}; {amount} is more than that")]
    Votes {
        /// The node.
        candidate: AccountName,
        /// Votes that this account has there.
        votes: Amount,
        /// Asked for.
        amount: Amount,
    },
    /// No votes there at all.
    #[error("you have no votes for {0}")]
    NoVotes(AccountName),
    /// Votes for too many nodes at once.
    #[error("one account can vote for at most {0} nodes at once; move or take back some first")]
    TooManyVotes(usize),
    /// The memo is too long.
    #[error("the memo has {0} bytes; at most {MAX_MEMO} are allowed")]
    Memo(usize),
    /// The recipient doesn't exist, by proof.
    #[error("there is no account \"{0}\" on this chain (its absence is proved); check the name")]
    NoRecipient(AccountName),
    /// The node isn't registered, by proof.
    #[error("{0} isn't a registered Servi node")]
    NoCandidate(AccountName),
    /// The node lost its candidacy and can't be voted for yet.
    #[error("{0} lost its candidacy; it can be voted for when it has registered again")]
    Lost(AccountName),
    /// The node waits for the foundation's approval.
    #[error("{0} waits for the foundation's approval and can't be voted for yet")]
    NotApproved(AccountName),
    /// The recipient is the sender.
    #[error("{0} is this account itself")]
    Oneself(AccountName),
    /// Votes moved to where they are.
    #[error("the votes are with {0} already")]
    SameNode(AccountName),
    /// The name for a new account is taken, by proof.
    #[error("the name \"{0}\" is taken already (proved); choose another")]
    Taken(AccountName),
    /// Less than `gas.iost` takes.
    #[error("pledges are made and taken back in amounts of at least {0} IOST")]
    LeastPledge(Amount),
    /// Nothing was pledged there.
    #[error("you have pledged nothing for {0}")]
    NotPledged(AccountName),
    /// More than was pledged there.
    #[error("your pledge for {to} is {pledged}; {amount} is more than that")]
    Pledged {
        /// For whom.
        to: AccountName,
        /// How much was pledged.
        pledged: Amount,
        /// Asked for.
        amount: Amount,
    },
    /// `gas.iost` keeps a part of what one pledged for oneself.
    #[error(
        "{keeps} IOST of a pledge for yourself stay pledged, so that your account can always act; at most {most} can be taken back"
    )]
    KeepsPledge {
        /// What stays.
        keeps: Amount,
        /// What can be taken back.
        most: Amount,
    },
    /// Pledges for too many accounts at once.
    #[error("one account can pledge for at most {0} accounts at once; take a pledge back first")]
    TooManyPledges(usize),
    /// No rewards.
    #[error("there is nothing to claim yet: rewards are counted at the end of each epoch")]
    NothingToClaim,
    /// Too little gas.
    #[error("this takes about {} gas and you have {}: pledge IOST for gas first, or wait until it has filled up", grouped(*.needs), grouped(*.has))]
    Gas {
        /// What it takes about.
        needs: u64,
        /// What is there.
        has: u64,
    },
    /// Something typed that can't be.
    #[error("{what}: {why}")]
    Field {
        /// Of what.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// The key can't change permissions.
    #[error(
        "your key doesn't satisfy the owner permission of {0}, which this needs; propose it to those whose keys do"
    )]
    NotOwner(AccountName),
    /// The key alone can't act for the account.
    #[error(
        "your key alone can't act for {0}: its permission needs more; propose it from an account of your own"
    )]
    NotAlone(AccountName),
    /// The account's record isn't known.
    #[error("the permissions of {0} aren't proved yet; wait a moment and try again")]
    Unknown(AccountName),
    /// No such permission.
    #[error("there is no permission \"{0}\"")]
    NoPermission(String),
    /// `active` and `owner` stay as they are.
    #[error("the permission \"{0}\" can't be removed or made anew; change the weights of its keys instead")]
    Fixed(String),
    /// It exists.
    #[error("\"{0}\" exists already")]
    Exists(String),
    /// No such group.
    #[error("there is no group \"{0}\"")]
    NoGroup(String),
    /// An item that isn't there.
    #[error("{0} doesn't stand there")]
    NoItem(String),
    /// The change would lock everybody out.
    #[error(
        "with this change nobody could reach the threshold of {permission} any more: {reach} of {threshold}"
    )]
    LocksOut {
        /// The permission.
        permission: String,
        /// What all weights together come to.
        reach: u64,
        /// What they must reach.
        threshold: u32,
    },
    /// It is a node already.
    #[error("{0} has registered a node already")]
    NodeExists(AccountName),
    /// It isn't a node.
    #[error("{0} has no registered node; register one first")]
    NoNode(AccountName),
    /// Not a candidate.
    #[error("{0} isn't a candidate; apply first")]
    NotCandidate(AccountName),
    /// A candidate already.
    #[error("{0} is a candidate already")]
    IsCandidate(AccountName),
    /// Too few votes to apply.
    #[error("an application needs more than {threshold} votes, and {account} has {votes}")]
    Threshold {
        /// The node.
        account: AccountName,
        /// Its votes.
        votes: Amount,
        /// What they must exceed.
        threshold: Amount,
    },
    /// Too many epochs.
    #[error("a node can stand aside for at most {0} epochs at a time")]
    Aside(u64),
    /// A share outside its range.
    #[error("the share of fees is a whole number from {0} to {1} percent")]
    FeeShare(u8, u8),
    /// Nobody to approve.
    #[error("name somebody who is to approve")]
    NobodyRequested,
    /// Too many to approve.
    #[error("at most {MAX_REQUESTED} can be asked to approve")]
    TooManyRequested,
    /// Nothing to do.
    #[error("a proposal needs at least one action and takes at most {MAX_PROPOSED_ACTIONS}")]
    Actions,
    /// Too long.
    #[error("a proposal stands for at least a minute and at most {} days", MAX_EXPIRATION_S / 86_400)]
    Expiration,
}

fn amount_sentence(error: &AmountError) -> String {
    match error {
        AmountError::NotANumber(text) if text.is_empty() => "an amount is needed".into(),
        AmountError::NotANumber(text) => {
            format!("\"{text}\" isn't an amount: a plain number such as 12.5 is needed")
        }
        AmountError::TooPrecise { text, decimals } => {
            format!("\"{text}\" is too precise: {IOST} has {decimals} decimals")
        }
        AmountError::Overflow => "that is more than will ever exist".into(),
    }
}

fn name_sentence(error: &NameError) -> String {
    match error {
        NameError::Length(_) => "a name has 5 to 11 characters".into(),
        NameError::Character(c) => format!("\"{c}\" isn't allowed, only a–z, 0–9 and _"),
        NameError::Contract => "names that begin with Contract belong to contracts".into(),
    }
}
