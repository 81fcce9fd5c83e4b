//! `msig.iost`: which approvals count, withdrawing them, and the list of what waits for somebody.

use credo_primitives::entry::{MAX_WAITING, Waiting};
use credo_primitives::spec::GenesisAccount;
use credo_primitives::{Amount, Receipt, StateKey};

use crate::chain::{Chain, genesis_file, iost, key_of, name, reason};
use crate::msig::{
    EXECUTE, MSIG, NO_PERMISSION, approve, asked, pay, propose_data, proposed, with_treasury, with_vault,
};

/// Changes permissions of `account` by its owner key.
fn change(chain: &mut Chain, account: &str, actions: &[(&str, String)]) {
    let actions: Vec<_> = actions
        .iter()
        .map(|(action, data)| ("auth.iost", *action, data.as_str()))
        .collect();
    let mut draft = chain.draft(&actions);
    draft.signers = vec![format!("{account}@owner")];
    draft.sign_as_signer(&key_of(&format!("{account} owner")));
    let tx = chain.sign(draft, "carol");
    chain.leave_msb();
    let receipt = chain.run_tx(&tx);
    assert!(receipt.is_success(), "{:?}", receipt.status);
}

/// Gives `account`'s active permission another key.
fn rotate(chain: &mut Chain, account: &str) {
    let (old, new) = (
        key_of(account).public_key(),
        key_of(&format!("{account} new")).public_key(),
    );
    let changes = [
        (
            "assignPermission",
            format!(r#"["{account}","active","{new}",100]"#),
        ),
        ("revokePermission", format!(r#"["{account}","active","{old}"]"#)),
    ];
    change(chain, account, &changes);
}

/// Publishes one action as `account` with a key that isn't its first.
fn with_key(chain: &mut Chain, account: &str, key: &str, action: &str, data: &str) -> Receipt {
    let mut draft = chain.draft(&[(MSIG, action, data)]);
    draft.sign_as_publisher(account, &key_of(key));
    let tx = draft.check(chain.spec.parameters.chain_id).unwrap();
    chain.leave_msb();
    chain.run_tx(&tx)
}

/// Approves alice's proposal as `who`, by signatures of these keys beside carol's.
fn approve_as(chain: &mut Chain, who: &str, keys: &[&str]) -> Receipt {
    let data = format!(r#"["alice","pay","{who}"]"#);
    let mut draft = chain.draft(&[(MSIG, "approve", &data)]);
    draft.signers = vec![who.to_owned()];
    for key in keys {
        draft.sign_as_signer(&key_of(key));
    }
    let tx = chain.sign(draft, "carol");
    chain.leave_msb();
    chain.run_tx(&tx)
}

#[test]
fn what_a_rotated_key_approved_is_void() {
    let mut chain = proposed();
    approve(&mut chain, "alice");
    approve(&mut chain, "bobby");
    rotate(&mut chain, "bobby");
    // Who had the old key can't make use of it any more, at whatever time.
    assert_eq!(chain.fails("carol", MSIG, "execute", EXECUTE), NO_PERMISSION);
    let own = r#"["alice","pay","bobby@active"]"#;
    let anew = with_key(&mut chain, "bobby", "bobby new", "approve", own);
    assert!(anew.is_success(), "{:?}", anew.status);
    let twice = with_key(&mut chain, "bobby", "bobby new", "approve", own);
    assert_eq!(reason(&twice), "bobby@active has approved already");
    chain.pass("carol", MSIG, "execute", EXECUTE);
    assert_eq!(chain.spendable("treasury"), iost("40"));
}

#[test]
fn whatever_an_approval_rests_upon_voids_it_when_it_changes() {
    let guest = key_of("guest").public_key();
    let add = |permission: &str, threshold: u32| {
        (
            "addPermission",
            format!(r#"["bobby","{permission}",{threshold}]"#),
        )
    };
    let assign = |permission: &str| {
        (
            "assignPermission",
            format!(r#"["bobby","{permission}","{guest}",1]"#),
        )
    };
    let group = |action, more: &str| (action, format!(r#"["bobby",{more}]"#));
    let with_group = vec![
        group("addGroup", r#""guests""#),
        group("assignGroup", &format!(r#""guests","{guest}",1"#)),
        add("small", 1),
        group("assignPermissionToGroup", r#""small","guests""#),
    ];
    let drop = ("dropPermission", r#"["bobby","small"]"#.to_owned());
    // What there is before the approval, who approves as what, and what is changed then.
    let cases = [
        // What it falls back to: active to owner, a custom one to active, one that doesn't exist, too.
        (vec![], "bobby@active", "bobby", vec![assign("owner")]),
        (
            vec![add("small", 1), assign("small")],
            "bobby@small",
            "guest",
            vec![assign("active")],
        ),
        (vec![], "bobby@small", "bobby", vec![assign("owner")]),
        (vec![], "bobby@small", "bobby", vec![add("small", 5)]),
        // Its threshold, a group's items, a group as a whole.
        (
            vec![add("small", 1), assign("small")],
            "bobby@small",
            "guest",
            vec![drop.clone(), add("small", 2), assign("small")],
        ),
        (
            with_group.clone(),
            "bobby@small",
            "guest",
            vec![group("assignGroup", &format!(r#""guests","{guest}",2"#))],
        ),
        (
            with_group,
            "bobby@small",
            "guest",
            vec![group("dropGroup", r#""guests""#)],
        ),
    ];
    for (before, who, key, after) in cases {
        let mut chain = with_treasury();
        let let_in = [("assignPermission", format!(r#"["carol","active","{who}",100]"#))];
        change(&mut chain, "carol", &let_in);
        if !before.is_empty() {
            change(&mut chain, "bobby", &before);
        }
        let of_carol = pay()
            .replace("treasury", "carol")
            .replace(r#"carol\",\"60"#, r#"bobby\",\"60"#);
        chain.pass(
            "alice",
            MSIG,
            "propose",
            &propose_data("pay", &format!(r#"["{who}"]"#), &of_carol),
        );
        let given = approve_as(&mut chain, who, &[key]);
        assert!(given.is_success(), "{who}: {:?}", given.status);
        // It would do.
        let mut other = chain.clone();
        other.pass("alice", MSIG, "execute", EXECUTE);
        assert_eq!(other.spendable("carol"), iost("940"));
        change(&mut chain, "bobby", &after);
        let failure = chain.fails("alice", MSIG, "execute", EXECUTE);
        assert_eq!(failure, NO_PERMISSION, "{who} after {after:?}");
    }
}

#[test]
fn a_key_behind_other_accounts_is_no_way_around() {
    // The treasury approves as a whole, by two of its members' keys; one of these is rotated.
    let mut chain = with_treasury();
    let data = propose_data("pay", r#"["treasury@active"]"#, &pay());
    chain.pass("alice", MSIG, "propose", &data);
    let given = approve_as(&mut chain, "treasury@active", &["alice", "bobby"]);
    assert!(given.is_success(), "{:?}", given.status);
    let mut other = chain.clone();
    other.pass("carol", MSIG, "execute", EXECUTE);
    rotate(&mut chain, "bobby");
    assert_eq!(chain.fails("carol", MSIG, "execute", EXECUTE), NO_PERMISSION);

    // A key's own approval counts where the key stands, and no longer.
    let mut chain = proposed();
    approve(&mut chain, "alice");
    assert!(with_vault(&mut chain, "approve").is_success());
    let vault = key_of("vault").public_key();
    let out = ["active", "owner"].map(|of| format!(r#"["treasury","{of}","{vault}"]"#));
    let out: Vec<_> = out
        .iter()
        .map(|data| ("auth.iost", "revokePermission", data.as_str()))
        .collect();
    let mut draft = chain.draft(&out);
    draft.signers = vec!["treasury@owner".into()];
    draft.sign_as_signer(&key_of("alice"));
    draft.sign_as_signer(&key_of("bobby"));
    let tx = chain.sign(draft, "carol");
    chain.leave_msb();
    let receipt = chain.run_tx(&tx);
    assert!(receipt.is_success(), "{:?}", receipt.status);
    assert_eq!(chain.fails("carol", MSIG, "execute", EXECUTE), NO_PERMISSION);
}

#[test]
fn all_approvals_can_be_withdrawn_at_once() {
    let mut chain = proposed();
    let more = propose_data("more", &asked(), &pay());
    chain.pass("alice", MSIG, "propose", &more);
    for proposal in ["pay", "more"] {
        for who in ["alice", "bobby"] {
            let data = format!(r#"["alice","{proposal}","{who}@active"]"#);
            chain.pass(who, MSIG, "approve", &data);
        }
    }
    assert!(with_vault(&mut chain, "approve").is_success());
    for who in ["bobby", "nobody"] {
        let data = format!(r#"["{who}"]"#);
        assert_eq!(
            chain.fails("alice", MSIG, "revokeAll", &data),
            "require auth failed."
        );
    }
    let receipt = chain.pass("bobby", MSIG, "revokeAll", r#"["bobby"]"#);
    assert_eq!(receipt.receipts[0].func_name.as_str(), "msig.iost/revokeAll");
    // Alice's and the key's still count, bobby's doesn't, in either proposal.
    let more = r#"["alice","more"]"#;
    assert_eq!(chain.fails("carol", MSIG, "execute", more), NO_PERMISSION);
    chain.pass("bobby", MSIG, "approve", r#"["alice","more","bobby@active"]"#);
    let key = format!(r#"["key:{}"]"#, key_of("vault").public_key());
    assert_eq!(
        chain.fails("alice", MSIG, "revokeAll", &key),
        "require auth failed."
    );
    let mut draft = chain.draft(&[(MSIG, "revokeAll", &key)]);
    draft.sign_as_signer(&key_of("vault"));
    let tx = chain.sign(draft, "carol");
    chain.leave_msb();
    assert!(chain.run_tx(&tx).is_success());
    assert_eq!(chain.fails("carol", MSIG, "execute", EXECUTE), NO_PERMISSION);
    // What was approved since counts.
    chain.pass("carol", MSIG, "execute", more);
    assert_eq!(chain.spendable("treasury"), iost("40"));
}

#[test]
fn who_rests_upon_too_much_approves_as_its_members() {
    let mut file = genesis_file();
    let members: Vec<String> = (0..64).map(|n| format!("member{n:02}")).collect();
    for member in &members {
        file.accounts.push(GenesisAccount {
            name: name(member),
            owner: key_of(&format!("{member} owner")).public_key().into(),
            active: key_of(member).public_key().into(),
            balance: Amount::from_iost(0),
            pledge: Amount::from_iost(0),
        });
    }
    let mut chain = Chain::with(file);
    // One member is only in what it falls back to.
    let items: Vec<_> = members
        .iter()
        .enumerate()
        .map(|(n, member)| {
            let permission = if n == 63 { "owner" } else { "active" };
            let data = format!(r#"["bobby","{permission}","{member}@active",1]"#);
            ("assignPermission", data)
        })
        .collect();
    for part in items.chunks(16) {
        change(&mut chain, "bobby", part);
    }
    let data = propose_data("pay", r#"["bobby@active"]"#, &pay().replace("treasury", "bobby"));
    chain.pass("alice", MSIG, "propose", &data);
    // 64 members with what they fall back to, and bobby's two: more than 128.
    let own = r#"["alice","pay","bobby@active"]"#;
    assert_eq!(
        chain.fails("bobby", MSIG, "approve", own),
        "bobby@active rests upon more than 128 permissions: approve as one of those"
    );
    let out = [(
        "revokePermission",
        r#"["bobby","owner","member63@active"]"#.to_owned(),
    )];
    change(&mut chain, "bobby", &out);
    chain.pass("bobby", MSIG, "approve", own);
    chain.pass("alice", MSIG, "execute", EXECUTE);
}

/// Proposers of what waits for bobby, oldest first.
fn waiting(chain: &Chain) -> Vec<String> {
    let list: Waiting = chain
        .get(&StateKey::proposals_for(&name("bobby")))
        .unwrap_or_default();
    list.proposals
        .iter()
        .map(|one| one.proposer.to_string())
        .collect()
}

#[test]
fn four_accounts_cant_hide_what_others_propose() {
    let mut chain = with_treasury();
    let crowd = ["alice", "carol", "node1", "node2"];
    let data =
        |who: &str, name: &str| propose_data(name, r#"["bobby@active"]"#, &pay()).replacen("alice", who, 1);
    for part in 0..4 {
        for who in crowd {
            chain.leave_msb();
            let txs: Vec<_> = (0..8)
                .map(|n| chain.tx(who, MSIG, "propose", &data(who, &format!("p{}", 8 * part + n))))
                .collect();
            assert!(chain.block(&txs).receipts.iter().all(Receipt::is_success));
        }
    }
    assert_eq!(waiting(&chain).len(), MAX_WAITING);
    chain.pass("node3", MSIG, "propose", &data("node3", "pay"));
    let list = waiting(&chain);
    assert_eq!(
        (list.len(), list.last().unwrap().as_str()),
        (MAX_WAITING, "node3")
    );
    // The oldest of one that has most gave way.
    assert_eq!(list.iter().filter(|who| *who == "alice").count(), 31);

    // Who is asked clears its own list: of one proposer, or of all.
    let clear = |proposer: &str| format!(r#"["bobby","{proposer}"]"#);
    assert_eq!(
        chain.fails("alice", MSIG, "clear", &clear("carol")),
        "require auth failed."
    );
    for (cleared, left) in [("alice", 97), ("alice", 97), ("carol", 65), ("node1", 33)] {
        chain.pass("bobby", MSIG, "clear", &clear(cleared));
        assert_eq!(waiting(&chain).len(), left);
    }
    chain.pass("bobby", MSIG, "clear", &clear(""));
    assert!(!chain.state.contains_key(&StateKey::proposals_for(&name("bobby"))));
    // They can still be approved and closed.
    chain.pass("bobby", MSIG, "approve", r#"["node3","pay","bobby@active"]"#);
    chain.pass("node3", MSIG, "cancel", r#"["node3","pay"]"#);
}

#[test]
fn a_key_clears_its_own_list() {
    let mut chain = proposed();
    let vault = key_of("vault");
    let list = StateKey::proposals_for_key(&vault.public_key());
    assert!(chain.state.contains_key(&list));
    let data = format!(r#"["key:{}",""]"#, vault.public_key());
    assert_eq!(chain.fails("alice", MSIG, "clear", &data), "require auth failed.");
    let mut draft = chain.draft(&[(MSIG, "clear", &data)]);
    draft.sign_as_signer(&vault);
    let tx = chain.sign(draft, "carol");
    chain.leave_msb();
    assert!(chain.run_tx(&tx).is_success());
    assert!(!chain.state.contains_key(&list));
}
