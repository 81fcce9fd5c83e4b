//! What the wallet's page and its worker share: the messages between them and the connections to relays.
//!
//! The page itself (`main.rs`, `app`, `components`, `pages`) draws what the worker proved and decides nothing.

pub mod net;
pub mod protocol;
pub mod worker;
