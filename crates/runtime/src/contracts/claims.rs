//! `vote_producer.iost`: rewards of nodes and voters (P-21).
//!
//! IOST splits a node's reward when the node claims; here it is split when it is earned, so that a voter waits for nobody.

use credo_primitives::{AccountName, Amount, StateKey};
use serde_json::{Map, Value};

use super::vote_producer::{ID, account_with, node_name, votes};
use super::{Entry, Returned, issue};
use crate::abi::{Args, Kind, json};
use crate::gas::Op;
use crate::host::{Host, Stop, fail};
use crate::moves::pay;
use crate::stake;

use Kind::Text as Str;

/// Where a receipt of claims shows rewards of votes that are gone; no account has this name.
const EARLIER: &str = "*";

pub(super) const ACTIONS: &[Entry] = &[
    (ID, "topupCandidateBonus", &[Str, Str], topup_candidate_bonus),
    (ID, "topupVoterBonus", &[Str, Str, Str], topup_voter_bonus),
    (ID, "getVoterBonus", &[Str], get_voter_bonus),
    (ID, "getCandidateBonus", &[Str], get_candidate_bonus),
    (ID, "voterWithdraw", &[Str], voter_withdraw),
    (ID, "candidateWithdraw", &[Str], candidate_withdraw),
];

/// `voterWithdraw(voter)`: claims all that its votes earned, those for nodes that lost candidacy included.
fn voter_withdraw(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = account_with(host, args.text(0), "operate")?;
    let mut record = stake::voter(host, &account)?;
    // Counts what ended votes earned; what of them has returned is folded in with the balance.
    stake::fold(host, &mut record, 0)?;
    let (claimed, earlier) = host.ledger.claim_voter(&mut record)?;
    stake::set_voter(host, &account, &record)?;
    let sum = earned(host, "voterWithdraw", earlier, claimed)?;
    issue::pay(host, &account, sum)?;
    Ok(Returned::Void)
}

/// Leaves the receipt that says what each node's votes earned, if anything; gives the sum.
fn earned(
    host: &mut Host<'_, '_>,
    action: &str,
    earlier: Amount,
    by_node: Vec<(AccountName, Amount)>,
) -> Result<Amount, Stop> {
    let mut sum = earlier;
    let mut shown = Map::new();
    if !earlier.is_zero() {
        shown.insert(EARLIER.into(), Value::String(eight(earlier)));
    }
    for (node, amount) in by_node.into_iter().filter(|(_, amount)| !amount.is_zero()) {
        sum = sum.checked_add(amount)?;
        shown.insert(node.to_string(), Value::String(eight(amount)));
    }
    if !shown.is_empty() {
        host.receipt(&format!("{ID}/{action}"), json(&shown))?;
    }
    Ok(sum)
}

/// An amount with all eight decimals, as IOST shows rewards.
fn eight(amount: Amount) -> String {
    let units = amount.units();
    format!("{}.{:08}", units / 100_000_000, units % 100_000_000)
}

/// `candidateWithdraw(account)`: claims a node's own rewards. Without any it leaves no receipt.
fn candidate_withdraw(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = account_with(host, args.text(0), "operate")?;
    let amount = host.ledger.claim_node(&account)?;
    if amount.is_zero() {
        return Ok(Returned::Void);
    }
    issue::pay(host, &account, amount)?;
    // IOST's receipt names the voters' part, which was set aside when it was earned.
    let shown = [account.as_str(), &eight(amount), &eight(Amount::ZERO)];
    host.receipt("vote_producer.iost/candidateWithdraw", json(&shown))?;
    Ok(Returned::Void)
}

/// `getVoterBonus(voter)`: what it can claim, as decimal text.
fn get_voter_bonus(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let Some(account) = host.valid_account(args.text(0))? else {
        return fail(format!("invalid account {}", args.text(0)));
    };
    let record = stake::voter(host, &account)?;
    let endings = stake::endings(host, &record)?;
    let ended = |node: &AccountName, generation| {
        let found = endings.iter().find(|e| e.0 == *node && e.1 == generation);
        found.map(|e| e.2)
    };
    let formers = stake::formers(host, &record)?;
    let former = |node: &AccountName| formers.get(node).copied();
    let by_node = record.rewards(host.ledger.candidates(), ended, former);
    let sum = earned(host, "getVoterBonus", record.earned, by_node)?;
    Ok(Returned::Text(eight(sum)))
}

/// `getCandidateBonus(account)`: what the node can claim, as decimal text.
fn get_candidate_bonus(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.charge(Op::Read, 1)?;
    let node = node_name(args.text(0))?;
    match host.ledger.candidates().find(&node) {
        Some(node) => Ok(Returned::Text(eight(node.earned))),
        None => fail("producer not exists"),
    }
}

/// Takes IOST from `payer`, who must allow it, into the pool's balance.
fn pay_in(host: &mut Host<'_, '_>, payer: &str, amount: Amount) -> Result<(), Stop> {
    let Some(payer) = host.valid_account(payer)? else {
        return fail(format!("invalid account {payer}"));
    };
    if !host.allows(&payer, "transfer")? {
        return fail("transaction has no permission");
    }
    pay(host, &payer, &issue::account(), amount)
}

/// What says whether a gift was taken: as text, as IOST's contracts in JavaScript do.
fn taken(taken: bool) -> Result<Returned, Stop> {
    Ok(Returned::Text(taken.to_string()))
}

/// `topupCandidateBonus(amount, payer)`: adds to the next epoch's rewards for votes. `false`, and nothing is taken, while no
/// candidate has any.
fn topup_candidate_bonus(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    if host.ledger.candidates().total_votes() == 0 {
        return taken(false);
    }
    let amount = votes(args.text(0))?;
    pay_in(host, args.text(1), amount)?;
    let mut pool = issue::pool(host)?;
    pool.topup = pool.topup.checked_add(amount)?;
    host.put(StateKey::pool(), &pool)?;
    let shown = [&amount.to_string(), args.text(1)];
    host.receipt("vote_producer.iost/topupCandidateBonus", json(&shown))?;
    taken(true)
}

/// `topupVoterBonus(producer, amount, payer)`: adds to what a node's voters share. `false`, and nothing is taken, while it
/// has none.
fn topup_voter_bonus(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    let node = node_name(args.text(0))?;
    let amount = votes(args.text(1))?;
    match host.ledger.candidates().find(&node) {
        None => return fail("producer not exists"),
        Some(node) if node.votes.is_zero() => return taken(false),
        Some(_) => {}
    }
    host.ledger.reward_voters(&node, amount)?;
    pay_in(host, args.text(2), amount)?;
    let shown = [node.as_str(), &amount.to_string(), args.text(2)];
    host.receipt("vote_producer.iost/topupVoterBonus", json(&shown))?;
    taken(true)
}
