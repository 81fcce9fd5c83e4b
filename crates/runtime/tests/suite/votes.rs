//! `vote_producer.iost`: nodes and votes (P-10, P-17).

use credo_pob::{CandidateStatus, MAX_VOTES};
use credo_primitives::entry::MAX_FROZEN;
use credo_primitives::spec::consensus_key as as_text;
use credo_primitives::{Amount, ChainSpec, Receipt};

use crate::chain::{
    Chain, LOCK_MS, REGISTRATION, consensus_key, genesis_file, iost, key_of, name, possession, reason,
    registering,
};

const VOTING: &str = "vote_producer.iost";

fn vote(chain: &mut Chain, action: &str, data: &str) -> Receipt {
    chain.run("alice", VOTING, action, data)
}

fn register(chain: &mut Chain, account: &str, key: u64) -> Receipt {
    let data = registering(&chain.spec, account, key, r#""here","https://x","127.0.0.1:1""#);
    chain.run(account, VOTING, "applyRegister", &data)
}

#[track_caller]
fn ok(receipt: &Receipt) {
    assert!(receipt.is_success(), "{:?}", receipt.status);
}

#[test]
fn a_node_registers_gathers_votes_and_becomes_a_candidate() {
    let mut chain = Chain::new();
    ok(&register(&mut chain, "bobby", 77));
    let node = chain.candidates.find(&name("bobby")).unwrap();
    assert_eq!((node.status, node.order), (CandidateStatus::Registered, 0));
    // The threshold is 0.01 % of a million: a hundred are not more than a hundred.
    ok(&vote(&mut chain, "vote", r#"["alice","bobby","100"]"#));
    let apply = |chain: &mut Chain| chain.run("bobby", VOTING, "logInProducer", r#"["bobby"]"#);
    assert_eq!(
        reason(&apply(&mut chain)),
        "producer not approved: 100 votes, more than 100 are needed"
    );
    // Votes that came since the last MSB make no candidate yet, even in the same block.
    chain.leave_msb();
    let hasty = [
        chain.tx("alice", VOTING, "vote", r#"["alice","bobby","0.00000001"]"#),
        chain.tx("bobby", VOTING, "logInProducer", r#"["bobby"]"#),
    ];
    let outcome = chain.block(&hasty);
    ok(&outcome.receipts[0]);
    let said = reason(&outcome.receipts[1]);
    let expected = "votes at the last Micro State Block, more than 100 are needed then, too";
    assert!(said.ends_with(expected), "{said}");
    chain.end_epoch();
    ok(&apply(&mut chain));
    let node = chain.candidates.find(&name("bobby")).unwrap();
    assert_eq!((node.status, node.order), (CandidateStatus::Candidate, 5));
    // Applying again changes nothing, and falling under the threshold costs nothing.
    ok(&apply(&mut chain));
    ok(&vote(&mut chain, "unvote", r#"["alice","bobby","100"]"#));
    let node = chain.candidates.find(&name("bobby")).unwrap();
    assert_eq!((node.status, node.order), (CandidateStatus::Candidate, 5));
    let receipt = vote(&mut chain, "getProducer", r#"["bobby"]"#);
    let text: Vec<String> = serde_json::from_str(receipt.returns[0].as_str()).unwrap();
    let shown: serde_json::Value = serde_json::from_str(&text[0]).unwrap();
    assert_eq!(shown["pubkey"], as_text::to_base58(&consensus_key(77)));
    assert_eq!(
        (&shown["online"], &shown["voteInfo"]),
        (
            &true.into(),
            &serde_json::json!({ "votes": "0.00000001", "deleted": 0, "clearTime": -1 })
        )
    );
}

#[test]
fn registration_refuses_what_stands_already_and_what_is_no_key() {
    let mut chain = Chain::new();
    assert_eq!(reason(&register(&mut chain, "node1", 77)), "producer exists");
    assert_eq!(
        reason(&register(&mut chain, "alice", 0)),
        "pubkey is used by another producer"
    );
    let cases = [
        (
            r#"["bobby","x","","","",true]"#.to_owned(),
            "require auth failed.",
        ),
        (
            r#"["nobody","x","","","",true]"#.to_owned(),
            "require auth failed.",
        ),
        (
            r#"["alice","x","","","",true]"#.to_owned(),
            "pubkey should be the base58 text of an ed25519 key",
        ),
        (
            r#"["alice","x","","","","true"]"#.to_owned(),
            "prepare contract: error parse bool arg &{true}, type assertion to bool failed",
        ),
        (
            format!(
                r#"["alice","{}","{}","","",true]"#,
                as_text::to_base58(&consensus_key(9)),
                "x".repeat(129)
            ),
            "loc: text of 129 bytes is longer than the 128 allowed",
        ),
    ];
    for (data, expected) in cases {
        assert_eq!(reason(&vote(&mut chain, "applyRegister", &data)), expected);
    }
    assert_eq!(
        reason(&vote(&mut chain, "logInProducer", r#"["alice"]"#)),
        "producer not exists, alice"
    );
    assert_eq!(
        reason(&vote(&mut chain, "getProducer", r#"["alice"]"#)),
        "producer not exists"
    );
    assert_eq!(chain.candidates.list.len(), 4);
}

#[test]
fn who_does_not_produce_is_voted_for_and_never_a_candidate() {
    let mut chain = Chain::new();
    let key = as_text::to_base58(&consensus_key(77));
    ok(&vote(
        &mut chain,
        "applyRegister",
        &format!(r#"["alice","{key}","","","",false]"#),
    ));
    ok(&vote(&mut chain, "vote", r#"["alice","alice","500"]"#));
    let shown = vote(&mut chain, "getProducer", r#"["alice"]"#);
    assert!(shown.returns[0].as_str().contains(r#"\"isProducer\":false"#));
    assert_eq!(
        reason(&vote(&mut chain, "logInProducer", r#"["alice"]"#)),
        "registered with isProducer false: only who produces blocks can be a candidate"
    );
}

#[test]
fn what_unregisters_is_approved_when_it_was_asked_for() {
    let mut file = genesis_file();
    let foundation = credo_primitives::spec::GenesisAccount {
        name: name("foundation"),
        ..file.accounts[0].clone()
    };
    file.accounts.push(foundation);
    let mut chain = Chain::with(file);
    let approve = |chain: &mut Chain, node: &str| {
        chain.leave_msb();
        let data = format!(r#"["{node}"]"#);
        let mut draft = chain.draft(&[(VOTING, "approveUnregister", &data)]);
        draft.sign_as_publisher("foundation", &key_of("alice"));
        let tx = draft.check(chain.spec.parameters.chain_id).unwrap();
        chain.run_tx(&tx)
    };
    assert_eq!(reason(&approve(&mut chain, "node1")), "producer not unapplied");
    assert_eq!(reason(&approve(&mut chain, "bobby")), "producer not exists");
    ok(&chain.run("node1", VOTING, "applyUnregister", r#"["node1"]"#));
    ok(&approve(&mut chain, "node1"));
    assert_eq!(
        reason(&chain.run("alice", VOTING, "approveUnregister", r#"["node1"]"#)),
        "require auth failed."
    );
}

#[test]
fn a_topup_without_votes_takes_nothing() {
    let mut chain = Chain::new();
    ok(&register(&mut chain, "alice", 77));
    let receipt = vote(&mut chain, "topupVoterBonus", r#"["alice","5","alice"]"#);
    ok(&receipt);
    assert_eq!(receipt.returns[0].as_str(), r#"["false"]"#);
    assert!(receipt.receipts.is_empty());
    assert_eq!(
        chain.balance("alice").available,
        Amount::from_iost(1_000 - REGISTRATION)
    );
}

#[test]
fn a_key_is_registered_by_who_shows_that_it_has_it() {
    let mut chain = Chain::new();
    let key = as_text::to_base58(&consensus_key(77));
    let mine = possession(&chain.spec, "alice", 77);
    let with = |tail: &str| format!(r#"["alice","{key}","","","",true{tail}]"#);
    let elsewhere = ChainSpec {
        salt: credo_primitives::sha256(&[b"another chain"]),
        ..chain.spec.clone()
    };
    // The first is IOST's own call, the others a key's owner who never meant it.
    for (tail, expected) in [
        (String::new(), "should be 128 hexadecimal digits"),
        (r#","00""#.into(), "should be 128 hexadecimal digits"),
        (
            format!(r#","{}""#, possession(&chain.spec, "bobby", 77)),
            "doesn't show possession",
        ),
        (
            format!(r#","{}""#, possession(&chain.spec, "alice", 78)),
            "doesn't show possession",
        ),
        (
            format!(r#","{}""#, possession(&elsewhere, "alice", 77)),
            "doesn't show possession",
        ),
    ] {
        let receipt = vote(&mut chain, "applyRegister", &with(&tail));
        assert!(reason(&receipt).contains(expected), "{:?}", receipt.status);
    }
    let before = chain.balance("alice").available;
    let receipt = vote(&mut chain, "applyRegister", &with(&format!(r#","{mine}""#)));
    ok(&receipt);
    // IOST's receipt, with IOST's arguments.
    assert_eq!(receipt.receipts[1].content.as_str(), with(""));
    assert_eq!(
        before.checked_sub(chain.balance("alice").available).unwrap(),
        Amount::from_iost(REGISTRATION)
    );
    // Whoever changes the key shows the new one; who keeps it shows nothing.
    let update = |key: u64, tail: &str| {
        let key = as_text::to_base58(&consensus_key(key));
        format!(r#"["alice","{key}","there","",""{tail}]"#)
    };
    ok(&vote(&mut chain, "updateProducer", &update(77, "")));
    for tail in [String::new(), format!(r#","{mine}""#)] {
        let receipt = vote(&mut chain, "updateProducer", &update(78, &tail));
        assert!(reason(&receipt).contains("possession"), "{:?}", receipt.status);
    }
    let shown = possession(&chain.spec, "alice", 78);
    ok(&vote(
        &mut chain,
        "updateProducer",
        &update(78, &format!(r#","{shown}""#)),
    ));
    assert_eq!(
        chain.candidates.find(&name("alice")).unwrap().key,
        consensus_key(78)
    );
}

#[test]
fn a_failed_transaction_takes_back_its_registration() {
    let mut chain = Chain::new();
    let apply = registering(&chain.spec, "alice", 77, r#""","","""#);
    let draft = chain.draft(&[
        (VOTING, "applyRegister", &apply),
        (VOTING, "vote", r#"["alice","alice","500"]"#),
        (VOTING, "vote", r#"["alice","node2","100"]"#),
        (VOTING, "logInProducer", r#"["bobby"]"#),
    ]);
    let tx = chain.sign(draft, "alice");
    let before = chain.candidates.clone();
    assert_eq!(reason(&chain.run_tx(&tx)), "require auth failed.");
    assert_eq!(chain.candidates, before);
    assert!(chain.candidates.find(&name("alice")).is_none());
    assert_eq!(chain.balance("alice").available, iost("1000"));
    // The key is free again, and the order wasn't used up.
    ok(&register(&mut chain, "bobby", 77));
    ok(&vote(&mut chain, "vote", r#"["alice","bobby","500"]"#));
    chain.end_epoch();
    ok(&chain.run("bobby", VOTING, "logInProducer", r#"["bobby"]"#));
    assert_eq!(chain.candidates.find(&name("bobby")).unwrap().order, 5);
}

#[test]
fn a_node_changes_what_it_says_of_itself_but_keeps_its_key_while_it_sits() {
    let mut chain = Chain::new();
    // node4 has the fewest votes and isn't elected.
    let update = |chain: &mut Chain, account: &str, key: u64, url: &str| {
        let shown = possession(&chain.spec, account, key);
        let key = as_text::to_base58(&consensus_key(key));
        let data = format!(r#"["{account}","{key}","there","{url}","127.0.0.1:9","{shown}"]"#);
        chain.run(account, VOTING, "updateProducer", &data)
    };
    ok(&update(&mut chain, "node1", 0, "https://new"));
    assert_eq!(
        chain.candidates.find(&name("node1")).unwrap().url.as_str(),
        "https://new"
    );
    assert_eq!(
        reason(&update(&mut chain, "node1", 50, "")),
        "account in producerList, can't change pubkey"
    );
    assert_eq!(
        reason(&update(&mut chain, "node4", 0, "")),
        "pubkey is used by another producer"
    );
    ok(&update(&mut chain, "node4", 50, ""));
    assert_eq!(
        chain.candidates.find(&name("node4")).unwrap().key,
        consensus_key(50)
    );
    assert_eq!(chain.candidates.place_of_key(&consensus_key(50)), Some(3));
    assert_eq!(chain.candidates.place_of_key(&consensus_key(3)), None);
    assert_eq!(
        reason(&update(&mut chain, "alice", 51, "")),
        "producer not exists"
    );
}

#[test]
fn votes_lock_move_and_return() {
    let mut chain = Chain::new();
    ok(&vote(&mut chain, "vote", r#"["alice","node1","300"]"#));
    ok(&vote(&mut chain, "vote", r#"["alice","node2","200"]"#));
    assert_eq!(chain.balance("alice").available, iost("500"));
    assert_eq!(chain.voter("alice").votes.len(), 2);
    ok(&vote(&mut chain, "move", r#"["alice","node1","node3","120.5"]"#));
    assert_eq!(chain.balance("alice").available, iost("500"));
    assert_eq!(
        chain.candidates.find(&name("node1")).unwrap().votes,
        iost("189.5")
    );
    assert_eq!(
        chain.candidates.find(&name("node3")).unwrap().votes,
        iost("125.5")
    );
    ok(&vote(&mut chain, "move", r#"["alice","node2","node3","200"]"#));
    assert_eq!(chain.voter("alice").votes.len(), 2);
    let receipt = vote(&mut chain, "getVote", r#"["alice"]"#);
    let text: Vec<String> = serde_json::from_str(receipt.returns[0].as_str()).unwrap();
    assert_eq!(
        text[0],
        r#"[{"option":"node1","votes":"179.5","voteTime":1,"clearedVotes":"0"},{"option":"node3","votes":"320.5","voteTime":4,"clearedVotes":"0"}]"#
    );
    ok(&vote(&mut chain, "unvote", r#"["alice","node3","320.5"]"#));
    let until = chain.time_ms + LOCK_MS;
    assert_eq!(chain.balance("alice").frozen[0].until_ms, until);
    assert_eq!(chain.balance("alice").frozen[0].amount, iost("320.5"));
    ok(&vote(&mut chain, "unvote", r#"["alice","node1","179.5"]"#));
    assert!(chain.voter("alice").votes.is_empty());
    while chain.time_ms < until + 2 * LOCK_MS {
        chain.block(&[]);
    }
    assert_eq!(chain.spendable("alice"), iost("1000"));
}

#[test]
fn two_unvotes_in_one_block_return_together() {
    let mut chain = Chain::new();
    ok(&vote(&mut chain, "vote", r#"["alice","node1","3"]"#));
    let draft = chain.draft(&[
        (VOTING, "unvote", r#"["alice","node1","1"]"#),
        (VOTING, "unvote", r#"["alice","node1","2"]"#),
    ]);
    let tx = chain.sign(draft, "alice");
    chain.leave_msb();
    ok(&chain.run_tx(&tx));
    let frozen = chain.balance("alice").frozen;
    assert_eq!(frozen.len(), 1);
    assert_eq!(frozen[0].amount, iost("3"));
}

#[test]
fn votes_fail_at_the_edges() {
    let mut chain = Chain::new();
    ok(&vote(&mut chain, "vote", r#"["alice","node1","10"]"#));
    let cases = [
        ("vote", r#"["alice","node1","0"]"#, "amount must be positive"),
        ("vote", r#"["alice","node1","-1"]"#, "amount must be positive"),
        ("unvote", r#"["alice","node1","0.0"]"#, "amount must be positive"),
        (
            "move",
            r#"["alice","node1","node2","0"]"#,
            "amount must be positive",
        ),
        // Cut to eight decimals, it is nothing.
        (
            "vote",
            r#"["alice","node1","0.000000001"]"#,
            "amount must be positive",
        ),
        ("vote", r#"["alice","node1","1e-9"]"#, "amount must be positive"),
        ("vote", r#"["alice","node1","-1e3"]"#, "amount must be positive"),
        ("vote", r#"["alice","node1","1e30"]"#, "amount overflow"),
        (
            "vote",
            r#"["alice","node1","1e"]"#,
            "invalid amount \"1e\": a plain decimal number such as 12.5 is expected",
        ),
        (
            "vote",
            r#"["alice","node1","a"]"#,
            "invalid amount \"a\": a plain decimal number such as 12.5 is expected",
        ),
        (
            "vote",
            r#"["alice","node1","99999999999999999999"]"#,
            "amount overflow",
        ),
        (
            "vote",
            r#"["alice","node1","92233720368.54775807"]"#,
            "balance not enough 990 < 92233720368.54775807",
        ),
        (
            "vote",
            r#"["alice","node1","990.00000001"]"#,
            "balance not enough 990 < 990.00000001",
        ),
        ("vote", r#"["alice","carol","1"]"#, "producer not exists"),
        ("vote", r#"["alice","NOBODY","1"]"#, "producer not exists"),
        ("vote", r#"["bobby","node1","1"]"#, "require auth failed."),
        ("vote", r#"["nobody","node1","1"]"#, "require auth failed."),
        ("unvote", r#"["alice","node2","1"]"#, "account didn't vote."),
        (
            "unvote",
            r#"["alice","node1","10.00000001"]"#,
            "amount too large. max amount = 10",
        ),
        ("move", r#"["alice","node2","node1","1"]"#, "account didn't vote."),
        (
            "move",
            r#"["alice","node1","node2","11"]"#,
            "amount too large. max amount = 10",
        ),
        ("move", r#"["alice","node1","carol","1"]"#, "producer not exists"),
        (
            "move",
            r#"["alice","node1","node1","1"]"#,
            "votes can't be moved from node1 to itself",
        ),
        ("unvote", r#"["carol","node1","1"]"#, "require auth failed."),
    ];
    for (action, data, expected) in cases {
        assert_eq!(
            reason(&vote(&mut chain, action, data)),
            expected,
            "{action} {data}"
        );
    }
    assert_eq!(chain.balance("alice").available, iost("990"));
    assert_eq!(chain.voter("alice").votes[0].amount, iost("10"));
}

#[test]
fn an_account_freezes_a_bounded_number_of_amounts() {
    let mut file = genesis_file();
    file.parameters.vote_lock_ms = 1_000_000_000;
    let mut chain = Chain::with(file);
    ok(&vote(&mut chain, "vote", r#"["alice","node1","500"]"#));
    for _ in 0..MAX_FROZEN {
        ok(&vote(&mut chain, "unvote", r#"["alice","node1","1"]"#));
    }
    let receipt = vote(&mut chain, "unvote", r#"["alice","node1","1"]"#);
    assert!(reason(&receipt).starts_with("256 amounts are frozen already"));
    assert_eq!(chain.balance("alice").frozen.len(), MAX_FROZEN);
    assert_eq!(chain.candidates.find(&name("node1")).unwrap().votes, iost("254"));
}

#[test]
fn an_account_votes_for_a_bounded_number_of_nodes() {
    let mut file = genesis_file();
    let (account, candidate) = (file.accounts[0].clone(), file.candidates[0].clone());
    for i in 0..MAX_VOTES {
        let node = name(&format!("many_{i}"));
        file.accounts.push(credo_primitives::spec::GenesisAccount {
            name: node.clone(),
            balance: Amount::ZERO,
            ..account.clone()
        });
        file.candidates.push(credo_primitives::spec::GenesisCandidate {
            account: node,
            key: consensus_key(100 + i as u64),
            ..candidate.clone()
        });
    }
    let mut chain = Chain::with(file);
    let mut left = MAX_VOTES;
    while left > 0 {
        chain.leave_msb();
        let n = left.min(10);
        let txs: Vec<_> = (left - n..left)
            .map(|i| chain.tx("alice", VOTING, "vote", &format!(r#"["alice","many_{i}","1"]"#)))
            .collect();
        assert!(chain.block(&txs).receipts.iter().all(Receipt::is_success));
        left -= n;
    }
    let receipt = vote(&mut chain, "vote", r#"["alice","node1","1"]"#);
    assert_eq!(
        reason(&receipt),
        "an account can vote for at most 256 nodes at once"
    );
    let receipt = vote(&mut chain, "move", r#"["alice","many_1","node1","0.5"]"#);
    assert_eq!(
        reason(&receipt),
        "an account can vote for at most 256 nodes at once"
    );
    ok(&vote(&mut chain, "move", r#"["alice","many_1","node1","1"]"#));
    ok(&vote(&mut chain, "vote", r#"["alice","many_2","1"]"#));
}
