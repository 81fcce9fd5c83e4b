//! `auth.iost`: accounts, and what finds them by their keys. The actions on permissions and groups stand beside it, in
//! [`super::permissions`].

use std::collections::BTreeSet;

use commonware_codec::EncodeSize as _;
use credo_primitives::entry::{
    Account, Item, KeyAccounts, MAX_ACCOUNT_BYTES, MAX_KEY_ACCOUNTS, Permission, Principal, SIGN_UP_PLEDGE,
};
use credo_primitives::{AccountName, PublicKey, StateKey, Text};

use super::{Entry, Returned, gas};
use crate::abi::{Args, Kind::Text as Str, go_json};
use crate::gas::Op;
use crate::host::{Host, Stop, fail};
use crate::ram_usage::stored;

pub(super) const ID: &str = "auth.iost";

pub(super) const ACTIONS: &[Entry] = &[
    (ID, "signUp", &[Str, Str, Str], sign_up),
    (ID, "signUpInvited", &[Str, Str, Str, Str], sign_up_invited),
];

/// Weight of an account's first key, and the threshold that it must reach.
const FULL_WEIGHT: u32 = 100;

/// `signUp(id, owner, active)`: anyone may create an account for anyone. The publisher becomes its referrer, and pledges
/// 10 IOST for its gas, which count against `amount_limit`.
fn sign_up(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    create(host, args, None)?;
    host.receipt("auth.iost/signUp", args.to_json())?;
    Ok(Returned::Void)
}

/// `signUpInvited(id, owner, active, inviter)`: as `signUp`, but the referrer is the inviter (P-22). Not in IOST.
fn sign_up_invited(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let Some(inviter) = host.valid_account(args.text(3))? else {
        return fail(format!("invalid account {}", args.text(3)));
    };
    create(host, args, Some(inviter))?;
    host.receipt("auth.iost/signUpInvited", args.to_json())?;
    Ok(Returned::Void)
}

fn create(host: &mut Host<'_, '_>, args: &Args, inviter: Option<AccountName>) -> Result<(), Stop> {
    host.steps(1)?;
    let name = AccountName::new(args.text(0)).or_else(|error| fail(error.to_string()))?;
    let (owner, active) = (key(host, args.text(1))?, key(host, args.text(2))?);
    if host.get::<Account>(&StateKey::account(&name))?.is_some() {
        return fail(format!("id existed > {name}"));
    }
    // Always so for a transaction's publisher; a proposal's proposer must have approved.
    let payer = match host.valid_account(host.publisher)? {
        Some(payer) if host.allows(&payer, "active")? => payer,
        _ => return fail("require auth failed"),
    };
    let referrer = inviter.unwrap_or_else(|| payer.clone());
    let account = new_account(&name, Some(referrer), host.now_ms, &owner, &active);
    host.put(StateKey::account(&name), &account)?;
    list_keys(
        host,
        &name,
        &Account {
            permissions: Vec::new(),
            ..account.clone()
        },
        &account,
    )?;
    gas::pledge_for_new(host, &payer, &name, SIGN_UP_PLEDGE)?;
    let shown = [payer.as_str(), name.as_str(), &SIGN_UP_PLEDGE.to_string()];
    host.receipt("gas.iost/pledge", go_json(&shown))
}

/// A public key from its base58 text.
pub(super) fn key(host: &mut Host<'_, '_>, text: &str) -> Result<PublicKey, Stop> {
    host.charge(Op::Key, 1)?;
    PublicKey::from_base58(text).or_else(|error| {
        let shown: String = text.chars().take(64).collect();
        fail(format!("invalid key {shown}: {error}"))
    })
}

/// An account with one key each for `active` and `owner`.
pub(crate) fn new_account(
    name: &AccountName,
    referrer: Option<AccountName>,
    created_ms: u64,
    owner: &PublicKey,
    active: &PublicKey,
) -> Account {
    let permission = |name: &str, key: &PublicKey| Permission {
        name: Text::new(name).unwrap_or_default(),
        groups: Vec::new(),
        items: vec![Item {
            principal: Principal::Key(key.clone()),
            weight: FULL_WEIGHT,
        }],
        threshold: FULL_WEIGHT,
    };
    Account {
        name: name.clone(),
        referrer,
        created_ms,
        permissions: vec![permission("active", active), permission("owner", owner)],
        groups: Vec::new(),
        paid: false,
    }
}

/// Keys that stand in an account's permissions or groups.
fn keys(account: &Account) -> BTreeSet<&PublicKey> {
    let items = account.permissions.iter().flat_map(|p| &p.items);
    items
        .chain(account.groups.iter().flat_map(|g| &g.items))
        .filter_map(|item| match &item.principal {
            Principal::Key(key) => Some(key),
            Principal::Account { .. } => None,
        })
        .collect()
}

/// Writes a changed account, if it isn't too large, and what finds it by its keys. From then on it pays RAM for its record.
pub(super) fn update(host: &mut Host<'_, '_>, before: &Account, mut after: Account) -> Result<(), Stop> {
    after.paid = true;
    let size = after.encode_size();
    if size > MAX_ACCOUNT_BYTES {
        return fail(format!(
            "the account's permissions take {size} bytes, at most {MAX_ACCOUNT_BYTES} are allowed"
        ));
    }
    let key = StateKey::account(&after.name);
    let paid = if before.paid {
        stored(&key, before.encode_size())
    } else {
        0
    };
    host.charge_ram(&after.name, stored(&key, size) - paid);
    host.put(key, &after)?;
    list_keys(host, &after.name, before, &after)
}

/// Lists an account under keys that came, and no longer under keys that went.
fn list_keys(
    host: &mut Host<'_, '_>,
    name: &AccountName,
    before: &Account,
    after: &Account,
) -> Result<(), Stop> {
    let (before, after) = (keys(before), keys(after));
    for key in before.difference(&after) {
        let (at, mut listed) = listed_under(host, key)?;
        let Some(place) = listed.accounts.iter().position(|listed| listed == name) else {
            // It found no place in a full list before.
            continue;
        };
        listed.accounts.remove(place);
        if listed.accounts.is_empty() {
            host.delete(at)?;
        } else {
            host.put(at, &listed)?;
        }
    }
    for key in after.difference(&before) {
        let (at, mut listed) = listed_under(host, key)?;
        // When the list is full, the oldest stay (P-42).
        if listed.accounts.len() < MAX_KEY_ACCOUNTS && !listed.accounts.contains(name) {
            listed.accounts.push(name.clone());
            host.put(at, &listed)?;
        }
    }
    Ok(())
}

fn listed_under(host: &mut Host<'_, '_>, key: &PublicKey) -> Result<(StateKey, KeyAccounts), Stop> {
    host.charge(Op::KeyText, 1)?;
    let at = StateKey::key_accounts(key);
    let listed = host.get(&at)?.unwrap_or_default();
    Ok((at, listed))
}
