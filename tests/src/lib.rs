//! What the whole-system tests share: a devnet of real processes, and a real Chromium driven through its pages.
//!
//! The tests take their surroundings from the environment, as `cargo xtask test` sets it:
//!
//! | variable | what it names |
//! |---|---|
//! | `CREDO_RELAY_NODE` | the `relay-node` binary |
//! | `CREDO_WEB_DIST` | the built wallet |
//! | `CREDO_NODE_MODULES` | a `node_modules` with `playwright-core` |
//! | `CREDO_CHROMIUM` | the browser |

mod browser;
mod devnet;

pub use browser::run_story;
pub use devnet::{Devnet, DevnetOptions, free_port_block, relay_node_binary};
