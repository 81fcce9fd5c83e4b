//! What can be set at the node's end, with limits for everything that a stranger can make grow.

use std::time::Duration;

use crate::ice::Version;
use crate::stream;

/// The limits of one transport. [`crate`]'s table says what happens at each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sessions of one listener whose peer is authenticated. Those that aren't have places of their own.
    pub max_sessions: usize,
    /// Sessions of one listener whose peer isn't authenticated yet.
    pub max_half_open: usize,
    /// Authenticated sessions from one source: an IPv4 address, or the /64 of an IPv6 address.
    pub max_sessions_per_source: usize,
    /// Sessions from one source whose peer isn't authenticated yet.
    pub max_half_open_per_source: usize,
    /// First contacts that are taken per second, by all sources together.
    pub max_first_contacts: u32,
    /// Channels of one session that are open at the same time, by whichever end. Our program opens half of them at most.
    pub max_channels: usize,
    /// Streams that the peer opened and our program hasn't taken yet.
    pub max_waiting_streams: usize,
    /// Bytes of datagrams that wait for one session.
    pub max_queued_bytes: usize,
    /// Bytes that SCTP holds for sending and until acknowledgement, per session; a near peer needs and gets fewer.
    pub max_in_flight: usize,
    /// Of the session's streams.
    pub streams: stream::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_sessions: 1024,
            max_half_open: 128,
            max_sessions_per_source: 256,
            max_half_open_per_source: 32,
            max_first_contacts: 500,
            max_channels: 256,
            max_waiting_streams: 256,
            max_queued_bytes: 1024 * 1024,
            max_in_flight: 1024 * 1024,
            streams: stream::Limits::default(),
        }
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Each step of the establishment.
    pub step: Duration,
    /// Nothing is heard from a peer for so long: it is asked whether it still is there, again and again.
    pub ask_after: Duration,
    /// Nothing is heard for so long in spite of that: the session is over.
    pub silence: Duration,
    /// The acknowledgement of a stream's end.
    pub acknowledgement: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            step: Duration::from_millis(2900),
            ask_after: Duration::from_millis(2750),
            silence: Duration::from_millis(5500),
            acknowledgement: Duration::from_secs(5),
        }
    }
}

/// A transport's configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The limits.
    pub limits: Limits,
    /// The times.
    pub times: Times,
    /// The version that dials speak. Listeners speak both.
    pub dial_version: Version,
}

impl Config {
    /// Other limits.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Other times.
    pub fn with_times(mut self, times: Times) -> Self {
        self.times = times;
        self
    }

    /// Another version for dials.
    pub fn with_dial_version(mut self, version: Version) -> Self {
        self.dial_version = version;
        self
    }
}
