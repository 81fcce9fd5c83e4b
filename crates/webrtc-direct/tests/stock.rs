//! The stock Rust implementation, which speaks version 1, as a stranger: at the other end, and with its certificate.
//!
//! What it needs: each write flushed, and not longer than it can read.

#![cfg(not(target_arch = "wasm32"))]

mod common;

use std::pin::Pin;
use std::time::Duration;

use common::*;
use futures::future::poll_fn;
use futures::{AsyncReadExt as _, AsyncWriteExt as _, StreamExt as _};
use libp2p::swarm::{NetworkBehaviour, Swarm, SwarmEvent};
use libp2p::{identify, ping};
use libp2p_core::muxing::{StreamMuxer, StreamMuxerBox, StreamMuxerExt as _};
use libp2p_core::transport::{Boxed, DialOpts, ListenerId, PortUse, TransportEvent};
use libp2p_core::{Endpoint, Multiaddr, Transport as _};
use libp2p_identity::{Keypair, PeerId};
use libp2p_webrtc::tokio as stock;
use webrtc_direct::Version;
use webrtc_direct::node::{Certificate, Config, Transport};

const MIB: usize = 1024 * 1024;
const LISTEN: &str = "/ip4/127.0.0.1/udp/0/webrtc-direct";

fn stock_certificate() -> stock::Certificate {
    stock::Certificate::generate(&mut rand::rng()).expect("a certificate")
}

fn stock_transport(keypair: &Keypair) -> stock::Transport {
    stock::Transport::new(keypair.clone(), stock_certificate())
}

async fn listening(transport: &mut stock::Transport) -> Multiaddr {
    transport
        .listen_on(ListenerId::next(), LISTEN.parse().expect("an address"))
        .expect("listens");
    match poll_fn(|cx| Pin::new(&mut *transport).poll(cx)).await {
        TransportEvent::NewAddress { listen_addr, .. } => listen_addr,
        event => panic!("{event:?}"),
    }
}

/// Sends back what comes on one stream, in the pieces and with the flushes that the stock end needs.
async fn stock_echo(connection: stock::Connection) {
    let mut connection = connection;
    loop {
        let next = poll_fn(|cx| {
            let _ = connection.poll_unpin(cx);
            connection.poll_inbound_unpin(cx)
        })
        .await;
        let Ok(mut stream) = next else { return };
        tokio::spawn(async move {
            let mut all = Vec::new();
            let mut buffer = vec![0; 16 * 1024];
            while let Ok(n @ 1..) = stream.read(&mut buffer).await {
                all.extend_from_slice(&buffer[..n]);
            }
            for chunk in all.chunks(16_000) {
                if stream.write_all(chunk).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
            let _ = stream.close().await;
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_dialler_and_a_stock_listener_carry_a_mebibyte_each_way() {
    let keypair = Keypair::generate_ed25519();
    let mut listener = stock_transport(&keypair);
    let address = listening(&mut listener).await;
    let serving = tokio::spawn(async move {
        loop {
            match poll_fn(|cx| Pin::new(&mut listener).poll(cx)).await {
                TransportEvent::Incoming { upgrade, .. } => {
                    tokio::spawn(async move {
                        match upgrade.await {
                            Ok((_, connection)) => stock_echo(connection).await,
                            Err(error) => eprintln!("the stock end: {error}"),
                        }
                    });
                }
                event => eprintln!("{event:?}"),
            }
        }
    });
    let mut dialer = Dialer::version(Version::V1);
    let (peer, mut near) = within(LONG, dialer.dial(&address)).await.expect("connects");
    assert_eq!(peer, keypair.public().to_peer_id());
    // The stock node takes channels only after its handshake's end, which a first one may come before.
    let sent = bytes(MIB, 11);
    let mut tries = 0;
    let answer = loop {
        tries += 1;
        let mut stream = open(&mut near).await;
        let attempt = async {
            send_all(&mut stream, &sent).await;
            read_all(&mut stream).await
        };
        match tokio::time::timeout(Duration::from_secs(20), attempt).await {
            Ok(answer) => break answer,
            Err(_) => assert!(tries < 4, "the stock node doesn't answer"),
        }
    };
    assert!(
        answer == sent,
        "a mebibyte went there and back ({} bytes)",
        answer.len()
    );
    eprintln!("carried at try {tries}");
    drop(near);
    dialer.is_empty().await;
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_dialler_and_our_listener_carry_a_mebibyte_each_way() {
    let mut node = Node::start(Config::default()).await;
    let keypair = Keypair::generate_ed25519();
    let mut dialer = stock_transport(&keypair);
    // It dials from its listener's port.
    listening(&mut dialer).await;
    let options = DialOpts {
        role: Endpoint::Dialer,
        port_use: PortUse::Reuse,
    };
    let dial = dialer.dial(node.address.clone(), options).expect("an address");
    let drive = tokio::spawn(async move {
        loop {
            poll_fn(|cx| Pin::new(&mut dialer).poll(cx)).await;
        }
    });
    let (peer, mut near) = within(LONG, dial).await.expect("connects");
    assert_eq!(peer, node.peer);
    let (peer, far) = within(LONG, node.incoming.recv()).await.expect("accepts");
    assert_eq!(peer, keypair.public().to_peer_id());
    let echo = echo(far);
    let sent = bytes(MIB, 12);
    let mut stream = within(LONG, poll_fn(|cx| near.poll_outbound_unpin(cx)))
        .await
        .expect("a stream");
    let answer = within(LONG, async {
        let (mut reader, mut writer) = (&mut stream).split();
        let writing = async {
            for chunk in sent.chunks(7000) {
                writer.write_all(chunk).await.expect("written");
                writer.flush().await.expect("flushed");
            }
        };
        let reading = async {
            let mut answer = Vec::new();
            let mut buffer = vec![0; 16 * 1024];
            while answer.len() < sent.len() {
                let n = reader.read(&mut buffer).await.expect("read");
                assert!(n > 0, "the end after {} bytes", answer.len());
                answer.extend_from_slice(&buffer[..n]);
            }
            answer
        };
        tokio::join!(writing, reading).1
    })
    .await;
    assert!(answer == sent, "a mebibyte went there and back");
    within(LONG, stream.close()).await.expect("closed");
    drop((stream, near));
    drive.abort();
    drop(within(LONG, echo).await);
    node.is_empty().await;
}

#[derive(NetworkBehaviour)]
struct Behaviour {
    identify: identify::Behaviour,
    ping: ping::Behaviour,
}

fn swarm<M>(
    keypair: &Keypair,
    transport: impl libp2p_core::Transport<
        Output = (PeerId, M),
        Error: Send + Sync,
        Dial: Send,
        ListenerUpgrade: Send,
    > + Send
    + Unpin
    + 'static,
) -> Swarm<Behaviour>
where
    M: StreamMuxer<Error: Send + Sync, Substream: Send> + Send + 'static,
{
    let boxed: Boxed<(PeerId, StreamMuxerBox)> = transport
        .map(|(peer, connection), _| (peer, StreamMuxerBox::new(connection)))
        .boxed();
    // `RUST_LOG` shows what the two say of each other.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .try_init();
    let config = identify::Config::new("/test/1".to_owned(), keypair.public());
    let ping = ping::Config::new().with_interval(Duration::from_millis(50));
    let behaviour = Behaviour {
        identify: identify::Behaviour::new(config),
        ping: ping::Behaviour::new(ping),
    };
    let config =
        libp2p::swarm::Config::with_tokio_executor().with_idle_connection_timeout(Duration::from_secs(60));
    Swarm::new(boxed, behaviour, keypair.public().to_peer_id(), config)
}

fn our_transport(keypair: &Keypair, version: Version) -> Transport {
    Transport::with_config(
        keypair.clone(),
        Certificate::generate().expect("a certificate"),
        Config::default().with_dial_version(version),
    )
}

/// Runs both until each has identified the other and has had three pings answered.
async fn identify_and_ping(
    listener: &mut Swarm<Behaviour>,
    dialer: &mut Swarm<Behaviour>,
    listens_first: bool,
) {
    let listen = || LISTEN.parse::<Multiaddr>().expect("an address");
    listener.listen_on(listen()).expect("listens");
    if listens_first {
        dialer.listen_on(listen()).expect("listens");
        loop {
            if let SwarmEvent::NewListenAddr { .. } = dialer.select_next_some().await {
                break;
            }
        }
    }
    let mut done = [(false, 0), (false, 0)];
    let all = async {
        while done.iter().any(|(identified, pings)| !identified || *pings < 3) {
            let (side, event) = tokio::select! {
                event = listener.select_next_some() => (0, event),
                event = dialer.select_next_some() => (1, event),
            };
            match event {
                SwarmEvent::NewListenAddr { address, .. } if side == 0 => {
                    let address = address.with_p2p(*listener.local_peer_id()).expect("no other");
                    dialer.dial(address).expect("dials");
                }
                SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received {
                    info, ..
                })) => {
                    assert_eq!(info.protocol_version, "/test/1");
                    done[side].0 = true;
                }
                SwarmEvent::Behaviour(BehaviourEvent::Ping(ping::Event { result, .. })) => match result {
                    Ok(_) => done[side].1 += 1,
                    Err(error) => eprintln!("ping of side {side}: {error}"),
                },
                SwarmEvent::OutgoingConnectionError { error, .. } => panic!("{error}"),
                SwarmEvent::ConnectionClosed { cause, .. } => panic!("closed: {cause:?}"),
                _ => {}
            }
        }
    };
    if tokio::time::timeout(LONG, all).await.is_err() {
        panic!("only {done:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identify_and_ping_between_our_ends() {
    for version in [Version::V1, Version::V2] {
        let (a, b) = (Keypair::generate_ed25519(), Keypair::generate_ed25519());
        let mut listener = swarm(&a, our_transport(&a, version));
        let mut dialer = swarm(&b, our_transport(&b, version));
        identify_and_ping(&mut listener, &mut dialer, false).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identify_and_ping_with_a_stock_dialler() {
    let (a, b) = (Keypair::generate_ed25519(), Keypair::generate_ed25519());
    let mut listener = swarm(&a, our_transport(&a, Version::V1));
    let mut dialer = swarm(&b, stock_transport(&b));
    identify_and_ping(&mut listener, &mut dialer, true).await;
}

#[tokio::test]
async fn certificates_are_exchangeable() {
    let theirs = stock_certificate();
    let ours = Certificate::from_pem(&theirs.serialize_pem()).expect("read");
    let hash = |text: String| text.split("certhash/").nth(1).map(str::to_owned);
    // The stock crate tells its fingerprint only through its address.
    let mut transport = stock::Transport::new(Keypair::generate_ed25519(), theirs);
    let address = listening(&mut transport).await.to_string();
    let node = Node::with(
        Keypair::generate_ed25519(),
        ours.clone(),
        Config::default(),
        LISTEN,
    )
    .await;
    let without_peer = node
        .address
        .to_string()
        .replace(&format!("/p2p/{}", node.peer), "");
    assert_eq!(hash(without_peer), hash(address));
    // And back.
    let made = Certificate::generate().expect("a certificate");
    let read = stock::Certificate::from_pem(&made.to_pem()).expect("the stock crate reads ours");
    let again = Certificate::from_pem(&read.serialize_pem()).expect("read");
    assert_eq!(again.fingerprint(), made.fingerprint());
}
