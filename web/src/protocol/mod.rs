//! The typed messages between the page and its worker.
//!
//! The page holds connections and the view; the worker holds the light client, the keystore and IndexedDB. The page
//! never interprets a frame's body and never decides what is proved: it draws the [`View`] that the worker sends.

mod account;
mod command;
mod view;

pub use account::{
    AccountView, ActionView, ApprovalView, GasView, GroupView, ItemView, NeedView, PermissionView,
    PledgeView, ProposalView, RamView, ReturnView, RewardsView, StakedView, VoidView, VoteView,
};
pub use command::{Command, Intent, NameStatus, NodeText, ProposedAction, Reply, Review, Secret};
pub use view::{
    ActivityView, CandidateView, CandidatesView, ChainView, Face, Found, HeadView, KeysView, LossView,
    NodeStatus, RelayView, SeatView, Shown, Stage, Sync, View,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wasm_bindgen::JsValue;

/// A message as `postMessage` takes it: plain objects, bytes as `Uint8Array`.
pub fn to_js<T: Serialize>(message: &T) -> Result<JsValue, serde_wasm_bindgen::Error> {
    message.serialize(&serde_wasm_bindgen::Serializer::new())
}

/// The message in what `onmessage` brought.
pub fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, serde_wasm_bindgen::Error> {
    serde_wasm_bindgen::from_value(value)
}

/// A relay's number within this page.
pub type RelayId = u32;

/// The way in to a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transport {
    /// WebRTC-direct.
    WebRtc,
    /// WebSocket.
    WebSocket,
}

/// What the page tells the worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ToWorker {
    /// First of all.
    Start {
        /// Spec hash (hex) compiled into the build; `None` on a build for devnets, which pin at first use.
        pinned: Option<String>,
        /// The relays that the page will dial, in order of their ids from 0.
        relays: Vec<String>,
    },
    /// A relay's stream is open.
    Connected {
        /// Which.
        relay: RelayId,
        /// How.
        transport: Transport,
        /// How long the dial took.
        dial_ms: f64,
    },
    /// A relay's stream is closed or couldn't be opened; the page re-dials by itself.
    Disconnected {
        /// Which.
        relay: RelayId,
        /// Why, in a sentence.
        reason: String,
    },
    /// A whole frame's body from a relay.
    Frame {
        /// From which.
        relay: RelayId,
        /// The encoded `credo_wire::Message`.
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// The page's circumstances changed.
    Environment(Environment),
    /// A command of the user, answered by [`FromWorker::Reply`] with the same id.
    Command {
        /// Chosen by the page.
        id: u32,
        /// What to do.
        command: Command,
    },
}

/// The page's circumstances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Environment {
    /// The network is back.
    Online,
    /// No network.
    Offline,
    /// The page is hidden.
    Hidden,
    /// The page is visible (again).
    Visible,
    /// The page woke from a freeze or sleep.
    Resumed,
    /// The user did something: postpones the auto-lock.
    Activity,
}

/// What the worker tells the page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum FromWorker {
    /// First of all: the worker listens. What is posted to it while its module still loads would be lost, so the page
    /// keeps everything, [`ToWorker::Start`] too, until the worker's first message.
    Ready,
    /// Send a frame's body to a relay.
    Send {
        /// To which.
        relay: RelayId,
        /// The encoded `credo_wire::Message`.
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// Close a relay's stream (silent, or caught lying) and re-dial unless `for_good`.
    Close {
        /// Which.
        relay: RelayId,
        /// Why, in a sentence.
        reason: String,
        /// Caught lying or on another chain: don't dial it again.
        for_good: bool,
    },
    /// The new view, whole but for the list of Servi nodes, which may ride on [`FromWorker::Candidates`].
    View(Box<View>),
    /// The list of Servi nodes, sent only when it or its face changed: it can be a megabyte, too much to ride on the
    /// view of every block. The page keeps the last one; [`View::candidates`], where it is there, replaces it.
    Candidates(Box<Shown<CandidatesView>>),
    /// To a command.
    Reply {
        /// The command's id.
        id: u32,
        /// Its result; an error is a sentence with a next step.
        result: Result<Reply, String>,
    },
}
