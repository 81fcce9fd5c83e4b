//! The receipts that actions leave, in IOST's order.

use credo_primitives::spec::GenesisVesting;
use credo_primitives::spec::consensus_key as as_text;
use credo_primitives::{Amount, Receipt};

use crate::chain::{
    Chain, DEPOSIT, LOCK_MS, NODES, consensus_key, genesis_file, iost, key_of, name, registering,
};
use crate::liveness::{evidence, report, seated, with_own_votes};

const VOTING: &str = "vote_producer.iost";

fn left(receipt: &Receipt) -> Vec<(&str, &str)> {
    assert!(receipt.is_success(), "{:?}", receipt.status);
    let entries = receipt.receipts.iter();
    entries
        .map(|e| (e.func_name.as_str(), e.content.as_str()))
        .collect()
}

/// A time as receipts show it.
fn ns(ms: u64) -> u64 {
    ms * 1_000_000
}

#[test]
fn a_pledge_is_a_transfer_and_its_return_a_frozen_one() {
    let mut chain = Chain::new();
    let receipt = chain.run("alice", "gas.iost", "pledge", r#"["alice","bobby","5.50"]"#);
    assert_eq!(
        left(&receipt),
        [
            ("token.iost/transfer", r#"["iost","alice","gas.iost","5.5",""]"#),
            ("gas.iost/pledge", r#"["alice","bobby","5.50"]"#),
        ]
    );
    let receipt = chain.run("alice", "gas.iost", "unpledge", r#"["alice","bobby","5.5"]"#);
    let until = ns(chain.time_ms + chain.spec.parameters.pledge_lock_ms);
    assert_eq!(
        left(&receipt),
        [
            (
                "token.iost/transferFreeze",
                format!(r#"["iost","gas.iost","alice","5.5",{until},""]"#).as_str()
            ),
            ("gas.iost/unpledge", r#"["alice","bobby","5.5"]"#),
        ]
    );
}

#[test]
fn who_pledges_for_itself_takes_back_all_but_ten_of_what_all_pledged() {
    let mut chain = Chain::new();
    let key = key_of("david").public_key();
    let receipt = chain.run(
        "alice",
        "auth.iost",
        "signUp",
        &format!(r#"["david","{key}","{key}"]"#),
    );
    assert_eq!(
        left(&receipt),
        [
            ("token.iost/transfer", r#"["iost","alice","gas.iost","10",""]"#),
            ("gas.iost/pledge", r#"["alice","david","10"]"#),
            (
                "auth.iost/signUp",
                format!(r#"["david","{key}","{key}"]"#).as_str()
            ),
        ]
    );
    let transfer = r#"["iost","alice","david","100",""]"#;
    chain.pass("alice", "token.iost", "transfer", transfer);
    chain.pass("alice", "ram.iost", "buy", r#"["alice","david",100]"#);
    chain.pass("david", "gas.iost", "pledge", r#"["david","david","5"]"#);
    // The ten stand for david, whoever pledged them: his own five can all be taken back.
    chain.pass("david", "gas.iost", "unpledge", r#"["david","david","5"]"#);
    assert_eq!(
        chain.fails("alice", "gas.iost", "unpledge", r#"["alice","david","1"]"#),
        "unpledge too much (10 - 1) less than 10"
    );
    chain.pass("david", "gas.iost", "pledge", r#"["david","david","10"]"#);
    chain.pass("alice", "gas.iost", "unpledge", r#"["alice","david","10"]"#);
}

#[test]
fn votes_are_transfers_and_come_back_frozen() {
    let mut chain = Chain::new();
    let receipt = chain.run("alice", VOTING, "vote", r#"["alice","node1","1e2"]"#);
    assert_eq!(
        left(&receipt),
        [
            ("token.iost/transfer", r#"["iost","alice","vote.iost","100",""]"#),
            ("vote_producer.iost/vote", r#"["alice","node1","100"]"#),
        ]
    );
    let receipt = chain.run("alice", VOTING, "unvote", r#"["alice","node1","40.0"]"#);
    let until = ns(chain.time_ms + LOCK_MS);
    assert_eq!(
        left(&receipt),
        [
            (
                "token.iost/transferFreeze",
                format!(r#"["iost","vote.iost","alice","40",{until},""]"#).as_str()
            ),
            ("vote_producer.iost/unvote", r#"["alice","node1","40"]"#),
        ]
    );
    // Votes that move stay where they are.
    let receipt = chain.run("alice", VOTING, "move", r#"["alice","node1","node2","60"]"#);
    assert_eq!(
        left(&receipt),
        [("vote_producer.iost/move", r#"["alice","node1","node2","60"]"#)]
    );
}

#[test]
fn a_voting_leaves_transfers_alone() {
    let mut file = genesis_file();
    file.accounts[0].balance = Amount::from_iost(5_000);
    let mut chain = Chain::with(file);
    let info = r#"["alice","which",{"resultNumber":1,"minVote":1,"options":["a"],"freezeTime":7}]"#;
    let receipt = chain.run("alice", "vote.iost", "newVote", info);
    assert_eq!(
        left(&receipt),
        [("token.iost/transfer", r#"["iost","alice","vote.iost","1000",""]"#)]
    );
    let receipt = chain.run("alice", "vote.iost", "vote", r#"["1","alice","a","12.50"]"#);
    assert_eq!(
        left(&receipt),
        [("token.iost/transfer", r#"["iost","alice","vote.iost","12.5",""]"#)]
    );
    let receipt = chain.run("alice", "vote.iost", "unvote", r#"["1","alice","a","2.5"]"#);
    let until = ns(chain.time_ms + 7_000);
    assert_eq!(
        left(&receipt),
        [(
            "token.iost/transferFreeze",
            format!(r#"["iost","vote.iost","alice","2.5",{until},""]"#).as_str()
        )]
    );
    let receipt = chain.run("alice", "vote.iost", "delVote", r#"["1"]"#);
    assert_eq!(
        left(&receipt),
        [("token.iost/transfer", r#"["iost","vote.iost","alice","1000",""]"#)]
    );
}

#[test]
fn what_returned_by_itself_comes_with_its_date() {
    let mut chain = Chain::new();
    let data = registering(&chain.spec, "alice", 77, r#""","","""#);
    let receipt = chain.run("alice", VOTING, "applyRegister", &data);
    let key = as_text::to_base58(&consensus_key(77));
    assert_eq!(
        left(&receipt),
        [
            (
                "token.iost/transfer",
                r#"["iost","alice","vote_producer.iost","5",""]"#
            ),
            (
                "vote_producer.iost/applyRegister",
                format!(r#"["alice","{key}","","","",true]"#).as_str()
            ),
        ]
    );
    chain.pass("alice", VOTING, "vote", r#"["alice","alice","500"]"#);
    chain.end_epoch();
    let receipt = chain.run("alice", VOTING, "logInProducer", r#"["alice"]"#);
    assert_eq!(
        left(&receipt),
        [
            (
                "token.iost/transfer",
                r#"["iost","alice","vote_producer.iost","50",""]"#
            ),
            ("vote_producer.iost/logInProducer", r#"["alice"]"#),
        ]
    );
    chain.pass("alice", VOTING, "logOutProducer", r#"["alice"]"#);
    chain.end_epoch();
    let until = chain.time_ms + LOCK_MS;
    while chain.time_ms < until {
        chain.block(&[]);
    }
    let receipt = chain.run("bobby", "token.iost", "balanceOf", r#"["iost","alice"]"#);
    let votes = format!(r#"["iost","vote.iost","alice","500",{},""]"#, ns(until));
    let deposit = format!(r#"["iost","vote_producer.iost","alice","55",{},""]"#, ns(until));
    assert_eq!(
        left(&receipt),
        [
            ("token.iost/transferFreeze", votes.as_str()),
            ("token.iost/transferFreeze", deposit.as_str()),
        ]
    );
    assert_eq!(receipt.returns[0].as_str(), r#"["1000"]"#);
}

#[test]
fn a_conviction_says_what_was_taken_from_where_and_where_it_went() {
    let guilty = seated(&Chain::new());
    let account = NODES[guilty as usize];
    let mut chain = with_own_votes(guilty);
    let back = format!(r#"["{account}","{account}","999.5"]"#);
    chain.pass(account, VOTING, "unvote", &back);
    let until = ns(chain.balance(account).frozen[0].until_ms);
    let earned = chain.candidates.find(&name(account)).unwrap().earned;
    assert_eq!(earned, Amount::ZERO, "within the first epoch");
    let proof = evidence(&chain, &chain.committee, guilty, 3);
    let receipt = report(&mut chain, "alice", &proof);
    let all = Amount::from_iost(1_000 + DEPOSIT);
    let share = chain.spec.parameters.reporter_share.of(all.units());
    let share = Amount::from_units(share).unwrap();
    let rest = all.checked_sub(share).unwrap();
    let moved = |from: &str, to: &str, amount: &str| format!(r#"["iost","{from}","{to}","{amount}",""]"#);
    assert_eq!(
        left(&receipt),
        [
            ("token.iost/transfer", moved("vote.iost", VOTING, "0.5").as_str()),
            (
                "vote_producer.iost/seizeFrozen",
                format!(r#"["{account}","999.5",{until}]"#).as_str()
            ),
            ("token.iost/transfer", moved(account, VOTING, "999.5").as_str()),
            (
                "token.iost/transfer",
                moved(VOTING, "alice", &share.to_string()).as_str()
            ),
            (
                "token.iost/destroy",
                format!(r#"["iost","{VOTING}","{rest}"]"#).as_str()
            ),
            (
                "vote_producer.iost/reportMisbehaviour",
                format!(r#"["alice","{account}",0,3]"#).as_str()
            ),
        ]
    );
    let [paid] = &receipt.ram_usage[..] else {
        panic!("{:?}", receipt.ram_usage);
    };
    assert!(
        paid.payer.as_str() == account && paid.bytes < 0,
        "what is gone is paid no longer"
    );
}

#[test]
fn what_vests_leaves_a_receipt_of_the_block_s_own() {
    let mut file = genesis_file();
    file.vesting = vec![GenesisVesting {
        account: name("alice"),
        total: iost("12"),
        start_ms: file.time_ms,
        months: 2,
    }];
    let mut chain = Chain::with(file);
    chain.time_ms += credo_primitives::entry::Vesting::MONTH_MS;
    let outcome = chain.block(&[]);
    let [receipt] = &outcome.receipts[..] else {
        panic!("{:?}", outcome.receipts);
    };
    assert_eq!(left(receipt), [("token.iost/issue", r#"["iost","alice","6"]"#)]);
    assert!(outcome.transaction_leaves().is_empty());
    assert_eq!(
        outcome.receipt_root,
        credo_primitives::merkle::root(&[receipt.hash()])
    );
    assert!(chain.block(&[]).receipts.is_empty());
}
