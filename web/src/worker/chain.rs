//! Drives the light client (`credo_light::Session`) and keeps what it verified for the view.
//!
//! Two things pass beside the session's own requests: transactions go to *every* connected relay, so that one that
//! withholds is not enough to stop them, and the proof of a transaction of ours is kept as it came, once the session
//! has verified it.

use std::collections::{BTreeMap, VecDeque};

use crate::protocol::{Environment, FromWorker, RelayId, RelayView, SeatView, Sync, Transport};
use commonware_codec::Encode as _;
use credo_light::{Checkpoint, Effect, Event, LightError, Query, Session, SessionConfig, Status, Ticket};
use credo_pob::Turns;
use credo_primitives::hash::digest_from_hex;
use credo_primitives::{ChainSpec, Committee};
use credo_wire::{Message, Request, Response, TransactionAnswer};
use rand_core::Rng as _;

use super::heads::{Head, Heads};
use super::random::Browser;
use super::verified::{Answer, AskId, Happening, read};

/// Numbers on the wire from here on are ours; the session counts from 1.
const OWN_IDS: u64 = 1 << 40;
/// See [`Chain::transaction_time_ns`].
const BACKDATE_MS: i64 = 250;
/// Most transactions handed to relays and not yet answered.
const MAX_SUBMITS: usize = 64;

/// A relay as the page reported it.
#[derive(Debug, Default)]
struct Line {
    address: String,
    transport: Option<Transport>,
    problem: Option<String>,
}

/// The light client with what it verified.
#[derive(Default)]
pub(super) struct Chain {
    session: Option<Session>,
    /// The hash is compiled in, not learnt at first use.
    given: bool,
    lines: Vec<Line>,
    heads: Heads,
    /// When the newest head came, by this browser's clock.
    head_at: f64,
    out: VecDeque<Happening>,
    submits: BTreeMap<AskId, RelayId>,
    last_id: u64,
    /// The inclusion in the message that is being handled.
    arriving: Option<Vec<u8>>,
    verifying_since: Option<f64>,
    hand_overs_ms: f64,
    problem: Option<String>,
    last_time_ns: i64,
}

/// The answer to what lies before the oldest committee that the light client keeps.
pub(super) const TOO_FAR_BACK: &str =
    "This lies too far back: the wallet keeps the committees of three epochs, and can't check older blocks.";

/// A refusal as a sentence with its next step.
fn sentence(error: &LightError) -> String {
    let text = super::keys::capital(&error.to_string());
    match error {
        LightError::NoRelay => "No relay is connected. Check the connection and try again.".into(),
        LightError::TimedOut(_) => format!("{text} Try again in a moment."),
        LightError::UnknownCommittee { epoch, oldest, .. } if epoch < oldest => TOO_FAR_BACK.into(),
        LightError::Busy => "Too much is under way at once. Wait a moment and try again.".into(),
        error if error.is_lie() => format!("{text} The relay was caught lying and isn't asked again."),
        _ => text,
    }
}

impl Chain {
    /// The relays that the page dials.
    pub(super) fn start(&mut self, relays: Vec<String>) {
        self.lines = relays
            .into_iter()
            .map(|address| Line {
                address,
                ..Line::default()
            })
            .collect();
    }

    /// Storage has answered: the chain that is pinned (`given` when it is compiled in), and what is trusted of it.
    /// An error when that hash is none.
    pub(super) fn pin(
        &mut self,
        pinned: Option<&str>,
        given: bool,
        checkpoint: Option<&[u8]>,
        now: f64,
    ) -> Result<(), String> {
        self.given = given;
        let hash = pinned.and_then(digest_from_hex);
        if pinned.is_some() && hash.is_none() {
            return Err("The hash that is pinned isn't 64 hexadecimal characters.".into());
        }
        // A checkpoint that can't be used, or another chain's, costs nothing but the hand-overs since genesis.
        let checkpoint = checkpoint
            .and_then(|bytes| Checkpoint::from_bytes(bytes).ok())
            .filter(|stored| Some(stored.spec_hash()) == hash);
        // A devnet's hash was learnt, not given: its checkpoint carries it, and starting over stays possible.
        let learnt = !given && checkpoint.is_some();
        let config = SessionConfig {
            pinned: if learnt { None } else { hash },
            checkpoint,
        };
        let session = Session::new(config).or_else(|_| {
            Session::new(SessionConfig {
                pinned: hash,
                checkpoint: None,
            })
        });
        self.session = session.map_err(|error| sentence(&error)).map(Some)?;
        if let Some(head) = self
            .session
            .as_ref()
            .and_then(|s| s.client())
            .and_then(|client| client.head())
        {
            self.heads
                .add(Head::new(head.header().clone(), &head.certificate));
        }
        let connected: Vec<RelayId> = self.connected_relays();
        for relay in connected {
            self.feed(Event::Connected(relay), now);
        }
        Ok(())
    }

    fn feed(&mut self, event: Event, now: f64) {
        if let Some(session) = &mut self.session {
            session.handle(event, now as u64, &mut Browser);
            self.drain(now);
        }
    }

    fn drain(&mut self, now: f64) {
        let Some(session) = &mut self.session else { return };
        for effect in session.effects() {
            match effect {
                Effect::Send(relay, message) => {
                    let bytes = message.to_bytes().to_vec();
                    self.out
                        .push_back(Happening::Post(FromWorker::Send { relay, bytes }));
                }
                Effect::Close {
                    relay,
                    reason,
                    for_good,
                } => {
                    if let Some(line) = self.lines.get_mut(relay as usize) {
                        line.transport = None;
                        line.problem = Some(super::keys::capital(&reason));
                    }
                    self.submits.retain(|_, asked| *asked != relay);
                    self.out.push_back(Happening::Post(FromWorker::Close {
                        relay,
                        reason,
                        for_good,
                    }));
                }
                Effect::Changed => {}
                Effect::Done(Ticket(id), result) => {
                    let evidence = self.arriving.take();
                    let answer = result
                        .map(|answer| read(answer, evidence))
                        .map_err(|e| sentence(&e));
                    self.out.push_back(Happening::Answered(id, answer));
                }
                Effect::Store(checkpoint) => {
                    let hash = checkpoint.spec_hash().to_string();
                    self.out.push_back(Happening::Store {
                        hash,
                        checkpoint: checkpoint.to_bytes(),
                    });
                }
            }
        }
        self.arriving = None;
        self.note_head(now);
        self.note_hand_overs(now);
    }

    fn note_head(&mut self, now: f64) {
        let Some(head) = self
            .session
            .as_ref()
            .and_then(|s| s.client())
            .and_then(|client| client.head())
        else {
            return;
        };
        let height = head.header().height;
        if self.heads.last().is_some_and(|last| last.proof.height >= height) {
            return;
        }
        let head = Head::new(head.header().clone(), &head.certificate);
        if self.heads.add(head) {
            self.head_at = now;
            self.problem = None;
            self.out.push_back(Happening::Head);
        }
    }

    fn note_hand_overs(&mut self, now: f64) {
        let verifying = matches!(self.status(), Status::Verifying { .. });
        match (verifying, self.verifying_since) {
            (true, None) => self.verifying_since = Some(now),
            (false, Some(since)) => {
                self.hand_overs_ms = now - since;
                self.verifying_since = None;
            }
            _ => {}
        }
    }

    fn status(&self) -> Status {
        self.session.as_ref().map_or(Status::Starting, Session::status)
    }

    /// A relay's stream is open.
    pub(super) fn connected(&mut self, relay: RelayId, transport: Transport, now: f64) {
        let Some(line) = self.lines.get_mut(relay as usize) else {
            return;
        };
        line.transport = Some(transport);
        line.problem = None;
        self.feed(Event::Connected(relay), now);
    }

    /// A relay's stream is closed or couldn't be opened.
    pub(super) fn disconnected(&mut self, relay: RelayId, reason: String, now: f64) {
        let Some(line) = self.lines.get_mut(relay as usize) else {
            return;
        };
        line.transport = None;
        line.problem = Some(super::keys::capital(&reason));
        self.submits.retain(|_, asked| *asked != relay);
        self.feed(Event::Disconnected(relay, reason), now);
    }

    /// A frame's body from a relay.
    pub(super) fn frame(&mut self, relay: RelayId, bytes: Vec<u8>, now: f64) {
        if self.session.is_none()
            || self
                .lines
                .get(relay as usize)
                .is_none_or(|line| line.transport.is_none())
        {
            return;
        }
        match Message::from_bytes(bytes.into()) {
            Ok(Message::Response { id, response }) if id >= OWN_IDS => self.submitted(relay, id, response),
            Ok(message) => {
                if let Message::Response {
                    response: Response::Transaction(TransactionAnswer::Final(found)),
                    ..
                } = &message
                {
                    self.arriving = Some(found.encode().to_vec());
                }
                self.feed(Event::Message(relay, message), now);
            }
            Err(error) => {
                let reason = format!("a message of the relay can't be read: {error}");
                self.disconnected(relay, reason.clone(), now);
                self.out.push_back(Happening::Post(FromWorker::Close {
                    relay,
                    reason,
                    for_good: true,
                }));
            }
        }
    }

    fn submitted(&mut self, relay: RelayId, id: AskId, response: Response) {
        if self.submits.get(&id) != Some(&relay) {
            return;
        }
        self.submits.remove(&id);
        let result = match response {
            Response::Submitted(_) => Ok(Answer::Submitted),
            Response::Refused(why) => Err(why.to_string()),
            _ => return,
        };
        self.out.push_back(Happening::Answered(id, result));
    }

    /// The clock moved on.
    pub(super) fn tick(&mut self, now: f64) {
        self.feed(Event::Tick, now);
    }

    /// The page's circumstances changed; the session's own clock notices silence.
    pub(super) fn environment(&mut self, _change: Environment, now: f64) {
        self.feed(Event::Tick, now);
    }

    /// What happened since the last call, in order.
    pub(super) fn take(&mut self) -> Option<Happening> {
        self.out.pop_front()
    }

    /// Asks the relays.
    pub(super) fn ask(&mut self, query: Query, now: f64) -> Option<AskId> {
        let Ticket(id) = self.session.as_mut()?.request(query, now as u64);
        self.drain(now);
        Some(id)
    }

    /// Hands a transaction to one relay, beside the session; the answer is that relay's word.
    pub(super) fn submit(&mut self, relay: RelayId, transaction: Vec<u8>) -> Option<AskId> {
        if self.submits.len() >= MAX_SUBMITS {
            self.submits.pop_first();
        }
        self.last_id += 1;
        let id = OWN_IDS + self.last_id;
        self.submits.insert(id, relay);
        let message = Message::Request {
            id,
            request: Request::Submit { transaction },
        };
        let bytes = message.to_bytes().to_vec();
        self.out
            .push_back(Happening::Post(FromWorker::Send { relay, bytes }));
        Some(id)
    }

    /// Relays whose stream is open.
    pub(super) fn connected_relays(&self) -> Vec<RelayId> {
        let open = self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.transport.is_some());
        open.map(|(id, _)| id as RelayId).collect()
    }

    /// Is the head verified and fresh?
    pub(super) fn synced(&self) -> bool {
        matches!(self.status(), Status::Synced)
    }

    /// The chain's hash, hexadecimal, once it is pinned.
    pub(super) fn hash(&self) -> Option<String> {
        self.session.as_ref()?.pinned().map(ToString::to_string)
    }

    /// The chain's spec, once it is known.
    pub(super) fn spec(&self) -> Option<&ChainSpec> {
        Some(self.session.as_ref()?.client()?.spec())
    }

    /// The newest verified head.
    pub(super) fn head(&self) -> Option<&Head> {
        self.heads.last()
    }

    /// The last verified heads, oldest first.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &Head> {
        self.heads.iter()
    }

    /// The height of a recent block with this digest (hexadecimal).
    pub(super) fn height_of(&self, digest: &str) -> Option<u64> {
        let digest = digest_from_hex(digest)?;
        self.heads
            .iter()
            .find(|head| head.header.digest() == digest)
            .map(|head| head.proof.height)
    }

    /// The committee that has the turn: after an epoch's last block, the next one's as soon as it is handed over to.
    pub(super) fn committee(&self) -> Option<&Committee> {
        let client = self.session.as_ref()?.client()?;
        let Some(head) = self.heads.last() else {
            return client.committee(client.newest_epoch());
        };
        let epoch = head.proof.epoch;
        let next = head.header.msb.and_then(|_| client.committee(epoch + 1));
        next.or_else(|| client.committee(epoch))
    }

    /// Its epoch.
    pub(super) fn epoch(&self) -> u64 {
        self.committee().map_or(0, Committee::epoch)
    }

    /// Its seats.
    pub(super) fn seats(
        &self,
        turns: Option<(&Turns, u64)>,
        name: impl Fn(&str) -> Option<String>,
    ) -> Vec<SeatView> {
        self.committee()
            .map(|committee| self.heads.seats(committee, turns, name))
            .unwrap_or_default()
    }

    /// Hand-overs verified, and how long catching up took, in ms.
    pub(super) fn hand_overs(&self) -> (u64, f64) {
        let client = self.session.as_ref().and_then(Session::client);
        (
            client.map_or(0, |client| client.hand_overs_verified()),
            self.hand_overs_ms,
        )
    }

    /// Relays that agree on the head.
    pub(super) fn agreeing(&self) -> u32 {
        self.session.as_ref().map_or(0, Session::agreeing)
    }

    /// The chain's clock, ms: the head's time and what passed since it came. Independent of this device's clock.
    pub(super) fn clock_ms(&self, now: f64) -> f64 {
        match self.heads.last() {
            Some(head) if self.head_at > 0.0 => head.proof.time_ms + (now - self.head_at).max(0.0),
            Some(head) => head.proof.time_ms,
            None => now,
        }
    }

    /// A transaction's time, ns: the chain's clock, never the same twice. A little back, since a block takes only
    /// transactions whose time isn't after its own.
    pub(super) fn transaction_time_ns(&mut self, now: f64) -> i64 {
        let jitter = i64::from(Browser.next_u32() % 1_000_000);
        let time = (self.clock_ms(now) as i64 - BACKDATE_MS)
            .saturating_mul(1_000_000)
            .saturating_add(jitter);
        self.last_time_ns = time.max(self.last_time_ns + 1);
        self.last_time_ns
    }

    /// Forgets a devnet learnt at first use and learns the one served now: their hashes. `None` when that can't be.
    pub(super) fn start_over(&mut self, now: f64) -> Option<(String, String)> {
        let Status::WrongChain {
            expected,
            got,
            can_start_over,
        } = self.status()
        else {
            return None;
        };
        if can_start_over {
            self.session.as_mut()?.start_over(now as u64);
        } else if self.given {
            return None;
        } else {
            // The pinned devnet's checkpoint was lost; its relays were closed and come back with the next load.
            self.session = Session::new(SessionConfig::default()).ok();
        }
        self.heads.clear();
        self.head_at = 0.0;
        self.hand_overs_ms = 0.0;
        self.submits.clear();
        self.drain(now);
        Some((expected.to_string(), got.to_string()))
    }

    /// Something proved that this release can't read.
    pub(super) fn note_problem(&mut self, why: String) {
        self.problem = Some(why);
    }

    /// For the page.
    pub(super) fn relay_views(&self) -> Vec<RelayView> {
        let known: BTreeMap<RelayId, _> = self.session.iter().flat_map(Session::relays).collect();
        let view = |(id, line): (usize, &Line)| {
            let info = known.get(&(id as RelayId)).filter(|_| line.transport.is_some());
            RelayView {
                address: line.address.clone(),
                transport: line.transport,
                rtt_ms: info.and_then(|info| info.rtt_ms).map(|ms| ms as f64),
                height: info.and_then(|info| info.height),
                problem: info
                    .and_then(|info| info.problem.clone())
                    .or_else(|| line.problem.clone()),
            }
        };
        self.lines.iter().enumerate().map(view).collect()
    }

    /// For the page.
    pub(super) fn sync(&self, offline: bool) -> Sync {
        if let Some(detail) = &self.problem {
            return Sync::UpdateNeeded {
                detail: detail.clone(),
            };
        }
        let offline_reason =
            || "This device is offline. What was proved last is shown until it is back.".to_owned();
        match self.status() {
            Status::Starting => Sync::Starting,
            Status::NoRelay { .. } | Status::Dialing if offline => Sync::NoRelay {
                reason: offline_reason(),
            },
            Status::NoRelay { reason } => {
                let why = super::keys::capital(&reason);
                Sync::NoRelay {
                    reason: format!("{why} It is tried again by itself; is the relay running?"),
                }
            }
            Status::Dialing => Sync::Dialing,
            Status::Verifying { done, of } => Sync::Verifying { done, of },
            Status::Synced => Sync::Synced,
            Status::Stale { since_ms, reason } => Sync::Stale {
                since_ms: since_ms as f64,
                reason: if offline {
                    offline_reason()
                } else {
                    super::keys::capital(&reason)
                },
            },
            Status::Conflict { detail } => Sync::Conflict { detail },
            Status::WrongChain {
                expected,
                got,
                can_start_over,
            } => Sync::WrongChain {
                expected: expected.to_string(),
                got: got.to_string(),
                can_start_over: can_start_over || !self.given,
            },
            Status::UpdateNeeded { detail } => Sync::UpdateNeeded { detail },
        }
    }
}
