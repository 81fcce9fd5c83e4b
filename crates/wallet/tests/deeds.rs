//! Stakes, claims, nodes, permissions and proposals: what is signed, what is said before, and what is refused.

use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use credo_pob::{Candidate, CandidateStatus, Candidates};
use credo_primitives::entry::{
    Account, Approval, Gas, Item, Permission, Pledge, Principal, Proposal, Proposals, Ram, RamMarket,
    Requested as AskedFor, SIGN_UP_PLEDGE, Waiting, WaitingProposal, authority_digest,
};
use credo_primitives::hash::ZERO_DIGEST;
use credo_primitives::possession::show_possession;
use credo_primitives::{
    AccountName, Action, Algorithm, Amount, Parameters, Preset, PublicKey, SecretKey, StateKey, Text,
    Transaction, sha256,
};
use credo_wallet::approvals::{self, Records, Standing, Wanted};
use credo_wallet::{
    Basis, Intent, IntentError, NodeDeed, PermissionDeed, ProposalDeed, Registration, Requested, draft,
    in_words, permissions,
};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const NOW: i64 = 1_700_000_000_000_000_000;

fn name(text: &str) -> AccountName {
    AccountName::any(text).expect("name")
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).expect("short")
}

fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(Algorithm::Ed25519, &[n; 32]).expect("key")
}

fn item(key: &PublicKey, weight: u32) -> Item {
    Item {
        principal: Principal::Key(key.clone()),
        weight,
    }
}

/// An account whose `active` and `owner` need `threshold` of these.
fn record(account: &str, items: Vec<Item>, threshold: u32) -> Account {
    let permission = |name: &str| Permission {
        name: text(name),
        groups: Vec::new(),
        items: items.clone(),
        threshold,
    };
    Account {
        name: name(account),
        referrer: None,
        created_ms: 0,
        permissions: vec![permission("active"), permission("owner")],
        groups: Vec::new(),
        paid: false,
    }
}

fn node(account: &str, status: CandidateStatus, votes: u64) -> Candidate {
    let seed: [u8; 32] = sha256(&[account.as_bytes()])
        .as_ref()
        .try_into()
        .expect("32 bytes");
    let own = SecretKey::from_seed(Algorithm::Ed25519, &seed)
        .expect("key")
        .public_key();
    Candidate {
        account: name(account),
        key: credo_primitives::spec::consensus_key::from_base58(&own.to_base58()).expect("a key"),
        location: Text::default(),
        url: Text::default(),
        net_id: Text::default(),
        generation: 0,
        registered: 0,
        status,
        order: 0,
        votes: Amount::from_iost(votes),
        voted: Amount::from_iost(votes),
        servi: 0,
        available: 0,
        missed: 0,
        aside_until: 0,
        leaving: false,
        loss: None,
        deposit: Amount::ZERO,
        lock: Amount::ZERO,
        deposit_until_ms: 0,
        fee_share: 10,
        earned: Amount::ZERO,
        voters_pot: Amount::ZERO,
        voter_coef: 0,
    }
}

/// What the tests' account rests on; each test changes what it is about.
struct World {
    account: AccountName,
    record: Account,
    key: PublicKey,
    pledges: Vec<Pledge>,
    pledged: Amount,
    ram: Ram,
    market: Option<RamMarket>,
    nodes: Candidates,
    parameters: Parameters,
    spendable: Amount,
    gas: u64,
    other_exists: bool,
    by_invitation: bool,
}

impl World {
    fn new() -> Self {
        let key = key(5).public_key();
        Self {
            account: name("marlow"),
            record: record("marlow", vec![item(&key, 100)], 100),
            key,
            pledges: Vec::new(),
            pledged: Amount::ZERO,
            ram: Ram {
                own: 0,
                total: 10_000,
                used: 0,
            },
            market: None,
            nodes: Candidates::default(),
            parameters: Parameters::preset(Preset::Devnet),
            spendable: Amount::from_iost(5_000),
            gas: 50_000_000,
            other_exists: true,
            by_invitation: false,
        }
    }

    fn basis(&self) -> Basis<'_> {
        Basis {
            account: &self.account,
            record: Some(&self.record),
            key: Some(&self.key),
            spendable: self.spendable,
            gas: self.gas,
            votes: &[],
            pledges: &self.pledges,
            pledged: self.pledged,
            ram: self.ram,
            ram_market: self.market.as_ref(),
            nodes: Some(&self.nodes),
            available_votes: Some(Amount::from_iost(1_000_000)),
            other_exists: self.other_exists,
            height: 7,
            parameters: &self.parameters,
            spec: &ZERO_DIGEST,
            by_invitation: self.by_invitation,
        }
    }

    fn signed(&self, intent: Intent) -> Transaction {
        let draft = draft(intent, &self.basis()).expect("a draft");
        let signed = draft.sign(&key(5), NOW).expect("signed");
        let tx = Transaction::decode(&signed.bytes).expect("decodes");
        tx.clone()
            .check(self.parameters.chain_id)
            .expect("a node takes it");
        tx
    }

    fn lines(&self, intent: Intent) -> Vec<(String, String)> {
        draft(intent, &self.basis())
            .expect("a draft")
            .review()
            .lines
            .clone()
    }

    fn refused(&self, intent: Intent) -> IntentError {
        draft(intent, &self.basis()).expect_err("refused")
    }
}

fn line(lines: &[(String, String)], label: &str) -> String {
    let found = lines.iter().find(|(l, _)| l == label);
    found.map(|(_, value)| value.clone()).expect("the line is there")
}

fn only(tx: &Transaction) -> (&str, &str, &str) {
    assert_eq!(tx.actions.len(), 1);
    let action = &tx.actions[0];
    (&action.contract, &action.name, &action.data)
}

#[test]
fn a_pledge_moves_no_more_than_it_says_and_tells_what_it_brings() {
    let world = World::new();
    let pledge = || Intent::pledge("marlow", "12.5").expect("intent");
    let lines = world.lines(pledge());
    assert_eq!(
        line(&lines, "Brings"),
        "1,250,000 gas at once and 1,250,000 a day"
    );
    assert!(line(&lines, "Lock").contains("1 minute"));
    let tx = world.signed(pledge());
    assert_eq!(only(&tx), ("gas.iost", "pledge", r#"["marlow","marlow","12.5"]"#));
    assert_eq!(tx.amount_limit[0].value, "12.5");
    assert_eq!(
        world.refused(Intent::pledge("marlow", "0.99").expect("intent")),
        IntentError::LeastPledge(Amount::from_iost(1))
    );
    let precise = world.refused(Intent::pledge("marlow", "1.001").expect("intent"));
    assert_eq!(
        precise.to_string(),
        "the amount: pledges take at most two decimals"
    );
    let rich = world.refused(Intent::pledge("marlow", "5001").expect("intent"));
    assert!(matches!(rich, IntentError::Balance { .. }));
    let alone = World {
        other_exists: false,
        ..World::new()
    };
    assert_eq!(
        alone.refused(Intent::pledge("nobody", "1").expect("intent")),
        IntentError::NoRecipient(name("nobody"))
    );
    alone.signed(pledge());
}

#[test]
fn without_gas_only_a_pledge_for_oneself_goes_and_it_pays_itself() {
    let world = World {
        gas: 0,
        ..World::new()
    };
    let send = || Intent::transfer("harbor_cafe", "1", "").expect("intent");
    assert_eq!(
        world.refused(send()).to_string(),
        "this takes about 20,000 gas and you have 0: pledge IOST for gas first, or wait until it has filled up"
    );
    assert!(matches!(
        world.refused(Intent::pledge("harbor_cafe", "5").expect("intent")),
        IntentError::Gas { .. }
    ));
    let tx = world.signed(Intent::pledge("marlow", "1").expect("intent"));
    let brings = Gas::at_once(Amount::from_iost(1), world.parameters.gas_per_iost_day);
    assert!(u64::try_from(tx.gas_limit).expect("positive") <= brings);
    // With some gas, the limit is what is there and no more.
    let some = World {
        gas: 2_000_000,
        ..World::new()
    };
    assert_eq!(some.signed(send()).gas_limit, 2_000_000);
    assert_eq!(line(&some.lines(send()), "Gas"), "at most 20,000 of your 20,000");
    assert_eq!(World::new().signed(send()).gas_limit, 10_000_000);
}

#[test]
fn ten_stay_pledged_by_all_together() {
    let mut world = World::new();
    world.pledged = Amount::from_iost(30);
    world.pledges = vec![
        Pledge {
            account: name("harbor_cafe"),
            amount: Amount::from_iost(3),
        },
        Pledge {
            account: name("marlow"),
            amount: Amount::from_iost(30),
        },
    ];
    let back = |to: &str, amount: &str| Intent::unpledge(to, amount).expect("intent");
    let tx = world.signed(back("marlow", "20"));
    assert_eq!(only(&tx), ("gas.iost", "unpledge", r#"["marlow","marlow","20"]"#));
    assert!(tx.amount_limit.is_empty());
    let kept = world.refused(back("marlow", "20.01")).to_string();
    assert!(
        kept.starts_with("10 IOST of a pledge") && kept.contains("at most 20"),
        "{kept}"
    );
    // Ten of a creator's beside them: all of one's own comes back.
    world.pledged = Amount::from_iost(40);
    world.signed(back("marlow", "30"));
    world.signed(back("harbor_cafe", "3"));
    assert!(matches!(
        world.refused(back("harbor_cafe", "4")),
        IntentError::Pledged { .. }
    ));
    assert_eq!(
        world.refused(back("somebody", "1")),
        IntentError::NotPledged(name("somebody"))
    );
}

#[test]
fn ram_that_is_missing_is_bought_along() {
    let mut world = World::new();
    world.nodes = Candidates::of(vec![node("harbor_cafe", CandidateStatus::Candidate, 5)]);
    world.market = Some(RamMarket::start(0));
    let vote = || Intent::vote("harbor_cafe", "20").expect("intent");
    // With room for it nothing is bought.
    assert_eq!(world.signed(vote()).actions.len(), 1);
    world.ram = Ram {
        own: 0,
        total: 1_000,
        used: 900,
    };
    let tx = world.signed(vote());
    let first = &tx.actions[0];
    assert_eq!(
        (first.contract.as_str(), first.name.as_str(), first.data.as_str()),
        ("ram.iost", "buy", r#"["marlow","marlow",1000]"#)
    );
    assert_eq!(tx.actions[1].name, "vote");
    // 10.21 and its fee of 0.20, and a twentieth more.
    let limit = Amount::parse(&tx.amount_limit[0].value).expect("an amount");
    assert_eq!(limit, Amount::parse("30.9305").expect("an amount"));
    let shown = line(&world.lines(vote()), "Buys RAM");
    assert!(shown.starts_with("1,000 bytes for what this writes"), "{shown}");
    // It comes on top of what is spent.
    world.spendable = Amount::from_iost(25);
    assert!(matches!(world.refused(vote()), IntentError::Balance { .. }));
    // A transfer of IOST writes nothing that costs RAM.
    let send = Intent::transfer("harbor_cafe", "20", "").expect("intent");
    assert_eq!(world.signed(send).actions.len(), 1);
    // Without a proved market nothing is bought: the chain says what is missing.
    world.market = None;
    assert_eq!(world.signed(vote()).actions.len(), 1);
}

#[test]
fn a_new_account_gets_ram() {
    let mut world = World::new();
    world.other_exists = false;
    world.market = Some(RamMarket::start(0));
    let intent = Intent::SignUp {
        name: name("newcomer"),
        owner: key(9).public_key(),
        active: key(9).public_key(),
        inviter: None,
    };
    let tx = world.signed(intent);
    let names: Vec<&str> = tx.actions.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["signUp", "buy"]);
    assert_eq!(tx.actions[1].data, r#"["marlow","newcomer",1000]"#);
    let limit = Amount::parse(&tx.amount_limit[0].value).expect("an amount");
    assert!(limit > SIGN_UP_PLEDGE && limit < Amount::from_iost(25), "{limit}");
}

#[test]
fn a_claim_asks_for_what_there_is() {
    let world = World::new();
    let claim = |voter, node, contribution| Intent::Claim {
        voter: Amount::from_iost(voter),
        node: Amount::from_iost(node),
        contribution: Amount::from_iost(contribution),
    };
    assert_eq!(world.refused(claim(0, 0, 0)), IntentError::NothingToClaim);
    let tx = world.signed(claim(3, 0, 0));
    assert_eq!(
        only(&tx),
        ("vote_producer.iost", "voterWithdraw", r#"["marlow"]"#)
    );
    assert!(tx.amount_limit.is_empty());
    let tx = world.signed(claim(3, 2, 1));
    let names: Vec<&str> = tx.actions.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["voterWithdraw", "candidateWithdraw", "exchangeIOST"]);
    assert_eq!(claim(3, 2, 1).title(), "Claim 6 IOST of rewards");
}

#[test]
fn a_node_is_led_from_registration_to_leaving() {
    let mut world = World::new();
    let deed = Intent::Node;
    let node_key = PrivateKey::from_seed(9);
    let shown = show_possession(&node_key, &ZERO_DIGEST, &name("marlow"));
    let parse = |possession: &str| {
        Registration::parse(
            &credo_primitives::spec::consensus_key::to_base58(&node_key.public_key()),
            "Zürich",
            "https://example.org",
            "node.example.org:30800",
            possession,
        )
        .expect("a registration")
    };
    let said = parse(&shown);
    assert_eq!(
        world.refused(deed(NodeDeed::Apply)),
        IntentError::NoNode(name("marlow"))
    );
    let tx = world.signed(deed(NodeDeed::Register(said.clone())));
    let end = format!("\"node.example.org:30800\",true,\"{shown}\"]");
    assert!(tx.actions[0].data.ends_with(&end));
    assert_eq!(tx.amount_limit[0].value, "100", "what registering locks");
    let lines = world.lines(deed(NodeDeed::Register(said.clone())));
    assert_eq!(line(&lines, "Locked"), "100 IOST");
    // Without the key's own signature nobody registers but by invitation, and no new key is taken.
    let of_bobby = show_possession(&node_key, &ZERO_DIGEST, &name("bobby"));
    for wrong in ["", of_bobby.as_str()] {
        let refused = world.refused(deed(NodeDeed::Register(parse(wrong))));
        assert!(
            matches!(
                refused,
                IntentError::Field {
                    what: "the key's signature",
                    ..
                }
            ),
            "{refused}"
        );
    }
    world.by_invitation = true;
    let tx = world.signed(deed(NodeDeed::Register(parse(""))));
    assert!(tx.actions[0].data.ends_with("\"node.example.org:30800\",true]"));
    world.by_invitation = false;
    world.spendable = Amount::from_iost(99);
    assert!(matches!(
        world.refused(deed(NodeDeed::Register(said.clone()))),
        IntentError::Balance { .. }
    ));
    world.spendable = Amount::from_iost(5_000);
    world.nodes = Candidates::of(vec![node("marlow", CandidateStatus::Registered, 200)]);
    assert_eq!(
        world.refused(deed(NodeDeed::Register(said))),
        IntentError::NodeExists(name("marlow"))
    );
    let refused = world.refused(deed(NodeDeed::Update(parse(""))));
    assert!(
        matches!(
            refused,
            IntentError::Field {
                what: "the key's signature",
                ..
            }
        ),
        "{refused}"
    );
    world.signed(deed(NodeDeed::Update(parse(&shown))));
    // The threshold is 200 of a million: it must be exceeded.
    assert_eq!(
        world.refused(deed(NodeDeed::Apply)),
        IntentError::Threshold {
            account: name("marlow"),
            votes: Amount::from_iost(200),
            threshold: Amount::from_iost(200)
        }
    );
    world.nodes = Candidates::of(vec![node("marlow", CandidateStatus::Registered, 201)]);
    assert_eq!(line(&world.lines(deed(NodeDeed::Apply)), "Deposit"), "1000 IOST");
    let tx = world.signed(deed(NodeDeed::Apply));
    assert_eq!(tx.amount_limit[0].value, "1000", "an empty limit locks nothing");
    let poor = World {
        spendable: Amount::from_iost(999),
        nodes: world.nodes.clone(),
        ..World::new()
    };
    assert!(matches!(
        poor.refused(deed(NodeDeed::Apply)),
        IntentError::Balance { .. }
    ));
    assert_eq!(
        world.refused(Intent::stand_aside("3").expect("intent")),
        IntentError::NotCandidate(name("marlow"))
    );
    world.nodes = Candidates::of(vec![node("marlow", CandidateStatus::Candidate, 201)]);
    let tx = world.signed(Intent::stand_aside("3").expect("intent"));
    assert_eq!(only(&tx), ("vote_producer.iost", "standAside", r#"["marlow",3]"#));
    assert_eq!(
        world.refused(Intent::stand_aside("145").expect("intent")),
        IntentError::Aside(144)
    );
    let tx = world.signed(Intent::fee_share(" 25 % ").expect("intent"));
    assert_eq!(
        only(&tx),
        ("vote_producer.iost", "setFeeShare", r#"["marlow",25]"#)
    );
    assert_eq!(
        world
            .refused(Intent::fee_share("31").expect("intent"))
            .to_string(),
        "the share of fees is a whole number from 10 to 30 percent"
    );
    let tx = world.signed(deed(NodeDeed::Leave));
    assert_eq!(
        only(&tx),
        ("vote_producer.iost", "logOutProducer", r#"["marlow"]"#)
    );
}

#[test]
fn permissions_change_under_the_owner_and_never_lock_everybody_out() {
    let mut world = World::new();
    let second = key(6).public_key();
    let assign = |who: &str, counts: &str| Intent::assign("active", who, counts).expect("intent");
    let tx = world.signed(assign(&second.to_base58(), "50"));
    assert_eq!(tx.signers, ["marlow@owner"]);
    let expected = format!(r#"["marlow","active","{}",50]"#, second.to_base58());
    assert_eq!(only(&tx), ("auth.iost", "assignPermission", expected.as_str()));
    world.signed(assign("harbor_cafe", "1"));
    // The only key can't be made lighter than the threshold, or taken out.
    let own = world.key.to_base58();
    let refused = world.refused(assign(&own, "99")).to_string();
    assert!(
        refused.contains("active") && refused.contains("99 of 100"),
        "{refused}"
    );
    let revoke = Intent::Permission(PermissionDeed::Revoke {
        permission: text("owner"),
        who: Requested::parse(&own).expect("a key"),
    });
    assert!(matches!(world.refused(revoke), IntentError::LocksOut { .. }));
    let threshold = |permission: &str| {
        Intent::Permission(PermissionDeed::Threshold {
            permission: text(permission),
            threshold: 2,
        })
    };
    assert_eq!(
        world.refused(threshold("active")),
        IntentError::Fixed("active".into())
    );
    assert_eq!(
        world.refused(threshold("spend")),
        IntentError::NoPermission("spend".into())
    );
    world.record.permissions.push(Permission {
        name: text("spend"),
        groups: Vec::new(),
        items: vec![item(&world.key, 1), item(&second, 1)],
        threshold: 1,
    });
    let names: Vec<String> = world
        .signed(threshold("spend"))
        .actions
        .into_iter()
        .map(|a| a.name)
        .collect();
    assert_eq!(
        names,
        [
            "dropPermission",
            "addPermission",
            "assignPermission",
            "assignPermission"
        ]
    );
    // Another key than the owner's.
    world.key = second;
    world.record.permissions[0].items.push(item(&world.key, 100));
    assert_eq!(
        world.refused(assign("harbor_cafe", "1")),
        IntentError::NotOwner(name("marlow"))
    );
    world.record.permissions[0].items.pop();
    let send = Intent::transfer("harbor_cafe", "1", "").expect("intent");
    assert_eq!(world.refused(send), IntentError::NotAlone(name("marlow")));
}

#[test]
fn permissions_fall_back_as_the_chain_s_do() {
    let (one, two) = (key(1).public_key(), key(2).public_key());
    let mut account = record("treasury", vec![item(&one, 50), item(&two, 50)], 100);
    assert!(!permissions::satisfies(&account, "active", &one));
    account.permissions[1].items[0].weight = 100;
    assert!(permissions::satisfies(&account, "active", &one), "by owner");
    assert!(
        permissions::satisfies(&account, "transfer", &one),
        "missing ones are active's"
    );
    assert!(!permissions::satisfies(&account, "active", &two));
}

#[test]
fn proposals_are_made_approved_and_executed_in_words() {
    let world = World::new();
    let data = r#"["iost","treasury","harbor_cafe","250","for chairs"]"#;
    let propose = |asked: &[&str], action: (&str, &str, &str)| {
        let asked: Vec<String> = asked.iter().map(|who| (*who).to_owned()).collect();
        let actions = [(action.0.to_owned(), action.1.to_owned(), action.2.to_owned())];
        Intent::propose("chairs", &asked, &actions, 86_400)
    };
    let transfer = ("token.iost", "transfer", data);
    let other = key(6).public_key().to_base58();
    let proposal = propose(&["marlow", "bobby@active", &other, "marlow@active"], transfer).expect("intent");
    let lines = world.lines(proposal.clone());
    assert_eq!(
        line(&lines, "Action 1"),
        "treasury sends 250 IOST to harbor_cafe (\u{201c}for chairs\u{201d})"
    );
    assert_eq!(line(&lines, "Stands for"), "1 day");
    let tx = world.signed(proposal);
    let args: serde_json::Value = serde_json::from_str(&tx.actions[0].data).expect("JSON");
    assert_eq!(
        args[2],
        serde_json::json!(["marlow@active", "bobby@active", format!("key:{other}")])
    );
    assert_eq!(args[3][0]["action"], "transfer");
    assert_eq!(args[3][0]["data"], data);
    assert_eq!(args[4], 86_400);
    assert_eq!(propose(&[" "], transfer), Err(IntentError::NobodyRequested));
    assert!(matches!(
        propose(&["marlow"], ("token.iost", "transfer", "{}")),
        Err(IntentError::Field { .. })
    ));
    let approve = |who: &str| {
        Intent::Proposal(ProposalDeed::Approve {
            proposer: name("alice"),
            name: text("chairs"),
            who: Requested::parse(who).expect("somebody"),
            actions: vec![Action {
                contract: "token.iost".into(),
                name: "transfer".into(),
                data: data.into(),
            }],
        })
    };
    let tx = world.signed(approve("marlow@active"));
    assert_eq!(
        only(&tx),
        ("msig.iost", "approve", r#"["alice","chairs","marlow@active"]"#)
    );
    assert!(matches!(
        world.refused(approve("bobby@active")),
        IntentError::Field { .. }
    ));
    world.signed(approve(&world.key.to_base58()));
    let execute = Intent::Proposal(ProposalDeed::Execute {
        proposer: name("alice"),
        name: text("chairs"),
        actions: Vec::new(),
    });
    let tx = world.signed(execute);
    assert_eq!(only(&tx), ("msig.iost", "execute", r#"["alice","chairs"]"#));
    // What is withdrawn and cleared is the account's and its key's.
    let own_key = format!("key:{}", world.key.to_base58());
    for (deed, expected, words) in [
        (
            ProposalDeed::RevokeAll,
            [
                ("revokeAll", r#"["marlow"]"#.to_owned()),
                ("revokeAll", format!(r#"["{own_key}"]"#)),
            ],
            "takes back all approvals of marlow",
        ),
        (
            ProposalDeed::Clear { proposer: None },
            [
                ("clear", r#"["marlow",""]"#.to_owned()),
                ("clear", format!(r#"["{own_key}",""]"#)),
            ],
            "clears the list of proposals that wait for marlow",
        ),
        (
            ProposalDeed::Clear {
                proposer: Some(name("alice")),
            },
            [
                ("clear", r#"["marlow","alice"]"#.to_owned()),
                ("clear", format!(r#"["{own_key}","alice"]"#)),
            ],
            "clears the proposals of alice from the list of what waits for marlow",
        ),
    ] {
        let tx = world.signed(Intent::Proposal(deed));
        let actions: Vec<_> = tx
            .actions
            .iter()
            .map(|a| (a.name.as_str(), a.data.clone()))
            .collect();
        assert_eq!(actions, expected);
        assert!(tx.actions.iter().all(|a| a.contract == "msig.iost"));
        assert_eq!(in_words(&tx.actions[0]), words);
    }
    let cancel = Intent::Proposal(ProposalDeed::Cancel { name: text("chairs") });
    assert_eq!(
        only(&world.signed(cancel)),
        ("msig.iost", "cancel", r#"["marlow","chairs"]"#)
    );
}

#[test]
fn an_action_that_isn_t_known_is_shown_as_it_stands() {
    let action = |contract: &str, name: &str, data: &str| Action {
        contract: contract.into(),
        name: name.into(),
        data: data.into(),
    };
    assert_eq!(
        in_words(&action("ContractX", "doIt", "[1,\"a\"]")),
        "ContractX/doIt [1,\"a\"]"
    );
    // With another number of arguments it isn't what it seems.
    assert_eq!(
        in_words(&action("token.iost", "transfer", "[\"iost\",\"a\"]")),
        "token.iost/transfer [\"iost\",\"a\"]"
    );
    let long = in_words(&action(
        "ContractX",
        "doIt",
        &format!("[\"{}\"]", "x".repeat(2_000)),
    ));
    assert!(long.ends_with("… and 1004 bytes more"), "{long}");
}

#[test]
fn an_invited_account_names_who_invited_it() {
    let world = World {
        other_exists: false,
        ..World::new()
    };
    let owner = key(8).public_key().to_base58();
    let plain = Intent::sign_up("newcomer", &owner, "", "").expect("intent");
    let data = format!(r#"["newcomer","{owner}","{owner}"]"#);
    assert_eq!(only(&world.signed(plain)), ("auth.iost", "signUp", data.as_str()));
    let invited = Intent::sign_up("newcomer", &owner, "", "node_a").expect("intent");
    let data = format!(r#"["newcomer","{owner}","{owner}","node_a"]"#);
    assert_eq!(
        only(&world.signed(invited.clone())),
        ("auth.iost", "signUpInvited", data.as_str())
    );
    assert_eq!(line(&world.lines(invited), "Invited by"), "node_a");
    assert!(matches!(
        Intent::sign_up("newcomer", "no key", "", ""),
        Err(IntentError::Field { .. })
    ));
}

#[test]
fn an_approval_counts_while_what_gave_it_stands() {
    let who = |account: &str| Principal::Account {
        account: name(account),
        permission: text("active"),
    };
    // The treasury's active is marlow's or a key's; marlow's is his key's.
    let mut treasury = record("treasury", vec![item(&key(8).public_key(), 100)], 100);
    treasury.permissions[0].items.push(Item {
        principal: who("marlow"),
        weight: 100,
    });
    let marlow = record("marlow", vec![item(&key(5).public_key(), 100)], 100);
    let at = |treasury: &Account, marlow: &Account| {
        let records = [treasury.clone(), marlow.clone()];
        let found = |name: &AccountName| Ok::<_, ()>(records.iter().find(|one| one.name == *name));
        authority_digest(&name("treasury"), "active", found)
            .unwrap()
            .unwrap()
    };
    let approval = Approval {
        authority: at(&treasury, &marlow),
        withdrawals: 2,
    };
    let proposal = Proposal {
        proposer: name("alice"),
        name: text("pay"),
        created_ms: 0,
        expires_ms: 1,
        requested: vec![
            AskedFor {
                who: who("treasury"),
                approval: Some(approval),
            },
            AskedFor {
                who: Principal::Key(key(9).public_key()),
                approval: Some(Approval {
                    authority: ZERO_DIGEST,
                    withdrawals: 0,
                }),
            },
            AskedFor {
                who: who("bobby"),
                approval: None,
            },
        ],
        actions: Vec::new(),
    };
    // What has to be looked up is told step by step.
    let mut records = Records::default();
    let mut rounds = Vec::new();
    loop {
        let wanted: Vec<_> = records
            .wanted([&proposal])
            .into_iter()
            .filter(|one| !records.knows(one))
            .collect();
        if wanted.is_empty() {
            break;
        }
        let keys = wanted.iter().map(|one| one.key().to_string());
        rounds.push(
            keys.map(|key| key.chars().take(26).collect::<String>())
                .collect::<Vec<_>>(),
        );
        for one in wanted {
            match one {
                Wanted::Account(of) => {
                    let record = [&treasury, &marlow].into_iter().find(|record| record.name == of);
                    records.learn_account(of, record.cloned());
                }
                Wanted::Withdrawals(key) => {
                    let count = if key.as_str().contains("treasury") { 2 } else { 0 };
                    records.learn_withdrawals(key, count);
                }
            }
        }
    }
    let firsts: Vec<_> = rounds
        .iter()
        .map(|round| (round.len(), round[0].as_str()))
        .collect();
    assert_eq!(
        firsts,
        [(3, "auth.iost/account/treasury"), (1, "auth.iost/account/marlow")]
    );
    let standings = |records: &Records| -> Vec<Standing> {
        proposal
            .requested
            .iter()
            .map(|one| records.standing(one))
            .collect()
    };
    let all = [Standing::Counts, Standing::Counts, Standing::Open];
    assert_eq!(standings(&records), all);
    assert_eq!(
        standings(&Records::default()),
        [Standing::Unknown, Standing::Unknown, Standing::Open]
    );
    // Marlow changes his key; then it is as it was, but all was withdrawn.
    let mut rotated = records.clone();
    rotated.learn_account(
        name("marlow"),
        Some(record("marlow", vec![item(&key(6).public_key(), 100)], 100)),
    );
    assert_eq!(standings(&rotated)[0], Standing::Void);
    records.learn_withdrawals(StateKey::withdrawals(&name("treasury")), 3);
    records.learn_withdrawals(StateKey::withdrawals_of_key(&key(9).public_key()), 1);
    assert_eq!(
        standings(&records),
        [Standing::Void, Standing::Void, Standing::Open]
    );
}

#[test]
fn the_newest_of_each_proposer_are_shown_in_turn() {
    let listed = |entries: &[(&str, &str)]| Waiting {
        proposals: entries
            .iter()
            .map(|(proposer, of)| WaitingProposal {
                proposer: name(proposer),
                name: text(of),
                expires_ms: 0,
            })
            .collect(),
    };
    let crowd: Vec<String> = (0..20).map(|n| format!("p{n:02}")).collect();
    let mut entries = vec![("alice", "old"), ("alice", "new")];
    entries.extend(crowd.iter().map(|of| ("mallory", of.as_str())));
    let own = Proposals {
        open: vec![text("mine")],
        retired: Vec::new(),
    };
    let waiting = [listed(&entries), listed(&[("alice", "new"), ("bobby", "one")])];
    let shown = approvals::newest_of_each(&name("marlow"), &waiting, &own, 6);
    let shown: Vec<_> = shown
        .iter()
        .map(|(of, name)| (of.as_str(), name.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("mallory", "p19"),
            ("alice", "new"),
            ("bobby", "one"),
            ("marlow", "mine"),
            ("mallory", "p18"),
            ("alice", "old"),
        ]
    );
}
