//! The wallet crate from outside, natively and in a browser.

use core::convert::Infallible;

use credo_pob::{Candidate, CandidateStatus, Candidates};
use credo_primitives::entry::Ram;
use credo_primitives::{
    AccountName, Algorithm, Amount, Parameters, Preset, SecretKey, Text, Transaction, sha256,
};
use credo_wallet::slip10::Node;
use credo_wallet::{
    Basis, Intent, IntentError, Keystore, KeystoreError, MnemonicError, StrengthLevel, Words, draft, strength,
};
use rand_core::{TryCryptoRng, TryRng};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// A reproducible source of bytes for tests.
struct Counter(u64);

impl TryRng for Counter {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|n| n as u32)
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(32) {
            self.0 += 1;
            let block = sha256(&[&self.0.to_be_bytes()]);
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
        }
        Ok(())
    }
}
impl TryCryptoRng for Counter {}

fn hex32(text: &str) -> [u8; 32] {
    hex::decode(text).expect("hex").try_into().expect("32 bytes")
}

/// SLIP-0010, "Test vector 1 for ed25519".
#[test]
fn slip10_vector_1() {
    let seed = hex::decode("000102030405060708090a0b0c0d0e0f").expect("hex");
    let chain: [(Option<u32>, &str, &str); 6] = [
        (
            None,
            "90046a93de5380a72b5e45010748567d5ea02bbf6522f979e05c0d8d8ca9fffb",
            "2b4be7f19ee27bbf30c667b642d5f4aa69fd169872f8fc3059c08ebae2eb19e7",
        ),
        (
            Some(0),
            "8b59aa11380b624e81507a27fedda59fea6d0b779a778918a2fd3590e16e9c69",
            "68e0fe46dfb67e368c75379acec591dad19df3cde26e63b93a8e704f1dade7a3",
        ),
        (
            Some(1),
            "a320425f77d1b5c2505a6b1b27382b37368ee640e3557c315416801243552f14",
            "b1d0bad404bf35da785a64ca1ac54b2617211d2777696fbffaf208f746ae84f2",
        ),
        (
            Some(2),
            "2e69929e00b5ab250f49c3fb1c12f252de4fed2c1db88387094a0f8c4c9ccd6c",
            "92a5b23c0b8a99e37d07df3fb9966917f5d06e02ddbd909c7e184371463e9fc9",
        ),
        (
            Some(2),
            "8f6d87f93d750e0efccda017d662a1b31a266e4a6f5993b15f5c1f07f74dd5cc",
            "30d1dc7e5fc04c31219ab25a27ae00b50f6fd66622f6e9c913253d6511d1e662",
        ),
        (
            Some(1_000_000_000),
            "68789923a0cac2cd5a29172a475fe9e0fb14cd6adb5ad98a3fa70333e7afa230",
            "8f94d394a8e8fd6b1bc2f3f49f5c47e385281d5c17e65324b0f62483e37e8793",
        ),
    ];
    let mut node = Node::master(&seed);
    for (index, chain_code, key) in chain {
        if let Some(index) = index {
            node = node.child(index);
        }
        assert_eq!(hex::encode(&node.chain_code()[..]), chain_code);
        assert_eq!(hex::encode(&node.key()[..]), key);
    }
    let secret = SecretKey::from_seed(Algorithm::Ed25519, node.key()).expect("key");
    assert_eq!(
        hex::encode(secret.public_key().as_bytes()),
        "3c24da049451555d51a7014a37337aa4e12d41e485abccfa46b47dfb2af54b7a"
    );
}

/// BIP39's all-zero vector, then m/44'/291'/0' (computed with Python's hashlib and cryptography).
#[test]
fn words_to_key() {
    let words = Words::from_entropy(&[0; 32]);
    let text = words.words().collect::<Vec<_>>().join(" ");
    assert_eq!(text, format!("{}art", "abandon ".repeat(23)));
    assert_eq!(
        hex::encode(&words.seed()[..]),
        "408b285c123836004f4b8842c89324c1f01382450c0d439af345ba7fc49acf705489c6fc77dbd4e3dc1dd8cc6bc9f043db8ada1e243c4a0eafb290d399480840"
    );
    let key = words.key(0).expect("key");
    assert_eq!(
        &key.seed()[..],
        hex32("07ad3af76d763a134fd509ad639c17fee7eea8d6e04b5713517e7a19f63a82e7")
    );
    assert_eq!(
        key.public_key().as_bytes(),
        hex32("60bba25ca0984cbcd514ee503c9dd94a3822a644e9a7ce2d0f5269b5fa3ed045")
    );
    assert_ne!(words.key(1).expect("key").public_key(), key.public_key());
    let typed = Words::parse(&format!("  {} \n", text.to_uppercase())).expect("same words");
    assert_eq!(typed.key(0).expect("key").public_key(), key.public_key());
}

#[test]
fn twelve_words_are_taken() {
    let words = Words::parse(&format!("{}about", "abandon ".repeat(11))).expect("12 words");
    assert_eq!(
        hex::encode(&words.seed()[..]),
        "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc19a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4"
    );
}

#[test]
fn wrong_words_are_named() {
    let refused = |text: &str| Words::parse(text).expect_err("refused");
    assert_eq!(refused("abandon ability"), MnemonicError::Count(2));
    assert_eq!(refused(&"abandon ".repeat(18)), MnemonicError::Count(18));
    let error = refused(&format!("{}abandn art", "abandon ".repeat(22)));
    assert_eq!(
        error.to_string(),
        "word 23, \"abandn\", isn't in the list of words; did you mean \"abandon\"?"
    );
    assert_eq!(refused(&"abandon ".repeat(24)), MnemonicError::Checksum);
    assert!(matches!(refused(&"x".repeat(5_000)), MnemonicError::Count(_)));
}

#[test]
fn new_words_differ_and_fit() {
    let mut rng = Counter(1);
    let (a, b) = (Words::generate(&mut rng), Words::generate(&mut rng));
    let text = |w: &Words| w.words().collect::<Vec<_>>().join(" ");
    assert_eq!(a.words().count(), 24);
    assert_ne!(text(&a), text(&b));
    let read = Words::parse(&text(&a)).expect("own words");
    assert_eq!(
        read.key(0).expect("key").public_key(),
        a.key(0).expect("key").public_key()
    );
    assert_eq!(format!("{a:?}"), "Words(…)");
}

fn secret() -> SecretKey {
    SecretKey::from_seed(Algorithm::Ed25519, &[7; 32]).expect("key")
}

#[test]
fn keystore_round_trip_at_full_strength() {
    let mut rng = Counter(2);
    let sealed = Keystore::seal(&secret(), "correct horse", &mut rng).expect("sealed");
    let text = sealed.to_json();
    assert!(!text.contains(&hex::encode([7u8; 32])));
    let read = Keystore::from_json(&text).expect("read");
    assert_eq!(read, sealed);
    let opened = read.open("correct horse").expect("opened");
    assert_eq!(opened.public_key(), secret().public_key());
    assert_eq!(opened.seed()[..], [7; 32]);
    assert_eq!(
        read.open("correct hors").expect_err("wrong"),
        KeystoreError::WrongPassword
    );
    assert!(text.contains("\"m\": 65536") && text.contains("\"t\": 3") && text.contains("\"p\": 1"));
}

#[test]
fn keystore_holds_either_algorithm_and_any_password() {
    let mut rng = Counter(3);
    let secp = SecretKey::from_seed(Algorithm::Secp256k1, &[9; 32]).expect("key");
    // The same characters, composed and decomposed, are the same password.
    let sealed = Keystore::seal_with(&secp, "pässwörd", 8 * 1024, 1, &mut rng).expect("sealed");
    let opened = sealed.open("pa\u{308}sswo\u{308}rd").expect("opened");
    assert_eq!(opened.public_key(), secp.public_key());
    let none = Keystore::seal(&secp, "", &mut rng).expect_err("no password");
    assert_eq!(none, KeystoreError::NoPassword);
    let long = "x".repeat(2_000);
    let error = Keystore::seal(&secp, &long, &mut rng).expect_err("long");
    assert_eq!(error, KeystoreError::PasswordLength);
}

#[test]
fn two_keystores_never_share_salt_or_nonce() {
    let mut rng = Counter(4);
    let mut seal = || Keystore::seal_with(&secret(), "password", 8 * 1024, 1, &mut rng).expect("sealed");
    assert_ne!(seal(), seal());
}

/// Whatever public field is altered, the file doesn't open.
#[test]
fn tampered_keystores_stay_shut() {
    let sealed = Keystore::seal_with(&secret(), "password", 8 * 1024, 2, &mut Counter(5)).expect("sealed");
    let text = sealed.to_json();
    let other = SecretKey::from_seed(Algorithm::Ed25519, &[8; 32]).expect("key");
    let field = |name: &str| {
        let start = text.find(&format!("\"{name}\": \"")).expect("field") + name.len() + 5;
        let end = start + text[start..].find('"').expect("end");
        text[start..end].to_owned()
    };
    let flipped = |name: &str| {
        let old = field(name);
        let first = if old.starts_with('0') { "1" } else { "0" };
        text.replace(&old, &format!("{first}{}", &old[1..]))
    };
    let changes = [
        flipped("salt"),
        flipped("nonce"),
        flipped("ciphertext"),
        text.replace(&field("public_key"), &other.public_key().to_base58()),
        text.replace("\"t\": 2", "\"t\": 1"),
        text.replace("\"m\": 8192", "\"m\": 8193"),
        text.replace("\"p\": 1", "\"p\": 2"),
    ];
    for changed in changes {
        assert_ne!(changed, text);
        let keystore = Keystore::from_json(&changed).expect("still well formed");
        assert_eq!(
            keystore.open("password").expect_err("altered"),
            KeystoreError::WrongPassword
        );
    }
    Keystore::from_json(&text)
        .expect("read")
        .open("password")
        .expect("unaltered");
}

/// Nothing is computed for a file that asks for too much, and nothing panics on rubbish.
#[test]
fn hostile_files_are_refused_before_any_work() {
    let sealed = Keystore::seal_with(&secret(), "password", 8 * 1024, 1, &mut Counter(6)).expect("sealed");
    let text = sealed.to_json();
    let refused = |text: &str| Keystore::from_json(text).expect_err("refused");
    for (from, to) in [
        ("\"m\": 8192", "\"m\": 4294967295"),
        ("\"m\": 8192", "\"m\": 8"),
        ("\"t\": 1", "\"t\": 4000000000"),
        ("\"t\": 1", "\"t\": 0"),
        ("\"p\": 1", "\"p\": 16777215"),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        assert!(
            matches!(refused(&changed), KeystoreError::Parameters { .. }),
            "{to}"
        );
    }
    assert_eq!(refused("{\"version\":2}"), KeystoreError::Version(2));
    for rubbish in [
        "",
        "{}",
        "[]",
        "null",
        "{\"version\":1}",
        "\u{0}",
        "{\"version\":-1}",
    ] {
        assert!(
            matches!(refused(rubbish), KeystoreError::Malformed(_)),
            "{rubbish:?}"
        );
    }
    assert!(matches!(
        refused(&" ".repeat(10_000)),
        KeystoreError::Malformed(_)
    ));
    for (name, to) in [("argon2id", "argon2d"), ("xchacha20poly1305", "none")] {
        assert!(matches!(
            refused(&text.replace(name, to)),
            KeystoreError::Malformed(_)
        ));
    }
    let cut = text.replace("\"ciphertext\": \"", "\"ciphertext\": \"00");
    assert!(matches!(refused(&cut), KeystoreError::Malformed(_)));
}

/// Bytes committed, so that a change of format is seen: made by this crate's first release.
#[test]
fn a_stored_keystore_still_opens() {
    let keystore = Keystore::from_json(include_str!("keystore-v1.json")).expect("read");
    let secret = keystore.open("fixture password").expect("opened");
    assert_eq!(secret.seed()[..], [42; 32]);
}

fn name(text: &str) -> AccountName {
    AccountName::any(text).expect("name")
}

/// The chain's numbers and nodes of these tests.
struct Chain {
    parameters: Parameters,
    nodes: Candidates,
}

fn chain() -> Chain {
    let node = |account: &str, status: CandidateStatus| Candidate {
        account: name(account),
        key: consensus_key(account),
        location: Text::default(),
        url: Text::default(),
        net_id: Text::default(),
        generation: 0,
        registered: 0,
        status,
        order: 0,
        votes: Amount::from_iost(10),
        voted: Amount::from_iost(10),
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
    };
    Chain {
        parameters: Parameters::preset(Preset::Devnet),
        nodes: Candidates::of(vec![
            node("node_a", CandidateStatus::Candidate),
            node("node_b", CandidateStatus::Registered),
            node("node_gone", CandidateStatus::Lost),
            node("node_new", CandidateStatus::Requested),
        ]),
    }
}

/// A consensus key drawn from a name.
fn consensus_key(name: &str) -> credo_primitives::ConsensusKey {
    let seed: [u8; 32] = sha256(&[name.as_bytes()]).as_ref().try_into().expect("32 bytes");
    let key = SecretKey::from_seed(Algorithm::Ed25519, &seed).expect("key");
    credo_primitives::spec::consensus_key::from_base58(&key.public_key().to_base58()).expect("an ed25519 key")
}

fn basis<'a>(account: &'a AccountName, votes: &'a [(AccountName, Amount)], chain: &'a Chain) -> Basis<'a> {
    Basis {
        account,
        record: None,
        key: None,
        spendable: Amount::from_iost(100),
        gas: 20_000_000,
        votes,
        pledges: &[],
        pledged: Amount::from_iost(10),
        ram: Ram {
            own: 0,
            total: 1_000,
            used: 0,
        },
        ram_market: None,
        nodes: Some(&chain.nodes),
        available_votes: Some(Amount::from_iost(50_000)),
        other_exists: true,
        height: 84_912,
        parameters: &chain.parameters,
        spec: &credo_primitives::hash::ZERO_DIGEST,
        by_invitation: false,
    }
}

const NOW: i64 = 1_700_000_000_000_000_000;

#[test]
fn a_transfer_is_built_reviewed_and_signed() {
    let me = name("marlow");
    let intent = Intent::transfer(" harbor_cafe ", "12.50", "two \"flat\" whites ☕").expect("intent");
    let chain = chain();
    let draft = draft(intent, &basis(&me, &[], &chain)).expect("draft");
    assert_eq!(draft.review().title, "Send 12.5 IOST to harbor_cafe");
    assert_eq!(draft.review().height, 84_912);
    let line = |label: &str| {
        let found = draft.review().lines.iter().find(|(l, _)| l == label);
        found.map(|(_, value)| value.as_str()).expect("line")
    };
    assert_eq!(line("From"), "marlow");
    assert_eq!(line("Memo"), "two \"flat\" whites ☕");
    assert_eq!(line("Gas"), "at most 100,000 of your 200,000");
    let signed = draft.sign(&secret(), NOW).expect("signed");
    let tx = Transaction::decode(&signed.bytes).expect("decodes");
    assert_eq!(tx.hash(), signed.hash);
    assert_eq!(
        tx.actions[0].data,
        r#"["iost","marlow","harbor_cafe","12.5","two \"flat\" whites ☕"]"#
    );
    assert_eq!((tx.time, tx.expiration), (NOW, NOW + 90_000_000_000));
    assert_eq!(signed.dead_at, tx.expiration);
    assert_eq!(tx.gas_ratio, 100);
    assert_eq!(tx.amount_limit.len(), 1);
    assert_eq!(
        (
            tx.amount_limit[0].token.as_str(),
            tx.amount_limit[0].value.as_str()
        ),
        ("iost", "12.5")
    );
    let checked = tx.check(1024).expect("a node takes it");
    assert!(checked.publisher_keys().contains(&secret().public_key()));
}

#[test]
fn votes_are_built() {
    let me = name("marlow");
    let votes = [(name("node_a"), Amount::from_iost(30))];
    let cases = [
        (
            Intent::vote("node_b", "40").expect("intent"),
            "vote",
            r#"["marlow","node_b","40"]"#,
            Some("40"),
        ),
        (
            Intent::unvote("node_a", "30").expect("intent"),
            "unvote",
            r#"["marlow","node_a","30"]"#,
            None,
        ),
        (
            Intent::move_votes("node_a", "node_b", "0.00000001").expect("intent"),
            "move",
            r#"["marlow","node_a","node_b","0.00000001"]"#,
            None,
        ),
    ];
    let chain = chain();
    for (intent, action, data, limit) in cases {
        let draft = draft(intent, &basis(&me, &votes, &chain)).expect("draft");
        assert!(draft.review().lines.iter().any(|(label, _)| label == "Lock"));
        let signed = draft.sign(&secret(), NOW).expect("signed");
        let tx = Transaction::decode(&signed.bytes).expect("decodes");
        assert_eq!(tx.actions[0].contract, "vote_producer.iost");
        assert_eq!(
            (tx.actions[0].name.as_str(), tx.actions[0].data.as_str()),
            (action, data)
        );
        assert_eq!(tx.amount_limit.first().map(|l| l.value.as_str()), limit);
    }
}

#[test]
fn what_cannot_be_is_said_in_a_sentence() {
    let says = |result: Result<Intent, IntentError>| result.expect_err("refused").to_string();
    assert_eq!(
        says(Intent::transfer("harbor_cafe", "0", "")),
        "the amount is zero: an amount above zero is needed"
    );
    assert_eq!(
        says(Intent::transfer("harbor_cafe", "", "")),
        "an amount is needed"
    );
    assert_eq!(
        says(Intent::transfer("harbor_cafe", "-3", "")),
        "the amount is negative: an amount above zero is needed"
    );
    assert_eq!(
        says(Intent::transfer("harbor_cafe", "1.123456789", "")),
        "\"1.123456789\" is too precise: iost has 8 decimals"
    );
    assert_eq!(
        says(Intent::transfer("harbor_cafe", "1e9", "")),
        "\"1e9\" isn't an amount: a plain number such as 12.5 is needed"
    );
    assert_eq!(
        says(Intent::transfer("harbor_cafe", "99999999999999999999", "")),
        "that is more than will ever exist"
    );
    assert_eq!(
        says(Intent::transfer("Bob", "1", "")),
        "\"Bob\" can't be an account: a name has 5 to 11 characters"
    );
    assert_eq!(
        says(Intent::transfer("bob marley", "1", "")),
        "\"bob marley\" can't be an account: \" \" isn't allowed, only a–z, 0–9 and _"
    );
    assert_eq!(
        says(Intent::transfer("harbor_cafe", "1", &"é".repeat(257))),
        "the memo has 514 bytes; at most 512 are allowed"
    );
}

#[test]
fn drafts_are_held_against_what_is_proved() {
    let me = name("marlow");
    let votes = [(name("node_a"), Amount::from_iost(30))];
    let chain = chain();
    let basis = basis(&me, &votes, &chain);
    let refused = |intent: Intent, basis: &Basis<'_>| draft(intent, basis).expect_err("refused");
    let transfer = |to: &str, amount: &str| Intent::transfer(to, amount, "").expect("intent");
    assert_eq!(
        refused(transfer("harbor_cafe", "100.00000001"), &basis).to_string(),
        "that is more than you have: 100.00000001 asked, 100 spendable"
    );
    draft(transfer("harbor_cafe", "100"), &basis).expect("all of it can be sent");
    assert_eq!(
        refused(transfer("marlow", "1"), &basis),
        IntentError::Oneself(me.clone())
    );
    let absent = Basis {
        other_exists: false,
        ..basis
    };
    assert_eq!(
        refused(transfer("nobody", "1"), &absent),
        IntentError::NoRecipient(name("nobody"))
    );
    let vote = |n: &str, amount: &str| Intent::vote(n, amount).expect("intent");
    assert_eq!(
        refused(vote("nobody", "1"), &basis),
        IntentError::NoCandidate(name("nobody"))
    );
    assert!(matches!(
        refused(vote("node_b", "101"), &basis),
        IntentError::Balance { .. }
    ));
    let unvote = |n: &str, amount: &str| Intent::unvote(n, amount).expect("intent");
    assert_eq!(
        refused(unvote("node_b", "1"), &basis),
        IntentError::NoVotes(name("node_b"))
    );
    assert!(matches!(
        refused(unvote("node_a", "31"), &basis),
        IntentError::Votes { .. }
    ));
    let moved = |a: &str, b: &str| Intent::move_votes(a, b, "1").expect("intent");
    assert_eq!(
        refused(moved("node_a", "node_a"), &basis),
        IntentError::SameNode(name("node_a"))
    );
    assert_eq!(
        refused(moved("node_b", "node_a"), &basis),
        IntentError::NoVotes(name("node_b"))
    );
    assert_eq!(
        refused(vote("node_gone", "1"), &basis),
        IntentError::Lost(name("node_gone"))
    );
    assert_eq!(
        refused(vote("node_new", "1"), &basis),
        IntentError::NotApproved(name("node_new"))
    );
    let many: Vec<_> = (0..256)
        .map(|i| (name(&format!("node_{i:03}")), Amount::from_iost(1)))
        .collect();
    let full = Basis {
        votes: &many,
        ..basis
    };
    assert_eq!(
        refused(vote("node_b", "1"), &full),
        IntentError::TooManyVotes(256)
    );
    let among = [many.as_slice(), &[(name("node_a"), Amount::from_iost(1))]].concat();
    let full = Basis {
        votes: &among[1..],
        ..basis
    };
    draft(vote("node_a", "1"), &full).expect("more for one already voted for");
    let key = secret().public_key();
    let sign_up = Intent::sign_up("taken", &key.to_base58(), "", "").expect("intent");
    assert_eq!(
        refused(sign_up.clone(), &basis),
        IntentError::Taken(name("taken"))
    );
    let signed = draft(sign_up, &absent)
        .expect("free")
        .sign(&secret(), NOW)
        .expect("signed");
    let tx = Transaction::decode(&signed.bytes).expect("decodes");
    assert_eq!(
        (tx.actions[0].contract.as_str(), tx.actions[0].name.as_str()),
        ("auth.iost", "signUp")
    );
    assert_eq!(
        tx.amount_limit[0].value, "10",
        "what it pledges for the new account"
    );
}

#[test]
fn passwords_are_rated() {
    let level = |p: &str| strength(p).level;
    for p in [
        "",
        "short",
        "aaaaaaaaaaaaaaaa",
        "12345678901234",
        "qwertyuiop",
        "Password1",
        "abcdefgh",
    ] {
        assert_eq!(level(p), StrengthLevel::Refused, "{p} {:?}", strength(p));
    }
    assert_eq!(level("kxwtmevf"), StrengthLevel::Weak);
    assert_eq!(level("tk7#Wq9!vB"), StrengthLevel::Fair);
    assert_eq!(level("orbit velvet canoe mango"), StrengthLevel::Strong);
    let mut last = 0;
    for n in 1..12 {
        let bits = strength(&"kq7xwzm2vtbn"[..n]).bits;
        assert!(bits >= last, "a longer password is never rated lower");
        last = bits;
    }
}
