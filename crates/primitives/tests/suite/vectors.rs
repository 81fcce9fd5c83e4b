//! Vectors made with IOST's own SDKs and node.

use credo_primitives::hash::{digest_from_base58, digest_from_hex, digest_to_base58};
use credo_primitives::{
    Action, Algorithm, AmountLimit, KeyError, PublicKey, SecretKey, Signature, Transaction, TxError, sha3_256,
};

const ADMIN: &str =
    "2yquS3ySrGWPEKywCPzX4RTJugqRh7kJSo5aehsLYPEWkUxBWA39oMrZ7ZxuM4fgyXYs2cPwh5n8aNNpH5x2VyK1";
const PRODUCER: &str =
    "1rANSfcRzr4HkhbUFZ7L1Zp69JZZHiDDq5v7dNSbbEqeU4jxy3fszV4HGiaLQEyqVpS1dKT9g7zCVRxBVzuiUzB";

fn action(contract: &str, name: &str, data: &str) -> Action {
    Action {
        contract: contract.into(),
        name: name.into(),
        data: data.into(),
    }
}

fn limit(token: &str, value: &str) -> AmountLimit {
    AmountLimit {
        token: token.into(),
        value: value.into(),
    }
}

/// A transaction by which IOST's SDKs test themselves.
fn shared() -> Transaction {
    Transaction {
        time: 1_544_013_436_179_000_000,
        expiration: 1_544_013_526_179_000_000,
        gas_ratio: 100,
        gas_limit: 123_400,
        delay: 0,
        chain_id: 0,
        signers: vec!["abc".into()],
        actions: vec![action("cont", "abi", "[]")],
        amount_limit: vec![limit("iost", "123")],
        signs: Vec::new(),
        referred_tx: Vec::new(),
        publisher: String::new(),
        publisher_signs: Vec::new(),
    }
}

/// A transfer made with iost.js.
pub(crate) fn transfer() -> Transaction {
    let mut tx = Transaction {
        time: 1_600_000_000_000_000_000,
        expiration: 1_600_000_090_000_000_000,
        gas_ratio: 100,
        gas_limit: 200_000_000,
        delay: 0,
        chain_id: 1024,
        signers: Vec::new(),
        actions: vec![action(
            "token.iost",
            "transfer",
            r#"["iost","admin","testacc1","1.5","memo"]"#,
        )],
        amount_limit: vec![limit("iost", "1.5")],
        signs: Vec::new(),
        referred_tx: Vec::new(),
        publisher: String::new(),
        publisher_signs: Vec::new(),
    };
    tx.sign_as_publisher("admin", &SecretKey::from_base58(ADMIN).unwrap());
    tx
}

#[test]
fn the_vector_that_the_sdks_share() {
    let mut tx = shared();
    assert_eq!(
        hex::encode(tx.base_bytes()),
        "156d700a27e12ac0156d701f1c4c2ec00000000000000064000000000001e20800000000000000000000000000000000000000010000000361\
         6263000000010000001500000004636f6e7400000003616269000000025b5d000000010000000f00000004696f737400000003313233"
    );
    let base = "95e01835fb9901c26716d73884cc96342dfb2d68e48fb165e95edf6618228e4d";
    assert_eq!(hex::encode(tx.base_hash()), base);
    let key = SecretKey::from_base58(PRODUCER).unwrap();
    tx.sign_as_signer(&key);
    let sign = &tx.signs[0];
    assert_eq!(
        hex::encode(&sign.signature),
        "fe0eb96448bbb1d3cb34a6d4e8780af98586836cba05549ffd25cb66f14e911b\
         6f5f82479fd5d4e5c9217c6a296037bd03ed17ef3972299db80dd6bd0e989d0c"
    );
    let public = "5731adeb5d1a807ec9c43825389e5edff70412e4643a94629a652af1bfcf2f08";
    assert_eq!(hex::encode(&sign.public_key), public);
    let element = format!("0200000040{}00000020{public}", hex::encode(&sign.signature));
    let publish = hex::encode(tx.publish_bytes());
    assert!(publish.ends_with(&format!("0000000100000069{element}")));
    tx.sign_as_publisher("def", &key);
    assert_eq!(Transaction::decode(&tx.encode()), Ok(tx));
}

/// Signatures of the same transaction in the format before `reserved` was added to it.
#[test]
fn the_vector_of_the_older_format() {
    let key = SecretKey::from_base58(PRODUCER).unwrap().public_key();
    let pairs = [
        (
            "5b75a2e0a5e7c8c462604d90df60893e9714702bd5c0dd1448dd017ed4aa0bc4",
            "b41b996ea0a47c0a14dd5d6e473828dea4966bc1d8823205b7af6b6ca19626f4\
             6c1e86957a6fa2510bb1bf42125368c4add823bcba9c56eb888b5cd23f544203",
        ),
        (
            "1990bf1492c2f9d0ae57c5350a4fe9517ee6889808e534f81f2b28549ebe81fb",
            "c0302c52371cabf010af3b3a537e46ed6ed68cfe8b59dcfd7106d63cebf2c9f9\
             f354ca8c40955ee0ee7373d458cea22a9657b44d2e78451df5833d8148e24807",
        ),
    ];
    for (hash, signature) in pairs {
        let hash = digest_from_hex(hash).unwrap();
        assert_eq!(key.verify(&hash, &hex::decode(signature).unwrap()), Ok(()));
    }
}

#[test]
fn the_vector_of_a_transfer() {
    let tx = transfer();
    let base = "16345785d8a000001634579acd0b04000000000000000064000000000bebc200000000000000000000000400000000000000000000000001\
                000000460000000a746f6b656e2e696f7374000000087472616e73666572000000285b22696f7374222c2261646d696e222c2274657374\
                61636331222c22312e35222c226d656d6f225d000000010000000f00000004696f737400000003312e35";
    assert_eq!(hex::encode(tx.base_bytes()), base);
    assert_eq!(
        hex::encode(tx.base_hash()),
        "41bb06e74a3e441044da50a327a84066f3cc114146e443224735e7eece634293"
    );
    assert_eq!(hex::encode(tx.publish_bytes()), format!("{base}00000000"));
    assert_eq!(
        hex::encode(tx.publish_hash()),
        "f14587f351a07abda60061f40b7f514bd1f12a1a0d2def88994fa4943d879f31"
    );
    let signature = "65c0a5a1a5b6e55c27e91120aa22acc967c29ff6c7f1b0ff00ca632837b0af70\
                     1436b6ad6c78176ef023bd57342303c5a6dc835ee3b9df13bbeaaa2dce10c20e";
    assert_eq!(hex::encode(&tx.publisher_signs[0].signature), signature);
    let key = "e812b52ea9ad5cba9a9af03afcc6f2942a4524b0df3c0344dc195072831670c4";
    let full =
        format!("{base}00000000000000000000000561646d696e00000001000000690200000040{signature}00000020{key}");
    assert_eq!(hex::encode(tx.encode()), full);
    let hash = tx.hash();
    assert_eq!(
        hex::encode(hash),
        "cff898585504abe12a14b5a5b66055932d7bd7d7b5dfa4ac38caecece2099f1b"
    );
    assert_eq!(
        digest_to_base58(&hash),
        "EzqFdQWN5Y1o3XTQaNoxfUSrjDYk35LrkHjeGTnJFzb4"
    );
    assert_eq!(
        digest_from_base58("EzqFdQWN5Y1o3XTQaNoxfUSrjDYk35LrkHjeGTnJFzb4"),
        Some(hash)
    );
    assert_eq!(digest_from_hex(&hex::encode(hash)), Some(hash));
    let bytes = hex::decode(full).unwrap();
    let checked = Transaction::decode(&bytes).unwrap().check(1024).unwrap();
    assert_eq!(checked.hash(), &hash);
    assert_eq!(checked.bytes(), bytes);
    assert_eq!(
        checked.publisher_keys().first().unwrap().to_base58(),
        "Gcv8c2tH8qZrUYnKdEEdTtASsxivic2834MQW6mgxqto"
    );
}

#[test]
fn the_development_keys() {
    let pairs = [
        (
            ADMIN,
            "Gcv8c2tH8qZrUYnKdEEdTtASsxivic2834MQW6mgxqto",
            Algorithm::Ed25519,
        ),
        (
            PRODUCER,
            "6sNQa7PV2SFzqCBtQUcQYJGGoU7XaB6R4xuCQVXNZe6b",
            Algorithm::Ed25519,
        ),
        (
            "EhNiaU4DzUmjCrvynV3gaUeuj2VjB1v2DCmbGD5U2nSE",
            "buRN2pBJfoR3rMt3yt4a2HU5Q2Qc2oJMJF71zzwAEz1A",
            Algorithm::Secp256k1,
        ),
        (
            "3W7YGWd2XjuMVSP2wEhTnGaPs6S5A9UpHpDSyLMc2xYb",
            "mN6t6fLnSW2iYx7QkCVFZMDseCU2BjednbfCF7NeXcPj",
            Algorithm::Secp256k1,
        ),
    ];
    for (secret, public, algorithm) in pairs {
        let key = SecretKey::from_base58(secret).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        assert_eq!(key.public_key().to_base58(), public);
        assert_eq!(key.to_base58().as_str(), secret);
        assert_eq!(PublicKey::from_base58(public).unwrap(), key.public_key());
        assert!(
            !format!("{key:?}").contains(&secret[..8]),
            "a secret is never printed"
        );
    }
}

#[test]
fn the_secp256k1_signature_of_hello_world() {
    let key = PublicKey::from_base58("mN6t6fLnSW2iYx7QkCVFZMDseCU2BjednbfCF7NeXcPj").unwrap();
    let text = "41cAgE8u93ha5zDp5aqPyxvVSHN7G5mocZMgkyedpg1WdaNqN72KAndw8Bv7SpGGmxYy28XXiF28WyCHDn8AFDzv";
    let signature = bs58::decode(text).into_vec().unwrap();
    let hash = sha3_256(b"hello world");
    assert_eq!(key.verify(&hash, &signature), Ok(()));
    assert!(key.verify(&sha3_256(b"hello worle"), &signature).is_err());
    assert!(key.verify(&hash, &signature[..63]).is_err());
    // The same signature with the other S is refused: a transaction has one hash.
    let parsed = k256::ecdsa::Signature::from_slice(&signature).unwrap();
    let (r, s) = parsed.split_scalars();
    let high = k256::ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
    assert!(key.verify(&hash, &high.to_bytes()).is_err());
}

#[test]
fn secret_keys_that_are_none() {
    let refused = |text: &str| SecretKey::from_base58(text).unwrap_err();
    assert_eq!(refused("0OIl"), KeyError::Base58);
    assert_eq!(refused(""), KeyError::Length(0));
    assert_eq!(refused("2g"), KeyError::Length(1));
    assert_eq!(refused(&"1".repeat(129)), KeyError::Length(129));
    assert_eq!(refused(&"1".repeat(32)), KeyError::Invalid(Algorithm::Secp256k1));
    let mut bytes = bs58::decode(ADMIN).into_vec().unwrap();
    bytes[63] ^= 1;
    assert_eq!(refused(&bs58::encode(bytes).into_string()), KeyError::Halves);
}

#[test]
fn public_keys_that_are_none() {
    let refused = |text: &str| PublicKey::from_base58(text).unwrap_err();
    assert_eq!(refused("not base58!"), KeyError::Base58);
    assert_eq!(refused(&"1".repeat(31)), KeyError::Length(31));
    assert_eq!(refused(&"1".repeat(65)), KeyError::Length(65));
    assert_eq!(refused(&"1".repeat(33)), KeyError::Invalid(Algorithm::Secp256k1));
    let no_point = bs58::encode([2u8; 32]).into_string();
    assert_eq!(refused(&no_point), KeyError::Invalid(Algorithm::Ed25519));
    assert!(Algorithm::from_id(0).is_err() && Algorithm::from_id(3).is_err());
}

#[test]
fn static_checks_name_what_is_wrong() {
    let key = SecretKey::from_base58(ADMIN).unwrap();
    let check = |change: &dyn Fn(&mut Transaction)| {
        let mut tx = transfer();
        tx.publisher_signs.clear();
        change(&mut tx);
        tx.sign_as_publisher("admin", &key);
        tx.check(1024).map(|_| ())
    };
    assert_eq!(check(&|_| {}), Ok(()));
    assert_eq!(check(&|tx| tx.time = 0), Err(TxError::Times));
    assert_eq!(check(&|tx| tx.time = -1), Err(TxError::Times));
    assert_eq!(check(&|tx| tx.expiration = tx.time), Err(TxError::Times));
    assert_eq!(
        check(&|tx| tx.chain_id = 1023),
        Err(TxError::ChainId {
            expected: 1024,
            got: 1023
        })
    );
    assert_eq!(check(&|tx| tx.delay = 1), Err(TxError::Delay));
    for (ratio, ok) in [(99, false), (100, true), (10_000, true), (10_001, false)] {
        assert_eq!(check(&|tx| tx.gas_ratio = ratio).is_ok(), ok, "ratio {ratio}");
    }
    for (limit, ok) in [
        (599_999, false),
        (600_000, true),
        (400_000_000, true),
        (400_000_001, false),
    ] {
        assert_eq!(check(&|tx| tx.gas_limit = limit).is_ok(), ok, "limit {limit}");
    }
    assert_eq!(
        check(&|tx| tx.gas_ratio = -1).unwrap_err().to_string(),
        "gas ratio illegal, should in [1, 100]"
    );
    let long = "x".repeat(70_000);
    assert!(matches!(
        check(&|tx| tx.actions[0].data = long.clone()),
        Err(TxError::Size(size)) if size > 70_000
    ));
    assert!(matches!(
        check(&|tx| tx.referred_tx = vec![0; 32]),
        Err(TxError::Malformed(_))
    ));

    let unsigned = Transaction {
        publisher_signs: Vec::new(),
        ..transfer()
    };
    assert_eq!(unsigned.check(1024).map(|_| ()), Err(TxError::PublisherEmpty));
    let nobody = Transaction {
        publisher: String::new(),
        ..transfer()
    };
    assert_eq!(nobody.check(1024).map(|_| ()), Err(TxError::PublisherEmpty));
    let mut forged = transfer();
    forged.actions[0].data = forged.actions[0].data.replace("1.5", "9.5");
    assert!(matches!(
        forged.check(1024),
        Err(TxError::Publisher(KeyError::Signature { .. }))
    ));
    let mut cosigned = transfer();
    cosigned.signs.push(Signature {
        algorithm: Algorithm::Ed25519,
        signature: vec![0; 64],
        public_key: key.public_key().as_bytes().to_vec(),
    });
    assert!(matches!(
        cosigned.check(1024),
        Err(TxError::Signer(KeyError::Signature { .. }))
    ));
}

#[test]
fn signatures_are_counted_before_any_is_checked() {
    let junk = || Signature {
        algorithm: Algorithm::Ed25519,
        signature: vec![0; 64],
        public_key: vec![0; 32],
    };
    // Co-signers' and publisher's count together; what is one too many is never looked at.
    for signs in [0, 5, 16] {
        let mut tx = transfer();
        tx.signs = (0..signs).map(|_| junk()).collect();
        tx.publisher_signs = (signs..16).map(|_| junk()).collect();
        if signs < 16 {
            assert_eq!(tx.check_form(1024), Ok(()));
            assert!(matches!(
                tx.clone().check(1024),
                Err(TxError::Signer(_) | TxError::Publisher(_))
            ));
        }
        tx.publisher_signs.push(junk());
        assert_eq!(tx.check_form(1024), Err(TxError::Signatures(17)));
        let refused = tx.check(1024).map(|_| ());
        assert_eq!(refused, Err(TxError::Signatures(17)));
    }
    let text = TxError::Signatures(560).to_string();
    assert_eq!(text, "too many signatures: at most 16 are allowed, got 560");
}

#[test]
fn times_against_a_clock() {
    let tx = transfer();
    let second = 1_000_000_000;
    assert!(tx.check_time(tx.time - 30 * second).is_ok());
    assert!(matches!(
        tx.check_time(tx.time - 30 * second - 1),
        Err(TxError::TooEarly { .. })
    ));
    assert!(tx.check_time(tx.expiration - 1).is_ok());
    assert!(matches!(
        tx.check_time(tx.expiration),
        Err(TxError::Expired { .. })
    ));
    let late = Transaction {
        expiration: i64::MAX,
        ..transfer()
    };
    assert!(late.check_time(late.time + 90 * second).is_ok());
    assert!(matches!(
        late.check_time(late.time + 90 * second + 1),
        Err(TxError::Expired { .. })
    ));
    assert_eq!(late.dead_at(), late.time + 90 * second);
    assert!(late.check_time(i64::MIN).is_err() && late.check_time(i64::MAX).is_err());
}

#[test]
fn marks_bind_what_was_signed_to_whose_authority_was_used() {
    let key = SecretKey::from_base58(ADMIN).unwrap();
    let marks = |signers: &[&str], publisher: &str| {
        let mut tx = transfer();
        tx.publisher_signs.clear();
        tx.signers = signers.iter().map(|s| (*s).into()).collect();
        tx.sign_as_publisher(publisher, &key);
        tx.check(1024).unwrap().replay_marks()
    };
    assert_eq!(marks(&[], "admin").len(), 1);
    assert_eq!(
        marks(&["bobby@active", "bobby@owner", "carol@p"], "admin").len(),
        3
    );
    assert!(marks(&[], "admin").is_disjoint(&marks(&[], "other")));
    let (one, other) = (
        marks(&["bobby@active"], "admin"),
        marks(&["bobby@active"], "other"),
    );
    assert_eq!(one.intersection(&other).count(), 1);
}
