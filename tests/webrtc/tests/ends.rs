//! Rust's ends against each other: ours and the stock ones, in Chromium and natively.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use webrtc_interop::browser::{Browser, NO_MUNGING, Page};
use webrtc_interop::exchange::Order;
use webrtc_interop::node;
use webrtc_interop::pages;

const MIB: u32 = 1024 * 1024;
/// What the stock page writes at once and what it can have unread: less than its 16 KiB.
const STOCK_PAGE_PACE: u32 = 7_000;
/// What the stock node writes at once: less than a message may have.
const STOCK_NODE_PACE: u32 = 16_000;
const SOON: Duration = Duration::from_secs(2);

async fn quiet(page: &Page<'_>) -> Result<()> {
    let said = page.console().await?;
    ensure!(said.is_empty(), "the browser's console isn't empty: {said:?}");
    Ok(())
}

/// Our browser's end to our node's end, as it must work whatever the browser allows.
async fn ours_to_ours(flags: &[&str]) -> Result<()> {
    let node = node::ours().await?;
    let browser = Browser::start(flags).await?;
    let page = browser.open("one", &pages::serve().await?).await?;
    let dialed = page.dial("ours", &node.address.to_string()).await?;
    node.is(&dialed.peer)?;
    let took = page.exchange(MIB, MIB, 0).await?;
    eprintln!(
        "ours to ours {flags:?}: dialled in {:?}, 1 MiB each way in {took:?}",
        dialed.took
    );

    // Many streams at once, of many sizes.
    page.eval("Promise.all([0, 1, 100, 16377, 16378, 70000, 300000].map((n) => link.exchange(n, 2 * n, 0)))")
        .await?;

    // The node opens a stream.
    let record = node.until(0, SOON, "there", |_| true).await?;
    let order = Order {
        up: MIB,
        down: MIB,
        pace: 0,
    };
    record.session.exchange(order).await?;

    let record = node
        .until(0, SOON, "done", |record| record.exchanges.len() == 8)
        .await?;
    for exchange in &record.exchanges {
        ensure!(exchange.is_ok(), "the node says {exchange:?}");
    }
    page.eval("link.disconnect()").await?;
    ensure!(
        page.open_connections().await? == 0,
        "a peer connection is left open"
    );
    node.until(0, SOON, "ended", |record| record.ended.is_some())
        .await?;
    quiet(&page).await
}

#[tokio::test]
async fn our_ends_meet() -> Result<()> {
    ours_to_ours(&[]).await
}

#[tokio::test]
async fn our_ends_meet_in_a_browser_that_forbids_munging() -> Result<()> {
    ours_to_ours(&[NO_MUNGING]).await
}

/// A browser gives a new stream the channel number of the last as soon as that is closed.
#[tokio::test]
async fn streams_one_after_another_keep_apart() -> Result<()> {
    let node = node::ours().await?;
    let browser = Browser::start(&[]).await?;
    let page = browser.open("one", &pages::serve().await?).await?;
    for n in 0..20 {
        page.dial("ours", &node.address.to_string()).await?;
        for _ in 0..3 {
            page.exchange(1_000, 1_000, 0).await?;
        }
        page.eval("link.disconnect()").await?;
        let record = node
            .until(n, SOON, "ended", |record| record.ended.is_some())
            .await?;
        ensure!(
            record.exchanges.len() == 3,
            "the node answered {:?}",
            record.exchanges
        );
        ensure!(
            record.exchanges.iter().all(Result::is_ok),
            "the node says {:?}",
            record.exchanges
        );
    }
    ensure!(
        page.open_connections().await? == 0,
        "a peer connection is left open"
    );
    quiet(&page).await
}

#[tokio::test]
async fn the_stock_page_reaches_our_node() -> Result<()> {
    let node = node::ours().await?;
    let browser = Browser::start(&[]).await?;
    let page = browser.open("one", &pages::serve().await?).await?;
    let dialed = page.dial("stock", &node.address.to_string()).await?;
    node.is(&dialed.peer)?;
    let up = page.exchange(MIB, 0, 0).await?;
    let down = page.exchange(0, MIB, STOCK_PAGE_PACE).await?;
    eprintln!(
        "stock page: dialled in {:?}, 1 MiB up in {up:?}, 1 MiB down at its pace in {down:?}",
        dialed.took
    );
    // Its own limit: with more than 16 KiB unread it gives the stream up. Whether that happens depends on how fast it
    // reads; if it does, the stream is the only one that suffers.
    match page.exchange(0, MIB, 0).await {
        Ok(took) => eprintln!("stock page: 1 MiB down without a pace in {took:?}"),
        Err(error) => {
            eprintln!("stock page: 1 MiB down without a pace ends with its own limit: {error}");
            page.exchange(10_000, 5_000, 0).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn our_page_reaches_the_stock_node_by_version_1() -> Result<()> {
    let node = node::stock().await?;
    let browser = Browser::start(&[]).await?;
    let page = browser.open("one", &pages::serve().await?).await?;
    let first = page.dial("ours", &node.address.to_string()).await?;
    node.is(&first.peer)?;
    let up = page.exchange(MIB, 0, 0).await?;
    let down = page.exchange(0, MIB, STOCK_NODE_PACE).await?;
    ensure!(
        page.open_connections().await? == 1,
        "the attempt that lost is still open"
    );
    page.eval("link.disconnect()").await?;
    // The version is remembered: no second goes by.
    let again = page.dial("ours", &node.address.to_string()).await?;
    eprintln!(
        "stock node: dialled in {:?}, again in {:?}, 1 MiB up in {up:?}, 1 MiB down at its pace in {down:?}",
        first.took, again.took
    );
    ensure!(
        page.eval("window.made()").await?.as_u64() == Some(3),
        "the second dial tried more than version 1"
    );
    page.exchange(1_000, 1_000, 0).await?;
    page.eval("link.disconnect()").await?;
    ensure!(
        page.open_connections().await? == 0,
        "a peer connection is left open"
    );
    quiet(&page).await
}

#[tokio::test]
async fn a_node_of_version_1_is_out_of_reach_where_munging_is_forbidden() -> Result<()> {
    let node = node::stock().await?;
    let browser = Browser::start(&[NO_MUNGING]).await?;
    let page = browser.open("one", &pages::serve().await?).await?;
    let start = Instant::now();
    let refused = page.dial("ours", &node.address.to_string()).await;
    let took = start.elapsed();
    let error = refused.err().map(|error| error.to_string()).unwrap_or_default();
    ensure!(
        error.contains("connectivity checks didn't finish"),
        "the page says {error:?}"
    );
    ensure!(took < Duration::from_secs(3), "it took {took:?}");
    ensure!(
        page.open_connections().await? == 0,
        "a peer connection is left open"
    );
    quiet(&page).await
}
