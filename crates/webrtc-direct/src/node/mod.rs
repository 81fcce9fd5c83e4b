//! The node's end: listens and dials.

mod certificate;
mod claims;
mod config;
mod connection;
pub mod demux;
mod engine;
mod flight;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod listener;
mod parts;
mod session;
mod setup;
mod stats;
mod stun;
mod transport;
mod udp;

pub use certificate::Certificate;
pub use config::{Config, Limits, Times};
pub use connection::Connection;
pub use stats::{Stats, StatsHandle};
pub use transport::Transport;

#[cfg(test)]
mod tests;
