//! Accounts' gas (P-23): what their stakes bring. How it is reckoned is [`Gas`]'s; here it is read and written.
//!
//! Nothing here looks at a balance: folding returned votes into a balance comes here.

use credo_primitives::entry::Gas;
use credo_primitives::{AccountName, Amount, AmountError, StateKey};

use crate::host::{Host, Stop};

/// Counts IOST that an account votes with from now on.
pub(crate) fn stake_votes(
    host: &mut Host<'_, '_>,
    account: &AccountName,
    amount: Amount,
) -> Result<(), Stop> {
    change(host, account, |gas, now_ms, rate| gas.vote(amount, now_ms, rate))
}

/// Counts IOST that an account votes with no longer: its limit falls, and with it the gas above it.
pub(crate) fn unstake_votes(
    host: &mut Host<'_, '_>,
    account: &AccountName,
    amount: Amount,
) -> Result<(), Stop> {
    change(host, account, |gas, now_ms, rate| {
        gas.unvote(amount, now_ms, rate)
    })
}

/// Counts IOST that was pledged for an account.
pub(crate) fn stake_pledge(
    host: &mut Host<'_, '_>,
    account: &AccountName,
    amount: Amount,
) -> Result<(), Stop> {
    change(host, account, |gas, now_ms, rate| {
        gas.pledge(amount, now_ms, rate)
    })
}

/// Counts a pledge for an account taken back.
pub(crate) fn unstake_pledge(
    host: &mut Host<'_, '_>,
    account: &AccountName,
    amount: Amount,
) -> Result<(), Stop> {
    change(host, account, |gas, now_ms, rate| {
        gas.unpledge(amount, now_ms, rate)
    })
}

fn change(
    host: &mut Host<'_, '_>,
    account: &AccountName,
    by: impl FnOnce(&mut Gas, u64, u64) -> Result<(), AmountError>,
) -> Result<(), Stop> {
    let key = StateKey::gas(account);
    let mut gas: Gas = host.get(&key)?.unwrap_or_default();
    by(&mut gas, host.now_ms, host.parameters().gas_per_iost_day)?;
    host.put(key, &gas)
}
