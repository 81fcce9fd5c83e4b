//! The executor's thread: writes the store, works through its commands one by one.
//!
//! The runtime is synchronous and reads the state as it goes, so the thread may block; it has entered the node's
//! asynchronous runtime, on which the store's files live.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use commonware_cryptography::{Digested, Digestible as _};
use credo_msb::{HandOver, History};
use credo_pob::{Candidates, Ranking};
use credo_primitives::block::HEADER_VERSION;
use credo_primitives::entry::MsbMark;
use credo_primitives::hash::ZERO_DIGEST;
use credo_primitives::{
    Block, CertifiedHeader, ChainSpec, CheckedTransaction, Committee, Digest, Header, StateKey, Transaction,
    merkle, sha3_256,
};
use credo_runtime::{BlockBuilder, BlockContext, BlockError, BlockOutcome, PushError, Refusal, RuntimeError};
use credo_state::{Staged, Store};
use futures::executor::block_on;
use tokio::sync::{mpsc, watch};

use super::availability::Availability;
use super::committed::{Committed, Head};
use super::tree::{Executed, Tree};
use super::{BlockRecord, Command, ExecutorError, Finality, Index, Proposal, Shared, Verdict, write};
use crate::consensus::ChainBlock;
use crate::mempool::Pool;

/// Fewer signatures than these are checked on the executor's own thread.
const PARALLEL: usize = 16;

/// The runtime context that the store stands on.
pub(super) type Context = commonware_runtime::tokio::Context;

/// Everything about the last final block.
pub(super) struct Tip {
    pub header: Header,
    pub digest: Digest,
    pub candidates: Arc<Candidates>,
    /// The ranking at the last MSB, if it is known.
    pub ranking: Option<Arc<Ranking>>,
    /// The committee of the next block's epoch.
    pub committee: Committee,
    /// Leaves of the transactions of the next block's epoch so far (P-31).
    pub leaves: Vec<Digest>,
    /// Digest of the MSB header before the next block's epoch; genesis' header before epoch 0.
    pub previous_msb: Digest,
    /// All MSB headers so far, genesis first.
    pub history: History,
    /// What makes it final.
    pub certified: Option<Arc<CertifiedHeader>>,
}

/// What the thread works on.
pub(super) struct Actor {
    pub spec: Arc<ChainSpec>,
    pub spec_hash: Digest,
    pub state: Arc<Committed>,
    pub index: Index,
    pub pool: Pool,
    pub tip: Tip,
    pub tree: Tree,
    pub shared: Arc<Shared>,
    pub heads: watch::Sender<Option<Arc<CertifiedHeader>>>,
    /// Proves by itself that this node is available.
    pub availability: Availability,
}

/// However the thread ends, the store's files are free then.
impl Drop for Actor {
    fn drop(&mut self) {
        self.state.close();
    }
}

/// Why a block can't be had.
enum Failure {
    /// It is invalid for ever.
    Invalid(String),
    /// The node can't go on.
    Fatal(ExecutorError),
}

impl<T: Into<ExecutorError>> From<T> for Failure {
    fn from(error: T) -> Self {
        Self::Fatal(error.into())
    }
}

impl Actor {
    /// Works until all handles are gone or something breaks.
    pub(super) fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        while let Some(command) = commands.blocking_recv() {
            let command = match command {
                Command::Stop(reply) => {
                    drop(self);
                    let _ = reply.send(());
                    return;
                }
                command => command,
            };
            if let Err(error) = self.work(command) {
                tracing::error!(%error, "the executor stops");
                // Nobody else sets it; the first reason is the one that counts.
                let _ = self.shared.failure.set(error.to_string());
                return;
            }
        }
    }

    fn work(&mut self, command: Command) -> Result<(), ExecutorError> {
        // A caller that no longer waits for its answer is no failure.
        match command {
            Command::Propose(proposal, reply) => {
                if !reply.is_closed() {
                    let _ = reply.send(self.propose(proposal)?);
                }
            }
            Command::Verify(block, reply) => {
                if !reply.is_closed() {
                    let _ = reply.send(self.verify(block)?);
                }
            }
            Command::Finalize(block, finality, reply) => {
                self.finalize(block, finality)?;
                let _ = reply.send(());
            }
            #[cfg(test)]
            Command::Hold(held, reply) => {
                let _ = reply.send(());
                let _ = held.blocking_recv();
            }
            // Handled where the thread ends.
            Command::Stop(_) => {}
        }
        Ok(())
    }

    /// The header, staged state and candidates that a block on `parent` starts from.
    fn parent(&self, parent: &Digest) -> Option<(Header, Option<Staged>, Arc<Candidates>)> {
        if *parent == self.tip.digest {
            return Some((self.tip.header.clone(), None, Arc::clone(&self.tip.candidates)));
        }
        let executed = self.tree.get(parent)?;
        Some((
            executed.header().clone(),
            Some(executed.staged.clone()),
            Arc::clone(&executed.candidates),
        ))
    }

    fn context(&self, header: &Header, parent: &Header) -> BlockContext<'_> {
        let epoch = header.epoch;
        let first = header.height == self.spec.first_height(epoch);
        BlockContext {
            spec: &self.spec,
            committee: &self.tip.committee,
            height: header.height,
            epoch,
            view: header.view,
            parent_view: header.parent_view,
            time_ms: header.time_ms,
            proposer: header.proposer.clone(),
            previous_msb: (first && epoch > 0).then(|| {
                let mark = MsbMark {
                    digest: self.tip.previous_msb,
                    state: parent.state,
                };
                (epoch - 1, mark)
            }),
        }
    }

    /// Completes a header with what execution gave, stages the writes, builds the MSB header in an epoch's last block.
    fn complete(
        &self,
        store: &Store<Context>,
        mut header: Header,
        staged_parent: Option<&Staged>,
        transactions: Vec<Vec<u8>>,
        outcome: BlockOutcome,
    ) -> Result<Executed, ExecutorError> {
        let metadata = header.height.to_be_bytes().to_vec();
        let staged = block_on(store.stage(staged_parent, &outcome.writes, Some(metadata)))?;
        let gas_changed = outcome.writes.keys().filter_map(StateKey::gas_owner);
        let gas_changed = gas_changed.map(ToOwned::to_owned).collect();
        header.transaction_root = outcome.transaction_root;
        header.receipt_root = outcome.receipt_root;
        header.state = staged.commitment();
        let mut msb = Vec::new();
        if header.height == self.spec.last_height(header.epoch) {
            let built = self.msb_header(&header, &outcome)?;
            header.msb = Some(built.digest());
            msb = built.to_bytes().to_vec();
        }
        let record = BlockRecord {
            header: header.clone(),
            transactions: outcome.tx_hashes,
            receipts: outcome
                .receipts
                .iter()
                .map(credo_primitives::Receipt::hash)
                .collect(),
        };
        let block = ChainBlock::trusted(Block {
            header,
            transactions,
            msb,
        });
        let digest = block.digest();
        Ok(Executed {
            block: Digested::precomputed(block, digest),
            staged,
            candidates: outcome.candidates,
            ranking: outcome.ranking,
            receipts: outcome.receipts,
            gas_changed,
            record,
        })
    }

    /// P-31's leaves of the epoch up to and including the block before `header`.
    pub(super) fn leaves_before(&self, header: &Header) -> Vec<Digest> {
        let mut leaves = self.tip.leaves.clone();
        for executed in self.tree.path(&header.parent).into_iter().rev() {
            leaves.extend(leaves_of(&executed.record));
        }
        leaves
    }

    fn propose(&mut self, proposal: Proposal) -> Result<Option<Digested<ChainBlock>>, ExecutorError> {
        let Some((parent, staged, candidates)) = self.parent(&proposal.parent) else {
            return Ok(None);
        };
        if self.tree.is_full() {
            return Ok(None);
        }
        let mut header = Header {
            version: HEADER_VERSION,
            spec: self.spec_hash,
            shard: 0,
            epoch: proposal.epoch,
            height: parent.height + 1,
            view: proposal.view,
            parent_view: proposal.parent_view,
            parent: proposal.parent,
            time_ms: proposal.time_ms,
            proposer: proposal.proposer,
            transaction_root: ZERO_DIGEST,
            receipt_root: ZERO_DIGEST,
            state: parent.state,
            outbox_root: ZERO_DIGEST,
            msb: None,
        };
        if self.spec.epoch_of(header.height) != header.epoch {
            return Ok(None);
        }
        let last = header.height == self.spec.last_height(header.epoch);
        header.msb = None;
        let state = Arc::clone(&self.state);
        let store = state.store()?;
        let snapshot = store.snapshot(staged.as_ref());
        let mut builder = BlockBuilder::new(self.context(&header, &parent), &snapshot, candidates)?;
        let mut transactions = Vec::new();
        let mut hopeless = Vec::new();
        if !last {
            let started = std::time::Instant::now();
            let budget = std::time::Duration::from_millis(self.spec.parameters.slot_ms / 2);
            let limit = self.spec.parameters.block_tx_limit as usize;
            let time = i64::try_from(header.time_ms.saturating_mul(1_000_000)).unwrap_or(i64::MAX);
            // Publishers that have as many in this block as they may.
            let mut resting: HashSet<String> = HashSet::new();
            let standing: HashSet<Digest> = self
                .tree
                .path(&proposal.parent)
                .iter()
                .flat_map(|e| e.record.transactions.iter().copied())
                .collect();
            // Whatever waits is looked at until the block is full: a refusal for now costs next to nothing, and counts
            // for nothing, or a pool of such would make empty blocks.
            for tx in self.pool.due(time) {
                if started.elapsed() > budget || builder.len() >= limit {
                    break;
                }
                if standing.contains(tx.hash()) || resting.contains(&tx.tx().publisher) {
                    continue;
                }
                let pushed = std::time::Instant::now();
                let result = builder.push(&tx);
                // By the prices of gas none can. One that does here anyway isn't tried a second time.
                if pushed.elapsed() > budget {
                    tracing::warn!(hash = %tx.hash(), "a transaction took longer than a block may");
                    hopeless.push(*tx.hash());
                }
                match result {
                    Ok(_) => transactions.push(tx.bytes().to_vec()),
                    Err(PushError::Refused(Refusal::SenderLimit { publisher, .. })) => {
                        resting.insert(publisher);
                    }
                    Err(PushError::Refused(refusal)) => {
                        if !refusal.is_temporary() {
                            tracing::debug!(hash = %tx.hash(), %refusal, "a waiting transaction became impossible");
                            hopeless.push(*tx.hash());
                        }
                    }
                    Err(PushError::Fatal(error)) => return Err(error.into()),
                }
            }
        }
        let outcome = builder.finish()?;
        let executed = self.complete(&store, header, staged.as_ref(), transactions, outcome)?;
        drop(store);
        self.pool.remove(&hopeless);
        let block = executed.block.clone();
        self.keep(executed);
        Ok(Some(block))
    }

    fn verify(&mut self, block: Digested<ChainBlock>) -> Result<Verdict, ExecutorError> {
        if self.tree.get(&block.digest()).is_some() || block.digest() == self.tip.digest {
            return Ok(Verdict::Valid);
        }
        if self.tree.is_full() || self.parent(&block.inner().header().parent).is_none() {
            return Ok(Verdict::Unknown);
        }
        match self.execute(block) {
            Ok(executed) => {
                self.keep(executed);
                Ok(Verdict::Valid)
            }
            Err(Failure::Invalid(why)) => Ok(Verdict::Invalid(why)),
            Err(Failure::Fatal(error)) => Err(error),
        }
    }

    /// Executes somebody's block on its parent, which is known, and compares all that it claims.
    fn execute(&self, block: Digested<ChainBlock>) -> Result<Executed, Failure> {
        let header = block.inner().header();
        let invalid = |why: &str| Failure::Invalid(why.to_owned());
        let (parent, staged, candidates) = self
            .parent(&header.parent)
            .ok_or_else(|| invalid("its parent isn't known"))?;
        if header.height != parent.height + 1 || header.epoch != self.spec.epoch_of(header.height) {
            return Err(invalid("its height or epoch doesn't follow"));
        }
        if !self.tip.committee.keys().contains(&header.proposer) {
            return Err(invalid("its proposer isn't on the committee"));
        }
        let bodies = &block.inner().block().transactions;
        let transactions = self.check(bodies).map_err(Failure::Invalid)?;
        let store = self.state.store()?;
        let snapshot = store.snapshot(staged.as_ref());
        let misfit = |error| match error {
            RuntimeError::Context { .. } => Failure::Invalid(error.to_string()),
            error => Failure::Fatal(error.into()),
        };
        let mut builder =
            BlockBuilder::new(self.context(header, &parent), &snapshot, candidates).map_err(misfit)?;
        for (index, tx) in transactions.iter().enumerate() {
            builder.push(tx).map_err(|error| match error {
                PushError::Refused(refusal) => {
                    Failure::Invalid(BlockError::Invalid { index, refusal }.to_string())
                }
                PushError::Fatal(error) => misfit(error),
            })?;
        }
        let outcome = builder.finish().map_err(misfit)?;
        let executed = self.complete(&store, header.clone(), staged.as_ref(), bodies.clone(), outcome)?;
        let built = executed.block.inner();
        if built.header() != header {
            return Err(Failure::Invalid(difference(built.header(), header)));
        }
        if built.block().msb != block.inner().block().msb {
            return Err(invalid("its Micro State Block header differs"));
        }
        Ok(executed)
    }

    /// Takes transactions with their signatures checked: from the pool where they were checked before.
    fn check(&self, bodies: &[Vec<u8>]) -> Result<Vec<Arc<CheckedTransaction>>, String> {
        let chain_id = self.spec.parameters.chain_id;
        let one = |bytes: &Vec<u8>| -> Result<Arc<CheckedTransaction>, String> {
            let hash = sha3_256(bytes);
            if let Some(known) = self.pool.get(&hash) {
                return Ok(known);
            }
            let checked = Transaction::decode(bytes)
                .and_then(|tx| tx.check(chain_id))
                .map_err(|e| e.to_string())?;
            if *checked.hash() != hash {
                return Err("a transaction isn't in its canonical bytes".into());
            }
            Ok(Arc::new(checked))
        };
        if bodies.len() < PARALLEL {
            return bodies.iter().map(one).collect();
        }
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = bodies.len().div_ceil(threads);
        std::thread::scope(|scope| {
            let parts: Vec<_> = bodies
                .chunks(share)
                .map(|part| scope.spawn(move || part.iter().map(one).collect::<Result<Vec<_>, _>>()))
                .collect();
            let mut all = Vec::with_capacity(bodies.len());
            for part in parts {
                all.extend(
                    part.join()
                        .map_err(|_| "a signature check broke off".to_owned())??,
                );
            }
            Ok(all)
        })
    }

    fn keep(&mut self, executed: Executed) {
        let height = executed.header().height;
        write(&self.shared.known).insert(executed.block.digest());
        write(&self.shared.believable).extend(executed.record.transactions.iter().map(|tx| (*tx, height)));
        self.tree.insert(executed);
    }

    fn finalize(&mut self, block: Digested<ChainBlock>, finality: Finality) -> Result<(), ExecutorError> {
        let header = block.inner().header().clone();
        let digest = block.digest();
        if header.height <= self.tip.header.height {
            // Delivered again after a restart.
            return Ok(());
        }
        if header.height != self.tip.header.height + 1 || header.parent != self.tip.digest {
            return Err(ExecutorError::Gap {
                expected: self.tip.header.height + 1,
                got: header.height,
            });
        }
        if self.tree.get(&digest).is_none() {
            let executed = self.execute(block).map_err(|failure| match failure {
                Failure::Invalid(why) => ExecutorError::Diverged {
                    height: header.height,
                    why,
                },
                Failure::Fatal(error) => error,
            })?;
            self.keep(executed);
        }
        let executed = self
            .tree
            .finalize(&digest)
            .ok_or_else(|| ExecutorError::Stopped("an executed block is gone".into()))?;
        let (certificate, certified) = match finality {
            Finality::Certified {
                descendants,
                certificate,
            } => {
                let own = descendants.is_empty().then(|| certificate.clone());
                let certified = CertifiedHeader {
                    header: header.clone(),
                    descendants,
                    certificate,
                };
                (own, Some(Arc::new(certified)))
            }
            Finality::Unknown => (None, None),
        };
        let msb = executed.block.inner().msb();
        let hand_over = match (&msb, &certificate) {
            (Some(msb), Some(certificate)) => Some(HandOver {
                header: header.clone(),
                msb: msb.clone(),
                certificate: certificate.clone(),
            }),
            (Some(_), None) => {
                return Err(ExecutorError::Incomplete(format!(
                    "the certificate that ends epoch {} is missing",
                    header.epoch
                )));
            }
            _ => None,
        };
        self.index.write(
            &executed.record,
            &executed.receipts,
            &executed.block.inner().block().transactions,
            certificate.as_deref(),
            hand_over.as_ref(),
            executed.ranking.as_deref(),
        )?;
        let head = Head {
            time_ms: header.time_ms,
            certified: certified.clone(),
            candidates: Arc::clone(&executed.candidates),
            ranking: executed.ranking.clone().or_else(|| self.tip.ranking.clone()),
        };
        self.state.commit(&executed.staged, head)?;

        self.tip.leaves.extend(leaves_of(&executed.record));
        if let Some(msb) = msb {
            self.tip.committee = Committee::new(self.spec_hash, 0, header.epoch + 1, &msb.next_committee)
                .ok_or_else(|| ExecutorError::Incomplete("a Micro State Block names no committee".into()))?;
            self.tip.previous_msb = msb.digest();
            self.tip.history.append(&self.tip.previous_msb);
            self.tip.leaves.clear();
        }
        self.tip.digest = digest;
        self.tip.candidates = executed.candidates;
        if let Some(ranking) = executed.ranking {
            self.tip.ranking = Some(ranking);
        }
        self.tip.certified = certified.clone();
        self.pool.remove(&executed.record.transactions);
        self.pool
            .expire(i64::try_from(header.time_ms.saturating_mul(1_000_000)).unwrap_or(i64::MAX));
        self.tip.header = header;
        self.settle(&executed.gas_changed)?;
        self.prove_available();
        self.publish();
        if certified.is_some() {
            self.heads.send_replace(certified);
        }
        Ok(())
    }

    /// What waits of accounts whose gas the block changed must still be paid for.
    fn settle(&self, accounts: &[String]) -> Result<(), ExecutorError> {
        let store = self.state.store()?;
        let snapshot = store.snapshot(None);
        let time = self.tip.header.time_ms;
        for account in accounts.iter().filter(|account| self.pool.has_waiting(account)) {
            let has = credo_runtime::gas_of(&self.spec, &snapshot, account, time)?;
            let gone = self.pool.settle(account, has);
            if gone > 0 {
                tracing::debug!(account, gone, "waiting transactions can't be paid for any more");
            }
        }
        Ok(())
    }

    /// Tells the handles where the chain stands.
    pub(super) fn publish(&self) {
        let shared = &self.shared;
        *write(&shared.candidates) = Arc::clone(&self.tip.candidates);
        {
            let mut known = write(&shared.known);
            known.clear();
            known.insert(self.tip.digest);
            known.extend(self.tree.iter().map(|e| e.block.digest()));
        }
        {
            let mut believable = write(&shared.believable);
            believable.clear();
            for executed in self.tree.iter() {
                let height = executed.header().height;
                believable.extend(executed.record.transactions.iter().map(|tx| (*tx, height)));
            }
        }
        shared
            .final_time
            .store(self.tip.header.time_ms, Ordering::Release);
        shared
            .final_height
            .store(self.tip.header.height, Ordering::Release);
    }
}

/// P-31. One leaf for each transaction with its receipt.
pub(super) fn leaves_of(record: &BlockRecord) -> impl Iterator<Item = Digest> + '_ {
    let pairs = record.transactions.iter().zip(&record.receipts);
    pairs.map(|(tx, receipt)| merkle::transaction_leaf(tx, receipt))
}

/// Names the first field that differs.
fn difference(ours: &Header, theirs: &Header) -> String {
    let fields = [
        (
            ours.transaction_root == theirs.transaction_root,
            "transaction root",
        ),
        (ours.receipt_root == theirs.receipt_root, "receipt root"),
        (ours.state.root == theirs.state.root, "state root"),
        (ours.state == theirs.state, "state commitment"),
        (ours.msb == theirs.msb, "Micro State Block digest"),
    ];
    let field = fields
        .iter()
        .find(|(same, _)| !same)
        .map_or("header", |(_, name)| name);
    format!("its {field} differs from what executing it gives")
}
