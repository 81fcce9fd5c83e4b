//! `token.iost` and `amount_limit`, to the edges.

use credo_primitives::entry::{Balance, Frozen, IOST};
use credo_primitives::{Amount, AmountLimit, StateKey, StatusCode};
use credo_runtime::{LimitError, Refusal};

use crate::chain::{Chain, LOCK_MS, PLEDGE, iost, key_of, name, reason, registering};

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
            .contains_key(&StateKey::balance(&name("exchange.iost"), IOST))
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
            "prepare contract: args length unmatched to abi transfer. need 5, got 4",
        ),
        (
            r#"["iost","alice","bobby",1,""]"#.into(),
            "prepare contract: error parse string arg &{1}, type assertion to string failed",
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
    assert_eq!(
        reason(&receipt),
        "prepare contract: error args should be array, type assertion to []interface {} failed, &{}"
    );
    let receipt = chain.run("alice", "token.iost", "transfer", "[");
    assert!(reason(&receipt).starts_with("prepare contract: error in data: "));
    // A comma too many is taken, as in IOST.
    assert!(
        chain
            .run("alice", "token.iost", "supply", r#"["iost",]"#)
            .is_success()
    );
    let receipt = chain.run("alice", "nobody.iost", "init", "[]");
    assert_eq!(reason(&receipt), "prepare contract: cannot call 'init' manually");
    let receipt = chain.run("alice", "nobody.iost", "x", "[]");
    assert_eq!(
        reason(&receipt),
        "prepare contract: contract nobody.iost not found"
    );
    let receipt = chain.run("alice", "token.iost", "nothing", "[]");
    assert_eq!(reason(&receipt), "prepare contract: abi nothing not found");
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
    let (action, rest) = message.split_once(" error: ").unwrap();
    let description = action.strip_prefix("running action ").unwrap();
    assert_eq!(description.chars().count(), 103);
    assert!(description.ends_with("é..."), "the line's end is cut away, too");
    assert_eq!(rest, "token not exists");
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
    assert_eq!(returned("balanceOf", r#"["iost","exchange.iost"]"#), r#"["0"]"#);
    assert_eq!(returned("balanceOf", r#"["iost","nobody"]"#), r#"["0"]"#);
    // Carol's votes stand in the balance of who holds them.
    assert_eq!(returned("balanceOf", r#"["iost","vote.iost"]"#), r#"["27"]"#);
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
        // The text names what the action spent.
        (vec![limit("iost", "60")], Some(exceeded("60"))),
        (vec![limit("iost", "119.9")], Some(exceeded("60"))),
        (vec![limit("iost", "120")], None),
        (vec![limit("iost", "unlimited")], None),
        (vec![limit("*", "120")], None),
        (vec![limit("*", "120.5")], None),
        // For any token only whole ones count.
        (vec![limit("*", "119.99999999")], Some(exceeded("60"))),
        (vec![limit("iost", "120.")], None),
        (
            vec![limit("*", "unlimited"), limit("iost", "1")],
            Some(exceeded("60")),
        ),
        (vec![limit("*", "1"), limit("iost", "120")], None),
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
fn what_leaves_a_balance_counts_and_an_empty_limit_locks_nothing() {
    let mut chain = Chain::new();
    let register = registering(&chain.spec, "alice", 77, r#""","","""#);
    let by_bobby = registering(&chain.spec, "bobby", 78, r#""","","""#);
    let producer = "vote_producer.iost";
    chain.pass("alice", producer, "applyRegister", &register);
    chain.pass("alice", producer, "vote", r#"["alice","alice","500"]"#);
    chain.end_epoch();
    let account = key_of("david").public_key();
    let sign_up = format!(r#"["david","{account}","{account}"]"#);
    let info = r#"["alice","which",{"resultNumber":1,"minVote":1,"options":["a"],"freezeTime":0}]"#;
    let spending = [
        (
            "token.iost",
            "transfer",
            r#"["iost","alice","alice","60",""]"#,
            "60",
        ),
        (producer, "vote", r#"["alice","node1","60"]"#, "60"),
        (producer, "applyRegister", &by_bobby, "5"),
        (producer, "logInProducer", r#"["alice"]"#, "50"),
        (producer, "topupCandidateBonus", r#"["3","alice"]"#, "3"),
        ("gas.iost", "pledge", r#"["alice","bobby","60"]"#, "60"),
        ("auth.iost", "signUp", &sign_up, "10"),
        ("ram.iost", "buy", r#"["alice","bobby",1000]"#, "10.41"),
        ("vote.iost", "newVote", info, "1000"),
    ];
    for (contract, action, data, need) in spending {
        chain.leave_msb();
        let mut draft = chain.draft(&[(contract, action, data)]);
        draft.amount_limit.clear();
        let publisher = if action == "applyRegister" {
            "bobby"
        } else {
            "alice"
        };
        let tx = chain.sign(draft, publisher);
        let receipt = chain.run_tx(&tx);
        let reason = reason(&receipt);
        if action == "newVote" {
            assert!(reason.starts_with("balance not enough"), "{reason}");
        } else {
            assert_eq!(
                reason,
                format!("token iost exceed amountLimit in tx. need {need}")
            );
        }
    }
    assert_eq!(chain.spendable("alice"), iost("495"));
}

#[test]
fn what_returns_counts_against_no_limit() {
    let mut chain = Chain::new();
    chain.pass("alice", "vote_producer.iost", "vote", r#"["alice","node1","60"]"#);
    for (contract, action, data) in [
        ("vote_producer.iost", "unvote", r#"["alice","node1","60"]"#),
        ("gas.iost", "unpledge", r#"["alice","alice","60"]"#),
    ] {
        chain.leave_msb();
        let mut draft = chain.draft(&[(contract, action, data)]);
        draft.amount_limit.clear();
        let tx = chain.sign(draft, "alice");
        assert!(chain.run_tx(&tx).is_success());
    }
}

#[test]
fn ram_that_is_sold_or_lent_counts_as_ram() {
    let mut chain = Chain::new();
    chain.pass("alice", "ram.iost", "buy", r#"["alice","alice",100]"#);
    for (action, data) in [
        ("sell", r#"["alice","alice",20]"#),
        ("lend", r#"["alice","bobby",20]"#),
    ] {
        for (limits, passes) in [
            (vec![limit("iost", "unlimited")], false),
            (vec![limit("ram", "19")], false),
            (vec![limit("ram", "20")], true),
            (vec![limit("*", "20")], true),
        ] {
            chain.leave_msb();
            let mut draft = chain.draft(&[("ram.iost", action, data)]);
            draft.amount_limit = limits;
            let tx = chain.sign(draft, "alice");
            let receipt = chain.run_tx(&tx);
            if passes {
                assert!(receipt.is_success(), "{:?}", receipt.status);
            } else {
                assert_eq!(reason(&receipt), "token ram exceed amountLimit in tx. need 20");
            }
        }
    }
}

#[test]
fn nobody_creates_a_token_of_the_system_s() {
    let mut chain = Chain::new();
    for symbol in ["iost", "ram", "contribute"] {
        let data = format!(r#"["{symbol}","alice",1000,{{}}]"#);
        assert_eq!(
            chain.fails("alice", "token.iost", "create", &data),
            "token exists"
        );
        assert_eq!(
            chain.fails(
                "alice",
                "token.iost",
                "issue",
                &format!(r#"["{symbol}","alice","1"]"#)
            ),
            "transaction has no permission"
        );
    }
    assert_eq!(
        chain.returned("token.iost", "supply", r#"["contribute"]"#),
        r#"["0"]"#
    );
    assert_eq!(
        chain.returned("token.iost", "supply", r#"["ram"]"#),
        r#"["137438953472"]"#
    );
    chain.pass("alice", "ram.iost", "buy", r#"["alice","bobby",100]"#);
    assert_eq!(
        chain.fails(
            "bobby",
            "token.iost",
            "transfer",
            r#"["ram","bobby","alice","1",""]"#
        ),
        "transfer need issuer permission"
    );
    assert_eq!(
        chain.fails("bobby", "token.iost", "destroy", r#"["ram","bobby","1"]"#),
        "transfer need issuer permission"
    );
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
        (vec![limit("iost", "-1")], Refusal::BadLimit(LimitError::Char)),
        (vec![limit("*", "1e3")], Refusal::BadLimit(LimitError::Char)),
        (vec![limit("iost", "")], Refusal::BadLimit(LimitError::Format)),
        (vec![limit("iost", ".5")], Refusal::BadLimit(LimitError::Format)),
        (
            vec![limit("iost", "1.2.3")],
            Refusal::BadLimit(LimitError::Points),
        ),
        (
            vec![limit("iost", "99999999999999999999999")],
            Refusal::BadLimit(LimitError::Overflow),
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
        payer: Some(name("alice")),
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
