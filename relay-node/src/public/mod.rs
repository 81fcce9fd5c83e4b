//! The public plane: light clients' way into a node.
//!
//! [`serve`] listens over WebRTC-direct (browsers' first choice) and over WebSocket, takes one long-lived stream per
//! connection, and answers `credo_wire` requests from the node's [`ChainService`].
//!
//! Everything that comes from a client is bounded and checked:
//!
//! - *connections*: in all, per source address, and while they shake hands (`admission`);
//! - *sessions*: a client's frames are small, its requests limited in number at once and in rate; answers wait in a
//!   queue bounded in bytes, and a client that doesn't read ends its own session (`session`);
//! - *work*: the large answers are made once per head, however many ask (`answers`); what is computed for a source, from
//!   its frames' first byte to the answer's last, is charged to it, and a source that has used its share waits
//!   ([`Budget`]).
//!
//! All of it runs on [`PublicRuntime`], threads of its own that give way to those of consensus.
//!
//! libp2p's transports stand behind [`transport`], the narrow interface of ours; nothing above it knows them.

mod admission;
mod answers;
mod bucket;
pub mod client;
#[cfg(test)]
pub(crate) mod fake;
mod identity;
mod outbox;
mod runtime;
mod session;
mod swarm;
#[cfg(test)]
mod tests;
pub mod transport;
pub mod webrtc;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use webrtc_direct::node::StatsHandle;

use crate::budget::{Budget, Share};
use crate::service::ChainService;
use answers::Answers;
use transport::Endpoint;
pub use webrtc::WebRtc;

pub(crate) use admission::source_group;
pub(crate) use bucket::Bucket;
pub use runtime::PublicRuntime;

/// How long sessions have to say goodbye when the node stops.
const GOODBYE_LIMIT: Duration = Duration::from_millis(800);
/// How long the transport may take afterwards to let go of its ports.
const LET_GO: Duration = Duration::from_secs(1);

/// Where and how to serve light clients.
#[derive(Clone, Debug)]
pub struct PublicConfig {
    /// The node's data directory; identity and certificate are kept in its folder `public`.
    pub data_dir: PathBuf,
    /// The address to listen on.
    pub ip: IpAddr,
    /// UDP port for WebRTC-direct; 0 for any.
    pub webrtc_port: u16,
    /// TCP port for WebSocket; 0 for any.
    pub ws_port: u16,
    /// What serves over WebRTC-direct.
    pub webrtc: WebRtc,
    /// What clients may use.
    pub limits: Limits,
    /// What may be computed for them.
    pub budget: Arc<Budget<IpAddr>>,
}

/// What clients may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections in all.
    pub connections: usize,
    /// Connections from one source (an IPv4 address, or a /64 of IPv6).
    pub connections_per_source: usize,
    /// Connections that are still shaking hands.
    pub handshakes: usize,
    /// Requests of one session that are being answered at once.
    pub requests_at_once: usize,
    /// Requests of one session per second, and how many may come in one burst.
    pub request_rate: (f64, f64),
    /// Transactions of one session per second, and how many may come in one burst.
    pub submit_rate: (f64, f64),
    /// Bytes of one session's requests that are being answered at once, beyond which further ones are refused.
    pub asked_bytes: usize,
    /// Bytes of answers that may wait for one session before further requests are refused.
    pub busy_bytes: usize,
    /// Bytes of answers that may wait for one session before it is ended.
    pub waiting_bytes: usize,
    /// Bytes of answers that may wait for all sessions together.
    pub waiting_bytes_total: usize,
    /// How long one piece of an answer may take to leave before the session is ended.
    pub stall: Duration,
    /// How often each side pings; three silent intervals end a session.
    pub heartbeat: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            connections_per_source: 64,
            handshakes: 128,
            requests_at_once: 32,
            request_rate: (50.0, 200.0),
            submit_rate: (20.0, 100.0),
            asked_bytes: 256 * 1024,
            busy_bytes: 8 * 1024 * 1024,
            waiting_bytes: 32 * 1024 * 1024,
            waiting_bytes_total: 512 * 1024 * 1024,
            stall: Duration::from_secs(10),
            heartbeat: Duration::from_secs(2),
        }
    }
}

/// Computing time of each source on the public plane, and of all strangers together: a sixteenth and a quarter of a
/// processor, a second's worth of which may be saved up by all, and five seconds' by one.
pub const STRANGERS: (Share, Share) = (Share::ms(50, 250), Share::ms(250, 250));

/// A budget for strangers.
pub fn strangers() -> Arc<Budget<IpAddr>> {
    Arc::new(Budget::new(STRANGERS.0, STRANGERS.1))
}

/// Why the public plane couldn't start.
#[derive(Debug, thiserror::Error)]
pub enum PublicError {
    /// Identity or certificate couldn't be read or kept.
    #[error("the relay's identity at {path} can't be used: {reason}")]
    Identity {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A port is taken or the address isn't this machine's.
    #[error("can't listen for light clients on {address}: {reason}")]
    Listen {
        /// The multiaddr.
        address: String,
        /// Why.
        reason: String,
    },
    /// A transport couldn't be set up.
    #[error("can't set up the transport for light clients: {0}")]
    Transport(String),
}

/// A running public plane. Dropping it ends every session at once; [`PublicHandle::shutdown`] says goodbye first.
#[derive(Debug)]
pub struct PublicHandle {
    /// Where light clients reach it: multiaddrs that end in `/p2p/…`, WebRTC-direct first.
    pub addresses: Vec<String>,
    /// Counters of WebRTC-direct, where it keeps some.
    pub webrtc: Option<StatsHandle>,
    sessions: Arc<AtomicUsize>,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl PublicHandle {
    /// Sessions that stand now.
    pub fn sessions(&self) -> usize {
        self.sessions.load(Ordering::Relaxed)
    }

    /// Says goodbye to every client and stops; its ports are free then.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
        // WebRTC's goodbyes and its socket belong to tasks of its own.
        if let Some(webrtc) = &self.webrtc {
            let gone = async {
                while webrtc.snapshot().tasks > 0 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            let _ = tokio::time::timeout(LET_GO, gone).await;
        }
    }
}

impl Drop for PublicHandle {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

/// Starts the public plane; returns once it listens. Must be called within a tokio runtime.
pub async fn serve(
    service: Arc<dyn ChainService>,
    config: PublicConfig,
) -> Result<PublicHandle, PublicError> {
    let endpoint = swarm::Libp2pEndpoint::listen(&config).await?;
    Ok(serve_on(
        service,
        Box::new(endpoint),
        config.limits,
        config.budget,
    ))
}

/// Serves whatever comes in through `endpoint`. Must be called within a tokio runtime.
pub fn serve_on(
    service: Arc<dyn ChainService>,
    mut endpoint: Box<dyn Endpoint>,
    limits: Limits,
    budget: Arc<Budget<IpAddr>>,
) -> PublicHandle {
    let (addresses, webrtc) = (endpoint.addresses(), endpoint.webrtc());
    let sessions = Arc::new(AtomicUsize::new(0));
    let (stop, stopped) = watch::channel(false);
    let count = sessions.clone();
    let task = tokio::spawn(async move {
        let answers = Arc::new(Answers::new(service));
        let limits = Arc::new(limits);
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut running = JoinSet::new();
        running.spawn(answers.clone().follow_heads());
        let mut until = stopped.clone();
        loop {
            tokio::select! {
                incoming = endpoint.accept() => {
                    let Some(incoming) = incoming else { break };
                    let session = session::Session {
                        answers: answers.clone(),
                        limits: limits.clone(),
                        meter: budget.meter(source_group(incoming.source)),
                        waiting: waiting.clone(),
                        stopped: stopped.clone(),
                        count: session::Counted::new(count.clone()),
                    };
                    running.spawn(session.run(incoming));
                }
                Some(_) = running.join_next() => {}
                _ = until.changed() => break,
            }
        }
        // Sessions say goodbye by themselves; the endpoint must go on carrying their bytes meanwhile.
        let drained = async {
            while count.load(Ordering::Relaxed) > 0 {
                tokio::select! {
                    _ = endpoint.accept() => {}
                    _ = running.join_next() => {}
                }
            }
        };
        let _ = tokio::time::timeout(GOODBYE_LIMIT, drained).await;
        running.abort_all();
    });
    PublicHandle {
        addresses,
        webrtc,
        sessions,
        stop,
        task: Some(task),
    }
}
