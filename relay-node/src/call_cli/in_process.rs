//! Lines of `relay-node call` against a chain in this process: what is typed changes what is in the state.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser as _;
use commonware_codec::{Copying, DecodeExt as _};
use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use credo_pob::Candidates;
use credo_primitives::entry::{Account, Permission, Principal};
use credo_primitives::spec::{Genesis, GenesisAccount, GenesisCandidate, GenesisVote, Parameters};
use credo_primitives::{
    Algorithm, Amount, ChainSpec, CheckedTransaction, Digest, Preset, PublicKey, Receipt, Text,
};
use credo_runtime::{BlockBuilder, BlockContext, PushError};

use super::*;

#[derive(Debug, clap::Parser)]
struct Line {
    #[command(flatten)]
    args: CallArgs,
}

fn name(text: &str) -> AccountName {
    AccountName::any(text).expect("a name")
}

fn secret(of: &str) -> SecretKey {
    let seed = credo_primitives::sha256(&[of.as_bytes()]);
    SecretKey::from_seed(Algorithm::Ed25519, &seed.0).expect("a key")
}

/// A chain, and a folder with a key file for each key that a test names.
struct World {
    folder: tempfile::TempDir,
    spec: ChainSpec,
    state: BTreeMap<StateKey, Vec<u8>>,
    candidates: Arc<Candidates>,
    height: u64,
}

impl World {
    fn new() -> Self {
        let account = |text: &str| GenesisAccount {
            name: name(text),
            owner: secret(&format!("{text}-owner")).public_key().into(),
            active: secret(text).public_key().into(),
            balance: Amount::from_iost(1_000),
            pledge: Amount::from_iost(1_000),
        };
        let genesis = Genesis {
            preset: Preset::Devnet,
            name: Text::new("test").expect("short"),
            parameters: Parameters::preset(Preset::Devnet),
            salt: Digest([7; 32]),
            time_ms: now_ms(),
            accounts: ["alice", "bobby", "node1"].map(account).to_vec(),
            candidates: vec![GenesisCandidate {
                account: name("node1"),
                key: PrivateKey::from_seed(1).public_key(),
                location: Text::default(),
                url: Text::default(),
                net_id: Text::default(),
            }],
            votes: vec![GenesisVote {
                voter: name("node1"),
                candidate: name("node1"),
                amount: Amount::from_iost(10_000_000),
            }],
            pool: Amount::ZERO,
            vesting: Vec::new(),
            grants: Vec::new(),
        };
        let first = credo_runtime::genesis(&genesis).expect("a genesis");
        let spec = crate::executor::spec_of(&genesis).expect("a spec");
        let written = first.writes.into_iter();
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            spec,
            state: written.filter_map(|(key, value)| Some((key, value?))).collect(),
            candidates: first.candidates,
            height: 0,
        }
    }

    /// The file with a key's secret.
    fn key(&self, of: &str) -> String {
        let path: PathBuf = self.folder.path().join(format!("{of}.key"));
        std::fs::write(&path, secret(of).to_base58().as_str()).expect("written");
        path.to_str().expect("text").to_owned()
    }

    /// The transaction of a line, by the command's own code.
    fn signed(&self, line: &[&str]) -> Result<CheckedTransaction, String> {
        let words = ["call", "--relay", "http://x:1"];
        let args = Line::try_parse_from(words.iter().chain(line))
            .map_err(|error| error.to_string())?
            .args;
        let actions = transaction::actions(&args)?;
        let keys = key::load(&args.signing.key)?;
        transaction::sign(&self.spec, &args.account, &keys, &args.signing, actions, now_ms())
            .map_err(|failure| failure.to_string())
    }

    /// What a line comes to in a block; the refusal's words if it may stand in none.
    fn call(&mut self, line: &[&str]) -> Result<Receipt, String> {
        let tx = self.signed(line)?;
        self.height += 1;
        let committee = self.spec.genesis_committee().expect("a committee");
        let context = BlockContext {
            spec: &self.spec,
            epoch: 0,
            height: self.height,
            time_ms: now_ms().max(self.spec.time_ms + self.height * self.spec.parameters.slot_ms),
            proposer: committee.leader(self.height).clone(),
            committee: &committee,
            view: self.height,
            parent_view: self.height - 1,
            previous_msb: None,
        };
        let mut block =
            BlockBuilder::new(context, &self.state, Arc::clone(&self.candidates)).expect("a block");
        match block.push(&tx) {
            Ok(_) => {}
            Err(PushError::Refused(refusal)) => return Err(refusal.to_string()),
            Err(PushError::Fatal(error)) => panic!("{error}"),
        }
        let mut outcome = block.finish().expect("a block");
        for (key, value) in outcome.writes {
            match value {
                Some(value) => self.state.insert(key, value),
                None => self.state.remove(&key),
            };
        }
        self.candidates = outcome.candidates;
        Ok(outcome.receipts.remove(0))
    }

    fn passes(&mut self, line: &[&str]) -> Receipt {
        let receipt = self.call(line).expect("taken");
        assert!(receipt.is_success(), "{:?}", receipt.status);
        receipt
    }

    fn permission(&self, account: &str, permission: &str) -> Permission {
        let bytes = &self.state[&StateKey::account(&name(account))];
        let record = Account::decode(Copying(bytes)).expect("a record");
        record.permission(permission).expect("there is one").clone()
    }
}

fn weight_of(permission: &Permission, key: &PublicKey) -> Option<u32> {
    let mut items = permission.items.iter();
    items
        .find(|item| item.principal == Principal::Key(key.clone()))
        .map(|item| item.weight)
}

#[test]
fn permissions_are_changed_from_the_command_line() {
    let mut world = World::new();
    let (alice, owner) = (world.key("alice"), world.key("alice-owner"));
    let (old, new) = (secret("alice").public_key(), secret("fresh").public_key());
    let assign = format!(r#"["alice","active","{new}",100]"#);
    let revoke = format!(r#"["alice","active","{old}"]"#);
    let one = [
        "--account",
        "alice",
        "--key",
        &alice,
        "auth.iost",
        "assignPermission",
        &assign,
    ];
    let receipt = world.call(&one).expect("it stands in a block");
    assert!(!receipt.is_success(), "the active key alone may not");

    // The key is changed for another, both at once, with the owner's signature beside the active one's.
    let signer = format!("alice@owner={owner}");
    let both = [
        "--account",
        "alice",
        "--key",
        &alice,
        "--signer",
        &signer,
        "--action",
        "auth.iost",
        "assignPermission",
        &assign,
        "--action",
        "auth.iost",
        "revokePermission",
        &revoke,
    ];
    let receipt = world.passes(&both);
    assert_eq!(receipt.returns.len(), 2);
    let active = world.permission("alice", "active");
    assert_eq!(
        (weight_of(&active, &new), weight_of(&active, &old)),
        (Some(100), None)
    );
    let transfer = ["token.iost", "transfer", r#"["iost","alice","bobby","1",""]"#];
    let spends = |key: &str| {
        let limit = ["--account", "alice", "--amount-limit", "iost:1", "--key", key];
        [&limit[..], &transfer]
            .concat()
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let by = |world: &mut World, key: &str| {
        let line = spends(key);
        world.call(&line.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let refused = by(&mut world, &alice).expect_err("the old key is out");
    assert_eq!(refused, "unauthorized publisher: alice");
    let fresh = world.key("fresh");
    assert!(by(&mut world, &fresh).expect("taken").is_success());

    // The owner's key publishes, too, and gives its own permission: no further file is needed.
    let by_owner = [
        "--account",
        "alice",
        "--key",
        &owner,
        "--signer",
        "alice@owner",
        "auth.iost",
        "addPermission",
        r#"["alice","small",1]"#,
    ];
    world.passes(&by_owner);
    assert_eq!(world.permission("alice", "small").threshold, 1);
}

#[test]
fn several_signers_and_actions_are_done_as_a_whole() {
    let mut world = World::new();
    let (alice, bobby) = (world.key("alice"), world.key("bobby"));
    let signer = format!("bobby@active={bobby}");
    let line = |second: &'static str, signer: &str| -> Vec<String> {
        [
            "--account",
            "alice",
            "--key",
            &alice,
            "--signer",
            signer,
            "--amount-limit",
            "iost:20",
            "--action",
            "token.iost",
            "transfer",
            r#"["iost","alice","bobby","5",""]"#,
            "--action",
            "token.iost",
            "transfer",
            second,
        ]
        .map(str::to_owned)
        .to_vec()
    };
    let run =
        |world: &mut World, line: &[String]| world.call(&line.iter().map(String::as_str).collect::<Vec<_>>());
    // Bobby signs for what is his.
    let back = r#"["iost","bobby","alice","7",""]"#;
    let receipt = run(&mut world, &line(back, &signer)).expect("taken");
    assert!(receipt.is_success(), "{:?}", receipt.status);
    let receipt = run(
        &mut world,
        &line(r#"["iost","bobby","alice","70000",""]"#, &signer),
    )
    .expect("taken");
    assert!(
        !receipt.is_success() && receipt.receipts.is_empty(),
        "all or none"
    );
    let forged = format!("bobby@active={alice}");
    let refused = run(&mut world, &line(back, &forged)).expect_err("not his key");
    assert_eq!(refused, "unauthorized signer: bobby@active");
}

#[test]
fn what_cant_be_meant_is_refused_with_a_sentence() {
    let world = World::new();
    let alice = world.key("alice");
    let head = ["--account", "alice", "--key", &alice];
    let refused = |more: &[&str]| world.signed(&[&head[..], more].concat()).expect_err("wrong");
    let supply = ["token.iost", "supply", r#"["iost"]"#];
    for signer in ["alice", "alice@=x", "alice@owner=", "@owner=x", "alice@a@b=x"] {
        let said = refused(&[&["--signer", signer][..], &supply].concat());
        assert!(said.contains("--signer"), "{said}");
    }
    let missing = refused(&[&["--signer", "alice@owner=/nowhere/key"][..], &supply].concat());
    assert!(missing.contains("can't be read"), "{missing}");
    let wrong = refused(&["--action", "token.iost", "supply", "iost"]);
    assert!(wrong.starts_with("action 1: this isn't JSON"), "{wrong}");
    // Either one by itself or several, and each whole.
    refused(&[]);
    refused(&["token.iost", "supply"]);
    refused(&["--action", "token.iost", "supply"]);
    refused(&[&["--action", "token.iost", "supply", r#"["iost"]"#][..], &supply].concat());
    let keys: Vec<String> = (0..16)
        .map(|n| format!("alice@owner={}", world.key(&n.to_string())))
        .collect();
    let many: Vec<&str> = keys
        .iter()
        .flat_map(|signer| ["--signer", signer.as_str()])
        .collect();
    let many = refused(&[&many[..], &supply].concat());
    assert!(many.contains("at most 16 keys"), "{many}");
}
