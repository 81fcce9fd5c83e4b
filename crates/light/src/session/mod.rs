//! Driving the light client over several relays, without sockets, clocks or random sources of its own.
//!
//! The caller reports [`Event`]s and drains [`Effect`]s. It must call [`Session::handle`] with [`Event::Tick`] at
//! least every half second, as soon as a relay's stream opens or closes, and for each message; and drain
//! [`Session::effects`] after each call.
//!
//! What happens with a relay: *hello*, then the spec (only if none is known) held against the pinned hash, then
//! *subscribe*; its first head tells how far it is, and hand-overs are fetched in batches until that head's committee
//! is known. From then on its heads are followed. All relays' heads go through one client, so that contradicting ones
//! are noticed (P-43); when a relay's signatures don't fit what was followed, the epoch at which the two histories part
//! is searched before it is called a liar (P-40). A relay caught lying is closed for good, one that is silent for [`GONE_MS`] is closed, and
//! what it was asked is asked of another.

mod answers;
mod drive;
mod relay;
mod requests;
mod status;
mod trace;
mod types;

pub use types::{Answer, Effect, Event, Query, RelayInfo, SessionConfig, Status, Ticket, TransactionStatus};

use std::collections::{BTreeMap, VecDeque};

use credo_primitives::Digest;
use rand_core::CryptoRng;

use crate::{Checkpoint, LightClient, LightError, RelayId};
use relay::Relay;
use requests::Requests;

/// Most relays at once; further ones are closed.
pub const MAX_RELAYS: usize = 16;
/// Most requests of the caller at once; further ones fail with [`LightError::Busy`].
pub const MAX_REQUESTS: usize = 64;
/// A ping this often, ms.
pub const PING_MS: u64 = 2_000;
/// A relay silent for so long (three pings) is gone, ms.
pub const GONE_MS: u64 = 6_000;
/// A relay must answer within this time, ms; a part of the ranking may take [`PART_MS`], hand-overs [`HAND_OVERS_MS`].
pub const ANSWER_MS: u64 = 6_000;
/// Time for a part of the ranking, ms: a quarter of a megabyte at most.
pub const PART_MS: u64 = 10_000;
/// Time for hand-overs, ms: as many come at once as fit a frame.
pub const HAND_OVERS_MS: u64 = 30_000;
/// A request ends after this time, whatever relays were tried, ms.
pub const REQUEST_MS: u64 = 20_000;
/// A head older than this by the caller's clock is stale even when it is the newest that relays have, ms.
pub const OLD_MS: u64 = 120_000;

/// The driver. See the [module's documentation](self).
#[derive(Debug)]
pub struct Session {
    /// The hash that the chain must have; learnt at first use on a devnet.
    pinned: Option<Digest>,
    /// Learnt, not given: on a devnet the user may start over.
    learnt: bool,
    client: Option<LightClient>,
    relays: BTreeMap<RelayId, Relay>,
    requests: Requests,
    effects: VecDeque<Effect>,
    /// What stopped everything until the user decides: another chain, or a newer format.
    stop: Option<Stop>,
    /// A relay was reported: before, the caller is starting.
    begun: bool,
    /// Why the last relay went.
    last_problem: Option<String>,
    /// The relay that hand-overs are being fetched from, and up to which epoch.
    fetching: Option<(RelayId, u64)>,
    /// When the head last moved, by the caller's clock.
    moved_at: Option<u64>,
    /// When the checkpoint was last given out.
    stored_at: Option<u64>,
    now_ms: u64,
    last_status: Status,
}

#[derive(Clone, Debug)]
enum Stop {
    WrongChain { expected: Digest, got: Digest },
    Update(String),
}

impl Session {
    /// A session that goes on from the configuration's checkpoint, or starts at genesis.
    ///
    /// An error when the checkpoint can't be used; start without it then.
    pub fn new(config: SessionConfig) -> Result<Self, LightError> {
        let SessionConfig { pinned, checkpoint } = config;
        let learnt = pinned.is_none();
        let client = checkpoint
            .map(|checkpoint| LightClient::restore(checkpoint, pinned))
            .transpose()?;
        if let Some(client) = &client
            && learnt
            && !client.spec().is_devnet()
        {
            return Err(LightError::NotPinned {
                got: *client.spec_hash(),
            });
        }
        Ok(Self {
            pinned: pinned.or(client.as_ref().map(|c| *c.spec_hash())),
            learnt,
            client,
            relays: BTreeMap::new(),
            requests: Requests::default(),
            effects: VecDeque::new(),
            stop: None,
            begun: false,
            last_problem: None,
            fetching: None,
            moved_at: None,
            stored_at: None,
            now_ms: 0,
            last_status: Status::Starting,
        })
    }

    /// Takes an event. `now_ms` is ms since 1970 by the caller's clock; `rng` must be unpredictable to relays.
    pub fn handle(&mut self, event: Event, now_ms: u64, rng: &mut impl CryptoRng) {
        self.now_ms = now_ms;
        self.begun = true;
        match event {
            Event::Connected(id) => self.connected(id),
            Event::Disconnected(id, reason) => self.disconnected(id, reason),
            Event::Message(id, message) => self.message(id, message, rng),
            Event::Tick => {}
        }
        self.drive(rng);
        let status = self.status();
        if status != self.last_status {
            self.last_status = status;
            self.changed();
        }
    }

    /// Asks for something. The answer comes as [`Effect::Done`] with the same ticket.
    pub fn request(&mut self, query: Query, now_ms: u64) -> Ticket {
        self.now_ms = now_ms;
        let ticket = self.requests.next_ticket();
        if let Err(error) = self.requests.add(ticket, query, now_ms) {
            self.effects.push_back(Effect::Done(ticket, Err(error)));
        }
        self.dispatch();
        ticket
    }

    /// No longer interested: no [`Effect::Done`] will come for this ticket.
    pub fn cancel(&mut self, ticket: Ticket) {
        self.requests.remove(ticket);
    }

    /// What the caller must do now, in order. Empties the queue.
    pub fn effects(&mut self) -> Vec<Effect> {
        self.effects.drain(..).collect()
    }

    /// The verifier, once the chain's spec is known.
    pub fn client(&self) -> Option<&LightClient> {
        self.client.as_ref()
    }

    /// The verifier, to set its limits.
    pub fn client_mut(&mut self) -> Option<&mut LightClient> {
        self.client.as_mut()
    }

    /// The pinned spec hash: given, or learnt at first use.
    pub fn pinned(&self) -> Option<&Digest> {
        self.pinned.as_ref()
    }

    /// The connected relays.
    pub fn relays(&self) -> impl Iterator<Item = (RelayId, RelayInfo)> {
        self.relays.iter().map(|(id, relay)| (*id, relay.info()))
    }

    /// Relays whose newest verified head is at most three blocks behind the newest of all (they agree: whoever
    /// contradicts stops the session).
    pub fn agreeing(&self) -> u32 {
        let Some(head) = self.client.as_ref().and_then(LightClient::head) else {
            return 0;
        };
        let newest = head.header().height;
        let near = |relay: &&Relay| relay.head.is_some_and(|height| height + 3 >= newest);
        self.relays.values().filter(near).count() as u32
    }

    /// On a devnet whose chain was learnt at first use: forgets it, and learns the next one that a relay serves.
    ///
    /// Connected relays are greeted anew. Does nothing when the hash was given.
    pub fn start_over(&mut self, now_ms: u64) {
        if !self.learnt {
            return;
        }
        self.now_ms = now_ms;
        self.pinned = None;
        self.client = None;
        self.stop = None;
        self.fetching = None;
        self.moved_at = None;
        self.stored_at = None;
        let connected: Vec<RelayId> = self.relays.keys().copied().collect();
        self.relays.clear();
        for id in connected {
            self.connected(id);
        }
        self.changed();
    }

    /// A checkpoint of what is trusted now.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        self.client.as_ref().map(LightClient::checkpoint)
    }
}
