//! The page's connections to relays, tied to the bridge: what they bring goes to the worker, unread.

use credo_web::net::{self, Event};
use credo_web::protocol::{Environment, RelayId, ToWorker};

use crate::bridge::Bridge;
use crate::relays::Relay;

/// The running connections.
pub(crate) struct Plane(net::Handle);

impl Plane {
    /// Sends a frame's body.
    pub(crate) fn send(&self, relay: RelayId, bytes: Vec<u8>) {
        self.0.send(relay, bytes);
    }

    /// Closes a relay's stream.
    pub(crate) fn close(&self, relay: RelayId, reason: String, for_good: bool) {
        self.0.close(relay, reason, for_good);
    }

    /// The page's circumstances changed.
    pub(crate) fn environment(&self, change: Environment) {
        self.0.environment(change);
    }
}

/// Starts the connections and ties them to the bridge.
pub(crate) fn run(bridge: &Bridge, relays: Vec<Relay>) {
    let told = bridge.clone();
    let addresses = relays.into_iter().map(|relay| relay.addresses).collect();
    let handle = net::start(addresses, net::asked_transport(), move |event| {
        told.tell(match event {
            Event::Connected {
                relay,
                transport,
                dial_ms,
            } => ToWorker::Connected {
                relay,
                transport,
                dial_ms,
            },
            Event::Disconnected { relay, reason } => ToWorker::Disconnected { relay, reason },
            Event::Frame { relay, bytes } => ToWorker::Frame { relay, bytes },
        });
    });
    bridge.attach(Plane(handle));
}
