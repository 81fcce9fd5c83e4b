//! Transactions on their way into a block.
//!
//! [`Pool`] holds them, [`gossip`] passes them to the other nodes of the consensus plane. Everything is bounded:
//! [`MAX_POOL`] transactions in all, [`MAX_PER_SENDER`] of one publisher; a full pool refuses, it never forgets what
//! it took before it expires, is executed, or is found to be impossible.

pub mod gossip;
mod pool;

pub use pool::{MAX_PER_SENDER, MAX_POOL, Pool, PoolError};
