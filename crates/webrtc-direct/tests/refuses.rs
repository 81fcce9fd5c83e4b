//! What must not work, and what goes wrong: the right error, soon, and nothing left behind.

#![cfg(not(target_arch = "wasm32"))]

mod common;
#[path = "common/proxy.rs"]
mod proxy;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use common::*;
use libp2p_core::Multiaddr;
use libp2p_core::multiaddr::Protocol;
use libp2p_identity::PeerId;
use proxy::{Proxy, To};
use webrtc_direct::error::Step;
use webrtc_direct::node::{Config, Limits, Times};
use webrtc_direct::{Closed, Error, Fingerprint, Version};

/// With one of the parts replaced.
fn with(address: &Multiaddr, replace: impl Fn(Protocol<'_>) -> Protocol<'_>) -> Multiaddr {
    address.iter().map(|part| replace(part).acquire()).collect()
}

/// Dials in vain. The time is printed and only bounded generously: the machine may be busy.
async fn fails(dialer: &mut Dialer, address: &Multiaddr) -> Error {
    let start = Instant::now();
    let error = within(LONG, dialer.dial(address)).await.expect_err("must fail");
    eprintln!("after {:?}: {error}", start.elapsed());
    dialer.is_empty().await;
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_certificate() {
    let node = Node::start(Config::default()).await;
    for version in [Version::V1, Version::V2] {
        let address = with(&node.address, |part| match part {
            Protocol::Certhash(_) => Protocol::Certhash(Fingerprint::raw([7; 32]).to_multihash()),
            part => part,
        });
        let error = fails(&mut Dialer::version(version), &address).await;
        assert!(matches!(error, Error::Fingerprint), "{error:?}");
    }
    node.is_empty().await;
    assert_eq!(node.stats.snapshot().established, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_peer() {
    let node = Node::start(Config::default()).await;
    let other = PeerId::random();
    let address = with(&node.address, |part| match part {
        Protocol::P2p(_) => Protocol::P2p(other),
        part => part,
    });
    let error = fails(&mut Dialer::new(Config::default()), &address).await;
    match error {
        Error::PeerId { expected, found } => assert_eq!((*expected, *found), (other, node.peer)),
        error => panic!("{error:?}"),
    }
    drop(node.stats.clone());
    // The node believed in it for a moment, and learns that it is over.
    until(&node.stats, |s| s.sessions == 0 && s.names == 0 && s.tasks == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_the_port() {
    let node = Node::start(Config::default()).await;
    let address = node.address.clone();
    drop(node);
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let port = socket.local_addr().expect("bound").port();
    drop(socket);
    let address = with(&address, |part| match part {
        Protocol::Udp(_) => Protocol::Udp(port),
        part => part,
    });
    let error = fails(&mut Dialer::new(Config::default()), &address).await;
    assert!(
        matches!(error, Error::Timeout { step: Step::Ice, .. }),
        "{error:?}"
    );
}

/// A DTLS record of application data.
fn is_data(datagram: &[u8]) -> bool {
    datagram.first() == Some(&23)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_in_the_middle_of_each_step() {
    type Pass = fn(To, &[u8]) -> bool;
    let steps: [(Step, Pass); 4] = [
        (Step::Ice, |_, _| false),
        (Step::Dtls, |_, datagram| datagram[0] < 20),
        (Step::Channel, |to, datagram| !is_data(datagram) || to == To::Node),
        // The association's messages to the node are short; the handshake's answer isn't.
        (Step::Noise, |to, datagram| {
            !is_data(datagram) || to == To::Dialer || datagram.len() < 180
        }),
    ];
    // The dialer's limit comes first, or the node would give up in the same moment and say so.
    let patient = Times {
        step: Duration::from_secs(5),
        ..Times::default()
    };
    for (step, pass) in steps {
        let node = Node::start(Config::default().with_times(patient)).await;
        let proxy = Proxy::filter(&node.address, pass).await;
        let error = fails(&mut Dialer::new(Config::default()), &proxy.address).await;
        match error {
            Error::Timeout { step: at, limit } => {
                assert_eq!(at, step);
                assert!(limit < Duration::from_secs(3));
            }
            error => panic!("{step}: {error:?}"),
        }
        node.is_empty().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_ends_a_session_at_both_ends() {
    let mut node = Node::start(Config::default()).await;
    let proxy = Proxy::filter(&node.address, |_, _| true).await;
    let mut dialer = Dialer::new(Config::default());
    let mut near = dialer.connect(&proxy.address).await;
    let mut far = node.accept().await;
    // It lives though nothing is said, for longer than the limit of silence.
    tokio::time::sleep(Times::default().silence + Duration::from_secs(2)).await;
    assert!(near.closed().is_none() && far.closed().is_none());
    proxy.cut.store(true, Ordering::SeqCst);
    let start = Instant::now();
    let (left, right) = tokio::join!(end(&mut near), end(&mut far));
    eprintln!("noticed after {:?}", start.elapsed());
    for error in [left, right] {
        match error {
            Error::Closed(Closed::Silence(silence)) => {
                assert!(silence >= Times::default().silence);
            }
            error => panic!("{error:?}"),
        }
    }
    drop((near, far));
    node.is_empty().await;
    dialer.is_empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dial_that_is_dropped_leaves_nothing() {
    let node = Node::start(Config::default()).await;
    let proxy = Proxy::filter(&node.address, |_, datagram| datagram[0] < 20).await;
    let mut dialer = Dialer::new(Config::default());
    let dial = dialer.dial(&proxy.address);
    let _ = tokio::time::timeout(Duration::from_millis(300), dial).await;
    dialer.is_empty().await;
    node.is_empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_on_sessions_hold() {
    for limits in [
        Limits {
            max_sessions: 3,
            ..Limits::default()
        },
        Limits {
            max_sessions_per_source: 3,
            ..Limits::default()
        },
    ] {
        let mut node = Node::start(Config::default().with_limits(limits)).await;
        let mut dialer = Dialer::new(Config::default());
        let mut connections = Vec::new();
        for _ in 0..3 {
            connections.push((dialer.connect(&node.address).await, node.accept().await));
        }
        let error = within(LONG, dialer.dial(&node.address))
            .await
            .expect_err("one too many");
        assert!(
            matches!(error, Error::Timeout { step: Step::Ice, .. }),
            "{error:?}"
        );
        assert!(node.stats.snapshot().refused > 0);
        assert_eq!(node.stats.snapshot().sessions, 3);
        // Those within the limit aren't disturbed, and a place that becomes free can be taken.
        let (near, far) = connections.pop().expect("three");
        drop((near, far));
        until(&node.stats, |s| s.sessions == 2).await;
        connections.push((dialer.connect(&node.address).await, node.accept().await));
        drop(connections);
        node.is_empty().await;
        dialer.is_empty().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_beyond_the_limit_are_closed() {
    use futures::{AsyncReadExt as _, StreamExt as _};
    let few = Limits {
        max_channels: 8,
        ..Limits::default()
    };
    let mut node = Node::start(Config::default().with_limits(few)).await;
    let mut dialer = Dialer::new(Config::default());
    let mut near = dialer.connect(&node.address).await;
    let _far = node.accept().await;
    // Nobody writes, so only those that were closed have something to say.
    let mut reads = futures::stream::FuturesUnordered::new();
    for _ in 0..20 {
        let mut stream = open(&mut near).await;
        reads.push(async move {
            let read = stream.read(&mut [0; 1]).await;
            (read, stream)
        });
    }
    let mut refused = Vec::new();
    for _ in 0..12 {
        let (read, stream) = within(LONG, reads.next()).await.expect("there are 20");
        assert!(read.is_err(), "{read:?}");
        refused.push(stream);
    }
    // One more if the handshake's channel still stood; the others stay.
    let more = tokio::time::timeout(Duration::from_millis(500), async {
        reads.next().await;
        reads.next().await
    });
    assert!(more.await.is_err(), "more than 13 were closed");
    assert_eq!(node.stats.snapshot().sessions, 1, "the session goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_reads_breaks_only_its_stream() {
    use futures::AsyncWriteExt as _;
    let limits = Limits {
        max_waiting_streams: 2,
        ..Limits::default()
    };
    let (_node, mut far, _dialer, mut near) = pair(Config::default().with_limits(limits)).await;
    let mut streams = Vec::new();
    for _ in 0..4 {
        let mut stream = open(&mut near).await;
        // One that is too many may be gone already.
        let _ = stream.write_all(b"x").await;
        streams.push(stream);
    }
    // The first two wait for the program; the others are reset.
    for (i, stream) in streams.iter_mut().enumerate() {
        let gone = tokio::time::timeout(Duration::from_secs(if i < 2 { 1 } else { 60 }), async {
            while stream.write_all(b"y").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .is_ok();
        assert_eq!(gone, i >= 2, "stream {i}");
    }
    let mut first = accept(&mut far).await;
    let mut byte = [0; 1];
    futures::AsyncReadExt::read_exact(&mut first, &mut byte)
        .await
        .expect("kept");
    assert_eq!(&byte, b"x");
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_is_counted_and_nothing_else() {
    let mut node = Node::start(Config::default()).await;
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let to = proxy::socket_of(&node.address);
    let before = node.stats.snapshot();
    for i in 0..500 {
        let mut datagram = bytes(i % 300, i as u32);
        if let Some(first) = datagram.first_mut() {
            // STUN, DTLS and others.
            *first = [0, 1, 20, 22, 23, 63, 128, 200][i % 8];
        }
        socket.send_to(&datagram, to).expect("sent");
    }
    until(&node.stats, |s| s.strays >= before.strays + 400).await;
    node.is_empty().await;
    // And it still serves.
    let mut dialer = Dialer::new(Config::default());
    let near = dialer.connect(&node.address).await;
    drop((near, node.accept().await));
}
