//! A small chain in memory. Every block is built, replayed and checked for conservation.

use std::collections::BTreeMap;
use std::sync::Arc;

use commonware_codec::{Copying, DecodeExt as _, Encode as _, Read};
use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use credo_pob::{Candidate, CandidateStatus, Candidates, Former, MAX_CANDIDATES, Round, Voter};
use credo_primitives::block::StateCommitment;
use credo_primitives::entry::{
    Balance, Contribution, IOST, MsbMark, Pledges, Pool, TokenInfo, VotingOptions, VotingVotes,
};
use credo_primitives::hash::ZERO_DIGEST;
use credo_primitives::possession::show_possession;
use credo_primitives::spec::{
    Genesis, GenesisAccount, GenesisCandidate, GenesisVote, Parameters, Ratio, SPEC_VERSION,
};
use credo_primitives::{
    AccountName, Action, Algorithm, Amount, AmountLimit, ChainSpec, CheckedTransaction, Committee,
    ConsensusKey, Digest, Preset, Receipt, SecretKey, StateKey, Text, Transaction,
};
use credo_runtime::{
    BlockBuilder, BlockContext, BlockOutcome, PushError, Refusal, genesis, load_candidates, replay,
};

use crate::follower::Follower;

pub(crate) type State = BTreeMap<StateKey, Vec<u8>>;

pub(crate) const START_MS: u64 = 1_700_000_000_000;
pub(crate) const USERS: [&str; 3] = ["alice", "bobby", "carol"];
pub(crate) const NODES: [&str; 4] = ["node1", "node2", "node3", "node4"];
/// What every account has pledged for its gas, in IOST.
pub(crate) const PLEDGE: u64 = 10_000;
/// What a candidate's deposit is, in IOST.
pub(crate) const DEPOSIT: u64 = 50;
/// What the reward pool begins with, in IOST.
pub(crate) const POOL: u64 = 1_000_000;
pub(crate) const LOCK_MS: u64 = 3_000;
/// What registering locks, in IOST.
pub(crate) const REGISTRATION: u64 = DEPOSIT / 10;
/// Bytes of RAM that every account of the genesis has.
pub(crate) const GENESIS_RAM: u64 = 100_000;

pub(crate) fn name(text: &str) -> AccountName {
    AccountName::any(text).unwrap()
}

pub(crate) fn iost(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

/// A key for everything that has a name; every third is secp256k1.
pub(crate) fn key_of(name: &str) -> SecretKey {
    let seed: [u8; 32] = credo_primitives::sha256(&[name.as_bytes()]).0;
    let algorithm = if seed[0].is_multiple_of(3) {
        Algorithm::Secp256k1
    } else {
        Algorithm::Ed25519
    };
    SecretKey::from_seed(algorithm, &seed).unwrap()
}

pub(crate) fn consensus_key(number: u64) -> ConsensusKey {
    PrivateKey::from_seed(number).public_key()
}

/// The arguments of `applyRegister`: the key's texts as `middle`, the end with the key's own signature.
pub(crate) fn registering(spec: &ChainSpec, account: &str, key: u64, middle: &str) -> String {
    let shown = possession(spec, account, key);
    let key = credo_primitives::spec::consensus_key::to_base58(&consensus_key(key));
    format!(r#"["{account}","{key}",{middle},true,"{shown}"]"#)
}

/// What shows that an account has a consensus key.
pub(crate) fn possession(spec: &ChainSpec, account: &str, key: u64) -> String {
    let account = AccountName::any(account).unwrap_or_else(|_| name("nobody"));
    show_possession(&PrivateKey::from_seed(key), &spec.hash(), &account)
}

pub(crate) fn parameters() -> Parameters {
    Parameters {
        committee_size: 3,
        epoch_length: 5,
        vote_lock_ms: LOCK_MS,
        candidacy_threshold: Ratio {
            numerator: 1,
            denominator: 10_000,
        },
        available_votes: Amount::from_iost(1_000_000),
        deposit: Amount::from_iost(DEPOSIT),
        // Liveness is tested where it is meant.
        availability_epochs: 1_000_000,
        ..Parameters::preset(Preset::Devnet)
    }
}

pub(crate) fn genesis_file() -> Genesis {
    let account = |text: &str, iost: u64| GenesisAccount {
        name: name(text),
        owner: key_of(&format!("{text} owner")).public_key().into(),
        active: key_of(text).public_key().into(),
        balance: Amount::from_iost(iost),
        pledge: Amount::from_iost(PLEDGE),
    };
    let users = USERS.iter().map(|n| account(n, 1_000));
    Genesis {
        preset: Preset::Devnet,
        name: Text::new("test").unwrap(),
        parameters: parameters(),
        salt: ZERO_DIGEST,
        time_ms: START_MS,
        accounts: users.chain(NODES.iter().map(|n| account(n, 10))).collect(),
        candidates: (0..4)
            .map(|i| GenesisCandidate {
                account: name(NODES[i]),
                key: consensus_key(i as u64),
                location: Text::default(),
                url: Text::default(),
                net_id: Text::new(format!("127.0.0.1:{}", 7000 + i)).unwrap(),
            })
            .collect(),
        votes: [10, 8, 5, 4]
            .iter()
            .zip(NODES)
            .map(|(amount, node)| GenesisVote {
                voter: name("carol"),
                candidate: name(node),
                amount: Amount::from_iost(*amount),
            })
            .collect(),
        pool: Amount::from_iost(POOL),
        vesting: Vec::new(),
        grants: Vec::new(),
    }
}

#[derive(Clone)]
pub(crate) struct Chain {
    pub(crate) spec: ChainSpec,
    pub(crate) state: State,
    pub(crate) candidates: Arc<Candidates>,
    pub(crate) committee: Committee,
    pub(crate) height: u64,
    pub(crate) time_ms: u64,
    pub(crate) view: u64,
    /// The commitment to the state after the last MSB, where a test makes one.
    pub(crate) msb_state: StateCommitment,
    follower: Follower,
    nonce: i64,
}

impl Chain {
    pub(crate) fn new() -> Self {
        Self::with(genesis_file())
    }

    pub(crate) fn with(file: Genesis) -> Self {
        let first = genesis(&file).unwrap();
        let mut keys: Vec<ConsensusKey> = first.round.seats.iter().map(|s| s.key.clone()).collect();
        keys.sort();
        let spec = ChainSpec {
            version: SPEC_VERSION,
            preset: file.preset,
            name: file.name.clone(),
            parameters: file.parameters.clone(),
            salt: file.salt,
            time_ms: file.time_ms,
            allocations: file.allocations_digest(),
            state: StateCommitment::ZERO.into(),
            servi_digest: first.candidates_digest.digest,
            committee: keys,
        };
        let committee = spec.genesis_committee().unwrap();
        let mut chain = Self {
            spec,
            state: State::new(),
            candidates: first.candidates.clone(),
            committee,
            height: 0,
            time_ms: file.time_ms,
            view: 0,
            msb_state: StateCommitment::ZERO,
            follower: Follower::default(),
            nonce: 0,
        };
        chain.apply(&first.writes);
        chain.follower = Follower::new(&chain.state);
        chain.check();
        chain
    }

    fn apply(&mut self, writes: &credo_state::Writes) {
        for (key, value) in writes {
            match value {
                Some(value) => {
                    assert!(
                        value.len() <= credo_primitives::state_key::MAX_STATE_VALUE,
                        "{key} is too large"
                    );
                    self.state.insert(key.clone(), value.clone());
                }
                None => {
                    self.state.remove(key);
                }
            }
        }
    }

    /// The context of the block after this head, `skip` views later than the next.
    pub(crate) fn context(&self, skip: u64) -> BlockContext<'_> {
        let height = self.height + 1;
        let epoch = self.spec.epoch_of(height);
        let first = height == self.spec.first_height(epoch);
        let parent_view = if first { 0 } else { self.view };
        let view = parent_view + 1 + skip;
        BlockContext {
            spec: &self.spec,
            epoch,
            height,
            time_ms: self.time_ms + self.spec.parameters.slot_ms,
            proposer: self.committee.leader(view).clone(),
            committee: &self.committee,
            view,
            parent_view,
            previous_msb: (first && epoch > 0).then(|| (epoch - 1, self.msb_mark(epoch - 1))),
        }
    }

    /// What the first block after an epoch writes of its MSB.
    pub(crate) fn msb_mark(&self, epoch: u64) -> MsbMark {
        MsbMark {
            digest: msb_digest(epoch),
            state: self.msb_state,
        }
    }

    /// Adds a block of these transactions, none of which is refused.
    pub(crate) fn block(&mut self, txs: &[CheckedTransaction]) -> BlockOutcome {
        let (outcome, refused) = self.try_block(txs);
        assert_eq!(refused, [], "refused");
        outcome
    }

    /// Adds a block of those transactions that may stand in it.
    pub(crate) fn try_block(&mut self, txs: &[CheckedTransaction]) -> (BlockOutcome, Vec<Refusal>) {
        self.skipping_block(txs, 0)
    }

    pub(crate) fn skipping_block(
        &mut self,
        txs: &[CheckedTransaction],
        skip: u64,
    ) -> (BlockOutcome, Vec<Refusal>) {
        let ctx = self.context(skip);
        let mut builder = BlockBuilder::new(ctx.clone(), &self.state, self.candidates.clone()).unwrap();
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        for tx in txs {
            match builder.push(tx) {
                Ok(_) => taken.push(tx.clone()),
                Err(PushError::Refused(refusal)) => refused.push(refusal),
                Err(PushError::Fatal(error)) => panic!("{error}"),
            }
        }
        let outcome = builder.finish().unwrap();
        // Another node, with a list that it loaded from the state, comes to the same.
        let loaded = Arc::new(load_candidates(&self.state).unwrap());
        assert_eq!(loaded, self.candidates);
        let again = replay(ctx.clone(), &self.state, loaded, &taken).unwrap();
        assert_eq!(outcome, again);
        let (height, time_ms, view) = (ctx.height, ctx.time_ms, ctx.view);
        self.apply(&outcome.writes);
        (self.height, self.time_ms, self.view) = (height, time_ms, view);
        self.candidates = outcome.candidates.clone();
        if let Some(round) = &outcome.round {
            let keys: Vec<_> = round.seats.iter().map(|s| s.key.clone()).collect();
            self.committee = Committee::new(self.spec.hash(), 0, round.epoch, &keys).unwrap();
        }
        self.follower.follow(&outcome.receipts);
        self.follower.check(&self.state, self.time_ms);
        self.check();
        (outcome, refused)
    }

    /// Adds a block of one transaction while the list is full: of others that are in nobody's state, and gone again after it.
    pub(crate) fn block_with_full_list(&mut self, tx: &CheckedTransaction) -> Receipt {
        let real = self.candidates.list.len();
        let filler = self.candidates.list[0].clone();
        let mut list = self.candidates.list.clone();
        list.extend((real..MAX_CANDIDATES).map(|n| Candidate {
            account: name(&format!("fill_{n:05}")),
            generation: 1_000_000 + n as u64,
            registered: 0,
            status: CandidateStatus::Registered,
            order: 0,
            votes: Amount::from_iost(8),
            ..filler.clone()
        }));
        let full = Arc::new(Candidates::new(list, self.candidates.next));
        let ctx = self.context(0);
        let mut builder = BlockBuilder::new(ctx.clone(), &self.state, full).unwrap();
        let receipt = builder.push(tx).unwrap().clone();
        let outcome = builder.finish().unwrap();
        let (height, time_ms, view) = (ctx.height, ctx.time_ms, ctx.view);
        self.apply(&outcome.writes);
        (self.height, self.time_ms, self.view) = (height, time_ms, view);
        let list = outcome.candidates.list[..real].to_vec();
        self.candidates = Arc::new(Candidates::new(list, outcome.candidates.next));
        let digest = self.candidates.digest().encode().to_vec();
        self.state.insert(StateKey::candidates(), digest);
        self.follower.follow(&outcome.receipts);
        self.follower.check(&self.state, self.time_ms);
        self.check();
        receipt
    }

    /// Adds empty blocks up to and including the MSB block, and returns its round.
    pub(crate) fn end_epoch(&mut self) -> Round {
        loop {
            if let Some(round) = self.block(&[]).round {
                return round;
            }
        }
    }

    pub(crate) fn get<T: Read<Cfg = ()>>(&self, key: &StateKey) -> Option<T> {
        self.state
            .get(key)
            .map(|bytes| T::decode(Copying(bytes)).unwrap())
    }

    pub(crate) fn balance(&self, account: &str) -> Balance {
        self.get(&StateKey::balance(&name(account), IOST))
            .unwrap_or_default()
    }

    pub(crate) fn spendable(&self, account: &str) -> Amount {
        self.balance(account).spendable(self.time_ms)
    }

    pub(crate) fn voter(&self, account: &str) -> Voter {
        self.get(&StateKey::voter(&name(account))).unwrap_or_default()
    }

    /// No token is created or lost: balances, frozen amounts and what hasn't vested are the supply; each account's stake is
    /// what stands in its votes, its deposit and its pledges, and those who hold stakes have it; the pool's books are right.
    pub(crate) fn check(&self) {
        let token: TokenInfo = self.get(&StateKey::token(IOST)).unwrap();
        let mut held: u128 = 0;
        let mut votes: BTreeMap<AccountName, u128> = BTreeMap::new();
        let mut staked: BTreeMap<String, u128> = BTreeMap::new();
        let mut claimed: BTreeMap<String, u128> = BTreeMap::new();
        let mut rewards: u128 = 0;
        for key in self.state.keys() {
            let text = key.as_str();
            if let Some(of) = text
                .strip_prefix("token.iost/balance/")
                .and_then(|t| t.strip_suffix("/iost"))
            {
                let balance: Balance = self.get(key).unwrap();
                assert!(balance.frozen.is_sorted_by(|a, b| a.until_ms < b.until_ms));
                held += units(balance.available);
                held += balance.frozen.iter().map(|f| units(f.amount)).sum::<u128>();
                claimed.insert(of.to_owned(), units(balance.staked));
            } else if let Some(of) = text.strip_prefix("vote_producer.iost/voter/") {
                let voter: Voter = self.get(key).unwrap();
                assert!(voter.votes.is_sorted_by(|a, b| a.candidate < b.candidate));
                rewards += units(voter.earned);
                let stake = voter.stake.map_or(0, |locked| units(locked.amount));
                *staked.entry(of.to_owned()).or_default() += stake;
                for vote in voter.votes {
                    assert!(!vote.amount.is_zero());
                    *staked.entry(of.to_owned()).or_default() += units(vote.amount);
                    rewards += units(vote.earned);
                    let node = self.candidates.find(&vote.candidate);
                    if node.is_some_and(|node| node.generation == vote.generation) {
                        *votes.entry(vote.candidate).or_default() += units(vote.amount);
                    }
                }
            } else if text.starts_with("pob/former/") {
                rewards += units(self.get::<Former>(key).unwrap().voters_pot);
            } else if let Some(of) = text.strip_prefix("gas.iost/pledges/") {
                let pledges: Pledges = self.get(key).unwrap();
                *staked.entry(of.to_owned()).or_default() +=
                    pledges.to.iter().map(|p| units(p.amount)).sum::<u128>();
            }
        }
        for node in &self.candidates.list {
            let cast = votes.remove(&node.account).unwrap_or(0);
            assert_eq!(cast, units(node.votes), "votes of {}", node.account);
            *staked.entry(node.account.to_string()).or_default() += units(node.stake());
            rewards += units(node.earned) + units(node.voters_pot);
        }
        assert!(votes.is_empty());
        let pool: Pool = self.get(&StateKey::pool()).unwrap();
        let contribution: Contribution = self.get(&StateKey::contribution()).unwrap_or_default();
        rewards += units(contribution.pot);
        rewards += contribution
            .accounts
            .iter()
            .map(|c| units(c.earned))
            .sum::<u128>();
        let books = units(pool.free) + units(pool.carried) + units(pool.topup) + rewards;
        assert_eq!(
            books,
            units(self.balance("issue.iost").available),
            "the pool's books"
        );
        for part in &pool.vesting {
            held += units(part.total) - u128::from(part.done) * units(part.total) / u128::from(part.months);
        }
        assert_eq!(held, units(token.supply), "supply");
        self.check_voting(&mut staked);
        crate::checks::holders(self);
        crate::checks::gas(self);
        crate::checks::ram(self);
        staked.retain(|_, amount| *amount > 0);
        claimed.retain(|_, amount| *amount > 0);
        assert_eq!(staked, claimed, "stakes");
    }

    /// What `vote.iost` holds of accounts' stakes.
    fn check_voting(&self, staked: &mut BTreeMap<String, u128>) {
        for key in self.state.keys() {
            let text = key.as_str();
            let Some((id, of)) = text
                .strip_prefix("vote.iost/votes/")
                .and_then(|t| t.split_once('/'))
            else {
                continue;
            };
            let votes: VotingVotes = self.get(key).unwrap();
            assert!(self.state.contains_key(&StateKey::voting(id.parse().unwrap())));
            for vote in votes.votes {
                assert!(!vote.amount.is_zero() && vote.cleared <= vote.amount);
                *staked.entry(of.to_owned()).or_default() += units(vote.amount);
            }
        }
        self.check_options();
    }

    /// An option's votes are what accounts voted for it since its generation began.
    fn check_options(&self) {
        for key in self.state.keys() {
            let Some(id) = key.as_str().strip_prefix("vote.iost/options/") else {
                continue;
            };
            let list: VotingOptions = self.get(key).unwrap();
            for option in list.options {
                let prefix = format!("vote.iost/votes/{id}/");
                let votes = self.state.keys().filter(|k| k.as_str().starts_with(&prefix));
                let counted: u128 = votes
                    .flat_map(|key| self.get::<VotingVotes>(key).unwrap().votes)
                    .filter(|vote| vote.option == option.name && vote.generation >= option.generation)
                    .map(|vote| units(vote.amount) - units(vote.cleared))
                    .sum();
                assert_eq!(counted, units(option.votes), "votes for {}", option.name);
            }
        }
    }

    /// An unsigned transaction of these actions, valid now.
    pub(crate) fn draft(&mut self, actions: &[(&str, &str, &str)]) -> Transaction {
        self.nonce += 1;
        let now = self.time_ms as i64 * 1_000_000;
        Transaction {
            time: now - 1_000_000 + self.nonce % 1_000_000,
            expiration: now + 60_000_000_000,
            gas_ratio: 100,
            gas_limit: 100_000_000,
            delay: 0,
            chain_id: self.spec.parameters.chain_id,
            signers: Vec::new(),
            actions: actions
                .iter()
                .map(|(contract, name, data)| Action {
                    contract: (*contract).into(),
                    name: (*name).into(),
                    data: (*data).into(),
                })
                .collect(),
            amount_limit: vec![AmountLimit {
                token: "*".into(),
                value: "unlimited".into(),
            }],
            signs: Vec::new(),
            referred_tx: Vec::new(),
            publisher: String::new(),
            publisher_signs: Vec::new(),
        }
    }

    pub(crate) fn sign(&self, mut tx: Transaction, publisher: &str) -> CheckedTransaction {
        tx.sign_as_publisher(publisher, &key_of(publisher));
        tx.check(self.spec.parameters.chain_id).unwrap()
    }

    /// A transaction of one action.
    pub(crate) fn tx(
        &mut self,
        publisher: &str,
        contract: &str,
        action: &str,
        data: &str,
    ) -> CheckedTransaction {
        let draft = self.draft(&[(contract, action, data)]);
        self.sign(draft, publisher)
    }

    pub(crate) fn transfer(&mut self, from: &str, to: &str, amount: &str) -> CheckedTransaction {
        let data = format!(r#"["iost","{from}","{to}","{amount}","memo"]"#);
        self.tx(from, "token.iost", "transfer", &data)
    }

    /// Executes one action alone in a block.
    pub(crate) fn run(&mut self, publisher: &str, contract: &str, action: &str, data: &str) -> Receipt {
        self.leave_msb();
        let tx = self.tx(publisher, contract, action, data);
        self.run_tx(&tx)
    }

    /// Executes one action, which succeeds.
    pub(crate) fn pass(&mut self, publisher: &str, contract: &str, action: &str, data: &str) -> Receipt {
        let receipt = self.run(publisher, contract, action, data);
        assert!(
            receipt.is_success(),
            "{contract}/{action} {data}: {:?}",
            receipt.status
        );
        receipt
    }

    /// What one action, which succeeds, returns.
    pub(crate) fn returned(&mut self, contract: &str, action: &str, data: &str) -> String {
        let receipt = self.pass("alice", contract, action, data);
        receipt.returns[0].as_str().to_owned()
    }

    /// Executes one action, which fails and changes nothing, and says why it failed.
    pub(crate) fn fails(&mut self, publisher: &str, contract: &str, action: &str, data: &str) -> String {
        self.leave_msb();
        let tx = self.tx(publisher, contract, action, data);
        self.fails_tx(&tx)
    }

    pub(crate) fn fails_tx(&mut self, tx: &CheckedTransaction) -> String {
        self.leave_msb();
        // What a block and its gas change by themselves.
        let rest = |state: &State| {
            let mut state = state.clone();
            state.retain(|key, _| {
                let own = ["chain/", "pob/", "gas.iost/gas/", "issue.iost/"];
                !own.iter().any(|own| key.as_str().starts_with(own))
            });
            state
        };
        let before = rest(&self.state);
        let receipt = self.run_tx(tx);
        assert!(!receipt.is_success(), "{:?}", tx.tx().actions);
        assert!(receipt.receipts.is_empty() && receipt.returns.is_empty());
        assert!(
            rest(&self.state) == before,
            "{:?} changed the state",
            tx.tx().actions
        );
        reason(&receipt).to_owned()
    }

    pub(crate) fn run_tx(&mut self, tx: &CheckedTransaction) -> Receipt {
        self.block(std::slice::from_ref(tx)).receipts.remove(0)
    }

    /// Refuses one transaction.
    pub(crate) fn refuse(&mut self, tx: &CheckedTransaction) -> Refusal {
        self.leave_msb();
        let (outcome, mut refused) = self.try_block(std::slice::from_ref(tx));
        assert!(outcome.receipts.is_empty());
        refused.remove(0)
    }

    /// Adds the MSB block if that is the next.
    pub(crate) fn leave_msb(&mut self) {
        if self.height + 1 == self.spec.last_height(self.spec.epoch_of(self.height + 1)) {
            self.block(&[]);
        }
    }
}

fn units(amount: Amount) -> u128 {
    u128::from(amount.units())
}

fn msb_digest(epoch: u64) -> Digest {
    credo_primitives::sha256(&[b"msb", &epoch.to_be_bytes()])
}

/// The reason in a failure's message.
pub(crate) fn reason(receipt: &Receipt) -> &str {
    let message = receipt.status.message.as_str();
    message
        .split_once(" error: ")
        .map_or(message, |(_, reason)| reason)
}
