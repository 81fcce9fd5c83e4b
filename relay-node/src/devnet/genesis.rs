//! A devnet's genesis: accounts with well-known keys, nodes with the most votes, more candidates on demand.

use std::time::{SystemTime, UNIX_EPOCH};

use commonware_codec::{Copying, DecodeExt as _};
use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use credo_primitives::spec::{Genesis, GenesisAccount, GenesisCandidate, GenesisVote, Ratio};
use credo_primitives::{
    AccountName, Algorithm, Amount, ConsensusKey, Digest, Parameters, Preset, PublicKey, SecretKey, Text,
    sha256,
};
use rand::Rng as _;

use super::names::{candidate_name, node_name};
use super::{DevnetError, Options};
use crate::node::WELL_KNOWN_KEY;

/// Votes of the first node, in IOST; each further node has [`STEP`] of these in a hundred less.
const MOST_VOTES: u64 = 40_000_000;
const STEP: u64 = 3;
const FAST_SLOT_MS: u64 = 50;
const FAST_EPOCH: u64 = 20;

fn made(error: impl ToString) -> DevnetError {
    DevnetError::Options(error.to_string())
}

/// A key that follows from its purpose and name. It protects nothing: devnet only.
fn seed(purpose: &str, name: &str) -> Digest {
    sha256(&[b"credo-devnet", purpose.as_bytes(), b"/", name.as_bytes()])
}

fn account_key(name: &str) -> Result<PublicKey, DevnetError> {
    SecretKey::from_seed(Algorithm::Ed25519, &seed("account", name).0)
        .map(|key| key.public_key())
        .map_err(made)
}

fn parameters(options: &Options) -> Parameters {
    let mut parameters = Parameters::preset(Preset::Devnet);
    parameters.committee_size = u32::from(options.seats);
    if options.fast {
        parameters.slot_ms = FAST_SLOT_MS;
        parameters.epoch_length = FAST_EPOCH;
    }
    if options.candidates > 0 {
        // Candidates with a handful of votes must be able to stand.
        parameters.candidacy_threshold = Ratio {
            numerator: 1,
            denominator: 10_000_000_000,
        };
    }
    parameters
}

/// Makes the genesis of a new chain; `keys` are the running nodes' consensus keys.
pub(super) fn make(options: &Options, keys: &[ConsensusKey]) -> Result<Genesis, DevnetError> {
    let well_known = SecretKey::from_base58(WELL_KNOWN_KEY).map_err(made)?.public_key();
    let mut accounts = Vec::new();
    for name in ["admin", "foundation"] {
        accounts.push(GenesisAccount {
            name: AccountName::new(name).map_err(made)?,
            owner: well_known.clone(),
            active: well_known.clone(),
            balance: Amount::from_iost(5_000_000_000),
        });
    }
    let mut candidates = Vec::new();
    let mut votes = Vec::new();
    let mut stand = |name: String, key: ConsensusKey, net_id: String, iost: u64| -> Result<(), DevnetError> {
        let account = AccountName::new(name).map_err(made)?;
        let owner = account_key(account.as_str())?;
        accounts.push(GenesisAccount {
            name: account.clone(),
            owner: owner.clone(),
            active: owner,
            balance: Amount::from_iost(1_000),
        });
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
            amount: Amount::from_iost(iost),
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
        let key = PrivateKey::decode(Copying(&seed("consensus", &name).0)).map_err(made)?;
        stand(name, key.public_key(), String::new(), 10 + u64::from(number % 90))?;
    }
    let mut salt = [0u8; 32];
    rand::rng().fill_bytes(&mut salt);
    let time_ms = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX));
    Ok(Genesis {
        preset: Preset::Devnet,
        name: Text::new("devnet").map_err(made)?,
        parameters: parameters(options),
        salt: Digest::from(salt),
        time_ms,
        accounts,
        candidates,
        votes,
    })
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
