//! A devnet's genesis: accounts with well-known keys, nodes with the most votes, more candidates on demand.
//!
//! The supply is the main network's, all of it liquid: what the parts below leave belongs to `admin`, who pays for the
//! faucet, too.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use commonware_codec::{Copying, DecodeExt as _};
use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use credo_primitives::spec::{
    Genesis, GenesisAccount, GenesisCandidate, GenesisKeys, GenesisVote, Ratio, supply,
};
use credo_primitives::{
    AccountName, Algorithm, Amount, ConsensusKey, Digest, Parameters, Preset, PublicKey, SecretKey, Text,
    sha256,
};
use rand::Rng as _;

use super::names::{candidate_name, node_name};
use super::{DevnetError, MAX_NODES, Options};
use crate::node::{FAUCET_ACCOUNT, WELL_KNOWN_KEY};

/// Votes of the first node, in IOST; each further node has [`STEP`] of these in a hundred less.
const MOST_VOTES: u64 = 40_000_000;
const STEP: u64 = 3;
/// What `admin` has pledged for its gas: the faucet's transactions are its own.
const FAUCET_PLEDGE: Amount = Amount::from_iost(10_000_000);
const FOUNDATION_BALANCE: Amount = Amount::from_iost(1_000_000_000);
const FOUNDATION_PLEDGE: Amount = Amount::from_iost(1_000_000);
/// What a node's account holds, and has pledged beside it.
const NODE_BALANCE: Amount = Amount::from_iost(1_000);
/// The foundation's keys are derived from these names; two of the three act for it.
const FOUNDATION_KEYS: [&str; 3] = ["foundation/1", "foundation/2", "foundation/3"];
const FAST_SLOT_MS: u64 = 50;
const FAST_EPOCH: u64 = 20;

fn made(error: impl ToString) -> DevnetError {
    DevnetError::Options(error.to_string())
}

/// A key that follows from its purpose and name. It protects nothing: devnet only.
fn seed(purpose: &str, name: &str) -> Digest {
    sha256(&[b"credo-devnet", purpose.as_bytes(), b"/", name.as_bytes()])
}

fn account_secret(name: &str) -> Result<SecretKey, DevnetError> {
    SecretKey::from_seed(Algorithm::Ed25519, &seed("account", name).0).map_err(made)
}

fn account_key(name: &str) -> Result<PublicKey, DevnetError> {
    Ok(account_secret(name)?.public_key())
}

fn consensus_key(name: &str) -> Result<ConsensusKey, DevnetError> {
    let key = PrivateKey::decode(Copying(&seed("consensus", name).0)).map_err(made)?;
    Ok(key.public_key())
}

fn foundation_keys() -> Result<GenesisKeys, DevnetError> {
    let keys: Result<_, _> = FOUNDATION_KEYS.into_iter().map(account_key).collect();
    GenesisKeys::several(keys?, 2).map_err(made)
}

/// The secret key of an account that every devnet has: `admin`, a node's, or one of the foundation's three.
pub(crate) fn known_secret(name: &str) -> Result<Option<SecretKey>, DevnetError> {
    if name == FAUCET_ACCOUNT {
        return SecretKey::from_base58(WELL_KNOWN_KEY).map(Some).map_err(made);
    }
    let known = FOUNDATION_KEYS.contains(&name) || (0..MAX_NODES).any(|node| node_name(node) == name);
    known.then(|| account_secret(name)).transpose()
}

/// Keys that everybody has, because a devnet's accounts would have them: the fixed ones, and those that follow from
/// `names`.
pub(crate) struct WellKnown {
    accounts: BTreeSet<PublicKey>,
    nodes: BTreeSet<ConsensusKey>,
}

impl WellKnown {
    pub(crate) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Result<Self, DevnetError> {
        let mut known = Self {
            accounts: BTreeSet::from([SecretKey::from_base58(WELL_KNOWN_KEY).map_err(made)?.public_key()]),
            nodes: BTreeSet::new(),
        };
        let mut add = |name: &str| -> Result<(), DevnetError> {
            known.accounts.insert(account_key(name)?);
            known.nodes.insert(consensus_key(name)?);
            Ok(())
        };
        (0..MAX_NODES).map(node_name).try_for_each(|name| add(&name))?;
        FOUNDATION_KEYS.into_iter().chain(names).try_for_each(add)?;
        Ok(known)
    }

    pub(crate) fn account(&self, key: &PublicKey) -> bool {
        self.accounts.contains(key)
    }

    pub(crate) fn node(&self, key: &ConsensusKey) -> bool {
        self.nodes.contains(key)
    }
}

fn parameters(options: &Options) -> Parameters {
    let mut parameters = Parameters::preset(Preset::Devnet);
    parameters.committee_size = u32::from(options.seats);
    if options.fast {
        parameters.set_slot_ms(FAST_SLOT_MS);
        parameters.epoch_length = FAST_EPOCH;
    }
    if options.candidates > 0 {
        // Candidates with a handful of votes must be able to stand.
        parameters.candidacy_threshold = Ratio {
            numerator: 1,
            denominator: 10_000_000_000,
        };
        // Nobody proves their availability for them (P-14): they have no node, and would all be gone in the first hour.
        parameters.availability_epochs = 1_000_000;
    }
    parameters
}

/// Makes the genesis of a new chain; `keys` are the running nodes' consensus keys.
pub(super) fn make(options: &Options, keys: &[ConsensusKey]) -> Result<Genesis, DevnetError> {
    let well_known = SecretKey::from_base58(WELL_KNOWN_KEY).map_err(made)?.public_key();
    let parameters = parameters(options);
    let mut rest = supply::SUPPLY;
    let mut accounts = vec![GenesisAccount {
        name: AccountName::new(supply::FOUNDATION).map_err(made)?,
        owner: foundation_keys()?,
        active: foundation_keys()?,
        balance: take(&mut rest, FOUNDATION_BALANCE)?,
        pledge: take(&mut rest, FOUNDATION_PLEDGE)?,
    }];
    let mut candidates = Vec::new();
    let mut votes = Vec::new();
    let mut stand = |name: String, key: ConsensusKey, net_id: String, iost: u64| -> Result<(), DevnetError> {
        let account = AccountName::new(name).map_err(made)?;
        let owner = account_key(account.as_str())?;
        accounts.push(GenesisAccount {
            name: account.clone(),
            owner: owner.clone().into(),
            active: owner.into(),
            balance: take(&mut rest, NODE_BALANCE)?,
            pledge: take(&mut rest, NODE_BALANCE)?,
        });
        // The candidate's deposit is created with it.
        take(&mut rest, parameters.deposit)?;
        candidates.push(GenesisCandidate {
            account: account.clone(),
            key,
            location: Text::new("loopback").map_err(made)?,
            // A page that can't exist: the list weighs what lists of real nodes weigh.
            url: Text::new(format!("https://{account}.example/")).map_err(made)?,
            net_id: Text::new(net_id).map_err(made)?,
        });
        votes.push(GenesisVote {
            voter: account.clone(),
            candidate: account,
            amount: take(&mut rest, Amount::from_iost(iost))?,
        });
        Ok(())
    };
    for (node, key) in (0u16..).zip(keys) {
        let votes = MOST_VOTES - MOST_VOTES * STEP * u64::from(node) / 100;
        let net_id = format!("127.0.0.1:{}", options.plane_port(node));
        stand(node_name(node), key.clone(), net_id, votes)?;
    }
    for number in 0..options.candidates {
        let name = candidate_name(number);
        let key = consensus_key(&name)?;
        stand(name, key, String::new(), 10 + u64::from(number % 90))?;
    }
    let pool = take(&mut rest, supply::to_pool())?;
    let pledge = take(&mut rest, FAUCET_PLEDGE)?;
    accounts.insert(
        0,
        GenesisAccount {
            name: AccountName::new(FAUCET_ACCOUNT).map_err(made)?,
            owner: well_known.clone().into(),
            active: well_known.into(),
            balance: rest,
            pledge,
        },
    );
    let mut salt = [0u8; 32];
    rand::rng().fill_bytes(&mut salt);
    let time_ms = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX));
    Ok(Genesis {
        preset: Preset::Devnet,
        name: Text::new("devnet").map_err(made)?,
        parameters,
        salt: Digest::from(salt),
        time_ms,
        accounts,
        candidates,
        votes,
        pool,
        vesting: Vec::new(),
        grants: Vec::new(),
    })
}

/// Takes a part of what is left of the supply.
fn take(rest: &mut Amount, amount: Amount) -> Result<Amount, DevnetError> {
    *rest = rest.checked_sub(amount).map_err(made)?;
    Ok(amount)
}

/// What of the options a chain that exists already doesn't follow.
pub(super) fn mismatch(genesis: &Genesis, options: &Options) -> Vec<String> {
    let wanted = parameters(options);
    let has = &genesis.parameters;
    let mut remarks = Vec::new();
    if has.slot_ms != wanted.slot_ms || has.epoch_length != wanted.epoch_length {
        remarks.push(format!(
            "this chain keeps its slots of {} ms and epochs of {} blocks",
            has.slot_ms, has.epoch_length
        ));
    }
    if has.committee_size != wanted.committee_size {
        remarks.push(format!("this chain keeps its {} seats", has.committee_size));
    }
    let nodes = genesis
        .candidates
        .iter()
        .filter(|c| !c.net_id.as_str().is_empty())
        .count();
    if nodes != usize::from(options.validators) {
        remarks.push(format!("this chain keeps its {nodes} nodes"));
    }
    let more = genesis.candidates.len() - nodes;
    if more != options.candidates as usize {
        remarks.push(format!("this chain keeps its {more} candidates without a node"));
    }
    if !remarks.is_empty() {
        remarks.push("--fresh starts a new one".into());
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(candidates: u32) -> Options {
        Options {
            validators: 6,
            seats: 4,
            data: "unused".into(),
            fast: false,
            processes: false,
            candidates,
            port: 8420,
            web: None,
            webrtc: crate::public::WebRtc::default(),
        }
    }

    fn keys() -> Vec<ConsensusKey> {
        (0..6).map(|n| PrivateKey::from_seed(n).public_key()).collect()
    }

    fn supply_of(genesis: &Genesis) -> Amount {
        use credo_primitives::entry::{IOST, TokenInfo};
        let state = credo_runtime::genesis(genesis).unwrap();
        let token = credo_primitives::StateKey::token(IOST);
        let bytes = state.writes[&token].clone().unwrap();
        TokenInfo::decode(Copying(&bytes)).unwrap().supply
    }

    #[test]
    fn a_devnet_s_parts_make_the_main_network_s_supply() {
        for candidates in [0, 300] {
            let genesis = make(&options(candidates), &keys()).unwrap();
            assert_eq!(supply_of(&genesis), supply::SUPPLY);
            assert_eq!(genesis.parameters.available_votes, supply::SUPPLY);
            assert_eq!(genesis.pool, Amount::from_iost(8_400_000_000));
            let admin = &genesis.accounts[0];
            assert_eq!(admin.name.as_str(), "admin");
            assert_eq!(admin.pledge, Amount::from_iost(10_000_000));
            assert!(admin.balance > Amount::from_iost(10_000_000_000));
        }
    }

    #[test]
    fn two_of_three_documented_keys_act_for_the_foundation() {
        let genesis = make(&options(0), &keys()).unwrap();
        let foundation = &genesis.accounts[1];
        assert_eq!(foundation.name.as_str(), "foundation");
        assert_eq!(foundation.owner, foundation.active);
        assert_eq!(
            (foundation.active.keys.len(), foundation.active.threshold),
            (3, 2)
        );
        let documented = include_str!("../../../docs/operating.md");
        for (name, key) in FOUNDATION_KEYS.iter().zip(&foundation.active.keys) {
            let secret = account_secret(name).unwrap();
            assert_eq!(secret.public_key(), *key);
            let line = format!("| `{}` | `{}` |", key.to_base58(), secret.to_base58().as_str());
            assert!(documented.contains(&line), "docs/operating.md lacks {line}");
        }
    }

    #[test]
    fn candidates_without_a_node_need_no_proof_of_availability() {
        assert_eq!(parameters(&options(1)).availability_epochs, 1_000_000);
        let preset = Parameters::preset(Preset::Devnet).availability_epochs;
        assert_eq!(parameters(&options(0)).availability_epochs, preset);
    }

    #[test]
    fn keys_of_a_devnet_are_known_elsewhere() {
        let genesis = make(&options(3), &[]).unwrap();
        let names: Vec<&str> = genesis.accounts.iter().map(|a| a.name.as_str()).collect();
        let known = WellKnown::of(names.into_iter()).unwrap();
        for account in &genesis.accounts {
            assert!(
                account.active.keys.iter().all(|key| known.account(key)),
                "{}",
                account.name
            );
        }
        assert!(genesis.candidates.iter().all(|c| known.node(&c.key)));
        let own = SecretKey::from_seed(Algorithm::Ed25519, &[9; 32]).unwrap();
        assert!(!known.account(&own.public_key()));
        assert!(!known.node(&PrivateKey::from_seed(1).public_key()));
    }
}
