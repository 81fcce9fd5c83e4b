//! Staked IOST: what stands in votes, in a node's deposit and its registration's lock, and in pledges for gas.
//!
//! As in IOST, tokens that are staked stand in the balance of a contract ([`Holder`]); the record of the vote, node or
//! pledge says whose they are, and the owner's balance counts them in [`Balance::staked`]. What returns by a date, because
//! a node lost its candidacy (P-16), counts as returned from that date on, and is folded in here at its owner's next action.
//! Each way leaves the receipt of a transfer, back with the date.

use std::collections::BTreeMap;

use commonware_codec::EncodeSize as _;
use credo_pob::{Displaced, Former, Vote, Voter};
use credo_primitives::entry::{Balance, Ended, Frozen, IOST, TakenBack};
use credo_primitives::{AccountName, Amount, StateKey};

use crate::abi::go_json;
use crate::gas::Op;
use crate::host::{Host, Stop};
use crate::moves::{Move, ns};
use crate::ram_usage::stored;

/// Decimals of IOST.
const DECIMALS: u32 = credo_primitives::amount::IOST_DECIMALS;

/// In whose balance staked tokens stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// Pledges for gas.
    Gas,
    /// Votes for nodes and in votings.
    Votes,
    /// Nodes' deposits and what registering locks.
    Nodes,
}

impl Holder {
    /// The contract's account.
    pub(crate) fn account(self) -> AccountName {
        let name = match self {
            Self::Gas => "gas.iost",
            Self::Votes => "vote.iost",
            Self::Nodes => "vote_producer.iost",
        };
        AccountName::any(name).expect("a system contract's name is valid")
    }
}

/// An account's votes; none is an empty record.
pub(crate) fn voter(host: &mut Host<'_, '_>, account: &AccountName) -> Result<Voter, Stop> {
    let voter: Voter = host.get(&StateKey::voter(account))?.unwrap_or_default();
    // Each is looked up among the nodes, whatever is done with them.
    host.charge(Op::Vote, voter.votes.len() as u64)?;
    Ok(voter)
}

/// Bytes of an account's record of votes that it pays for: while there are votes, all but what its own node left there when
/// it lost its place, which others' doing brings.
pub(crate) fn paid_bytes(account: &AccountName, voter: &Voter) -> i64 {
    if voter.votes.is_empty() {
        return 0;
    }
    let left = voter.stake.encode_size() - None::<Frozen>.encode_size();
    stored(&StateKey::voter(account), voter.encode_size() - left)
}

/// Writes an account's votes, for which it pays RAM; nothing at all leaves no entry.
pub(crate) fn set_voter(host: &mut Host<'_, '_>, account: &AccountName, voter: &Voter) -> Result<(), Stop> {
    let key = StateKey::voter(account);
    let before: Option<Voter> = host.get(&key)?;
    let before = before.map_or(0, |before| paid_bytes(account, &before));
    host.charge_ram(account, paid_bytes(account, voter) - before);
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

/// P-16, P-21. Counts what ended votes earned, and takes out those whose tokens have returned at `until_ms`; gives what each
/// of them brought, and since when. Whose node has lost its place is counted out of what is remembered of it.
pub(crate) fn fold(
    host: &mut Host<'_, '_>,
    record: &mut Voter,
    until_ms: u64,
) -> Result<Vec<(Amount, u64)>, Stop> {
    let endings = endings(host, record)?;
    let back = |vote: &Vote| {
        let of = |(node, generation, _): &&(AccountName, u64, Ended)| {
            *node == vote.candidate && *generation == vote.generation
        };
        let (.., how) = endings.iter().find(of)?;
        (how.until_ms <= until_ms).then_some((vote.amount, how.until_ms))
    };
    let returned: Vec<(Amount, u64)> = record.votes.iter().filter_map(back).collect();
    let before = formers(host, record)?;
    let mut after = before.clone();
    host.ledger.fold(record, &endings, &mut after, until_ms)?;
    for (node, former) in after {
        if before.get(&node) != Some(&former) {
            put_former(host, &node, Some(former))?;
        }
    }
    Ok(returned)
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
    let now_ms = host.now_ms;
    let mut returned = Vec::new();
    let mut record = voter(host, account)?;
    let back = record.stake.filter(|locked| locked.until_ms <= now_ms);
    let void = record.void(host.ledger.candidates()).next().is_some();
    if void || back.is_some() {
        let votes = fold(host, &mut record, now_ms)?;
        let mut sum = Amount::ZERO;
        for (amount, until_ms) in votes {
            sum = sum.checked_add(amount)?;
            returned.push((Holder::Votes, amount, until_ms));
        }
        if let Some(back) = back {
            returned.push((Holder::Nodes, back.amount, back.until_ms));
            record.stake = None;
        }
        set_voter(host, account, &record)?;
        if !sum.is_zero() {
            crate::gas::unstake_votes(host, account, sum)?;
        }
    }
    let node = host.ledger.candidates().find(account);
    let until_ms = node.map_or(0, |node| node.deposit_until_ms);
    if node.is_some_and(|node| !node.returned_stake(now_ms).is_zero()) {
        let stake = host.ledger.take_stake(account)?;
        returned.push((Holder::Nodes, stake, until_ms));
    }
    if returned.is_empty() {
        return Ok(());
    }
    for (_, amount, _) in &returned {
        balance.staked = balance.staked.checked_sub(*amount)?;
        balance.available = balance.available.checked_add(*amount)?;
    }
    // What was folded in must not be folded in again by a second look in the same action.
    host.set_balance(account, IOST, balance)?;
    for (holder, amount, until_ms) in returned {
        let holder = holder.account();
        host.debit(&holder, IOST, DECIMALS, amount)?;
        Move::iost(&holder, account, amount).freeze_receipt(host, ns(until_ms))?;
    }
    Ok(())
}

/// Takes IOST out of an account's balance to be staked; the record that says so is the caller's.
pub(crate) fn lock(
    host: &mut Host<'_, '_>,
    account: &AccountName,
    holder: Holder,
    amount: Amount,
) -> Result<(), Stop> {
    lock_for(host, account, account, holder, amount)
}

/// As [`lock`], with `payer`'s tokens, which are `account`'s stake from then on.
pub(crate) fn lock_for(
    host: &mut Host<'_, '_>,
    payer: &AccountName,
    account: &AccountName,
    holder: Holder,
    amount: Amount,
) -> Result<(), Stop> {
    Move::iost(payer, &holder.account(), amount).transfer(host)?;
    let mut balance = host.balance(account, IOST)?;
    balance.staked = balance.staked.checked_add(amount)?;
    host.set_balance(account, IOST, &balance)
}

/// Gives staked IOST back, frozen for `lock_ms` from now; the record that said so is the caller's.
pub(crate) fn unlock(
    host: &mut Host<'_, '_>,
    account: &AccountName,
    holder: Holder,
    amount: Amount,
    lock_ms: u64,
) -> Result<(), Stop> {
    take(host, account, amount)?;
    let until_ms = host.now_ms.saturating_add(lock_ms);
    Move::iost(&holder.account(), account, amount).freeze(host, ns(until_ms))
}

/// P-24. Notes that an account took back votes for its own node, which return at the same time as the frozen amount that
/// [`unlock`] made of them. It pays RAM for the note, which its next such vote tidies.
pub(crate) fn note_taken_back(
    host: &mut Host<'_, '_>,
    account: &AccountName,
    amount: Amount,
    lock_ms: u64,
) -> Result<(), Stop> {
    let key = StateKey::taken_back(account);
    let mut record: TakenBack = host.get(&key)?.unwrap_or_default();
    record.add(amount, host.now_ms.saturating_add(lock_ms), host.now_ms)?;
    host.put_paid(account, key, &record)
}

/// P-24. Moves what an account took back of the votes for its own node and is still locked to `to`, and gives the sum. A
/// receipt of each frozen amount says how much of it is gone; the transfer stands after them.
pub(crate) fn seize_taken_back(
    host: &mut Host<'_, '_>,
    account: &AccountName,
    to: &AccountName,
) -> Result<Amount, Stop> {
    let key = StateKey::taken_back(account);
    let Some(record) = host.get::<TakenBack>(&key)? else {
        return Ok(Amount::ZERO);
    };
    host.delete_paid(account, key)?;
    let mut balance = host.balance(account, IOST)?;
    let seized = record.seize(&mut balance, host.now_ms)?;
    if seized.is_empty() {
        return Ok(Amount::ZERO);
    }
    if balance.frozen.is_empty() {
        balance.payer = None;
    }
    host.set_balance(account, IOST, &balance)?;
    let mut sum = Amount::ZERO;
    for locked in seized {
        sum = sum.checked_add(locked.amount)?;
        let shown = (account.as_str(), locked.amount.to_string(), ns(locked.until_ms));
        host.receipt("vote_producer.iost/seizeFrozen", go_json(&shown))?;
    }
    host.credit(to, IOST, sum)?;
    let moved = Move::iost(account, to, sum);
    moved.transfer_receipt(host)?;
    Ok(sum)
}

/// Counts IOST as staked no longer; who gets it from its holder is the caller's.
pub(crate) fn take(host: &mut Host<'_, '_>, account: &AccountName, amount: Amount) -> Result<(), Stop> {
    let mut balance = host.balance(account, IOST)?;
    balance.staked = balance.staked.checked_sub(amount)?;
    host.set_balance(account, IOST, &balance)
}
