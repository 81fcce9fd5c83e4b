//! What the public plane may ask of this node.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use commonware_consensus::types::Height;
use credo_msb::HandOver;
use credo_primitives::{
    CertifiedHeader, ChainSpec, CheckedTransaction, Digest, StateKey, Transaction, merkle,
};
use credo_wire::{BlockAnswer, CandidatesAnswer, Included, MAX_HAND_OVERS, StateAnswer, TransactionAnswer};
use futures::future::BoxFuture;
use tokio::sync::{mpsc, watch};

use crate::consensus::Marshal;
use crate::executor::{ExecutorHandle, IndexError};
use crate::mempool::gossip::Intake;
use crate::mempool::{Pool, PoolError};
use crate::service::{ChainService, ServiceError};

/// The running node's answers; cheap to clone.
#[derive(Clone)]
pub struct NodeService(Arc<Inner>);

struct Inner {
    spec: Arc<ChainSpec>,
    executor: ExecutorHandle,
    marshal: Marshal,
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

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

impl NodeService {
    /// Answers from these parts; what is submitted goes to `gossip`, too.
    pub fn new(
        spec: Arc<ChainSpec>,
        executor: ExecutorHandle,
        marshal: Marshal,
        pool: Pool,
        gossip: mpsc::Sender<Arc<CheckedTransaction>>,
    ) -> Self {
        Self(Arc::new(Inner {
            spec,
            executor,
            marshal,
            pool,
            gossip,
        }))
    }

    /// Checks a transaction's bytes and takes it into the pool.
    async fn take_in(&self, bytes: Vec<u8>, own: bool) -> Result<Arc<CheckedTransaction>, ServiceError> {
        let inner = &self.0;
        let transaction = Transaction::decode(&bytes).map_err(refused)?;
        let hash = transaction.hash();
        if inner.pool.contains(&hash) {
            return Err(refused(PoolError::Known));
        }
        let now_ms = now_ms();
        let now = i64::try_from(now_ms.saturating_mul(1_000_000)).unwrap_or(i64::MAX);
        transaction.check_time(now).map_err(refused)?;
        credo_runtime::precheck(&transaction).map_err(refused)?;
        let checked = transaction
            .check(inner.spec.parameters.chain_id)
            .map_err(refused)?;
        let checked = Arc::new(checked);
        let admitted = inner
            .executor
            .precheck(Arc::clone(&checked), now_ms)
            .await
            .map_err(ServiceError::Refused)?;
        inner
            .pool
            .insert(Arc::clone(&checked), now, own, admitted)
            .map_err(refused)?;
        Ok(checked)
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
    async fn included(&self, hash: &Digest) -> Result<Option<Included>, ServiceError> {
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
        let body = self
            .0
            .marshal
            .get_block(Height::new(height))
            .await
            .ok_or_else(|| refused("the transaction's block isn't kept here any more"))?;
        let transaction = body.inner().block().transactions.get(place as usize).cloned();
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
            _ => Err(refused("the node's index is incomplete")),
        }
    }
}

impl Intake for NodeService {
    async fn take(&self, bytes: Vec<u8>) {
        if let Err(error) = self.take_in(bytes, false).await {
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
        Box::pin(self.0.executor.state(keys))
    }

    fn candidates(&self) -> BoxFuture<'_, Result<CandidatesAnswer, ServiceError>> {
        Box::pin(self.0.executor.candidates_answer())
    }

    fn submit(&self, transaction: Vec<u8>) -> BoxFuture<'_, Result<Digest, ServiceError>> {
        Box::pin(async move {
            let checked = self.take_in(transaction, true).await?;
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
            if let Some(included) = self.included(&hash).await? {
                return Ok(TransactionAnswer::Final(included));
            }
            if let Some(height) = self.0.executor.believable(&hash) {
                return Ok(TransactionAnswer::Believable { height });
            }
            if self.0.pool.contains(&hash) {
                return Ok(TransactionAnswer::Pending);
            }
            // It may have become final between the questions.
            match self.included(&hash).await? {
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
