//! The wallet as people use it: real Chromium, a real devnet, both ways in.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use credo_tests::{Devnet, DevnetOptions, run_story};
use tempfile::TempDir;

/// One story at a time: two browsers and two networks on two cores would only measure each other.
static ONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wallet() -> Result<PathBuf> {
    let dist = std::env::var_os("CREDO_WEB_DIST")
        .context("CREDO_WEB_DIST must name the built wallet (cargo xtask test sets it)")?;
    Ok(dist.into())
}

// The test harness keeps what is printed and shows it when the test fails.
/// A devnet that serves the wallet, at people's pace.
fn network(data: &TempDir, candidates: u32) -> Result<Devnet> {
    let options = DevnetOptions {
        web: Some(wallet()?),
        fast: false,
        candidates,
        ..DevnetOptions::default()
    };
    Devnet::start(&data.path().join("devnet"), options)
}

/// What a story is told of its network.
fn variables(devnet: &Devnet, transport: &str) -> [(&'static str, String); 3] {
    // Chrome is about to forbid what version 1 of WebRTC-direct does; here it is forbidden already.
    let flags = if transport == "webrtc" {
        "--force-fieldtrials=WebRTC-NoSdpMangleUfrag/Enabled/"
    } else {
        ""
    };
    [
        ("CREDO_URL", devnet.url()),
        ("CREDO_TRANSPORT", transport.to_owned()),
        ("CREDO_FLAGS", flags.to_owned()),
    ]
}

/// Tells a story that asks for nothing; the devnet's log stands beside its failure.
#[allow(clippy::print_stdout)]
fn tell(devnet: &Devnet, name: &str, transport: &str, limit: Duration) -> Result<()> {
    let story = run_story(name, &variables(devnet, transport), limit, |_| Ok(()))
        .with_context(|| format!("the devnet's log ends:\n{}", devnet.log_tail()))?;
    println!("{story}");
    Ok(())
}

fn whole_story(transport: &str) -> Result<()> {
    let _alone = alone();
    let data = tempfile::tempdir()?;
    let devnet = network(&data, 0)?;
    tell(&devnet, "whole", transport, Duration::from_secs(300))
}

#[test]
fn the_whole_story_over_webrtc() -> Result<()> {
    whole_story("webrtc")
}

#[test]
fn the_whole_story_over_websocket() -> Result<()> {
    whole_story("ws")
}

#[test]
fn stakes_votes_and_rewards_come_with_their_dates() -> Result<()> {
    let _alone = alone();
    let data = tempfile::tempdir()?;
    let devnet = network(&data, 0)?;
    tell(&devnet, "stake", "webrtc", Duration::from_secs(400))
}

#[test]
fn two_of_three_approve_and_execute_a_proposal() -> Result<()> {
    let _alone = alone();
    let data = tempfile::tempdir()?;
    let devnet = network(&data, 0)?;
    tell(&devnet, "proposal", "ws", Duration::from_secs(400))
}

#[test]
fn the_page_says_stale_and_recovers() -> Result<()> {
    let _alone = alone();
    let data = tempfile::tempdir()?;
    let mut devnet = network(&data, 0)?;
    let variables = variables(&devnet, "webrtc");
    let story = run_story(
        "outage",
        &variables,
        Duration::from_secs(180),
        |word| match word {
            "kill" => devnet.kill(),
            "restart" => devnet.restart(),
            other => anyhow::bail!("the story asks for \"{other}\""),
        },
    )?;
    println!("{story}");
    Ok(())
}

#[test]
fn ten_thousand_candidates_arrive_proved_and_scroll() -> Result<()> {
    let _alone = alone();
    let data = tempfile::tempdir()?;
    let devnet = network(&data, 10_000)?;
    for transport in ["webrtc", "ws"] {
        tell(&devnet, "candidates", transport, Duration::from_secs(180))?;
    }
    Ok(())
}
