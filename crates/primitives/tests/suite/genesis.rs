//! The genesis file's types: how keys and amounts stand in JSON, and what is refused.

use credo_primitives::entry::{MAX_ITEMS, Vesting};
use credo_primitives::spec::{Genesis, GenesisAccount, GenesisKeys, GenesisVesting, KeysError, VestingError};
use credo_primitives::{
    AccountName, Algorithm, Amount, Digest, Parameters, Preset, PublicKey, SecretKey, Text,
};

fn key(n: u8) -> PublicKey {
    SecretKey::from_seed(Algorithm::Ed25519, &[n; 32])
        .unwrap()
        .public_key()
}

fn keys(of: std::ops::Range<u8>, threshold: u32) -> GenesisKeys {
    GenesisKeys {
        keys: of.map(key).collect(),
        threshold,
    }
}

#[test]
fn one_key_is_a_text_and_several_say_how_many_are_needed() {
    let one = GenesisKeys::from(key(1));
    let json = serde_json::to_value(&one).unwrap();
    assert_eq!(json, serde_json::json!(key(1).to_base58()));
    assert_eq!(serde_json::from_value::<GenesisKeys>(json).unwrap(), one);

    let three = keys(1..4, 2);
    let json = serde_json::to_value(&three).unwrap();
    let texts: Vec<String> = (1..4).map(|n| key(n).to_base58()).collect();
    assert_eq!(json, serde_json::json!({"keys": texts, "threshold": 2}));
    assert_eq!(serde_json::from_value::<GenesisKeys>(json).unwrap(), three);

    assert!(!one.is_multi_signature());
    assert!(!keys(1..4, 1).is_multi_signature());
    assert!(three.is_multi_signature());
}

#[test]
fn keys_that_cannot_act_together_are_refused_when_read_too() {
    let threshold = |threshold, keys| KeysError::Threshold { threshold, keys };
    let most = MAX_ITEMS as u8;
    let twice = GenesisKeys {
        keys: vec![key(1), key(2), key(1)],
        threshold: 2,
    };
    for (keys, error) in [
        (keys(0..0, 1), KeysError::None),
        (keys(1..4, 0), threshold(0, 3)),
        (keys(1..4, 4), threshold(4, 3)),
        (twice, KeysError::Repeated(key(1))),
        (keys(0..most + 1, 2), KeysError::TooMany(MAX_ITEMS + 1)),
    ] {
        assert_eq!(keys.validate(), Err(error.clone()));
        assert_eq!(
            GenesisKeys::several(keys.keys.clone(), keys.threshold),
            Err(error)
        );
        let texts: Vec<String> = keys.keys.iter().map(PublicKey::to_base58).collect();
        let json = serde_json::json!({"keys": texts, "threshold": keys.threshold});
        let said = serde_json::from_value::<GenesisKeys>(json).unwrap_err();
        assert_eq!(said.to_string(), keys.validate().unwrap_err().to_string());
    }
    let said = |json| {
        serde_json::from_value::<GenesisKeys>(json)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(said(serde_json::json!("KEY!")), "this key isn't base58 text");
    assert_eq!(
        said(serde_json::json!({"keys": ["KEY!"], "threshold": 1})),
        "this key isn't base58 text"
    );
    let expected = "expected a base58 key, or `keys` and a `threshold`";
    assert!(said(serde_json::json!(5)).ends_with(expected));
    assert_eq!(keys(0..most, u32::from(most)).validate(), Ok(()));
    assert_eq!(keys(1..2, 1).validate(), Ok(()));
    assert_eq!(
        threshold(4, 3).to_string(),
        "4 of 3 keys can't be needed: the threshold lies between 1 and the number of keys"
    );
}

#[test]
fn a_schedule_brings_something_and_comes_to_an_end() {
    let part = |iost, start_ms, months| GenesisVesting {
        account: AccountName::any("issue.iost").unwrap(),
        total: Amount::from_iost(iost),
        start_ms,
        months,
    };
    assert_eq!(part(1, 0, 1).validate(), Ok(()));
    assert_eq!(part(1, 0, 0).validate(), Err(VestingError::NoMonths));
    assert_eq!(part(0, 0, 1).validate(), Err(VestingError::Nothing));
    assert_eq!(part(1, u64::MAX, 1).validate(), Err(VestingError::TooLong));
    assert_eq!(part(1, u64::MAX - Vesting::MONTH_MS, 1).validate(), Ok(()));
    let schedule = part(7, 5, 3).schedule();
    assert_eq!((schedule.done, schedule.unvested()), (0, Amount::from_iost(7)));
    assert_eq!(schedule.next_ms(), Some(5 + Vesting::MONTH_MS));
}

fn file() -> Genesis {
    Genesis {
        preset: Preset::Private,
        name: Text::new("ours").unwrap(),
        parameters: Parameters::preset(Preset::Private),
        salt: Digest([1; 32]),
        time_ms: 5,
        accounts: vec![GenesisAccount {
            name: AccountName::new("alice").unwrap(),
            owner: keys(1..4, 2),
            active: key(1).into(),
            balance: Amount::from_iost(5),
            pledge: Amount::ZERO,
        }],
        candidates: Vec::new(),
        votes: Vec::new(),
        pool: Amount::ZERO,
        vesting: Vec::new(),
        grants: Vec::new(),
    }
}

#[test]
fn what_a_file_leaves_out_is_nothing() {
    let mut json = serde_json::to_value(file()).unwrap();
    for left_out in ["pool", "vesting", "grants"] {
        assert!(json.as_object_mut().unwrap().remove(left_out).is_some());
    }
    assert!(
        json["accounts"][0]
            .as_object_mut()
            .unwrap()
            .remove("pledge")
            .is_some()
    );
    assert_eq!(serde_json::from_value::<Genesis>(json).unwrap(), file());
}

#[test]
fn everything_handed_out_is_in_the_allocations_digest() {
    let digest = file().allocations_digest();
    let changed = |change: fn(&mut Genesis)| {
        let mut file = file();
        change(&mut file);
        file.allocations_digest()
    };
    let part = || GenesisVesting {
        account: AccountName::new("alice").unwrap(),
        total: Amount::from_iost(1),
        start_ms: 0,
        months: 1,
    };
    assert_ne!(digest, changed(|f| f.pool = Amount::from_iost(1)));
    assert_ne!(digest, changed(|f| f.accounts[0].pledge = Amount::from_iost(1)));
    assert_ne!(digest, changed(|f| f.accounts[0].owner.threshold = 3));
    let mut vests = file();
    vests.vesting.push(part());
    assert_ne!(digest, vests.allocations_digest());
    let granted = changed(|f| {
        f.grants.push(credo_primitives::spec::GenesisGrant {
            account: AccountName::new("alice").unwrap(),
            allocation: Text::new("team").unwrap(),
            amount: Amount::from_iost(5),
        });
    });
    assert_ne!(digest, granted);
    // Name and salt are the spec's own.
    assert_eq!(digest, changed(|f| f.salt = Digest([2; 32])));
}
