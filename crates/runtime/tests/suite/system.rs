//! `system.iost`: authority, receipts, and what can't be done.

use crate::chain::{Chain, key_of};

const SYSTEM: &str = "system.iost";

#[test]
fn authority_can_be_asked_for() {
    let mut chain = Chain::new();
    let mut allowed = |account: &str, permission: &str| {
        chain.returned(SYSTEM, "requireAuth", &format!(r#"["{account}","{permission}"]"#))
    };
    assert_eq!(allowed("alice", "active"), "[true]");
    assert_eq!(allowed("alice", "transfer"), "[true]");
    assert_eq!(allowed("alice", "owner"), "[false]");
    assert_eq!(allowed("bobby", "active"), "[false]");
    assert_eq!(allowed("nobody", "active"), "[false]");
    assert_eq!(allowed("token.iost", "active"), "[false]");
    let mut draft = chain.draft(&[(SYSTEM, "requireAuth", r#"["bobby","active"]"#)]);
    draft.signers = vec!["bobby@active".into()];
    draft.sign_as_signer(&key_of("bobby"));
    let tx = chain.sign(draft, "alice");
    chain.leave_msb();
    assert_eq!(chain.run_tx(&tx).returns[0].as_str(), "[true]");
}

#[test]
fn a_receipt_is_left_as_it_is() {
    let mut chain = Chain::new();
    let receipt = chain.pass("alice", SYSTEM, "receipt", r#"["a <b>"]"#);
    assert_eq!(receipt.receipts[0].func_name.as_str(), "system.iost/receipt");
    assert_eq!(receipt.receipts[0].content.as_str(), "a <b>");
    assert_eq!(receipt.returns[0].as_str(), "[]");
}

#[test]
fn every_contract_says_whether_it_could_be_updated() {
    let mut file = crate::chain::genesis_file();
    let foundation = credo_primitives::spec::GenesisAccount {
        name: crate::chain::name("foundation"),
        ..file.accounts[0].clone()
    };
    file.accounts.push(foundation);
    let mut chain = Chain::with(file);
    for contract in [
        "token.iost",
        "token721.iost",
        "gas.iost",
        "domain.iost",
        "system.iost",
    ] {
        assert_eq!(chain.returned(contract, "can_update", r#"["x"]"#), r#"["false"]"#);
    }
    for contract in [
        "auth.iost",
        "bonus.iost",
        "issue.iost",
        "ram.iost",
        "vote.iost",
        "vote_producer.iost",
        "exchange.iost",
    ] {
        assert_eq!(
            chain.fails("alice", contract, "can_update", r#"["x"]"#),
            "require auth failed."
        );
        // The foundation's key is alice's here.
        chain.leave_msb();
        let mut draft = chain.draft(&[(contract, "can_update", r#"["x"]"#)]);
        draft.sign_as_publisher("foundation", &key_of("alice"));
        let tx = draft.check(chain.spec.parameters.chain_id).unwrap();
        assert_eq!(chain.run_tx(&tx).returns[0].as_str(), r#"["true"]"#);
    }
}

#[test]
fn nothing_deploys_or_changes_contracts() {
    let mut chain = Chain::new();
    let not_yet = "no contracts can be deployed yet: this release runs the system's contracts only";
    let cases = [
        ("setCode", r#"["{}"]"#, not_yet),
        ("updateCode", r#"["{}",""]"#, not_yet),
        (
            "initSetCode",
            r#"["Contract1","x"]"#,
            "initSetCode in normal block",
        ),
        ("cancelDelaytx", r#"["x"]"#, "delaytx not exists"),
        (
            "hostSettings",
            r#"["{}"]"#,
            "set host settings need admin@system permission",
        ),
        (
            "updateNativeCode",
            r#"["token.iost","1.0.7",""]"#,
            "update native code need admin@system permission",
        ),
    ];
    for (action, data, expected) in cases {
        assert_eq!(chain.fails("alice", SYSTEM, action, data), expected);
    }
}
