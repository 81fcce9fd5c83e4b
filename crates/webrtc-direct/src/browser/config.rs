//! What can be set, and the limits with what happens at each.

use std::time::Duration;

use libp2p_identity::Keypair;

use crate::stream;

/// The limits of one end.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// What each stream may hold.
    pub streams: stream::Limits,
    /// Channels of one connection at the same time. At the limit, opening waits; a channel of the node's is closed.
    pub channels: usize,
    /// Channels that the node has opened and that wait to be accepted. At the limit, the next is closed.
    pub waiting_channels: usize,
    /// How long no answer to a check may come before the other version is tried as well.
    pub second_version_after: Duration,
    /// How long, from the beginning of a dial, a node may take to answer the first check.
    pub first_answer: Duration,
    /// How long each of the later steps may take: the DTLS handshake, the first channel, the Noise handshake.
    pub step: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            streams: stream::Limits::default(),
            channels: 256,
            waiting_channels: 32,
            second_version_after: Duration::from_millis(1_000),
            first_answer: Duration::from_millis(2_700),
            step: Duration::from_millis(2_700),
        }
    }
}

/// What a [`super::Transport`] is made from.
#[derive(Clone)]
pub struct Config {
    pub(super) keypair: Keypair,
    pub(super) limits: Limits,
}

// The key stays out of logs.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// The key is this end's identity.
    pub fn new(keypair: &Keypair) -> Self {
        Self {
            keypair: keypair.clone(),
            limits: Limits::default(),
        }
    }

    /// Changes limits.
    #[must_use]
    pub fn with_limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }
}
