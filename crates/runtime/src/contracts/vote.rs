//! `vote.iost`: votings that anyone can hold. Votes are IOST, which stay locked while they stand; casting and counting them
//! stands beside this, in [`super::ballots`].
//!
//! A voting's options stand in one value, so there are at most [`MAX_VOTING_OPTIONS`] of them, and an account votes for at
//! most [`MAX_VOTED_OPTIONS`]. When an option's votes are cleared, or an option comes back after it was removed for
//! good, its *generation* changes: votes of an earlier one don't count any more, but their tokens can be taken back. When they
//! are, those that don't count go first.
//!
//! Tokens can always be taken back, so two things differ from IOST: an owner that stops the voting (`setCanVote`) doesn't
//! stop that, and a longer freeze (`setFreezeTime`, at most [`MAX_FREEZE_S`]) holds for later votes only.
//!
//! As in IOST, actions leave no receipts of their own, only those of the transfers of deposits and votes.

use credo_primitives::entry::{
    MAX_VOTING_DESCRIPTION, MAX_VOTING_OPTION, MAX_VOTING_OPTIONS, OptionName, Voting, VotingOption,
    VotingOptions,
};
use credo_primitives::{AccountName, Amount, StateKey, Text};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Entry, FOUNDATION, Returned};
use crate::abi::{Args, Kind, json, parse_truncated};
use crate::host::{Host, Stop, fail};
use crate::moves::pay;

pub(super) const ID: &str = "vote.iost";

use Kind::{Flag, Json, Number, Text as Str};

pub(super) const ACTIONS: &[Entry] = &[
    (ID, "newVote", &[Str, Str, Json], new_vote),
    (ID, "setCanVote", &[Str, Flag], set_can_vote),
    (ID, "setFreezeTime", &[Str, Number], set_freeze_time),
    (ID, "addOption", &[Str, Str, Flag], add_option),
    (ID, "removeOption", &[Str, Str, Flag], remove_option),
    (ID, "getOption", &[Str, Str], get_option),
    (ID, "delVote", &[Str], del_vote),
];

/// What a new voting's owner leaves until it is over.
const DEPOSIT: Amount = Amount::from_iost(1_000);
/// Most options that a result can name.
const MAX_RESULT: u64 = 2_000;
/// Longest freeze of tokens that are taken back, in seconds.
const MAX_FREEZE_S: u64 = 365 * 24 * 60 * 60;
pub(super) const DECIMALS: u32 = credo_primitives::amount::IOST_DECIMALS;
const NO_AUTHORITY: &str = "require auth failed. ret = false";

fn account() -> AccountName {
    AccountName::any(ID).expect("a system contract's name is valid")
}

pub(super) fn authorized(host: &mut Host<'_, '_>, name: &str) -> Result<AccountName, Stop> {
    match host.valid_account(name)? {
        Some(account) if host.allows(&account, "active")? => Ok(account),
        _ => fail(NO_AUTHORITY),
    }
}

/// A voting by its number as text.
pub(super) fn voting(host: &mut Host<'_, '_>, id: &str) -> Result<(u64, Voting), Stop> {
    host.steps(1)?;
    let number = id.parse::<u64>().ok().filter(|number| number.to_string() == id);
    let found = match number {
        Some(number) => host.get(&StateKey::voting(number))?,
        None => None,
    };
    match number.zip(found) {
        Some(found) => Ok(found),
        None => fail("vote does not exist."),
    }
}

fn owned(host: &mut Host<'_, '_>, id: &str) -> Result<(u64, Voting), Stop> {
    let found = voting(host, id)?;
    require(host, &found.1.owner)?;
    Ok(found)
}

/// A voting for its owner or the foundation.
fn administered(host: &mut Host<'_, '_>, id: &str) -> Result<(u64, Voting), Stop> {
    let found = voting(host, id)?;
    let admin = match host.valid_account(FOUNDATION)? {
        Some(admin) => host.allows(&admin, "active")?,
        None => false,
    };
    if !admin {
        require(host, &found.1.owner)?;
    }
    Ok(found)
}

pub(super) fn require(host: &mut Host<'_, '_>, account: &AccountName) -> Result<(), Stop> {
    if host.allows(account, "active")? {
        Ok(())
    } else {
        fail(NO_AUTHORITY)
    }
}

pub(super) fn open(voting: &Voting) -> Result<(), Stop> {
    if voting.deleted {
        return fail("vote has been deleted.");
    }
    Ok(())
}

pub(super) fn options(host: &mut Host<'_, '_>, id: u64) -> Result<VotingOptions, Stop> {
    Ok(host.get(&StateKey::voting_options(id))?.unwrap_or_default())
}

fn option_name(text: &str) -> Result<OptionName, Stop> {
    Text::new(text).or_else(|_| {
        fail(format!(
            "option too long. max length is {MAX_VOTING_OPTION} Byte."
        ))
    })
}

/// What JavaScript takes for true.
fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_i64() != Some(0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// What a new voting's owner says of it.
struct Rules {
    description: Text<MAX_VOTING_DESCRIPTION>,
    result_number: u32,
    min_vote: Amount,
    names: Vec<OptionName>,
    any_option: bool,
    can_vote: bool,
    freeze_s: u64,
}

impl Rules {
    fn read(description: &str, info: &Value) -> Result<Self, Stop> {
        let Ok(description) = Text::new(description) else {
            return fail(format!(
                "description too long. max length is {MAX_VOTING_DESCRIPTION} Byte."
            ));
        };
        let none = Map::new();
        let info = info.as_object().unwrap_or(&none);
        let number = info.get("resultNumber").and_then(Value::as_u64);
        let number = number.filter(|n| (1..=MAX_RESULT).contains(n));
        let Some(result_number) = number.and_then(|n| u32::try_from(n).ok()) else {
            return fail("resultNumber not valid.");
        };
        let min_vote = match info.get("minVote") {
            Some(Value::String(text)) => parse_truncated(text, DECIMALS).ok(),
            Some(Value::Number(number)) => number
                .as_u64()
                .and_then(|n| parse_truncated(&n.to_string(), DECIMALS).ok()),
            _ => None,
        };
        let Some(min_vote) = min_vote.filter(|votes| !votes.is_zero()) else {
            return fail("minVote not valid.");
        };
        let list = info.get("options").and_then(Value::as_array);
        let Some(list) = list.filter(|list| list.len() <= MAX_VOTING_OPTIONS) else {
            return fail("options not valid.");
        };
        let mut names: Vec<OptionName> = Vec::with_capacity(list.len());
        for value in list {
            let Some(text) = value.as_str() else {
                return fail("options has none string value.");
            };
            let name = option_name(text)?;
            if names.contains(&name) {
                return fail("option already exist.");
            }
            names.push(name);
        }
        let flag = |field: &str, default: bool| info.get(field).map_or(default, truthy);
        let freeze_s = match info.get("freezeTime") {
            None => Some(0),
            Some(value) => value.as_u64().filter(|s| *s <= MAX_FREEZE_S),
        };
        let Some(freeze_s) = freeze_s else {
            return fail("freezeTime not valid.");
        };
        Ok(Self {
            description,
            result_number,
            min_vote,
            names,
            any_option: flag("anyOption", false),
            can_vote: flag("canVote", true),
            freeze_s,
        })
    }
}

fn fresh_option(name: OptionName, generation: u32) -> VotingOption {
    VotingOption {
        name,
        votes: Amount::ZERO,
        deleted: false,
        generation,
        cleared_at: 0,
    }
}

/// `newVote(owner, description, info)`: returns the voting's number as text.
fn new_vote(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    let owner = authorized(host, args.text(0))?;
    let rules = Rules::read(args.text(1), args.value(2))?;
    pay(host, &owner, &account(), DEPOSIT)?;
    let last = host.get::<u64>(&StateKey::last_voting())?.unwrap_or(0);
    let id = last.saturating_add(1);
    host.put(StateKey::last_voting(), &id)?;
    let voting = Voting {
        owner: owner.clone(),
        deleted: false,
        description: rules.description,
        result_number: rules.result_number,
        min_vote: rules.min_vote,
        any_option: rules.any_option,
        freeze_s: rules.freeze_s,
        deposit: DEPOSIT,
        options: u32::try_from(rules.names.len()).unwrap_or(u32::MAX),
        can_vote: rules.can_vote,
        generations: 0,
    };
    // The record stays for ever, and never changes its size.
    host.put_paid(&owner, StateKey::voting(id), &voting)?;
    let options = rules
        .names
        .into_iter()
        .map(|name| fresh_option(name, 0))
        .collect();
    host.put(StateKey::voting_options(id), &VotingOptions { options })?;
    Ok(Returned::Text(id.to_string()))
}

/// `setCanVote(id, canVote)`: whether accounts can vote without the owner.
fn set_can_vote(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (id, mut voting) = administered(host, args.text(0))?;
    voting.can_vote = args.flag(1);
    host.put(StateKey::voting(id), &voting)?;
    Ok(Returned::Void)
}

/// `setFreezeTime(id, seconds)`
fn set_freeze_time(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (id, mut voting) = administered(host, args.text(0))?;
    let seconds = u64::try_from(args.number(1)).ok();
    let Some(seconds) = seconds.filter(|s| *s <= MAX_FREEZE_S) else {
        return fail("freezeTime not valid.");
    };
    voting.freeze_s = seconds;
    host.put(StateKey::voting(id), &voting)?;
    Ok(Returned::Void)
}

/// `addOption(id, option, clearVote)`: one that was removed comes back with its votes, or without.
fn add_option(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (id, mut voting) = owned(host, args.text(0))?;
    open(&voting)?;
    let name = option_name(args.text(1))?;
    let mut list = options(host, id)?;
    let known = list.options.iter().position(|o| o.name == name);
    if known.is_some_and(|at| !list.options[at].deleted) {
        return fail("option already exist.");
    }
    if known.is_none() && list.options.len() >= MAX_VOTING_OPTIONS {
        return fail("options is full.");
    }
    let Some(generation) = voting.generations.checked_add(1) else {
        return fail("options is full.");
    };
    match known {
        Some(at) => {
            let option = &mut list.options[at];
            option.deleted = false;
            if args.flag(2) {
                option.votes = Amount::ZERO;
                option.generation = generation;
                option.cleared_at = host.ctx.height;
            }
        }
        None => list.options.push(fresh_option(name, generation)),
    }
    voting.generations = generation;
    voting.options += 1;
    host.put(StateKey::voting_options(id), &list)?;
    host.put(StateKey::voting(id), &voting)?;
    Ok(Returned::Void)
}

/// `removeOption(id, option, force)`: one in the result by force only.
fn remove_option(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (id, mut voting) = owned(host, args.text(0))?;
    let mut list = options(host, id)?;
    let found = list
        .options
        .iter()
        .position(|o| !o.deleted && o.name.as_str() == args.text(1));
    let Some(at) = found else {
        return fail("option not exist");
    };
    let votes = list.options[at].votes;
    if !args.flag(2) && votes >= voting.min_vote {
        let before = list
            .options
            .iter()
            .filter(|o| !o.deleted && o.votes > votes)
            .count();
        if before < voting.result_number as usize {
            return fail("option in result, can't be removed.");
        }
    }
    if votes.is_zero() {
        list.options.remove(at);
    } else {
        list.options[at].deleted = true;
    }
    voting.options = voting.options.saturating_sub(1);
    host.put(StateKey::voting_options(id), &list)?;
    host.put(StateKey::voting(id), &voting)?;
    Ok(Returned::Void)
}

/// An option as IOST shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownOption {
    votes: Amount,
    deleted: u8,
    clear_time: i64,
}

/// `getOption(id, option)`: as JSON text; `clearTime` is a block's number.
fn get_option(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (id, voting) = voting(host, args.text(0))?;
    open(&voting)?;
    let list = options(host, id)?;
    let Some(option) = list.options.iter().find(|o| o.name.as_str() == args.text(1)) else {
        return fail("option not exist");
    };
    let shown = ShownOption {
        votes: option.votes,
        deleted: u8::from(option.deleted),
        clear_time: match option.cleared_at {
            0 => -1,
            height => i64::try_from(height).unwrap_or(i64::MAX),
        },
    };
    Ok(Returned::Text(json(&shown)))
}

/// `delVote(id)`: ends a voting; its owner gets the deposit back, voters can take their tokens back at once.
fn del_vote(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (id, mut voting) = owned(host, args.text(0))?;
    open(&voting)?;
    pay(host, &account(), &voting.owner, voting.deposit)?;
    voting.deleted = true;
    voting.deposit = Amount::ZERO;
    host.put(StateKey::voting(id), &voting)?;
    host.delete(StateKey::voting_options(id))?;
    Ok(Returned::Void)
}
