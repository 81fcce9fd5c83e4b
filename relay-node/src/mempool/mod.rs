//! Transactions on their way into a block.
//!
//! [`Admission`] checks what arrives, cheap things first; [`Pool`] holds what was admitted; [`gossip`] passes it to the
//! other nodes of the consensus plane. Everything is bounded: [`MAX_POOL`] transactions in all, [`MAX_PER_SENDER`] of one
//! publisher, and together no more gas than that publisher has; [`MAX_AHEAD`] whose time is still to come. A full pool
//! refuses, unless the newcomer offers a higher gas ratio than the last in order, which then leaves.

mod admission;
pub mod gossip;
mod pool;

pub use admission::{Admission, Origin};
pub use pool::{MAX_AHEAD, MAX_AHEAD_PER_SENDER, MAX_PER_SENDER, MAX_POOL, Pool, PoolError};
