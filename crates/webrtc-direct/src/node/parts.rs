//! What a session is made of, and what it waits for.

use std::future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use libp2p_identity::{Keypair, PeerId};
use tokio::sync::{mpsc, oneshot};

use super::certificate::Certificate;
use super::config::Config;
use super::connection::{Command, Connection};
use super::stats::Counters;
use super::udp::{Datagrams, Receiver, Udp};
use crate::address::Fingerprint;
use crate::error::{Closed, Error};
use crate::ice::Credentials;
use crate::noise::Role;

/// Batches of datagrams that wait for one session.
pub(super) const QUEUE: usize = 256;
/// Batches that are handled before anything else is looked at.
const TURN: usize = 16;

/// Where a session's datagrams come from.
pub(super) enum Input {
    /// From its listener.
    Queue {
        datagrams: mpsc::Receiver<Datagrams>,
        /// Bytes that wait in it.
        waiting: Arc<AtomicUsize>,
    },
    /// From a socket of its own.
    Socket(Receiver),
}

/// What a session is made of.
pub(super) struct Parts {
    pub(super) role: Role,
    pub(super) keypair: Keypair,
    pub(super) certificate: Certificate,
    pub(super) credentials: Credentials,
    pub(super) certhash: Option<Fingerprint>,
    pub(super) expected: Option<PeerId>,
    pub(super) remote: SocketAddr,
    pub(super) config: Config,
    pub(super) counters: Arc<Counters>,
    pub(super) udp: Arc<Udp>,
    pub(super) input: Input,
    /// Why the listener ended the session, if it did.
    pub(super) ended: Arc<std::sync::OnceLock<Closed>>,
}

/// Who gets the connection when the peer is authenticated.
pub(super) enum Deliver {
    /// A dial. It may lose interest at any time.
    Dial(oneshot::Sender<Result<(PeerId, Connection), Error>>),
    /// A listener. `false`: nobody listens any more.
    Listener(Box<dyn FnOnce(PeerId, Connection) -> bool + Send>),
}

pub(super) async fn optional<T>(future: &mut Option<BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => future::pending().await,
    }
}

pub(super) async fn next_command(commands: &mut Option<mpsc::UnboundedReceiver<Command>>) -> Option<Command> {
    match commands {
        Some(commands) => commands.recv().await,
        None => future::pending().await,
    }
}

pub(super) async fn lost_interest(deliver: &mut Option<Deliver>) {
    match deliver {
        Some(Deliver::Dial(reply)) => reply.closed().await,
        _ => future::pending().await,
    }
}

/// The datagrams that wait, at least one batch; nothing when the listener ended the session.
pub(super) async fn next_input(input: &mut Input) -> Option<Vec<Datagrams>> {
    match input {
        Input::Queue { datagrams, waiting } => {
            let mut batches = vec![datagrams.recv().await?];
            while batches.len() < TURN
                && let Ok(batch) = datagrams.try_recv()
            {
                batches.push(batch);
            }
            let taken = batches.iter().map(|batch| batch.bytes.len()).sum();
            waiting.fetch_sub(taken, Ordering::Relaxed);
            Some(batches)
        }
        Input::Socket(receiver) => {
            let mut batches = Vec::new();
            let received = receiver
                .receive(|from, to, bytes, stride| {
                    batches.push(Datagrams {
                        from,
                        to,
                        bytes: bytes::Bytes::copy_from_slice(bytes),
                        stride,
                        shared: false,
                    });
                })
                .await;
            received.is_ok().then_some(batches)
        }
    }
}
