//! Transactions per second through one validator's path: decode and check signatures, execute, stage the new root,
//! commit durably; against the rate of signature checking alone. One thread, as the node's executor is.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use commonware_cryptography::Signer as _;
use commonware_runtime::{Runner as _, Supervisor as _, tokio::Config, tokio::Runner};
use credo_primitives::hash::ZERO_DIGEST;
use credo_primitives::spec::{Genesis, GenesisAccount, GenesisCandidate, GenesisVote, SPEC_VERSION};
use credo_primitives::{
    AccountName, Action, Algorithm, Amount, AmountLimit, ChainSpec, Committee, Parameters, Preset, SecretKey,
    Text, Transaction,
};
use credo_runtime::{BlockBuilder, BlockContext, genesis};
use credo_state::{Store, StoreConfig};

use crate::Row;

const ACCOUNTS: usize = 1_000;
const START_MS: u64 = 1_700_000_000_000;

fn account(i: usize) -> Result<(AccountName, SecretKey)> {
    let mut seed = [7u8; 32];
    seed[..8].copy_from_slice(&(i as u64).to_le_bytes());
    Ok((
        AccountName::new(format!("acct_{i:05}"))?,
        SecretKey::from_seed(Algorithm::Ed25519, &seed)?,
    ))
}

fn setting() -> Result<Genesis> {
    let mut accounts = Vec::new();
    for i in 0..ACCOUNTS {
        let (name, key) = account(i)?;
        let key = key.public_key();
        accounts.push(GenesisAccount {
            name,
            owner: key.clone().into(),
            active: key.into(),
            balance: Amount::from_iost(1_000_000),
            pledge: Amount::from_iost(100_000),
        });
    }
    let node = accounts[0].name.clone();
    Ok(Genesis {
        preset: Preset::Devnet,
        name: Text::new("bench")?,
        parameters: Parameters {
            epoch_length: 1_000_000,
            ..Parameters::preset(Preset::Devnet)
        },
        salt: ZERO_DIGEST,
        time_ms: START_MS,
        candidates: vec![GenesisCandidate {
            account: node.clone(),
            key: commonware_cryptography::ed25519::PrivateKey::from_seed(1).public_key(),
            location: Text::default(),
            url: Text::default(),
            net_id: Text::new("127.0.0.1:1")?,
        }],
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

fn transfer(from: usize, to: usize, time: i64) -> Result<Vec<u8>> {
    let ((from, key), (to, _)) = (account(from)?, account(to)?);
    let mut tx = Transaction {
        time,
        expiration: time + 90_000_000_000,
        gas_ratio: 100,
        gas_limit: 200_000_000,
        delay: 0,
        chain_id: 1024,
        signers: Vec::new(),
        actions: vec![Action {
            contract: "token.iost".into(),
            name: "transfer".into(),
            data: format!("[\"iost\",\"{from}\",\"{to}\",\"1\",\"\"]"),
        }],
        amount_limit: vec![AmountLimit {
            token: "iost".into(),
            value: "1".into(),
        }],
        signs: Vec::new(),
        referred_tx: Vec::new(),
        publisher: String::new(),
        publisher_signs: Vec::new(),
    };
    tx.sign_as_publisher(from.as_str(), &key);
    Ok(tx.encode())
}

/// Measures `blocks` blocks of `per_block` transfers between a thousand accounts.
pub(crate) fn measure(blocks: usize, per_block: usize, rows: &mut Vec<Row>) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let genesis_file = setting()?;
    let first = genesis(&genesis_file)?;
    let mut batches = Vec::new();
    for block in 0..blocks {
        let time = (START_MS + block as u64 * 500) as i64 * 1_000_000;
        let batch: Vec<Vec<u8>> = (0..per_block)
            .map(|i| transfer(i % ACCOUNTS, (i * 7 + block) % ACCOUNTS, time + i as i64))
            .collect::<Result<_>>()?;
        batches.push(batch);
    }
    let config = Config::new().with_storage_directory(directory.path());
    let (checking, whole, committing) = Runner::new(config).start(|context| async move {
        let mut store = Store::open(context.child("store"), StoreConfig::new("bench")).await?;
        let staged = store.stage(None, &first.writes, None).await?;
        store.commit(&staged).await?;
        let spec = ChainSpec {
            version: SPEC_VERSION,
            preset: genesis_file.preset,
            name: genesis_file.name.clone(),
            parameters: genesis_file.parameters.clone(),
            salt: genesis_file.salt,
            time_ms: genesis_file.time_ms,
            allocations: genesis_file.allocations_digest(),
            state: staged.commitment().into(),
            servi_digest: first.candidates_digest.digest,
            committee: first.round.seats.iter().map(|s| s.key.clone()).collect(),
        };
        let committee: Committee = spec.genesis_committee()?;
        let mut candidates = first.candidates;
        let (mut checking, mut whole, mut committing) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        for (i, batch) in batches.iter().enumerate() {
            let start = Instant::now();
            let mut checked = Vec::with_capacity(batch.len());
            for bytes in batch {
                checked.push(Transaction::decode(bytes)?.check(1024)?);
            }
            checking += start.elapsed();
            let context = BlockContext {
                spec: &spec,
                epoch: 0,
                height: i as u64 + 1,
                time_ms: START_MS + i as u64 * 500 + 400,
                proposer: spec.committee[0].clone(),
                committee: &committee,
                view: i as u64 + 1,
                parent_view: i as u64,
                previous_msb: None,
            };
            let outcome = {
                let snapshot = store.snapshot(None);
                let mut builder = BlockBuilder::new(context, &snapshot, candidates)?;
                for tx in &checked {
                    let receipt = builder.push(tx)?;
                    ensure!(
                        receipt.is_success(),
                        "a transfer failed: {}",
                        receipt.status.message
                    );
                }
                builder.finish()?
            };
            candidates = outcome.candidates.clone();
            let committed = Instant::now();
            let staged = store
                .stage(None, &outcome.writes, Some((i as u64).to_be_bytes().to_vec()))
                .await?;
            store.commit(&staged).await?;
            committing += committed.elapsed();
            whole += start.elapsed();
        }
        anyhow::Ok((checking, whole, committing))
    })?;
    let count = (blocks * per_block) as f64;
    let (check_rate, full_rate) = (count / checking.as_secs_f64(), count / whole.as_secs_f64());
    rows.push(Row::new(
        "signature checks alone",
        format!("{check_rate:.0} tx/s"),
        "decode, hash, ed25519 strict; one thread",
    ));
    rows.push(Row::new(
        "execute and commit, signatures checked",
        format!("{full_rate:.0} tx/s"),
        format!(
            "{blocks} blocks of {per_block} transfers; durable root per block, {:.0} % of the time in it",
            committing.as_secs_f64() * 100.0 / whole.as_secs_f64()
        ),
    ));
    rows.push(Row::new(
        "ratio",
        format!("{:.2}", full_rate / check_rate),
        "of the rate of checking alone",
    ));
    Ok(())
}
