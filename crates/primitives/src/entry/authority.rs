//! What a permission rests upon: all that decides whose keys give it.

use std::borrow::Borrow;
use std::collections::{BTreeSet, VecDeque};

use commonware_codec::Encode as _;

use super::{Account, Principal};
use crate::{AccountName, Digest, sha256};

/// Most permissions that one permission may rest upon for its digest to be taken, itself included.
pub const MAX_AUTHORITY: usize = 128;

const ACTIVE: &str = "active";
const OWNER: &str = "owner";

/// Digest of all that decides who can give `account@permission`: the permission with its items, threshold and groups; what
/// it falls back to (a custom one to `active`, that to `owner`); and the same of every other account's permission that is
/// an item of one of these. None if that is more than [`MAX_AUTHORITY`] permissions.
///
/// Whose keys can give a permission is decided by these records and nothing else (`credo-runtime`'s `authority`). So while
/// the digest stays the same, the same keys can give it; when a key is taken out anywhere, it is another.
///
/// `record` gives an account's record, if there is such an account; contracts aren't asked for.
pub fn authority_digest<R: Borrow<Account>, E>(
    account: &AccountName,
    permission: &str,
    mut record: impl FnMut(&AccountName) -> Result<Option<R>, E>,
) -> Result<Option<Digest>, E> {
    let first = (account.clone(), permission.to_owned());
    let mut seen = BTreeSet::from([first.clone()]);
    let mut open = VecDeque::from([first]);
    let mut bytes = Vec::new();
    while let Some((account, permission)) = open.pop_front() {
        bytes.extend_from_slice(&account.encode());
        bytes.extend_from_slice(&permission.as_bytes().to_vec().encode());
        let found = if account.is_contract() {
            None
        } else {
            record(&account)?
        };
        let mut next = Vec::new();
        let Some(found) = found.as_ref().map(Borrow::borrow) else {
            bytes.push(0);
            continue;
        };
        match found.permission(&permission) {
            None => {
                bytes.push(1);
                if permission != ACTIVE {
                    next.push((account.clone(), ACTIVE.to_owned()));
                }
            }
            Some(held) => {
                bytes.push(2);
                bytes.extend_from_slice(&held.encode());
                let mut items: Vec<_> = held.items.iter().collect();
                for name in &held.groups {
                    let group = found.groups.iter().find(|group| group.name == *name);
                    bytes.push(u8::from(group.is_some()));
                    if let Some(group) = group {
                        bytes.extend_from_slice(&group.encode());
                        items.extend(&group.items);
                    }
                }
                let others = items.into_iter().filter_map(|item| match &item.principal {
                    Principal::Key(_) => None,
                    Principal::Account { account, permission } => {
                        Some((account.clone(), permission.as_str().to_owned()))
                    }
                });
                next.extend(others);
                match permission.as_str() {
                    OWNER => {}
                    ACTIVE => next.push((account.clone(), OWNER.to_owned())),
                    _ => next.push((account.clone(), ACTIVE.to_owned())),
                }
            }
        }
        for one in next {
            if seen.insert(one.clone()) {
                if seen.len() > MAX_AUTHORITY {
                    return Ok(None);
                }
                open.push_back(one);
            }
        }
    }
    Ok(Some(sha256(&[b"credo-authority", &bytes])))
}
