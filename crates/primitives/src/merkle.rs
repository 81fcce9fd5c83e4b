//! Binary Merkle trees over digests, with proofs of one leaf: transactions and receipts of a block or an epoch.

use bytes::BufMut;
use commonware_codec::{Buf, EncodeSize, Error, Read, Write};
use commonware_storage::bmt::{Builder, Proof, Tree};

use crate::hash::Sha256;
use crate::{Digest, sha256};

/// Proof that a digest is the leaf at a place under a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerkleProof(Proof<Digest>);

fn tree(leaves: &[Digest]) -> Tree<Digest> {
    let mut builder = Builder::<Sha256>::new(leaves.len());
    for leaf in leaves {
        builder.add(leaf);
    }
    builder.build()
}

/// The root over `leaves`, in order; it also commits to their number.
pub fn root(leaves: &[Digest]) -> Digest {
    tree(leaves).root()
}

/// Proves the leaf at `index`; `None` when there is no such leaf.
pub fn prove(leaves: &[Digest], index: u32) -> Option<MerkleProof> {
    tree(leaves).proof(index).ok().map(MerkleProof)
}

/// One leaf for a transaction together with its receipt, as an epoch's tree holds them (P-31).
pub fn transaction_leaf(tx_hash: &Digest, receipt_hash: &Digest) -> Digest {
    sha256(&[tx_hash.as_ref(), receipt_hash.as_ref()])
}

impl MerkleProof {
    /// True when `leaf` stands at `index` under `root`.
    pub fn verify(&self, leaf: &Digest, index: u32, root: &Digest) -> bool {
        self.0
            .verify_element_inclusion::<Sha256>(leaf, index, root)
            .is_ok()
    }
}

impl Write for MerkleProof {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.write(buf);
    }
}
impl EncodeSize for MerkleProof {
    fn encode_size(&self) -> usize {
        self.0.encode_size()
    }
}
impl Read for MerkleProof {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        Proof::read_cfg(buf, &1).map(Self)
    }
}
