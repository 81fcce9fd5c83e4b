//! Carries a [`Session`]'s messages to and from relays: the effects to its decisions.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use credo_light::{
    Answer, Checkpoint, Effect, Event, LightClient, LightError, Query, RelayId, Session, SessionConfig,
    Status, Ticket,
};
use credo_primitives::Digest;
use credo_wire::Message;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Failure;
use super::directory::Target;
use crate::public::client::{self, Client};

/// Events that wait for the session; relays are read no faster than it verifies.
const EVENTS: usize = 64;
/// Messages that wait for one relay.
const OUTGOING: usize = 64;
const TICK: Duration = Duration::from_millis(200);
/// After the first relay is in step, the others have this long to come in step, too.
const OTHERS: Duration = Duration::from_secs(3);
const GOODBYE: Duration = Duration::from_millis(500);

enum Happened {
    Connected(RelayId),
    Message(RelayId, Message),
    Gone(RelayId, String),
}

struct Relay {
    address: String,
    outgoing: mpsc::Sender<Message>,
    task: JoinHandle<()>,
    /// Why it isn't connected.
    problem: Option<String>,
    /// Caught lying.
    lied: bool,
}

/// A session with its relays.
pub(crate) struct Follower {
    session: Session,
    relays: BTreeMap<RelayId, Relay>,
    events: mpsc::Receiver<Happened>,
    started: Instant,
    /// A transaction that was handed to a relay.
    pub(crate) sent: Option<Digest>,
    /// How long synchronising took.
    pub(crate) synchronised: Duration,
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

impl Follower {
    /// Dials every relay.
    pub(crate) fn start(config: SessionConfig, targets: Vec<Target>) -> Result<Self, Failure> {
        let session = Session::new(config)?;
        let (report, events) = mpsc::channel(EVENTS);
        let relays = targets
            .into_iter()
            .take(credo_light::session::MAX_RELAYS)
            .enumerate()
            .map(|(n, ways)| {
                let id = n as RelayId;
                let (outgoing, to_send) = mpsc::channel(OUTGOING);
                let address = ways.first().cloned().unwrap_or_default();
                let task = tokio::spawn(carry(id, ways, to_send, report.clone()));
                let relay = Relay {
                    address,
                    outgoing,
                    task,
                    problem: None,
                    lied: false,
                };
                (id, relay)
            });
        Ok(Self {
            relays: relays.collect(),
            session,
            events,
            started: Instant::now(),
            sent: None,
            synchronised: Duration::ZERO,
        })
    }

    /// Waits until the head is verified and, with several relays, until each is in step or out.
    pub(crate) async fn synchronise(&mut self) -> Result<(), Failure> {
        let mut first = None;
        loop {
            self.step(None).await?;
            // A chain that stands still is shown, too, and called stale.
            if !matches!(self.session.status(), Status::Synced | Status::Stale { .. }) {
                continue;
            }
            let since = *first.get_or_insert_with(Instant::now);
            let waiting =
                (self.relays.iter()).filter(|(id, relay)| relay.problem.is_none() && !self.is_live(**id));
            if waiting.count() == 0 || since.elapsed() > OTHERS {
                self.synchronised = self.started.elapsed();
                return Ok(());
            }
        }
    }

    fn is_live(&self, id: RelayId) -> bool {
        self.session
            .relays()
            .any(|(known, info)| known == id && info.height.is_some())
    }

    /// Asks, and waits for the verified answer.
    pub(crate) async fn ask(&mut self, query: Query) -> Result<Answer, Failure> {
        let ticket = self.session.request(query, now_ms());
        loop {
            if let Some(result) = self.step(Some(ticket)).await? {
                return result.map_err(Failure::from);
            }
        }
    }

    /// One event; the result of `ticket` when it has ended.
    async fn step(&mut self, ticket: Option<Ticket>) -> Result<Option<Result<Answer, LightError>>, Failure> {
        let mut done = self.act(ticket);
        if done.is_none() {
            let event = match tokio::time::timeout(TICK, self.events.recv()).await {
                Ok(Some(Happened::Connected(id))) => Event::Connected(id),
                Ok(Some(Happened::Message(id, message))) => Event::Message(id, message),
                Ok(Some(Happened::Gone(id, reason))) => {
                    if let Some(relay) = self.relays.get_mut(&id) {
                        relay.problem.get_or_insert(reason.clone());
                    }
                    Event::Disconnected(id, reason)
                }
                Ok(None) | Err(_) => Event::Tick,
            };
            self.session.handle(event, now_ms(), &mut rand::rng());
            done = self.act(ticket);
        }
        if done.is_none() {
            self.check()?;
        }
        Ok(done)
    }

    fn act(&mut self, ticket: Option<Ticket>) -> Option<Result<Answer, LightError>> {
        let mut done = None;
        for effect in self.session.effects() {
            match effect {
                Effect::Send(id, message) => {
                    if let Some(relay) = self.relays.get(&id) {
                        // A relay that takes nothing is noticed by its silence.
                        let _ = relay.outgoing.try_send(message);
                    }
                }
                Effect::Close {
                    relay,
                    reason,
                    for_good,
                } => {
                    if let Some(relay) = self.relays.get_mut(&relay) {
                        relay.problem = Some(reason);
                        relay.lied |= for_good;
                        relay.task.abort();
                    }
                }
                Effect::Done(which, result) if Some(which) == ticket => done = Some(result),
                Effect::Done(..) | Effect::Changed | Effect::Store(_) => {}
            }
        }
        done
    }

    /// An error once no relay can help any more.
    fn check(&self) -> Result<(), Failure> {
        match self.session.status() {
            Status::WrongChain { expected, got, .. } => {
                return Err(Failure::AnotherChain(format!(
                    "the relay serves another chain: its spec hash is {got}, expected {expected}"
                )));
            }
            Status::Conflict { detail } => return Err(Failure::Lie(detail)),
            Status::UpdateNeeded { detail } => {
                return Err(Failure::Other(format!("a newer release is needed: {detail}")));
            }
            _ => {}
        }
        if self.relays.values().any(|relay| relay.problem.is_none()) {
            return Ok(());
        }
        let reasons: Vec<String> = self
            .relays
            .values()
            .map(|relay| {
                let reason = relay.problem.as_deref().unwrap_or("no reason");
                if reason.contains(&relay.address) {
                    reason.to_owned()
                } else {
                    format!("{}: {reason}", relay.address)
                }
            })
            .collect();
        let reasons = reasons.join("; ");
        if self.relays.values().any(|relay| relay.lied) {
            return Err(Failure::Lie(format!(
                "the relay was caught lying, nothing it said is shown: {reasons}"
            )));
        }
        if self.session.client().is_none() && reasons.contains("spec hash of this chain must be given") {
            return Err(Failure::AnotherChain(reasons));
        }
        Err(Failure::NoRelay(reasons))
    }

    /// The verifier; present after [`Follower::synchronise`].
    pub(crate) fn client(&self) -> Option<&LightClient> {
        self.session.client()
    }

    pub(crate) fn agreeing(&self) -> u32 {
        self.session.agreeing()
    }

    pub(crate) fn relays(&self) -> usize {
        self.relays.len()
    }

    /// Relays that aren't connected, with the reason.
    pub(crate) fn problems(&self) -> Vec<(String, String)> {
        let out = self.relays.values();
        out.filter_map(|r| Some((r.address.clone(), r.problem.clone()?)))
            .collect()
    }

    /// Why the head is stale, if it is.
    pub(crate) fn stale(&self) -> Option<String> {
        match self.session.status() {
            Status::Stale { reason, .. } => Some(reason),
            _ => None,
        }
    }

    pub(crate) fn checkpoint(&self) -> Option<Checkpoint> {
        self.session.checkpoint()
    }

    pub(crate) fn spec_hash(&self) -> String {
        self.session.pinned().map(ToString::to_string).unwrap_or_default()
    }

    /// Where it stands, in words.
    pub(crate) fn status(&self) -> String {
        match self.session.status() {
            Status::Starting | Status::Dialing => "still dialing".into(),
            Status::Verifying { done, of } => format!("verified {done} of {of} hand-overs"),
            Status::Synced => "the head is verified, the answer is missing".into(),
            Status::Stale { reason, .. } => format!("the chain stands still: {reason}"),
            Status::NoRelay { reason } => reason,
            other => format!("{other:?}"),
        }
    }

    /// Leaves the relays politely.
    pub(crate) async fn goodbye(&mut self) {
        for relay in self.relays.values() {
            let _ = relay.outgoing.try_send(Message::Goodbye);
        }
        let ended = async {
            for relay in self.relays.values_mut().filter(|relay| relay.problem.is_none()) {
                let _ = (&mut relay.task).await;
            }
        };
        self.events.close();
        let _ = tokio::time::timeout(GOODBYE, ended).await;
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        for relay in self.relays.values() {
            relay.task.abort();
        }
    }
}

async fn connect(ways: &[String]) -> Result<Client, String> {
    let mut reason = "it has no address".to_owned();
    for way in ways {
        match client::dial(way, client::DIAL_LIMIT).await {
            Ok(client) => return Ok(client),
            Err(error) => reason = error.to_string(),
        }
    }
    Err(reason)
}

/// One relay's connection, for as long as it stands.
async fn carry(
    id: RelayId,
    ways: Vec<String>,
    mut to_send: mpsc::Receiver<Message>,
    report: mpsc::Sender<Happened>,
) {
    let mut client = match connect(&ways).await {
        Ok(client) => client,
        Err(reason) => {
            let _ = report.send(Happened::Gone(id, reason)).await;
            return;
        }
    };
    if report.send(Happened::Connected(id)).await.is_err() {
        return;
    }
    let why = loop {
        tokio::select! {
            message = client.next() => match message {
                Ok(message) => {
                    if report.send(Happened::Message(id, message)).await.is_err() {
                        client.goodbye().await;
                        return;
                    }
                }
                Err(error) => break error.to_string(),
            },
            message = to_send.recv() => match message {
                Some(Message::Goodbye) | None => {
                    client.goodbye().await;
                    return;
                }
                Some(message) => {
                    if let Err(error) = client.send(&message).await {
                        break error.to_string();
                    }
                }
            },
        }
    };
    let _ = report.send(Happened::Gone(id, why)).await;
}
