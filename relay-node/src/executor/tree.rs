//! Executed blocks that aren't final yet.

use std::collections::HashMap;
use std::sync::Arc;

use commonware_cryptography::{Digested, Digestible as _};
use credo_pob::{Candidates, Ranking};
use credo_primitives::{Digest, Header, Receipt};
use credo_state::Staged;

use super::{BlockRecord, MAX_TREE};
use crate::consensus::ChainBlock;

/// A block with everything that executing it gave.
#[derive(Clone)]
pub(super) struct Executed {
    /// The block.
    pub block: Digested<ChainBlock>,
    /// Its state changes.
    pub staged: Staged,
    /// The candidates after it.
    pub candidates: Arc<Candidates>,
    /// In an MSB block, the ranking that the next epoch begins with.
    pub ranking: Option<Arc<Ranking>>,
    /// Receipts in order.
    pub receipts: Vec<Receipt>,
    /// Accounts whose gas it changed.
    pub gas_changed: Vec<String>,
    /// What the index keeps.
    pub record: BlockRecord,
}

impl Executed {
    pub(super) fn header(&self) -> &Header {
        &self.record.header
    }
}

/// All of them, by digest; at most [`MAX_TREE`].
#[derive(Default)]
pub(super) struct Tree(HashMap<Digest, Executed>);

impl Tree {
    pub(super) fn get(&self, digest: &Digest) -> Option<&Executed> {
        self.0.get(digest)
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MAX_TREE
    }

    pub(super) fn insert(&mut self, executed: Executed) {
        self.0.insert(executed.block.digest(), executed);
    }

    /// Blocks from the one at `digest` down to the child of the committed block, newest first.
    pub(super) fn path(&self, digest: &Digest) -> Vec<&Executed> {
        let mut path = Vec::new();
        let mut next = *digest;
        while let Some(executed) = self.0.get(&next) {
            next = executed.header().parent;
            path.push(executed);
        }
        path
    }

    /// Takes the block out and drops all that don't stand on it.
    pub(super) fn finalize(&mut self, digest: &Digest) -> Option<Executed> {
        let taken = self.0.remove(digest)?;
        let keep: Vec<Digest> = self
            .0
            .keys()
            .filter(|key| {
                self.path(key)
                    .last()
                    .is_some_and(|oldest| oldest.header().parent == *digest)
            })
            .copied()
            .collect();
        self.0.retain(|key, _| keep.contains(key));
        Some(taken)
    }

    /// All blocks.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Executed> {
        self.0.values()
    }
}
