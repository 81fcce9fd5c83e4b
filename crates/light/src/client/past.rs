//! Where another relay's history parts from ours (P-40).
//!
//! Keys that have long been unlocked can sign another past. A client that started from an old anchor and a relay that
//! followed that past agree up to some epoch and on nothing after it; the relay's heads then fail here by their
//! signatures alone, as if it had lied. So the session searches the epoch at which the two part, and here its
//! hand-over is held against the committee that both agree on: valid, it is a broken chain (P-43).
//!
//! 40 bytes per epoch since the anchor are kept for it: 2.1 MB after a year of ten-minute epochs.

use credo_msb::HandOver;
use credo_primitives::{Committee, Digest};
use rand_core::CryptoRng;

use super::{Anchor, LightClient};
use crate::{ConflictKind, LightError};

impl LightClient {
    /// Epoch at which the trust began.
    pub fn anchor_epoch(&self) -> u64 {
        match self.anchor {
            Anchor::Genesis => 0,
            Anchor::Checkpoint { epoch } => epoch,
        }
    }

    /// Digest of an epoch's MSB header, if it was verified since the anchor.
    pub fn msb_of(&self, epoch: u64) -> Option<&Digest> {
        self.past_of(epoch).map(|(digest, _)| digest)
    }

    /// The same with its block's time.
    fn past_of(&self, epoch: u64) -> Option<&(Digest, u64)> {
        let place = epoch.checked_sub(self.anchor_epoch())?;
        self.past.get(usize::try_from(place).ok()?)
    }

    /// Takes a relay's hand-over of the first epoch in which its history differs from ours, with the one before it
    /// (`None` at the anchor). An error when the two prove a broken chain that stops the client, or prove nothing.
    pub fn compare_past(
        &mut self,
        rng: &mut impl CryptoRng,
        before: Option<&HandOver>,
        other: &HandOver,
    ) -> Result<(), LightError> {
        self.go_on()?;
        let epoch = other.header.epoch;
        let (ours, ours_ms) = *self.past_of(epoch).ok_or_else(|| self.unknown(epoch))?;
        let (committee, previous) = match before {
            None => self.start.clone(),
            Some(before) => {
                let digest = before.msb.digest();
                let shared = epoch.checked_sub(1).and_then(|epoch| self.msb_of(epoch));
                if shared != Some(&digest) {
                    return Err(self.unknown(epoch));
                }
                let committee = Committee::new(self.spec_hash, 0, epoch, &before.msb.next_committee);
                (committee.ok_or_else(|| self.unknown(epoch))?, digest)
            }
        };
        other.verify(rng, &self.spec, &committee, &previous)?;
        if other.msb.digest() == ours {
            return Ok(());
        }
        let kind = ConflictKind::Past {
            first: ours,
            second: other.clone(),
        };
        self.found(&other.header, ours_ms, kind)
    }
}
