//! A node under test: any transport that listens, answering exchanges and keeping a record of its connections.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use futures::FutureExt as _;
use libp2p::{noise, tcp, websocket, yamux};
use libp2p_core::muxing::StreamMuxerBox;
use libp2p_core::transport::{Boxed, ListenerId, Transport as _, TransportEvent};
use libp2p_core::upgrade::Version;
use libp2p_core::{Multiaddr, multiaddr::Protocol};
use libp2p_identity::{Keypair, PeerId};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::exchange::{Order, PIECE, STOCK_PIECE};
use crate::session::{Driven, Failure, Session, answer, drive};

/// What happened on one connection.
#[derive(Clone)]
pub struct Record {
    /// Who dialled.
    pub peer: PeerId,
    /// For opening streams to it.
    pub session: Session,
    /// When it stood.
    pub began: Instant,
    /// When and why it ended.
    pub ended: Option<(Instant, Failure)>,
    /// Its answered streams.
    pub exchanges: Vec<Result<Order, Failure>>,
}

const WEBRTC: &str = "/ip4/127.0.0.1/udp/0/webrtc-direct";

type Records = watch::Sender<Vec<Record>>;

/// A listening node. It stops when this is dropped.
pub struct Node {
    /// Its address, with everything.
    pub address: Multiaddr,
    /// Where it listens.
    pub socket: SocketAddr,
    records: Records,
    task: JoinHandle<()>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A node in a process of its own, by the program `webrtc-interop-node`. It stops when this is dropped.
pub struct Process {
    /// The process.
    pub child: Child,
    /// Its address, with everything.
    pub address: String,
}

impl Process {
    /// Starts a node of some kind: `ours`, `stock` or `websocket`.
    ///
    /// # Errors
    ///
    /// Fails if the program can't be started or tells no address.
    pub async fn start(program: &Path, kind: &str) -> Result<Self> {
        let mut child = Command::new(program)
            .arg(kind)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} didn't start", program.display()))?;
        let output = child.stdout.take().context("no way to hear the node")?;
        let address = BufReader::new(output).lines().next_line().await?;
        let address = address.context("the node told no address")?;
        Ok(Self { child, address })
    }
}

/// Our node's end, on a free port of loopback.
///
/// # Errors
///
/// Fails if it can't listen.
pub async fn ours() -> Result<Node> {
    let key = Keypair::generate_ed25519();
    let certificate = webrtc_direct::node::Certificate::generate()?;
    let transport = webrtc_direct::node::Transport::new(key.clone(), certificate);
    Node::listen(transport.boxed(), &key, WEBRTC, PIECE).await
}

/// The stock node's end, which knows version 1 only.
///
/// # Errors
///
/// Fails if it can't listen.
pub async fn stock() -> Result<Node> {
    let key = Keypair::generate_ed25519();
    let certificate = libp2p_webrtc::tokio::Certificate::generate(&mut rand::rng())?;
    let transport = libp2p_webrtc::tokio::Transport::new(key.clone(), certificate);
    let boxed = transport
        .map(|(peer, connection), _| (peer, StreamMuxerBox::new(connection)))
        .boxed();
    Node::listen(boxed, &key, WEBRTC, STOCK_PIECE).await
}

/// WebSocket with Noise and Yamux, as the relay has it.
///
/// # Errors
///
/// Fails if it can't listen.
pub async fn websocket() -> Result<Node> {
    let key = Keypair::generate_ed25519();
    let tcp = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true));
    let transport = websocket::Config::new(tcp)
        .upgrade(Version::V1Lazy)
        .authenticate(noise::Config::new(&key)?)
        .multiplex(yamux::Config::default())
        .boxed();
    Node::listen(transport, &key, "/ip4/127.0.0.1/tcp/0/ws", PIECE).await
}

impl Node {
    async fn listen(
        mut transport: Boxed<(PeerId, StreamMuxerBox)>,
        key: &Keypair,
        address: &str,
        piece: usize,
    ) -> Result<Self> {
        let peer = key.public().to_peer_id();
        transport
            .listen_on(ListenerId::next(), address.parse()?)
            .context("the node can't listen")?;
        let address = loop {
            match poll_fn(|cx| Pin::new(&mut transport).poll(cx)).await {
                TransportEvent::NewAddress { listen_addr, .. } => break listen_addr,
                TransportEvent::ListenerClosed { reason, .. } => bail!("the listener closed: {reason:?}"),
                _ => {}
            }
        };
        let port = address.iter().find_map(|part| match part {
            Protocol::Udp(port) | Protocol::Tcp(port) => Some(port),
            _ => None,
        });
        let socket = SocketAddr::from(([127, 0, 0, 1], port.context("the address has no port")?));
        let records = Records::new(Vec::new());
        let task = tokio::spawn(run(transport, records.clone(), piece));
        Ok(Self {
            address: address.with(Protocol::P2p(peer)),
            socket,
            records,
            task,
        })
    }

    /// The address with another port, such as a proxy's.
    #[must_use]
    pub fn address_at(&self, socket: SocketAddr) -> Multiaddr {
        let parts = self.address.iter().map(|part| match part {
            Protocol::Udp(_) => Protocol::Udp(socket.port()),
            other => other,
        });
        parts.collect()
    }

    /// Whether a page or a stranger names this node as who it reached.
    ///
    /// # Errors
    ///
    /// Fails if it names another.
    pub fn is(&self, peer: &str) -> Result<()> {
        if !self.address.to_string().ends_with(&format!("/p2p/{peer}")) {
            bail!("{peer} isn't in {}", self.address);
        }
        Ok(())
    }

    /// How many connections there have been.
    #[must_use]
    pub fn count(&self) -> usize {
        self.records.borrow().len()
    }

    /// Waits until the `n`th connection is as wanted; yields it.
    ///
    /// # Errors
    ///
    /// Fails if it isn't within the limit.
    pub async fn until(
        &self,
        n: usize,
        limit: Duration,
        what: &str,
        wanted: impl Fn(&Record) -> bool,
    ) -> Result<Record> {
        let mut changes = self.records.subscribe();
        let is = |records: &Vec<Record>| records.get(n).is_some_and(&wanted);
        let waited = tokio::time::timeout(limit, changes.wait_for(is)).await;
        let records =
            waited.with_context(|| format!("the node's connection {n}: not {what} within {limit:?}"))??;
        Ok(records[n].clone())
    }
}

async fn run(mut transport: Boxed<(PeerId, StreamMuxerBox)>, records: Records, piece: usize) {
    // They end with the node.
    let mut connections = JoinSet::new();
    loop {
        match poll_fn(|cx| Pin::new(&mut transport).poll(cx)).await {
            TransportEvent::Incoming { upgrade, .. } => {
                let records = records.clone();
                connections.spawn(async move {
                    // Who can't be authenticated sees it at his end.
                    if let Ok((peer, muxer)) = upgrade.await {
                        serve(peer, muxer, records, piece).await;
                    }
                });
            }
            TransportEvent::ListenerClosed { .. } => return,
            _ => {}
        }
    }
}

async fn serve(peer: PeerId, muxer: StreamMuxerBox, records: Records, piece: usize) {
    let (session, driven): (Session, Driven) = Session::new(piece);
    let mut n = 0;
    records.send_modify(|records| {
        n = records.len();
        records.push(Record {
            peer,
            session,
            began: Instant::now(),
            ended: None,
            exchanges: Vec::new(),
        });
    });
    let on_stream = records.clone();
    let ended = drive(muxer, driven, move |stream| {
        let records = on_stream.clone();
        tokio::spawn(async move {
            let exchanged = answer(stream, piece).await;
            records.send_modify(|records| records[n].exchanges.push(exchanged));
        });
    });
    let why = ended.boxed().await;
    records.send_modify(|records| records[n].ended = Some((Instant::now(), why)));
}
