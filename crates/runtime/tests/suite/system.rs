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
