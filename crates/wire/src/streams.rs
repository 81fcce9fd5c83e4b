//! The one stream between a client and a relay, as a libp2p behaviour.
//!
//! A connection carries one long-lived stream of protocol [`PROTOCOL`], opened by the client (browsers leak a data
//! channel per stream, and what a node opens towards a browser can lose its first bytes). A relay on the stock crate
//! can lose the very first channel of a WebRTC connection, so the client's opening has a short limit and one retry; the
//! relay takes the newest stream of a connection. Bounded: at most [`MAX_STREAMS`] streams are taken on one connection
//! in its life.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::{AsyncWrite, AsyncWriteExt as _};
use libp2p::core::transport::PortUse;
use libp2p::core::{Endpoint, InboundUpgrade, OutboundUpgrade, UpgradeInfo};
use libp2p::swarm::handler::{
    ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound,
};
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, DialError, FromSwarm,
    NetworkBehaviour, NotifyHandler, Stream, StreamProtocol, StreamUpgradeError, SubstreamProtocol, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

/// The stream's protocol.
pub const PROTOCOL: StreamProtocol = StreamProtocol::new("/credo/light/2");
/// Most bytes that a client writes before it flushes, so that a heartbeat never waits behind more.
pub const CLIENT_CHUNK: usize = 64 * 1024;
/// Most bytes that a relay writes before it flushes, so that a heartbeat never waits behind more.
pub const RELAY_CHUNK: usize = 64 * 1024;
/// Most streams that a relay takes on one connection in its life.
pub const MAX_STREAMS: usize = 4;
/// How long one attempt to open the stream may take.
pub const OPEN_LIMIT: Duration = Duration::from_millis(1_500);
const ATTEMPTS: u8 = 2;

/// The innermost cause: libp2p's own text nests addresses and types, or says nothing.
pub fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Why a dial failed, in the words of the first address's failure.
pub fn dial_failure(error: &DialError) -> String {
    match error {
        DialError::Transport(failures) => match failures.first() {
            Some((_, failure)) => innermost(failure),
            None => innermost(error),
        },
        other => innermost(other),
    }
}

/// Writes `bytes` in pieces of at most `chunk`, each flushed.
pub async fn write_chunks(
    stream: &mut (impl AsyncWrite + Unpin + ?Sized),
    bytes: &[u8],
    chunk: usize,
) -> std::io::Result<()> {
    for piece in bytes.chunks(chunk.max(1)) {
        stream.write_all(piece).await?;
        stream.flush().await?;
    }
    Ok(())
}

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Takes streams.
    Relay,
    /// Opens them.
    Client,
}

/// Why a stream couldn't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The other end doesn't speak the protocol.
    #[error("it doesn't speak {PROTOCOL}")]
    Unsupported,
    /// No answer in time, twice.
    #[error("it didn't open the stream in time")]
    Timeout,
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Io(#[from] std::io::Error),
}

/// What the behaviour reports.
#[derive(Debug)]
pub enum Event {
    /// A stream stands.
    Opened {
        /// The other end.
        peer: PeerId,
        /// On which connection.
        connection: ConnectionId,
        /// The stream.
        stream: Stream,
    },
    /// A stream that was asked for couldn't be opened.
    Failed {
        /// The other end.
        peer: PeerId,
        /// On which connection.
        connection: ConnectionId,
        /// Why.
        error: OpenError,
    },
}

/// The behaviour.
#[derive(Debug)]
pub struct Behaviour {
    role: Role,
    events: VecDeque<ToSwarm<Event, ()>>,
    waker: Option<Waker>,
}

impl Behaviour {
    /// A behaviour that takes streams ([`Role::Relay`]) or opens them ([`Role::Client`]).
    pub fn new(role: Role) -> Self {
        Self {
            role,
            events: VecDeque::new(),
            waker: None,
        }
    }

    /// Asks for a stream on an established connection; [`Event::Opened`] or [`Event::Failed`] follows.
    pub fn open(&mut self, peer: PeerId, connection: ConnectionId) {
        self.push(ToSwarm::NotifyHandler {
            peer_id: peer,
            handler: NotifyHandler::One(connection),
            event: (),
        });
    }

    fn push(&mut self, event: ToSwarm<Event, ()>) {
        self.events.push_back(event);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Event;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::new(self.role))
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::new(self.role))
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        self.push(ToSwarm::GenerateEvent(match event {
            Ok(stream) => Event::Opened {
                peer,
                connection,
                stream,
            },
            Err(error) => Event::Failed {
                peer,
                connection,
                error,
            },
        }));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        match self.events.pop_front() {
            Some(event) => Poll::Ready(event),
            None => {
                self.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// One connection's part of [`Behaviour`].
#[derive(Debug)]
pub struct Handler {
    role: Role,
    taken: usize,
    attempts_left: u8,
    ask: bool,
    ready: VecDeque<Result<Stream, OpenError>>,
}

impl Handler {
    fn new(role: Role) -> Self {
        Self {
            role,
            taken: 0,
            attempts_left: 0,
            ask: false,
            ready: VecDeque::new(),
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = ();
    type ToBehaviour = Result<Stream, OpenError>;
    type InboundProtocol = Upgrade;
    type OutboundProtocol = Upgrade;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<Upgrade> {
        let takes = self.role == Role::Relay && self.taken < MAX_STREAMS;
        SubstreamProtocol::new(Upgrade(takes.then_some(PROTOCOL)), ())
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ConnectionHandlerEvent<Upgrade, (), Self::ToBehaviour>> {
        if let Some(result) = self.ready.pop_front() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(result));
        }
        if self.ask {
            self.ask = false;
            let protocol = SubstreamProtocol::new(Upgrade(Some(PROTOCOL)), ()).with_timeout(OPEN_LIMIT);
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol });
        }
        Poll::Pending
    }

    fn on_behaviour_event(&mut self, (): ()) {
        self.attempts_left = ATTEMPTS - 1;
        self.ask = true;
    }

    fn on_connection_event(&mut self, event: ConnectionEvent<'_, Upgrade, Upgrade>) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound { protocol, .. })
                if self.taken < MAX_STREAMS =>
            {
                self.taken += 1;
                self.ready.push_back(Ok(protocol));
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound { protocol, .. }) => {
                self.ready.push_back(Ok(protocol));
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError { error, .. }) => match error {
                StreamUpgradeError::Timeout if self.attempts_left > 0 => {
                    self.attempts_left -= 1;
                    self.ask = true;
                }
                StreamUpgradeError::Timeout => self.ready.push_back(Err(OpenError::Timeout)),
                StreamUpgradeError::NegotiationFailed => self.ready.push_back(Err(OpenError::Unsupported)),
                StreamUpgradeError::Io(error) => self.ready.push_back(Err(OpenError::Io(error))),
                StreamUpgradeError::Apply(never) => match never {},
            },
            _ => {}
        }
    }
}

/// Names the protocol, or none; hands out the stream as it is.
#[derive(Clone, Debug)]
pub struct Upgrade(Option<StreamProtocol>);

impl UpgradeInfo for Upgrade {
    type Info = StreamProtocol;
    type InfoIter = std::option::IntoIter<StreamProtocol>;
    fn protocol_info(&self) -> Self::InfoIter {
        self.0.clone().into_iter()
    }
}

impl InboundUpgrade<Stream> for Upgrade {
    type Output = Stream;
    type Error = Infallible;
    type Future = Ready<Result<Stream, Infallible>>;
    fn upgrade_inbound(self, stream: Stream, _: StreamProtocol) -> Self::Future {
        ready(Ok(stream))
    }
}

impl OutboundUpgrade<Stream> for Upgrade {
    type Output = Stream;
    type Error = Infallible;
    type Future = Ready<Result<Stream, Infallible>>;
    fn upgrade_outbound(self, stream: Stream, _: StreamProtocol) -> Self::Future {
        ready(Ok(stream))
    }
}
