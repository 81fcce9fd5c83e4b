//! The authenticated state: reading, writing, committing and proving.
//!
//! [`StateRead`] is how pure code (runtime, ledger) reads; [`StateAnswer`]-style proofs verify in the browser;
//! the store itself (feature `store`) is qmdb behind a narrow interface.

use credo_primitives::StateKey;

/// A set of writes: `None` deletes. Sorted by key, each key once.
pub type Writes = std::collections::BTreeMap<StateKey, Option<Vec<u8>>>;

/// Why the state couldn't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The store failed.
    #[error("the state can't be read: {0}")]
    Store(String),
}

/// Read access to one version of the state.
pub trait StateRead {
    /// The value under `key`, or `None` if there is none.
    fn get(&self, key: &StateKey) -> Result<Option<Vec<u8>>, ReadError>;
}

impl StateRead for std::collections::BTreeMap<StateKey, Vec<u8>> {
    fn get(&self, key: &StateKey) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(std::collections::BTreeMap::get(self, key).cloned())
    }
}
