//! A real executor over a store of its own: what waits in the pool, and who may wait for whom.

use std::sync::Arc;

use commonware_cryptography::{Digested, Digestible as _, Signer as _, ed25519::PrivateKey};
use commonware_runtime::tokio::{Config, Runner};
use commonware_runtime::{Runner as _, Supervisor as _};
use credo_primitives::hash::ZERO_DIGEST;
use credo_primitives::spec::{Genesis, GenesisAccount, GenesisCandidate, GenesisVote};
use credo_primitives::{
    AccountName, Action, Algorithm, Amount, ChainSpec, CheckedTransaction, Digest, Parameters, Preset,
    SecretKey, Signature, StateKey, Text, Transaction, sha256,
};
use tokio::sync::mpsc;

use super::*;
use crate::mempool::{Admission, MAX_AHEAD_PER_SENDER, MAX_PER_SENDER, Origin, Pool};
use crate::service::ServiceError;

const START_MS: u64 = 1_700_000_000_000;
/// Long, so that a block is never cut short by a slow machine.
const SLOT_MS: u64 = 10_000;
const NODE: &str = "node1";
const SECOND: i64 = 1_000_000_000;

fn name(text: &str) -> AccountName {
    AccountName::new(text).expect("a name")
}

fn key(account: &str) -> SecretKey {
    SecretKey::from_seed(Algorithm::Ed25519, &sha256(&[account.as_bytes()]).0).expect("a seed")
}

fn consensus_key() -> PrivateKey {
    PrivateKey::from_seed(1)
}

fn genesis(accounts: &[String]) -> Genesis {
    let account = |account: &str| GenesisAccount {
        name: name(account),
        owner: key(account).public_key().into(),
        active: key(account).public_key().into(),
        balance: Amount::from_iost(1_000_000),
        pledge: Amount::from_iost(1_000),
    };
    Genesis {
        preset: Preset::Devnet,
        name: Text::new("test").expect("a name"),
        parameters: Parameters {
            slot_ms: SLOT_MS,
            ..Parameters::preset(Preset::Devnet)
        },
        salt: ZERO_DIGEST,
        time_ms: START_MS,
        accounts: [account(NODE)]
            .into_iter()
            .chain(accounts.iter().map(|a| account(a)))
            .collect(),
        candidates: vec![GenesisCandidate {
            account: name(NODE),
            key: consensus_key().public_key(),
            location: Text::default(),
            url: Text::default(),
            net_id: Text::new("127.0.0.1:1").expect("an address"),
        }],
        votes: vec![GenesisVote {
            voter: name(NODE),
            candidate: name(NODE),
            amount: Amount::from_iost(100_000),
        }],
        pool: Amount::ZERO,
        vesting: Vec::new(),
        grants: Vec::new(),
    }
}

/// An executor with its pool and the way into it. Time is what the test says.
struct Node {
    executor: ExecutorHandle,
    spec: Arc<ChainSpec>,
    pool: Pool,
    admission: Admission,
    tip: (Digest, u64),
}

impl Node {
    fn take(&self, tx: &Transaction, now_ms: u64) -> Result<Arc<CheckedTransaction>, ServiceError> {
        self.admission.take(&tx.encode(), Origin::Client, now_ms)
    }

    /// A block on the last final one.
    async fn propose(&self, time_ms: u64) -> Digested<ChainBlock> {
        let (parent, view) = self.tip;
        let proposal = Proposal {
            parent,
            epoch: 0,
            view: view + 1,
            parent_view: view,
            proposer: consensus_key().public_key(),
            time_ms,
        };
        self.executor.propose(proposal).await.expect("a block")
    }

    async fn finalize(&mut self, block: Digested<ChainBlock>) {
        self.tip = (block.digest(), self.tip.1 + 1);
        let finality = Finality::Certified {
            descendants: Vec::new(),
            certificate: vec![7; 80],
        };
        self.executor.finalize(block, finality).await.expect("final");
    }
}

/// Runs a test on a new chain with these accounts.
fn on_chain<F: Future<Output = ()>>(accounts: &[String], test: impl FnOnce(Node) -> F) {
    let dir = tempfile::tempdir().expect("a folder");
    let (genesis, dir) = (&genesis(accounts), &dir);
    let config = Config::new().with_storage_directory(dir.path().join("engine"));
    Runner::new(config).start(|context| async move {
        let pool = Pool::new();
        let (proofs, _kept) = mpsc::channel(1);
        let availability = Availability::new(consensus_key().public_key(), proofs);
        let context = context.child("executor");
        let opened = open(context, dir.path(), genesis, pool.clone(), availability).await;
        let Opened { handle, spec, .. } = opened.expect("it opens");
        let admission = Admission::new(Arc::clone(&spec), handle.reader().clone(), pool.clone());
        let tip = (spec.genesis_header().digest(), 0);
        test(Node {
            executor: handle.clone(),
            spec,
            pool,
            admission,
            tip,
        })
        .await;
        handle.stop().await;
        // Whoever still holds a reader holds no file.
        let answer = handle.reader().state(&[StateKey::round()]);
        assert_eq!(answer, Err(ServiceError::NotReady));
    });
}

fn unsigned(contract: &str, action: &str, data: String, time: i64, ratio: i64) -> Transaction {
    Transaction {
        time,
        expiration: time + 80 * SECOND,
        gas_ratio: ratio,
        gas_limit: 10_000_000,
        delay: 0,
        chain_id: 1024,
        signers: Vec::new(),
        actions: vec![Action {
            contract: contract.into(),
            name: action.into(),
            data,
        }],
        amount_limit: Vec::new(),
        signs: Vec::new(),
        referred_tx: Vec::new(),
        publisher: String::new(),
        publisher_signs: Vec::new(),
    }
}

/// What makes a transaction another.
type Change<'a> = &'a dyn Fn(&mut Transaction);

/// A transfer of nothing to nobody in particular.
fn transfer(from: &str, time: i64, ratio: i64) -> Transaction {
    let data = format!(r#"["iost","{from}","{NODE}","0.1",""]"#);
    let mut tx = unsigned("token.iost", "transfer", data, time, ratio);
    tx.sign_as_publisher(from, &key(from));
    tx
}

fn accounts(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("hostile{n:02}")).collect()
}

fn honest(mut accounts: Vec<String>) -> Vec<String> {
    accounts.push("honest".into());
    accounts
}

const fn ns(ms: u64) -> i64 {
    ms as i64 * 1_000_000
}

#[test]
fn a_pool_filled_with_what_lies_ahead_empties_no_block() {
    let hostile = accounts(15);
    on_chain(&honest(hostile.clone()), |mut node| async move {
        let now = START_MS + SLOT_MS;
        // Each of 15 accounts tries 200, dated 25 s ahead: before, these were the 3,000 that a builder looked at.
        let mut taken = 0;
        for i in 0..200 {
            for account in &hostile {
                let tx = transfer(account, ns(now) + 25 * SECOND + i, 200);
                taken += usize::from(node.take(&tx, now).is_ok());
            }
        }
        assert_eq!(taken, hostile.len() * MAX_AHEAD_PER_SENDER);
        let tx = transfer("honest", ns(now), 100);
        node.take(&tx, now).expect("there is room");
        let block = node.propose(now).await;
        assert_eq!(block.inner().block().transactions, [tx.encode()]);
        node.finalize(block).await;
        // Their time comes, and they run like any other: ten of each account in a block.
        let block = node.propose(now + 26_000).await;
        let limit = node.spec.parameters.sender_tx_limit as usize;
        assert_eq!(block.inner().block().transactions.len(), hostile.len() * limit);
        node.finalize(block).await;
        assert_eq!(node.pool.len(), hostile.len() * (MAX_AHEAD_PER_SENDER - limit));
    });
}

#[test]
fn refusals_for_now_count_for_nothing_in_the_search_for_candidates() {
    let hostile = accounts(15);
    on_chain(&honest(hostile.clone()), |node| async move {
        let now = START_MS + SLOT_MS;
        // They may run, ten of each account in this block, and go before whoever offers less: 3,000 again.
        for i in 0..MAX_PER_SENDER as i64 {
            for account in &hostile {
                let tx = transfer(account, ns(now) - i, 200);
                node.take(&tx, now).expect("there is room");
            }
        }
        let tx = transfer("honest", ns(now), 100);
        node.take(&tx, now).expect("there is room");
        let block = node.propose(now).await;
        let transactions = &block.inner().block().transactions;
        let limit = node.spec.parameters.sender_tx_limit as usize;
        assert_eq!(transactions.len(), hostile.len() * limit + 1);
        assert_eq!(transactions.last(), Some(&tx.encode()));
    });
}

#[test]
fn what_can_t_be_paid_for_any_more_leaves_with_the_block_that_took_the_gas() {
    on_chain(&honest(Vec::new()), |mut node| async move {
        let now = START_MS + SLOT_MS;
        let data = r#"["honest","honest","950"]"#.to_owned();
        let mut unpledge = unsigned("gas.iost", "unpledge", data, ns(now), 100);
        unpledge.sign_as_publisher("honest", &key("honest"));
        node.take(&unpledge, now).expect("there is room");
        let block = node.propose(now).await;
        assert_eq!(block.inner().block().transactions.len(), 1);
        // Before it is final, the account's gas still pays for as many as it has gas for.
        let costly = |i: i64| {
            let mut tx = transfer("honest", ns(now) - i, 100);
            tx.gas_limit = 400_000_000;
            tx.publisher_signs.clear();
            tx.sign_as_publisher("honest", &key("honest"));
            tx
        };
        let mut waiting = 0;
        let refused = (1..).find_map(|i| match node.take(&costly(i), now) {
            Ok(_) => {
                waiting += 1;
                None
            }
            Err(error) => Some(error.to_string()),
        });
        let refused = refused.expect("its gas is bounded");
        assert!(
            refused.starts_with("gas not enough: user honest has "),
            "{refused}"
        );
        assert!((1..MAX_PER_SENDER).contains(&waiting), "{waiting}");
        assert_eq!(node.pool.len(), waiting + 1);
        // Fifty IOST bring no more than three days' 15,000,000 gas: enough for three.
        node.finalize(block).await;
        assert_eq!(node.pool.len(), 3);
    });
}

#[test]
fn the_state_is_asked_before_any_signature_is_checked() {
    on_chain(&honest(Vec::new()), |mut node| async move {
        let now = START_MS + SLOT_MS;
        let junk = || Signature {
            algorithm: Algorithm::Ed25519,
            signature: vec![0; 64],
            public_key: key("honest").public_key().as_bytes().to_vec(),
        };
        let forged = |change: &dyn Fn(&mut Transaction)| {
            let mut tx = transfer("honest", ns(now), 100);
            tx.publisher_signs = (0..16).map(|_| junk()).collect();
            change(&mut tx);
            tx
        };
        // Executed before, under whatever signatures.
        let before = transfer("honest", ns(now) - 7, 100);
        node.take(&before, now).expect("there is room");
        let block = node.propose(now).await;
        node.finalize(block).await;
        let checked = node.admission.verified();
        assert_eq!(checked, 1);
        let refusals: [(Change<'_>, &str); 8] = [
            (&|tx| tx.publisher_signs.push(junk()), "too many signatures: "),
            (&|tx| tx.gas_ratio = 99, "gas ratio illegal"),
            (&|tx| tx.publisher = "stranger".into(), "unauthorized publisher: "),
            (&|tx| tx.publisher = "no name!".into(), "unauthorized publisher: "),
            (&|tx| tx.time = ns(now) - 7, "tx exists in chain"),
            (
                &|tx| tx.time = ns(now) + 31 * SECOND,
                "TimeError: tx.time is too large",
            ),
            (
                &|tx| tx.expiration = ns(now) + 30 * SECOND,
                "TimeError: the transaction has",
            ),
            (&|tx| tx.actions[0].data = "no array".into(), "invalid data of "),
        ];
        for (change, text) in refusals {
            let mut tx = forged(change);
            if text == "tx exists in chain" {
                tx.expiration = before.expiration;
            }
            let refused = node.take(&tx, now).expect_err(text).to_string();
            assert!(refused.starts_with(text), "{refused}");
        }
        assert_eq!(
            node.admission.verified(),
            checked,
            "nothing was checked for these"
        );
        // Of an account that has spoken for its gas, and of one that has its number waiting.
        let waiting = (0..MAX_PER_SENDER as i64).map(|i| transfer("honest", ns(now) - 100 - i, 100));
        for tx in waiting {
            node.take(&tx, now).expect("there is room");
        }
        let checked = node.admission.verified();
        let refused = node.take(&forged(&|_| {}), now).expect_err("no room").to_string();
        assert!(refused.starts_with("txpool is full for honest"), "{refused}");
        assert_eq!(node.admission.verified(), checked);
        // Whoever has all that is asked for is checked, and found out.
        let mut tx = forged(&|_| {});
        tx.publisher = NODE.into();
        let refused = node.take(&tx, now).expect_err("forged").to_string();
        assert!(refused.starts_with("publisher error: "), "{refused}");
        assert_eq!(node.admission.verified(), checked + 1);
    });
}

#[test]
fn strangers_neither_wait_for_consensus_nor_keep_it_waiting() {
    on_chain(&honest(Vec::new()), |mut node| async move {
        let now = START_MS + SLOT_MS;
        let block = node.propose(now).await;
        node.finalize(block).await;
        // The executor's thread is busy; whatever strangers ask is answered all the same.
        let busy = node.executor.hold().await;
        let reader = node.executor.reader();
        let keys = [
            StateKey::account(&name("honest")),
            StateKey::account(&name("stranger")),
        ];
        let answer = reader.state(&keys).expect("an answer");
        assert_eq!(answer.head.header.height, 1);
        for (key, (entry, there)) in keys.iter().zip(answer.entries.iter().zip([true, false])) {
            let root = &answer.head.header.state.root;
            assert_eq!(entry.value.is_some(), there);
            credo_state::verify(root, key, entry.value.as_deref(), &entry.proof).expect("proved");
        }
        assert!(!reader.ranking(0).expect("the ranking").part.is_empty());
        let tx = transfer("honest", ns(now), 100);
        node.take(&tx, now).expect("there is room");
        assert_eq!(node.pool.len(), 1);
        drop(busy);
        // And consensus goes on where it was, with what came meanwhile.
        let block = node.propose(now + SLOT_MS).await;
        assert_eq!(block.inner().block().transactions, [tx.encode()]);
        node.finalize(block).await;
        let index = node.executor.index();
        assert_eq!(index.body(2, 0).expect("readable"), Some(tx.encode()));
        assert_eq!(index.body(2, 1).expect("readable"), None);
    });
}
