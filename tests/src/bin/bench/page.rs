//! The wallet in Chromium: what it weighs, and how long from navigation to a first proved balance on a chain that is a
//! hundred epochs old.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use credo_tests::{Devnet, DevnetOptions, run_story};
use serde_json::Value;

use crate::Row;

const EPOCHS: u64 = 100;

fn dist() -> Result<PathBuf> {
    Ok(std::env::var_os("CREDO_WEB_DIST")
        .context("CREDO_WEB_DIST must name the built wallet")?
        .into())
}

fn gzip(bytes: &[u8]) -> Result<usize> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

/// Weighs every WebAssembly module of the built wallet.
pub(crate) fn weigh(rows: &mut Vec<Row>) -> Result<()> {
    let (mut raw, mut packed) = (0, 0);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dist()?)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "wasm") {
            let bytes = std::fs::read(&path)?;
            let size = gzip(&bytes)?;
            names.push(format!("{} {} KB", name(&path), size / 1_000));
            raw += bytes.len();
            packed += size;
        }
    }
    rows.push(Row::new(
        "wasm, raw / gzip",
        format!("{} / {} KB", raw / 1_000, packed / 1_000),
        names.join(", "),
    ));
    Ok(())
}

fn name(path: &Path) -> &str {
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    if stem.starts_with("worker") {
        "verifier"
    } else {
        "page"
    }
}

/// Times page loads.
pub(crate) fn load(rows: &mut Vec<Row>) -> Result<()> {
    let data = tempfile::tempdir()?;
    let options = DevnetOptions {
        web: Some(dist()?),
        fast: true,
        ..DevnetOptions::default()
    };
    let devnet = Devnet::start(&data.path().join("devnet"), options)?;
    devnet.wait_for(Duration::from_secs(600), |h| h["epoch"].as_u64() >= Some(EPOCHS))?;
    let variables = [
        ("CREDO_URL", devnet.url()),
        ("CREDO_TRANSPORT", "webrtc".to_owned()),
    ];
    let story = run_story("load", &variables, Duration::from_secs(180), |_| Ok(()))?;
    let result = story
        .lines()
        .find_map(|l| l.strip_prefix("RESULT "))
        .context("the story gave no result")?;
    let result: Value = serde_json::from_str(result)?;
    for (key, what) in [
        ("head", "page load to a verified head, cold"),
        ("cold", "page load to a first proved balance, cold"),
        ("warm", "page load to a first proved balance, warm"),
        ("handOver", "a hand-over in Chromium, its certificate included"),
    ] {
        let mut times: Vec<f64> = result[key]
            .as_array()
            .map(|a| a.iter().filter_map(Value::as_f64).collect())
            .unwrap_or_default();
        times.sort_by(f64::total_cmp);
        if let Some(median) = times.get(times.len() / 2) {
            let all = times
                .iter()
                .map(|t| format!("{t:.1}"))
                .collect::<Vec<_>>()
                .join(", ");
            rows.push(Row::new(
                what,
                format!("{median:.1} ms"),
                format!("median of {all}; {EPOCHS} epochs, WebRTC"),
            ));
        }
    }
    Ok(())
}
