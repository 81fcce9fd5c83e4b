//! Templates filled in well and badly, through the command line.

use clap::Parser as _;
use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use credo_primitives::spec::{Genesis, GenesisKeys, consensus_key, supply};
use credo_primitives::{Algorithm, Amount, SecretKey, sha256};
use tempfile::TempDir;

use super::*;
use crate::node::WELL_KNOWN_KEY;

#[derive(Debug, clap::Parser)]
struct Line {
    #[command(flatten)]
    args: GenesisArgs,
}

/// What a command prints and whether it succeeds; an error's text when it can't run.
fn command(line: &[&str]) -> (bool, String) {
    let args = Line::try_parse_from([&["genesis"][..], line].concat())
        .unwrap()
        .args;
    let mut out = Vec::new();
    let ok = match run(&args, &mut out) {
        Ok(code) => code == ExitCode::SUCCESS,
        Err(error) => return (false, error.to_string()),
    };
    (ok, String::from_utf8(out).unwrap())
}

fn account_key(n: usize) -> String {
    let seed = sha256(&[b"key", &n.to_be_bytes()]);
    SecretKey::from_seed(Algorithm::Ed25519, &seed.0)
        .unwrap()
        .public_key()
        .to_base58()
}

fn node_key(n: usize) -> String {
    consensus_key::to_base58(&PrivateKey::from_seed(n as u64).public_key())
}

/// Puts one text after the other in the place of a placeholder.
fn replaced(text: &str, placeholder: &str, with: impl Fn(usize) -> String) -> String {
    let mut parts = text.split(placeholder);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for (n, part) in parts.enumerate() {
        out.push_str(&with(n));
        out.push_str(part);
    }
    out
}

/// A preset's template with keys and addresses.
fn filled(preset: &str) -> String {
    let (ok, text) = command(&["template", "--preset", preset]);
    assert!(ok);
    let text = replaced(&text, "\"KEY\"", |n| format!("\"{}\"", account_key(n)));
    let text = replaced(&text, "\"NODE-KEY\"", |n| format!("\"{}\"", node_key(n)));
    replaced(&text, "\"ADDRESS\"", |n| format!("\"node{n}.example.org:8470\""))
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Runs `genesis new` on a template's text.
    fn make(&self, preset: &str, text: &str) -> (bool, String) {
        let template = self.write("template.toml", text);
        let out = self.path("genesis.json");
        command(&["new", "--preset", preset, &template, "--out", &out])
    }

    fn genesis(&self) -> Genesis {
        crate::node::load_genesis(Path::new(&self.path("genesis.json"))).unwrap()
    }

    /// Runs `genesis check` on what was made and then changed.
    fn check_changed(&self, change: impl FnOnce(&mut Genesis)) -> (bool, String) {
        let mut genesis = self.genesis();
        change(&mut genesis);
        let path = self.write("changed.json", &serde_json::to_string(&genesis).unwrap());
        command(&["check", &path])
    }
}

#[test]
fn every_filled_in_template_makes_a_chain_that_passes_the_check() {
    for preset in ["main", "test", "devnet", "private"] {
        let folder = Folder::new();
        let (ok, said) = folder.make(preset, &filled(preset));
        assert!(ok, "{preset}: {said}");
        let path = folder.path("genesis.json");
        let (ok, report) = command(&["check", &path]);
        assert!(ok, "{preset}: {report}");
        assert!(said.starts_with(&report), "`new` tells what `check` tells");
        let (ok, hash) = command(&["hash", &path]);
        assert!(ok && report.contains(&format!("spec hash {hash}")), "{report}");
        let (ok, json) = command(&["check", &path, "--json"]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(ok);
        assert_eq!(json["spec_hash"], hash.trim());
        assert_eq!(json["preset"], preset);
        assert_eq!(json["problems"], serde_json::json!([]));
        assert_eq!(json["candidates"].as_array().unwrap().len(), 4);
    }
}

#[test]
fn the_main_network_is_handed_out_to_the_unit() {
    let folder = Folder::new();
    assert!(folder.make("main", &filled("main")).0);
    let genesis = folder.genesis();
    assert_eq!(check::total(&genesis), u128::from(supply::SUPPLY.units()));
    assert_eq!(
        genesis.parameters.available_votes,
        Amount::from_iost(12_075_000_000)
    );
    assert!(genesis.pool.is_zero());
    let vesting: Vec<_> = genesis
        .vesting
        .iter()
        .map(|part| (part.account.as_str(), part.total, part.start_ms, part.months))
        .collect();
    let (pool, marketing) = (Amount::from_iost(8_400_000_000), Amount::from_iost(525_000_000));
    assert_eq!(
        vesting,
        [
            ("issue.iost", pool, 1_767_225_600_000, 120),
            ("foundation", marketing, 1_767_225_600_000, 120)
        ]
    );
    let first = genesis
        .accounts
        .iter()
        .find(|a| a.name.as_str() == "first")
        .unwrap();
    // Grants less pledge, votes and deposit.
    assert_eq!(
        first.balance,
        Amount::from_iost(262_500_000 - 1_000 - 5_000_000 - 100_000)
    );
    let (_, json) = command(&["check", &folder.path("genesis.json"), "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let parts: Vec<_> = json["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| {
            (
                part["allocation"].as_str().unwrap(),
                part["share_percent"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        parts,
        [
            ("Private sale", "40.00"),
            ("Team", "10.00"),
            ("Advisers and equity investors", "2.50"),
            ("Strategic", "5.00"),
            ("Treasury and community", "40.00"),
            ("Business and marketing", "2.50"),
        ]
    );
}

#[test]
fn a_template_that_is_not_filled_in_says_what_is_missing() {
    let folder = Folder::new();
    let (ok, text) = command(&["template", "--preset", "main"]);
    assert!(ok && text.contains("--preset main"));
    let (ok, said) = folder.make("main", &text);
    assert!(!ok);
    assert!(said.starts_with("wrong: the template can't be read: "), "{said}");
    assert!(said.contains("fits neither ed25519 nor secp256k1"), "{said}");
    assert!(!Path::new(&folder.path("genesis.json")).exists());
}

/// Makes the template with `from` replaced by `to`, and expects the reason.
fn refused(preset: &str, from: &str, to: &str, reason: &str) {
    let text = filled(preset);
    assert!(text.contains(from), "the template has no {from}");
    let folder = Folder::new();
    let (ok, said) = folder.make(preset, &text.replacen(from, to, 1));
    assert!(!ok, "{reason}");
    assert!(said.contains(reason), "expected: {reason}\nsaid: {said}");
    assert!(!Path::new(&folder.path("genesis.json")).exists());
}

#[test]
fn unsafe_or_incomplete_templates_are_refused_with_sentences() {
    let well_known = SecretKey::from_base58(WELL_KNOWN_KEY)
        .unwrap()
        .public_key()
        .to_base58();
    let everybody = format!("everybody knows the secret of the key {well_known}");
    let three = |n| format!("threshold = {n}");
    for (preset, from, to, reason) in [
        (
            "main",
            "team = \"2099000000\"",
            "team = \"2098999999.99999999\"",
            "grants of team add up to 2099999999.99999999 IOST; the part has 2100000000 exactly",
        ),
        (
            "main",
            "team = \"2099000000\"",
            "team = \"2098999999\"",
            "20999999999 IOST are handed out; the supply is 21000000000 exactly",
        ),
        (
            "main",
            "team = \"2099000000\"",
            "team = \"2099000000\", treasury = \"1\"",
            "treasury vests month by month; it can't be granted",
        ),
        (
            "main",
            "team = \"2099000000\"",
            "team = \"2099000000\", friends = \"1\"",
            "team_fund: the supply has no part friends",
        ),
        (
            "main",
            &three(2),
            &three(1),
            "foundation@active is 1 of 3 keys; the foundation is a multi-signature of 2 of 3",
        ),
        ("test", &three(2), &three(3), "foundation@owner is 3 of 3 keys"),
        ("main", &three(2), &three(4), "4 of 3 keys can't be needed"),
        (
            "main",
            "name = \"foundation\"",
            "name = \"fundation\"",
            "the account foundation, which has admin rights, is missing",
        ),
        ("main", &account_key(5), &well_known, &everybody),
        ("private", &account_key(3), &well_known, &everybody),
        ("main", &account_key(1), &account_key(0), "stands twice"),
        (
            "main",
            "votes = { second = \"5000000\" }",
            "votes = { second = \"262500000\" }",
            "second: grants of 262500000 IOST don't cover 262601000 IOST: a pledge of 1000, votes of 262500000 and a \
             deposit of 100000",
        ),
        (
            "main",
            "votes = { second = \"5000000\" }",
            "votes = { second = \"2415000\" }",
            "second: 2415000 votes; a candidate has more than 2415000",
        ),
        (
            "main",
            "votes = { second = \"5000000\" }",
            "votes = { secund = \"5000000\" }",
            "producer not exists",
        ),
        (
            "main",
            "name = \"credo\"",
            "name = \"credo\"\npool = \"1\"",
            "the main network's reward pool and vesting are fixed",
        ),
        (
            "main",
            "name = \"credo\"",
            "name = \"credo\"\nparameters = { slot_ms = 100 }",
            "the main network's parameters are fixed",
        ),
        (
            "main",
            "node1.example.org:8470",
            "127.0.0.1:8470",
            "nobody else reaches 127.0.0.1:8470",
        ),
        (
            "main",
            "node1.example.org:8470",
            "node1.example.org",
            "is no address such as",
        ),
        (
            "main",
            "node1.example.org:8470",
            "node0.example.org:8470",
            "second: another candidate has the address node0.example.org:8470, too",
        ),
        (
            "main",
            &node_key(1),
            &node_key(0),
            "pubkey is used by another producer",
        ),
        (
            "main",
            "2026-12-01T00:00:00Z",
            "2026-12-01",
            "\"2026-12-01\" is no date such as",
        ),
        (
            "main",
            "2026-12-01T00:00:00Z",
            "2400-12-01T00:00:00Z",
            "beyond the time that transactions can name",
        ),
        (
            "main",
            "pledge = \"1000\"",
            "pledges = \"1000\"",
            "unknown field `pledges`",
        ),
        (
            "main",
            "\"8400000000\"",
            "\"8400000000.000000001\"",
            "at most 8 decimals are allowed",
        ),
        (
            "main",
            "name = \"second\"",
            "name = \"first\"",
            "genesis names the account first twice",
        ),
        (
            "main",
            "name = \"sale_01\"",
            "name = \"sale\"",
            "id length should be between 5,11",
        ),
    ] {
        refused(preset, from, to, reason);
    }
}

#[test]
fn a_private_network_has_its_own_numbers_and_schedule() {
    let folder = Folder::new();
    let vests = "\n[[vesting]]\naccount = \"issue.iost\"\ntotal = \"600000\"\nstart = \"2026-12-01T00:00:00Z\"\nmonths = 60\n";
    let text = filled("private") + vests;
    let (ok, said) = folder.make("private", &text);
    assert!(ok, "{said}");
    let genesis = folder.genesis();
    assert_eq!(genesis.parameters.committee_size, 4);
    assert_eq!(genesis.parameters.deposit, Amount::from_iost(1_000));
    assert_eq!(genesis.pool, Amount::from_iost(1_000_000));
    assert_eq!(genesis.parameters.available_votes, Amount::from_iost(10_000_000));
    assert_eq!(genesis.vesting[0].months, 60);
    assert!(said.contains("vesting to issue.iost"), "{said}");

    // What may be ahead follows from the slot, unless it is given.
    let own = |numbers: &str| {
        filled("private").replace("committee_size = 4", &format!("committee_size = 4\n{numbers}"))
    };
    for (numbers, longest) in [
        ("slot_ms = 3000", 1_000),
        ("slot_ms = 200", 100),
        ("max_ahead_ms = 50", 50),
    ] {
        let folder = Folder::new();
        let (ok, said) = folder.make("private", &own(numbers));
        assert!(ok, "{said}");
        assert_eq!(folder.genesis().parameters.max_ahead_ms, longest, "{numbers}");
    }
    refused(
        "private",
        "committee_size = 4",
        "max_ahead_ms = 251",
        "parameter max_ahead_ms is out of range",
    );
    refused(
        "private",
        "committee_size = 4",
        "seats = 4",
        "there is no parameter `seats`",
    );
    refused(
        "private",
        "committee_size = 4",
        "committee_size = 0",
        "parameter committee_size is out of range",
    );
    refused(
        "private",
        "committee_size = 4",
        "committee_size = \"4\"",
        "the parameters can't be read",
    );
    refused(
        "private",
        "committee_size = 4",
        "available_votes = \"4\"",
        "`available_votes` follows from",
    );
}

#[test]
fn a_presets_chain_id_is_its_own() {
    let folder = Folder::new();
    for (preset, own) in [("main", 7001), ("test", 7002), ("devnet", 1024)] {
        let folder = Folder::new();
        let (ok, said) = folder.make(preset, &filled(preset));
        assert!(
            ok && said.contains(&format!("({preset}), chain id {own}, from")),
            "{said}"
        );
        assert_eq!(folder.genesis().parameters.chain_id, own);
    }
    // A private network's is drawn with its salt: another each time, the same for the same salt.
    let mut drawn = std::collections::BTreeSet::new();
    for salt in ["11", "11", "22", "33"] {
        let folder = Folder::new();
        let line = format!("name = \"ours\"\nsalt = \"{}\"", salt.repeat(32));
        let text = filled("private").replacen("name = \"ours\"", &line, 1);
        assert!(folder.make("private", &text).0);
        drawn.insert(folder.genesis().parameters.chain_id);
    }
    assert_eq!(drawn.len(), 3);
    assert!(drawn.iter().all(|id| ![1024, 7001, 7002].contains(id)));

    for (id, whose) in [
        (7001, "is the main network's"),
        (7002, "is the test network's"),
        (1024, "is a devnet's"),
        (0, "can't be a private network's"),
    ] {
        let reason = format!("the chain id {id} {whose}; a private network has one of its own");
        refused(
            "private",
            "committee_size = 4",
            &format!("chain_id = {id}"),
            &reason,
        );
    }
    refused(
        "devnet",
        "committee_size = 4",
        "chain_id = 7001",
        "the chain id 7001 is the main network's; a devnet has 1024",
    );
    // A file that was changed, and a spec made of it.
    assert!(folder.make("test", &filled("test")).0);
    let (ok, said) = folder.check_changed(|g| g.parameters.chain_id = 7001);
    let reason = "the chain id 7001 is the main network's; the test network has 7002";
    assert!(!ok && said.contains(reason), "{said}");
    let (ok, said) = command(&["hash", &folder.path("changed.json")]);
    assert!(!ok && said.contains(reason), "{said}");
}

#[test]
fn fewer_than_four_candidates_make_no_chain_but_a_devnet() {
    let last = |text: &str| {
        let at = text.rfind("[[candidates]]").unwrap();
        let end = text[at..]
            .find("# A part that vests")
            .map_or(text.len(), |end| at + end);
        let text = format!("{}{}", &text[..at], &text[end..]);
        text.replace("votes = { fourth = ", "votes = { first = ")
    };
    let folder = Folder::new();
    for preset in ["main", "test", "private"] {
        let (ok, said) = folder.make(preset, &last(&filled(preset)));
        assert!(!ok);
        assert!(
            said.contains("3 candidates stand; at least 4 are needed"),
            "{said}"
        );
    }
    let (ok, said) = folder.make("devnet", &last(&filled("devnet")));
    assert!(ok, "{said}");
    assert!(
        said.contains("3 candidates stand for 4 seats: all of them sit"),
        "{said}"
    );
}

#[test]
fn a_file_that_was_changed_fails_the_check_with_reasons() {
    let folder = Folder::new();
    assert!(folder.make("main", &filled("main")).0);
    type Change = (Box<dyn FnOnce(&mut Genesis)>, &'static str);
    let changes: Vec<Change> = vec![
        (
            Box::new(|g| g.accounts[0].balance = Amount::ZERO),
            "foundation is granted 1000000 IOST, but holds, pledges, votes with and has as deposit 100000",
        ),
        (
            Box::new(|g| g.vesting[0].months = 119),
            "reward pool and vesting aren't the main network's schedule",
        ),
        (
            Box::new(|g| g.vesting[0].months = 0),
            "genesis: what vests to issue.iost: a schedule lasts at least one month",
        ),
        (
            Box::new(|g| g.parameters.servi_cap = 11),
            "the parameters aren't the main network's",
        ),
        (
            Box::new(|g| g.parameters.available_votes = supply::SUPPLY),
            "12075000000 IOST are liquid at genesis, but the parameter available_votes says 21000000000",
        ),
        (
            Box::new(|g| g.accounts[0].owner = GenesisKeys::from(g.accounts[0].owner.keys[0].clone())),
            "foundation@owner is 1 of 1 keys",
        ),
        (
            Box::new(|g| g.grants.clear()),
            "grants of private-sale add up to 0 IOST; the part has 8400000000 exactly",
        ),
    ];
    for (change, reason) in changes {
        let (ok, said) = folder.check_changed(change);
        assert!(!ok, "{reason}");
        assert!(
            said.contains("wrong: ") && said.contains(reason),
            "expected: {reason}\nsaid: {said}"
        );
    }
    let (ok, said) = folder.check_changed(|_| ());
    assert!(ok, "{said}");
    let (ok, said) = command(&["check", &folder.write("bad.json", "{}")]);
    assert!(!ok && said.contains("bad.json"), "{said}");
    let (ok, said) = command(&["hash", &folder.path("missing.json")]);
    assert!(!ok && said.contains("missing.json"), "{said}");
}

#[test]
fn nothing_that_exists_is_overwritten_and_the_salt_can_be_given() {
    let folder = Folder::new();
    let salt = "11".repeat(32);
    let text = filled("main").replacen(
        "name = \"credo\"",
        &format!("name = \"credo\"\nsalt = \"{salt}\""),
        1,
    );
    assert!(folder.make("main", &text).0);
    let made = std::fs::read(folder.path("genesis.json")).unwrap();
    let (ok, said) = folder.make("main", &filled("main"));
    assert!(
        !ok && said.contains("exists already; a genesis file is never overwritten"),
        "{said}"
    );
    assert_eq!(std::fs::read(folder.path("genesis.json")).unwrap(), made);
    assert_eq!(hex::encode(folder.genesis().salt), salt);
    refused(
        "main",
        "name = \"credo\"",
        "name = \"credo\"\nsalt = \"12\"",
        "`salt` isn't 64 hexadecimal characters",
    );

    // The spec's bytes, as a client reads them.
    let spec = folder.path("spec.bin");
    let (ok, hash) = command(&["hash", &folder.path("genesis.json"), "--spec", &spec]);
    assert!(ok);
    let read = credo_primitives::ChainSpec::from_bytes(&std::fs::read(spec).unwrap()).unwrap();
    assert_eq!(read.hash().to_string(), hash.trim());
}

#[test]
fn the_schedule_is_told_in_three_forms() {
    let (ok, csv) = command(&["schedule", "--csv"]);
    assert!(ok && csv.starts_with("month,from,"));
    let (ok, svg) = command(&["schedule", "--svg"]);
    assert!(ok && svg.starts_with("<svg "));
    let (ok, table) = command(&["schedule"]);
    assert!(
        ok && table
            .contains("| 2036-01-01 | 120 | 8,400,000,000 | 525,000,000 | 21,000,000,000 | 100.00 % |")
    );
}
