//! `vote_producer.iost`: Servi nodes and votes (P-10, P-15 to P-17). Claims and what misbehaviour costs stand beside it, in
//! [`super::claims`] and [`super::slashing`].
//!
//! Votes lock tokens: they are staked when cast, move between nodes as they are, and come back frozen until `vote_lock`
//! after they are taken from a node.

use credo_pob::{
    CandidateStatus, Ending, Entry as Registering, Former, LossContext, PobError, Registration, Round, Vote,
    Voter,
};
use credo_primitives::entry::{IOST, LossReason};
use credo_primitives::possession::check_possession;
use credo_primitives::spec::consensus_key;
use credo_primitives::{AccountName, Amount, ConsensusKey, Preset, StateKey, Text};
use serde::Serialize;

use super::ballots::ShownVote;
use super::{Entry, Returned, foundation};
use crate::abi::{Args, Kind, big_number, json};
use crate::gas::Op;
use crate::host::{Host, Stop, fail};
use crate::stake::{self, Holder};

pub(crate) const ID: &str = "vote_producer.iost";

use Kind::{Flag, MaybeText, Number, Text as Str};

/// What looking through the whole list costs, in native steps.
const SEARCH: u64 = 1_000;

pub(super) const ACTIONS: &[Entry] = &[
    (
        ID,
        "applyRegister",
        &[Str, Str, Str, Str, Str, Flag, MaybeText],
        apply_register,
    ),
    (ID, "approveRegister", &[Str], approve_register),
    (
        ID,
        "updateProducer",
        &[Str, Str, Str, Str, Str, MaybeText],
        update_producer,
    ),
    (ID, "logInProducer", &[Str], log_in_producer),
    (ID, "logOutProducer", &[Str], log_out_producer),
    (ID, "applyUnregister", &[Str], apply_unregister),
    (ID, "approveUnregister", &[Str], approve_unregister),
    (ID, "unregister", &[Str], unregister),
    (ID, "forceUnregister", &[Str], force_unregister),
    (ID, "standAside", &[Str, Number], stand_aside),
    (ID, "setFeeShare", &[Str, Number], set_fee_share),
    (ID, "vote", &[Str, Str, Str], vote),
    (ID, "unvote", &[Str, Str, Str], unvote),
    (ID, "move", &[Str, Str, Str, Str], move_votes),
    (ID, "getProducer", &[Str], get_producer),
    (ID, "getVote", &[Str], get_vote),
];

/// The account, if the transaction may act for its node: `account@vote`, which falls back to `active`.
fn node_owner(host: &mut Host<'_, '_>, name: &str) -> Result<AccountName, Stop> {
    account_with(host, name, "vote")
}

pub(super) fn account_with(
    host: &mut Host<'_, '_>,
    name: &str,
    permission: &str,
) -> Result<AccountName, Stop> {
    host.steps(1)?;
    match host.valid_account(name)? {
        Some(account) if host.allows(&account, permission)? => Ok(account),
        _ => fail("require auth failed."),
    }
}

/// A node's name as an argument; one that can't be a name isn't registered.
pub(super) fn node_name(text: &str) -> Result<AccountName, Stop> {
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

/// An amount of IOST that is voted with or given, as BigNumber reads it.
pub(super) fn votes(text: &str) -> Result<Amount, Stop> {
    big_number(text, credo_primitives::amount::IOST_DECIMALS).map_err(Stop::Failed)
}

pub(super) fn done(host: &mut Host<'_, '_>, name: &str, args: &Args) -> Result<Returned, Stop> {
    host.receipt(&format!("{ID}/{name}"), args.to_json())?;
    Ok(Returned::Void)
}

/// P-10. Asks for the key's own signature, the last argument, that shows that the account has it.
fn possessed(
    host: &mut Host<'_, '_>,
    account: &AccountName,
    key: &ConsensusKey,
    shown: &str,
) -> Result<(), Stop> {
    host.charge(Op::Ed25519, 1)?;
    check_possession(shown, &host.ctx.spec.hash(), account, key).or_else(|why| fail(why.to_string()))
}

/// `applyRegister(account, pubkey, loc, url, netId, isProducer, possession)`: approved at once, but on a private network,
/// where the foundation's approval stands for the key's signature. Locks a tenth of the deposit.
///
/// Who doesn't produce blocks can be voted for, and never applies for candidacy; its key signs nothing, so IOST's six arguments
/// suffice.
fn apply_register(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = node_owner(host, args.text(0))?;
    host.charge(Op::ConsensusKey, 1)?;
    let node = registration(args)?;
    let approved = host.ctx.spec.preset != Preset::Private;
    let producer = args.flag(5);
    if (approved && producer) || !args.text(6).is_empty() {
        possessed(host, &account, &node.key, args.text(6))?;
    }
    // What has returned since the last registration is folded in first.
    host.balance(&account, IOST)?;
    let lock = host.parameters().registration_lock();
    let entry = Registering {
        epoch: host.ctx.epoch,
        now_ms: host.now_ms,
        lock,
        approved,
    };
    let mut former = None;
    if host.ledger.candidates().find(&account).is_none() {
        if stake::voter(host, &account)?.stake.is_some() {
            return Err(PobError::Deposit.into());
        }
        former = host.get::<Former>(&StateKey::former(&account))?;
    }
    if host.ledger.candidates().list.len() >= host.rules.places {
        // It is looked through, whether somebody must go or nobody can.
        host.steps(SEARCH)?;
    }
    let displaced = host.ledger.register(&account, node, entry, former, host.rules)?;
    if former.is_some() {
        stake::put_former(host, &account, None)?;
    }
    if let Some(displaced) = displaced {
        set_partner(host, &displaced.node.account, false)?;
        stake::keep_displaced(host, displaced)?;
    }
    set_partner(host, &account, !producer)?;
    stake::lock(host, &account, Holder::Nodes, lock)?;
    // IOST's receipt has IOST's arguments.
    host.receipt(&format!("{ID}/applyRegister"), args.first_to_json(6))?;
    Ok(Returned::Void)
}

/// Whether a node was registered as no producer of blocks.
fn is_partner(host: &mut Host<'_, '_>, account: &AccountName) -> Result<bool, Stop> {
    Ok(host.get::<bool>(&StateKey::partner(account))?.is_some())
}

fn set_partner(host: &mut Host<'_, '_>, account: &AccountName, partner: bool) -> Result<(), Stop> {
    match (is_partner(host, account)?, partner) {
        (false, true) => host.put(StateKey::partner(account), &true),
        (true, false) => host.delete(StateKey::partner(account)),
        _ => Ok(()),
    }
}

/// `approveRegister(account)`: lets a node of a private network be voted for.
fn approve_register(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    foundation(host)?;
    host.ledger.approve(&node_name(args.text(0))?)?;
    done(host, "approveRegister", args)
}

/// `updateProducer(account, pubkey, loc, url, netId, possession)`: a member of the committee keeps its key, and who changes
/// it shows possession of the new one.
fn update_producer(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = node_owner(host, args.text(0))?;
    let seats = u64::from(host.parameters().committee_size);
    host.charge(Op::ConsensusKey, 1 + seats)?;
    let node = registration(args)?;
    let round: Option<Round> = host.get(&StateKey::round())?;
    let sits = round.is_some_and(|r| r.seats.iter().any(|s| s.account == account));
    let known = host.ledger.candidates().find(&account);
    if known.is_some_and(|known| known.key != node.key) {
        possessed(host, &account, &node.key, args.text(5))?;
    }
    host.ledger.update(&account, node, sits)?;
    host.receipt(&format!("{ID}/updateProducer"), args.first_to_json(5))?;
    Ok(Returned::Void)
}

/// `logInProducer(account)`: the application for candidacy, which locks the deposit.
fn log_in_producer(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = node_owner(host, args.text(0))?;
    if host.ledger.candidates().find(&account).is_none() {
        return fail(format!("producer not exists, {account}"));
    }
    if is_partner(host, &account)? {
        return fail("registered with isProducer false: only who produces blocks can be a candidate");
    }
    let deposit = host.parameters().deposit;
    let locked = host.ledger.apply(&account, host.rules, host.ctx.epoch, deposit)?;
    if !locked.is_zero() {
        stake::lock(host, &account, Holder::Nodes, locked)?;
    }
    done(host, "logInProducer", args)
}

pub(super) fn now(host: &Host<'_, '_>) -> LossContext {
    LossContext {
        epoch: host.ctx.epoch,
        now_ms: host.now_ms,
    }
}

/// Writes how a generation of votes ended.
pub(super) fn put_ending(host: &mut Host<'_, '_>, (node, generation, ended): &Ending) -> Result<(), Stop> {
    host.put(StateKey::ended(node, *generation), ended)
}

/// `logOutProducer(account)`, `applyUnregister(account)`, `unregister(account)`: the node leaves in the next round.
fn leave(host: &mut Host<'_, '_>, args: &Args, name: &str) -> Result<Returned, Stop> {
    let account = node_owner(host, args.text(0))?;
    let at = now(host);
    if let Some(ending) = host.ledger.leave(&account, at, host.rules)? {
        put_ending(host, &ending)?;
    }
    done(host, name, args)
}

fn log_out_producer(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    leave(host, args, "logOutProducer")
}

/// A node that isn't approved yet has nothing to leave.
fn apply_unregister(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = node_owner(host, args.text(0))?;
    let node = host.ledger.candidates().find(&account);
    if node.is_some_and(|node| node.status == CandidateStatus::Requested) {
        return Ok(Returned::Void);
    }
    leave(host, args, "applyUnregister")
}

fn unregister(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    leave(host, args, "unregister")
}

/// `approveUnregister(account)`: here a node that asked to leave does so by itself, in the next round.
fn approve_unregister(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    foundation(host)?;
    let node = node_name(args.text(0))?;
    match host.ledger.candidates().find(&node) {
        None => fail("producer not exists"),
        Some(node) if node.leaving || node.status == CandidateStatus::Lost => {
            done(host, "approveUnregister", args)
        }
        Some(_) => fail("producer not unapplied"),
    }
}

/// `forceUnregister(account)`: on a private network the foundation takes a node's candidacy.
fn force_unregister(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    foundation(host)?;
    if host.ctx.spec.preset != Preset::Private {
        return fail("only a private network's foundation can remove a node");
    }
    let node = node_name(args.text(0))?;
    let at = now(host);
    let ending = host.ledger.expel(&node, LossReason::Expelled, at, host.rules)?;
    put_ending(host, &ending)?;
    done(host, "forceUnregister", args)
}

/// `standAside(account, epochs)`: for planned work (P-15). Not in IOST.
fn stand_aside(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = node_owner(host, args.text(0))?;
    let Ok(epochs) = u64::try_from(args.number(1)) else {
        return fail("epochs must not be negative");
    };
    host.ledger
        .stand_aside(&account, host.ctx.epoch, epochs, host.rules)?;
    done(host, "standAside", args)
}

/// `setFeeShare(account, percent)`: the node's part of its invited users' fees (P-22). Not in IOST.
fn set_fee_share(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = node_owner(host, args.text(0))?;
    let percent = u8::try_from(args.number(1)).unwrap_or(u8::MAX);
    host.ledger.set_fee_share(&account, percent)?;
    done(host, "setFeeShare", args)
}

/// `vote(voter, producer, amount)`: locks tokens, which give gas (P-23).
fn vote(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = account_with(host, args.text(0), "active")?;
    let node = node_name(args.text(1))?;
    let amount = votes(args.text(2))?;
    stake::lock(host, &account, Holder::Votes, amount)?;
    let mut record = stake::voter(host, &account)?;
    host.ledger.vote(&mut record, &node, amount)?;
    voted_now(host, &mut record, &node);
    stake::set_voter(host, &account, &record)?;
    crate::gas::stake_votes(host, &account, amount)?;
    voted(host, "vote", &[&account, &node], amount)
}

/// Notes the block in which a vote was cast.
fn voted_now(host: &Host<'_, '_>, record: &mut Voter, node: &AccountName) {
    for vote in record.votes.iter_mut().filter(|vote| vote.candidate == *node) {
        vote.height = host.ctx.height;
    }
}

/// A receipt of names and an amount, which is written in one way, however it was given.
fn voted(
    host: &mut Host<'_, '_>,
    name: &str,
    names: &[&AccountName],
    amount: Amount,
) -> Result<Returned, Stop> {
    let amount = amount.to_string();
    let shown: Vec<&str> = names
        .iter()
        .map(|name| name.as_str())
        .chain([amount.as_str()])
        .collect();
    host.receipt(&format!("{ID}/{name}"), json(&shown))?;
    Ok(Returned::Void)
}

/// `unvote(voter, producer, amount)`: the tokens come back frozen until `vote_lock` from now.
fn unvote(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = account_with(host, args.text(0), "active")?;
    let node = node_name(args.text(1))?;
    let amount = votes(args.text(2))?;
    // What has returned by itself is folded in first.
    host.balance(&account, IOST)?;
    let mut record = stake::voter(host, &account)?;
    host.ledger.unvote(&mut record, &node, amount)?;
    stake::set_voter(host, &account, &record)?;
    let lock_ms = host.parameters().vote_lock_ms;
    crate::gas::unstake_votes(host, &account, amount)?;
    stake::unlock(host, &account, Holder::Votes, amount, lock_ms)?;
    if account == node {
        stake::note_taken_back(host, &account, amount, lock_ms)?;
    }
    voted(host, "unvote", &[&account, &node], amount)
}

/// `move(voter, from, to, amount)`: moves votes at once; they stay locked. A candidate's for itself stay. Not in IOST.
fn move_votes(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = account_with(host, args.text(0), "active")?;
    let (from, to) = (node_name(args.text(1))?, node_name(args.text(2))?);
    let amount = votes(args.text(3))?;
    host.balance(&account, IOST)?;
    let mut record = stake::voter(host, &account)?;
    host.ledger
        .move_votes(&account, &mut record, &from, &to, amount)?;
    voted_now(host, &mut record, &to);
    stake::set_voter(host, &account, &record)?;
    voted(host, "move", &[&account, &from, &to], amount)
}

/// A node as IOST shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownNode<'a> {
    pubkey: String,
    loc: &'a str,
    url: &'a str,
    net_id: &'a str,
    is_producer: bool,
    status: u8,
    online: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    vote_info: Option<ShownVotes>,
}

/// A node's votes as IOST shows them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownVotes {
    votes: Amount,
    deleted: u8,
    clear_time: i64,
}

/// `getProducer(account)`: the node as JSON text; `status` is IOST's number. Votes are shown of who can be voted for.
fn get_producer(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let name = node_name(args.text(0))?;
    host.charge(Op::Read, 1)?;
    let partner = is_partner(host, &name)?;
    let Some(node) = host.ledger.candidates().find(&name) else {
        return fail("producer not exists");
    };
    let status = match node.status {
        CandidateStatus::Requested => 0,
        CandidateStatus::Registered | CandidateStatus::Candidate if node.leaving => 2,
        CandidateStatus::Registered | CandidateStatus::Candidate => 1,
        CandidateStatus::Lost => 3,
    };
    let votes = ShownVotes {
        votes: node.votes,
        deleted: 0,
        clear_time: -1,
    };
    Ok(Returned::Text(json(&ShownNode {
        pubkey: consensus_key::to_base58(&node.key),
        loc: node.location.as_str(),
        url: node.url.as_str(),
        net_id: node.net_id.as_str(),
        is_producer: !partner,
        status,
        online: node.status == CandidateStatus::Candidate,
        vote_info: matches!(status, 1 | 2).then_some(votes),
    })))
}

/// `getVote(voter)`: all votes of an account as JSON text. Those for a candidacy that ended are cleared.
fn get_vote(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let Some(account) = host.valid_account(args.text(0))? else {
        return fail(format!("invalid account {}", args.text(0)));
    };
    let record = stake::voter(host, &account)?;
    let candidates = host.ledger.candidates();
    let stands = |vote: &Vote| {
        let node = candidates.find(&vote.candidate);
        node.is_some_and(|node| node.generation == vote.generation)
    };
    let shown = |vote: &Vote| {
        let (votes, cleared) = if stands(vote) {
            (vote.amount, Amount::ZERO)
        } else {
            (Amount::ZERO, vote.amount)
        };
        ShownVote {
            option: vote.candidate.clone(),
            votes,
            vote_time: vote.height,
            cleared_votes: cleared,
        }
    };
    let votes = record.votes.iter().filter(|vote| !vote.amount.is_zero());
    Ok(Returned::Text(json(&votes.map(shown).collect::<Vec<_>>())))
}
