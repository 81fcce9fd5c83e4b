//! Which relays to dial: what the page's own server says, or what it said last.

use gloo::net::http::Request;
use serde::{Deserialize, Serialize};

use crate::browser::{recall, remember};

const KEY: &str = "credo.relays";
/// More relays than this aren't dialed: each costs a connection and a cross-check.
const MOST: usize = 8;

/// The answer at `/relays`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Directory {
    /// The chain's spec hash as the server states it; the worker decides what to think of it.
    #[serde(default)]
    pub(crate) spec: Option<String>,
    /// Does the server say that this is a devnet?
    #[serde(default)]
    pub(crate) devnet: bool,
    /// The relays.
    pub(crate) relays: Vec<Relay>,
}

/// A relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Relay {
    /// For people.
    #[serde(default)]
    pub(crate) name: String,
    /// Multiaddresses, each way in.
    pub(crate) addresses: Vec<String>,
}

/// Asks the server that the page came from; falls back on what it said last. The error says why neither is there.
pub(crate) async fn find() -> Result<Directory, String> {
    match fetch().await {
        Ok(directory) => {
            if let Ok(text) = serde_json::to_string(&directory) {
                remember(KEY, &text);
            }
            Ok(directory)
        }
        Err(error) => remembered().ok_or(error),
    }
}

fn remembered() -> Option<Directory> {
    let directory: Directory = serde_json::from_str(&recall(KEY)?).ok()?;
    (!directory.relays.is_empty()).then_some(directory)
}

async fn fetch() -> Result<Directory, String> {
    let answer = Request::get("/relays").send().await.map_err(|_| {
        "The server that this page came from doesn't answer, and no relay is remembered.".to_owned()
    })?;
    if !answer.ok() {
        return Err(format!(
            "The server that this page came from names no relays (status {}).",
            answer.status()
        ));
    }
    let mut directory: Directory = answer
        .json()
        .await
        .map_err(|_| "The server's list of relays can't be read.".to_owned())?;
    directory.relays.retain(|relay| !relay.addresses.is_empty());
    directory.relays.truncate(MOST);
    if directory.relays.is_empty() {
        return Err("The server that this page came from names no relay yet.".to_owned());
    }
    Ok(directory)
}

impl Relay {
    /// How the worker and the screen call it: by its first address.
    pub(crate) fn label(&self) -> String {
        self.addresses
            .first()
            .cloned()
            .unwrap_or_else(|| self.name.clone())
    }
}
