//! The block as the engine handles it.
//!
//! The engine knows a block by the digest of its header, so a body that doesn't belong to its header must not get
//! past the decoder: [`ChainBlock`] checks transaction root and MSB digest when it is read (P-1, P-31).

use bytes::BufMut;
use commonware_codec::{Buf, EncodeSize, Error, Read, Write};
use commonware_consensus::simplex::types::Context;
use commonware_consensus::types::{Epoch, Height, Round, View};
use commonware_consensus::{BoundedBlock, CertifiableBlock, Heightable};
use commonware_cryptography::Digestible;
use credo_msb::MsbHeader;
use credo_primitives::block::{MAX_BLOCK_BYTES, MAX_BLOCK_TXS};
use credo_primitives::{Block, ConsensusKey, Digest, Header, merkle, sha3_256, sha256};

/// Largest encoding of an MSB header within a block.
const MAX_MSB: usize = 64 * 1024;
/// More than any header takes.
const MAX_HEADER: usize = 1024;

/// What the engine asks a block to be proposed or verified in.
pub type BlockContext = Context<Digest, ConsensusKey>;

/// A block whose body belongs to its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainBlock(Block);

impl ChainBlock {
    /// Takes a block that this node built or that stands by definition (genesis).
    pub fn trusted(block: Block) -> Self {
        Self(block)
    }

    /// The block at height 0.
    pub fn genesis(header: Header) -> Self {
        Self(Block {
            header,
            transactions: Vec::new(),
            msb: Vec::new(),
        })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.0.header
    }

    /// Header and body.
    pub fn block(&self) -> &Block {
        &self.0
    }

    /// Hashes of the transactions, in order.
    pub fn transaction_hashes(&self) -> Vec<Digest> {
        self.0.transactions.iter().map(|tx| sha3_256(tx)).collect()
    }

    /// The MSB header that an epoch's last block carries.
    pub fn msb(&self) -> Option<MsbHeader> {
        MsbHeader::from_bytes(&self.0.msb).ok()
    }

    fn check_body(block: &Block) -> Result<(), Error> {
        let hashes: Vec<Digest> = block.transactions.iter().map(|tx| sha3_256(tx)).collect();
        if merkle::root(&hashes) != block.header.transaction_root {
            return Err(Error::Invalid(
                "Block",
                "the transactions aren't those of the header",
            ));
        }
        let msb = (!block.msb.is_empty()).then(|| sha256(&[b"credo-msb", &block.msb]));
        if msb != block.header.msb {
            return Err(Error::Invalid(
                "Block",
                "the Micro State Block isn't that of the header",
            ));
        }
        Ok(())
    }
}

impl Write for ChainBlock {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.write(buf);
    }
}

impl EncodeSize for ChainBlock {
    fn encode_size(&self) -> usize {
        self.0.encode_size()
    }
}

impl Read for ChainBlock {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let block = Block::read_cfg(buf, &())?;
        Self::check_body(&block)?;
        Ok(Self(block))
    }
}

impl Digestible for ChainBlock {
    type Digest = Digest;
    fn digest(&self) -> Digest {
        self.0.header.digest()
    }
}

impl Heightable for ChainBlock {
    fn height(&self) -> Height {
        Height::new(self.0.header.height)
    }
}

impl commonware_consensus::Block for ChainBlock {
    fn parent(&self) -> Digest {
        self.0.header.parent
    }
}

impl CertifiableBlock for ChainBlock {
    type Context = BlockContext;
    fn context(&self) -> BlockContext {
        let header = &self.0.header;
        Context {
            round: Round::new(Epoch::new(header.epoch), View::new(header.view)),
            leader: header.proposer.clone(),
            parent: (View::new(header.parent_view), header.parent),
        }
    }
}

impl BoundedBlock for ChainBlock {
    fn max_encode_size(_: &()) -> usize {
        MAX_HEADER + MAX_BLOCK_BYTES + MAX_BLOCK_TXS * 5 + MAX_MSB + 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use commonware_codec::{Copying, Decode as _, Encode as _};
    use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
    use credo_primitives::block::{HEADER_VERSION, StateCommitment};
    use credo_primitives::hash::ZERO_DIGEST;

    fn decode(bytes: &[u8]) -> Result<ChainBlock, Error> {
        ChainBlock::decode_cfg(Copying(bytes), &())
    }

    fn block(transactions: Vec<Vec<u8>>, msb: Vec<u8>) -> Block {
        let hashes: Vec<Digest> = transactions.iter().map(|tx| sha3_256(tx)).collect();
        Block {
            header: Header {
                version: HEADER_VERSION,
                spec: ZERO_DIGEST,
                shard: 0,
                epoch: 3,
                height: 61,
                view: 9,
                parent_view: 7,
                parent: sha256(&[b"parent"]),
                time_ms: 1,
                proposer: PrivateKey::from_seed(1).public_key(),
                transaction_root: merkle::root(&hashes),
                receipt_root: merkle::root(&[]),
                state: StateCommitment::ZERO,
                outbox_root: ZERO_DIGEST,
                msb: (!msb.is_empty()).then(|| sha256(&[b"credo-msb", &msb])),
            },
            transactions,
            msb,
        }
    }

    #[test]
    fn a_block_survives_its_bytes() {
        for block in [
            block(vec![], vec![]),
            block(vec![vec![1; 40], vec![2]], vec![]),
            block(vec![], vec![7; 300]),
        ] {
            let block = ChainBlock::trusted(block);
            let bytes = block.encode();
            assert!(bytes.len() <= ChainBlock::max_encode_size(&()));
            let back = decode(&bytes).expect("decodes");
            assert_eq!(back, block);
            assert_eq!(back.digest(), block.header().digest());
            assert_eq!(back.context().parent, (View::new(7), sha256(&[b"parent"])));
        }
    }

    #[test]
    fn a_foreign_body_is_refused() {
        let mut other = block(vec![vec![1; 40]], vec![]);
        other.transactions[0][5] ^= 1;
        assert!(decode(&ChainBlock::trusted(other).encode()).is_err());
        let mut other = block(vec![], vec![7; 300]);
        other.msb[0] ^= 1;
        assert!(decode(&ChainBlock::trusted(other).encode()).is_err());
        let mut other = block(vec![], vec![]);
        other.msb = vec![1];
        assert!(decode(&ChainBlock::trusted(other).encode()).is_err());
    }
}
