//! The engine's numbers: time-outs scaled from the slot, bounds of queues and caches.

use std::num::{NonZeroU16, NonZeroU64, NonZeroUsize};
use std::time::Duration;

use commonware_consensus::types::ViewDelta;
use commonware_runtime::Quota;
use commonware_runtime::buffer::paged::page_size;
use commonware_utils::{NZU32, NZU64, NZUsize};
use credo_primitives::Parameters;

/// Votes.
pub(super) const VOTES: u64 = 0;
/// Certificates.
pub(super) const CERTIFICATES: u64 = 1;
/// Requests for missing certificates.
pub(super) const RESOLVER: u64 = 2;
/// Block bodies.
pub(super) const BLOCKS: u64 = 3;
/// Requests for missing blocks.
pub(super) const BACKFILL: u64 = 4;
/// Transactions on their way to proposers.
pub(super) const TRANSACTIONS: u64 = 5;

/// Messages in each actor's mailbox.
pub(super) const MAILBOX: NonZeroUsize = NZUsize!(1_024);
/// Block bodies kept per sender until they are final.
pub(super) const BODIES_PER_SENDER: usize = 10;
/// Final blocks handed over that may await this node's acknowledgement.
pub(super) const PENDING_ACKS: NonZeroUsize = NZUsize!(16);
/// Missing blocks that are fetched at a time.
pub(super) const MAX_REPAIR: NonZeroUsize = NZUsize!(32);
/// Views behind the final tip whose bodies are kept.
pub(super) const VIEW_RETENTION: ViewDelta = ViewDelta::new(16);
/// Views behind the final tip whose votes are kept, to be held against later ones (P-5).
pub(super) const WATCHED_VIEWS: ViewDelta = ViewDelta::new(256);
/// Peer sets that stay connected: this epoch's and the one before.
pub(super) const TRACKED_SETS: NonZeroUsize = NZUsize!(2);
/// Buffers of the engine's files.
pub(super) const BUFFER: NonZeroUsize = NZUsize!(256 * 1024);
/// Entries per file of the archives.
pub(super) const ARCHIVE_SECTION: NonZeroU64 = NZU64!(16_384);
/// A page of the engine's cache: 4 KiB with its checksum.
pub(super) const PAGE: NonZeroU16 = page_size(4096);
/// Pages in the engine's cache.
pub(super) const PAGES: NonZeroUsize = NZUsize!(1_024);
/// Patience with a peer that owes an answer.
pub(super) const FETCH_TIMEOUT: Duration = Duration::from_secs(1);
/// Pause before asking again.
pub(super) const FETCH_RETRY: Duration = Duration::from_millis(100);

/// How many messages a second each peer may send on a channel; a queue has room for such a burst from every peer.
pub(super) fn quota(channel: u64) -> Quota {
    Quota::per_second(match channel {
        VOTES | CERTIFICATES => NZU32!(192),
        RESOLVER | BLOCKS => NZU32!(64),
        BACKFILL => NZU32!(128),
        _ => NZU32!(64),
    })
}

/// The engine's time-outs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// Until a leader must have proposed: its wait, and what its clock and this node's may be apart (P-3).
    pub leader: Duration,
    /// Until a view must have been certified: as much again as this node may have to keep the block.
    pub certification: Duration,
    /// Between repeated nullify votes.
    pub retry: Duration,
    /// Silence after which a leader's turns are skipped at once.
    pub skip: Duration,
}

/// What messages and execution may take. A long list of candidates takes its time in the round that ends an epoch.
pub(super) fn patience(parameters: &Parameters, candidates: usize) -> Duration {
    let round = Duration::from_micros(100 * candidates as u64);
    Duration::from_millis(parameters.slot_ms.max(500)) + round
}

impl Timeouts {
    /// Time-outs for a chain's slot and for what its blocks may be ahead.
    pub(super) fn new(parameters: &Parameters, candidates: usize) -> Self {
        let patience = patience(parameters, candidates);
        let ahead = Duration::from_millis(parameters.max_ahead_ms);
        let leader = Duration::from_millis(parameters.slot_ms) + ahead + patience;
        let certification = leader + ahead + patience;
        Self {
            leader,
            certification,
            retry: certification,
            skip: certification * 3,
        }
    }
}
