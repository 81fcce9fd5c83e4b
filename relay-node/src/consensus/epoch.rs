//! Which heights belong to which epoch, as the engine asks it: the chain spec's own arithmetic.

use std::sync::Arc;

use commonware_consensus::types::{Epoch, EpochInfo, Epocher, Height};
use credo_primitives::ChainSpec;

/// Epoch e holds heights e·L+1 to (e+1)·L; genesis (height 0) belongs to epoch 0.
#[derive(Clone, Debug)]
pub struct ChainEpocher(Arc<ChainSpec>);

impl ChainEpocher {
    /// The epochs of `spec`'s chain.
    pub fn new(spec: Arc<ChainSpec>) -> Self {
        Self(spec)
    }
}

impl Epocher for ChainEpocher {
    fn containing(&self, height: Height) -> Option<EpochInfo> {
        let epoch = Epoch::new(self.0.epoch_of(height.get()));
        Some(EpochInfo::new(
            epoch,
            height,
            self.first(epoch)?,
            self.last(epoch)?,
        ))
    }

    fn first(&self, epoch: Epoch) -> Option<Height> {
        match epoch.get() {
            0 => Some(Height::zero()),
            e => Some(Height::new(self.0.first_height(e))),
        }
    }

    fn last(&self, epoch: Epoch) -> Option<Height> {
        Some(Height::new(self.0.last_height(epoch.get())))
    }
}
