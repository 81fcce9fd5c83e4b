//! The page's connections to relays.
//!
//! [`start`] keeps one connection to each relay: dials WebRTC-direct first and WebSocket a second later, keeps the
//! first whose stream opens, and dials again when it breaks. Whole frames go out by [`Handle::send`] and come in as
//! [`Event::Frame`]; nothing is interpreted here but the relay's heartbeat, which is answered at once, so that a busy
//! verifier doesn't look like a dead page.
//!
//! One swarm serves the whole page ([`driver`]); a relay's dialing is a state machine without effects ([`link`]); an
//! open stream has a reading task that awaits nothing but the stream ([`pipe`]), because the browser keeps only
//! 16 KiB unread. Bounds: a frame ([`credo_wire::MAX_FRAME`]), frames waiting to be sent (64 a relay), relays
//! (16).

mod driver;
mod link;
mod pipe;

use futures::channel::mpsc;

use crate::protocol::{Environment, RelayId, Transport};

/// Most relays that are connected.
const MAX_RELAYS: usize = 16;
/// Commands that wait for the driver; it takes them in the same turn of the event loop.
const COMMANDS: usize = 1_024;

/// What happens to a relay's connection.
#[derive(Clone, Debug)]
pub enum Event {
    /// Its stream is open.
    Connected {
        /// Which relay: its place in the list given to [`start`].
        relay: RelayId,
        /// The way in.
        transport: Transport,
        /// From the dial's beginning.
        dial_ms: f64,
    },
    /// Its stream is closed or couldn't be opened; it will be dialed again, unless closed for good.
    Disconnected {
        /// Which relay.
        relay: RelayId,
        /// Why, in a sentence.
        reason: String,
    },
    /// A whole frame's body.
    Frame {
        /// From which relay.
        relay: RelayId,
        /// The encoded `credo_wire::Message`.
        bytes: Vec<u8>,
    },
}

pub(crate) enum Command {
    Send(RelayId, Vec<u8>),
    Close(RelayId, String, bool),
    Kick,
    Leave,
}

/// Talks to the running connections; clones are the same.
#[derive(Clone, Debug)]
pub struct Handle(mpsc::Sender<Command>);

impl Handle {
    fn tell(&self, command: Command) {
        // Full only if the driver is gone; then there is nobody to tell.
        let _ = self.0.clone().try_send(command);
    }

    /// Sends a frame's body to a relay; dropped when it isn't connected.
    pub fn send(&self, relay: RelayId, bytes: Vec<u8>) {
        self.tell(Command::Send(relay, bytes));
    }

    /// Closes a relay's connection; it is dialed again unless `for_good`.
    pub fn close(&self, relay: RelayId, reason: String, for_good: bool) {
        self.tell(Command::Close(relay, reason, for_good));
    }

    /// The network may be back: dial at once what isn't connected, and find out whether what is still answers.
    pub fn kick(&self) {
        self.tell(Command::Kick);
    }

    /// What a change of the page's circumstances means for connections.
    pub fn environment(&self, change: Environment) {
        match change {
            Environment::Online | Environment::Visible | Environment::Resumed => self.kick(),
            Environment::Offline | Environment::Hidden | Environment::Activity => {}
        }
    }
}

/// Dials every relay (each a list of multiaddrs) and keeps them connected. `only` forces one way in; without it both
/// are tried. Events come in the page's event loop, never from within this call.
pub fn start(
    relays: Vec<Vec<String>>,
    only: Option<Transport>,
    on_event: impl Fn(Event) + 'static,
) -> Handle {
    let (sender, commands) = mpsc::channel(COMMANDS);
    let links = relays
        .into_iter()
        .take(MAX_RELAYS)
        .map(|addresses| link::Link::new(&addresses, only))
        .collect();
    wasm_bindgen_futures::spawn_local(driver::run(links, commands, on_event));
    Handle(sender)
}

/// The way in that the page's address asks for: `?transport=webrtc` or `?transport=ws`.
pub fn asked_transport() -> Option<Transport> {
    let query = web_sys::window()?.location().search().ok()?;
    let mut pairs = query
        .trim_start_matches('?')
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    match pairs.find(|(name, _)| *name == "transport")?.1 {
        "webrtc" => Some(Transport::WebRtc),
        "ws" | "websocket" => Some(Transport::WebSocket),
        _ => None,
    }
}
