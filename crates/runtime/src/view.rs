//! The state as a transaction sees it: the parent's, under the block's writes, under its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use commonware_codec::{Copying, DecodeExt as _, Encode, Read};
use credo_primitives::entry::Account;
use credo_primitives::{AccountName, StateKey};
use credo_state::{StateRead, Writes};

use crate::RuntimeError;

/// Two layers of writes over the parent's state. The upper layer is one transaction's (or one step's of the block)
/// and goes down on [`View::commit`] or away on [`View::rollback`].
pub(crate) struct View<'a> {
    parent: &'a dyn StateRead,
    block: Writes,
    step: Writes,
    /// What was read of the parent's state: many transactions ask for the same accounts and tokens.
    read: RefCell<BTreeMap<StateKey, Option<Vec<u8>>>>,
    accounts: RefCell<Accounts>,
}

/// Accounts that were decoded, so that each is decoded once however many permissions name it. A write to one, and a
/// roll-back of a write, forgets it.
#[derive(Default)]
struct Accounts {
    known: BTreeMap<StateKey, Option<Arc<Account>>>,
    /// Bytes that those known take in the state.
    bytes: usize,
}

impl Accounts {
    fn keep(&mut self, key: StateKey, account: Option<Arc<Account>>, bytes: usize) {
        if self.bytes + bytes > MAX_ACCOUNTS || self.known.len() >= MAX_READ {
            *self = Self::default();
        }
        self.bytes += bytes;
        self.known.insert(key, account);
    }
}

/// Most entries kept of what was read; a block that reads more starts over.
const MAX_READ: usize = 16_384;
/// Most bytes, as they are encoded, of accounts kept decoded; a block that asks for more starts over.
const MAX_ACCOUNTS: usize = 4 * 1024 * 1024;

impl<'a> View<'a> {
    pub(crate) fn new(parent: &'a dyn StateRead) -> Self {
        Self {
            parent,
            block: Writes::new(),
            step: Writes::new(),
            read: RefCell::default(),
            accounts: RefCell::default(),
        }
    }

    /// Looks at a value without copying it.
    fn with<T>(&self, key: &StateKey, look: impl FnOnce(Option<&[u8]>) -> T) -> Result<T, RuntimeError> {
        if let Some(value) = self.step.get(key).or_else(|| self.block.get(key)) {
            return Ok(look(value.as_deref()));
        }
        if let Some(value) = self.read.borrow().get(key) {
            return Ok(look(value.as_deref()));
        }
        let value = self.parent.get(key)?;
        let found = look(value.as_deref());
        let mut read = self.read.borrow_mut();
        if read.len() >= MAX_READ {
            read.clear();
        }
        read.insert(key.clone(), value);
        Ok(found)
    }

    /// How many bytes stand under a key.
    pub(crate) fn size(&self, key: &StateKey) -> Result<Option<usize>, RuntimeError> {
        self.with(key, |value| value.map(<[u8]>::len))
    }

    pub(crate) fn get<T: Read<Cfg = ()>>(&self, key: &StateKey) -> Result<Option<T>, RuntimeError> {
        self.with(key, |value| value.map(|bytes| decode(key, bytes)).transpose())?
    }

    /// An account, decoded once.
    pub(crate) fn account(&self, name: &AccountName) -> Result<Option<Arc<Account>>, RuntimeError> {
        let key = StateKey::account(name);
        if let Some(known) = self.accounts.borrow().known.get(&key) {
            return Ok(known.clone());
        }
        let (account, bytes) = self.with(&key, |value| -> Result<_, RuntimeError> {
            let Some(bytes) = value else {
                return Ok((None, 0));
            };
            Ok((Some(Arc::new(decode(&key, bytes)?)), bytes.len()))
        })??;
        self.accounts.borrow_mut().keep(key, account.clone(), bytes);
        Ok(account)
    }

    fn write(&mut self, key: StateKey, value: Option<Vec<u8>>) {
        if key.is_account() {
            self.accounts.get_mut().known.remove(&key);
        }
        self.step.insert(key, value);
    }

    pub(crate) fn put(&mut self, key: StateKey, value: &impl Encode) {
        let bytes: Bytes = value.encode();
        self.write(key, Some(bytes.into()));
    }

    pub(crate) fn delete(&mut self, key: StateKey) {
        self.write(key, None);
    }

    pub(crate) fn commit(&mut self) {
        // `append` would rebuild the whole block's map for every small step.
        self.block.extend(std::mem::take(&mut self.step));
    }

    pub(crate) fn rollback(&mut self) {
        for key in std::mem::take(&mut self.step).keys() {
            if key.is_account() {
                self.accounts.get_mut().known.remove(key);
            }
        }
    }

    /// The block's writes; an uncommitted step is dropped.
    pub(crate) fn finish(self) -> Writes {
        self.block
    }
}

/// Decodes a value of the state.
pub(crate) fn decode<T: Read<Cfg = ()>>(key: &StateKey, bytes: &[u8]) -> Result<T, RuntimeError> {
    T::decode(Copying(bytes)).map_err(|error| RuntimeError::Corrupt {
        key: key.clone(),
        why: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use credo_primitives::{Algorithm, PublicKey, SecretKey};
    use credo_state::ReadError;
    use std::cell::Cell;

    struct Counting(Vec<u8>, Cell<u32>);

    impl StateRead for Counting {
        fn get(&self, _: &StateKey) -> Result<Option<Vec<u8>>, ReadError> {
            self.1.set(self.1.get() + 1);
            Ok(Some(self.0.clone()))
        }
    }

    fn account(created_ms: u64) -> Account {
        let key = SecretKey::from_seed(Algorithm::Ed25519, &[7; 32])
            .unwrap()
            .public_key();
        let name = AccountName::any("alice").unwrap();
        crate::contracts::new_account(&name, None, created_ms, &key, &key)
    }

    #[test]
    fn an_account_is_decoded_once_and_anew_after_a_write_and_its_roll_back() {
        let parent = Counting(account(1).encode().to_vec(), Cell::new(0));
        let mut view = View::new(&parent);
        let name = AccountName::any("alice").unwrap();
        let asked = |view: &View<'_>| view.account(&name).unwrap().unwrap();
        let first = asked(&view);
        assert!(Arc::ptr_eq(&first, &asked(&view)), "it is decoded again");
        assert_eq!(parent.1.get(), 1);
        view.put(StateKey::account(&name), &account(2));
        assert_eq!(asked(&view).created_ms, 2);
        view.rollback();
        assert_eq!(asked(&view).created_ms, 1);
        view.put(StateKey::account(&name), &account(3));
        assert_eq!(asked(&view).created_ms, 3);
        view.commit();
        view.rollback();
        assert_eq!(asked(&view).created_ms, 3);
        view.delete(StateKey::account(&name));
        assert!(view.account(&name).unwrap().is_none());
        view.rollback();
        assert_eq!(asked(&view).created_ms, 3);
        assert_eq!(parent.1.get(), 1);
    }

    #[test]
    fn points_of_the_state_are_not_checked_again() {
        // No point of the curve, but as long as a key is: only who comes in from outside is asked for one.
        let mut bytes = account(1).encode().to_vec();
        let key = SecretKey::from_seed(Algorithm::Ed25519, &[7; 32])
            .unwrap()
            .public_key();
        let is_point = |bytes: &[u8; 32]| PublicKey::new(Algorithm::Ed25519, bytes).is_ok();
        let no_point = (0..=u8::MAX)
            .map(|b| [b; 32])
            .find(|bytes| !is_point(bytes))
            .unwrap();
        let at = bytes.windows(32).position(|w| w == key.as_bytes()).unwrap();
        bytes[at..at + 32].copy_from_slice(&no_point);
        let parent = Counting(bytes, Cell::new(0));
        let view = View::new(&parent);
        assert!(
            view.account(&AccountName::any("alice").unwrap())
                .unwrap()
                .is_some()
        );
    }
}
