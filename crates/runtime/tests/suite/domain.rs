//! `domain.iost`: urls instead of contracts' names.

use credo_primitives::StateKey;
use credo_primitives::entry::Domain;
use credo_primitives::spec::GenesisAccount;

use crate::chain::{Chain, genesis_file, iost, key_of, name};

const DOMAIN: &str = "domain.iost";

/// A chain with a foundation.
fn with_foundation() -> Chain {
    let mut file = genesis_file();
    let foundation = GenesisAccount {
        name: name("foundation"),
        owner: key_of("foundation").public_key().into(),
        active: key_of("foundation").public_key().into(),
        ..file.accounts[0].clone()
    };
    file.accounts.push(foundation);
    Chain::with(file)
}

#[test]
fn a_linked_url_is_a_contracts_name() {
    let mut chain = Chain::new();
    let data = r#"["iost","alice","bobby","1",""]"#;
    assert_eq!(
        chain.fails("alice", "my.money", "transfer", data),
        "prepare contract: contract my.money not found"
    );
    let receipt = chain.pass("alice", DOMAIN, "link", r#"["my.money","token.iost"]"#);
    assert_eq!(receipt.returns[0].as_str(), "null");
    assert!(receipt.receipts.is_empty());
    let receipt = chain.pass("alice", "my.money", "transfer", data);
    assert_eq!(receipt.receipts[0].func_name.as_str(), "token.iost/transfer");
    assert_eq!(chain.spendable("bobby"), iost("1001"));
    // Its owner links it elsewhere, and gives it away.
    chain.pass("alice", DOMAIN, "link", r#"["my.money","vote.iost"]"#);
    assert_eq!(
        chain.fails("alice", "my.money", "transfer", data),
        "prepare contract: abi transfer not found"
    );
    chain.pass("alice", DOMAIN, "transfer", r#"["my.money","bobby"]"#);
    let found: Domain = chain.get(&StateKey::domain("my.money")).unwrap();
    assert_eq!(found.owner, name("bobby"));
    let failure = chain.fails("alice", DOMAIN, "link", r#"["my.money","token.iost"]"#);
    assert_eq!(failure, "no privilege of claimed url");
    chain.pass("bobby", DOMAIN, "link", r#"["my.money","token.iost"]"#);
}

#[test]
fn failures_name_their_cause_in_iosts_words() {
    let mut chain = with_foundation();
    chain.pass("bobby", DOMAIN, "link", r#"["bob.by","token.iost"]"#);
    let admin_only = "only admin has permission to claim url .iost";
    let cases = [
        (
            "link",
            r#"["a.bc","token.iost"]"#,
            "url invalid. url length should be between 5,16 got a.bc",
        ),
        (
            "link",
            r#"["abcdefghijklmno.p","token.iost"]"#,
            "url invalid. url length should be between 5,16 got abcdefghijklmno.p",
        ),
        (
            "link",
            r#"["abcdef","token.iost"]"#,
            "url invalid. url must contain '.'",
        ),
        (
            "link",
            r#"["ABC.def","token.iost"]"#,
            "url invalid. url contains invalid character 65",
        ),
        ("link", r#"["own.iost","token.iost"]"#, admin_only),
        (
            "link",
            r#"["bob.by","token.iost"]"#,
            "no privilege of claimed url",
        ),
        (
            "link",
            r#"["al.ice","nothing.iost"]"#,
            "contract nothing.iost not found",
        ),
        (
            "link",
            r#"["al.ice","Contractabc"]"#,
            "contract Contractabc not found",
        ),
        ("link", r#"["al.ice","bob.by"]"#, "contract bob.by not found"),
        (
            "transfer",
            r#"["al.ice","bobby"]"#,
            "url doesn't have owner. Link directly",
        ),
        ("transfer", r#"["bob.by","alice"]"#, "no privilege of claimed url"),
    ];
    for (action, data, expected) in cases {
        assert_eq!(
            chain.fails("alice", DOMAIN, action, data),
            expected,
            "{action} {data}"
        );
    }
    let failure = chain.fails("bobby", DOMAIN, "transfer", r#"["bob.by","nobody"]"#);
    assert_eq!(failure, "invalid account nobody");
    // The foundation's urls never stand for what there is.
    chain.pass("foundation", DOMAIN, "link", r#"["own.iost","token.iost"]"#);
    chain.pass("foundation", DOMAIN, "link", r#"["vote.iost","token.iost"]"#);
    assert_eq!(
        chain.returned("own.iost", "balanceOf", r#"["iost","carol"]"#),
        r#"["1000"]"#
    );
    assert_eq!(
        chain.fails("alice", "vote.iost", "supply", r#"["iost"]"#),
        "prepare contract: abi supply not found"
    );
}
