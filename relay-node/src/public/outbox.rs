//! What waits to be sent to one client, bounded in bytes.
//!
//! Data channels know no back-pressure, so the bound is ours: a session whose client doesn't read is ended when its
//! share is used up, and all sessions together have a share, too. New heads never queue: the writer takes the newest
//! when it has nothing else to send, so a slow client skips heads.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use credo_primitives::Digest;
use tokio::sync::Notify;

/// A frame: its own first bytes, then a body that many sessions may share.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) head: Vec<u8>,
    pub(crate) body: Bytes,
}

impl Frame {
    fn len(&self) -> usize {
        self.head.len() + self.body.len()
    }
}

#[derive(Debug, Default)]
struct State {
    frames: VecDeque<Frame>,
    bytes: usize,
    /// The head that the subscription was answered with.
    subscribed: Option<Option<Digest>>,
    closed: bool,
}

/// What the writer does next.
#[derive(Debug)]
pub(crate) enum Next {
    Frame(Frame),
    /// Nothing waits; the client wants heads other than this one.
    Heads(Option<Digest>),
    /// Nothing waits.
    Idle,
    /// Nothing more will come.
    Closed,
}

/// The queue.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    changed: Notify,
    limit: usize,
    total: Arc<AtomicUsize>,
    total_limit: usize,
}

/// The client doesn't read, or all clients together read too slowly.
#[derive(Debug)]
pub(crate) struct Overflow;

impl Outbox {
    pub(crate) fn new(limit: usize, total: Arc<AtomicUsize>, total_limit: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Notify::new(),
            limit,
            total,
            total_limit,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a frame.
    pub(crate) fn push(&self, frame: Frame) -> Result<(), Overflow> {
        let len = frame.len();
        let mut state = self.lock();
        let total = self.total.load(Ordering::Relaxed);
        if state.bytes + len > self.limit || total + len > self.total_limit {
            return Err(Overflow);
        }
        state.bytes += len;
        self.total.fetch_add(len, Ordering::Relaxed);
        state.frames.push_back(frame);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Bytes that wait, the frame being written included.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// From now on the client gets heads, the first one other than `answered`.
    pub(crate) fn subscribe(&self, answered: Option<Digest>) {
        self.lock().subscribed = Some(answered);
        self.changed.notify_one();
    }

    /// Nothing is queued any more.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    pub(crate) fn next(&self) -> Next {
        let mut state = self.lock();
        if let Some(frame) = state.frames.pop_front() {
            return Next::Frame(frame);
        }
        match (state.closed, state.subscribed) {
            (true, _) => Next::Closed,
            (false, Some(answered)) => Next::Heads(answered),
            (false, None) => Next::Idle,
        }
    }

    /// Bytes of a frame have left.
    pub(crate) fn sent(&self, bytes: usize) {
        let mut state = self.lock();
        let bytes = bytes.min(state.bytes);
        state.bytes -= bytes;
        self.total.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Resolves after the next change.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let bytes = self.lock().bytes;
        self.total.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(len: usize) -> Frame {
        Frame {
            head: Vec::new(),
            body: vec![0; len].into(),
        }
    }

    #[test]
    fn both_bounds_hold_and_bytes_are_given_back() {
        let total = Arc::new(AtomicUsize::new(0));
        let one = Outbox::new(100, total.clone(), 150);
        let two = Outbox::new(100, total.clone(), 150);
        one.push(frame(90)).unwrap();
        assert!(one.push(frame(11)).is_err(), "over the session's share");
        two.push(frame(60)).unwrap();
        assert!(two.push(frame(1)).is_err(), "over all sessions' share");
        assert!(matches!(one.next(), Next::Frame(_)));
        assert_eq!(one.bytes(), 90, "a frame counts until it has left");
        one.sent(90);
        two.push(frame(1)).unwrap();
        drop(two);
        assert_eq!(total.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn heads_come_after_frames_and_closing_after_everything() {
        let outbox = Outbox::new(100, Arc::default(), 100);
        assert!(matches!(outbox.next(), Next::Idle));
        outbox.push(frame(1)).unwrap();
        outbox.subscribe(None);
        assert!(matches!(outbox.next(), Next::Frame(_)));
        assert!(matches!(outbox.next(), Next::Heads(None)));
        outbox.push(frame(1)).unwrap();
        outbox.close();
        assert!(matches!(outbox.next(), Next::Frame(_)));
        assert!(matches!(outbox.next(), Next::Closed));
    }
}
