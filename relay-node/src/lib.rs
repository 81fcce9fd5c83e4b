//! A Credo full node.

pub mod budget;
pub mod call_cli;
pub mod cli;
pub mod consensus;
pub mod devnet;
pub mod executor;
pub mod genesis_cli;
pub mod http;
pub mod key_cli;
pub mod light_cli;
pub mod mempool;
pub mod node;
pub mod public;
mod publish;
pub mod service;
pub mod simulate;
