//! How browsers reach a node: our WebRTC, the stock crates' and WebSocket, taking turns in one Chromium with a node each in
//! a process of its own.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use webrtc_interop::browser::{Browser, Page};
use webrtc_interop::node::Process;
use webrtc_interop::pages;

use crate::Row;
use crate::cpu::Cpu;

const KIB: u32 = 1024;
const MIB: u32 = 1024 * KIB;
/// In the order of the table.
const KINDS: [&str; 3] = ["stock", "ours", "websocket"];
const ROUNDS: usize = 5;
/// In each round and of each size.
const TIMES: usize = 8;
/// Only the stock ends need it: what they can have unread, with the other end waiting.
const STOCK_PACE: u32 = 7_000;

/// What two data channels in one page make of it, in MB/s, in plain JavaScript: the most that Chromium leaves to a node that costs nothing.
const ALONE: &str = r"(async () => {
    const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()];
    from.onicecandidate = ({ candidate }) => candidate && to.addIceCandidate(candidate);
    to.onicecandidate = ({ candidate }) => candidate && from.addIceCandidate(candidate);
    const sender = from.createDataChannel('');
    const accepted = new Promise((done) => { to.ondatachannel = ({ channel }) => done(channel); });
    await from.setLocalDescription();
    await to.setRemoteDescription(from.localDescription);
    await to.setLocalDescription();
    await from.setRemoteDescription(to.localDescription);
    const receiver = await accepted;
    receiver.binaryType = 'arraybuffer';
    sender.bufferedAmountLowThreshold = 64 * 1024;
    const size = 4 * 1024 * 1024, message = new Uint8Array(16 * 1024), rates = [];
    for (let n = 0; n < 8; n++) {
        const start = performance.now();
        await new Promise((done) => {
            let [unsent, unread] = [size, size];
            receiver.onmessage = ({ data }) => { if ((unread -= data.byteLength) === 0) done(); };
            sender.onbufferedamountlow = () => {
                for (; unsent > 0 && sender.bufferedAmount < 256 * 1024; unsent -= message.length) sender.send(message);
            };
            sender.onbufferedamountlow();
        });
        rates.push(size / 1000 / (performance.now() - start));
    }
    from.close();
    to.close();
    return rates;
})()";

/// One kind's times and costs.
#[derive(Default)]
struct Measured {
    first: Vec<f64>,
    again: Vec<f64>,
    small: Vec<f64>,
    middle: Vec<f64>,
    down: Vec<f64>,
    up: Vec<f64>,
    node_cpu: Vec<f64>,
    browser_cpu: Vec<f64>,
    busiest_down: Vec<f64>,
    busiest_up: Vec<f64>,
    /// What it can't do without.
    pace: u32,
}

/// Measures everything.
pub(crate) fn measure(rows: &mut Vec<Row>) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (measured, alone) = runtime.block_on(measure_all())?;
    let row = |what: &str, unit: &str, of: fn(&Measured) -> &Vec<f64>, digits: usize| {
        let medians: Vec<f64> = measured.iter().map(|one| median(of(one))).collect();
        let value = medians
            .iter()
            .map(|m| format!("{m:.digits$}"))
            .collect::<Vec<_>>();
        let times = of(&measured[1]).len();
        let note = format!("medians of {times}; ours {:.2} of stock", medians[1] / medians[0]);
        let beside = format!(", {:.2} of WebSocket", medians[1] / medians[2]);
        Row::new(what, format!("{} {unit}", value.join(" / ")), note + &beside)
    };
    rows.push(Row::new(
        "Chromium to a node",
        "stock / ours / WebSocket",
        match measured[0].pace {
            0 => "each in its turn".to_owned(),
            pace => format!("stock can't carry 4 MiB unless the sender waits after each {pace} bytes"),
        },
    ));
    rows.push(row("  time to connect, first", "ms", |m| &m.first, 0));
    rows.push(row("  time to connect, again", "ms", |m| &m.again, 0));
    rows.push(row("  answer of 1 KiB", "ms", |m| &m.small, 1));
    rows.push(row("  answer of 64 KiB", "ms", |m| &m.middle, 1));
    rows.push(row("  answer of 4 MiB", "MB/s", |m| &m.down, 1));
    rows.push(row("  upload of 4 MiB", "MB/s", |m| &m.up, 1));
    rows.push(row("  CPU of the node per MB", "ms", |m| &m.node_cpu, 1));
    rows.push(row("  CPU of the browser per MB", "ms", |m| &m.browser_cpu, 1));
    rows.push(row(
        "  busiest thread per MB, answer",
        "ms",
        |m| &m.busiest_down,
        1,
    ));
    rows.push(row("  busiest thread per MB, upload", "ms", |m| &m.busiest_up, 1));
    rows.push(Row::new(
        "Chromium to itself, 4 MiB",
        format!("{:.1} MB/s", median(&alone.rates)),
        format!(
            "two data channels in one page, without a node; {:.1} ms of the browser's CPU per MB for both ends",
            alone.cpu
        ),
    ));
    Ok(())
}

/// A browser's data channels without a node.
struct Alone {
    rates: Vec<f64>,
    cpu: f64,
}

async fn alone(browser: &Browser, page: &Page<'_>) -> Result<Alone> {
    let cpu = || browser.pid().and_then(Cpu::of);
    let before = cpu();
    let rates: Vec<f64> = serde_json::from_value(page.eval(ALONE).await?)?;
    let used = before.and_then(|before| Some(cpu()?.since(&before)));
    let megabytes = f64::from(4 * MIB) / 1e6 * rates.len() as f64;
    Ok(Alone {
        cpu: used.map_or(f64::NAN, |used| used.all / megabytes),
        rates,
    })
}

async fn measure_all() -> Result<(Vec<Measured>, Alone)> {
    let program: PathBuf = std::env::var_os("CREDO_INTEROP_NODE")
        .context("CREDO_INTEROP_NODE must name the program webrtc-interop-node")?
        .into();
    let url = pages::serve().await?;
    let browser = Browser::start_unwatched().await?;
    let mut measured: Vec<Measured> = KINDS.iter().map(|_| Measured::default()).collect();
    for round in 0..ROUNDS {
        for (kind, measured) in KINDS.iter().zip(&mut measured) {
            let name = format!("{kind} {round}");
            let node = Process::start(&program, kind).await?;
            let page = browser.open(&name, &url).await?;
            let turn = turn(&browser, &page, kind, &node, measured).await;
            turn.with_context(|| format!("measuring {kind}"))?;
            page.close().await?;
        }
    }
    let page = browser.open("alone", &url).await?;
    let alone = alone(&browser, &page).await?;
    Ok((measured, alone))
}

async fn turn(
    browser: &Browser,
    page: &Page<'_>,
    kind: &str,
    node: &Process,
    measured: &mut Measured,
) -> Result<()> {
    let millis = |took: Duration| took.as_secs_f64() * 1_000.0;
    for n in 0..TIMES {
        if n > 0 {
            page.eval("link.disconnect()").await?;
        }
        let dialed = page.dial(kind, &node.address).await?;
        let times = if n == 0 {
            &mut measured.first
        } else {
            &mut measured.again
        };
        times.push(millis(dialed.took));
    }
    // The way is new: what is measured is what it comes to.
    page.exchange(KIB, KIB, measured.pace).await?;
    for _ in 0..TIMES {
        measured
            .small
            .push(millis(page.exchange(0, KIB, measured.pace).await?));
        measured.middle.push(millis(
            carry(page, kind, node, 0, 64 * KIB, &mut measured.pace).await?,
        ));
    }
    let megabytes = f64::from(4 * MIB) / 1e6;
    let cpu = || Some((Cpu::of(node.child.id()?)?, Cpu::of(browser.pid()?)?));
    for n in 0..TIMES {
        let is_upload = n % 2 == 1;
        let (up, down) = if is_upload { (4 * MIB, 0) } else { (0, 4 * MIB) };
        let before = cpu();
        let took = carry(page, kind, node, up, down, &mut measured.pace).await?;
        let after = cpu();
        let (rates, busiest) = if is_upload {
            (&mut measured.up, &mut measured.busiest_up)
        } else {
            (&mut measured.down, &mut measured.busiest_down)
        };
        rates.push(megabytes / took.as_secs_f64());
        if let (Some(before), Some(after)) = (before, after) {
            let (node, browser) = (after.0.since(&before.0), after.1.since(&before.1));
            measured.node_cpu.push(node.all / megabytes);
            measured.browser_cpu.push(browser.all / megabytes);
            busiest.push(node.busiest.max(browser.busiest) / megabytes);
        }
    }
    Ok(())
}

/// An exchange; with the stock ends' pace if they can't do it without.
async fn carry(
    page: &Page<'_>,
    kind: &str,
    node: &Process,
    up: u32,
    down: u32,
    pace: &mut u32,
) -> Result<Duration> {
    match page.exchange(up, down, *pace).await {
        Err(_) if kind == "stock" && *pace == 0 => {
            *pace = STOCK_PACE;
            page.dial(kind, &node.address).await?;
            page.exchange(up, down, *pace).await
        }
        exchanged => exchanged,
    }
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
