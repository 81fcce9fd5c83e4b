//! What a wallet says of an account, from proved values of the committed chain.

use commonware_codec::Encode as _;
use credo_light::testing::TestChain;
use credo_light::{AccountQuery, Holdings, ReturnReason, VoteStanding};
use credo_pob::Former;
use credo_primitives::entry::{Ended, Frozen, LossReason};
use credo_primitives::{AccountName, Amount, StateKey};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const HEIGHT: u64 = 7;
const DAY: u64 = 86_400_000;

fn name(text: &str) -> AccountName {
    AccountName::any(text).expect("a name")
}

fn iost(text: &str) -> Amount {
    Amount::parse(text).expect("an amount")
}

fn values(chain: &TestChain, query: &AccountQuery) -> Vec<Option<Vec<u8>>> {
    let answer = chain
        .state(HEIGHT, &query.keys())
        .expect("the chain has these keys");
    answer.entries.into_iter().map(|entry| entry.value).collect()
}

/// Asks until nothing is open, as a wallet does.
fn followed(chain: &TestChain) -> Holdings {
    let first = AccountQuery::new(name("marlow"));
    let held = first.read(&values(chain, &first), None).expect("reads");
    assert!(!held.is_complete(), "nothing is known of the nodes yet");
    let next = AccountQuery::following(&held, 4);
    assert_eq!(next.keys().len(), 9 + 2);
    let held = next.read(&values(chain, &next), Some(&held)).expect("reads");
    assert!(!held.is_complete(), "how the void vote ended isn't known yet");
    let next = AccountQuery::following(&held, 4);
    assert_eq!(next.keys().len(), 9 + 2 + 1);
    let held = next.read(&values(chain, &next), Some(&held)).expect("reads");
    assert!(held.is_complete());
    held
}

/// A node that isn't registered any more, and what is remembered of it.
#[test]
fn votes_for_a_node_that_lost_its_place_are_void_and_keep_what_they_earned() {
    let chain = TestChain::fixture();
    let mut held = followed(&chain);
    let gone = name("gone_node");
    let vote = credo_pob::Vote {
        candidate: gone.clone(),
        generation: 9,
        amount: iost("16"),
        coef: 0,
        earned: Amount::ZERO,
        height: 0,
    };
    held.voter.votes.insert(0, vote);
    assert!(!held.is_complete());
    let answers = |held: &Holdings| {
        let query = AccountQuery::following(held, 4);
        let known = |key: &StateKey| {
            let at = chain.keys.iter().position(|known| known == key)?;
            chain.block(HEIGHT).expect("a block").entries[at].value.clone()
        };
        let former = Former {
            order: 3,
            voters_pot: iost("100"),
            loss: None,
        };
        let ended = Ended {
            reason: LossReason::Displaced,
            epoch: 1,
            at_ms: 0,
            until_ms: 77,
            voter_coef: 1 << 60,
        };
        let value = |key: &StateKey| match key {
            key if *key == StateKey::voter(&held.account) => Some(held.voter.encode().to_vec()),
            key if *key == StateKey::former(&gone) => Some(former.encode().to_vec()),
            key if *key == StateKey::ended(&gone, 9) => Some(ended.encode().to_vec()),
            key => known(key),
        };
        let values: Vec<_> = query.keys().iter().map(value).collect();
        query.read(&values, Some(held)).expect("reads")
    };
    for _ in 0..2 {
        held = answers(&held);
    }
    assert!(held.is_complete());
    let found = held.votes().into_iter().find(|vote| vote.candidate == gone);
    let found = found.expect("it is there");
    assert_eq!(found.rewards, Some(iost("1")));
    let VoteStanding::Void(Some(ended)) = found.standing else {
        panic!("{:?}", found.standing)
    };
    assert_eq!((ended.reason, ended.until_ms), (LossReason::Displaced, 77));
    assert_eq!(
        held.staked(77).votes.checked_add(iost("16")),
        Ok(held.staked(76).votes)
    );
}

/// The stake of its own node that lost its place returns at its date.
#[test]
fn what_a_displaced_node_had_locked_is_on_its_way_back() {
    let chain = TestChain::fixture();
    let mut held = followed(&chain);
    let start = chain.spec.time_ms;
    let (spendable, staked) = (held.spendable(start), held.staked(start).deposit);
    held.balance.staked = held.balance.staked.checked_add(iost("100")).expect("fits");
    held.voter.stake = Some(Frozen {
        amount: iost("100"),
        until_ms: start + 500,
    });
    assert_eq!(held.spendable(start), spendable);
    assert_eq!(
        held.staked(start).deposit,
        staked.checked_add(iost("100")).expect("fits")
    );
    assert!(
        held.returning(start)
            .iter()
            .any(|back| back.reason == ReturnReason::Deposit)
    );
    assert_eq!(
        held.spendable(start + 500),
        spendable.checked_add(iost("100")).expect("fits")
    );
    assert_eq!(held.staked(start + 500).deposit, staked);
}

#[test]
fn a_void_vote_returns_at_its_date_and_not_a_moment_before() {
    let chain = TestChain::fixture();
    let held = followed(&chain);
    let start = chain.spec.time_ms;
    let has = |at: u64| held.spendable(at);
    assert_eq!(has(start + 1_000), Amount::from_iost(1_000 + HEIGHT));
    assert_eq!(has(start + 59_999), Amount::from_iost(1_000 + HEIGHT));
    assert_eq!(
        has(start + 60_000),
        Amount::from_iost(1_005 + HEIGHT),
        "what was frozen"
    );
    assert_eq!(has(start + 119_999), Amount::from_iost(1_005 + HEIGHT));
    assert_eq!(
        has(start + 120_000),
        Amount::from_iost(1_045 + HEIGHT),
        "and the void vote"
    );
    let returning = held.returning(start + 1_000);
    let dates: Vec<(Amount, u64)> = returning.iter().map(|r| (r.amount, r.until_ms - start)).collect();
    assert_eq!(dates, [(iost("5"), 60_000), (iost("40"), 120_000)]);
    assert_eq!(returning[1].reason, ReturnReason::Votes(name("servi_006")));
    assert_eq!(held.returning(start + 60_000).len(), 1);
    assert!(held.returning(start + 120_000).is_empty());
}

#[test]
fn votes_tell_whether_they_count_and_what_they_earned() {
    let chain = TestChain::fixture();
    let held = followed(&chain);
    let votes = held.votes();
    assert_eq!(votes.len(), 2);
    assert_eq!(votes[0].standing, VoteStanding::Counts);
    assert_eq!(votes[0].rewards, Some(iost("15.625")));
    let VoteStanding::Void(Some(ended)) = votes[1].standing else {
        panic!("{:?}", votes[1].standing)
    };
    assert_eq!(ended.reason, LossReason::NoBlocks);
    assert_eq!(held.counting(), [(name("servi_001"), iost("250"))]);
    let rewards = held.rewards();
    // Two of votes that are gone come on top.
    assert_eq!((rewards.voter, rewards.node), (iost("17.625"), Amount::ZERO));
    assert_eq!(
        rewards.contribution,
        iost("3.000001"),
        "a hundred units of score, one unit each"
    );
    assert_eq!(rewards.total(), iost("20.625001"));
}

#[test]
fn stakes_gas_and_ram_are_told_apart() {
    let chain = TestChain::fixture();
    let held = followed(&chain);
    let start = chain.spec.time_ms;
    let staked = held.staked(start);
    assert_eq!(
        (staked.votes, staked.pledges, staked.deposit),
        (iost("290"), iost("30"), Amount::ZERO)
    );
    assert_eq!(staked.total(), held.balance.staked);
    // What has returned is spendable, and staked no longer: it is counted once.
    let votes = held.votes();
    let VoteStanding::Void(Some(ended)) = votes[1].standing else {
        panic!("{:?}", votes[1].standing)
    };
    let before = ended.until_ms - 1;
    assert_eq!(held.staked(before).votes, iost("290"));
    assert_eq!(held.staked(ended.until_ms).votes, iost("250"));
    let all = |now_ms| held.spendable(now_ms).checked_add(held.staked(now_ms).total());
    assert_eq!(all(before), all(ended.until_ms));
    let rate = chain.spec.parameters.gas_per_iost_day;
    assert_eq!(held.gas(start, rate).total(), 5_012_300);
    // 320 IOST bring 32 million gas a day, up to three days' worth.
    assert_eq!(held.gas(start + DAY / 1_000, rate).stock, 5_000_000 + 3_200_000);
    assert_eq!(held.gas(start + 30 * DAY, rate).stock, 3 * 3_200_000_000);
    assert_eq!((held.ram.own, held.ram.total, held.ram.used), (100, 300, 40));
    assert!(held.ram_market.is_some());
    assert!(held.exists());
}

#[test]
fn what_was_learnt_is_kept_while_it_matters() {
    let chain = TestChain::fixture();
    let held = followed(&chain);
    // The next question asks for no ending again.
    let next = AccountQuery::following(&held, 4);
    assert_eq!(next.keys().len(), 9 + 2);
    let again = next.read(&values(&chain, &next), Some(&held)).expect("reads");
    assert_eq!(again, held);
    // Another account's knowledge is none.
    let other = AccountQuery::new(name("somebody"));
    let nothing: Vec<Option<Vec<u8>>> = vec![None; other.keys().len()];
    let other = other.read(&nothing, Some(&held)).expect("reads");
    assert!(!other.exists() && other.is_complete());
    assert_eq!(other.spendable(u64::MAX), Amount::ZERO);
    let short = AccountQuery::new(name("marlow")).read(&nothing[1..], None);
    assert!(short.is_err());
}

#[test]
fn many_votes_stay_within_one_question() {
    let chain = TestChain::fixture();
    let mut held = followed(&chain);
    let vote = held.voter.votes[0].clone();
    held.voter.votes = (0..200)
        .map(|i| credo_pob::Vote {
            candidate: name(&format!("node_{i:03}")),
            ..vote.clone()
        })
        .collect();
    let query = AccountQuery::following(&held, 4);
    assert_eq!(query.keys().len(), credo_wire::MAX_KEYS - 4);
    // In turn all of them are asked for, and then again.
    let mut asked = std::collections::BTreeSet::new();
    let mut query = query;
    for _ in 0..60 {
        asked.extend(query.keys());
        let none: Vec<Option<Vec<u8>>> = query
            .keys()
            .iter()
            .map(|key| (*key == StateKey::voter(&held.account)).then(|| held.voter.encode().to_vec()))
            .collect();
        held = query.read(&none, Some(&held)).expect("reads");
        query = AccountQuery::following(&held, 4);
    }
    let all = |i| asked.contains(&StateKey::candidate(&name(&format!("node_{i:03}"))));
    assert!((0..200).all(all));
}
