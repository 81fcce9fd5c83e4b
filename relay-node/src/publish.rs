//! Transactions that the program signs itself: a node's own, and an operator's on the command line.

use credo_primitives::{AccountName, Action, AmountLimit, ChainSpec, SecretKey, Transaction};

/// The clock, ms since 1970.
pub(crate) fn now_ms() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

/// The least gas limit that a transaction may name, in node scale (× 100).
pub(crate) const LEAST_GAS: i64 = 600_000;
/// The gas ratio that everybody pays who is in no hurry, in node scale.
const RATIO: i64 = 100;

/// What is signed.
pub(crate) struct Content {
    /// What is to be done.
    pub(crate) actions: Vec<Action>,
    /// Most gas, in node scale.
    pub(crate) gas_limit: i64,
    /// Most tokens; none of those that aren't named.
    pub(crate) amount_limit: Vec<AmountLimit>,
    /// Permissions beside the publisher's, as `name@permission`.
    pub(crate) signers: Vec<String>,
}

/// An action with its arguments.
pub(crate) fn action(contract: &str, name: &str, arguments: &serde_json::Value) -> Action {
    Action {
        contract: contract.into(),
        name: name.into(),
        data: arguments.to_string(),
    }
}

/// A transaction of `account`'s, signed with its keys and with those of further signers, that lives as long as the chain
/// allows.
pub(crate) fn sign(
    spec: &ChainSpec,
    account: &AccountName,
    keys: &[SecretKey],
    cosigners: &[SecretKey],
    content: Content,
    now_ms: u64,
) -> Transaction {
    let ns = |ms: u64| i64::try_from(ms.saturating_mul(1_000_000)).unwrap_or(i64::MAX);
    let mut tx = Transaction {
        time: ns(now_ms),
        expiration: ns(now_ms.saturating_add(spec.parameters.tx_lifetime_ms)),
        gas_ratio: RATIO,
        gas_limit: content.gas_limit,
        delay: 0,
        chain_id: spec.parameters.chain_id,
        signers: content.signers,
        actions: content.actions,
        amount_limit: content.amount_limit,
        signs: Vec::new(),
        referred_tx: Vec::new(),
        publisher: String::new(),
        publisher_signs: Vec::new(),
    };
    // The publisher signs over these.
    for key in cosigners {
        tx.sign_as_signer(key);
    }
    for key in keys {
        tx.sign_as_publisher(account.as_str(), key);
    }
    tx
}
