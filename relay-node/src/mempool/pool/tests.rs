use super::*;
use credo_primitives::{Action, Algorithm, SecretKey};

const NOW: i64 = 1_700_000_000_000_000_000;
const SECOND: i64 = 1_000_000_000;
const LIMIT: i64 = 1_000_000;
/// Enough for whatever a test sends.
const RICH: Option<Means> = Some(Means::Has(u64::MAX));

fn transaction(
    publisher: &str,
    contract: &str,
    data: &str,
    ratio: i64,
    time: i64,
) -> Arc<CheckedTransaction> {
    let mut tx = Transaction {
        time,
        expiration: time + 60 * SECOND,
        gas_ratio: ratio,
        gas_limit: LIMIT,
        delay: 0,
        chain_id: 1024,
        signers: vec![],
        actions: vec![Action {
            contract: contract.into(),
            name: "transfer".into(),
            data: data.into(),
        }],
        amount_limit: vec![],
        signs: vec![],
        referred_tx: vec![],
        publisher: String::new(),
        publisher_signs: vec![],
    };
    let key = SecretKey::from_seed(Algorithm::Ed25519, &[7; 32]).expect("a seed");
    tx.sign_as_publisher(publisher, &key);
    Arc::new(tx.check(1024).expect("valid"))
}

fn transfer(publisher: &str, ratio: i64, time: i64) -> Arc<CheckedTransaction> {
    transaction(publisher, "token.iost", "[]", ratio, time)
}

fn take(pool: &Pool, tx: &Arc<CheckedTransaction>, means: Option<Means>) -> Result<(), PoolError> {
    let said = pool.check_room(tx.tx(), NOW, means);
    let taken = pool.insert(Arc::clone(tx), NOW, false, means);
    if !matches!(taken, Err(PoolError::Known)) {
        assert_eq!(said, taken, "what is said beforehand holds");
    }
    taken
}

fn order(pool: &Pool, time: i64) -> Vec<Digest> {
    pool.due(time).iter().map(|tx| *tx.hash()).collect()
}

fn assert_empty(pool: &Pool) {
    let inner = pool.inner();
    assert_eq!((inner.by_hash.len(), inner.exempt), (0, 0));
    assert!(inner.senders.is_empty() && inner.order.is_empty() && inner.complex.is_empty());
    assert!(inner.ahead.is_empty() && inner.deaths.is_empty() && inner.signed.is_empty());
}

#[test]
fn the_higher_ratio_goes_first_then_who_has_waited_longer() {
    let pool = Pool::new();
    // Neither short data, nor a simple transfer, nor an early date buys a place.
    let first = transaction("alice", "vote_producer.iost", &"x".repeat(500), 100, NOW);
    let second = transfer("bobby", 100, NOW - 50 * SECOND);
    let generous = transaction("carol", "vote_producer.iost", &"x".repeat(900), 200, NOW);
    for tx in [&first, &second, &generous] {
        take(&pool, tx, RICH).expect("taken");
    }
    assert_eq!(order(&pool, NOW), [&generous, &first, &second].map(|t| *t.hash()));
}

#[test]
fn what_lies_ahead_waits_aside_until_its_time_and_has_no_age_before() {
    let pool = Pool::new();
    let ahead = transfer("alice", 100, NOW + 5 * SECOND);
    let present = transfer("bobby", 100, NOW);
    take(&pool, &ahead, RICH).expect("taken");
    take(&pool, &present, RICH).expect("taken");
    assert_eq!(order(&pool, NOW + 5 * SECOND - 1), [*present.hash()]);
    assert_eq!(order(&pool, NOW + 5 * SECOND), [*present.hash(), *ahead.hash()]);
    assert!(pool.inner().ahead.is_empty());
    pool.remove([ahead.hash(), present.hash()]);
    assert_empty(&pool);
}

#[test]
fn only_a_few_wait_for_their_time() {
    let pool = Pool::new();
    let one = |publisher: &str, i: i64| transfer(publisher, 10_000, NOW + 1 + i);
    for i in 0..MAX_AHEAD_PER_SENDER as i64 {
        take(&pool, &one("alice", i), RICH).expect("taken");
    }
    let more = one("alice", 99);
    assert!(matches!(
        take(&pool, &more, RICH),
        Err(PoolError::Ahead { limit, .. }) if limit == MAX_AHEAD_PER_SENDER
    ));
    // What can run at once has its own room.
    take(&pool, &transfer("alice", 100, NOW), RICH).expect("taken");
    for i in MAX_AHEAD_PER_SENDER as i64..MAX_AHEAD as i64 {
        take(&pool, &one(&format!("user{}", i / 10), i), RICH).expect("taken");
    }
    assert_eq!(take(&pool, &one("zoe", 7), RICH), Err(PoolError::Full));
    assert_eq!(order(&pool, NOW).len(), 1);
    // Their time comes: there is room again, for the publisher, too.
    pool.expire(NOW + SECOND);
    assert_eq!(order(&pool, NOW).len(), MAX_AHEAD + 1);
    take(&pool, &one("alice", 2 * SECOND), RICH).expect("taken");
}

#[test]
fn the_pool_refuses_repetition_expiry_and_excess() {
    let pool = Pool::new();
    let tx = transfer("alice", 100, NOW);
    pool.insert(Arc::clone(&tx), NOW, true, RICH).expect("taken");
    assert_eq!(take(&pool, &tx, RICH), Err(PoolError::Known));
    // Nor does a stranger's signature make another of it.
    let mut more = tx.tx().clone();
    let key = SecretKey::from_seed(Algorithm::Ed25519, &[8; 32]).expect("a seed");
    more.sign_as_publisher("alice", &key);
    let more = Arc::new(more.check(1024).expect("valid"));
    assert_ne!(more.hash(), tx.hash());
    assert_eq!(take(&pool, &more, RICH), Err(PoolError::Known));
    for time in [NOW - 95 * SECOND, NOW + 31 * SECOND] {
        let refused = take(&pool, &transfer("alice", 100, time), RICH);
        assert!(matches!(refused, Err(PoolError::Time(_))), "{time}");
    }
    for i in 1..MAX_PER_SENDER as i64 {
        take(&pool, &transfer("alice", 100, NOW - i), RICH).expect("taken");
    }
    let more = transfer("alice", 10_000, NOW - 5_000);
    assert!(matches!(take(&pool, &more, RICH), Err(PoolError::Sender { .. })));
    assert_eq!(pool.own(10).len(), 1);
    pool.remove([tx.hash()]);
    assert!(pool.own(10).is_empty());
    assert_eq!(pool.len(), MAX_PER_SENDER - 1);
    pool.expire(NOW + 120 * SECOND);
    assert_empty(&pool);
}

#[test]
fn what_waits_of_one_publisher_is_within_its_gas() {
    let pool = Pool::new();
    let gas = |n: i64| Some(Means::Has((n * LIMIT) as u64));
    let ours: Vec<_> = (0..4).map(|i| transfer("alice", 100, NOW + i * SECOND)).collect();
    take(&pool, &ours[0], gas(2)).expect("taken");
    // What waits for its time counts, too.
    take(&pool, &ours[1], gas(2)).expect("taken");
    let refused = take(&pool, &ours[2], Some(Means::Has(3 * LIMIT as u64 - 1)));
    let text = "gas not enough: user alice has 29999.99 < 30000";
    assert_eq!(refused.map_err(|e| e.to_string()), Err(text.to_owned()));
    take(&pool, &ours[2], gas(3)).expect("taken");
    // Another's gas is another's.
    take(&pool, &transfer("bobby", 100, NOW), gas(1)).expect("taken");
    // It has less now: the last to come leave, until the rest can be paid for.
    assert!(pool.has_waiting("alice") && !pool.has_waiting("carol"));
    assert_eq!(pool.settle("alice", 3 * LIMIT as u64), 0);
    assert_eq!(pool.settle("alice", 2 * LIMIT as u64 - 1), 2);
    assert!(pool.contains(ours[0].hash()) && !pool.contains(ours[1].hash()));
    assert_eq!(pool.settle("carol", 0), 0);
    // What left keeps no gas.
    take(&pool, &ours[3], gas(2)).expect("taken");
    assert_eq!(pool.settle("alice", 0), 2);
    assert_eq!(pool.settle("bobby", 0), 1);
    assert_empty(&pool);
}

#[test]
fn one_transaction_may_bring_its_own_gas() {
    let pool = Pool::new();
    let pledge = |i: i64| transaction("newby", "gas.iost", "[]", 100, NOW - i);
    take(&pool, &pledge(0), Some(Means::Brings)).expect("taken");
    let second = take(&pool, &pledge(1), Some(Means::Brings));
    assert!(matches!(
        second,
        Err(PoolError::Gas(Refusal::GasNotEnough { .. }))
    ));
    // It isn't paid for by gas that there is, so it doesn't leave with it.
    assert_eq!(pool.settle("newby", 0), 0);
    pool.remove([pledge(0).hash()]);
    assert_empty(&pool);
    take(&pool, &pledge(1), Some(Means::Brings)).expect("taken");
}

#[test]
fn a_full_pool_takes_only_who_offers_more_than_the_last() {
    let pool = Pool::new();
    let vote = |publisher: &str, ratio: i64, i: i64| {
        transaction(publisher, "vote_producer.iost", "[]", ratio, NOW - i)
    };
    let last = vote("last", 150, 0);
    for i in 0..MAX_COMPLEX as i64 - 1 {
        take(&pool, &vote(&format!("user{}", i / 100), 200, i), RICH).expect("taken");
    }
    take(&pool, &last, RICH).expect("taken");
    assert_eq!(take(&pool, &vote("carol", 150, 1), RICH), Err(PoolError::Full));
    assert!(pool.contains(last.hash()));
    // Simple transfers have room beside these.
    let simple = transfer("carol", 100, NOW);
    take(&pool, &simple, RICH).expect("taken");
    let more = vote("carol", 151, 1);
    take(&pool, &more, RICH).expect("taken");
    assert!(!pool.contains(last.hash()) && pool.contains(more.hash()) && pool.contains(simple.hash()));
    assert_eq!(pool.inner().complex.len(), MAX_COMPLEX);
}

#[test]
fn what_nodes_say_themselves_goes_first_and_has_room_of_its_own() {
    let pool = Pool::new();
    let transfer = transfer("alice", 10_000, NOW - 9);
    take(&pool, &transfer, RICH).expect("taken");
    for i in 0..MAX_COMPLEX as i64 {
        let publisher = format!("user{}", i / 100);
        let tx = transaction(&publisher, "vote_producer.iost", "[]", 100, NOW - i);
        take(&pool, &tx, RICH).expect("taken");
    }
    let proofs: Vec<_> = (0..=MAX_EXEMPT_PER_SENDER as i64)
        .map(|i| transaction("node1", "vote_producer.iost", &"x".repeat(5_000), 100, NOW - i))
        .collect();
    let (last, first) = proofs.split_last().expect("some");
    for tx in first {
        take(&pool, tx, None).expect("taken");
    }
    let full = take(&pool, last, None);
    let limit = MAX_EXEMPT_PER_SENDER;
    assert!(matches!(full, Err(PoolError::Sender { limit: l, .. }) if l == limit));
    // The publisher's ordinary transactions are counted by themselves, and its proofs aren't paid for.
    let ordinary = transaction("node1", "token.iost", "[]", 100, NOW);
    take(&pool, &ordinary, Some(Means::Has(LIMIT as u64))).expect("taken");
    assert_eq!(pool.settle("node1", 0), 1);
    let order = pool.due(NOW);
    assert!(
        order[..limit]
            .iter()
            .all(|tx| tx.tx().actions[0].data.len() == 5_000)
    );
    assert_eq!(order[limit].hash(), transfer.hash());
    let all: Vec<Digest> = order.iter().map(|tx| *tx.hash()).collect();
    pool.remove(&all);
    assert_empty(&pool);
}
