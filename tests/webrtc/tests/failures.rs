//! What a dial of the page fails with: the right error, within three seconds, and nothing is left behind.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use libp2p_core::Multiaddr;
use libp2p_core::multiaddr::Protocol;
use libp2p_identity::{Keypair, PeerId};
use webrtc_interop::browser::{Browser, Page};
use webrtc_interop::node;
use webrtc_interop::pages;
use webrtc_interop::proxy::{Kind, Proxy, kind};

const LIMIT: Duration = Duration::from_secs(3);
/// Within which a node notices that it speaks to nobody.
const UNSAID: Duration = Duration::from_secs(6);

/// The dial fails so, in time, and leaves nothing; `since` is when the node stopped answering, if it did.
async fn fails(
    page: &Page<'_>,
    address: &Multiaddr,
    expected: &str,
    since: impl Fn() -> Option<Instant>,
) -> Result<()> {
    let start = Instant::now();
    let dialed = page.dial("ours", &address.to_string()).await;
    let end = Instant::now();
    let error = match dialed {
        Ok(dialed) => format!("connected to {}", dialed.peer),
        Err(error) => error.to_string(),
    };
    ensure!(
        error.contains(expected),
        "instead of {expected:?} the page says {error:?}"
    );
    let took = end - since().unwrap_or(start);
    eprintln!("{error}: after {took:?}");
    ensure!(took < LIMIT, "it took {took:?} to say {error:?}");
    ensure!(
        page.open_connections().await? == 0,
        "a peer connection is left open after {error:?}"
    );
    let said = page.console().await?;
    ensure!(said.is_empty(), "the browser's console isn't empty: {said:?}");
    Ok(())
}

fn with_other_hash(address: &Multiaddr) -> Result<Multiaddr> {
    let other: Multiaddr = "/certhash/uEiDikp5KVUgkLta1EjUN-IKbHk-dUBg8VzKgf5nXxLK46w".parse()?;
    let other = other.iter().next().context("a hash")?;
    let parts = address.iter().map(|part| match part {
        Protocol::Certhash(_) => other.clone().acquire(),
        part => part.acquire(),
    });
    Ok(parts.collect())
}

fn with_peer(address: &Multiaddr, peer: PeerId) -> Multiaddr {
    let parts = address.iter().map(|part| match part {
        Protocol::P2p(_) => Protocol::P2p(peer),
        part => part.acquire(),
    });
    parts.collect()
}

#[tokio::test]
async fn another_node_than_the_address_says() -> Result<()> {
    let node = node::ours().await?;
    let browser = Browser::start(&[]).await?;
    let page = browser.open("one", &pages::serve().await?).await?;
    let address = with_other_hash(&node.address)?;
    fails(
        &page,
        &address,
        "the peer's certificate doesn't match the address",
        || None,
    )
    .await?;
    let other = Keypair::generate_ed25519().public().to_peer_id();
    let address = with_peer(&node.address, other);
    fails(&page, &address, &format!("but {other} was dialled"), || None).await?;
    // The page is none the worse for it.
    page.dial("ours", &node.address.to_string()).await?;
    page.exchange(1_000, 1_000, 0).await?;
    Ok(())
}

#[tokio::test]
async fn nobody_at_the_port() -> Result<()> {
    let address = node::ours().await?.address.clone();
    let browser = Browser::start(&[]).await?;
    let page = browser.open("one", &pages::serve().await?).await?;
    fails(&page, &address, "the connectivity checks didn't finish", || None).await
}

/// A node that stops for good once it has sent a packet of some kind, or instead of that.
#[tokio::test]
async fn a_node_that_stops_in_the_middle_of_a_step() -> Result<()> {
    let steps: [(&str, Kind, usize, &str); 6] = [
        (
            "no answer to a check",
            Kind::Stun,
            0,
            "the connectivity checks didn't finish",
        ),
        ("no DTLS", Kind::Handshake, 0, "the DTLS handshake didn't finish"),
        (
            "half of DTLS",
            Kind::Handshake,
            1,
            "the DTLS handshake didn't finish",
        ),
        (
            "no SCTP",
            Kind::Data,
            0,
            "the opening of the first channel didn't finish",
        ),
        (
            "half of SCTP",
            Kind::Data,
            1,
            "the opening of the first channel didn't finish",
        ),
        (
            "half of Noise",
            Kind::Data,
            3,
            "the Noise handshake didn't finish",
        ),
    ];
    let browser = Browser::start(&[]).await?;
    let page = browser.open("one", &pages::serve().await?).await?;
    for (what, stops_at, after, expected) in steps {
        let node = node::ours().await?;
        let proxy = Proxy::start(node.socket).await?;
        let (stopped, when) = tokio::sync::watch::channel(None);
        let mut seen = 0;
        proxy.filter(move |from_node, packet| {
            if stopped.borrow().is_some() {
                return false;
            }
            if from_node && kind(packet) == stops_at {
                if seen == after {
                    stopped.send_replace(Some(Instant::now()));
                    return false;
                }
                seen += 1;
            }
            true
        });
        let address = node.address_at(proxy.address);
        fails(&page, &address, expected, || *when.borrow())
            .await
            .context(what)?;
        // To the node's program there never was a connection, unless only its last word was lost.
        if node.count() > 0 {
            ensure!(what == "half of Noise", "{what}: the node counts it as connected");
            node.until(0, UNSAID, "ended", |record| record.ended.is_some())
                .await
                .context(what)?;
        }
    }
    Ok(())
}
