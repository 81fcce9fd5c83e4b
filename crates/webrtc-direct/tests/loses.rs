//! A network that loses and delays.

#![cfg(not(target_arch = "wasm32"))]

mod common;
#[path = "common/proxy.rs"]
mod proxy;

use std::time::{Duration, Instant};

use common::*;
use proxy::Proxy;
use webrtc_direct::node::{Config, Times};

/// Five of a hundred datagrams are lost, each takes 100 ms. Everything arrives; how fast is printed.
#[tokio::test(flavor = "multi_thread")]
async fn everything_arrives_over_a_lossy_network() {
    let times = Times {
        // Retransmissions of the handshake take their time.
        step: Duration::from_secs(30),
        ..Times::default()
    };
    let config = Config::default().with_times(times);
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
