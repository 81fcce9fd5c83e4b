//! Round trips, changed bytes and garbage.

use std::fmt::Debug;

use commonware_codec::{Copying, DecodeExt as _, Encode, Read};
use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use credo_primitives::block::{HEADER_VERSION, StateCommitment, decode_header};
use credo_primitives::certificate::CertifiedHeader;
use credo_primitives::entry::{Account, Balance, Expired, Frozen, KeyAccounts, Marks, TokenInfo};
use credo_primitives::receipt::ReceiptEntry;
use credo_primitives::spec::{Parameters, SPEC_VERSION, SpecError};
use credo_primitives::{
    AccountName, Action, Algorithm, Amount, AmountError, AmountLimit, Block, ChainSpec, ConsensusKey, Digest,
    Header, NameError, Preset, PublicKey, Receipt, SecretKey, Signature, StateKey, Status, StatusCode, Text,
    Transaction, merkle,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

pub(crate) fn consensus_key(seed: u64) -> ConsensusKey {
    PrivateKey::from_seed(seed).public_key()
}

prop_compose! {
    fn digest()(bytes in any::<[u8; 32]>()) -> Digest { Digest(bytes) }
}

prop_compose! {
    fn header()(
        d in prop::collection::vec(digest(), 8),
        n in prop::array::uniform8(any::<u64>()),
        shard in any::<u16>(),
        version in any::<u8>(),
        key in 0..20u64,
        msb in prop::option::of(digest()),
    ) -> Header {
        Header {
            version, spec: d[0], shard, epoch: n[0], height: n[1], view: n[2], parent_view: n[3], parent: d[1],
            time_ms: n[4], proposer: consensus_key(key), transaction_root: d[2], receipt_root: d[3],
            state: StateCommitment { root: d[4], operations_root: d[5], operations_start: n[5], operations_end: n[6] },
            outbox_root: d[6], msb,
        }
    }
}

prop_compose! {
    fn signature()(
        ed in any::<bool>(),
        signature in prop::collection::vec(any::<u8>(), 0..70),
        public_key in prop::collection::vec(any::<u8>(), 0..40),
    ) -> Signature {
        Signature { algorithm: if ed { Algorithm::Ed25519 } else { Algorithm::Secp256k1 }, signature, public_key }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z.@]{1,12}", "\\PC{0,20}"]
}

prop_compose! {
    fn transaction()(
        n in prop::array::uniform5(any::<i64>()),
        chain_id in any::<u32>(),
        signers in prop::collection::vec(text(), 0..3),
        actions in prop::collection::vec((text(), text(), text()), 0..3),
        limits in prop::collection::vec((text(), text()), 0..3),
        signs in prop::collection::vec(signature(), 0..3),
        referred_tx in prop::collection::vec(any::<u8>(), 0..40),
        publisher in text(),
        publisher_signs in prop::collection::vec(signature(), 0..3),
    ) -> Transaction {
        Transaction {
            time: n[0], expiration: n[1], gas_ratio: n[2], gas_limit: n[3], delay: n[4], chain_id, signers,
            actions: actions.into_iter().map(|(contract, name, data)| Action { contract, name, data }).collect(),
            amount_limit: limits.into_iter().map(|(token, value)| AmountLimit { token, value }).collect(),
            signs, referred_tx, publisher, publisher_signs,
        }
    }
}

prop_compose! {
    fn spec()(
        salt in digest(), root in digest(), time_ms in any::<u64>(), keys in prop::collection::btree_set(0..60u64, 1..18),
        preset in 0..4usize, name in "[a-z ]{0,32}",
    ) -> ChainSpec {
        let preset = [Preset::Main, Preset::Test, Preset::Devnet, Preset::Private][preset];
        let mut committee: Vec<ConsensusKey> = keys.into_iter().map(consensus_key).collect();
        committee.sort();
        let mut parameters = Parameters::preset(preset);
        if preset == Preset::Private {
            parameters.chain_id = Parameters::draw_chain_id(&salt);
        }
        ChainSpec {
            version: SPEC_VERSION, preset, name: Text::new(name).unwrap(), parameters, salt, time_ms, allocations: root,
            state: StateCommitment { root, operations_root: salt, operations_start: 1, operations_end: 2 }.into(),
            servi_digest: salt, committee,
        }
    }
}

/// Decodes to what was encoded; every shorter encoding and every longer one is refused.
#[track_caller]
fn round_trip<T: Encode + Read<Cfg = ()> + PartialEq + Debug>(value: &T) {
    let bytes = value.encode();
    assert_eq!(bytes.len(), value.encode_size());
    assert_eq!(&T::decode(Copying(&bytes)).unwrap(), value);
    for len in 0..bytes.len() {
        assert!(T::decode(Copying(&bytes[..len])).is_err(), "cut at {len}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(T::decode(Copying(&longer)).is_err());
}

/// Whatever decodes is canonical: it encodes to the same bytes.
fn canonical<T: Encode + Read<Cfg = ()>>(bytes: &[u8]) {
    if let Ok(value) = T::decode(Copying(bytes)) {
        assert_eq!(&value.encode()[..], bytes);
    }
}

fn changed(bytes: &[u8], at: usize, xor: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = at % bytes.len();
    bytes[at] ^= xor;
    bytes
}

proptest! {
    #[test]
    fn transactions(tx in transaction(), at in any::<usize>(), xor in 1..=255u8) {
        let bytes = tx.encode();
        prop_assert_eq!(Transaction::decode(&bytes).unwrap(), tx.clone());
        prop_assert!(Transaction::decode(&bytes[..at % bytes.len()]).is_err());
        let other = changed(&bytes, at, xor);
        if let Ok(decoded) = Transaction::decode(&other) {
            prop_assert_eq!(decoded.encode(), other);
            prop_assert_ne!(decoded.hash(), tx.hash());
        }
        let _ = tx.check(1024);
    }

    #[test]
    fn a_changed_signed_transaction_is_refused_or_has_other_marks(at in any::<usize>(), xor in 1..=255u8) {
        let tx = super::vectors::transfer();
        let marks = tx.clone().check(1024).unwrap().replay_marks();
        if let Ok(other) = Transaction::decode(&changed(&tx.encode(), at, xor)) {
            // Only the publisher's name is covered by no signature, and it is what a mark binds to.
            if let Ok(checked) = other.check(1024) {
                prop_assert_ne!(&checked.tx().publisher, "admin");
                prop_assert!(checked.replay_marks().is_disjoint(&marks));
            }
        }
    }

    #[test]
    fn headers(header in header(), at in any::<usize>(), xor in 1..=255u8) {
        round_trip(&header);
        let bytes = header.encode();
        prop_assert_eq!(decode_header(&bytes).unwrap(), header.clone());
        if let Ok(other) = decode_header(&changed(&bytes, at, xor)) {
            prop_assert_ne!(other.digest(), header.digest());
        }
    }

    #[test]
    fn blocks(
        header in header(),
        transactions in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..5),
        msb in prop::collection::vec(any::<u8>(), 0..50),
        descendants in prop::collection::vec(header(), 0..3),
    ) {
        let certified = CertifiedHeader { header: header.clone(), descendants, certificate: msb.clone() };
        round_trip(&certified);
        let block = Block { header, transactions, msb };
        round_trip(&block);
        prop_assert_eq!(Block::from_bytes(block.encode().to_vec()).unwrap(), block);
    }

    #[test]
    fn specs(spec in spec(), at in any::<usize>(), xor in 1..=255u8) {
        let bytes = spec.encode();
        prop_assert_eq!(&ChainSpec::from_bytes(&bytes).unwrap(), &spec);
        let json = serde_json::to_string(&spec).unwrap();
        let read: ChainSpec = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(read.hash(), spec.hash());
        if let Ok(other) = ChainSpec::from_bytes(&changed(&bytes, at, xor)) {
            prop_assert_ne!(other.hash(), spec.hash());
        }
    }

    #[test]
    fn receipts(
        tx_hash in digest(), gas_usage in any::<i64>(), message in "\\PC{0,30}",
        returns in prop::collection::vec("\\PC{0,30}", 0..3), entries in prop::collection::vec("\\PC{0,30}", 0..3),
        code in 0..9usize, at in any::<usize>(), xor in 1..=255u8,
    ) {
        let codes = [
            StatusCode::Success, StatusCode::GasRunOut, StatusCode::BalanceNotEnough, StatusCode::WrongParameter,
            StatusCode::RuntimeError, StatusCode::Timeout, StatusCode::WrongTxFormat, StatusCode::DuplicateSetCode,
            StatusCode::UnknownError,
        ];
        let receipt = Receipt {
            tx_hash, gas_usage, ram_usage: Vec::new(),
            status: Status { code: codes[code], message: Text::new(message).unwrap() },
            returns: returns.into_iter().map(|t| Text::new(t).unwrap()).collect(),
            receipts: entries.into_iter().map(|t| ReceiptEntry {
                func_name: Text::new("a.iost/b").unwrap(), content: Text::new(t).unwrap(),
            }).collect(),
        };
        round_trip(&receipt);
        if let Ok(other) = Receipt::decode(Copying(&changed(&receipt.encode(), at, xor))) {
            prop_assert_ne!(other.hash(), receipt.hash());
        }
    }

    #[test]
    fn garbage_decodes_to_nothing_or_to_itself(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(tx) = Transaction::decode(&bytes) {
            prop_assert_eq!(tx.encode(), bytes.clone());
        }
        canonical::<Header>(&bytes);
        canonical::<Block>(&bytes);
        canonical::<ChainSpec>(&bytes);
        canonical::<CertifiedHeader>(&bytes);
        canonical::<Receipt>(&bytes);
        canonical::<Account>(&bytes);
        canonical::<Balance>(&bytes);
        canonical::<TokenInfo>(&bytes);
        canonical::<KeyAccounts>(&bytes);
        canonical::<Marks>(&bytes);
        canonical::<Expired>(&bytes);
        canonical::<AccountName>(&bytes);
        canonical::<PublicKey>(&bytes);
        canonical::<StateKey>(&bytes);
        canonical::<Amount>(&bytes);
        canonical::<merkle::MerkleProof>(&bytes);
    }

    #[test]
    fn amounts(units in 0..=i64::MAX as u64, text in "\\PC{0,30}") {
        let amount = Amount::from_units(units).unwrap();
        prop_assert_eq!(Amount::parse(&amount.to_string()), Ok(amount));
        round_trip(&amount);
        if let Ok(parsed) = Amount::parse(&text) {
            let again = Amount::parse(&parsed.to_string());
            prop_assert_eq!(again, Ok(parsed));
        }
    }

    #[test]
    fn sums(a in 0..=i64::MAX as u64, b in 0..=i64::MAX as u64) {
        let amount = |units| Amount::from_units(units).unwrap();
        match amount(a).checked_add(amount(b)) {
            Ok(sum) => {
                prop_assert_eq!(sum.units(), a + b);
                prop_assert_eq!(sum.checked_sub(amount(b)), Ok(amount(a)));
            }
            Err(error) => {
                prop_assert_eq!(error, AmountError::Overflow);
                prop_assert!(u128::from(a) + u128::from(b) > i64::MAX as u128);
            }
        }
        prop_assert_eq!(amount(a).checked_sub(amount(b)).is_ok(), a >= b);
    }

    #[test]
    fn names(text in "\\PC{0,14}", good in "[a-z0-9_]{5,11}") {
        prop_assert!(AccountName::new(good.as_str()).is_ok());
        let valid = (5..=11).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        prop_assert_eq!(AccountName::new(text.as_str()).is_ok(), valid);
        if let Ok(name) = AccountName::any(text.as_str()) {
            round_trip(&name);
        }
    }

    #[test]
    fn keys(seed in any::<[u8; 32]>(), ed in any::<bool>(), hash in digest(), at in 0..64usize, xor in 1..=255u8) {
        let algorithm = if ed { Algorithm::Ed25519 } else { Algorithm::Secp256k1 };
        let Ok(secret) = SecretKey::from_seed(algorithm, &seed) else {
            return Ok(());
        };
        let public = secret.public_key();
        round_trip(&public);
        prop_assert_eq!(PublicKey::from_base58(&public.to_base58()).unwrap(), public.clone());
        prop_assert_eq!(SecretKey::from_base58(&secret.to_base58()).unwrap().public_key(), public.clone());
        let mut tx = super::vectors::transfer();
        tx.time = i64::from(hash[0]) + 1;
        tx.publisher_signs.clear();
        tx.sign_as_publisher("admin", &secret);
        let hash = tx.publish_hash();
        let signature = &tx.publisher_signs[0].signature;
        prop_assert_eq!(public.verify(&hash, signature), Ok(()));
        prop_assert!(public.verify(&hash, &changed(signature, at, xor)).is_err());
        prop_assert!(public.verify(&tx.base_hash(), signature).is_err());
    }

    #[test]
    fn merkle_proofs(leaves in prop::collection::vec(digest(), 1..40), at in any::<usize>(), other in digest()) {
        let root = merkle::root(&leaves);
        let index = at % leaves.len();
        let proof = merkle::prove(&leaves, index as u32).unwrap();
        round_trip(&proof);
        prop_assert!(proof.verify(&leaves[index], index as u32, &root));
        prop_assert!(!proof.verify(&other, index as u32, &root));
        prop_assert!(!proof.verify(&leaves[index], index as u32, &other));
        prop_assert!(!proof.verify(&leaves[index], index as u32 + 1, &root));
        prop_assert!(merkle::prove(&leaves, leaves.len() as u32).is_none());
    }
}

#[test]
fn amount_texts() {
    let parsed = |text: &str| Amount::parse(text).map(Amount::units);
    assert_eq!(parsed("0"), Ok(0));
    assert_eq!(parsed("12"), Ok(1_200_000_000));
    assert_eq!(parsed("0.00000001"), Ok(1));
    assert_eq!(parsed("12.500000000000"), Ok(1_250_000_000));
    assert_eq!(parsed("92233720368.54775807"), Ok(i64::MAX as u64));
    assert_eq!(parsed("92233720368.54775808"), Err(AmountError::Overflow));
    assert!(matches!(
        parsed("0.000000001"),
        Err(AmountError::TooPrecise { decimals: 8, .. })
    ));
    for text in [
        "", ".", "1.", ".5", "-1", "+1", "1e3", " 1", "1 ", "1,5", "0x1", "1.2.3", "١",
    ] {
        assert!(matches!(parsed(text), Err(AmountError::NotANumber(_))), "{text}");
    }
    let long = format!("1{}", "0".repeat(1_000_000));
    assert_eq!(Amount::parse(&long), Err(AmountError::Overflow));
    assert_eq!(
        Amount::parse_decimals("1.5", 0).unwrap_err(),
        AmountError::TooPrecise {
            text: "1.5".into(),
            decimals: 0
        }
    );
    assert_eq!(Amount::parse_decimals("3.0", 0).unwrap().units(), 3);
    assert_eq!(Amount::from_iost(u64::MAX), Amount::MAX);
}

#[test]
fn names_of_people_and_contracts() {
    assert!(matches!(AccountName::new("abcd"), Err(NameError::Length(_))));
    assert!(matches!(
        AccountName::new("abcdefghijkl"),
        Err(NameError::Length(_))
    ));
    assert!(matches!(
        AccountName::new("abc-de"),
        Err(NameError::Character('-'))
    ));
    assert!(matches!(AccountName::new("Contracts"), Err(NameError::Contract)));
    assert!(AccountName::any("token.iost").unwrap().is_contract());
    assert!(AccountName::any("ContractAbc123").unwrap().is_contract());
    assert!(!AccountName::any("alice").unwrap().is_contract());
    assert!(AccountName::any(format!("Contract{}", "x".repeat(60))).is_err());
    assert!(AccountName::any("a/b.iost").is_err());
}

#[test]
fn balances_count_what_has_returned() {
    let units = |n| Amount::from_units(n).unwrap();
    let frozen = |n, until_ms| Frozen {
        amount: units(n),
        until_ms,
    };
    let balance = Balance {
        available: units(5),
        frozen: vec![frozen(3, 100), frozen(4, 200)],
        staked: units(9),
        payer: Some(AccountName::new("alice").unwrap()),
    };
    round_trip(&balance);
    assert_eq!(
        [99, 100, 199, 200].map(|now| balance.spendable(now).units()),
        [5, 8, 8, 12]
    );
    assert_eq!(balance.locked(100).count(), 1);
}

#[test]
fn a_spec_that_is_malformed_or_of_another_format_is_refused() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let spec = spec().new_tree(&mut runner).unwrap().current();
    let refused = |change: &dyn Fn(&mut ChainSpec)| {
        let mut other = spec.clone();
        change(&mut other);
        ChainSpec::from_bytes(&other.encode()).unwrap_err()
    };
    assert_eq!(refused(&|s| s.version = 1), SpecError::Version(1));
    assert_eq!(
        refused(&|s| s.parameters.committee_size = 0),
        SpecError::Parameter("committee_size")
    );
    assert_eq!(
        refused(&|s| s.parameters.committee_size = 129),
        SpecError::Parameter("committee_size")
    );
    assert_eq!(
        refused(&|s| s.parameters.epoch_length = 1),
        SpecError::Parameter("epoch_length")
    );
    for (slot_ms, max_ahead_ms) in [(500, 0), (500, 251), (501, 251), (3_000, 1_001), (10, 6)] {
        let change = |s: &mut ChainSpec| {
            (s.parameters.slot_ms, s.parameters.max_ahead_ms) = (slot_ms, max_ahead_ms);
        };
        assert_eq!(refused(&change), SpecError::Parameter("max_ahead_ms"));
    }
    for (slot_ms, longest) in [(10, 5), (50, 25), (500, 250), (2_000, 1_000), (60_000, 1_000)] {
        let mut parameters = Parameters::preset(Preset::Devnet);
        parameters.set_slot_ms(slot_ms);
        assert_eq!(
            (parameters.max_ahead_ms, parameters.validate()),
            (longest, Ok(()))
        );
    }
    assert_eq!(
        refused(&|s| s.parameters.candidacy_threshold.denominator = 0),
        SpecError::Parameter("candidacy_threshold")
    );
    assert_eq!(
        refused(&|s| s.parameters.shards = 2),
        SpecError::Parameter("shards")
    );
    assert_eq!(refused(&|s| s.committee.clear()), SpecError::Committee);
    assert_eq!(
        refused(&|s| s.committee.push(s.committee[0].clone())),
        SpecError::Committee
    );
    let unsorted =
        |s: &mut ChainSpec| s.committee = vec![consensus_key(1), consensus_key(2), consensus_key(3)];
    let reversed = |s: &mut ChainSpec| {
        unsorted(s);
        s.committee.sort();
        s.committee.reverse();
    };
    assert_eq!(refused(&reversed), SpecError::Committee);
    assert!(matches!(ChainSpec::from_bytes(&[]), Err(SpecError::Malformed(_))));
    assert!(matches!(
        ChainSpec::from_bytes(&[SPEC_VERSION]),
        Err(SpecError::Malformed(_))
    ));
}

#[test]
fn a_spec_with_another_networks_chain_id_is_refused() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let spec = spec().new_tree(&mut runner).unwrap().current();
    let read = |preset: Preset, chain_id: u32| {
        let mut spec = spec.clone();
        spec.preset = preset;
        spec.parameters = Parameters::preset(preset);
        spec.parameters.chain_id = chain_id;
        ChainSpec::from_bytes(&spec.encode()).map(|_| ())
    };
    let drawn = Parameters::draw_chain_id(&spec.salt);
    for (preset, own) in [
        (Preset::Main, 7001),
        (Preset::Test, 7002),
        (Preset::Devnet, 1024),
        (Preset::Private, drawn),
    ] {
        for chain_id in [0, 1024, 7001, 7002, drawn] {
            let expected = if chain_id == own {
                Ok(())
            } else {
                Err(SpecError::ChainId { preset, chain_id })
            };
            assert_eq!(read(preset, chain_id), expected);
        }
    }
    // One that consortia agreed on is as good as one that was drawn.
    assert_eq!(read(Preset::Private, 12_345), Ok(()));
    // None that is drawn is another's, or has more than 31 bits.
    for byte in 0..=255 {
        let drawn = Parameters::draw_chain_id(&credo_primitives::Digest([byte; 32]));
        assert!((65_536..1 << 31).contains(&drawn));
    }
}

#[test]
fn heights_and_epochs() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut spec = spec().new_tree(&mut runner).unwrap().current();
    spec.parameters.epoch_length = 5;
    let epochs = [0, 1, 5, 6, 10, 11].map(|height| spec.epoch_of(height));
    assert_eq!(epochs, [0, 0, 0, 1, 1, 2]);
    for epoch in 0..4 {
        assert_eq!(spec.epoch_of(spec.first_height(epoch)), epoch);
        assert_eq!(spec.epoch_of(spec.last_height(epoch)), epoch);
        assert_eq!(spec.first_height(epoch + 1), spec.last_height(epoch) + 1);
    }
    let genesis = spec.genesis_header();
    assert_eq!(
        (genesis.height, genesis.epoch, genesis.version),
        (0, 0, HEADER_VERSION)
    );
    assert_eq!(genesis.spec, spec.hash());
}
