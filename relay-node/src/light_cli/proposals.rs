//! `light proposals`: what waits for an account's approval, and what it proposed itself (`msig.iost`).

use credo_primitives::entry::{Proposal, Proposals, Waiting};
use credo_primitives::{AccountName, Action, StateKey};
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
    let list: Vec<Value> = found.iter().map(|p| to_json(p, last.time_ms)).collect();
    let json = json!({ "account": name.as_str(), "exists": exists, "proposals": list });
    let mut lines = vec![("account", name.to_string())];
    if found.is_empty() {
        lines.push(("proposals", "none, and that is proved".into()));
    }
    for proposal in &found {
        lines.extend(text(proposal, last.time_ms));
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

fn actions(proposal: &Proposal) -> impl Iterator<Item = Action> + '_ {
    proposal.actions.iter().map(|action| Action {
        contract: action.contract.to_string(),
        name: action.action.to_string(),
        data: action.data.to_string(),
    })
}

fn to_json(proposal: &Proposal, now_ms: u64) -> Value {
    json!({
        "proposer": proposal.proposer.as_str(),
        "name": proposal.name.as_str(),
        "created_ms": proposal.created_ms,
        "expires_ms": proposal.expires_ms,
        "expired": proposal.expires_ms <= now_ms,
        "requested": proposal.requested.iter().map(|r| json!({
            "who": item_text(&r.who), "approved": r.approved,
        })).collect::<Vec<_>>(),
        "actions": actions(proposal).map(|a| json!({
            "contract": a.contract, "action": a.name, "data": a.data, "words": in_words(&a),
        })).collect::<Vec<_>>(),
    })
}

fn text(proposal: &Proposal, now_ms: u64) -> Vec<(&'static str, String)> {
    let given = proposal.requested.iter().filter(|r| r.approved).count();
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
        let word = if r.approved { "approved" } else { "not yet" };
        ("asks", format!("{} ({word})", item_text(&r.who)))
    }));
    lines
}
