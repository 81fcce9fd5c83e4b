//! WebRTC-direct between our ends, a browser and other implementations: what the tests share.
//!
//! - [`exchange`] and [`session`] run at both ends, in the browser, too.
//! - The rest is native: a node under test, a browser that does what it is told, a server for its pages, a proxy that
//!   loses packets on demand.

pub mod exchange;
pub mod session;

#[cfg(not(target_arch = "wasm32"))]
pub mod browser;
#[cfg(not(target_arch = "wasm32"))]
pub mod node;
#[cfg(not(target_arch = "wasm32"))]
pub mod pages;
#[cfg(not(target_arch = "wasm32"))]
pub mod proxy;
