//! `gas.iost`: pledging IOST for gas (P-23).
//!
//! Pledged tokens are staked: they stand in the balance of `gas.iost` and stay the pledger's, who takes them back, frozen
//! until `pledge_lock` after that. An account keeps ten IOST pledged for it, whoever pledges them.

use credo_primitives::entry::{Gas, MAX_PLEDGES, Pledge, Pledges};
use credo_primitives::{AccountName, Amount, StateKey};

use super::{Entry, Returned};
use crate::abi::{Args, Kind::Text, go_json, parse_truncated};
use crate::gas_account::{stake_pledge, unstake_pledge};
use crate::host::{Host, Stop, fail};
use crate::stake::{self, Holder};

pub(super) const ID: &str = "gas.iost";

pub(super) const ACTIONS: &[Entry] = &[
    (ID, "constructor", &[], constructor),
    (ID, "pledge", &[Text, Text, Text], pledge),
    (ID, "unpledge", &[Text, Text, Text], unpledge),
];

/// The least that one action pledges or takes back.
pub(crate) const MIN_ACTION: Amount = Amount::from_iost(1);
/// What must stay pledged for an account's gas, by all together.
const MIN_TOTAL: Amount = Amount::from_iost(10);
const DECIMALS: u32 = credo_primitives::amount::IOST_DECIMALS;

fn constructor(_: &mut Host<'_, '_>, _: &Args) -> Result<Returned, Stop> {
    Ok(Returned::Nothing)
}

/// Both names and the amount, when `pledger@transfer` is given. `verb` stands in the error texts.
fn checked(
    host: &mut Host<'_, '_>,
    args: &Args,
    verb: &str,
) -> Result<(AccountName, AccountName, Amount), Stop> {
    host.steps(1)?;
    let (pledger, to, text) = (args.text(0), args.text(1), args.text(2));
    let Some(pledger) = host.valid_account(pledger)? else {
        return fail(format!("invalid user name {pledger}"));
    };
    let Some(to) = host.valid_account(to)? else {
        return fail(format!("invalid user name {to}"));
    };
    if !host.allows(&pledger, "transfer")? {
        return fail("transaction has no permission");
    }
    let amount = match parse_truncated(text, DECIMALS) {
        Ok(amount) if !amount.is_zero() => amount,
        _ => return fail(format!("invalid amount {text}")),
    };
    if amount < MIN_ACTION {
        return fail(format!("min {verb} num is {MIN_ACTION}"));
    }
    Ok((pledger, to, amount))
}

/// `pledge(pledger, to, amount)`: stakes IOST of `pledger`'s for `to`'s gas.
fn pledge(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (pledger, to, amount) = checked(host, args, "pledge")?;
    pledge_for(host, &pledger, &pledger, &to, amount)?;
    receipt(host, "gas.iost/pledge", args)
}

/// Stakes `payer`'s IOST, as `pledger`'s, for `to`'s gas. Whose authority that needs is the caller's to ask for.
fn pledge_for(
    host: &mut Host<'_, '_>,
    payer: &AccountName,
    pledger: &AccountName,
    to: &AccountName,
    amount: Amount,
) -> Result<(), Stop> {
    stake::lock_for(host, payer, pledger, Holder::Gas, amount)?;
    let key = StateKey::pledges(pledger);
    let mut pledges: Pledges = host.get(&key)?.unwrap_or_default();
    match pledges.to.binary_search_by(|p| p.account.cmp(to)) {
        Ok(at) => pledges.to[at].amount = pledges.to[at].amount.checked_add(amount)?,
        Err(_) if pledges.to.len() >= MAX_PLEDGES => {
            return fail(format!(
                "{pledger} pledges for {MAX_PLEDGES} accounts already: take a pledge back first"
            ));
        }
        Err(at) => pledges.to.insert(
            at,
            Pledge {
                account: to.clone(),
                amount,
            },
        ),
    }
    host.put(key, &pledges)?;
    stake_pledge(host, to, amount)
}

/// Stakes IOST of `payer`'s for a new account's gas. The pledge is the payer's, who can take it back; who pledges for as
/// many accounts as can be (a faucet, an exchange) gives it to the new account, whose own pledge it is then.
pub(super) fn pledge_for_new(
    host: &mut Host<'_, '_>,
    payer: &AccountName,
    account: &AccountName,
    amount: Amount,
) -> Result<(), Stop> {
    let pledges: Pledges = host.get(&StateKey::pledges(payer))?.unwrap_or_default();
    let known = pledges.to.iter().any(|p| p.account == *account);
    let pledger = if known || pledges.to.len() < MAX_PLEDGES {
        payer
    } else {
        account
    };
    pledge_for(host, payer, pledger, account, amount)
}

/// `unpledge(pledger, to, amount)`: takes a pledge back; the tokens are frozen until `pledge_lock` from now.
fn unpledge(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (pledger, to, amount) = checked(host, args, "unpledge")?;
    let key = StateKey::pledges(&pledger);
    let mut pledges: Pledges = host.get(&key)?.unwrap_or_default();
    let Ok(at) = pledges.to.binary_search_by(|p| p.account.cmp(&to)) else {
        return fail(format!("{pledger} did not pledge for {to}"));
    };
    let for_it: Gas = host.get(&StateKey::gas(&to))?.unwrap_or_default();
    let total = for_it.pledged;
    if total.checked_sub(amount).map_or(true, |left| left < MIN_TOTAL) {
        return fail(format!(
            "unpledge too much ({total} - {amount}) less than {MIN_TOTAL}"
        ));
    }
    let pledged = pledges.to[at].amount;
    let Ok(left) = pledged.checked_sub(amount) else {
        return fail(format!(
            "you cannot unpledge more than your pledge {amount} > {pledged}"
        ));
    };
    if left.is_zero() {
        pledges.to.remove(at);
    } else {
        pledges.to[at].amount = left;
    }
    if pledges.to.is_empty() {
        host.delete(key)?;
    } else {
        host.put(key, &pledges)?;
    }
    let lock_ms = host.parameters().pledge_lock_ms;
    unstake_pledge(host, &to, amount)?;
    stake::unlock(host, &pledger, Holder::Gas, amount, lock_ms)?;
    receipt(host, "gas.iost/unpledge", args)
}

fn receipt(host: &mut Host<'_, '_>, name: &str, args: &Args) -> Result<Returned, Stop> {
    let shown = [args.text(0), args.text(1), args.text(2)];
    host.receipt(name, go_json(&shown))?;
    Ok(Returned::Nothing)
}
