//! The pool itself: what it takes, in which order it hands out.
//!
//! - **Order.** What nodes say with their consensus keys (P-5, P-14) goes before everything else and has room of its own:
//!   a flood of other transactions must not cost a node its candidacy. Then the higher gas ratio, then whoever has
//!   waited longer here.
//! - **Ahead.** A transaction whose time is still to come can stand in no block yet. It waits aside, where only a few
//!   have room, and takes its place in the order when its time has come, as if it had arrived then.
//! - **Gas.** What waits of one publisher may use no more gas together than the publisher has ([`Means`]): whoever fills
//!   the pool must be able to pay for it. As blocks become final this is looked at again ([`Pool::settle`]).
//! - **Full.** Then a newcomer takes the place of the last in order if it offers a higher gas ratio, and is refused
//!   otherwise. Nothing else that waits leaves before it is executed, expires or becomes impossible.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use credo_primitives::{CheckedTransaction, Digest, Transaction, TxError};
use credo_runtime::{Means, Refusal};

#[cfg(test)]
mod tests;

/// Most transactions in the pool, but for those free of gas and those ahead of their time.
pub const MAX_POOL: usize = 10_000;
/// Most transactions of one publisher in the pool.
pub const MAX_PER_SENDER: usize = 200;
/// Beyond this, only simple transfers are taken (IOST's rule).
const MAX_COMPLEX: usize = 1_000;
/// Most transactions whose time is still to come.
pub const MAX_AHEAD: usize = 1_000;
/// Most of these of one publisher.
pub const MAX_AHEAD_PER_SENDER: usize = 16;
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
    /// No room for this publisher's transactions whose time is still to come.
    #[error("txpool is full for {publisher}: {limit} of its transactions are waiting for their time")]
    Ahead {
        /// The publisher.
        publisher: String,
        /// How many may wait.
        limit: usize,
    },
    /// The publisher's gas is spoken for by what waits of it already.
    #[error(transparent)]
    Gas(Refusal),
    /// Its times don't fit the clock.
    #[error(transparent)]
    Time(#[from] TxError),
    /// It would hardly be looked at before it expires.
    #[error("TimeError: the transaction has {left_ms} ms left to live, at least {least_ms} ms are needed")]
    Life {
        /// What is left, ms.
        left_ms: u64,
        /// What it needs, ms.
        least_ms: u64,
    },
}

/// A place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    ordinary: bool,
    gas_ratio: Reverse<i64>,
    /// When it took its place, counted in transactions.
    place: u64,
}

/// What the pool keeps of a transaction.
struct Entry {
    transaction: Arc<CheckedTransaction>,
    own: bool,
    /// `None` is free of gas.
    means: Option<Means>,
    /// When it came, counted in transactions.
    number: u64,
    /// `None` while its time is still to come.
    rank: Option<Rank>,
}

/// What waits of one publisher.
#[derive(Default)]
struct Sender {
    /// Those that cost gas, by number.
    waiting: BTreeMap<u64, Digest>,
    ahead: usize,
    exempt: usize,
    /// Gas that they may use together, but for the one that brings its own.
    gas: u64,
    brings: bool,
}

impl Sender {
    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.exempt == 0
    }
}

#[derive(Default)]
struct Inner {
    by_hash: HashMap<Digest, Entry>,
    order: BTreeMap<Rank, Digest>,
    /// Those in the order that are no simple transfers.
    complex: BTreeMap<Rank, Digest>,
    /// By their time, ns.
    ahead: BTreeSet<(i64, Digest)>,
    deaths: BTreeSet<(i64, Digest)>,
    /// By what was signed and who publishes it: anyone can give a transaction another hash by one signature more.
    signed: BTreeMap<(Digest, String), Digest>,
    senders: BTreeMap<String, Sender>,
    exempt: usize,
    numbers: u64,
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

    /// Says beforehand whether there is room for a transaction with these means (`None`: free of gas); `now` is the clock
    /// in ns.
    pub fn check_room(&self, tx: &Transaction, now: i64, means: Option<Means>) -> Result<(), PoolError> {
        tx.check_time(now)?;
        let mut inner = self.inner();
        inner.promote(now);
        inner.room(tx, now, means).map(drop)
    }

    /// Takes a transaction that was admitted with these means (`None`: free of gas). `now` is the clock in ns; `own` marks
    /// what a client of this node, or the node itself, submitted.
    pub fn insert(
        &self,
        transaction: Arc<CheckedTransaction>,
        now: i64,
        own: bool,
        means: Option<Means>,
    ) -> Result<(), PoolError> {
        transaction.tx().check_time(now)?;
        let mut inner = self.inner();
        if inner.has(&transaction) {
            return Err(PoolError::Known);
        }
        inner.promote(now);
        if let Some(last) = inner.room(transaction.tx(), now, means)? {
            inner.remove(&last);
        }
        inner.add(transaction, now, own, means);
        Ok(())
    }

    /// A transaction that waits here, with its signatures checked.
    pub fn get(&self, hash: &Digest) -> Option<Arc<CheckedTransaction>> {
        self.inner().by_hash.get(hash).map(|e| Arc::clone(&e.transaction))
    }

    /// Everything that may stand in a block of this time (ns), in order.
    pub fn due(&self, time: i64) -> Vec<Arc<CheckedTransaction>> {
        let mut inner = self.inner();
        inner.promote(time);
        let entries = inner.order.values().filter_map(|hash| inner.by_hash.get(hash));
        entries.map(|e| Arc::clone(&e.transaction)).collect()
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
        inner.promote(now);
        while let Some((dead_at, hash)) = inner.deaths.first().copied()
            && dead_at <= now
        {
            inner.remove(&hash);
        }
    }

    /// True when something that costs gas waits of this publisher.
    pub fn has_waiting(&self, publisher: &str) -> bool {
        let inner = self.inner();
        inner
            .senders
            .get(publisher)
            .is_some_and(|s| !s.waiting.is_empty())
    }

    /// A publisher has this much gas now: of what waits, the last to come leaves until the rest can be paid for. Gives
    /// back how many left.
    pub fn settle(&self, publisher: &str, has: u64) -> usize {
        let mut inner = self.inner();
        let mut gone = Vec::new();
        if let Some(sender) = inner.senders.get(publisher) {
            let mut gas = sender.gas;
            for hash in sender.waiting.values().rev() {
                if gas <= has {
                    break;
                }
                let entry = inner.by_hash.get(hash);
                let limit = entry.map_or(0, |e| reserves(e.transaction.tx(), e.means));
                if limit > 0 {
                    gas = gas.saturating_sub(limit);
                    gone.push(*hash);
                }
            }
        }
        for hash in &gone {
            inner.remove(hash);
        }
        gone.len()
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

fn is_simple(tx: &Transaction) -> bool {
    matches!(&tx.actions[..], [a] if a.contract == "token.iost" && a.data.len() <= SIMPLE_DATA)
}

/// What no stranger's signature changes.
fn signed(tx: &Transaction) -> (Digest, String) {
    (tx.base_hash(), tx.publisher.clone())
}

/// The gas that is kept for a transaction.
fn reserves(tx: &Transaction, means: Option<Means>) -> u64 {
    match means {
        Some(Means::Has(_)) => u64::try_from(tx.gas_limit).unwrap_or(u64::MAX),
        Some(Means::Brings) | None => 0,
    }
}

impl Inner {
    /// Whether there is room, and which transaction must leave for it.
    fn room(&self, tx: &Transaction, now: i64, means: Option<Means>) -> Result<Option<Digest>, PoolError> {
        let nothing = Sender::default();
        let publisher = || tx.publisher.clone();
        let sender = self.senders.get(&tx.publisher).unwrap_or(&nothing);
        let Some(means) = means else {
            if sender.exempt >= MAX_EXEMPT_PER_SENDER {
                return Err(PoolError::Sender {
                    publisher: publisher(),
                    limit: MAX_EXEMPT_PER_SENDER,
                });
            }
            return if self.exempt < MAX_EXEMPT {
                Ok(None)
            } else {
                Err(PoolError::Full)
            };
        };
        if sender.waiting.len() >= MAX_PER_SENDER {
            return Err(PoolError::Sender {
                publisher: publisher(),
                limit: MAX_PER_SENDER,
            });
        }
        let (has, needs) = match means {
            Means::Has(has) => (has, sender.gas.saturating_add(reserves(tx, Some(means)))),
            // Only one of them could be paid for.
            Means::Brings if sender.brings => (0, reserves(tx, Some(Means::Has(0)))),
            Means::Brings => (0, 0),
        };
        if needs > has {
            return Err(PoolError::Gas(Refusal::GasNotEnough {
                publisher: publisher(),
                has,
                needs,
            }));
        }
        let ordinary = self.order.len() - self.exempt;
        let complex = !is_simple(tx);
        let full = ordinary >= MAX_POOL || (complex && self.complex.len() >= MAX_COMPLEX);
        if tx.time > now {
            if sender.ahead >= MAX_AHEAD_PER_SENDER {
                return Err(PoolError::Ahead {
                    publisher: publisher(),
                    limit: MAX_AHEAD_PER_SENDER,
                });
            }
            // It takes a place in the order later, whether there is one left or not: so at most so many too many.
            return if full || self.ahead.len() >= MAX_AHEAD {
                Err(PoolError::Full)
            } else {
                Ok(None)
            };
        }
        if !full {
            return Ok(None);
        }
        let among = if complex && self.complex.len() >= MAX_COMPLEX {
            &self.complex
        } else {
            &self.order
        };
        match among.last_key_value() {
            Some((last, hash)) if last.ordinary && last.gas_ratio.0 < tx.gas_ratio => Ok(Some(*hash)),
            _ => Err(PoolError::Full),
        }
    }

    /// Whether it waits here, by this or another hash.
    fn has(&self, transaction: &CheckedTransaction) -> bool {
        self.by_hash.contains_key(transaction.hash()) || self.signed.contains_key(&signed(transaction.tx()))
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn add(&mut self, transaction: Arc<CheckedTransaction>, now: i64, own: bool, means: Option<Means>) {
        let (hash, number) = (*transaction.hash(), self.number());
        let tx = transaction.tx();
        let sender = self.senders.entry(tx.publisher.clone()).or_default();
        match means {
            Some(means) => {
                sender.waiting.insert(number, hash);
                sender.gas = sender.gas.saturating_add(reserves(tx, Some(means)));
                sender.brings |= means == Means::Brings;
            }
            None => {
                sender.exempt += 1;
                self.exempt += 1;
            }
        }
        self.deaths.insert((tx.dead_at(), hash));
        self.signed.insert(signed(tx), hash);
        let time = tx.time;
        let waits = time > now && means.is_some();
        if waits {
            sender.ahead += 1;
            self.ahead.insert((time, hash));
        }
        let entry = Entry {
            transaction,
            own,
            means,
            number,
            rank: None,
        };
        self.by_hash.insert(hash, entry);
        if !waits {
            self.place(&hash);
        }
    }

    /// Gives a transaction its place in the order.
    fn place(&mut self, hash: &Digest) {
        let place = self.number();
        let Some(entry) = self.by_hash.get_mut(hash) else {
            return;
        };
        let tx = entry.transaction.tx();
        let rank = Rank {
            ordinary: entry.means.is_some(),
            gas_ratio: Reverse(tx.gas_ratio),
            place,
        };
        entry.rank = Some(rank);
        self.order.insert(rank, *hash);
        if rank.ordinary && !is_simple(tx) {
            self.complex.insert(rank, *hash);
        }
    }

    /// Moves in what waited for its time.
    fn promote(&mut self, now: i64) {
        while let Some((time, hash)) = self.ahead.first().copied()
            && time <= now
        {
            self.ahead.remove(&(time, hash));
            if let Some(entry) = self.by_hash.get(&hash)
                && let Some(sender) = self.senders.get_mut(&entry.transaction.tx().publisher)
            {
                sender.ahead -= 1;
            }
            self.place(&hash);
        }
    }

    fn remove(&mut self, hash: &Digest) {
        let Some(entry) = self.by_hash.remove(hash) else {
            return;
        };
        let tx = entry.transaction.tx();
        self.deaths.remove(&(tx.dead_at(), *hash));
        self.signed.remove(&signed(tx));
        if let Some(rank) = entry.rank {
            self.order.remove(&rank);
            self.complex.remove(&rank);
        }
        let was_ahead = self.ahead.remove(&(tx.time, *hash));
        if entry.means.is_none() {
            self.exempt -= 1;
        }
        let Some(sender) = self.senders.get_mut(&tx.publisher) else {
            return;
        };
        sender.ahead -= usize::from(was_ahead);
        match entry.means {
            Some(means) => {
                sender.waiting.remove(&entry.number);
                sender.gas = sender.gas.saturating_sub(reserves(tx, Some(means)));
                sender.brings &= means != Means::Brings;
            }
            None => sender.exempt -= 1,
        }
        if sender.is_empty() {
            self.senders.remove(&tx.publisher);
        }
    }
}
