//! `msig.iost`: proposals, approvals by accounts and by keys, and what they authorise.

use credo_primitives::entry::{Principal, Proposal, Proposals, Waiting};
use credo_primitives::spec::GenesisAccount;
use credo_primitives::{Amount, Receipt, StateKey};

use crate::chain::{Chain, genesis_file, iost, key_of, name, reason};

pub(crate) const MSIG: &str = "msig.iost";

/// Text of a JSON array of one action.
fn action(contract: &str, name: &str, data: &str) -> String {
    let data = data.replace('\\', "\\\\").replace('"', "\\\"");
    format!(r#"{{"contract":"{contract}","action":"{name}","data":"{data}"}}"#)
}

pub(crate) fn pay() -> String {
    action("token.iost", "transfer", r#"["iost","treasury","carol","60",""]"#)
}

pub(crate) fn propose_data(name: &str, requested: &str, actions: &str) -> String {
    format!(r#"["alice","{name}",{requested},[{actions}],3600]"#)
}

/// A chain with `treasury`, whose `active` and `owner` need two of alice, bobby and the key `vault`.
pub(crate) fn with_treasury() -> Chain {
    let mut file = genesis_file();
    file.accounts.push(GenesisAccount {
        name: name("treasury"),
        owner: key_of("treasury owner").public_key().into(),
        active: key_of("treasury").public_key().into(),
        balance: Amount::from_iost(100),
        pledge: Amount::from_iost(10_000),
    });
    let mut chain = Chain::with(file);
    let vault = key_of("vault").public_key();
    let (owner, active) = (
        key_of("treasury owner").public_key(),
        key_of("treasury").public_key(),
    );
    let mut actions = Vec::new();
    for (permission, own) in [("active", active), ("owner", owner)] {
        for item in [
            "alice@active".to_owned(),
            "bobby@active".to_owned(),
            vault.to_string(),
        ] {
            actions.push((
                "assignPermission",
                format!(r#"["treasury","{permission}","{item}",50]"#),
            ));
        }
        actions.push((
            "revokePermission",
            format!(r#"["treasury","{permission}","{own}"]"#),
        ));
    }
    let actions: Vec<_> = actions
        .iter()
        .map(|(a, d)| ("auth.iost", *a, d.as_str()))
        .collect();
    let mut draft = chain.draft(&actions);
    draft.signers = vec!["treasury@owner".into()];
    draft.sign_as_signer(&key_of("treasury owner"));
    let tx = chain.sign(draft, "treasury");
    let receipt = chain.run_tx(&tx);
    assert!(receipt.is_success(), "{:?}", receipt.status);
    chain
}

pub(crate) fn asked() -> String {
    let vault = key_of("vault").public_key();
    format!(r#"["alice@active","bobby@active","key:{vault}"]"#)
}

/// A treasury with alice's proposal to pay carol.
pub(crate) fn proposed() -> Chain {
    let mut chain = with_treasury();
    let data = propose_data("pay", &asked(), &pay());
    let receipt = chain.pass("alice", MSIG, "propose", &data);
    assert_eq!(receipt.receipts[0].func_name.as_str(), "msig.iost/propose");
    chain
}

pub(crate) fn approve(chain: &mut Chain, who: &str) -> Receipt {
    chain.pass(
        who,
        MSIG,
        "approve",
        &format!(r#"["alice","pay","{who}@active"]"#),
    )
}

/// Has the key `vault` sign a transaction of carol's.
pub(crate) fn with_vault(chain: &mut Chain, action: &str) -> Receipt {
    let vault = key_of("vault");
    let data = format!(r#"["alice","pay","key:{}"]"#, vault.public_key());
    let mut draft = chain.draft(&[(MSIG, action, &data)]);
    draft.sign_as_signer(&vault);
    let tx = chain.sign(draft, "carol");
    chain.leave_msb();
    chain.run_tx(&tx)
}

pub(crate) const EXECUTE: &str = r#"["alice","pay"]"#;
pub(crate) const NO_PERMISSION: &str = "action 1: transaction has no permission";

#[test]
fn two_of_three_accounts_pay() {
    let mut chain = proposed();
    let record: Proposal = chain.get(&StateKey::proposal(&name("alice"), "pay")).unwrap();
    assert_eq!(record.requested.len(), 3);
    assert_eq!(record.expires_ms, record.created_ms + 3_600_000);
    assert_eq!(chain.fails("carol", MSIG, "execute", EXECUTE), NO_PERMISSION);
    approve(&mut chain, "alice");
    assert_eq!(chain.fails("alice", MSIG, "execute", EXECUTE), NO_PERMISSION);
    approve(&mut chain, "bobby");
    // Carol spends nothing of hers: her amount limit is empty.
    let mut draft = chain.draft(&[(MSIG, "execute", EXECUTE)]);
    draft.amount_limit.clear();
    let tx = chain.sign(draft, "carol");
    chain.leave_msb();
    let receipt = chain.run_tx(&tx);
    assert!(receipt.is_success(), "{:?}", receipt.status);
    assert_eq!(receipt.returns[0].as_str(), r#"["[\"[]\"]"]"#);
    let names: Vec<_> = receipt.receipts.iter().map(|r| r.func_name.as_str()).collect();
    assert_eq!(names, ["token.iost/transfer", "msig.iost/execute"]);
    assert_eq!(chain.spendable("treasury"), iost("40"));
    assert_eq!(chain.spendable("carol"), iost("1060"));
    // It is done, once.
    assert_eq!(
        chain.fails("carol", MSIG, "execute", EXECUTE),
        "proposal does not exist"
    );
    let waits = chain
        .state
        .keys()
        .any(|k| k.as_str().starts_with("msig.iost/waiting"));
    assert!(!waits);
}

#[test]
fn a_key_approves_by_signing() {
    let mut chain = proposed();
    approve(&mut chain, "bobby");
    // Nobody else can say it for the key.
    let data = format!(r#"["alice","pay","key:{}"]"#, key_of("vault").public_key());
    assert_eq!(
        chain.fails("alice", MSIG, "approve", &data),
        "require auth failed."
    );
    assert!(with_vault(&mut chain, "approve").is_success());
    assert_eq!(
        reason(&with_vault(&mut chain, "approve")),
        format!("key:{} has approved already", key_of("vault").public_key())
    );
    chain.pass("carol", MSIG, "execute", EXECUTE);
    assert_eq!(chain.spendable("treasury"), iost("40"));
}

#[test]
fn approvals_can_be_taken_back() {
    let mut chain = proposed();
    approve(&mut chain, "alice");
    approve(&mut chain, "bobby");
    let own = r#"["alice","pay","bobby@active"]"#;
    assert_eq!(chain.fails("carol", MSIG, "revoke", own), "require auth failed.");
    chain.pass("bobby", MSIG, "revoke", own);
    assert_eq!(
        chain.fails("bobby", MSIG, "revoke", own),
        "bobby@active has not approved"
    );
    assert_eq!(chain.fails("alice", MSIG, "execute", EXECUTE), NO_PERMISSION);
    assert!(with_vault(&mut chain, "approve").is_success());
    chain.pass("alice", MSIG, "execute", EXECUTE);
}

#[test]
fn nobodys_authority_counts_but_the_approvers() {
    // Bobby, who executes, and alice, who proposed, didn't approve of spending theirs.
    for payer in ["alice", "bobby"] {
        let mut chain = with_treasury();
        let steal = action(
            "token.iost",
            "transfer",
            &format!(r#"["iost","{payer}","carol","1",""]"#),
        );
        let data = propose_data("pay", r#"["carol@active"]"#, &steal);
        chain.pass("alice", MSIG, "propose", &data);
        chain.pass("carol", MSIG, "approve", r#"["alice","pay","carol@active"]"#);
        assert_eq!(chain.fails("bobby", MSIG, "execute", EXECUTE), NO_PERMISSION);
    }
    // What is done in the publisher's name is done in the proposer's, if it approved.
    let key = key_of("david").public_key();
    let create = [
        action("auth.iost", "signUp", &format!(r#"["david","{key}","{key}"]"#)),
        action("exchange.iost", "transfer", r#"["iost","carol","5",""]"#),
        action("domain.iost", "link", r#"["al.ice","token.iost"]"#),
    ];
    for (index, done) in create.iter().enumerate() {
        let mut chain = with_treasury();
        let data = propose_data("pay", r#"["alice@active","carol@active"]"#, done);
        chain.pass("alice", MSIG, "propose", &data);
        chain.pass("carol", MSIG, "approve", r#"["alice","pay","carol@active"]"#);
        let failure = chain.fails("bobby", MSIG, "execute", EXECUTE);
        let expected = [
            "require auth failed",
            "transaction has no permission",
            "no permission of claimed url",
        ];
        assert_eq!(failure, format!("action 1: {}", expected[index]));
        approve(&mut chain, "alice");
        chain.pass("bobby", MSIG, "execute", EXECUTE);
        assert_eq!(chain.spendable("bobby"), iost("1000"));
        assert_eq!(chain.spendable("alice"), iost(["990", "995", "1000"][index]));
    }
}

#[test]
fn a_proposal_is_done_as_a_whole_or_not_at_all() {
    let mut chain = with_treasury();
    let both = format!("{},{}", pay(), pay());
    chain.pass("alice", MSIG, "propose", &propose_data("pay", &asked(), &both));
    approve(&mut chain, "alice");
    approve(&mut chain, "bobby");
    let failure = chain.fails("carol", MSIG, "execute", EXECUTE);
    assert_eq!(failure, "action 2: balance not enough 40 < 60");
    // Still open: when there is enough, it is done.
    let fill = chain.transfer("bobby", "treasury", "20");
    chain.leave_msb();
    assert!(chain.run_tx(&fill).is_success());
    chain.pass("carol", MSIG, "execute", EXECUTE);
    assert!(chain.spendable("treasury").is_zero());
}

#[test]
fn it_expires_and_can_be_cleared_away() {
    let mut chain = with_treasury();
    let data = format!(r#"["alice","pay",{},[{}],2]"#, asked(), pay());
    chain.pass("alice", MSIG, "propose", &data);
    approve(&mut chain, "alice");
    assert_eq!(
        chain.fails("carol", MSIG, "cancel", EXECUTE),
        "require auth failed."
    );
    let expires: Proposal = chain.get(&StateKey::proposal(&name("alice"), "pay")).unwrap();
    while chain.time_ms + chain.spec.parameters.slot_ms < expires.expires_ms {
        chain.block(&[]);
    }
    let approval = r#"["alice","pay","bobby@active"]"#;
    assert_eq!(
        chain.fails("bobby", MSIG, "approve", approval),
        "proposal has expired"
    );
    assert_eq!(
        chain.fails("bobby", MSIG, "revoke", approval),
        "proposal has expired"
    );
    assert_eq!(
        chain.fails("bobby", MSIG, "execute", EXECUTE),
        "proposal has expired"
    );
    chain.pass("carol", MSIG, "cancel", EXECUTE);
    assert!(
        !chain
            .state
            .contains_key(&StateKey::proposal(&name("alice"), "pay"))
    );
    assert_eq!(
        chain.fails("alice", MSIG, "cancel", EXECUTE),
        "proposal does not exist"
    );
}

#[test]
fn a_name_rests_before_it_is_used_again() {
    let mut chain = proposed();
    let data = propose_data("pay", &asked(), &pay());
    assert_eq!(
        chain.fails("alice", MSIG, "propose", &data),
        "proposal existed > pay"
    );
    chain.pass("alice", MSIG, "cancel", EXECUTE);
    // Whoever signed an approval of the old one can't have approved a new one.
    let failure = chain.fails("alice", MSIG, "propose", &data);
    assert_eq!(
        failure,
        "proposal pay was closed less than an hour ago: take another name"
    );
    chain.time_ms += 3_600_000;
    chain.pass("alice", MSIG, "propose", &data);
    let list: Proposals = chain.get(&StateKey::proposals(&name("alice"))).unwrap();
    assert_eq!(list.open.len(), 1);
    assert!(list.retired.is_empty());
}

#[test]
fn co_signers_find_what_waits_for_them() {
    let mut chain = proposed();
    let data = propose_data("more", r#"["bobby@active","bobby@owner"]"#, &pay());
    chain.pass("alice", MSIG, "propose", &data);
    let waiting = |chain: &Chain, key: StateKey| -> Vec<String> {
        let list: Waiting = chain.get(&key).unwrap_or_default();
        list.proposals
            .iter()
            .map(|p| format!("{}/{}", p.proposer, p.name))
            .collect()
    };
    let vault = StateKey::proposals_for_key(&key_of("vault").public_key());
    assert_eq!(
        waiting(&chain, StateKey::proposals_for(&name("alice"))),
        ["alice/pay"]
    );
    assert_eq!(
        waiting(&chain, StateKey::proposals_for(&name("bobby"))),
        ["alice/pay", "alice/more"]
    );
    assert_eq!(waiting(&chain, vault.clone()), ["alice/pay"]);
    chain.pass("alice", MSIG, "cancel", EXECUTE);
    assert_eq!(
        waiting(&chain, StateKey::proposals_for(&name("bobby"))),
        ["alice/more"]
    );
    assert_eq!(waiting(&chain, vault), [""; 0]);
    let list: Proposals = chain.get(&StateKey::proposals(&name("alice"))).unwrap();
    assert_eq!(list.open.iter().map(|n| n.as_str()).collect::<Vec<_>>(), ["more"]);
}

#[test]
fn a_url_is_resolved_when_it_is_proposed() {
    let mut chain = with_treasury();
    chain.pass("carol", "domain.iost", "link", r#"["my.money","token.iost"]"#);
    let by_url = action("my.money", "transfer", r#"["iost","treasury","carol","60",""]"#);
    chain.pass("alice", MSIG, "propose", &propose_data("pay", &asked(), &by_url));
    let record: Proposal = chain.get(&StateKey::proposal(&name("alice"), "pay")).unwrap();
    assert_eq!(record.actions[0].contract, name("token.iost"));
    assert!(matches!(&record.requested[2].who, Principal::Key(key) if *key == key_of("vault").public_key()));
    // Nor does a url hide an execution within another.
    chain.pass("carol", "domain.iost", "link", r#"["my.msig","msig.iost"]"#);
    let nested = action("my.msig", "execute", EXECUTE);
    let failure = chain.fails("alice", MSIG, "propose", &propose_data("more", &asked(), &nested));
    assert_eq!(failure, "action 1: a proposal can't execute another");
}

#[test]
fn what_could_only_fail_is_refused_at_once() {
    let mut chain = with_treasury();
    let data = |requested: &str, actions: &str| propose_data("pay", requested, actions);
    let alice = r#"["alice@active"]"#;
    let requested_text = "requested should be a list of 1 to 64 texts";
    let actions_text = "actions should be a list of 1 to 32 objects with contract, action and data";
    let long = action(
        "system.iost",
        "receipt",
        &format!(r#"["{}"]"#, "x".repeat(32 * 1024)),
    );
    let many: Vec<_> = (0..33).map(|_| pay()).collect();
    let cases = [
        (data("[]", &pay()), requested_text.to_owned()),
        (data("[1]", &pay()), requested_text.to_owned()),
        (data("{}", &pay()), requested_text.to_owned()),
        (
            data(r#"["alice"]"#, &pay()),
            "unexpected approval alice: account@permission or key:<public key> is expected".into(),
        ),
        (
            data(r#"["nobody@active"]"#, &pay()),
            "invalid account nobody".into(),
        ),
        (
            data(r#"["key:zzz"]"#, &pay()),
            "invalid key zzz: a key of 3 bytes fits neither ed25519 nor secp256k1".into(),
        ),
        (
            data(r#"["alice@active","alice@active"]"#, &pay()),
            "alice@active is requested twice".into(),
        ),
        (data(alice, ""), actions_text.to_owned()),
        (data(alice, &many.join(",")), actions_text.to_owned()),
        (
            data(alice, r#"{"contract":"token.iost"}"#),
            "action 1: action should be a text".into(),
        ),
        (
            data(alice, &action("nothing.iost", "x", "[]")),
            "action 1: contract nothing.iost not found".into(),
        ),
        (
            data(alice, &action("token.iost", "x", "[]")),
            "action 1: abi x not found".into(),
        ),
        (
            data(alice, &action("token.iost", "supply", "[]")),
            "action 1: args length unmatched to abi supply. need 1, got 0".into(),
        ),
        (
            data(alice, &action(MSIG, "execute", EXECUTE)),
            "action 1: a proposal can't execute another".into(),
        ),
        (
            data(alice, &long),
            "the actions take more than 32768 bytes".into(),
        ),
        (
            format!(r#"["alice","pay",{alice},[{}],0]"#, pay()),
            "expirationSeconds should be between 1 and 2592000".into(),
        ),
        (
            format!(r#"["alice","pay",{alice},[{}],2592001]"#, pay()),
            "expirationSeconds should be between 1 and 2592000".into(),
        ),
        (
            format!(r#"["alice","",{alice},[{}],60]"#, pay()),
            "id invalid. id length should be between 1,32 > ".into(),
        ),
        (
            format!(r#"["alice","a/b",{alice},[{}],60]"#, pay()),
            "id invalid. id contains invalid character > /".into(),
        ),
        (
            format!(r#"["bobby","pay",{alice},[{}],60]"#, pay()),
            "require auth failed.".into(),
        ),
        (
            format!(r#"["nobody","pay",{alice},[{}],60]"#, pay()),
            "require auth failed.".into(),
        ),
    ];
    for (data, expected) in cases {
        assert_eq!(
            chain.fails("alice", MSIG, "propose", &data),
            expected,
            "{data:.200}"
        );
    }
    let cases = [
        ("approve", r#"["alice","none","alice@active"]"#),
        ("approve", r#"["a/b","x","alice@active"]"#),
        ("execute", r#"["alice","a/b"]"#),
        ("cancel", r#"["nobody","pay"]"#),
    ];
    for (action, data) in cases {
        assert_eq!(
            chain.fails("alice", MSIG, action, data),
            "proposal does not exist"
        );
    }
    chain.pass("alice", MSIG, "propose", &data(alice, &pay()));
    let failure = chain.fails("bobby", MSIG, "approve", r#"["alice","pay","bobby@active"]"#);
    assert_eq!(failure, "bobby@active isn't asked for its approval");
    assert_eq!(
        chain.fails("bobby", MSIG, "cancel", EXECUTE),
        "require auth failed."
    );
}

#[test]
fn open_proposals_and_lists_have_bounds() {
    let mut chain = with_treasury();
    let mut made = 0;
    let mut failure = None;
    while failure.is_none() {
        chain.leave_msb();
        let txs: Vec<_> = (0..8)
            .map(|_| {
                made += 1;
                let data = propose_data(&format!("p{made}"), r#"["bobby@active"]"#, &pay());
                chain.tx("alice", MSIG, "propose", &data)
            })
            .collect();
        failure = chain.block(&txs).receipts.into_iter().find(|r| !r.is_success());
    }
    assert_eq!(reason(&failure.unwrap()), "alice has 32 open proposals already");
    let list: Proposals = chain.get(&StateKey::proposals(&name("alice"))).unwrap();
    assert_eq!(list.open.len(), 32);
    // Closing and opening on is bounded, too: the names rest.
    let mut refusal = None;
    for number in 0..200 {
        chain.leave_msb();
        let close = chain.tx(
            "alice",
            MSIG,
            "cancel",
            &format!(
                r#"["alice","{}"]"#,
                if number < 32 {
                    format!("p{}", number + 1)
                } else {
                    format!("q{}", number - 32)
                }
            ),
        );
        let open = propose_data(&format!("q{number}"), r#"["bobby@active"]"#, &pay());
        let open = chain.tx("alice", MSIG, "propose", &open);
        let receipts = chain.block(&[close, open]).receipts;
        assert!(receipts[0].is_success(), "{:?}", receipts[0].status);
        if !receipts[1].is_success() {
            refusal = Some((number, reason(&receipts[1]).to_owned()));
            break;
        }
    }
    let expected = "alice has used 128 names within an hour: wait until the first can be used again";
    assert_eq!(refusal, Some((96, expected.to_owned())));
}
