//! `ram.iost`: the market for RAM.
//!
//! Prices are [`RamMarket`]'s. What is paid stands in the balance of the account `ram.iost`, which pays what is sold back;
//! it never has to pay more than came in. The fee of 2 % is handed out and burnt by P-22.
//!
//! Nobody is charged for RAM: only the system's contracts run, and those whose names end in `.iost` are never charged, as
//! in IOST. So all of what an account bought for itself can be sold, or lent to others; what was lent to it or bought for it by
//! others can't be.
//!
//! IOST adds bytes for sale when somebody buys; here they are added by the clock, for who sells, too.

use credo_primitives::entry::{IOST, Ram, RamMarket};
use credo_primitives::{AccountName, Amount, StateKey};

use super::{Entry, Returned};
use crate::abi::{Args, Kind, go_json};
use crate::host::{Host, Stop, fail};
use crate::view::View;
use crate::{RuntimeError, fees};

pub(super) const ID: &str = "ram.iost";

use Kind::{Number, Text as Str};

pub(super) const ACTIONS: &[Entry] = &[
    (ID, "buy", &[Str, Str, Number], buy),
    (ID, "sell", &[Str, Str, Number], sell),
    (ID, "lend", &[Str, Str, Number], lend),
    (ID, "issue", &[Number, Number, Number, Number], genesis_only),
    (ID, "initAdmin", &[Str], genesis_only),
];

/// The least that is bought, sold or lent at once.
const MIN_BYTES: u64 = 10;
/// RAM's symbol in receipts.
const SYMBOL: &str = "ram";
const DECIMALS: u32 = credo_primitives::amount::IOST_DECIMALS;

/// Opens the market, at genesis.
pub(crate) fn start(view: &mut View<'_>, now_ms: u64) {
    view.put(StateKey::ram_market(), &RamMarket::start(now_ms));
}

fn genesis_only(_: &mut Host<'_, '_>, _: &Args) -> Result<Returned, Stop> {
    fail("init out of genesis block")
}

fn account() -> AccountName {
    AccountName::any(ID).expect("a system contract's name is valid")
}

fn bytes(number: i64) -> Result<u64, Stop> {
    match u64::try_from(number) {
        Ok(bytes) if bytes >= MIN_BYTES => Ok(bytes),
        _ => fail(format!("minimum ram amount for trading is {MIN_BYTES} byte")),
    }
}

/// The account, if the transaction may transfer for it.
fn authorized(host: &mut Host<'_, '_>, name: &str) -> Result<AccountName, Stop> {
    host.steps(1)?;
    match host.valid_account(name)? {
        Some(account) if host.allows(&account, "transfer")? => Ok(account),
        _ => fail("require auth failed. ret = false"),
    }
}

fn valid(host: &mut Host<'_, '_>, name: &str) -> Result<AccountName, Stop> {
    match host.valid_account(name)? {
        Some(account) => Ok(account),
        None => fail(format!("invalid account {name}")),
    }
}

fn market(host: &mut Host<'_, '_>) -> Result<RamMarket, Stop> {
    let key = StateKey::ram_market();
    match host.get::<RamMarket>(&key)? {
        Some(market) => Ok(market.at(host.now_ms)),
        None => Err(RuntimeError::Corrupt {
            key,
            why: "it is missing".into(),
        }
        .into()),
    }
}

fn ram(host: &mut Host<'_, '_>, account: &AccountName) -> Result<Ram, Stop> {
    Ok(host.get(&StateKey::ram(account))?.unwrap_or_default())
}

/// Writes an account's RAM; nothing at all leaves no entry.
fn set_ram(host: &mut Host<'_, '_>, account: &AccountName, ram: Ram) -> Result<(), Stop> {
    let key = StateKey::ram(account);
    if ram == Ram::default() {
        host.delete(key)
    } else {
        host.put(key, &ram)
    }
}

/// Adds to an account's RAM.
fn give(host: &mut Host<'_, '_>, account: &AccountName, own: u64, total: u64) -> Result<(), Stop> {
    let had = ram(host, account)?;
    let has = had.own.checked_add(own).zip(had.total.checked_add(total));
    let Some((own, total)) = has else {
        return fail("amount overflow");
    };
    set_ram(host, account, Ram { own, total })
}

/// Takes of an account's own RAM.
fn take(host: &mut Host<'_, '_>, account: &AccountName, bytes: u64, what_for: &str) -> Result<(), Stop> {
    let had = ram(host, account)?;
    let left = had.own.checked_sub(bytes).zip(had.total.checked_sub(bytes));
    let Some((own, total)) = left else {
        return fail(format!("self ram amount {}, not enough for {what_for}", had.own));
    };
    set_ram(host, account, Ram { own, total })
}

/// An amount of hundredths, as IOST writes it.
fn fixed(amount: Amount) -> String {
    let cents = amount.units() / 1_000_000;
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// The receipt of a transfer, as IOST's market leaves it.
fn transferred(
    host: &mut Host<'_, '_>,
    symbol: &str,
    from: &str,
    to: &str,
    amount: &str,
) -> Result<(), Stop> {
    host.receipt("token.iost/transfer", go_json(&[symbol, from, to, amount, ""]))
}

/// `buy(payer, account, bytes)`: returns the price with the fee.
fn buy(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let bytes = bytes(args.number(2))?;
    let payer = authorized(host, args.text(0))?;
    let account = valid(host, args.text(1))?;
    let paid = buy_for(host, &payer, &account, bytes)?;
    Ok(Returned::Text(fixed(paid)))
}

/// Buys `bytes` (at least ten) for `account` with IOST of `payer`'s, and gives the price with the fee. Whose authority that
/// needs is the caller's to ask for.
pub(crate) fn buy_for(
    host: &mut Host<'_, '_>,
    payer: &AccountName,
    account: &AccountName,
    bytes: u64,
) -> Result<Amount, Stop> {
    let market = market(host)?;
    if market.left <= bytes {
        return fail(format!(
            "buy amount is too much. left space is not enough {} is less than {bytes}",
            market.left
        ));
    }
    let price = market.price(bytes);
    let Some((price, after)) = price.and_then(|price| Some((price, market.bought(bytes, price)?))) else {
        return fail("amount overflow");
    };
    let fee = RamMarket::fee(price);
    let paid = price.checked_add(fee)?;
    host.debit(payer, IOST, DECIMALS, paid)?;
    host.credit(&self::account(), IOST, price)?;
    if !payer.is_contract() {
        host.limits.spend(IOST, DECIMALS, paid);
    }
    transferred(host, IOST, payer.as_str(), ID, &fixed(paid))?;
    // The market isn't an app's.
    fees::hand_out(host, ID, payer, fee, None)?;
    host.put(StateKey::ram_market(), &after)?;
    let own = if payer == account { bytes } else { 0 };
    give(host, account, own, bytes)?;
    transferred(host, SYMBOL, ID, account.as_str(), &bytes.to_string())?;
    Ok(paid)
}

/// `sell(account, receiver, bytes)`: returns what the receiver was paid.
fn sell(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let bytes = bytes(args.number(2))?;
    let account = authorized(host, args.text(0))?;
    take(host, &account, bytes, "sell")?;
    let receiver = valid(host, args.text(1))?;
    let market = market(host)?;
    let price = market.proceeds(bytes);
    if price.is_zero() {
        return fail(format!("invalid amount {}", fixed(price)));
    }
    let Some(after) = market.sold(bytes, price) else {
        return fail("amount overflow");
    };
    transferred(host, SYMBOL, account.as_str(), ID, &bytes.to_string())?;
    host.debit(&self::account(), IOST, DECIMALS, price)?;
    host.credit(&receiver, IOST, price)?;
    transferred(host, IOST, ID, receiver.as_str(), &fixed(price))?;
    host.put(StateKey::ram_market(), &after)?;
    Ok(Returned::Text(fixed(price)))
}

/// `lend(from, to, bytes)`: for good; the receiver can't sell or lend them on.
fn lend(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let bytes = bytes(args.number(2))?;
    let from = authorized(host, args.text(0))?;
    take(host, &from, bytes, "lend")?;
    let to = valid(host, args.text(1))?;
    give(host, &to, 0, bytes)?;
    transferred(host, SYMBOL, from.as_str(), to.as_str(), &bytes.to_string())?;
    Ok(Returned::Void)
}
