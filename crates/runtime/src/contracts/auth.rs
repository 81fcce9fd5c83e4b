//! `auth.iost`: accounts. The actions on permissions and groups follow later; [`crate::authority`] already evaluates them.

use credo_primitives::entry::{Account, Item, KeyAccounts, MAX_KEY_ACCOUNTS, Permission, Principal};
use credo_primitives::{AccountName, PublicKey, StateKey, Text};

use super::{Entry, Returned};
use crate::RuntimeError;
use crate::abi::{Args, Kind};
use crate::host::{Host, Stop, fail};
use crate::view::View;

pub(super) const ID: &str = "auth.iost";

pub(super) const ACTIONS: &[Entry] = &[(ID, "signUp", &[Kind::Text, Kind::Text, Kind::Text], sign_up)];

/// Weight of an account's first key, and the threshold that it must reach.
const FULL_WEIGHT: u32 = 100;

/// `signUp(id, owner, active)`: anyone may create an account for anyone; the publisher becomes its referrer.
///
/// IOST pledges 10 IOST of the publisher's for the new account's gas; here gas has no price yet, so nothing is taken.
pub(super) fn sign_up(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    let name = AccountName::new(args.text(0)).or_else(|error| fail(error.to_string()))?;
    let key = |text: &str| {
        PublicKey::from_base58(text).or_else(|error| fail(format!("invalid key {}: {error}", cut(text))))
    };
    let (owner, active) = (key(args.text(1))?, key(args.text(2))?);
    if host.get::<Account>(&StateKey::account(&name))?.is_some() {
        return fail(format!("id existed > {name}"));
    }
    let account = new_account(
        &name,
        AccountName::any(host.publisher).ok(),
        host.now_ms,
        &owner,
        &active,
    );
    host.put(StateKey::account(&name), &account)?;
    for key in [Some(&owner), (owner != active).then_some(&active)]
        .into_iter()
        .flatten()
    {
        host.meter.cpu(crate::gas::READ)?;
        list_under_key(host.view, key, &name)?;
    }
    host.receipt("auth.iost/signUp", args.to_json())?;
    Ok(Returned::Void)
}

fn cut(text: &str) -> String {
    text.chars().take(64).collect()
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
    }
}

/// Adds an account to those of a key, unless the list is full: the oldest stay (P-42).
pub(crate) fn list_under_key(
    view: &mut View<'_>,
    key: &PublicKey,
    name: &AccountName,
) -> Result<(), RuntimeError> {
    let at = StateKey::key_accounts(key);
    let mut accounts: KeyAccounts = view.get(&at)?.unwrap_or_default();
    if accounts.accounts.len() < MAX_KEY_ACCOUNTS && !accounts.accounts.contains(name) {
        accounts.accounts.push(name.clone());
        view.put(at, &accounts);
    }
    Ok(())
}
