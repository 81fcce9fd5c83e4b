//! What is checked before a transaction is executed: by the pool on arrival, and by every block.

use credo_pob::Candidates;
use credo_primitives::{AccountName, ChainSpec, CheckedTransaction, StateKey, Transaction};
use credo_state::StateRead;

use crate::PushError;
use crate::abi::is_decimal;
use crate::charge::{self, Means};
use crate::check::{self, Fit, check};
use crate::gas::Meter;
use crate::liveness::claims_node;
use crate::view::View;
use crate::{Refusal, RuntimeError};

/// A transaction that can only fail; IOST's `CheckBadTx`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrecheckError {
    /// Nothing to do.
    #[error("the transaction has no action")]
    NoAction,
    /// An action's data isn't a JSON array.
    #[error("invalid data of {contract}/{action}: the text of a JSON array is expected")]
    Data {
        /// The contract.
        contract: String,
        /// The action.
        action: String,
    },
    /// A transfer with another number of arguments than five.
    #[error("wrong args num of transfer: 5 are expected, got {0}")]
    Count(usize),
    /// A pledge or its return with another number of arguments than three.
    #[error("wrong args num of {action}: 3 are expected, got {got}")]
    GasCount {
        /// `pledge` or `unpledge`.
        action: String,
        /// How many there are.
        got: usize,
    },
    /// An amount that isn't plain decimal text.
    #[error("invalid amount {0}: a plain decimal number such as 12.5 is expected")]
    Amount(String),
    /// An amount that is another JSON value than a text.
    #[error("invalid amount {0}: a text such as \"12.5\" is expected, in quotes")]
    NoText(String),
    /// More decimals than IOST has.
    #[error("invalid amount {0}: at most 8 decimals are allowed")]
    Decimals(String),
    /// More decimals than a pledge may have.
    #[error("invalid amount {0}: at most 2 decimals are allowed")]
    PledgeDecimals(String),
}

/// Refuses a transaction that would only fail or surprise its sender: the pool's check besides [`admit`].
pub fn precheck(tx: &Transaction) -> Result<(), PrecheckError> {
    if tx.actions.is_empty() {
        return Err(PrecheckError::NoAction);
    }
    for action in &tx.actions {
        let args: Vec<serde_json::Value> =
            serde_json::from_str(&action.data).map_err(|_| PrecheckError::Data {
                contract: action.contract.clone(),
                action: action.name.clone(),
            })?;
        if action.contract == "token.iost" && action.name == "transfer" {
            check_transfer(&args)?;
        }
        if action.contract == "gas.iost" && matches!(action.name.as_str(), "pledge" | "unpledge") {
            check_pledge(&action.name, &args)?;
        }
    }
    Ok(())
}

fn check_transfer(args: &[serde_json::Value]) -> Result<(), PrecheckError> {
    if args.len() != 5 {
        return Err(PrecheckError::Count(args.len()));
    }
    let (amount, fraction) = decimal(&args[3])?;
    if args[0].as_str() == Some(credo_primitives::entry::IOST) && fraction.len() > 8 {
        return Err(PrecheckError::Decimals(shortened(amount)));
    }
    Ok(())
}

/// An amount as it was written, and its decimals. It is a text: a JSON number could have been rounded on its way.
fn decimal(amount: &serde_json::Value) -> Result<(&str, &str), PrecheckError> {
    let Some(text) = amount.as_str() else {
        return Err(PrecheckError::NoText(shortened(&amount.to_string())));
    };
    if !is_decimal(text) {
        return Err(PrecheckError::Amount(shortened(text)));
    }
    Ok((text, text.split_once('.').map_or("", |(_, fraction)| fraction)))
}

fn shortened(amount: &str) -> String {
    amount.chars().take(64).collect()
}

fn check_pledge(action: &str, args: &[serde_json::Value]) -> Result<(), PrecheckError> {
    if args.len() != 3 {
        return Err(PrecheckError::GasCount {
            action: action.to_owned(),
            got: args.len(),
        });
    }
    let (amount, fraction) = decimal(&args[2])?;
    if fraction.trim_end_matches('0').len() > 2 {
        return Err(PrecheckError::PledgeDecimals(shortened(amount)));
    }
    Ok(())
}

/// What kind of transaction was found fit for a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// An account's.
    Ordinary,
    /// A node's own, signed with its consensus key: free of gas, and to be taken first (P-5, P-14).
    Exempt,
}

/// Tells whether a transaction may stand in a block at `time_ms` on this state, whose list of Servi nodes is
/// `candidates`: what a pool asks of the newest head. The limits of one block (its size, its transactions per sender)
/// are left to the block. A transaction whose time lies after `time_ms` is refused, so ask with the time of the block
/// to come.
pub fn admit(
    spec: &ChainSpec,
    state: &impl StateRead,
    candidates: &Candidates,
    tx: &CheckedTransaction,
    time_ms: u64,
) -> Result<Admitted, PushError> {
    let view = View::new(state);
    let mut meter = Meter::of(tx, &spec.parameters);
    match check(&view, candidates, spec, time_ms, &mut meter, tx)? {
        Fit::Exempt(_) => Ok(Admitted::Exempt),
        Fit::Ordinary { .. } => Ok(Admitted::Ordinary),
    }
}

/// What a pool asks of the newest head *before* it checks a signature: junk is refused for the price of three reads.
/// Its chain and times, that it wasn't executed before, that its publisher exists and has the gas, or that it claims to
/// be a node's own (`None`), which costs none. Says nothing about who signed: [`admit`] does, once the signatures are
/// checked.
pub fn standing(
    spec: &ChainSpec,
    state: &impl StateRead,
    candidates: &Candidates,
    tx: &Transaction,
    time_ms: u64,
) -> Result<Option<Means>, PushError> {
    let view = View::new(state);
    check::times(spec, tx, time_ms)?;
    let unknown = || Refusal::Publisher(tx.publisher.clone());
    let publisher = AccountName::any(tx.publisher.as_str()).map_err(|_| unknown())?;
    if view.size(&StateKey::executed(&tx.publisher_mark()))?.is_some() {
        return Err(Refusal::Replayed.into());
    }
    if claims_node(candidates, tx).is_some() {
        return Ok(None);
    }
    if view.size(&StateKey::account(&publisher))?.is_none() {
        return Err(unknown().into());
    }
    charge::means(&view, &spec.parameters, tx, time_ms).map(Some)
}

/// The gas that an account has at `time_ms`, in hundredths; none when there is no such account.
pub fn gas_of(
    spec: &ChainSpec,
    state: &impl StateRead,
    account: &str,
    time_ms: u64,
) -> Result<u64, RuntimeError> {
    match AccountName::any(account) {
        Ok(account) => charge::has(&View::new(state), &account, &spec.parameters, time_ms),
        Err(_) => Ok(0),
    }
}
