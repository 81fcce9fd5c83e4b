//! A UDP proxy on loopback between a browser and a node: it passes packets until it is told to stop, or until it has
//! seen a packet of some kind.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use tokio::net::UdpSocket;
use tokio::sync::watch;

/// The most clients at once.
const MOST_CLIENTS: usize = 64;
/// The longest packet.
const LONGEST: usize = 2_048;

/// Decides which packets pass: whether it is from the node, and its bytes.
pub type Filter = dyn FnMut(bool, &[u8]) -> bool + Send;

/// A proxy. It ends when this is dropped.
pub struct Proxy {
    /// Where the browser has to dial.
    pub address: SocketAddr,
    filter: Arc<Mutex<Box<Filter>>>,
    _end: watch::Sender<()>,
}

/// The kinds of packets that share a WebRTC port (RFC 7983).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A connectivity check or its answer.
    Stun,
    /// A part of the DTLS handshake.
    Handshake,
    /// What DTLS protects: SCTP.
    Data,
    /// Anything else.
    Other,
}

/// The kind of a packet.
#[must_use]
pub fn kind(packet: &[u8]) -> Kind {
    match packet.first() {
        Some(0..=3) => Kind::Stun,
        Some(20..=22) => Kind::Handshake,
        Some(23) => Kind::Data,
        _ => Kind::Other,
    }
}

impl Proxy {
    /// A proxy to `node` that passes everything.
    ///
    /// # Errors
    ///
    /// Fails if no port is free.
    pub async fn start(node: SocketAddr) -> Result<Self> {
        let front = Arc::new(UdpSocket::bind("127.0.0.1:0").await?);
        let address = front.local_addr()?;
        let filter: Arc<Mutex<Box<Filter>>> = Arc::new(Mutex::new(Box::new(|_, _| true)));
        let (end, ended) = watch::channel(());
        tokio::spawn(run(front, node, filter.clone(), ended));
        Ok(Self {
            address,
            filter,
            _end: end,
        })
    }

    /// Decides anew which packets pass.
    pub fn filter(&self, filter: impl FnMut(bool, &[u8]) -> bool + Send + 'static) {
        if let Ok(mut current) = self.filter.lock() {
            *current = Box::new(filter);
        }
    }
}

fn passes(filter: &Mutex<Box<Filter>>, from_node: bool, packet: &[u8]) -> bool {
    filter.lock().is_ok_and(|mut filter| filter(from_node, packet))
}

async fn run(
    front: Arc<UdpSocket>,
    node: SocketAddr,
    filter: Arc<Mutex<Box<Filter>>>,
    mut ended: watch::Receiver<()>,
) {
    let mut clients: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
    let mut buffer = [0; LONGEST];
    loop {
        let received = tokio::select! {
            received = front.recv_from(&mut buffer) => received,
            _ = ended.changed() => return,
        };
        // On loopback a vanished receiver of earlier packets shows as an error here.
        let Ok((length, client)) = received else { continue };
        let back = match clients.get(&client) {
            Some(back) => back.clone(),
            None if clients.len() >= MOST_CLIENTS => continue,
            None => {
                let Ok(back) = UdpSocket::bind("127.0.0.1:0").await else {
                    continue;
                };
                let back = Arc::new(back);
                clients.insert(client, back.clone());
                tokio::spawn(answers(
                    front.clone(),
                    back.clone(),
                    client,
                    filter.clone(),
                    ended.clone(),
                ));
                back
            }
        };
        if passes(&filter, false, &buffer[..length]) {
            let _ = back.send_to(&buffer[..length], node).await;
        }
    }
}

async fn answers(
    front: Arc<UdpSocket>,
    back: Arc<UdpSocket>,
    client: SocketAddr,
    filter: Arc<Mutex<Box<Filter>>>,
    mut ended: watch::Receiver<()>,
) {
    let mut buffer = [0; LONGEST];
    loop {
        let received = tokio::select! {
            received = back.recv_from(&mut buffer) => received,
            _ = ended.changed() => return,
        };
        let Ok((length, _)) = received else { continue };
        if passes(&filter, true, &buffer[..length]) {
            let _ = front.send_to(&buffer[..length], client).await;
        }
    }
}
