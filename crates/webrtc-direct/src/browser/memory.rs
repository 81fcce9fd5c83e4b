//! Which version worked with whom, for as long as the transport lives.
//!
//! Bounded: the last [`MOST`] addresses.

use std::collections::VecDeque;
use std::net::SocketAddr;

use crate::ice::Version;

/// How many addresses are remembered; the one that was learnt first goes first.
const MOST: usize = 64;

/// The versions that worked.
#[derive(Debug, Default)]
pub(super) struct Memory {
    known: VecDeque<(SocketAddr, Version)>,
}

impl Memory {
    /// The version to begin with: the one that worked last time, or else version 2.
    pub(super) fn first(&self, node: SocketAddr) -> Version {
        let known = self.known.iter().find(|(address, _)| *address == node);
        known.map_or(Version::V2, |(_, version)| *version)
    }

    /// Notes what worked.
    pub(super) fn worked(&mut self, node: SocketAddr, version: Version) {
        self.known.retain(|(address, _)| *address != node);
        while self.known.len() >= MOST {
            self.known.pop_front();
        }
        self.known.push_back((node, version));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn what_worked_is_tried_first_and_the_oldest_is_forgotten() {
        let mut memory = Memory::default();
        let node = |port| SocketAddr::from(([127, 0, 0, 1], port));
        assert_eq!(memory.first(node(1)), Version::V2);
        memory.worked(node(1), Version::V1);
        assert_eq!(memory.first(node(1)), Version::V1);
        for port in 2..=MOST as u16 {
            memory.worked(node(port), Version::V1);
        }
        assert_eq!(memory.first(node(1)), Version::V1);
        memory.worked(node(1000), Version::V1);
        assert_eq!(memory.first(node(1)), Version::V2);
        assert_eq!(memory.known.len(), MOST);
        memory.worked(node(2), Version::V2);
        assert_eq!(memory.first(node(2)), Version::V2);
    }
}
