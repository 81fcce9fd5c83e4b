//! The session's steps: what each message does, and what time does.

use credo_msb::HandOver;
use credo_primitives::ChainSpec;
use credo_wire::{MAX_HAND_OVERS, Message, Request, Response, WIRE_VERSION, Welcome};
use rand_core::CryptoRng;

use super::relay::{Phase, Relay};
use super::requests::Purpose;
use super::types::Effect;
use super::{ANSWER_MS, GONE_MS, HAND_OVERS_MS, MAX_RELAYS, PING_MS, Session, Stop};
use crate::{HeadEvent, LightClient, LightError, RelayId};

/// Hand-over answers in a row that may bring nothing (an epoch's last block is final a moment before its hand-over
/// is served).
const EMPTY: u32 = 5;
/// Pause after such an answer, ms.
pub(super) const PAUSE_MS: u64 = 300;
/// The checkpoint is given out at most this often for a new head, ms; at once for a new committee.
const STORE_MS: u64 = 10_000;

impl Session {
    pub(super) fn changed(&mut self) {
        if !self.effects.contains(&Effect::Changed) {
            self.effects.push_back(Effect::Changed);
        }
    }

    pub(super) fn connected(&mut self, id: RelayId) {
        if self.relays.contains_key(&id) {
            self.forget(id);
        }
        if self.relays.len() >= MAX_RELAYS {
            self.effects.push_back(Effect::Close {
                relay: id,
                reason: format!("more than {MAX_RELAYS} relays are connected"),
                for_good: false,
            });
            return;
        }
        self.relays.insert(id, Relay::new(self.now_ms));
        self.ask(
            id,
            Purpose::Hello,
            Request::Hello {
                version: WIRE_VERSION,
            },
            ANSWER_MS,
        );
        self.changed();
    }

    pub(super) fn disconnected(&mut self, id: RelayId, reason: String) {
        self.forget(id);
        self.last_problem = Some(reason);
        self.changed();
    }

    fn forget(&mut self, id: RelayId) {
        self.relays.remove(&id);
        self.requests.forget(id);
        if self.fetching.is_some_and(|(relay, _)| relay == id) {
            self.fetching = None;
        }
    }

    /// Closes a relay: for good when it lied.
    pub(super) fn close(&mut self, id: RelayId, error: &LightError) {
        self.close_because(id, error.to_string(), error.is_lie());
    }

    pub(super) fn close_because(&mut self, relay: RelayId, reason: String, for_good: bool) {
        if !self.relays.contains_key(&relay) {
            return;
        }
        self.forget(relay);
        self.last_problem = Some(reason.clone());
        self.effects.push_back(Effect::Close {
            relay,
            reason,
            for_good,
        });
        self.changed();
    }

    pub(super) fn ask(&mut self, id: RelayId, purpose: Purpose, request: Request, patience: u64) {
        let deadline = self.now_ms.saturating_add(patience);
        let number = self.requests.launch(id, purpose, deadline);
        let message = Message::Request { id: number, request };
        self.effects.push_back(Effect::Send(id, message));
    }

    pub(super) fn message(&mut self, id: RelayId, message: Message, rng: &mut impl CryptoRng) {
        let now = self.now_ms;
        let Some(relay) = self.relays.get_mut(&id) else {
            return;
        };
        relay.heard_at = now;
        match message {
            Message::Ping(number) => self.effects.push_back(Effect::Send(id, Message::Pong(number))),
            Message::Pong(number) => {
                if let Some((sent, at)) = relay.ping
                    && sent == number
                {
                    relay.rtt_ms = Some(now.saturating_sub(at));
                }
            }
            Message::Head(head) if matches!(relay.phase, Phase::Live | Phase::Subscribing) => {
                relay.offer(head)
            }
            Message::Head(_) => {}
            Message::Goodbye => self.close_because(id, "the relay is shutting down".into(), false),
            Message::Request { .. } => self.close(id, &LightError::Unexpected),
            Message::Response { id: number, response } => {
                if let Some(purpose) = self.requests.land(id, number) {
                    self.response(id, purpose, response, rng);
                }
            }
        }
    }

    fn response(&mut self, id: RelayId, purpose: Purpose, response: Response, rng: &mut impl CryptoRng) {
        match (purpose, response) {
            (Purpose::Ticket(ticket), response) => self.answer(id, ticket, response, rng),
            (Purpose::Hello, Response::Welcome(welcome)) => self.welcome(id, welcome),
            (Purpose::Spec, Response::Spec(bytes)) => {
                if let Err(error) = self.spec(id, &bytes) {
                    if let LightError::UpdateNeeded(detail) = &error {
                        self.stop = Some(Stop::Update(detail.clone()));
                    }
                    self.close(id, &error);
                }
            }
            (Purpose::Subscribe, Response::Head(head)) => {
                if let Some(relay) = self.relays.get_mut(&id) {
                    relay.offer(head);
                }
            }
            (Purpose::HandOvers, Response::HandOvers(hand_overs)) => {
                self.fetching = None;
                self.hand_overs(id, &hand_overs, rng);
            }
            (Purpose::Trace, Response::HandOvers(hand_overs)) => self.trace(id, &hand_overs, rng),
            (_, Response::Refused(why)) => {
                let why = why.as_str().to_owned();
                self.close(id, &LightError::Refused(why));
            }
            _ => self.close(id, &LightError::Unexpected),
        }
    }

    fn welcome(&mut self, id: RelayId, welcome: Welcome) {
        let Some(relay) = self.relays.get_mut(&id) else {
            return;
        };
        relay.agent = Some(welcome.agent.as_str().to_owned());
        relay.clock_ms = Some(welcome.time_ms as i64 - self.now_ms as i64);
        relay.spec = Some(welcome.spec);
        if welcome.version != WIRE_VERSION {
            let detail = format!(
                "the relay speaks version {} of the protocol, this release version {WIRE_VERSION}",
                welcome.version
            );
            if welcome.version > WIRE_VERSION {
                self.stop = Some(Stop::Update(detail.clone()));
            }
            self.close_because(id, detail, true);
            return;
        }
        if let Some(expected) = self.pinned
            && expected != welcome.spec
        {
            self.wrong_chain(id, expected, welcome.spec);
            return;
        }
        self.next_step(id);
    }

    /// After the greeting: the spec if it isn't known, else the heads.
    fn next_step(&mut self, id: RelayId) {
        let known = self.client.is_some();
        let Some(relay) = self.relays.get_mut(&id) else {
            return;
        };
        if known {
            relay.phase = Phase::Subscribing;
            self.ask(id, Purpose::Subscribe, Request::Subscribe, ANSWER_MS);
        } else {
            relay.phase = Phase::Spec;
            self.ask(id, Purpose::Spec, Request::Spec, ANSWER_MS);
        }
    }

    /// P-40: a changed hash is a stop, never an update.
    fn wrong_chain(
        &mut self,
        id: RelayId,
        expected: credo_primitives::Digest,
        got: credo_primitives::Digest,
    ) {
        self.stop = Some(Stop::WrongChain { expected, got });
        let error = LightError::WrongChain { expected, got };
        if !self.can_start_over() {
            self.close(id, &error);
        } else if let Some(relay) = self.relays.get_mut(&id) {
            relay.phase = Phase::Refused;
            relay.problem = Some(error.to_string());
            self.changed();
        }
    }

    fn spec(&mut self, id: RelayId, bytes: &[u8]) -> Result<(), LightError> {
        let spec = ChainSpec::from_bytes(bytes)?;
        let got = spec.hash();
        let claimed = self.relays.get(&id).and_then(|relay| relay.spec);
        // With a pinned hash the relay claimed that one, or it wouldn't have been asked.
        if let Some(expected) = self.pinned.or(claimed)
            && expected != got
        {
            return Err(LightError::WrongChain { expected, got });
        }
        if self.pinned.is_none() && !spec.is_devnet() {
            return Err(LightError::NotPinned { got });
        }
        if self.client.is_none() {
            let client = LightClient::new(spec, Some(got))?;
            self.pinned = Some(got);
            self.effects.push_back(Effect::Store(client.checkpoint()));
            self.client = Some(client);
            self.changed();
        }
        self.next_step(id);
        Ok(())
    }

    fn hand_overs(&mut self, id: RelayId, hand_overs: &[HandOver], rng: &mut impl CryptoRng) {
        let now = self.now_ms;
        let (Some(client), Some(relay)) = (&mut self.client, self.relays.get_mut(&id)) else {
            return;
        };
        if hand_overs.is_empty() {
            relay.empty += 1;
            relay.retry_at = now + PAUSE_MS;
            if relay.empty >= EMPTY {
                let claimed = relay.pending.as_ref().map_or(0, |head| head.header.epoch);
                let missing = client.newest_epoch();
                self.close(id, &LightError::NoHandOver { claimed, missing });
            }
            return;
        }
        relay.empty = 0;
        for hand_over in hand_overs {
            if let Err(error) = client.apply_hand_over(rng, hand_over) {
                self.store();
                self.refuse(id, &error);
                return;
            }
        }
        self.store();
        self.changed();
    }

    /// What an error from a relay's head or hand-over does.
    fn refuse(&mut self, id: RelayId, error: &LightError) {
        match error {
            // Not this relay's doing: the client itself has stopped and says so.
            LightError::Conflict(_) => self.changed(),
            LightError::UpdateNeeded(detail) => {
                self.stop = Some(Stop::Update(detail.clone()));
                self.changed();
            }
            error if self.suspect(id, error) => {}
            error => self.close(id, error),
        }
    }

    fn store(&mut self) {
        if let Some(client) = &self.client {
            self.effects.push_back(Effect::Store(client.checkpoint()));
            self.stored_at = Some(self.now_ms);
        }
    }

    /// Everything that follows from the present state.
    pub(super) fn drive(&mut self, rng: &mut impl CryptoRng) {
        self.time();
        self.heads(rng);
        self.dispatch();
    }

    fn time(&mut self) {
        let now = self.now_ms;
        let late: Vec<u64> = (self.requests.in_flight.iter())
            .filter(|(_, flight)| flight.deadline <= now)
            .map(|(number, _)| *number)
            .collect();
        for number in late {
            let Some(flight) = self.requests.in_flight.remove(&number) else {
                continue;
            };
            match flight.purpose {
                Purpose::Ticket(ticket) => {
                    if let Some(open) = self.requests.open.get_mut(&ticket) {
                        open.asked = false;
                        open.tried.insert(flight.relay);
                        open.error = Some(LightError::TimedOut(open.query.answer_ms()));
                    }
                }
                _ => self.close(flight.relay, &LightError::TimedOut(ANSWER_MS)),
            }
        }
        for id in self.relays.keys().copied().collect::<Vec<_>>() {
            let Some(relay) = self.relays.get_mut(&id) else {
                continue;
            };
            let silent = now.saturating_sub(relay.heard_at);
            if silent >= GONE_MS {
                self.close_because(id, format!("the relay has been silent for {silent} ms"), false);
            } else if now.saturating_sub(relay.pinged_at) >= PING_MS {
                let number = relay.ping.map_or(1, |(number, _)| number + 1);
                relay.pinged_at = now;
                relay.ping = Some((number, now));
                self.effects.push_back(Effect::Send(id, Message::Ping(number)));
            }
        }
    }

    /// Verifies what relays offered as heads, and fetches the hand-overs that are missing for it.
    fn heads(&mut self, rng: &mut impl CryptoRng) {
        let now = self.now_ms;
        for id in self.relays.keys().copied().collect::<Vec<_>>() {
            let (Some(client), Some(relay)) = (&mut self.client, self.relays.get_mut(&id)) else {
                continue;
            };
            let Some(head) = relay.pending.take() else {
                continue;
            };
            match client.apply_head(rng, id, &head) {
                Ok(HeadEvent::NeedHandOvers { from }) => {
                    let to = head.header.epoch;
                    let asks = self.fetching.is_none() && relay.retry_at <= now;
                    relay.pending = Some(head);
                    if asks {
                        self.fetching = Some((id, to));
                        let max = MAX_HAND_OVERS as u32;
                        self.ask(
                            id,
                            Purpose::HandOvers,
                            Request::HandOvers { from, max },
                            HAND_OVERS_MS,
                        );
                    }
                }
                Ok(event) => {
                    let height = head.header.height;
                    relay.phase = Phase::Live;
                    relay.problem = None;
                    relay.head = relay.head.max(Some(height));
                    self.stop = None;
                    if event == HeadEvent::Newer || (event == HeadEvent::Same && self.moved_at.is_none()) {
                        self.moved_at = Some(now);
                        if self.stored_at.is_none_or(|at| now >= at.saturating_add(STORE_MS)) {
                            self.store();
                        }
                    }
                    self.changed();
                }
                // A relay that is so far behind that its head can't be checked any more.
                Err(LightError::UnknownCommittee { .. }) => {
                    relay.problem = Some(format!("it is far behind, at block {}", head.header.height));
                }
                Err(error) => self.refuse(id, &error),
            }
        }
    }
}
