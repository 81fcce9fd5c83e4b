//! `issue.iost`: the reward pool. IOST mints here; we don't: rewards are paid out of what the pool holds (P-20), which
//! fills as the supply vests (P-25). So the actions by which IOST mints are refused.
//!
//! The pool's tokens stand in the balance of the account `issue.iost`: what is free, what is carried over, and what nodes,
//! voters and contributors have earned and not yet claimed.

use credo_primitives::entry::{IOST, Pool, TokenInfo};
use credo_primitives::{AccountName, Amount, StateKey};

use super::{Entry, Returned};
use crate::abi::{Args, Kind};
use crate::host::{Host, Stop, fail};
use crate::moves;

pub(crate) const ID: &str = "issue.iost";

pub(super) const ACTIONS: &[Entry] = &[
    (
        ID,
        "initGenesis",
        &[Kind::Text, Kind::Json, Kind::Json],
        init_genesis,
    ),
    (ID, "issueIOST", &[], denied),
    (ID, "issueIOSTTo", &[Kind::Text, Kind::Text], denied),
];

fn init_genesis(_: &mut Host<'_, '_>, _: &Args) -> Result<Returned, Stop> {
    fail("init out of genesis block")
}

fn denied(_: &mut Host<'_, '_>, _: &Args) -> Result<Returned, Stop> {
    fail("issue iost permission denied")
}

/// The account that holds the pool.
pub(crate) fn account() -> AccountName {
    AccountName::any(ID).expect("a system contract's name is valid")
}

/// The pool as it stands.
pub(crate) fn pool(host: &mut Host<'_, '_>) -> Result<Pool, Stop> {
    Ok(host.get(&StateKey::pool())?.unwrap_or_default())
}

/// Pays rewards that were earned before out of the pool's balance.
pub(super) fn pay(host: &mut Host<'_, '_>, to: &AccountName, amount: Amount) -> Result<(), Stop> {
    moves::pay(host, &account(), to, amount)
}

/// Takes tokens that were taken out of a balance or a stake before out of existence.
pub(crate) fn burn(host: &mut Host<'_, '_>, amount: Amount) -> Result<(), Stop> {
    if amount.is_zero() {
        return Ok(());
    }
    let key = StateKey::token(IOST);
    let Some(mut token) = host.get::<TokenInfo>(&key)? else {
        return fail("token not exists");
    };
    token.supply = token.supply.checked_sub(amount)?;
    host.put(key, &token)?;
    let mut pool = pool(host)?;
    pool.burnt = pool.burnt.checked_add(amount)?;
    host.put(StateKey::pool(), &pool)
}
