//! A network that loses and delays.

#![cfg(not(target_arch = "wasm32"))]

mod common;
#[path = "common/proxy.rs"]
mod proxy;

use std::time::{Duration, Instant};

use common::*;
use proxy::Proxy;
use webrtc_direct::node::{Config, Limits, Times};

/// Retransmissions of the handshake take their time.
fn patient() -> Times {
    Times {
        step: Duration::from_secs(30),
        ..Times::default()
    }
}

/// Five of a hundred datagrams are lost, each takes 100 ms. Everything arrives; how fast is printed.
#[tokio::test(flavor = "multi_thread")]
async fn everything_arrives_over_a_lossy_network() {
    let config = Config::default().with_times(patient());
    let mut node = Node::start(config).await;
    let proxy = Proxy::lossy(&node.address, 5, Duration::from_millis(100), 42).await;
    let mut dialer = Dialer::new(config);
    let start = Instant::now();
    let mut near = dialer.connect(&proxy.address).await;
    let mut far = node.accept().await;
    eprintln!("connected in {:?}", start.elapsed());
    let n = 256 * 1024;
    let (there, back) = (bytes(n, 5), bytes(n, 6));
    let mut left = open(&mut near).await;
    let dialled = async {
        let start = Instant::now();
        send_all(&mut left, &there).await;
        let answer = read_all(&mut left).await;
        (answer, start.elapsed())
    };
    let answered = async {
        let mut right = accept(&mut far).await;
        let question = read_all(&mut right).await;
        send_all(&mut right, &back).await;
        question
    };
    let ((answer, took), question) = within(Duration::from_secs(500), async {
        tokio::join!(dialled, answered)
    })
    .await;
    assert!(question == there && answer == back, "everything arrived");
    eprintln!(
        "{n} bytes each way in {took:?}: {:.0} KB/s",
        2.0 * n as f64 / 1000.0 / took.as_secs_f64()
    );
}

/// Closing a channel takes another round trip than its stream, and is said again after a second when that is lost: channels that
/// are over mustn't take the place of new ones.
#[tokio::test(flavor = "multi_thread")]
async fn streams_follow_each_other_over_a_lossy_network() {
    let limits = Limits {
        max_channels: 16,
        ..Limits::default()
    };
    let config = Config::default().with_times(patient()).with_limits(limits);
    let mut node = Node::start(config).await;
    let proxy = Proxy::lossy(&node.address, 3, Duration::from_millis(5), 7).await;
    let mut dialer = Dialer::new(config);
    let mut near = dialer.connect(&proxy.address).await;
    let echo = echo(node.accept().await);
    streams_come_back(&mut near, 400, 100).await;
    drop(near);
    drop(within(LONG, echo).await);
}
