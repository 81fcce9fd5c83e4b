//! `vote_producer.iost`: Servi nodes and votes (P-10, P-17).
//!
//! Votes lock tokens: they leave the balance when cast, move between nodes as they are, and come back frozen until
//! `vote_lock` after they are taken from a node.

use credo_pob::{CandidateStatus, Registration, Round, Voter};
use credo_primitives::entry::{Frozen, IOST, MAX_FROZEN};
use credo_primitives::spec::consensus_key;
use credo_primitives::{AccountName, Amount, AmountError, StateKey, Text};
use serde_json::json;

use super::Returned;
use crate::abi::{Args, is_decimal, json};
use crate::host::{Host, Stop, fail};

pub(super) const ID: &str = "vote_producer.iost";

/// The account, if the transaction may act for its node: `account@vote`, which falls back to `active`.
fn node_owner(host: &mut Host<'_, '_>, name: &str) -> Result<AccountName, Stop> {
    account_with(host, name, "vote")
}

fn account_with(host: &mut Host<'_, '_>, name: &str, permission: &str) -> Result<AccountName, Stop> {
    host.steps(1)?;
    match host.valid_account(name)? {
        Some(account) if host.allows(&account, permission)? => Ok(account),
        _ => fail("require auth failed."),
    }
}

/// A node's name as an argument; one that can't be a name isn't registered.
fn node_name(text: &str) -> Result<AccountName, Stop> {
    AccountName::any(text).or_else(|_| fail("producer not exists"))
}

fn registration(args: &Args) -> Result<Registration, Stop> {
    let Some(key) = consensus_key::from_base58(args.text(1)) else {
        return fail("pubkey should be the base58 text of an ed25519 key");
    };
    Ok(Registration {
        key,
        location: bounded("loc", args.text(2))?,
        url: bounded("url", args.text(3))?,
        net_id: bounded("netId", args.text(4))?,
    })
}

fn bounded<const MAX: usize>(name: &str, text: &str) -> Result<Text<MAX>, Stop> {
    Text::new(text).or_else(|error| fail(format!("{name}: {error}")))
}

fn votes(text: &str) -> Result<Amount, Stop> {
    let negative = text.strip_prefix('-').is_some_and(is_decimal);
    match Amount::parse(text) {
        Ok(amount) if amount.is_zero() => fail("amount must be positive"),
        Err(AmountError::NotANumber(_)) if negative => fail("amount must be positive"),
        other => Ok(other?),
    }
}

fn voter(host: &mut Host<'_, '_>, account: &AccountName) -> Result<Voter, Stop> {
    Ok(host.get(&StateKey::voter(account))?.unwrap_or_default())
}

fn set_voter(host: &mut Host<'_, '_>, account: &AccountName, voter: &Voter) -> Result<(), Stop> {
    let key = StateKey::voter(account);
    if voter.votes.is_empty() {
        host.delete(key)
    } else {
        host.put(key, voter)
    }
}

fn done(host: &mut Host<'_, '_>, name: &str, args: &Args) -> Result<Returned, Stop> {
    host.receipt(&format!("{ID}/{name}"), args.to_json())?;
    Ok(Returned::Void)
}

/// `applyRegister(account, pubkey, loc, url, netId, isProducer)`: approved at once.
pub(super) fn apply_register(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = node_owner(host, args.text(0))?;
    if !args.flag(5) {
        return fail("isProducer must be true: only nodes that produce blocks can be registered");
    }
    let node = registration(args)?;
    host.ledger.register(&account, node)?;
    done(host, "applyRegister", args)
}

/// `updateProducer(account, pubkey, loc, url, netId)`: a member of the committee keeps its key.
pub(super) fn update_producer(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = node_owner(host, args.text(0))?;
    let node = registration(args)?;
    let round: Option<Round> = host.get(&StateKey::round())?;
    let sits = round.is_some_and(|r| r.seats.iter().any(|s| s.account == account));
    host.ledger.update(&account, node, sits)?;
    done(host, "updateProducer", args)
}

/// `logInProducer(account)`: the application for candidacy.
///
/// P-24: here the application will lock `deposit`.
pub(super) fn log_in_producer(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = node_owner(host, args.text(0))?;
    host.ledger.apply(&account, host.rules)?;
    done(host, "logInProducer", args)
}

/// `vote(voter, producer, amount)`: locks tokens.
pub(super) fn vote(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = account_with(host, args.text(0), "active")?;
    let node = node_name(args.text(1))?;
    let amount = votes(args.text(2))?;
    let mut record = voter(host, &account)?;
    host.ledger.vote(&mut record, &node, amount)?;
    let mut balance = host.balance(&account, IOST)?;
    let Ok(left) = balance.available.checked_sub(amount) else {
        return fail(format!("balance not enough {} < {amount}", balance.available));
    };
    balance.available = left;
    host.set_balance(&account, IOST, &balance)?;
    set_voter(host, &account, &record)?;
    done(host, "vote", args)
}

/// `unvote(voter, producer, amount)`: the tokens come back frozen until `vote_lock` from now.
pub(super) fn unvote(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = account_with(host, args.text(0), "active")?;
    let node = node_name(args.text(1))?;
    let amount = votes(args.text(2))?;
    let mut record = voter(host, &account)?;
    host.ledger.unvote(&mut record, &node, amount)?;
    let mut balance = host.balance(&account, IOST)?;
    let until_ms = host.now_ms.saturating_add(host.vote_lock_ms);
    match balance.frozen.binary_search_by_key(&until_ms, |f| f.until_ms) {
        Ok(at) => balance.frozen[at].amount = balance.frozen[at].amount.checked_add(amount)?,
        Err(_) if balance.frozen.len() >= MAX_FROZEN => {
            return fail(format!(
                "{MAX_FROZEN} amounts are frozen already, each until another date: wait until the first returns"
            ));
        }
        Err(at) => balance.frozen.insert(at, Frozen { amount, until_ms }),
    }
    host.set_balance(&account, IOST, &balance)?;
    set_voter(host, &account, &record)?;
    done(host, "unvote", args)
}

/// `move(voter, from, to, amount)`: moves votes at once; they stay locked. Not in IOST.
pub(super) fn move_votes(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = account_with(host, args.text(0), "active")?;
    let (from, to) = (node_name(args.text(1))?, node_name(args.text(2))?);
    let amount = votes(args.text(3))?;
    let mut record = voter(host, &account)?;
    host.ledger.move_votes(&mut record, &from, &to, amount)?;
    set_voter(host, &account, &record)?;
    done(host, "move", args)
}

/// `getProducer(account)`: the node as JSON text; `status` 1 is IOST's "approved".
pub(super) fn get_producer(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let node = node_name(args.text(0))?;
    host.meter.cpu(crate::gas::READ)?;
    let Some(node) = host.ledger.candidates().find(&node) else {
        return fail("producer not exists");
    };
    Ok(Returned::Text(json(&json!({
        "pubkey": consensus_key::to_base58(&node.key),
        "loc": node.location,
        "url": node.url,
        "netId": node.net_id,
        "isProducer": true,
        "status": 1,
        "online": node.status == CandidateStatus::Candidate,
        "votes": node.votes,
    }))))
}

/// `getVote(voter)`: all votes of an account as JSON text.
pub(super) fn get_vote(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let Some(account) = host.valid_account(args.text(0))? else {
        return fail(format!("invalid account {}", args.text(0)));
    };
    let votes: Vec<_> = voter(host, &account)?
        .votes
        .iter()
        .map(|v| json!({ "option": v.candidate, "votes": v.amount }))
        .collect();
    Ok(Returned::Text(json(&votes)))
}
