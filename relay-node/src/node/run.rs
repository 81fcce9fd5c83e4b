//! Starts a node and keeps it running until it is told to stop or something breaks.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use commonware_cryptography::Signer as _;
use commonware_runtime::tokio::{Config as RuntimeConfig, Context, Runner};
use commonware_runtime::{Runner as _, Spawner as _, Supervisor as _};
use credo_primitives::spec::consensus_key::to_base58;
use credo_primitives::{AccountName, ChainSpec, Preset, SecretKey};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use webrtc_direct::node::StatsHandle;

use super::config::NodeConfig;
use super::data_dir::{DataDir, DataDirError};
use super::own::{self, Own};
use super::relays;
use super::service::NodeService;
use crate::budget::Budget;
use crate::consensus::{self, Committees, ConsensusError, PlaneConfig};
use crate::executor::{self, Availability, ExecutorError, Opened};
use crate::http::{self, FaucetConfig, HttpConfig, HttpError, RelayInfo, Relays};
use crate::mempool::{Pool, gossip};
use crate::public::{self, Limits, PublicConfig, PublicError, PublicRuntime};

/// Threads of the runtime that a node's consensus has for itself.
const WORKERS: usize = 2;
/// New transactions that wait to be passed on; what doesn't fit is passed on with the next repetition.
const MAX_GOSSIP: usize = 4_096;
/// The account that pays for the faucet, with IOST's well-known key (devnet only).
pub(crate) const FAUCET_ACCOUNT: &str = "admin";
/// The secret key of `admin` on every IOST development chain. It protects nothing.
pub(crate) const WELL_KNOWN_KEY: &str =
    "2yquS3ySrGWPEKywCPzX4RTJugqRh7kJSo5aehsLYPEWkUxBWA39oMrZ7ZxuM4fgyXYs2cPwh5n8aNNpH5x2VyK1";

/// Why a node didn't start or stopped.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Its data directory.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// Its state.
    #[error(transparent)]
    Executor(#[from] ExecutorError),
    /// Its consensus plane.
    #[error(transparent)]
    Consensus(#[from] ConsensusError),
    /// Its public plane.
    #[error(transparent)]
    Public(#[from] PublicError),
    /// Its HTTP endpoint.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A port is taken.
    #[error("the consensus plane can't listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A test's wrong clock on a chain that isn't a test's.
    #[error("a shifted clock or blocks dated ahead are for tests on a devnet, and this chain isn't one")]
    Trial,
    /// A thread couldn't be started, or ended without a word.
    #[error("the node's thread broke off: {0}")]
    Thread(String),
}

/// What a started node says of itself.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Its name.
    pub name: String,
    /// The chain.
    pub spec: Arc<ChainSpec>,
    /// Its consensus key, base58.
    pub key: String,
    /// Where light clients reach it.
    pub relay: Option<RelayInfo>,
    /// Where its HTTP endpoint listens.
    pub http: Option<SocketAddr>,
    /// The height it starts from.
    pub height: u64,
}

/// A node in a thread of its own.
pub struct RunningNode {
    /// Its data directory.
    pub data: PathBuf,
    stop: watch::Sender<bool>,
    thread: Option<std::thread::JoinHandle<Result<(), NodeError>>>,
    service: NodeService,
    ready: Ready,
}

impl RunningNode {
    /// What it said when it started.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Its answers.
    pub fn service(&self) -> &NodeService {
        &self.service
    }

    /// True when it has ended.
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(|t| t.is_finished())
    }

    /// Stops it, or finds out why it ended.
    pub fn stop(mut self) -> Result<(), NodeError> {
        // A receiver that is gone has stopped already.
        let _ = self.stop.send(true);
        match self.thread.take().map(std::thread::JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(NodeError::Thread("it panicked".into())),
            None => Ok(()),
        }
    }
}

/// Starts a node in a thread of its own; returns once it serves.
pub fn spawn(config: NodeConfig) -> Result<RunningNode, NodeError> {
    let (stop, stopped) = watch::channel(false);
    let (tell, told) = oneshot::channel();
    let data = config.data.clone();
    let thread = std::thread::Builder::new()
        .name(format!("node-{}", config.file.name))
        .spawn(move || run(config, stopped, Some(tell)))
        .map_err(|e| NodeError::Thread(e.to_string()))?;
    match told.blocking_recv() {
        Ok((ready, service)) => Ok(RunningNode {
            data,
            stop,
            thread: Some(thread),
            service,
            ready,
        }),
        Err(_) => match thread.join() {
            Ok(Err(error)) => Err(error),
            Ok(Ok(())) => Err(NodeError::Thread("it ended at once".into())),
            Err(_) => Err(NodeError::Thread("it panicked".into())),
        },
    }
}

/// Runs a node on this thread until `stop` turns true or something breaks.
pub fn run(
    config: NodeConfig,
    stop: watch::Receiver<bool>,
    tell: Option<oneshot::Sender<(Ready, NodeService)>>,
) -> Result<(), NodeError> {
    if !config.trial.is_none() && config.genesis.preset != Preset::Devnet {
        return Err(NodeError::Trial);
    }
    let dir = DataDir::open(&config.data)?;
    let runtime = RuntimeConfig::new()
        .with_worker_threads(WORKERS)
        .with_tcp_nodelay(Some(true))
        .with_storage_directory(dir.path().join("engine"));
    // Let go of here, outside of every runtime, once consensus has ended.
    let strangers = PublicRuntime::shared().map_err(|e| NodeError::Thread(e.to_string()))?;
    let threads = strangers.handle().clone();
    Runner::new(runtime).start(|context| serve(context, threads, config, &dir, stop, tell))
}

async fn serve(
    context: Context,
    threads: Handle,
    config: NodeConfig,
    dir: &DataDir,
    mut stop: watch::Receiver<bool>,
    tell: Option<oneshot::Sender<(Ready, NodeService)>>,
) -> Result<(), NodeError> {
    let key = dir.consensus_key()?;
    // The engine's listener gives up without a word that a person could use, so ask first.
    std::net::TcpListener::bind(config.file.listen).map_err(|source| NodeError::Listen {
        address: config.file.listen,
        source,
    })?;

    let pool = Pool::new();
    let (proofs, own_proofs) = mpsc::channel(own::MAX_WAITING);
    let (evidence, found_evidence) = mpsc::channel(own::MAX_WAITING);
    let Opened {
        handle: executor,
        spec,
        genesis_committee,
        index,
    } = executor::open(
        context.child("executor"),
        dir.path(),
        &config.genesis,
        pool.clone(),
        Availability::new(key.public_key(), proofs),
    )
    .await?;
    if spec.is_devnet() {
        tracing::warn!(
            spec = %spec.hash(),
            "this chain is a devnet: its keys are well known and its tokens are worth nothing"
        );
    }
    if !config.trial.is_none() {
        tracing::warn!(trial = ?config.trial, "this node's time is wrong on purpose");
    }
    let height = executor.final_height();
    let committees = Committees::new(&spec, genesis_committee, key.clone(), index);
    let mut plane = consensus::start(
        context.child("plane"),
        PlaneConfig {
            key: key.clone(),
            listen: config.file.listen,
            trial: config.trial,
        },
        Arc::clone(&spec),
        committees.clone(),
        executor.clone(),
        evidence,
    )
    .await?;

    let (gossip_sender, gossip_receiver) = mpsc::channel(MAX_GOSSIP);
    let service = NodeService::new(Arc::clone(&spec), executor.clone(), pool.clone(), gossip_sender);
    let (sender, receiver) = plane.transactions;
    context
        .child("gossip_send")
        .spawn(move |_| gossip::send(sender, gossip_receiver, pool));
    let from_peers = threads.spawn(gossip::receive(receiver, service.clone(), gossip::peers()));

    let voice = Own {
        spec: Arc::clone(&spec),
        key: key.clone(),
        committees,
        executor: executor.clone(),
        service: service.clone(),
        data: dir.path().to_owned(),
    };
    context
        .child("own")
        .spawn(move |_| voice.run(own_proofs, found_evidence));

    let budget = public::strangers();
    let (public, relay) = open_public(&threads, &config, &service, &budget).await?;
    let stats = public.as_ref().and_then(|public| public.webrtc.clone());
    let http = open_http(&threads, &config, &service, relay.clone(), stats, budget).await?;
    let ready = Ready {
        name: config.file.name.clone(),
        spec,
        key: to_base58(&key.public_key()),
        relay,
        http: http.as_ref().map(|h| h.address),
        height,
    };
    if let Some(tell) = tell {
        // Whoever started the node may have given up; it runs all the same until it is stopped.
        let _ = tell.send((ready, service));
    }

    let result = tokio::select! {
        _ = stop.wait_for(|stop| *stop) => Ok(()),
        result = &mut plane.orchestrator => match result {
            Ok(result) => result.map_err(NodeError::from),
            Err(error) => Err(NodeError::Thread(error.to_string())),
        },
    };
    if let Err(error) = &result {
        tracing::error!(%error, node = config.file.name, "the node stops");
    }
    if let Some(http) = http {
        http.shutdown().await;
    }
    if let Some(public) = public {
        public.shutdown().await;
    }
    from_peers.abort();
    // The data directory is given free only after what stands in it is closed.
    executor.stop().await;
    result
}

/// Runs `start` on `threads`, so that all that it starts runs there.
async fn on<T: Send + 'static>(
    threads: &Handle,
    start: impl Future<Output = T> + Send + 'static,
) -> Result<T, NodeError> {
    let started = threads.spawn(start).await;
    started.map_err(|error| NodeError::Thread(error.to_string()))
}

async fn open_public(
    threads: &Handle,
    config: &NodeConfig,
    service: &NodeService,
    budget: &Arc<Budget<IpAddr>>,
) -> Result<(Option<public::PublicHandle>, Option<RelayInfo>), NodeError> {
    let section = &config.file.public;
    if !section.enabled {
        return Ok((None, None));
    }
    let public = PublicConfig {
        data_dir: config.data.clone(),
        ip: section.ip,
        webrtc_port: section.webrtc_port,
        ws_port: section.ws_port,
        webrtc: section.webrtc,
        limits: Limits::default(),
        budget: Arc::clone(budget),
    };
    let handle = on(threads, public::serve(Arc::new(service.clone()), public)).await??;
    let info = RelayInfo {
        name: config.file.name.clone(),
        addresses: handle.addresses.clone(),
    };
    relays::announce(&config.data, &info)?;
    Ok((Some(handle), Some(info)))
}

async fn open_http(
    threads: &Handle,
    config: &NodeConfig,
    service: &NodeService,
    own: Option<RelayInfo>,
    webrtc: Option<StatsHandle>,
    budget: Arc<Budget<IpAddr>>,
) -> Result<Option<http::HttpHandle>, NodeError> {
    let section = &config.file.http;
    let Some(listen) = section.listen else {
        return Ok(None);
    };
    let relays = Relays::new(own.iter().cloned().collect());
    let faucet = match (section.faucet, faucet_key()) {
        (true, Some((account, key))) => Some(FaucetConfig::new(account, key)),
        _ => None,
    };
    let http = HttpConfig {
        listen,
        web_dir: section.web.clone(),
        service: Arc::new(service.clone()),
        relays: relays.clone(),
        faucet,
        webrtc,
        budget,
    };
    let handle = on(threads, http::serve(http)).await??;
    // Ends with the node's runtime.
    tokio::spawn(relays::follow(relays, own, section.relays.clone()));
    Ok(Some(handle))
}

fn faucet_key() -> Option<(AccountName, SecretKey)> {
    let account = AccountName::new(FAUCET_ACCOUNT).ok()?;
    Some((account, SecretKey::from_base58(WELL_KNOWN_KEY).ok()?))
}
