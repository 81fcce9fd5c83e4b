//! The runtime as a whole: blocks on a small chain held in memory.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

mod accounts;
mod blocks;
mod calls;
mod candidacy;
mod chain;
mod epochs;
mod fees;
mod gas;
mod liveness;
mod properties;
mod ram;
mod rewards;
mod tokens;
mod votes;
