//! Passes transactions to the other nodes of the consensus plane, by a channel of their own.
//!
//! The node that took a transaction from a client sends it to all its peers, and again every few seconds for as long
//! as it waits; nobody else passes it on. What arrives is checked like a client's submission, on the public plane's
//! threads. Messages are batches of at most [`MAX_BATCH`] bytes; a peer that sends nonsense is ignored, one that sends too
//! much is slowed by the channel's quota. What is computed for a peer is charged to it ([`peers`]): one that has used its
//! share waits, [`MAX_BATCHES`] of its messages with it, further ones are dropped; others' aren't touched.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use commonware_codec::{Decode as _, Encode as _};
use commonware_p2p::{Receiver, Recipients, Sender};
use commonware_runtime::IoBuf;
use credo_primitives::tx::MAX_TX_SIZE;
use credo_primitives::{CheckedTransaction, ConsensusKey};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Pool;
use crate::budget::{Budget, Meter, Share};

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
/// Most of a peer's messages that wait to be looked at.
const MAX_BATCHES: usize = 8;
/// A peer that sends nothing for this long is forgotten.
const IDLE: Duration = Duration::from_secs(30);

/// Takes a peer's transaction into the pool, after all checks.
pub trait Intake: Send + Sync + 'static {
    /// Checks and takes the Full bytes of a transaction.
    fn take(&self, bytes: &[u8]);
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

/// Computing time for what peers send: of each peer, and of all together.
pub fn peers() -> Arc<Budget<ConsensusKey>> {
    Arc::new(Budget::new(Share::ms(100, 250), Share::ms(500, 500)))
}

/// Hands what peers send to `intake`, each peer's in a task of its own: one that sends much waits for its own budget
/// alone. Must be called within a tokio runtime; ends with the channel, or when it is dropped.
pub async fn receive<R, I>(mut receiver: R, intake: I, budget: Arc<Budget<ConsensusKey>>)
where
    R: Receiver<PublicKey = ConsensusKey>,
    I: Intake + Clone,
{
    let mut queues: HashMap<ConsensusKey, mpsc::Sender<IoBuf>> = HashMap::new();
    let mut tasks = JoinSet::new();
    while let Ok((peer, message)) = receiver.recv().await {
        if message.len() > MAX_BATCH + MAX_COUNT * 5 + MAX_TX_SIZE {
            continue;
        }
        while tasks.try_join_next().is_some() {}
        let queue = match queues.get(&peer) {
            Some(queue) if !queue.is_closed() => queue,
            _ => {
                // As many as there are peers that sent something lately.
                queues.retain(|_, queue| !queue.is_closed());
                let (queue, batches) = mpsc::channel(MAX_BATCHES);
                tasks.spawn(work(batches, budget.meter(peer.clone()), intake.clone()));
                queues.entry(peer.clone()).or_insert(queue)
            }
        };
        if queue.try_send(message).is_err() {
            // The peer repeats what still waits with it.
            tracing::debug!(?peer, "a batch of transactions finds no room");
        }
    }
}

/// Works through one peer's batches until none comes for a while.
async fn work<I: Intake>(mut batches: mpsc::Receiver<IoBuf>, meter: Meter<ConsensusKey>, intake: I) {
    let bounds = ((..=MAX_COUNT).into(), ((..=MAX_TX_SIZE).into(), ()));
    while let Ok(Some(message)) = tokio::time::timeout(IDLE, batches.recv()).await {
        let decoded = meter.measure(|| Vec::<Vec<u8>>::decode_cfg(message, &bounds));
        match decoded {
            Ok(batch) => {
                for bytes in &batch {
                    meter.paid(async { intake.take(bytes) }).await;
                    // Others wait for this thread, too.
                    tokio::task::yield_now().await;
                }
            }
            Err(error) => tracing::debug!(%error, "a batch of transactions is malformed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};
    use std::time::{Duration, Instant};

    use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
    use futures::StreamExt as _;
    use futures::channel::mpsc as channel;

    use super::*;
    use crate::budget::Clocks;

    #[derive(Debug)]
    struct Peers(channel::UnboundedReceiver<(ConsensusKey, IoBuf)>);

    impl Receiver for Peers {
        type Error = Closed;
        type PublicKey = ConsensusKey;

        async fn recv(&mut self) -> Result<(ConsensusKey, IoBuf), Closed> {
            self.0.next().await.ok_or(Closed)
        }

        fn capacity(&self) -> std::num::NonZeroUsize {
            std::num::NonZeroUsize::MAX
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("closed")]
    struct Closed;

    #[derive(Clone, Default)]
    struct Taken(Arc<Mutex<Vec<Vec<u8>>>>);

    impl Taken {
        fn all(&self) -> Vec<Vec<u8>> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
        }
    }

    impl Intake for Taken {
        fn take(&self, bytes: &[u8]) {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(bytes.to_vec());
        }
    }

    fn batch(bytes: &[u8]) -> IoBuf {
        IoBuf::from(vec![bytes.to_vec()].encode())
    }

    #[tokio::test]
    async fn a_peer_in_debt_waits_and_delays_nobody() {
        static NOW: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        // Time stands still: what is owed stays owed.
        let clocks = Clocks {
            now: || *NOW,
            computed: || Duration::ZERO,
        };
        let share = Share::ms(100, 250);
        let budget = Arc::new(Budget::with_clocks(share, Share::ms(500, 10_000), clocks));
        let [greedy, modest] = [1, 2].map(|seed| PrivateKey::from_seed(seed).public_key());
        budget.charge(&greedy, Duration::from_millis(251));
        let taken = Taken::default();
        let (sender, receiver) = channel::unbounded();
        let receiving = tokio::spawn(receive(Peers(receiver), taken.clone(), budget));
        for _ in 0..MAX_BATCHES * 4 {
            let sent = sender.unbounded_send((greedy.clone(), batch(b"greedy")));
            sent.expect("it listens");
        }
        // What is no batch is skipped.
        for message in [IoBuf::from(b"\xff\xff".to_vec()), batch(b"one"), batch(b"two")] {
            sender
                .unbounded_send((modest.clone(), message))
                .expect("it listens");
        }
        while taken.all().len() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(taken.all(), [b"one".to_vec(), b"two".to_vec()]);
        receiving.abort();
    }
}
