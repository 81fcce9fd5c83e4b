//! A session and relays on a table: no sockets, no clock.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use credo_light::testing::{TestChain, TestRelay, TestRng};
use credo_light::{
    Answer, Checkpoint, Effect, Event, LightError, Query, RelayId, Session, SessionConfig, Status, Ticket,
};
use credo_wire::Message;

/// The committed chain, read once.
pub(crate) fn fixture() -> Arc<TestChain> {
    static CHAIN: OnceLock<Arc<TestChain>> = OnceLock::new();
    Arc::clone(CHAIN.get_or_init(|| Arc::new(TestChain::fixture())))
}

pub(crate) struct Table {
    pub(crate) session: Session,
    pub(crate) relays: BTreeMap<RelayId, TestRelay>,
    pub(crate) now: u64,
    pub(crate) rng: TestRng,
    pub(crate) done: BTreeMap<Ticket, Result<Answer, LightError>>,
    pub(crate) closed: Vec<(RelayId, String, bool)>,
    pub(crate) stored: Option<Checkpoint>,
    pub(crate) statuses: Vec<Status>,
    pub(crate) sent: Vec<(RelayId, Message)>,
}

impl Table {
    pub(crate) fn new(config: SessionConfig, now: u64) -> Self {
        Self {
            session: Session::new(config).expect("a session"),
            relays: BTreeMap::new(),
            now,
            rng: TestRng(7),
            done: BTreeMap::new(),
            closed: Vec::new(),
            stored: None,
            statuses: vec![Status::Starting],
            sent: Vec::new(),
        }
    }

    /// A session pinned to the relay's chain, at the time of its newest block, with this relay connected.
    pub(crate) fn with(relay: TestRelay) -> Self {
        let mut table = Self::pinned(&relay);
        table.connect(0, relay);
        table
    }

    pub(crate) fn pinned(relay: &TestRelay) -> Self {
        let config = SessionConfig {
            pinned: Some(relay.chain.spec.hash()),
            checkpoint: None,
        };
        let time = relay
            .chain
            .block(relay.height)
            .map_or(relay.chain.spec.time_ms, |b| b.header.time_ms);
        Self::new(config, time)
    }

    pub(crate) fn connect(&mut self, id: RelayId, relay: TestRelay) {
        self.relays.insert(id, relay);
        self.event(Event::Connected(id));
    }

    pub(crate) fn disconnect(&mut self, id: RelayId) {
        self.relays.remove(&id);
        self.event(Event::Disconnected(id, "the stream closed".into()));
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.session.handle(event, self.now, &mut self.rng);
        self.pump();
    }

    /// Lets messages go to and fro until all is quiet.
    pub(crate) fn pump(&mut self) {
        for _ in 0..10_000 {
            let status = self.session.status();
            if self.statuses.last() != Some(&status) {
                self.statuses.push(status);
            }
            let effects = self.session.effects();
            if effects.is_empty() {
                return;
            }
            let mut back = Vec::new();
            for effect in effects {
                match effect {
                    Effect::Send(id, message) => {
                        self.sent.push((id, message.clone()));
                        let answer = self.relays.get_mut(&id).and_then(|relay| relay.receive(message));
                        back.extend(answer.map(|message| (id, message)));
                    }
                    Effect::Close {
                        relay,
                        reason,
                        for_good,
                    } => {
                        self.relays.remove(&relay);
                        self.closed.push((relay, reason, for_good));
                    }
                    Effect::Changed => {}
                    Effect::Done(ticket, result) => {
                        assert!(self.done.insert(ticket, result).is_none(), "a ticket ends once");
                    }
                    Effect::Store(checkpoint) => self.stored = Some(checkpoint),
                }
            }
            for (id, message) in back {
                if self.relays.contains_key(&id) {
                    self.session
                        .handle(Event::Message(id, message), self.now, &mut self.rng);
                }
            }
        }
        panic!("the session and its relays never come to rest");
    }

    /// Time passes in steps of a quarter second.
    pub(crate) fn wait(&mut self, ms: u64) {
        let until = self.now + ms;
        while self.now < until {
            self.now = (self.now + 250).min(until);
            self.event(Event::Tick);
        }
    }

    /// Every relay gets one more block, half a second later.
    pub(crate) fn block(&mut self) {
        self.now += 500;
        let pushes: Vec<_> = (self.relays.iter_mut())
            .filter_map(|(id, relay)| relay.advance().map(|message| (*id, message)))
            .collect();
        for (id, message) in pushes {
            self.event(Event::Message(id, message));
        }
        self.event(Event::Tick);
    }

    pub(crate) fn ask(&mut self, query: Query) -> Ticket {
        let ticket = self.session.request(query, self.now);
        self.pump();
        ticket
    }

    /// The result of a request that must have ended.
    pub(crate) fn result(&mut self, query: Query) -> Result<Answer, LightError> {
        let ticket = self.ask(query);
        self.done.remove(&ticket).expect("it ended")
    }

    pub(crate) fn head(&self) -> Option<u64> {
        let head = self.session.client()?.head()?;
        Some(head.header().height)
    }

    pub(crate) fn status(&self) -> Status {
        self.session.status()
    }
}
