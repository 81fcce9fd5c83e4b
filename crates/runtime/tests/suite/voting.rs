//! `vote.iost`: votings, their options, locked votes and results.

use credo_primitives::entry::{Frozen, VotingVotes};
use credo_primitives::spec::GenesisAccount;
use credo_primitives::{Amount, StateKey};
use proptest::prelude::*;

use crate::chain::{Chain, genesis_file, iost, key_of, name};

const VOTE: &str = "vote.iost";

/// A chain on which everyone can pay a deposit.
fn rich() -> Chain {
    let mut file = genesis_file();
    for account in &mut file.accounts {
        account.balance = Amount::from_iost(5_000);
    }
    file.accounts.push(GenesisAccount {
        name: name("foundation"),
        owner: key_of("foundation").public_key().into(),
        active: key_of("foundation").public_key().into(),
        ..file.accounts[0].clone()
    });
    Chain::with(file)
}

/// Alice's voting about red and blue, with 3 s of freeze.
fn with_voting() -> Chain {
    let mut chain = rich();
    let data = r#"["alice","colours",{"resultNumber":2,"minVote":"10","options":["red","blue","green"],"freezeTime":3}]"#;
    let receipt = chain.pass("alice", VOTE, "newVote", data);
    assert_eq!(receipt.returns[0].as_str(), r#"["1"]"#);
    assert_eq!(receipt.receipts.len(), 1);
    assert_eq!(
        receipt.receipts[0].content.as_str(),
        r#"["iost","alice","vote.iost","1000",""]"#
    );
    chain
}

fn vote(chain: &mut Chain, account: &str, option: &str, amount: &str) {
    let data = format!(r#"["1","{account}","{option}","{amount}"]"#);
    chain.pass(account, VOTE, "vote", &data);
}

fn unvote(chain: &mut Chain, account: &str, option: &str, amount: &str) {
    let data = format!(r#"["1","{account}","{option}","{amount}"]"#);
    chain.pass(account, VOTE, "unvote", &data);
}

/// A JSON text within the JSON array of what was returned.
fn text(returned: &str) -> String {
    let list: Vec<String> = serde_json::from_str(returned).unwrap();
    list[0].clone()
}

fn result(chain: &mut Chain) -> String {
    text(&chain.returned(VOTE, "getResult", r#"["1"]"#))
}

#[test]
fn votes_lock_tokens_and_make_the_result() {
    let mut chain = with_voting();
    assert_eq!(chain.balance("alice").available, iost("4000"));
    vote(&mut chain, "bobby", "red", "20.000000009");
    vote(&mut chain, "carol", "blue", "30");
    vote(&mut chain, "carol", "green", "9.9");
    assert_eq!(
        result(&mut chain),
        r#"[{"option":"blue","votes":"30"},{"option":"red","votes":"20"}]"#
    );
    assert_eq!(chain.spendable("carol"), iost("4960.1"));
    // As many votes: the option that was there first. No more than two are named.
    vote(&mut chain, "bobby", "red", "10");
    vote(&mut chain, "bobby", "green", "11");
    assert_eq!(
        result(&mut chain),
        r#"[{"option":"red","votes":"30"},{"option":"blue","votes":"30"}]"#
    );
    let option = text(&chain.returned(VOTE, "getOption", r#"["1","green"]"#));
    assert_eq!(option, r#"{"votes":"20.9","deleted":0,"clearTime":-1}"#);
    let height = chain.height;
    let votes = text(&chain.returned(VOTE, "getVote", r#"["1","bobby"]"#));
    assert!(
        votes.starts_with(r#"[{"option":"red","votes":"30","voteTime":"#),
        "{votes}"
    );
    assert!(
        votes.contains(r#""clearedVotes":"0"},{"option":"green","votes":"11""#),
        "{votes}"
    );
    assert!(height > 0);
    assert_eq!(text(&chain.returned(VOTE, "getVote", r#"["1","node1"]"#)), "[]");
}

#[test]
fn votes_return_after_the_freeze() {
    let mut chain = with_voting();
    vote(&mut chain, "bobby", "red", "20");
    unvote(&mut chain, "bobby", "red", "5.5");
    let until_ms = chain.time_ms + 3_000;
    let frozen = Frozen {
        amount: iost("5.5"),
        until_ms,
    };
    assert_eq!(chain.balance("bobby").frozen, [frozen]);
    assert_eq!(result(&mut chain), r#"[{"option":"red","votes":"14.5"}]"#);
    unvote(&mut chain, "bobby", "red", "14.5");
    assert!(
        !chain
            .state
            .contains_key(&StateKey::voting_votes(1, &name("bobby")))
    );
    assert_eq!(result(&mut chain), "[]");
    while chain.time_ms < until_ms + 3_000 {
        chain.block(&[]);
    }
    assert_eq!(chain.spendable("bobby"), iost("5000"));
}

#[test]
fn cleared_votes_dont_count_and_return_first() {
    let mut chain = with_voting();
    vote(&mut chain, "bobby", "red", "20");
    chain.pass("alice", VOTE, "removeOption", r#"["1","red",true]"#);
    assert_eq!(
        chain.fails("bobby", VOTE, "vote", r#"["1","bobby","red","1"]"#),
        "option is removed."
    );
    // It comes back with its votes, or without.
    chain.pass("alice", VOTE, "addOption", r#"["1","red",false]"#);
    assert_eq!(result(&mut chain), r#"[{"option":"red","votes":"20"}]"#);
    chain.pass("alice", VOTE, "removeOption", r#"["1","red",true]"#);
    chain.pass("alice", VOTE, "addOption", r#"["1","red",true]"#);
    let cleared_at = chain.height;
    let option = text(&chain.returned(VOTE, "getOption", r#"["1","red"]"#));
    assert_eq!(
        option,
        format!(r#"{{"votes":"0","deleted":0,"clearTime":{cleared_at}}}"#)
    );
    let votes = text(&chain.returned(VOTE, "getVote", r#"["1","bobby"]"#));
    assert!(
        votes.contains(r#""votes":"0""#) && votes.contains(r#""clearedVotes":"20""#),
        "{votes}"
    );
    vote(&mut chain, "bobby", "red", "15");
    assert_eq!(result(&mut chain), r#"[{"option":"red","votes":"15"}]"#);
    unvote(&mut chain, "bobby", "red", "18");
    assert_eq!(result(&mut chain), r#"[{"option":"red","votes":"15"}]"#);
    unvote(&mut chain, "bobby", "red", "4");
    assert_eq!(result(&mut chain), r#"[{"option":"red","votes":"13"}]"#);
    let failure = chain.fails("bobby", VOTE, "unvote", r#"["1","bobby","red","13.1"]"#);
    assert_eq!(failure, "amount too large. max amount = 13");
    unvote(&mut chain, "bobby", "red", "13");
}

#[test]
fn an_option_that_left_for_good_begins_anew() {
    let mut chain = with_voting();
    vote(&mut chain, "bobby", "red", "20");
    chain.pass("alice", VOTE, "removeOption", r#"["1","red",true]"#);
    chain.pass("alice", VOTE, "addOption", r#"["1","red",true]"#);
    // Nobody's votes count for it, so it is forgotten; bobby's tokens are not.
    chain.pass("alice", VOTE, "removeOption", r#"["1","red",false]"#);
    assert_eq!(
        chain.fails("bobby", VOTE, "getOption", r#"["1","red"]"#),
        "option not exist"
    );
    chain.pass("alice", VOTE, "addOption", r#"["1","red",false]"#);
    vote(&mut chain, "carol", "red", "12");
    assert_eq!(result(&mut chain), r#"[{"option":"red","votes":"12"}]"#);
    unvote(&mut chain, "bobby", "red", "20");
    assert_eq!(result(&mut chain), r#"[{"option":"red","votes":"12"}]"#);
}

#[test]
fn an_option_in_the_result_is_removed_by_force_only() {
    let mut chain = with_voting();
    for (option, votes) in [("red", "30"), ("blue", "20"), ("green", "10")] {
        vote(&mut chain, "bobby", option, votes);
    }
    let in_result = "option in result, can't be removed.";
    assert_eq!(
        chain.fails("alice", VOTE, "removeOption", r#"["1","blue",false]"#),
        in_result
    );
    // The third of two is in no result.
    chain.pass("alice", VOTE, "removeOption", r#"["1","green",false]"#);
    chain.pass("alice", VOTE, "removeOption", r#"["1","blue",true]"#);
    assert_eq!(result(&mut chain), r#"[{"option":"red","votes":"30"}]"#);
    // Who voted for it gets the tokens back, and with the last ones it is gone.
    unvote(&mut chain, "bobby", "green", "10");
    assert_eq!(
        chain.fails("alice", VOTE, "getOption", r#"["1","green"]"#),
        "option not exist"
    );
}

#[test]
fn the_owner_stops_votes_but_keeps_nobodys_tokens() {
    let mut chain = with_voting();
    vote(&mut chain, "bobby", "red", "20");
    chain.pass("alice", VOTE, "setCanVote", r#"["1",false]"#);
    chain.pass("alice", VOTE, "setFreezeTime", r#"["1",86400]"#);
    let no_authority = "require auth failed. ret = false";
    assert_eq!(
        chain.fails("bobby", VOTE, "vote", r#"["1","bobby","red","1"]"#),
        no_authority
    );
    let mut draft = chain.draft(&[(VOTE, "vote", r#"["1","bobby","blue","10"]"#)]);
    draft.signers = vec!["bobby@active".into()];
    draft.sign_as_signer(&key_of("bobby"));
    let tx = chain.sign(draft, "alice");
    chain.leave_msb();
    assert!(chain.run_tx(&tx).is_success());
    // Red was voted for when three seconds were the rule, blue when a day was.
    unvote(&mut chain, "bobby", "red", "20");
    let soon = chain.time_ms + 3_000;
    unvote(&mut chain, "bobby", "blue", "10");
    let late = chain.time_ms + 86_400_000;
    let dates: Vec<_> = chain.balance("bobby").frozen.iter().map(|f| f.until_ms).collect();
    assert_eq!(dates, [soon, late]);
    // The foundation may do the same.
    chain.pass("foundation", VOTE, "setCanVote", r#"["1",true]"#);
    vote(&mut chain, "bobby", "red", "1");
}

#[test]
fn a_voting_ends_and_everything_returns() {
    let mut chain = with_voting();
    vote(&mut chain, "bobby", "red", "20");
    let receipt = chain.pass("alice", VOTE, "delVote", r#"["1"]"#);
    assert_eq!(
        receipt.receipts[0].content.as_str(),
        r#"["iost","vote.iost","alice","1000",""]"#
    );
    assert_eq!(chain.spendable("alice"), iost("5000"));
    let over = "vote has been deleted.";
    assert_eq!(chain.fails("alice", VOTE, "delVote", r#"["1"]"#), over);
    assert_eq!(
        chain.fails("bobby", VOTE, "vote", r#"["1","bobby","red","1"]"#),
        over
    );
    assert_eq!(
        chain.fails("alice", VOTE, "addOption", r#"["1","white",false]"#),
        over
    );
    assert_eq!(chain.fails("alice", VOTE, "getOption", r#"["1","red"]"#), over);
    assert_eq!(result(&mut chain), "[]");
    unvote(&mut chain, "bobby", "red", "20");
    assert_eq!(chain.spendable("bobby"), iost("5000"));
    // The next one has its own number.
    let data = r#"["bobby","",{"resultNumber":1,"minVote":1,"options":[]}]"#;
    assert_eq!(
        chain.pass("bobby", VOTE, "newVote", data).returns[0].as_str(),
        r#"["2"]"#
    );
}

#[test]
fn a_new_voting_is_checked() {
    let mut chain = rich();
    let long = format!(
        r#"["alice","{}",{{"resultNumber":1,"minVote":"1","options":[]}}]"#,
        "x".repeat(8_193)
    );
    let option = format!(
        r#"["alice","",{{"resultNumber":1,"minVote":"1","options":["{}"]}}]"#,
        "x".repeat(129)
    );
    let many: Vec<_> = (0..257).map(|n| format!("\"{n}\"")).collect();
    let many = format!(
        r#"["alice","",{{"resultNumber":1,"minVote":"1","options":[{}]}}]"#,
        many.join(",")
    );
    let info = |info: &str| format!(r#"["alice","",{info}]"#);
    let cases = [
        (
            r#"["bobby","",{}]"#.to_owned(),
            "require auth failed. ret = false",
        ),
        (long, "description too long. max length is 8192 Byte."),
        (info("{}"), "resultNumber not valid."),
        (info(r#"{"resultNumber":0}"#), "resultNumber not valid."),
        (info(r#"{"resultNumber":2001}"#), "resultNumber not valid."),
        (info(r#"{"resultNumber":1.5}"#), "resultNumber not valid."),
        (info("null"), "resultNumber not valid."),
        (info(r#"{"resultNumber":1}"#), "minVote not valid."),
        (info(r#"{"resultNumber":1,"minVote":"0"}"#), "minVote not valid."),
        (info(r#"{"resultNumber":1,"minVote":"-1"}"#), "minVote not valid."),
        (info(r#"{"resultNumber":1,"minVote":"1"}"#), "options not valid."),
        (
            info(r#"{"resultNumber":1,"minVote":"1","options":"a"}"#),
            "options not valid.",
        ),
        (many, "options not valid."),
        (
            info(r#"{"resultNumber":1,"minVote":"1","options":[1]}"#),
            "options has none string value.",
        ),
        (option, "option too long. max length is 128 Byte."),
        (
            info(r#"{"resultNumber":1,"minVote":"1","options":["a","a"]}"#),
            "option already exist.",
        ),
        (
            info(r#"{"resultNumber":1,"minVote":"1","options":[],"freezeTime":-1}"#),
            "freezeTime not valid.",
        ),
        (
            info(r#"{"resultNumber":1,"minVote":"1","options":[],"freezeTime":31536001}"#),
            "freezeTime not valid.",
        ),
    ];
    for (data, expected) in cases {
        assert_eq!(
            chain.fails("alice", VOTE, "newVote", &data),
            expected,
            "{data:.100}"
        );
    }
    let spend = chain.transfer("alice", "bobby", "4001");
    chain.leave_msb();
    assert!(chain.run_tx(&spend).is_success());
    let data = info(r#"{"resultNumber":1,"minVote":"1","options":[]}"#);
    assert_eq!(
        chain.fails("alice", VOTE, "newVote", &data),
        "balance not enough 999 < 1000"
    );
}

#[test]
fn failures_name_their_cause_and_change_nothing() {
    let mut chain = with_voting();
    vote(&mut chain, "bobby", "red", "20");
    let no_authority = "require auth failed. ret = false";
    let unknown = "vote does not exist.";
    let cases = [
        ("bobby", "vote", r#"["2","bobby","red","1"]"#, unknown),
        ("bobby", "vote", r#"["01","bobby","red","1"]"#, unknown),
        ("bobby", "vote", r#"["1","carol","red","1"]"#, no_authority),
        (
            "bobby",
            "vote",
            r#"["1","bobby","white","1"]"#,
            "option does not exist",
        ),
        (
            "bobby",
            "vote",
            r#"["1","bobby","red","0"]"#,
            "amount must be positive",
        ),
        (
            "bobby",
            "vote",
            r#"["1","bobby","red","0.000000001"]"#,
            "amount must be positive",
        ),
        (
            "bobby",
            "vote",
            r#"["1","bobby","red","-1"]"#,
            "amount must be positive",
        ),
        (
            "bobby",
            "vote",
            r#"["1","bobby","red","4981"]"#,
            "balance not enough 4980 < 4981",
        ),
        (
            "bobby",
            "vote",
            r#"["1","bobby","red","99999999999999999999"]"#,
            "amount overflow",
        ),
        ("bobby", "unvote", r#"["2","bobby","red","1"]"#, unknown),
        ("bobby", "unvote", r#"["1","carol","red","1"]"#, no_authority),
        (
            "carol",
            "unvote",
            r#"["1","carol","red","1"]"#,
            "account didn't vote.",
        ),
        (
            "bobby",
            "unvote",
            r#"["1","bobby","blue","1"]"#,
            "account didn't vote for this option.",
        ),
        (
            "bobby",
            "unvote",
            r#"["1","bobby","red","20.1"]"#,
            "amount too large. max amount = 20",
        ),
        (
            "bobby",
            "unvote",
            r#"["1","bobby","red","0"]"#,
            "amount must be positive",
        ),
        ("bobby", "addOption", r#"["1","white",false]"#, no_authority),
        (
            "alice",
            "addOption",
            r#"["1","red",false]"#,
            "option already exist.",
        ),
        ("alice", "addOption", r#"["3","red",false]"#, unknown),
        ("bobby", "removeOption", r#"["1","red",true]"#, no_authority),
        (
            "alice",
            "removeOption",
            r#"["1","white",true]"#,
            "option not exist",
        ),
        ("alice", "getOption", r#"["1","white"]"#, "option not exist"),
        ("alice", "getVote", r#"["2","bobby"]"#, unknown),
        ("alice", "getVote", r#"["1","nobody"]"#, "invalid account nobody"),
        ("alice", "getResult", r#"["2"]"#, unknown),
        ("bobby", "setCanVote", r#"["1",false]"#, no_authority),
        ("bobby", "setFreezeTime", r#"["1",1]"#, no_authority),
        ("alice", "setFreezeTime", r#"["1",-1]"#, "freezeTime not valid."),
        (
            "alice",
            "setFreezeTime",
            r#"["1",31536001]"#,
            "freezeTime not valid.",
        ),
        ("bobby", "delVote", r#"["1"]"#, no_authority),
    ];
    for (publisher, action, data, expected) in cases {
        assert_eq!(
            chain.fails(publisher, VOTE, action, data),
            expected,
            "{action} {data}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever happens to options, their votes are those of the voters (checked after every block), and every token
    /// that was locked can be taken back.
    #[test]
    fn every_vote_can_be_taken_back(steps in prop::collection::vec((0..8u8, 0..3usize, 0..3usize, 1..40u32), 1..60)) {
        let mut chain = with_voting();
        for (what, voter, option, amount) in steps {
            let (voter, option) = (["bobby", "carol", "node1"][voter], ["red", "blue", "green"][option]);
            let ballot = format!(r#"["1","{voter}","{option}","{amount}"]"#);
            let (publisher, action, data) = match what {
                0 => ("alice", "removeOption", format!(r#"["1","{option}",true]"#)),
                1 => ("alice", "removeOption", format!(r#"["1","{option}",false]"#)),
                2 => ("alice", "addOption", format!(r#"["1","{option}",true]"#)),
                3 => ("alice", "addOption", format!(r#"["1","{option}",false]"#)),
                4 | 5 => (voter, "unvote", ballot),
                _ => (voter, "vote", ballot),
            };
            chain.run(publisher, VOTE, action, &data);
        }
        for voter in ["bobby", "carol", "node1"] {
            let held: Option<VotingVotes> = chain.get(&StateKey::voting_votes(1, &name(voter)));
            for held in held.unwrap_or_default().votes {
                unvote(&mut chain, voter, held.option.as_str(), &held.amount.to_string());
            }
        }
        prop_assert!(!chain.state.keys().any(|key| key.as_str().starts_with("vote.iost/votes/")));
        chain.time_ms += 3_000;
        for voter in ["bobby", "carol", "node1"] {
            prop_assert_eq!(chain.spendable(voter), iost("5000"));
        }
    }
}
