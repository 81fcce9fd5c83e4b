//! The ways in as an [`Endpoint`]: WebRTC-direct by [`super::webrtc`], and libp2p's WebSocket with Noise and Yamux.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use credo_wire::MAX_CLIENT_FRAME;
use credo_wire::streams::{self, Role};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::{Boxed, ListenerId};
use libp2p::core::upgrade::Version;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{ConnectionId, NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, Transport as _, noise, swarm, tcp, websocket, yamux};
use tokio::sync::mpsc;
use webrtc_direct::node::StatsHandle;

use super::admission::{Admission, source_of};
use super::identity::Identity;
use super::transport::{Endpoint, FramedConn, Incoming, OnClose};
use super::webrtc::{self, WebRtc};
use super::{PublicConfig, PublicError};

/// A connection without a stream lives this long.
const IDLE: Duration = Duration::from_secs(8);
/// Noise and Yamux over a WebSocket must stand within this time.
const HANDSHAKE: Duration = Duration::from_secs(8);
/// Listening begins at once or not at all.
const LISTEN: Duration = Duration::from_secs(5);
/// The largest WebSocket message taken: Noise and Yamux never need more.
const WS_MESSAGE: usize = 256 * 1024;
/// Yamux streams of one connection: ours, and room for one that is being replaced.
const YAMUX_STREAMS: usize = 8;

#[derive(NetworkBehaviour)]
pub(crate) struct Behaviour {
    admission: Admission,
    streams: streams::Behaviour,
}

/// The swarm with its two listeners.
pub(crate) struct Libp2pEndpoint {
    swarm: Swarm<Behaviour>,
    addresses: Vec<Multiaddr>,
    chunk: usize,
    stats: Option<StatsHandle>,
    close: (
        mpsc::UnboundedSender<ConnectionId>,
        mpsc::UnboundedReceiver<ConnectionId>,
    ),
}

/// WebSocket with Noise and Yamux over any stream transport.
pub(crate) fn websocket_over<T>(
    inner: T,
    keypair: &libp2p::identity::Keypair,
) -> Result<Boxed<(PeerId, StreamMuxerBox)>, noise::Error>
where
    T: libp2p::Transport + Send + Unpin + 'static,
    T::Error: Send + Sync + 'static,
    T::Dial: Send + 'static,
    T::ListenerUpgrade: Send + 'static,
    T::Output: futures::AsyncRead + futures::AsyncWrite + Send + Unpin + 'static,
{
    let mut ws = websocket::Config::new(inner);
    ws.set_max_data_size(WS_MESSAGE);
    let mut muxer = yamux::Config::default();
    muxer.set_max_num_streams(YAMUX_STREAMS);
    Ok(ws
        .upgrade(Version::V1Lazy)
        .authenticate(noise::Config::new(keypair)?)
        .multiplex(muxer)
        .timeout(HANDSHAKE)
        .boxed())
}

impl Libp2pEndpoint {
    /// Listens by the configuration; returns once every listener has its address.
    pub(crate) async fn listen(config: &PublicConfig) -> Result<Self, PublicError> {
        let identity = Identity::load_or_create(&config.data_dir)?;
        let key = &identity.keypair;
        let tcp = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true));
        let ws = websocket_over(tcp, key).map_err(|e| PublicError::Transport(e.to_string()))?;
        let webrtc = webrtc::listener(config.webrtc, key, identity.certificate, &config.limits)?;
        let (transport, stats) = match webrtc {
            Some((webrtc, stats)) => {
                let both = webrtc.or_transport(ws).map(|either, _| either.into_inner());
                (both.boxed(), stats)
            }
            None => (ws, None),
        };
        let behaviour = Behaviour {
            admission: Admission::new(&config.limits, Arc::clone(&config.budget)),
            streams: streams::Behaviour::new(Role::Relay),
        };
        let mut swarm = Swarm::new(
            transport,
            behaviour,
            key.public().to_peer_id(),
            swarm::Config::with_tokio_executor()
                .with_idle_connection_timeout(IDLE)
                .with_max_negotiating_inbound_streams(YAMUX_STREAMS),
        );

        let ip = match config.ip {
            IpAddr::V4(ip) => Protocol::Ip4(ip),
            IpAddr::V6(ip) => Protocol::Ip6(ip),
        };
        let base = Multiaddr::empty().with(ip);
        let mut wanted = Vec::new();
        if config.webrtc != WebRtc::Off {
            wanted.push(
                base.clone()
                    .with(Protocol::Udp(config.webrtc_port))
                    .with(Protocol::WebRTCDirect),
            );
        }
        wanted.push(
            base.with(Protocol::Tcp(config.ws_port))
                .with(Protocol::Ws("/".into())),
        );
        let mut listeners = Vec::new();
        for address in wanted {
            let id = swarm
                .listen_on(address.clone())
                .map_err(|e| PublicError::Listen {
                    address: address.to_string(),
                    reason: streams::innermost(&e),
                })?;
            listeners.push((id, address));
        }
        let mut endpoint = Self {
            swarm,
            addresses: Vec::new(),
            chunk: config.webrtc.chunk(),
            stats,
            close: mpsc::unbounded_channel(),
        };
        endpoint
            .await_addresses(listeners, config.ip.is_unspecified())
            .await?;
        Ok(endpoint)
    }

    async fn await_addresses(
        &mut self,
        listeners: Vec<(ListenerId, Multiaddr)>,
        everywhere: bool,
    ) -> Result<(), PublicError> {
        let failed = |id: ListenerId, reason: String| {
            let address = listeners
                .iter()
                .find(|(l, _)| *l == id)
                .map(|(_, a)| a.to_string());
            PublicError::Listen {
                address: address.unwrap_or_default(),
                reason,
            }
        };
        let mut found: Vec<(ListenerId, Multiaddr)> = Vec::new();
        let mut until = tokio::time::Instant::now() + LISTEN;
        loop {
            match tokio::time::timeout_at(until, self.swarm.select_next_some()).await {
                Ok(SwarmEvent::NewListenAddr { listener_id, address }) => {
                    found.push((listener_id, address));
                    let missing = listeners.iter().any(|(id, _)| found.iter().all(|(f, _)| f != id));
                    if !missing && !everywhere {
                        break;
                    }
                    if !missing {
                        // On "every address" the interfaces are reported one by one.
                        until = tokio::time::Instant::now() + Duration::from_millis(200);
                    }
                }
                Ok(SwarmEvent::ListenerError { listener_id, error }) => {
                    return Err(failed(listener_id, error.to_string()));
                }
                Ok(SwarmEvent::ListenerClosed {
                    listener_id, reason, ..
                }) => {
                    let reason = reason
                        .err()
                        .map_or_else(|| "it closed".to_owned(), |e| e.to_string());
                    return Err(failed(listener_id, reason));
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        if let Some((id, _)) = listeners
            .iter()
            .find(|(id, _)| found.iter().all(|(f, _)| f != id))
        {
            return Err(failed(*id, "it has no address after five seconds".to_owned()));
        }
        let peer = *self.swarm.local_peer_id();
        for (id, _) in &listeners {
            let of_listener = found.iter().filter(|(f, _)| f == id);
            self.addresses
                .extend(of_listener.map(|(_, address)| address.clone().with(Protocol::P2p(peer))));
        }
        Ok(())
    }

    fn incoming(&self, event: streams::Event) -> Option<Incoming> {
        let streams::Event::Opened {
            connection, stream, ..
        } = event
        else {
            return None;
        };
        let source = self.swarm.behaviour().admission.source(connection)?;
        let close = self.close.0.clone();
        let on_close = OnClose::new(move || {
            let _ = close.send(connection);
        });
        Some(Incoming {
            source,
            conn: FramedConn::new(stream, MAX_CLIENT_FRAME, self.chunk, on_close),
        })
    }
}

impl Endpoint for Libp2pEndpoint {
    fn addresses(&self) -> Vec<String> {
        self.addresses.iter().map(ToString::to_string).collect()
    }

    fn webrtc(&self) -> Option<StatsHandle> {
        self.stats.clone()
    }

    fn accept(&mut self) -> BoxFuture<'_, Option<Incoming>> {
        Box::pin(async move {
            loop {
                tokio::select! {
                    event = self.swarm.select_next_some() => match event {
                        SwarmEvent::Behaviour(BehaviourEvent::Streams(event)) => {
                            if let Some(incoming) = self.incoming(event) {
                                return Some(incoming);
                            }
                        }
                        SwarmEvent::IncomingConnectionError { send_back_addr, error, .. } => {
                            tracing::debug!(source = %source_of(&send_back_addr), %error, "no connection");
                        }
                        SwarmEvent::ListenerError { error, .. } => {
                            tracing::warn!(%error, "a listener for light clients reports an error");
                        }
                        SwarmEvent::ListenerClosed { addresses, reason, .. } => {
                            tracing::error!(?addresses, ?reason, "a listener for light clients closed");
                        }
                        _ => {}
                    },
                    Some(connection) = self.close.1.recv() => {
                        self.swarm.close_connection(connection);
                    }
                }
            }
        })
    }
}
