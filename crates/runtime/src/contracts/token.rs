//! `token.iost`: creating, issuing, moving, freezing and destroying tokens.
//!
//! Amounts are cut to the token's decimals, and receipts show what is left of them. What is taken from a person's account
//! counts against the transaction's `amount_limit`, also what an account sends to itself. How tokens move and what receipts
//! that leaves is [`crate::moves`]'.
//!
//! `iost`, `ram` and `contribute` exist from the genesis on, so that nobody can create a token of that name.
//!
//! An account has room for [`MAX_FROZEN`] frozen amounts, each with its own date. Others can fill no more than half of it
//! ([`MAX_FROZEN_BY_OTHERS`]), so that nobody can keep an account from taking its own votes and pledges back.

use credo_primitives::entry::{MAX_FROZEN, RAM, TokenInfo};
use credo_primitives::{AccountName, Amount, StateKey, Text as Bounded};
use serde_json::Value;

use super::{Entry, Returned};
use crate::abi::{
    Args, Kind, base64, check_symbol, format_units, go_json, is_decimal, is_symbol, json, parse_truncated,
};
use crate::host::{Host, Stop, fail};
use crate::moves::{self, Move};

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
    moves::info(host, symbol)
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
        // A fraction is cut.
        Some(Value::Number(number)) => match number.as_f64() {
            Some(decimals) if (0.0..=f64::from(MAX_DECIMALS)).contains(&decimals.trunc()) => {
                Some(decimals.trunc() as u8)
            }
            _ => None,
        },
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
        decimals,
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
    // A total below nothing lets nothing be issued, as one of nothing.
    let total = u64::try_from(args.number(2)).unwrap_or(0);
    let unit = 10u64.checked_pow(u32::from(decimals));
    let total = unit.and_then(|unit| total.checked_mul(unit));
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
    // Its size never changes.
    let payer = host.publisher_account()?;
    host.put_paid(&payer, key, &token)?;
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
    let token = token(host, symbol)?;
    let to = account(host, args.text(1))?;
    let decimals = u32::from(token.decimals);
    if !host.allows(&token.issuer, "token")? {
        return fail(NO_PERMISSION);
    }
    let units = amount(args.text(2), decimals)?;
    moves::issue(host, symbol, token, &to, units)?;
    Ok(Returned::Nothing)
}

/// Whose tokens go where, and how many, when that is allowed.
struct Allowed {
    from: AccountName,
    to: AccountName,
    units: Amount,
    decimals: u32,
}

impl Allowed {
    fn check(host: &mut Host<'_, '_>, args: &Args, memo: &str) -> Result<Self, Stop> {
        host.steps(1)?;
        if memo.len() > MAX_MEMO {
            return fail("memo too large");
        }
        let from = account(host, args.text(1))?;
        let to = account(host, args.text(2))?;
        let token = token(host, args.text(0))?;
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
            from,
            to,
            units: amount(args.text(3), decimals)?,
            decimals,
        })
    }

    fn as_move<'a>(&'a self, symbol: &'a str, memo: &'a str) -> Move<'a> {
        Move {
            symbol,
            decimals: self.decimals,
            from: &self.from,
            to: &self.to,
            units: self.units,
            memo,
        }
    }
}

/// `transfer(symbol, from, to, amount, memo)`
fn transfer(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (symbol, memo) = (args.text(0), args.text(4));
    let allowed = Allowed::check(host, args, memo)?;
    allowed.as_move(symbol, memo).transfer(host)?;
    Ok(Returned::Nothing)
}

/// `transferFreeze(symbol, from, to, amount, ftime, memo)`: what is sent can't be spent before `ftime`, ns since 1970.
fn transfer_freeze(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (symbol, time, memo) = (args.text(0), args.number(4), args.text(5));
    let allowed = Allowed::check(host, args, memo)?;
    let until_ms = u64::try_from(time).unwrap_or(0).div_ceil(1_000_000);
    if until_ms > host.now_ms && allowed.from != allowed.to {
        let target = host.holding(&allowed.to, symbol)?;
        let known = target.frozen.iter().any(|f| f.until_ms == until_ms);
        if target.frozen.len() >= MAX_FROZEN_BY_OTHERS && !known {
            return fail(format!(
                "{} has {MAX_FROZEN_BY_OTHERS} frozen amounts already, each until another date: wait until the first returns",
                allowed.to
            ));
        }
    }
    allowed.as_move(symbol, memo).freeze(host, time)?;
    Ok(Returned::Nothing)
}

/// `destroy(symbol, from, amount)`: takes tokens out of existence; of IOST that counts as burnt. RAM can't be: what an
/// account has bought and lent is counted beside its balance.
fn destroy(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    let symbol = args.text(0);
    let token = token(host, symbol)?;
    let decimals = u32::from(token.decimals);
    let from = match host.valid_account(args.text(1))? {
        Some(from) if host.allows(&from, "transfer")? => from,
        _ => return fail(NO_PERMISSION),
    };
    if symbol == RAM {
        return fail("transfer need issuer permission");
    }
    let units = amount(args.text(2), decimals)?;
    moves::destroy(host, symbol, decimals, &from, units)?;
    Ok(Returned::Nothing)
}

/// `recycle(symbol)`: in IOST's list of actions, and refused.
fn recycle(host: &mut Host<'_, '_>, _: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    fail("permission denied")
}

/// `transfer`'s arguments for [`call`](super::call).
pub(super) fn transfer_data(symbol: &str, from: &str, to: &str, amount: &str, memo: &str) -> String {
    json(&[symbol, from, to, amount, memo])
}

/// `balanceOf(symbol, account)`: what can be spent now; an account that doesn't exist has nothing.
fn balance_of(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let symbol = args.text(0);
    let token = token(host, symbol)?;
    let available = match host.valid_account(args.text(1))? {
        Some(account) => host.balance(&account, symbol)?.available,
        None => Amount::ZERO,
    };
    Ok(Returned::Text(shown(available, token.decimals.into())))
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
