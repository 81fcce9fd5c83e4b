//! `light account`: all that is proved of one account.

use credo_light::{AccountQuery, HeldVote, Holdings, ProofInfo, ReturnReason, Returning, VoteStanding};
use credo_pob::{Candidate, CandidateStatus};
use credo_primitives::entry::{Item, Permission};
use credo_primitives::{AccountName, Parameters};
use credo_wallet::permissions::item_text;
use serde_json::{Value, json};

use super::follow::Follower;
use super::show::{Shown, date};
use super::{Failure, state, unexpected};

/// How often it is asked for what the last answer told to ask for.
const ROUNDS: usize = 32;
/// Hundredths of a gas.
const HUNDREDTHS: u64 = 100;

/// Asks until nothing about the account is open, and shows it.
pub(super) async fn ask(follower: &mut Follower, name: &AccountName) -> Result<Shown, Failure> {
    let mut query = AccountQuery::new(name.clone());
    let mut held: Option<Holdings> = None;
    for _ in 0..ROUNDS {
        let (values, proof) = state(follower, query.keys()).await?;
        let now = query.read(&values, held.as_ref())?;
        let next = AccountQuery::following(&now, 0);
        // The last question must be the whole one: then all that it tells is from one snapshot. Only an account that votes
        // for more nodes than one answer holds is told from several.
        if next == query || now.is_complete() && !next.is_whole() {
            return show(follower, &now, &proof);
        }
        (query, held) = (next, Some(now));
    }
    Err(Failure::Other(
        "the account changes faster than it can be asked after; try again".into(),
    ))
}

fn item(item: &Item) -> Value {
    json!({ "who": item_text(&item.principal), "weight": item.weight })
}

fn permission(permission: &Permission) -> Value {
    json!({
        "name": permission.name.as_str(),
        "threshold": permission.threshold,
        "items": permission.items.iter().map(item).collect::<Vec<_>>(),
        "groups": permission.groups.iter().map(|g| g.as_str()).collect::<Vec<_>>(),
    })
}

fn reason(returning: &Returning) -> String {
    match &returning.reason {
        ReturnReason::Frozen => "frozen".into(),
        ReturnReason::Votes(node) => format!("votes for {node}"),
        ReturnReason::Deposit => "deposit".into(),
    }
}

fn vote(vote: &HeldVote) -> Value {
    let mut json = json!({
        "candidate": vote.candidate.as_str(),
        "amount": vote.amount.to_string(),
        "rewards": vote.rewards.map(|amount| amount.to_string()),
        "counts": !matches!(vote.standing, VoteStanding::Void(_)),
    });
    if let (Value::Object(object), VoteStanding::Void(Some(ended))) = (&mut json, vote.standing) {
        object.insert("reason".into(), json!(ended.reason.sentence()));
        object.insert("returns_ms".into(), json!(ended.until_ms));
    }
    json
}

fn vote_text(vote: &HeldVote, now_ms: u64) -> String {
    let HeldVote {
        candidate, amount, ..
    } = vote;
    match vote.standing {
        VoteStanding::Void(Some(ended)) => {
            let verb = if ended.until_ms > now_ms {
                "They return"
            } else {
                "They returned"
            };
            format!(
                "{amount} for {candidate}, which count no longer: {} {verb} on {}",
                ended.reason.sentence(),
                date(ended.until_ms)
            )
        }
        VoteStanding::Void(None) => format!("{amount} for {candidate}, which count no longer"),
        VoteStanding::Counts | VoteStanding::Unknown => match vote.rewards {
            Some(rewards) => format!("{amount} for {candidate}, {rewards} of rewards to claim"),
            None => format!("{amount} for {candidate}"),
        },
    }
}

fn gas_json(held: &Holdings, now_ms: u64, parameters: &Parameters) -> (Value, String) {
    let rate = parameters.gas_per_iost_day;
    let gas = held.gas(now_ms, rate);
    let (now, limit) = (gas.total() / HUNDREDTHS, gas.limit(rate) / HUNDREDTHS);
    let earned = gas.earned / HUNDREDTHS;
    let json = json!({
        "now": now,
        "limit": limit,
        "earned": earned,
        "pledged": gas.pledged.to_string(),
        "voted": gas.voted.to_string(),
    });
    let mut text = format!("{now}, filling up to {limit}");
    if earned > 0 {
        text = format!("{text}; {earned} of it earned from fees");
    }
    (json, text)
}

fn node_json(node: &Candidate) -> Value {
    let status = match node.status {
        CandidateStatus::Candidate => "candidate",
        CandidateStatus::Registered => "registered",
        CandidateStatus::Requested => "requested",
        CandidateStatus::Lost => "lost",
    };
    json!({
        "status": status,
        "votes": node.votes.to_string(),
        "deposit": node.deposit.to_string(),
        "earned": node.earned.to_string(),
        "fee_share": node.fee_share,
    })
}

fn show(follower: &Follower, held: &Holdings, proof: &ProofInfo) -> Result<Shown, Failure> {
    let name = &held.account;
    if !held.exists() {
        let json = json!({ "account": name.as_str(), "exists": false });
        let lines = vec![
            ("account", name.to_string()),
            ("exists", "no, and that is proved".into()),
        ];
        let mut shown = Shown::new(follower, json, lines, Some(proof));
        shown.missing = Some(format!(
            "there is no account {name} (its absence is proved by block {})",
            proof.height
        ));
        return Ok(shown);
    }
    let parameters = &follower.client().ok_or_else(unexpected)?.spec().parameters;
    let now_ms = proof.time_ms;
    let spendable = held.spendable(now_ms);
    let (staked, rewards) = (held.staked(now_ms), held.rewards());
    let (returning, votes) = (held.returning(now_ms), held.votes());
    let (gas, gas_text) = gas_json(held, now_ms, parameters);
    let record = held.record.as_ref();
    let json = json!({
        "account": name.as_str(),
        "exists": true,
        "balance": spendable.to_string(),
        "gas": gas,
        "ram": { "own": held.ram.own, "total": held.ram.total, "used": held.ram.used },
        "staked": {
            "total": staked.total().to_string(),
            "votes": staked.votes.to_string(),
            "pledges": staked.pledges.to_string(),
            "deposit": staked.deposit.to_string(),
        },
        "locked": returning.iter().map(|r| json!({
            "amount": r.amount.to_string(), "until_ms": r.until_ms, "reason": reason(r),
        })).collect::<Vec<_>>(),
        "rewards": {
            "total": rewards.total().to_string(),
            "votes": rewards.voter.to_string(),
            "node": rewards.node.to_string(),
            "contribution": rewards.contribution.to_string(),
        },
        "score": held.score,
        "votes": votes.iter().map(vote).collect::<Vec<_>>(),
        "pledges": held.pledges.to.iter().map(|p| json!({ "to": p.account.as_str(), "amount": p.amount.to_string() })).collect::<Vec<_>>(),
        "permissions": record.iter().flat_map(|a| &a.permissions).map(permission).collect::<Vec<_>>(),
        "groups": record.iter().flat_map(|a| &a.groups).map(|g| json!({
            "name": g.name.as_str(), "items": g.items.iter().map(item).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "inviter": record.and_then(|a| a.referrer.as_ref()).map(AccountName::as_str),
        "created_ms": record.map(|a| a.created_ms),
        "node": held.own_node().map(node_json),
    });
    let mut lines = vec![
        ("account", name.to_string()),
        ("balance", format!("{spendable} IOST")),
        ("gas", gas_text),
        (
            "RAM",
            format!(
                "{} bytes, {} of them used, {} its own",
                held.ram.total, held.ram.used, held.ram.own
            ),
        ),
        (
            "staked",
            format!(
                "{} IOST: {} in votes, {} pledged, {} as deposit",
                staked.total(),
                staked.votes,
                staked.pledges,
                staked.deposit
            ),
        ),
        (
            "rewards",
            format!(
                "{} IOST to claim: {} for votes, {} for its node, {} for contribution",
                rewards.total(),
                rewards.voter,
                rewards.node,
                rewards.contribution
            ),
        ),
    ];
    lines.extend(returning.iter().map(|r| {
        let text = format!("{} IOST until {} ({})", r.amount, date(r.until_ms), reason(r));
        ("unlocking", text)
    }));
    lines.extend(votes.iter().map(|v| ("votes", vote_text(v, now_ms))));
    lines.extend(held.pledges.to.iter().map(|p| {
        (
            "pledge",
            format!("{} IOST for the gas of {}", p.amount, p.account),
        )
    }));
    for permission in record.iter().flat_map(|a| &a.permissions) {
        lines.extend(permission.items.iter().map(|item| {
            let who = item_text(&item.principal);
            let text = format!(
                "{}: {who} ({} of {})",
                permission.name, item.weight, permission.threshold
            );
            ("permission", text)
        }));
        lines.extend(
            permission
                .groups
                .iter()
                .map(|group| ("permission", format!("{}: the group {group}", permission.name))),
        );
    }
    if let Some(inviter) = record.and_then(|a| a.referrer.as_ref()) {
        lines.push(("invited by", inviter.to_string()));
    }
    Ok(Shown::new(follower, json, lines, Some(proof)))
}
