//! Noticing that the chain is broken (P-43).

use std::sync::Arc;

use credo_primitives::{CertifiedHeader, Digest, Header};

use super::{LightClient, RECENT, VerifiedHead};
use crate::{Conflict, ConflictKind, LightError};

/// Contradictions that are kept.
const CONFLICTS: usize = 8;

/// A block known to be final.
#[derive(Clone, Debug)]
pub(super) struct Known {
    digest: Digest,
    parent: Digest,
    time_ms: u64,
    /// What makes it final: its place in the store of evidence.
    evidence: Arc<CertifiedHeader>,
}

impl LightClient {
    /// What is known to be final and can't be together with `header`: what makes it final, and the block's time.
    pub(super) fn contradicts(&self, header: &Header) -> Option<(Arc<CertifiedHeader>, u64)> {
        let digest = header.digest();
        let other = |known: &&Known| known.digest != digest;
        let found = |known: &Known| (Arc::clone(&known.evidence), known.time_ms);
        if let Some(known) = self.recent.get(&header.height).filter(other) {
            return Some(found(known));
        }
        // A final block's parent is final, too.
        let below = header.height.checked_sub(1).and_then(|h| self.recent.get(&h));
        if let Some(known) = below.filter(|known| known.digest != header.parent) {
            return Some(found(known));
        }
        let above = header.height.checked_add(1).and_then(|h| self.recent.get(&h));
        above.filter(|known| known.parent != digest).map(found)
    }

    pub(super) fn remember(&mut self, head: &VerifiedHead) {
        let evidence = Arc::new(head.certified.clone());
        for header in std::iter::once(&head.certified.header).chain(&head.certified.descendants) {
            self.recent.entry(header.height).or_insert_with(|| Known {
                digest: header.digest(),
                parent: header.parent,
                time_ms: header.time_ms,
                evidence: Arc::clone(&evidence),
            });
        }
        while self.recent.len() > RECENT {
            self.recent.pop_first();
        }
    }

    /// P-43. Keeps the evidence; an error when it stops the client.
    ///
    /// `ours_ms` is the time of the block that was verified first: the other's time is whatever its signers wrote. Both ages
    /// are block times, never heights × slot: skipped slots make a conflict older than its distance in blocks tells.
    pub(super) fn found(
        &mut self,
        header: &Header,
        ours_ms: u64,
        kind: ConflictKind,
    ) -> Result<(), LightError> {
        let head_time = self.head.as_ref().map_or(0, |head| head.header().time_ms);
        let lies_back = head_time.saturating_sub(ours_ms);
        let conflict = Conflict {
            height: header.height,
            epoch: header.epoch,
            time_ms: header.time_ms,
            stops: lies_back <= self.spec.parameters.vote_lock_ms,
            kind,
        };
        let known = self
            .conflicts
            .iter()
            .any(|c| c.height == conflict.height && c.stops == conflict.stops);
        if !known && (self.conflicts.len() < CONFLICTS || conflict.stops) {
            self.conflicts.push(conflict.clone());
        }
        if conflict.stops {
            return Err(LightError::Conflict(Box::new(conflict)));
        }
        Ok(())
    }
}
