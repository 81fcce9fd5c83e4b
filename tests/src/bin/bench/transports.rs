//! How browsers reach a node: our WebRTC, the stock crates' and WebSocket, taking turns in one Chromium with a node each in
//! a process of its own.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use webrtc_interop::browser::{Browser, Page};
use webrtc_interop::node::Process;
use webrtc_interop::pages;

use crate::Row;

const KIB: u32 = 1024;
const MIB: u32 = 1024 * KIB;
/// In the order of the table.
const KINDS: [&str; 3] = ["stock", "ours", "websocket"];
const ROUNDS: usize = 5;
/// In each round and of each size.
const TIMES: usize = 8;
/// Only the stock ends need it: what they can have unread, with the other end waiting.
const STOCK_PACE: u32 = 7_000;

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
    /// What it can't do without.
    pace: u32,
}

/// Measures everything.
pub(crate) fn measure(rows: &mut Vec<Row>) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let measured = runtime.block_on(measure_all())?;
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
    Ok(())
}

async fn measure_all() -> Result<Vec<Measured>> {
    let program: PathBuf = std::env::var_os("CREDO_INTEROP_NODE")
        .context("CREDO_INTEROP_NODE must name the program webrtc-interop-node")?
        .into();
    let url = pages::serve().await?;
    let browser = Browser::start(&[]).await?;
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
    Ok(measured)
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
    let cpu = || -> Option<(f64, f64)> { Some((cpu(node.child.id()?)?, cpu(browser.pid()?)?)) };
    let before = cpu();
    let mut bytes = 0;
    for n in 0..TIMES {
        let (up, down) = if n % 2 == 0 { (0, 4 * MIB) } else { (4 * MIB, 0) };
        let took = carry(page, kind, node, up, down, &mut measured.pace).await?;
        let rate = f64::from(4 * MIB) / 1e6 / took.as_secs_f64();
        if n % 2 == 0 {
            measured.down.push(rate);
        } else {
            measured.up.push(rate);
        }
        bytes += 4 * MIB;
    }
    if let (Some(before), Some(after)) = (before, cpu()) {
        let megabytes = f64::from(bytes) / 1e6;
        measured.node_cpu.push((after.0 - before.0) / megabytes);
        measured.browser_cpu.push((after.1 - before.1) / megabytes);
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

/// Milliseconds that a process and all that descend from it have computed, where the system tells.
fn cpu(root: u32) -> Option<f64> {
    // Parent, and the ticks in user and kernel mode, are the 4th, 14th and 15th field; the 2nd may have blanks in it.
    let stat = |pid: u32| -> Option<(u32, u64)> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |n: usize| fields.get(n)?.parse::<u64>().ok();
        Some((u32::try_from(number(1)?).ok()?, number(11)? + number(12)?))
    };
    let processes = std::fs::read_dir("/proc").ok()?;
    let ids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let all: Vec<(u32, u32, u64)> = ids
        .filter_map(|pid| stat(pid).map(|(parent, ticks)| (pid, parent, ticks)))
        .collect();
    let mut family = vec![root];
    let mut ticks = stat(root)?.1;
    let mut at = 0;
    while let Some(&parent) = family.get(at) {
        at += 1;
        for (pid, _, own) in all.iter().filter(|(_, of, _)| *of == parent) {
            family.push(*pid);
            ticks += own;
        }
    }
    // A tick is a hundredth of a second wherever there is /proc.
    Some(ticks as f64 * 10.0)
}
