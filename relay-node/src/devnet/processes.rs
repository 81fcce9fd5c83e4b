//! A devnet whose nodes are processes of their own: `relay-node run` for each.
//!
//! A child watches the pipe that is its standard input: when this process ends, however it ends, the pipe closes and
//! the child stops. A child that breaks is started again, a little later each time.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{DevnetError, Plan, summary};
use crate::http::RelayInfo;
use crate::node::{FileConfig, RELAY_FILE, Ready};

const CONFIG_FILE: &str = "node.toml";
const STOP_LIMIT: Duration = Duration::from_secs(5);
const START_LIMIT: Duration = Duration::from_secs(60);
/// Restarts of one child before the network gives up.
const MAX_RESTARTS: u32 = 10;

struct Node<'a> {
    file: &'a FileConfig,
    data: std::path::PathBuf,
    child: Option<Child>,
    restarts: u32,
    due: Option<Instant>,
}

impl Node<'_> {
    fn failed(&self, why: impl ToString) -> DevnetError {
        DevnetError::Process {
            name: self.file.name.clone(),
            why: why.to_string(),
        }
    }

    fn start(&mut self) -> Result<(), DevnetError> {
        let config = self.data.join(CONFIG_FILE);
        let text = self.file.to_toml()?;
        std::fs::create_dir_all(&self.data).map_err(|e| self.failed(e))?;
        std::fs::write(&config, text).map_err(|e| self.failed(e))?;
        // Tells when this start's node serves.
        let _ = std::fs::remove_file(self.data.join(RELAY_FILE));
        let program = std::env::current_exe().map_err(|e| self.failed(e))?;
        let mut command = Command::new(program);
        command
            .arg("run")
            .arg("--data")
            .arg(&self.data)
            .arg("--config")
            .arg(&config)
            .arg("--with-parent")
            .stdin(Stdio::piped());
        #[cfg(unix)]
        {
            // Ctrl-C goes to this process alone, which stops the children in its own time.
            use std::os::unix::process::CommandExt as _;
            command.process_group(0);
        }
        self.child = Some(command.spawn().map_err(|e| self.failed(e))?);
        Ok(())
    }

    /// Starts it again when it has ended; gives up after [`MAX_RESTARTS`].
    fn watch(&mut self) -> Result<(), DevnetError> {
        if let Some(due) = self.due {
            if Instant::now() >= due {
                self.due = None;
                self.start()?;
            }
            return Ok(());
        }
        let Some(child) = &mut self.child else {
            return Ok(());
        };
        if let Ok(Some(status)) = child.try_wait() {
            self.child = None;
            self.restarts += 1;
            if self.restarts > MAX_RESTARTS {
                return Err(self.failed(format!("it ended again and again ({status})")));
            }
            tracing::warn!(node = self.file.name, %status, "a node's process ended; it is started again");
            self.due = Some(Instant::now() + Duration::from_millis(200) * self.restarts);
        }
        Ok(())
    }
}

impl Drop for Node<'_> {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.stdin.take());
            let started = Instant::now();
            while started.elapsed() < STOP_LIMIT {
                if matches!(child.try_wait(), Ok(Some(_))) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            // It had its time; what it holds on disk is safe against this.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Runs the plan's nodes as processes until `interrupted` says so.
pub(super) fn run(plan: &Plan, interrupted: impl Fn() -> bool) -> Result<(), DevnetError> {
    let data = plan.genesis_path.parent().unwrap_or(Path::new("."));
    let mut nodes: Vec<Node<'_>> = plan
        .configs
        .iter()
        .map(|file| Node {
            file,
            data: data.join(&file.name),
            child: None,
            restarts: 0,
            due: None,
        })
        .collect();
    for node in &mut nodes {
        node.start()?;
    }
    let started = Instant::now();
    let mut told = false;
    while !interrupted() {
        std::thread::sleep(Duration::from_millis(100));
        for node in &mut nodes {
            node.watch()?;
        }
        if !told && (serving(&nodes) || started.elapsed() > START_LIMIT) {
            told = true;
            if let Some(ready) = ready(&nodes) {
                summary::print(plan, &ready);
            }
        }
    }
    // All are asked before any is waited for.
    for node in &mut nodes {
        if let Some(child) = &mut node.child {
            drop(child.stdin.take());
        }
    }
    Ok(())
}

fn serving(nodes: &[Node<'_>]) -> bool {
    nodes
        .iter()
        .filter(|n| n.file.public.enabled)
        .all(|n| n.data.join(RELAY_FILE).exists())
}

fn ready(nodes: &[Node<'_>]) -> Option<Vec<Ready>> {
    let spec = nodes.first()?.data.join("spec.bin");
    let spec = credo_primitives::ChainSpec::from_bytes(&std::fs::read(spec).ok()?).ok()?;
    let spec = std::sync::Arc::new(spec);
    Some(
        nodes
            .iter()
            .map(|node| {
                let relay = std::fs::read(node.data.join(RELAY_FILE))
                    .ok()
                    .and_then(|bytes| serde_json::from_slice::<RelayInfo>(&bytes).ok());
                Ready {
                    name: node.file.name.clone(),
                    spec: spec.clone(),
                    key: String::new(),
                    relay,
                    http: node.file.http.listen,
                    height: 0,
                }
            })
            .collect(),
    )
}
