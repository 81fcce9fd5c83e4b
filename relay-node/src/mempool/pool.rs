//! The pool itself: what it takes, in which order it hands out.
//!
//! What nodes say with their consensus keys (P-5, P-14) goes before everything else and has room of its own: a flood of
//! other transactions must not cost a node its candidacy.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use credo_primitives::{CheckedTransaction, Digest, TxError};
use credo_runtime::Admitted;

/// Most transactions in the pool.
pub const MAX_POOL: usize = 10_000;
/// Most transactions of one publisher in the pool.
pub const MAX_PER_SENDER: usize = 200;
/// Beyond this, only simple transfers are taken (IOST's rule).
const MAX_COMPLEX: usize = 1_000;
/// Most transactions that are free of gas, beside [`MAX_POOL`]: two of each of the most nodes on a large network.
const MAX_EXEMPT: usize = 4_096;
/// Most of these of one publisher.
const MAX_EXEMPT_PER_SENDER: usize = 4;
/// Longest data of a simple transfer.
const SIMPLE_DATA: usize = 70;

/// Why the pool refused a transaction. The texts are IOST's where IOST has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// It is there already.
    #[error("tx exists in pending")]
    Known,
    /// No room.
    #[error("txpool is full")]
    Full,
    /// No room for this publisher.
    #[error("txpool is full for {publisher}: {limit} of its transactions are waiting")]
    Sender {
        /// The publisher.
        publisher: String,
        /// How many may wait.
        limit: usize,
    },
    /// Its times don't fit the clock.
    #[error(transparent)]
    Time(#[from] TxError),
}

/// Nodes' own first, then IOST's order: simple transfers first, then the shorter data, the higher gas ratio, the earlier time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    ordinary: bool,
    complex: bool,
    data: usize,
    gas_ratio: Reverse<i64>,
    time: i64,
    hash: Digest,
}

impl Rank {
    fn of(tx: &CheckedTransaction, admitted: Admitted) -> Self {
        let actions = &tx.tx().actions;
        let data = actions.iter().map(|a| a.data.len()).sum();
        let simple = matches!(&actions[..], [a] if a.contract == "token.iost" && a.data.len() <= SIMPLE_DATA);
        Self {
            ordinary: admitted == Admitted::Ordinary,
            complex: !simple,
            data,
            gas_ratio: Reverse(tx.tx().gas_ratio),
            time: tx.tx().time,
            hash: *tx.hash(),
        }
    }
}

struct Entry {
    transaction: Arc<CheckedTransaction>,
    own: bool,
    admitted: Admitted,
}

#[derive(Default)]
struct Inner {
    by_hash: HashMap<Digest, Entry>,
    order: BTreeSet<Rank>,
    deaths: BTreeSet<(i64, Digest)>,
    senders: BTreeMap<String, usize>,
    simple: usize,
    /// Transactions free of gas, by publisher.
    exempt: BTreeMap<String, usize>,
    exempt_count: usize,
}

/// The pool; cheap to clone.
#[derive(Clone, Default)]
pub struct Pool(Arc<Mutex<Inner>>);

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pool").field(&self.len()).finish()
    }
}

impl Pool {
    /// An empty pool.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says beforehand whether a transaction with this hash would be a repetition.
    pub fn contains(&self, hash: &Digest) -> bool {
        self.inner().by_hash.contains_key(hash)
    }

    /// Takes a transaction that was `admitted`. `now` is the clock in ns; `own` marks what a client of this node, or the
    /// node itself, submitted.
    pub fn insert(
        &self,
        transaction: Arc<CheckedTransaction>,
        now: i64,
        own: bool,
        admitted: Admitted,
    ) -> Result<(), PoolError> {
        transaction.tx().check_time(now)?;
        let mut inner = self.inner();
        let hash = *transaction.hash();
        if inner.by_hash.contains_key(&hash) {
            return Err(PoolError::Known);
        }
        let rank = Rank::of(&transaction, admitted);
        if !inner.has_room(&rank) {
            return Err(PoolError::Full);
        }
        let publisher = transaction.tx().publisher.clone();
        let (senders, limit) = inner.senders_of(admitted);
        let waiting = senders.get(&publisher).copied().unwrap_or(0);
        if waiting >= limit {
            return Err(PoolError::Sender { publisher, limit });
        }
        senders.insert(publisher, waiting + 1);
        inner.count(&rank, 1);
        inner.order.insert(rank);
        inner.deaths.insert((transaction.tx().dead_at(), hash));
        let entry = Entry {
            transaction,
            own,
            admitted,
        };
        inner.by_hash.insert(hash, entry);
        Ok(())
    }

    /// A transaction that waits here, with its signatures checked.
    pub fn get(&self, hash: &Digest) -> Option<Arc<CheckedTransaction>> {
        self.inner().by_hash.get(hash).map(|e| Arc::clone(&e.transaction))
    }

    /// The first `max` transactions in IOST's order.
    pub fn first(&self, max: usize) -> Vec<Arc<CheckedTransaction>> {
        let inner = self.inner();
        inner
            .order
            .iter()
            .take(max)
            .filter_map(|rank| inner.by_hash.get(&rank.hash))
            .map(|e| Arc::clone(&e.transaction))
            .collect()
    }

    /// What this node's clients submitted and still waits, at most `max`.
    pub fn own(&self, max: usize) -> Vec<Arc<CheckedTransaction>> {
        let inner = self.inner();
        inner
            .by_hash
            .values()
            .filter(|e| e.own)
            .take(max)
            .map(|e| Arc::clone(&e.transaction))
            .collect()
    }

    /// Removes transactions that were executed or can't be.
    pub fn remove<'a>(&self, hashes: impl IntoIterator<Item = &'a Digest>) {
        let mut inner = self.inner();
        for hash in hashes {
            inner.remove(hash);
        }
    }

    /// Removes what no block will include any more at `now` (ns).
    pub fn expire(&self, now: i64) {
        let mut inner = self.inner();
        while let Some((dead_at, hash)) = inner.deaths.first().copied()
            && dead_at <= now
        {
            inner.remove(&hash);
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.inner().by_hash.len()
    }

    /// True when none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn has_room(&self, rank: &Rank) -> bool {
        if !rank.ordinary {
            return self.exempt_count < MAX_EXEMPT;
        }
        let ordinary = self.by_hash.len() - self.exempt_count;
        let complex = ordinary - self.simple;
        ordinary < MAX_POOL && (!rank.complex || complex < MAX_COMPLEX)
    }

    /// Publishers with the number of their transactions, and how many that may be.
    fn senders_of(&mut self, admitted: Admitted) -> (&mut BTreeMap<String, usize>, usize) {
        match admitted {
            Admitted::Ordinary => (&mut self.senders, MAX_PER_SENDER),
            Admitted::Exempt => (&mut self.exempt, MAX_EXEMPT_PER_SENDER),
        }
    }

    fn count(&mut self, rank: &Rank, change: isize) {
        let counter = match (rank.ordinary, rank.complex) {
            (false, _) => &mut self.exempt_count,
            (true, false) => &mut self.simple,
            (true, true) => return,
        };
        *counter = counter.saturating_add_signed(change);
    }

    fn remove(&mut self, hash: &Digest) {
        let Some(entry) = self.by_hash.remove(hash) else {
            return;
        };
        let tx = entry.transaction.tx();
        let rank = Rank::of(&entry.transaction, entry.admitted);
        self.count(&rank, -1);
        self.order.remove(&rank);
        self.deaths.remove(&(tx.dead_at(), *hash));
        let (senders, _) = self.senders_of(entry.admitted);
        if let Some(count) = senders.get_mut(&tx.publisher) {
            *count -= 1;
            if *count == 0 {
                senders.remove(&tx.publisher);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use credo_primitives::{Action, Algorithm, SecretKey, Transaction};

    const NOW: i64 = 1_700_000_000_000_000_000;

    fn transaction(
        publisher: &str,
        contract: &str,
        data: &str,
        ratio: i64,
        time: i64,
    ) -> Arc<CheckedTransaction> {
        let mut tx = Transaction {
            time,
            expiration: time + 60_000_000_000,
            gas_ratio: ratio,
            gas_limit: 1_000_000,
            delay: 0,
            chain_id: 1024,
            signers: vec![],
            actions: vec![Action {
                contract: contract.into(),
                name: "transfer".into(),
                data: data.into(),
            }],
            amount_limit: vec![],
            signs: vec![],
            referred_tx: vec![],
            publisher: String::new(),
            publisher_signs: vec![],
        };
        let key = SecretKey::from_seed(Algorithm::Ed25519, &[7; 32]).expect("a seed");
        tx.sign_as_publisher(publisher, &key);
        Arc::new(tx.check(1024).expect("valid"))
    }

    #[test]
    fn transfers_go_first_then_short_data_then_the_higher_ratio_then_the_earlier() {
        let pool = Pool::new();
        let vote = transaction("alice", "vote_producer.iost", "[]", 10_000, NOW - 5);
        let long = transaction("alice", "token.iost", &"x".repeat(60), 10_000, NOW - 5);
        let late = transaction("alice", "token.iost", "[]", 100, NOW - 1);
        let early = transaction("alice", "token.iost", "[]", 100, NOW - 9);
        let generous = transaction("alice", "token.iost", "[]", 200, NOW);
        for tx in [&vote, &long, &late, &early, &generous] {
            pool.insert(Arc::clone(tx), NOW, false, Admitted::Ordinary)
                .expect("taken");
        }
        let order: Vec<Digest> = pool.first(10).iter().map(|t| *t.hash()).collect();
        let expected = [&generous, &early, &late, &long, &vote].map(|t| *t.hash());
        assert_eq!(order, expected);
        assert_eq!(pool.first(2).len(), 2);
    }

    #[test]
    fn the_pool_refuses_repetition_expiry_and_excess() {
        let pool = Pool::new();
        let tx = transaction("alice", "token.iost", "[]", 100, NOW);
        pool.insert(Arc::clone(&tx), NOW, true, Admitted::Ordinary)
            .expect("taken");
        assert_eq!(
            pool.insert(Arc::clone(&tx), NOW, true, Admitted::Ordinary),
            Err(PoolError::Known)
        );
        let old = transaction("alice", "token.iost", "[]", 100, NOW - 95_000_000_000);
        assert!(matches!(
            pool.insert(old, NOW, true, Admitted::Ordinary),
            Err(PoolError::Time(_))
        ));
        let ahead = transaction("alice", "token.iost", "[]", 100, NOW + 31_000_000_000);
        assert!(matches!(
            pool.insert(ahead, NOW, true, Admitted::Ordinary),
            Err(PoolError::Time(_))
        ));
        for i in 1..MAX_PER_SENDER as i64 {
            let tx = transaction("alice", "token.iost", "[]", 100, NOW - i);
            pool.insert(tx, NOW, false, Admitted::Ordinary).expect("taken");
        }
        let more = transaction("alice", "token.iost", "[]", 100, NOW - 5_000);
        assert!(matches!(
            pool.insert(more, NOW, false, Admitted::Ordinary),
            Err(PoolError::Sender { .. })
        ));
        assert_eq!(pool.own(10).len(), 1);
        pool.remove([tx.hash()]);
        assert!(pool.own(10).is_empty());
        assert_eq!(pool.len(), MAX_PER_SENDER - 1);
        pool.expire(NOW + 120_000_000_000);
        assert!(pool.is_empty());
        assert!(pool.inner().senders.is_empty() && pool.inner().order.is_empty());
        assert_eq!(pool.inner().simple, 0);
    }

    #[test]
    fn what_nodes_say_themselves_goes_first_and_has_room_of_its_own() {
        let pool = Pool::new();
        let transfer = transaction("alice", "token.iost", "[]", 10_000, NOW - 9);
        pool.insert(Arc::clone(&transfer), NOW, false, Admitted::Ordinary)
            .expect("taken");
        for i in 0..MAX_COMPLEX as i64 {
            let publisher = format!("user{}", i / 100);
            let tx = transaction(&publisher, "vote_producer.iost", "[]", 100, NOW - i);
            pool.insert(tx, NOW, false, Admitted::Ordinary).expect("taken");
        }
        let more = transaction("carol", "vote_producer.iost", "[]", 100, NOW - 1);
        assert_eq!(
            pool.insert(more, NOW, false, Admitted::Ordinary),
            Err(PoolError::Full)
        );
        let proofs: Vec<_> = (0..=MAX_EXEMPT_PER_SENDER as i64)
            .map(|i| transaction("node1", "vote_producer.iost", &"x".repeat(5_000), 100, NOW - i))
            .collect();
        let (last, first) = proofs.split_last().expect("some");
        for tx in first {
            pool.insert(Arc::clone(tx), NOW, true, Admitted::Exempt)
                .expect("taken");
        }
        let full = pool.insert(Arc::clone(last), NOW, true, Admitted::Exempt);
        let limit = MAX_EXEMPT_PER_SENDER;
        assert!(matches!(full, Err(PoolError::Sender { limit: l, .. }) if l == limit));
        // The publisher's ordinary transactions are counted by themselves.
        let ordinary = transaction("node1", "token.iost", "[]", 100, NOW);
        pool.insert(Arc::clone(&ordinary), NOW, false, Admitted::Ordinary)
            .expect("taken");
        let order = pool.first(limit + 2);
        assert!(
            order[..limit]
                .iter()
                .all(|tx| tx.tx().actions[0].data.len() == 5_000)
        );
        assert_eq!(order[limit].hash(), transfer.hash());
        assert_eq!(order[limit + 1].hash(), ordinary.hash());
        let all: Vec<Digest> = pool.first(usize::MAX).iter().map(|tx| *tx.hash()).collect();
        pool.remove(&all);
        let inner = pool.inner();
        assert_eq!((inner.exempt_count, inner.simple, inner.by_hash.len()), (0, 0, 0));
        assert!(inner.exempt.is_empty() && inner.senders.is_empty() && inner.order.is_empty());
    }
}
