//! P-11 to P-13, worked by hand.

use std::sync::Arc;

use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use credo_pob::{Candidate, CandidateStatus, Candidates, Ledger, ListDigest, Round, Rules, Voter, run_round};
use credo_primitives::{Amount, Digest, Parameters, Preset, sha256};

use crate::{at, empty, entry, key, name, node, register, rules, standing, units};

fn servi(candidates: &Candidates) -> Vec<u128> {
    candidates.list.iter().map(|c| c.servi).collect()
}

/// The elected by rank, as letters.
fn committee(round: &Round) -> String {
    let letter = |s: &credo_pob::Seat| s.account.as_str().chars().last().unwrap();
    round.seats.iter().map(letter).collect()
}

/// Balances after the round with the price given back: what they were before the election.
fn before(candidates: &Candidates, round: &Round) -> Vec<u128> {
    let price = round.seats.last().map_or(0, |s| s.servi);
    let sits = |c: &Candidate| round.seats.iter().any(|s| s.account == c.account);
    candidates
        .list
        .iter()
        .map(|c| c.servi + if sits(c) { price } else { 0 })
        .collect()
}

#[test]
fn the_worked_example() {
    let mut ledger = standing(&[10, 8, 5, 4, 1]);
    let (mut balances, mut committees) = (Vec::new(), Vec::new());
    let mut previous = None;
    for epoch in 0..9 {
        let round = ledger.run_round(&at(previous.as_ref(), epoch), &rules(3)).round;
        balances.push(before(ledger.candidates(), &round));
        let mut sorted: Vec<char> = committee(&round).chars().collect();
        sorted.sort_unstable();
        committees.push(sorted.into_iter().collect::<String>());
        assert_eq!(round.total_votes, units(28));
        previous = Some(round);
    }
    assert_eq!(balances[0], [10, 8, 5, 4, 1]);
    assert_eq!(balances[1], [15, 11, 5, 8, 2]);
    assert_eq!(balances[2], [17, 11, 10, 4, 3]);
    assert_eq!(committees[..3], ["abc", "abd", "abc"]);
    assert_eq!(balances[8], [26, 8, 5, 12, 9]);
    assert_eq!(committees[8], "ade");
}

#[test]
fn the_price_is_what_the_last_of_the_elected_has_and_leaves_it_with_nothing() {
    let mut ledger = standing(&[10, 8, 5]);
    let round = ledger.run_round(&at(None, 0), &rules(2)).round;
    let shown: Vec<u128> = round.seats.iter().map(|s| s.servi).collect();
    assert_eq!(shown, [10, 8], "a seat shows the Servi before its price");
    assert_eq!(servi(ledger.candidates()), [2, 0, 5]);
}

#[test]
fn ties_go_to_the_earlier_candidacy_not_the_earlier_registration() {
    let mut ledger = empty();
    for (i, account) in ["node_a", "node_b", "node_c", "node_d"].iter().enumerate() {
        register(&mut ledger, &name(account), node(i as u64), entry(0, true)).unwrap();
        ledger
            .vote(&mut Voter::default(), &name(account), units(7))
            .unwrap();
    }
    for account in ["node_c", "node_a", "node_d", "node_b"] {
        ledger.note_votes();
        ledger.apply(&name(account), &rules(2), 0, Amount::ZERO).unwrap();
    }
    ledger.commit();
    let round = ledger.run_round(&at(None, 0), &rules(2)).round;
    assert_eq!(committee(&round), "ca");
    assert_eq!(servi(ledger.candidates()), [0, 7, 0, 7]);
    let next = ledger.run_round(&at(Some(&round), 1), &rules(2)).round;
    assert_eq!(committee(&next), "db");
    assert_eq!(next.previous, [name("node_c"), name("node_a")]);
    // Equal again: by order.
    assert_eq!(
        committee(&ledger.run_round(&at(Some(&next), 2), &rules(3)).round),
        "cad"
    );
}

#[test]
fn fewer_candidates_than_seats_are_all_elected_and_pay_the_last_ones_servi() {
    let mut ledger = standing(&[9, 4]);
    let round = ledger.run_round(&at(None, 0), &rules(17)).round;
    assert_eq!(committee(&round), "ab");
    assert_eq!(servi(ledger.candidates()), [5, 0]);
    let mut exact = standing(&[1, 2, 3]);
    let round = exact.run_round(&at(None, 0), &rules(3)).round;
    assert_eq!(committee(&round), "cba");
    assert_eq!(servi(exact.candidates()), [0, 1, 2]);
}

#[test]
fn without_votes_everybody_stands_at_nothing_in_order() {
    let mut ledger = standing(&[0, 0, 0]);
    let round = ledger.run_round(&at(None, 0), &rules(2)).round;
    assert_eq!(committee(&round), "ab");
    assert_eq!(
        (round.total_votes, servi(ledger.candidates())),
        (Amount::ZERO, vec![0, 0, 0])
    );
}

#[test]
fn without_a_candidate_the_sitting_committee_stays_for_nothing() {
    let mut ledger = standing(&[9, 4]);
    let first = ledger.run_round(&at(None, 0), &rules(2)).round;
    let mut gone = ledger.candidates().clone();
    for candidate in &mut gone.list {
        candidate.status = CandidateStatus::Registered;
    }
    let stays = run_round(&mut gone, &at(Some(&first), 1), &rules(2)).round;
    assert_eq!((stays.epoch, committee(&stays).as_str()), (1, "ab"));
    assert_eq!(stays.seats.iter().map(|s| s.servi).collect::<Vec<_>>(), [5, 0]);
    assert_eq!(servi(&gone), [5, 0]);
    assert_eq!(stays.previous.len(), 2);
    assert!(
        run_round(&mut Candidates::default(), &at(None, 0), &rules(2))
            .round
            .seats
            .is_empty()
    );
}

#[test]
fn registered_nodes_earn_nothing_and_are_not_elected() {
    let mut ledger = standing(&[3]);
    let late = name("node_z");
    register(&mut ledger, &late, node(25), entry(0, true)).unwrap();
    ledger.vote(&mut Voter::default(), &late, units(100)).unwrap();
    ledger.commit();
    let round = ledger.run_round(&at(None, 0), &rules(4)).round;
    assert_eq!(committee(&round), "a");
    assert_eq!(round.total_votes, units(3));
    assert_eq!(servi(ledger.candidates()), [0, 0]);
}

#[test]
fn no_balance_exceeds_the_cap() {
    // One seat: A always wins it, B collects up to ten times all votes.
    let mut ledger = standing(&[10, 9]);
    for epoch in 0..200 {
        ledger.run_round(&at(None, epoch), &rules(1));
        assert!(servi(ledger.candidates()).iter().all(|s| *s <= 190));
    }
    // A cap that falls because votes were taken back cuts what was saved.
    let mut ledger = standing(&[1, 50]);
    ledger.run_round(&at(None, 0), &rules(1));
    let mut saved = ledger.candidates().clone();
    saved.list[1].servi = 510;
    let mut voter = Voter::default();
    let mut ledger = Ledger::new(Arc::new(saved));
    ledger.vote(&mut voter, &name("node_b"), units(1)).unwrap();
    ledger.unvote(&mut voter, &name("node_b"), units(1)).unwrap();
    let mut fallen = ledger.candidates().clone();
    fallen.list[1].votes = units(2);
    let round = run_round(&mut fallen, &at(None, 1), &rules(1)).round;
    assert_eq!(round.seats[0].servi, 30);
}

#[test]
fn the_threshold_is_exceeded_not_reached() {
    let parameters = Parameters::preset(Preset::Main);
    let rules = Rules::of(&parameters, parameters.available_votes);
    assert_eq!(rules.threshold, Amount::from_iost(2_415_000));
    assert_eq!((rules.servi_cap, rules.committee_size), (10, 17));
    let mut uneven = parameters;
    uneven.available_votes = units(9_999);
    // 0.02 % of 9,999 units is 1.9998: one unit doesn't exceed it, two do.
    let rules = Rules::of(&uneven, uneven.available_votes);
    let mut ledger = empty();
    register(&mut ledger, &name("node_a"), node(0), entry(0, true)).unwrap();
    let mut voter = Voter::default();
    ledger.vote(&mut voter, &name("node_a"), units(1)).unwrap();
    assert!(ledger.apply(&name("node_a"), &rules, 0, Amount::ZERO).is_err());
    ledger.vote(&mut voter, &name("node_a"), units(1)).unwrap();
    ledger.note_votes();
    assert_eq!(ledger.apply(&name("node_a"), &rules, 0, units(5)), Ok(units(5)));
}

#[test]
fn ten_thousand_candidates_are_ranked_as_a_full_sort_ranks_them() {
    let mut ledger = empty();
    register(&mut ledger, &name("node_a"), node(0), entry(0, true)).unwrap();
    let blank = ledger.candidates().list[0].clone();
    let candidate = |i: u64| Candidate {
        account: name(&format!("n{i:05}")),
        key: key(i % 64),
        status: if i.is_multiple_of(7) {
            CandidateStatus::Registered
        } else {
            CandidateStatus::Candidate
        },
        order: (i * 7_919) % 10_007 + 1,
        votes: units((i * 104_729) % 1_009),
        servi: u128::from((i * 15_485_863) % 2_003),
        ..blank.clone()
    };
    let mut list = Candidates::of((0..10_000).map(candidate).collect());
    for epoch in 0..3 {
        let mut expected: Vec<Candidate> = list.list.clone();
        expected.retain(|c| c.status == CandidateStatus::Candidate);
        expected
            .iter_mut()
            .for_each(|c| c.servi += u128::from(c.votes.units()));
        expected.sort_by_key(|c| (std::cmp::Reverse(c.servi), c.order));
        let round = run_round(&mut list, &at(None, epoch), &rules(17)).round;
        let seats: Vec<_> = round.seats.iter().map(|s| (&s.account, s.servi)).collect();
        let wanted: Vec<_> = expected[..17].iter().map(|c| (&c.account, c.servi)).collect();
        assert_eq!(seats, wanted);
    }
}

#[test]
fn the_records_bytes_and_the_lists_digest_stay_as_they_are() {
    let mut ledger = standing(&[10, 8, 5]);
    ledger.run_round(&at(None, 0), &rules(1));
    let list = ledger.candidates();
    // Account, key, three empty texts, generation, the epoch of the registration, status, order, votes, those at the
    // last MSB, Servi, the epoch of
    // the last availability proof, misses, until when it stands aside, whether it leaves, no loss, deposit, lock and their
    // date, fee share, own rewards, the voters' pot and coefficient.
    let record = |account: &str, number: u64, order: u64, votes: u64, servi: u128| {
        let mut bytes = vec![account.len() as u8];
        bytes.extend_from_slice(account.as_bytes());
        bytes.extend_from_slice(key(number).as_ref());
        bytes.extend_from_slice(&[0, 0, 0]);
        bytes.extend_from_slice(&number.to_be_bytes());
        bytes.extend_from_slice(&[0; 8]);
        bytes.push(1);
        bytes.extend_from_slice(&order.to_be_bytes());
        bytes.extend_from_slice(&votes.to_be_bytes());
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(&servi.to_be_bytes());
        bytes.extend_from_slice(&[0; 8 + 4 + 8 + 1 + 1 + 8 + 8 + 8]);
        bytes.push(10);
        bytes.extend_from_slice(&[0; 8 + 8 + 16]);
        bytes
    };
    let records = [
        record("node_a", 0, 1, 10, 0),
        record("node_b", 1, 2, 8, 8),
        record("node_c", 2, 3, 5, 5),
    ];
    for (node, bytes) in list.list.iter().zip(&records) {
        assert_eq!(node.encode()[..], bytes[..]);
        assert_eq!(&Candidate::decode(Copying(bytes)).unwrap(), node);
        for len in 0..bytes.len() {
            assert!(Candidate::decode(Copying(&bytes[..len])).is_err());
        }
    }
    // Two by two; the last without a neighbour goes up as it is.
    let leaf = |n: usize| sha256(&[b"credo-candidate", &records[n]]);
    let pair = |l: &Digest, r: &Digest| sha256(&[b"credo-pair", l.as_ref(), r.as_ref()]);
    let root = pair(&pair(&leaf(0), &leaf(1)), &leaf(2));
    // The number of records, the next order, the next generation.
    let mut end = 3u32.to_be_bytes().to_vec();
    end.extend_from_slice(&4u64.to_be_bytes());
    end.extend_from_slice(&3u64.to_be_bytes());
    let expected = sha256(&[b"credo-candidates", root.as_ref(), &end]);
    assert_eq!(
        list.digest(),
        ListDigest {
            digest: expected,
            count: 3
        }
    );
}
