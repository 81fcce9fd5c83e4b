//! Passes transactions to the other nodes of the consensus plane, by a channel of their own.
//!
//! The node that took a transaction from a client sends it to all its peers, and again every few seconds for as long
//! as it waits; nobody else passes it on. What arrives is checked like a client's submission. Messages are batches of
//! at most [`MAX_BATCH`] bytes; a peer that sends nonsense is ignored, one that sends too much is slowed by the
//! channel's quota.

use std::sync::Arc;
use std::time::Duration;

use commonware_codec::{Decode as _, Encode as _};
use commonware_p2p::{Receiver, Recipients, Sender};
use credo_primitives::tx::MAX_TX_SIZE;
use credo_primitives::{CheckedTransaction, ConsensusKey};
use tokio::sync::mpsc;

use super::Pool;

/// Largest batch in bytes of transactions.
pub const MAX_BATCH: usize = 256 * 1024;
/// Most transactions in a batch.
const MAX_COUNT: usize = 1_024;
/// Most transactions that are sent again at a time.
const MAX_REPEAT: usize = 512;
/// How long a waiting transaction rests before it is sent again.
const REPEAT: Duration = Duration::from_secs(2);
/// How long new transactions gather into a batch.
const GATHER: Duration = Duration::from_millis(2);

/// Takes a peer's transaction into the pool, after all checks.
pub trait Intake: Send + Sync + 'static {
    /// Checks and takes the Full bytes of a transaction.
    fn take(&self, bytes: Vec<u8>) -> impl Future<Output = ()> + Send;
}

fn batches(transactions: &[Arc<CheckedTransaction>]) -> Vec<Vec<Vec<u8>>> {
    let mut batches: Vec<Vec<Vec<u8>>> = Vec::new();
    let mut size = usize::MAX;
    for tx in transactions {
        let bytes = tx.bytes();
        if size.saturating_add(bytes.len()) > MAX_BATCH
            || batches.last().is_some_and(|b| b.len() >= MAX_COUNT)
        {
            batches.push(Vec::new());
            size = 0;
        }
        size += bytes.len();
        if let Some(batch) = batches.last_mut() {
            batch.push(bytes.to_vec());
        }
    }
    batches
}

/// Sends what arrives on `new`, and repeats what still waits in the pool.
pub async fn send<S>(mut sender: S, mut new: mpsc::Receiver<Arc<CheckedTransaction>>, pool: Pool)
where
    S: Sender<PublicKey = ConsensusKey>,
{
    let mut repeat = tokio::time::interval(REPEAT);
    repeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut fresh = Vec::new();
    loop {
        tokio::select! {
            count = new.recv_many(&mut fresh, MAX_COUNT) => {
                if count == 0 {
                    return;
                }
                if count > 1 {
                    // Under load a short rest makes fewer, larger messages.
                    tokio::time::sleep(GATHER).await;
                    while fresh.len() < MAX_COUNT && let Ok(tx) = new.try_recv() {
                        fresh.push(tx);
                    }
                }
            }
            _ = repeat.tick() => fresh = pool.own(MAX_REPEAT),
        }
        for batch in batches(&fresh) {
            sender.send(Recipients::All, batch.encode(), false);
        }
        fresh.clear();
    }
}

/// Hands what peers send to `intake`.
pub async fn receive<R, I>(mut receiver: R, intake: I)
where
    R: Receiver<PublicKey = ConsensusKey>,
    I: Intake,
{
    let bounds = ((..=MAX_COUNT).into(), ((..=MAX_TX_SIZE).into(), ()));
    while let Ok((peer, message)) = receiver.recv().await {
        if message.len() > MAX_BATCH + MAX_COUNT * 5 + MAX_TX_SIZE {
            continue;
        }
        match Vec::<Vec<u8>>::decode_cfg(message, &bounds) {
            Ok(batch) => {
                for bytes in batch {
                    intake.take(bytes).await;
                }
            }
            Err(error) => tracing::debug!(?peer, %error, "a batch of transactions is malformed"),
        }
    }
}
