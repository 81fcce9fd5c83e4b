//! `exchange.iost`: transfers that may create their receiver.

use credo_primitives::entry::{Account, Pledges, Ram};
use credo_primitives::{AmountLimit, StateKey};

use crate::chain::{Chain, iost, key_of, name};

const EXCHANGE: &str = "exchange.iost";

fn memo(account: &str) -> String {
    let (owner, active) = (key_of("david owner").public_key(), key_of("david").public_key());
    format!("create:{account}:{owner}:{active}")
}

#[test]
fn a_transfer_to_an_account_is_a_transfer() {
    let mut chain = Chain::new();
    let receipt = chain.pass("alice", EXCHANGE, "transfer", r#"["iost","bobby","1.5","hello"]"#);
    assert_eq!(receipt.returns[0].as_str(), r#"[""]"#);
    assert_eq!(receipt.receipts.len(), 1);
    assert_eq!(receipt.receipts[0].func_name.as_str(), "token.iost/transfer");
    assert_eq!(
        receipt.receipts[0].content.as_str(),
        r#"["iost","alice","bobby","1.5","hello"]"#
    );
    assert_eq!(chain.spendable("bobby"), iost("1001.5"));
    let cases = [
        (r#"["iost","nobody","1",""]"#, "invalid account nobody"),
        (r#"["iost","bobby","0",""]"#, "invalid amount 0"),
        (r#"["iost","bobby","999",""]"#, "balance not enough 998.5 < 999"),
        (r#"["gold","bobby","1",""]"#, "token not exists"),
    ];
    for (data, expected) in cases {
        assert_eq!(chain.fails("alice", EXCHANGE, "transfer", data), expected);
    }
}

#[test]
fn the_exchange_has_its_main_net_s_name_too() {
    let mut chain = Chain::new();
    let alias = "ContractZGVqhY3c65xRs8aoC4dUdACVCKSwhMMsg2negSFxpr3";
    let data = format!(r#"["iost","","120","{}"]"#, memo("david"));
    chain.pass("alice", alias, "transfer", &data);
    assert!(chain.state.contains_key(&StateKey::account(&name("david"))));
}

#[test]
fn a_transfer_to_nobody_creates_an_account() {
    let mut chain = Chain::new();
    let data = format!(r#"["iost","","120","{}"]"#, memo("david"));
    let receipt = chain.pass("alice", EXCHANGE, "transfer", &data);
    let names: Vec<_> = receipt.receipts.iter().map(|r| r.func_name.as_str()).collect();
    assert_eq!(
        names[..3],
        ["token.iost/transfer", "gas.iost/pledge", "auth.iost/signUp"]
    );
    assert_eq!(names.last(), Some(&"token.iost/transfer"));
    let account: Account = chain.get(&StateKey::account(&name("david"))).unwrap();
    assert_eq!(account.referrer, Some(name("alice")));
    let ram: Ram = chain.get(&StateKey::ram(&name("david"))).unwrap();
    assert_eq!((ram.own, ram.total), (1_000, 1_000));
    let pledges: Pledges = chain.get(&StateKey::pledges(&name("alice"))).unwrap();
    assert!(
        pledges
            .to
            .iter()
            .any(|p| p.account == name("david") && p.amount == iost("10"))
    );
    // All of the 120 left alice, and no more: RAM, the pledge, and what david has.
    assert_eq!(chain.spendable("alice"), iost("880"));
    let got = chain.spendable("david");
    assert!(got > iost("99") && got < iost("100"), "{got}");
}

#[test]
fn failures_name_their_cause_in_iosts_words() {
    let mut chain = Chain::new();
    let create = memo("david");
    let cases = [
        (
            format!(r#"["iost","","99.99999999","{create}"]"#),
            "transfer amount should be greater or equal to 100",
        ),
        (format!(r#"["iost","","lots","{create}"]"#), "invalid amount lots"),
        (
            format!(r#"["gold","","100","{create}"]"#),
            "must transfer iost if you want to create a new account",
        ),
        (
            r#"["iost","","100","make:david"]"#.into(),
            "unsupported command : make:david, use create:XX",
        ),
        (
            r#"["iost","","100","create:david"]"#.into(),
            "memo of transferring to a new account should be of format create:name:ownerKey:activeKey",
        ),
        (
            format!(r#"["iost","","100","{}"]"#, memo("alice")),
            "id existed > alice",
        ),
        (
            r#"["iost","","100","create:david:x:y"]"#.into(),
            "invalid key x: a key of 1 bytes fits neither ed25519 nor secp256k1",
        ),
        (format!(r#"["iost","","1001","{create}"]"#), "balance not enough"),
    ];
    for (data, expected) in cases {
        let failure = chain.fails("alice", EXCHANGE, "transfer", &data);
        assert!(failure.starts_with(expected), "{failure}");
    }
}

#[test]
fn all_of_it_counts_as_spending() {
    let mut chain = Chain::new();
    let data = format!(r#"["iost","","100","{}"]"#, memo("david"));
    for (allowed, passes) in [("99.99", false), ("100", true)] {
        let mut draft = chain.draft(&[(EXCHANGE, "transfer", &data)]);
        draft.amount_limit = vec![AmountLimit {
            token: "iost".into(),
            value: allowed.into(),
        }];
        let tx = chain.sign(draft, "alice");
        if passes {
            chain.leave_msb();
            assert!(chain.run_tx(&tx).is_success());
        } else {
            assert_eq!(
                chain.fails_tx(&tx),
                "token iost exceed amountLimit in tx. need 100"
            );
        }
    }
}
