//! Random sequences of transactions, failing ones included. Every block is built, replayed and checked by the harness: no
//! token is created or lost, stakes and the pool's books are right.

use credo_pob::CandidateStatus;
use credo_primitives::{Receipt, StateKey};
use proptest::prelude::*;

use crate::calls::{chain, transaction};
use crate::chain::{Chain, LOCK_MS, NODES, USERS, name};

const HOLDERS: [&str; 8] = [
    USERS[0],
    USERS[1],
    USERS[2],
    NODES[0],
    NODES[1],
    NODES[2],
    NODES[3],
    "foundation",
];

type Drawn = (u64, Vec<[u64; 5]>);

fn drawn() -> impl Strategy<Value = Drawn> {
    (any::<u64>(), prop::collection::vec(any::<[u64; 5]>(), 1..4))
}

fn bounds(chain: &Chain) {
    let cap = chain.candidates.total_votes() * u128::from(chain.spec.parameters.servi_cap);
    let standing = |c: &&credo_pob::Candidate| c.status == CandidateStatus::Candidate;
    let over = chain
        .candidates
        .list
        .iter()
        .filter(standing)
        .find(|c| c.servi > cap);
    // The cap is kept by rounds; votes taken back since the last one may leave more than it.
    assert!(
        !chain.height.is_multiple_of(chain.spec.parameters.epoch_length) || over.is_none(),
        "{over:?}"
    );
}

proptest! {
    // `PROPTEST_CASES` asks for more.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

    #[test]
    fn tokens_are_conserved_and_locks_redeemable(
        blocks in prop::collection::vec(prop::collection::vec(drawn(), 0..6), 1..24),
        skips in prop::collection::vec(0..4u64, 24),
    ) {
        let mut chain = chain();
        for (block, skip) in blocks.iter().zip(skips) {
            let txs: Vec<_> = block.iter().map(|(p, calls)| transaction(&mut chain, *p, calls)).collect();
            chain.skipping_block(&txs, skip);
            bounds(&chain);
        }
        // Votes that stand are taken back; those that ended return by themselves after the lock, as deposits do.
        for voter in HOLDERS {
            for vote in chain.voter(voter).votes {
                let node = chain.candidates.find(&vote.candidate).unwrap();
                // Nobody is displaced where there are places enough.
                if node.generation == vote.generation {
                    let data = format!(r#"["{voter}","{}","{}"]"#, vote.candidate, vote.amount);
                    let receipt: Receipt = chain.run(voter, "vote_producer.iost", "unvote", &data);
                    prop_assert!(
                        receipt.is_success() || receipt.status.message.as_str().contains("is void"),
                        "{:?}", receipt.status
                    );
                }
            }
        }
        let end = chain.time_ms + 2 * LOCK_MS;
        while chain.time_ms < end {
            chain.block(&[]);
        }
        for holder in HOLDERS {
            // Any action of the holder's own folds in what has returned.
            let data = format!(r#"["iost","{holder}"]"#);
            prop_assert!(chain.run(holder, "token.iost", "balanceOf", &data).is_success());
            let voter = chain.voter(holder);
            for vote in voter.votes {
                let node = chain.candidates.find(&vote.candidate).unwrap();
                let ended = chain
                    .get::<credo_primitives::entry::Ended>(&StateKey::ended(&vote.candidate, vote.generation));
                let locked = ended.is_some_and(|e| e.until_ms > chain.time_ms);
                prop_assert!(locked && node.generation > vote.generation, "{vote:?}");
            }
        }
    }

    #[test]
    fn a_failing_transaction_changes_nothing_but_its_charge(
        tx in drawn(),
        before in prop::collection::vec(drawn(), 0..4),
    ) {
        let mut chain = chain();
        let txs: Vec<_> = before.iter().map(|(p, calls)| transaction(&mut chain, *p, calls)).collect();
        chain.skipping_block(&txs, 0);
        let tx = transaction(&mut chain, tx.0, &tx.1);
        let (state, list) = (chain.state.clone(), chain.candidates.clone());
        let (outcome, _) = chain.skipping_block(std::slice::from_ref(&tx), 0);
        if outcome.receipts.iter().all(|receipt| !receipt.is_success()) {
            prop_assert_eq!(&chain.candidates, &list);
            let own = ["pob/turns", "chain/", "gas.iost/gas/"];
            let kept = |state: &crate::chain::State| {
                let mut state = state.clone();
                state.retain(|key, _| !own.iter().any(|prefix| key.as_str().starts_with(prefix)));
                state
            };
            prop_assert!(kept(&chain.state) == kept(&state), "a failing transaction changed the state");
        }
        prop_assert!(chain.candidates.find(&name("node1")).is_some());
    }
}
