//! The wallet as people use it: real Chromium, a real devnet, both ways in.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use credo_tests::{Devnet, DevnetOptions, run_story};

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
#[allow(clippy::print_stdout)]
fn whole_story(transport: &str) -> Result<()> {
    let _alone = alone();
    let data = tempfile::tempdir()?;
    let options = DevnetOptions {
        web: Some(wallet()?),
        fast: false,
        ..DevnetOptions::default()
    };
    let devnet = Devnet::start(&data.path().join("devnet"), options)?;
    let variables = [
        ("CREDO_URL", devnet.url()),
        ("CREDO_TRANSPORT", transport.to_owned()),
    ];
    let story = run_story("whole", &variables, Duration::from_secs(300), |_| Ok(()))
        .with_context(|| format!("the devnet's log ends:\n{}", devnet.log_tail()))?;
    println!("{story}");
    Ok(())
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
fn the_page_says_stale_and_recovers() -> Result<()> {
    let _alone = alone();
    let data = tempfile::tempdir()?;
    let options = DevnetOptions {
        web: Some(wallet()?),
        fast: false,
        ..DevnetOptions::default()
    };
    let mut devnet = Devnet::start(&data.path().join("devnet"), options)?;
    let variables = [
        ("CREDO_URL", devnet.url()),
        ("CREDO_TRANSPORT", "webrtc".to_owned()),
    ];
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
    let options = DevnetOptions {
        web: Some(wallet()?),
        fast: false,
        candidates: 10_000,
        ..DevnetOptions::default()
    };
    let devnet = Devnet::start(&data.path().join("devnet"), options)?;
    for transport in ["webrtc", "ws"] {
        let variables = [
            ("CREDO_URL", devnet.url()),
            ("CREDO_TRANSPORT", transport.to_owned()),
        ];
        let story = run_story("candidates", &variables, Duration::from_secs(180), |_| Ok(()))
            .with_context(|| format!("the devnet's log ends:\n{}", devnet.log_tail()))?;
        println!("{story}");
    }
    Ok(())
}
