//! P-13 to P-16, worked by hand: availability, production, standing aside, leaving, and losing candidacy.

use std::collections::BTreeSet;

use credo_pob::{
    CandidateStatus, Entry, Ledger, LossContext, PobError, Round, RoundContext, RoundOutcome, Rules, Turns,
    Voter,
};
use credo_primitives::Amount;
use credo_primitives::entry::LossReason;

use crate::{LOCK_MS, at, entry, name, node, none, register, rules, standing, units};

/// A round after an epoch in which each seat (in the order of the committee's accounts) produced and missed so much.
fn after(ledger: &mut Ledger, previous: &Round, turns: &[(&str, u32, u32)], rules: &Rules) -> RoundOutcome {
    let mut seats: Vec<_> = previous.seats.iter().collect();
    seats.sort_by(|a, b| a.key.cmp(&b.key));
    let of = |account: &str| {
        turns
            .iter()
            .find(|t| t.0 == account)
            .map_or((1, 0), |t| (t.1, t.2))
    };
    let counts: Vec<_> = seats.iter().map(|s| of(s.account.as_str())).collect();
    let turns = Turns {
        epoch: previous.epoch,
        produced: counts.iter().map(|c| c.0).collect(),
        missed: counts.iter().map(|c| c.1).collect(),
    };
    ledger.run_round(
        &RoundContext {
            epoch: previous.epoch + 1,
            now_ms: (previous.epoch + 1) * 100,
            previous: Some(previous),
            turns: Some(&turns),
        },
        rules,
    )
}

fn status(ledger: &Ledger, account: &str) -> CandidateStatus {
    ledger.candidates().find(&name(account)).unwrap().status
}

#[test]
fn who_produces_nothing_for_too_long_is_out() {
    let rules = Rules {
        missed_epochs: 2,
        ..rules(5)
    };
    let mut ledger = standing(&[10, 9, 8, 7, 6, 5]);
    let first = ledger.run_round(&at(None, 0), &rules).round;
    let once = after(&mut ledger, &first, &[("node_b", 0, 3)], &rules);
    assert_eq!((once.ended.len(), once.round.removed), (0, 0));
    assert_eq!(ledger.candidates().find(&name("node_b")).unwrap().missed, 1);
    let twice = after(&mut ledger, &once.round, &[("node_b", 0, 1)], &rules);
    let (account, generation, ended) = &twice.ended[0];
    assert_eq!((account.as_str(), *generation), ("node_b", 1));
    assert_eq!((ended.reason, ended.epoch), (LossReason::NoBlocks, 1));
    assert_eq!((ended.at_ms, ended.until_ms), (200, 200 + LOCK_MS));
    let node = ledger.candidates().find(&name("node_b")).unwrap();
    // Six nodes had the generations before.
    assert_eq!((node.votes, node.servi, node.generation), (Amount::ZERO, 0, 6));
    assert_eq!(node.loss.unwrap().reason, LossReason::NoBlocks);
    assert!(twice.round.seats.iter().all(|s| s.account != name("node_b")));
    // The seat goes to the next.
    assert!(twice.round.seats.iter().any(|s| s.account == name("node_f")));
    assert_eq!((twice.round.removed, twice.round.candidates), (1, 5));
}

#[test]
fn a_block_between_makes_good_and_an_epoch_without_a_turn_changes_nothing() {
    let rules = Rules {
        missed_epochs: 2,
        ..rules(5)
    };
    let mut ledger = standing(&[10, 9, 8, 7, 6]);
    let first = ledger.run_round(&at(None, 0), &rules).round;
    let round = after(&mut ledger, &first, &[("node_b", 0, 3)], &rules).round;
    let round = after(&mut ledger, &round, &[("node_b", 0, 0)], &rules).round;
    assert_eq!(ledger.candidates().find(&name("node_b")).unwrap().missed, 1);
    let round = after(&mut ledger, &round, &[("node_b", 1, 2)], &rules).round;
    assert_eq!(ledger.candidates().find(&name("node_b")).unwrap().missed, 0);
    let last = after(&mut ledger, &round, &[("node_b", 0, 2)], &rules);
    assert!(last.ended.is_empty());
}

#[test]
fn who_does_not_prove_its_availability_in_time_is_out() {
    let rules = Rules {
        availability_epochs: 3,
        ..rules(2)
    };
    let mut ledger = standing(&[10, 9, 8, 7, 6]);
    let mut round = ledger.run_round(&at(None, 0), &rules).round;
    for epoch in 1..=3 {
        for account in ["node_a", "node_b", "node_c", "node_d"] {
            // In the epoch that ends, a node can prove itself against the MSB before it.
            ledger.prove_available(&name(account), epoch - 1).unwrap();
        }
        ledger.commit();
        let outcome = ledger.run_round(&at(Some(&round), epoch), &rules);
        assert!(outcome.ended.is_empty(), "in epoch {epoch}");
        round = outcome.round;
    }
    for account in ["node_a", "node_b", "node_c", "node_d"] {
        ledger.prove_available(&name(account), 3).unwrap();
    }
    let outcome = ledger.run_round(&at(Some(&round), 4), &rules);
    assert_eq!(outcome.ended.len(), 1);
    assert_eq!(outcome.ended[0].0, name("node_e"));
    assert_eq!(outcome.ended[0].2.reason, LossReason::Unavailable);
}

#[test]
fn availability_is_proved_once_for_each_msb_and_by_candidates() {
    let mut ledger = standing(&[1, 1]);
    let a = name("node_a");
    register(&mut ledger, &name("alice"), node(9), entry(0, true)).unwrap();
    assert_eq!(
        ledger.prove_available(&name("alice"), 1),
        Err(PobError::NotCandidate)
    );
    assert_eq!(
        ledger.prove_available(&name("nobody"), 1),
        Err(PobError::NotExists)
    );
    ledger.prove_available(&a, 2).unwrap();
    assert_eq!(ledger.prove_available(&a, 2), Err(PobError::Proved(2)));
    assert_eq!(ledger.prove_available(&a, 1), Err(PobError::Proved(1)));
    ledger.prove_available(&a, 3).unwrap();
}

#[test]
fn standing_aside_costs_servi_and_seat_but_neither_votes_nor_candidacy() {
    let rules = Rules {
        availability_epochs: 2,
        aside_epochs: 4,
        ..rules(2)
    };
    let mut ledger = standing(&[10, 9, 8, 7, 6]);
    let a = name("node_a");
    let mut round = ledger.run_round(&at(None, 0), &rules).round;
    let before = ledger.candidates().find(&a).unwrap().servi;
    assert_eq!(
        ledger.stand_aside(&a, 0, 5, &rules),
        Err(PobError::AsideTooLong(4))
    );
    assert_eq!(
        ledger.stand_aside(&name("nobody"), 0, 1, &rules),
        Err(PobError::NotExists)
    );
    ledger.stand_aside(&a, 0, 3, &rules).unwrap();
    ledger.commit();
    for epoch in 1..=4 {
        for account in ["node_b", "node_c", "node_d", "node_e"] {
            ledger.prove_available(&name(account), epoch).unwrap();
        }
        let outcome = ledger.run_round(&at(Some(&round), epoch), &rules);
        assert!(outcome.ended.is_empty());
        round = outcome.round;
        let sits = round.seats.iter().any(|s| s.account == a);
        // Aside in epochs 1, 2 and 3; for epoch 4 it is elected again.
        assert_eq!((epoch, sits), (epoch, epoch == 4 && sits));
    }
    let node = ledger.candidates().find(&a).unwrap();
    assert_eq!(
        (node.status, node.votes, node.servi),
        (CandidateStatus::Candidate, units(10), before)
    );
    // Back, it earns and must prove itself again; a while later it is out if it doesn't.
    for account in ["node_b", "node_c", "node_d", "node_e"] {
        ledger.prove_available(&name(account), 5).unwrap();
    }
    round = ledger.run_round(&at(Some(&round), 5), &rules).round;
    assert!(
        ledger.candidates().find(&a).unwrap().servi > before || round.seats.iter().any(|s| s.account == a)
    );
    round = ledger.run_round(&at(Some(&round), 6), &rules).round;
    let out = ledger.run_round(&at(Some(&round), 7), &rules);
    assert_eq!(out.ended[0].0, a);
}

#[test]
fn nobody_stands_aside_when_too_few_would_be_left() {
    let mut ledger = standing(&[4, 3, 2, 1, 1]);
    ledger.stand_aside(&name("node_a"), 0, 2, &rules(2)).unwrap();
    assert_eq!(
        ledger.stand_aside(&name("node_b"), 0, 2, &rules(2)),
        Err(PobError::TooFewLeft)
    );
    // Coming back is always allowed.
    ledger.stand_aside(&name("node_a"), 0, 0, &rules(2)).unwrap();
    ledger.stand_aside(&name("node_b"), 1, 2, &rules(2)).unwrap();
}

#[test]
fn several_lose_at_once_in_the_order_of_candidacy_until_four_are_left() {
    let rules = rules(3);
    let mut ledger = standing(&[1, 2, 3, 4, 5, 6]);
    let here = LossContext { epoch: 0, now_ms: 0 };
    for account in ["node_f", "node_d", "node_b"] {
        assert_eq!(ledger.leave(&name(account), here, &rules), Ok(None));
    }
    ledger.commit();
    let first = ledger.run_round(&at(None, 1), &rules);
    let gone: Vec<_> = first.ended.iter().map(|e| e.0.as_str()).collect();
    assert_eq!(gone, ["node_b", "node_d"]);
    assert_eq!(
        (first.round.removed, first.round.put_off, first.round.candidates),
        (2, 1, 4)
    );
    assert_eq!(status(&ledger, "node_f"), CandidateStatus::Candidate);
    // As soon as another stands, what was put off is made up for.
    register(&mut ledger, &name("alice"), node(20), entry(0, true)).unwrap();
    ledger.appoint(&name("alice"), Amount::ZERO).unwrap();
    ledger.commit();
    let second = ledger.run_round(&at(Some(&first.round), 2), &rules);
    assert_eq!(second.ended[0].0, name("node_f"));
    assert_eq!(second.ended[0].2.reason, LossReason::Left);
}

#[test]
fn leaving_can_be_taken_back_and_a_node_that_does_not_stand_leaves_at_once() {
    let rules = rules(2);
    let mut ledger = standing(&[1, 2, 3, 4, 5]);
    let here = LossContext { epoch: 3, now_ms: 50 };
    ledger.leave(&name("node_a"), here, &rules).unwrap();
    assert_eq!(
        ledger.apply(&name("node_a"), &rules, 3, units(9)),
        Ok(Amount::ZERO)
    );
    assert!(!ledger.candidates().find(&name("node_a")).unwrap().leaving);
    register(&mut ledger, &name("alice"), node(9), entry(0, true)).unwrap();
    let mut voter = Voter::default();
    ledger.vote(&mut voter, &name("alice"), units(5)).unwrap();
    let ended = ledger.leave(&name("alice"), here, &rules).unwrap().unwrap();
    assert_eq!(ended.2.until_ms, 50 + LOCK_MS);
    assert_eq!(
        ledger.leave(&name("alice"), here, &rules),
        Err(PobError::NotExists)
    );
    assert_eq!(
        ledger.fold(
            &mut voter,
            std::slice::from_ref(&ended),
            &mut none(),
            49 + LOCK_MS
        ),
        Ok(Amount::ZERO)
    );
    assert_eq!(
        ledger.fold(&mut voter, &[ended], &mut none(), 50 + LOCK_MS),
        Ok(units(5))
    );
    assert!(voter.votes.is_empty());
}

/// A node without candidacy may still sit until its epoch ends.
#[test]
fn turns_missed_after_candidacy_was_lost_count_for_nothing_and_every_change_is_told() {
    let rules = rules(3);
    let mut ledger = standing(&[5, 4, 3, 2]);
    let first = ledger.run_round(&at(None, 0), &rules).round;
    let here = LossContext { epoch: 0, now_ms: 50 };
    ledger
        .expel(&name("node_b"), LossReason::Misbehaved, here, &rules)
        .unwrap();
    ledger.commit();
    let (before, _) = ledger.finish();
    let mut ledger = Ledger::new(before.clone());
    after(&mut ledger, &first, &[("node_b", 0, 3), ("node_c", 0, 1)], &rules);
    let (list, told) = ledger.finish();
    assert_eq!(list.find(&name("node_b")), before.find(&name("node_b")));
    assert_eq!(list.find(&name("node_c")).unwrap().missed, 1);
    let changed = (0..).zip(list.list.iter().zip(&before.list));
    let changed = changed.filter(|(_, (now, then))| now != then);
    for (place, (now, _)) in changed {
        assert!(told.contains(&place), "{} at {place} isn't written", now.account);
    }
}

#[test]
fn after_a_loss_a_node_cools_off_then_registers_with_its_old_order_and_new_votes() {
    let rules = rules(2);
    let mut ledger = standing(&[1, 2, 3, 4, 5]);
    let b = name("node_b");
    let mut voter = Voter::default();
    ledger.vote(&mut voter, &b, units(7)).unwrap();
    let here = LossContext {
        epoch: 1,
        now_ms: 100,
    };
    let ended = ledger.expel(&b, LossReason::Misbehaved, here, &rules).unwrap();
    assert_eq!(
        ledger.expel(&b, LossReason::Misbehaved, here, &rules),
        Err(PobError::NotExists)
    );
    let until = 100 + LOCK_MS;
    assert_eq!(
        register(&mut ledger, &b, node(1), entry(until - 1, true)),
        Err(PobError::Cooling(until))
    );
    assert_eq!(
        ledger.vote(&mut Voter::default(), &b, units(1)),
        Err(PobError::LostNode(b.clone(), until))
    );
    assert_eq!(ledger.apply(&b, &rules, 1, units(1)), Err(PobError::NotApproved));
    register(&mut ledger, &b, node(11), entry(until, true)).unwrap();
    // The old vote is void; folded in, the account may vote again.
    assert_eq!(
        ledger.vote(&mut voter, &b, units(1)),
        Err(PobError::VoidVote(b.clone()))
    );
    assert_eq!(
        ledger.fold(&mut voter, &[ended], &mut none(), until),
        Ok(units(7))
    );
    ledger.vote(&mut voter, &b, units(2)).unwrap();
    assert_eq!((voter.votes[0].generation, voter.votes[0].amount), (5, units(2)));
    ledger.note_votes();
    assert_eq!(ledger.apply(&b, &rules, 9, units(3)), Ok(units(3)));
    let node = ledger.candidates().find(&b).unwrap();
    assert_eq!((node.order, node.available, node.votes), (2, 9, units(2)));
    assert_eq!(
        node.loss.unwrap().reason,
        LossReason::Misbehaved,
        "the last loss is remembered"
    );
}

#[test]
fn what_is_still_locked_keeps_a_node_from_registering() {
    let rules = rules(2);
    let mut ledger = standing(&[1, 2, 3, 4, 5]);
    let locking = Entry {
        lock: units(10),
        ..entry(0, true)
    };
    register(&mut ledger, &name("alice"), node(9), locking).unwrap();
    ledger
        .vote(&mut Voter::default(), &name("alice"), units(1))
        .unwrap();
    ledger.note_votes();
    assert_eq!(
        ledger.apply(&name("alice"), &rules, 0, units(100)),
        Ok(units(100))
    );
    let here = LossContext { epoch: 0, now_ms: 0 };
    ledger
        .expel(&name("alice"), LossReason::Expelled, here, &rules)
        .unwrap();
    assert_eq!(
        ledger.candidates().find(&name("alice")).unwrap().deposit_until_ms,
        LOCK_MS
    );
    assert_eq!(
        register(&mut ledger, &name("alice"), node(9), entry(LOCK_MS, true)),
        Err(PobError::Deposit)
    );
    assert_eq!(ledger.take_stake(&name("alice")), Ok(units(110)));
    register(&mut ledger, &name("alice"), node(9), entry(LOCK_MS, true)).unwrap();
}

#[test]
fn a_registration_s_lock_returns_with_its_end_whether_it_became_a_candidate_or_not() {
    let rules = rules(2);
    let mut ledger = standing(&[1, 2, 3, 4, 5]);
    let alice = name("alice");
    let locking = Entry {
        lock: units(10),
        ..entry(0, true)
    };
    register(&mut ledger, &alice, node(9), locking).unwrap();
    let returned = |ledger: &Ledger, now| ledger.candidates().find(&alice).unwrap().returned_stake(now);
    assert_eq!(
        returned(&ledger, u64::MAX),
        Amount::ZERO,
        "while it is registered"
    );
    let here = LossContext { epoch: 0, now_ms: 70 };
    ledger.leave(&alice, here, &rules).unwrap();
    assert_eq!(returned(&ledger, 69 + LOCK_MS), Amount::ZERO);
    assert_eq!(returned(&ledger, 70 + LOCK_MS), units(10));
}

#[test]
fn a_candidate_s_votes_for_itself_stay_with_it() {
    let mut ledger = standing(&[1, 2, 3, 4, 5]);
    let (a, b) = (name("node_a"), name("node_b"));
    let mut own = Voter::default();
    ledger.vote(&mut own, &a, units(7)).unwrap();
    assert_eq!(
        ledger.move_votes(&a, &mut own, &a, &b, units(7)),
        Err(PobError::OwnVotes)
    );
    // Others' votes move, its votes for others do, and so do its own while it isn't a candidate.
    ledger.vote(&mut own, &b, units(3)).unwrap();
    ledger.move_votes(&a, &mut own, &b, &a, units(3)).unwrap();
    let mut other = Voter::default();
    ledger.vote(&mut other, &a, units(2)).unwrap();
    ledger
        .move_votes(&name("bobby"), &mut other, &a, &b, units(2))
        .unwrap();
    let alice = name("alice");
    register(&mut ledger, &alice, node(9), entry(0, true)).unwrap();
    ledger.vote(&mut other, &alice, units(2)).unwrap();
    ledger
        .move_votes(&alice, &mut other, &alice, &a, units(2))
        .unwrap();
}

#[test]
fn no_two_registrations_ever_share_a_generation() {
    let rules = rules(2);
    let mut ledger = standing(&[1, 2, 3, 4, 5]);
    let mut seen: BTreeSet<u64> = ledger.candidates().list.iter().map(|c| c.generation).collect();
    for turn in 0..20u64 {
        let account = name(if turn % 2 == 0 { "alice" } else { "carol" });
        let now_ms = turn * 2 * LOCK_MS;
        let key = 90 + turn % 2;
        register(&mut ledger, &account, node(key), entry(now_ms, true)).unwrap();
        let generation = ledger.candidates().find(&account).unwrap().generation;
        // What was taken back isn't used up; what was kept never comes again.
        ledger.rollback();
        register(&mut ledger, &account, node(key), entry(now_ms, true)).unwrap();
        assert_eq!(ledger.candidates().find(&account).unwrap().generation, generation);
        assert!(seen.insert(generation), "generation {generation} came twice");
        let here = LossContext { epoch: 0, now_ms };
        let (_, ended, _) = ledger.leave(&account, here, &rules).unwrap().unwrap();
        assert_eq!(ended, generation);
        ledger.commit();
    }
}

#[test]
fn a_private_network_approves_its_nodes() {
    let rules = rules(2);
    let mut ledger = standing(&[1]);
    let alice = name("alice");
    register(&mut ledger, &alice, node(9), entry(0, false)).unwrap();
    assert_eq!(
        ledger.vote(&mut Voter::default(), &alice, units(1)),
        Err(PobError::NotApproved)
    );
    assert_eq!(
        ledger.apply(&alice, &rules, 0, Amount::ZERO),
        Err(PobError::NotApproved)
    );
    ledger.approve(&alice).unwrap();
    ledger.vote(&mut Voter::default(), &alice, units(1)).unwrap();
    ledger.note_votes();
    ledger.apply(&alice, &rules, 0, Amount::ZERO).unwrap();
}

#[test]
fn a_fee_share_lies_within_its_bounds() {
    let mut ledger = standing(&[1]);
    let a = name("node_a");
    for percent in [0, 9, 31, 255] {
        assert_eq!(ledger.set_fee_share(&a, percent), Err(PobError::FeeShare));
    }
    for percent in [10, 30] {
        ledger.set_fee_share(&a, percent).unwrap();
        assert_eq!(ledger.candidates().find(&a).unwrap().fee_share, percent);
    }
}
