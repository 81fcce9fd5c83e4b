//! `exchange.iost`: a transfer from the publisher, to an account that exists or to one that it creates.
//!
//! Its arguments come from exchanges' withdrawal forms, which know of a receiver, an amount and a memo only.

use credo_primitives::entry::{IOST, SIGN_UP_PLEDGE};
use credo_primitives::{AccountName, Amount};

use super::{Entry, Returned, auth, call, ram, token};
use crate::abi::{Args, Kind::Text, json, parse_truncated};
use crate::host::{Host, Stop, fail};

pub(super) const ID: &str = "exchange.iost";

pub(super) const ACTIONS: &[Entry] = &[(ID, "transfer", &[Text, Text, Text, Text], transfer)];

/// The least amount for a new account.
const MIN_AMOUNT: Amount = Amount::from_iost(100);
/// Bytes of RAM that a new account gets.
const INITIAL_RAM: u64 = 1_000;

/// `transfer(symbol, to, amount, memo)`: with no `to` and the memo `create:name:ownerKey:activeKey` it creates an account,
/// buys RAM for it, and sends what is left of the amount after that and the pledge for its gas.
fn transfer(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (symbol, to, amount, memo) = (args.text(0), args.text(1), args.text(2), args.text(3));
    let from = host.publisher;
    if !to.is_empty() {
        let data = token::transfer_data(symbol, from, to, amount, memo);
        call(host, token::ID, "transfer", &data)?;
        return Ok(Returned::Void);
    }
    let units = parse_truncated(amount, credo_primitives::amount::IOST_DECIMALS)
        .or_else(|_| fail(format!("invalid amount {amount}")))?;
    if units < MIN_AMOUNT {
        return fail(format!(
            "transfer amount should be greater or equal to {MIN_AMOUNT}"
        ));
    }
    let Some(account) = memo.strip_prefix("create:") else {
        return fail(format!("unsupported command : {memo}, use create:XX"));
    };
    if symbol != IOST {
        return fail("must transfer iost if you want to create a new account");
    }
    let parts: Vec<&str> = account.split(':').collect();
    let [name, owner, active] = parts.as_slice() else {
        return fail(
            "memo of transferring to a new account should be of format create:name:ownerKey:activeKey",
        );
    };
    call(host, auth::ID, "signUp", &json(&[name, owner, active]))?;
    // Both names were checked by the signing up.
    let names = AccountName::any(from).ok().zip(AccountName::any(*name).ok());
    let Some((payer, account)) = names else {
        return fail(format!("invalid account {from}"));
    };
    let price = ram::buy_for(host, &payer, &account, INITIAL_RAM)?;
    let paid = price.checked_add(SIGN_UP_PLEDGE)?;
    let Ok(rest) = units.checked_sub(paid) else {
        return fail(format!(
            "amount not enough to buy 1kB RAM and pledge 10 IOST Gas. need {paid}"
        ));
    };
    let data = token::transfer_data(IOST, from, name, &rest.to_string(), memo);
    call(host, token::ID, "transfer", &data)?;
    Ok(Returned::Void)
}
