//! The task of one listener: it reads its socket and hands datagrams to sessions.
//!
//! # Why a task per session
//!
//! One task could own the socket and all sessions. Then a session that is busy with 4 MiB would keep all others waiting, and
//! cryptography would use one core. So this task only looks at where a datagram belongs ([`super::demux`]) and puts it
//! into the bounded queue of its session, which has a task of its own, sends by itself, and is the only one to suffer
//! when it doesn't keep up: what doesn't fit into its queue is dropped, which to SCTP is loss, and it slows down.
//!
//! Copying: a datagram is copied once, from the socket's buffer into one allocation per batch; the system delivers up
//! to 64 datagrams of one source in one buffer, and a run of datagrams for one session stays together.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use bytes::Bytes;
use libp2p_core::transport::ListenerId;
use libp2p_identity::{Keypair, PeerId};
use tokio::sync::{mpsc, oneshot};

use super::certificate::Certificate;
use super::config::Config;
use super::connection::Connection;
use super::demux::{Route, SessionId, Table};
use super::engine::Packet;
use super::parts::{Deliver, Input, Parts, QUEUE};
use super::session;
use super::stats::{Counters, Gauge, count};
use super::udp::{Datagrams, Receiver, Udp};
use crate::error::Closed;
use crate::ice::Credentials;
use crate::noise::Role;

/// Buffers that are filled with one call.
const BUFFERS: usize = 8;

/// What a listener tells its transport.
pub(super) enum News {
    /// An authenticated peer.
    Incoming {
        listener: ListenerId,
        from: SocketAddr,
        peer: PeerId,
        connection: Connection,
    },
    /// The socket failed.
    Failed {
        listener: ListenerId,
        error: std::io::Error,
    },
}

/// What a listener needs to know.
pub(super) struct Setup {
    pub(super) id: ListenerId,
    pub(super) keypair: Keypair,
    pub(super) certificate: Certificate,
    pub(super) config: Config,
    pub(super) counters: Arc<Counters>,
    pub(super) udp: Arc<Udp>,
    pub(super) news: mpsc::UnboundedSender<News>,
}

/// What sessions report. Bounded by the number of sessions: two reports each.
enum Report {
    Established(SessionId),
    Over(SessionId),
}

struct Member {
    datagrams: mpsc::Sender<Datagrams>,
    waiting: Arc<AtomicUsize>,
    ended: Arc<OnceLock<Closed>>,
}

struct Listener {
    setup: Setup,
    table: Table,
    members: HashMap<SessionId, Member>,
    reports: mpsc::UnboundedSender<Report>,
    /// What the counters say of this listener's tables.
    counted: (usize, usize),
    accepting: bool,
}

/// Listens until `stop` is dropped or used, and then until the last session is over.
pub(super) async fn run(setup: Setup, mut stop: oneshot::Receiver<()>) {
    let counters = Arc::clone(&setup.counters);
    let _task = Gauge::new(&counters, |c| &c.tasks);
    let mut receiver = Receiver::new(Arc::clone(&setup.udp), BUFFERS);
    let (reports, mut reported) = mpsc::unbounded_channel();
    let mut listener = Listener {
        table: Table::new(setup.config.limits),
        setup,
        members: HashMap::new(),
        reports,
        counted: (0, 0),
        accepting: true,
    };
    while listener.accepting || !listener.members.is_empty() {
        tokio::select! {
            biased;
            report = reported.recv() => if let Some(report) = report {
                listener.note(report);
            },
            _ = &mut stop, if listener.accepting => listener.accepting = false,
            received = receiver.receive(|from, to, bytes, stride| listener.dispatch(from, to, bytes, stride)) => {
                if let Err(error) = received {
                    tracing::warn!(%error, "a listener's socket failed");
                    let id = listener.setup.id;
                    // Without a transport nobody wants to know.
                    let _ = listener.setup.news.send(News::Failed { listener: id, error });
                    break;
                }
            }
        }
        listener.count();
    }
}

impl Listener {
    fn dispatch(&mut self, from: SocketAddr, to: Option<IpAddr>, bytes: &[u8], stride: usize) {
        let now = Instant::now();
        let stride = stride.max(1);
        // The run of datagrams that go to the same session.
        let mut run: Option<(SessionId, usize)> = None;
        let mut start = 0;
        for datagram in bytes.chunks(stride) {
            let mut sharers = Vec::new();
            let id = match self.table.route(from, datagram, now) {
                Route::Session(id) => Some(id),
                Route::Shared(ids) => {
                    sharers = ids;
                    None
                }
                Route::First {
                    credentials,
                    instead_of,
                } if self.accepting => {
                    if let Some(old) = instead_of {
                        self.give_up(old, "it gave way to newer ones");
                    }
                    Some(self.begin(credentials, from, now))
                }
                Route::Unshown => None,
                Route::First { .. } | Route::Refused => {
                    count(&self.setup.counters.refused, 1);
                    None
                }
                Route::Stray => {
                    count(&self.setup.counters.strays, 1);
                    None
                }
            };
            if run.map(|(id, _)| id) != id {
                if let Some((id, since)) = run.take() {
                    self.deliver(id, from, to, &bytes[since..start], stride, false);
                }
                run = id.map(|id| (id, start));
            }
            for id in sharers {
                self.deliver(id, from, to, datagram, stride, true);
            }
            start += datagram.len();
        }
        if let Some((id, since)) = run {
            self.deliver(id, from, to, &bytes[since..start], stride, false);
        }
        for ask in self.table.take_asks() {
            let packet = Packet {
                to: ask.to,
                contents: ask.contents,
            };
            self.setup.udp.try_send(&packet, to);
        }
    }

    fn deliver(
        &mut self,
        id: SessionId,
        from: SocketAddr,
        to: Option<IpAddr>,
        bytes: &[u8],
        stride: usize,
        shared: bool,
    ) {
        let Some(member) = self.members.get(&id) else {
            return;
        };
        let waiting = member.waiting.load(Ordering::Relaxed);
        let datagrams = Datagrams {
            from,
            to,
            bytes: Bytes::copy_from_slice(bytes),
            stride,
            shared,
        };
        if waiting + bytes.len() <= self.setup.config.limits.max_queued_bytes {
            member.waiting.fetch_add(bytes.len(), Ordering::Relaxed);
            if member.datagrams.try_send(datagrams).is_ok() {
                return;
            }
            member.waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
        }
        count(&self.setup.counters.overrun, bytes.len().div_ceil(stride) as u64);
    }

    /// Makes a session for a first contact.
    fn begin(&mut self, credentials: Credentials, from: SocketAddr, now: Instant) -> SessionId {
        let id = self.table.enter(&credentials, from, now);
        let (datagrams, queue) = mpsc::channel(QUEUE);
        let (waiting, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(OnceLock::new()));
        self.members.insert(
            id,
            Member {
                datagrams,
                waiting: Arc::clone(&waiting),
                ended: Arc::clone(&ended),
            },
        );
        let setup = &self.setup;
        let parts = Parts {
            role: Role::Server,
            keypair: setup.keypair.clone(),
            certificate: setup.certificate.clone(),
            credentials,
            certhash: None,
            expected: None,
            remote: from,
            config: setup.config,
            counters: Arc::clone(&setup.counters),
            udp: Arc::clone(&setup.udp),
            input: Input::Queue {
                datagrams: queue,
                waiting,
            },
            ended,
        };
        let (listener, news, reports) = (setup.id, setup.news.clone(), self.reports.clone());
        let deliver = Deliver::Listener(Box::new({
            let reports = reports.clone();
            move |peer, connection| {
                // Before the connection, so that its place is one of the established when the program sees it.
                let _ = reports.send(Report::Established(id));
                news.send(News::Incoming {
                    listener,
                    from,
                    peer,
                    connection,
                })
                .is_ok()
            }
        }));
        let over = Over { reports, id };
        tokio::spawn(async move {
            // Moves in here, to be dropped at the end.
            let _over = over;
            session::run(parts, deliver).await;
        });
        id
    }

    fn note(&mut self, report: Report) {
        match report {
            Report::Established(id) => self.table.establish(id),
            Report::Over(id) => {
                self.members.remove(&id);
                self.table.remove(id, Instant::now());
            }
        }
    }

    fn give_up(&mut self, id: SessionId, why: &str) {
        count(&self.setup.counters.refused, 1);
        self.end(id, Closed::Broken(why.to_owned()));
        self.table.remove(id, Instant::now());
    }

    /// Ends a session: its queue is closed, and it reports when it is over.
    fn end(&mut self, id: SessionId, why: Closed) {
        if let Some(member) = self.members.remove(&id) {
            let _ = member.ended.set(why);
        }
    }

    fn count(&mut self) {
        let now = (self.table.names(), self.table.addresses());
        let counters = &self.setup.counters;
        for (counter, before, now) in [
            (&counters.names, self.counted.0, now.0),
            (&counters.addresses, self.counted.1, now.1),
        ] {
            if now >= before {
                counter.fetch_add(now - before, Ordering::Relaxed);
            } else {
                counter.fetch_sub(before - now, Ordering::Relaxed);
            }
        }
        self.counted = now;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.table = Table::new(self.setup.config.limits);
        self.count();
    }
}

/// Reports the end of a session's task, also when it panicked.
struct Over {
    reports: mpsc::UnboundedSender<Report>,
    id: SessionId,
}

impl Drop for Over {
    fn drop(&mut self) {
        // A listener that is gone has no tables either.
        let _ = self.reports.send(Report::Over(self.id));
    }
}
