//! P-10 and P-17: registering, applying, voting; what is refused, and that refusals change nothing.

use std::sync::Arc;

use credo_pob::{CandidateStatus, Candidates, Ledger, MAX_VOTES, PobError, Rules, Vote, Voter};
use credo_primitives::Amount;

use crate::{empty, entry, key, name, node, register, rules, standing, units, voter_name};

#[test]
fn registration() {
    let mut ledger = empty();
    register(&mut ledger, &name("bobby"), node(1), entry(0, true)).unwrap();
    register(&mut ledger, &name("alice"), node(2), entry(0, true)).unwrap();
    assert_eq!(
        register(&mut ledger, &name("alice"), node(3), entry(0, true)),
        Err(PobError::Exists)
    );
    assert_eq!(
        register(&mut ledger, &name("carol"), node(1), entry(0, true)),
        Err(PobError::KeyUsed)
    );
    let list = ledger.candidates();
    assert_eq!(list.place_of(&name("bobby")), Some(0));
    assert_eq!(list.place_of(&name("alice")), Some(1));
    assert_eq!(list.place_of_key(&key(2)), Some(1));
    assert_eq!(list.place_of_key(&key(3)), None);
    assert_eq!(list.find(&name("carol")), None);
    assert_eq!(
        list.find(&name("alice")).unwrap().status,
        CandidateStatus::Registered
    );
}

#[test]
fn application() {
    let mut ledger = empty();
    let rules = Rules {
        threshold: units(10),
        ..rules(1)
    };
    assert_eq!(
        ledger.apply(&name("alice"), &rules, 0, Amount::ZERO),
        Err(PobError::NotExists)
    );
    register(&mut ledger, &name("alice"), node(0), entry(0, true)).unwrap();
    let mut voter = Voter::default();
    ledger.vote(&mut voter, &name("alice"), units(10)).unwrap();
    let below = PobError::BelowThreshold {
        votes: units(10),
        threshold: units(10),
    };
    assert_eq!(ledger.apply(&name("alice"), &rules, 0, Amount::ZERO), Err(below));
    ledger.vote(&mut voter, &name("alice"), units(1)).unwrap();
    // Votes that came since the last MSB make no candidate yet.
    let before = PobError::BelowThresholdBefore {
        votes: Amount::ZERO,
        threshold: units(10),
    };
    assert_eq!(ledger.apply(&name("alice"), &rules, 0, Amount::ZERO), Err(before));
    ledger.note_votes();
    ledger.apply(&name("alice"), &rules, 0, Amount::ZERO).unwrap();
    ledger.unvote(&mut voter, &name("alice"), units(11)).unwrap();
    ledger.apply(&name("alice"), &rules, 0, Amount::ZERO).unwrap();
    let node = ledger.candidates().find(&name("alice")).unwrap();
    assert_eq!(
        (node.status, node.order, node.votes),
        (CandidateStatus::Candidate, 1, Amount::ZERO)
    );
    assert_eq!(ledger.candidates().next.order, 2);
}

#[test]
fn refused_votes_change_neither_list_nor_voter() {
    let mut ledger = standing(&[5, 5]);
    let (a, b) = (name("node_a"), name("node_b"));
    let mut voter = Voter::default();
    ledger.vote(&mut voter, &a, units(7)).unwrap();
    ledger.commit();
    let (list, kept) = (ledger.candidates().clone(), voter.clone());
    let none = name("nobody");
    let zero = Amount::ZERO;
    let too_large = Err(PobError::TooLarge { max: units(7) });
    type Try<'t> = (
        &'t dyn Fn(&mut Ledger, &mut Voter) -> Result<(), PobError>,
        Result<(), PobError>,
    );
    let cases: [Try<'_>; 13] = [
        (&|l, v| l.vote(v, &a, zero), Err(PobError::NotPositive)),
        (&|l, v| l.vote(v, &none, units(1)), Err(PobError::NotExists)),
        (
            &|l, v| l.vote(v, &a, Amount::MAX),
            Err(PobError::Overflow(a.clone())),
        ),
        (&|l, v| l.unvote(v, &a, zero), Err(PobError::NotPositive)),
        (&|l, v| l.unvote(v, &none, units(1)), Err(PobError::NotExists)),
        (&|l, v| l.unvote(v, &b, units(1)), Err(PobError::DidNotVote)),
        (&|l, v| l.unvote(v, &a, units(8)), too_large.clone()),
        (
            &|l, v| l.move_votes(&voter_name(), v, &a, &a, units(1)),
            Err(PobError::SameNode(a.clone())),
        ),
        (
            &|l, v| l.move_votes(&voter_name(), v, &a, &none, units(1)),
            Err(PobError::NotExists),
        ),
        (
            &|l, v| l.move_votes(&voter_name(), v, &none, &a, units(1)),
            Err(PobError::NotExists),
        ),
        (
            &|l, v| l.move_votes(&voter_name(), v, &b, &a, units(1)),
            Err(PobError::DidNotVote),
        ),
        (
            &|l, v| l.move_votes(&voter_name(), v, &a, &b, zero),
            Err(PobError::NotPositive),
        ),
        (
            &|l, v| l.move_votes(&voter_name(), v, &a, &b, units(8)),
            too_large,
        ),
    ];
    for (attempt, expected) in cases {
        assert_eq!(attempt(&mut ledger, &mut voter), expected);
        assert_eq!((ledger.candidates(), &voter), (&list, &kept));
    }
}

#[test]
fn a_move_that_fails_halfway_is_taken_back() {
    let mut ledger = standing(&[5, 5]);
    let (a, b) = (name("node_a"), name("node_b"));
    // As many votes as there can be, none for B; A's is cast before.
    let mut voter = Voter::default();
    ledger.vote(&mut voter, &a, units(7)).unwrap();
    voter.votes.extend((1..MAX_VOTES).map(|i| Vote {
        candidate: name(&format!("x{i:05}")),
        generation: 0,
        amount: units(1),
        coef: 0,
        earned: Amount::ZERO,
        height: 0,
    }));
    ledger.commit();
    let (list, kept) = (ledger.candidates().clone(), voter.clone());
    assert_eq!(
        ledger.move_votes(&voter_name(), &mut voter, &a, &b, units(3)),
        Err(PobError::TooManyVotes)
    );
    assert_eq!((ledger.candidates(), &voter), (&list, &kept));
    let (_, changed) = ledger.finish();
    assert!(changed.is_subset(&(0..2).collect()));
    let mut ledger = Ledger::new(Arc::new(list));
    ledger
        .move_votes(&voter_name(), &mut voter, &a, &b, units(7))
        .unwrap();
    assert_eq!(voter.votes[0].candidate, b);
}

#[test]
fn votes_of_a_lost_candidacy_are_void() {
    let mut list = standing(&[5, 5]).candidates().clone();
    list.list[0].generation = 7;
    let mut ledger = Ledger::new(Arc::new(list));
    let (a, b) = (name("node_a"), name("node_b"));
    let mut voter = Voter {
        votes: vec![Vote {
            candidate: a.clone(),
            generation: 0,
            amount: units(5),
            coef: 0,
            earned: Amount::ZERO,
            height: 0,
        }],
        earned: Amount::ZERO,
        stake: None,
    };
    let void = Err(PobError::VoidVote(a.clone()));
    assert_eq!(ledger.vote(&mut voter, &a, units(1)), void);
    assert_eq!(ledger.unvote(&mut voter, &a, units(1)), void);
    assert_eq!(
        ledger.move_votes(&voter_name(), &mut voter, &a, &b, units(1)),
        void
    );
    let mut fresh = Voter::default();
    ledger.vote(&mut fresh, &a, units(1)).unwrap();
    assert_eq!(fresh.votes[0].generation, 7);
}

#[test]
fn rollback_restores_places_keys_and_orders() {
    let mut ledger = standing(&[5, 5]);
    let before = ledger.candidates().clone();
    register(&mut ledger, &name("alice"), node(9), entry(0, true)).unwrap();
    register(&mut ledger, &name("zelda"), node(8), entry(0, true)).unwrap();
    ledger
        .vote(&mut Voter::default(), &name("zelda"), units(3))
        .unwrap();
    ledger.appoint(&name("zelda"), Amount::ZERO).unwrap();
    ledger.update(&name("zelda"), node(7), false).unwrap();
    ledger.update(&name("node_a"), node(8), false).unwrap();
    assert_eq!(ledger.candidates().place_of_key(&key(8)), Some(0));
    assert_eq!(ledger.candidates().place_of_key(&key(0)), None);
    assert_eq!(ledger.candidates().next.order, 4);
    ledger.rollback();
    assert_eq!(ledger.candidates(), &before);
    for number in 0..10 {
        let place = ledger.candidates().place_of_key(&key(number));
        assert_eq!(place, (number < 2).then_some(number as u32));
    }
    assert_eq!(ledger.candidates().place_of(&name("alice")), None);
    assert_eq!(ledger.candidates().place_of(&name("node_b")), Some(1));
    register(&mut ledger, &name("alice"), node(9), entry(0, true)).unwrap();
    ledger.appoint(&name("alice"), Amount::ZERO).unwrap();
    assert_eq!(ledger.candidates().find(&name("alice")).unwrap().order, 3);
}

#[test]
fn only_committed_changes_are_reported() {
    let (list, _) = standing(&[5, 5, 5]).finish();
    let mut ledger = Ledger::new(Arc::clone(&list));
    ledger
        .vote(&mut Voter::default(), &name("node_a"), units(1))
        .unwrap();
    ledger.rollback();
    ledger
        .vote(&mut Voter::default(), &name("node_b"), units(1))
        .unwrap();
    ledger.commit();
    ledger
        .vote(&mut Voter::default(), &name("node_c"), units(1))
        .unwrap();
    let (after, changed) = ledger.finish();
    assert_eq!(changed.into_iter().collect::<Vec<_>>(), [1]);
    assert_eq!(after.list[1].votes, units(6));
    assert_eq!((&after.list[0], &after.list[2]), (&list.list[0], &list.list[2]));
    assert_eq!(
        list.list[1].votes,
        units(5),
        "the list that was shared is as it was"
    );
}

#[test]
fn an_unchanged_list_is_not_copied() {
    let (list, _) = standing(&[5]).finish();
    let mut ledger = Ledger::new(Arc::clone(&list));
    assert!(
        ledger
            .vote(&mut Voter::default(), &name("nobody"), units(1))
            .is_err()
    );
    assert!(ledger.apply(&name("node_a"), &rules(1), 0, Amount::ZERO).is_ok());
    assert!(Arc::ptr_eq(&ledger.finish().0, &list));
}

#[test]
fn updates() {
    let mut ledger = standing(&[5, 5]);
    let a = name("node_a");
    assert_eq!(
        ledger.update(&name("nobody"), node(9), false),
        Err(PobError::NotExists)
    );
    assert_eq!(ledger.update(&a, node(9), true), Err(PobError::Sitting));
    assert_eq!(ledger.update(&a, node(1), false), Err(PobError::KeyUsed));
    assert_eq!(ledger.update(&a, node(0), true), Ok(()));
    assert_eq!(ledger.update(&a, node(9), false), Ok(()));
    assert_eq!(ledger.candidates().place_of_key(&key(9)), Some(0));
    assert_eq!(
        register(&mut ledger, &name("carol"), node(0), entry(0, true)),
        Ok(()),
        "the old key is free"
    );
    let list: &Candidates = ledger.candidates();
    assert_eq!(list.list[0].votes, units(5));
}
