//! The libp2p transport `/webrtc-direct`, versions 1 and 2, with an end for nodes and one for browsers.
//!
//! A browser can reach a node that has neither a name nor a certificate that anybody signed: all that it needs is the
//! node's address, which has the hash of the node's self-made certificate in it. Both ends implement libp2p's `Transport`
//! and `StreamMuxer` and give `(PeerId, Connection)`:
//!
//! - `node` (native): listens for both versions on one UDP port, and dials either. On the sans-IO engine
//!   [`str0m`](https://docs.rs/str0m).
//! - `browser` (`wasm32`): dials; version 2, and version 1 where a node refuses that. On `RTCPeerConnection`.
//!
//! # The protocol, step by step
//!
//! *A* dials (a browser, or a node), *B* listens (a node).
//!
//! 1. *B* has a certificate, listens on a UDP port and tells its address:
//!    `/ip4/…/udp/…/webrtc-direct/certhash/<SHA-256 of the certificate>/p2p/<peer>` ([`address`]).
//! 2. *A* makes an offer, and *B*'s answer, too: ICE lite, passive, with the hash from the address ([`sdp`]). What both need to know of
//!    each other's ICE session is in the names ([`ice`]). Version 2: *A* leaves its offer alone, and *B*'s name and password are both
//!    `libp2p+webrtc+v2/` and *A*'s password. Version 1: one random name, `libp2p+webrtc+v1/…`, is name and password of both.
//! 3. *A* sends STUN checks. *B* reads both names off the first one, refuses what is malformed, of another version or not signed
//!    with the password that the names say, and becomes the ICE lite, controlled agent of a new session.
//! 4. *A* is DTLS's client, *B* its server. *A* checks *B*'s certificate against the hash; *B* takes any.
//! 5. SCTP on top; *A* opens channels with even numbers, *B* with odd ones. Channel 0 exists at both ends without negotiation. *B* is
//!    ready for channels of *A*'s from here on, before step 6.
//! 6. On channel 0: Noise XX, begun by *B*, with `libp2p-webrtc-noise:` and both certificates' hashes as prologue ([`noise`]). Now each
//!    knows who the other is, and that nobody sits in between. *A* checks that it is whom the address names. Channel 0 is closed.
//! 7. Each further channel is a stream: framed ([`frame`]), with half-closing, resetting and flow ([`stream`]).
//! 8. The connection ends when either end says goodbye (DTLS's close), or falls silent.
//!
//! # Deviations from the specification, and what it leaves open
//!
//! - **Windows.** An extension: peers of this crate tell each other how much may be sent on a stream, so that a slow reader slows
//!   its own stream only ([`stream`]). It goes in a protobuf field that others skip, and is sent to others only once per
//!   connection, beside the first message of the handshake.
//! - **FIN_ACK** is sent at once only to peers that are known to understand it, to others after our own FIN; and frames to peers that
//!   aren't known to be of this crate have 8 KiB at most: both for the stock Rust implementation (`libp2p-webrtc` 0.10.0-alpha), which breaks otherwise.
//! - **The first message of the handshake** is sent 50 ms late in version 1, for native clients that aren't ready for it before.
//! - **Frames as a stream of bytes**: several in one message, or one in several, are understood, as some peers send them.
//! - **A new session from the address of an old one** stands beside it, and the old one ends by its silence: source addresses can be
//!   forged, and browsers use a port again. At each address from which checks come the server asks, and where several
//!   sessions claim one, or an established one's peer seems to have moved, it believes the answer.
//! - **Alerts in the clear** are left out: they could end a handshake, and anybody can send them.
//! - **The names of a session that is over** aren't answered for 30 seconds. A browser whose node ended the session, or was restarted,
//!   would otherwise have its old checks answered and believe in a connection that is no more.
//! - **Questions of the ICE lite agent.** When nothing was heard for a while, both ends send STUN requests of their own; ICE lite agents
//!   otherwise only answer. Full agents answer any.
//! - **The client closes a channel** whose stream is over; the server only if the client doesn't. Browsers use a channel's number again as soon
//!   as both have closed it, and if both begin to at the same time, the second reset hits the next channel of that number.
//! - **Incoming connections** are announced to libp2p when the peer is authenticated, not at the first contact.
//! - **A node's certificate as a client** is a new one for each dial.
//!
//! # Limits, and what happens at each
//!
//! | what | default | at it |
//! |---|---|---|
//! | sessions of a listener whose peer is authenticated | 1,024 | first contacts aren't answered |
//! | sessions whose peer isn't | 128 | the oldest one whose peer hasn't answered a question for a second gives way; if there is none, first contacts aren't answered |
//! | authenticated sessions from one source (an IPv4 address, a /64 of IPv6) | 256 | its first contacts aren't answered |
//! | … and those that aren't | 32 | as above, among those of the source |
//! | first contacts per second | 500 | not answered |
//! | time for each step (3 to 6) | 2.9 s | the dial or session fails, naming the step |
//! | silence | 5.5 s, with questions from 2.75 s on | the session ends |
//! | addresses of one session | 8 | further ones don't lead to it |
//! | sessions that claim one address | 4 | one that didn't answer from there for 10 s gives way; else first contacts aren't answered |
//! | datagrams waiting for a session | 256 batches, 1 MiB | dropped, and sent again by SCTP |
//! | channels of a session | 256, half of them opened by our program | the peer's are closed; our program's wait |
//! | channels whose stream is over and that the client hasn't closed | 4,096; 30 s, or 1 s for peers without windows | the oldest is closed |
//! | streams that wait for our program | 256 | reset |
//! | written and not sent, per stream | 256 KiB | the writer waits |
//! | sent and not acknowledged, per session | 64 KiB to 1 MiB, as the path needs | frames stay in their streams |
//! | unread, per stream | a window of 256 KiB to 1 MiB, 4 MiB for peers without windows | the peer waits; without windows the stream is broken |
//! | unread, per session | 16 MiB | the stream whose frame is too much is broken |
//! | a frame | 16 KiB | the stream is broken |
//! | acknowledgement of a FIN | 5 s | no longer waited for |
//!
//! A flood of STUN packets from many addresses thus costs at most 128 sessions of some 50 KB. What the engine keeps for
//! SCTP streams on which a peer sends without ever opening a channel is bounded only by their number of 65,536.
//!
//! Malformed STUN, DTLS, SCTP, names and frames are dropped or end what they belong to. The crate's folder `fuzz` has targets for all of
//! these; their corpora are run as ordinary tests.

#![forbid(unsafe_code)]

pub mod address;
#[cfg(target_arch = "wasm32")]
pub mod browser;
pub mod error;
pub mod frame;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod ice;
#[cfg(not(target_arch = "wasm32"))]
pub mod node;
pub mod noise;
pub mod sdp;
pub mod stream;

pub use address::Fingerprint;
pub use error::{Closed, Error};
pub use ice::Version;
pub use stream::Stream;

/// Its example is one that compiles.
#[cfg(all(doctest, not(target_arch = "wasm32")))]
#[doc = include_str!("../README.md")]
mod readme {}
