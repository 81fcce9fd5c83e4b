//! A hundred thousand random operations. After every block no token is created or lost, whoever follows the receipts has
//! every account's balance, stakes stand with who holds them, and RAM is paid for by the byte ([`Chain::check`] and the
//! follower beside it). Between them nodes are convicted, and displaced from a full list. In the end all that is locked can be
//! taken back.

use credo_pob::{CandidateStatus, PROTECTED_EPOCHS};
use credo_primitives::entry::{LossReason, Pledges, VotingVotes};
use credo_primitives::{Amount, StateKey};

use crate::calls::{NEW, Numbers, OLD, chain, random_block};
use crate::chain::{Chain, NODES, USERS, consensus_key, iost, name, registering};
use crate::liveness::evidence;

const VOTING: &str = "vote_producer.iost";
/// Of each seed; there are eight.
const OPERATIONS: u64 = 12_500;

fn run(seed: u64) {
    let mut numbers = Numbers(seed);
    let mut chain = chain();
    for (number, node) in (90..).zip(OLD) {
        let data = registering(&chain.spec, node, number, r#""","","""#);
        chain.pass(node, VOTING, "applyRegister", &data);
        for voter in ["carol", node] {
            chain.pass(voter, VOTING, "vote", &format!(r#"["{voter}","{node}","1"]"#));
        }
    }
    let mut newcomers = (100..).zip(NEW);
    let (mut done, mut good, mut convicted) = (0, 0, 0);
    for block in 1.. {
        if done >= OPERATIONS {
            break;
        }
        let (outcome, operations) = random_block(&mut chain, &mut numbers, 10);
        done += operations;
        good += outcome
            .receipts
            .iter()
            .filter(|receipt| receipt.is_success())
            .count();
        if block % 40 == 0 {
            convicted += u32::from(convict(&mut chain, block));
        }
        let full = block % 10 == 5 && chain.committee.epoch() >= PROTECTED_EPOCHS + 5;
        if full && let Some((number, newcomer)) = newcomers.next() {
            displace(&mut chain, newcomer, number);
        }
    }
    assert!(
        good > 1_000,
        "only {good} transactions succeeded: the sequence shows little"
    );
    assert!(convicted > 3, "only {convicted} nodes were convicted");
    assert_eq!(newcomers.next(), None, "only some were displaced");
    redeem(&mut chain);
}

/// A member of the committee votes for itself, takes a part back, and is convicted, if it isn't yet.
fn convict(chain: &mut Chain, block: u64) -> bool {
    chain.leave_msb();
    let mut mine = (0..7).filter(|number| chain.committee.keys().contains(&consensus_key(*number)));
    let Some(key) = mine.next_back() else {
        return false;
    };
    let Some(place) = chain.candidates.place_of_key(&consensus_key(key)) else {
        return false;
    };
    let node = chain.candidates.list[place as usize].account.to_string();
    for (action, amount) in [("vote", "1"), ("unvote", "0.25"), ("unvote", "0.5")] {
        chain.run(
            &node,
            VOTING,
            action,
            &format!(r#"["{node}","{node}","{amount}"]"#),
        );
    }
    if !chain.committee.keys().contains(&consensus_key(key)) {
        return false;
    }
    // Now and then it reports itself.
    let reporter = if block.is_multiple_of(3) {
        node.as_str()
    } else {
        "alice"
    };
    let proof = evidence(chain, &chain.committee, key, 3);
    let data = format!(r#"["{reporter}","{proof}"]"#);
    let receipt = chain.run(reporter, VOTING, "reportMisbehaviour", &data);
    if receipt.is_success() {
        let loss = chain.candidates.find(&name(&node)).and_then(|node| node.loss);
        assert_eq!(loss.map(|loss| loss.reason), Some(LossReason::Misbehaved));
    }
    receipt.is_success()
}

/// A newcomer takes the place of the node with the fewest votes in a full list.
fn displace(chain: &mut Chain, newcomer: &str, key: u64) {
    chain.leave_msb();
    let data = registering(&chain.spec, newcomer, key, r#""","","""#);
    let tx = chain.tx(newcomer, VOTING, "applyRegister", &data);
    let before = chain.candidates.list.len();
    let receipt = chain.block_with_full_list(&tx);
    assert!(receipt.is_success(), "{:?}", receipt.status);
    assert_eq!(chain.candidates.list.len(), before);
    assert!(chain.candidates.find(&name(newcomer)).is_some());
}

/// Takes everything back that can be, lets the locks pass, and finds nothing locked but what must stay.
fn redeem(chain: &mut Chain) {
    let holders: Vec<&str> = (USERS.into_iter().chain(NODES))
        .chain(["foundation"])
        .chain(OLD)
        .chain(NEW)
        .collect();
    for holder in &holders {
        take_back(chain, holder);
    }
    let parameters = &chain.spec.parameters;
    chain.time_ms += parameters.pledge_lock_ms.max(2 * parameters.vote_lock_ms);
    chain.block(&[]);
    for holder in &holders {
        let data = format!(r#"["iost","{holder}"]"#);
        chain.pass(holder, "token.iost", "balanceOf", &data);
        let balance = chain.balance(holder);
        let node = chain.candidates.find(&name(holder));
        let stake = node.map_or(Amount::ZERO, |node| node.stake());
        let standing = node.is_some_and(|node| node.status != CandidateStatus::Lost);
        assert!(
            standing || stake.is_zero(),
            "{holder}'s deposit and lock are back"
        );
        assert_eq!(
            chain.voter(holder).stake,
            None,
            "{holder}'s displaced stake is back"
        );
        let kept: Pledges = chain.get(&StateKey::pledges(&name(holder))).unwrap_or_default();
        let kept = kept
            .to
            .iter()
            .fold(stake, |sum, pledge| sum.checked_add(pledge.amount).unwrap());
        assert_eq!(balance.staked, kept, "{holder} has nothing else staked");
        // All that isn't frozen until later can be moved.
        let spendable = chain.spendable(holder);
        if !spendable.is_zero() {
            let data = format!(r#"["iost","{holder}","{holder}","{spendable}",""]"#);
            chain.pass(holder, "token.iost", "transfer", &data);
        }
    }
}

fn take_back(chain: &mut Chain, holder: &str) {
    for vote in chain.voter(holder).votes {
        let node = chain.candidates.find(&vote.candidate);
        if node.is_some_and(|node| node.generation == vote.generation) {
            let data = format!(r#"["{holder}","{}","{}"]"#, vote.candidate, vote.amount);
            let receipt = chain.run(holder, VOTING, "unvote", &data);
            let text = receipt.status.message.as_str();
            // The node may lose its candidacy just then: its votes return by themselves.
            assert!(receipt.is_success() || text.contains("is void"), "{text}");
        }
    }
    let suffix = format!("/{holder}");
    let votings: Vec<StateKey> = (chain.state.keys())
        .filter(|key| key.as_str().starts_with("vote.iost/votes/") && key.as_str().ends_with(&suffix))
        .cloned()
        .collect();
    for key in votings {
        let id = key.as_str().split('/').nth(2).unwrap().to_owned();
        let votes: VotingVotes = chain.get(&key).unwrap();
        for vote in votes.votes {
            let data = format!(r#"["{id}","{holder}","{}","{}"]"#, vote.option, vote.amount);
            chain.pass(holder, "vote.iost", "unvote", &data);
        }
        assert!(!chain.state.contains_key(&key));
    }
    let pledges: Pledges = chain.get(&StateKey::pledges(&name(holder))).unwrap_or_default();
    for pledge in pledges.to {
        let gas: credo_primitives::entry::Gas = chain.get(&StateKey::gas(&pledge.account)).unwrap();
        // Ten stay for everybody; and what pays for the gas of all this.
        let other = pledge.account.is_contract() || pledge.account.as_str().starts_with("new_");
        let keeps = iost(if other { "10" } else { "1000" });
        let most = gas
            .pledged
            .checked_sub(keeps)
            .unwrap_or(Amount::ZERO)
            .min(pledge.amount);
        if most >= iost("1") {
            let data = format!(r#"["{holder}","{}","{most}"]"#, pledge.account);
            chain.pass(holder, "gas.iost", "unpledge", &data);
        }
    }
}

macro_rules! seeds {
    ($($name:ident $seed:literal)*) => { $(
        #[test]
        fn $name() {
            run($seed);
        }
    )* };
}
seeds! {
    operations_1 1
    operations_2 2
    operations_3 3
    operations_4 4
    operations_5 5
    operations_6 6
    operations_7 7
    operations_8 8
}
