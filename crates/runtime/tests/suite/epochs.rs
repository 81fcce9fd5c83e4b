//! Epochs as the runtime sees them: turns, MSB blocks, rounds (P-11, P-12, P-14, P-15, P-30).

use credo_pob::{ListDigest, Round, Turns};
use credo_primitives::StateKey;
use credo_primitives::entry::MsbMark;
use credo_runtime::Refusal;
use proptest::prelude::*;

use crate::chain::{Chain, genesis_file};

fn seats(round: &Round) -> String {
    let names = round
        .seats
        .iter()
        .map(|s| s.account.as_str().trim_start_matches("node"));
    names.collect::<Vec<_>>().join("")
}

#[test]
fn rounds_run_in_msb_blocks_and_elect_the_next_committee() {
    let mut chain = Chain::new();
    let first: Round = chain.get(&StateKey::round()).unwrap();
    // Votes 10, 8, 5, 4; three seats.
    assert_eq!((first.epoch, seats(&first).as_str()), (0, "123"));
    assert!(first.previous.is_empty());
    let round = chain.end_epoch();
    assert_eq!(chain.height, 5);
    // Before: 5, 3, 0, 4; earned: 15, 11, 5, 8.
    assert_eq!((round.epoch, seats(&round).as_str()), (1, "124"));
    assert_eq!(
        round.previous.iter().map(|n| n.as_str()).collect::<Vec<_>>(),
        ["node1", "node2", "node3"]
    );
    assert_eq!(round.total_votes, crate::chain::iost("27"));
    assert_eq!(chain.get::<Round>(&StateKey::round()), Some(round));
    let units = 100_000_000;
    let servi: Vec<u128> = chain.candidates.list.iter().map(|c| c.servi / units).collect();
    assert_eq!(servi, [7, 3, 5, 0]);
    let digest: ListDigest = chain.get(&StateKey::candidates()).unwrap();
    assert_eq!(digest, chain.candidates.digest());
    assert_eq!(seats(&chain.end_epoch()), "123");
    assert_eq!(chain.height, 10);
}

#[test]
fn an_msb_block_carries_no_transactions() {
    let mut chain = Chain::new();
    for _ in 0..4 {
        assert_eq!(chain.block(&[]).round, None);
    }
    let tx = chain.transfer("alice", "bobby", "1");
    let (outcome, refused) = chain.try_block(std::slice::from_ref(&tx));
    assert_eq!(refused, [Refusal::MsbBlock]);
    assert!(refused[0].is_temporary());
    assert!(outcome.round.is_some());
    assert!(chain.run_tx(&tx).is_success());
}

#[test]
fn votes_count_for_the_next_round() {
    let mut chain = Chain::new();
    let receipt = chain.run(
        "alice",
        "vote_producer.iost",
        "vote",
        r#"["alice","node4","900"]"#,
    );
    assert!(receipt.is_success());
    let round = chain.end_epoch();
    assert_eq!(seats(&round), "412");
    assert_eq!(round.total_votes, crate::chain::iost("927"));
}

#[test]
fn the_list_is_written_only_where_it_changed() {
    let mut chain = Chain::new();
    let outcome = chain.block(&[]);
    let touches = |outcome: &credo_runtime::BlockOutcome| {
        let keys = outcome
            .writes
            .keys()
            .filter(|k| k.as_str().starts_with("pob/candidate"));
        keys.map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(touches(&outcome).is_empty());
    assert_eq!(outcome.candidates_digest, chain.candidates.digest());
    let vote = chain.tx("alice", "vote_producer.iost", "vote", r#"["alice","node2","1"]"#);
    let outcome = chain.block(&[vote]);
    assert_eq!(touches(&outcome), ["pob/candidate/node2", "pob/candidates"]);
    // A vote that is taken back in the same transaction changes nothing.
    let draft = chain.draft(&[
        ("vote_producer.iost", "vote", r#"["alice","node3","1"]"#),
        ("vote_producer.iost", "unvote", r#"["alice","node3","1"]"#),
    ]);
    let tx = chain.sign(draft, "alice");
    assert!(touches(&chain.block(&[tx])).is_empty());
}

#[test]
fn turns_are_counted_by_seat_and_begin_anew_with_each_epoch() {
    let mut chain = Chain::new();
    let turns = |chain: &Chain| chain.get::<Turns>(&StateKey::turns()).unwrap();
    assert_eq!(
        turns(&chain),
        Turns {
            epoch: 0,
            produced: vec![0; 3],
            missed: vec![0; 3]
        }
    );
    // Epoch 0, three seats: view v is seat v mod 3.
    chain.skipping_block(&[], 0); // view 1, seat 1
    assert_eq!(turns(&chain).produced, [0, 1, 0]);
    chain.skipping_block(&[], 1); // view 2 (seat 2) missed, view 3, seat 0
    assert_eq!(
        (turns(&chain).produced, turns(&chain).missed),
        (vec![1, 1, 0], vec![0, 0, 1])
    );
    chain.skipping_block(&[], 2); // views 4 and 5 missed: seats 1 and 2; view 6, seat 0
    assert_eq!(
        (turns(&chain).produced, turns(&chain).missed),
        (vec![2, 1, 0], vec![0, 1, 2])
    );
    chain.skipping_block(&[], 3); // as many views as seats: nobody's fault; view 10, seat 1
    assert_eq!(
        (turns(&chain).produced, turns(&chain).missed),
        (vec![2, 2, 0], vec![0, 1, 2])
    );
    chain.end_epoch();
    // Epoch 1: view v is seat (v + 1) mod 3. View 1 is missed, view 2 taken.
    chain.skipping_block(&[], 1);
    assert_eq!(
        turns(&chain),
        Turns {
            epoch: 1,
            produced: vec![1, 0, 0],
            missed: vec![0, 0, 1]
        }
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// P-15. Each gap counts against the leaders of its views if they are fewer than the seats, and else against nobody.
    #[test]
    fn a_standstill_counts_against_nobody(gaps in prop::collection::vec(gap(), 1..30)) {
        let mut file = genesis_file();
        file.parameters.epoch_length = 60;
        let mut chain = Chain::with(file);
        let seats = chain.committee.seats();
        let (mut produced, mut missed) = (vec![0u32; seats], vec![0u32; seats]);
        for gap in gaps {
            let seat = |view: u64| {
                let leader = chain.committee.leader(view);
                chain.committee.keys().iter().position(|key| key == leader).unwrap()
            };
            let view = chain.view + 1 + gap;
            if gap < seats as u64 {
                (chain.view + 1..view).for_each(|skipped| missed[seat(skipped)] += 1);
            }
            produced[seat(view)] += 1;
            chain.skipping_block(&[], gap);
            let turns: Turns = chain.get(&StateKey::turns()).unwrap();
            prop_assert_eq!((&turns.produced, &turns.missed), (&produced, &missed));
        }
    }
}

fn gap() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..3u64, 2 => 3..9u64, 1 => Just(u64::from(u32::MAX) * 4)]
}

#[test]
fn the_last_two_msbs_stand_in_the_state() {
    let mut chain = Chain::new();
    let kept = |chain: &Chain| {
        (0..8)
            .filter(|e| {
                chain
                    .get::<MsbMark>(&StateKey::msb(*e))
                    .is_some_and(|mark| mark == chain.msb_mark(*e))
            })
            .collect::<Vec<_>>()
    };
    let mut seen = Vec::new();
    for _ in 0..4 {
        chain.end_epoch();
        chain.block(&[]);
        seen.push(kept(&chain));
    }
    assert_eq!(seen, [vec![0], vec![0, 1], vec![1, 2], vec![2, 3]]);
}

#[test]
fn fewer_candidates_than_seats_are_all_elected() {
    let mut file = genesis_file();
    file.parameters.committee_size = 17;
    let mut chain = Chain::with(file);
    assert_eq!(chain.committee.seats(), 4);
    for _ in 0..3 {
        assert_eq!(chain.end_epoch().seats.len(), 4);
    }
}
