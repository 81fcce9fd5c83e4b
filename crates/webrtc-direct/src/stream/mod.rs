//! A libp2p stream on a data channel, for both ends.
//!
//! Responsible for half-closing, resetting and flow on top of channels that know none of these. It does no input or
//! output: an *end* (the node's or the browser's) owns the channels, puts what arrives into [`Channel::push`], sends
//! what [`Channel::next_frame`] gives while the channel's buffer has room, and closes the channel when
//! [`Channel::progress`] says so. The program holds the [`Stream`], which is `AsyncRead` and `AsyncWrite`.
//!
//! # Rules
//!
//! 1. Writes of any size and number are taken until [`Limits::max_unsent`] bytes wait; then the writer waits. What is
//!    written in small pieces is gathered into frames while it waits; no flush is needed. Frames have up to 16 KiB if the
//!    peer announced a window, otherwise up to 8 KiB: the stock Rust node can't read longer ones.
//! 2. `flush` waits until all is handed to the channel. `close` waits until FIN is; the acknowledgement is waited for in the
//!    background, since some peers never send it: an end gives up after a while ([`Channel::give_up_waiting`]).
//! 3. A FIN that comes in is acknowledged at once if the peer is known to understand acknowledgements (it announced
//!    a window or has sent one), otherwise after our own FIN: the stock Rust implementation takes the unknown flag for
//!    an error while it reads.
//! 4. A RESET ends what the peer sends; unread bytes are dropped and the reader gets an error. Our own half goes on.
//!    A STOP_SENDING ends our half; the writer gets an error; no RESET is sent in reply.
//! 5. A [`Stream`] that is dropped without being closed sends RESET for its sending half and STOP_SENDING for its
//!    reading half, as far as they are open. One that was closed finishes in the background.
//! 6. A peer that breaks the framing or a limit has its stream broken: the reader gets an error, and RESET and STOP_SENDING
//!    are sent. The other streams and the connection go on.
//! 7. Frames that come before the program accepts the stream, or at any later time, are kept for it. No time limit runs.
//!
//! # Flow
//!
//! Data channels have no back-pressure per channel, and the specification adds none: who reads slowly must buffer,
//! stop all channels, or break the stream. Between two ends of this crate there is a fourth way, an extension in the
//! way of QUIC: the first frame of the handshake's channel announces a *window* (a protobuf field that others skip), the
//! bytes that may be sent on each stream at first; afterwards frames with this field grant more, counted from the
//! stream's beginning, whenever half of a window is read. The window doubles with each grant up to
//! [`Limits::max_window`] while less than half of [`Limits::max_unread_in_all`] is unread. So a slow reader slows its own
//! stream and no other.
//!
//! With a peer that announces nothing, a stream on which more than [`Limits::max_unread`] bytes are unread is broken
//! (rule 6).
//!
//! # Bounds
//!
//! | what | bound | at it |
//! |---|---|---|
//! | written and not sent, per stream | [`Limits::max_unsent`] | the writer waits |
//! | received and not read, per stream | [`Limits::max_unread`] | the stream is broken |
//! | received and not read, per connection | [`Limits::max_unread_in_all`] | the stream whose frame is too much is broken |
//! | an incomplete frame | 16 KiB | the stream is broken |

mod machine;
mod ready;

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures::{AsyncRead, AsyncWrite};

use crate::error::{Closed, FrameError};
use machine::{Machine, Wake};
pub use ready::Ready;

/// The limits of streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes written and not yet sent, per stream.
    pub max_unsent: usize,
    /// Bytes received and not yet read, per stream. At least `max_window`.
    pub max_unread: usize,
    /// Bytes received and not yet read, on all streams of a connection.
    pub max_unread_in_all: usize,
    /// What a peer that knows windows may send on a stream before any of it is read. At least 64 KiB.
    pub window: u64,
    /// Up to where the window grows.
    pub max_window: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_unsent: 256 * 1024,
            max_unread: 4 * 1024 * 1024,
            max_unread_in_all: 16 * 1024 * 1024,
            window: 256 * 1024,
            max_window: 1024 * 1024,
        }
    }
}

/// What the streams of one connection share: what is known of the peer, and the sum of what is unread.
#[derive(Debug)]
pub struct Peer {
    /// Zero: none announced.
    window: AtomicU64,
    acknowledges: AtomicBool,
    unread: AtomicUsize,
    max_unread: usize,
}

impl Peer {
    /// The smallest window, so that any frame fits several times.
    pub const MIN_WINDOW: u64 = 64 * 1024;

    /// Of a new connection.
    pub fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            window: AtomicU64::new(0),
            acknowledges: AtomicBool::new(false),
            unread: AtomicUsize::new(0),
            max_unread: limits.max_unread_in_all,
        })
    }

    /// The window that the peer announced, if it did.
    pub fn window(&self) -> Option<u64> {
        Some(self.window.load(Ordering::Acquire)).filter(|window| *window > 0)
    }

    /// Bytes that are unread on all streams.
    pub fn unread(&self) -> usize {
        self.unread.load(Ordering::Relaxed)
    }

    fn announce(&self, window: u64) -> Result<(), FrameError> {
        let known = self.window.load(Ordering::Acquire);
        if window < Self::MIN_WINDOW || (known != 0 && known != window) {
            return Err(FrameError::Window(window));
        }
        self.window.store(window, Ordering::Release);
        Ok(())
    }

    fn has_acknowledged(&self) {
        self.acknowledges.store(true, Ordering::Release);
    }

    fn acknowledges(&self) -> bool {
        self.acknowledges.load(Ordering::Acquire) || self.window().is_some()
    }

    fn reserve(&self, n: usize) -> Result<(), FrameError> {
        self.unread
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |unread| {
                unread.checked_add(n).filter(|sum| *sum <= self.max_unread)
            })
            .map(drop)
            .map_err(|_| FrameError::Unread(self.max_unread))
    }

    fn release(&self, n: usize) {
        self.unread.fetch_sub(n, Ordering::Relaxed);
    }

    fn has_room(&self) -> bool {
        self.unread() < self.max_unread / 2
    }
}

/// Where a stream stands, for the end that owns its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Something may come or go.
    Open,
    /// All is sent and received; only the acknowledgement of our FIN is missing.
    AwaitsAck,
    /// The channel can be closed.
    Done,
}

/// What [`Stream`] and [`Channel`] share.
struct Shared {
    state: Mutex<State>,
    ready: Arc<Ready>,
    key: u32,
    /// Whether the key stands in `ready`.
    signalled: AtomicBool,
}

struct State {
    machine: Machine,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The machine stays consistent whoever panics: no call of it panics half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self) {
        if !self.signalled.swap(true, Ordering::AcqRel) {
            self.ready.push(self.key);
        }
    }
}

/// Makes the two faces of a stream: the program's and the end's. `key` is how `ready` names it.
pub fn new(limits: Limits, peer: Arc<Peer>, ready: Arc<Ready>, key: u32) -> (Stream, Channel) {
    pair(Machine::new(limits, peer, false), ready, key)
}

/// The same for the channel of the handshake, on which windows are announced.
pub fn first(limits: Limits, peer: Arc<Peer>, ready: Arc<Ready>, key: u32) -> (Stream, Channel) {
    pair(Machine::new(limits, peer, true), ready, key)
}

fn pair(machine: Machine, ready: Arc<Ready>, key: u32) -> (Stream, Channel) {
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            machine,
            reader: None,
            writer: None,
        }),
        ready,
        key,
        signalled: AtomicBool::new(false),
    });
    (
        Stream {
            shared: Arc::clone(&shared),
        },
        Channel { shared },
    )
}

/// A stream, as a program holds it. See the module for what closing and dropping do.
pub struct Stream {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("key", &self.shared.key).finish()
    }
}

impl Stream {
    /// Reads no more: what is unread is dropped, and the peer is asked to stop. Reads then give the end.
    pub fn stop_reading(&mut self) {
        self.shared.lock().machine.stop_reading();
        self.shared.signal();
    }

    fn call<R>(
        &self,
        side: impl FnOnce(&mut State) -> &mut Option<Waker>,
        cx: &Context<'_>,
        call: impl FnOnce(&mut Machine) -> io::Result<Option<R>>,
    ) -> Poll<io::Result<R>> {
        let mut state = self.shared.lock();
        let result = call(&mut state.machine);
        if matches!(result, Ok(None)) {
            let waker = side(&mut state);
            if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                *waker = Some(cx.waker().clone());
            }
        }
        let signal = state.machine.wants_end();
        drop(state);
        if signal {
            self.shared.signal();
        }
        match result.transpose() {
            Some(result) => Poll::Ready(result),
            None => Poll::Pending,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.call(|state| &mut state.reader, cx, |machine| machine.read(buffer))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.call(|state| &mut state.writer, cx, |machine| machine.write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.call(
            |state| &mut state.writer,
            cx,
            |machine| Ok(machine.flushed()?.then_some(())),
        )
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.call(
            |state| &mut state.writer,
            cx,
            |machine| Ok(machine.close()?.then_some(())),
        )
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.shared.lock().machine.abandon();
        self.shared.signal();
    }
}

/// A stream, as the end that owns its channel holds it.
pub struct Channel {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channel").field("key", &self.shared.key).finish()
    }
}

impl Channel {
    /// To be called when the channel's key was taken out of [`Ready`], before looking at the channel.
    pub fn attend(&self) {
        self.shared.signalled.store(false, Ordering::Release);
    }

    /// Puts the key into [`Ready`] (again), if it isn't in: for an end that stops in the middle.
    pub fn signal(&self) {
        self.shared.signal();
    }

    /// One message arrived on the channel. After an error the stream is broken and has frames to send that say so.
    pub fn push(&self, message: Bytes) -> Result<(), FrameError> {
        let mut state = self.shared.lock();
        let result = state.machine.push(message);
        let wake = match result {
            Ok(wake) => wake,
            Err(_) => Wake {
                reader: true,
                writer: true,
                end: true,
            },
        };
        self.wake(state, wake);
        result.map(drop)
    }

    /// The next message to send on the channel, if there is one. To be called while the channel's own buffer has room,
    /// since what is handed over counts as sent.
    pub fn next_frame(&self) -> Option<Bytes> {
        let mut state = self.shared.lock();
        let frame = state.machine.next_frame()?;
        self.wake(
            state,
            Wake {
                writer: true,
                ..Wake::default()
            },
        );
        Some(frame)
    }

    /// Where the stream stands.
    pub fn progress(&self) -> Progress {
        self.shared.lock().machine.progress()
    }

    /// The peer's acknowledgement took too long; the stream counts as finished.
    pub fn give_up_waiting(&self) {
        self.shared.lock().machine.give_up_waiting();
    }

    /// The channel is closed, by whomever.
    pub fn closed(&self) {
        let mut state = self.shared.lock();
        state.machine.channel_closed();
        self.wake(state, BOTH);
    }

    /// The connection is over.
    pub fn lost(&self, why: Closed) {
        let mut state = self.shared.lock();
        state.machine.connection_lost(why);
        self.wake(state, BOTH);
    }

    /// Bytes written by the program and not yet handed over.
    pub fn unsent(&self) -> usize {
        self.shared.lock().machine.unsent()
    }

    /// Bytes received and not yet read by the program.
    pub fn unread(&self) -> usize {
        self.shared.lock().machine.unread()
    }

    fn wake(&self, mut state: MutexGuard<'_, State>, wake: Wake) {
        let reader = wake.reader.then(|| state.reader.take()).flatten();
        let writer = wake.writer.then(|| state.writer.take()).flatten();
        drop(state);
        if wake.end {
            self.shared.signal();
        }
        reader.into_iter().chain(writer).for_each(Waker::wake);
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        // Nobody may wait for a channel that is no more.
        self.closed();
    }
}

const BOTH: Wake = Wake {
    reader: true,
    writer: true,
    end: false,
};

#[cfg(test)]
pub(crate) mod tests;
