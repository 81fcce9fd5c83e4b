//! The state on disk: qmdb behind a narrow interface.
//!
//! The store holds the state after the last *final* block, durably. Blocks that aren't final yet are [`Staged`]:
//! values in memory, each on top of another or of the store, with their own commitment. Siblings may be staged side by
//! side; when one is committed the others become stale ([`StoreError::Stale`]), while those staged on top of the
//! committed one stay good.
//!
//! What makes roots equal on all nodes: writes go in sorted by key, the floor of the log rises by the store's own
//! proportional policy, and the metadata is part of the log (so it may hold the height, never anything local).
//! Pruning changes no root; it happens every `prune_every` commits.
//!
//! Bounds: memory holds an index of all live keys (about 50 bytes each), a page cache of `cache_pages` pages, and
//! whatever staged blocks the caller keeps. Values are at most [`MAX_STATE_VALUE`] bytes. A staged block keeps its
//! parents alive until it or one of them is committed.

use std::num::{NonZeroU16, NonZeroU64, NonZeroUsize};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use commonware_parallel::Sequential;
use commonware_runtime::buffer::paged::{CacheRef, page_size};
use commonware_runtime::{Clock, Metrics, Spawner, Storage};
use commonware_storage::journal::contiguous::variable::Config as LogConfig;
use commonware_storage::merkle::full::Config as TreeConfig;
use commonware_storage::qmdb::any::ordered::Update;
use commonware_storage::qmdb::current::batch::MerkleizedBatch;
use commonware_storage::qmdb::current::ordered::variable::Db;
use commonware_storage::qmdb::{self, current::VariableConfig, floor::Proportional};
use commonware_storage::translator::EightCap;
use credo_primitives::block::StateCommitment;
use credo_primitives::hash::Sha256;
use credo_primitives::state_key::MAX_STATE_VALUE;
use credo_primitives::{Digest, StateKey};

use crate::proof::{CHUNK, Encoding, Family, encode_absence, encode_presence};
use crate::{ReadError, StateRead, Writes};

/// Largest metadata of a commit.
pub const MAX_METADATA: usize = 1024;

/// A page's data bytes: 4 KiB with its checksum. Part of the storage format.
const PAGE: NonZeroU16 = page_size(4096);
/// Operations per file of the log, and nodes per file of the tree. Part of the storage format.
const PER_BLOB: NonZeroU64 = NonZeroU64::new(1 << 18).expect("not zero");
const BUFFER: NonZeroUsize = NonZeroUsize::new(1 << 20).expect("not zero");

type Inner<E> = Db<Family, E, Digest, Bytes, Sha256, EightCap, CHUNK, Sequential>;
type Batch = MerkleizedBatch<Family, Digest, Update<Digest, Encoding>, CHUNK, Sequential>;

/// What the store needs of the runtime; both the tokio and the deterministic one have it.
pub trait Context: Storage + Clock + Metrics + Spawner {}
impl<T: Storage + Clock + Metrics + Spawner> Context for T {}

/// Where and how the store keeps the state.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// Prefix of the store's partitions; one store per prefix.
    pub partition: String,
    /// Pages of 4 KiB kept in memory.
    pub cache_pages: NonZeroUsize,
    /// Drop what is no longer needed after so many commits; 0 never does.
    pub prune_every: u64,
}

impl StoreConfig {
    /// 64 MiB of cache; pruned every 1,000 commits.
    pub fn new(partition: impl Into<String>) -> Self {
        Self {
            partition: partition.into(),
            cache_pages: NonZeroUsize::new(16_384).expect("not zero"),
            prune_every: 1_000,
        }
    }
}

/// Why the store refused or failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk or the data on it failed.
    #[error("the state store failed: {0}")]
    Storage(String),
    /// The staged block doesn't stand on the store's present state: a sibling or a descendant was committed.
    #[error("the staged block is stale: it doesn't follow from the committed state")]
    Stale,
    /// A value over the limit.
    #[error("the value under {key} has {size} bytes; at most {MAX_STATE_VALUE} are allowed")]
    ValueTooLarge {
        /// The key.
        key: StateKey,
        /// Its bytes.
        size: usize,
    },
    /// Metadata over the limit.
    #[error("the commit's metadata has {0} bytes; at most {MAX_METADATA} are allowed")]
    MetadataTooLarge(usize),
    /// An earlier commit failed or was cut off; the store must be opened again.
    #[error("the state store is closed after a failed commit and must be opened again")]
    Closed,
}

impl From<qmdb::Error<Family>> for StoreError {
    fn from(error: qmdb::Error<Family>) -> Self {
        match error {
            qmdb::Error::StaleBatch | qmdb::Error::StaleRead => Self::Stale,
            other => Self::Storage(other.to_string()),
        }
    }
}

impl From<StoreError> for ReadError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

struct Link {
    batch: Arc<Batch>,
    /// Staged ancestors that may not be committed yet: the store reaches them by weak links only.
    parent: Mutex<Option<Staged>>,
}

/// A block's state changes with their commitment, not yet committed. Cheap to clone.
#[derive(Clone)]
pub struct Staged(Arc<Link>);

impl std::fmt::Debug for Staged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Staged").field(&self.commitment()).finish()
    }
}

impl Staged {
    /// What a header says of the state after this block.
    pub fn commitment(&self) -> StateCommitment {
        let batch = &self.0.batch;
        StateCommitment {
            root: batch.root(),
            operations_root: batch.ops_root(),
            operations_start: *batch.sync_boundary(),
            operations_end: *batch.bounds().tip.size,
        }
    }

    /// The value under `key` after this block.
    pub async fn get<E: Context>(
        &self,
        store: &Store<E>,
        key: &StateKey,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.0.batch.get(&key.hashed(), store.db()?).await?;
        Ok(value.map(Vec::from))
    }

    fn forget_parent(&self) {
        let parent = self
            .0
            .parent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // Let go of the ancestors one by one: dropping a long chain at once would recurse.
        let mut next = parent;
        while let Some(staged) = next {
            next = match Arc::try_unwrap(staged.0) {
                Ok(link) => link.parent.into_inner().unwrap_or_else(PoisonError::into_inner),
                Err(_) => None,
            };
        }
    }
}

/// The authenticated state after the last committed block.
pub struct Store<E: Context> {
    /// `None` only after a commit failed half-way.
    db: Option<Inner<E>>,
    commits: u64,
    prune_every: u64,
}

impl<E: Context> std::fmt::Debug for Store<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("commitment", &self.commitment().ok())
            .finish()
    }
}

impl<E: Context> Store<E> {
    /// Opens the store, or makes an empty one. What was committed is there again, whatever happened since.
    pub async fn open(context: E, config: StoreConfig) -> Result<Self, StoreError> {
        let StoreConfig {
            partition,
            cache_pages,
            prune_every,
        } = config;
        let page_cache = CacheRef::new(PAGE, cache_pages);
        let values = (..=MAX_STATE_VALUE).into();
        let config = VariableConfig {
            merkle_config: TreeConfig {
                journal_partition: format!("{partition}-tree"),
                // Not "-tree-metadata": the journal makes that name itself.
                metadata_partition: format!("{partition}-pins"),
                items_per_blob: PER_BLOB,
                write_buffer: BUFFER,
                replay_buffer: BUFFER,
                strategy: Sequential,
                page_cache: page_cache.clone(),
            },
            journal_config: LogConfig {
                partition: format!("{partition}-log"),
                items_per_section: PER_BLOB,
                compression: None,
                codec_config: ((), values),
                page_cache,
                write_buffer: BUFFER,
                replay_buffer: BUFFER,
            },
            grafted_metadata_partition: format!("{partition}-bitmap"),
            translator: EightCap,
            init_cache: NonZeroUsize::new(1 << 16),
            init_buffer: BUFFER,
            init_concurrency: (),
        };
        let db = Inner::init(context, config, None).await?;
        Ok(Self {
            db: Some(db),
            commits: 0,
            prune_every,
        })
    }

    fn db(&self) -> Result<&Inner<E>, StoreError> {
        self.db.as_ref().ok_or(StoreError::Closed)
    }

    /// What a header says of the committed state.
    pub fn commitment(&self) -> Result<StateCommitment, StoreError> {
        let db = self.db()?;
        Ok(StateCommitment {
            root: db.root(),
            operations_root: db.ops_root(),
            operations_start: *db.sync_boundary(),
            operations_end: *db.bounds().end,
        })
    }

    /// The committed value under `key`.
    pub async fn get(&self, key: &StateKey) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.db()?.get(&key.hashed()).await?.map(Vec::from))
    }

    /// What the last commit carried beside its writes: part of the same durable write.
    pub async fn metadata(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.db()?.get_metadata().await?.map(Vec::from))
    }

    /// Prepares `writes` on top of `parent`, or of the committed state. Nothing is written to disk.
    ///
    /// `metadata` becomes part of the root: all nodes must give the same bytes.
    pub async fn stage(
        &self,
        parent: Option<&Staged>,
        writes: &Writes,
        metadata: Option<Vec<u8>>,
    ) -> Result<Staged, StoreError> {
        let db = self.db()?;
        if let Some(metadata) = &metadata
            && metadata.len() > MAX_METADATA
        {
            return Err(StoreError::MetadataTooLarge(metadata.len()));
        }
        let mut batch = match parent {
            Some(parent) => parent.0.batch.new_batch::<Sha256>(),
            None => db.new_batch(),
        };
        for (key, value) in writes {
            if let Some(value) = value
                && value.len() > MAX_STATE_VALUE
            {
                return Err(StoreError::ValueTooLarge {
                    key: key.clone(),
                    size: value.len(),
                });
            }
            batch = batch.write(key.hashed(), value.clone().map(Bytes::from));
        }
        let batch = batch
            .merkleize(db, metadata.map(Bytes::from), &mut Proportional)
            .await?;
        Ok(Staged(Arc::new(Link {
            batch,
            parent: Mutex::new(parent.cloned()),
        })))
    }

    /// Makes a staged block (with ancestors that aren't committed yet) the committed state: durable on return.
    ///
    /// After an error other than [`StoreError::Stale`], or when the future is dropped before it ends, the store is
    /// closed: open it again, it then holds the state before or after this block.
    pub async fn commit(&mut self, staged: &Staged) -> Result<(), StoreError> {
        self.db()?.validate_batch(&staged.0.batch)?;
        let db = self.db.take().ok_or(StoreError::Closed)?;
        let mut db = db
            .apply_batch(Arc::clone(&staged.0.batch))
            .await?
            .commit()
            .await?;
        self.commits += 1;
        if self.prune_every > 0 && self.commits.is_multiple_of(self.prune_every) {
            let boundary = db.sync_boundary();
            db = db.prune(boundary).await?.sync().await?;
        }
        self.db = Some(db);
        staged.forget_parent();
        Ok(())
    }

    /// The committed value under `key` with the proof of it, or of its absence ([`verify`](crate::verify)).
    pub async fn prove(&self, key: &StateKey) -> Result<(Option<Vec<u8>>, Vec<u8>), StoreError> {
        let db = self.db()?;
        let hashed = key.hashed();
        match db.get(&hashed).await? {
            Some(value) => {
                let proof = db.key_value_proof(hashed).await?;
                Ok((Some(value.into()), encode_presence(&proof)))
            }
            None => Ok((None, encode_absence(&db.exclusion_proof(&hashed).await?))),
        }
    }

    /// Reads for pure code, of the committed state or of a staged block.
    pub fn snapshot<'a>(&'a self, staged: Option<&'a Staged>) -> Snapshot<'a, E> {
        Snapshot { store: self, staged }
    }
}

/// One version of the state for pure code, which reads without `await`.
///
/// A read blocks the calling thread while its page comes from disk: under tokio, call from a thread that may block.
#[derive(Debug)]
pub struct Snapshot<'a, E: Context> {
    store: &'a Store<E>,
    staged: Option<&'a Staged>,
}

impl<E: Context> StateRead for Snapshot<'_, E> {
    fn get(&self, key: &StateKey) -> Result<Option<Vec<u8>>, ReadError> {
        let read = async {
            match self.staged {
                Some(staged) => staged.get(self.store, key).await,
                None => self.store.get(key).await,
            }
        };
        Ok(futures::executor::block_on(read)?)
    }
}
