//! Whatever is done in whatever order: votes and rewards are conserved, Servi stays within its bounds, ended votes can
//! always be taken back, the index is right.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use credo_pob::rewards::Parts;
use credo_pob::{
    CandidateStatus, Candidates, Ending, Entry, Former, Ledger, LossContext, PROTECTED_EPOCHS, Round,
    RoundContext, Rules, Turns, Voter,
};
use credo_primitives::entry::LossReason;
use credo_primitives::{AccountName, Amount};
use proptest::prelude::*;

use crate::{LOCK_MS, key, name, node, rules, units, voter_name};

const NODES: usize = 8;
const VOTERS: usize = 4;
/// Fewer than there are nodes: a newcomer displaces another.
const PLACES: usize = 6;
/// Deposit of an application.
const DEPOSIT: u64 = 50;
/// Lock of a registration.
const LOCK: u64 = 5;
/// What there is to pay rewards from at first.
const POOL: u64 = 1_000_000;

#[derive(Clone, Debug)]
enum Op {
    Register(usize, u64),
    Update(usize, u64, bool),
    Apply(usize),
    Leave(usize),
    Aside(usize, u64),
    Prove(usize),
    Slash(usize),
    Vote(usize, usize, u64),
    Unvote(usize, usize, u64),
    Move(usize, usize, usize, u64),
    Claim(usize),
    Fold(usize),
    Commit,
    Rollback,
    Round(usize, Vec<u32>, Vec<u32>, u64),
}

fn op() -> impl Strategy<Value = Op> {
    let amount = || prop_oneof![Just(0), 1..20u64, Just(i64::MAX as u64)];
    let counts = || prop::collection::vec(0..3u32, 4);
    prop_oneof![
        5 => (0..NODES, 0..10u64).prop_map(|(n, k)| Op::Register(n, k)),
        1 => (0..NODES, 0..10u64, any::<bool>()).prop_map(|(n, k, s)| Op::Update(n, k, s)),
        5 => (0..NODES).prop_map(Op::Apply),
        1 => (0..NODES).prop_map(Op::Leave),
        1 => (0..NODES, 0..12u64).prop_map(|(n, e)| Op::Aside(n, e)),
        3 => (0..NODES).prop_map(Op::Prove),
        1 => (0..NODES).prop_map(Op::Slash),
        6 => (0..VOTERS, 0..NODES, amount()).prop_map(|(v, n, a)| Op::Vote(v, n, a)),
        4 => (0..VOTERS, 0..NODES, amount()).prop_map(|(v, n, a)| Op::Unvote(v, n, a)),
        3 => (0..VOTERS, 0..NODES, 0..NODES, amount()).prop_map(|(v, f, t, a)| Op::Move(v, f, t, a)),
        2 => (0..VOTERS).prop_map(Op::Claim),
        2 => (0..VOTERS).prop_map(Op::Fold),
        2 => Just(Op::Commit),
        2 => Just(Op::Rollback),
        4 => (1..5usize, counts(), counts(), 0..1_000u64).prop_map(|(s, p, m, r)| Op::Round(s, p, m, r)),
    ]
}

fn account(n: usize) -> AccountName {
    name(&format!("node_{n}"))
}

/// Everything that a chain would keep, and what must add up.
#[derive(Clone, Default)]
struct World {
    voters: Vec<Voter>,
    endings: Vec<Ending>,
    /// Units outside the ledger, by voter; starts at a thousand each and may not fall below nothing.
    free: Vec<i128>,
    /// Deposits that the ledger holds or held, less those taken.
    deposits: i128,
    /// What is left to pay.
    pool: i128,
    /// Rewards claimed.
    claimed: i128,
    /// Votes that were seized.
    seized: i128,
    /// What is remembered of nodes that lost their places.
    formers: BTreeMap<AccountName, Former>,
}

fn total(amounts: impl Iterator<Item = Amount>) -> i128 {
    amounts.map(|a| i128::from(a.units())).sum()
}

fn check(list: &Candidates, world: &World) {
    let mut cast: BTreeMap<&AccountName, u64> = BTreeMap::new();
    for vote in world.voters.iter().flat_map(|v| &v.votes) {
        assert!(!vote.amount.is_zero());
        let node = list.find(&vote.candidate);
        if node.is_some_and(|node| vote.generation == node.generation) {
            *cast.entry(&vote.candidate).or_default() += vote.amount.units();
        } else {
            let known = |e: &&Ending| e.0 == vote.candidate && e.1 == vote.generation;
            assert!(
                world.endings.iter().any(|e| known(&e)),
                "a void vote's ending is known"
            );
        }
    }
    // What ended stays so, whoever registers anew.
    for (account, generation, _) in &world.endings {
        assert!(
            list.find(account)
                .is_none_or(|node| node.generation != *generation)
        );
    }
    let generations: BTreeSet<u64> = list.list.iter().map(|c| c.generation).collect();
    assert_eq!(generations.len(), list.list.len());
    assert!(generations.iter().all(|g| *g < list.next.generation));
    assert!(list.list.len() <= PLACES);
    for (place, node) in list.list.iter().enumerate() {
        assert_eq!(cast.remove(&node.account).unwrap_or(0), node.votes.units());
        assert_eq!(list.place_of(&node.account), Some(place as u32));
        assert_eq!(list.place_of_key(&node.key), Some(place as u32));
        assert!(node.order > 0 || node.status != CandidateStatus::Candidate);
        assert!(node.order < list.next.order);
        let lost = matches!(node.status, CandidateStatus::Lost);
        assert!(!lost || (node.votes.is_zero() && node.servi == 0 && node.loss.is_some()));
    }
    assert!(cast.is_empty());
    for number in 0..10 {
        let known = list.list.iter().any(|c| c.key == key(number));
        assert_eq!(list.place_of_key(&key(number)).is_some(), known);
    }
    let votes = world.voters.iter().flat_map(|v| &v.votes);
    let held = total(votes.clone().map(|v| v.amount));
    let supply = VOTERS as i128 * 1_000;
    assert_eq!(held + world.free.iter().sum::<i128>() + world.seized, supply);
    assert!(world.free.iter().all(|f| *f >= 0));
    assert_eq!(total(list.list.iter().map(|c| c.stake())), world.deposits);
    let earned = total(votes.map(|v| v.earned))
        + total(world.voters.iter().map(|v| v.earned))
        + total(list.list.iter().map(|c| c.earned))
        + total(list.list.iter().map(|c| c.voters_pot))
        + total(world.formers.values().map(|f| f.voters_pot));
    assert_eq!(
        earned + world.pool + world.claimed,
        i128::from(POOL),
        "no reward is made or lost"
    );
    assert!(world.pool >= 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_is_created_or_lost(ops in prop::collection::vec(op(), 1..90)) {
        let rules = Rules { availability_epochs: 4, missed_epochs: 2, places: PLACES, ..rules(3) };
        let mut ledger = Ledger::new(Arc::new(Candidates::default()));
        let mut world = World {
            voters: vec![Voter::default(); VOTERS],
            free: vec![1_000; VOTERS],
            pool: i128::from(POOL),
            ..World::default()
        };
        let mut saved = (ledger.candidates().clone(), world.clone());
        let mut last: Option<Round> = None;
        let mut epoch = 0;
        for op in ops {
            let now_ms = epoch * 300;
            let here = LossContext { epoch, now_ms };
            match op {
                Op::Register(n, k) => {
                    let returned = ledger.candidates().find(&account(n)).is_some_and(|c| {
                        c.status == CandidateStatus::Lost && c.deposit_until_ms <= now_ms
                    });
                    if returned {
                        let taken = ledger.take_stake(&account(n)).unwrap();
                        world.deposits -= i128::from(taken.units());
                    }
                    // Two epochs of these are enough to be displaced.
                    let entry = Entry { epoch: epoch * PROTECTED_EPOCHS / 2, now_ms, lock: units(LOCK), approved: true };
                    let former = world.formers.get(&account(n)).copied();
                    let before = ledger.candidates().clone();
                    if let Ok(displaced) = ledger.register(&account(n), node(k), entry, former, &rules) {
                        world.formers.remove(&account(n));
                        world.deposits += i128::from(LOCK);
                        for old in &before.list {
                            let kept = displaced.as_ref().is_none_or(|d| d.node.account != old.account);
                            let place = ledger.candidates().place_of(&old.account);
                            prop_assert_eq!(place, kept.then(|| before.place_of(&old.account).unwrap()));
                        }
                        if let Some(displaced) = displaced {
                            prop_assert_eq!(before.list.len(), PLACES);
                            prop_assert!(before.find(&displaced.node.account).unwrap().status != CandidateStatus::Candidate);
                            let place = ledger.candidates().place_of(&account(n));
                            prop_assert_eq!(place, before.place_of(&displaced.node.account), "its place by number");
                            world.deposits -= displaced.stake.map_or(0, |s| i128::from(s.amount.units()));
                            world.claimed += i128::from(displaced.earned.units());
                            world.endings.extend(displaced.ending);
                            if let Some(former) = displaced.former {
                                world.formers.insert(displaced.node.account, former);
                            }
                        }
                    }
                }
                Op::Update(n, k, sits) => drop(ledger.update(&account(n), node(k), sits)),
                Op::Apply(n) => {
                    if let Ok(locked) = ledger.apply(&account(n), &rules, epoch, units(DEPOSIT)) {
                        world.deposits += i128::from(locked.units());
                    }
                }
                Op::Leave(n) => {
                    if let Ok(Some(ending)) = ledger.leave(&account(n), here, &rules) {
                        world.endings.push(ending);
                    }
                }
                Op::Aside(n, epochs) => drop(ledger.stand_aside(&account(n), epoch, epochs, &rules)),
                Op::Prove(n) => drop(ledger.prove_available(&account(n), epoch.saturating_sub(1))),
                Op::Slash(n) => {
                    if ledger.candidates().find(&account(n)).is_some() {
                        // Voter 0 stands for the node's own account.
                        let taken = ledger.seize(&mut world.voters[0], &account(n)).unwrap();
                        world.seized += i128::from(taken.votes.units());
                        world.claimed += i128::from(taken.rewards.units());
                        world.deposits -= i128::from(taken.stake.units());
                        match ledger.expel(&account(n), LossReason::Misbehaved, here, &rules) {
                            Ok(ending) => world.endings.push(ending),
                            Err(_) => ledger.mark_guilty(&account(n), here).unwrap(),
                        }
                    }
                }
                Op::Vote(v, n, a) => {
                    if i128::from(a) <= world.free[v]
                        && ledger.vote(&mut world.voters[v], &account(n), units(a)).is_ok()
                    {
                        world.free[v] -= i128::from(a);
                    }
                }
                Op::Unvote(v, n, a) => {
                    if ledger.unvote(&mut world.voters[v], &account(n), units(a)).is_ok() {
                        world.free[v] += i128::from(a);
                    }
                }
                Op::Move(v, f, t, a) => {
                    drop(ledger.move_votes(&voter_name(), &mut world.voters[v], &account(f), &account(t), units(a)));
                }
                Op::Claim(v) => {
                    let endings = world.endings.clone();
                    ledger.fold(&mut world.voters[v], &endings, &mut world.formers, 0).unwrap();
                    let (by_node, earlier) = ledger.claim_voter(&mut world.voters[v]).unwrap();
                    world.claimed += total(by_node.into_iter().map(|c| c.1)) + i128::from(earlier.units());
                }
                Op::Fold(v) => {
                    let endings = world.endings.clone();
                    let expected = world.voters[v].returned(
                        ledger.candidates(),
                        |n, g| endings.iter().find(|e| e.0 == *n && e.1 == g).map(|e| e.2),
                        now_ms,
                    );
                    let returned = ledger.fold(&mut world.voters[v], &endings, &mut world.formers, now_ms).unwrap();
                    prop_assert_eq!(returned, expected);
                    world.free[v] += i128::from(returned.units());
                }
                Op::Commit => {
                    ledger.commit();
                    saved = (ledger.candidates().clone(), world.clone());
                }
                Op::Rollback => {
                    ledger.rollback();
                    world.clone_from(&saved.1);
                    prop_assert_eq!(ledger.candidates(), &saved.0);
                }
                Op::Round(seats, produced, missed, reward) => {
                    ledger.commit();
                    let rules = Rules { committee_size: seats, ..rules };
                    let turns = last.as_ref().map(|round| Turns {
                        epoch,
                        produced: produced.into_iter().take(round.seats.len()).collect(),
                        missed: missed.into_iter().take(round.seats.len()).collect(),
                    });
                    let mut keys: Vec<_> = last.iter().flat_map(|r| &r.seats).map(|s| s.key.clone()).collect();
                    keys.sort();
                    let blocks: Vec<_> = turns.iter().flat_map(|t| keys.iter().cloned().zip(t.produced.clone())).collect();
                    let paid = ledger.pay_rewards(&Parts {
                        epoch,
                        blocks: units(reward / 2),
                        votes: units(reward),
                        produced: &blocks,
                    });
                    prop_assert!(paid.units() <= reward / 2 + reward);
                    world.pool -= i128::from(paid.units());
                    let before = ledger.candidates().clone();
                    let context = RoundContext {
                        epoch: epoch + 1,
                        now_ms,
                        previous: last.as_ref(),
                        turns: turns.as_ref(),
                    };
                    let outcome = ledger.run_round(&context, &rules);
                    world.endings.extend(outcome.ended.iter().cloned());
                    let round = outcome.round;
                    let list = ledger.candidates();
                    let standing = |list: &Candidates| {
                        list.list.iter().filter(|c| c.status == CandidateStatus::Candidate).count()
                    };
                    prop_assert_eq!(standing(list), round.candidates as usize);
                    prop_assert_eq!(standing(&before) - standing(list), outcome.ended.len());
                    prop_assert!(outcome.ended.is_empty() || standing(list) >= 4);
                    let cap = before.total_votes() * 10;
                    let active: Vec<_> = list.list.iter().filter(|c| c.is_active(epoch + 1)).collect();
                    prop_assert_eq!(Amount::from_units(before.total_votes() as u64).unwrap(), round.total_votes);
                    if !active.is_empty() {
                        prop_assert_eq!(round.seats.len(), seats.min(active.len()));
                        let price = round.seats.last().unwrap().servi;
                        for node in &active {
                            let old = before.find(&node.account).unwrap();
                            let earned = if old.is_active(epoch) {
                                (old.servi + u128::from(old.votes.units())).min(cap)
                            } else {
                                old.servi
                            };
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
                    saved = (ledger.candidates().clone(), world.clone());
                }
            }
            check(ledger.candidates(), &world);
        }
        // In the end every vote can be taken back: those that stand now, those that ended after their lock.
        let late = epoch * 300 + 2 * LOCK_MS;
        for v in 0..VOTERS {
            let endings = world.endings.clone();
            let returned = ledger.fold(&mut world.voters[v], &endings, &mut world.formers, late).unwrap();
            world.free[v] += i128::from(returned.units());
            let votes: Vec<_> = world.voters[v].votes.iter().map(|x| (x.candidate.clone(), x.amount)).collect();
            for (candidate, amount) in votes {
                ledger.unvote(&mut world.voters[v], &candidate, amount).unwrap();
                world.free[v] += i128::from(amount.units());
            }
        }
        check(ledger.candidates(), &world);
        prop_assert_eq!(world.free.iter().sum::<i128>() + world.seized, VOTERS as i128 * 1_000);
    }
}
