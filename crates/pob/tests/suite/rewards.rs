//! P-20 and P-21, worked by hand.

use credo_pob::rewards::Parts;
use credo_pob::{Ledger, LossContext, PobError, Voter};
use credo_primitives::entry::LossReason;
use credo_primitives::{AccountName, Amount};

use crate::{LOCK_MS, empty, entry, key, name, node, none, register, rules, standing, units, voter_name};

fn pay(ledger: &mut Ledger, blocks: u64, votes: u64, produced: &[(u64, u32)]) -> u64 {
    let produced: Vec<_> = produced.iter().map(|(k, n)| (key(*k), *n)).collect();
    let parts = Parts {
        epoch: 0,
        blocks: units(blocks),
        votes: units(votes),
        produced: &produced,
    };
    ledger.pay_rewards(&parts).units()
}

/// A node's own rewards and its voters' pot.
fn node_has(ledger: &Ledger, account: &str) -> (u64, u64) {
    let node = ledger.candidates().find(&name(account)).unwrap();
    (node.earned.units(), node.voters_pot.units())
}

fn voted(nodes: &[(&str, u64)], ledger: &mut Ledger) -> Voter {
    let mut voter = Voter::default();
    for (node, amount) in nodes {
        ledger.vote(&mut voter, &name(node), units(*amount)).unwrap();
    }
    ledger.commit();
    voter
}

/// Claims what the votes earned; there is nothing of votes that are gone.
fn claim(ledger: &mut Ledger, voter: &mut Voter) -> Vec<(AccountName, Amount)> {
    let (claimed, earlier) = ledger.claim_voter(voter).unwrap();
    assert_eq!(earlier, Amount::ZERO);
    claimed
}

#[test]
fn blocks_pay_their_producers_and_votes_pay_in_proportion() {
    let mut ledger = standing(&[60, 30, 10]);
    // Three of four blocks by A, one by C; what a division leaves over isn't paid.
    assert_eq!(
        pay(&mut ledger, 102, 1_001, &[(0, 3), (2, 1)]),
        76 + 25 + 600 + 300 + 100
    );
    assert_eq!(node_has(&ledger, "node_a"), (76 + 300, 300));
    assert_eq!(node_has(&ledger, "node_b"), (150, 150));
    assert_eq!(node_has(&ledger, "node_c"), (25 + 50, 50));
    // An epoch without a block or a vote pays nothing.
    let mut idle = standing(&[0, 0]);
    assert_eq!(pay(&mut idle, 100, 100, &[(0, 0)]), 0);
}

#[test]
fn voters_share_half_by_their_votes_and_when_they_were_cast() {
    let mut ledger = empty();
    register(&mut ledger, &name("node_a"), node(0), entry(0, true)).unwrap();
    ledger.appoint(&name("node_a"), Amount::ZERO).unwrap();
    let mut early = voted(&[("node_a", 30)], &mut ledger);
    assert_eq!(pay(&mut ledger, 0, 100, &[]), 100);
    let mut late = voted(&[("node_a", 70)], &mut ledger);
    assert_eq!(pay(&mut ledger, 0, 200, &[]), 200);
    assert_eq!(node_has(&ledger, "node_a"), (150, 150));
    // 50 of the first, 30 % of 100 of the second; coefficients are cut, so a unit may stay in the pot.
    let a = name("node_a");
    let candidates = ledger.candidates().clone();
    assert_eq!(
        early.rewards(&candidates, |_, _| None, |_| None),
        [(a.clone(), units(79))]
    );
    assert_eq!(claim(&mut ledger, &mut early), [(a.clone(), units(79))]);
    assert_eq!(claim(&mut ledger, &mut early), []);
    assert_eq!(claim(&mut ledger, &mut late), [(a.clone(), units(70))]);
    assert_eq!(node_has(&ledger, "node_a"), (150, 1));
    assert_eq!(ledger.claim_node(&a), Ok(units(150)));
    assert_eq!(ledger.claim_node(&a), Ok(Amount::ZERO));
}

#[test]
fn changing_a_vote_keeps_what_it_earned() {
    let mut ledger = standing(&[0, 0]);
    let (a, b) = (name("node_a"), name("node_b"));
    let mut voter = voted(&[("node_a", 64)], &mut ledger);
    pay(&mut ledger, 0, 128, &[]);
    ledger
        .move_votes(&voter_name(), &mut voter, &a, &b, units(64))
        .unwrap();
    assert_eq!((voter.votes.len(), voter.earned), (1, units(64)));
    pay(&mut ledger, 0, 128, &[]);
    ledger.unvote(&mut voter, &b, units(32)).unwrap();
    pay(&mut ledger, 0, 128, &[]);
    let (claimed, earlier) = ledger.claim_voter(&mut voter).unwrap();
    assert_eq!((claimed, earlier), (vec![(b, units(128))], units(64)));
    assert_eq!((voter.votes.len(), voter.earned), (1, Amount::ZERO));
    assert_eq!(ledger.unvote(&mut voter, &a, units(1)), Err(PobError::DidNotVote));
}

#[test]
fn who_stands_aside_earns_nothing() {
    let mut ledger = standing(&[10, 10, 10, 10, 10]);
    ledger.stand_aside(&name("node_a"), 0, 2, &rules(2)).unwrap();
    ledger.commit();
    assert_eq!(pay(&mut ledger, 0, 40, &[]), 40);
    assert_eq!(node_has(&ledger, "node_a"), (0, 0));
    assert_eq!(node_has(&ledger, "node_b"), (5, 5));
}

#[test]
fn votes_that_ended_keep_what_they_earned_until_then_and_no_more() {
    let mut ledger = standing(&[0, 0]);
    let a = name("node_a");
    let mut voter = voted(&[("node_a", 64)], &mut ledger);
    pay(&mut ledger, 0, 128, &[]);
    let here = LossContext { epoch: 0, now_ms: 0 };
    let ended = ledger.expel(&a, LossReason::Left, here, &rules(1)).unwrap();
    register(&mut ledger, &a, node(0), entry(LOCK_MS, true)).unwrap();
    ledger.appoint(&a, Amount::ZERO).unwrap();
    let mut other = voted(&[("node_a", 64)], &mut ledger);
    pay(&mut ledger, 0, 128, &[]);
    let list = ledger.candidates().clone();
    let how = |_: &AccountName, _| Some(ended.2);
    assert_eq!(voter.rewards(&list, how, |_| None), [(a.clone(), units(64))]);
    assert_eq!(voter.returned(&list, how, LOCK_MS), units(64));
    assert_eq!(
        ledger.fold(&mut voter, std::slice::from_ref(&ended), &mut none(), 0),
        Ok(Amount::ZERO)
    );
    assert_eq!(claim(&mut ledger, &mut voter), [(a.clone(), units(64))]);
    assert_eq!(claim(&mut ledger, &mut other), [(a.clone(), units(64))]);
    assert_eq!(
        ledger.fold(&mut voter, &[ended], &mut none(), LOCK_MS),
        Ok(units(64))
    );
    assert!(voter.votes.is_empty());
}

#[test]
fn a_guilty_node_loses_its_own_and_nobody_else_s() {
    let mut ledger = standing(&[0, 0]);
    let a = name("node_a");
    let mut own = voted(&[("node_a", 32), ("node_b", 5)], &mut ledger);
    let mut voter = voted(&[("node_a", 32)], &mut ledger);
    pay(&mut ledger, 10, 69, &[(0, 1)]);
    claim(&mut ledger, &mut own);
    let seized = ledger.seize(&mut own, &a).unwrap();
    assert_eq!((seized.votes, seized.rewards), (units(32), units(10 + 32)));
    assert_eq!(seized.stake, Amount::ZERO);
    assert_eq!(own.votes.len(), 1, "its vote for another node stays its own");
    assert_eq!(claim(&mut ledger, &mut voter), [(a, units(16))]);
}

#[test]
fn what_is_given_to_voters_needs_voters() {
    let mut ledger = standing(&[4, 0]);
    ledger.reward_voters(&name("node_a"), units(8)).unwrap();
    assert_eq!(node_has(&ledger, "node_a"), (0, 8));
    let b = name("node_b");
    assert_eq!(
        ledger.reward_voters(&b, units(8)),
        Err(PobError::NoVoters(b.clone()))
    );
    assert_eq!(node_has(&ledger, "node_b"), (0, 0));
}
