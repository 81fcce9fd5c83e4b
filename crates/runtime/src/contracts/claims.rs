//! `vote_producer.iost`: rewards of nodes and voters (P-21).
//!
//! IOST splits a node's reward when the node claims; here it is split when it is earned, so that a voter waits for nobody.

use credo_primitives::entry::IOST;
use credo_primitives::{AccountName, Amount, StateKey};
use serde_json::{Map, Value};

use super::vote_producer::{ID, account_with, done, node_name, votes};
use super::{Entry, Returned, issue};
use crate::abi::{Args, Kind, json};
use crate::gas::Op;
use crate::host::{Host, Stop, fail};
use crate::stake;

use Kind::Text as Str;

/// Where a receipt of claims shows rewards of votes that are gone; no account has this name.
const EARLIER: &str = "*";
const DECIMALS: u32 = credo_primitives::amount::IOST_DECIMALS;

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
    let mut sum = earlier;
    let mut shown = Map::new();
    if !earlier.is_zero() {
        shown.insert(EARLIER.into(), Value::String(earlier.to_string()));
    }
    for (node, amount) in claimed {
        sum = sum.checked_add(amount)?;
        shown.insert(node.to_string(), Value::String(amount.to_string()));
    }
    issue::pay(host, &account, sum)?;
    host.receipt("vote_producer.iost/voterWithdraw", json(&shown))?;
    Ok(Returned::Void)
}

/// `candidateWithdraw(account)`: claims a node's own rewards.
fn candidate_withdraw(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = account_with(host, args.text(0), "operate")?;
    let amount = host.ledger.claim_node(&account)?;
    issue::pay(host, &account, amount)?;
    // IOST's receipt names the voters' part, which was set aside when it was earned.
    let shown = [account.as_str(), &amount.to_string(), "0"];
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
    let mut sum = record.earned;
    for (_, amount) in record.rewards(host.ledger.candidates(), ended, former) {
        sum = sum.checked_add(amount)?;
    }
    Ok(Returned::Text(sum.to_string()))
}

/// `getCandidateBonus(account)`: what the node can claim, as decimal text.
fn get_candidate_bonus(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.charge(Op::Read, 1)?;
    let node = node_name(args.text(0))?;
    match host.ledger.candidates().find(&node) {
        Some(node) => Ok(Returned::Text(node.earned.to_string())),
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
    host.debit(&payer, IOST, DECIMALS, amount)?;
    host.credit(&issue::account(), IOST, amount)?;
    if !payer.is_contract() {
        host.limits.spend(IOST, DECIMALS, amount);
    }
    let shown = [IOST, payer.as_str(), "issue.iost", &amount.to_string(), ""];
    host.receipt("token.iost/transfer", crate::abi::go_json(&shown))
}

/// `topupCandidateBonus(amount, payer)`: adds to the next epoch's rewards for votes.
fn topup_candidate_bonus(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let amount = votes(args.text(0))?;
    pay_in(host, args.text(1), amount)?;
    let mut pool = issue::pool(host)?;
    pool.topup = pool.topup.checked_add(amount)?;
    host.put(StateKey::pool(), &pool)?;
    done(host, "topupCandidateBonus", args)
}

/// `topupVoterBonus(producer, amount, payer)`: adds to what a node's voters share.
fn topup_voter_bonus(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let node = node_name(args.text(0))?;
    let amount = votes(args.text(1))?;
    host.ledger.reward_voters(&node, amount)?;
    pay_in(host, args.text(2), amount)?;
    done(host, "topupVoterBonus", args)
}
