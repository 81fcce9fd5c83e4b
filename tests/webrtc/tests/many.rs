//! Many sessions of a node that is alone in its process, and what of them is left in its memory.

use std::time::Duration;

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use libp2p_core::Endpoint;
use libp2p_core::Multiaddr;
use libp2p_core::muxing::StreamMuxerBox;
use libp2p_core::transport::{DialOpts, PortUse, Transport as _};
use libp2p_identity::Keypair;
use tokio::process::Child;
use webrtc_direct::Version;
use webrtc_direct::node::{Certificate, Config, Times, Transport};
use webrtc_interop::exchange::{Order, PIECE};
use webrtc_interop::node::Process;
use webrtc_interop::session::{Session, drive};

/// Dials at the same time: few enough that a slow machine takes each of their steps in time.
const AT_ONCE: usize = 8;
const ONE_AFTER_ANOTHER: usize = 200;
/// What may be left, in KiB.
const LEFT: usize = 5 * 1024;

/// A session that exchanges something, and stays until it is told to go.
struct Visit {
    session: Session,
    driven: tokio::task::JoinHandle<()>,
}

impl Visit {
    async fn start(address: &Multiaddr, version: Version) -> Result<Self> {
        let times = Times {
            step: Duration::from_secs(60),
            ..Times::default()
        };
        let config = Config::default().with_dial_version(version).with_times(times);
        let mut transport =
            Transport::with_config(Keypair::generate_ed25519(), Certificate::generate()?, config);
        let options = DialOpts {
            role: Endpoint::Dialer,
            port_use: PortUse::New,
        };
        let (_, connection) = transport.dial(address.clone(), options)?.await?;
        let (session, driven) = Session::new(PIECE);
        let driven = tokio::spawn(async move {
            drive(StreamMuxerBox::new(connection), driven, drop).await;
        });
        let order = Order {
            up: 20_000,
            down: 20_000,
            pace: 0,
        };
        session.exchange(order).await?;
        Ok(Self { session, driven })
    }

    async fn end(self) -> Result<()> {
        self.session.close().await;
        Ok(self.driven.await?)
    }
}

/// KiB that a process holds, where the system tells.
fn resident(child: &Child) -> Option<usize> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()?)).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

async fn one_after_another(address: &Multiaddr, count: usize) -> Result<()> {
    for n in 0..count {
        let version = if n % 10 == 0 { Version::V1 } else { Version::V2 };
        Visit::start(address, version).await?.end().await?;
    }
    Ok(())
}

async fn at_once(address: &Multiaddr, count: usize) -> Result<()> {
    let visits: Vec<Visit> = stream::iter(0..count)
        .map(|_| Visit::start(address, Version::V2))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    try_join_all(visits.into_iter().map(Visit::end)).await?;
    Ok(())
}

/// 200 at once, and many one after another. What the node took for them it gives back: after a while, since its allocator
/// waits for a few seconds whether the pages are wanted again.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_keeps_nothing_of_many_sessions() -> Result<()> {
    let Process { child, address } =
        Process::start(env!("CARGO_BIN_EXE_webrtc-interop-node").as_ref(), "ours").await?;
    let address: Multiaddr = address.parse()?;
    // What is set up once is set up.
    one_after_another(&address, 20).await?;
    let Some(before) = resident(&child) else {
        eprintln!("this system doesn't tell how much memory a process has");
        return Ok(());
    };
    at_once(&address, 200).await?;
    let most = resident(&child);
    one_after_another(&address, ONE_AFTER_ANOTHER).await?;
    let mut after = resident(&child);
    for _ in 0..120 {
        if after <= Some(before + LEFT) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        after = resident(&child);
    }
    eprintln!("KiB of the node before {before}, after 200 at once {most:?}, in the end {after:?}");
    ensure!(
        after <= Some(before + LEFT),
        "the node had {before} KiB and has {after:?}"
    );
    Ok(())
}
