//! The Merkle mountain range over all MSB headers (P-31): the back-pointers by which a transaction's proof stays
//! good for ever (P-34).
//!
//! Leaf 0 is the digest of the genesis header, leaf e + 1 that of epoch e's MSB header. The `history_root` in epoch
//! e's MSB header is the root over leaves 0 to e, so everything before it. The root commits to the number of leaves.
//!
//! Two digests per epoch are kept in memory (3.4 MB a year at ten minutes an epoch); a proof is at most
//! [`MAX_PROOF_DIGESTS_PER_ELEMENT`] digests, in practice their logarithm.

use bytes::BufMut;
use commonware_codec::{Buf, EncodeSize, Error, Read, Write};
use commonware_storage::merkle::{Bagging, MAX_PROOF_DIGESTS_PER_ELEMENT};
use commonware_storage::mmr::{self, Location, StandardHasher};
use credo_primitives::Digest;
use credo_primitives::hash::Sha256;

const HASHER: StandardHasher<Sha256> = StandardHasher::new(Bagging::ForwardFold);

/// All MSB headers so far, as a Merkle mountain range over their digests.
#[derive(Clone, Debug)]
pub struct History(mmr::mem::Mmr<Digest>);

/// Proof that a digest is a leaf of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryProof(mmr::Proof<Digest>);

impl History {
    /// The history of a chain without an MSB yet.
    pub fn new(genesis: &Digest) -> Self {
        let mut history = Self(mmr::mem::Mmr::new());
        history.append(genesis);
        history
    }

    /// The history with these leaves: the genesis header's digest, then the MSB headers' in order.
    ///
    /// `None` when there is no leaf.
    pub fn restore<'a>(leaves: impl IntoIterator<Item = &'a Digest>) -> Option<Self> {
        let mut leaves = leaves.into_iter();
        let mut history = Self::new(leaves.next()?);
        let mut batch = history.0.new_batch();
        for leaf in leaves {
            batch = batch.add(&HASHER, leaf.as_ref());
        }
        history.apply(|_| batch);
        Some(history)
    }

    /// Appends the digest of the next MSB header.
    pub fn append(&mut self, msb: &Digest) {
        self.apply(|batch| batch.add(&HASHER, msb.as_ref()));
    }

    fn apply(&mut self, change: impl FnOnce(Unmerkleized) -> Unmerkleized) {
        let batch = change(self.0.new_batch()).merkleize(&self.0, &HASHER);
        self.0
            .apply_batch(&batch)
            .expect("the batch was made from this very range");
    }

    /// Number of leaves: of MSB headers, and one for genesis.
    pub fn leaves(&self) -> u64 {
        *self.0.leaves()
    }

    /// The root over all leaves so far: what stands in the *next* MSB header.
    pub fn root(&self) -> Digest {
        self.0
            .root(&HASHER, 0)
            .expect("without inactive peaks every range has a root")
    }

    /// Proves the leaf at `index` against the present root; `None` when there is no such leaf.
    pub fn prove(&self, index: u64) -> Option<HistoryProof> {
        if index >= self.leaves() {
            return None;
        }
        let proof = self.0.proof(&HASHER, Location::new(index), 0).ok()?;
        Some(HistoryProof(proof))
    }

    /// The leaf of epoch `epoch`'s MSB header.
    pub const fn leaf_of(epoch: u64) -> u64 {
        epoch.saturating_add(1)
    }
}

type Unmerkleized = mmr::UnmerkleizedBatch<Digest, commonware_parallel::Sequential>;

impl HistoryProof {
    /// True when `leaf` stands at `index` in the history with this `root`.
    pub fn verify(&self, leaf: &Digest, index: u64, root: &Digest) -> bool {
        self.0.inactive_peaks == 0
            && index < *self.0.leaves
            && self
                .0
                .verify_element_inclusion(&HASHER, leaf.as_ref(), Location::new(index), root)
    }
}

impl Write for HistoryProof {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.write(buf);
    }
}
impl EncodeSize for HistoryProof {
    fn encode_size(&self) -> usize {
        self.0.encode_size()
    }
}
impl Read for HistoryProof {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        mmr::Proof::read_cfg(buf, &MAX_PROOF_DIGESTS_PER_ELEMENT).map(Self)
    }
}
