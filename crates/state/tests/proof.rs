//! No changed byte of value, key, root or proof is taken, and no bytes make the check panic.

use std::sync::OnceLock;

use commonware_runtime::{Runner as _, deterministic};
use credo_primitives::{AccountName, Digest, StateKey};
use credo_state::{ProofError, Store, StoreConfig, verify};
use proptest::prelude::*;

#[derive(Debug)]
struct Case {
    key: StateKey,
    value: Option<Vec<u8>>,
    proof: Vec<u8>,
}

fn key(i: u32) -> StateKey {
    StateKey::candidate(&AccountName::any(format!("node{i}")).expect("a name"))
}

/// Proofs of presence and absence from states of several sizes, among them whole and broken bitmap chunks.
fn cases() -> &'static [(Digest, Vec<Case>)] {
    static CASES: OnceLock<Vec<(Digest, Vec<Case>)>> = OnceLock::new();
    CASES.get_or_init(|| {
        deterministic::Runner::default().start(|context| async move {
            let mut store = Store::open(context, StoreConfig::new("state"))
                .await
                .expect("opens");
            let mut all = Vec::new();
            for size in [0u32, 1, 5, 300, 700] {
                let writes = (0..size)
                    .map(|i| (key(i), Some(vec![i as u8; (i % 40) as usize])))
                    .collect();
                let staged = store
                    .stage(None, &writes, Some(vec![size as u8]))
                    .await
                    .expect("stages");
                store.commit(&staged).await.expect("commits");
                let mut some = Vec::new();
                for i in (0..size.max(1) * 2).step_by(1 + size as usize / 8) {
                    let key = key(i);
                    let (value, proof) = store.prove(&key).await.expect("proves");
                    some.push(Case { key, value, proof });
                }
                all.push((staged.commitment().root, some));
            }
            all
        })
    })
}

fn any_case() -> impl Strategy<Value = (Digest, &'static Case)> {
    (0..cases().len(), any::<prop::sample::Index>()).prop_map(|(set, index)| {
        let (root, some) = &cases()[set];
        (*root, &some[index.index(some.len())])
    })
}

#[test]
fn every_honest_proof_holds() {
    let (mut present, mut absent) = (0, 0);
    for (root, some) in cases() {
        for case in some {
            verify(root, &case.key, case.value.as_deref(), &case.proof).expect("holds");
            *(if case.value.is_some() {
                &mut present
            } else {
                &mut absent
            }) += 1;
        }
    }
    assert!(present > 10 && absent > 10);
}

#[test]
fn every_flipped_bit_of_a_proof_is_refused() {
    for (root, some) in cases() {
        for case in [&some[0], &some[some.len() / 2], &some[some.len() - 1]] {
            for place in 0..case.proof.len() {
                for bit in 0..8 {
                    let mut proof = case.proof.clone();
                    proof[place] ^= 1 << bit;
                    let result = verify(root, &case.key, case.value.as_deref(), &proof);
                    assert!(
                        result.is_err(),
                        "byte {place} bit {bit} of {} changed",
                        proof.len()
                    );
                }
            }
        }
    }
}

#[test]
fn errors_name_what_failed() {
    let (root, some) = &cases()[3];
    let case = some.iter().find(|c| c.value.is_some()).expect("one is present");
    let gone = some.iter().find(|c| c.value.is_none()).expect("one is absent");
    let check = |key, value, proof| verify(root, key, value, proof).expect_err("refused");
    assert!(
        matches!(check(&case.key, Some(b"lie"), &case.proof), ProofError::Value { key } if key == case.key)
    );
    assert!(matches!(check(&case.key, None, &gone.proof), ProofError::Absence { key } if key == case.key));
    assert_eq!(
        check(&case.key, None, &case.proof),
        ProofError::Kind { claimed: "absent" }
    );
    assert_eq!(
        check(&gone.key, Some(b"x"), &gone.proof),
        ProofError::Kind { claimed: "present" }
    );
    assert!(matches!(check(&case.key, None, &[]), ProofError::Malformed(_)));
    assert!(matches!(check(&case.key, None, &[9]), ProofError::Malformed(_)));
    assert!(matches!(
        check(&case.key, None, &vec![0; 200_000]),
        ProofError::TooLarge(200_000)
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn another_value_is_refused((root, case) in any_case(), value: Option<Vec<u8>>) {
        prop_assume!(value != case.value);
        prop_assert!(verify(&root, &case.key, value.as_deref(), &case.proof).is_err());
    }

    #[test]
    fn another_root_is_refused((root, case) in any_case(), place in 0usize..32, bit in 0u8..8) {
        let mut other = root.0;
        other[place] ^= 1 << bit;
        prop_assert!(verify(&Digest::from(other), &case.key, case.value.as_deref(), &case.proof).is_err());
    }

    #[test]
    fn another_key_gets_no_value((root, case) in any_case(), other in "[a-z/]{1,40}") {
        let other = StateKey::parse(other).expect("fits");
        prop_assume!(case.value.is_some());
        prop_assert!(verify(&root, &other, case.value.as_deref(), &case.proof).is_err());
    }

    #[test]
    fn a_present_key_is_never_absent((root, case) in any_case(), (_, other) in any_case()) {
        // Whatever proof a relay digs out, absence of what is present can't be shown.
        prop_assume!(case.value.is_some());
        prop_assert!(verify(&root, &case.key, None, &other.proof).is_err());
    }

    #[test]
    fn cut_or_longer_proofs_are_refused((root, case) in any_case(), cut in 1usize..40, extra: u8) {
        let value = case.value.as_deref();
        let kept = case.proof.len().saturating_sub(cut);
        prop_assert!(verify(&root, &case.key, value, &case.proof[..kept]).is_err());
        let longer = [&case.proof[..], &[extra]].concat();
        prop_assert!(verify(&root, &case.key, value, &longer).is_err());
    }

    #[test]
    fn garbage_never_panics(root: [u8; 32], value: Option<Vec<u8>>, tag in 0u8..3, mut proof: Vec<u8>) {
        proof.insert(0, tag);
        let key = StateKey::round();
        prop_assert!(verify(&Digest::from(root), &key, value.as_deref(), &proof).is_err());
    }
}
