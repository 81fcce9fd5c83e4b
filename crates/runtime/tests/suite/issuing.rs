//! `token.iost`: creating, issuing, freezing and destroying tokens, to the edges.

use credo_primitives::entry::{Frozen, IOST, MAX_FROZEN, Pool, TokenInfo};
use credo_primitives::{Amount, AmountLimit, StateKey};

use crate::chain::{Chain, LOCK_MS, iost, name, reason};

const TOKEN: &str = "token.iost";

fn info(chain: &Chain, symbol: &str) -> TokenInfo {
    chain.get(&StateKey::token(symbol)).unwrap()
}

fn units(chain: &Chain, account: &str, symbol: &str) -> u64 {
    let key = StateKey::balance(&name(account), symbol);
    let balance: Option<credo_primitives::entry::Balance> = chain.get(&key);
    balance.unwrap_or_default().spendable(chain.time_ms).units()
}

/// A token of alice's with two decimals, of which 1000 may exist.
fn with_gold() -> Chain {
    let mut chain = Chain::new();
    chain.pass("alice", TOKEN, "create", r#"["gold","alice",1000,{"decimal":2}]"#);
    chain
}

#[test]
fn a_token_is_created_with_its_configuration() {
    let mut chain = Chain::new();
    let receipt = chain.pass(
        "alice",
        TOKEN,
        "create",
        r#"["gold","alice",1000, {"fullName":"Fool's <gold>","decimal":2, "canTransfer":true,"onlyIssuerCanTransfer":true,"defaultRate":"1.0"}]"#,
    );
    assert_eq!(receipt.returns[0].as_str(), "[]");
    assert_eq!(receipt.receipts[0].func_name.as_str(), "token.iost/create");
    // Base64 of the configuration as Go writes it: sorted and escaped.
    let shown = receipt.receipts[0].content.as_str();
    assert_eq!(
        shown,
        r#"["gold","alice",1000,"eyJjYW5UcmFuc2ZlciI6dHJ1ZSwiZGVjaW1hbCI6MiwiZGVmYXVsdFJhdGUiOiIxLjAiLCJmdWxsTmFtZSI6IkZvb2wncyBcdTAwM2Nnb2xkXHUwMDNlIiwib25seUlzc3VlckNhblRyYW5zZmVyIjp0cnVlfQ=="]"#
    );
    let gold = info(&chain, "gold");
    assert_eq!((gold.decimals, gold.total_supply.units()), (2, 100_000));
    assert!(gold.supply.is_zero() && gold.can_transfer && gold.only_issuer_can_transfer);
    assert_eq!(gold.full_name.as_str(), "Fool's <gold>");
    chain.pass("alice", TOKEN, "create", r#"["plain_0","alice",0,null]"#);
    let plain = info(&chain, "plain_0");
    assert_eq!((plain.decimals, plain.full_name.as_str()), (8, "plain_0"));
    assert!(plain.can_transfer && !plain.only_issuer_can_transfer);
}

#[test]
fn creating_refuses_what_iost_refuses() {
    let long = format!(r#"["gold","alice",1,{{"fullName":"{}"}}]"#, "x".repeat(51));
    let cases = [
        (
            r#"["g","alice",1,{}]"#,
            "token symbol invalid. token symbol length should be between 2,16 got g",
        ),
        (
            r#"["Gold","alice",1,{}]"#,
            "token symbol invalid. token symbol contains invalid character 71",
        ),
        (r#"["iost","alice",1,{}]"#, "token exists"),
        (r#"["gold","bobby",1,{}]"#, "transaction has no permission"),
        (r#"["gold","nobody",1,{}]"#, "transaction has no permission"),
        (r#"["gold","alice",1,[]]"#, "config should be an object"),
        (
            r#"["gold","alice",1,{"decimal":"2"}]"#,
            "decimal in config should be number",
        ),
        (r#"["gold","alice",1,{"decimal":19}]"#, "invalid decimal"),
        (r#"["gold","alice",1,{"decimal":-1}]"#, "invalid decimal"),
        (r#"["gold","alice",1,{"decimal":19.5}]"#, "invalid decimal"),
        (
            r#"["gold","alice",1,{"canTransfer":1}]"#,
            "canTransfer in config should be bool",
        ),
        (
            r#"["gold","alice",1,{"onlyIssuerCanTransfer":""}]"#,
            "onlyIssuerCanTransfer in config should be bool",
        ),
        (
            r#"["gold","alice",1,{"defaultRate":1}]"#,
            "defaultRate in config should be string",
        ),
        (
            r#"["gold","alice",1,{"fullName":1}]"#,
            "fullName in config should be string",
        ),
        (&long, "fullName is too long"),
        (r#"["gold","alice",92233720369,{}]"#, "invalid totalSupply"),
        (
            r#"["gold","alice","1",{}]"#,
            "prepare contract: error parse number arg &{1}, invalid value type",
        ),
    ];
    let mut chain = Chain::new();
    for (data, expected) in cases {
        assert_eq!(chain.fails("alice", TOKEN, "create", data), expected, "{data}");
    }
    // A fraction of a decimal is cut; of less than nothing nothing can be issued.
    chain.pass("alice", TOKEN, "create", r#"["cut","alice",-1,{"decimal":1.5}]"#);
    assert_eq!(chain.returned(TOKEN, "totalSupply", r#"["cut"]"#), r#"["0"]"#);
    assert_eq!(
        chain.fails("alice", TOKEN, "issue", r#"["cut","alice","0.1"]"#),
        "supply too much"
    );
    // The largest of all.
    chain.pass("alice", TOKEN, "create", r#"["gold","alice",92233720368,{}]"#);
    chain.pass(
        "alice",
        TOKEN,
        "create",
        r#"["units","alice",9223372036854775807,{"decimal":0}]"#,
    );
    chain.pass(
        "alice",
        TOKEN,
        "issue",
        r#"["units","alice","9223372036854775807"]"#,
    );
    assert_eq!(units(&chain, "alice", "units"), i64::MAX as u64);
}

#[test]
fn tokens_are_issued_up_to_the_total() {
    let mut chain = with_gold();
    let receipt = chain.pass("alice", TOKEN, "issue", r#"["gold","bobby","999.999"]"#);
    assert_eq!(receipt.receipts[0].func_name.as_str(), "token.iost/issue");
    assert_eq!(
        receipt.receipts[0].content.as_str(),
        r#"["gold","bobby","999.99"]"#
    );
    assert_eq!(units(&chain, "bobby", "gold"), 99_999);
    let cases = [
        ("alice", r#"["gold","bobby","0.02"]"#, "supply too much"),
        ("alice", r#"["gold","bobby","0"]"#, "invalid amount 0"),
        ("alice", r#"["gold","bobby","0.001"]"#, "invalid amount 0.001"),
        (
            "alice",
            r#"["gold","bobby","-1"]"#,
            "invalid amount \"-1\": a plain decimal number such as 12.5 is expected",
        ),
        (
            "alice",
            r#"["gold","bobby","99999999999999999999"]"#,
            "invalid amount 99999999999999999999: amount overflow",
        ),
        ("alice", r#"["gold","nobody","0.01"]"#, "invalid account nobody"),
        ("alice", r#"["silver","bobby","0.01"]"#, "token not exists"),
        (
            "bobby",
            r#"["gold","bobby","0.01"]"#,
            "transaction has no permission",
        ),
        (
            "alice",
            r#"["iost","alice","1"]"#,
            "transaction has no permission",
        ),
    ];
    for (publisher, data, expected) in cases {
        assert_eq!(chain.fails(publisher, TOKEN, "issue", data), expected, "{data}");
    }
    chain.pass("alice", TOKEN, "issue", r#"["gold","bobby","0.01"]"#);
    assert_eq!(info(&chain, "gold").supply, info(&chain, "gold").total_supply);
    assert_eq!(chain.returned(TOKEN, "supply", r#"["gold"]"#), r#"["1000"]"#);
}

#[test]
fn a_token_moves_as_its_issuer_allows() {
    let mut chain = with_gold();
    chain.pass(
        "alice",
        TOKEN,
        "create",
        r#"["still","alice",10,{"canTransfer":false}]"#,
    );
    chain.pass(
        "alice",
        TOKEN,
        "create",
        r#"["tight","alice",10,{"onlyIssuerCanTransfer":true}]"#,
    );
    for symbol in ["still", "tight"] {
        chain.pass("alice", TOKEN, "issue", &format!(r#"["{symbol}","bobby","5"]"#));
    }
    let move_all = |symbol: &str| format!(r#"["{symbol}","bobby","carol","5",""]"#);
    assert_eq!(
        chain.fails("bobby", TOKEN, "transfer", &move_all("still")),
        "token can't transfer"
    );
    assert_eq!(
        chain.fails("bobby", TOKEN, "transfer", &move_all("tight")),
        "transfer need issuer permission"
    );
    let freeze = r#"["still","bobby","carol","5",0,""]"#;
    assert_eq!(
        chain.fails("bobby", TOKEN, "transferFreeze", freeze),
        "token can't transfer"
    );
    let mut draft = chain.draft(&[(TOKEN, "transfer", &move_all("tight"))]);
    draft.signers = vec!["alice@active".into()];
    draft.sign_as_signer(&crate::chain::key_of("alice"));
    let tx = chain.sign(draft, "bobby");
    chain.leave_msb();
    assert!(chain.run_tx(&tx).is_success());
    assert_eq!(units(&chain, "carol", "tight"), 500_000_000);
    // What can't move can be destroyed.
    chain.pass("bobby", TOKEN, "destroy", r#"["still","bobby","5"]"#);
    assert!(info(&chain, "still").supply.is_zero());
}

#[test]
fn frozen_tokens_come_free_at_their_time() {
    let mut chain = Chain::new();
    let until_ms = chain.time_ms + LOCK_MS;
    // Not before the ms in which it lies.
    let time = until_ms * 1_000_000 - 1;
    let data = format!(r#"["iost","alice","bobby","5.000000009",{time},"soon"]"#);
    let receipt = chain.pass("alice", TOKEN, "transferFreeze", &data);
    assert_eq!(
        receipt.receipts[0].func_name.as_str(),
        "token.iost/transferFreeze"
    );
    assert_eq!(
        receipt.receipts[0].content.as_str(),
        format!(r#"["iost","alice","bobby","5",{time},"soon"]"#)
    );
    assert_eq!(chain.spendable("alice"), iost("995"));
    let frozen = Frozen {
        amount: iost("5"),
        until_ms,
    };
    assert_eq!(chain.balance("bobby").frozen, [frozen]);
    assert_eq!(chain.spendable("bobby"), iost("1000"));
    while chain.time_ms < until_ms {
        chain.block(&[]);
    }
    assert_eq!(chain.spendable("bobby"), iost("1005"));
    // A time that has passed freezes nothing, and one's own tokens can be frozen.
    chain.pass(
        "alice",
        TOKEN,
        "transferFreeze",
        r#"["iost","alice","bobby","1",-1,""]"#,
    );
    assert_eq!(chain.spendable("bobby"), iost("1006"));
    let data = format!(r#"["iost","bobby","bobby","1006",{},""]"#, i64::MAX);
    chain.pass("bobby", TOKEN, "transferFreeze", &data);
    assert!(chain.spendable("bobby").is_zero());
    let failure = chain.fails("bobby", TOKEN, "transferFreeze", &data);
    assert_eq!(failure, "balance not enough 0 < 1006");
    let failure = chain.fails(
        "bobby",
        TOKEN,
        "transferFreeze",
        r#"["iost","alice","bobby","1",1,""]"#,
    );
    assert_eq!(failure, "transaction has no permission");
}

#[test]
fn nobody_fills_anothers_account_with_frozen_dust() {
    let mut chain = Chain::new();
    let mut sent = 0;
    let mut last = None;
    while last.is_none() {
        chain.leave_msb();
        let txs: Vec<_> = (0..8)
            .map(|_| {
                sent += 1;
                let time = (chain.time_ms + 1_000_000_000 + sent) * 1_000_000;
                let data = format!(r#"["iost","alice","bobby","0.00000001",{time},""]"#);
                chain.tx("alice", TOKEN, "transferFreeze", &data)
            })
            .collect();
        last = chain.block(&txs).receipts.into_iter().find(|r| !r.is_success());
    }
    let failure = last.unwrap();
    assert!(
        reason(&failure).starts_with("bobby has 128 frozen amounts already, each until another date"),
        "{failure:?}"
    );
    assert_eq!(chain.balance("bobby").frozen.len(), MAX_FROZEN / 2);
    // Bobby's own votes still return.
    chain.pass("bobby", "vote_producer.iost", "vote", r#"["bobby","node1","10"]"#);
    chain.pass(
        "bobby",
        "vote_producer.iost",
        "unvote",
        r#"["bobby","node1","10"]"#,
    );
}

#[test]
fn what_is_destroyed_is_gone() {
    let mut chain = with_gold();
    chain.pass("alice", TOKEN, "issue", r#"["gold","bobby","10"]"#);
    let receipt = chain.pass("bobby", TOKEN, "destroy", r#"["gold","bobby","2.509"]"#);
    assert_eq!(receipt.receipts[0].func_name.as_str(), "token.iost/destroy");
    assert_eq!(receipt.receipts[0].content.as_str(), r#"["gold","bobby","2.5"]"#);
    assert_eq!(info(&chain, "gold").supply.units(), 750);
    assert_eq!(units(&chain, "bobby", "gold"), 750);
    let burnt = |chain: &Chain| chain.get::<Pool>(&StateKey::pool()).unwrap_or_default().burnt;
    let (before, supply) = (burnt(&chain), info(&chain, IOST).supply);
    chain.pass("bobby", TOKEN, "destroy", r#"["iost","bobby","1000"]"#);
    assert_eq!(
        burnt(&chain),
        before.checked_add(Amount::from_iost(1_000)).unwrap()
    );
    assert_eq!(
        info(&chain, IOST).supply,
        supply.checked_sub(Amount::from_iost(1_000)).unwrap()
    );
    let cases = [
        (r#"["gold","bobby","7.51"]"#, "balance not enough 7.5 < 7.51"),
        (r#"["gold","bobby","0.009"]"#, "invalid amount 0.009"),
        (r#"["gold","alice","1"]"#, "transaction has no permission"),
        (r#"["gold","nobody","1"]"#, "transaction has no permission"),
        (r#"["silver","bobby","1"]"#, "token not exists"),
    ];
    for (data, expected) in cases {
        assert_eq!(chain.fails("bobby", TOKEN, "destroy", data), expected, "{data}");
    }
    assert_eq!(
        chain.fails("alice", TOKEN, "recycle", r#"["gold"]"#),
        "permission denied"
    );
}

#[test]
fn freezing_and_destroying_count_as_spending() {
    let freeze = r#"["iost","alice","bobby","40",1,""]"#;
    let to_oneself = r#"["iost","alice","alice","40",1,""]"#;
    let destroy = r#"["iost","alice","20"]"#;
    // To oneself, too.
    for (allowed, passes) in [("99.99999999", false), ("100", true)] {
        let mut chain = Chain::new();
        let mut draft = chain.draft(&[
            (TOKEN, "transferFreeze", freeze),
            (TOKEN, "transferFreeze", to_oneself),
            (TOKEN, "destroy", destroy),
        ]);
        draft.amount_limit = vec![AmountLimit {
            token: "iost".into(),
            value: allowed.into(),
        }];
        let tx = chain.sign(draft, "alice");
        if passes {
            assert!(chain.run_tx(&tx).is_success());
        } else {
            assert_eq!(
                chain.fails_tx(&tx),
                "token iost exceed amountLimit in tx. need 20"
            );
        }
    }
}
