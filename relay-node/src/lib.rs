//! A Credo full node.

pub mod cli;
pub mod consensus;
pub mod devnet;
pub mod executor;
pub mod http;
pub mod light_cli;
pub mod mempool;
pub mod node;
pub mod public;
pub mod service;
pub mod simulate;
