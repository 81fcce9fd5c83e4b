//! The committed state, for whoever reads it.
//!
//! The executor's thread writes it, once per final block; everybody may read it meanwhile from threads of their own,
//! without a place in the executor's queue. A reader holds the lock for one value at a time, so that a commit waits
//! for hardly more than a page from disk, however much is asked; what belongs together is read again from the start if
//! a block became final in between (P-42: every part of one answer comes from one snapshot).

use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use credo_light::LightClient;
use credo_pob::{Candidates, Ranking};
use credo_primitives::{CertifiedHeader, ChainSpec, CheckedTransaction, StateKey, Transaction};
use credo_runtime::{Admitted, Means, PushError};
use credo_state::{ReadError, Staged, StateRead, Store, StoreError};
use credo_wire::{KeyProof, MAX_KEYS, RankingAnswer, StateAnswer};
use futures::executor::block_on;

use super::ExecutorError;
use super::actor::Context;
use crate::service::ServiceError;

/// How often an answer is begun anew because a block became final in between; after that the commit waits for it.
const RESTARTS: usize = 3;

/// The last final block, as readers need it.
#[derive(Debug)]
pub(super) struct Head {
    /// Its time, ms.
    pub(super) time_ms: u64,
    /// What makes it final.
    pub(super) certified: Option<Arc<CertifiedHeader>>,
    /// The list of Servi nodes after it.
    pub(super) candidates: Arc<Candidates>,
    /// The ranking at the last MSB, if it is known.
    pub(super) ranking: Option<Arc<Ranking>>,
}

struct Version {
    store: Store<Context>,
    head: Arc<Head>,
}

/// The state after the last final block. Empty once the executor has stopped: the store's files are free then, whoever
/// still holds this.
pub(super) struct Committed(RwLock<Option<Version>>);

/// The store for as long as no block is committed.
pub(super) struct StoreGuard<'a>(RwLockReadGuard<'a, Option<Version>>);

impl Deref for StoreGuard<'_> {
    type Target = Store<Context>;

    fn deref(&self) -> &Store<Context> {
        &self.0.as_ref().expect("checked when the guard was made").store
    }
}

impl Committed {
    pub(super) fn new(store: Store<Context>, head: Head) -> Self {
        let head = Arc::new(head);
        Self(RwLock::new(Some(Version { store, head })))
    }

    fn read(&self) -> RwLockReadGuard<'_, Option<Version>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<Version>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// For the executor's own thread.
    pub(super) fn store(&self) -> Result<StoreGuard<'_>, ExecutorError> {
        let guard = self.read();
        match &*guard {
            Some(_) => Ok(StoreGuard(guard)),
            None => Err(StoreError::Closed.into()),
        }
    }

    /// Makes a block final.
    pub(super) fn commit(&self, staged: &Staged, head: Head) -> Result<(), ExecutorError> {
        let mut guard = self.write();
        let version = guard.as_mut().ok_or(StoreError::Closed)?;
        block_on(version.store.commit(staged))?;
        version.head = Arc::new(head);
        Ok(())
    }

    /// Closes the store.
    pub(super) fn close(&self) {
        drop(self.write().take());
    }
}

/// Reads the committed state from any thread; cheap to clone. A read blocks the thread while its page comes from disk.
#[derive(Clone)]
pub struct StateReader {
    spec: Arc<ChainSpec>,
    state: Arc<Committed>,
    /// Where a thread without a runtime of its own reads files.
    runtime: tokio::runtime::Handle,
}

impl StateReader {
    pub(super) fn new(spec: Arc<ChainSpec>, state: Arc<Committed>, runtime: tokio::runtime::Handle) -> Self {
        Self { spec, state, runtime }
    }

    /// Runs `read` on the present version.
    fn with<T>(&self, read: impl FnOnce(&Version) -> T) -> Result<T, ServiceError> {
        // The store's files are read on the reader's own runtime: whoever asks much waits for himself.
        let inside = tokio::runtime::Handle::try_current().is_ok();
        let _runtime = (!inside).then(|| self.runtime.enter());
        match &*self.state.read() {
            Some(version) => Ok(read(version)),
            None => Err(ServiceError::NotReady),
        }
    }

    fn head(&self) -> Result<Arc<Head>, ServiceError> {
        self.with(|version| Arc::clone(&version.head))
    }

    /// Values of the committed state with their proofs, under the head that makes it final.
    pub fn state(&self, keys: &[StateKey]) -> Result<StateAnswer, ServiceError> {
        Ok(self.proved(keys)?.0)
    }

    fn proved(&self, keys: &[StateKey]) -> Result<(StateAnswer, Arc<Head>), ServiceError> {
        if keys.len() > MAX_KEYS {
            return Err(ServiceError::Refused(format!(
                "{} keys were asked for; at most {MAX_KEYS} fit one answer",
                keys.len()
            )));
        }
        for _ in 0..RESTARTS {
            let head = self.head()?;
            let mut entries = Vec::with_capacity(keys.len());
            for key in keys {
                let entry =
                    self.with(|version| Arc::ptr_eq(&version.head, &head).then(|| prove(version, key)))?;
                match entry {
                    Some(entry) => entries.push(entry?),
                    None => break,
                }
            }
            if entries.len() == keys.len() {
                return answer(head, entries);
            }
        }
        self.with(|version| {
            let entries = keys.iter().map(|key| prove(version, key));
            answer(Arc::clone(&version.head), entries.collect::<Result<_, _>>()?)
        })?
    }

    /// A part of the ranking with the proofs of its digest, the round and the turns.
    pub fn ranking(&self, part: u32) -> Result<RankingAnswer, ServiceError> {
        let (state, head) = self.proved(&LightClient::ranking_keys(part))?;
        let ranking = head.ranking.as_ref().ok_or_else(|| {
            // It stands in the index since the last MSB; a node that was moved here without it waits for the next.
            ServiceError::Refused("the ranking isn't known here before the next Micro State Block".into())
        })?;
        let part = ranking.parts.get(part as usize);
        Ok(RankingAnswer {
            state,
            part: part.map(|bytes| bytes.to_vec()).unwrap_or_default(),
        })
    }

    /// Holds a transaction whose signatures aren't checked yet against the committed state: what stands behind its gas
    /// (`None`: it claims to be a node's own, and needs none), or why it needn't be looked at further.
    pub fn standing(&self, tx: &Transaction, now_ms: u64) -> Result<Option<Means>, ServiceError> {
        let (head, time) = self.moment(tx, now_ms)?;
        credo_runtime::standing(&self.spec, self, &head.candidates, tx, time).map_err(refused)
    }

    /// Holds a transaction against the committed state: may it be included?
    pub fn admit(&self, tx: &CheckedTransaction, now_ms: u64) -> Result<Admitted, ServiceError> {
        let (head, time) = self.moment(tx.tx(), now_ms)?;
        credo_runtime::admit(&self.spec, self, &head.candidates, tx, time).map_err(refused)
    }

    /// The block to come, at the earliest in which the transaction could stand: one whose time is still to come waits in
    /// the pool for it.
    fn moment(&self, tx: &Transaction, now_ms: u64) -> Result<(Arc<Head>, u64), ServiceError> {
        let head = self.head()?;
        let next = head.time_ms.saturating_add(self.spec.parameters.slot_ms);
        let own = u64::try_from(tx.time / 1_000_000).unwrap_or(0).saturating_add(1);
        Ok((head, now_ms.max(next).max(own)))
    }
}

fn prove(version: &Version, key: &StateKey) -> Result<KeyProof, ServiceError> {
    // Within a task, tokio would stop serving blocking reads after some hundred.
    let read = tokio::task::unconstrained(version.store.prove(key));
    let (value, proof) = block_on(read).map_err(|error| {
        tracing::error!(%error, %key, "a state proof can't be made");
        ServiceError::Refused("the state can't be read".into())
    })?;
    Ok(KeyProof { value, proof })
}

fn answer(head: Arc<Head>, entries: Vec<KeyProof>) -> Result<(StateAnswer, Arc<Head>), ServiceError> {
    let certified = head.certified.as_ref().ok_or(ServiceError::NotReady)?;
    let answer = StateAnswer {
        head: CertifiedHeader::clone(certified),
        entries,
    };
    Ok((answer, head))
}

fn refused(error: PushError) -> ServiceError {
    match error {
        PushError::Refused(refusal) => ServiceError::Refused(refusal.to_string()),
        PushError::Fatal(error) => {
            tracing::error!(%error, "a transaction can't be checked");
            ServiceError::Refused("the state can't be read".into())
        }
    }
}

/// For checks that may see two blocks at once: each value is the newest one.
impl StateRead for StateReader {
    fn get(&self, key: &StateKey) -> Result<Option<Vec<u8>>, ReadError> {
        self.with(|version| block_on(tokio::task::unconstrained(version.store.get(key))))
            .map_err(|error| ReadError::Store(error.to_string()))?
            .map_err(ReadError::from)
    }
}
