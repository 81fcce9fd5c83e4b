//! `msig.iost`: proposals, for what needs more hands than one transaction has time for. Not in IOST.
//!
//! A signed transaction lives 90 s, so co-signers who aren't at hand together agree on chain: someone proposes actions and
//! names whose approvals they need, those approve in transactions of their own, and anyone executes.
//!
//! - An approval is `account@permission`, given with that authority, or `key:<public key>`, given by a transaction which
//!   that key signed. A key approves for every account in which it stands.
//! - An approval counts while what gave it stands: an account's is bound to the digest of all that the permission rests
//!   upon ([`authority_digest`]: items, thresholds, groups, fall-backs, and other accounts' permissions among the items).
//!   When any of that has changed at execution, it doesn't count, so that of a key which was rotated is void wherever the
//!   key stood. A key's approval counts at execution for the permissions in which the key stands *then*.
//! - `revokeAll` withdraws all approvals of an account or key at once, by a counter that every approval carries.
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
//! are bounded ([`Waiting::add`] says what gives way); who is asked can clear its own with `clear`.

use std::collections::BTreeMap;
use std::sync::Arc;

use credo_primitives::entry::{
    Account, Approval, MAX_AUTHORITY, MAX_PROPOSAL_ACTIONS, MAX_PROPOSAL_BYTES, MAX_PROPOSALS, MAX_REQUESTED,
    MAX_RETIRED, Principal, Proposal, Proposals, ProposedAction, Requested, Retired, Waiting,
    WaitingProposal, authority_digest,
};
use credo_primitives::hash::ZERO_DIGEST;
use credo_primitives::{AccountName, PublicKey, StateKey, Text};
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
    (ID, "revokeAll", &[Str], revoke_all),
    (ID, "clear", &[Str, Str], clear),
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
    let expires_ms = now_ms.saturating_add(seconds * 1_000);
    for entry in &requested {
        let listed = WaitingProposal {
            proposer: proposer.clone(),
            name: name.clone(),
            expires_ms,
        };
        list_for(host, &entry.who, listed)?;
    }
    list.open.push(name.clone());
    host.put(StateKey::proposals(&proposer), &list)?;
    let key = StateKey::proposal(&proposer, name.as_str());
    let proposal = Proposal {
        proposer,
        name,
        created_ms: now_ms,
        expires_ms,
        requested,
        actions,
    };
    host.charge_ram(&proposal.proposer, ram_bytes(&proposal));
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
        requested.push(Requested { who, approval: None });
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

/// Lists a proposal for who is asked; one account may be asked for several of its permissions.
fn list_for(host: &mut Host<'_, '_>, who: &Principal, listed: WaitingProposal) -> Result<(), Stop> {
    host.charge(Op::KeyText, 1)?;
    let key = waiting_key(who);
    let mut waiting: Waiting = host.get(&key)?.unwrap_or_default();
    waiting.add(listed, host.now_ms);
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
    host.charge_ram(&proposal.proposer, -ram_bytes(proposal));
    host.delete(StateKey::proposal(&proposal.proposer, proposal.name.as_str()))
}

/// What its proposer pays for while it is open.
fn ram_bytes(proposal: &Proposal) -> i64 {
    i64::try_from(proposal.ram_bytes()).unwrap_or(i64::MAX)
}

/// What approvals that are given now would be given with. Each account is read once.
#[derive(Default)]
struct Present {
    accounts: BTreeMap<AccountName, Option<Arc<Account>>>,
}

impl Present {
    /// None for a permission that rests upon too much to be bound to it.
    fn approval(&mut self, host: &mut Host<'_, '_>, who: &Principal) -> Result<Option<Approval>, Stop> {
        let (withdrawals, authority) = match who {
            Principal::Key(key) => (StateKey::withdrawals_of_key(key), Some(ZERO_DIGEST)),
            Principal::Account { account, permission } => {
                let authority = authority_digest(account, permission.as_str(), |name| {
                    host.steps(1)?;
                    if let Some(known) = self.accounts.get(name) {
                        return Ok::<_, Stop>(known.clone());
                    }
                    let record = host.get::<Account>(&StateKey::account(name))?.map(Arc::new);
                    self.accounts.insert(name.clone(), record.clone());
                    Ok(record)
                })?;
                (StateKey::withdrawals(account), authority)
            }
        };
        let withdrawals = host.get(&withdrawals)?.unwrap_or(0);
        Ok(authority.map(|authority| Approval {
            authority,
            withdrawals,
        }))
    }
}

/// An open proposal, and which of its approvals the third argument names, with the authority of who gives it.
fn asked_for(host: &mut Host<'_, '_>, args: &Args) -> Result<(Proposal, usize), Stop> {
    let proposal = load(host, args)?;
    live(host, &proposal)?;
    let text = args.text(2);
    host.charge(Op::KeyText, proposal.requested.len() as u64)?;
    let Some(at) = proposal.requested.iter().position(|e| shown(&e.who) == text) else {
        let text: String = text.chars().take(80).collect();
        return fail(format!("{text} isn't asked for its approval"));
    };
    let allowed = match &proposal.requested[at].who {
        Principal::Key(key) => host.authority.has_key(key),
        Principal::Account { account, permission } => host.allows(account, permission.as_str())?,
    };
    if !allowed {
        return fail(NO_AUTHORITY);
    }
    Ok((proposal, at))
}

/// `approve(proposer, name, who)`: one that doesn't count any more can be given anew.
fn approve(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (mut proposal, at) = asked_for(host, args)?;
    let entry = &mut proposal.requested[at];
    let who = shown(&entry.who);
    let Some(approval) = Present::default().approval(host, &entry.who)? else {
        return fail(format!(
            "{who} rests upon more than {MAX_AUTHORITY} permissions: approve as one of those"
        ));
    };
    if entry.approval.replace(approval) == Some(approval) {
        return fail(format!("{who} has approved already"));
    }
    host.put(
        StateKey::proposal(&proposal.proposer, proposal.name.as_str()),
        &proposal,
    )?;
    done(host, "approve", args)
}

/// `revoke(proposer, name, who)`: takes an approval back.
fn revoke(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let (mut proposal, at) = asked_for(host, args)?;
    let entry = &mut proposal.requested[at];
    if entry.approval.take().is_none() {
        return fail(format!("{} has not approved", shown(&entry.who)));
    }
    host.put(
        StateKey::proposal(&proposal.proposer, proposal.name.as_str()),
        &proposal,
    )?;
    done(host, "revoke", args)
}

/// Who disposes of its own approvals and list.
enum Asked {
    Account(AccountName),
    Key(PublicKey),
}

/// Reads an account's name or `key:<public key>`, and asks for its authority: `active`, or the key's signature.
fn acting(host: &mut Host<'_, '_>, text: &str) -> Result<Asked, Stop> {
    if let Some(key) = text.strip_prefix(KEY) {
        let key = super::auth::key(host, key)?;
        if !host.authority.has_key(&key) {
            return fail(NO_AUTHORITY);
        }
        return Ok(Asked::Key(key));
    }
    match host.valid_account(text)? {
        Some(account) if host.allows(&account, "active")? => Ok(Asked::Account(account)),
        _ => fail(NO_AUTHORITY),
    }
}

/// `revokeAll(who)`: takes back all approvals that an account, with whichever permission, or a key has given so far.
fn revoke_all(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    let (key, payer) = match acting(host, args.text(0))? {
        Asked::Account(account) => (StateKey::withdrawals(&account), account),
        Asked::Key(key) => (StateKey::withdrawals_of_key(&key), host.publisher_account()?),
    };
    // The counter stays, and never changes its size: who makes it pays for it.
    let so_far: u64 = host.get(&key)?.unwrap_or(0);
    host.put_paid(&payer, key, &so_far.saturating_add(1))?;
    done(host, "revokeAll", args)
}

/// `clear(who, proposer)`: takes what this proposer proposed, or with an empty text everything, out of the list of what
/// waits for an account or key. The proposals stay open.
fn clear(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    let key = match acting(host, args.text(0))? {
        Asked::Account(account) => StateKey::proposals_for(&account),
        Asked::Key(key) => StateKey::proposals_for_key(&key),
    };
    let proposer = args.text(1);
    let mut waiting: Waiting = host.get(&key)?.unwrap_or_default();
    waiting
        .proposals
        .retain(|listed| !proposer.is_empty() && listed.proposer.as_str() != proposer);
    if waiting.proposals.is_empty() {
        host.delete(key)?;
    } else {
        host.put(key, &waiting)?;
    }
    done(host, "clear", args)
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
    let mut present = Present::default();
    let mut approvals = Vec::with_capacity(proposal.requested.len());
    for entry in proposal.requested.iter().filter(|e| e.approval.is_some()) {
        if present.approval(host, &entry.who)? == entry.approval {
            approvals.push(&entry.who);
        }
    }
    close(host, &proposal)?;
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
