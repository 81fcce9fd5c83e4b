//! The same transactions come to the same state everywhere: this runs natively and in the browser, against one digest.
#![allow(clippy::unwrap_used, dead_code)]

#[path = "suite/calls.rs"]
mod calls;
#[path = "suite/chain.rs"]
mod chain;
#[path = "suite/checks.rs"]
mod checks;

use commonware_codec::Encode as _;
use credo_primitives::{Digest, sha256};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// What 300 blocks of five random transactions come to. It changes with the state's formats and rules, never with the machine.
const EXPECTED: &str = "ae69421d01319cae919f157ea0408c84c9ce3b84092623c0f749660bd464027c";

/// A sequence of numbers that is the same everywhere (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn digest(state: &chain::State) -> Digest {
    let mut bytes = Vec::new();
    for (key, value) in state {
        bytes.extend_from_slice(&key.encode());
        bytes.extend_from_slice(&value.encode());
    }
    sha256(&[&bytes])
}

#[test]
fn the_same_transactions_come_to_the_same_state() {
    let mut numbers = Numbers(1);
    let mut chain = calls::chain();
    let (mut good, mut bad) = (0, 0);
    for _ in 0..300 {
        let mut txs = Vec::new();
        for _ in 0..5 {
            let publisher = numbers.next();
            let calls = [[0; 5]; 1].map(|call| call.map(|_| numbers.next()));
            txs.push(calls::transaction(&mut chain, publisher, &calls));
        }
        let skip = numbers.next() % 3;
        let (outcome, _) = chain.skipping_block(&txs, skip);
        for receipt in outcome.receipts {
            if receipt.is_success() { good += 1 } else { bad += 1 }
        }
    }
    assert!(
        good > 20 && bad > 20,
        "{good} succeeded, {bad} failed: the sequence shows little"
    );
    assert_eq!(digest(&chain.state).to_string(), EXPECTED);
}
