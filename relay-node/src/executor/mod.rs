//! The chain's state as the node works with it: executes blocks before they are final, commits final ones, answers
//! from the committed state.
//!
//! One thread of its own (`actor`) writes the store; it is commanded through [`ExecutorHandle`]. Blocks that aren't final
//! stand in a tree over the committed state, each with its staged writes; when one becomes final it is written to the
//! [`Index`], committed, and its siblings are dropped (P-2, P-4).
//!
//! Only consensus commands it: its queue holds nothing that a stranger can cause. Whoever else needs the state, to
//! answer or to admit a transaction, reads the committed one on a thread of its own ([`StateReader`]).
//!
//! Bounds: [`MAX_TREE`] blocks in the tree, [`MAX_COMMANDS`] commands in the queue (callers wait).

mod actor;
mod availability;
mod committed;
mod index;
mod msb;
mod start;
#[cfg(test)]
pub(crate) mod tests;
mod tree;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use commonware_cryptography::Digested;
use credo_pob::Candidates;
use credo_primitives::{CertifiedHeader, ChainSpec, ConsensusKey, Digest, Header};
use credo_runtime::RuntimeError;
use credo_state::StoreError;
use tokio::sync::{mpsc, oneshot, watch};

pub use availability::{Availability, Proof};
pub use committed::StateReader;
pub use index::{BlockRecord, Index, IndexError};
pub use start::{Opened, genesis_spec, open, spec_of};

use crate::consensus::ChainBlock;

/// Most blocks that aren't final yet. More are refused until some become final.
pub const MAX_TREE: usize = 256;
/// Most commands waiting for the executor's thread.
pub const MAX_COMMANDS: usize = 1_024;

/// Why the executor stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExecutorError {
    /// The state store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The runtime can't go on.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The genesis file makes no chain.
    #[error("the genesis makes no chain: {0}")]
    Genesis(String),
    /// State and index don't belong together.
    #[error("the data directory is incomplete: {0}")]
    Incomplete(String),
    /// A block that a committee made final doesn't execute to its own roots here.
    #[error("final block {height} is invalid here: {why}; this node stops rather than follow it")]
    Diverged {
        /// Its height.
        height: u64,
        /// What is wrong.
        why: String,
    },
    /// A final block that doesn't follow.
    #[error("final block {got} was delivered where {expected} was due")]
    Gap {
        /// The height due.
        expected: u64,
        /// The height delivered.
        got: u64,
    },
    /// The thread has ended.
    #[error("the executor stopped: {0}")]
    Stopped(String),
}

/// What a leader wants to build.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The block to build on.
    pub parent: Digest,
    /// Epoch.
    pub epoch: u64,
    /// View.
    pub view: u64,
    /// The parent's view within the epoch.
    pub parent_view: u64,
    /// This node.
    pub proposer: ConsensusKey,
    /// The block's time.
    pub time_ms: u64,
}

/// What executing a block showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It executes to its own roots.
    Valid,
    /// It never will.
    Invalid(String),
    /// Its parent isn't known (any more), or there is no room for it.
    Unknown,
}

/// What makes a block final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finality {
    /// A certificate, over the block or the last of its descendants.
    Certified {
        /// Headers from the block's child to the certified one.
        descendants: Vec<Header>,
        /// The certificate's bytes.
        certificate: Vec<u8>,
    },
    /// It is final through a descendant that isn't here yet.
    Unknown,
}

impl Finality {
    /// True for a certificate over the block itself.
    pub fn is_own(&self) -> bool {
        matches!(self, Self::Certified { descendants, .. } if descendants.is_empty())
    }
}

/// What is known of the state without asking the thread.
#[derive(Debug)]
struct Shared {
    known: RwLock<HashSet<Digest>>,
    believable: RwLock<HashMap<Digest, u64>>,
    candidates: RwLock<Arc<Candidates>>,
    final_height: AtomicU64,
    final_time: AtomicU64,
    failure: OnceLock<String>,
}

enum Command {
    Propose(Proposal, oneshot::Sender<Option<Digested<ChainBlock>>>),
    Verify(Digested<ChainBlock>, oneshot::Sender<Verdict>),
    Finalize(Digested<ChainBlock>, Finality, oneshot::Sender<()>),
    Stop(oneshot::Sender<()>),
    /// Keeps the thread busy until the other end is dropped.
    #[cfg(test)]
    Hold(oneshot::Receiver<()>, oneshot::Sender<()>),
}

/// Talks to the executor's thread; cheap to clone.
#[derive(Clone)]
pub struct ExecutorHandle {
    commands: mpsc::Sender<Command>,
    shared: Arc<Shared>,
    heads: watch::Receiver<Option<Arc<CertifiedHeader>>>,
    index: Index,
    spec: Arc<ChainSpec>,
    reader: StateReader,
}

impl ExecutorHandle {
    /// True for the committed block and for every executed one above it.
    pub fn knows(&self, block: &Digest) -> bool {
        read(&self.shared.known).contains(block)
    }

    /// The height of the committed state.
    pub fn final_height(&self) -> u64 {
        self.shared.final_height.load(Ordering::Acquire)
    }

    /// The time of the last final block, ms.
    pub fn final_time(&self) -> u64 {
        self.shared.final_time.load(Ordering::Acquire)
    }

    /// True when `block` is the final block of its height.
    pub fn is_final(&self, height: u64, block: &Digest) -> bool {
        if height > self.final_height() {
            return false;
        }
        if height == 0 {
            return self.spec.genesis_header().digest() == *block;
        }
        matches!(self.index.block(height), Ok(Some(record)) if record.header.digest() == *block)
    }

    /// The height of the block that isn't final yet in which a transaction stands.
    pub fn believable(&self, transaction: &Digest) -> Option<u64> {
        read(&self.shared.believable).get(transaction).copied()
    }

    /// The candidates after the last final block.
    pub fn candidates(&self) -> Arc<Candidates> {
        Arc::clone(&read(&self.shared.candidates))
    }

    /// The newest final header with its certificate.
    pub fn heads(&self) -> watch::Receiver<Option<Arc<CertifiedHeader>>> {
        self.heads.clone()
    }

    /// The record of final blocks.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Builds a block; `None` when its parent isn't known.
    pub async fn propose(&self, proposal: Proposal) -> Option<Digested<ChainBlock>> {
        self.ask(|reply| Command::Propose(proposal, reply)).await.ok()?
    }

    /// Executes a block on its parent.
    pub async fn verify(&self, block: Digested<ChainBlock>) -> Verdict {
        self.ask(|reply| Command::Verify(block, reply))
            .await
            .unwrap_or(Verdict::Unknown)
    }

    /// Commits a final block; durable on return. Doing it again changes nothing.
    pub async fn finalize(
        &self,
        block: Digested<ChainBlock>,
        finality: Finality,
    ) -> Result<(), ExecutorError> {
        self.ask(|reply| Command::Finalize(block, finality, reply)).await
    }

    /// The committed state, read without the thread.
    pub fn reader(&self) -> &StateReader {
        &self.reader
    }

    /// Keeps the thread busy until what comes back is dropped.
    #[cfg(test)]
    pub(crate) async fn hold(&self) -> oneshot::Sender<()> {
        let (release, held) = oneshot::channel();
        self.ask(|reply| Command::Hold(held, reply))
            .await
            .expect("it runs");
        release
    }

    /// Ends the thread; returns when it has closed the store.
    pub async fn stop(&self) {
        // A thread that has ended already needs no word.
        let _ = self.ask(Command::Stop).await;
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, ExecutorError> {
        let (reply, answer) = oneshot::channel();
        if self.commands.send(command(reply)).await.is_err() {
            return Err(self.stopped());
        }
        answer.await.map_err(|_| self.stopped())
    }

    fn stopped(&self) -> ExecutorError {
        let why = self.shared.failure.get().cloned();
        ExecutorError::Stopped(why.unwrap_or_else(|| "the node is stopping".into()))
    }
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
