//! What a user wants done, and why it can't be.

use credo_primitives::entry::IOST;
use credo_primitives::{AccountName, Amount, AmountError, NameError, PublicKey};

/// Longest memo in bytes (`token.iost/transfer`).
pub const MAX_MEMO: usize = 512;

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
    /// Create an account for somebody's key.
    SignUp {
        /// The new account's name.
        name: AccountName,
        /// Its owner key.
        owner: PublicKey,
        /// Its active key.
        active: PublicKey,
    },
}

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
    /// The recipient is the sender.
    #[error("{0} is this account itself")]
    Oneself(AccountName),
    /// Votes moved to where they are.
    #[error("the votes are with {0} already")]
    SameNode(AccountName),
    /// The name for a new account is taken, by proof.
    #[error("the name \"{0}\" is taken already (proved); choose another")]
    Taken(AccountName),
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

impl Intent {
    /// Reads an amount as typed.
    pub fn amount(text: &str) -> Result<Amount, IntentError> {
        let text = text.trim();
        if let Some(number) = text.strip_prefix(['-', '−'])
            && Amount::parse(number).is_ok()
        {
            return Err(IntentError::Negative);
        }
        match Amount::parse(text) {
            Ok(amount) if amount.is_zero() => Err(IntentError::Zero),
            Ok(amount) => Ok(amount),
            Err(error) => Err(IntentError::Amount(error)),
        }
    }

    /// Reads an account's name as typed; a contract's is taken, too.
    pub fn name(text: &str) -> Result<AccountName, IntentError> {
        let text = text.trim();
        AccountName::any(text).map_err(|source| IntentError::Name {
            name: text.chars().take(32).collect(),
            source,
        })
    }

    /// Reads a name for a new account as typed.
    pub fn new_name(text: &str) -> Result<AccountName, IntentError> {
        let text = text.trim();
        AccountName::new(text).map_err(|source| IntentError::Name {
            name: text.chars().take(32).collect(),
            source,
        })
    }

    /// A transfer from what was typed.
    pub fn transfer(to: &str, amount: &str, memo: &str) -> Result<Self, IntentError> {
        let to = Self::name(to)?;
        let amount = Self::amount(amount)?;
        if memo.len() > MAX_MEMO {
            return Err(IntentError::Memo(memo.len()));
        }
        Ok(Self::Transfer {
            to,
            amount,
            memo: memo.to_owned(),
        })
    }

    /// A vote from what was typed.
    pub fn vote(candidate: &str, amount: &str) -> Result<Self, IntentError> {
        Ok(Self::Vote {
            candidate: Self::name(candidate)?,
            amount: Self::amount(amount)?,
        })
    }

    /// An unvote from what was typed.
    pub fn unvote(candidate: &str, amount: &str) -> Result<Self, IntentError> {
        Ok(Self::Unvote {
            candidate: Self::name(candidate)?,
            amount: Self::amount(amount)?,
        })
    }

    /// A move from what was typed.
    pub fn move_votes(from: &str, to: &str, amount: &str) -> Result<Self, IntentError> {
        Ok(Self::Move {
            from: Self::name(from)?,
            to: Self::name(to)?,
            amount: Self::amount(amount)?,
        })
    }

    /// The other account that this touches, whose existence (or absence) must be proved beforehand.
    pub fn other(&self) -> &AccountName {
        match self {
            Self::Transfer { to, .. } | Self::Move { to, .. } => to,
            Self::Vote { candidate, .. } | Self::Unvote { candidate, .. } => candidate,
            Self::SignUp { name, .. } => name,
        }
    }

    /// "Send 12.5 IOST to harbor_cafe".
    pub fn title(&self) -> String {
        match self {
            Self::Transfer { to, amount, .. } => format!("Send {amount} IOST to {to}"),
            Self::Vote { candidate, amount } => format!("Vote for {candidate} with {amount} IOST"),
            Self::Unvote { candidate, amount } => format!("Take back {amount} IOST from {candidate}"),
            Self::Move { from, to, amount } => format!("Move {amount} IOST of votes from {from} to {to}"),
            Self::SignUp { name, .. } => format!("Create the account {name}"),
        }
    }

    /// The title once it is done: "Sent 12.5 to harbor_cafe".
    pub fn done_title(&self) -> String {
        match self {
            Self::Transfer { to, amount, .. } => format!("Sent {amount} to {to}"),
            Self::Vote { candidate, amount } => format!("Voted {amount} for {candidate}"),
            Self::Unvote { candidate, amount } => format!("Took back {amount} from {candidate}"),
            Self::Move { from, to, amount } => format!("Moved {amount} from {from} to {to}"),
            Self::SignUp { name, .. } => format!("Created {name}"),
        }
    }
}
