//! `token.iost` and `amount_limit`, to the edges.

use credo_primitives::entry::{Balance, Frozen, IOST};
use credo_primitives::{Amount, AmountLimit, StateKey, StatusCode};
use credo_runtime::Refusal;

use crate::chain::{Chain, LOCK_MS, PLEDGE, iost, key_of, name, reason};

fn limit(token: &str, value: &str) -> AmountLimit {
    AmountLimit {
        token: token.into(),
        value: value.into(),
    }
}

#[test]
fn a_transfer_moves_tokens_and_leaves_iosts_receipt() {
    let mut chain = Chain::new();
    let tx = chain.tx(
        "alice",
        "token.iost",
        "transfer",
        r#"["iost","alice","bobby","1.50","a <b> & \"c\""]"#,
    );
    let receipt = chain.run_tx(&tx);
    assert!(receipt.is_success());
    assert_eq!(receipt.tx_hash, *tx.hash());
    assert_eq!(receipt.returns[0].as_str(), "[]");
    assert_eq!(receipt.receipts[0].func_name.as_str(), "token.iost/transfer");
    assert_eq!(
        receipt.receipts[0].content.as_str(),
        r#"["iost","alice","bobby","1.5","a \u003cb\u003e \u0026 \"c\""]"#
    );
    assert_eq!(chain.balance("alice").available, iost("998.5"));
    assert_eq!(chain.balance("bobby").available, iost("1001.5"));
    assert!(receipt.gas_usage > 0);
}

#[test]
fn amounts_are_cut_to_the_tokens_decimals() {
    let mut chain = Chain::new();
    let tx = chain.transfer("alice", "bobby", "0.123456789");
    let receipt = chain.run_tx(&tx);
    assert!(receipt.is_success());
    assert!(receipt.receipts[0].content.as_str().contains("\"0.12345678\""));
    assert_eq!(chain.balance("bobby").available, iost("1000.12345678"));
}

#[test]
fn everything_can_be_sent_and_leaves_no_entry() {
    let mut chain = Chain::new();
    let tx = chain.transfer("alice", "bobby", "1000");
    assert!(chain.run_tx(&tx).is_success());
    // What is left is its pledge; who has pledged nothing has no entry any more.
    assert_eq!(
        (chain.spendable("alice"), chain.balance("alice").staked),
        (Amount::ZERO, Amount::from_iost(PLEDGE))
    );
    assert!(
        !chain
            .state
            .contains_key(&StateKey::balance(&name("vote.iost"), IOST))
    );
    assert_eq!(chain.balance("bobby").available, iost("2000"));
}

#[test]
fn a_transfer_to_oneself_needs_the_balance_and_changes_nothing() {
    let mut chain = Chain::new();
    let enough = chain.transfer("alice", "alice", "1000");
    let receipt = chain.run_tx(&enough);
    assert!(receipt.is_success());
    assert_eq!(receipt.receipts.len(), 1);
    let too_much = chain.transfer("alice", "alice", "1000.00000001");
    assert_eq!(
        reason(&chain.run_tx(&too_much)),
        "balance not enough 1000 < 1000.00000001"
    );
    assert_eq!(chain.balance("alice").available, iost("1000"));
}

#[test]
fn contracts_can_be_paid_and_cannot_be_drawn_from() {
    let mut chain = Chain::new();
    let pay = chain.transfer("alice", "bonus.iost", "1");
    assert!(chain.run_tx(&pay).is_success());
    let draw = chain.tx(
        "alice",
        "token.iost",
        "transfer",
        r#"["iost","bonus.iost","alice","1",""]"#,
    );
    assert_eq!(reason(&chain.run_tx(&draw)), "transaction has no permission");
}

#[test]
fn failures_name_their_cause_in_iosts_words() {
    let long_memo = "x".repeat(513);
    let cases = [
        (
            format!(r#"["iost","alice","bobby","1","{long_memo}"]"#),
            "memo too large",
        ),
        (
            r#"["iost","alice","nobody","1",""]"#.into(),
            "invalid account nobody",
        ),
        (
            r#"["iost","alice","No Name","1",""]"#.into(),
            "invalid account No Name",
        ),
        (
            r#"["iost","nobody","bobby","1",""]"#.into(),
            "invalid account nobody",
        ),
        (r#"["nope","alice","bobby","1",""]"#.into(), "token not exists"),
        (r#"["../../x","alice","bobby","1",""]"#.into(), "token not exists"),
        (
            r#"["iost","bobby","alice","1",""]"#.into(),
            "transaction has no permission",
        ),
        (r#"["iost","alice","bobby","0",""]"#.into(), "invalid amount 0"),
        (
            r#"["iost","alice","bobby","0.000000001",""]"#.into(),
            "invalid amount 0.000000001",
        ),
        (
            r#"["iost","alice","bobby","-1",""]"#.into(),
            "invalid amount \"-1\": a plain decimal number such as 12.5 is expected",
        ),
        (
            r#"["iost","alice","bobby","1e2",""]"#.into(),
            "invalid amount \"1e2\": a plain decimal number such as 12.5 is expected",
        ),
        (
            r#"["iost","alice","bobby","",""]"#.into(),
            "invalid amount \"\": a plain decimal number such as 12.5 is expected",
        ),
        (
            r#"["iost","alice","bobby","99999999999999999999",""]"#.into(),
            "invalid amount 99999999999999999999: amount overflow",
        ),
        (
            r#"["iost","alice","bobby","1000.5",""]"#.into(),
            "balance not enough 1000 < 1000.5",
        ),
        (
            r#"["iost","alice","bobby","1"]"#.into(),
            "args length unmatched to abi transfer. need 5, got 4",
        ),
        (
            r#"["iost","alice","bobby",1,""]"#.into(),
            "error parse string arg 1",
        ),
    ];
    let mut chain = Chain::new();
    for (data, expected) in cases {
        let receipt = chain.run("alice", "token.iost", "transfer", &data);
        assert_eq!(receipt.status.code, StatusCode::RuntimeError, "{data}");
        assert_eq!(reason(&receipt), expected);
        assert!(receipt.receipts.is_empty() && receipt.returns.is_empty());
    }
    assert_eq!(chain.balance("alice").available, iost("1000"));
    assert_eq!(chain.balance("bobby").available, iost("1000"));
    let receipt = chain.run("alice", "token.iost", "transfer", "{}");
    assert!(reason(&receipt).starts_with("error parse data, it should be a JSON array"));
    let receipt = chain.run("alice", "nobody.iost", "x", "[]");
    assert_eq!(reason(&receipt), "contract nobody.iost not found");
    let receipt = chain.run("alice", "token.iost", "nothing", "[]");
    assert_eq!(reason(&receipt), "abi nothing not found");
}

#[test]
fn a_failure_describes_the_action_cut_at_a_hundred_characters() {
    let mut chain = Chain::new();
    let receipt = chain.run("alice", "token.iost", "supply", r#"["nope"]"#);
    assert_eq!(
        receipt.status.message.as_str(),
        "running action Action{Contract: token.iost, ActionName: supply, Data: [\"nope\"]}\n error: token not exists"
    );
    let data = format!(r#"["{}"]"#, "é".repeat(200));
    let receipt = chain.run("alice", "token.iost", "supply", &data);
    let message = receipt.status.message.as_str();
    let (action, rest) = message.split_once('\n').unwrap();
    let description = action.strip_prefix("running action ").unwrap();
    assert_eq!(description.chars().count(), 103);
    assert!(description.ends_with("é..."));
    assert_eq!(rest, " error: token not exists");
}

#[test]
fn reads_return_texts() {
    let mut chain = Chain::new();
    let mut returned = |action: &str, data: &str| {
        let receipt = chain.run("alice", "token.iost", action, data);
        assert!(receipt.is_success(), "{:?}", receipt.status);
        receipt.returns[0].as_str().to_owned()
    };
    assert_eq!(returned("balanceOf", r#"["iost","alice"]"#), r#"["1000"]"#);
    assert_eq!(returned("balanceOf", r#"["iost","vote.iost"]"#), r#"["0"]"#);
    assert_eq!(returned("supply", r#"["iost"]"#), r#"["1073267"]"#);
    assert_eq!(returned("totalSupply", r#"["iost"]"#), r#"["1073267"]"#);
}

#[test]
fn all_actions_of_a_transaction_are_undone_when_one_fails() {
    let mut chain = Chain::new();
    let draft = chain.draft(&[
        ("token.iost", "transfer", r#"["iost","alice","bobby","400",""]"#),
        ("token.iost", "transfer", r#"["iost","alice","carol","400",""]"#),
        ("token.iost", "transfer", r#"["iost","alice","bobby","400",""]"#),
    ]);
    let tx = chain.sign(draft, "alice");
    let receipt = chain.run_tx(&tx);
    assert_eq!(reason(&receipt), "balance not enough 200 < 400");
    assert!(receipt.receipts.is_empty() && receipt.returns.is_empty());
    assert_eq!(chain.balance("alice").available, iost("1000"));
    let draft = chain.draft(&[
        ("token.iost", "transfer", r#"["iost","alice","bobby","400",""]"#),
        ("token.iost", "balanceOf", r#"["iost","alice"]"#),
    ]);
    let tx = chain.sign(draft, "alice");
    let receipt = chain.run_tx(&tx);
    assert_eq!(receipt.returns.len(), 2);
    assert_eq!(receipt.returns[1].as_str(), r#"["600"]"#);
}

#[test]
fn amount_limits_hold_over_the_whole_transaction() {
    let transfer = ("token.iost", "transfer", r#"["iost","alice","bobby","60",""]"#);
    let exceeded = |need: &str| format!("token iost exceed amountLimit in tx. need {need}");
    let cases = [
        (vec![], Some(exceeded("60"))),
        (vec![limit("iost", "59.99999999")], Some(exceeded("60"))),
        (vec![limit("iost", "60")], Some(exceeded("120"))),
        (vec![limit("iost", "119.9")], Some(exceeded("120"))),
        (vec![limit("iost", "120")], None),
        (vec![limit("iost", "unlimited")], None),
        (vec![limit("*", "120")], None),
        (
            vec![limit("*", "unlimited"), limit("iost", "1")],
            Some(exceeded("60")),
        ),
        (vec![limit("*", "1"), limit("iost", "120")], None),
        (vec![limit("iost", "99999999999999999999999")], None),
    ];
    for (limits, expected) in cases {
        let mut chain = Chain::new();
        let mut draft = chain.draft(&[transfer, transfer]);
        draft.amount_limit = limits;
        let tx = chain.sign(draft, "alice");
        let receipt = chain.run_tx(&tx);
        match expected {
            Some(text) => assert_eq!(reason(&receipt), text),
            None => assert!(receipt.is_success(), "{:?}", receipt.status),
        }
    }
}

#[test]
fn transfers_to_oneself_and_votes_spend_nothing() {
    let mut chain = Chain::new();
    let mut draft = chain.draft(&[
        ("token.iost", "transfer", r#"["iost","alice","alice","60",""]"#),
        ("vote_producer.iost", "vote", r#"["alice","node1","60"]"#),
    ]);
    draft.amount_limit.clear();
    let tx = chain.sign(draft, "alice");
    assert!(chain.run_tx(&tx).is_success());
}

#[test]
fn a_bad_amount_limit_keeps_a_transaction_out() {
    let cases = [
        (
            vec![limit("iost", "1"), limit("iost", "2")],
            Refusal::DuplicateLimit("iost".into()),
        ),
        (vec![limit("nope", "1")], Refusal::UnknownLimit("nope".into())),
        (vec![limit("a/b", "1")], Refusal::UnknownLimit("a/b".into())),
        (
            vec![limit("iost", "-1")],
            Refusal::BadLimit {
                token: "iost".into(),
                value: "-1".into(),
            },
        ),
        (
            vec![limit("*", "1e3")],
            Refusal::BadLimit {
                token: "*".into(),
                value: "1e3".into(),
            },
        ),
    ];
    let mut chain = Chain::new();
    for (limits, expected) in cases {
        let mut draft = chain.draft(&[("token.iost", "supply", r#"["iost"]"#)]);
        draft.amount_limit = limits;
        let tx = chain.sign(draft, "alice");
        assert_eq!(chain.refuse(&tx), expected);
    }
}

#[test]
fn frozen_amounts_count_from_their_date_on() {
    let mut chain = Chain::new();
    assert!(
        chain
            .run(
                "alice",
                "vote_producer.iost",
                "vote",
                r#"["alice","node1","1000"]"#
            )
            .is_success()
    );
    assert!(
        chain
            .run(
                "alice",
                "vote_producer.iost",
                "unvote",
                r#"["alice","node1","1000"]"#
            )
            .is_success()
    );
    let until_ms = chain.time_ms + LOCK_MS;
    let frozen = Balance {
        available: Amount::ZERO,
        frozen: vec![Frozen {
            amount: iost("1000"),
            until_ms,
        }],
        staked: Amount::from_iost(PLEDGE),
    };
    assert_eq!(chain.balance("alice"), frozen);
    while chain.time_ms + chain.spec.parameters.slot_ms < until_ms {
        let receipt = chain.run(
            "alice",
            "token.iost",
            "transfer",
            r#"["iost","alice","bobby","1",""]"#,
        );
        if chain.time_ms < until_ms {
            assert_eq!(reason(&receipt), "balance not enough 0 < 1");
        }
    }
    chain.leave_msb();
    // Nothing was written when the date came; the holder's next action folds it in.
    assert_eq!(chain.balance("alice"), frozen);
    let tx = chain.transfer("alice", "bobby", "1");
    assert!(chain.run_tx(&tx).is_success());
    assert_eq!(chain.balance("alice").available, iost("999"));
    assert!(chain.balance("alice").frozen.is_empty());
}

#[test]
fn whoever_receives_must_exist() {
    let mut chain = Chain::new();
    chain.pass("alice", "token.iost", "create", r#"["gold","alice",1000,{}]"#);
    chain.pass("alice", "token721.iost", "create", r#"["card","alice",3]"#);
    chain.pass("alice", "token721.iost", "issue", r#"["card","alice","{}"]"#);
    chain.pass("alice", "domain.iost", "link", r#"["al.ice","token.iost"]"#);
    chain.pass("alice", "ram.iost", "buy", r#"["alice","alice",1024]"#);
    let nobody = [
        "nobody",
        "Contract",
        "Contractabc",
        "ContractZGVqhY3c65xRs8aoC4dUdACVCKSwhMMsg2negSFxpr3",
        "nothing.iost",
        "x.token.iost",
    ];
    let actions = |to: &str| {
        [
            (
                "token.iost",
                "transfer",
                format!(r#"["iost","alice","{to}","1",""]"#),
            ),
            (
                "token.iost",
                "transferFreeze",
                format!(r#"["iost","alice","{to}","1",1,""]"#),
            ),
            ("token.iost", "issue", format!(r#"["gold","{to}","1"]"#)),
            ("token721.iost", "issue", format!(r#"["card","{to}","{{}}"]"#)),
            (
                "token721.iost",
                "transfer",
                format!(r#"["card","alice","{to}","0"]"#),
            ),
            ("exchange.iost", "transfer", format!(r#"["iost","{to}","1",""]"#)),
            ("gas.iost", "pledge", format!(r#"["alice","{to}","1"]"#)),
            ("ram.iost", "buy", format!(r#"["alice","{to}",1024]"#)),
            ("ram.iost", "lend", format!(r#"["alice","{to}",10]"#)),
            ("vote_producer.iost", "vote", format!(r#"["alice","{to}","1"]"#)),
            ("domain.iost", "transfer", format!(r#"["al.ice","{to}"]"#)),
            (
                "msig.iost",
                "propose",
                format!(
                    r#"["alice","p",["{to}@active"],[{{"contract":"token.iost","action":"supply","data":"[\"iost\"]"}}],60]"#
                ),
            ),
        ]
    };
    for to in nobody {
        for (contract, action, data) in actions(to) {
            let failure = chain.fails("alice", contract, action, &data);
            assert!(
                !failure.contains("balance"),
                "{contract}/{action} {data}: {failure}"
            );
        }
        let data = format!(r#"["iost","alice","{to}","1",""]"#);
        assert_eq!(
            chain.fails("alice", "token.iost", "transfer", &data),
            format!("invalid account {to}")
        );
        // Nor can it be given a say.
        let data = format!(r#"["alice","active","{to}@active",1]"#);
        let mut draft = chain.draft(&[("auth.iost", "assignPermission", &data)]);
        draft.signers = vec!["alice@owner".into()];
        draft.sign_as_signer(&key_of("alice owner"));
        let tx = chain.sign(draft, "alice");
        assert_eq!(chain.fails_tx(&tx), format!("invalid account {to}"));
    }
    for to in ["bobby", "ram.iost"] {
        let data = format!(r#"["iost","alice","{to}","1",""]"#);
        chain.pass("alice", "token.iost", "transfer", &data);
    }
}
