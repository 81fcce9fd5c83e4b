//! From an intent to a signed transaction.

use credo_primitives::entry::IOST;
use credo_primitives::tx::MAX_LIFETIME_NS;
use credo_primitives::{
    AccountName, Action, Amount, AmountLimit, CheckedTransaction, Digest, SecretKey, Transaction, TxError,
};
use serde_json::json;

use crate::intent::{Intent, IntentError, MAX_MEMO};
use crate::review::{Review, review};

/// How long a transaction lives, in ns: all that a node allows.
pub const EXPIRATION_NS: i64 = MAX_LIFETIME_NS;
/// Gas limit as users see it. By IOST's table our actions take 5,000 to 20,000; unused gas isn't charged.
pub const GAS_LIMIT_USER: u64 = 100_000;
/// Most nodes that one account can vote for at once (the ledger's bound).
const MAX_VOTES: usize = 256;

/// What is proved of the chain, and what an intent is checked against.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// The account that publishes.
    pub account: &'a AccountName,
    /// What it can spend.
    pub spendable: Amount,
    /// Its votes that count (of the node's present generation).
    pub votes: &'a [(AccountName, Amount)],
    /// Whether [`Intent::other`] exists: an account for a transfer and a sign-up, a registered node for votes.
    pub other_exists: bool,
    /// The verified block that all this was proved at.
    pub height: u64,
    /// The number that transactions of this chain name.
    pub chain_id: u32,
    /// From unvoting to the tokens' return.
    pub vote_lock_ms: u64,
}

/// A transaction that was checked and put in words, not yet signed.
#[derive(Clone, Debug)]
pub struct Draft {
    intent: Intent,
    account: AccountName,
    chain_id: u32,
    review: Review,
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Its hash.
    pub hash: Digest,
    /// Its Full bytes.
    pub bytes: Vec<u8>,
    /// When it dies, ns since 1970.
    pub dead_at: i64,
}

/// Checks `intent` against `basis` and puts it in words.
pub fn draft(intent: Intent, basis: &Basis<'_>) -> Result<Draft, IntentError> {
    let spend = |amount: Amount| match amount {
        amount if amount.is_zero() => Err(IntentError::Zero),
        amount if amount > basis.spendable => Err(IntentError::Balance {
            amount,
            spendable: basis.spendable,
        }),
        _ => Ok(()),
    };
    let take = |candidate: &AccountName, amount: Amount| {
        let votes = basis.votes.iter().find(|(name, _)| name == candidate);
        match votes {
            _ if amount.is_zero() => Err(IntentError::Zero),
            None => Err(IntentError::NoVotes(candidate.clone())),
            Some((_, votes)) if amount > *votes => Err(IntentError::Votes {
                candidate: candidate.clone(),
                votes: *votes,
                amount,
            }),
            Some(_) => Ok(()),
        }
    };
    let room = |candidate: &AccountName| {
        let known = basis.votes.iter().any(|(name, _)| name == candidate);
        if !known && basis.votes.len() >= MAX_VOTES {
            Err(IntentError::TooManyVotes(MAX_VOTES))
        } else {
            Ok(())
        }
    };
    match &intent {
        Intent::Transfer { to, amount, memo } => {
            if to == basis.account {
                return Err(IntentError::Oneself(to.clone()));
            }
            if memo.len() > MAX_MEMO {
                return Err(IntentError::Memo(memo.len()));
            }
            if !basis.other_exists {
                return Err(IntentError::NoRecipient(to.clone()));
            }
            spend(*amount)?;
        }
        Intent::Vote { candidate, amount } => {
            if !basis.other_exists {
                return Err(IntentError::NoCandidate(candidate.clone()));
            }
            spend(*amount)?;
            room(candidate)?;
        }
        Intent::Unvote { candidate, amount } => take(candidate, *amount)?,
        Intent::Move { from, to, amount } => {
            if from == to {
                return Err(IntentError::SameNode(to.clone()));
            }
            take(from, *amount)?;
            if !basis.other_exists {
                return Err(IntentError::NoCandidate(to.clone()));
            }
            room(to)?;
        }
        Intent::SignUp { name, .. } => {
            if basis.other_exists {
                return Err(IntentError::Taken(name.clone()));
            }
        }
    }
    Ok(Draft {
        review: review(&intent, basis),
        account: basis.account.clone(),
        chain_id: basis.chain_id,
        intent,
    })
}

impl Draft {
    /// What it does, in words.
    pub fn review(&self) -> &Review {
        &self.review
    }

    /// What it is to do.
    pub fn intent(&self) -> &Intent {
        &self.intent
    }

    /// The account that publishes it.
    pub fn account(&self) -> &AccountName {
        &self.account
    }

    /// The transaction as of `time_ns` (the chain's clock), unsigned.
    fn transaction(&self, time_ns: i64) -> Transaction {
        let (action, limit) = self.action();
        Transaction {
            time: time_ns,
            expiration: time_ns.saturating_add(EXPIRATION_NS),
            gas_ratio: 100,
            gas_limit: GAS_LIMIT_USER as i64 * 100,
            delay: 0,
            chain_id: self.chain_id,
            signers: Vec::new(),
            actions: vec![action],
            amount_limit: limit
                .into_iter()
                .map(|amount| AmountLimit {
                    token: IOST.into(),
                    value: amount.to_string(),
                })
                .collect(),
            signs: Vec::new(),
            referred_tx: Vec::new(),
            publisher: String::new(),
            publisher_signs: Vec::new(),
        }
    }

    /// The call, and how much of the publisher's IOST it moves: the least limit under which it can succeed.
    /// Taking votes back and moving them spend nothing of the publisher's.
    fn action(&self) -> (Action, Option<Amount>) {
        let me = self.account.as_str();
        let call = |contract: &str, name: &str, data: serde_json::Value| Action {
            contract: contract.into(),
            name: name.into(),
            data: data.to_string(),
        };
        match &self.intent {
            Intent::Transfer { to, amount, memo } => (
                call(
                    "token.iost",
                    "transfer",
                    json!([IOST, me, to.as_str(), amount.to_string(), memo]),
                ),
                Some(*amount),
            ),
            Intent::Vote { candidate, amount } => (
                call(
                    "vote_producer.iost",
                    "vote",
                    json!([me, candidate.as_str(), amount.to_string()]),
                ),
                Some(*amount),
            ),
            Intent::Unvote { candidate, amount } => (
                call(
                    "vote_producer.iost",
                    "unvote",
                    json!([me, candidate.as_str(), amount.to_string()]),
                ),
                None,
            ),
            Intent::Move { from, to, amount } => (
                call(
                    "vote_producer.iost",
                    "move",
                    json!([me, from.as_str(), to.as_str(), amount.to_string()]),
                ),
                None,
            ),
            Intent::SignUp { name, owner, active } => (
                call(
                    "auth.iost",
                    "signUp",
                    json!([name.as_str(), owner.to_base58(), active.to_base58()]),
                ),
                None,
            ),
        }
    }

    /// Signs what was reviewed, with the chain's time in ns. The result passes the node's own checks.
    pub fn sign(&self, key: &SecretKey, time_ns: i64) -> Result<Signed, TxError> {
        let mut tx = self.transaction(time_ns);
        tx.sign_as_publisher(self.account.as_str(), key);
        let dead_at = tx.dead_at();
        let checked: CheckedTransaction = tx.check(self.chain_id)?;
        Ok(Signed {
            hash: *checked.hash(),
            bytes: checked.bytes().to_vec(),
            dead_at,
        })
    }
}
