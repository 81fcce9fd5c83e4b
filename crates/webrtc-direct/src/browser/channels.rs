//! The channels of one session: each a data channel of the browser's with the shared stream on top.
//!
//! - What is written goes to the browser while it holds less than [`HIGH`] bytes of the channel unsent, and again when
//!   it holds less than [`LOW`]: that is the back-pressure.
//! - A channel is closed when its stream is finished; the browser sends what it still holds. An acknowledgement is
//!   waited for [`PATIENCE`] long.
//! - To a node of version 1 a frame of more than [`OLD_MESSAGE`] bytes goes in two messages: the stock Rust node reads
//!   no longer ones, and everybody reads frames in pieces.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use wasm_bindgen::JsCast as _;
use web_sys::{Event, RtcDataChannel, RtcDataChannelState};

use super::config::Limits;
use super::listener::Listener;
use crate::error::Closed;
use crate::ice::Version;
use crate::stream::{self, Channel, Peer, Progress, Ready, Stream};

/// Bytes that the browser holds unsent, per channel, at which nothing more is given to it.
const HIGH: u32 = 256 * 1024;
/// Bytes below which it is given more.
const LOW: u32 = 64 * 1024;
/// How long the acknowledgement of a finished stream is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest message that the stock Rust node reads.
const OLD_MESSAGE: usize = 8 * 1024;

/// One channel. Dropping it removes its listeners and closes it.
pub(super) struct Entry {
    // First, so that no event comes once the rest goes.
    _listeners: Vec<Listener>,
    rtc: RtcDataChannel,
    channel: Channel,
    /// How long an acknowledgement has been waited for.
    waited: Option<Duration>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.rtc.close();
    }
}

/// The channels of a session.
pub(super) struct Channels {
    limits: stream::Limits,
    longest_message: usize,
    peer: Arc<Peer>,
    ready: Arc<Ready>,
    entries: HashMap<u32, Entry>,
    last_key: Option<u32>,
    /// Why there are none any more.
    ended: Option<Closed>,
}

impl Channels {
    pub(super) fn new(limits: &Limits, ready: Arc<Ready>, version: Version) -> Self {
        Self {
            limits: limits.streams,
            longest_message: match version {
                Version::V1 => OLD_MESSAGE,
                Version::V2 => usize::MAX,
            },
            peer: Peer::new(&limits.streams),
            ready,
            entries: HashMap::new(),
            last_key: None,
            ended: None,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.entries.len()
    }

    /// A key that no channel has. The first is 0, the handshake's.
    pub(super) fn next_key(&mut self) -> u32 {
        let mut key = self.last_key.map_or(0, |key| key.wrapping_add(1));
        while key == 0 && self.last_key.is_some() || self.entries.contains_key(&key) {
            key = key.wrapping_add(1);
        }
        self.last_key = Some(key);
        key
    }

    /// Takes a channel in.
    pub(super) fn add(&mut self, key: u32, rtc: RtcDataChannel, listeners: Vec<Listener>) -> Stream {
        let make = if key == 0 { stream::first } else { stream::new };
        let (stream, channel) = make(self.limits, self.peer.clone(), self.ready.clone(), key);
        rtc.set_binary_type(web_sys::RtcDataChannelType::Arraybuffer);
        rtc.set_buffered_amount_low_threshold(LOW);
        let entry = Entry {
            _listeners: listeners,
            rtc,
            channel,
            waited: None,
        };
        match &self.ended {
            Some(why) => entry.channel.lost(why.clone()),
            None => {
                self.entries.insert(key, entry);
            }
        }
        stream
    }

    /// Has a channel looked at again: it opened, or the browser has sent what it held.
    pub(super) fn look_again(&self, key: u32) {
        if let Some(entry) = self.entries.get(&key) {
            entry.channel.signal();
        }
    }

    /// A message came.
    pub(super) fn on_message(&self, key: u32, event: &Event) {
        let Some(entry) = self.entries.get(&key) else {
            return;
        };
        let data = Reflect::get(event, &"data".into()).unwrap_or_default();
        let bytes = match data.dyn_ref::<ArrayBuffer>() {
            Some(buffer) => Uint8Array::new(buffer).to_vec(),
            // Nobody should send text; its bytes are taken for what they are.
            None => data.as_string().unwrap_or_default().into_bytes(),
        };
        if let Err(error) = entry.channel.push(Bytes::from(bytes)) {
            tracing::debug!(%error, "a stream is broken off");
        }
    }

    /// The channel closed.
    pub(super) fn on_close(&mut self, key: u32) -> Option<Entry> {
        let entry = self.entries.remove(&key)?;
        entry.channel.closed();
        Some(entry)
    }

    /// Sends what a channel has to send; yields it if it is finished.
    pub(super) fn attend(&mut self, key: u32) -> Option<Entry> {
        let entry = self.entries.get_mut(&key)?;
        entry.channel.attend();
        match entry.rtc.ready_state() {
            RtcDataChannelState::Open => {
                while entry.rtc.buffered_amount() < HIGH
                    && let Some(frame) = entry.channel.next_frame()
                {
                    // It fails when the channel is closing, which its own event tells.
                    if send(&entry.rtc, &frame, self.longest_message).is_err() {
                        break;
                    }
                }
            }
            RtcDataChannelState::Connecting => return None,
            _ => {}
        }
        match entry.channel.progress() {
            Progress::Open => None,
            Progress::AwaitsAck => {
                entry.waited.get_or_insert_default();
                None
            }
            Progress::Done => {
                let entry = self.entries.remove(&key)?;
                entry.channel.closed();
                Some(entry)
            }
        }
    }

    /// So much later: gives up on acknowledgements that don't come.
    pub(super) fn sweep(&mut self, later: Duration) {
        for entry in self.entries.values_mut() {
            let Some(waited) = &mut entry.waited else {
                continue;
            };
            *waited += later;
            if *waited >= PATIENCE {
                entry.channel.give_up_waiting();
                entry.channel.signal();
            }
        }
    }

    /// The session is over.
    pub(super) fn end(&mut self, why: &Closed) -> Vec<Entry> {
        self.ended = Some(why.clone());
        let entries: Vec<_> = self.entries.drain().map(|(_, entry)| entry).collect();
        for entry in &entries {
            entry.channel.lost(why.clone());
        }
        entries
    }
}

fn send(rtc: &RtcDataChannel, frame: &[u8], longest: usize) -> Result<(), wasm_bindgen::JsValue> {
    for message in frame.chunks(longest) {
        rtc.send_with_u8_array(message)?;
    }
    Ok(())
}
