//! Kill -9 at any moment: the same chain goes on, and everything that was final stays as it was.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use credo_primitives::{ChainSpec, Digest};
use relay_node::devnet::node_name;
use relay_node::executor::Index;

const NODES: u16 = 5;
const PATIENCE: Duration = Duration::from_secs(90);

struct Network {
    child: Child,
    data: PathBuf,
    port: u16,
}

/// `nth` keeps tests of one run apart, and all stay below the ports that the system gives to outgoing connections.
fn free_port(nth: u16) -> u16 {
    (0..50)
        .map(|n| 10_000 + nth * 5_000 + (std::process::id() as u16 % 50 + n) % 50 * 100)
        .find(|base| {
            (0..100).all(|i| TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], base + i))).is_ok())
        })
        .expect("a hundred free ports in a row")
}

impl Network {
    fn start(data: &Path, port: u16, processes: bool) -> Self {
        let log = File::options()
            .create(true)
            .append(true)
            .open(data.with_extension("log"))
            .expect("a log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_relay-node"));
        command
            .args(["devnet", "--fast", "--validators", &NODES.to_string()])
            .args(["--port", &port.to_string(), "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log);
        if processes {
            command.arg("--processes");
        }
        Self {
            child: command.spawn().expect("the network starts"),
            data: data.to_owned(),
            port,
        }
    }

    fn height(&self) -> Option<u64> {
        let mut stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], self.port))).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        write!(
            stream,
            "GET /health HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n",
            self.port
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        serde_json::from_str::<serde_json::Value>(body).ok()?["height"].as_u64()
    }

    fn wait_above(&self, height: u64) -> u64 {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(now) = self.height()
                && now > height
            {
                return now;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(self.data.with_extension("log")).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(30).collect();
        panic!(
            "the chain didn't get above {height} within {PATIENCE:?} (it says {:?}); the log ends:\n{}",
            self.height(),
            tail.into_iter().rev().collect::<Vec<_>>().join("\n")
        );
    }

    fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }
}

/// The chain in all data directories: every node's blocks must be those of the others, and every certificate must hold.
fn read_chain(data: &Path) -> (ChainSpec, BTreeMap<u64, Digest>) {
    let mut chain = BTreeMap::new();
    let mut chain_spec: Option<ChainSpec> = None;
    for node in 0..NODES {
        let folder = data.join(node_name(node));
        let spec =
            ChainSpec::from_bytes(&std::fs::read(folder.join("spec.bin")).expect("a spec")).expect("a spec");
        assert_eq!(
            chain_spec.get_or_insert_with(|| spec.clone()),
            &spec,
            "one genesis"
        );
        let index = Index::open(&folder.join("index.redb")).expect("an index");
        let mut committee = spec.genesis_committee().expect("a committee");
        let mut previous = spec.genesis_header().digest();
        let mut parent = previous;
        for height in 1.. {
            let Some(record) = index.block(height).expect("readable") else {
                break;
            };
            let header = record.header;
            assert_eq!(header.parent, parent, "{node}: {height} follows");
            parent = header.digest();
            assert_eq!(
                *chain.entry(height).or_insert(parent),
                parent,
                "node {node} has another block {height}"
            );
            if let Some(certificate) = index.certificate(height).expect("readable") {
                committee
                    .verify(&mut rand::rng(), &header, &certificate)
                    .unwrap_or_else(|e| panic!("node {node}, height {height}: {e}"));
            }
            if header.msb.is_some() {
                let hand_over = index
                    .hand_over(header.epoch)
                    .expect("readable")
                    .expect("an epoch's end leaves a hand-over");
                let (next, _) = hand_over
                    .verify(&mut rand::rng(), &spec, &committee, &previous)
                    .expect("the hand-over holds");
                previous = hand_over.msb.digest();
                committee = next;
            }
        }
    }
    (chain_spec.expect("nodes"), chain)
}

/// Waits until nobody holds the data directories.
fn released(data: &Path) {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let free = (0..NODES).all(|node| {
            File::open(data.join(node_name(node)).join("lock")).is_ok_and(|lock| lock.try_lock().is_ok())
        });
        if free {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("a node still runs on {}", data.display());
}

fn check_goes_on(before: &(ChainSpec, BTreeMap<u64, Digest>), after: &(ChainSpec, BTreeMap<u64, Digest>)) {
    assert_eq!(before.0, after.0, "the same chain");
    for (height, digest) in &before.1 {
        assert_eq!(
            after.1.get(height),
            Some(digest),
            "block {height} stays as it was"
        );
    }
    assert!(after.1.len() > before.1.len(), "and it goes on");
}

#[test]
fn a_network_that_is_killed_goes_on_with_the_same_chain() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("devnet");
    let port = free_port(0);
    let network = Network::start(&data, port, false);
    // Past the first epochs, so that committees have changed.
    network.wait_above(45);
    network.kill();
    let mut before = read_chain(&data);
    let epochs = before.1.len() as u64 / before.0.parameters.epoch_length;
    assert!(epochs >= 2, "the test must see committees change");
    // Uneven times, so that the kill meets different moments of a block's life and of an epoch's change.
    for pause in [0u64, 13, 37, 260, 611] {
        let network = Network::start(&data, port, false);
        network.wait_above(before.1.len() as u64 + 3);
        std::thread::sleep(Duration::from_millis(pause));
        network.kill();
        let after = read_chain(&data);
        check_goes_on(&before, &after);
        before = after;
    }
}

#[cfg(unix)]
#[test]
fn a_node_that_is_killed_comes_back_and_a_network_of_processes_ends_with_its_parent() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("devnet");
    let port = free_port(1);
    let network = Network::start(&data, port, true);
    let height = network.wait_above(25);
    // The last node serves nobody; the others go on without it, and it comes back.
    let lock = data.join(node_name(NODES - 1)).join("lock");
    for _ in 0..2 {
        let pid = std::fs::read_to_string(&lock).expect("a process id");
        let killed = Command::new("kill")
            .args(["-9", pid.trim()])
            .status()
            .expect("kill runs");
        assert!(killed.success());
        let now = network.height().unwrap_or(height);
        network.wait_above(now + 25);
        let again = std::fs::read_to_string(&lock).expect("a process id");
        assert_ne!(pid, again, "a new process took over");
    }
    network.kill();
    released(&data);
    let before = read_chain(&data);

    let network = Network::start(&data, port, true);
    network.wait_above(before.1.len() as u64 + 10);
    network.kill();
    released(&data);
    check_goes_on(&before, &read_chain(&data));
}
