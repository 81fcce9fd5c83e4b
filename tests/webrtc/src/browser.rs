//! A Chromium that does what it is told, by `browser.mjs`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::oneshot;

/// The flag with which Chromium refuses an offer whose ICE names were changed, as it will by default one day.
pub const NO_MUNGING: &str = "--force-fieldtrials=WebRTC-NoSdpMangleUfrag/Enabled/";
/// How long one instruction may take; every limit that a test has of its own is shorter.
const LIMIT: Duration = Duration::from_secs(90);

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

/// A browser. It ends when this is dropped.
pub struct Browser {
    input: tokio::sync::Mutex<(ChildStdin, u64)>,
    waiting: Waiting,
    child: Child,
}

/// A page of a browser.
pub struct Page<'a> {
    browser: &'a Browser,
    name: String,
}

impl Browser {
    /// Starts one.
    ///
    /// # Errors
    ///
    /// Fails without node, `playwright-core` in `CREDO_NODE_MODULES`, or a Chromium.
    pub async fn start(flags: &[&str]) -> Result<Self> {
        Self::launch(json!({ "flags": flags })).await
    }

    /// Starts one that tells nothing of its pages by itself, so that this isn't measured. They can't [`Page::goto`], and have
    /// no [`Page::console`].
    ///
    /// # Errors
    ///
    /// As [`Browser::start`].
    pub async fn start_unwatched() -> Result<Self> {
        Self::launch(json!({ "flags": [], "unwatched": true })).await
    }

    async fn launch(how: Value) -> Result<Self> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("browser.mjs");
        std::env::var("CREDO_NODE_MODULES").context(
            "CREDO_NODE_MODULES must name a node_modules with playwright-core (cargo xtask test sets it)",
        )?;
        let mut child = Command::new("node")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(false)
            .spawn()
            .context("node didn't start")?;
        let input = child.stdin.take().context("no way to tell it anything")?;
        let output = child.stdout.take().context("no way to hear it")?;
        let waiting = Waiting::default();
        let answers = waiting.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let Ok(answer) = serde_json::from_str::<Value>(&line) else {
                    continue;
                };
                let waiter = answer["id"]
                    .as_u64()
                    .and_then(|id| answers.lock().ok()?.remove(&id));
                if let Some(waiter) = waiter {
                    let _ = waiter.send(answer);
                }
            }
            // Nobody will answer any more.
            if let Ok(mut answers) = answers.lock() {
                answers.clear();
            }
        });
        let browser = Self {
            input: tokio::sync::Mutex::new((input, 0)),
            waiting,
            child,
        };
        browser.tell("launch", how).await?;
        Ok(browser)
    }

    /// The process that it descends from, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    async fn tell(&self, op: &str, mut what: Value) -> Result<Value> {
        let (waiter, answered) = oneshot::channel();
        {
            let mut input = self.input.lock().await;
            input.1 += 1;
            what["id"] = json!(input.1);
            what["op"] = json!(op);
            self.waiting
                .lock()
                .map_err(|_| anyhow!("a reader panicked"))?
                .insert(input.1, waiter);
            let line = format!("{what}\n");
            input
                .0
                .write_all(line.as_bytes())
                .await
                .context("the browser's script is gone")?;
        }
        let answer = tokio::time::timeout(LIMIT, answered)
            .await
            .with_context(|| format!("the browser didn't do within {LIMIT:?}: {what}"))?
            .context("the browser's script is gone")?;
        match answer["error"].as_str() {
            Some(error) => {
                // Without where in the page it was thrown.
                let text = error.split("\n    at ").next().unwrap_or(error);
                Err(anyhow!("{}", text.trim_start_matches("page.evaluate: Error: ")))
            }
            None => Ok(answer["value"].clone()),
        }
    }

    /// Opens a page and waits until it is ready.
    ///
    /// # Errors
    ///
    /// Fails if the page can't be loaded.
    pub async fn open(&self, name: &str, url: &str) -> Result<Page<'_>> {
        self.tell("open", json!({ "page": name, "url": url })).await?;
        let page = Page {
            browser: self,
            name: name.to_owned(),
        };
        let ready = "new Promise((done) => { const look = () => window.ready ? done(true) : setTimeout(look, 5); look(); })";
        page.eval(ready).await?;
        Ok(page)
    }
}

impl Page<'_> {
    /// What an expression, or the promise that it makes, comes to.
    ///
    /// # Errors
    ///
    /// Fails with what the page throws.
    pub async fn eval(&self, code: &str) -> Result<Value> {
        self.browser
            .tell("eval", json!({ "page": self.name, "code": code }))
            .await
    }

    /// Leaves for another address.
    ///
    /// # Errors
    ///
    /// Fails if that can't be loaded.
    pub async fn goto(&self, url: &str) -> Result<()> {
        self.browser
            .tell("goto", json!({ "page": self.name, "url": url }))
            .await?;
        Ok(())
    }

    /// Closes the tab.
    ///
    /// # Errors
    ///
    /// Fails if it is gone.
    pub async fn close(&self) -> Result<()> {
        self.browser.tell("close", json!({ "page": self.name })).await?;
        Ok(())
    }

    /// What its console has shown as warning or error.
    ///
    /// # Errors
    ///
    /// Fails if the page is gone.
    pub async fn console(&self) -> Result<Vec<String>> {
        let said = self.browser.tell("console", json!({ "page": self.name })).await?;
        Ok(serde_json::from_value(said)?)
    }
}

/// What a dial in the page came to.
#[derive(Clone, Debug)]
pub struct Dialed {
    /// Who answered.
    pub peer: String,
    /// How long it took.
    pub took: Duration,
}

impl Page<'_> {
    /// Dials with an end of the page's, `ours`, `stock` or `websocket`; the connection is the page's `link`.
    ///
    /// # Errors
    ///
    /// Fails with what the dial fails with.
    pub async fn dial(&self, end: &str, address: &str) -> Result<Dialed> {
        let code = format!(
            "(async () => {{
                window.end ??= new End({end:?});
                const start = performance.now();
                window.link = await window.end.dial({address:?});
                const ms = performance.now() - start;
                window.gone = null;
                window.link.ended().then((why) => {{ window.gone = {{ why, at: Date.now() }}; }});
                return {{ peer: window.link.peer(), ms }};
            }})()"
        );
        let value = self.eval(&code).await?;
        let millis = value["ms"].as_f64().context("the page told no time")?;
        Ok(Dialed {
            peer: value["peer"].as_str().unwrap_or_default().to_owned(),
            took: Duration::from_secs_f64(millis / 1_000.0),
        })
    }

    /// An exchange on a new stream of the page's `link`; yields how long it took.
    ///
    /// # Errors
    ///
    /// Fails with what the exchange fails with.
    pub async fn exchange(&self, up: u32, down: u32, pace: u32) -> Result<Duration> {
        let code = format!(
            "(async () => {{
                const start = performance.now();
                await window.link.exchange({up}, {down}, {pace});
                return performance.now() - start;
            }})()"
        );
        let millis = self
            .eval(&code)
            .await?
            .as_f64()
            .context("the page told no time")?;
        Ok(Duration::from_secs_f64(millis / 1_000.0))
    }

    /// Waits until the page's `link` has ended; yields why.
    ///
    /// # Errors
    ///
    /// Fails if it doesn't within the limit.
    pub async fn ended(&self, limit: Duration) -> Result<String> {
        let code = "window.link.ended()";
        let ended = tokio::time::timeout(limit, self.eval(code)).await;
        let why = ended.with_context(|| format!("the page's connection didn't end within {limit:?}"))??;
        Ok(why.as_str().unwrap_or_default().to_owned())
    }

    /// How many peer connections of the page aren't closed.
    ///
    /// # Errors
    ///
    /// Fails if the page is gone.
    pub async fn open_connections(&self) -> Result<u64> {
        self.eval("window.open_connections()")
            .await?
            .as_u64()
            .context("the page can't count")
    }
}
