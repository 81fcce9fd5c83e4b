//! `auth.iost`: permissions and groups, of which multi-signature accounts are made.
//!
//! All of it needs the account's `owner`. An item is a public key or another account's permission, with a weight; a
//! permission is given when the weights of what is present reach its threshold ([`crate::authority`]). Weights and
//! thresholds are above zero, and an item's account must exist, or whoever takes its name later would have its say.
//!
//! Where IOST breaks with a JavaScript error, the error says what doesn't exist. An item that is assigned again only
//! changes its weight, a group that is assigned again changes nothing.

use credo_primitives::entry::{Account, Group, Item, MAX_ITEMS, MAX_PERMISSIONS, Permission, Principal};
use credo_primitives::{PublicKey, StateKey, Text};

use super::auth::{ID, key, update};
use super::{Entry, Returned};
use crate::abi::{Args, Kind, check_label};
use crate::gas::Op;
use crate::host::{Host, Stop, fail};

use Kind::{Number, Text as Str};

pub(super) const ACTIONS: &[Entry] = &[
    (ID, "addPermission", &[Str, Str, Number], add_permission),
    (ID, "dropPermission", &[Str, Str], drop_permission),
    (
        ID,
        "assignPermission",
        &[Str, Str, Str, Number],
        assign_permission,
    ),
    (ID, "revokePermission", &[Str, Str, Str], revoke_permission),
    (ID, "addGroup", &[Str, Str], add_group),
    (ID, "dropGroup", &[Str, Str], drop_group),
    (ID, "assignGroup", &[Str, Str, Str, Number], assign_group),
    (ID, "revokeGroup", &[Str, Str, Str], revoke_group),
    (
        ID,
        "assignPermissionToGroup",
        &[Str, Str, Str],
        assign_permission_to_group,
    ),
    (
        ID,
        "revokePermissionInGroup",
        &[Str, Str, Str],
        revoke_permission_in_group,
    ),
];

/// Changes an account by its owner's authority, and leaves the receipt.
fn change(
    host: &mut Host<'_, '_>,
    args: &Args,
    action: &str,
    by: impl FnOnce(&mut Host<'_, '_>, &mut Account) -> Result<(), Stop>,
) -> Result<Returned, Stop> {
    host.steps(1)?;
    let account = match host.valid_account(args.text(0))? {
        Some(account) if host.allows(&account, "owner")? => account,
        _ => return fail("require auth failed"),
    };
    let Some(before) = host.get::<Account>(&StateKey::account(&account))? else {
        return fail("require auth failed");
    };
    let mut after = before.clone();
    by(host, &mut after)?;
    update(host, &before, after)?;
    host.receipt(&format!("{ID}/{action}"), args.to_json())?;
    Ok(Returned::Void)
}

fn label(text: &str) -> Result<Text<32>, Stop> {
    check_label(text).map_err(Stop::Failed)?;
    Text::new(text).or_else(|error| fail(error.to_string()))
}

/// An item's principal: a key, or `account@permission`.
pub(super) fn principal(host: &mut Host<'_, '_>, text: &str) -> Result<Principal, Stop> {
    let Some((account, permission)) = text.split_once('@') else {
        return Ok(Principal::Key(key(host, text)?));
    };
    if account.is_empty() {
        return fail("unexpected item");
    }
    Ok(Principal::Account {
        account: super::token::account(host, account)?,
        permission: label(permission)?,
    })
}

fn weight(number: i64) -> Result<u32, Stop> {
    match u32::try_from(number) {
        Ok(0) => fail("weight less than zero"),
        Ok(weight) => Ok(weight),
        Err(_) if number < 0 => fail("weight less than zero"),
        Err(_) => fail(format!("weight too large. max weight is {}", u32::MAX)),
    }
}

fn assign(items: &mut Vec<Item>, principal: Principal, weight: u32) -> Result<(), Stop> {
    let at = items.iter().position(|item| item.principal == principal);
    match at {
        Some(at) => items[at].weight = weight,
        None if items.len() >= MAX_ITEMS => return fail(format!("there are {MAX_ITEMS} items already")),
        None => items.push(Item { principal, weight }),
    }
    Ok(())
}

/// Takes an item away; an account's is told by its text, so that it needs no account any more.
fn revoke(host: &mut Host<'_, '_>, items: &mut Vec<Item>, text: &str) -> Result<(), Stop> {
    if text.starts_with('@') {
        return fail("unexpected item");
    }
    let at = match text.split_once('@') {
        Some((name, of)) => items.iter().position(|item| {
            matches!(&item.principal, Principal::Account { account, permission }
                if account.as_str() == name && permission.as_str() == of)
        }),
        None => {
            // What isn't a key is no item.
            host.charge(Op::Key, 1)?;
            let wanted = PublicKey::from_base58(text).ok();
            wanted.and_then(|wanted| {
                items
                    .iter()
                    .position(|item| matches!(&item.principal, Principal::Key(key) if *key == wanted))
            })
        }
    };
    match at {
        Some(at) => {
            items.remove(at);
            Ok(())
        }
        None => fail("item not found"),
    }
}

fn permission<'a>(account: &'a mut Account, name: &str) -> Result<&'a mut Permission, Stop> {
    match account.permissions.iter_mut().find(|p| p.name.as_str() == name) {
        Some(permission) => Ok(permission),
        None => fail("permission does not exist"),
    }
}

fn group<'a>(account: &'a mut Account, name: &str) -> Result<&'a mut Group, Stop> {
    match account.groups.iter_mut().find(|g| g.name.as_str() == name) {
        Some(group) => Ok(group),
        None => fail("group does not exist"),
    }
}

/// `addPermission(id, permission, threshold)`
fn add_permission(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    change(host, args, "addPermission", |_, account| {
        let name = label(args.text(1))?;
        let threshold = u32::try_from(args.number(2)).ok().filter(|t| *t > 0);
        let Some(threshold) = threshold else {
            return fail(format!("threshold should be between 1 and {}", u32::MAX));
        };
        let Err(at) = account.permissions.binary_search_by(|p| p.name.cmp(&name)) else {
            return fail("permission already exist");
        };
        if account.permissions.len() >= MAX_PERMISSIONS {
            return fail(format!("there are {MAX_PERMISSIONS} permissions already"));
        }
        let permission = Permission {
            name,
            groups: Vec::new(),
            items: Vec::new(),
            threshold,
        };
        account.permissions.insert(at, permission);
        Ok(())
    })
}

/// `dropPermission(id, permission)`: one that isn't there is gone, too.
fn drop_permission(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    change(host, args, "dropPermission", |_, account| {
        let name = args.text(1);
        if matches!(name, "active" | "owner") {
            return fail("drop active or owner is forbidden");
        }
        account.permissions.retain(|p| p.name.as_str() != name);
        Ok(())
    })
}

/// `assignPermission(id, permission, item, weight)`
fn assign_permission(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    change(host, args, "assignPermission", |host, account| {
        let weight = weight(args.number(3))?;
        let permission = permission(account, args.text(1))?;
        assign(&mut permission.items, principal(host, args.text(2))?, weight)
    })
}

/// `revokePermission(id, permission, item)`
fn revoke_permission(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    change(host, args, "revokePermission", |host, account| {
        revoke(host, &mut permission(account, args.text(1))?.items, args.text(2))
    })
}

/// `addGroup(id, group)`
fn add_group(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    change(host, args, "addGroup", |_, account| {
        let name = label(args.text(1))?;
        let Err(at) = account.groups.binary_search_by(|g| g.name.cmp(&name)) else {
            return fail("group already exist");
        };
        if account.groups.len() >= MAX_PERMISSIONS {
            return fail(format!("there are {MAX_PERMISSIONS} groups already"));
        }
        account.groups.insert(
            at,
            Group {
                name,
                items: Vec::new(),
            },
        );
        Ok(())
    })
}

/// `dropGroup(id, group)`: from the permissions that refer to it, too.
fn drop_group(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    change(host, args, "dropGroup", |_, account| {
        let name = args.text(1);
        account.groups.retain(|g| g.name.as_str() != name);
        for permission in &mut account.permissions {
            permission.groups.retain(|g| g.as_str() != name);
        }
        Ok(())
    })
}

/// `assignGroup(id, group, item, weight)`
fn assign_group(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    change(host, args, "assignGroup", |host, account| {
        let weight = weight(args.number(3))?;
        let group = group(account, args.text(1))?;
        assign(&mut group.items, principal(host, args.text(2))?, weight)
    })
}

/// `revokeGroup(id, group, item)`
fn revoke_group(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    change(host, args, "revokeGroup", |host, account| {
        revoke(host, &mut group(account, args.text(1))?.items, args.text(2))
    })
}

/// `assignPermissionToGroup(id, permission, group)`: the group's items count for the permission.
fn assign_permission_to_group(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    change(host, args, "assignPermissionToGroup", |_, account| {
        let name = group(account, args.text(2))?.name.clone();
        let permission = permission(account, args.text(1))?;
        if permission.groups.contains(&name) {
            return Ok(());
        }
        if permission.groups.len() >= MAX_ITEMS {
            return fail(format!("there are {MAX_ITEMS} groups already"));
        }
        permission.groups.push(name);
        Ok(())
    })
}

/// `revokePermissionInGroup(id, permission, group)`
fn revoke_permission_in_group(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    change(host, args, "revokePermissionInGroup", |_, account| {
        let name = args.text(2);
        permission(account, args.text(1))?
            .groups
            .retain(|g| g.as_str() != name);
        Ok(())
    })
}
