//! The state of one stream, without any waiting: bytes and frames go in, frames and bytes come out.

mod program;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Buf as _, Bytes, BytesMut};

use super::{Limits, Peer, Progress};
use crate::error::{Closed, FrameError};
use crate::frame::{self, Decoder, Flag, Frame, HEADER, MAX_FRAME};

/// The half that we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Write {
    /// Takes bytes.
    Open,
    /// Closed by our side; FIN goes out after what is queued.
    Closing,
    /// FIN is sent.
    Fin,
    /// FIN is acknowledged, or nobody waits for that any more.
    Finished,
    /// The peer doesn't want more.
    Stopped,
    /// We gave up.
    Reset,
}

/// The half that we read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    /// Takes frames.
    Open,
    /// FIN has come.
    Finished,
    /// The peer gave up.
    Reset,
    /// We don't want more.
    Stopped,
    /// The peer broke the rules or a limit.
    Broken(FrameError),
}

/// Why the channel is no more.
#[derive(Clone, Debug)]
enum Gone {
    /// The peer closed it, or we did when both halves were over.
    Channel,
    /// The whole connection ended.
    Connection(Closed),
}

/// What a change calls for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wake {
    /// Whoever reads should look again.
    pub(super) reader: bool,
    /// Whoever writes should look again.
    pub(super) writer: bool,
    /// Whoever owns the channel should look again.
    pub(super) end: bool,
}

/// See the module.
pub(super) struct Machine {
    limits: Limits,
    peer: Arc<Peer>,
    /// The handshake's channel, on which windows are announced.
    first: bool,

    write: Write,
    /// Payloads, each with [`HEADER`] bytes of room before it.
    queue: VecDeque<BytesMut>,
    /// Bytes of payload in the queue.
    unsent: usize,
    /// Bytes of payload handed over so far.
    sent: u64,
    /// Up to where the peer lets us send, if it has said so.
    granted_by_peer: u64,

    send_announcement: bool,
    send_reset: bool,
    send_stop: bool,
    send_fin_ack: bool,
    send_window: bool,

    read: Read,
    decoder: Decoder,
    chunks: VecDeque<Bytes>,
    /// Small payloads, gathered, so that memory stays in proportion to bytes.
    tail: BytesMut,
    unread: usize,
    consumed: u64,
    granted_to_peer: u64,
    window: u64,

    gone: Option<Gone>,
}

/// Longer messages break the reader of the stock Rust node, so only peers that are known to be of this crate get them.
const MAX_FRAME_TO_STRANGERS: usize = 8 * 1024;
/// Payloads that are smaller, or a small part of the message in which they came, are copied.
const SHARE_FROM: usize = 1024;
/// The tail is closed when it has so much.
const TAIL: usize = 16 * 1024;

impl Machine {
    pub(super) fn new(mut limits: Limits, peer: Arc<Peer>, first: bool) -> Self {
        let window = limits.window.max(Peer::MIN_WINDOW);
        limits.max_window = limits.max_window.max(window);
        // Who keeps to its window mustn't break the stream.
        limits.max_unread = limits
            .max_unread
            .max(usize::try_from(limits.max_window).unwrap_or(usize::MAX));
        Self {
            limits,
            peer,
            first,
            write: Write::Open,
            queue: VecDeque::new(),
            unsent: 0,
            sent: 0,
            granted_by_peer: 0,
            send_announcement: first,
            send_reset: false,
            send_stop: false,
            send_fin_ack: false,
            send_window: false,
            read: Read::Open,
            decoder: Decoder::default(),
            chunks: VecDeque::new(),
            tail: BytesMut::new(),
            unread: 0,
            consumed: 0,
            granted_to_peer: window,
            window,
            gone: None,
        }
    }

    /// The next frame to send, if there is one.
    pub(super) fn next_frame(&mut self) -> Option<Bytes> {
        if self.gone.is_some() {
            return None;
        }
        if std::mem::take(&mut self.send_reset) {
            return Some(Frame::flag(Flag::Reset).encode());
        }
        if std::mem::take(&mut self.send_stop) {
            return Some(Frame::flag(Flag::StopSending).encode());
        }
        if self.may_acknowledge() {
            self.send_fin_ack = false;
            return Some(Frame::flag(Flag::FinAck).encode());
        }
        if std::mem::take(&mut self.send_window) {
            return Some(Frame::window(self.granted_to_peer).encode());
        }
        if self.may_send()
            && let Some(chunk) = self.queue.pop_front()
        {
            let n = chunk.len() - HEADER;
            self.unsent -= n;
            self.sent += n as u64;
            if std::mem::take(&mut self.send_announcement) {
                return Some(self.announcing(chunk));
            }
            return Some(frame::encode_in_place(chunk));
        }
        if self.write == Write::Closing && self.queue.is_empty() {
            self.write = Write::Fin;
            return Some(Frame::flag(Flag::Fin).encode());
        }
        None
    }

    /// The handshake's first frame, with our window if there is room for it.
    fn announcing(&mut self, mut chunk: BytesMut) -> Bytes {
        if chunk.len() + 2 + 10 > MAX_FRAME {
            return frame::encode_in_place(chunk);
        }
        chunk.advance(HEADER);
        Frame {
            flag: None,
            message: chunk.freeze(),
            window: Some(self.window),
        }
        .encode()
    }

    /// Whether the next payload fits what the peer grants.
    fn may_send(&self) -> bool {
        let Some(chunk) = self.queue.front() else {
            return false;
        };
        let Some(window) = self.peer.window().filter(|_| !self.first) else {
            return true;
        };
        self.sent + (chunk.len() - HEADER) as u64 <= window.max(self.granted_by_peer)
    }

    /// An acknowledgement breaks readers that don't know it, unless they have read to our end.
    fn may_acknowledge(&self) -> bool {
        self.send_fin_ack && (self.peer.acknowledges() || !matches!(self.write, Write::Open | Write::Closing))
    }

    /// One message of the channel. On an error the stream is broken, and frames that say so are ready.
    pub(super) fn push(&mut self, mut message: Bytes) -> Result<Wake, FrameError> {
        let mut wake = Wake::default();
        if self.gone.is_some() || matches!(self.read, Read::Broken(_)) {
            return Ok(wake);
        }
        let whole = message.len();
        loop {
            let result = match self.decoder.next(&mut message) {
                Ok(Some(frame)) => self.push_frame(frame, whole, &mut wake),
                Ok(None) => return Ok(wake),
                Err(error) => Err(error),
            };
            if let Err(error) = result {
                self.break_off(error);
                return Err(error);
            }
        }
    }

    fn push_frame(&mut self, frame: Frame, whole: usize, wake: &mut Wake) -> Result<(), FrameError> {
        if let Some(window) = frame.window {
            if self.first {
                self.peer.announce(window)?;
            } else if window > self.granted_by_peer {
                self.granted_by_peer = window;
                wake.end = true;
            }
        }
        if !frame.message.is_empty() && self.read == Read::Open {
            self.keep(frame.message, whole)?;
            wake.reader = true;
        }
        match frame.flag {
            None => {}
            Some(Flag::Fin) => {
                if self.read == Read::Open {
                    self.read = Read::Finished;
                    wake.reader = true;
                }
                self.send_fin_ack = true;
                wake.end = true;
            }
            Some(Flag::Reset) => {
                // After FIN, which ends what is sent in order, there is nothing left to give up.
                if self.read == Read::Open {
                    self.read = Read::Reset;
                    self.clear_unread();
                    wake.reader = true;
                }
                self.send_stop = false;
                wake.end = true;
            }
            Some(Flag::StopSending) if matches!(self.write, Write::Reset | Write::Finished) => {}
            Some(Flag::StopSending) => {
                self.write = Write::Stopped;
                self.clear_unsent();
                wake.writer = true;
                wake.end = true;
            }
            Some(Flag::FinAck) => {
                self.peer.has_acknowledged();
                if self.write == Write::Fin {
                    self.write = Write::Finished;
                    wake.end = true;
                }
            }
        }
        Ok(())
    }

    fn keep(&mut self, payload: Bytes, whole: usize) -> Result<(), FrameError> {
        let n = payload.len();
        if self.unread + n > self.limits.max_unread {
            return Err(FrameError::Unread(self.limits.max_unread));
        }
        self.peer.reserve(n)?;
        self.unread += n;
        if n >= SHARE_FROM && 2 * n >= whole {
            self.close_tail();
            self.chunks.push_back(payload);
        } else {
            if self.tail.len() + n > TAIL {
                self.close_tail();
            }
            self.tail.extend_from_slice(&payload);
        }
        Ok(())
    }

    fn close_tail(&mut self) {
        if !self.tail.is_empty() {
            self.chunks.push_back(std::mem::take(&mut self.tail).freeze());
        }
    }

    fn break_off(&mut self, error: FrameError) {
        self.clear_unread();
        if matches!(self.read, Read::Open) {
            self.send_stop = true;
        }
        self.read = Read::Broken(error);
        self.give_up_writing();
    }

    /// Lets the peer send more once half of the window is read; the window grows while memory allows.
    fn grant(&mut self) {
        if self.peer.window().is_none() || self.read != Read::Open || self.first {
            return;
        }
        let next = self.consumed + self.window;
        if next.saturating_sub(self.granted_to_peer) >= self.window / 2 {
            if self.window < self.limits.max_window && self.peer.has_room() {
                self.window = (2 * self.window).min(self.limits.max_window);
            }
            self.granted_to_peer = self.consumed + self.window;
            self.send_window = true;
        }
    }

    /// Where the stream stands.
    pub(super) fn progress(&self) -> Progress {
        if self.gone.is_some() {
            return Progress::Done;
        }
        if self.read == Read::Open || self.send_reset || self.send_stop || self.send_fin_ack {
            return Progress::Open;
        }
        match self.write {
            Write::Open | Write::Closing => Progress::Open,
            Write::Fin => Progress::AwaitsAck,
            Write::Finished | Write::Stopped | Write::Reset => Progress::Done,
        }
    }

    /// Nobody waits for the acknowledgement any more.
    pub(super) fn give_up_waiting(&mut self) {
        if self.write == Write::Fin {
            self.write = Write::Finished;
        }
    }

    /// The channel is closed.
    pub(super) fn channel_closed(&mut self) {
        self.gone.get_or_insert(Gone::Channel);
    }

    /// The connection is over.
    pub(super) fn connection_lost(&mut self, why: Closed) {
        self.gone.get_or_insert(Gone::Connection(why));
    }

    /// Bytes written and not handed over.
    pub(super) fn unsent(&self) -> usize {
        self.unsent
    }

    /// Bytes received and not read.
    pub(super) fn unread(&self) -> usize {
        self.unread
    }

    fn clear_unsent(&mut self) {
        self.queue = VecDeque::new();
        self.unsent = 0;
    }

    fn clear_unread(&mut self) {
        self.chunks = VecDeque::new();
        self.tail = BytesMut::new();
        self.peer.release(std::mem::take(&mut self.unread));
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.clear_unread();
    }
}
