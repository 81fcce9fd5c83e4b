//! `bonus.iost`: contribution rewards (P-20).
//!
//! IOST gives a token `contribute` for blocks and exchanges it; here blocks are paid by
//! [`pay_rewards`](credo_pob::Ledger::pay_rewards), and what is claimed with `exchangeIOST` are the rewards of accounts to
//! which the foundation gave a contribution score. An account that is a candidate shares them with its voters (P-21).

use credo_pob::CandidateStatus;
use credo_primitives::entry::{Contribution, Contributor, MAX_CONTRIBUTORS};
use credo_primitives::{AccountName, Amount, StateKey};
use serde_json::Value;

use super::{Entry, Returned, foundation, issue};
use crate::abi::{Args, Kind};
use crate::host::{Host, Stop, fail};

pub(crate) const ID: &str = "bonus.iost";

pub(super) const ACTIONS: &[Entry] = &[
    (ID, "setContribution", &[Kind::Json], set_contribution),
    (ID, "exchangeIOST", &[Kind::Text, Kind::Text], exchange_iost),
    (ID, "getContribution", &[Kind::Text], get_contribution),
    (ID, "issueContribute", &[Kind::Json], issue_contribute),
];

fn issue_contribute(_: &mut Host<'_, '_>, _: &Args) -> Result<Returned, Stop> {
    fail("issue contribute permission denied")
}

fn contribution(host: &mut Host<'_, '_>) -> Result<Contribution, Stop> {
    Ok(host.get(&StateKey::contribution())?.unwrap_or_default())
}

/// `setContribution({account: score, …})`: scores named replace those there were, a score of 0 takes an account out.
/// By the foundation alone. What was earned by then stays claimable.
fn set_contribution(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    foundation(host)?;
    let Value::Object(scores) = args.value(0) else {
        return fail("scores should be an object of account and whole number");
    };
    let mut record = contribution(host)?;
    for index in 0..record.accounts.len() {
        credo_pob::settle_contribution(&mut record, index);
    }
    for (name, score) in scores {
        host.steps(1)?;
        let score = score.as_u64().and_then(|score| u32::try_from(score).ok());
        let Some(score) = score else {
            return fail(format!("score of {name} should be a whole number below 2^32"));
        };
        let Some(account) = host.valid_account(name)? else {
            return fail(format!("invalid account {name}"));
        };
        let coef = record.coef;
        match record.accounts.binary_search_by(|c| c.account.cmp(&account)) {
            Ok(at) => record.accounts[at].score = score,
            Err(at) => record.accounts.insert(
                at,
                Contributor {
                    account,
                    score,
                    coef,
                    earned: Amount::ZERO,
                },
            ),
        }
    }
    record.accounts.retain(|c| c.score > 0 || !c.earned.is_zero());
    if record.accounts.len() > MAX_CONTRIBUTORS {
        return fail(format!("at most {MAX_CONTRIBUTORS} accounts can have a score"));
    }
    host.put(StateKey::contribution(), &record)?;
    host.receipt("bonus.iost/setContribution", args.to_json())?;
    Ok(Returned::Void)
}

/// `exchangeIOST(account, amount)`: claims contribution rewards; an amount of `0` claims all.
fn exchange_iost(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let account = match host.valid_account(args.text(0))? {
        Some(account) if host.allows(&account, "active")? => account,
        _ => return fail("require auth failed."),
    };
    let mut record = contribution(host)?;
    let Ok(at) = record.accounts.binary_search_by(|c| c.account.cmp(&account)) else {
        return fail("invalid amount: negative or greater than contribute");
    };
    credo_pob::settle_contribution(&mut record, at);
    let earned = record.accounts[at].earned;
    let amount = match Amount::parse(args.text(1)) {
        Ok(amount) if amount.is_zero() => earned,
        Ok(amount) if amount <= earned => amount,
        _ => return fail("invalid amount: negative or greater than contribute"),
    };
    record.accounts[at].earned = earned.checked_sub(amount)?;
    record.accounts.retain(|c| c.score > 0 || !c.earned.is_zero());
    host.put(StateKey::contribution(), &record)?;
    let own = share_with_voters(host, &account, amount)?;
    issue::pay(host, &account, own)?;
    host.receipt("bonus.iost/exchangeIOST", args.to_json())?;
    Ok(Returned::Void)
}

/// P-21. Gives a candidate's voters their half and says what is the candidate's own.
fn share_with_voters(host: &mut Host<'_, '_>, account: &AccountName, amount: Amount) -> Result<Amount, Stop> {
    let node = host.ledger.candidates().find(account);
    let shares = node.is_some_and(|c| c.status == CandidateStatus::Candidate && !c.votes.is_zero());
    let voters = Amount::from_units(amount.units() / 2).unwrap_or_default();
    if !shares || voters.is_zero() {
        return Ok(amount);
    }
    host.ledger.reward_voters(account, voters)?;
    Ok(amount.checked_sub(voters)?)
}

/// `getContribution(account)`: what it can claim, as decimal text.
fn get_contribution(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let mut record = contribution(host)?;
    let name = args.text(0);
    let at = record.accounts.binary_search_by(|c| c.account.as_str().cmp(name));
    let Ok(at) = at else {
        return Ok(Returned::Text("0".into()));
    };
    credo_pob::settle_contribution(&mut record, at);
    Ok(Returned::Text(record.accounts[at].earned.to_string()))
}
