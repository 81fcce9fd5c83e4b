//! `token.iost`: transfers and reads. Creating and issuing other tokens follows later; the records are ready for it.

use credo_primitives::StateKey;
use credo_primitives::entry::TokenInfo;

use super::{Entry, Returned};
use crate::abi::{Args, Kind::Text, format_units, go_json, is_decimal, is_symbol, parse_truncated, truncate};
use crate::host::{Host, Stop, fail};

pub(super) const ID: &str = "token.iost";

pub(super) const ACTIONS: &[Entry] = &[
    (ID, "transfer", &[Text, Text, Text, Text, Text], transfer),
    (ID, "balanceOf", &[Text, Text], balance_of),
    (ID, "supply", &[Text], supply),
    (ID, "totalSupply", &[Text], total_supply),
];

/// Longest memo, in bytes.
const MAX_MEMO: usize = 512;

fn token(host: &mut Host<'_, '_>, symbol: &str) -> Result<TokenInfo, Stop> {
    // The symbol is checked before it becomes part of a key.
    if !is_symbol(symbol) {
        return fail("token not exists");
    }
    match host.get(&StateKey::token(symbol))? {
        Some(token) => Ok(token),
        None => fail("token not exists"),
    }
}

/// `transfer(symbol, from, to, amount, memo)`
pub(super) fn transfer(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (symbol, from, to) = (args.text(0), args.text(1), args.text(2));
    let (amount, memo) = (args.text(3), args.text(4));
    host.steps(1)?;
    if memo.len() > MAX_MEMO {
        return fail("memo too large");
    }
    let Some(from) = host.valid_account(from)? else {
        return fail(format!("invalid account {from}"));
    };
    let Some(to) = host.valid_account(to)? else {
        return fail(format!("invalid account {to}"));
    };
    let token = token(host, symbol)?;
    if !token.can_transfer {
        return fail("token can't transfer");
    }
    if token.only_issuer_can_transfer && !host.allows(&token.issuer, "transfer")? {
        return fail("transfer need issuer permission");
    }
    if !host.allows(&from, "transfer")? {
        return fail("transaction has no permission");
    }
    let decimals = u32::from(token.decimals);
    let units = match parse_truncated(amount, decimals) {
        Ok(units) if !units.is_zero() => units,
        Ok(_) => return fail(format!("invalid amount {amount}")),
        Err(_) if is_decimal(amount) => return fail(format!("invalid amount {amount}: amount overflow")),
        Err(error) => return fail(error.to_string()),
    };
    let mut source = host.balance(&from, symbol)?;
    let Ok(left) = source.available.checked_sub(units) else {
        let has = format_units(u128::from(source.available.units()), decimals);
        let needs = format_units(u128::from(units.units()), decimals);
        return fail(format!("balance not enough {has} < {needs}"));
    };
    if from != to {
        source.available = left;
        host.set_balance(&from, symbol, &source)?;
        let mut target = host.balance(&to, symbol)?;
        target.available = target.available.checked_add(units)?;
        host.set_balance(&to, symbol, &target)?;
        if !from.is_contract() {
            host.limits.spend(symbol, decimals, units);
        }
    }
    let shown = [
        symbol,
        from.as_str(),
        to.as_str(),
        truncate(amount, decimals),
        memo,
    ];
    host.receipt("token.iost/transfer", go_json(&shown))?;
    Ok(Returned::Nothing)
}

/// `balanceOf(symbol, account)`: what can be spent now.
pub(super) fn balance_of(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (symbol, account) = (args.text(0), args.text(1));
    let token = token(host, symbol)?;
    let Some(account) = host.valid_account(account)? else {
        return fail(format!("invalid account {account}"));
    };
    let balance = host.balance(&account, symbol)?;
    let units = u128::from(balance.available.units());
    Ok(Returned::Text(format_units(units, token.decimals.into())))
}

/// `supply(symbol)`: what exists.
pub(super) fn supply(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let token = token(host, args.text(0))?;
    let units = u128::from(token.supply.units());
    Ok(Returned::Text(format_units(units, token.decimals.into())))
}

/// `totalSupply(symbol)`: what may ever exist.
pub(super) fn total_supply(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let token = token(host, args.text(0))?;
    let units = u128::from(token.total_supply.units());
    Ok(Returned::Text(format_units(units, token.decimals.into())))
}
