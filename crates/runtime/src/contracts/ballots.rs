//! `vote.iost`: casting votes, taking them back, and counting them. What votings are stands in [`super::vote`].

use credo_primitives::entry::{MAX_VOTED_OPTIONS, OptionName, VotingOption, VotingVote, VotingVotes};
use credo_primitives::{AccountName, Amount, StateKey};
use serde::Serialize;

use super::vote::{DECIMALS, ID, authorized, open, options, require, voting};
use super::{Entry, Returned, token};
use crate::abi::{Args, Kind::Text, big_number, json};
use crate::host::{Host, Stop, fail};
use crate::stake::{self, Holder};

pub(super) const ACTIONS: &[Entry] = &[
    (ID, "vote", &[Text, Text, Text, Text], vote),
    (ID, "unvote", &[Text, Text, Text, Text], unvote),
    (ID, "getVote", &[Text, Text], get_vote),
    (ID, "getResult", &[Text], get_result),
];

fn votes_of(host: &mut Host<'_, '_>, id: u64, account: &AccountName) -> Result<VotingVotes, Stop> {
    Ok(host
        .get(&StateKey::voting_votes(id, account))?
        .unwrap_or_default())
}

fn positive(text: &str) -> Result<Amount, Stop> {
    big_number(text, DECIMALS).map_err(Stop::Failed)
}

/// Counts votes of an earlier generation as cleared, and all when there is no such option any more.
fn clear(vote: &mut VotingVote, option: Option<&VotingOption>) {
    match option {
        Some(option) if vote.generation >= option.generation => {}
        Some(option) => {
            vote.cleared = vote.amount;
            vote.generation = option.generation;
        }
        None => vote.cleared = vote.amount,
    }
}

/// `vote(id, account, option, amount)`
fn vote(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (id, voting) = voting(host, args.text(0))?;
    open(&voting)?;
    let account = authorized(host, args.text(1))?;
    let mut list = options(host, id)?;
    let Some(option) = list.options.iter_mut().find(|o| o.name.as_str() == args.text(2)) else {
        return fail("option does not exist");
    };
    if !voting.can_vote {
        require(host, &voting.owner)?;
    }
    let amount = positive(args.text(3))?;
    if option.deleted {
        return fail("option is removed.");
    }
    stake::lock(host, &account, Holder::Votes, amount)?;
    let mut votes = votes_of(host, id, &account)?;
    let at = votes.votes.iter().position(|v| v.option == option.name);
    match at {
        Some(at) => {
            let vote = &mut votes.votes[at];
            clear(vote, Some(option));
            vote.amount = vote.amount.checked_add(amount)?;
            vote.height = host.ctx.height;
            vote.freeze_s = voting.freeze_s;
        }
        None if votes.votes.len() >= MAX_VOTED_OPTIONS => {
            return fail(format!("{account} votes for {MAX_VOTED_OPTIONS} options already"));
        }
        None => votes.votes.push(VotingVote {
            option: option.name.clone(),
            amount,
            cleared: Amount::ZERO,
            generation: option.generation,
            height: host.ctx.height,
            freeze_s: voting.freeze_s,
        }),
    }
    option.votes = option.votes.checked_add(amount)?;
    host.put_paid(&account, StateKey::voting_votes(id, &account), &votes)?;
    host.put(StateKey::voting_options(id), &list)?;
    Ok(Returned::Void)
}

/// `unvote(id, account, option, amount)`: the tokens come back frozen, or at once when the voting is over.
fn unvote(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (id, voting) = voting(host, args.text(0))?;
    let account = authorized(host, args.text(1))?;
    let mut votes = votes_of(host, id, &account)?;
    if votes.votes.is_empty() {
        return fail("account didn't vote.");
    }
    let Some(at) = votes.votes.iter().position(|v| v.option.as_str() == args.text(2)) else {
        return fail("account didn't vote for this option.");
    };
    let amount = positive(args.text(3))?;
    let mut list = options(host, id)?;
    let option = list.options.iter().position(|o| o.name == votes.votes[at].option);
    let vote = &mut votes.votes[at];
    clear(vote, option.map(|at| &list.options[at]));
    let Ok(left) = vote.amount.checked_sub(amount) else {
        return fail(format!("amount too large. max amount = {}", vote.amount));
    };
    let freeze_s = if voting.deleted {
        0
    } else {
        vote.freeze_s.min(voting.freeze_s)
    };
    let cleared = vote.cleared.min(amount);
    let counted = amount.checked_sub(cleared)?;
    vote.amount = left;
    vote.cleared = vote.cleared.checked_sub(cleared)?;
    if left.is_zero() {
        votes.votes.remove(at);
    }
    let key = StateKey::voting_votes(id, &account);
    if votes.votes.is_empty() {
        host.delete_paid(&account, key)?;
    } else {
        host.put_paid(&account, key, &votes)?;
    }
    if let Some(at) = option
        && !counted.is_zero()
    {
        let option = &mut list.options[at];
        option.votes = option.votes.checked_sub(counted)?;
        if option.deleted && option.votes.is_zero() {
            list.options.remove(at);
        }
        host.put(StateKey::voting_options(id), &list)?;
    }
    stake::unlock(host, &account, Holder::Votes, amount, freeze_s * 1_000)?;
    Ok(Returned::Void)
}

/// Votes of an account as IOST shows them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShownVote<Name> {
    pub(super) option: Name,
    pub(super) votes: Amount,
    pub(super) vote_time: u64,
    pub(super) cleared_votes: Amount,
}

/// `getVote(id, account)`: as JSON text; `voteTime` is a block's number.
fn get_vote(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (id, _) = voting(host, args.text(0))?;
    let account = token::account(host, args.text(1))?;
    let list = options(host, id)?;
    let mut shown = Vec::new();
    for mut vote in votes_of(host, id, &account)?.votes {
        let option = list.options.iter().find(|o| o.name == vote.option);
        clear(&mut vote, option);
        shown.push(ShownVote {
            votes: vote.amount.checked_sub(vote.cleared)?,
            option: vote.option,
            vote_time: vote.height,
            cleared_votes: vote.cleared,
        });
    }
    Ok(Returned::Text(json(&shown)))
}

/// An option in the result.
#[derive(Serialize)]
struct ShownResult<'a> {
    option: &'a OptionName,
    votes: Amount,
}

/// `getResult(id)`: as JSON text, most votes first; of as many, the option that was added first.
fn get_result(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (id, voting) = voting(host, args.text(0))?;
    let list = options(host, id)?;
    let mut best: Vec<&VotingOption> = list
        .options
        .iter()
        .filter(|o| !o.deleted && o.votes >= voting.min_vote)
        .collect();
    best.sort_by_key(|option| std::cmp::Reverse(option.votes));
    best.truncate(voting.result_number as usize);
    let shown: Vec<_> = best
        .into_iter()
        .map(|o| ShownResult {
            option: &o.name,
            votes: o.votes,
        })
        .collect();
    Ok(Returned::Text(json(&shown)))
}
