//! The page's connections to relays, as the bridge uses them.

use credo_web::protocol::{Environment, RelayId};

/// A running public plane.
pub(crate) struct Plane {}

impl Plane {
    pub(crate) fn send(&self, _relay: RelayId, _bytes: Vec<u8>) {}
    pub(crate) fn close(&self, _relay: RelayId, _reason: String, _for_good: bool) {}
    pub(crate) fn environment(&self, _change: Environment) {}
}

/// Starts the connections and ties them to the bridge.
pub(crate) fn run(bridge: &crate::bridge::Bridge, _relays: Vec<crate::relays::Relay>) {
    bridge.attach(Plane {});
}
