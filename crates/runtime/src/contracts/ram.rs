//! `ram.iost`: the market for RAM.
//!
//! Prices are [`RamMarket`]'s. What is paid stands in the balance of the account `ram.iost`, which pays what is sold back;
//! it never has to pay more than came in. The fee of 2 % is handed out and burnt by P-22.
//!
//! RAM is a token, `ram`, that its issuer, the market, alone moves: what an account can use stands in its balance, what is
//! for sale and the reserve, which is never sold, in the market's. What an account bought, or others bought for it, is its
//! own to sell or to lend; what was lent to it isn't.
//!
//! IOST adds bytes for sale when somebody buys; here they are added by the clock, for who sells, too.

use credo_pob::Voter;
use credo_primitives::entry::{Balance, RAM, Ram, RamMarket, TokenInfo};
use credo_primitives::{AccountName, Amount, StateKey, Text};

use super::{Entry, Returned};
use crate::abi::{Args, Kind};
use crate::host::{Host, Stop, fail};
use crate::moves::{self, Move};
use crate::stake;
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
/// Most bytes that may ever exist: IOST's bound.
const MAX_SUPPLY: u64 = 100 * 64 * 1024 * 1024 * 1024;
/// What every account of the genesis has, of the reserve: IOST's genesis buys as much for its admin and witnesses. It counts
/// as lent, since nobody paid for it.
pub(crate) const GENESIS_RAM: u64 = 100_000;

/// Opens the market, at genesis: the token, the market's own bytes, and what the genesis' accounts have of the reserve.
pub(crate) fn start<'a>(
    view: &mut View<'_>,
    now_ms: u64,
    accounts: impl Iterator<Item = &'a AccountName>,
) -> Result<(), RuntimeError> {
    let market = RamMarket::start(now_ms);
    let (mut reserve, all) = (market.used, market.left.saturating_add(market.used));
    for account in accounts {
        let total = GENESIS_RAM.min(reserve);
        reserve -= total;
        let used = used_by_votes(view, account)?.min(total);
        view.put(StateKey::ram(account), &Ram { own: 0, total, used });
        put_balance(view, account, total - used);
    }
    put_balance(view, &account(), market.left.saturating_add(reserve));
    let token = TokenInfo {
        issuer: account(),
        full_name: Text::new("IOST system ram").unwrap_or_default(),
        total_supply: units(MAX_SUPPLY),
        supply: units(all),
        decimals: 0,
        can_transfer: true,
        only_issuer_can_transfer: true,
    };
    view.put(StateKey::token(RAM), &token);
    view.put(StateKey::ram_market(), &market);
    Ok(())
}

/// What an account pays for at genesis: its votes.
fn used_by_votes(view: &View<'_>, account: &AccountName) -> Result<u64, RuntimeError> {
    let voter: Option<Voter> = view.get(&StateKey::voter(account))?;
    let bytes = voter.map_or(0, |voter| stake::paid_bytes(account, &voter));
    Ok(u64::try_from(bytes).unwrap_or(0))
}

fn put_balance(view: &mut View<'_>, account: &AccountName, bytes: u64) {
    let balance = Balance {
        available: units(bytes),
        ..Balance::default()
    };
    view.put(StateKey::balance(account, RAM), &balance);
}

fn units(bytes: u64) -> Amount {
    Amount::from_units(bytes).unwrap_or(Amount::MAX)
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

/// The market now; bytes that were added since are issued.
fn market(host: &mut Host<'_, '_>) -> Result<RamMarket, Stop> {
    let key = StateKey::ram_market();
    let Some(before) = host.get::<RamMarket>(&key)? else {
        return Err(RuntimeError::Corrupt {
            key,
            why: "it is missing".into(),
        }
        .into());
    };
    let market = before.at(host.now_ms);
    let added = units(market.left.saturating_sub(before.left));
    if !added.is_zero() {
        let token = moves::info(host, RAM)?;
        moves::issue(host, RAM, token, &account(), added)?;
    }
    Ok(market)
}

/// Moves bytes, as the token that they are.
fn transfer(host: &mut Host<'_, '_>, from: &AccountName, to: &AccountName, bytes: u64) -> Result<(), Stop> {
    let moved = Move {
        symbol: RAM,
        decimals: 0,
        from,
        to,
        units: units(bytes),
        memo: "",
    };
    moved.transfer(host)
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
    set_ram(host, account, Ram { own, total, ..had })
}

/// Takes of an account's own RAM.
fn take(host: &mut Host<'_, '_>, account: &AccountName, bytes: u64, what_for: &str) -> Result<(), Stop> {
    let had = ram(host, account)?;
    let left = had.own.checked_sub(bytes).zip(had.total.checked_sub(bytes));
    let Some((own, total)) = left else {
        return fail(format!("self ram amount {}, not enough for {what_for}", had.own));
    };
    set_ram(host, account, Ram { own, total, ..had })
}

/// An amount of hundredths, as IOST writes it.
fn fixed(amount: Amount) -> String {
    let cents = amount.units() / 1_000_000;
    format!("{}.{:02}", cents / 100, cents % 100)
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
    let own = self::account();
    Move::iost(payer, &own, paid).transfer_shown(host, &fixed(paid))?;
    // The market isn't an app's.
    fees::hand_out(host, &own, payer, fee, None)?;
    host.put(StateKey::ram_market(), &after)?;
    transfer(host, &own, account, bytes)?;
    give(host, account, bytes, bytes)?;
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
    let own = self::account();
    transfer(host, &account, &own, bytes)?;
    Move::iost(&own, &receiver, price).transfer_shown(host, &fixed(price))?;
    host.put(StateKey::ram_market(), &after)?;
    Ok(Returned::Text(fixed(price)))
}

/// `lend(from, to, bytes)`: for good; the receiver can't sell or lend them on.
fn lend(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let bytes = bytes(args.number(2))?;
    let from = authorized(host, args.text(0))?;
    take(host, &from, bytes, "lend")?;
    let to = valid(host, args.text(1))?;
    transfer(host, &from, &to, bytes)?;
    give(host, &to, 0, bytes)?;
    Ok(Returned::Void)
}
