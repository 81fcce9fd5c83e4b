//! What the public plane may ask of the node: the seam between consensus and storage on one side, and libp2p, HTTP
//! and the command line on the other.

use std::sync::Arc;

use credo_msb::HandOver;
use credo_primitives::{CertifiedHeader, ChainSpec, Digest, StateKey};
use credo_wire::{BlockAnswer, RankingAnswer, StateAnswer, TransactionAnswer};
use futures::future::BoxFuture;
use tokio::sync::watch;

/// Why the node didn't answer. The text goes to the client as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// The request can't be met; the sentence says why.
    #[error("{0}")]
    Refused(String),
    /// The node is starting or stopping.
    #[error("the node isn't ready yet")]
    NotReady,
}

/// A node's answers. Every answer comes from one snapshot of final state.
pub trait ChainService: Send + Sync + 'static {
    /// The chain's spec.
    fn spec(&self) -> &Arc<ChainSpec>;
    /// The newest final head that carries (or reaches) a certificate; changes with every final block.
    fn heads(&self) -> watch::Receiver<Option<Arc<CertifiedHeader>>>;
    /// Hand-overs of epochs `from`, `from + 1`, …, at most `max`.
    fn hand_overs(&self, from: u64, max: usize) -> BoxFuture<'_, Result<Vec<HandOver>, ServiceError>>;
    /// Values with proofs.
    fn state(&self, keys: Vec<StateKey>) -> BoxFuture<'_, Result<StateAnswer, ServiceError>>;
    /// A part of the ranking of Servi nodes.
    fn ranking(&self, part: u32) -> BoxFuture<'_, Result<RankingAnswer, ServiceError>>;
    /// Takes a transaction (Full bytes) into the pool and passes it on to proposers.
    fn submit(&self, transaction: Vec<u8>) -> BoxFuture<'_, Result<Digest, ServiceError>>;
    /// What became of a transaction.
    fn transaction(&self, hash: Digest) -> BoxFuture<'_, Result<TransactionAnswer, ServiceError>>;
    /// A final block.
    fn block(&self, height: u64) -> BoxFuture<'_, Result<BlockAnswer, ServiceError>>;
}
