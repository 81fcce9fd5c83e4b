//! What the public plane may ask of this node.
//!
//! Everything is answered on the asking thread, from the committed state, the index and the pool: nothing that is asked
//! here waits for, or makes wait, what consensus works on.

use std::sync::Arc;

use credo_msb::HandOver;
use credo_primitives::{CertifiedHeader, ChainSpec, CheckedTransaction, Digest, StateKey, merkle};
use credo_wire::{BlockAnswer, Included, MAX_HAND_OVERS, RankingAnswer, StateAnswer, TransactionAnswer};
use futures::future::BoxFuture;
use tokio::sync::{mpsc, watch};

use crate::executor::{ExecutorHandle, IndexError};
use crate::mempool::gossip::Intake;
use crate::mempool::{Admission, Origin, Pool};
use crate::publish::now_ms;
use crate::service::{ChainService, ServiceError};

/// The running node's answers; cheap to clone.
#[derive(Clone)]
pub struct NodeService(Arc<Inner>);

struct Inner {
    spec: Arc<ChainSpec>,
    executor: ExecutorHandle,
    admission: Admission,
    pool: Pool,
    gossip: mpsc::Sender<Arc<CheckedTransaction>>,
}

fn refused(why: impl ToString) -> ServiceError {
    ServiceError::Refused(why.to_string())
}

fn broken(error: IndexError) -> ServiceError {
    tracing::error!(%error, "the index can't be read");
    refused("the node's index can't be read")
}

impl NodeService {
    /// Answers from these parts; what is submitted goes to `gossip`, too.
    pub fn new(
        spec: Arc<ChainSpec>,
        executor: ExecutorHandle,
        pool: Pool,
        gossip: mpsc::Sender<Arc<CheckedTransaction>>,
    ) -> Self {
        Self(Arc::new(Inner {
            admission: Admission::new(Arc::clone(&spec), executor.reader().clone(), pool.clone()),
            spec,
            executor,
            pool,
            gossip,
        }))
    }

    fn certified(&self, height: u64) -> Result<Option<CertifiedHeader>, ServiceError> {
        let tip = self.0.executor.final_height();
        if height > tip {
            return Ok(None);
        }
        if height == 0 {
            return Err(refused(
                "height 0 is genesis: the chain spec says all of it, and no certificate signs it",
            ));
        }
        self.0.executor.index().certified(height, tip).map_err(broken)
    }

    /// The transaction with its proofs, if it is final here.
    fn included(&self, hash: &Digest) -> Result<Option<Included>, ServiceError> {
        let index = self.0.executor.index();
        let Some((height, place)) = index.transaction(hash).map_err(broken)? else {
            return Ok(None);
        };
        let Some(head) = self.certified(height)? else {
            return Ok(None);
        };
        let record = index
            .block(height)
            .map_err(broken)?
            .ok_or_else(|| refused("the node's index is incomplete"))?;
        let receipt = index
            .receipt(height, place)
            .map_err(broken)?
            .ok_or_else(|| refused("the transaction's receipt isn't kept here any more"))?;
        let transaction = index.body(height, place).map_err(broken)?;
        let proofs = (
            merkle::prove(&record.transactions, place),
            merkle::prove(&record.receipts, place),
        );
        match (transaction, proofs) {
            (Some(transaction), (Some(transaction_proof), Some(receipt_proof))) => Ok(Some(Included {
                head,
                index: place,
                transaction,
                receipt: commonware_codec::Encode::encode(&receipt).to_vec(),
                transaction_proof,
                receipt_proof,
            })),
            (None, _) => Err(refused("the transaction isn't kept here any more")),
            _ => Err(refused("the node's index is incomplete")),
        }
    }
}

impl Intake for NodeService {
    fn take(&self, bytes: &[u8]) {
        if let Err(error) = self.0.admission.take(bytes, Origin::Node, now_ms()) {
            tracing::trace!(%error, "a peer's transaction was refused");
        }
    }
}

impl ChainService for NodeService {
    fn spec(&self) -> &Arc<ChainSpec> {
        &self.0.spec
    }

    fn heads(&self) -> watch::Receiver<Option<Arc<CertifiedHeader>>> {
        self.0.executor.heads()
    }

    fn hand_overs(&self, from: u64, max: usize) -> BoxFuture<'_, Result<Vec<HandOver>, ServiceError>> {
        Box::pin(async move {
            let max = max.min(MAX_HAND_OVERS);
            let tip = self.0.executor.final_height();
            let mut found = self.0.executor.index().hand_overs(from, max).map_err(broken)?;
            found.retain(|hand_over| hand_over.header.height <= tip);
            Ok(found)
        })
    }

    fn state(&self, keys: Vec<StateKey>) -> BoxFuture<'_, Result<StateAnswer, ServiceError>> {
        Box::pin(async move { self.0.executor.reader().state(&keys) })
    }

    fn ranking(&self, part: u32) -> BoxFuture<'_, Result<RankingAnswer, ServiceError>> {
        Box::pin(async move { self.0.executor.reader().ranking(part) })
    }

    fn submit(&self, transaction: Vec<u8>) -> BoxFuture<'_, Result<Digest, ServiceError>> {
        Box::pin(async move {
            let checked = self.0.admission.take(&transaction, Origin::Client, now_ms())?;
            let hash = *checked.hash();
            // A full queue loses nothing: what waits in the pool is sent again.
            if self.0.gossip.try_send(checked).is_err() {
                tracing::debug!(%hash, "a transaction is passed on later");
            }
            Ok(hash)
        })
    }

    fn transaction(&self, hash: Digest) -> BoxFuture<'_, Result<TransactionAnswer, ServiceError>> {
        Box::pin(async move {
            if let Some(included) = self.included(&hash)? {
                return Ok(TransactionAnswer::Final(included));
            }
            if let Some(height) = self.0.executor.believable(&hash) {
                return Ok(TransactionAnswer::Believable { height });
            }
            if self.0.pool.contains(&hash) {
                return Ok(TransactionAnswer::Pending);
            }
            // It may have become final between the questions.
            match self.included(&hash)? {
                Some(included) => Ok(TransactionAnswer::Final(included)),
                None => Ok(TransactionAnswer::Unknown),
            }
        })
    }

    fn block(&self, height: u64) -> BoxFuture<'_, Result<BlockAnswer, ServiceError>> {
        Box::pin(async move {
            let head = self
                .certified(height)?
                .ok_or_else(|| refused(format!("block {height} isn't final here yet")))?;
            let record = self
                .0
                .executor
                .index()
                .block(height)
                .map_err(broken)?
                .ok_or_else(|| refused("the node's index is incomplete"))?;
            Ok(BlockAnswer {
                head,
                transactions: record.transactions,
            })
        })
    }
}
