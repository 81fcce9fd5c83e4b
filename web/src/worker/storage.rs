//! What the worker keeps in IndexedDB.
//!
//! One database per chain, named by the spec's hash, and a small one beside them that knows which chain is pinned
//! and which chains had keys: if a chain's own database is gone while the small one still says that it held a key, the
//! storage was half evicted, and that is said. Every value is bytes; a set of writes is one transaction.

use indexed_db_futures::database::Database;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::TransactionMode;
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast as _, JsValue};

const STORE: &str = "kv";
const META: &str = "credo";

/// Keys of a chain's database.
pub(super) mod key {
    /// The keystore's JSON.
    pub(crate) const KEYSTORE: &str = "keystore";
    /// The light client's checkpoint.
    pub(crate) const CHECKPOINT: &str = "checkpoint";
    /// The account chosen last.
    pub(crate) const ACCOUNT: &str = "account";
    /// This wallet's transactions, JSON.
    pub(crate) const ACTIVITY: &str = "activity";
    /// The last proved values, JSON.
    pub(crate) const PROVED: &str = "proved";
    /// The proof of one transaction.
    pub(crate) fn proof(hash: &str) -> String {
        format!("proof/{hash}")
    }
}

/// Keys of the small database.
pub(super) mod meta {
    /// The devnet pinned at first use, hexadecimal.
    pub(crate) const PINNED: &str = "pinned";
    /// Stands while a chain's database holds a key.
    pub(crate) fn has_key(spec: &str) -> String {
        format!("has-key/{spec}")
    }
}

/// Why storage failed, as the browser says it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("this browser's storage failed: {0}")]
pub(super) struct StorageError(String);

fn failed(error: impl core::fmt::Display) -> StorageError {
    StorageError(error.to_string())
}

/// One write: `None` deletes.
pub(super) type Write = (String, Option<Vec<u8>>);

/// An open database of bytes by key.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    db: Database,
}

impl Storage {
    /// Opens (or makes) the small database.
    pub(super) async fn meta() -> Result<Self, StorageError> {
        Self::open(META).await
    }

    /// Opens (or makes) a chain's database.
    pub(super) async fn chain(spec: &str) -> Result<Self, StorageError> {
        Self::open(&format!("{META}-{spec}")).await
    }

    async fn open(name: &str) -> Result<Self, StorageError> {
        let db = Database::open(name)
            .with_version(1u8)
            .with_on_upgrade_needed(|_, db| {
                db.create_object_store(STORE).build()?;
                Ok(())
            })
            .await
            .map_err(failed)?;
        Ok(Self { db })
    }

    /// The value under `key`.
    pub(super) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StorageError> {
        let tx = self.db.transaction(STORE).build().map_err(failed)?;
        let store = tx.object_store(STORE).map_err(failed)?;
        let value: Option<JsValue> = store.get(key).await.map_err(failed)?;
        Ok(value
            .and_then(|value| value.dyn_into::<Uint8Array>().ok())
            .map(|bytes| bytes.to_vec()))
    }

    /// All writes or none.
    pub(super) async fn write(&self, writes: &[Write]) -> Result<(), StorageError> {
        let tx = self
            .db
            .transaction(STORE)
            .with_mode(TransactionMode::Readwrite)
            .build()
            .map_err(failed)?;
        let store = tx.object_store(STORE).map_err(failed)?;
        for (key, value) in writes {
            match value {
                Some(bytes) => {
                    let bytes = JsValue::from(Uint8Array::from(bytes.as_slice()));
                    store
                        .put(bytes)
                        .with_key(key.as_str())
                        .without_key_type()
                        .await
                        .map_err(failed)?;
                }
                None => store.delete(key.as_str()).await.map_err(failed)?,
            }
        }
        tx.commit().await.map_err(failed)
    }

    /// Forgets everything in this database.
    pub(super) async fn clear(&self) -> Result<(), StorageError> {
        let tx = self
            .db
            .transaction(STORE)
            .with_mode(TransactionMode::Readwrite)
            .build()
            .map_err(failed)?;
        let store = tx.object_store(STORE).map_err(failed)?;
        store.clear().map_err(failed)?.await.map_err(failed)?;
        tx.commit().await.map_err(failed)
    }
}
