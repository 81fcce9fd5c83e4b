//! The authenticated state: reading, writing, committing and proving.
//!
//! - [`StateRead`] is how pure code (runtime, ledger) reads one version of the state; [`Writes`] is what it leaves.
//! - [`verify`] is the one check of a state proof (P-42): presence with the value, or absence. It runs in the node,
//!   on the command line and in the browser.
//! - `store` (not in the browser) holds the state on disk: qmdb (current, ordered, variable values) behind a narrow
//!   interface with speculative batches for blocks that aren't final.
//!
//! Keys stand in the store as the SHA-256 of their text ([`StateKey::hashed`]). The root commits to the log of
//! operations, so it depends on the order of batches and on what each batch carries: all nodes must stage the same
//! writes and the same metadata for the same block.

mod proof;
#[cfg(not(target_arch = "wasm32"))]
pub mod store;

use credo_primitives::StateKey;

pub use proof::{MAX_PROOF, ProofError, verify};
#[cfg(not(target_arch = "wasm32"))]
pub use store::{Snapshot, Staged, Store, StoreConfig, StoreError};

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
