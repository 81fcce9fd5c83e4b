//! A whole local network: nodes on loopback, in one process or in one each.
//!
//! The first start draws a salt, makes every node's key and writes the genesis file; later starts continue that chain.
//! Everything about it is marked `devnet`: well-known keys, a faucet, a fast clock on demand.

mod genesis;
mod names;
mod processes;
mod summary;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use credo_primitives::spec::Genesis;

use crate::consensus::address;
use crate::node::{
    ConfigError, DataDir, DataDirError, FileConfig, HttpSection, NodeConfig, NodeError, PublicSection,
    RunningNode, load_genesis, spawn,
};
use crate::public::WebRtc;

pub(crate) use genesis::{WellKnown, known_secret};
pub use names::node_name;

/// Most nodes in a devnet.
pub const MAX_NODES: u16 = 24;
/// Nodes that serve browsers.
const RELAYS: u16 = 2;
const GENESIS_FILE: &str = "genesis.json";

/// What a devnet is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Nodes.
    pub validators: u16,
    /// Seats of the committee.
    pub seats: u16,
    /// Where everything is kept.
    pub data: PathBuf,
    /// Slots of 50 ms, epochs of 20 blocks.
    pub fast: bool,
    /// Every node in a process of its own.
    pub processes: bool,
    /// Registered candidates without a node.
    pub candidates: u32,
    /// The first node's HTTP port; others follow above it.
    pub port: u16,
    /// The folder with the wallet's files.
    pub web: Option<PathBuf>,
    /// What serves over WebRTC-direct.
    pub webrtc: WebRtc,
}

/// Why a devnet didn't start or stopped.
#[derive(Debug, thiserror::Error)]
pub enum DevnetError {
    /// An option out of range.
    #[error("{0}")]
    Options(String),
    /// A data directory.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The genesis file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A node.
    #[error("{name}: {source}")]
    Node {
        /// Which.
        name: String,
        /// Why.
        source: NodeError,
    },
    /// A child process.
    #[error("{name}'s process: {why}")]
    Process {
        /// Which.
        name: String,
        /// Why.
        why: String,
    },
    /// The disk refused.
    #[error("{path} can't be used: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Where a node of a devnet keeps its data.
fn node_dir(data: &Path, node: u16) -> PathBuf {
    data.join(node_name(node))
}

impl Options {
    fn check(&self) -> Result<(), DevnetError> {
        let wrong = |why: String| Err(DevnetError::Options(why));
        if self.validators == 0 || self.validators > MAX_NODES {
            return wrong(format!(
                "a devnet has 1 to {MAX_NODES} validators, not {}",
                self.validators
            ));
        }
        if self.seats == 0 {
            return wrong("a committee has at least one seat".into());
        }
        if self.candidates as usize + usize::from(self.validators) > credo_pob::MAX_CANDIDATES {
            return wrong(format!(
                "at most {} candidates can be registered",
                credo_pob::MAX_CANDIDATES
            ));
        }
        if self.port > u16::MAX - 100 {
            return wrong("the port leaves no room for the other nodes' ports above it".into());
        }
        Ok(())
    }

    /// The consensus plane's port of a node in a new chain; it stands in the genesis file.
    fn plane_port(&self, node: u16) -> u16 {
        self.port + 50 + node
    }
}

/// Everything needed to start the nodes.
struct Plan {
    genesis: Arc<Genesis>,
    genesis_path: PathBuf,
    configs: Vec<FileConfig>,
    continued: bool,
    remarks: Vec<String>,
}

/// Reads the chain in the data directory, or makes a new one.
fn plan(options: &Options) -> Result<Plan, DevnetError> {
    options.check()?;
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| DevnetError::Io { path, source }
    };
    std::fs::create_dir_all(&options.data).map_err(io(&options.data))?;
    let data = std::path::absolute(&options.data).map_err(io(&options.data))?;
    let genesis_path = data.join(GENESIS_FILE);
    let continued = genesis_path.exists();
    let mut remarks = Vec::new();
    let genesis = if continued {
        let genesis = load_genesis(&genesis_path)?;
        remarks.extend(genesis::mismatch(&genesis, options));
        genesis
    } else {
        let mut keys = Vec::new();
        for node in 0..options.validators {
            use commonware_cryptography::Signer as _;
            let dir = DataDir::open(&node_dir(&data, node))?;
            keys.push(dir.consensus_key()?.public_key());
        }
        let genesis = genesis::make(options, &keys)?;
        let text = serde_json::to_vec(&genesis).map_err(|e| DevnetError::Options(e.to_string()))?;
        let fresh = genesis_path.with_extension("new");
        std::fs::write(&fresh, text).map_err(io(&fresh))?;
        std::fs::rename(&fresh, &genesis_path).map_err(io(&genesis_path))?;
        genesis
    };
    let nodes: Vec<(u16, SocketAddr)> = (0..MAX_NODES)
        .filter(|node| node_dir(&data, *node).exists())
        .filter_map(|node| {
            let candidate = genesis
                .candidates
                .iter()
                .find(|c| c.account.as_str() == node_name(node))?;
            let listen = address(candidate.net_id.as_str())?.egress();
            Some((node, listen))
        })
        .collect();
    if nodes.is_empty() {
        return Err(DevnetError::Options(format!(
            "{} holds a genesis file, but none of its nodes",
            data.display()
        )));
    }
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let configs = nodes
        .iter()
        .map(|(node, listen)| {
            let relay = *node < RELAYS;
            FileConfig {
                name: node_name(*node),
                genesis: genesis_path.clone(),
                listen: *listen,
                public: PublicSection {
                    enabled: relay,
                    ip: local,
                    webrtc: options.webrtc,
                    webrtc_port: options.port + 10 + node,
                    ws_port: options.port + 20 + node,
                },
                http: HttpSection {
                    listen: relay.then(|| SocketAddr::new(local, options.port + node)),
                    web: if relay {
                        options.web.as_ref().and_then(|web| std::path::absolute(web).ok())
                    } else {
                        None
                    },
                    faucet: relay,
                    relays: nodes
                        .iter()
                        .filter(|(other, _)| *other < RELAYS && other != node)
                        .map(|(other, _)| node_dir(&data, *other))
                        .collect(),
                },
            }
        })
        .collect();
    Ok(Plan {
        genesis: Arc::new(genesis),
        genesis_path,
        configs,
        continued,
        remarks,
    })
}

/// Removes an earlier devnet. Only a folder that holds one, or nothing, is touched.
pub fn remove(data: &Path) -> Result<(), DevnetError> {
    let io = |source| DevnetError::Io {
        path: data.to_owned(),
        source,
    };
    if !data.exists() {
        return Ok(());
    }
    let empty = std::fs::read_dir(data).map_err(io)?.next().is_none();
    let first = node_dir(data, 0);
    if !empty && !data.join(GENESIS_FILE).exists() && !first.exists() {
        return Err(DevnetError::Options(format!(
            "{} holds no devnet; --fresh won't empty it",
            data.display()
        )));
    }
    if first.exists() {
        // Refuses while the network still runs.
        drop(DataDir::open(&first)?);
    }
    std::fs::remove_dir_all(data).map_err(io)
}

/// Runs a devnet until `interrupted` says so or a node breaks.
pub fn run(options: &Options, interrupted: impl Fn() -> bool) -> Result<(), DevnetError> {
    let plan = plan(options)?;
    if options.processes {
        return processes::run(&plan, interrupted);
    }
    let nodes = start(&plan)?;
    let ready: Vec<_> = nodes.iter().map(|n| n.ready().clone()).collect();
    summary::print(&plan, &ready);
    let mut broken = None;
    while broken.is_none() && !interrupted() {
        std::thread::sleep(Duration::from_millis(100));
        broken = nodes.iter().position(RunningNode::is_finished);
    }
    let mut result = Ok(());
    for (place, node) in nodes.into_iter().enumerate() {
        let name = node.ready().name.clone();
        if let Err(source) = node.stop()
            && (Some(place) == broken || result.is_ok())
        {
            result = Err(DevnetError::Node { name, source });
        }
    }
    result
}

/// Starts all nodes in this process, side by side.
fn start(plan: &Plan) -> Result<Vec<RunningNode>, DevnetError> {
    let data = plan.genesis_path.parent().unwrap_or(Path::new("."));
    let threads: Vec<_> = plan
        .configs
        .iter()
        .map(|file| {
            let config = NodeConfig {
                data: data.join(&file.name),
                genesis: Arc::clone(&plan.genesis),
                file: file.clone(),
                trial: crate::consensus::Trial::default(),
            };
            (file.name.clone(), std::thread::spawn(move || spawn(config)))
        })
        .collect();
    let mut nodes = Vec::new();
    let mut failure = None;
    for (name, thread) in threads {
        match thread.join() {
            Ok(Ok(node)) => nodes.push(node),
            Ok(Err(source)) => failure = Some(DevnetError::Node { name, source }),
            Err(_) => {
                failure = Some(DevnetError::Node {
                    name,
                    source: NodeError::Thread("it panicked".into()),
                });
            }
        }
    }
    match failure {
        None => Ok(nodes),
        Some(error) => {
            for node in nodes {
                // The first failure is the one to tell.
                let _ = node.stop();
            }
            Err(error)
        }
    }
}

/// Starts a devnet in this process for a test or a benchmark; the caller stops the nodes.
pub fn start_in_process(options: &Options) -> Result<Vec<RunningNode>, DevnetError> {
    start(&plan(options)?)
}
