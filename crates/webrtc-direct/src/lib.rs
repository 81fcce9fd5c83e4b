//! The libp2p transport `/webrtc-direct`, versions 1 and 2, with an end for nodes and one for browsers.

#![forbid(unsafe_code)]

pub mod address;
#[cfg(target_arch = "wasm32")]
pub mod browser;
pub mod error;
pub mod frame;
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
