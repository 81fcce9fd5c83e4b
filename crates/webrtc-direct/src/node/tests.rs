//! What needs more than a program can do from outside: forged first contacts, and a certificate that lies.

use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::poll_fn;
use libp2p_core::Transport as _;
use libp2p_core::transport::{ListenerId, TransportEvent};
use libp2p_identity::Keypair;
use tokio::sync::oneshot;

use super::parts::{Deliver, Input, Parts};
use super::session;
use super::udp::{Receiver, Udp};
use super::*;
use crate::Error;
use crate::address::{DialAddress, Fingerprint};
use crate::ice::{Credentials, Version};
use crate::noise::Role;

struct Node {
    address: DialAddress,
    stats: StatsHandle,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn node(limits: Limits) -> Node {
    let config = Config::default().with_limits(limits);
    let certificate = Certificate::generate().expect("a certificate");
    let mut transport = Transport::with_config(Keypair::generate_ed25519(), certificate, config);
    let stats = transport.stats();
    let listen = "/ip4/127.0.0.1/udp/0/webrtc-direct".parse().expect("an address");
    transport.listen_on(ListenerId::next(), listen).expect("listens");
    let event = poll_fn(|cx| Pin::new(&mut transport).poll(cx)).await;
    let TransportEvent::NewAddress { listen_addr, .. } = event else {
        panic!("{event:?}");
    };
    let task = tokio::spawn(async move {
        let mut connections = Vec::new();
        loop {
            let event = poll_fn(|cx| Pin::new(&mut transport).poll(cx)).await;
            if let TransportEvent::Incoming { upgrade, .. } = event {
                connections.push(upgrade.await);
            }
        }
    });
    Node {
        address: DialAddress::parse(&listen_addr).expect("an address"),
        stats,
        task,
    }
}

/// Dials with parts of one's own.
async fn dial(address: DialAddress, certificate: Certificate) -> Result<Connection, Error> {
    let counters = Arc::default();
    let unspecified = SocketAddr::from(([0, 0, 0, 0], 0));
    let udp = Arc::new(Udp::bind(unspecified, Arc::clone(&counters)).expect("a socket"));
    let (reply, connected) = oneshot::channel();
    let parts = Parts {
        role: Role::Client,
        keypair: Keypair::generate_ed25519(),
        certificate,
        credentials: Credentials::random(Version::V2),
        certhash: Some(address.certhash),
        expected: None,
        remote: address.socket,
        config: Config::default(),
        counters,
        input: Input::Socket(Receiver::new(Arc::clone(&udp), 1)),
        udp,
        ended: Arc::new(OnceLock::new()),
    };
    tokio::spawn(session::run(parts, Deliver::Dial(reply)));
    connected
        .await
        .expect("an answer")
        .map(|(_, connection)| connection)
}

async fn until(node: &Node, so: impl Fn(&Stats) -> bool) -> Stats {
    for _ in 0..6000 {
        let stats = node.stats.snapshot();
        if so(&stats) {
            return stats;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("still {:?}", node.stats.snapshot());
}

#[tokio::test(flavor = "multi_thread")]
async fn someone_in_between_fails_at_noise() {
    let node = node(Limits::default()).await;
    let certificate = Certificate::generate().expect("a certificate");
    // As if the node had seen another certificate than ours.
    let lying = certificate.clone().claiming(Fingerprint::raw([9; 32]));
    let error = dial(node.address, lying).await.expect_err("must fail");
    assert!(matches!(error, Error::Noise(_)), "{error:?}");
    let stats = until(&node, |s| s.sessions == 0 && s.names == 0 && s.channels == 0).await;
    assert_eq!((stats.established, stats.failed), (0, 1));
    // The same without the lie works.
    dial(node.address, certificate).await.expect("connects");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_first_contacts_is_bounded_and_leaves_room() {
    let limits = Limits {
        max_half_open: 24,
        max_half_open_per_source: 24,
        ..Limits::default()
    };
    let node = node(limits).await;
    let sockets: Vec<_> = (0..16)
        .map(|_| UdpSocket::bind("127.0.0.1:0").expect("a socket"))
        .collect();
    for round in 0..100 {
        for socket in &sockets {
            let check = stun::check(&Credentials::random(Version::V2));
            socket.send_to(&check, node.address.socket).expect("sent");
        }
        if round % 10 == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let stats = node.stats.snapshot();
        assert!(
            stats.half_open <= 24 + 24,
            "those that give way end a moment later: {stats:?}"
        );
        assert!(stats.names <= 24 && stats.addresses <= 24, "{stats:?}");
    }
    until(&node, |s| s.refused > 0).await;
    // All come from one source, whose share is used up. That passes.
    let stats = until(&node, |s| s.sessions == 0 && s.names == 0 && s.addresses == 0).await;
    assert_eq!(stats.established, 0);
    let certificate = Certificate::generate().expect("a certificate");
    dial(node.address, certificate).await.expect("connects");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_given_up_is_not_answered() {
    let node = node(Limits::default()).await;
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_nonblocking(true).expect("set");
    let credentials = Credentials::random(Version::V2);
    let send = || {
        let check = stun::check(&credentials);
        socket.send_to(&check, node.address.socket).expect("sent");
    };
    let answered = || {
        let mut any = false;
        while socket.recv(&mut [0; 1500]).is_ok() {
            any = true;
        }
        any
    };
    send();
    until(&node, |s| s.half_open == 1).await;
    until(&node, |s| s.sessions == 0 && s.names == 0).await;
    assert!(answered(), "the first contact is answered");
    let before = node.stats.snapshot().strays;
    send();
    until(&node, |s| s.strays > before).await;
    assert_eq!(node.stats.snapshot().sessions, 0);
    assert!(!answered(), "what never became a session isn't");
}
