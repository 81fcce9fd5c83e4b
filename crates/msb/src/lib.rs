//! Micro State Blocks (P-30 to P-32).
//!
//! - **P-30** The last block of an epoch is its MSB block. It carries no user transaction; its certificate ends the
//!   epoch.
//! - **P-31** The [`MsbHeader`] fixes the epoch's transactions, the state, the next committee, and the history before
//!   it as the root of a Merkle mountain range.
//! - **P-32** A [`HandOver`] is the MSB block's header, the MSB header and the certificate by the epoch's committee.
//!   [`HandOver::verify`] is the one check of it.

mod hand_over;
mod header;
mod history;

pub use hand_over::{HandOver, HandOverError};
pub use header::{CouncilMember, MSB_VERSION, MsbHeader, ShardCommittee};
pub use history::{History, HistoryProof};
