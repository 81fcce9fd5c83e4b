//! Nodes on loopback, for tests.

// Each test program uses a part of it.
#![allow(dead_code, unreachable_pub)]

use std::pin::Pin;
use std::time::Duration;

use futures::future::poll_fn;
use futures::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p_core::muxing::StreamMuxerExt as _;
use libp2p_core::transport::{DialOpts, ListenerId, PortUse, TransportEvent};
use libp2p_core::{Endpoint, Multiaddr, Transport as _};
use libp2p_identity::{Keypair, PeerId};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use webrtc_direct::node::{Certificate, Config, Connection, Stats, StatsHandle, Transport};
use webrtc_direct::{Error, Stream, Version};

/// Longer than anything may take, on a machine that has other things to do.
pub const LONG: Duration = Duration::from_secs(120);

/// A listening node.
pub struct Node {
    pub peer: PeerId,
    /// With its identity.
    pub address: Multiaddr,
    pub stats: StatsHandle,
    pub incoming: mpsc::UnboundedReceiver<(PeerId, Connection)>,
    task: JoinHandle<()>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Node {
    pub async fn start(config: Config) -> Self {
        let certificate = Certificate::generate().expect("a certificate");
        Self::with(
            Keypair::generate_ed25519(),
            certificate,
            config,
            "/ip4/127.0.0.1/udp/0/webrtc-direct",
        )
        .await
    }

    pub async fn with(keypair: Keypair, certificate: Certificate, config: Config, address: &str) -> Self {
        let peer = keypair.public().to_peer_id();
        let mut transport = Transport::with_config(keypair, certificate, config);
        let stats = transport.stats();
        transport
            .listen_on(ListenerId::next(), address.parse().expect("an address"))
            .expect("listens");
        let (tell_address, address) = oneshot::channel();
        let (deliver, incoming) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            let mut tell_address = Some(tell_address);
            loop {
                match poll_fn(|cx| Pin::new(&mut transport).poll(cx)).await {
                    TransportEvent::NewAddress { listen_addr, .. } => {
                        if let Some(tell) = tell_address.take() {
                            let _ = tell.send(listen_addr);
                        }
                    }
                    TransportEvent::Incoming { upgrade, .. } => {
                        let accepted = upgrade.await.expect("authenticated");
                        if deliver.send(accepted).is_err() {
                            return;
                        }
                    }
                    event => tracing::debug!(?event, "event"),
                }
            }
        });
        let address = address.await.expect("an address");
        Self {
            peer,
            address: address.with_p2p(peer).expect("no other identity"),
            stats,
            incoming,
            task,
        }
    }

    pub async fn accept(&mut self) -> Connection {
        within(LONG, self.incoming.recv()).await.expect("a connection").1
    }

    /// Waits until nothing is left but the listener.
    pub async fn is_empty(&self) -> Stats {
        let empty = |s: &Stats| {
            s.sessions == 0
                && s.half_open == 0
                && s.names == 0
                && s.addresses == 0
                && s.channels == 0
                && s.tasks == 1
        };
        until(&self.stats, empty).await
    }
}

/// Waits until the counters say so.
pub async fn until(stats: &StatsHandle, so: impl Fn(&Stats) -> bool) -> Stats {
    let end = tokio::time::Instant::now() + LONG;
    loop {
        let now = stats.snapshot();
        if so(&now) {
            return now;
        }
        assert!(tokio::time::Instant::now() < end, "still {now:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A node that only dials.
pub struct Dialer {
    pub peer: PeerId,
    pub stats: StatsHandle,
    transport: Transport,
}

impl Dialer {
    pub fn new(config: Config) -> Self {
        let keypair = Keypair::generate_ed25519();
        let peer = keypair.public().to_peer_id();
        let certificate = Certificate::generate().expect("a certificate");
        let transport = Transport::with_config(keypair, certificate, config);
        Self {
            peer,
            stats: transport.stats(),
            transport,
        }
    }

    pub fn version(version: Version) -> Self {
        Self::new(Config::default().with_dial_version(version))
    }

    pub fn dial(
        &mut self,
        address: &Multiaddr,
    ) -> impl Future<Output = Result<(PeerId, Connection), Error>> + Send + use<> {
        let options = DialOpts {
            role: Endpoint::Dialer,
            port_use: PortUse::New,
        };
        self.transport
            .dial(address.clone(), options)
            .expect("an address that can be dialled")
    }

    pub async fn connect(&mut self, address: &Multiaddr) -> Connection {
        within(LONG, self.dial(address)).await.expect("connects").1
    }

    /// Waits until nothing is left.
    pub async fn is_empty(&self) {
        until(&self.stats, |s| {
            s.sessions == 0 && s.channels == 0 && s.tasks == 0
        })
        .await;
    }
}

/// Two connected nodes.
pub async fn pair(config: Config) -> (Node, Connection, Dialer, Connection) {
    let mut node = Node::start(config).await;
    let mut dialer = Dialer::new(config);
    let near = dialer.connect(&node.address).await;
    let far = node.accept().await;
    (node, far, dialer, near)
}

pub async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(limit, future).await.expect("in time")
}

pub async fn open(connection: &mut Connection) -> Stream {
    within(LONG, poll_fn(|cx| connection.poll_outbound_unpin(cx)))
        .await
        .expect("a stream")
}

pub async fn accept(connection: &mut Connection) -> Stream {
    within(LONG, poll_fn(|cx| connection.poll_inbound_unpin(cx)))
        .await
        .expect("a stream")
}

/// Why a connection ends.
pub async fn end(connection: &mut Connection) -> Error {
    within(LONG, poll_fn(|cx| connection.poll_unpin(cx)))
        .await
        .expect_err("only an end is reported")
}

/// Bytes that differ from place to place.
pub fn bytes(n: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

pub async fn send_all(stream: &mut Stream, bytes: &[u8]) {
    stream.write_all(bytes).await.expect("written");
    stream.close().await.expect("closed");
}

pub async fn read_all(stream: &mut Stream) -> Vec<u8> {
    // `read_to_end` would write zeros over all of its growing buffer again and again.
    let (mut all, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        match stream.read(&mut buffer).await.expect("read") {
            0 => return all,
            n => all.extend_from_slice(&buffer[..n]),
        }
    }
}

/// Opens so many streams to an [`echo`], each as soon as it may be, and has so many bytes come back on each.
pub async fn streams_come_back(connection: &mut Connection, count: u32, n: usize) {
    let mut tasks = Vec::new();
    for seed in 0..count {
        let mut stream = open(connection).await;
        tasks.push(tokio::spawn(async move {
            let sent = bytes(n, seed);
            send_all(&mut stream, &sent).await;
            assert!(read_all(&mut stream).await == sent);
        }));
    }
    for task in tasks {
        within(LONG, task).await.expect("carried");
    }
}

/// Sends back what comes, on every stream of a connection, until it ends.
pub fn echo(mut connection: Connection) -> JoinHandle<Connection> {
    tokio::spawn(async move {
        while let Ok(mut stream) = poll_fn(|cx| connection.poll_inbound_unpin(cx)).await {
            tokio::spawn(async move {
                let (mut reader, mut writer) = (&mut stream).split();
                if futures::io::copy(&mut reader, &mut writer).await.is_ok() {
                    let _ = writer.close().await;
                }
            });
        }
        connection
    })
}
