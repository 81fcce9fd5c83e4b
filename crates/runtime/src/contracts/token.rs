//! `token.iost`: creating, issuing, moving, freezing and destroying tokens.
//!
//! Amounts are cut to the token's decimals, and receipts show what is left of them. What [`transfer`], [`transfer_freeze`]
//! and [`destroy`] take from a person's account counts against the transaction's `amount_limit`, but not what an account
//! sends to itself.
//!
//! An account has room for [`MAX_FROZEN`] frozen amounts, each with its own date. Others can fill no more than half of it
//! ([`MAX_FROZEN_BY_OTHERS`]), so that nobody can keep an account from taking its own votes and pledges back.

use credo_primitives::entry::{IOST, MAX_FROZEN, TokenInfo};
use credo_primitives::{AccountName, Amount, StateKey, Text as Bounded};
use serde_json::Value;

use super::{Entry, Returned, issue};
use crate::abi::{
    Args, Kind, base64, check_symbol, format_units, go_json, is_decimal, is_symbol, json, parse_truncated,
};
use crate::host::{Host, Stop, fail};

pub(super) const ID: &str = "token.iost";

use Kind::{Json, Number, Text};

pub(super) const ACTIONS: &[Entry] = &[
    (ID, "create", &[Text, Text, Number, Json], create),
    (ID, "issue", &[Text, Text, Text], issue),
    (ID, "transfer", &[Text, Text, Text, Text, Text], transfer),
    (
        ID,
        "transferFreeze",
        &[Text, Text, Text, Text, Number, Text],
        transfer_freeze,
    ),
    (ID, "destroy", &[Text, Text, Text], destroy),
    (ID, "balanceOf", &[Text, Text], balance_of),
    (ID, "supply", &[Text], supply),
    (ID, "totalSupply", &[Text], total_supply),
    (ID, "recycle", &[Text], recycle),
];

/// Longest memo, in bytes.
const MAX_MEMO: usize = 512;
/// Most decimals of a token.
const MAX_DECIMALS: u8 = 18;
/// Most frozen amounts of an account to which others add.
const MAX_FROZEN_BY_OTHERS: usize = MAX_FROZEN / 2;
const NO_PERMISSION: &str = "transaction has no permission";

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

pub(super) fn account(host: &mut Host<'_, '_>, name: &str) -> Result<AccountName, Stop> {
    match host.valid_account(name)? {
        Some(account) => Ok(account),
        None => fail(format!("invalid account {name}")),
    }
}

/// An amount cut to the token's decimals, more than nothing.
fn amount(text: &str, decimals: u32) -> Result<Amount, Stop> {
    match parse_truncated(text, decimals) {
        Ok(amount) if !amount.is_zero() => Ok(amount),
        Ok(_) => fail(format!("invalid amount {text}")),
        Err(_) if is_decimal(text) => fail(format!("invalid amount {text}: amount overflow")),
        Err(error) => fail(error.to_string()),
    }
}

fn shown(amount: Amount, decimals: u32) -> String {
    format_units(u128::from(amount.units()), decimals)
}

/// What a token's configuration says; the error texts are IOST's.
struct Config {
    decimals: Option<u8>,
    can_transfer: bool,
    only_issuer_can_transfer: bool,
    full_name: Bounded<50>,
}

fn config(symbol: &str, value: &Value) -> Result<Config, Stop> {
    let empty = serde_json::Map::new();
    let fields = match value {
        Value::Object(fields) => fields,
        Value::Null => &empty,
        _ => return fail("config should be an object"),
    };
    let decimals = match fields.get("decimal") {
        None => Some(8),
        Some(Value::Number(number)) => number.as_u64().and_then(|n| u8::try_from(n).ok()),
        Some(_) => return fail("decimal in config should be number"),
    };
    let flag = |name: &str, default: bool| match fields.get(name) {
        None => Ok(default),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => fail(format!("{name} in config should be bool")),
    };
    let text = |name: &str, default: &str| match fields.get(name) {
        None => Ok(default.to_owned()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => fail(format!("{name} in config should be string")),
    };
    let can_transfer = flag("canTransfer", true)?;
    let only_issuer_can_transfer = flag("onlyIssuerCanTransfer", false)?;
    // Of no use in IOST either, but it has to be a text.
    text("defaultRate", "1.0")?;
    let full_name = text("fullName", symbol)?;
    Ok(Config {
        decimals: decimals.filter(|decimals| *decimals <= MAX_DECIMALS),
        can_transfer,
        only_issuer_can_transfer,
        full_name: Bounded::new(full_name).or_else(|_| fail("fullName is too long"))?,
    })
}

/// `create(symbol, issuer, totalSupply, config)`: registers a token of which nothing exists yet.
fn create(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    let (symbol, issuer) = (args.text(0), args.text(1));
    check_symbol(symbol).map_err(Stop::Failed)?;
    let config = config(symbol, args.value(3))?;
    let issuer = match host.valid_account(issuer)? {
        Some(issuer) if host.allows(&issuer, "token")? => issuer,
        _ => return fail(NO_PERMISSION),
    };
    let key = StateKey::token(symbol);
    if host.get::<TokenInfo>(&key)?.is_some() {
        return fail("token exists");
    }
    let Some(decimals) = config.decimals else {
        return fail("invalid decimal");
    };
    let total = u64::try_from(args.number(2)).ok();
    let total = total.and_then(|total| total.checked_mul(10u64.checked_pow(u32::from(decimals))?));
    let Some(total_supply) = total.and_then(Amount::from_units) else {
        return fail("invalid totalSupply");
    };
    let token = TokenInfo {
        issuer: issuer.clone(),
        full_name: config.full_name,
        total_supply,
        supply: Amount::ZERO,
        decimals,
        can_transfer: config.can_transfer,
        only_issuer_can_transfer: config.only_issuer_can_transfer,
    };
    host.put(key, &token)?;
    // Go shows the configuration, which it keeps as bytes, in base64.
    let config = base64(go_json(args.value(3)).as_bytes());
    let shown = (symbol, issuer.as_str(), args.number(2), config);
    host.receipt("token.iost/create", go_json(&shown))?;
    Ok(Returned::Nothing)
}

/// `issue(symbol, to, amount)`: makes tokens, up to the total supply.
fn issue(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    let symbol = args.text(0);
    let mut token = token(host, symbol)?;
    let to = account(host, args.text(1))?;
    let decimals = u32::from(token.decimals);
    if !host.allows(&token.issuer, "token")? {
        return fail(NO_PERMISSION);
    }
    let units = amount(args.text(2), decimals)?;
    token.supply = match token.supply.checked_add(units) {
        Ok(supply) if supply <= token.total_supply => supply,
        _ => return fail("supply too much"),
    };
    host.put(StateKey::token(symbol), &token)?;
    host.credit(&to, symbol, units)?;
    let shown = [symbol, to.as_str(), &shown(units, decimals)];
    host.receipt("token.iost/issue", go_json(&shown))?;
    Ok(Returned::Nothing)
}

/// What a transfer moves, when it may.
struct Move<'a> {
    symbol: &'a str,
    from: AccountName,
    to: AccountName,
    units: Amount,
    decimals: u32,
}

impl<'a> Move<'a> {
    fn check(host: &mut Host<'_, '_>, args: &'a Args, memo: &str) -> Result<Self, Stop> {
        host.steps(1)?;
        let symbol = args.text(0);
        if memo.len() > MAX_MEMO {
            return fail("memo too large");
        }
        let from = account(host, args.text(1))?;
        let to = account(host, args.text(2))?;
        let token = token(host, symbol)?;
        if !token.can_transfer {
            return fail("token can't transfer");
        }
        if token.only_issuer_can_transfer && !host.allows(&token.issuer, "transfer")? {
            return fail("transfer need issuer permission");
        }
        if !host.allows(&from, "transfer")? {
            return fail(NO_PERMISSION);
        }
        let decimals = u32::from(token.decimals);
        Ok(Self {
            symbol,
            from,
            to,
            units: amount(args.text(3), decimals)?,
            decimals,
        })
    }

    fn take(&self, host: &mut Host<'_, '_>) -> Result<(), Stop> {
        host.debit(&self.from, self.symbol, self.decimals, self.units)?;
        if !self.from.is_contract() && self.from != self.to {
            host.limits.spend(self.symbol, self.decimals, self.units);
        }
        Ok(())
    }
}

/// `transfer(symbol, from, to, amount, memo)`
fn transfer(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let memo = args.text(4);
    let moved = Move::check(host, args, memo)?;
    moved.take(host)?;
    host.credit(&moved.to, moved.symbol, moved.units)?;
    let amount = shown(moved.units, moved.decimals);
    let shown = [
        moved.symbol,
        moved.from.as_str(),
        moved.to.as_str(),
        &amount,
        memo,
    ];
    host.receipt("token.iost/transfer", go_json(&shown))?;
    Ok(Returned::Nothing)
}

/// `transferFreeze(symbol, from, to, amount, ftime, memo)`: what is sent can't be spent before `ftime`, ns since 1970.
fn transfer_freeze(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (time, memo) = (args.number(4), args.text(5));
    let moved = Move::check(host, args, memo)?;
    moved.take(host)?;
    // To the next ms: never too early. A time before 1970 is one that has passed.
    let until_ms = u64::try_from(time).unwrap_or(0).div_ceil(1_000_000);
    if until_ms > host.now_ms && moved.from != moved.to {
        let target = host.holding(&moved.to, moved.symbol)?;
        let known = target.frozen.iter().any(|f| f.until_ms == until_ms);
        if target.frozen.len() >= MAX_FROZEN_BY_OTHERS && !known {
            return fail(format!(
                "{} has {MAX_FROZEN_BY_OTHERS} frozen amounts already, each until another date: wait until the first returns",
                moved.to
            ));
        }
    }
    host.freeze(&moved.to, moved.symbol, moved.units, until_ms)?;
    let amount = shown(moved.units, moved.decimals);
    let shown = (
        moved.symbol,
        moved.from.as_str(),
        moved.to.as_str(),
        amount,
        time,
        memo,
    );
    host.receipt("token.iost/transferFreeze", go_json(&shown))?;
    Ok(Returned::Nothing)
}

/// `destroy(symbol, from, amount)`: takes tokens out of existence; of IOST that counts as burnt.
fn destroy(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    let symbol = args.text(0);
    let mut token = token(host, symbol)?;
    let decimals = u32::from(token.decimals);
    let from = match host.valid_account(args.text(1))? {
        Some(from) if host.allows(&from, "transfer")? => from,
        _ => return fail(NO_PERMISSION),
    };
    let units = amount(args.text(2), decimals)?;
    host.debit(&from, symbol, decimals, units)?;
    if symbol == IOST {
        issue::burn(host, units)?;
    } else {
        token.supply = token.supply.checked_sub(units)?;
        host.put(StateKey::token(symbol), &token)?;
    }
    if !from.is_contract() {
        host.limits.spend(symbol, decimals, units);
    }
    let shown = [symbol, from.as_str(), &shown(units, decimals)];
    host.receipt("token.iost/destroy", go_json(&shown))?;
    Ok(Returned::Nothing)
}

/// `recycle(symbol)`: in IOST's list of actions, and refused.
fn recycle(host: &mut Host<'_, '_>, _: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    fail("permission denied")
}

/// Moves IOST for another contract, which asked for the authority before, with the receipt of a transfer.
pub(super) fn pay(
    host: &mut Host<'_, '_>,
    from: &AccountName,
    to: &AccountName,
    units: Amount,
) -> Result<(), Stop> {
    let decimals = credo_primitives::amount::IOST_DECIMALS;
    host.debit(from, IOST, decimals, units)?;
    host.credit(to, IOST, units)?;
    if !from.is_contract() {
        host.limits.spend(IOST, decimals, units);
    }
    let shown = [IOST, from.as_str(), to.as_str(), &units.to_string(), ""];
    host.receipt("token.iost/transfer", go_json(&shown))
}

/// `transfer`'s arguments for [`call`](super::call).
pub(super) fn transfer_data(symbol: &str, from: &str, to: &str, amount: &str, memo: &str) -> String {
    json(&[symbol, from, to, amount, memo])
}

/// `balanceOf(symbol, account)`: what can be spent now.
fn balance_of(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let symbol = args.text(0);
    let token = token(host, symbol)?;
    let account = account(host, args.text(1))?;
    let balance = host.balance(&account, symbol)?;
    Ok(Returned::Text(shown(balance.available, token.decimals.into())))
}

/// `supply(symbol)`: what exists.
fn supply(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let token = token(host, args.text(0))?;
    Ok(Returned::Text(shown(token.supply, token.decimals.into())))
}

/// `totalSupply(symbol)`: what may ever exist.
fn total_supply(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let token = token(host, args.text(0))?;
    Ok(Returned::Text(shown(token.total_supply, token.decimals.into())))
}
