//! The native dialer: a light client's end of the public plane, for the command line, tests and benchmarks.
//!
//! [`dial`] takes one address (WebRTC-direct or WebSocket) and gives a [`Client`], which answers the relay's pings by
//! itself and hands out everything else. Each client has a swarm of its own: it ends with the client.

use std::time::{Duration, Instant};

use credo_wire::streams::{self, CLIENT_CHUNK, Role};
use credo_wire::{MAX_FRAME, Message, encode_frame};
use futures::StreamExt as _;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::swarm::{DialError as SwarmDialError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, dns, identity, swarm, tcp};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use webrtc_direct::Version;

use super::swarm::websocket_over;
use super::transport::{ConnError, FramedConn, OnClose};
use super::webrtc;

/// How long a dial may take when nothing else is said.
pub const DIAL_LIMIT: Duration = Duration::from_secs(4);
/// A relay that hasn't answered in version 2 of WebRTC-direct within this time is tried with version 1.
const SECOND_VERSION: Duration = Duration::from_millis(1_500);
/// Messages from the relay that wait to be taken; beyond them the client stops reading.
const INBOX: usize = 64;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// Not a relay's address.
    #[error("\"{address}\" is no relay's address: {reason}")]
    Address {
        /// As given.
        address: String,
        /// Why.
        reason: String,
    },
    /// Nothing answers.
    #[error("no relay answers at {address}: {reason}")]
    Unreachable {
        /// The address.
        address: String,
        /// Why.
        reason: String,
    },
    /// Somebody answers, but not this protocol.
    #[error("what answers at {address} is no Credo relay: {reason}")]
    NotARelay {
        /// The address.
        address: String,
        /// Why.
        reason: String,
    },
    /// The client's own end couldn't be set up.
    #[error("can't set up a connection: {0}")]
    Setup(String),
}

/// Why a message couldn't be sent or received.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The relay said goodbye or closed.
    #[error("the relay closed the connection")]
    Closed,
    /// The connection broke.
    #[error("the connection to the relay broke: {0}")]
    Broken(String),
}

/// A connection to a relay.
#[derive(Debug)]
pub struct Client {
    /// How long the dial took, the stream's opening included.
    pub dial: Duration,
    outgoing: mpsc::Sender<Vec<u8>>,
    incoming: mpsc::Receiver<Result<Message, ConnError>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Client {
    /// Sends a message.
    pub async fn send(&self, message: &Message) -> Result<(), ClientError> {
        self.send_raw(encode_frame(message)).await
    }

    /// Sends bytes as they are, framed or not (for tests of what a relay does with nonsense).
    pub async fn send_raw(&self, bytes: Vec<u8>) -> Result<(), ClientError> {
        self.outgoing.send(bytes).await.map_err(|_| ClientError::Closed)
    }

    /// The next message from the relay, its pings apart: they are answered here. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Message, ClientError> {
        match self.incoming.recv().await {
            Some(Ok(Message::Goodbye)) | None => Err(ClientError::Closed),
            Some(Ok(message)) => Ok(message),
            Some(Err(error)) => Err(ClientError::Broken(error.to_string())),
        }
    }

    /// Stops reading and answering pings, as a frozen tab does.
    #[cfg(test)]
    pub(crate) fn mute(&mut self) {
        self.tasks[0].abort();
    }

    /// Says goodbye and closes.
    pub async fn goodbye(mut self) {
        let _ = self.send(&Message::Goodbye).await;
        // The relay closes when it has read it.
        let _ = tokio::time::timeout(Duration::from_millis(300), async {
            while self.next().await.is_ok() {}
        })
        .await;
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn parse(text: &str) -> Result<(Multiaddr, Option<PeerId>), DialError> {
    let wrong = |reason: &str| DialError::Address {
        address: text.to_owned(),
        reason: reason.to_owned(),
    };
    let address: Multiaddr = text
        .parse()
        .map_err(|_| wrong("it isn't a multiaddr like /ip4/127.0.0.1/tcp/9000/ws/p2p/12D3…"))?;
    let has = |wanted: fn(&Protocol<'_>) -> bool| address.iter().any(|p| wanted(&p));
    let webrtc = has(|p| matches!(p, Protocol::WebRTCDirect));
    if !webrtc && !has(|p| matches!(p, Protocol::Ws(_))) {
        return Err(wrong(
            "it names neither WebSocket (/ws) nor WebRTC-direct (/webrtc-direct)",
        ));
    }
    if webrtc && !has(|p| matches!(p, Protocol::Certhash(_))) {
        return Err(wrong(
            "a WebRTC-direct address must name the certificate's hash (/certhash/…)",
        ));
    }
    let peer = address.iter().find_map(|p| match p {
        Protocol::P2p(peer) => Some(peer),
        _ => None,
    });
    Ok((address, peer))
}

/// Dials a relay and opens the stream, all within `limit`.
pub async fn dial(address: &str, limit: Duration) -> Result<Client, DialError> {
    let (target, peer) = parse(address)?;
    let started = Instant::now();
    let (mut swarm, stream) = tokio::time::timeout(limit, connected(address, &target, peer))
        .await
        .map_err(|_| DialError::Unreachable {
            address: address.to_owned(),
            reason: format!("nothing came back within {:.0} seconds", limit.as_secs_f64()),
        })??;

    // Our own queue, read in a tight task: a data channel can't hold the relay back.
    let (closed, mut close) = watch::channel(());
    let conn = FramedConn::new(
        stream,
        MAX_FRAME,
        CLIENT_CHUNK,
        OnClose::new(move || drop(closed)),
    );
    let (mut reader, mut writer) = (conn.reader, conn.writer);
    let (outgoing, mut to_send) = mpsc::channel::<Vec<u8>>(INBOX);
    let (deliver, incoming) = mpsc::channel(INBOX);
    let answers = outgoing.downgrade();
    let reading = tokio::spawn(async move {
        loop {
            let result = match reader.next().await {
                Ok(Some(Message::Ping(nonce))) => {
                    if let Some(answers) = answers.upgrade() {
                        let _ = answers.try_send(encode_frame(&Message::Pong(nonce)));
                    }
                    continue;
                }
                Ok(Some(message)) => Ok(message),
                Ok(None) => break,
                Err(error) => Err(error),
            };
            let last = result.is_err();
            if deliver.send(result).await.is_err() || last {
                break;
            }
        }
    });
    let writing = tokio::spawn(async move {
        while let Some(bytes) = to_send.recv().await {
            if writer.write(&bytes).await.is_err() {
                break;
            }
        }
    });
    let driving = tokio::spawn(async move {
        loop {
            tokio::select! {
                event = swarm.select_next_some() => {
                    if matches!(event, SwarmEvent::ConnectionClosed { num_established: 0, .. }) {
                        break;
                    }
                }
                _ = close.changed() => break,
            }
        }
    });
    Ok(Client {
        dial: started.elapsed(),
        outgoing,
        incoming,
        tasks: vec![reading, writing, driving],
    })
}

/// Over WebRTC-direct, the second version is tried first; a relay that doesn't answer to it may know the first.
async fn connected(
    text: &str,
    target: &Multiaddr,
    peer: Option<PeerId>,
) -> Result<(Swarm<streams::Behaviour>, libp2p::Stream), DialError> {
    if !target.iter().any(|p| matches!(p, Protocol::WebRTCDirect)) {
        let mut swarm = build(None)?;
        let stream = connect(&mut swarm, text, target.clone(), peer).await?;
        return Ok((swarm, stream));
    }
    let mut swarm = build(Some(Version::V2))?;
    let second = connect(&mut swarm, text, target.clone(), peer);
    match tokio::time::timeout(SECOND_VERSION, second).await {
        Ok(Ok(stream)) => return Ok((swarm, stream)),
        Ok(Err(error @ DialError::NotARelay { .. })) => return Err(error),
        Ok(Err(_)) | Err(_) => {}
    }
    let mut swarm = build(Some(Version::V1))?;
    let stream = connect(&mut swarm, text, target.clone(), peer).await?;
    Ok((swarm, stream))
}

/// A swarm of one connection: over WebRTC-direct in one version, or over WebSocket.
fn build(webrtc: Option<Version>) -> Result<Swarm<streams::Behaviour>, DialError> {
    fn setup(error: impl ToString) -> DialError {
        DialError::Setup(error.to_string())
    }
    let key = identity::Keypair::generate_ed25519();
    let transport = if let Some(version) = webrtc {
        webrtc::dialer(&key, version).map_err(setup)?
    } else {
        let tcp = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true));
        websocket_over(dns::tokio::Transport::system(tcp).map_err(setup)?, &key).map_err(setup)?
    };
    Ok(Swarm::new(
        transport,
        streams::Behaviour::new(Role::Client),
        key.public().to_peer_id(),
        swarm::Config::with_tokio_executor().with_idle_connection_timeout(Duration::from_secs(5)),
    ))
}

async fn connect(
    swarm: &mut Swarm<streams::Behaviour>,
    text: &str,
    address: Multiaddr,
    peer: Option<PeerId>,
) -> Result<libp2p::Stream, DialError> {
    let unreachable = |reason: String| DialError::Unreachable {
        address: text.to_owned(),
        reason,
    };
    let options = match peer {
        Some(peer) => DialOpts::peer_id(peer).addresses(vec![address]).build(),
        None => DialOpts::unknown_peer_id().address(address).build(),
    };
    swarm
        .dial(options)
        .map_err(|e| unreachable(streams::dial_failure(&e)))?;
    loop {
        match swarm.select_next_some().await {
            SwarmEvent::ConnectionEstablished {
                peer_id,
                connection_id,
                ..
            } => swarm.behaviour_mut().open(peer_id, connection_id),
            SwarmEvent::OutgoingConnectionError {
                error: SwarmDialError::WrongPeerId { obtained, .. },
                ..
            } => {
                return Err(DialError::NotARelay {
                    address: text.to_owned(),
                    reason: format!("it has another key ({obtained}) than the address names"),
                });
            }
            SwarmEvent::OutgoingConnectionError { error, .. } => {
                return Err(unreachable(streams::dial_failure(&error)));
            }
            SwarmEvent::ConnectionClosed { .. } => {
                return Err(unreachable("it closed the connection at once".into()));
            }
            SwarmEvent::Behaviour(streams::Event::Opened { stream, .. }) => return Ok(stream),
            SwarmEvent::Behaviour(streams::Event::Failed { error, .. }) => {
                return Err(DialError::NotARelay {
                    address: text.to_owned(),
                    reason: error.to_string(),
                });
            }
            _ => {}
        }
    }
}
