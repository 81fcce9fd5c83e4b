//! Faults tried against running networks of separate processes: clocks that go wrong, blocks dated ahead, a standstill
//! of everybody (P-3, P-15), and one key that signs in two places (P-5).
#![cfg(unix)]

mod clocks;
mod network;
mod twins;
