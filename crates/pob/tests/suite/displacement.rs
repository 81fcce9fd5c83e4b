//! P-10: what a full list does, and that a node that registers anew never revives votes that ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use credo_pob::{
    CandidateStatus, Candidates, Displaced, Entry, Former, Ledger, LossContext, MAX_CANDIDATES,
    PROTECTED_EPOCHS, PobError, Rules, Voter,
};
use credo_primitives::entry::{Frozen, LossReason};
use credo_primitives::{AccountName, Amount};

use crate::{LOCK_MS, empty, key, name, node, rules, units};

const LOCK: u64 = 10;
const NOW: u64 = 5_000;

fn small(places: usize) -> Rules {
    Rules { places, ..rules(2) }
}

fn at(epoch: u64) -> Entry {
    Entry {
        epoch,
        now_ms: NOW,
        lock: units(LOCK),
        approved: true,
    }
}

/// Nodes `first`, `other`, `third` registered in the epochs 0, 1, 2.
fn three() -> Ledger {
    let mut ledger = empty();
    for (epoch, account) in ["first", "other", "third"].iter().enumerate() {
        let registered = ledger.register(
            &name(account),
            node(epoch as u64),
            at(epoch as u64),
            None,
            &small(3),
        );
        assert_eq!(registered, Ok(None));
    }
    ledger.commit();
    ledger
}

fn register(
    ledger: &mut Ledger,
    account: &str,
    number: u64,
    epoch: u64,
) -> Result<Option<Displaced>, PobError> {
    ledger.register(&name(account), node(number), at(epoch), None, &small(3))
}

#[test]
fn a_full_list_displaces_the_fewest_votes_then_the_oldest_and_nobody_of_today() {
    let mut ledger = three();
    let full = Err(PobError::TooManyNodes);
    assert_eq!(register(&mut ledger, "fourth", 10, PROTECTED_EPOCHS - 1), full);
    // In the next epoch the first has been registered for a day, and is the only one that has.
    ledger
        .vote(&mut Voter::default(), &name("first"), units(100))
        .unwrap();
    let before = ledger.candidates().clone();
    let gone = register(&mut ledger, "fourth", 10, PROTECTED_EPOCHS)
        .unwrap()
        .unwrap();
    assert_eq!(gone.node.account, name("first"));
    let ended = gone.ending.unwrap();
    assert_eq!(
        (ended.2.reason, ended.2.until_ms),
        (LossReason::Displaced, NOW + LOCK_MS)
    );
    let stake = Frozen {
        amount: units(LOCK),
        until_ms: NOW + LOCK_MS,
    };
    assert_eq!(gone.stake, Some(stake), "its lock returns");
    assert_eq!(gone.former, None, "there is nothing to remember");
    // The newcomer has its place by number; the others keep theirs.
    let list = ledger.candidates();
    assert_eq!(list.place_of(&name("fourth")), before.place_of(&name("first")));
    assert_eq!(list.place_of(&name("first")), None);
    assert_eq!(
        (list.place_of_key(&key(10)), list.place_of_key(&key(0))),
        (Some(0), None)
    );
    for account in ["other", "third"] {
        assert_eq!(list.place_of(&name(account)), before.place_of(&name(account)));
    }
    ledger.rollback();
    assert_eq!(ledger.candidates().place_of(&name("first")), Some(0));
    assert_eq!(ledger.candidates().place_of_key(&key(0)), Some(0));
    assert_eq!(ledger.candidates().next.generation, 3);

    // Later, whoever has the fewest votes goes, of as many the one that registered first.
    let later = 2 * PROTECTED_EPOCHS;
    ledger
        .vote(&mut Voter::default(), &name("first"), units(1))
        .unwrap();
    let gone = register(&mut ledger, "fourth", 10, later).unwrap().unwrap();
    assert_eq!(gone.node.account, name("other"));
    assert_eq!(ledger.candidates().place_of(&name("fourth")), Some(1));
    let gone = register(&mut ledger, "fifth", 11, later).unwrap().unwrap();
    assert_eq!(gone.node.account, name("third"));
    let gone = register(&mut ledger, "sixth", 12, later).unwrap().unwrap();
    assert_eq!(gone.node.account, name("first"));
    assert_eq!(
        register(&mut ledger, "seventh", 13, later),
        Err(PobError::TooManyNodes)
    );
}

#[test]
fn candidates_are_never_displaced_and_lost_ones_go_first() {
    let mut ledger = three();
    let rules = small(3);
    ledger
        .vote(&mut Voter::default(), &name("first"), units(1))
        .unwrap();
    ledger.note_votes();
    ledger.apply(&name("first"), &rules, 0, units(50)).unwrap();
    ledger
        .vote(&mut Voter::default(), &name("other"), units(9))
        .unwrap();
    ledger
        .vote(&mut Voter::default(), &name("third"), units(5))
        .unwrap();
    ledger.note_votes();
    ledger.apply(&name("third"), &rules, 0, units(50)).unwrap();
    let here = LossContext { epoch: 3, now_ms: 77 };
    ledger
        .expel(&name("third"), LossReason::Misbehaved, here, &rules)
        .unwrap();
    ledger.commit();
    let gone = register(&mut ledger, "fourth", 10, 400).unwrap().unwrap();
    assert_eq!(gone.node.account, name("third"));
    assert_eq!(gone.ending, None, "its votes had ended before");
    let stake = gone.stake.unwrap();
    assert_eq!(
        (stake.amount, stake.until_ms),
        (units(50 + LOCK), 77 + LOCK_MS),
        "the date stays"
    );
    let former = gone.former.unwrap();
    assert_eq!(
        (former.order, former.loss.unwrap().reason),
        (2, LossReason::Misbehaved)
    );
    let gone = register(&mut ledger, "fifth", 11, 400).unwrap().unwrap();
    assert_eq!(
        gone.node.account,
        name("other"),
        "votes don't protect it, candidacy would"
    );
    assert_eq!(
        register(&mut ledger, "sixth", 12, 400),
        Err(PobError::TooManyNodes)
    );
    assert!(ledger.candidates().find(&name("first")).is_some());
}

#[test]
fn who_registers_anew_revives_no_vote_and_keeps_order_and_pot() {
    let mut ledger = three();
    let (first, rules) = (name("first"), small(3));
    let mut voter = Voter::default();
    ledger.vote(&mut voter, &first, units(64)).unwrap();
    ledger.reward_voters(&first, units(128)).unwrap();
    ledger.commit();
    let gone = register(&mut ledger, "fourth", 10, PROTECTED_EPOCHS)
        .unwrap()
        .unwrap();
    let ended = [gone.ending.unwrap()];
    let former = Former {
        order: 0,
        ..gone.former.unwrap()
    };
    assert_eq!(former.voters_pot, units(128));
    ledger.commit();
    // It is nobody's to vote for, and the vote for it is void.
    assert_eq!(
        ledger.vote(&mut voter, &first, units(1)),
        Err(PobError::NotExists)
    );
    assert_eq!(
        ledger.unvote(&mut voter, &first, units(1)),
        Err(PobError::VoidVote(first.clone()))
    );
    let before = voter.clone();
    let list = ledger.candidates().clone();
    assert_eq!(
        voter.rewards(&list, |_, _| Some(ended[0].2), |_| Some(former)),
        [(first.clone(), units(128))]
    );
    // Another place comes free; it registers anew.
    let again = Entry {
        now_ms: NOW + LOCK_MS,
        ..at(3 * PROTECTED_EPOCHS)
    };
    assert_eq!(
        ledger.register(
            &first,
            node(0),
            Entry { now_ms: NOW, ..again },
            Some(former),
            &rules
        ),
        Err(PobError::Cooling(NOW + LOCK_MS))
    );
    let other = ledger
        .register(&first, node(0), again, Some(former), &rules)
        .unwrap()
        .unwrap();
    assert_eq!(other.node.account, name("other"));
    let record = ledger.candidates().find(&first).unwrap();
    assert_ne!(record.generation, voter.votes[0].generation);
    assert_eq!(
        (record.votes, record.voters_pot, record.voter_coef),
        (Amount::ZERO, units(128), 0)
    );
    assert_eq!(
        ledger.unvote(&mut voter, &first, units(1)),
        Err(PobError::VoidVote(first.clone())),
        "the old vote doesn't come to life"
    );
    assert_eq!(voter, before);
    // Out of the pot that it brought back the old votes are paid, and the tokens return.
    let mut formers = BTreeMap::new();
    assert_eq!(
        ledger.fold(&mut voter, &ended, &mut formers, NOW + LOCK_MS),
        Ok(units(64))
    );
    assert_eq!((voter.earned, voter.votes.len()), (units(128), 0));
    assert_eq!(ledger.candidates().find(&first).unwrap().voters_pot, Amount::ZERO);
}

#[test]
fn what_is_remembered_pays_voters_while_the_node_is_gone() {
    let mut ledger = three();
    let first = name("first");
    let mut voters = [Voter::default(), Voter::default()];
    for voter in &mut voters {
        ledger.vote(voter, &first, units(32)).unwrap();
    }
    ledger.reward_voters(&first, units(128)).unwrap();
    let gone = register(&mut ledger, "fourth", 10, PROTECTED_EPOCHS)
        .unwrap()
        .unwrap();
    let ended = [gone.ending.unwrap()];
    let mut formers = BTreeMap::from([(first.clone(), gone.former.unwrap())]);
    for voter in &mut voters {
        assert_eq!(ledger.fold(voter, &ended, &mut formers, 0), Ok(Amount::ZERO));
        assert_eq!(ledger.claim_voter(voter).unwrap().0, [(first.clone(), units(64))]);
        // Counted once.
        ledger.fold(voter, &ended, &mut formers, 0).unwrap();
        assert_eq!(ledger.claim_voter(voter).unwrap().0, []);
    }
    assert_eq!(formers[&first].voters_pot, Amount::ZERO);
    assert!(!formers[&first].matters());
}

#[test]
fn a_seizure_takes_what_a_displaced_node_had_locked() {
    let mut ledger = three();
    let mut own = Voter::default();
    ledger.vote(&mut own, &name("first"), units(7)).unwrap();
    let gone = register(&mut ledger, "fourth", 10, PROTECTED_EPOCHS)
        .unwrap()
        .unwrap();
    own.stake = gone.stake;
    let seized = ledger.seize(&mut own, &name("first")).unwrap();
    assert_eq!((seized.stake, seized.votes), (units(LOCK), units(7)));
    assert!(own.is_empty());
}

/// As many as there can be, all with the longest texts.
fn full() -> Candidates {
    let mut ledger = Ledger::new(Arc::new(Candidates::default()));
    let rules = small(MAX_CANDIDATES);
    let key = key(0);
    for number in 0..MAX_CANDIDATES as u64 {
        let account = AccountName::any(format!("node_{number:05}")).unwrap();
        ledger
            .register(&account, node(number), at(0), None, &rules)
            .unwrap();
    }
    ledger.commit();
    assert_eq!(ledger.candidates().place_of_key(&key), Some(0));
    Arc::unwrap_or_clone(ledger.finish().0)
}

#[test]
fn twenty_thousand_are_the_bound_and_a_newcomer_changes_one_record_of_them() {
    let list = Arc::new(full());
    assert_eq!(list.list.len(), MAX_CANDIDATES);
    let old = list.digest();
    let rules = small(MAX_CANDIDATES);
    let mut ledger = Ledger::new(Arc::clone(&list));
    let new = name("newcomer");
    let early = ledger.register(&new, node(99_999), at(PROTECTED_EPOCHS - 1), None, &rules);
    assert_eq!(early, Err(PobError::TooManyNodes));
    let gone = ledger.register(&new, node(99_999), at(PROTECTED_EPOCHS), None, &rules);
    assert_eq!(gone.unwrap().unwrap().node.account, name("node_00000"));
    ledger.commit();
    let (after, changed) = ledger.finish();
    assert_eq!(changed.into_iter().collect::<Vec<_>>(), [0]);
    assert_eq!(after.list.len(), MAX_CANDIDATES);
    assert_ne!(after.digest(), old);
    // Kept in step, the digest is what a new list's is.
    let fresh = Candidates::new(after.list.clone(), after.next);
    assert_eq!(after.digest(), fresh.digest());
    assert_eq!(after.find(&new).unwrap().status, CandidateStatus::Registered);
}
