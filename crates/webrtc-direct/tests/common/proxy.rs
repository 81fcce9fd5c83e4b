//! A proxy between two ends that delays, loses or swallows datagrams, on loopback.

// Each test program uses a part of it.
#![allow(dead_code, unreachable_pub)]

use std::collections::{BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use libp2p_core::Multiaddr;
use libp2p_core::multiaddr::Protocol;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Where a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    Node,
    Dialer,
}

/// Whether a datagram may pass.
pub type Filter = Arc<dyn Fn(To, &[u8]) -> bool + Send + Sync>;

/// A proxy in front of a node.
pub struct Proxy {
    /// The node's address, but at the proxy.
    pub address: Multiaddr,
    /// Once set, nothing passes.
    pub cut: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Proxy {
    /// Lets pass what the filter allows.
    pub async fn filter(
        node: &Multiaddr,
        filter: impl Fn(To, &[u8]) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self::start(node, Arc::new(filter), Duration::ZERO).await
    }

    /// Loses some of a hundred datagrams, in each direction, and delays the others.
    pub async fn lossy(node: &Multiaddr, percent: u64, delay: Duration, seed: u64) -> Self {
        let state = AtomicU64::new(seed);
        let filter = move |_, _: &[u8]| {
            // Splitmix, so that the same seed loses the same.
            let mut z = state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)) % 100 >= percent
        };
        Self::start(node, Arc::new(filter), delay).await
    }

    async fn start(node: &Multiaddr, filter: Filter, delay: Duration) -> Self {
        let target = socket_of(node);
        let front = Arc::new(UdpSocket::bind("127.0.0.1:0").await.expect("a socket"));
        let port = front.local_addr().expect("bound").port();
        let address = node
            .iter()
            .map(|part| match part {
                Protocol::Udp(_) => Protocol::Udp(port),
                part => part,
            })
            .collect();
        let cut = Arc::new(AtomicBool::new(false));
        let (queue, queued) = mpsc::unbounded_channel();
        let listening = tokio::spawn(listen(front, target, filter, Arc::clone(&cut), delay, queue));
        let sending = tokio::spawn(send_later(queued));
        Self {
            address,
            cut,
            tasks: vec![listening, sending],
        }
    }
}

struct Later {
    at: Instant,
    number: u64,
    socket: Arc<UdpSocket>,
    to: SocketAddr,
    bytes: Vec<u8>,
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}
impl Eq for Later {}
impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Later {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

async fn listen(
    front: Arc<UdpSocket>,
    target: SocketAddr,
    filter: Filter,
    cut: Arc<AtomicBool>,
    delay: Duration,
    queue: mpsc::UnboundedSender<Later>,
) {
    let number = Arc::new(AtomicU64::new(0));
    let mut backs: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
    let mut tasks = tokio::task::JoinSet::new();
    let pass = move |to, socket: &Arc<UdpSocket>, address, bytes: &[u8]| {
        if !cut.load(Ordering::SeqCst) && filter(to, bytes) {
            let _ = queue.send(Later {
                at: Instant::now() + delay,
                number: number.fetch_add(1, Ordering::Relaxed),
                socket: Arc::clone(socket),
                to: address,
                bytes: bytes.to_vec(),
            });
        }
    };
    let pass = Arc::new(pass);
    let mut buffer = vec![0; 2048];
    while let Ok((n, from)) = front.recv_from(&mut buffer).await {
        let back = match backs.get(&from) {
            Some(back) => Arc::clone(back),
            None => {
                let back = Arc::new(UdpSocket::bind("127.0.0.1:0").await.expect("a socket"));
                backs.insert(from, Arc::clone(&back));
                let (front, pass, own) = (Arc::clone(&front), Arc::clone(&pass), Arc::clone(&back));
                tasks.spawn(async move {
                    let mut buffer = vec![0; 2048];
                    while let Ok((n, _)) = own.recv_from(&mut buffer).await {
                        pass(To::Dialer, &front, from, &buffer[..n]);
                    }
                });
                back
            }
        };
        pass(To::Node, &back, target, &buffer[..n]);
    }
}

async fn send_later(mut queued: mpsc::UnboundedReceiver<Later>) {
    let mut heap = BinaryHeap::new();
    loop {
        let next = heap.peek().map(|later: &Later| later.at);
        let due = async move {
            match next {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            later = queued.recv() => match later {
                Some(later) => heap.push(later),
                None => return,
            },
            () = due => {
                let now = Instant::now();
                while heap.peek().is_some_and(|later| later.at <= now) {
                    if let Some(later) = heap.pop() {
                        let _ = later.socket.send_to(&later.bytes, later.to).await;
                    }
                }
            }
        }
    }
}

pub fn socket_of(address: &Multiaddr) -> SocketAddr {
    webrtc_direct::address::Address::parse(address)
        .expect("an address")
        .socket
}
