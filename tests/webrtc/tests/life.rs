//! How an end notices that the other is gone: within two seconds where a packet can still be sent, six where not.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use webrtc_interop::browser::{Browser, Page};
use webrtc_interop::node::{self, Node, Process};
use webrtc_interop::pages;
use webrtc_interop::proxy::Proxy;

/// Where a packet can be sent.
const SAID: Duration = Duration::from_secs(2);
/// Where not.
const UNSAID: Duration = Duration::from_secs(6);
/// A connection is let settle for so long: fresh ones are checked more often.
const SETTLED: Duration = Duration::from_millis(3_200);

async fn connect<'a>(browser: &'a Browser, name: &str, address: &str) -> Result<Page<'a>> {
    let page = browser.open(name, &pages::serve().await?).await?;
    page.dial("ours", address).await?;
    page.exchange(1_000, 1_000, 0).await?;
    tokio::time::sleep(SETTLED).await;
    Ok(page)
}

/// The node notices the end of its `n`th connection.
async fn node_notices(node: &Node, n: usize, start: Instant, what: &str, limit: Duration) -> Result<()> {
    let record = node
        .until(n, limit, "ended", |record| record.ended.is_some())
        .await;
    let record = record.with_context(|| what.to_owned())?;
    let (when, why) = record.ended.context("it has ended")?;
    eprintln!(
        "{what}: the node notices after {:?}: {}",
        when.saturating_duration_since(start),
        why.0
    );
    Ok(())
}

/// The page notices the end of its connection, and so does a request that waits for an answer.
async fn page_notices(page: &Page<'_>, start: Instant, what: &str, limit: Duration) -> Result<()> {
    let why = page.ended(limit).await.with_context(|| what.to_owned())?;
    eprintln!("{what}: the page notices after {:?}: {why}", start.elapsed());
    ensure!(
        page.open_connections().await? == 0,
        "{what}: a peer connection is left open"
    );
    let said = page.console().await?;
    ensure!(
        said.is_empty(),
        "{what}: the browser's console isn't empty: {said:?}"
    );
    Ok(())
}

#[tokio::test]
async fn the_node_notices_what_a_user_does() -> Result<()> {
    let node = node::ours().await?;
    let browser = Browser::start(&[]).await?;
    let address = node.address.to_string();

    let page = connect(&browser, "closed", &address).await?;
    let start = Instant::now();
    page.close().await?;
    node_notices(&node, 0, start, "a closed tab", SAID).await?;

    let page = connect(&browser, "left", &address).await?;
    let start = Instant::now();
    page.goto("about:blank").await?;
    node_notices(&node, 1, start, "a navigation", SAID).await?;

    let page = connect(&browser, "reloaded", &address).await?;
    let start = Instant::now();
    page.goto(&pages::serve().await?).await?;
    node_notices(&node, 2, start, "another page of the kind", SAID).await?;

    let page = connect(&browser, "disconnected", &address).await?;
    let start = Instant::now();
    page.eval("link.disconnect()").await?;
    ensure!(
        page.open_connections().await? == 0,
        "a peer connection is left open"
    );
    node_notices(&node, 3, start, "a disconnect", SAID).await?;
    let said = page.console().await?;
    ensure!(said.is_empty(), "the browser's console isn't empty: {said:?}");

    let page = connect(&browser, "crashed", &address).await?;
    let start = Instant::now();
    // The page has no time for a word, and nothing to answer with.
    let crashed = tokio::time::timeout(Duration::from_secs(10), page.goto("chrome://crash")).await;
    drop(crashed);
    node_notices(&node, 4, start, "a crash", UNSAID).await
}

#[tokio::test]
async fn the_page_notices_what_a_node_does() -> Result<()> {
    let node = node::ours().await?;
    let browser = Browser::start(&[]).await?;

    let page = connect(&browser, "disconnected", &node.address.to_string()).await?;
    let record = node.until(0, SAID, "there", |_| true).await?;
    let start = Instant::now();
    record.session.close().await;
    page_notices(&page, start, "a node's disconnect", SAID).await?;

    let page = connect(&browser, "stopped", &node.address.to_string()).await?;
    let start = Instant::now();
    drop(node);
    page_notices(&page, start, "a stopped node", SAID).await
}

#[tokio::test]
async fn the_page_notices_a_killed_node() -> Result<()> {
    let mut node = Process::start(env!("CARGO_BIN_EXE_webrtc-interop-node").as_ref(), "ours").await?;
    let browser = Browser::start(&[]).await?;
    let page = connect(&browser, "killed", &node.address).await?;
    let start = Instant::now();
    node.child.kill().await?;
    page_notices(&page, start, "a killed node", UNSAID).await
}

#[tokio::test]
async fn both_notice_a_lost_network() -> Result<()> {
    let node = node::ours().await?;
    let proxy = Proxy::start(node.socket).await?;
    let browser = Browser::start(&[]).await?;
    let page = connect(&browser, "lost", &node.address_at(proxy.address).to_string()).await?;
    let start = Instant::now();
    proxy.filter(|_, _| false);
    // A request that waits isn't left waiting.
    let asked = tokio::time::timeout(UNSAID, page.exchange(1_000, 1_000, 0));
    let (asked, noticed) = tokio::join!(asked, node_notices(&node, 0, start, "a lost network", UNSAID));
    noticed?;
    ensure!(
        matches!(asked, Ok(Err(_))),
        "a waiting request ends with {asked:?}"
    );
    page_notices(&page, start, "a lost network", UNSAID).await
}
