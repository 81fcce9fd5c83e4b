//! The runtime as a whole: blocks on a small chain held in memory.
#![allow(clippy::unwrap_used)]

mod accounts;
mod auth;
mod blocks;
mod candidacy;
mod chain;
mod domain;
mod epochs;
mod exchange;
mod fees;
mod gas;
mod issuing;
mod liveness;
mod msig;
mod properties;
mod ram;
mod rewards;
mod system;
mod token721;
mod tokens;
mod votes;
mod voting;
