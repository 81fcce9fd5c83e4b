//! The MSB header that every node builds identically at an epoch's end (P-30, P-31).

use credo_msb::{MSB_VERSION, MsbHeader};
use credo_primitives::hash::ZERO_DIGEST;
use credo_primitives::{Committee, Header, merkle};
use credo_runtime::BlockOutcome;

use super::ExecutorError;
use super::actor::Actor;

impl Actor {
    /// Builds the MSB header of the epoch that `header`, complete but for its MSB digest, ends.
    pub(super) fn msb_header(
        &self,
        header: &Header,
        outcome: &BlockOutcome,
    ) -> Result<MsbHeader, ExecutorError> {
        let round = outcome
            .round
            .as_ref()
            .ok_or_else(|| ExecutorError::Incomplete("an epoch's last block ran no round".into()))?;
        let keys: Vec<_> = round.seats.iter().map(|seat| seat.key.clone()).collect();
        let next = Committee::new(self.spec_hash, 0, header.epoch + 1, &keys)
            .ok_or_else(|| ExecutorError::Incomplete("a round elected nobody".into()))?;
        let leaves = self.leaves_before(header);
        Ok(MsbHeader {
            version: MSB_VERSION,
            shard: 0,
            epoch: header.epoch,
            first_height: self.spec.first_height(header.epoch),
            last_height: header.height,
            last_view: header.view,
            previous: self.tip.previous_msb,
            history_root: self.tip.history.root(),
            transactions_root: merkle::root(&leaves),
            transaction_count: leaves.len() as u64,
            state_root: header.state.root,
            servi_digest: outcome.candidates_digest.digest,
            randomness: ZERO_DIGEST,
            next_committee: next.keys().to_vec(),
            council: Vec::new(),
            parameter_set: Vec::new(),
            shards: Vec::new(),
        })
    }
}
