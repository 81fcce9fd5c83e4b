//! Driving the wallet in Chromium: stories are small scripts for `playwright-core` under `tests/stories`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// Runs `tests/stories/NAME.mjs` with `variables` in its environment.
///
/// The story prints what it does and fails by its exit code. A line `@WORD` asks for something that only the test can
/// do, such as killing the network: `act` does it. Pictures go to `CREDO_SCREENSHOTS` if that is set.
pub fn run_story(
    name: &str,
    variables: &[(&str, String)],
    limit: Duration,
    mut act: impl FnMut(&str) -> Result<()>,
) -> Result<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let modules = std::env::var("CREDO_NODE_MODULES").context(
        "CREDO_NODE_MODULES must name a node_modules with playwright-core (cargo xtask test sets it)",
    )?;
    let signals = tempfile::tempdir()?;
    let mut child = Command::new("node")
        .arg(root.join("stories").join(format!("{name}.mjs")))
        .env("CREDO_NODE_MODULES", modules)
        .env("CREDO_SIGNALS", signals.path())
        .envs(variables.iter().map(|(k, v)| (*k, v.as_str())))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("node didn't start")?;
    let stdout = child.stdout.take().context("the story has no output")?;
    let mut stderr = child.stderr.take().context("the story has no error output")?;
    let (lines, said) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
    let errors = std::thread::spawn(move || {
        let mut text = String::new();
        // What can't be read isn't shown; the exit code decides.
        let _ = stderr.read_to_string(&mut text);
        text
    });
    let mut story = String::new();
    let deadline = Instant::now() + limit;
    let told = loop {
        match said.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                story.push_str(&line);
                story.push('\n');
                if let Some(word) = line.strip_prefix('@') {
                    act(word)?;
                    std::fs::write(signals.path().join(word), b"")?;
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break true,
            Err(mpsc::RecvTimeoutError::Timeout) => break false,
        }
    };
    if !told {
        child.kill()?;
    }
    let status = child.wait()?;
    let panicked = |_| anyhow::anyhow!("a reader of the story's output panicked");
    reader.join().map_err(panicked)?;
    let errors = errors.join().map_err(panicked)?;
    if !told {
        bail!("story {name} didn't end within {limit:?}:\n{story}{errors}");
    }
    ensure!(status.success(), "story {name} failed:\n{story}{errors}");
    Ok(story)
}
