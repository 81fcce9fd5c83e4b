//! The relays that a page is told of: this node, and others on this machine whose data directories are named.
//!
//! Each node with a public plane writes its name and addresses into its data directory; who serves pages reads them
//! again every few seconds, since the others may start later.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::http::{RelayInfo, Relays};

use super::data_dir::{DataDirError, write_durably};

/// Where a node says how light clients reach it.
pub const RELAY_FILE: &str = "relay.json";
const LOOK_AGAIN: Duration = Duration::from_secs(2);
const MAX_FILE: u64 = 64 * 1024;

/// Writes a node's own entry.
pub(super) fn announce(data: &Path, info: &RelayInfo) -> Result<(), DataDirError> {
    let text = serde_json::to_vec_pretty(info).unwrap_or_default();
    write_durably(&data.join(RELAY_FILE), &text, 0o644)
}

fn read(data: &Path) -> Option<RelayInfo> {
    let path = data.join(RELAY_FILE);
    if std::fs::metadata(&path).ok()?.len() > MAX_FILE {
        return None;
    }
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Keeps `relays` up to date: `own` first, then what is found in `others`.
pub(super) async fn follow(relays: Relays, own: Option<RelayInfo>, others: Vec<PathBuf>) {
    loop {
        let found = others.iter().filter_map(|data| read(data));
        relays.set(own.iter().cloned().chain(found).collect());
        if others.is_empty() {
            return;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
