//! Building the chain. State roots and proofs are handed in: the real store makes them natively, the fixture keeps
//! them, and chains whose state nobody asks for do without.

use std::convert::Infallible;

use commonware_codec::Encode as _;
use credo_msb::{HandOver, History, MSB_VERSION, MsbHeader};
use credo_pob::{Candidate, CandidateStatus, Candidates, Loss, Ranking, Round, Seat, Turns, Vote, Voter};
use credo_primitives::block::HEADER_VERSION;
use credo_primitives::block::StateCommitment;
use credo_primitives::entry::{
    Account, Approval, Balance, Contribution, Contributor, Ended, Frozen, Gas, Item, KeyAccounts, LossReason,
    Permission, Pledge, Pledges, Pool, Principal, Proposal, Proposals, ProposedAction, Ram, RamMarket,
    Requested, TokenInfo, Vesting, Waiting, WaitingProposal, authority_digest,
};
use credo_primitives::hash::ZERO_DIGEST;
use credo_primitives::spec::SPEC_VERSION;
use credo_primitives::{
    AccountName, Action, Algorithm, Amount, ChainSpec, Digest, Header, Parameters, Preset, PublicKey,
    Receipt, SecretKey, StateKey, Status, StatusCode, Text, Transaction, merkle, sha256,
};
use credo_state::Writes;
use credo_wire::KeyProof;

use super::chain::{TestBlock, TestChain, TestConfig, TestTransaction, certify};

fn name(text: &str) -> AccountName {
    AccountName::any(text).expect("a name")
}

fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).expect("short")
}

/// The account that the tests look at.
const ACCOUNT: &str = "marlow";

/// The node that the account votes for, by its place in the list.
const VOTED: u32 = 1;
/// A proposal that asks for the account's approval, by the node that it votes for.
const PROPOSAL: &str = "chairs";
/// How often that node has withdrawn all its approvals.
const WITHDRAWALS: u64 = 1;
/// A node that lost its candidacy after the account had voted for it.
const LOST: u32 = 6;

fn servi(place: u32) -> AccountName {
    name(&format!("servi_{place:03}"))
}

fn secret() -> SecretKey {
    SecretKey::from_seed(Algorithm::Ed25519, &[7; 32]).expect("a seed")
}

/// How many of [`keys`] stand nowhere, the last ones.
const ABSENT: usize = 3;

/// What the tests read; the last [`ABSENT`] stand nowhere.
fn keys() -> Vec<StateKey> {
    let account = name(ACCOUNT);
    vec![
        StateKey::candidates(),
        StateKey::round(),
        StateKey::turns(),
        StateKey::balance(&account, "iost"),
        StateKey::voter(&account),
        StateKey::key_accounts(&secret().public_key()),
        StateKey::account(&account),
        StateKey::gas(&account),
        StateKey::pledges(&account),
        StateKey::ram(&account),
        StateKey::ram_market(),
        StateKey::contribution(),
        StateKey::pool(),
        StateKey::candidate(&servi(VOTED)),
        StateKey::candidate(&servi(LOST)),
        StateKey::ended(&servi(LOST), 0),
        StateKey::token("iost"),
        StateKey::proposals_for(&account),
        StateKey::proposals_for_key(&secret().public_key()),
        StateKey::proposals(&account),
        StateKey::proposal(&servi(VOTED), PROPOSAL),
        StateKey::account(&servi(VOTED)),
        StateKey::withdrawals(&servi(VOTED)),
        StateKey::ranking(),
        StateKey::ranking_part(0),
        StateKey::ranking_part(1),
        StateKey::ranking_part(2),
        StateKey::candidate(&account),
        StateKey::balance(&name("nobody_here"), "iost"),
    ]
}

/// How many nodes the ranking has: more than one part.
const RANKED: u32 = 300;

/// The ranking that the epoch after `height`, or the one of it, begins with: most of its nodes only wait for votes.
pub(super) fn ranking(config: &TestConfig, height: u64) -> Ranking {
    let epoch = height / config.epoch_length;
    let mut list = candidates(config, epoch * config.epoch_length).list;
    let some = list[0].clone();
    list.extend((list.len() as u32..RANKED).map(|i| Candidate {
        account: servi(i),
        status: CandidateStatus::Registered,
        order: 0,
        votes: Amount::from_iost(u64::from(i % 7)),
        servi: 0,
        ..some.clone()
    }));
    Ranking::of(&Candidates::of(list), epoch)
}

fn candidates(config: &TestConfig, height: u64) -> Candidates {
    let pool = config.keys.max(LOST);
    let list = (0..=pool)
        .map(|i| Candidate {
            account: servi(i),
            key: commonware_cryptography::Signer::public_key(&super::test_key(i)),
            location: text("here"),
            url: text("https://example.org"),
            net_id: text("127.0.0.1:1"),
            generation: 0,
            registered: 0,
            status: CandidateStatus::Candidate,
            order: u64::from(i) + 1,
            votes: Amount::from_iost(1_000 + u64::from(i)),
            voted: Amount::ZERO,
            servi: u128::from(height) * u128::from(i + 1),
            available: 0,
            missed: 0,
            aside_until: 0,
            leaving: false,
            loss: None,
            deposit: Amount::from_iost(1_000),
            lock: Amount::ZERO,
            deposit_until_ms: 0,
            fee_share: 10,
            earned: Amount::ZERO,
            voters_pot: Amount::from_iost(100),
            // A sixteenth of what a vote is worth.
            voter_coef: 1 << 60,
        })
        .map(|node| {
            if node.account == servi(LOST) {
                lost(config, node)
            } else {
                node
            }
        })
        .collect();
    Candidates::of(list)
}

/// How the lost node lost its candidacy, and when its votes return.
fn ending(config: &TestConfig) -> Ended {
    Ended {
        reason: LossReason::NoBlocks,
        epoch: 0,
        at_ms: config.time_ms,
        until_ms: config.time_ms + 120_000,
        voter_coef: 0,
    }
}

fn lost(config: &TestConfig, node: Candidate) -> Candidate {
    let ended = ending(config);
    Candidate {
        generation: 1,
        status: CandidateStatus::Lost,
        votes: Amount::ZERO,
        servi: 0,
        loss: Some(Loss {
            reason: ended.reason,
            epoch: ended.epoch,
            at_ms: ended.at_ms,
            until_ms: ended.until_ms,
        }),
        deposit_until_ms: ended.until_ms,
        ..node
    }
}

fn token() -> TokenInfo {
    TokenInfo {
        issuer: name("issue.iost"),
        full_name: text("iost"),
        total_supply: Amount::from_iost(21_000_000_000),
        supply: Amount::from_iost(20_999_999_990),
        decimals: 8,
        can_transfer: true,
        only_issuer_can_transfer: false,
    }
}

/// Who approved of the proposal.
fn approver() -> Account {
    let key = SecretKey::from_seed(Algorithm::Ed25519, &[9; 32]).expect("a seed");
    record(&servi(VOTED), &key.public_key())
}

/// The account and the proposer are to send something of the account's.
fn proposal(config: &TestConfig) -> Proposal {
    let asked = |account: AccountName, approval| Requested {
        who: Principal::Account {
            account,
            permission: text("active"),
        },
        approval,
    };
    let approver = approver();
    let authority = authority_digest(&approver.name, "active", |name| {
        Ok::<_, Infallible>((*name == approver.name).then_some(&approver))
    });
    let approval = Approval {
        authority: authority.unwrap_or_default().unwrap_or(ZERO_DIGEST),
        withdrawals: WITHDRAWALS,
    };
    Proposal {
        proposer: servi(VOTED),
        name: text(PROPOSAL),
        created_ms: config.time_ms,
        expires_ms: config.time_ms + 600_000,
        requested: vec![asked(servi(VOTED), Some(approval)), asked(name(ACCOUNT), None)],
        actions: vec![ProposedAction {
            contract: name("token.iost"),
            action: text("transfer"),
            data: text("[\"iost\",\"marlow\",\"harbor_cafe\",\"250\",\"for chairs\"]"),
        }],
    }
}

fn vote(place: u32, iost: u64) -> Vote {
    Vote {
        candidate: servi(place),
        generation: 0,
        amount: Amount::from_iost(iost),
        coef: 0,
        earned: Amount::ZERO,
        height: 0,
    }
}

/// An account whose two permissions are one key's.
fn record(account: &AccountName, key: &PublicKey) -> Account {
    let permission = |name: &str| Permission {
        name: text(name),
        groups: Vec::new(),
        items: vec![Item {
            principal: Principal::Key(key.clone()),
            weight: 100,
        }],
        threshold: 100,
    };
    Account {
        name: account.clone(),
        referrer: None,
        created_ms: 0,
        permissions: vec![permission("active"), permission("owner")],
        groups: Vec::new(),
        paid: false,
    }
}

fn state(config: &TestConfig, height: u64, epoch: u64) -> Writes {
    let account = name(ACCOUNT);
    let list = candidates(config, height);
    let ranking = ranking(config, height);
    let digests: Vec<Digest> = ranking.digests().collect();
    let seats = TestChain::seated(config.seats, config.keys, epoch + 1);
    let entries: Vec<Option<Vec<u8>>> = vec![
        Some(list.digest().encode().to_vec()),
        Some(
            Round {
                epoch: epoch + 1,
                seats: (seats.iter())
                    .map(|i| Seat {
                        account: list.list[*i as usize].account.clone(),
                        key: list.list[*i as usize].key.clone(),
                        servi: list.list[*i as usize].servi,
                    })
                    .collect(),
                total_votes: Amount::from_iost(10_000),
                previous: Vec::new(),
                candidates: list.list.len() as u32 - 1,
                removed: 0,
                put_off: 0,
            }
            .encode()
            .to_vec(),
        ),
        Some(
            Turns {
                epoch,
                produced: vec![1; config.seats as usize],
                missed: vec![0; config.seats as usize],
            }
            .encode()
            .to_vec(),
        ),
        Some(
            Balance {
                available: Amount::from_iost(1_000 + height),
                frozen: vec![Frozen {
                    amount: Amount::from_iost(5),
                    until_ms: config.time_ms + 60_000,
                }],
                // Votes and the pledge.
                staked: Amount::from_iost(320),
                payer: Some(account.clone()),
            }
            .encode()
            .to_vec(),
        ),
        Some(
            Voter {
                votes: vec![vote(VOTED, 250), vote(LOST, 40)],
                earned: Amount::from_iost(2),
                stake: None,
            }
            .encode()
            .to_vec(),
        ),
        Some(
            KeyAccounts {
                accounts: vec![account.clone()],
            }
            .encode()
            .to_vec(),
        ),
        Some(record(&account, &secret().public_key()).encode().to_vec()),
        Some(
            Gas {
                stock: 5_000_000,
                earned: 12_300,
                updated_ms: config.time_ms,
                pledged: Amount::from_iost(30),
                voted: Amount::from_iost(290),
            }
            .encode()
            .to_vec(),
        ),
        Some(
            Pledges {
                to: vec![Pledge {
                    account: account.clone(),
                    amount: Amount::from_iost(30),
                }],
            }
            .encode()
            .to_vec(),
        ),
        Some(
            Ram {
                own: 100,
                total: 300,
                used: 40,
            }
            .encode()
            .to_vec(),
        ),
        Some(RamMarket::start(0).encode().to_vec()),
        Some(
            Contribution {
                coef: 1 << 64,
                pot: Amount::from_iost(10),
                accounts: vec![Contributor {
                    account,
                    score: 100,
                    coef: 0,
                    earned: Amount::from_iost(3),
                }],
            }
            .encode()
            .to_vec(),
        ),
        Some(
            Pool {
                free: Amount::from_iost(5_000),
                burnt: Amount::from_iost(10),
                available: Amount::from_iost(100_000),
                vesting: vec![Vesting {
                    account: name("issue.iost"),
                    total: Amount::from_iost(1_200),
                    start_ms: config.time_ms,
                    months: 12,
                    done: 0,
                }],
                ..Pool::default()
            }
            .encode()
            .to_vec(),
        ),
        Some(list.list[VOTED as usize].encode().to_vec()),
        Some(list.list[LOST as usize].encode().to_vec()),
        Some(ending(config).encode().to_vec()),
        Some(token().encode().to_vec()),
        Some(
            Waiting {
                proposals: vec![WaitingProposal {
                    proposer: servi(VOTED),
                    name: text(PROPOSAL),
                    expires_ms: proposal(config).expires_ms,
                }],
            }
            .encode()
            .to_vec(),
        ),
        Some(Waiting::default().encode().to_vec()),
        Some(Proposals::default().encode().to_vec()),
        Some(proposal(config).encode().to_vec()),
        Some(approver().encode().to_vec()),
        Some(WITHDRAWALS.encode().to_vec()),
        Some(ranking.head.encode().to_vec()),
        Some(digests[0].encode().to_vec()),
        Some(digests[1].encode().to_vec()),
    ];
    keys().into_iter().zip(entries).collect()
}

fn transaction(spec: &ChainSpec, height: u64, number: u64, time_ms: u64) -> TestTransaction {
    let time = (time_ms * 1_000_000) as i64 + number as i64;
    let mut transaction = Transaction {
        time,
        expiration: time + 60_000_000_000,
        gas_ratio: 100,
        gas_limit: 1_000_000,
        delay: 0,
        chain_id: spec.parameters.chain_id,
        signers: Vec::new(),
        actions: vec![Action {
            contract: "token.iost".into(),
            name: "transfer".into(),
            data: format!("[\"iost\",\"{ACCOUNT}\",\"harbor_cafe\",\"{height}\",\"\"]"),
        }],
        amount_limit: Vec::new(),
        signs: Vec::new(),
        referred_tx: Vec::new(),
        publisher: String::new(),
        publisher_signs: Vec::new(),
    };
    transaction.sign_as_publisher(ACCOUNT, &secret());
    let receipt = Receipt {
        tx_hash: transaction.hash(),
        gas_usage: 7_000 + number as i64,
        ram_usage: Vec::new(),
        status: Status {
            code: StatusCode::Success,
            message: text(""),
        },
        returns: vec![text("[]")],
        receipts: Vec::new(),
    };
    TestTransaction {
        transaction: transaction.encode(),
        receipt: receipt.encode().to_vec(),
    }
}

/// The state after one block: what its header says of it, and proofs of [`TestChain::state_keys`].
pub type TestState = (StateCommitment, Vec<KeyProof>);

impl TestChain {
    /// Number of blocks, genesis not counted.
    pub fn length(config: &TestConfig) -> u64 {
        config.epochs * config.epoch_length + config.tail
    }

    /// What the block at `height` writes; 0 is genesis.
    pub fn writes(config: &TestConfig, height: u64) -> Writes {
        state(config, height, height.saturating_sub(1) / config.epoch_length)
    }

    /// The keys that the tests read; the last [`TestChain::ABSENT`] stand nowhere.
    pub fn state_keys() -> Vec<StateKey> {
        keys()
    }

    /// How many of [`TestChain::state_keys`] stand nowhere.
    pub const ABSENT: usize = ABSENT;

    /// A chain with real signatures, but without state: its roots are made up and nothing can be proved under them.
    pub fn build(config: TestConfig) -> Self {
        let states = (0..=Self::length(&config)).map(|height| {
            let commitment = StateCommitment {
                root: sha256(&[b"no state", &height.to_be_bytes()]),
                ..StateCommitment::ZERO
            };
            (commitment, Vec::new())
        });
        Self::build_with(config, states.collect())
    }

    /// A chain with real signatures on these states, by height from genesis on.
    pub fn build_with(config: TestConfig, states: Vec<TestState>) -> Self {
        build(config, states)
    }
}

fn build(config: TestConfig, states: Vec<TestState>) -> TestChain {
    let mut states = states.into_iter();
    let mut next_state = || states.next().expect("a state for every height");
    let spec = ChainSpec {
        version: SPEC_VERSION,
        preset: Preset::Devnet,
        name: text("test"),
        parameters: Parameters {
            committee_size: config.seats,
            epoch_length: config.epoch_length,
            vote_lock_ms: config.vote_lock_ms,
            ..Parameters::preset(Preset::Devnet)
        },
        salt: sha256(&[&[config.salt]]),
        time_ms: config.time_ms,
        allocations: ZERO_DIGEST,
        state: next_state().0.into(),
        servi_digest: ZERO_DIGEST,
        committee: TestChain::members(config.seats, config.keys, 0),
    };
    let genesis = spec.genesis_header();
    let mut history = History::new(&genesis.digest());
    let (mut parent, mut msb_digest, mut leaves) = (genesis.clone(), genesis.digest(), Vec::new());
    let mut chain = TestChain {
        spec,
        blocks: Vec::new(),
        hand_overs: Vec::new(),
        keys: keys(),
        pool: config.keys,
    };
    for height in 1..=config.epochs * config.epoch_length + config.tail {
        let epoch = chain.spec.epoch_of(height);
        let (first, last) = (chain.spec.first_height(epoch), chain.spec.last_height(epoch));
        // One view is skipped in every epoch, after its second block.
        let view = height - first + 1 + u64::from(height - first >= 2);
        let pace_ms = chain.spec.parameters.slot_ms * config.slots_per_block;
        let time_ms = config.time_ms + height * pace_ms;
        let transactions: Vec<TestTransaction> = match height == last {
            true => Vec::new(),
            false => (0..height % 4)
                .map(|n| transaction(&chain.spec, height, n, time_ms))
                .collect(),
        };
        let (commitment, entries) = next_state();
        let hashes: Vec<Digest> = transactions.iter().map(TestTransaction::hash).collect();
        let receipts: Vec<Digest> = transactions.iter().map(TestTransaction::receipt_hash).collect();
        leaves.extend(
            hashes
                .iter()
                .zip(&receipts)
                .map(|(t, r)| merkle::transaction_leaf(t, r)),
        );
        let committee = chain.committee(epoch);
        let mut header = Header {
            version: HEADER_VERSION,
            spec: chain.spec.hash(),
            shard: 0,
            epoch,
            height,
            view,
            parent_view: if height == first { 0 } else { parent.view },
            parent: parent.digest(),
            time_ms,
            proposer: committee.leader(view).clone(),
            transaction_root: merkle::root(&hashes),
            receipt_root: merkle::root(&receipts),
            state: commitment,
            outbox_root: ZERO_DIGEST,
            msb: None,
        };
        let mut signers = chain.signers(epoch);
        if height == last {
            let msb = MsbHeader {
                version: MSB_VERSION,
                shard: 0,
                epoch,
                first_height: first,
                last_height: last,
                last_view: view,
                previous: msb_digest,
                history_root: history.root(),
                transactions_root: merkle::root(&leaves),
                transaction_count: leaves.len() as u64,
                state_root: header.state.root,
                servi_digest: candidates(&config, height).digest().digest,
                randomness: ZERO_DIGEST,
                next_committee: TestChain::members(config.seats, config.keys, epoch + 1),
                council: Vec::new(),
                parameter_set: Vec::new(),
                shards: Vec::new(),
            };
            leaves.clear();
            msb_digest = msb.digest();
            history.append(&msb_digest);
            header.msb = Some(msb_digest);
            // P-30: the certificate may be of a later view than the header.
            let certificate = certify(&committee, &header, view + epoch % 2, &signers);
            chain.hand_overs.push(HandOver {
                header: header.clone(),
                msb,
                certificate,
            });
        }
        // Which members answered first varies, within what a quorum allows.
        if height % 3 == 0 && signers.len() > committee.quorum() {
            signers.remove((height % 2) as usize);
        }
        let certificate = match () {
            () if height == last => chain.hand_overs.last().expect("just pushed").certificate.clone(),
            // The second block of an epoch is final through its child only.
            () if height == first + 1
                && config.epoch_length > 2
                && height < config.epochs * config.epoch_length =>
            {
                Vec::new()
            }
            () => certify(&committee, &header, view, &signers),
        };
        parent = header.clone();
        chain.blocks.push(TestBlock {
            header,
            certificate,
            transactions,
            entries,
        });
    }
    chain
}
