//! The runtime as a whole: blocks on a small chain held in memory.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

mod accounts;
mod approvals;
mod auth;
mod blocks;
mod calls;
mod candidacy;
mod chain;
mod checks;
mod displacement;
mod domain;
mod epochs;
mod exchange;
mod fees;
mod follower;
mod gas;
mod issuing;
mod liveness;
mod marks;
mod msig;
mod operations;
mod prices;
mod properties;
mod ram;
mod ram_usage;
mod receipts;
mod rewards;
mod system;
mod token721;
mod tokens;
mod votes;
mod voting;
mod work;
