//! Candidacy on a network of separate processes (P-5, P-14 to P-16, P-24): nodes prove by themselves that they are
//! available; one that stops is out and its voters get their tokens back; one that stands aside stays; one that signs
//! twice is slashed by anyone's evidence. Everything is done and seen on the command line.
#![cfg(unix)]

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use commonware_consensus::simplex::scheme::ed25519::Scheme;
use commonware_consensus::simplex::types::{ConflictingNotarize, Notarize, Proposal};
use commonware_consensus::types::{Epoch, Round, View};
use commonware_cryptography::ed25519::PrivateKey;
use commonware_utils::ordered::Set;
use credo_primitives::certificate::namespace;
use credo_primitives::evidence::Conflict;
use credo_primitives::hash::digest_from_hex;
use credo_primitives::spec::consensus_key;
use credo_primitives::{Algorithm, ConsensusKey, Digest, Evidence, SecretKey, sha256};
use relay_node::devnet::node_name;
use serde_json::{Value, json};

const NODES: u16 = 7;
/// How long a condition is waited for. It is met in seconds where nothing else runs.
const PATIENCE: Duration = Duration::from_secs(180);
/// From losing candidacy to the tokens' return.
const LOCK_MS: u64 = 30_000;
/// Blocks in an epoch: ten turns for each of four seats, so that none but a node that has ended misses all of its own on
/// a busy machine.
const EPOCH: u64 = 40;
/// Epochs within which a candidate must prove its availability: more than one that has ended waits for turns to miss.
const AVAILABILITY_EPOCHS: u64 = 9;
/// Longer than any run of the test.
const ASIDE_EPOCHS: u64 = 100_000;
const FAILED: i32 = 7;

/// IOST's well-known key, which `admin` has on every devnet.
const ADMIN_KEY: &str =
    "2yquS3ySrGWPEKywCPzX4RTJugqRh7kJSo5aehsLYPEWkUxBWA39oMrZ7ZxuM4fgyXYs2cPwh5n8aNNpH5x2VyK1";

/// The key of a devnet node's account.
fn account_key(name: &str) -> String {
    let seed = sha256(&[b"credo-devnet", b"account", b"/", name.as_bytes()]);
    let key = SecretKey::from_seed(Algorithm::Ed25519, &seed.0).expect("a seed");
    key.to_base58().to_string()
}

fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relay-node"));
    command.stdin(Stdio::null());
    command
}

#[track_caller]
fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Nodes as operators run them: a process each, which nobody starts again.
struct Network {
    data: PathBuf,
    port: u16,
    children: Vec<Option<Child>>,
    /// While it prepares them.
    devnet: Option<Child>,
}

/// Ends a process at once, as a machine does that loses its power.
fn end(child: Option<Child>) {
    if let Some(mut child) = child {
        // One that has ended already needs no end.
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Network {
    /// Lets `relay-node devnet` make the keys, the genesis and the configurations; then the nodes run by themselves.
    fn start(data: &Path, change: impl FnOnce(&mut Value)) -> Self {
        // Below the ports that the system gives to outgoing connections, and apart from other tests' ports.
        let port = (0..50)
            .map(|n| 27_000 + (std::process::id() as u16 % 50 + n) % 50 * 100)
            .find(|base| {
                (0..100).all(|i| TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], base + i))).is_ok())
            })
            .expect("a hundred free ports in a row");
        let mut network = Self {
            data: data.to_owned(),
            port,
            children: (0..NODES).map(|_| None).collect(),
            devnet: None,
        };
        let devnet = binary()
            .args([
                "devnet",
                "--fast",
                "--processes",
                "--validators",
                &NODES.to_string(),
            ])
            .args(["--seats", "4", "--port", &port.to_string(), "--data"])
            .arg(data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the devnet starts");
        network.devnet = Some(devnet);
        let folders: Vec<PathBuf> = (0..NODES).map(|node| data.join(node_name(node))).collect();
        until("configurations", || {
            let made = |folder: &PathBuf| folder.join("node.toml").exists() && folder.join("lock").exists();
            folders.iter().all(made).then_some(())
        });
        end(network.devnet.take());
        until("the devnet's end", || {
            let free =
                |folder: &PathBuf| File::open(folder.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
            folders.iter().all(free).then_some(())
        });
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
        for node in 0..NODES {
            network.run(node);
        }
        network
    }

    fn folder(&self, node: u16) -> PathBuf {
        self.data.join(node_name(node))
    }

    fn run(&mut self, node: u16) {
        let folder = self.folder(node);
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.data.join(format!("{}.log", node_name(node))))
            .expect("a log");
        let child = binary()
            .arg("run")
            .arg("--data")
            .arg(&folder)
            .arg("--config")
            .arg(folder.join("node.toml"))
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("the node starts");
        self.children[usize::from(node)] = Some(child);
    }

    fn stop(&mut self, node: u16) {
        end(self.children[usize::from(node)].take());
    }

    fn log(&self, node: u16) -> String {
        std::fs::read_to_string(self.data.join(format!("{}.log", node_name(node)))).unwrap_or_default()
    }

    fn command(&self, command: &str, arguments: &[&str], key: &str) -> Output {
        let url = format!("http://127.0.0.1:{}", self.port);
        binary()
            .arg(command)
            .args(if command == "evidence" {
                &arguments[..1]
            } else {
                &[]
            })
            .args(["--relay", &url, "--json"])
            .args(if command == "evidence" {
                &arguments[1..]
            } else {
                arguments
            })
            .env("CREDO_KEY", key)
            .output()
            .expect("it runs")
    }

    /// The JSON of a command, and its exit code.
    fn ask(&self, command: &str, arguments: &[&str], key: &str) -> (Value, Option<i32>) {
        let output = self.command(command, arguments, key);
        let value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| json!({ "stderr": String::from_utf8_lossy(&output.stderr) }));
        (value, output.status.code())
    }

    /// What needs no key; asked again where a busy machine gave no answer in time.
    fn look(&self, command: &str, arguments: &[&str]) -> Value {
        until(&format!("an answer to {command} {arguments:?}"), || {
            let (value, code) = self.ask(command, arguments, "");
            (code == Some(0)).then_some(value)
        })
    }

    fn status(&self, name: &str) -> Value {
        self.look("servi", &["--account", name, "status"])
    }

    #[track_caller]
    fn done(&self, command: &str, arguments: &[&str], key: &str) -> Value {
        let (value, code) = self.ask(command, arguments, key);
        assert_eq!(code, Some(0), "{command} {arguments:?}: {value}");
        value
    }

    fn call(
        &self,
        account: &str,
        key: &str,
        contract: &str,
        action: &str,
        data: &str,
    ) -> (Value, Option<i32>) {
        let arguments = [
            "--account",
            account,
            "--amount-limit",
            "*:unlimited",
            contract,
            action,
            data,
        ];
        self.ask("call", &arguments, key)
    }

    fn seated(&self) -> Vec<String> {
        let list = self.look("light", &["candidates"]);
        let seated = list["candidates"].as_array().expect("a list").iter();
        seated
            .filter(|c| c["seated"] == true)
            .map(|c| c["account"].as_str().expect("a name").to_owned())
            .collect()
    }

    /// The chain's time.
    fn now_ms(&self) -> u64 {
        self.look("light", &["head"])["proof"]["time_ms"]
            .as_u64()
            .expect("a time")
    }

    /// Two notarize votes of a member in one view, made with its own key.
    fn signs_twice(&self, node: u16) -> (Evidence, u64) {
        let text = std::fs::read_to_string(self.folder(node).join("consensus.key")).expect("a key");
        let key = PrivateKey::decode(Copying(&hex::decode(text.trim()).expect("hex"))).expect("a key");
        use commonware_cryptography::Signer as _;
        // The newest committee on which it sits.
        let (spec, epoch, keys): (Digest, u64, Vec<ConsensusKey>) = until("a seat", || {
            let shown = self.look("light", &["hand-overs"]);
            let keys: Vec<_> = (shown["committee"].as_array()?.iter())
                .filter_map(|key| consensus_key::from_base58(key.as_str()?))
                .collect();
            let spec = digest_from_hex(shown["spec"].as_str()?)?;
            keys.contains(&key.public_key())
                .then(|| (spec, shown["epoch"].as_u64().expect("an epoch"), keys))
        });
        let set = Set::from_iter_dedup(keys);
        let scheme = Scheme::signer(&namespace(&spec, 0, epoch), set, key).expect("a member");
        let vote = |block: &[u8]| {
            let round = Round::new(Epoch::new(epoch), View::new(5));
            Notarize::sign(&scheme, Proposal::new(round, View::new(4), sha256(&[block]))).expect("signs")
        };
        let pair = ConflictingNotarize::new(vote(b"one"), vote(b"another")).encode();
        (
            Evidence::from_engine(Conflict::Notarizes, &pair).expect("evidence"),
            epoch,
        )
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        end(self.devnet.take());
        self.children.iter_mut().for_each(|child| end(child.take()));
    }
}

fn iost(value: &Value) -> f64 {
    value.as_str().expect("an amount").parse().expect("a number")
}

#[test]
fn candidates_are_lost_slashed_and_spared_as_the_rules_say() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut network = Network::start(&folder.path().join("devnet"), |genesis| {
        let parameters = &mut genesis["parameters"];
        parameters["missed_epochs"] = json!(1);
        parameters["vote_lock_ms"] = json!(LOCK_MS);
        parameters["epoch_length"] = json!(EPOCH);
        parameters["availability_epochs"] = json!(AVAILABILITY_EPOCHS);
        parameters["aside_epochs"] = json!(ASIDE_EPOCHS);
    });
    until("blocks", || {
        let (head, code) = network.ask("light", &["head"], "");
        (code == Some(0) && head["height"].as_u64()? > 3).then_some(())
    });
    let [twice, stops, aside] = [4u16, 5, 6];
    let names = [twice, stops, aside].map(node_name);
    let [twice_name, stops_name, aside_name] = [&names[0], &names[1], &names[2]];

    // P-15. One stands aside for planned work, and then its process ends.
    let had_votes = network.status(aside_name)["votes"].clone();
    network.done(
        "servi",
        &["--account", aside_name, "stand-aside", &ASIDE_EPOCHS.to_string()],
        &account_key(aside_name),
    );
    until("standing aside", || {
        let status = network.status(aside_name);
        (status["epoch"].as_u64()? < status["aside_until"].as_u64()?
            && status["seated"] == false
            && status["elected"] == false)
            .then_some(())
    });
    network.stop(aside);

    // A voter votes for another, whose process ends while it is a candidate.
    let voter = node_name(0);
    let vote = json!([voter, stops_name, "700"]).to_string();
    let (voted, code) = network.call(&voter, &account_key(&voter), "vote_producer.iost", "vote", &vote);
    assert_eq!(code, Some(0), "{voted}");
    let before = network.status(stops_name);
    assert_eq!(before["status"], "candidate");
    network.stop(stops);
    let lost = until("the loss of candidacy", || {
        let status = network.status(stops_name);
        (status["status"] == "lost its candidacy").then_some(status)
    });
    let loss = &lost["loss"];
    assert_eq!(loss["reason"], "It had turns and produced no block.", "{lost}");
    let (at, back) = (
        loss["at_ms"].as_u64().expect("a time"),
        loss["until_ms"].as_u64().expect("a date"),
    );
    assert_eq!(back, at + LOCK_MS, "voters see the date");
    assert_eq!(lost["votes"], "0");
    let seen = network.look("light", &["account", &voter]);
    let dates: Vec<u64> = (seen["locked"].as_array().expect("a list").iter())
        .filter_map(|locked| locked["until_ms"].as_u64())
        .collect();
    assert!(dates.contains(&back), "{seen}");
    // P-16. Until that date the tokens can't be spent.
    let transfer = |amount: &str| {
        let data = json!(["iost", voter, "admin", amount, ""]).to_string();
        network.call(&voter, &account_key(&voter), "token.iost", "transfer", &data)
    };
    let (early, code) = transfer("900");
    // Nothing but a machine that stood still for so long lets the date pass before this transfer is in a block.
    if code != Some(0) || early["proof"]["time_ms"].as_u64().expect("a time") < back {
        assert_eq!(code, Some(FAILED), "before its date: {early}");
        let why = early["message"].as_str().expect("a reason");
        assert!(why.contains("balance not enough"), "{early}");
    }
    until("another in its seat", || {
        let seated = network.seated();
        (seated.len() == 4 && !seated.contains(stops_name)).then_some(())
    });

    // Whose key doesn't fit, or who doesn't exist, is told so.
    let supply = |account: &str| network.call(account, ADMIN_KEY, "token.iost", "supply", r#"["iost"]"#);
    let (wrong, code) = supply(&voter);
    assert_eq!(code, Some(1), "{wrong}");
    let why = wrong["error"].as_str().expect("a reason");
    let begins = format!("unauthorized publisher: {voter}: the key ");
    assert!(why.starts_with(&begins) && why.ends_with("@active"), "{why}");
    let (missing, code) = supply("nobody1");
    assert_eq!(code, Some(6), "{missing}");
    let why = missing["error"].as_str().expect("a reason");
    assert!(why.contains("there is no such account"), "{why}");

    // P-5, P-24. One signs twice; anyone's evidence takes its deposit and its candidacy.
    let (evidence, epoch) = network.signs_twice(twice);
    let file = folder.path().join("evidence.hex");
    std::fs::write(&file, hex::encode(evidence.to_bytes())).expect("written");
    let file = file.display().to_string();
    assert_ne!(network.status(twice_name)["deposit"], "0");
    let balance = || iost(&network.look("light", &["account", "admin"])["balance"]);
    let had = balance();
    let submit = ["submit", "--account", "admin", file.as_str()];
    let receipt = network.done("evidence", &submit, ADMIN_KEY);
    let entries = receipt["receipts"].to_string();
    assert!(
        entries.contains("vote_producer.iost/reportMisbehaviour"),
        "{receipt}"
    );
    assert!(balance() > had, "the reporter has its share");
    let slashed = network.status(twice_name);
    assert_eq!(slashed["status"], "lost its candidacy");
    assert_eq!(
        slashed["loss"]["reason"],
        "It was proved to have signed two ways at once."
    );
    assert!(slashed["loss"]["epoch"].as_u64().expect("an epoch") >= epoch);
    assert_eq!(
        (&slashed["deposit"], &slashed["votes"]),
        (&json!("0"), &json!("0"))
    );
    let (again, code) = network.ask("evidence", &submit, ADMIN_KEY);
    assert_eq!(code, Some(FAILED), "{again}");
    assert!(
        again["message"]
            .as_str()
            .expect("a reason")
            .contains("was punished"),
        "{again}"
    );

    // P-16. The voter's tokens return on their date, without anyone's action.
    until("the date", || (network.now_ms() > back).then_some(()));
    let (returned, code) = transfer("900");
    assert_eq!(code, Some(0), "from its date on: {returned}");

    // P-14. Who runs proves its availability by itself, again and again; who stands aside was left alone all the time.
    let proved = |node: u16| {
        let status = network.status(&node_name(node));
        assert_eq!(status["status"], "candidate", "{status}");
        let age = status["availability_age"].as_u64().expect("an age");
        assert!(age < AVAILABILITY_EPOCHS, "{status}");
        status["available"].as_u64().expect("an epoch")
    };
    let before: Vec<u64> = (0..4).map(proved).collect();
    for node in 0..4 {
        until("another proof of availability", || {
            let said = network.log(node).matches("availability is proved").count();
            (proved(node) > before[usize::from(node)] && said >= 2).then_some(())
        });
    }
    let spared = network.status(aside_name);
    assert_eq!(
        (&spared["status"], &spared["loss"], &spared["votes"]),
        (&json!("candidate"), &Value::Null, &had_votes),
        "{spared}"
    );
}
