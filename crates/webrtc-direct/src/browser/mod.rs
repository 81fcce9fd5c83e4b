//! The browser's end: dials from a page, on `web-sys`.
//!
//! Responsible for a peer connection and its channels in the browser; what goes over them is the shared modules'.
//! It needs a page with a window: browsers have no `RTCPeerConnection` in workers.
//!
//! # Steps of a dial
//!
//! 1. A peer connection is made with every listener and with channel 0, before it can receive anything.
//! 2. Version 2: the browser's offer is set as it is, and the names that the browser chose are read back. Version 1:
//!    the names in the offer are replaced before it is set, which browsers are about to forbid.
//! 3. An answer is made up from the address, and set: the browser sends checks and, once one is answered, makes the DTLS
//!    handshake, in which it compares the node's certificate with the address.
//! 4. Noise over channel 0 tells who the node is. Then the connection stands.
//!
//! Which version: see [`Limits::second_version_after`]; a node that doesn't know a version stays silent, so the other
//! joins after a second without an answer and the first to be answered goes on. What worked is remembered per address
//! for as long as the [`Transport`] lives.
//!
//! # Life and death
//!
//! - Dropping or closing a [`Connection`], and leaving the page, closes the peer connection, which lets the node know by
//!   an SCTP abort, and with it every stream; listeners are removed, and the browser's console stays silent.
//! - A node that says goodbye is noticed at once, one that vanishes within six seconds (its answers to checks are
//!   counted, see the module `watch`).
//! - Nothing runs by itself: a connection works while it is polled, as every swarm does.
//!
//! # Bounds
//!
//! | what | bound | at it |
//! |---|---|---|
//! | channels of a connection | [`Limits::channels`] | opening waits; the node's next channel is closed |
//! | channels not yet accepted | [`Limits::waiting_channels`] | the node's next channel is closed |
//! | first answer of a node | [`Limits::first_answer`] | the dial fails |
//! | each later step of a dial | [`Limits::step`] | the dial fails |
//! | bytes in the browser's hands, per channel | 256 KiB | the stream's own bound comes next |
//! | the acknowledgement of a finished stream | 5 s | its channel is closed |
//! | remembered addresses | 64 | the oldest is forgotten |
//!
//! and those of [`crate::stream`].

mod channels;
mod clock;
mod config;
mod connection;
mod dial;
mod listener;
mod memory;
mod peer;
mod session;
mod transport;
mod watch;

#[cfg(test)]
mod tests;

pub use config::{Config, Limits};
pub use connection::Connection;
pub use transport::Transport;
