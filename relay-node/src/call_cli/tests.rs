//! What is typed becomes what is signed; what the chain says, and a key that is none, are told in words.

use clap::Parser as _;
use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use credo_pob::{Candidate, CandidateStatus, Loss};
use credo_primitives::entry::LossReason;
use credo_primitives::hash::ZERO_DIGEST;
use credo_primitives::possession::check_possession;
use credo_primitives::spec::consensus_key;
use credo_primitives::{Amount, Parameters, Preset, Text};

use super::servi::{Standing, actions};
use super::*;

#[derive(Debug, clap::Parser)]
struct Servi {
    #[command(flatten)]
    args: ServiArgs,
}

#[derive(Debug, clap::Parser)]
struct Call {
    #[command(flatten)]
    args: CallArgs,
}

/// What a `servi` command line signs: names and arguments.
fn signed(line: &str) -> Vec<(String, String)> {
    let words = ["servi", "--relay", "http://x:1", "--account", "node1"];
    let typed = Servi::parse_from(words.into_iter().chain(line.split_whitespace()));
    let actions = actions(&typed.args.account, &typed.args.command, &ZERO_DIGEST).expect("possible");
    let shown = |a: Action| {
        assert_eq!(a.contract, "vote_producer.iost");
        (a.name, a.data)
    };
    actions.unwrap_or_default().into_iter().map(shown).collect()
}

#[test]
fn each_servi_command_signs_its_actions() {
    let one = |name: &str, data: &str| vec![(name.to_owned(), data.to_owned())];
    assert_eq!(signed("apply"), one("logInProducer", r#"["node1"]"#));
    assert_eq!(signed("leave"), one("logOutProducer", r#"["node1"]"#));
    assert_eq!(signed("stand-aside 12"), one("standAside", r#"["node1",12]"#));
    assert_eq!(signed("fee-share 30"), one("setFeeShare", r#"["node1",30]"#));
    let claims: Vec<String> = signed("claim").into_iter().map(|a| a.0).collect();
    assert_eq!(claims, ["candidateWithdraw", "voterWithdraw"]);
    assert!(signed("status").is_empty());
    let key = consensus_key::to_base58(&PrivateKey::from_seed(1).public_key());
    let data = format!(r#"["node1","{key}","here","https://x","h:1",true]"#);
    let line = format!("register --node-key {key} --net-id h:1 --url https://x --location here");
    // Without the key's signature: only where nodes are invited.
    assert_eq!(signed(&line), one("applyRegister", &data));
    let data = format!(r#"["node1","{key}","here","https://x","h:1",true,"ab"]"#);
    assert_eq!(
        signed(&format!("{line} --possession ab")),
        one("applyRegister", &data)
    );
}

#[test]
fn a_node_s_key_is_read_from_its_data_directory() {
    let folder = tempfile::tempdir().expect("a folder");
    let node = crate::node::DataDir::open(folder.path()).expect("opens");
    let key = node.consensus_key().expect("a key").public_key();
    let line = format!("register --data {} --net-id h:1", folder.path().display());
    let data: Value = serde_json::from_str(&signed(&line)[0].1).expect("JSON");
    assert_eq!(data[1], consensus_key::to_base58(&key));
    let account = AccountName::new("node1").expect("a name");
    let shown = data[6].as_str().expect("a text");
    check_possession(shown, &ZERO_DIGEST, &account, &key).expect("the key's own signature");
}

#[test]
fn what_can_t_be_meant_is_refused_before_anything_is_signed() {
    let parse = |more: &[&str]| {
        let words = ["call", "--relay", "http://x:1", "--account", "alice"];
        Call::try_parse_from(words.iter().chain(more)).map(|call| call.args)
    };
    let whole = parse(&[
        "--amount-limit",
        "iost:12.5",
        "--gas-limit",
        "6000",
        "token.iost",
        "supply",
        r#"["iost"]"#,
    ])
    .expect("fits");
    assert_eq!(whole.signing.amount_limit[0].token, "iost");
    assert_eq!(whole.signing.amount_limit[0].value, "12.5");
    for wrong in [
        &["token.iost", "supply", "iost"][..],
        &["token.iost", "supply", r#"{"a":1}"#],
        &["--gas-limit", "5999", "token.iost", "supply", "[]"],
        &["--amount-limit", "iost", "token.iost", "supply", "[]"],
        &["--amount-limit", ":5", "token.iost", "supply", "[]"],
    ] {
        assert!(parse(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_key_file_that_holds_no_key_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    let missing = key::read(&path).expect_err("there is none");
    assert!(missing.contains("can't be read"), "{missing}");
    std::fs::write(&path, "no key").expect("written");
    let wrong = key::read(&path).expect_err("no key");
    assert!(wrong.contains("holds no account's secret key"), "{wrong}");
    std::fs::write(&path, "x".repeat(10_000)).expect("written");
    let large = key::read(&path).expect_err("too large");
    assert!(large.contains("too large"), "{large}");
    let secret = credo_primitives::SecretKey::from_seed(credo_primitives::Algorithm::Ed25519, &[3; 32])
        .expect("a key");
    std::fs::write(&path, format!("{}\n", secret.to_base58().as_str())).expect("written");
    let read = key::read(&path).expect("a key");
    assert_eq!(read.public_key(), secret.public_key());
    let several = key::load(&[path.clone(), path.clone()]).expect("keys");
    assert_eq!(several.len(), 2);
    let many = key::load(&vec![path; 17]).expect_err("too many");
    assert!(many.contains("at most 16 keys"), "{many}");
}

#[test]
fn a_lost_candidacy_is_shown_with_its_reason_and_its_dates() {
    let node = Candidate {
        account: AccountName::new("node1").expect("a name"),
        key: PrivateKey::from_seed(1).public_key(),
        location: Text::default(),
        url: Text::default(),
        net_id: Text::default(),
        generation: 1,
        registered: 0,
        status: CandidateStatus::Lost,
        order: 3,
        votes: Amount::ZERO,
        voted: Amount::ZERO,
        servi: 0,
        available: 4,
        missed: 0,
        aside_until: 0,
        leaving: false,
        loss: Some(Loss {
            reason: LossReason::NoBlocks,
            epoch: 9,
            at_ms: 0,
            until_ms: 86_400_000,
        }),
        deposit: Amount::from_iost(50),
        lock: Amount::from_iost(5),
        deposit_until_ms: 86_400_000,
        fee_share: 10,
        earned: Amount::from_iost(2),
        voters_pot: Amount::ZERO,
        voter_coef: 0,
    };
    let parameters = Parameters::preset(Preset::Devnet);
    let standing = |time_ms| Standing {
        node: &node,
        parameters: &parameters,
        epoch: 10,
        time_ms,
        rank: None,
        candidates: 7,
        seated: false,
        elected: false,
        turns: None,
        put_off: 0,
    };
    let lines = standing(5_000).lines();
    let line = |label: &str| {
        let found = lines.iter().find(|(name, _)| *name == label);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(line("status"), Some("lost its candidacy"));
    assert_eq!(
        line("lost"),
        Some("It had turns and produced no block. Epoch 9, 1970-01-01 00:00:00 UTC")
    );
    assert_eq!(line("votes return"), Some("1970-01-02 00:00:00 UTC"));
    assert_eq!(line("deposit"), Some("50 IOST, returns 1970-01-02 00:00:00 UTC"));
    assert_eq!(line("rank"), None);
    let later = standing(86_400_000).lines();
    let deposit = later.iter().find(|(name, _)| *name == "deposit").expect("shown");
    assert!(deposit.1.starts_with("50 IOST, returned"), "{}", deposit.1);
    let json = standing(5_000).json();
    assert_eq!(json["loss"]["until_ms"], 86_400_000);
    assert_eq!(json["loss"]["reason"], "It had turns and produced no block.");
}
