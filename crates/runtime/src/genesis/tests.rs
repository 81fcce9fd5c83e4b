//! What the first state holds, and what makes none.

use std::collections::BTreeMap;

use commonware_codec::{Copying, DecodeExt as _, Read};
use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use credo_pob::Voter;
use credo_primitives::entry::{Account, RAM, Ram, Vesting};
use credo_primitives::spec::{
    GenesisCandidate, GenesisVesting, GenesisVote, KeysError, SpecError, VestingError,
};
use credo_primitives::{Algorithm, Digest, SecretKey};

use super::*;

const START: u64 = supply::VESTING_START_MS;
const NODES: [&str; 4] = ["node1", "node2", "node3", "node4"];

fn name(text: &str) -> AccountName {
    AccountName::any(text).unwrap()
}

fn key(n: u8) -> PublicKey {
    let secret = SecretKey::from_seed(Algorithm::Ed25519, &[n; 32]).unwrap();
    secret.public_key()
}

fn iost(amount: u64) -> Amount {
    Amount::from_iost(amount)
}

fn account(text: &str, keys: impl Into<GenesisKeys>, balance: u64, pledge: u64) -> GenesisAccount {
    let keys = keys.into();
    GenesisAccount {
        name: name(text),
        owner: keys.clone(),
        active: keys,
        balance: iost(balance),
        pledge: iost(pledge),
    }
}

fn two_of_three() -> GenesisKeys {
    GenesisKeys::several(vec![key(1), key(2), key(3)], 2).unwrap()
}

fn vesting(to: &str, total: u64, months: u32) -> GenesisVesting {
    GenesisVesting {
        account: name(to),
        total: iost(total),
        start_ms: START,
        months,
    }
}

fn file() -> Genesis {
    let mut accounts = vec![
        account("foundation", two_of_three(), 50, 0),
        account("alice", key(4), 1_000, 20),
    ];
    accounts.extend(NODES.iter().map(|node| account(node, key(5), 10, 0)));
    Genesis {
        preset: Preset::Devnet,
        name: Text::new("test").unwrap(),
        parameters: Parameters::preset(Preset::Devnet),
        salt: Digest([7; 32]),
        time_ms: START,
        accounts,
        candidates: (1u64..)
            .zip(NODES)
            .map(|(n, node)| GenesisCandidate {
                account: name(node),
                key: PrivateKey::from_seed(n).public_key(),
                location: Text::default(),
                url: Text::default(),
                net_id: Text::default(),
            })
            .collect(),
        votes: vec![GenesisVote {
            voter: name("alice"),
            candidate: name("node3"),
            amount: iost(300),
        }],
        pool: iost(700),
        vesting: vec![vesting("issue.iost", 1_200, 12), vesting("foundation", 10, 3)],
        grants: Vec::new(),
    }
}

/// What the first state of `file` holds, read as nodes read it.
struct First(GenesisState);

impl First {
    fn of(file: &Genesis) -> Self {
        Self(genesis(file).unwrap())
    }

    fn get<T: Read<Cfg = ()>>(&self, key: StateKey) -> Option<T> {
        let bytes = self.0.writes.get(&key)?.as_ref()?;
        Some(T::decode(Copying(bytes)).unwrap())
    }

    fn balance(&self, account: &str) -> Balance {
        self.get(StateKey::balance(&name(account), IOST))
            .unwrap_or_default()
    }

    fn pool(&self) -> Pool {
        self.get(StateKey::pool()).unwrap()
    }

    fn token(&self) -> TokenInfo {
        self.get(StateKey::token(IOST)).unwrap()
    }

    /// All that stands in balances, and what vests later.
    fn everything(&self) -> u64 {
        let balances: u64 = self
            .0
            .writes
            .iter()
            .filter(|(key, _)| {
                let key = key.as_str();
                key.starts_with("token.iost/balance/") && key.ends_with("/iost")
            })
            .map(|(_, value)| {
                let balance = Balance::decode(Copying(value.as_ref().unwrap())).unwrap();
                // What is staked stands in the balance of who holds it.
                balance.available.units()
            })
            .sum();
        let unvested: u64 = self
            .pool()
            .vesting
            .iter()
            .map(|part| part.unvested().units())
            .sum();
        balances + unvested
    }
}

#[test]
fn everything_handed_out_is_the_supply_and_no_more_can_be_issued() {
    let first = First::of(&file());
    let token = first.token();
    // Balances, a pledge, a vote, four deposits of 1,000, the pool and what vests.
    let sum = 50 + 1_000 + 4 * 10 + 20 + 300 + 4 * 1_000 + 700 + 1_210;
    assert_eq!(token.supply, iost(sum));
    assert_eq!(token.total_supply, token.supply);
    assert_eq!(token.issuer, name("issue.iost"));
    assert_eq!(first.everything(), token.supply.units());
    for (holder, holds) in [
        ("gas.iost", 20),
        ("vote.iost", 300),
        ("vote_producer.iost", 4_000),
    ] {
        assert_eq!(first.balance(holder).available, iost(holds), "{holder}");
    }
}

#[test]
fn accounts_begin_with_ram_of_the_reserve_and_pay_for_their_votes() {
    let first = First::of(&file());
    let ram = |account: &str| first.get::<Ram>(StateKey::ram(&name(account))).unwrap();
    let free = |account: &str| {
        let key = StateKey::balance(&name(account), RAM);
        first.get::<Balance>(key).unwrap().available.units()
    };
    let key = StateKey::voter(&name("alice"));
    let votes = first.0.writes[&key].as_ref().unwrap().len() + key.as_str().len();
    assert_eq!(ram("alice").used, votes as u64);
    assert_eq!(ram("node1").used, 0);
    let mut held = free("ram.iost");
    for account in file().accounts {
        let account = account.name.as_str();
        assert_eq!((ram(account).own, ram(account).total), (0, 100_000));
        assert_eq!(free(account) + ram(account).used, 100_000);
        held += 100_000;
    }
    let token: TokenInfo = first.get(StateKey::token(RAM)).unwrap();
    assert_eq!((token.supply.units(), held), (137_438_953_472, 137_438_953_472));
}

#[test]
fn what_is_staked_stands_in_its_records_and_brings_a_day_s_gas() {
    let first = First::of(&file());
    let alice = first.balance("alice");
    assert_eq!((alice.available, alice.staked), (iost(1_000), iost(320)));
    let pledges: Pledges = first.get(StateKey::pledges(&name("alice"))).unwrap();
    assert_eq!(pledges.to.len(), 1);
    assert_eq!(
        (pledges.to[0].account.as_str(), pledges.to[0].amount),
        ("alice", iost(20))
    );
    let gas: Gas = first.get(StateKey::gas(&name("alice"))).unwrap();
    assert_eq!((gas.pledged, gas.voted), (iost(20), iost(300)));
    assert_eq!(gas.stock, 320 * 100_000 * 100);
    assert_eq!(gas.updated_ms, START);
    let voter: Voter = first.get(StateKey::voter(&name("alice"))).unwrap();
    assert_eq!(voter.total(), iost(300));

    let node = first.balance("node3");
    assert_eq!((node.available, node.staked), (iost(10), iost(1_000)));
    assert!(first.0.candidates.list.iter().all(|c| c.deposit == iost(1_000)));
    assert_eq!(first.get::<Gas>(StateKey::gas(&name("node3"))), None);
    assert_eq!(first.get::<Pledges>(StateKey::pledges(&name("foundation"))), None);
    assert_eq!(first.0.round.seats[0].account, name("node3"));
    assert_eq!(first.get::<u64>(StateKey::committees_from()), Some(0));
}

#[test]
fn one_key_has_all_the_weight_and_several_share_it() {
    let mut file = file();
    file.accounts[1].owner = two_of_three();
    let first = First::of(&file);
    let alice: Account = first.get(StateKey::account(&name("alice"))).unwrap();
    let weights = |permission: &str| {
        let permission = alice.permission(permission).unwrap();
        let weights: Vec<u32> = permission.items.iter().map(|item| item.weight).collect();
        (weights, permission.threshold)
    };
    assert_eq!(weights("active"), (vec![100], 100));
    assert_eq!(weights("owner"), (vec![1, 1, 1], 2));
    let foundation: Account = first.get(StateKey::account(&name("foundation"))).unwrap();
    for permission in ["active", "owner"] {
        let permission = foundation.permission(permission).unwrap();
        let keys: Vec<_> = permission
            .items
            .iter()
            .map(|item| item.principal.clone())
            .collect();
        assert_eq!(keys, [1, 2, 3].map(|n| Principal::Key(key(n))));
    }
    // Each key leads to the accounts in whose permissions it stands.
    let of = |n| {
        first
            .get::<KeyAccounts>(StateKey::key_accounts(&key(n)))
            .unwrap()
            .accounts
    };
    assert_eq!(of(1), [name("foundation"), name("alice")]);
    assert_eq!(of(4), [name("alice")]);
}

#[test]
fn the_pool_holds_what_the_file_says_and_months_that_are_over_vest_at_once() {
    let pool = First::of(&file()).pool();
    assert_eq!(
        (pool.free, pool.available),
        (iost(700), file().parameters.available_votes)
    );
    assert_eq!(
        pool.vesting.iter().map(|part| part.done).collect::<Vec<_>>(),
        [0, 0]
    );

    let mut late = file();
    late.time_ms = START + 3 * Vesting::MONTH_MS;
    let first = First::of(&late);
    let pool = first.pool();
    assert_eq!(pool.free, iost(1_000));
    assert_eq!(first.balance("issue.iost").available, iost(1_000));
    assert_eq!(first.balance("foundation").available, iost(60));
    let available = late.parameters.available_votes.checked_add(iost(310)).unwrap();
    assert_eq!(pool.available, available);
    assert_eq!((pool.vesting.len(), pool.vesting[0].done), (1, 3));
    assert_eq!(first.token(), First::of(&file()).token());
    assert_eq!(first.everything(), first.token().supply.units());
}

#[test]
fn the_main_network_has_its_supply_exactly() {
    let mut main = file();
    main.preset = Preset::Main;
    let error = genesis(&main).unwrap_err();
    assert_eq!(
        error,
        GenesisError::Spec(SpecError::ChainId {
            preset: Preset::Main,
            chain_id: 1024
        })
    );
    main.parameters.chain_id = 7001;
    let handed_out = First::of(&file()).token().supply;
    let error = genesis(&main).unwrap_err();
    assert_eq!(error, GenesisError::MainSupply(handed_out));
    let rest = supply::SUPPLY.checked_sub(handed_out).unwrap();
    main.accounts[1].balance = main.accounts[1].balance.checked_add(rest).unwrap();
    assert_eq!(First::of(&main).token().total_supply, supply::SUPPLY);
}

#[test]
fn what_makes_no_chain_is_refused_with_a_sentence() {
    let stranger = || name("stranger");
    type Case = (Box<dyn Fn(&mut Genesis)>, GenesisError);
    let cases: Vec<Case> = vec![
        (
            Box::new(|f| f.accounts[0].active.threshold = 4),
            GenesisError::Keys {
                account: name("foundation"),
                source: KeysError::Threshold {
                    threshold: 4,
                    keys: 3,
                },
            },
        ),
        (
            Box::new(|f| f.vesting[1].months = 0),
            GenesisError::Vesting {
                account: name("foundation"),
                source: VestingError::NoMonths,
            },
        ),
        (
            Box::new(move |f| f.vesting[1].account = stranger()),
            GenesisError::UnknownAccount(name("stranger")),
        ),
        (
            Box::new(|f| f.vesting = vec![vesting("foundation", 1, 1); MAX_VESTING + 1]),
            GenesisError::TooManySchedules,
        ),
        (
            Box::new(|f| f.pool = iost(90_000_000_000)),
            GenesisError::Supply(MAX_SUPPLY),
        ),
        (
            Box::new(|f| f.parameters.available_votes = Amount::MAX),
            GenesisError::Supply(MAX_SUPPLY),
        ),
        (
            Box::new(|f| f.accounts.push(account("issue.iost", key(1), 1, 0))),
            GenesisError::Contract(name("issue.iost")),
        ),
        (
            Box::new(|f| f.accounts.push(account("alice", key(1), 1, 0))),
            GenesisError::DuplicateAccount(name("alice")),
        ),
        (
            Box::new(move |f| f.votes[0].voter = name("stranger")),
            GenesisError::UnknownAccount(name("stranger")),
        ),
        (
            Box::new(|f| (f.candidates, f.votes) = (Vec::new(), Vec::new())),
            GenesisError::NoCandidates,
        ),
    ];
    for (change, error) in cases {
        let mut file = file();
        change(&mut file);
        assert_eq!(genesis(&file), Err(error));
    }
    let same_key = |f: &mut Genesis| f.candidates[1].key = f.candidates[0].key.clone();
    let mut file = file();
    same_key(&mut file);
    assert_eq!(
        genesis(&file).unwrap_err().to_string(),
        "genesis: node2: pubkey is used by another producer"
    );
}

#[test]
fn accounts_that_hold_nothing_leave_no_balance() {
    let mut file = file();
    file.accounts[0].balance = Amount::ZERO;
    file.pool = Amount::ZERO;
    let first = First::of(&file);
    let empty: BTreeMap<_, _> = first
        .0
        .writes
        .keys()
        .filter(|key| key.as_str().starts_with("token.iost/balance/"))
        .map(|key| (key.as_str(), ()))
        .collect();
    assert!(!empty.contains_key("token.iost/balance/foundation/iost"));
    assert!(!empty.contains_key("token.iost/balance/issue.iost/iost"));
}
