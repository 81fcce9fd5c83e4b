//! Faults tried against running networks of separate processes: one key that signs in two places (P-5).
#![cfg(unix)]

mod network;
mod twins;
