//! The one task that owns the swarm: turns events into the links' inputs and their decisions into effects.

use std::collections::HashMap;
use std::time::Duration;

use credo_wire::streams::{self, Role};
use futures::channel::mpsc;
use futures::{FutureExt as _, StreamExt as _};
use gloo::events::EventListener;
use gloo::timers::future::TimeoutFuture;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::Boxed;
use libp2p::core::transport::timeout::TransportTimeout;
use libp2p::core::upgrade::Version;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError, SwarmEvent};
use libp2p::{PeerId, Swarm, Transport as _, identity, noise, swarm, websocket_websys, yamux};

use webrtc_direct::browser;

use super::link::{Do, Link};
use super::pipe::{Pipe, Report};
use super::{Command, Event};
use crate::protocol::{RelayId, Transport};

/// A dial may take this long.
const DIAL_LIMIT: Duration = Duration::from_millis(3_000);
/// A connection whose stream is gone closes by itself after this time at the latest.
const IDLE: Duration = Duration::from_secs(5);
/// The longest sleep of the driver: no deadline is farther away.
const LONGEST_MS: f64 = 60_000.0;

struct Driver<F> {
    swarm: Swarm<streams::Behaviour>,
    links: Vec<Link>,
    pipes: HashMap<RelayId, Pipe>,
    owners: HashMap<ConnectionId, RelayId>,
    reports: mpsc::UnboundedSender<Report>,
    on_event: F,
}

/// Runs for as long as the page.
pub(crate) async fn run(links: Vec<Link>, mut commands: mpsc::Receiver<Command>, on_event: impl Fn(Event)) {
    let transport = match transport_for(&identity::Keypair::generate_ed25519()) {
        Ok(both) => both,
        Err(error) => {
            let reason = format!("This browser can't set up connections ({error}).");
            for relay in 0..links.len() as RelayId {
                on_event(Event::Disconnected {
                    relay,
                    reason: reason.clone(),
                });
            }
            return;
        }
    };
    let (transport, local) = transport;
    let config = swarm::Config::with_wasm_executor().with_idle_connection_timeout(IDLE);
    let (reports, mut reported) = mpsc::unbounded();
    let mut driver = Driver {
        swarm: Swarm::new(transport, streams::Behaviour::new(Role::Client), local, config),
        links,
        pipes: HashMap::new(),
        owners: HashMap::new(),
        reports,
        on_event,
    };
    let (leave, mut left) = mpsc::channel(1);
    let _listener = web_sys::window().map(|window| {
        EventListener::new(&window, "pagehide", move |_| {
            let _ = leave.clone().try_send(());
        })
    });
    driver.tick();
    loop {
        let wait = driver.next_wait();
        futures::select! {
            event = driver.swarm.select_next_some() => driver.on_swarm(event),
            command = commands.next() => match command {
                Some(command) => driver.on_command(command),
                None => return,
            },
            report = reported.select_next_some() => driver.on_report(report),
            () = left.select_next_some() => driver.on_command(Command::Leave),
            () = TimeoutFuture::new(wait).fuse() => {}
        }
        driver.tick();
    }
}

fn transport_for(key: &identity::Keypair) -> Result<(Boxed<(PeerId, StreamMuxerBox)>, PeerId), noise::Error> {
    let webrtc = browser::Transport::new(browser::Config::new(key)).boxed();
    let websocket = websocket_websys::Transport::default()
        .upgrade(Version::V1Lazy)
        .authenticate(noise::Config::new(key)?)
        .multiplex(yamux::Config::default())
        .boxed();
    let both = webrtc
        .or_transport(websocket)
        .map(|either, _| either.into_inner());
    let limited = TransportTimeout::with_outgoing_timeout(both, DIAL_LIMIT).boxed();
    Ok((limited, key.public().to_peer_id()))
}

fn now() -> f64 {
    js_sys::Date::now()
}

impl<F: Fn(Event)> Driver<F> {
    fn heard(&self, relay: RelayId) -> f64 {
        self.pipes.get(&relay).map_or(0.0, Pipe::heard)
    }

    /// Milliseconds until a link has something to do.
    fn next_wait(&self) -> u32 {
        let now = now();
        let deadlines = self.links.iter().enumerate();
        let next = deadlines.filter_map(|(n, link)| link.next_deadline(self.heard(n as RelayId)));
        let wait = next.fold(LONGEST_MS, |soonest, at| soonest.min(at - now));
        wait.clamp(0.0, LONGEST_MS).ceil() as u32
    }

    fn tick(&mut self) {
        for relay in 0..self.links.len() as RelayId {
            let heard = self.heard(relay);
            let todo = self.links[relay as usize].tick(now(), heard);
            self.act(relay, todo);
        }
    }

    fn act(&mut self, relay: RelayId, todo: Vec<Do>) {
        for one in todo {
            match one {
                Do::Dial(transport, peer, address) => self.dial(relay, transport, peer, address),
                Do::Open(peer, connection) => self.swarm.behaviour_mut().open(peer, connection),
                Do::Close(connection) => match self.take_pipe(relay, connection) {
                    // It is closed when it has said goodbye.
                    Some(pipe) => pipe.finish(),
                    None => {
                        self.swarm.close_connection(connection);
                    }
                },
                Do::Probe => {
                    if let Some(pipe) = self.pipes.get_mut(&relay) {
                        pipe.probe();
                    }
                }
                Do::Connected(transport, dial_ms) => {
                    (self.on_event)(Event::Connected {
                        relay,
                        transport,
                        dial_ms,
                    });
                }
                Do::Disconnected(reason) => {
                    self.pipes.remove(&relay);
                    (self.on_event)(Event::Disconnected { relay, reason });
                }
            }
        }
    }

    fn take_pipe(&mut self, relay: RelayId, connection: ConnectionId) -> Option<Pipe> {
        let is_its = self
            .pipes
            .get(&relay)
            .is_some_and(|pipe| pipe.connection() == connection);
        if is_its { self.pipes.remove(&relay) } else { None }
    }

    fn dial(
        &mut self,
        relay: RelayId,
        transport: Transport,
        peer: Option<PeerId>,
        address: libp2p::Multiaddr,
    ) {
        let options = match peer {
            Some(peer) => DialOpts::peer_id(peer)
                .condition(PeerCondition::Always)
                .addresses(vec![address])
                .build(),
            None => DialOpts::unknown_peer_id().address(address).build(),
        };
        let connection = options.connection_id();
        self.owners.insert(connection, relay);
        self.links[relay as usize].dialing(transport, connection);
        if let Err(error) = self.swarm.dial(options) {
            self.failed(connection, &in_words(&error));
        }
    }

    fn failed(&mut self, connection: ConnectionId, reason: &str) {
        if let Some(relay) = self.owners.remove(&connection) {
            let todo = self.links[relay as usize].failed(now(), connection, reason);
            self.act(relay, todo);
        }
    }

    fn on_swarm(&mut self, event: SwarmEvent<streams::Event>) {
        match event {
            SwarmEvent::ConnectionEstablished {
                peer_id,
                connection_id,
                ..
            } => match self.owners.get(&connection_id) {
                Some(&relay) => {
                    let todo = self.links[relay as usize].established(peer_id, connection_id);
                    self.act(relay, todo);
                }
                None => {
                    self.swarm.close_connection(connection_id);
                }
            },
            SwarmEvent::OutgoingConnectionError {
                connection_id, error, ..
            } => self.failed(connection_id, &in_words(&error)),
            SwarmEvent::ConnectionClosed { connection_id, .. } => {
                self.failed(connection_id, "The connection to the relay closed.");
            }
            SwarmEvent::Behaviour(streams::Event::Opened {
                connection, stream, ..
            }) => {
                let Some(&relay) = self.owners.get(&connection) else {
                    return;
                };
                let (won, todo) = self.links[relay as usize].opened(now(), connection);
                if won {
                    let pipe = Pipe::start(relay, connection, stream, self.reports.clone());
                    self.pipes.insert(relay, pipe);
                }
                self.act(relay, todo);
            }
            SwarmEvent::Behaviour(streams::Event::Failed {
                connection, error, ..
            }) => {
                self.failed(connection, &error.to_string());
                self.swarm.close_connection(connection);
            }
            _ => {}
        }
    }

    fn on_report(&mut self, report: Report) {
        match report {
            Report::Frame(relay, bytes) => (self.on_event)(Event::Frame { relay, bytes }),
            Report::Ended(relay, connection, why) => {
                if self.take_pipe(relay, connection).is_some() {
                    self.failed(connection, &why);
                }
                // Neither end of a WebRTC connection notices that the other closed it.
                self.swarm.close_connection(connection);
            }
        }
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Send(relay, bytes) => {
                if let Some(pipe) = self.pipes.get_mut(&relay)
                    && !pipe.send(bytes)
                {
                    self.close(relay, "The relay takes nothing any more.".into(), false);
                }
            }
            Command::Close(relay, reason, for_good) => {
                if self.links.len() > relay as usize {
                    self.close(relay, reason, for_good);
                }
            }
            Command::Kick => {
                for relay in 0..self.links.len() as RelayId {
                    let todo = self.links[relay as usize].kick(now());
                    self.act(relay, todo);
                }
            }
            Command::Leave => {
                for relay in 0..self.links.len() as RelayId {
                    let todo = self.links[relay as usize].leave(now());
                    self.act(relay, todo);
                }
            }
        }
    }

    fn close(&mut self, relay: RelayId, reason: String, for_good: bool) {
        let todo = self.links[relay as usize].close(now(), reason, for_good);
        self.act(relay, todo);
    }
}

fn in_words(error: &DialError) -> String {
    match error {
        DialError::WrongPeerId { .. } => "it has another key than its address names".into(),
        other => streams::dial_failure(other),
    }
}
