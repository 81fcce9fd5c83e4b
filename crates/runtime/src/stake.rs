//! Staked IOST: what stands in votes, in a node's deposit and in pledges for gas.
//!
//! Tokens that were staked are held by the record that says so (a vote, a node, a pledge); the balance only counts them
//! in [`Balance::staked`]. What returns by a date, because a node lost its candidacy (P-16), counts as returned from that
//! date on, and is folded in here at its holder's next action.

use std::collections::BTreeMap;

use credo_pob::{Displaced, Former, Voter};
use credo_primitives::entry::{Balance, Ended, IOST, TakenBack};
use credo_primitives::{AccountName, Amount, StateKey};

use crate::gas::Op;
use crate::host::{Host, Stop};

/// Decimals of IOST.
const DECIMALS: u32 = credo_primitives::amount::IOST_DECIMALS;

/// An account's votes; none is an empty record.
pub(crate) fn voter(host: &mut Host<'_, '_>, account: &AccountName) -> Result<Voter, Stop> {
    let voter: Voter = host.get(&StateKey::voter(account))?.unwrap_or_default();
    // Each is looked up among the nodes, whatever is done with them.
    host.charge(Op::Vote, voter.votes.len() as u64)?;
    Ok(voter)
}

/// Writes an account's votes; nothing at all leaves no entry.
pub(crate) fn set_voter(host: &mut Host<'_, '_>, account: &AccountName, voter: &Voter) -> Result<(), Stop> {
    let key = StateKey::voter(account);
    if voter.is_empty() {
        host.delete(key)
    } else {
        host.put(key, voter)
    }
}

/// How the generations ended that a voter's void votes are of.
pub(crate) fn endings(
    host: &mut Host<'_, '_>,
    voter: &Voter,
) -> Result<Vec<(AccountName, u64, Ended)>, Stop> {
    let void: Vec<(AccountName, u64)> = voter
        .void(host.ledger.candidates())
        .map(|vote| (vote.candidate.clone(), vote.generation))
        .collect();
    let mut endings = Vec::with_capacity(void.len());
    for (node, generation) in void {
        if let Some(ended) = host.get::<Ended>(&StateKey::ended(&node, generation))? {
            endings.push((node, generation, ended));
        }
    }
    Ok(endings)
}

/// What is remembered of the nodes of a voter's void votes that have lost their places.
pub(crate) fn formers(host: &mut Host<'_, '_>, voter: &Voter) -> Result<BTreeMap<AccountName, Former>, Stop> {
    let candidates = host.ledger.candidates();
    let gone: Vec<AccountName> = voter
        .void(candidates)
        .filter(|vote| candidates.find(&vote.candidate).is_none())
        .map(|vote| vote.candidate.clone())
        .collect();
    let mut formers = BTreeMap::new();
    for node in gone {
        if let Some(former) = host.get::<Former>(&StateKey::former(&node))? {
            formers.insert(node, former);
        }
    }
    Ok(formers)
}

/// P-16, P-21. Counts what ended votes earned, and takes out those whose tokens have returned at `until_ms`; gives their
/// sum. Whose node has lost its place is counted out of what is remembered of it.
pub(crate) fn fold(host: &mut Host<'_, '_>, record: &mut Voter, until_ms: u64) -> Result<Amount, Stop> {
    let endings = endings(host, record)?;
    let before = formers(host, record)?;
    let mut after = before.clone();
    let sum = host.ledger.fold(record, &endings, &mut after, until_ms)?;
    for (node, former) in after {
        if before.get(&node) != Some(&former) {
            put_former(host, &node, Some(former))?;
        }
    }
    Ok(sum)
}

/// Writes what is remembered of a node that isn't in the list; nothing that matters leaves no entry.
pub(crate) fn put_former(
    host: &mut Host<'_, '_>,
    node: &AccountName,
    former: Option<Former>,
) -> Result<(), Stop> {
    let key = StateKey::former(node);
    match former.filter(Former::matters) {
        Some(former) => host.put(key, &former),
        None => host.delete(key),
    }
}

/// P-10. Keeps what a node that lost its place had locked and earned with its account, and what else is remembered of it.
pub(crate) fn keep_displaced(host: &mut Host<'_, '_>, displaced: Displaced) -> Result<(), Stop> {
    let Displaced {
        node,
        ending,
        stake,
        earned,
        former,
    } = displaced;
    if let Some((node, generation, ended)) = &ending {
        host.put(StateKey::ended(node, *generation), ended)?;
    }
    if former.is_some() {
        put_former(host, &node.account, former)?;
    }
    if stake.is_some() || !earned.is_zero() {
        let mut record = voter(host, &node.account)?;
        record.earned = record.earned.checked_add(earned)?;
        record.stake = stake;
        set_voter(host, &node.account, &record)?;
    }
    Ok(())
}

/// P-16. Moves what has returned from `staked` to `available`.
pub(crate) fn fold_returned(
    host: &mut Host<'_, '_>,
    account: &AccountName,
    balance: &mut Balance,
) -> Result<(), Stop> {
    let mut returned = Amount::ZERO;
    let mut record = voter(host, account)?;
    let back = record.returned_stake(host.now_ms);
    let void = record.void(host.ledger.candidates()).next().is_some();
    if void || !back.is_zero() {
        let now_ms = host.now_ms;
        let votes = fold(host, &mut record, now_ms)?;
        if !back.is_zero() {
            returned = returned.checked_add(back)?;
            record.stake = None;
        }
        set_voter(host, account, &record)?;
        if !votes.is_zero() {
            crate::gas::unstake_votes(host, account, votes)?;
            returned = returned.checked_add(votes)?;
        }
    }
    let now_ms = host.now_ms;
    let node = host.ledger.candidates().find(account);
    if node.is_some_and(|node| !node.returned_stake(now_ms).is_zero()) {
        returned = returned.checked_add(host.ledger.take_stake(account)?)?;
    }
    if !returned.is_zero() {
        balance.staked = balance.staked.checked_sub(returned)?;
        balance.available = balance.available.checked_add(returned)?;
        // What was folded in must not be folded in again by a second look in the same action.
        host.set_balance(account, IOST, balance)?;
    }
    Ok(())
}

/// Takes IOST out of an account's balance to be staked; the record that holds it is the caller's.
pub(crate) fn lock(host: &mut Host<'_, '_>, account: &AccountName, amount: Amount) -> Result<(), Stop> {
    host.debit(account, IOST, DECIMALS, amount)?;
    let mut balance = host.balance(account, IOST)?;
    balance.staked = balance.staked.checked_add(amount)?;
    host.set_balance(account, IOST, &balance)
}

/// Gives staked IOST back, frozen for `lock_ms` from now; the record that held it is the caller's.
pub(crate) fn unlock(
    host: &mut Host<'_, '_>,
    account: &AccountName,
    amount: Amount,
    lock_ms: u64,
) -> Result<(), Stop> {
    take(host, account, amount)?;
    let until_ms = host.now_ms.saturating_add(lock_ms);
    host.freeze(account, IOST, amount, until_ms)
}

/// P-24. Notes that an account took back votes for its own node, which return at the same time as the frozen amount that
/// [`unlock`] made of them.
pub(crate) fn note_taken_back(
    host: &mut Host<'_, '_>,
    account: &AccountName,
    amount: Amount,
    lock_ms: u64,
) -> Result<(), Stop> {
    let key = StateKey::taken_back(account);
    let mut record: TakenBack = host.get(&key)?.unwrap_or_default();
    record.add(amount, host.now_ms.saturating_add(lock_ms), host.now_ms)?;
    host.put(key, &record)
}

/// P-24. Takes what an account took back of the votes for its own node and is still locked; where it goes is the caller's.
pub(crate) fn seize_taken_back(host: &mut Host<'_, '_>, account: &AccountName) -> Result<Amount, Stop> {
    let key = StateKey::taken_back(account);
    let Some(record) = host.get::<TakenBack>(&key)? else {
        return Ok(Amount::ZERO);
    };
    let mut balance = host.balance(account, IOST)?;
    let seized = record.seize(&mut balance, host.now_ms)?;
    host.set_balance(account, IOST, &balance)?;
    host.delete(key)?;
    Ok(seized)
}

/// Takes staked IOST away for good (P-24); where it goes is the caller's.
pub(crate) fn take(host: &mut Host<'_, '_>, account: &AccountName, amount: Amount) -> Result<(), Stop> {
    let mut balance = host.balance(account, IOST)?;
    balance.staked = balance.staked.checked_sub(amount)?;
    host.set_balance(account, IOST, &balance)
}
