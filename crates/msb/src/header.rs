//! The MSB header (P-31).

use bytes::Bytes;
use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use credo_primitives::certificate::MAX_COMMITTEE;
use credo_primitives::{ConsensusKey, Digest, codec_struct, sha256};

/// The MSB format that this release reads and writes.
pub const MSB_VERSION: u8 = 1;
const MAX_COUNCIL: usize = 64;
const MAX_SHARDS: usize = 64;
const MAX_PARAMETER_SET: usize = 1024;

/// A member of an era's council with its weight (P-44; none until that rule runs).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CouncilMember {
    /// Its consensus key.
    pub key: ConsensusKey,
    /// Its votes, in units of 10⁻⁸ IOST.
    pub weight: u64,
}
codec_struct!(CouncilMember { key, weight });

/// Another shard's next committee (P-31; the root shard's MSB names all).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardCommittee {
    /// Shard number.
    pub shard: u16,
    /// Its next committee.
    pub committee: Vec<ConsensusKey>,
}
codec_struct!(ShardCommittee {
    shard,
    committee: MAX_COMMITTEE
});

/// P-31. What an epoch leaves behind for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MsbHeader {
    /// Format version.
    pub version: u8,
    /// Shard number.
    pub shard: u16,
    /// The epoch that it ends.
    pub epoch: u64,
    /// First height of the epoch.
    pub first_height: u64,
    /// Height of the MSB block itself.
    pub last_height: u64,
    /// View in which the MSB block was proposed: where the epoch's turns end (P-15).
    pub last_view: u64,
    /// Digest of the previous MSB header; of the genesis header in epoch 0.
    pub previous: Digest,
    /// Root of a Merkle mountain range over all earlier MSB headers' digests, genesis first.
    pub history_root: Digest,
    /// Merkle root over the epoch's transactions with their receipts, in order.
    pub transactions_root: Digest,
    /// How many they are.
    pub transaction_count: u64,
    /// State root after the MSB block.
    pub state_root: Digest,
    /// Digest of the candidates' list after the round.
    pub servi_digest: Digest,
    /// Distributed randomness (zero until P-52 runs).
    pub randomness: Digest,
    /// The next epoch's committee, in seat order.
    pub next_committee: Vec<ConsensusKey>,
    /// The era's council, at an era's start (empty until P-44 runs).
    pub council: Vec<CouncilMember>,
    /// A parameter set's encoding where one begins, else empty (P-6).
    pub parameter_set: Vec<u8>,
    /// The other shards' next committees.
    pub shards: Vec<ShardCommittee>,
}
codec_struct!(MsbHeader {
    version,
    shard,
    epoch,
    first_height,
    last_height,
    last_view,
    previous,
    history_root,
    transactions_root,
    transaction_count,
    state_root,
    servi_digest,
    randomness,
    next_committee: MAX_COMMITTEE,
    council: MAX_COUNCIL,
    parameter_set: MAX_PARAMETER_SET,
    shards: MAX_SHARDS,
});

impl MsbHeader {
    /// SHA-256 of the header's bytes, which the MSB block's header names.
    pub fn digest(&self) -> Digest {
        sha256(&[b"credo-msb", &self.encode()])
    }

    /// The bytes.
    pub fn to_bytes(&self) -> Bytes {
        self.encode()
    }

    /// Decodes untrusted bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, commonware_codec::Error> {
        Self::decode(Copying(bytes))
    }
}
