//! The chain: what it holds, how certificates are signed, and how it can fork.

use commonware_codec::varint::UInt;
use commonware_codec::{Copying, DecodeExt as _, Encode as _, Write as _};
use commonware_cryptography::Signer as _;
use commonware_cryptography::ed25519::PrivateKey;
use credo_msb::HandOver;
use credo_pob::Ranking;
use credo_primitives::certificate::namespace;
use credo_primitives::{
    CertifiedHeader, ChainSpec, Committee, ConsensusKey, Digest, Header, Receipt, StateKey, Transaction,
    codec_struct, merkle,
};
use credo_wire::{BlockAnswer, Included, KeyProof, RankingAnswer, StateAnswer};

use super::build::ranking;
use crate::LightClient;

/// How the chain is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestConfig {
    /// Epochs that end with a hand-over.
    pub epochs: u64,
    /// Blocks per epoch.
    pub epoch_length: u64,
    /// Blocks after the last hand-over.
    pub tail: u64,
    /// Seats.
    pub seats: u32,
    /// Keys that the seats rotate among.
    pub keys: u32,
    /// The chain's vote lock.
    pub vote_lock_ms: u64,
    /// Genesis time, ms since 1970.
    pub time_ms: u64,
    /// Slots from one block to the next: all but the last of them are skipped.
    pub slots_per_block: u64,
    /// Makes a chain of its own.
    pub salt: u8,
}

impl Default for TestConfig {
    /// Five epochs of four blocks and two more; four of six keys sit.
    fn default() -> Self {
        Self {
            epochs: 5,
            epoch_length: 4,
            tail: 2,
            seats: 4,
            keys: 6,
            vote_lock_ms: 120_000,
            time_ms: 1_700_000_000_000,
            slots_per_block: 1,
            salt: 1,
        }
    }
}

/// The consensus key with number `index`. Well known, like all of a test.
pub fn test_key(index: u32) -> PrivateKey {
    PrivateKey::from_seed(u64::from(index) + 7_000)
}

/// The engine's finalization bytes for `header` in `view`, signed by those of `committee` whose keys are given.
pub fn certify(committee: &Committee, header: &Header, view: u64, signers: &[PrivateKey]) -> Vec<u8> {
    let mut out = Vec::new();
    UInt(header.epoch).write(&mut out);
    UInt(view).write(&mut out);
    UInt(header.parent_view).write(&mut out);
    header.digest().write(&mut out);
    let mut base = namespace(&header.spec, header.shard, header.epoch);
    base.extend_from_slice(b"_FINALIZE");
    let signatures: Vec<(usize, Vec<u8>)> = (committee.keys().iter().enumerate())
        .filter_map(|(seat, key)| {
            let signer = signers.iter().find(|signer| signer.public_key() == *key)?;
            Some((seat, signer.sign(&base, &out).encode().to_vec()))
        })
        .collect();
    let seats = committee.seats();
    let mut bitmap = vec![0u8; seats.div_ceil(8)];
    for (seat, _) in &signatures {
        bitmap[seat / 8] |= 1 << (seat % 8);
    }
    out.extend_from_slice(&(seats as u64).to_be_bytes());
    out.extend_from_slice(&bitmap);
    UInt(signatures.len() as u64).write(&mut out);
    for (_, signature) in signatures {
        out.extend_from_slice(&signature);
    }
    out
}

/// A transaction and its receipt, as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestTransaction {
    /// Full bytes.
    pub transaction: Vec<u8>,
    /// The receipt's bytes.
    pub receipt: Vec<u8>,
}
codec_struct!(TestTransaction {
    transaction: 65_536,
    receipt: 65_536
});

impl TestTransaction {
    /// The transaction's hash.
    pub fn hash(&self) -> Digest {
        Transaction::decode(&self.transaction)
            .expect("made by the builder")
            .hash()
    }

    /// The receipt's hash.
    pub fn receipt_hash(&self) -> Digest {
        Receipt::decode(Copying(&self.receipt))
            .expect("made by the builder")
            .hash()
    }
}

/// A block with what proves things in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestBlock {
    /// Its header.
    pub header: Header,
    /// Its certificate; empty for a block that is final only through its child.
    pub certificate: Vec<u8>,
    /// Its transactions.
    pub transactions: Vec<TestTransaction>,
    /// Proofs of [`TestChain::keys`] after this block.
    pub entries: Vec<KeyProof>,
}
codec_struct!(TestBlock {
    header,
    certificate: 16_384,
    transactions: 64,
    entries: 64
});

/// A chain. Blocks stand by height, from 1 on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestChain {
    /// Its spec.
    pub spec: ChainSpec,
    /// Its blocks.
    pub blocks: Vec<TestBlock>,
    /// Its hand-overs by epoch.
    pub hand_overs: Vec<HandOver>,
    /// The keys that every block has proofs of; the last few stand nowhere.
    pub keys: Vec<StateKey>,
    /// Number of keys that the seats rotate among.
    pub pool: u32,
}
codec_struct!(TestChain {
    spec,
    blocks: 10_000,
    hand_overs: 1_000,
    keys: 64,
    pool
});

impl TestChain {
    /// The committed chain: what the builder makes of the default configuration.
    pub fn fixture() -> Self {
        Self::decode(Copying(include_bytes!("../../tests/fixtures/chain.bin")))
            .expect("the fixture is of this release")
    }

    /// Numbers of the keys that sit in an epoch.
    pub fn seated(seats: u32, pool: u32, epoch: u64) -> Vec<u32> {
        let first = (epoch % u64::from(pool)) as u32;
        (0..seats).map(|seat| (first + seat) % pool).collect()
    }

    /// The keys that sit in an epoch, in seat order.
    pub fn members(seats: u32, pool: u32, epoch: u64) -> Vec<ConsensusKey> {
        let keys = Self::seated(seats, pool, epoch).into_iter().map(test_key);
        let mut keys: Vec<ConsensusKey> = keys.map(|key| key.public_key()).collect();
        keys.sort();
        keys
    }

    /// The committee of an epoch.
    pub fn committee(&self, epoch: u64) -> Committee {
        let keys = Self::members(self.spec.parameters.committee_size, self.pool, epoch);
        Committee::new(self.spec.hash(), 0, epoch, &keys).expect("not empty, no key twice")
    }

    /// The secret keys of an epoch's committee.
    pub fn signers(&self, epoch: u64) -> Vec<PrivateKey> {
        Self::seated(self.spec.parameters.committee_size, self.pool, epoch)
            .into_iter()
            .map(test_key)
            .collect()
    }

    /// Height of the newest block.
    pub fn height(&self) -> u64 {
        self.blocks.len() as u64
    }

    /// The block at a height.
    pub fn block(&self, height: u64) -> Option<&TestBlock> {
        self.blocks.get(usize::try_from(height.checked_sub(1)?).ok()?)
    }

    /// The header at a height with what makes it final.
    pub fn certified(&self, height: u64) -> Option<CertifiedHeader> {
        let header = self.block(height)?.header.clone();
        let mut descendants = Vec::new();
        let mut at = height;
        loop {
            let block = self.block(at)?;
            if at > height {
                descendants.push(block.header.clone());
            }
            if !block.certificate.is_empty() {
                return Some(CertifiedHeader {
                    header,
                    descendants,
                    certificate: block.certificate.clone(),
                });
            }
            at += 1;
        }
    }

    /// The values under `keys` after the block at `height`.
    pub fn state(&self, height: u64, keys: &[StateKey]) -> Option<StateAnswer> {
        let block = self.block(height)?;
        let entries = keys
            .iter()
            .map(|key| {
                let place = self.keys.iter().position(|known| known == key)?;
                block.entries.get(place).cloned()
            })
            .collect::<Option<Vec<_>>>()?;
        Some(StateAnswer {
            head: self.certified(height)?,
            entries,
        })
    }

    /// The ranking that is in the state after the block at `height`.
    pub fn ranking(&self, height: u64) -> Ranking {
        let config = TestConfig {
            epoch_length: self.spec.parameters.epoch_length,
            keys: self.pool,
            time_ms: self.spec.time_ms,
            ..TestConfig::default()
        };
        ranking(&config, height)
    }

    /// A part of it.
    pub fn ranking_part(&self, height: u64, part: u32) -> Option<RankingAnswer> {
        let bytes = self.ranking(height).parts.get(part as usize).cloned();
        Some(RankingAnswer {
            state: self.state(height, &LightClient::ranking_keys(part))?,
            part: bytes.unwrap_or_default().to_vec(),
        })
    }

    /// A transaction of any block up to `height`.
    pub fn transaction(&self, height: u64, hash: &Digest) -> Option<Included> {
        for block in self.blocks.iter().take(height as usize) {
            let Some(index) = block.transactions.iter().position(|t| t.hash() == *hash) else {
                continue;
            };
            let hashes: Vec<Digest> = block.transactions.iter().map(TestTransaction::hash).collect();
            let receipts: Vec<Digest> = block
                .transactions
                .iter()
                .map(TestTransaction::receipt_hash)
                .collect();
            let index = index as u32;
            return Some(Included {
                head: self.certified(block.header.height)?,
                index,
                transaction: block.transactions[index as usize].transaction.clone(),
                receipt: block.transactions[index as usize].receipt.clone(),
                transaction_proof: merkle::prove(&hashes, index)?,
                receipt_proof: merkle::prove(&receipts, index)?,
            });
        }
        None
    }

    /// A block as relays answer it.
    pub fn block_answer(&self, height: u64) -> Option<BlockAnswer> {
        Some(BlockAnswer {
            head: self.certified(height)?,
            transactions: self
                .block(height)?
                .transactions
                .iter()
                .map(TestTransaction::hash)
                .collect(),
        })
    }

    /// Another block at `height`, made final by the same committee: a broken chain.
    pub fn forked_head(&self, height: u64) -> Option<CertifiedHeader> {
        let mut header = self.block(height)?.header.clone();
        header.time_ms += 1;
        let certificate = self.sign(&header);
        Some(CertifiedHeader {
            header,
            descendants: Vec::new(),
            certificate,
        })
    }

    /// Another hand-over of `epoch`, signed by the same committee, that seats other keys: a broken chain.
    pub fn forked_hand_over(&self, epoch: u64) -> Option<HandOver> {
        let mut hand_over = self.hand_overs.get(epoch as usize)?.clone();
        let mut keys: Vec<ConsensusKey> = (0..self.spec.parameters.committee_size)
            .map(|i| test_key(1_000 + i).public_key())
            .collect();
        keys.sort();
        hand_over.msb.next_committee = keys;
        hand_over.header.msb = Some(hand_over.msb.digest());
        hand_over.certificate = self.sign(&hand_over.header);
        Some(hand_over)
    }

    /// The certificate of the epoch's whole committee over a header.
    pub fn sign(&self, header: &Header) -> Vec<u8> {
        let committee = self.committee(header.epoch);
        certify(&committee, header, header.view, &self.signers(header.epoch))
    }

    /// The bytes, as the fixture holds them.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode().to_vec()
    }
}
