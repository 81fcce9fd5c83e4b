//! `msig.iost`: proposals, for what needs more hands than one transaction has time for. Not in IOST.
//!
//! A signed transaction lives 90 s, so co-signers who aren't at hand together agree on chain: someone proposes actions and
//! names whose approvals they need, those approve in transactions of their own, and anyone executes.
//!
//! - An approval is `account@permission`, given with that authority, or `key:<public key>`, given by a transaction which
//!   that key signed. A key approves for every account in which it stands.
//! - While it is executed, a proposal has the authority of its approvals and no other: neither its executor's nor its
//!   proposer's. Keys that approved count for key items there. Whoever's authority an action needs has thus approved it, so
//!   what the actions spend doesn't count against the executor's `amount_limit`. The proposer stands as the publisher.
//! - It is done as a whole or not at all; a failed execution leaves it open. None is executed within another.
//! - It says which contracts it calls by their own names: a url is resolved when it is proposed.
//! - It expires; then it can neither be approved nor executed, and anyone may clear it away.
//! - A name that was used can't be used again for [`NAME_REST_MS`]: who is about to approve what it saw can't be made to
//!   approve something else of the same name.
//!
//! Wallets find what waits for them under [`StateKey::proposals_for`] and [`StateKey::proposals_for_key`]. Those lists
//! are bounded; the oldest stay, but expired ones make place.

use credo_primitives::entry::{
    MAX_PROPOSAL_ACTIONS, MAX_PROPOSAL_BYTES, MAX_PROPOSALS, MAX_REQUESTED, MAX_RETIRED, MAX_WAITING,
    Principal, Proposal, Proposals, ProposedAction, Requested, Retired, Waiting, WaitingProposal,
};
use credo_primitives::{AccountName, StateKey, Text};
use serde_json::Value;

use super::permissions::principal;
use super::{Entry, Returned, call, find, resolve};
use crate::abi::{Args, Kind, check_label, json};
use crate::authority::Authority;
use crate::gas::Op;
use crate::host::{Host, Stop, fail};

pub(super) const ID: &str = "msig.iost";

use Kind::{Json, Number, Text as Str};

pub(super) const ACTIONS: &[Entry] = &[
    (ID, "propose", &[Str, Str, Json, Json, Number], propose),
    (ID, "approve", &[Str, Str, Str], approve),
    (ID, "revoke", &[Str, Str, Str], revoke),
    (ID, "cancel", &[Str, Str], cancel),
    (ID, "execute", &[Str, Str], execute),
];

/// How long a proposal can wait, in seconds.
const MAX_WAIT_S: u64 = 30 * 24 * 60 * 60;
/// How long a used name rests.
const NAME_REST_MS: u64 = 60 * 60 * 1_000;
const NO_AUTHORITY: &str = "require auth failed.";
const KEY: &str = "key:";

/// Reads `account@permission` or `key:<public key>`.
fn approver(host: &mut Host<'_, '_>, text: &str) -> Result<Principal, Stop> {
    if let Some(key) = text.strip_prefix(KEY) {
        return Ok(Principal::Key(super::auth::key(host, key)?));
    }
    if !text.contains('@') {
        let shown: String = text.chars().take(64).collect();
        return fail(format!(
            "unexpected approval {shown}: account@permission or key:<public key> is expected"
        ));
    }
    principal(host, text)
}

fn shown(who: &Principal) -> String {
    match who {
        Principal::Key(key) => format!("{KEY}{key}"),
        Principal::Account { account, permission } => format!("{account}@{permission}"),
    }
}

fn proposals(host: &mut Host<'_, '_>, proposer: &AccountName) -> Result<Proposals, Stop> {
    Ok(host.get(&StateKey::proposals(proposer))?.unwrap_or_default())
}

/// An open proposal by the first two arguments.
fn load(host: &mut Host<'_, '_>, args: &Args) -> Result<Proposal, Stop> {
    host.steps(1)?;
    let name = args.text(1);
    let found = match AccountName::any(args.text(0)) {
        Ok(proposer) if check_label(name).is_ok() => host.get(&StateKey::proposal(&proposer, name))?,
        _ => None,
    };
    match found {
        Some(proposal) => Ok(proposal),
        None => fail("proposal does not exist"),
    }
}

fn live(host: &Host<'_, '_>, proposal: &Proposal) -> Result<(), Stop> {
    if proposal.expires_ms <= host.now_ms {
        return fail("proposal has expired");
    }
    Ok(())
}

fn done(host: &mut Host<'_, '_>, action: &str, args: &Args) -> Result<Returned, Stop> {
    host.receipt(&format!("{ID}/{action}"), args.to_json())?;
    Ok(Returned::Void)
}

/// `propose(proposer, name, requested, actions, expirationSeconds)`: `requested` is a list of approvals, `actions` one of
/// objects with `contract`, `action` and `data`, which is the text of a JSON array as in a transaction.
fn propose(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    let proposer = match host.valid_account(args.text(0))? {
        Some(proposer) if host.allows(&proposer, "active")? => proposer,
        _ => return fail(NO_AUTHORITY),
    };
    check_label(args.text(1)).map_err(Stop::Failed)?;
    let name = Text::new(args.text(1)).or_else(|error| fail(error.to_string()))?;
    let seconds = u64::try_from(args.number(4)).ok();
    let Some(seconds) = seconds.filter(|s| (1..=MAX_WAIT_S).contains(s)) else {
        return fail(format!("expirationSeconds should be between 1 and {MAX_WAIT_S}"));
    };
    let mut list = proposals(host, &proposer)?;
    let now_ms = host.now_ms;
    list.retired.retain(|retired| retired.until_ms > now_ms);
    if list.open.contains(&name) {
        return fail(format!("proposal existed > {name}"));
    }
    if list.retired.iter().any(|retired| retired.name == name) {
        return fail(format!(
            "proposal {name} was closed less than an hour ago: take another name"
        ));
    }
    if list.open.len() >= MAX_PROPOSALS {
        return fail(format!("{proposer} has {MAX_PROPOSALS} open proposals already"));
    }
    // Every open one will need a place when it is closed.
    if list.open.len() + list.retired.len() >= MAX_RETIRED {
        return fail(format!(
            "{proposer} has used {MAX_RETIRED} names within an hour: wait until the first can be used again"
        ));
    }
    let requested = read_requested(host, args.value(2))?;
    let actions = read_actions(host, args.value(3))?;
    for entry in &requested {
        list_for(host, &entry.who, &proposer, &name)?;
    }
    list.open.push(name.clone());
    host.put(StateKey::proposals(&proposer), &list)?;
    let key = StateKey::proposal(&proposer, name.as_str());
    let proposal = Proposal {
        proposer,
        name,
        created_ms: now_ms,
        expires_ms: now_ms.saturating_add(seconds * 1_000),
        requested,
        actions,
    };
    host.put(key, &proposal)?;
    done(host, "propose", args)
}

fn read_requested(host: &mut Host<'_, '_>, value: &Value) -> Result<Vec<Requested>, Stop> {
    let texts: Option<Vec<&str>> = value
        .as_array()
        .and_then(|list| list.iter().map(Value::as_str).collect());
    let texts = texts.filter(|texts| (1..=MAX_REQUESTED).contains(&texts.len()));
    let Some(texts) = texts else {
        return fail(format!(
            "requested should be a list of 1 to {MAX_REQUESTED} texts"
        ));
    };
    let mut requested: Vec<Requested> = Vec::with_capacity(texts.len());
    for text in texts {
        let who = approver(host, text)?;
        if requested.iter().any(|entry| entry.who == who) {
            return fail(format!("{} is requested twice", shown(&who)));
        }
        requested.push(Requested { who, approved: false });
    }
    Ok(requested)
}

fn read_actions(host: &mut Host<'_, '_>, value: &Value) -> Result<Vec<ProposedAction>, Stop> {
    let list = value
        .as_array()
        .filter(|list| (1..=MAX_PROPOSAL_ACTIONS).contains(&list.len()));
    let Some(list) = list else {
        return fail(format!(
            "actions should be a list of 1 to {MAX_PROPOSAL_ACTIONS} objects with contract, action and data"
        ));
    };
    let mut actions = Vec::with_capacity(list.len());
    let mut bytes = 0;
    for (index, value) in list.iter().enumerate() {
        let number = index + 1;
        let text = |field: &str| match value.get(field).and_then(Value::as_str) {
            Some(text) => Ok(text),
            None => fail(format!("action {number}: {field} should be a text")),
        };
        let (contract, name, data) = (text("contract")?, text("action")?, text("data")?);
        bytes += contract.len() + name.len() + data.len();
        if bytes > MAX_PROPOSAL_BYTES {
            return fail(format!("the actions take more than {MAX_PROPOSAL_BYTES} bytes"));
        }
        // What could only fail is refused at once, with the reason.
        let checked = resolve(host, contract).and_then(|contract| {
            find(host, contract, name, data)?;
            Ok(contract)
        });
        let contract = checked.map_err(|stop| in_action(number, stop))?;
        if contract == ID && name == "execute" {
            return fail(format!("action {number}: a proposal can't execute another"));
        }
        let refused = |_| Stop::Failed(format!("action {number}: abi {name} not found"));
        actions.push(ProposedAction {
            contract: AccountName::any(contract).expect("a system contract's name is valid"),
            action: Text::new(name).map_err(refused)?,
            data: Text::new(data).map_err(refused)?,
        });
    }
    Ok(actions)
}

/// Says which action failed.
fn in_action(number: usize, stop: Stop) -> Stop {
    match stop {
        Stop::Failed(reason) => Stop::Failed(format!("action {number}: {reason}")),
        other => other,
    }
}

/// Where the proposals are listed that ask for somebody's approval.
fn waiting_key(who: &Principal) -> StateKey {
    match who {
        Principal::Key(key) => StateKey::proposals_for_key(key),
        Principal::Account { account, .. } => StateKey::proposals_for(account),
    }
}

/// Lists a proposal for who is asked. A full list is left alone, unless one in it has expired.
fn list_for(
    host: &mut Host<'_, '_>,
    who: &Principal,
    proposer: &AccountName,
    name: &Text<32>,
) -> Result<(), Stop> {
    host.charge(Op::KeyText, 1)?;
    let key = waiting_key(who);
    let mut waiting: Waiting = host.get(&key)?.unwrap_or_default();
    let entry = WaitingProposal {
        proposer: proposer.clone(),
        name: name.clone(),
    };
    // An account may be asked for several of its permissions.
    if waiting.proposals.contains(&entry) {
        return Ok(());
    }
    if waiting.proposals.len() >= MAX_WAITING {
        let mut expired = None;
        for (at, listed) in waiting.proposals.iter().enumerate() {
            let key = StateKey::proposal(&listed.proposer, listed.name.as_str());
            let proposal: Option<Proposal> = host.get(&key)?;
            if proposal.is_none_or(|proposal| proposal.expires_ms <= host.now_ms) {
                expired = Some(at);
                break;
            }
        }
        match expired {
            Some(at) => waiting.proposals.remove(at),
            None => return Ok(()),
        };
    }
    waiting.proposals.push(entry);
    host.put(key, &waiting)
}

/// Takes a proposal out of the state and its name out of use for a while.
fn close(host: &mut Host<'_, '_>, proposal: &Proposal) -> Result<(), Stop> {
    for entry in &proposal.requested {
        host.charge(Op::KeyText, 1)?;
        let key = waiting_key(&entry.who);
        let mut waiting: Waiting = host.get(&key)?.unwrap_or_default();
        let before = waiting.proposals.len();
        waiting
            .proposals
            .retain(|listed| listed.proposer != proposal.proposer || listed.name != proposal.name);
        if waiting.proposals.is_empty() {
            host.delete(key)?;
        } else if waiting.proposals.len() != before {
            host.put(key, &waiting)?;
        }
    }
    let mut list = proposals(host, &proposal.proposer)?;
    let now_ms = host.now_ms;
    list.open.retain(|name| *name != proposal.name);
    list.retired.retain(|retired| retired.until_ms > now_ms);
    list.retired.push(Retired {
        name: proposal.name.clone(),
        until_ms: now_ms.saturating_add(NAME_REST_MS),
    });
    host.put(StateKey::proposals(&proposal.proposer), &list)?;
    host.delete(StateKey::proposal(&proposal.proposer, proposal.name.as_str()))
}

/// Gives or takes back the approval that the third argument names.
fn set_approval(host: &mut Host<'_, '_>, args: &Args, approved: bool) -> Result<(), Stop> {
    let mut proposal = load(host, args)?;
    live(host, &proposal)?;
    let text = args.text(2);
    host.charge(Op::KeyText, proposal.requested.len() as u64)?;
    let Some(entry) = proposal.requested.iter_mut().find(|e| shown(&e.who) == text) else {
        let text: String = text.chars().take(80).collect();
        return fail(format!("{text} isn't asked for its approval"));
    };
    let allowed = match &entry.who {
        Principal::Key(key) => host.authority.has_key(key),
        Principal::Account { account, permission } => host.allows(account, permission.as_str())?,
    };
    if !allowed {
        return fail(NO_AUTHORITY);
    }
    if entry.approved == approved {
        let state = if approved {
            "approved already"
        } else {
            "not approved"
        };
        return fail(format!("{text} has {state}"));
    }
    entry.approved = approved;
    let key = StateKey::proposal(&proposal.proposer, proposal.name.as_str());
    host.put(key, &proposal)
}

/// `approve(proposer, name, who)`
fn approve(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    set_approval(host, args, true)?;
    done(host, "approve", args)
}

/// `revoke(proposer, name, who)`: takes an approval back.
fn revoke(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    set_approval(host, args, false)?;
    done(host, "revoke", args)
}

/// `cancel(proposer, name)`: by the proposer, or by anyone once it has expired.
fn cancel(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let proposal = load(host, args)?;
    if live(host, &proposal).is_ok() && !host.allows(&proposal.proposer, "active")? {
        return fail(NO_AUTHORITY);
    }
    close(host, &proposal)?;
    done(host, "cancel", args)
}

/// `execute(proposer, name)`: by anyone. Returns what the actions returned, as the text of a JSON array.
fn execute(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    // The outermost call is the first.
    if host.depth > 1 {
        return fail("a proposal can't execute another");
    }
    let proposal = load(host, args)?;
    live(host, &proposal)?;
    close(host, &proposal)?;
    let approvals = proposal.requested.iter().filter(|e| e.approved).map(|e| &e.who);
    let authority = Authority::of_approvals(approvals);
    let returned = host.on_behalf(proposal.proposer.as_str(), &authority, |host| {
        let mut returned = Vec::with_capacity(proposal.actions.len());
        for (index, action) in proposal.actions.iter().enumerate() {
            let (contract, name) = (action.contract.as_str(), action.action.as_str());
            let result = call(host, contract, name, action.data.as_str());
            returned.push(result.map_err(|stop| in_action(index + 1, stop))?);
        }
        Ok(returned)
    })?;
    host.receipt(&format!("{ID}/execute"), args.to_json())?;
    Ok(Returned::Text(json(&returned)))
}
