//! Opens the state where the node left it, or makes the chain's first state from the genesis file.
//!
//! The genesis state's commitment is part of the chain spec, so a node that starts anew recomputes the spec and with it
//! the chain's identity. It is kept beside the state; on every later start the genesis file is held against it.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock, RwLock};

use commonware_codec::Encode as _;
use commonware_runtime::{Supervisor as _, tokio::Context};
use credo_msb::History;
use credo_pob::{Candidates, Ranking};
use credo_primitives::block::StateCommitment;
use credo_primitives::spec::{Genesis, SPEC_VERSION};
use credo_primitives::{ChainSpec, Committee, Digest, Header};
use credo_runtime::GenesisState;
use credo_state::{Store, StoreConfig};
use tokio::sync::{mpsc, watch};

use super::actor::{Actor, Tip, leaves_of};
use super::availability::Availability;
use super::committed::{Committed, Head, StateReader};
use super::tree::Tree;
use super::{ExecutorError, ExecutorHandle, Index, MAX_COMMANDS, Shared};
use crate::mempool::Pool;

/// Pages of 4 KiB that the state keeps in memory.
const CACHE_PAGES: std::num::NonZeroUsize = commonware_utils::NZUsize!(4_096);
const SPEC_FILE: &str = "spec.bin";
const INDEX_FILE: &str = "index.redb";

/// A started executor.
pub struct Opened {
    /// Talks to it.
    pub handle: ExecutorHandle,
    /// The chain.
    pub spec: Arc<ChainSpec>,
    /// The committee of epoch 0.
    pub genesis_committee: Committee,
    /// The record of final blocks.
    pub index: Index,
}

/// The spec that a genesis file and the commitment of its state make.
pub fn genesis_spec(
    genesis: &Genesis,
    state: &GenesisState,
    commitment: StateCommitment,
) -> Result<ChainSpec, ExecutorError> {
    let mut committee: Vec<_> = state.round.seats.iter().map(|s| s.key.clone()).collect();
    committee.sort();
    let spec = ChainSpec {
        version: SPEC_VERSION,
        preset: genesis.preset,
        name: genesis.name.clone(),
        parameters: genesis.parameters.clone(),
        salt: genesis.salt,
        time_ms: genesis.time_ms,
        allocations: genesis.allocations_digest(),
        state: commitment.into(),
        servi_digest: state.candidates_digest.digest,
        committee,
    };
    spec.validate()
        .map_err(|e| ExecutorError::Genesis(e.to_string()))?;
    Ok(spec)
}

/// Opens store and index under `dir`, checks that they belong together, and starts the executor's thread.
pub async fn open(
    context: Context,
    dir: &Path,
    genesis: &Genesis,
    pool: Pool,
    availability: Availability,
) -> Result<Opened, ExecutorError> {
    let mut config = StoreConfig::new("state");
    config.cache_pages = CACHE_PAGES;
    let mut store = Store::open(context.child("state"), config).await?;
    let index = Index::open(&dir.join(INDEX_FILE))?;

    let height = match store.metadata().await? {
        Some(bytes) => Some(u64::from_be_bytes(bytes.try_into().map_err(|_| {
            ExecutorError::Incomplete("the state doesn't say its height".into())
        })?)),
        None => None,
    };
    let spec = match height {
        Some(height) if height > 0 => stored_spec(dir, genesis)?,
        _ => {
            let state = credo_runtime::genesis(genesis).map_err(|e| ExecutorError::Genesis(e.to_string()))?;
            if height.is_none() {
                let staged = store
                    .stage(None, &state.writes, Some(0u64.to_be_bytes().to_vec()))
                    .await?;
                store.commit(&staged).await?;
            }
            let spec = genesis_spec(genesis, &state, store.commitment()?)?;
            write_spec(dir, &spec)?;
            spec
        }
    };
    let spec = Arc::new(spec);
    let tip = tip(&spec, &store, &index, height.unwrap_or(0)).await?;
    let genesis_committee = spec
        .genesis_committee()
        .map_err(|e| ExecutorError::Genesis(e.to_string()))?;

    let (commands, receiver) = mpsc::channel(MAX_COMMANDS);
    let (heads, heads_receiver) = watch::channel(tip.certified.clone());
    let shared = Arc::new(Shared {
        known: RwLock::default(),
        believable: RwLock::default(),
        candidates: RwLock::new(Arc::clone(&tip.candidates)),
        final_height: AtomicU64::new(0),
        final_time: AtomicU64::new(0),
        failure: OnceLock::new(),
    });
    let head = Head {
        time_ms: tip.header.time_ms,
        certified: tip.certified.clone(),
        candidates: Arc::clone(&tip.candidates),
        ranking: tip.ranking.clone(),
    };
    let state = Arc::new(Committed::new(store, head));
    let runtime = tokio::runtime::Handle::current();
    let reader = StateReader::new(Arc::clone(&spec), Arc::clone(&state), runtime.clone());
    let actor = Actor {
        spec_hash: spec.hash(),
        spec: Arc::clone(&spec),
        state,
        index: index.clone(),
        pool,
        tip,
        tree: Tree::default(),
        shared: Arc::clone(&shared),
        heads,
        availability,
    };
    actor.publish();
    std::thread::Builder::new()
        .name("executor".into())
        .spawn(move || {
            let _runtime = runtime.enter();
            actor.run(receiver);
        })
        .map_err(|e| ExecutorError::Stopped(e.to_string()))?;
    Ok(Opened {
        handle: ExecutorHandle {
            commands,
            shared,
            heads: heads_receiver,
            index: index.clone(),
            spec: Arc::clone(&spec),
            reader,
        },
        spec,
        genesis_committee,
        index,
    })
}

/// The spec that a genesis file makes, computed in a store of its own that is thrown away. Blocks the thread; not to be
/// called from within a runtime.
pub fn spec_of(genesis: &Genesis) -> Result<ChainSpec, ExecutorError> {
    use commonware_runtime::Runner as _;
    let state = credo_runtime::genesis(genesis).map_err(|e| ExecutorError::Genesis(e.to_string()))?;
    let name = format!(
        "credo-genesis-{}-{:016x}",
        std::process::id(),
        rand::random::<u64>()
    );
    let folder = std::env::temp_dir().join(name);
    let config = commonware_runtime::tokio::Config::new().with_storage_directory(&folder);
    let commitment = commonware_runtime::tokio::Runner::new(config).start(|context| async move {
        let mut config = StoreConfig::new("state");
        config.cache_pages = CACHE_PAGES;
        let store = Store::open(context, config).await?;
        let staged = store
            .stage(None, &state.writes, Some(0u64.to_be_bytes().to_vec()))
            .await?;
        Ok::<_, ExecutorError>((staged.commitment(), state))
    });
    // What can't be removed lies in the system's folder for such things.
    let _ = std::fs::remove_dir_all(&folder);
    let (commitment, state) = commitment?;
    genesis_spec(genesis, &state, commitment)
}

fn spec_path(dir: &Path) -> PathBuf {
    dir.join(SPEC_FILE)
}

fn write_spec(dir: &Path, spec: &ChainSpec) -> Result<(), ExecutorError> {
    let failed =
        |e: std::io::Error| ExecutorError::Incomplete(format!("the chain spec can't be written: {e}"));
    let path = spec_path(dir);
    let fresh = path.with_extension("new");
    std::fs::write(&fresh, spec.encode()).map_err(failed)?;
    std::fs::File::open(&fresh)
        .and_then(|f| f.sync_all())
        .map_err(failed)?;
    std::fs::rename(&fresh, &path).map_err(failed)
}

fn stored_spec(dir: &Path, genesis: &Genesis) -> Result<ChainSpec, ExecutorError> {
    let bytes = std::fs::read(spec_path(dir))
        .map_err(|e| ExecutorError::Incomplete(format!("the chain spec can't be read: {e}")))?;
    let spec = ChainSpec::from_bytes(&bytes).map_err(|e| ExecutorError::Incomplete(e.to_string()))?;
    let same = spec.salt == genesis.salt
        && spec.parameters == genesis.parameters
        && spec.time_ms == genesis.time_ms
        && spec.allocations == genesis.allocations_digest();
    if same {
        Ok(spec)
    } else {
        Err(ExecutorError::Genesis(
            "the genesis file is another chain's than the one in this data directory".into(),
        ))
    }
}

/// Puts together what the last final block left.
async fn tip(
    spec: &ChainSpec,
    store: &Store<Context>,
    index: &Index,
    height: u64,
) -> Result<Tip, ExecutorError> {
    let incomplete = |what: String| ExecutorError::Incomplete(what);
    let header: Header = match height {
        0 => spec.genesis_header(),
        _ => {
            index
                .block(height)?
                .ok_or_else(|| {
                    incomplete(format!(
                        "the state stands at height {height}, the index doesn't know it"
                    ))
                })?
                .header
        }
    };
    if store.commitment()?.root != header.state.root {
        return Err(incomplete(format!(
            "the state at height {height} isn't the one that its header names"
        )));
    }
    // Each record is a blocking read: within a task, tokio would stop serving them after some hundred.
    let candidates = tokio::task::block_in_place(|| credo_runtime::load_candidates(&store.snapshot(None)))?;
    let candidates = Arc::new(candidates);

    let epoch = spec.epoch_of(height + 1);
    let ranking = ranking(spec, store, index, height, &candidates)?;
    let mut previous_msb: Digest = spec.genesis_header().digest();
    let mut next_committee = spec.committee.clone();
    let mut leaves_of_history = vec![previous_msb];
    let mut ended = 0;
    while ended < epoch {
        let page = index.hand_overs(ended, 256)?;
        if page.is_empty() {
            return Err(incomplete(format!(
                "the hand-over that ends epoch {ended} is missing"
            )));
        }
        for hand_over in page.into_iter().take((epoch - ended) as usize) {
            previous_msb = hand_over.msb.digest();
            leaves_of_history.push(previous_msb);
            next_committee = hand_over.msb.next_committee;
            ended += 1;
        }
    }
    let history = History::restore(&leaves_of_history)
        .ok_or_else(|| incomplete("the history of Micro State Blocks is empty".into()))?;
    let committee = Committee::new(spec.hash(), 0, epoch, &next_committee)
        .ok_or_else(|| incomplete(format!("the committee of epoch {epoch} is malformed")))?;
    let mut leaves = Vec::new();
    for at in spec.first_height(epoch)..=height {
        let record = index
            .block(at)?
            .ok_or_else(|| incomplete(format!("block {at} is missing in the index")))?;
        leaves.extend(leaves_of(&record));
    }
    let certified = match height {
        0 => None,
        _ => index.certified(height, height)?.map(Arc::new),
    };
    Ok(Tip {
        digest: header.digest(),
        header,
        candidates,
        ranking,
        committee,
        leaves,
        previous_msb,
        history,
        certified,
    })
}

/// The ranking of the running epoch. The list itself tells it right after an MSB; later it stands in the index. What isn't
/// the one in the state isn't served.
fn ranking(
    spec: &ChainSpec,
    store: &Store<Context>,
    index: &Index,
    height: u64,
    candidates: &Candidates,
) -> Result<Option<Arc<Ranking>>, ExecutorError> {
    let epoch = spec.epoch_of(height + 1);
    let found = match height.is_multiple_of(spec.parameters.epoch_length) {
        true => Some(Ranking::of(candidates, epoch)),
        false => index.ranking(epoch)?,
    };
    let snapshot = store.snapshot(None);
    let stands = tokio::task::block_in_place(|| credo_runtime::load_ranking(&snapshot))?;
    let same = |ranking: &Ranking| {
        let digests = ranking.digests().collect();
        stands.as_ref() == Some(&(ranking.head, digests))
    };
    let found = found.filter(same);
    if found.is_none() {
        tracing::warn!(
            epoch,
            "the ranking isn't known: clients are told to wait for the next Micro State Block"
        );
    }
    Ok(found.map(Arc::new))
}
