//! The connection, as libp2p holds it, and what it shares with its session's task.
//!
//! Bounded: streams that the peer opened wait for the program up to [`Limits::max_waiting_streams`]; more are reset.
//! Streams that the program opens wait while there are as many channels as there may be; libp2p asks for one at a
//! time.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};

use futures::FutureExt as _;
use futures::channel::oneshot;
use futures::task::AtomicWaker;
use libp2p_core::muxing::{StreamMuxer, StreamMuxerEvent};
use tokio::sync::mpsc;

use super::config::Limits;
use crate::error::{Closed, Error};
use crate::stream::{Peer, Ready, Stream};

/// What a program asks of the session.
pub(super) enum Command {
    /// A stream.
    Open(oneshot::Sender<Stream>),
    /// The end.
    Close,
}

/// What a connection and its session share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) ready: Arc<Ready>,
    pub(super) peer: Arc<Peer>,
    waiting: Mutex<VecDeque<Stream>>,
    max_waiting: usize,
    over: OnceLock<Closed>,
    inbound: AtomicWaker,
    events: AtomicWaker,
    closing: AtomicWaker,
}

impl Shared {
    /// The peer opened a stream.
    pub(super) fn arrived(&self, stream: Stream) {
        let mut waiting = self.waiting();
        if waiting.len() >= self.max_waiting {
            drop(waiting);
            tracing::debug!("reset a stream that waited in vain");
            drop(stream);
            return;
        }
        waiting.push_back(stream);
        drop(waiting);
        self.inbound.wake();
    }

    /// The session is over.
    pub(super) fn over(&self, why: Closed) {
        if self.over.set(why).is_ok() {
            self.inbound.wake();
            self.events.wake();
            self.closing.wake();
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, VecDeque<Stream>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection to an authenticated peer. Dropping it closes it.
#[derive(Debug)]
pub struct Connection {
    shared: Arc<Shared>,
    commands: mpsc::UnboundedSender<Command>,
    opening: Option<oneshot::Receiver<Stream>>,
}

impl Connection {
    pub(super) fn new(limits: &Limits) -> (Arc<Shared>, mpsc::UnboundedReceiver<Command>, Self) {
        let shared = Arc::new(Shared {
            ready: Arc::new(Ready::default()),
            peer: Peer::new(&limits.streams),
            waiting: Mutex::new(VecDeque::new()),
            max_waiting: limits.max_waiting_streams,
            over: OnceLock::new(),
            inbound: AtomicWaker::new(),
            events: AtomicWaker::new(),
            closing: AtomicWaker::new(),
        });
        let (commands, receiver) = mpsc::unbounded_channel();
        let connection = Self {
            shared: Arc::clone(&shared),
            commands,
            opening: None,
        };
        (shared, receiver, connection)
    }

    /// Why the connection is over, once it is.
    pub fn closed(&self) -> Option<Closed> {
        self.shared.over.get().cloned()
    }

    fn fail(&self) -> Error {
        self.closed().unwrap_or(Closed::Local).into()
    }
}

impl StreamMuxer for Connection {
    type Substream = Stream;
    type Error = Error;

    fn poll_inbound(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Stream, Error>> {
        self.shared.inbound.register(cx.waker());
        if let Some(stream) = self.shared.waiting().pop_front() {
            return Poll::Ready(Ok(stream));
        }
        match self.shared.over.get() {
            Some(why) => Poll::Ready(Err(why.clone().into())),
            None => Poll::Pending,
        }
    }

    fn poll_outbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Stream, Error>> {
        if self.opening.is_none() {
            let (reply, opening) = oneshot::channel();
            if self.commands.send(Command::Open(reply)).is_err() {
                return Poll::Ready(Err(self.fail()));
            }
            self.opening = Some(opening);
        }
        let Some(opening) = &mut self.opening else {
            return Poll::Pending;
        };
        let opened = ready!(opening.poll_unpin(cx));
        self.opening = None;
        Poll::Ready(opened.map_err(|_| self.fail()))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.shared.closing.register(cx.waker());
        // Whoever is gone needn't be told.
        let _ = self.commands.send(Command::Close);
        match self.shared.over.get() {
            Some(_) => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    }

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, Error>> {
        self.shared.events.register(cx.waker());
        match self.shared.over.get() {
            Some(why) => Poll::Ready(Err(why.clone().into())),
            None => Poll::Pending,
        }
    }
}
