//! `auth.iost`: accounts with inviters, permissions and groups, to the edges.

use credo_primitives::entry::{Account, KeyAccounts, Pledges};
use credo_primitives::{AmountLimit, PublicKey, Receipt, StateKey};

use crate::chain::{Chain, iost, key_of, name, reason};

const AUTH: &str = "auth.iost";

fn public(text: &str) -> PublicKey {
    key_of(text).public_key()
}

fn account(chain: &Chain, text: &str) -> Account {
    chain.get(&StateKey::account(&name(text))).unwrap()
}

fn accounts_of(chain: &Chain, key: &PublicKey) -> Vec<String> {
    let list: KeyAccounts = chain.get(&StateKey::key_accounts(key)).unwrap_or_default();
    list.accounts.iter().map(ToString::to_string).collect()
}

/// Runs an action of `account`'s, signed by its owner.
fn owner(chain: &mut Chain, account: &str, action: &str, data: &str) -> Receipt {
    let mut draft = chain.draft(&[(AUTH, action, data)]);
    draft.signers = vec![format!("{account}@owner")];
    draft.sign_as_signer(&key_of(&format!("{account} owner")));
    let tx = chain.sign(draft, account);
    chain.leave_msb();
    chain.run_tx(&tx)
}

fn change(chain: &mut Chain, account: &str, action: &str, data: &str) {
    let receipt = owner(chain, account, action, data);
    assert!(receipt.is_success(), "{action} {data}: {:?}", receipt.status);
    assert_eq!(receipt.returns[0].as_str(), r#"[""]"#);
    assert_eq!(
        receipt.receipts[0].func_name.as_str(),
        format!("auth.iost/{action}")
    );
    assert_eq!(receipt.receipts[0].content.as_str(), data);
}

fn refused(chain: &mut Chain, account: &str, action: &str, data: &str) -> String {
    let mut draft = chain.draft(&[(AUTH, action, data)]);
    draft.signers = vec![format!("{account}@owner")];
    draft.sign_as_signer(&key_of(&format!("{account} owner")));
    let tx = chain.sign(draft, account);
    chain.fails_tx(&tx)
}

/// Whether bobby's tokens move in a transaction that alice publishes with these signers.
fn moves(chain: &mut Chain, signers: &[(&str, &str)]) -> bool {
    let mut draft = chain.draft(&[("token.iost", "transfer", r#"["iost","bobby","alice","1",""]"#)]);
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
fn who_signs_an_account_up_pledges_for_its_gas() {
    let mut chain = Chain::new();
    let (owner, active) = (public("david owner"), public("david"));
    let data = format!(r#"["david","{owner}","{active}"]"#);
    let receipt = chain.pass("alice", AUTH, "signUp", &data);
    assert_eq!(receipt.receipts[1].func_name.as_str(), "gas.iost/pledge");
    assert_eq!(receipt.receipts[1].content.as_str(), r#"["alice","david","10"]"#);
    assert_eq!(receipt.receipts[2].content.as_str(), data);
    assert_eq!(chain.spendable("alice"), iost("990"));
    let pledges: Pledges = chain.get(&StateKey::pledges(&name("alice"))).unwrap();
    assert!(
        pledges
            .to
            .iter()
            .any(|p| p.account == name("david") && p.amount == iost("10"))
    );
    // It counts as spent, and must be there.
    let data = format!(r#"["emily","{owner}","{active}"]"#);
    let mut draft = chain.draft(&[(AUTH, "signUp", &data)]);
    draft.amount_limit = vec![AmountLimit {
        token: "iost".into(),
        value: "9.99".into(),
    }];
    let tx = chain.sign(draft, "alice");
    assert_eq!(
        chain.fails_tx(&tx),
        "token iost exceed amountLimit in tx. need 10"
    );
    chain.pass("node1", AUTH, "signUp", &data);
    let data = format!(r#"["frank","{owner}","{active}"]"#);
    assert_eq!(
        chain.fails("node1", AUTH, "signUp", &data),
        "balance not enough 0 < 10"
    );
}

/// Bobby's `spare`, of threshold 2, which carol reaches on two ways of weight 1 each: of her own, and through alice's.
#[test]
fn a_permission_that_two_branches_reach_counts_once() {
    let mut chain = Chain::new();
    let owner = |chain: &mut Chain, account: &str, actions: &[(&str, &str, &str)]| {
        chain.leave_msb();
        let mut draft = chain.draft(actions);
        draft.signers = vec![format!("{account}@owner")];
        draft.sign_as_signer(&key_of(&format!("{account} owner")));
        let tx = chain.sign(draft, account);
        let receipt = chain.run_tx(&tx);
        assert!(receipt.is_success(), "{:?}", receipt.status);
    };
    owner(
        &mut chain,
        "alice",
        &[
            (AUTH, "addPermission", r#"["alice","shared",1]"#),
            (AUTH, "assignPermission", r#"["alice","shared","carol@active",1]"#),
        ],
    );
    owner(
        &mut chain,
        "bobby",
        &[
            (AUTH, "addPermission", r#"["bobby","spare",2]"#),
            (AUTH, "assignPermission", r#"["bobby","spare","alice@shared",1]"#),
            (AUTH, "assignPermission", r#"["bobby","spare","carol@active",1]"#),
        ],
    );
    // Listed as the publisher's, carol@active is met through alice's first, and not counted again beside her.
    let data = r#"["bobby","spare"]"#;
    let receipt = chain.pass("carol", "system.iost", "requireAuth", data);
    assert_eq!(receipt.returns[0].as_str(), "[false]");
    owner(
        &mut chain,
        "bobby",
        &[(AUTH, "assignPermission", r#"["bobby","spare","carol@active",2]"#)],
    );
    owner(
        &mut chain,
        "bobby",
        &[(AUTH, "revokePermission", r#"["bobby","spare","alice@shared"]"#)],
    );
    let receipt = chain.pass("carol", "system.iost", "requireAuth", data);
    assert_eq!(receipt.returns[0].as_str(), "[true]");
}

/// Alice's `active` needs two of three; all three sign.
#[test]
fn more_signatures_than_are_needed_are_taken() {
    let mut chain = Chain::new();
    let mut actions = Vec::new();
    for cosigner in ["bobby", "carol", "node1"] {
        let data = format!(r#"["alice","active","{cosigner}@active",50]"#);
        actions.push(data);
    }
    let calls: Vec<_> = actions
        .iter()
        .map(|data| (AUTH, "assignPermission", data.as_str()))
        .collect();
    let mut draft = chain.draft(&calls);
    draft.signers = vec!["alice@owner".into()];
    draft.sign_as_signer(&key_of("alice owner"));
    let tx = chain.sign(draft, "alice");
    assert!(chain.run_tx(&tx).is_success());
    let mut draft = chain.draft(&[("token.iost", "transfer", r#"["iost","alice","bobby","1",""]"#)]);
    for cosigner in ["bobby", "carol", "node1"] {
        draft.sign_as_publisher("alice", &key_of(cosigner));
    }
    let tx = draft.check(chain.spec.parameters.chain_id).unwrap();
    assert_eq!(tx.tx().publisher_signs.len(), 3);
    assert!(chain.run_tx(&tx).is_success());
}

#[test]
fn an_account_can_name_another_as_its_inviter() {
    let mut chain = Chain::new();
    let key = public("david");
    let data = format!(r#"["david","{key}","{key}","node1"]"#);
    let receipt = chain.pass("alice", AUTH, "signUpInvited", &data);
    assert_eq!(receipt.receipts[2].func_name.as_str(), "auth.iost/signUpInvited");
    assert_eq!(account(&chain, "david").referrer, Some(name("node1")));
    assert_eq!(chain.spendable("alice"), iost("990"));
    assert_eq!(chain.spendable("node1"), iost("10"));
    let data = format!(r#"["emily","{key}","{key}","nobody"]"#);
    assert_eq!(
        chain.fails("alice", AUTH, "signUpInvited", &data),
        "invalid account nobody"
    );
    let data = format!(r#"["david","{key}","{key}","node1"]"#);
    assert_eq!(
        chain.fails("alice", AUTH, "signUpInvited", &data),
        "id existed > david"
    );
}

#[test]
fn weights_and_thresholds_make_a_multi_signature_account() {
    let mut chain = Chain::new();
    let bobby = public("bobby");
    // Two of three: bobby's own key, alice and carol; his key alone no longer suffices.
    change(&mut chain, "bobby", "addPermission", r#"["bobby","transfer",2]"#);
    change(
        &mut chain,
        "bobby",
        "assignPermission",
        &format!(r#"["bobby","transfer","{bobby}",1]"#),
    );
    change(
        &mut chain,
        "bobby",
        "assignPermission",
        r#"["bobby","transfer","alice@active",1]"#,
    );
    change(
        &mut chain,
        "bobby",
        "assignPermission",
        r#"["bobby","transfer","carol@active",1]"#,
    );
    assert!(!moves(&mut chain, &[]));
    assert!(moves(&mut chain, &[("carol@active", "carol")]));
    change(
        &mut chain,
        "bobby",
        "assignPermission",
        r#"["bobby","transfer","alice@active",2]"#,
    );
    assert!(moves(&mut chain, &[]));
    let permission = account(&chain, "bobby").permission("transfer").unwrap().clone();
    assert_eq!(permission.items.len(), 3);
    change(
        &mut chain,
        "bobby",
        "revokePermission",
        r#"["bobby","transfer","alice@active"]"#,
    );
    assert!(!moves(&mut chain, &[]));
    // Without it, `active` decides.
    change(&mut chain, "bobby", "dropPermission", r#"["bobby","transfer"]"#);
    assert!(!moves(&mut chain, &[("carol@active", "carol")]));
    assert!(moves(&mut chain, &[("bobby@active", "bobby")]));
}

#[test]
fn groups_count_for_the_permissions_they_are_assigned_to() {
    let mut chain = Chain::new();
    change(&mut chain, "bobby", "addGroup", r#"["bobby","board"]"#);
    change(
        &mut chain,
        "bobby",
        "assignGroup",
        r#"["bobby","board","alice@active",1]"#,
    );
    change(
        &mut chain,
        "bobby",
        "assignGroup",
        r#"["bobby","board","carol@active",1]"#,
    );
    change(&mut chain, "bobby", "addPermission", r#"["bobby","transfer",2]"#);
    let both = [("carol@active", "carol")];
    assert!(!moves(&mut chain, &both));
    change(
        &mut chain,
        "bobby",
        "assignPermissionToGroup",
        r#"["bobby","transfer","board"]"#,
    );
    // Twice is once: alice alone doesn't count double.
    change(
        &mut chain,
        "bobby",
        "assignPermissionToGroup",
        r#"["bobby","transfer","board"]"#,
    );
    assert!(!moves(&mut chain, &[]));
    assert!(moves(&mut chain, &both));
    change(
        &mut chain,
        "bobby",
        "revokeGroup",
        r#"["bobby","board","carol@active"]"#,
    );
    assert!(!moves(&mut chain, &both));
    change(
        &mut chain,
        "bobby",
        "assignGroup",
        r#"["bobby","board","alice@active",2]"#,
    );
    assert!(moves(&mut chain, &[]));
    change(
        &mut chain,
        "bobby",
        "revokePermissionInGroup",
        r#"["bobby","transfer","board"]"#,
    );
    assert!(!moves(&mut chain, &both));
    change(
        &mut chain,
        "bobby",
        "assignPermissionToGroup",
        r#"["bobby","transfer","board"]"#,
    );
    change(&mut chain, "bobby", "dropGroup", r#"["bobby","board"]"#);
    let record = account(&chain, "bobby");
    assert!(record.groups.is_empty());
    assert!(record.permission("transfer").unwrap().groups.is_empty());
}

#[test]
fn keys_find_the_accounts_in_which_they_stand() {
    let mut chain = Chain::new();
    let (key, other) = (public("fresh"), public("bobby"));
    change(
        &mut chain,
        "bobby",
        "assignPermission",
        &format!(r#"["bobby","active","{key}",100]"#),
    );
    assert_eq!(accounts_of(&chain, &key), ["bobby"]);
    change(&mut chain, "alice", "addGroup", r#"["alice","keys"]"#);
    change(
        &mut chain,
        "alice",
        "assignGroup",
        &format!(r#"["alice","keys","{key}",1]"#),
    );
    assert_eq!(accounts_of(&chain, &key), ["bobby", "alice"]);
    change(
        &mut chain,
        "bobby",
        "assignPermission",
        &format!(r#"["bobby","owner","{key}",1]"#),
    );
    change(
        &mut chain,
        "bobby",
        "revokePermission",
        &format!(r#"["bobby","active","{key}"]"#),
    );
    assert_eq!(accounts_of(&chain, &key), ["bobby", "alice"]);
    change(
        &mut chain,
        "bobby",
        "revokePermission",
        &format!(r#"["bobby","owner","{key}"]"#),
    );
    assert_eq!(accounts_of(&chain, &key), ["alice"]);
    change(&mut chain, "alice", "dropGroup", r#"["alice","keys"]"#);
    assert!(!chain.state.contains_key(&StateKey::key_accounts(&key)));
    // The last of its keys gone, bobby is reached by its owner alone.
    change(
        &mut chain,
        "bobby",
        "revokePermission",
        &format!(r#"["bobby","active","{other}"]"#),
    );
    assert_eq!(accounts_of(&chain, &other), [""; 0]);
    assert!(!moves(&mut chain, &[]));
    assert!(moves(&mut chain, &[("bobby@active", "bobby owner")]));
}

#[test]
fn changes_need_the_owner() {
    let mut chain = Chain::new();
    for (action, data) in [
        ("addPermission", r#"["alice","p",1]"#),
        ("dropPermission", r#"["alice","p"]"#),
        ("assignPermission", r#"["alice","active","bobby@active",1]"#),
        ("revokePermission", r#"["alice","active","bobby@active"]"#),
        ("addGroup", r#"["alice","g"]"#),
        ("dropGroup", r#"["alice","g"]"#),
        ("assignGroup", r#"["alice","g","bobby@active",1]"#),
        ("revokeGroup", r#"["alice","g","bobby@active"]"#),
        ("assignPermissionToGroup", r#"["alice","active","g"]"#),
        ("revokePermissionInGroup", r#"["alice","active","g"]"#),
    ] {
        assert_eq!(chain.fails("alice", AUTH, action, data), "require auth failed");
        let data = data.replace("\"alice\"", "\"nobody\"");
        assert_eq!(chain.fails("alice", AUTH, action, &data), "require auth failed");
    }
}

#[test]
fn failures_name_their_cause_and_change_nothing() {
    let mut chain = Chain::new();
    change(&mut chain, "bobby", "addGroup", r#"["bobby","board"]"#);
    let long = "x".repeat(33);
    let cases = [
        (
            "addPermission",
            r#"["bobby","active",1]"#.into(),
            "permission already exist".to_owned(),
        ),
        (
            "addPermission",
            r#"["bobby","",1]"#.into(),
            "id invalid. id length should be between 1,32 > ".into(),
        ),
        (
            "addPermission",
            format!(r#"["bobby","{long}",1]"#),
            format!("id invalid. id length should be between 1,32 > {long}"),
        ),
        (
            "addPermission",
            r#"["bobby","a-b",1]"#.into(),
            "id invalid. id contains invalid character > -".into(),
        ),
        (
            "addPermission",
            r#"["bobby","p",0]"#.into(),
            "threshold should be between 1 and 4294967295".into(),
        ),
        (
            "addPermission",
            r#"["bobby","p",4294967296]"#.into(),
            "threshold should be between 1 and 4294967295".into(),
        ),
        (
            "dropPermission",
            r#"["bobby","owner"]"#.into(),
            "drop active or owner is forbidden".into(),
        ),
        (
            "assignPermission",
            r#"["bobby","active","alice@active",0]"#.into(),
            "weight less than zero".into(),
        ),
        (
            "assignPermission",
            r#"["bobby","active","alice@active",-1]"#.into(),
            "weight less than zero".into(),
        ),
        (
            "assignPermission",
            r#"["bobby","active","alice@active",4294967296]"#.into(),
            "weight too large. max weight is 4294967295".into(),
        ),
        (
            "assignPermission",
            r#"["bobby","p","alice@active",1]"#.into(),
            "permission does not exist".into(),
        ),
        (
            "assignPermission",
            r#"["bobby","active","@active",1]"#.into(),
            "unexpected item".into(),
        ),
        (
            "assignPermission",
            r#"["bobby","active","nobody@active",1]"#.into(),
            "invalid account nobody".into(),
        ),
        (
            "assignPermission",
            r#"["bobby","active","alice@",1]"#.into(),
            "id invalid. id length should be between 1,32 > ".into(),
        ),
        (
            "assignPermission",
            r#"["bobby","active","zzz",1]"#.into(),
            "invalid key zzz: a key of 3 bytes fits neither ed25519 nor secp256k1".into(),
        ),
        (
            "revokePermission",
            r#"["bobby","active","alice@active"]"#.into(),
            "item not found".into(),
        ),
        (
            "revokePermission",
            r#"["bobby","active","@active"]"#.into(),
            "unexpected item".into(),
        ),
        (
            "revokePermission",
            r#"["bobby","p","alice@active"]"#.into(),
            "permission does not exist".into(),
        ),
        (
            "addGroup",
            r#"["bobby","board"]"#.into(),
            "group already exist".into(),
        ),
        (
            "assignGroup",
            r#"["bobby","g","alice@active",1]"#.into(),
            "group does not exist".into(),
        ),
        (
            "assignGroup",
            r#"["bobby","board","alice@active",0]"#.into(),
            "weight less than zero".into(),
        ),
        (
            "revokeGroup",
            r#"["bobby","board","alice@active"]"#.into(),
            "item not found".into(),
        ),
        (
            "assignPermissionToGroup",
            r#"["bobby","active","g"]"#.into(),
            "group does not exist".into(),
        ),
        (
            "assignPermissionToGroup",
            r#"["bobby","p","board"]"#.into(),
            "permission does not exist".into(),
        ),
        (
            "revokePermissionInGroup",
            r#"["bobby","p","board"]"#.into(),
            "permission does not exist".into(),
        ),
    ];
    for (action, data, expected) in cases {
        assert_eq!(
            refused(&mut chain, "bobby", action, &data),
            expected,
            "{action} {data}"
        );
    }
    // What isn't there is gone already.
    change(&mut chain, "bobby", "dropPermission", r#"["bobby","p"]"#);
    change(&mut chain, "bobby", "dropGroup", r#"["bobby","g"]"#);
    change(
        &mut chain,
        "bobby",
        "revokePermissionInGroup",
        r#"["bobby","active","g"]"#,
    );
}

#[test]
fn an_accounts_record_has_a_bound() {
    let mut chain = Chain::new();
    let assign = |chain: &mut Chain, permission: &str, number: usize| {
        let data = format!(r#"["bobby","{permission}","alice@p{number:031}",1]"#);
        let receipt = owner(chain, "bobby", "assignPermission", &data);
        receipt
            .is_success()
            .then_some(())
            .ok_or(reason(&receipt).to_owned())
    };
    for number in 0..63 {
        assign(&mut chain, "active", number).unwrap();
    }
    assert_eq!(
        assign(&mut chain, "active", 63),
        Err("there are 64 items already".into())
    );
    let mut failure = None;
    'all: for more in 0.. {
        let data = format!(r#"["bobby","more{more}",1]"#);
        change(&mut chain, "bobby", "addPermission", &data);
        for number in 0..64 {
            if let Err(error) = assign(&mut chain, &format!("more{more}"), number) {
                failure = Some(error);
                break 'all;
            }
        }
    }
    let failure = failure.unwrap();
    assert!(
        failure.starts_with("the account's permissions take "),
        "{failure}"
    );
    assert!(failure.ends_with("at most 16384 are allowed"), "{failure}");
}
