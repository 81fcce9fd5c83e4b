//! From an intent to a signed transaction.

use credo_pob::Candidates;
use credo_primitives::entry::{Account, IOST, Pledge, Ram, RamMarket};
use credo_primitives::tx::MAX_LIFETIME_NS;
use credo_primitives::{
    AccountName, Amount, AmountLimit, CheckedTransaction, Digest, Parameters, PublicKey, SecretKey,
    Transaction, TxError,
};

use crate::act::{Calls, calls};
use crate::check::check;
use crate::gas::gas_limit;
use crate::intent::{Intent, IntentError};
use crate::ram::purchase;
use crate::review::{Review, review};

/// How long a transaction lives, in ns: all that a node allows.
pub const EXPIRATION_NS: i64 = MAX_LIFETIME_NS;

/// What is proved of the chain, and what an intent is checked against.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// The account that publishes.
    pub account: &'a AccountName,
    /// Its permissions, once proved.
    pub record: Option<&'a Account>,
    /// The key that signs.
    pub key: Option<&'a PublicKey>,
    /// What it can spend.
    pub spendable: Amount,
    /// Its gas now, in hundredths.
    pub gas: u64,
    /// Its votes that count (of the node's present generation).
    pub votes: &'a [(AccountName, Amount)],
    /// For whom it has pledged.
    pub pledges: &'a [Pledge],
    /// What is pledged for its own gas, by all together.
    pub pledged: Amount,
    /// Its RAM.
    pub ram: Ram,
    /// The market for RAM, once proved.
    pub ram_market: Option<&'a RamMarket>,
    /// The proved list of Servi nodes, where the intent is about nodes.
    pub nodes: Option<&'a Candidates>,
    /// Supply that counts as available for votes, where it is known.
    pub available_votes: Option<Amount>,
    /// Whether [`Intent::other`] exists as an account.
    pub other_exists: bool,
    /// The verified block that all this was proved at.
    pub height: u64,
    /// The chain's numbers.
    pub parameters: &'a Parameters,
    /// The chain's identity.
    pub spec: &'a Digest,
    /// Whether nodes are admitted by the foundation (a private network).
    pub by_invitation: bool,
}

/// A transaction that was checked and put in words, not yet signed.
#[derive(Clone, Debug)]
pub struct Draft {
    intent: Intent,
    account: AccountName,
    chain_id: u32,
    calls: Calls,
    gas_limit: u64,
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
    let purchase = purchase(&intent, basis);
    check(&intent, basis, purchase.as_ref())?;
    let calls = calls(&intent, basis, purchase.as_ref());
    let gas_limit = gas_limit(&intent, calls.actions.len(), basis)?;
    Ok(Draft {
        review: review(&intent, basis, purchase.as_ref(), gas_limit),
        account: basis.account.clone(),
        chain_id: basis.parameters.chain_id,
        intent,
        calls,
        gas_limit,
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
        Transaction {
            time: time_ns,
            expiration: time_ns.saturating_add(EXPIRATION_NS),
            gas_ratio: 100,
            gas_limit: i64::try_from(self.gas_limit).unwrap_or(i64::MAX),
            delay: 0,
            chain_id: self.chain_id,
            signers: self.calls.signers.clone(),
            actions: self.calls.actions.clone(),
            amount_limit: self
                .calls
                .limit
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
