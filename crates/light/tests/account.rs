//! What a wallet says of an account, from proved values of the committed chain.

use credo_light::testing::TestChain;
use credo_light::{AccountQuery, Holdings, ReturnReason, VoteStanding};
use credo_pob::Candidates;
use credo_primitives::entry::LossReason;
use credo_primitives::{AccountName, Amount};

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

fn list(chain: &TestChain) -> Candidates {
    Candidates::from_bytes(&chain.block(HEIGHT).expect("a block").list).expect("a list")
}

/// Asks until nothing is open, as a wallet does.
fn followed(chain: &TestChain) -> Holdings {
    let first = AccountQuery::new(name("marlow"));
    let mut held = first.read(&values(chain, &first), None).expect("reads");
    assert!(!held.is_complete() && held.needs_list());
    held.learn(&list(chain));
    assert!(!held.is_complete(), "how the void vote ended isn't known yet");
    let list = list(chain);
    let next = AccountQuery::following(&held, |node| list.place_of(node), 4);
    assert_eq!(next.keys().len(), 7 + 2 + 1);
    let held = next.read(&values(chain, &next), Some(&held)).expect("reads");
    assert!(held.is_complete() && !held.needs_list());
    held
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
    assert_eq!((held.ram.own, held.ram.total), (100, 300));
    assert!(held.exists());
}

#[test]
fn what_was_learnt_is_kept_while_it_matters() {
    let chain = TestChain::fixture();
    let held = followed(&chain);
    // The next question needs no list and asks for no ending again.
    let list = list(&chain);
    let next = AccountQuery::following(&held, |node| list.place_of(node), 4);
    assert_eq!(next.keys().len(), 7 + 2);
    let again = next.read(&values(&chain, &next), Some(&held)).expect("reads");
    assert_eq!(again, held);
    // Another account's knowledge is none.
    let other = AccountQuery::new(name("somebody"));
    let nothing: Vec<Option<Vec<u8>>> = vec![None; other.keys().len()];
    let other = other.read(&nothing, Some(&held)).expect("reads");
    assert!(!other.exists() && other.is_complete() && !other.needs_list());
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
    let query = AccountQuery::following(&held, |_| Some(3), 4);
    assert_eq!(query.keys().len(), credo_wire::MAX_KEYS - 4);
}
