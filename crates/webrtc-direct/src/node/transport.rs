//! The transport, as libp2p holds it: listeners and dials.
//!
//! Incoming connections are announced when their peer is authenticated, not at the first contact: who merely knocks
//! stays outside of the program, and the limits of [`super::config`] take care of him.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use futures::future::{self, BoxFuture};
use futures::{FutureExt as _, StreamExt as _};
use if_watch::IfEvent;
use if_watch::tokio::IfWatcher;
use libp2p_core::Multiaddr;
use libp2p_core::muxing::StreamMuxerBox;
use libp2p_core::transport::{Boxed, DialOpts, ListenerId, Transport as _, TransportError, TransportEvent};
use libp2p_identity::{Keypair, PeerId};
use tokio::sync::{mpsc, oneshot};

use super::certificate::Certificate;
use super::config::Config;
use super::connection::Connection;
use super::listener::{self, News};
use super::parts::{Deliver, Input, Parts};
use super::session;
use super::stats::StatsHandle;
use super::udp::{Receiver, Udp};
use crate::address::{Address, DialAddress};
use crate::error::{Closed, Error};
use crate::ice::Credentials;
use crate::noise::Role;

type Event = TransportEvent<future::Ready<Result<(PeerId, Connection), Error>>, Error>;

/// WebRTC-direct for a node: listens for both versions and dials either.
pub struct Transport {
    keypair: Keypair,
    certificate: Certificate,
    config: Config,
    stats: StatsHandle,
    listeners: HashMap<ListenerId, Listener>,
    events: VecDeque<Event>,
    news: mpsc::UnboundedReceiver<News>,
    tell: mpsc::UnboundedSender<News>,
    waker: Option<Waker>,
}

struct Listener {
    socket: SocketAddr,
    interfaces: Option<IfWatcher>,
    /// Dropping it stops the listener's task.
    _stop: oneshot::Sender<()>,
}

impl Transport {
    /// With the default configuration.
    pub fn new(keypair: Keypair, certificate: Certificate) -> Self {
        Self::with_config(keypair, certificate, Config::default())
    }

    /// With another.
    pub fn with_config(keypair: Keypair, certificate: Certificate, config: Config) -> Self {
        let (tell, news) = mpsc::unbounded_channel();
        Self {
            keypair,
            certificate,
            config,
            stats: StatsHandle::default(),
            listeners: HashMap::new(),
            events: VecDeque::new(),
            news,
            tell,
            waker: None,
        }
    }

    /// The transport in the form in which swarms take it.
    pub fn boxed(self) -> Boxed<(PeerId, StreamMuxerBox)> {
        self.map(|(peer, connection), _| (peer, StreamMuxerBox::new(connection)))
            .boxed()
    }

    /// Reads the transport's counters, also when the transport is in libp2p's hands.
    pub fn stats(&self) -> StatsHandle {
        self.stats.clone()
    }

    fn announced(&self, ip: IpAddr, port: u16) -> Multiaddr {
        Address {
            socket: SocketAddr::new(ip, port),
            certhash: Some(self.certificate.fingerprint()),
            peer: None,
        }
        .to_multiaddr()
    }

    fn start(&mut self, id: ListenerId, address: SocketAddr) -> io::Result<()> {
        let runtime = tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
        let counters = &self.stats.counters;
        let udp = Arc::new(Udp::bind(address, Arc::clone(counters))?);
        let socket = udp.local();
        let interfaces = socket.ip().is_unspecified().then(IfWatcher::new).transpose()?;
        if interfaces.is_none() {
            self.events.push_back(TransportEvent::NewAddress {
                listener_id: id,
                listen_addr: self.announced(socket.ip(), socket.port()),
            });
        }
        let setup = listener::Setup {
            id,
            keypair: self.keypair.clone(),
            certificate: self.certificate.clone(),
            config: self.config,
            counters: Arc::clone(counters),
            udp,
            news: self.tell.clone(),
        };
        let (stop, stopped) = oneshot::channel();
        runtime.spawn(listener::run(setup, stopped));
        self.listeners.insert(
            id,
            Listener {
                socket,
                interfaces,
                _stop: stop,
            },
        );
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
        Ok(())
    }

    fn close(&mut self, id: ListenerId, reason: Result<(), Error>) -> bool {
        let existed = self.listeners.remove(&id).is_some();
        if existed {
            self.events.push_back(TransportEvent::ListenerClosed {
                listener_id: id,
                reason,
            });
            if let Some(waker) = self.waker.take() {
                waker.wake();
            }
        }
        existed
    }

    fn poll_news(&mut self, cx: &mut Context<'_>) -> Option<Event> {
        while let Poll::Ready(Some(news)) = self.news.poll_recv(cx) {
            match news {
                News::Incoming {
                    listener,
                    from,
                    peer,
                    connection,
                } => {
                    // One that was removed meanwhile takes nobody in.
                    let Some(socket) = self.listeners.get(&listener).map(|l| l.socket) else {
                        continue;
                    };
                    return Some(TransportEvent::Incoming {
                        listener_id: listener,
                        upgrade: future::ready(Ok((peer, connection))),
                        local_addr: self.announced(socket.ip(), socket.port()),
                        send_back_addr: Address {
                            socket: from,
                            certhash: None,
                            peer: None,
                        }
                        .to_multiaddr(),
                    });
                }
                News::Failed { listener, error } => {
                    self.close(listener, Err(error.into()));
                }
            }
        }
        None
    }

    fn poll_interfaces(&mut self, cx: &mut Context<'_>) {
        let hash = self.certificate.fingerprint();
        for (&id, listener) in &mut self.listeners {
            let Some(interfaces) = &mut listener.interfaces else {
                continue;
            };
            while let Poll::Ready(Some(event)) = interfaces.poll_next_unpin(cx) {
                let (up, ip) = match event {
                    Ok(IfEvent::Up(net)) => (true, net.addr()),
                    Ok(IfEvent::Down(net)) => (false, net.addr()),
                    Err(error) => {
                        self.events.push_back(TransportEvent::ListenerError {
                            listener_id: id,
                            error: error.into(),
                        });
                        continue;
                    }
                };
                if ip.is_ipv4() != listener.socket.is_ipv4() {
                    continue;
                }
                let listen_addr = Address {
                    socket: SocketAddr::new(ip, listener.socket.port()),
                    certhash: Some(hash),
                    peer: None,
                }
                .to_multiaddr();
                self.events.push_back(if up {
                    TransportEvent::NewAddress {
                        listener_id: id,
                        listen_addr,
                    }
                } else {
                    TransportEvent::AddressExpired {
                        listener_id: id,
                        listen_addr,
                    }
                });
            }
        }
    }
}

impl libp2p_core::Transport for Transport {
    type Output = (PeerId, Connection);
    type Error = Error;
    type ListenerUpgrade = future::Ready<Result<Self::Output, Error>>;
    type Dial = BoxFuture<'static, Result<Self::Output, Error>>;

    /// Listens on one UDP port. The address may name our certificate, but no other.
    fn listen_on(&mut self, id: ListenerId, addr: Multiaddr) -> Result<(), TransportError<Error>> {
        let address =
            Address::parse(&addr).map_err(|_| TransportError::MultiaddrNotSupported(addr.clone()))?;
        if address
            .certhash
            .is_some_and(|hash| hash != self.certificate.fingerprint())
        {
            return Err(TransportError::MultiaddrNotSupported(addr));
        }
        self.start(id, address.socket)
            .map_err(|error| TransportError::Other(error.into()))
    }

    /// Takes no more connections in; those that exist go on.
    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.close(id, Ok(()))
    }

    fn dial(&mut self, addr: Multiaddr, _: DialOpts) -> Result<Self::Dial, TransportError<Error>> {
        let address = DialAddress::parse(&addr).map_err(|_| TransportError::MultiaddrNotSupported(addr))?;
        let (keypair, certificate) = (self.keypair.clone(), self.certificate.clone());
        let (config, counters) = (self.config, Arc::clone(&self.stats.counters));
        Ok(async move {
            // Nobody may see who comes back: the certificate of a client is made for one session, as the specification
            // has it, unless it can't be made.
            let certificate = Certificate::generate().unwrap_or(certificate);
            let unspecified: IpAddr = match address.socket {
                SocketAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
                SocketAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
            };
            let udp = Arc::new(Udp::bind(SocketAddr::new(unspecified, 0), Arc::clone(&counters))?);
            let parts = Parts {
                role: Role::Client,
                keypair,
                certificate,
                credentials: Credentials::random(config.dial_version),
                certhash: Some(address.certhash),
                expected: address.peer,
                remote: address.socket,
                config,
                counters,
                input: Input::Socket(Receiver::new(Arc::clone(&udp), 1)),
                udp,
                ended: Arc::new(OnceLock::new()),
            };
            let (reply, connected) = oneshot::channel();
            tokio::spawn(session::run(parts, Deliver::Dial(reply)));
            connected.await.unwrap_or_else(|_| {
                Err(Error::Closed(Closed::Broken(
                    "the session's task is gone".to_owned(),
                )))
            })
        }
        .boxed())
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Event> {
        let this = &mut *self;
        if this.events.is_empty() {
            this.poll_interfaces(cx);
        }
        if let Some(event) = this.events.pop_front().or_else(|| this.poll_news(cx)) {
            return Poll::Ready(event);
        }
        // News may have become an event.
        if let Some(event) = this.events.pop_front() {
            return Poll::Ready(event);
        }
        this.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}
