//! `token721.iost`, to the edges.

use crate::chain::Chain;

const TOKEN: &str = "token721.iost";

/// A kind of alice's of which four may exist; bobby has 0, 1 and 2.
fn with_cards() -> Chain {
    let mut chain = Chain::new();
    chain.pass("alice", TOKEN, "create", r#"["card","alice",4]"#);
    for number in 0..3 {
        let data = format!(r#"["card","bobby","{{\"face\":\"{number}\"}}"]"#);
        let receipt = chain.pass("alice", TOKEN, "issue", &data);
        assert_eq!(receipt.returns[0].as_str(), format!(r#"["{number}"]"#));
    }
    chain
}

fn owned(chain: &mut Chain, owner: &str) -> Vec<String> {
    let count = chain.returned(TOKEN, "balanceOf", &format!(r#"["card","{owner}"]"#));
    let count: u64 = count.trim_matches(['[', ']']).parse().unwrap();
    (0..count)
        .map(|index| {
            let data = format!(r#"["card","{owner}",{index}]"#);
            let id = chain.returned(TOKEN, "tokenOfOwnerByIndex", &data);
            id.trim_matches(['[', ']', '"']).to_owned()
        })
        .collect()
}

#[test]
fn tokens_are_issued_moved_and_found() {
    let mut chain = with_cards();
    assert_eq!(owned(&mut chain, "bobby"), ["0", "1", "2"]);
    let receipt = chain.pass("bobby", TOKEN, "transfer", r#"["card","bobby","carol","0"]"#);
    assert_eq!(receipt.returns[0].as_str(), "[]");
    assert_eq!(receipt.receipts[0].func_name.as_str(), "token721.iost/transfer");
    assert_eq!(
        receipt.receipts[0].content.as_str(),
        r#"["card","bobby","carol","0"]"#
    );
    assert_eq!(owned(&mut chain, "bobby"), ["2", "1"]);
    assert_eq!(owned(&mut chain, "carol"), ["0"]);
    assert_eq!(
        chain.returned(TOKEN, "ownerOf", r#"["card","0"]"#),
        r#"["carol"]"#
    );
    assert_eq!(
        chain.returned(TOKEN, "tokenMetadata", r#"["card","0"]"#),
        r#"["{\"face\":\"0\"}"]"#
    );
    for id in ["1", "2"] {
        chain.pass(
            "bobby",
            TOKEN,
            "transfer",
            &format!(r#"["card","bobby","carol","{id}"]"#),
        );
    }
    assert_eq!(owned(&mut chain, "bobby"), [""; 0]);
    assert_eq!(owned(&mut chain, "carol"), ["0", "1", "2"]);
    chain.pass("carol", TOKEN, "transfer", r#"["card","carol","bobby","1"]"#);
    assert_eq!(owned(&mut chain, "carol"), ["0", "2"]);
    // Nothing of bobby's is left behind but what he owns.
    let left: Vec<_> = chain
        .state
        .keys()
        .filter(|k| k.as_str().starts_with("token721.iost/owned/card/bobby"))
        .collect();
    assert_eq!(left.len(), 1);
}

#[test]
fn receipts_show_the_arguments_as_go_does() {
    let mut chain = with_cards();
    let receipt = chain.pass("alice", TOKEN, "issue", r#"["card","carol","<3>"]"#);
    assert_eq!(
        receipt.receipts[0].content.as_str(),
        r#"["card","carol","\u003c3\u003e"]"#
    );
    let receipt = chain.pass("alice", TOKEN, "create", r#"["more","alice",0]"#);
    assert_eq!(receipt.receipts[0].content.as_str(), r#"["more","alice",0]"#);
}

#[test]
fn failures_name_their_cause_and_change_nothing() {
    let mut chain = with_cards();
    let long = format!(r#"["card","bobby","{}"]"#, "x".repeat(16 * 1024 + 1));
    let cases = [
        (
            "alice",
            "create",
            r#"["C","alice",1]"#,
            "token symbol invalid. token symbol length should be between 2,16 got C",
        ),
        (
            "alice",
            "create",
            r#"["a-b","alice",1]"#,
            "token symbol invalid. token symbol contains invalid character 45",
        ),
        ("alice", "create", r#"["card","alice",1]"#, "token exists"),
        (
            "alice",
            "create",
            r#"["more","bobby",1]"#,
            "transaction has no permission",
        ),
        ("alice", "create", r#"["more","alice",-1]"#, "invalid totalSupply"),
        (
            "bobby",
            "issue",
            r#"["card","bobby",""]"#,
            "transaction has no permission",
        ),
        ("alice", "issue", r#"["more","bobby",""]"#, "token not exists"),
        (
            "alice",
            "issue",
            r#"["card","nobody",""]"#,
            "invalid account nobody",
        ),
        (
            "alice",
            "issue",
            &long,
            "metadata too long. max length is 16384 Byte.",
        ),
        (
            "alice",
            "transfer",
            r#"["card","bobby","alice","0"]"#,
            "transaction has no permission",
        ),
        (
            "alice",
            "transfer",
            r#"["card","alice","bobby","0"]"#,
            "error token owner isn't from. owner: bobby, from: alice",
        ),
        (
            "bobby",
            "transfer",
            r#"["card","bobby","alice","3"]"#,
            "error tokenID not exists. card 3",
        ),
        (
            "bobby",
            "transfer",
            r#"["card","bobby","alice","00"]"#,
            "error tokenID not exists. card 00",
        ),
        (
            "bobby",
            "transfer",
            r#"["card","bobby","nobody","0"]"#,
            "invalid account nobody",
        ),
        (
            "bobby",
            "transfer",
            r#"["x/y","bobby","alice","0"]"#,
            "token not exists",
        ),
        ("alice", "balanceOf", r#"["more","bobby"]"#, "token not exists"),
        (
            "alice",
            "ownerOf",
            r#"["card","9"]"#,
            "error tokenID not exists. card 9",
        ),
        (
            "alice",
            "tokenMetadata",
            r#"["card","-1"]"#,
            "error tokenID not exists. card -1",
        ),
        (
            "alice",
            "tokenOfOwnerByIndex",
            r#"["card","bobby",3]"#,
            "out of range",
        ),
        (
            "alice",
            "tokenOfOwnerByIndex",
            r#"["card","bobby",-1]"#,
            "out of range",
        ),
    ];
    for (publisher, action, data, expected) in cases {
        assert_eq!(
            chain.fails(publisher, TOKEN, action, data),
            expected,
            "{action} {data:.80}"
        );
    }
    chain.pass("alice", TOKEN, "issue", r#"["card","bobby",""]"#);
    let failure = chain.fails("alice", TOKEN, "issue", r#"["card","bobby",""]"#);
    assert_eq!(failure, "supply too much");
    // As in IOST: nothing is asked, and nothing happens.
    let receipt = chain.pass("alice", TOKEN, "transfer", r#"["none","bobby","bobby","7"]"#);
    assert!(receipt.receipts.is_empty());
}
