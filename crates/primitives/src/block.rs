//! Headers and blocks (P-1).

use bytes::BufMut;
use commonware_codec::{
    Buf, Decode as _, DecodeExt as _, Encode as _, EncodeSize, Error, Read, ReadExt, ReadRangeExt, Write,
};

use crate::hash::ZERO_DIGEST;
use crate::tx::MAX_TX_SIZE;
use crate::{ConsensusKey, Digest, sha256};

/// The header format that this release reads and writes.
pub const HEADER_VERSION: u8 = 1;
/// Most transactions in a block.
pub const MAX_BLOCK_TXS: usize = 10_000;
/// Largest body, in bytes of transactions.
pub const MAX_BLOCK_BYTES: usize = 1024 * 1024;

/// P-1. A block's header; its digest is the block's, and what a certificate signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Format version.
    pub version: u8,
    /// The chain's identity.
    pub spec: Digest,
    /// Shard number; 0 is the root shard.
    pub shard: u16,
    /// Epoch number.
    pub epoch: u64,
    /// Height; genesis is 0.
    pub height: u64,
    /// Consensus view within the epoch in which it was proposed.
    pub view: u64,
    /// View of the parent within this epoch; 0 for an epoch's first block.
    pub parent_view: u64,
    /// Digest of the parent's header.
    pub parent: Digest,
    /// Time in ms since 1970.
    pub time_ms: u64,
    /// Who proposed it.
    pub proposer: ConsensusKey,
    /// Merkle root over the transactions' hashes.
    pub transaction_root: Digest,
    /// Merkle root over the receipts' hashes.
    pub receipt_root: Digest,
    /// State after this block.
    pub state: StateCommitment,
    /// Root of the outbox (zero until shards exchange messages).
    pub outbox_root: Digest,
    /// In an epoch's last block, the digest of its Micro State Block header.
    pub msb: Option<Digest>,
}
codec_struct!(Header {
    version,
    spec,
    shard,
    epoch,
    height,
    view,
    parent_view,
    parent,
    time_ms,
    proposer,
    transaction_root,
    receipt_root,
    state,
    outbox_root,
    msb,
});

/// What a header says of the state after its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateCommitment {
    /// The canonical root: proofs of presence and absence lead to it.
    pub root: Digest,
    /// Root over the store's operations, which a syncing node checks.
    pub operations_root: Digest,
    /// First operation of the range that is still needed.
    pub operations_start: u64,
    /// One past the last operation.
    pub operations_end: u64,
}
codec_struct!(StateCommitment {
    root,
    operations_root,
    operations_start,
    operations_end
});

impl StateCommitment {
    /// Stands where no state is known yet.
    pub const ZERO: Self = Self {
        root: ZERO_DIGEST,
        operations_root: ZERO_DIGEST,
        operations_start: 0,
        operations_end: 0,
    };
}

impl Header {
    /// SHA-256 of the header's bytes: the block's digest.
    pub fn digest(&self) -> Digest {
        sha256(&[&self.encode()])
    }
}

/// A header with its body.
///
/// Bytes: header, then the transactions, each in IOST's Full encoding, then the MSB header's bytes (empty unless
/// this is an epoch's last block).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The header.
    pub header: Header,
    /// Transactions in their Full encoding.
    pub transactions: Vec<Vec<u8>>,
    /// The MSB header's encoding in an MSB block, else empty (P-30).
    pub msb: Vec<u8>,
}

impl Block {
    /// Decodes a block from untrusted bytes.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, Error> {
        Self::decode_cfg(bytes, &())
    }

    /// Bytes of all transactions together.
    pub fn body_len(&self) -> usize {
        self.transactions.iter().map(Vec::len).sum()
    }
}

impl Write for Block {
    fn write(&self, buf: &mut impl BufMut) {
        self.header.write(buf);
        self.transactions.write(buf);
        self.msb.write(buf);
    }
}
impl EncodeSize for Block {
    fn encode_size(&self) -> usize {
        self.header.encode_size() + self.transactions.encode_size() + self.msb.encode_size()
    }
}
impl Read for Block {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let header = Header::read(buf)?;
        let cfg = ((..=MAX_BLOCK_TXS).into(), ((..=MAX_TX_SIZE).into(), ()));
        let transactions = Vec::<Vec<u8>>::read_cfg(buf, &cfg)?;
        let msb = Vec::<u8>::read_range(buf, ..=64 * 1024)?;
        let block = Self {
            header,
            transactions,
            msb,
        };
        if block.body_len() > MAX_BLOCK_BYTES {
            return Err(Error::Invalid("Block", "the body is too large"));
        }
        Ok(block)
    }
}

/// Decodes a header from untrusted bytes.
pub fn decode_header(bytes: &[u8]) -> Result<Header, Error> {
    Header::decode(commonware_codec::Copying(bytes))
}
