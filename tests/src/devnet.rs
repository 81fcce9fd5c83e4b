//! A devnet as users start it: the `relay-node` binary, in a process of its own.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// How to start a devnet.
#[derive(Clone, Debug)]
pub struct DevnetOptions {
    /// Nodes.
    pub validators: u32,
    /// Seats of the committee.
    pub seats: u32,
    /// Slots of 50 ms, epochs of 20 blocks.
    pub fast: bool,
    /// Every node in a process of its own.
    pub processes: bool,
    /// Registered candidates without a node.
    pub candidates: u32,
    /// The wallet's files.
    pub web: Option<PathBuf>,
}

impl Default for DevnetOptions {
    fn default() -> Self {
        Self {
            validators: 6,
            seats: 4,
            fast: true,
            processes: false,
            candidates: 0,
            web: None,
        }
    }
}

/// A running devnet; killed when dropped.
#[derive(Debug)]
pub struct Devnet {
    child: Option<Child>,
    options: DevnetOptions,
    data: PathBuf,
    port: u16,
    log: PathBuf,
}

/// How long processes that were killed may take to be gone.
const GONE_LIMIT: Duration = Duration::from_secs(30);
/// Blocks of a hundred ports among which one is chosen.
const BLOCKS: u16 = 70;

/// A base port with `count` free ports above it, told apart by process so that tests don't meet. It lies below the ports
/// that the system gives to outgoing connections, which would be in the way of a node that starts later.
pub fn free_port_block(count: u16) -> Result<u16> {
    static ASKED: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id() as u16 % BLOCKS + ASKED.fetch_add(1, Ordering::Relaxed) % BLOCKS;
    for block in 0..BLOCKS {
        let base = 20_000 + (first + block) % BLOCKS * 100;
        let free = (0..count).all(|i| {
            let address = SocketAddr::from(([127, 0, 0, 1], base + i));
            TcpListener::bind(address).is_ok() && std::net::UdpSocket::bind(address).is_ok()
        });
        if free {
            return Ok(base);
        }
    }
    bail!("no block of {count} free ports was found")
}

/// The `relay-node` binary under test.
pub fn relay_node_binary() -> Result<PathBuf> {
    let path = std::env::var_os("CREDO_RELAY_NODE")
        .context("CREDO_RELAY_NODE must name the relay-node binary (cargo xtask test sets it)")?;
    let path = PathBuf::from(path);
    ensure!(
        path.is_file(),
        "CREDO_RELAY_NODE names no file: {}",
        path.display()
    );
    Ok(path)
}

impl Devnet {
    /// Starts a devnet with its data in `data` and waits until it answers.
    pub fn start(data: &Path, options: DevnetOptions) -> Result<Self> {
        let port = free_port_block(100)?;
        let mut devnet = Self {
            child: None,
            options,
            data: data.to_owned(),
            port,
            log: data.with_extension("log"),
        };
        devnet.spawn()?;
        Ok(devnet)
    }

    fn spawn(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(relay_node_binary()?);
        command
            .arg("devnet")
            .args(["--validators", &self.options.validators.to_string()])
            .args(["--seats", &self.options.seats.to_string()])
            .arg("--data")
            .arg(&self.data)
            .args(["--port", &self.port.to_string()]);
        if self.options.fast {
            command.arg("--fast");
        }
        if self.options.processes {
            command.arg("--processes");
        }
        if self.options.candidates > 0 {
            command.args(["--candidates", &self.options.candidates.to_string()]);
        }
        if let Some(web) = &self.options.web {
            command.arg("--web").arg(web);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.spawn().context("relay-node didn't start")?);
        self.wait_for(Duration::from_secs(90), |health| {
            health["height"].as_u64().unwrap_or(0) > 0
        })
        .with_context(|| format!("the devnet didn't come up; its log ends:\n{}", self.log_tail()))?;
        Ok(())
    }

    /// The end of the devnet's log.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The address by which the first relay is reached over WebSocket.
    pub fn websocket(&self) -> Result<String> {
        let relays = self.get("/relays")?;
        let addresses = relays["relays"][0]["addresses"].as_array();
        addresses
            .and_then(|all| all.iter().filter_map(Value::as_str).find(|a| a.contains("/ws")))
            .map(ToOwned::to_owned)
            .context("the devnet serves no WebSocket")
    }

    /// Kills the devnet as a power cut would (SIGKILL), and everything it started. Nothing of it answers any more then.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
            // Left to themselves, the nodes of a `--processes` devnet would end cleanly, in their own time.
            let mut killed = BTreeSet::new();
            let start = Instant::now();
            while let Some(pid) = self.running_node()? {
                ensure!(start.elapsed() < GONE_LIMIT, "process {pid} doesn't end");
                if killed.insert(pid.clone()) {
                    // One that ended just now can't be killed.
                    let _ = Command::new("kill")
                        .args(["-9", &pid])
                        .stderr(Stdio::null())
                        .status()?;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(())
    }

    /// The process of a node that holds its data directory.
    fn running_node(&self) -> Result<Option<String>> {
        for entry in std::fs::read_dir(&self.data)? {
            let path = entry?.path().join("lock");
            let Ok(lock) = File::open(&path) else { continue };
            if lock.try_lock().is_err() {
                return Ok(Some(std::fs::read_to_string(&path)?.trim().to_owned()));
            }
        }
        Ok(None)
    }

    /// Starts it again on the same data and ports.
    pub fn restart(&mut self) -> Result<()> {
        ensure!(self.child.is_none(), "the devnet is still running");
        self.spawn()
    }

    /// The answer of `GET path` as JSON.
    pub fn get(&self, path: &str) -> Result<Value> {
        let (status, body) = self.http("GET", path, None)?;
        serde_json::from_str(&body).with_context(|| format!("{path} answered {status}: {body}"))
    }

    /// The answer of `POST path` with a JSON body: status and JSON.
    pub fn post(&self, path: &str, body: &Value) -> Result<(u16, Value)> {
        let (status, text) = self.http("POST", path, Some(&body.to_string()))?;
        Ok((
            status,
            serde_json::from_str(&text).with_context(|| format!("{path} answered {status}: {text}"))?,
        ))
    }

    fn http(&self, method: &str, path: &str, body: Option<&str>) -> Result<(u16, String)> {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let body = body.unwrap_or_default();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nOrigin: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            self.url(),
            body.len()
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8(answer)?;
        let status = answer
            .split(' ')
            .nth(1)
            .and_then(|s| s.parse().ok())
            .context("no HTTP status")?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP body")?;
        ensure!(
            !head.to_ascii_lowercase().contains("transfer-encoding: chunked"),
            "{path} answered in chunks, which this client doesn't read"
        );
        Ok((status, body.to_owned()))
    }

    /// Waits until `/health` satisfies `condition`.
    pub fn wait_for(&self, limit: Duration, condition: impl Fn(&Value) -> bool) -> Result<Value> {
        let start = Instant::now();
        let mut last = None;
        while start.elapsed() < limit {
            if let Ok(health) = self.get("/health") {
                if condition(&health) {
                    return Ok(health);
                }
                last = Some(health);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("not within {limit:?}; /health last said {last:?}")
    }

    /// Runs `relay-node light` against this devnet and returns its JSON.
    pub fn light(&self, arguments: &[&str]) -> Result<Value> {
        let spec = self.get("/spec")?["hash"]
            .as_str()
            .context("/spec names no hash")?
            .to_owned();
        let output = Command::new(relay_node_binary()?)
            .args(["light", "--relay", &self.url(), "--spec", &spec, "--json"])
            .args(arguments)
            .output()?;
        ensure!(
            output.status.success(),
            "relay-node light {arguments:?} failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        // Nothing can be done about a failure here, and the test's own result matters more.
        let _ = self.kill();
    }
}
