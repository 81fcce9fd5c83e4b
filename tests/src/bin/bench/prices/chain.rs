//! A chain on a real store, and blocks of what a scene asks for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use commonware_codec::{Encode as _, varint::UInt};
use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use commonware_runtime::{Runner as _, Supervisor as _, tokio::Config, tokio::Context, tokio::Runner};
use credo_pob::Candidates;
use credo_primitives::certificate::namespace;
use credo_primitives::evidence::{Choice, EvidenceError, Proposal, SignedVote, Which};
use credo_primitives::hash::ZERO_DIGEST;
use credo_primitives::spec::{Genesis, GenesisAccount, GenesisCandidate, GenesisVote, SPEC_VERSION};
use credo_primitives::{
    AccountName, Action, Algorithm, Amount, AmountLimit, ChainSpec, Committee, Evidence, Parameters, Preset,
    SecretKey, Text, Transaction, sha256,
};
use credo_runtime::{BlockBuilder, BlockContext, Work, genesis};
use credo_state::{Store, StoreConfig};

use super::scenes;

/// Accounts that publish. The first [`NODES`] have a Servi node each.
pub(super) const PUBLISHERS: usize = 400;
pub(super) const NODES: usize = 300;
const START_MS: u64 = 1_700_000_000_000;
const SLOT_MS: u64 = 500;

/// The publisher of a number.
pub(super) fn name(number: usize) -> String {
    format!("acct_{number:05}")
}

/// A key for a number.
pub(super) fn key(number: usize, algorithm: Algorithm) -> Result<SecretKey> {
    let mut seed = [7u8; 32];
    seed[..8].copy_from_slice(&(number as u64).to_le_bytes());
    Ok(SecretKey::from_seed(algorithm, &seed)?)
}

/// A node's consensus key.
pub(super) fn node_key(number: usize) -> PrivateKey {
    PrivateKey::from_seed(number as u64)
}

/// A transaction to be made.
#[derive(Clone, Default)]
pub(super) struct Sent {
    pub(super) publisher: usize,
    pub(super) actions: Vec<(&'static str, &'static str, String)>,
    pub(super) signers: Vec<String>,
    /// More signatures over the base hash, by keys of no account.
    pub(super) signs: Vec<Algorithm>,
}

/// What a block took.
pub(super) struct Took {
    pub(super) time: Duration,
    pub(super) gas: u64,
    pub(super) work: Work,
    /// Why transactions failed, if any did.
    pub(super) failure: Option<String>,
}

pub(super) struct Chain<'s> {
    store: &'s mut Store<Context>,
    spec: ChainSpec,
    committee: Committee,
    candidates: Arc<Candidates>,
    height: u64,
}

fn setting() -> Result<Genesis> {
    let mut accounts = Vec::new();
    for i in 0..PUBLISHERS {
        let key = key(i, Algorithm::Ed25519)?.public_key();
        accounts.push(GenesisAccount {
            name: AccountName::new(name(i))?,
            owner: key.clone().into(),
            active: key.into(),
            balance: Amount::from_iost(1_000_000),
            pledge: Amount::from_iost(1_000_000),
        });
    }
    let mut candidates = Vec::new();
    for (i, account) in accounts.iter().take(NODES).enumerate() {
        candidates.push(GenesisCandidate {
            account: account.name.clone(),
            key: node_key(i).public_key(),
            location: Text::default(),
            url: Text::default(),
            net_id: Text::new("127.0.0.1:1")?,
        });
    }
    let node = accounts[0].name.clone();
    Ok(Genesis {
        preset: Preset::Devnet,
        name: Text::new("prices")?,
        parameters: Parameters {
            epoch_length: 1_000_000,
            // So short that a block removes what the one a few before it left: marks cost that, too.
            tx_lifetime_ms: SLOT_MS,
            // Blocks of far more gas than any chain's: what is measured isn't what a block holds.
            slot_ms: 60_000,
            block_gas_limit: 1_000_000_000,
            ..Parameters::preset(Preset::Devnet)
        },
        salt: ZERO_DIGEST,
        time_ms: START_MS,
        candidates,
        votes: vec![GenesisVote {
            voter: node.clone(),
            candidate: node,
            amount: Amount::from_iost(10_000_000),
        }],
        accounts,
        pool: Amount::ZERO,
        vesting: Vec::new(),
        grants: Vec::new(),
    })
}

/// Makes the chain and measures on it.
pub(super) fn run() -> Result<Vec<super::Measured>> {
    let directory = tempfile::tempdir()?;
    let file = setting()?;
    let mut first = genesis(&file)?;
    first.writes.extend(scenes::state()?);
    let config = Config::new().with_storage_directory(directory.path());
    Runner::new(config).start(|context| async move {
        let mut store = Store::open(context.child("store"), StoreConfig::new("prices")).await?;
        let staged = store.stage(None, &first.writes, None).await?;
        store.commit(&staged).await?;
        let spec = ChainSpec {
            version: SPEC_VERSION,
            preset: file.preset,
            name: file.name.clone(),
            parameters: file.parameters.clone(),
            salt: file.salt,
            time_ms: file.time_ms,
            allocations: file.allocations_digest(),
            state: staged.commitment().into(),
            servi_digest: first.candidates_digest.digest,
            committee: first.round.seats.iter().map(|s| s.key.clone()).collect(),
        };
        let committee = spec.genesis_committee()?;
        let mut chain = Chain {
            store: &mut store,
            spec,
            committee,
            candidates: first.candidates,
            height: 0,
        };
        // Reading the state blocks, as in the node's executor: a task's budget would never come back meanwhile.
        tokio::task::unconstrained(super::scenes_on(&mut chain)).await
    })
}

impl Chain<'_> {
    /// Evidence against a member, whose second signature is wrong: as much is checked as of any.
    pub(super) fn evidence(&self) -> Result<String> {
        let key = &self.committee.keys()[0];
        let node = (0..NODES).map(node_key).find(|node| node.public_key() == *key);
        let node = node.context("a member is none of the nodes")?;
        let mut space = namespace(self.committee.spec(), 0, 0);
        space.extend_from_slice(b"_NOTARIZE");
        let vote = |digest| {
            let mut message = UInt(0u64).encode().to_vec();
            message.extend(UInt(1u64).encode());
            message.extend(UInt(0u64).encode());
            message.extend(ZERO_DIGEST.encode());
            SignedVote {
                epoch: 0,
                view: 1,
                choice: Choice::Notarize(Proposal { parent: 0, digest }),
                seat: 0,
                signature: node.sign(&space, &message),
            }
        };
        let evidence = Evidence {
            first: vote(ZERO_DIGEST),
            second: vote(sha256(&[b"another"])),
        };
        let wrong = evidence.verify(&self.committee);
        ensure!(wrong == Err(EvidenceError::Signature(Which::Second)), "{wrong:?}");
        Ok(evidence
            .to_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect())
    }

    fn encode(&self, sent: &Sent, number: usize, time_ms: u64) -> Result<Vec<u8>> {
        let time = (time_ms as i64) * 1_000_000 - number as i64;
        let action = |(contract, name, data): &(&str, &str, String)| Action {
            contract: (*contract).into(),
            name: (*name).into(),
            data: data.clone(),
        };
        let mut tx = Transaction {
            time,
            expiration: time + 90_000_000_000,
            gas_ratio: 100,
            gas_limit: 400_000_000,
            delay: 0,
            chain_id: 1024,
            signers: sent.signers.clone(),
            actions: sent.actions.iter().map(action).collect(),
            amount_limit: vec![AmountLimit {
                token: "*".into(),
                value: "unlimited".into(),
            }],
            signs: Vec::new(),
            referred_tx: Vec::new(),
            publisher: String::new(),
            publisher_signs: Vec::new(),
        };
        for (number, algorithm) in sent.signs.iter().enumerate() {
            tx.sign_as_signer(&key(10_000 + number, *algorithm)?);
        }
        tx.sign_as_publisher(&name(sent.publisher), &key(sent.publisher, Algorithm::Ed25519)?);
        Ok(tx.encode())
    }

    /// Makes transactions, and measures the block that has them.
    pub(super) async fn block(&mut self, sent: &[Sent]) -> Result<Took> {
        let height = self.height + 1;
        let time_ms = START_MS + height * SLOT_MS;
        let mut bodies = Vec::with_capacity(sent.len());
        for (number, sent) in sent.iter().enumerate() {
            bodies.push(self.encode(sent, number, time_ms)?);
        }
        let start = Instant::now();
        let context = BlockContext {
            spec: &self.spec,
            epoch: 0,
            height,
            time_ms,
            proposer: self.spec.committee[0].clone(),
            committee: &self.committee,
            view: height,
            parent_view: height - 1,
            previous_msb: None,
        };
        let mut failure = None;
        let (outcome, gas, work) = {
            let snapshot = self.store.snapshot(None);
            let mut builder = BlockBuilder::new(context, &snapshot, Arc::clone(&self.candidates))?;
            for body in &bodies {
                let tx = Transaction::decode(body)?.check(1024)?;
                match builder.push(&tx) {
                    Ok(receipt) if receipt.is_success() => {}
                    Ok(receipt) => failure = Some(receipt.status.message.to_string()),
                    Err(refused) => bail!("a scene's transaction is refused: {refused}"),
                }
            }
            let (gas, work) = (builder.gas(), builder.work().clone());
            (builder.finish()?, gas, work)
        };
        let staged = self.store.stage(None, &outcome.writes, None).await?;
        self.store.commit(&staged).await?;
        let time = start.elapsed();
        self.candidates = outcome.candidates;
        self.height = height;
        Ok(Took {
            time,
            gas,
            work,
            failure,
        })
    }
}
