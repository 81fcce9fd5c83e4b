//! Other implementations of libp2p against our node's end: js-libp2p in Chromium (version 1, as of the release that
//! the lock file names), py-libp2p dialling version 2.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tokio::process::Command;
use webrtc_interop::browser::Browser;
use webrtc_interop::node::{self, Node};
use webrtc_interop::pages;

const MIB: u32 = 1024 * 1024;
/// py-libp2p keeps 64 unread messages of a stream and drops what comes then without a word.
const PYTHON_PACE: u32 = 64 * 1024;
const LIMIT: Duration = Duration::from_secs(80);

fn named(peer: &Value) -> Result<&str> {
    peer.as_str().context("nobody was named")
}

#[tokio::test]
async fn js_libp2p_reaches_our_node() -> Result<()> {
    let node = node::ours().await?;
    let browser = Browser::start(&[]).await?;
    let page = browser
        .open("one", &format!("{}?with=js-libp2p", pages::serve().await?))
        .await?;
    let code = format!("stranger.run({:?}, {MIB}, {MIB})", node.address.to_string());
    let said = page.eval(&code).await?;
    node.is(named(&said["peer"])?)?;
    eprintln!(
        "js-libp2p: dialled in {} ms, 1 MiB each way in {} ms",
        said["dialed"], said["exchanged"]
    );
    let seen = |record: &webrtc_interop::node::Record| record.exchanges.iter().any(Result::is_ok);
    node.until(0, LIMIT, "exchanged", seen).await?;
    node.until(0, LIMIT, "ended", |record| record.ended.is_some())
        .await?;
    Ok(())
}

/// Runs py-libp2p; yields what it said.
async fn python(node: &Node, up: u32, down: u32, pace: u32, seconds: u32) -> Result<Value> {
    let python = std::env::var("CREDO_PY_LIBP2P")
        .context("CREDO_PY_LIBP2P must name a Python with py-libp2p (cargo xtask test sets it)")?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/strangers/dial.py");
    let mut command = Command::new(python);
    command
        .args([script, &node.address.to_string()])
        .args([up, down, pace, seconds].map(|number| number.to_string()))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.output())
        .await
        .context("py-libp2p doesn't end")??;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "py-libp2p failed:\n{errors}");
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().last().context("py-libp2p said nothing")?;
    serde_json::from_str(line).with_context(|| format!("py-libp2p said {line:?}"))
}

#[tokio::test]
async fn py_libp2p_reaches_our_node_by_version_2() -> Result<()> {
    let node = node::ours().await?;
    let up = python(&node, MIB, 0, 0, 60).await?;
    node.is(named(&up["peer"])?)?;
    let down = python(&node, 0, MIB, PYTHON_PACE, 60).await?;
    eprintln!(
        "py-libp2p: dialled in {} ms, 1 MiB up in {} ms, 1 MiB down at its pace in {} ms",
        up["dialed"], up["exchanged"], down["exchanged"]
    );
    for n in 0..2 {
        let seen = |record: &webrtc_interop::node::Record| record.exchanges.iter().any(Result::is_ok);
        node.until(n, LIMIT, "exchanged", seen).await?;
    }
    // Without a pace it depends on how fast it reads. What it drops it says in its log, and then it waits in vain.
    match python(&node, 0, MIB, 0, 8).await {
        Ok(said) => eprintln!("py-libp2p: 1 MiB down without a pace in {} ms", said["exchanged"]),
        Err(error) => {
            let why = error.to_string();
            ensure!(
                why.contains("read buffer full, dropping message"),
                "py-libp2p fails otherwise: {why}"
            );
            eprintln!("py-libp2p: 1 MiB down without a pace is more than it keeps, and it drops the rest");
        }
    }
    Ok(())
}
