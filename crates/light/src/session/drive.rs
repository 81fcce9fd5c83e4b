//! The session's steps: what each message does, what time does, and where that leaves us.

use credo_msb::HandOver;
use credo_primitives::{ChainSpec, Text};
use credo_wire::{MAX_HAND_OVERS, Message, Request, Response, TransactionAnswer, WIRE_VERSION, Welcome};
use rand_core::CryptoRng;

use super::relay::{Phase, Relay};
use super::requests::Purpose;
use super::types::{Answer, Effect, Query, Status, Ticket, TransactionStatus};
use super::{ANSWER_MS, GONE_MS, LIST_MS, MAX_RELAYS, OLD_MS, PING_MS, Session, Stop};
use crate::{HeadEvent, LightClient, LightError, RelayId};

/// Hand-over answers in a row that may bring nothing (an epoch's last block is final a moment before its hand-over
/// is served).
const EMPTY: u32 = 5;
/// Pause after such an answer, ms.
const PAUSE_MS: u64 = 300;
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
    fn close(&mut self, id: RelayId, error: &LightError) {
        self.close_because(id, error.to_string(), error.is_lie());
    }

    fn close_because(&mut self, relay: RelayId, reason: String, for_good: bool) {
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

    fn ask(&mut self, id: RelayId, purpose: Purpose, request: Request, patience: u64) {
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

    fn can_start_over(&self) -> bool {
        self.learnt
            && self
                .client
                .as_ref()
                .is_none_or(|client| client.spec().is_devnet())
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
                        self.ask(id, Purpose::HandOvers, Request::HandOvers { from, max }, LIST_MS);
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

    fn done(&mut self, ticket: Ticket, result: Result<Answer, LightError>) {
        self.requests.remove(ticket);
        self.effects.push_back(Effect::Done(ticket, result));
    }

    /// Asks relays for what is open, and ends what can't be met.
    pub(super) fn dispatch(&mut self) {
        let now = self.now_ms;
        let waiting: Vec<Ticket> = (self.requests.open.iter())
            .filter(|(_, open)| !open.asked || open.ends_at <= now)
            .map(|(ticket, _)| *ticket)
            .collect();
        for ticket in waiting {
            let Some(open) = self.requests.open.get_mut(&ticket) else {
                continue;
            };
            if open.ends_at <= now {
                let error = open.error.take().unwrap_or(LightError::NoRelay);
                self.done(ticket, Err(error));
                continue;
            }
            if open.not_before > now {
                continue;
            }
            let live = self.relays.iter().filter(|(_, relay)| relay.phase == Phase::Live);
            let best = live
                .filter(|(id, _)| !open.tried.contains(id))
                .max_by_key(|(_, relay)| (relay.head, std::cmp::Reverse(relay.rtt_ms)))
                .map(|(id, _)| *id);
            match best {
                Some(id) => {
                    open.asked = true;
                    let (request, patience) = (open.query.request(), open.query.answer_ms());
                    self.ask(id, Purpose::Ticket(ticket), request, patience);
                }
                // Whoever could be asked has failed.
                None if !open.tried.is_empty() => {
                    let error = open.error.take().unwrap_or(LightError::NoRelay);
                    self.done(ticket, Err(error));
                }
                None => {}
            }
        }
    }

    fn answer(&mut self, id: RelayId, ticket: Ticket, response: Response, rng: &mut impl CryptoRng) {
        let now = self.now_ms;
        let Some(open) = self.requests.open.get_mut(&ticket) else {
            return;
        };
        open.asked = false;
        let Some(client) = &mut self.client else {
            return;
        };
        let before = client.head().map(|head| head.header().height);
        let (error, head) = match check(client, &open.query, response, rng) {
            Ok(answer) => {
                if client.head().map(|head| head.header().height) != before {
                    self.moved_at = Some(now);
                    self.changed();
                }
                self.done(ticket, Ok(answer));
                return;
            }
            Err(failed) => failed,
        };
        let newest = client.newest_epoch();
        match &error {
            // Its block is of the epoch that has just begun: once the hand-over is here, ask again.
            LightError::UnknownCommittee { epoch, .. } if *epoch > newest && open.again < 10 => {
                open.again += 1;
                open.not_before = now + PAUSE_MS;
                if let (Some(relay), Some(head)) = (self.relays.get_mut(&id), head) {
                    relay.offer(head);
                }
                return;
            }
            LightError::Conflict(_) => {
                self.changed();
                self.done(ticket, Err(error));
                return;
            }
            _ => {}
        }
        open.tried.insert(id);
        open.error = Some(error.clone());
        if error.is_lie() {
            self.close(id, &error);
        }
    }

    /// Where the session stands.
    pub fn status(&self) -> Status {
        let head = self.client.as_ref().and_then(LightClient::head);
        if let Some(conflict) = self.client.as_ref().and_then(LightClient::stopped_by) {
            return Status::Conflict {
                detail: conflict.to_string(),
            };
        }
        match &self.stop {
            // While another relay serves the right one, this is that relay's problem alone.
            Some(Stop::WrongChain { expected, got })
                if !self.relays.values().any(|relay| relay.phase == Phase::Live) =>
            {
                return Status::WrongChain {
                    expected: *expected,
                    got: *got,
                    can_start_over: self.can_start_over(),
                };
            }
            Some(Stop::Update(detail)) => {
                return Status::UpdateNeeded {
                    detail: detail.clone(),
                };
            }
            _ => {}
        }
        if !self.begun {
            return Status::Starting;
        }
        let (Some(head), Some(moved_at), Some(client)) = (head, self.moved_at, &self.client) else {
            return self.status_before_head();
        };
        let limit = client.spec().parameters.slot_ms.saturating_mul(6).max(5_000);
        let reason = if self.now_ms.saturating_sub(moved_at) > limit {
            match (&self.last_problem, self.relays.is_empty()) {
                (Some(problem), true) => format!("no relay is connected: {problem}"),
                (None, true) => "no relay is connected".into(),
                (_, false) => "no new block arrives".into(),
            }
        } else if self.now_ms.saturating_sub(head.header().time_ms) > OLD_MS.max(limit) {
            "the newest block that the relays have is old by this device's clock".into()
        } else {
            return Status::Synced;
        };
        Status::Stale {
            since_ms: head.header().time_ms,
            reason,
        }
    }

    fn status_before_head(&self) -> Status {
        if let (Some((_, to)), Some(client)) = (self.fetching, &self.client) {
            let at = client.newest_epoch();
            let from = at - client.hand_overs_verified().min(at);
            return Status::Verifying {
                done: at - from,
                of: to.max(at) - from,
            };
        }
        match &self.last_problem {
            Some(reason) if self.relays.is_empty() => Status::NoRelay {
                reason: reason.clone(),
            },
            _ => Status::Dialing,
        }
    }
}

/// An error, with the head of the answer that it was about when its committee may become known.
type Failed = (LightError, Option<credo_primitives::CertifiedHeader>);

fn check(
    client: &mut LightClient,
    query: &Query,
    response: Response,
    rng: &mut impl CryptoRng,
) -> Result<Answer, Failed> {
    let alone = |error| (error, None);
    match (query, response) {
        (_, Response::Refused(why)) => {
            let why: Text<1024> = why;
            Err(alone(LightError::Refused(why.as_str().to_owned())))
        }
        (Query::State(keys), Response::State(answer)) => client
            .verify_state(rng, keys, &answer)
            .map(Answer::State)
            .map_err(|error| (error, Some(answer.head))),
        (Query::Candidates, Response::Candidates(answer)) => client
            .verify_candidates(rng, &answer)
            .map(Answer::Candidates)
            .map_err(|error| (error, Some(answer.state.head))),
        (Query::Submit(_), Response::Submitted(hash)) => Ok(Answer::Submitted(hash)),
        (Query::Block(height), Response::Block(answer)) => client
            .verify_block(rng, *height, &answer)
            .map(Answer::Block)
            .map_err(|error| (error, Some(answer.head))),
        (Query::Transaction(hash), Response::Transaction(answer)) => {
            let status = match answer {
                TransactionAnswer::Unknown => TransactionStatus::Unknown,
                TransactionAnswer::Pending => TransactionStatus::Pending,
                TransactionAnswer::Believable { height } => TransactionStatus::Believable { height },
                TransactionAnswer::Final(included) => client
                    .verify_transaction(rng, hash, &included)
                    .map(|proved| TransactionStatus::Final(Box::new(proved)))
                    .map_err(|error| (error, Some(included.head)))?,
            };
            Ok(Answer::Transaction(status))
        }
        _ => Err(alone(LightError::Unexpected)),
    }
}
