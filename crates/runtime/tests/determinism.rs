//! The same transactions come to the same state everywhere: this runs natively and in the browser, against one digest.
#![allow(clippy::unwrap_used, dead_code)]

#[path = "suite/calls.rs"]
mod calls;
#[path = "suite/chain.rs"]
mod chain;
#[path = "suite/checks.rs"]
mod checks;
#[path = "suite/follower.rs"]
mod follower;

use commonware_codec::Encode as _;
use credo_primitives::{Digest, sha256};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Blocks of five random transactions each.
const BLOCKS: u32 = 300;
/// What they come to, state and receipts. It changes with the state's formats and rules, never with the machine.
const EXPECTED: &str = "d1a98860efc3a587b19eefd863e62147defdea7198f55aa18c52be673805b8b2";

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
    let mut numbers = calls::Numbers(1);
    let mut chain = calls::chain();
    let (mut good, mut bad) = (0, 0);
    let mut receipts = Vec::new();
    for _ in 0..BLOCKS {
        let (outcome, _) = calls::random_block(&mut chain, &mut numbers, 5);
        receipts.extend_from_slice(outcome.receipt_root.as_ref());
        for receipt in outcome.receipts {
            if receipt.is_success() { good += 1 } else { bad += 1 }
        }
    }
    assert!(
        good > 20 && bad > 20,
        "{good} succeeded, {bad} failed: the sequence shows little"
    );
    let all = sha256(&[digest(&chain.state).as_ref(), &receipts]);
    assert_eq!(all.to_string(), EXPECTED);
}
