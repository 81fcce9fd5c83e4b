//! Two ends of this crate: what streams carry, and how they end.

#![cfg(not(target_arch = "wasm32"))]

mod common;

use std::io;

use common::*;
use futures::{AsyncReadExt as _, AsyncWriteExt as _};
use webrtc_direct::node::Config;
use webrtc_direct::{Closed, Error, Version};

const MIB: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_connect_and_authenticate_on_one_port() {
    let mut node = Node::start(Config::default()).await;
    for version in [Version::V1, Version::V2] {
        let mut dialer = Dialer::version(version);
        let (peer, near) = within(LONG, dialer.dial(&node.address)).await.expect("connects");
        assert_eq!(peer, node.peer);
        let (peer, far) = within(LONG, node.incoming.recv()).await.expect("accepts");
        assert_eq!(peer, dialer.peer);
        drop((near, far));
        dialer.is_empty().await;
        node.is_empty().await;
    }
    assert_eq!(node.stats.snapshot().established, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn mebibytes_go_each_way() {
    for version in [Version::V1, Version::V2] {
        let mut node = Node::start(Config::default()).await;
        let mut dialer = Dialer::version(version);
        let mut near = dialer.connect(&node.address).await;
        let mut far = node.accept().await;
        for (n, seed) in [(MIB, 1), (16 * MIB, 2)] {
            let (there, back) = (bytes(n, seed), bytes(n, seed + 100));
            let start = std::time::Instant::now();
            let mut left = open(&mut near).await;
            let dialled = async {
                send_all(&mut left, &there).await;
                read_all(&mut left).await
            };
            let answered = async {
                let mut right = accept(&mut far).await;
                let received = read_all(&mut right).await;
                send_all(&mut right, &back).await;
                received
            };
            let (answer, question) = within(LONG, async { tokio::join!(dialled, answered) }).await;
            assert!(question == there, "what was sent arrived");
            assert!(answer == back, "what was answered arrived");
            eprintln!("{version:?}: {n} bytes each way in {:?}", start.elapsed());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_streams_at_once() {
    let (node, far, dialer, mut near) = pair(Config::default()).await;
    let echo = echo(far);
    // More than there may be at once: the last ones wait for the first.
    streams_come_back(&mut near, 300, 20_000).await;
    // A channel goes when both halves are acknowledged.
    until(&node.stats, |s| s.channels <= 1).await;
    until(&dialer.stats, |s| s.channels <= 1).await;
    drop(near);
    drop(within(LONG, echo).await);
    node.is_empty().await;
    dialer.is_empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn either_end_opens_and_the_first_message_may_be_late() {
    let (_node, mut far, _dialer, mut near) = pair(Config::default()).await;
    for turn in 0..4 {
        let (opener, acceptor) = if turn % 2 == 0 {
            (&mut near, &mut far)
        } else {
            (&mut far, &mut near)
        };
        let mut there = open(opener).await;
        let mut here = accept(acceptor).await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        there.write_all(b"late").await.expect("written");
        let mut buffer = [0; 4];
        within(LONG, here.read_exact(&mut buffer)).await.expect("read");
        assert_eq!(&buffer, b"late");
        // And bytes that come before anybody accepts are kept.
        let mut early = open(opener).await;
        send_all(&mut early, b"early").await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let mut accepted = accept(acceptor).await;
        assert_eq!(within(LONG, read_all(&mut accepted)).await, b"early");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_seen() {
    let (_node, mut far, _dialer, mut near) = pair(Config::default()).await;
    let mut left = open(&mut near).await;
    left.write_all(b"hello").await.expect("written");
    left.flush().await.expect("flushed");
    let mut right = accept(&mut far).await;
    let mut buffer = [0; 5];
    within(LONG, right.read_exact(&mut buffer)).await.expect("read");
    drop(left);
    let error = within(LONG, right.read(&mut buffer)).await.expect_err("reset");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    // Whoever writes learns it, too.
    let error = within(LONG, async {
        loop {
            if let Err(error) = right.write_all(&[0; 1000]).await {
                return error;
            }
        }
    })
    .await;
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_holds_its_own_stream_only() {
    let (_node, mut far, _dialer, mut near) = pair(Config::default()).await;
    let mut slow_writer = open(&mut near).await;
    let writing = tokio::spawn(async move {
        let sent = bytes(8 * MIB, 7);
        send_all(&mut slow_writer, &sent).await;
        sent
    });
    let mut slow = accept(&mut far).await;
    let mut start = [0; 1];
    within(LONG, slow.read_exact(&mut start)).await.expect("read");
    // While nobody reads on, its neighbour carries much more than any buffer holds.
    let mut fast_writer = open(&mut near).await;
    let sent = bytes(32 * MIB, 8);
    let mut fast = accept(&mut far).await;
    let (received, ()) = within(LONG, async {
        tokio::join!(read_all(&mut fast), send_all(&mut fast_writer, &sent))
    })
    .await;
    assert!(received == sent);
    assert!(
        !writing.is_finished(),
        "eight mebibytes are more than fits in between"
    );
    // And the slow one lost nothing.
    let mut rest = start.to_vec();
    rest.extend(within(LONG, read_all(&mut slow)).await);
    assert!(rest == within(LONG, writing).await.expect("written"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_connection_is_noticed_at_once() {
    for closes_far in [true, false] {
        let (node, far, dialer, near) = pair(Config::default()).await;
        let (closing, mut other) = if closes_far { (far, near) } else { (near, far) };
        let mut reading = open(&mut other).await;
        let start = std::time::Instant::now();
        drop(closing);
        let why = end(&mut other).await;
        assert!(matches!(why, Error::Closed(Closed::Remote)), "{why:?}");
        eprintln!("noticed after {:?}", start.elapsed());
        assert!(start.elapsed() < std::time::Duration::from_secs(2));
        let error = within(LONG, reading.read(&mut [0; 1])).await.expect_err("over");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
        drop((other, reading));
        node.is_empty().await;
        dialer.is_empty().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_closed_arrives_though_the_connection_goes() {
    let (_node, mut far, _dialer, mut near) = pair(Config::default()).await;
    let sent = bytes(200_000, 3);
    let mut stream = open(&mut near).await;
    let reading = tokio::spawn(async move {
        let mut stream = accept(&mut far).await;
        read_all(&mut stream).await
    });
    send_all(&mut stream, &sent).await;
    drop((stream, near));
    assert!(within(LONG, reading).await.expect("read") == sent);
}
