//! Replay marks: how long they stand, what their absence proves (P-45), and that they go.

use std::collections::BTreeMap;

use commonware_codec::Encode as _;
use credo_primitives::entry::{Expired, MAX_MARKS_PAGE, Marks};
use credo_primitives::{CheckedTransaction, StateKey, TxError};
use credo_runtime::{Op, Refusal};
use proptest::prelude::*;

use crate::chain::{Chain, START_MS, USERS, genesis_file, key_of};

const LIFETIME_MS: u64 = 3_000;
const SLOT_MS: u64 = 500;

fn short_lived() -> Chain {
    let mut file = genesis_file();
    file.parameters.tx_lifetime_ms = LIFETIME_MS;
    Chain::with(file)
}

fn expired(chain: &Chain) -> Expired {
    chain.get(&StateKey::expired_until()).unwrap()
}

fn any_marks(chain: &Chain) -> bool {
    let left = |key: &StateKey| {
        ["chain/tx/", "chain/marks/"]
            .iter()
            .any(|prefix| key.as_str().starts_with(prefix))
    };
    chain.state.keys().any(left)
}

/// A harmless transaction that the signers sign, too, and which expires so many ms after the chain's time.
fn signed(chain: &mut Chain, publisher: &str, signers: &[&str], expires_ms: u64) -> CheckedTransaction {
    let mut draft = chain.draft(&[("token.iost", "supply", r#"["iost"]"#)]);
    draft.expiration = (chain.time_ms + expires_ms) as i64 * 1_000_000;
    draft.signers = signers.iter().map(|signer| format!("{signer}@active")).collect();
    for signer in signers {
        draft.sign_as_signer(&key_of(signer));
    }
    chain.sign(draft, publisher)
}

fn dead_at(tx: &CheckedTransaction) -> i64 {
    tx.tx().dead_within(LIFETIME_MS)
}

fn present(chain: &Chain, tx: &CheckedTransaction) -> usize {
    let keys = tx.tx().mark_keys();
    keys.iter().filter(|key| chain.state.contains_key(*key)).count()
}

#[test]
fn a_replay_is_refused_and_its_marks_stand_for_a_lifetime_beyond_death_and_go_then() {
    let mut chain = short_lived();
    let tx = signed(&mut chain, "alice", &["bobby"], 1_500);
    let outcome = chain.block(std::slice::from_ref(&tx));
    assert_eq!(present(&chain, &tx), 2);
    let other = chain.transfer("bobby", "alice", "1");
    let (twice, refused) = chain.try_block(&[tx.clone(), other.clone(), other]);
    assert_eq!(refused, [Refusal::Replayed, Refusal::Replayed]);
    assert_eq!(twice.receipts.len(), 1);
    assert_eq!(outcome.tx_hashes, [*tx.hash()]);
    while (chain.time_ms as i64) * 1_000_000 < dead_at(&tx) + (LIFETIME_MS as i64) * 1_000_000 {
        assert_eq!(present(&chain, &tx), 2, "at {}", chain.time_ms - START_MS);
        let refused = chain.try_block(std::slice::from_ref(&tx)).1;
        assert!(matches!(
            refused[0],
            Refusal::Replayed | Refusal::MsbBlock | Refusal::Static(TxError::Expired { .. })
        ));
    }
    for _ in 0..10 {
        chain.block(&[]);
    }
    assert!(!any_marks(&chain));
    assert!(matches!(
        chain.refuse(&tx),
        Refusal::Static(TxError::Expired { .. })
    ));
}

#[test]
fn a_standstill_takes_nobodys_proof_away() {
    let mut chain = short_lived();
    let executed = signed(&mut chain, "alice", &[], 1_000);
    let never = signed(&mut chain, "alice", &["bobby"], 2_000);
    chain.block(std::slice::from_ref(&executed));
    // A day in which nothing happens: both are long dead when the chain goes on.
    chain.time_ms += 86_400_000;
    chain.block(&[]);
    assert_eq!(present(&chain, &executed), 1, "the mark went with the standstill");
    assert!(expired(&chain).absence_proves(dead_at(&never), LIFETIME_MS));
    assert_eq!(present(&chain, &never), 0);
    let mut blocks = 0;
    while expired(&chain).absence_proves(dead_at(&never), LIFETIME_MS) {
        chain.block(&[]);
        blocks += 1;
    }
    // Two slots of what there is room for with each block.
    assert!(blocks >= LIFETIME_MS / (2 * SLOT_MS), "{blocks}");
    while any_marks(&chain) {
        assert!(blocks < 20, "marks stay");
        chain.block(&[]);
        blocks += 1;
    }
}

#[test]
fn a_transaction_that_isnt_dead_is_never_said_not_to_happen() {
    let at = Expired {
        until_ms: 5_000,
        time_ms: 10_000,
        height: 7,
        page: 0,
    };
    let ns = |ms: i64| ms * 1_000_000;
    assert!(at.absence_proves(ns(10_000), 3_000));
    assert!(!at.absence_proves(ns(10_000) + 1, 3_000), "it may still come");
    assert!(at.absence_proves(ns(2_000) + 1, 3_000));
    assert!(!at.absence_proves(ns(2_000), 3_000), "its marks may be gone");
    assert!(!at.absence_proves(i64::MIN, 3_000));
    assert!(!at.absence_proves(i64::MAX, 3_000));
}

#[test]
fn who_has_many_signers_pays_for_many_marks() {
    let mut chain = short_lived();
    let mut cost = |signers: &[&str]| {
        chain.leave_msb();
        let tx = signed(&mut chain, "alice", signers, 2_000);
        let bytes = tx.bytes().len() as i64 * 10;
        let signatures = (tx.tx().signs.iter().chain(&tx.tx().publisher_signs))
            .map(|sign| match sign.algorithm {
                credo_primitives::Algorithm::Ed25519 => Op::Ed25519,
                credo_primitives::Algorithm::Secp256k1 => Op::Secp256k1,
            })
            .map(|op| op.price().gas as i64)
            .sum::<i64>();
        chain.run_tx(&tx).gas_usage / 100 - bytes - signatures
    };
    let mark = Op::Mark.price().gas as i64;
    let (one, two, three) = (cost(&[]), cost(&["bobby"]), cost(&["bobby", "carol"]));
    assert!(two - one >= mark && three - two >= mark, "{one} {two} {three}");
    // The same account twice leaves one mark.
    assert!(cost(&["alice"]) - one < mark);
}

#[test]
fn a_blocks_removal_is_bounded_and_what_is_left_is_caught_up_with() {
    let mut chain = short_lived();
    chain.block(&[]);
    // As if block 1 had left more than any block may.
    let mark = |i: usize| credo_primitives::sha256(&[&i.to_be_bytes()]);
    let pages = 20;
    for page in 0..pages {
        let marks: Vec<_> = (0..MAX_MARKS_PAGE)
            .map(|i| mark(page * MAX_MARKS_PAGE + i))
            .collect();
        for mark in &marks {
            chain.state.insert(StateKey::executed(mark), vec![0; 8]);
        }
        let record = Marks {
            until_ms: START_MS,
            last: page + 1 == pages,
            marks,
        };
        let key = StateKey::marks(1, page as u32);
        chain.state.insert(key, record.encode().to_vec());
    }
    let count = |chain: &Chain| {
        chain
            .state
            .keys()
            .filter(|k| k.as_str().starts_with("chain/tx/"))
            .count()
    };
    let mut left = vec![count(&chain)];
    for _ in 0..3 {
        chain.block(&[]);
        left.push(count(&chain));
    }
    let most = left.windows(2).map(|w| w[0] - w[1]).max().unwrap();
    assert!(most > 0 && most <= 8_192 + MAX_MARKS_PAGE, "{left:?}");
    assert_eq!(left[3], 0, "{left:?}");
    chain.block(&[]);
    assert!(!any_marks(&chain));
    // And the blocks after it aren't passed over.
    let tx = signed(&mut chain, "alice", &[], 1_000);
    chain.leave_msb();
    chain.block(std::slice::from_ref(&tx));
    for _ in 0..30 {
        chain.block(&[]);
    }
    assert!(!any_marks(&chain));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Over histories with standstills: a mark stands until a lifetime after its transaction's death, what is proved by
    /// absence is true, and in the end all marks are gone.
    #[test]
    fn marks_stand_as_long_as_they_must_and_go_in_the_end(
        steps in prop::collection::vec(
            (prop_oneof![8 => Just(0u64), 2 => 0..3_000u64, 1 => 0..20_000u64],
             prop::collection::vec((0..3usize, 0..3usize, 1..6_000u64, any::<bool>()), 0..3)),
            1..40,
        ),
    ) {
        let mut chain = short_lived();
        let mut executed: Vec<CheckedTransaction> = Vec::new();
        let mut never: BTreeMap<usize, (CheckedTransaction, bool)> = BTreeMap::new();
        for (pause, sent) in steps {
            chain.time_ms += pause;
            let mut txs = Vec::new();
            for (publisher, signer, expires, sends) in sent {
                let (publisher, signer) = (USERS[publisher], USERS[signer]);
                let tx = signed(&mut chain, publisher, &[signer], SLOT_MS + expires);
                if sends {
                    txs.push(tx);
                } else {
                    never.insert(never.len(), (tx, false));
                }
            }
            let before = expired(&chain);
            let (outcome, _) = chain.try_block(&txs);
            executed.extend(txs.into_iter().filter(|tx| outcome.tx_hashes.contains(tx.hash())));
            let now = expired(&chain);
            prop_assert_eq!(now.time_ms, chain.time_ms);
            prop_assert!(now.until_ms >= before.until_ms);
            prop_assert!(now.until_ms - before.until_ms <= 2 * SLOT_MS);
            prop_assert!(now.until_ms <= before.time_ms, "never past the parent's time");
            for tx in &executed {
                let stands = dead_at(tx) + (LIFETIME_MS as i64) * 1_000_000;
                let all = tx.tx().mark_keys().len();
                if (chain.time_ms as i64) * 1_000_000 <= stands {
                    prop_assert_eq!(present(&chain, tx), all);
                }
                // Nobody can be told that it didn't happen.
                prop_assert!(present(&chain, tx) == all || !now.absence_proves(dead_at(tx), LIFETIME_MS));
            }
            for (tx, proved) in never.values_mut() {
                prop_assert_eq!(present(&chain, tx), 0);
                *proved |= now.absence_proves(dead_at(tx), LIFETIME_MS);
            }
        }
        let lag = chain.time_ms - expired(&chain).until_ms + 4 * LIFETIME_MS;
        for _ in 0..lag / SLOT_MS + 10 {
            if !any_marks(&chain) && never.values().all(|(_, proved)| *proved) {
                break;
            }
            chain.block(&[]);
            let now = expired(&chain);
            for (tx, proved) in never.values_mut() {
                *proved |= now.absence_proves(dead_at(tx), LIFETIME_MS);
            }
        }
        prop_assert!(!any_marks(&chain));
        prop_assert!(never.values().all(|(_, proved)| *proved), "whoever looks at each head has the proof");
    }
}
