//! Whatever is done in whatever order: votes are conserved, Servi stays within its bounds, the index is right.

use std::collections::BTreeMap;
use std::sync::Arc;

use credo_pob::{CandidateStatus, Candidates, Ledger, Voter};
use credo_primitives::{AccountName, Amount};
use proptest::prelude::*;

use crate::{key, name, node, rules, units};

const NODES: usize = 8;
const VOTERS: usize = 4;

#[derive(Clone, Debug)]
enum Op {
    Register(usize, u64),
    Update(usize, u64, bool),
    Apply(usize),
    Vote(usize, usize, u64),
    Unvote(usize, usize, u64),
    Move(usize, usize, usize, u64),
    Commit,
    Rollback,
    Round(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let amount = || prop_oneof![Just(0), 1..20u64, Just(i64::MAX as u64)];
    prop_oneof![
        3 => (0..NODES, 0..10u64).prop_map(|(n, k)| Op::Register(n, k)),
        1 => (0..NODES, 0..10u64, any::<bool>()).prop_map(|(n, k, s)| Op::Update(n, k, s)),
        3 => (0..NODES).prop_map(Op::Apply),
        6 => (0..VOTERS, 0..NODES, amount()).prop_map(|(v, n, a)| Op::Vote(v, n, a)),
        4 => (0..VOTERS, 0..NODES, amount()).prop_map(|(v, n, a)| Op::Unvote(v, n, a)),
        3 => (0..VOTERS, 0..NODES, 0..NODES, amount()).prop_map(|(v, f, t, a)| Op::Move(v, f, t, a)),
        2 => Just(Op::Commit),
        2 => Just(Op::Rollback),
        2 => (1..5usize).prop_map(Op::Round),
    ]
}

fn account(n: usize) -> AccountName {
    name(&format!("node_{n}"))
}

fn check(list: &Candidates, voters: &[Voter]) {
    let mut cast: BTreeMap<&AccountName, u64> = BTreeMap::new();
    for vote in voters.iter().flat_map(|v| &v.votes) {
        assert!(!vote.amount.is_zero());
        *cast.entry(&vote.candidate).or_default() += vote.amount.units();
    }
    for (place, node) in list.list.iter().enumerate() {
        assert_eq!(cast.remove(&node.account).unwrap_or(0), node.votes.units());
        assert_eq!(list.place_of(&node.account), Some(place as u32));
        assert_eq!(list.place_of_key(&node.key), Some(place as u32));
        assert_eq!(node.order > 0, node.status == CandidateStatus::Candidate);
        assert!(node.order < list.next_order);
    }
    assert!(cast.is_empty());
    for number in 0..10 {
        let known = list.list.iter().any(|c| c.key == key(number));
        assert_eq!(list.place_of_key(&key(number)).is_some(), known);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_is_created_or_lost(ops in prop::collection::vec(op(), 1..60)) {
        let mut ledger = Ledger::new(Arc::new(Candidates::default()));
        let mut voters = vec![Voter::default(); VOTERS];
        let mut saved = (ledger.candidates().clone(), voters.clone());
        let mut last = None;
        let mut epoch = 0;
        for op in ops {
            // Amounts beyond the supply fail; the supply here is a thousand a voter.
            let limit = |voters: &[Voter], v: usize, a: u64| {
                let held: u64 = voters[v].votes.iter().map(|v| v.amount.units()).sum();
                a == i64::MAX as u64 && held == 0 || a <= 1_000 - held.min(1_000)
            };
            match op {
                Op::Register(n, k) => drop(ledger.register(&account(n), node(k))),
                Op::Update(n, k, sits) => drop(ledger.update(&account(n), node(k), sits)),
                Op::Apply(n) => drop(ledger.apply(&account(n), &rules(3))),
                Op::Vote(v, n, a) if limit(&voters, v, a) && a < 1_000 => {
                    drop(ledger.vote(&mut voters[v], &account(n), units(a)));
                }
                Op::Vote(..) => {}
                Op::Unvote(v, n, a) => drop(ledger.unvote(&mut voters[v], &account(n), units(a))),
                Op::Move(v, f, t, a) => {
                    drop(ledger.move_votes(&mut voters[v], &account(f), &account(t), units(a)));
                }
                Op::Commit => {
                    ledger.commit();
                    saved = (ledger.candidates().clone(), voters.clone());
                }
                Op::Rollback => {
                    ledger.rollback();
                    voters.clone_from(&saved.1);
                    prop_assert_eq!(ledger.candidates(), &saved.0);
                }
                Op::Round(seats) => {
                    ledger.commit();
                    let before = ledger.candidates().clone();
                    let round = ledger.run_round(last.as_ref(), epoch, &rules(seats));
                    let list = ledger.candidates();
                    let standing = list.list.iter().filter(|c| c.status == CandidateStatus::Candidate);
                    let cap = list.total_votes() * 10;
                    let standing: Vec<_> = standing.collect();
                    prop_assert!(standing.iter().all(|c| c.servi <= cap));
                    prop_assert_eq!(Amount::from_units(list.total_votes() as u64).unwrap(), round.total_votes);
                    if !standing.is_empty() {
                        prop_assert_eq!(round.seats.len(), seats.min(standing.len()));
                        let price = round.seats.last().unwrap().servi;
                        for node in &standing {
                            let old = before.find(&node.account).unwrap();
                            let earned = (old.servi + u128::from(old.votes.units())).min(cap);
                            let seat = round.seats.iter().find(|s| s.account == node.account);
                            match seat {
                                Some(seat) => {
                                    prop_assert_eq!(seat.servi, earned);
                                    prop_assert_eq!(node.servi, earned - price);
                                }
                                None => {
                                    prop_assert_eq!(node.servi, earned);
                                    prop_assert!(earned <= price);
                                }
                            }
                        }
                    }
                    epoch += 1;
                    last = Some(round);
                    saved = (ledger.candidates().clone(), voters.clone());
                }
            }
            check(ledger.candidates(), &voters);
        }
    }
}
