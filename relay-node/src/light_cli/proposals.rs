//! `light proposals`: what waits for an account's approval, and what it proposed itself (`msig.iost`), with which
//! approvals still count.

use credo_primitives::entry::{Account, Proposal, Proposals, Requested, Waiting};
use credo_primitives::{AccountName, Action, StateKey};
use credo_wallet::approvals::{Records, Standing, Wanted};
use credo_wallet::in_words;
use credo_wallet::permissions::item_text;
use credo_wire::MAX_KEYS;
use serde_json::{Value, json};

use super::follow::Follower;
use super::show::{Shown, date};
use super::{Failure, decode, state};

/// Asks for the names, then for the records.
pub(super) async fn ask(follower: &mut Follower, name: &AccountName) -> Result<Shown, Failure> {
    let keys = [
        StateKey::proposals_for(name),
        StateKey::proposals(name),
        StateKey::account(name),
    ];
    let (values, proof) = state(follower, keys.to_vec()).await?;
    let value = |i: usize| values.get(i).and_then(Option::as_deref);
    let waiting = decode::<Waiting>(&keys[0], value(0))?.unwrap_or_default();
    let own = decode::<Proposals>(&keys[1], value(1))?.unwrap_or_default();
    let exists = value(2).is_some();
    let mut ids: Vec<(AccountName, String)> = Vec::new();
    let names = waiting
        .proposals
        .into_iter()
        .map(|one| (one.proposer, one.name.to_string()))
        .chain(own.open.iter().map(|open| (name.clone(), open.to_string())));
    for id in names {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let mut found: Vec<Proposal> = Vec::new();
    let mut last = proof;
    for part in ids.chunks(MAX_KEYS) {
        let keys: Vec<StateKey> = part
            .iter()
            .map(|(proposer, name)| StateKey::proposal(proposer, name))
            .collect();
        let (values, proof) = state(follower, keys.clone()).await?;
        for (key, value) in keys.iter().zip(&values) {
            found.extend(decode::<Proposal>(key, value.as_deref())?);
        }
        last = proof;
    }
    let records = records(follower, &found).await?;
    let list: Vec<Value> = found.iter().map(|p| to_json(p, &records, last.time_ms)).collect();
    let json = json!({ "account": name.as_str(), "exists": exists, "proposals": list });
    let mut lines = vec![("account", name.to_string())];
    if found.is_empty() {
        lines.push(("proposals", "none, and that is proved".into()));
    }
    for proposal in &found {
        lines.extend(text(proposal, &records, last.time_ms));
    }
    let mut shown = Shown::new(follower, json, lines, Some(&last));
    if !exists {
        shown.missing = Some(format!(
            "there is no account {name} (its absence is proved by block {})",
            last.height
        ));
    }
    Ok(shown)
}

/// How often is asked for what the last answers named.
const ROUNDS: usize = 16;

/// Looks up what the approvals rest upon, until nothing more is named. What is beyond the bounds stays unknown.
async fn records(follower: &mut Follower, proposals: &[Proposal]) -> Result<Records, Failure> {
    let mut records = Records::default();
    for _ in 0..ROUNDS {
        let wanted = records.wanted(proposals);
        let wanted: Vec<Wanted> = wanted.into_iter().filter(|one| !records.knows(one)).collect();
        if wanted.is_empty() {
            break;
        }
        for part in wanted.chunks(MAX_KEYS) {
            let keys: Vec<StateKey> = part.iter().map(Wanted::key).collect();
            let (values, _) = state(follower, keys.clone()).await?;
            for ((one, key), value) in part.iter().zip(&keys).zip(&values) {
                match one {
                    Wanted::Account(name) => {
                        records.learn_account(name.clone(), decode::<Account>(key, value.as_deref())?);
                    }
                    Wanted::Withdrawals(key) => {
                        let count = decode::<u64>(key, value.as_deref())?;
                        records.learn_withdrawals(key.clone(), count.unwrap_or(0));
                    }
                }
            }
        }
    }
    Ok(records)
}

/// In a word, for programs and for people.
fn standing(requested: &Requested, records: &Records) -> (&'static str, &'static str) {
    match records.standing(requested) {
        Standing::Open => ("open", "not yet"),
        Standing::Counts => ("counts", "approved"),
        Standing::Void => (
            "void",
            "approved, but that doesn't count any more: what gave it has changed or was withdrawn",
        ),
        Standing::Unknown => ("unknown", "approved; whether it still counts isn't known"),
    }
}

fn actions(proposal: &Proposal) -> impl Iterator<Item = Action> + '_ {
    proposal.actions.iter().map(|action| Action {
        contract: action.contract.to_string(),
        name: action.action.to_string(),
        data: action.data.to_string(),
    })
}

fn to_json(proposal: &Proposal, records: &Records, now_ms: u64) -> Value {
    json!({
        "proposer": proposal.proposer.as_str(),
        "name": proposal.name.as_str(),
        "created_ms": proposal.created_ms,
        "expires_ms": proposal.expires_ms,
        "expired": proposal.expires_ms <= now_ms,
        "requested": proposal.requested.iter().map(|r| json!({
            "who": item_text(&r.who), "approved": r.approval.is_some(), "standing": standing(r, records).0,
        })).collect::<Vec<_>>(),
        "actions": actions(proposal).map(|a| json!({
            "contract": a.contract, "action": a.name, "data": a.data, "words": in_words(&a),
        })).collect::<Vec<_>>(),
    })
}

fn text(proposal: &Proposal, records: &Records, now_ms: u64) -> Vec<(&'static str, String)> {
    let counts = |r: &&Requested| {
        let standing = records.standing(r);
        matches!(standing, Standing::Counts | Standing::Unknown)
    };
    let given = proposal.requested.iter().filter(counts).count();
    let until = if proposal.expires_ms <= now_ms {
        format!("its time was over on {}", date(proposal.expires_ms))
    } else {
        format!("until {}", date(proposal.expires_ms))
    };
    let mut lines = vec![(
        "proposal",
        format!(
            "{} of {}: {given} of {} approved, {until}",
            proposal.name,
            proposal.proposer,
            proposal.requested.len()
        ),
    )];
    lines.extend(actions(proposal).map(|action| ("does", in_words(&action))));
    lines.extend(proposal.requested.iter().map(|r| {
        (
            "asks",
            format!("{} ({})", item_text(&r.who), standing(r, records).1),
        )
    }));
    lines
}
