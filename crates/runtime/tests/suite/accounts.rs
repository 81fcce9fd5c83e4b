//! `auth.iost` and permissions.

use commonware_codec::Encode as _;
use credo_primitives::entry::{Account, Group, Item, KeyAccounts, MAX_KEY_ACCOUNTS, Permission, Principal};
use credo_primitives::{PublicKey, StateKey, Text};
use credo_runtime::Refusal;

use crate::chain::{Chain, key_of, name, reason};

fn sign_up(
    chain: &mut Chain,
    publisher: &str,
    id: &str,
    owner: &str,
    active: &str,
) -> credo_primitives::Receipt {
    let data = format!(r#"["{id}","{owner}","{active}"]"#);
    chain.run(publisher, "auth.iost", "signUp", &data)
}

fn public(text: &str) -> PublicKey {
    key_of(text).public_key()
}

fn accounts_of(chain: &Chain, key: &PublicKey) -> Vec<String> {
    let list: KeyAccounts = chain.get(&StateKey::key_accounts(key)).unwrap_or_default();
    list.accounts.iter().map(ToString::to_string).collect()
}

#[test]
fn sign_up_creates_an_account_that_can_act_and_be_found_by_its_keys() {
    let mut chain = Chain::new();
    let (owner, active) = (public("david owner"), public("david"));
    let receipt = sign_up(
        &mut chain,
        "alice",
        "david",
        &owner.to_base58(),
        &active.to_base58(),
    );
    assert!(receipt.is_success(), "{:?}", receipt.status);
    assert_eq!(receipt.returns[0].as_str(), r#"[""]"#);
    let left: Vec<_> = receipt.receipts.iter().map(|r| r.func_name.as_str()).collect();
    assert_eq!(
        left,
        ["token.iost/transfer", "gas.iost/pledge", "auth.iost/signUp"]
    );
    let account: Account = chain.get(&StateKey::account(&name("david"))).unwrap();
    assert_eq!(account.referrer, Some(name("alice")));
    assert_eq!(account.created_ms, chain.time_ms);
    assert_eq!(account.permission("active").unwrap().threshold, 100);
    assert_eq!(
        account.permission("owner").unwrap().items[0].principal,
        Principal::Key(owner.clone())
    );
    assert_eq!(accounts_of(&chain, &owner), ["david"]);
    assert_eq!(accounts_of(&chain, &active), ["david"]);
    let pay = chain.transfer("alice", "david", "5");
    assert!(chain.run_tx(&pay).is_success());
    let back = chain.transfer("david", "alice", "5");
    chain.leave_msb();
    assert!(chain.run_tx(&back).is_success());
}

#[test]
fn sign_up_refuses_what_iost_refuses() {
    let key = public("x").to_base58();
    let mut chain = Chain::new();
    let cases = [
        ("alice", "id existed > alice"),
        ("abcd", "id invalid. id length should be between 5,11 > abcd"),
        (
            "abcdefghijkl",
            "id invalid. id length should be between 5,11 > abcdefghijkl",
        ),
        ("Abcde", "id invalid. id contains invalid character > A"),
        ("abc.iost", "id invalid. id contains invalid character > ."),
        ("Contracta", "id invalid. id shouldn't start with 'Contract'."),
    ];
    for (id, expected) in cases {
        let receipt = sign_up(&mut chain, "alice", id, &key, &key);
        assert_eq!(reason(&receipt), expected);
    }
    let receipt = sign_up(&mut chain, "alice", "david", "notakey0", &key);
    assert_eq!(
        reason(&receipt),
        "invalid key notakey0: this key isn't base58 text"
    );
}

#[test]
fn a_key_lists_its_oldest_accounts() {
    let mut chain = Chain::new();
    let key = public("shared");
    for batch in 0..8 {
        chain.leave_msb();
        let txs: Vec<_> = (0..10)
            .map(|i| {
                let data = format!(r#"["user_{batch}_{i}","{key}","{key}"]"#);
                chain.tx("alice", "auth.iost", "signUp", &data)
            })
            .collect();
        assert!(chain.block(&txs).receipts.iter().all(|r| r.is_success()));
    }
    let listed = accounts_of(&chain, &key);
    assert_eq!(listed.len(), MAX_KEY_ACCOUNTS);
    assert_eq!(listed[0], "user_0_0");
    assert_eq!(listed[63], "user_6_3");
}

#[test]
fn only_the_publishers_own_keys_publish() {
    let mut chain = Chain::new();
    let draft = chain.draft(&[("token.iost", "supply", r#"["iost"]"#)]);
    let chain_id = draft.chain_id;
    let mut stolen = draft.clone();
    stolen.sign_as_publisher("alice", &key_of("bobby"));
    let stolen = stolen.check(chain_id).unwrap();
    assert_eq!(chain.refuse(&stolen), Refusal::Publisher("alice".into()));
    // A co-signer's key doesn't publish.
    let mut cosigned = draft.clone();
    cosigned.sign_as_signer(&key_of("alice"));
    cosigned.sign_as_publisher("alice", &key_of("bobby"));
    let cosigned = cosigned.check(chain_id).unwrap();
    assert_eq!(chain.refuse(&cosigned), Refusal::Publisher("alice".into()));
    let mut unknown = draft.clone();
    unknown.sign_as_publisher("nobody", &key_of("nobody"));
    let unknown = unknown.check(chain_id).unwrap();
    // Gas is asked for first.
    assert!(
        matches!(chain.refuse(&unknown), Refusal::GasNotEnough { publisher, .. } if publisher == "nobody")
    );
    let mut contract = draft.clone();
    contract.sign_as_publisher("token.iost", &key_of("alice"));
    let contract = contract.check(chain_id).unwrap();
    // Gas is asked for first.
    assert!(
        matches!(chain.refuse(&contract), Refusal::GasNotEnough { publisher, .. } if publisher == "token.iost")
    );
    // `active` falls back to `owner`.
    let mut owner = draft;
    owner.sign_as_publisher("alice", &key_of("alice owner"));
    let owner = owner.check(chain_id).unwrap();
    chain.leave_msb();
    assert!(chain.run_tx(&owner).is_success());
}

#[test]
fn signers_lend_their_authority() {
    let mut chain = Chain::new();
    let transfer = ("token.iost", "transfer", r#"["iost","bobby","alice","1",""]"#);
    let cases = [
        ("bobby@active", Some("bobby"), None),
        (
            "bobby@owner",
            Some("bobby"),
            Some(Refusal::Signer("bobby@owner".into())),
        ),
        (
            "bobby@active",
            Some("carol"),
            Some(Refusal::Signer("bobby@active".into())),
        ),
        ("bobby@active", None, Some(Refusal::Signer("bobby@active".into()))),
        (
            "nobody@active",
            Some("bobby"),
            Some(Refusal::Signer("nobody@active".into())),
        ),
        (
            "bobby",
            Some("bobby"),
            Some(Refusal::IllegalSigner("bobby".into())),
        ),
        (
            "bobby@",
            Some("bobby"),
            Some(Refusal::IllegalSigner("bobby@".into())),
        ),
        (
            "bobby@a@b",
            Some("bobby"),
            Some(Refusal::IllegalSigner("bobby@a@b".into())),
        ),
        (
            "@active",
            Some("bobby"),
            Some(Refusal::IllegalSigner("@active".into())),
        ),
    ];
    for (signer, key, expected) in cases {
        let mut draft = chain.draft(&[transfer]);
        draft.signers = vec![signer.into()];
        if let Some(key) = key {
            draft.sign_as_signer(&key_of(key));
        }
        let tx = chain.sign(draft, "alice");
        match expected {
            Some(refusal) => assert_eq!(chain.refuse(&tx), refusal),
            None => {
                chain.leave_msb();
                let receipt = chain.run_tx(&tx);
                assert!(receipt.is_success(), "{signer}: {:?}", receipt.status);
            }
        }
    }
}

fn item(account: &str, permission: &str, weight: u32) -> Item {
    Item {
        principal: Principal::Account {
            account: name(account),
            permission: Text::new(permission).unwrap(),
        },
        weight,
    }
}

fn permission(text: &str, items: Vec<Item>, threshold: u32) -> Permission {
    Permission {
        name: Text::new(text).unwrap(),
        groups: Vec::new(),
        items,
        threshold,
    }
}

/// Gives an account more permissions, as `auth.iost/addPermission` will.
fn extend(chain: &mut Chain, account: &str, permissions: Vec<Permission>, groups: Vec<Group>) {
    let key = StateKey::account(&name(account));
    let mut record: Account = chain.get(&key).unwrap();
    record.permissions.extend(permissions);
    record.permissions.sort_by(|a, b| a.name.cmp(&b.name));
    record.groups = groups;
    chain.state.insert(key, record.encode().to_vec());
}

/// Whether a transfer from `account` is allowed to a transaction that alice publishes with these signers.
fn may_transfer(chain: &mut Chain, account: &str, signers: &[(&str, &str)]) -> bool {
    let data = format!(r#"["iost","{account}","{account}","1",""]"#);
    let mut draft = chain.draft(&[("token.iost", "transfer", &data)]);
    draft.signers = signers.iter().map(|(s, _)| (*s).into()).collect();
    for (_, key) in signers {
        draft.sign_as_signer(&key_of(key));
    }
    let tx = chain.sign(draft, "alice");
    chain.leave_msb();
    let receipt = chain.run_tx(&tx);
    assert!(receipt.is_success() || reason(&receipt) == "transaction has no permission");
    receipt.is_success()
}

#[test]
fn items_that_are_accounts_count_by_weight_and_through_groups() {
    let mut chain = Chain::new();
    let group = Group {
        name: Text::new("board").unwrap(),
        items: vec![item("alice", "active", 1), item("bobby", "active", 1)],
    };
    let mut by_group = permission("transfer", vec![], 2);
    by_group.groups = vec![Text::new("board").unwrap()];
    extend(&mut chain, "carol", vec![by_group], vec![group]);
    assert!(!may_transfer(&mut chain, "carol", &[]));
    assert!(may_transfer(&mut chain, "carol", &[("bobby@active", "bobby")]));
    assert!(may_transfer(&mut chain, "carol", &[("carol@transfer", "carol")]));
    assert!(may_transfer(&mut chain, "carol", &[("carol@active", "carol")]));
}

#[test]
fn permissions_that_refer_to_each_other_end_in_no() {
    let mut chain = Chain::new();
    let to_node = |node: &str| permission("transfer", vec![item(node, "transfer", 1)], 1);
    extend(&mut chain, "node1", vec![to_node("node2")], vec![]);
    extend(&mut chain, "node2", vec![to_node("node1")], vec![]);
    assert!(!may_transfer(&mut chain, "node1", &[]));
    assert!(may_transfer(&mut chain, "node1", &[("node2@active", "node2")]));
    // A thick web of references is cut off instead of being walked for ever.
    let all = |weight| {
        let nodes = ["node1", "node2", "node3", "node4", "bobby", "carol"];
        let items = nodes
            .iter()
            .flat_map(|n| (0..10).map(|i| item(n, &format!("p{i}"), weight)));
        items.collect::<Vec<_>>()
    };
    for account in ["node3", "node4", "bobby", "carol"] {
        let web = (0..10)
            .map(|i| permission(&format!("p{i}"), all(1), 1_000))
            .collect();
        extend(&mut chain, account, web, vec![]);
    }
    extend(
        &mut chain,
        "node4",
        vec![permission("transfer", all(1), 1_000)],
        vec![],
    );
    assert!(!may_transfer(&mut chain, "node4", &[]));
}

/// go-iost's `Test_SignerAuth`, asked one permission at a time through an account whose `transfer` refers to it.
#[test]
fn authority_follows_iosts_truth_table() {
    let columns = [
        ("alice", "p1"),
        ("alice", "active"),
        ("alice", "owner"),
        ("bobby", "p20"),
        ("bobby", "p21"),
        ("bobby", "active"),
        ("bobby", "owner"),
    ];
    let rows: [(&[(&str, &str)], &str); 5] = [
        (&[], "TTFTFFF"),
        (&[("alice@owner", "alice owner")], "TTTTTFF"),
        (&[("bobby@p20", "alice")], "TTFTFFF"),
        (&[("bobby@p21", "alice owner")], "TTFTTFF"),
        (
            &[("alice@owner", "alice owner"), ("bobby@p21", "alice owner")],
            "TTTTTFF",
        ),
    ];
    for (signers, expected) in rows {
        let mut row = String::new();
        for (account, column) in columns {
            let mut chain = Chain::new();
            extend(&mut chain, "alice", vec![permission("p1", vec![], 1)], vec![]);
            extend(
                &mut chain,
                "bobby",
                vec![
                    permission("p20", vec![item("alice", "active", 1)], 1),
                    permission("p21", vec![item("alice", "owner", 1)], 1),
                ],
                vec![],
            );
            extend(
                &mut chain,
                "carol",
                vec![permission("transfer", vec![item(account, column, 1)], 1)],
                vec![],
            );
            row.push(if may_transfer(&mut chain, "carol", signers) {
                'T'
            } else {
                'F'
            });
        }
        assert_eq!(row, expected, "signers {signers:?}");
    }
}
