//! The runtime as a whole: blocks on a small chain held in memory.
#![allow(clippy::unwrap_used)]

mod accounts;
mod blocks;
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
