//! The state as a transaction sees it: the parent's, under the block's writes, under its own.

use std::cell::RefCell;
use std::collections::BTreeMap;

use bytes::Bytes;
use commonware_codec::{Copying, DecodeExt as _, Encode, Read};
use credo_primitives::StateKey;
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
}

/// Most entries kept of what was read; a block that reads more starts over.
const MAX_READ: usize = 16_384;

impl<'a> View<'a> {
    pub(crate) fn new(parent: &'a dyn StateRead) -> Self {
        Self {
            parent,
            block: Writes::new(),
            step: Writes::new(),
            read: RefCell::default(),
        }
    }

    pub(crate) fn bytes(&self, key: &StateKey) -> Result<Option<Vec<u8>>, RuntimeError> {
        if let Some(value) = self.step.get(key).or_else(|| self.block.get(key)) {
            return Ok(value.clone());
        }
        if let Some(value) = self.read.borrow().get(key) {
            return Ok(value.clone());
        }
        let value = self.parent.get(key)?;
        let mut read = self.read.borrow_mut();
        if read.len() >= MAX_READ {
            read.clear();
        }
        read.insert(key.clone(), value.clone());
        Ok(value)
    }

    pub(crate) fn get<T: Read<Cfg = ()>>(&self, key: &StateKey) -> Result<Option<T>, RuntimeError> {
        self.bytes(key)?.map(|bytes| decode(key, &bytes)).transpose()
    }

    pub(crate) fn put(&mut self, key: StateKey, value: &impl Encode) {
        let bytes: Bytes = value.encode();
        self.step.insert(key, Some(bytes.into()));
    }

    pub(crate) fn delete(&mut self, key: StateKey) {
        self.step.insert(key, None);
    }

    pub(crate) fn commit(&mut self) {
        // `append` would rebuild the whole block's map for every small step.
        self.block.extend(std::mem::take(&mut self.step));
    }

    pub(crate) fn rollback(&mut self) {
        self.step.clear();
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
