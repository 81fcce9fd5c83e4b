//! Many sessions, and nothing of them afterwards.

#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::*;
use futures::AsyncWriteExt as _;
use webrtc_direct::Version;
use webrtc_direct::node::{Certificate, Config};

/// How much memory this process holds, where the system tells.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

async fn visit(node: &mut Node, dialer: &mut Dialer, seed: u32) {
    let mut near = dialer.connect(&node.address).await;
    let mut far = node.accept().await;
    let sent = bytes(2000, seed);
    let mut stream = open(&mut near).await;
    send_all(&mut stream, &sent).await;
    let mut arrived = accept(&mut far).await;
    assert!(read_all(&mut arrived).await == sent);
    // Some leave in order, some just go.
    if seed.is_multiple_of(2) {
        arrived.close().await.expect("closed");
    }
}

/// 2,000 one after another. Prints the memory before and after; the count of what is left decides.
#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_one_after_another() {
    let mut node = Node::start(Config::default()).await;
    let mut dialers = [Dialer::version(Version::V1), Dialer::version(Version::V2)];
    // What is set up once is set up.
    for seed in 0..200 {
        visit(&mut node, &mut dialers[usize::from(seed % 10 != 0)], seed).await;
    }
    node.is_empty().await;
    let before = resident();
    for seed in 0..2000 {
        visit(&mut node, &mut dialers[usize::from(seed % 10 != 0)], seed).await;
    }
    let after = node.is_empty().await;
    for dialer in &dialers {
        dialer.is_empty().await;
    }
    assert_eq!(after.established, 2200);
    eprintln!(
        "resident before {before:?} KiB, after {:?} KiB; {after:?}",
        resident()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_at_once() {
    let limits = webrtc_direct::node::Limits {
        max_half_open_per_source: 1000,
        max_half_open: 1000,
        max_sessions_per_source: 1000,
        ..Default::default()
    };
    let mut node = Node::start(Config::default().with_limits(limits)).await;
    // The machine is busy with 400 handshakes at the same time; a step may take longer than with one.
    let times = webrtc_direct::node::Times {
        step: std::time::Duration::from_secs(60),
        silence: std::time::Duration::from_secs(60),
        ..Default::default()
    };
    let mut dialer = Dialer::new(Config::default().with_times(times));
    let before = resident();
    let dials: Vec<_> = (0..200)
        .map(|_| tokio::spawn(dialer.dial(&node.address)))
        .collect();
    let (mut near, mut far) = (Vec::new(), Vec::new());
    for dial in dials {
        near.push(within(LONG, dial).await.expect("joined").expect("connects").1);
        far.push(node.accept().await);
    }
    let there = node.stats.snapshot();
    assert_eq!((there.sessions, there.half_open), (200, 0));
    eprintln!(
        "resident before {before:?} KiB, with 200 sessions at both ends {:?} KiB",
        resident()
    );
    // Each carries something.
    let mut echoes: Vec<_> = far.into_iter().map(echo).collect();
    for (seed, connection) in near.iter_mut().enumerate() {
        let mut stream = open(connection).await;
        let sent = bytes(3000, seed as u32);
        send_all(&mut stream, &sent).await;
        assert!(within(LONG, read_all(&mut stream)).await == sent);
    }
    drop(near);
    for echo in echoes.drain(..) {
        drop(within(LONG, echo).await.expect("joined"));
    }
    let after = node.is_empty().await;
    dialer.is_empty().await;
    eprintln!("resident after {:?} KiB; {after:?}", resident());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_kept_keeps_the_address() {
    let certificate = Certificate::generate().expect("a certificate");
    let keypair = libp2p_identity::Keypair::generate_ed25519();
    let listen = "/ip4/127.0.0.1/udp/0/webrtc-direct";
    let node = Node::with(keypair.clone(), certificate.clone(), Config::default(), listen).await;
    let (address, stats) = (node.address.clone(), node.stats.clone());
    drop(node);
    let kept = Certificate::from_pem(&certificate.to_pem()).expect("kept");
    // The same port, which the system gives away again once the listener's task is gone.
    until(&stats, |s| s.tasks == 0).await;
    let again: String = address
        .to_string()
        .split("/certhash")
        .next()
        .expect("a part")
        .to_owned();
    let mut node = Node::with(keypair, kept, Config::default(), &again).await;
    assert_eq!(node.address, address);
    let mut dialer = Dialer::new(Config::default());
    drop((dialer.connect(&address).await, node.accept().await));
}
