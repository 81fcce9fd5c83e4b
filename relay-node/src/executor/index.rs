//! What a node remembers of final blocks beside the state: headers, certificates, hashes, transactions, receipts and
//! hand-overs.
//!
//! An embedded database (redb). A block's record is durable *before* the state is committed at its height and the
//! block is acknowledged, so that a crash in between only repeats the block: writing it again changes nothing. What
//! stands above the committed state's height is never served.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use credo_msb::HandOver;
use credo_pob::{Ranking, RankingHead};
use credo_primitives::block::MAX_BLOCK_TXS;
use credo_primitives::certificate::{CertifiedHeader, MAX_DESCENDANTS};
use credo_primitives::{Digest, Header, Receipt, codec_struct};
use redb::{Database, ReadableDatabase as _, TableDefinition};

const BLOCKS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("blocks");
const CERTIFICATES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("certificates");
const BODIES: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("bodies");
const RECEIPTS: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("receipts");
const TRANSACTIONS: TableDefinition<'_, &[u8; 32], (u64, u32)> = TableDefinition::new("transactions");
const RANKING: TableDefinition<'_, (u64, u32), &[u8]> = TableDefinition::new("ranking");
/// The heads of rankings, by epoch.
const RANKING_HEADS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("ranking-heads");
/// Rankings kept: the running epoch's, and that of the epoch before, which a crash may go back to.
const KEPT_RANKINGS: u64 = 2;
const HAND_OVERS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("hand-overs");

/// Why the index couldn't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The database failed.
    #[error("the block index failed: {0}")]
    Database(#[from] redb::Error),
    /// A record that isn't what was written.
    #[error("the block index is damaged: the {0} can't be read")]
    Damaged(&'static str),
}

macro_rules! from_redb {
    ($($kind:ident),*) => { $(
        impl From<redb::$kind> for IndexError {
            fn from(error: redb::$kind) -> Self {
                Self::Database(error.into())
            }
        }
    )* };
}
from_redb!(
    DatabaseError,
    TransactionError,
    TableError,
    StorageError,
    CommitError
);

/// A block's transactions' receipts and its own.
const MAX_BLOCK_RECEIPTS: usize = MAX_BLOCK_TXS + 1;

/// A final block without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRecord {
    /// Its header.
    pub header: Header,
    /// Hashes of its transactions, in order.
    pub transactions: Vec<Digest>,
    /// Hashes of their receipts, in order; after them that of the block's own, if it has one.
    pub receipts: Vec<Digest>,
}
codec_struct!(BlockRecord {
    header,
    transactions: MAX_BLOCK_TXS,
    receipts: MAX_BLOCK_RECEIPTS
});

/// The index; cheap to clone.
#[derive(Clone, Debug)]
pub struct Index(Arc<Database>);

impl Index {
    /// Opens the index in a file, or makes an empty one.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        let database = Database::builder()
            .set_cache_size(16 * 1024 * 1024)
            .create(path)?;
        let write = database.begin_write()?;
        write.open_table(BLOCKS)?;
        write.open_table(CERTIFICATES)?;
        write.open_table(BODIES)?;
        write.open_table(RECEIPTS)?;
        write.open_table(TRANSACTIONS)?;
        write.open_table(HAND_OVERS)?;
        write.open_table(RANKING)?;
        write.open_table(RANKING_HEADS)?;
        write.commit()?;
        Ok(Self(Arc::new(database)))
    }

    /// Writes all of a final block, durably.
    pub fn write(
        &self,
        record: &BlockRecord,
        receipts: &[Receipt],
        bodies: &[Vec<u8>],
        certificate: Option<&[u8]>,
        hand_over: Option<&HandOver>,
        ranking: Option<&Ranking>,
    ) -> Result<(), IndexError> {
        let height = record.header.height;
        let write = self.0.begin_write()?;
        {
            write
                .open_table(BLOCKS)?
                .insert(height, record.encode().as_ref())?;
            if let Some(certificate) = certificate {
                write.open_table(CERTIFICATES)?.insert(height, certificate)?;
            }
            let mut table = write.open_table(RECEIPTS)?;
            for (place, receipt) in receipts.iter().enumerate() {
                table.insert((height, place as u32), receipt.encode().as_ref())?;
            }
            let mut table = write.open_table(BODIES)?;
            for (place, body) in bodies.iter().enumerate() {
                table.insert((height, place as u32), body.as_slice())?;
            }
            let mut table = write.open_table(TRANSACTIONS)?;
            for (place, hash) in record.transactions.iter().enumerate() {
                table.insert(&hash.0, (height, place as u32))?;
            }
            if let Some(hand_over) = hand_over {
                write
                    .open_table(HAND_OVERS)?
                    .insert(hand_over.msb.epoch, hand_over.encode().as_ref())?;
            }
            if let Some(ranking) = ranking {
                let epoch = ranking.head.epoch;
                let first = epoch.saturating_sub(KEPT_RANKINGS - 1);
                let mut heads = write.open_table(RANKING_HEADS)?;
                heads.retain(|kept, _| kept >= first)?;
                heads.insert(epoch, ranking.head.encode().as_ref())?;
                let mut parts = write.open_table(RANKING)?;
                parts.retain(|(kept, _), _| kept >= first && kept != epoch)?;
                for (number, part) in ranking.parts.iter().enumerate() {
                    parts.insert((epoch, number as u32), part.as_ref())?;
                }
            }
        }
        write.commit()?;
        Ok(())
    }

    /// The record at `height`.
    pub fn block(&self, height: u64) -> Result<Option<BlockRecord>, IndexError> {
        let table = self.0.begin_read()?.open_table(BLOCKS)?;
        table
            .get(height)?
            .map(|bytes| {
                BlockRecord::decode(Copying(bytes.value())).map_err(|_| IndexError::Damaged("block record"))
            })
            .transpose()
    }

    /// The certificate that was made for the block at `height` itself, if there is one.
    pub fn certificate(&self, height: u64) -> Result<Option<Vec<u8>>, IndexError> {
        let table = self.0.begin_read()?.open_table(CERTIFICATES)?;
        Ok(table.get(height)?.map(|bytes| bytes.value().to_vec()))
    }

    /// The header at `height` with what makes it final (P-42); `None` when there is no block, or no certificate
    /// within reach up to `tip`.
    pub fn certified(&self, height: u64, tip: u64) -> Result<Option<CertifiedHeader>, IndexError> {
        let Some(record) = self.block(height)? else {
            return Ok(None);
        };
        let mut descendants = Vec::new();
        let end = tip.min(height.saturating_add(MAX_DESCENDANTS as u64));
        for next in height..=end {
            if next > height {
                match self.block(next)? {
                    Some(block) if block.header.epoch == record.header.epoch => {
                        descendants.push(block.header)
                    }
                    _ => return Ok(None),
                }
            }
            if let Some(certificate) = self.certificate(next)? {
                return Ok(Some(CertifiedHeader {
                    header: record.header,
                    descendants,
                    certificate,
                }));
            }
        }
        Ok(None)
    }

    /// Where a transaction stands.
    pub fn transaction(&self, hash: &Digest) -> Result<Option<(u64, u32)>, IndexError> {
        let table = self.0.begin_read()?.open_table(TRANSACTIONS)?;
        Ok(table.get(&hash.0)?.map(|place| place.value()))
    }

    /// The Full bytes of a block's transaction. They are kept here beside marshal's blocks, so that whoever asks for one
    /// transaction makes nobody read its whole block, and asks nothing of consensus.
    pub fn body(&self, height: u64, place: u32) -> Result<Option<Vec<u8>>, IndexError> {
        let table = self.0.begin_read()?.open_table(BODIES)?;
        Ok(table.get((height, place))?.map(|bytes| bytes.value().to_vec()))
    }

    /// The receipt of a block's transaction.
    pub fn receipt(&self, height: u64, place: u32) -> Result<Option<Receipt>, IndexError> {
        let table = self.0.begin_read()?.open_table(RECEIPTS)?;
        table
            .get((height, place))?
            .map(|bytes| Receipt::decode(Copying(bytes.value())).map_err(|_| IndexError::Damaged("receipt")))
            .transpose()
    }

    /// The ranking that `epoch` began with, while it is kept.
    pub fn ranking(&self, epoch: u64) -> Result<Option<Ranking>, IndexError> {
        let read = self.0.begin_read()?;
        let heads = read.open_table(RANKING_HEADS)?;
        let Some(head) = heads.get(epoch)? else {
            return Ok(None);
        };
        let head = RankingHead::decode(Copying(head.value())).map_err(|_| IndexError::Damaged("ranking"))?;
        let table = read.open_table(RANKING)?;
        let mut parts = Vec::new();
        for number in 0..head.parts() {
            match table.get((epoch, number))? {
                Some(part) => parts.push(Bytes::copy_from_slice(part.value())),
                None => return Ok(None),
            }
        }
        Ok(Some(Ranking { head, parts }))
    }

    /// The hand-over that ends `epoch`.
    pub fn hand_over(&self, epoch: u64) -> Result<Option<HandOver>, IndexError> {
        Ok(self.hand_overs(epoch, 1)?.pop())
    }

    /// Hand-overs of `from` and the epochs after it, at most `max`, without a gap.
    pub fn hand_overs(&self, from: u64, max: usize) -> Result<Vec<HandOver>, IndexError> {
        let table = self.0.begin_read()?.open_table(HAND_OVERS)?;
        let mut found = Vec::new();
        for entry in table.range(from..)?.take(max) {
            let (epoch, bytes) = entry?;
            if epoch.value() != from + found.len() as u64 {
                break;
            }
            let hand_over =
                HandOver::decode(Copying(bytes.value())).map_err(|_| IndexError::Damaged("hand-over"))?;
            found.push(hand_over);
        }
        Ok(found)
    }
}
