//! What a light client and a relay say to each other.
//!
//! One long-lived stream carries frames both ways. The client sends requests with an id of its choice; the relay
//! answers each with the same id, in any order; id 0 is for what neither asked for (pushes, pings, goodbye). Every
//! list and byte string is bounded here; a frame over [`MAX_FRAME`] ends the connection.
//!
//! With the feature `libp2p`, `streams` is the libp2p side of that one stream, shared by relay, command line and page.

mod frame;
mod message;
#[cfg(feature = "libp2p")]
pub mod streams;

pub use frame::{FrameDecoder, FrameError, MAX_CLIENT_FRAME, MAX_FRAME, encode_frame, frame_body};
pub use message::{
    BlockAnswer, Included, KeyProof, MAX_HAND_OVERS, MAX_KEYS, MAX_PART, MAX_PROOF, MAX_SPEC, Message,
    RankingAnswer, Request, Response, StateAnswer, TransactionAnswer, WIRE_VERSION, Welcome,
};
