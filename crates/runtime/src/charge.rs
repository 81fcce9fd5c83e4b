//! What a transaction's gas costs its publisher (P-23).
//!
//! That is asked before anything that takes work. The publisher must have as much gas as the transaction may use, and
//! pays for what it used, also when an action failed.
//! One transaction may stand without: a single `gas.iost/pledge` for oneself that brings enough gas at once, or nobody
//! could ever begin. It pays out of what it brought, and if it fails, it stands in no block.
//!
//! A transaction that lowers its publisher's own limit (`unpledge`, `unvote`) can leave less gas than it used. The gas
//! above the new limit is gone then, which is more than was used, so no more than what is left is taken.

use credo_primitives::entry::{Balance, Gas, IOST};
use credo_primitives::{AccountName, Action, Amount, CheckedTransaction, Parameters, StateKey, Transaction};

use crate::abi::{Args, Kind::Text, parse_truncated};
use crate::contracts::gas::MIN_ACTION;
use crate::view::View;
use crate::{PushError, Refusal, RuntimeError};

/// Longest data of a pledge that is looked at before anybody pays: two names and an amount.
const MAX_PLEDGE_DATA: usize = 256;

/// How a transaction pays for its gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paying {
    /// Its publisher had enough.
    Publisher,
    /// It must bring what it uses itself.
    FirstPledge,
}

/// Tells how a transaction pays that may stand in the block otherwise, or why it can't.
pub(crate) fn check(
    view: &View<'_>,
    parameters: &Parameters,
    tx: &CheckedTransaction,
    now_ms: u64,
) -> Result<Paying, PushError> {
    Ok(match means(view, parameters, tx.tx(), now_ms)? {
        Means::Has(_) => Paying::Publisher,
        Means::Brings => Paying::FirstPledge,
    })
}

/// What stands behind the gas of a transaction that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// Gas that its publisher has, in hundredths: what waits of one publisher may use no more than this together.
    Has(u64),
    /// The publisher hasn't enough; the transaction brings what it uses itself.
    Brings,
}

/// Tells what stands behind a transaction's gas, or that nothing does.
pub(crate) fn means(
    view: &View<'_>,
    parameters: &Parameters,
    tx: &Transaction,
    now_ms: u64,
) -> Result<Means, PushError> {
    let needs = u64::try_from(tx.gas_limit).unwrap_or(u64::MAX);
    let Ok(account) = AccountName::any(tx.publisher.as_str()) else {
        return Err(not_enough(&tx.publisher, 0, needs).into());
    };
    let has = has(view, &account, parameters, now_ms)?;
    if has >= needs {
        Ok(Means::Has(has))
    } else if brings_gas(view, parameters, tx, &account, needs, now_ms)? {
        Ok(Means::Brings)
    } else {
        Err(not_enough(&tx.publisher, has, needs).into())
    }
}

/// The gas that an account has, in hundredths.
pub(crate) fn has(
    view: &View<'_>,
    account: &AccountName,
    parameters: &Parameters,
    now_ms: u64,
) -> Result<u64, RuntimeError> {
    Ok(record(view, account, parameters, now_ms)?.total())
}

/// The refusal, with the numbers.
pub(crate) fn not_enough(publisher: &str, has: u64, needs: u64) -> Refusal {
    Refusal::GasNotEnough {
        publisher: publisher.to_owned(),
        has,
        needs,
    }
}

/// True for a single pledge for oneself that its account can pay, and that brings `needs` at once.
fn brings_gas(
    view: &View<'_>,
    parameters: &Parameters,
    tx: &Transaction,
    account: &AccountName,
    needs: u64,
    now_ms: u64,
) -> Result<bool, RuntimeError> {
    let [action] = tx.actions.as_slice() else {
        return Ok(false);
    };
    let Some(amount) = own_pledge(action, account) else {
        return Ok(false);
    };
    if Gas::at_once(amount, parameters.gas_per_iost_day) < needs {
        return Ok(false);
    }
    let balance: Option<Balance> = view.get(&StateKey::balance(account, IOST))?;
    Ok(balance.is_some_and(|balance| balance.spendable(now_ms) >= amount))
}

/// What `account` pledges for itself by this action.
fn own_pledge(action: &Action, account: &AccountName) -> Option<Amount> {
    if action.contract != "gas.iost" || action.name != "pledge" || action.data.len() > MAX_PLEDGE_DATA {
        return None;
    }
    let args = Args::parse(&action.name, &action.data, &[Text, Text, Text]).ok()?;
    if args.text(0) != account.as_str() || args.text(1) != account.as_str() {
        return None;
    }
    let decimals = credo_primitives::amount::IOST_DECIMALS;
    let amount = parse_truncated(args.text(2), decimals).ok()?;
    (amount >= MIN_ACTION).then_some(amount)
}

/// Takes gas from an account, and gives what was there of it.
pub(crate) fn pay(
    view: &mut View<'_>,
    account: &AccountName,
    parameters: &Parameters,
    now_ms: u64,
    gas: u64,
) -> Result<u64, RuntimeError> {
    let mut record = record(view, account, parameters, now_ms)?;
    let paid = record.spend(gas);
    view.put(StateKey::gas(account), &record);
    Ok(paid)
}

fn record(
    view: &View<'_>,
    account: &AccountName,
    parameters: &Parameters,
    now_ms: u64,
) -> Result<Gas, RuntimeError> {
    let record: Gas = view.get(&StateKey::gas(account))?.unwrap_or_default();
    Ok(record.at(now_ms, parameters.gas_per_iost_day))
}
