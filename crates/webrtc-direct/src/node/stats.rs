//! Counters, for operators and tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What a transport holds and has done, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Sessions that exist, dialled or incoming.
    pub sessions: usize,
    /// Of these, whose peer isn't authenticated yet.
    pub half_open: usize,
    /// Tasks that run: one per session and one per listener's socket.
    pub tasks: usize,
    /// Entries in the listeners' tables of ICE names.
    pub names: usize,
    /// Entries in the listeners' tables of addresses.
    pub addresses: usize,
    /// Channels that exist.
    pub channels: usize,
    /// Sessions that were authenticated so far.
    pub established: u64,
    /// Sessions that failed before.
    pub failed: u64,
    /// First contacts refused because a limit was reached.
    pub refused: u64,
    /// Datagrams that belong to no session, or are malformed.
    pub strays: u64,
    /// Datagrams dropped because their session didn't keep up.
    pub overrun: u64,
    /// Streams broken because the peer broke the framing or a limit.
    pub broken_streams: u64,
    /// Bytes received in datagrams.
    pub bytes_in: u64,
    /// Bytes sent in datagrams.
    pub bytes_out: u64,
}

/// The counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) sessions: AtomicUsize,
    pub(crate) half_open: AtomicUsize,
    pub(crate) tasks: AtomicUsize,
    pub(crate) names: AtomicUsize,
    pub(crate) addresses: AtomicUsize,
    pub(crate) channels: AtomicUsize,
    pub(crate) established: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) strays: AtomicU64,
    pub(crate) overrun: AtomicU64,
    pub(crate) broken_streams: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
}

/// Reads a transport's [`Stats`] at any time, from anywhere.
#[derive(Clone, Debug, Default)]
pub struct StatsHandle {
    pub(crate) counters: Arc<Counters>,
}

impl StatsHandle {
    /// What there is at the moment.
    pub fn snapshot(&self) -> Stats {
        let c = &self.counters;
        let size = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        let sum = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            sessions: size(&c.sessions),
            half_open: size(&c.half_open),
            tasks: size(&c.tasks),
            names: size(&c.names),
            addresses: size(&c.addresses),
            channels: size(&c.channels),
            established: sum(&c.established),
            failed: sum(&c.failed),
            refused: sum(&c.refused),
            strays: sum(&c.strays),
            overrun: sum(&c.overrun),
            broken_streams: sum(&c.broken_streams),
            bytes_in: sum(&c.bytes_in),
            bytes_out: sum(&c.bytes_out),
        }
    }
}

/// Counts one thing while it exists.
#[derive(Debug)]
pub(crate) struct Gauge {
    counters: Arc<Counters>,
    which: fn(&Counters) -> &AtomicUsize,
}

impl Gauge {
    pub(crate) fn new(counters: &Arc<Counters>, which: fn(&Counters) -> &AtomicUsize) -> Self {
        which(counters).fetch_add(1, Ordering::Relaxed);
        Self {
            counters: Arc::clone(counters),
            which,
        }
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        (self.which)(&self.counters).fetch_sub(1, Ordering::Relaxed);
    }
}

pub(crate) fn count(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}
