//! The history proves what it holds and nothing else, whichever way it was filled.

use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use credo_light::testing::{TestChain, TestConfig};
use credo_msb::{History, HistoryProof};
use credo_primitives::{Digest, sha256};
use proptest::prelude::*;

fn leaf(n: u64) -> Digest {
    sha256(&[&n.to_be_bytes()])
}

#[test]
fn a_chains_headers_carry_the_roots() {
    let chain = TestChain::build(TestConfig::default());
    let mut history = History::new(&chain.spec.genesis_header().digest());
    for hand_over in &chain.hand_overs {
        assert_eq!(hand_over.msb.history_root, history.root());
        history.append(&hand_over.msb.digest());
    }
    // An old epoch's MSB is proved against a later one's root: the back-pointers of P-34.
    let last = chain.hand_overs.last().expect("some");
    let before = History::restore(
        [chain.spec.genesis_header().digest()].iter().chain(
            &chain.hand_overs[..4]
                .iter()
                .map(|h| h.msb.digest())
                .collect::<Vec<_>>(),
        ),
    )
    .expect("not empty");
    for epoch in 0..4 {
        let index = History::leaf_of(epoch);
        let proof = before.prove(index).expect("there is one");
        let msb = chain.hand_overs[epoch as usize].msb.digest();
        assert!(proof.verify(&msb, index, &last.msb.history_root));
        assert!(!proof.verify(&msb, index + 1, &last.msb.history_root));
    }
}

#[test]
fn there_is_no_empty_history() {
    assert!(History::restore([]).is_none());
    assert_eq!(History::new(&leaf(0)).leaves(), 1);
    assert!(History::new(&leaf(0)).prove(1).is_none());
    assert!(History::new(&leaf(0)).prove(u64::MAX).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn restored_or_appended_is_the_same(count in 1u64..300) {
        let leaves: Vec<Digest> = (0..count).map(leaf).collect();
        let restored = History::restore(&leaves).expect("not empty");
        let mut appended = History::new(&leaves[0]);
        for leaf in &leaves[1..] {
            let before = appended.root();
            appended.append(leaf);
            prop_assert_ne!(appended.root(), before);
        }
        prop_assert_eq!(restored.root(), appended.root());
        prop_assert_eq!(restored.leaves(), count);
    }

    #[test]
    fn every_leaf_is_proved_and_nothing_else(count in 1u64..300, at: prop::sample::Index, place: prop::sample::Index, bit in 0u8..8) {
        let leaves: Vec<Digest> = (0..count).map(leaf).collect();
        let history = History::restore(&leaves).expect("not empty");
        let (root, index) = (history.root(), at.index(leaves.len()) as u64);
        let proof = history.prove(index).expect("there is one");
        let bytes = proof.encode();
        let decoded = HistoryProof::decode(Copying(&bytes)).expect("its own bytes");
        prop_assert_eq!(&decoded, &proof);
        prop_assert!(decoded.verify(&leaf(index), index, &root));
        prop_assert!(!proof.verify(&leaf(index + 1), index, &root));
        prop_assert!(!proof.verify(&leaf(index), index + 1, &root));
        prop_assert!(!proof.verify(&leaf(index), index, &leaf(7)));
        let mut altered = bytes.to_vec();
        let place = place.index(altered.len());
        altered[place] ^= 1 << bit;
        if let Ok(altered) = HistoryProof::decode(Copying(&altered)) {
            prop_assert!(!altered.verify(&leaf(index), index, &root), "byte {} bit {}", place, bit);
        }
    }

    #[test]
    fn garbage_never_panics(bytes: Vec<u8>, index: u64) {
        if let Ok(proof) = HistoryProof::decode(Copying(&bytes)) {
            prop_assert!(!proof.verify(&leaf(0), index, &leaf(1)));
        }
    }
}
