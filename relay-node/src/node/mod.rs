//! One node: its data directory, its configuration, and everything it runs.
//!
//! Each node has a runtime of its own, in a thread of its own when several share a process, so a devnet's nodes are
//! exactly what `relay-node run` runs, and their data directories are the same.

mod config;
mod data_dir;
pub(crate) mod own;
mod relays;
mod run;
mod service;

pub use config::{ConfigError, FileConfig, HttpSection, NodeConfig, PublicSection, load_genesis};
pub(crate) use data_dir::write_new;
pub use data_dir::{DataDir, DataDirError, FORMAT, possession, public_key};
pub use relays::RELAY_FILE;
pub(crate) use run::{FAUCET_ACCOUNT, WELL_KNOWN_KEY};
pub use run::{NodeError, Ready, RunningNode, run, spawn};
pub use service::NodeService;
