//! IOST's permissions as a wallet needs them: what one key alone reaches, and what a change would leave.

use credo_primitives::entry::{Account, Item, Permission, Principal};
use credo_primitives::{PublicKey, Text};

use crate::intent::{IntentError, PermissionDeed, Requested};

/// The permission that publishes.
const ACTIVE: &str = "active";
/// The permission that changes permissions.
pub(crate) const OWNER: &str = "owner";

/// True when `key` alone satisfies `permission` (or what it falls back to), by keys. Other accounts' permissions that
/// stand in it aren't looked at: they aren't proved here.
pub fn satisfies(account: &Account, permission: &str, key: &PublicKey) -> bool {
    let Some(found) = account.permission(permission) else {
        return permission != ACTIVE && permission != OWNER && satisfies(account, ACTIVE, key);
    };
    let counts = |item: &Item| item.principal == Principal::Key(key.clone());
    let weight: u64 = items(account, found)
        .filter(|item| counts(item))
        .map(|item| u64::from(item.weight))
        .sum();
    if weight >= u64::from(found.threshold) {
        return true;
    }
    match permission {
        OWNER => false,
        ACTIVE => satisfies(account, OWNER, key),
        _ => satisfies(account, ACTIVE, key),
    }
}

/// A permission's own items and those of its groups.
pub fn items<'a>(account: &'a Account, permission: &'a Permission) -> impl Iterator<Item = &'a Item> {
    let of_groups = permission
        .groups
        .iter()
        .filter_map(|name| account.groups.iter().find(|group| group.name == *name))
        .flat_map(|group| &group.items);
    permission.items.iter().chain(of_groups)
}

/// The item's text, as `auth.iost` takes it.
pub fn item_text(principal: &Principal) -> String {
    match principal {
        Principal::Key(key) => key.to_base58(),
        Principal::Account { account, permission } => format!("{account}@{permission}"),
    }
}

/// True for the two that every account has.
fn fixed(permission: &Text<32>) -> bool {
    matches!(permission.as_str(), ACTIVE | OWNER)
}

/// Holds a change against the account as it is.
pub(crate) fn check(account: &Account, deed: &PermissionDeed) -> Result<(), IntentError> {
    let permission = |name: &Text<32>| {
        account
            .permission(name.as_str())
            .ok_or_else(|| IntentError::NoPermission(name.to_string()))
    };
    let group = |name: &Text<32>| {
        account
            .groups
            .iter()
            .find(|group| group.name == *name)
            .ok_or_else(|| IntentError::NoGroup(name.to_string()))
    };
    let own = |name: &Text<32>| {
        if fixed(name) {
            Err(IntentError::Fixed(name.to_string()))
        } else {
            permission(name).map(|_| ())
        }
    };
    let holds = |items: &[Item], who: &Requested| {
        if items.iter().any(|item| item_text(&item.principal) == who.item()) {
            Ok(())
        } else {
            Err(IntentError::NoItem(who.item()))
        }
    };
    match deed {
        PermissionDeed::Add { permission, .. } => match account.permission(permission.as_str()) {
            Some(_) => Err(IntentError::Exists(permission.to_string())),
            None => Ok(()),
        },
        PermissionDeed::Drop { permission } | PermissionDeed::Threshold { permission, .. } => own(permission),
        PermissionDeed::Assign { permission: name, .. } => permission(name).map(|_| ()),
        PermissionDeed::Revoke {
            permission: name,
            who,
        } => holds(&permission(name)?.items, who),
        PermissionDeed::AddGroup { group: name } => match group(name) {
            Ok(_) => Err(IntentError::Exists(name.to_string())),
            Err(_) => Ok(()),
        },
        PermissionDeed::DropGroup { group: name } | PermissionDeed::AssignGroup { group: name, .. } => {
            group(name).map(|_| ())
        }
        PermissionDeed::RevokeGroup { group: name, who } => holds(&group(name)?.items, who),
        PermissionDeed::AddToPermission {
            permission: name,
            group: of,
        } => group(of).and_then(|_| permission(name).map(|_| ())),
        PermissionDeed::RemoveFromPermission {
            permission: name,
            group: of,
        } => match permission(name)?.groups.contains(of) {
            true => Ok(()),
            false => Err(IntentError::NoGroup(of.to_string())),
        },
    }?;
    reachable(&changed(account, deed))
}

/// The account as the change would leave it.
fn changed(account: &Account, deed: &PermissionDeed) -> Account {
    let mut after = account.clone();
    fn set(items: &mut Vec<Item>, who: &Requested, weight: u32) {
        match items
            .iter_mut()
            .find(|item| item_text(&item.principal) == who.item())
        {
            Some(item) => item.weight = weight,
            None => items.push(Item {
                principal: match who {
                    Requested::Key(key) => Principal::Key(key.clone()),
                    Requested::Account(account, permission) => Principal::Account {
                        account: account.clone(),
                        permission: permission.clone(),
                    },
                },
                weight,
            }),
        }
    }
    let gone = |items: &mut Vec<Item>, who: &Requested| {
        items.retain(|item| item_text(&item.principal) != who.item());
    };
    for permission in &mut after.permissions {
        match deed {
            PermissionDeed::Assign {
                permission: name,
                who,
                weight,
            } if permission.name == *name => set(&mut permission.items, who, *weight),
            PermissionDeed::Revoke {
                permission: name,
                who,
            } if permission.name == *name => {
                gone(&mut permission.items, who);
            }
            PermissionDeed::RemoveFromPermission {
                permission: name,
                group,
            } if permission.name == *name => permission.groups.retain(|of| of != group),
            PermissionDeed::DropGroup { group } => permission.groups.retain(|of| of != group),
            _ => {}
        }
    }
    for group in &mut after.groups {
        match deed {
            PermissionDeed::AssignGroup {
                group: name,
                who,
                weight,
            } if group.name == *name => set(&mut group.items, who, *weight),
            PermissionDeed::RevokeGroup { group: name, who } if group.name == *name => {
                gone(&mut group.items, who);
            }
            _ => {}
        }
    }
    after
}

/// `owner` and `active` must stay within reach of their weights together: an account that nobody can use can't be mended.
fn reachable(account: &Account) -> Result<(), IntentError> {
    for permission in account
        .permissions
        .iter()
        .filter(|permission| fixed(&permission.name))
    {
        let reach: u64 = items(account, permission)
            .map(|item| u64::from(item.weight))
            .sum();
        if reach < u64::from(permission.threshold) {
            return Err(IntentError::LocksOut {
                permission: permission.name.to_string(),
                reach,
                threshold: permission.threshold,
            });
        }
    }
    Ok(())
}
