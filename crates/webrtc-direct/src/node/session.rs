//! The task of one session: it drives the [`Engine`], sends and receives, authenticates the peer, and notices when the
//! session is over.
//!
//! # Life and death
//!
//! Each step of the establishment has [`Times::step`]. Afterwards the session ends when
//!
//! - our program closes or drops the connection: a goodbye is sent, after what streams that were closed before still have
//!   on the way (for at most [`PARTING`]);
//! - the peer says goodbye by DTLS or SCTP;
//! - nothing was heard of the peer for [`Times::silence`]: the session asks (see [`super::stun`]) from [`Times::ask_after`]
//!   on, twice a second. Any datagram from the peer's address counts as heard, unless another session claims that address, too:
//!   then checks and answers do, which say whose they are. Who can forge an address gains nothing but that a dead session
//!   stays a little longer;
//! - its peer isn't authenticated yet, and its listener gives it up for others.
//!
//! Nothing that isn't authenticated ends it: before the DTLS handshake is over, alerts in the clear are left out, and a peer that gives
//! up is noticed by the time that the step has.
//!
//! Whatever the reason, the engine, all streams and the entries in the listener's tables go with the task.
//!
//! # Bounds
//!
//! Datagrams wait in a queue of [`QUEUE`](super::parts::QUEUE) batches and [`Limits::max_queued_bytes`]; beyond that they are dropped by the
//! listener, and SCTP sends them again. A session that waits for the system's send buffer waits alone.
//!
//! [`Times::step`]: super::config::Times::step
//! [`Times::silence`]: super::config::Times::silence
//! [`Times::ask_after`]: super::config::Times::ask_after
//! [`Limits::max_queued_bytes`]: super::config::Limits::max_queued_bytes

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use futures::{FutureExt as _, future};
use libp2p_identity::{Keypair, PeerId};
use str0m::RtcError;
use str0m::error::{ProtoError, SctpError};
use tokio::sync::mpsc;
use tokio::time::Sleep;

use super::certificate::Certificate;
use super::config::Config;
use super::connection::{Command, Connection, Shared};
use super::demux::{Kind, has_plain_alert};
use super::engine::{Engine, Happened, Packet};
use super::parts::{Deliver, Input, Parts, lost_interest, next_command, next_input, optional};
use super::setup::Setup;
use super::stats::{Counters, Gauge, count};
use super::stun::Asker;
use super::udp::{Datagrams, Udp};
use crate::address::Fingerprint;
use crate::error::{Closed, Error, Step};
use crate::ice::Version;
use crate::noise::{self, Fingerprints, Role};
use crate::stream::Stream;

/// How long the server waits before its first message in version 1. Native clients of that time open channel 0 themselves only
/// after the association is established, and wait in vain if a message is there before.
const PATIENCE_V1: Duration = Duration::from_millis(50);
/// How often a silent peer is asked.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// How long a closing session waits for what is on the way.
const PARTING: Duration = Duration::from_millis(500);

/// Runs a session to its end.
pub(super) async fn run(parts: Parts, deliver: Deliver) {
    let counters = Arc::clone(&parts.counters);
    let _session = Gauge::new(&counters, |c| &c.sessions);
    let _task = Gauge::new(&counters, |c| &c.tasks);
    let half_open = Gauge::new(&counters, |c| &c.half_open);
    let mut session = match Session::new(parts) {
        Ok(session) => session,
        Err(error) => {
            count(&counters.failed, 1);
            fail(deliver, error);
            return;
        }
    };
    session.half_open = Some(half_open);
    session.deliver = Some(deliver);
    let why = match session.live().await {
        Ok(never) => match never {},
        Err(why) => why,
    };
    let closed = match &why {
        End::Closed(closed) => closed.clone(),
        End::Failed(error) => Closed::Broken(error.to_string()),
    };
    let at_noise = session.finish(&closed).await;
    tracing::debug!(%closed, "session over");
    if let Some(deliver) = session.deliver.take() {
        count(&counters.failed, 1);
        let error = match why {
            End::Failed(error) => error,
            // A peer that closes instead of going on with the handshake didn't believe it.
            End::Closed(closed) => at_noise.unwrap_or_else(|| closed.into()),
        };
        fail(deliver, error);
    }
}

fn fail(deliver: Deliver, error: Error) {
    if let Deliver::Dial(reply) = deliver {
        // Who dialled may have lost interest.
        let _ = reply.send(Err(error));
    }
}

/// Why a session is over.
enum End {
    Closed(Closed),
    Failed(Error),
}

impl From<RtcError> for End {
    fn from(error: RtcError) -> Self {
        // Three errors of the engine have a meaning of their own; the last two have no variant of their own, though.
        match &error {
            // The answer to a goodbye that comes before SCTP is established.
            RtcError::Sctp(SctpError::Proto(ProtoError::ErrShutdownNonEstablished)) => {
                Self::Closed(Closed::Remote)
            }
            // What is sent or comes after the peer's goodbye.
            RtcError::Dtls(error) if error.to_string().ends_with("connection closed") => {
                Self::Closed(Closed::Remote)
            }
            RtcError::RemoteSdp(text) if text.contains("fingerprint") => Self::Failed(Error::Fingerprint),
            _ => Self::Closed(Closed::Broken(error.to_string())),
        }
    }
}

struct Session {
    config: Config,
    role: Role,
    version: Version,
    keypair: Keypair,
    certificate: Certificate,
    certhash: Option<Fingerprint>,
    expected: Option<PeerId>,
    remote: SocketAddr,
    counters: Arc<Counters>,
    udp: Arc<Udp>,
    input: Input,
    ended: Arc<OnceLock<Closed>>,

    engine: Engine,
    asker: Asker,
    packets: Vec<Packet>,
    happened: Vec<Happened>,
    /// Which of our addresses the peer uses.
    source: Option<IpAddr>,
    shared: Arc<Shared>,
    /// Nothing once our program has closed the connection.
    commands: Option<mpsc::UnboundedReceiver<Command>>,
    connection: Option<Connection>,
    first: Option<Stream>,
    noise: Option<BoxFuture<'static, Result<PeerId, Error>>>,
    deliver: Option<Deliver>,
    half_open: Option<Gauge>,
    channels: Vec<Gauge>,
    /// Streams that our program wants and that the limit on channels holds back.
    wanted: VecDeque<futures::channel::oneshot::Sender<Stream>>,

    step: Step,
    step_ends: Instant,
    heard: Instant,
    asked: Instant,
    /// Our program has closed the connection; until when it may take.
    parting: Option<Instant>,
}

impl Session {
    fn new(parts: Parts) -> Result<Self, Error> {
        let now = Instant::now();
        let (shared, commands, connection) = Connection::new(&parts.config.limits);
        let setup = Setup {
            role: parts.role,
            credentials: &parts.credentials,
            certificate: parts.certificate.dtls(),
            certhash: parts.certhash,
            port: parts.udp.local().port(),
            remote: parts.remote,
            limits: parts.config.limits,
            acknowledgement: parts.config.times.acknowledgement,
            ready: Arc::clone(&shared.ready),
            peer: Arc::clone(&shared.peer),
        };
        let (engine, first) =
            Engine::new(setup, now).map_err(|error| Error::Closed(Closed::Broken(error.to_string())))?;
        let channels = vec![Gauge::new(&parts.counters, |c| &c.channels)];
        Ok(Self {
            asker: Asker::new(&parts.credentials, parts.role),
            config: parts.config,
            role: parts.role,
            version: parts.credentials.version,
            keypair: parts.keypair,
            certificate: parts.certificate,
            certhash: parts.certhash,
            expected: parts.expected,
            remote: parts.remote,
            counters: parts.counters,
            udp: parts.udp,
            input: parts.input,
            ended: parts.ended,
            engine,
            packets: Vec::new(),
            happened: Vec::new(),
            source: None,
            shared,
            commands: Some(commands),
            connection: Some(connection),
            first: Some(first),
            noise: None,
            deliver: None,
            half_open: None,
            channels,
            wanted: VecDeque::new(),
            step: Step::Ice,
            step_ends: now + parts.config.times.step,
            heard: now,
            asked: now,
            parting: None,
        })
    }

    async fn live(&mut self) -> Result<std::convert::Infallible, End> {
        let mut sleep = Box::pin(tokio::time::sleep(Duration::ZERO));
        loop {
            let now = Instant::now();
            let due = self.engine.drive(now, &mut self.packets, &mut self.happened)?;
            self.take_note(now)?;
            self.udp.send(&mut self.packets, self.source).await;
            self.serve_wanted();
            self.check_times(now)?;
            let due = self.next(due);
            if due <= now {
                self.engine.tick(now)?;
                // Others have a turn even if the engine always has something due.
                tokio::task::yield_now().await;
                continue;
            }
            sleep.as_mut().reset(due.into());
            self.wait(sleep.as_mut()).await?;
        }
    }

    /// Waits for the next thing to do, and does it.
    async fn wait(&mut self, sleep: Pin<&mut Sleep>) -> Result<(), End> {
        let ready = Arc::clone(&self.shared.ready);
        tokio::select! {
            biased;
            result = optional(&mut self.noise) => {
                self.noise = None;
                self.authenticated(result.map_err(End::Failed)?)
            }
            command = next_command(&mut self.commands) => {
                self.obey(command);
                Ok(())
            }
            () = lost_interest(&mut self.deliver) => Err(End::Closed(Closed::Local)),
            // Before the streams, which are attended to anyhow whenever the engine is driven.
            input = next_input(&mut self.input) => self.receive(input).await,
            key = future::poll_fn(|cx| ready.poll_pop(cx)) => {
                self.engine.attend_to(key);
                Ok(())
            }
            () = sleep => Ok(self.engine.tick(Instant::now())?),
        }
    }

    async fn receive(&mut self, input: Option<Vec<Datagrams>>) -> Result<(), End> {
        let Some(batches) = input else {
            let why = self.ended.get().cloned().unwrap_or(Closed::Transport);
            return Err(End::Closed(why));
        };
        let now = Instant::now();
        for batch in batches {
            if matches!(self.input, Input::Socket(_)) && batch.from != self.remote {
                count(&self.counters.strays, 1);
                continue;
            }
            if !batch.shared {
                self.heard = now;
            }
            self.source = batch.to.or(self.source);
            for datagram in batch.iter() {
                if Kind::of(datagram) == Kind::Stun && self.asker.is_answer(datagram) {
                    self.heard = now;
                    continue;
                }
                if has_plain_alert(datagram) {
                    count(&self.counters.strays, 1);
                    continue;
                }
                let (packets, happened) = (&mut self.packets, &mut self.happened);
                self.engine
                    .receive(batch.from, datagram, now, packets, happened)?;
            }
            self.udp.send(&mut self.packets, self.source).await;
        }
        Ok(())
    }

    fn obey(&mut self, command: Option<Command>) {
        match command {
            Some(Command::Open(reply)) => {
                self.wanted.push_back(reply);
                self.serve_wanted();
            }
            // A program that merely drops its handle closes, too.
            None | Some(Command::Close) => {
                self.parting = Some(Instant::now() + PARTING);
                self.commands = None;
            }
        }
    }

    fn serve_wanted(&mut self) {
        while let Some(reply) = self.wanted.pop_front() {
            if reply.is_canceled() {
                continue;
            }
            let Some(stream) = self.engine.open() else {
                self.wanted.push_front(reply);
                return;
            };
            self.channels.push(Gauge::new(&self.counters, |c| &c.channels));
            // Who no longer wants it drops it, which resets it.
            let _ = reply.send(stream);
        }
    }

    fn take_note(&mut self, now: Instant) -> Result<(), End> {
        for happened in std::mem::take(&mut self.happened) {
            match happened {
                Happened::Ice => self.advance(Step::Dtls, now),
                Happened::Dtls => self.advance(Step::Channel, now),
                Happened::First => {
                    self.advance(Step::Noise, now);
                    self.start_noise()?;
                }
                Happened::Stream(stream) => {
                    self.channels.push(Gauge::new(&self.counters, |c| &c.channels));
                    self.shared.arrived(stream);
                }
                Happened::ChannelGone => {
                    self.channels.pop();
                }
                Happened::Broken => count(&self.counters.broken_streams, 1),
                Happened::Closed => return Err(End::Closed(Closed::Remote)),
            }
        }
        if !self.engine.is_alive() {
            return Err(End::Closed(Closed::Remote));
        }
        Ok(())
    }

    fn advance(&mut self, step: Step, now: Instant) {
        if order(step) > order(self.step) {
            self.step = step;
            self.step_ends = now + self.config.times.step;
        }
    }

    fn start_noise(&mut self) -> Result<(), End> {
        let Some(stream) = self.first.take() else {
            return Ok(());
        };
        let ours = self.certificate.fingerprint();
        let theirs = match self.role {
            Role::Client => self.certhash,
            Role::Server => self.engine.remote_fingerprint(),
        };
        let theirs = theirs.ok_or(End::Failed(Error::Fingerprint))?;
        let fingerprints = match self.role {
            Role::Client => Fingerprints {
                client: ours,
                server: theirs,
            },
            Role::Server => Fingerprints {
                client: theirs,
                server: ours,
            },
        };
        let (role, keypair, expected) = (self.role, self.keypair.clone(), self.expected);
        let waits = role == Role::Server && self.version == Version::V1;
        let handshake = async move {
            if waits {
                tokio::time::sleep(PATIENCE_V1).await;
            }
            noise::authenticate(role, &keypair, stream, fingerprints, expected).await
        };
        self.noise = Some(handshake.boxed());
        Ok(())
    }

    fn authenticated(&mut self, peer: PeerId) -> Result<(), End> {
        let (Some(deliver), Some(connection)) = (self.deliver.take(), self.connection.take()) else {
            return Ok(());
        };
        self.half_open = None;
        count(&self.counters.established, 1);
        let taken = match deliver {
            Deliver::Dial(reply) => reply.send(Ok((peer, connection))).is_ok(),
            Deliver::Listener(deliver) => deliver(peer, connection),
        };
        if taken {
            Ok(())
        } else {
            Err(End::Closed(Closed::Transport))
        }
    }

    fn check_times(&mut self, now: Instant) -> Result<(), End> {
        if self
            .parting
            .is_some_and(|until| now >= until || !self.engine.has_ending())
        {
            return Err(End::Closed(Closed::Local));
        }
        if self.deliver.is_some() {
            if now >= self.step_ends {
                return Err(End::Failed(Error::Timeout {
                    step: self.step,
                    limit: self.config.times.step,
                }));
            }
            return Ok(());
        }
        let times = self.config.times;
        let silent = now.saturating_duration_since(self.heard);
        if silent >= times.silence {
            return Err(End::Closed(Closed::Silence(silent)));
        }
        if silent >= times.ask_after && now >= self.asked + ASK_EVERY {
            self.asked = now;
            self.packets.push(Packet {
                to: self.remote,
                contents: self.asker.ask(),
            });
        }
        Ok(())
    }

    /// When there is something to do, at the latest.
    fn next(&self, engine: Instant) -> Instant {
        let times = self.config.times;
        let mut next = engine;
        if !self.packets.is_empty() {
            return Instant::now();
        }
        if self.deliver.is_some() {
            next = next.min(self.step_ends);
        } else {
            let ask = (self.heard + times.ask_after).max(self.asked + ASK_EVERY);
            next = next.min(ask).min(self.heard + times.silence);
        }
        if let Some(until) = self.parting {
            next = next.min(until);
        }
        if let Some(deadline) = self.engine.next_deadline(Instant::now()) {
            next = next.min(deadline);
        }
        next
    }

    /// Says goodbye and lets go of everything. What became of the Noise handshake, if it was under way.
    async fn finish(&mut self, why: &Closed) -> Option<Error> {
        self.engine.close();
        let now = Instant::now();
        if self
            .engine
            .drive(now, &mut self.packets, &mut self.happened)
            .is_ok()
        {
            self.udp.send(&mut self.packets, self.source).await;
        }
        self.engine.lose(why);
        self.shared.over(why.clone());
        // Its stream is over, so it has come to its end.
        self.noise.take()?.now_or_never()?.err()
    }
}

// A panic in the engine, too, must leave nobody waiting.
impl Drop for Session {
    fn drop(&mut self) {
        self.shared
            .over(Closed::Broken("the session's task is gone".to_owned()));
    }
}

const fn order(step: Step) -> u8 {
    match step {
        Step::Ice => 0,
        Step::Dtls => 1,
        Step::Channel => 2,
        Step::Noise => 3,
    }
}
