//! Nodes as operators run them: a process each, which nobody starts again.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use credo_primitives::{ChainSpec, Header};
use relay_node::devnet::node_name;
use relay_node::executor::Index;
use serde_json::Value;

/// How long a condition is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);

fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relay-node"));
    command.stdin(Stdio::null());
    command
}

/// Waits until `found` says so, or `patience` is over.
pub(crate) fn within<T>(patience: Duration, mut found: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = found() {
            return Some(found);
        }
        if started.elapsed() >= patience {
            return None;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[track_caller]
pub(crate) fn until<T>(what: &str, found: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, found).unwrap_or_else(|| panic!("not within {PATIENCE:?}: {what}"))
}

/// Processes by name. The first node serves the command line.
pub(crate) struct Network {
    data: PathBuf,
    port: u16,
    children: BTreeMap<String, Child>,
}

/// Turns taken and missed.
pub(crate) type Turns = (u32, u32);

impl Network {
    /// Lets `relay-node devnet` make keys, genesis and configurations of `nodes`, and starts none of them. `nth` keeps
    /// the ports of this program's networks apart, and all below those that the system gives to outgoing connections.
    pub(crate) fn prepare(
        data: &Path,
        nth: u16,
        nodes: u16,
        options: &[&str],
        change: impl FnOnce(&mut Value),
    ) -> Self {
        let first = 20_000 + nth * 1_000;
        let port = (0..10)
            .map(|n| first + (std::process::id() as u16 % 10 + n) % 10 * 100)
            .find(|base| {
                (0..100).all(|i| TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], base + i))).is_ok())
            })
            .expect("a hundred free ports in a row");
        let mut devnet = binary()
            .args(["devnet", "--processes", "--validators", &nodes.to_string()])
            .args(["--seats", "4", "--port", &port.to_string()])
            .args(options)
            .arg("--data")
            .arg(data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the devnet starts");
        let folders: Vec<PathBuf> = (0..nodes).map(|node| data.join(node_name(node))).collect();
        let made = |folder: &PathBuf| folder.join("node.toml").exists() && folder.join("lock").exists();
        let all = within(PATIENCE, || folders.iter().all(made).then_some(()));
        devnet.kill().and_then(|()| devnet.wait()).expect("it ends");
        all.expect("configurations");
        until("the devnet's end", || {
            let free =
                |folder: &PathBuf| File::open(folder.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
            folders.iter().all(free).then_some(())
        });
        // What is left are keys and configurations: the chain begins anew.
        for folder in &folders {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    std::fs::remove_dir_all(&path).expect("removed");
                } else if !path.ends_with("consensus.key") && !path.ends_with("node.toml") {
                    std::fs::remove_file(&path).expect("removed");
                }
            }
        }
        let genesis = data.join("genesis.json");
        let mut file: Value =
            serde_json::from_slice(&std::fs::read(&genesis).expect("a genesis")).expect("JSON");
        change(&mut file);
        std::fs::write(&genesis, file.to_string()).expect("written");
        Self {
            data: data.to_owned(),
            port,
            children: BTreeMap::new(),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.data.join(name)
    }

    /// Starts a node, with more options of `relay-node run`.
    pub(crate) fn run(&mut self, name: &str, options: &[&str]) {
        let folder = self.folder(name);
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_path(name))
            .expect("a log");
        let child = binary()
            .arg("run")
            .arg("--data")
            .arg(&folder)
            .arg("--config")
            .arg(folder.join("node.toml"))
            .args(options)
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("the node starts");
        assert!(self.children.insert(name.to_owned(), child).is_none());
    }

    /// Ends a process at once, as a machine does that loses its power.
    pub(crate) fn stop(&mut self, name: &str) {
        if let Some(mut child) = self.children.remove(name) {
            // One that has ended already needs no end.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub(crate) fn stop_all(&mut self) {
        let names: Vec<String> = self.children.keys().cloned().collect();
        names.iter().for_each(|name| self.stop(name));
    }

    /// Sends a signal to one process.
    pub(crate) fn signal(&self, name: &str, signal: &str) {
        let pid = self.children[name].id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status();
        assert!(sent.expect("kill runs").success(), "{signal} to {name}");
    }

    pub(crate) fn signal_all(&self, signal: &str) {
        self.children.keys().for_each(|name| self.signal(name, signal));
    }

    fn log_path(&self, name: &str) -> PathBuf {
        self.data.join(format!("{name}.log"))
    }

    pub(crate) fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.log_path(name)).unwrap_or_default()
    }

    fn ask(&self, command: &[&str]) -> Option<Value> {
        let url = format!("http://127.0.0.1:{}", self.port);
        let output = binary()
            .arg(command[0])
            .args(["--relay", &url, "--json"])
            .args(&command[1..])
            .output()
            .expect("it runs");
        output
            .status
            .success()
            .then(|| serde_json::from_slice(&output.stdout).expect("JSON"))
    }

    /// What a command that needs no key says; asked again where there is no answer in time.
    #[track_caller]
    fn look(&self, command: &[&str]) -> Value {
        until(&format!("an answer to {command:?}"), || self.ask(command))
    }

    /// The final height, proved.
    pub(crate) fn height(&self) -> u64 {
        self.look(&["light", "head"])["height"]
            .as_u64()
            .expect("a height")
    }

    #[track_caller]
    pub(crate) fn wait_above(&self, height: u64) {
        until(&format!("a block above {height}"), || {
            (self.height() > height).then_some(())
        });
    }

    /// A node's candidacy.
    pub(crate) fn status(&self, name: &str) -> Value {
        self.look(&["servi", "--account", name, "status"])
    }

    /// Turns taken and missed in epoch 0 by each node, from the headers that `reader` kept: every view between two
    /// blocks was somebody's. All processes must have ended.
    pub(crate) fn turns(&self, reader: &str) -> BTreeMap<String, Turns> {
        let folder = self.folder(reader);
        let spec = std::fs::read(folder.join("spec.bin")).expect("a spec");
        let spec = ChainSpec::from_bytes(&spec).expect("a spec");
        let committee = spec.genesis_committee().expect("a committee");
        let genesis: Value =
            serde_json::from_slice(&std::fs::read(self.data.join("genesis.json")).expect("a genesis"))
                .expect("JSON");
        let names: BTreeMap<String, String> = (genesis["candidates"].as_array().expect("a list").iter())
            .map(|c| {
                (
                    c["key"].as_str().expect("a key").to_owned(),
                    c["account"].as_str().expect("a name").to_owned(),
                )
            })
            .collect();
        let name = |view: u64| {
            let key = credo_primitives::spec::consensus_key::to_base58(committee.leader(view));
            names[&key].clone()
        };
        let index = Index::open(&folder.join("index.redb")).expect("an index");
        let mut turns: BTreeMap<String, Turns> = BTreeMap::new();
        for height in 1..=spec.last_height(0) {
            let record = index
                .block(height)
                .expect("readable")
                .expect("a block of epoch 0");
            let Header {
                view, parent_view, ..
            } = record.header;
            turns.entry(name(view)).or_default().0 += 1;
            (parent_view + 1..view).for_each(|skipped| turns.entry(name(skipped)).or_default().1 += 1);
        }
        turns
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // A stopped process can be killed, too.
        self.stop_all();
    }
}
