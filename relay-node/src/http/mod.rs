//! The node's small HTTP endpoint: the wallet's files, the chain's spec, the relays' addresses, health, and on a
//! devnet the faucet.
//!
//! Nothing here is trusted by a light client: the spec is checked against its hash, addresses only say where to ask.
//! Every response carries the strict content security policy of `headers`; files come from a list made at start, so
//! no path can leave the folder (`files`); connections, bodies and the faucet's use are bounded, and what is computed for
//! a request is charged to its source, which waits when it has used its share ([`Budget`]).

mod faucet;
mod files;
mod guard;
mod headers;
mod info;
mod listener;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{get, post};
use credo_primitives::{AccountName, Amount, SecretKey};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use webrtc_direct::node::StatsHandle;

use crate::budget::Budget;
use crate::public::source_group;
use crate::service::ChainService;
use files::Files;

/// Largest body of a request.
const MAX_BODY: usize = 4 * 1024;
/// How long requests that are being answered have when the endpoint stops.
const DRAIN: Duration = Duration::from_secs(1);

/// A relay as the page is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayInfo {
    /// Its name for people.
    pub name: String,
    /// Its multiaddrs, best first.
    pub addresses: Vec<String>,
}

/// The relays that the page is told of; may change while the endpoint runs.
#[derive(Clone, Debug, Default)]
pub struct Relays(Arc<RwLock<Vec<RelayInfo>>>);

impl Relays {
    /// Starts with these.
    pub fn new(relays: Vec<RelayInfo>) -> Self {
        Self(Arc::new(RwLock::new(relays)))
    }

    /// Replaces them all.
    pub fn set(&self, relays: Vec<RelayInfo>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = relays;
    }

    /// The present ones.
    pub fn get(&self) -> Vec<RelayInfo> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What the faucet gives, and how often.
#[derive(Debug)]
pub struct FaucetConfig {
    /// The account that pays.
    pub account: AccountName,
    /// Its key.
    pub key: SecretKey,
    /// What each request gets.
    pub amount: Amount,
    /// Requests per second from one address, and how many may come in one burst.
    pub per_source: (f64, f64),
    /// Requests per second in all, and how many may come in one burst.
    pub overall: (f64, f64),
}

impl FaucetConfig {
    /// 10,000 IOST for each request, paid by `account`.
    pub fn new(account: AccountName, key: SecretKey) -> Self {
        Self {
            account,
            key,
            amount: Amount::from_iost(10_000),
            per_source: (0.5, 20.0),
            overall: (2.0, 50.0),
        }
    }
}

/// Where and what to serve.
pub struct HttpConfig {
    /// Address and port; port 0 for any.
    pub listen: SocketAddr,
    /// The folder with the wallet's files.
    pub web_dir: Option<PathBuf>,
    /// The node.
    pub service: Arc<dyn ChainService>,
    /// The relays that the page is told of.
    pub relays: Relays,
    /// On a devnet, the faucet.
    pub faucet: Option<FaucetConfig>,
    /// Counters of WebRTC-direct, which `/health` shows.
    pub webrtc: Option<StatsHandle>,
    /// What may be computed for strangers.
    pub budget: Arc<Budget<IpAddr>>,
}

/// Why the endpoint couldn't start.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The port is taken or the address isn't this machine's.
    #[error("can't listen for HTTP on {address}: {reason}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        reason: std::io::Error,
    },
    /// The wallet's files can't be read.
    #[error("the wallet's files in {path} can't be served: {reason}")]
    Files {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A faucet on a chain whose tokens are worth something.
    #[error("a faucet exists only on a devnet, and this chain's spec is none")]
    FaucetOutsideDevnet,
}

/// A running endpoint. Dropping it stops it.
#[derive(Debug)]
pub struct HttpHandle {
    /// Where it listens.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl HttpHandle {
    /// Lets requests that are being answered finish, then stops.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        if let Some(mut task) = self.task.take()
            && tokio::time::timeout(DRAIN, &mut task).await.is_err()
        {
            task.abort();
        }
    }
}

impl Drop for HttpHandle {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

struct App {
    service: Arc<dyn ChainService>,
    relays: Relays,
    files: Files,
    faucet: Option<faucet::Faucet>,
    webrtc: Option<StatsHandle>,
}

/// Lets a request wait while its source is in debt, and charges what is computed for it.
async fn pay(
    State(budget): State<Arc<Budget<IpAddr>>>,
    ConnectInfo(listener::Source(source)): ConnectInfo<listener::Source>,
    request: Request,
    next: Next,
) -> Response {
    budget.meter(source_group(source)).paid(next.run(request)).await
}

/// Starts the endpoint; returns once it listens. Must be called within a tokio runtime.
pub async fn serve(config: HttpConfig) -> Result<HttpHandle, HttpError> {
    let faucet = match config.faucet {
        Some(_) if !config.service.spec().is_devnet() => return Err(HttpError::FaucetOutsideDevnet),
        Some(faucet) => Some(faucet::Faucet::new(faucet, config.service.clone())),
        None => None,
    };
    let files = match config.web_dir {
        Some(dir) => Files::load(&dir)?,
        None => Files::default(),
    };
    let app = Arc::new(App {
        service: config.service,
        relays: config.relays,
        files,
        faucet,
        webrtc: config.webrtc,
    });
    let router = Router::new()
        .route("/spec", get(info::spec))
        .route("/relays", get(info::relays))
        .route("/health", get(info::health))
        .route("/faucet", post(faucet::give))
        .fallback(files::serve)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(map_response(headers::secure))
        .layer(from_fn_with_state(config.budget, pay))
        .with_state(app);

    let failed = |reason| HttpError::Listen {
        address: config.listen,
        reason,
    };
    let inner = tokio::net::TcpListener::bind(config.listen)
        .await
        .map_err(failed)?;
    let address = inner.local_addr().map_err(failed)?;
    let (stop, mut stopped) = watch::channel(false);
    let server = axum::serve(
        listener::Limited::new(inner),
        router.into_make_service_with_connect_info::<listener::Source>(),
    )
    .with_graceful_shutdown(async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    });
    let task = tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the HTTP endpoint ended");
        }
    });
    Ok(HttpHandle {
        address,
        stop,
        task: Some(task),
    })
}
