//! The chain's identity and parameters.
//!
//! A [`ChainSpec`] is all that a client needs to know of genesis; its hash is the chain's identity. The full
//! allocation (accounts, balances, candidates, votes) is the [`Genesis`] file, which nodes hold and recompute the
//! spec from. What the main network hands out and when stands in [`supply`].

mod genesis;
mod preset;
pub mod supply;
mod text;

pub use genesis::{
    Genesis, GenesisAccount, GenesisCandidate, GenesisGrant, GenesisKeys, GenesisVesting, GenesisVote,
    KeysError, VestingError,
};
pub use preset::Preset;
pub use text::{consensus_key, consensus_keys, hex_digest};

use commonware_codec::{DecodeExt as _, Encode as _};
use serde::{Deserialize, Serialize};

use crate::block::{HEADER_VERSION, StateCommitment};
use crate::hash::ZERO_DIGEST;
use crate::{Amount, Committee, ConsensusKey, Digest, Header, Text, merkle, sha256};

/// The spec format that this release reads and writes.
pub const SPEC_VERSION: u8 = 3;

/// A fraction of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratio {
    /// Numerator.
    pub numerator: u64,
    /// Denominator, never zero.
    pub denominator: u64,
}
codec_struct!(Ratio {
    numerator,
    denominator
});

impl Ratio {
    /// True for a fraction from nothing to the whole.
    pub const fn is_share(self) -> bool {
        self.denominator > 0 && self.numerator <= self.denominator
    }

    /// `value` × this fraction, rounded down.
    pub fn of(self, value: u64) -> u64 {
        let product = u128::from(value) * u128::from(self.numerator) / u128::from(self.denominator.max(1));
        u64::try_from(product).unwrap_or(u64::MAX)
    }
}

/// The chain's parameters. Times are in milliseconds, amounts in IOST.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// Seats per shard.
    pub committee_size: u32,
    /// Blocks from one Micro State Block to the next.
    pub epoch_length: u64,
    /// Pace of blocks.
    pub slot_ms: u64,
    /// How far ahead of a verifier's clock a block's time may be (P-3): at most [`Parameters::longest_ahead_ms`].
    pub max_ahead_ms: u64,
    /// Share of the available votes that a candidate must exceed.
    pub candidacy_threshold: Ratio,
    /// The supply counted as available for votes at genesis; what vests later adds to it (P-25).
    pub available_votes: Amount,
    /// Largest Servi balance, as a multiple of the total votes cast.
    pub servi_cap: u64,
    /// An availability proof at least this often, in epochs.
    pub availability_epochs: u64,
    /// From unvoting to the tokens' return.
    pub vote_lock_ms: u64,
    /// From taking back a pledge for gas to the tokens' return.
    pub pledge_lock_ms: u64,
    /// What the reward pool pays in a year (P-20).
    pub rewards_per_year: Amount,
    /// Most epochs for which a node may stand aside (P-15).
    pub aside_epochs: u64,
    /// An app's share of the fees that pass through its contract (P-22).
    pub app_share: Ratio,
    /// The reporter's share of what proved misbehaviour costs (P-24).
    pub reporter_share: Ratio,
    /// Gas for every IOST staked, per day.
    pub gas_per_iost_day: u64,
    /// Share of transactions that the normal league re-executes.
    pub audit_probability: Ratio,
    /// Number of shards.
    pub shards: u16,
    /// Epochs for which a council stands.
    pub era_epochs: u64,
    /// IOST that an application locks.
    pub deposit: Amount,
    /// Least validators per shard.
    pub min_shard_size: u32,
    /// Epochs with turns and no block that cost candidacy.
    pub missed_epochs: u32,
    /// The number that transactions name.
    pub chain_id: u32,
    /// Longest life of a transaction.
    pub tx_lifetime_ms: u64,
    /// Most transactions of one publisher in a block.
    pub sender_tx_limit: u32,
    /// Most transactions in a block.
    pub block_tx_limit: u32,
    /// Most bytes of transactions in a block.
    pub block_bytes_limit: u32,
    /// Most gas that one transaction uses, whatever its own limit and ratio are.
    pub tx_gas_limit: u64,
    /// Most gas that finding out may use whether a transaction's publisher and signers authorise it: work for which nobody
    /// can be charged when they don't.
    pub check_gas_limit: u64,
    /// Most gas that a block's transactions use, ratios not counted; see [`Parameters::block_gas`].
    pub block_gas_limit: u64,
}
codec_struct!(Parameters {
    committee_size,
    epoch_length,
    slot_ms,
    max_ahead_ms,
    candidacy_threshold,
    available_votes,
    servi_cap,
    availability_epochs,
    vote_lock_ms,
    pledge_lock_ms,
    rewards_per_year,
    aside_epochs,
    app_share,
    reporter_share,
    gas_per_iost_day,
    audit_probability,
    shards,
    era_epochs,
    deposit,
    min_shard_size,
    missed_epochs,
    chain_id,
    tx_lifetime_ms,
    sender_tx_limit,
    block_tx_limit,
    block_bytes_limit,
    tx_gas_limit,
    check_gas_limit,
    block_gas_limit,
});

/// Gas that a block may use for each ms of its slot: by the prices of `docs/gas.md` its worst case takes half of the slot.
pub const GAS_PER_SLOT_MS: u64 = 48_000;

impl Parameters {
    /// The gas that a block's transactions may use: `block_gas_limit`, or what half a slot has time for where slots are
    /// shorter than main's; always enough for one transaction.
    pub fn block_gas(&self) -> u64 {
        let in_time = self.slot_ms.saturating_mul(GAS_PER_SLOT_MS);
        self.block_gas_limit.min(in_time).max(self.tx_gas_limit)
    }

    /// The chain id of a private network, drawn with its salt: from 65,536 on, so none of a preset's and none of the small
    /// ones that other chains have, and with 31 bits, which every SDK can write.
    pub fn draw_chain_id(salt: &Digest) -> u32 {
        const FIRST: u32 = 1 << 16;
        const COUNT: u32 = (1 << 31) - FIRST;
        let drawn = sha256(&[b"credo-chain-id", salt]);
        let [a, b, c, d, ..] = drawn.0;
        FIRST + u32::from_be_bytes([a, b, c, d]) % COUNT
    }

    /// The parameters of a preset. A private network's lack the chain id ([`Parameters::draw_chain_id`]): it is zero, which
    /// no chain has.
    pub fn preset(preset: Preset) -> Self {
        let main = Self {
            committee_size: 17,
            epoch_length: 1_200,
            slot_ms: 500,
            max_ahead_ms: Self::longest_ahead_ms(500),
            candidacy_threshold: Ratio {
                numerator: 2,
                denominator: 10_000,
            },
            available_votes: supply::liquid(),
            servi_cap: 10,
            availability_epochs: 6,
            vote_lock_ms: 7 * 86_400_000,
            pledge_lock_ms: 3 * 86_400_000,
            rewards_per_year: Amount::from_iost(840_000_000),
            aside_epochs: 144,
            app_share: Ratio {
                numerator: 20,
                denominator: 100,
            },
            reporter_share: Ratio {
                numerator: 10,
                denominator: 100,
            },
            gas_per_iost_day: 100_000,
            audit_probability: Ratio {
                numerator: 1,
                denominator: 10,
            },
            shards: 1,
            era_epochs: 864,
            deposit: Amount::from_iost(100_000),
            min_shard_size: 40,
            missed_epochs: 1,
            chain_id: preset.chain_id().unwrap_or(0),
            tx_lifetime_ms: 90_000,
            sender_tx_limit: 10,
            block_tx_limit: 2_000,
            block_bytes_limit: 1024 * 1024,
            tx_gas_limit: 950_000,
            check_gas_limit: 100_000,
            block_gas_limit: 24_000_000,
        };
        match preset {
            Preset::Main | Preset::Private => main,
            Preset::Test => Self {
                epoch_length: 120,
                vote_lock_ms: 600_000,
                pledge_lock_ms: 300_000,
                ..main
            },
            Preset::Devnet => Self {
                committee_size: 4,
                epoch_length: 60,
                // Nothing of a local network's supply vests.
                available_votes: supply::SUPPLY,
                vote_lock_ms: 120_000,
                pledge_lock_ms: 60_000,
                audit_probability: Ratio {
                    numerator: 1,
                    denominator: 4,
                },
                era_epochs: 3,
                deposit: Amount::from_iost(1_000),
                min_shard_size: 4,
                missed_epochs: 3,
                ..main
            },
        }
    }

    /// The most that blocks of a chain with this slot may be ahead of a verifier's clock (P-3), and what every preset
    /// takes: half a slot, so that a date never costs more than the next turn has to spare, and no more than a second.
    pub const fn longest_ahead_ms(slot_ms: u64) -> u64 {
        let half = slot_ms / 2;
        if half < 1_000 { half } else { 1_000 }
    }

    /// Sets the pace, and what follows from it where nothing else is wanted.
    pub const fn set_slot_ms(&mut self, slot_ms: u64) {
        self.slot_ms = slot_ms;
        self.max_ahead_ms = Self::longest_ahead_ms(slot_ms);
    }

    /// P-10. IOST that registering a node locks: a tenth of the deposit.
    pub fn registration_lock(&self) -> Amount {
        Amount::from_units(self.deposit.units() / 10).unwrap_or_default()
    }

    /// P-5. From an epoch's end on, evidence against its committee is accepted for so long: shortly less than its stake
    /// stays locked, so that what was taken back in the epoch before it or at its beginning is in reach to the end.
    pub const fn evidence_ms(&self) -> u64 {
        self.vote_lock_ms - self.vote_lock_ms / 168
    }

    /// Checks that the numbers make a chain that can run.
    pub fn validate(&self) -> Result<(), SpecError> {
        let checks = [
            (
                self.committee_size as usize <= crate::certificate::MAX_COMMITTEE && self.committee_size > 0,
                "committee_size",
            ),
            (self.epoch_length >= 2, "epoch_length"),
            (self.slot_ms >= 10, "slot_ms"),
            (
                (1..=Self::longest_ahead_ms(self.slot_ms)).contains(&self.max_ahead_ms),
                "max_ahead_ms",
            ),
            (self.candidacy_threshold.denominator > 0, "candidacy_threshold"),
            (self.audit_probability.denominator > 0, "audit_probability"),
            (self.servi_cap > 0, "servi_cap"),
            (self.availability_epochs > 0, "availability_epochs"),
            (self.missed_epochs > 0, "missed_epochs"),
            (self.app_share.is_share(), "app_share"),
            (self.reporter_share.is_share(), "reporter_share"),
            (self.shards == 1, "shards"),
            // Far below what gas can be counted with.
            (self.gas_per_iost_day <= 1_000_000_000, "gas_per_iost_day"),
            (self.sender_tx_limit > 0, "sender_tx_limit"),
            (
                self.block_tx_limit > 0 && self.block_tx_limit as usize <= crate::block::MAX_BLOCK_TXS,
                "block_tx_limit",
            ),
            (
                self.block_bytes_limit as usize <= crate::block::MAX_BLOCK_BYTES,
                "block_bytes_limit",
            ),
            (
                self.block_bytes_limit as usize >= crate::tx::MAX_TX_SIZE,
                "block_bytes_limit",
            ),
            (
                i64::try_from(self.tx_lifetime_ms.saturating_mul(1_000_000)).is_ok(),
                "tx_lifetime_ms",
            ),
            // So that whatever a pool may hold fits into some block.
            (
                (crate::tx::MIN_GAS..=crate::tx::MAX_GAS).contains(&self.tx_gas_limit),
                "tx_gas_limit",
            ),
            (
                self.check_gas_limit > 0 && self.check_gas_limit <= self.tx_gas_limit,
                "check_gas_limit",
            ),
            (self.block_gas_limit >= self.tx_gas_limit, "block_gas_limit"),
        ];
        match checks.iter().find(|(ok, _)| !ok) {
            Some((_, name)) => Err(SpecError::Parameter(name)),
            None => Ok(()),
        }
    }
}

/// Why a spec was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The bytes are no spec.
    #[error("the chain spec's bytes are malformed: {0}")]
    Malformed(String),
    /// A format of a later release.
    #[error(
        "the chain spec has format {0}; this release reads format {SPEC_VERSION}: a newer release is needed"
    )]
    Version(u8),
    /// A parameter outside its range.
    #[error("the chain spec's parameter {0} is out of range")]
    Parameter(&'static str),
    /// A chain id that belongs to another network: transactions could be sent to both.
    #[error("{}", preset::chain_id_text(*.preset, *.chain_id))]
    ChainId {
        /// The spec's preset.
        preset: Preset,
        /// Its chain id.
        chain_id: u32,
    },
    /// No committee, or keys that stand twice.
    #[error("the chain spec's first committee is empty or names a key twice")]
    Committee,
    /// Another chain than the one expected.
    #[error("this is another chain: its spec hash is {got}, expected {expected}")]
    Hash {
        /// The pinned hash.
        expected: Digest,
        /// The hash of what was received.
        got: Digest,
    },
}

/// What a client needs to know of genesis. Its hash is the chain's identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainSpec {
    /// Format version.
    pub version: u8,
    /// The preset it started from.
    pub preset: Preset,
    /// A short name for people.
    pub name: Text<32>,
    /// The rules' numbers.
    pub parameters: Parameters,
    /// Drawn at random when the chain is made.
    #[serde(with = "hex_digest")]
    pub salt: Digest,
    /// Genesis time in ms since 1970.
    pub time_ms: u64,
    /// SHA-256 of the genesis file's canonical encoding.
    #[serde(with = "hex_digest")]
    pub allocations: Digest,
    /// Commitment of the genesis state.
    pub state: SpecState,
    /// Digest of the candidates' list after the first round.
    #[serde(with = "hex_digest")]
    pub servi_digest: Digest,
    /// The first committee, in seat order.
    #[serde(with = "consensus_keys")]
    pub committee: Vec<ConsensusKey>,
}
codec_struct!(ChainSpec {
    version,
    preset,
    name,
    parameters,
    salt,
    time_ms,
    allocations,
    state,
    servi_digest,
    committee: crate::certificate::MAX_COMMITTEE,
});

/// [`StateCommitment`] in a form that serialises as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SpecState {
    #[serde(with = "hex_digest")]
    pub root: Digest,
    #[serde(with = "hex_digest")]
    pub operations_root: Digest,
    pub operations_start: u64,
    pub operations_end: u64,
}
codec_struct!(SpecState {
    root,
    operations_root,
    operations_start,
    operations_end
});

impl From<StateCommitment> for SpecState {
    fn from(s: StateCommitment) -> Self {
        Self {
            root: s.root,
            operations_root: s.operations_root,
            operations_start: s.operations_start,
            operations_end: s.operations_end,
        }
    }
}

impl From<SpecState> for StateCommitment {
    fn from(s: SpecState) -> Self {
        Self {
            root: s.root,
            operations_root: s.operations_root,
            operations_start: s.operations_start,
            operations_end: s.operations_end,
        }
    }
}

impl ChainSpec {
    /// The chain's identity: SHA-256 of the spec's bytes.
    pub fn hash(&self) -> Digest {
        sha256(&[b"credo-spec", &self.encode()])
    }

    /// Decodes and validates untrusted bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SpecError> {
        if let Some(&version) = bytes.first()
            && version != SPEC_VERSION
        {
            return Err(SpecError::Version(version));
        }
        let spec = Self::decode(commonware_codec::Copying(bytes))
            .map_err(|e| SpecError::Malformed(e.to_string()))?;
        spec.validate()?;
        Ok(spec)
    }

    /// Checks version, parameters, chain id and committee.
    pub fn validate(&self) -> Result<(), SpecError> {
        if self.version != SPEC_VERSION {
            return Err(SpecError::Version(self.version));
        }
        self.parameters.validate()?;
        self.preset.check_chain_id(self.parameters.chain_id)?;
        let sorted = Committee::new(ZERO_DIGEST, 0, 0, &self.committee).ok_or(SpecError::Committee)?;
        if sorted.keys() != self.committee {
            return Err(SpecError::Committee);
        }
        Ok(())
    }

    /// True where the faucet, the fast clock and well-known keys may exist.
    pub fn is_devnet(&self) -> bool {
        self.preset == Preset::Devnet
    }

    /// The committee of epoch 0.
    pub fn genesis_committee(&self) -> Result<Committee, SpecError> {
        Committee::new(self.hash(), 0, 0, &self.committee).ok_or(SpecError::Committee)
    }

    /// The header at height 0, which every node and client derives for itself.
    ///
    /// Its epoch is 0 like that of the blocks after it, and its digest stands as "previous MSB" in epoch 0's MSB.
    pub fn genesis_header(&self) -> Header {
        let empty = merkle::root(&[]);
        Header {
            version: HEADER_VERSION,
            spec: self.hash(),
            shard: 0,
            epoch: 0,
            height: 0,
            view: 0,
            parent_view: 0,
            parent: ZERO_DIGEST,
            time_ms: self.time_ms,
            proposer: self.committee[0].clone(),
            transaction_root: empty,
            receipt_root: empty,
            state: self.state.into(),
            outbox_root: ZERO_DIGEST,
            msb: None,
        }
    }

    /// The epoch that `height` belongs to: epoch e holds heights e·L+1 to (e+1)·L, and genesis belongs to epoch 0.
    pub fn epoch_of(&self, height: u64) -> u64 {
        height.saturating_sub(1) / self.parameters.epoch_length
    }

    /// The first height of an epoch.
    pub fn first_height(&self, epoch: u64) -> u64 {
        epoch
            .saturating_mul(self.parameters.epoch_length)
            .saturating_add(1)
    }

    /// The height of an epoch's MSB block.
    pub fn last_height(&self, epoch: u64) -> u64 {
        epoch
            .saturating_add(1)
            .saturating_mul(self.parameters.epoch_length)
    }
}
