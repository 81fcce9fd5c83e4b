//! Which channels have something to do, told by the streams to the end that owns the channels.
//!
//! Bounded: a channel stands in the queue at most once, so that the queue is as long as there are channels.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;

/// The queue of one connection's channels that want attention, by their keys.
#[derive(Debug, Default)]
pub struct Ready {
    keys: Mutex<VecDeque<u32>>,
    waker: AtomicWaker,
}

impl Ready {
    /// Puts a key in and wakes who waits. Streams see to it that a key isn't in twice.
    pub(super) fn push(&self, key: u32) {
        self.keys().push_back(key);
        self.waker.wake();
    }

    /// Takes the next key. Whoever takes it must call [`super::Channel::attend`] before it looks at the channel, or
    /// the channel won't be heard of again.
    pub fn pop(&self) -> Option<u32> {
        self.keys().pop_front()
    }

    /// The same, to be woken when there is one. One task waits at a time.
    pub fn poll_pop(&self, cx: &mut Context<'_>) -> Poll<u32> {
        if let Some(key) = self.pop() {
            return Poll::Ready(key);
        }
        self.waker.register(cx.waker());
        self.pop().map_or(Poll::Pending, Poll::Ready)
    }

    /// Wakes who waits, though no channel has anything to do.
    pub fn wake(&self) {
        self.waker.wake();
    }

    fn keys(&self) -> std::sync::MutexGuard<'_, VecDeque<u32>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
