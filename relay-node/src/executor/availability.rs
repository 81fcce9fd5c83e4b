//! P-14: the node proves by itself that it is available.
//!
//! Only the live state can be proved, so the proof is made the moment an MSB block is committed, while its state is the
//! newest. It is handed out two blocks later, when every node that isn't far behind has the MSB's mark in its state and
//! lets the transaction into its pool. A third of `availability_epochs` after the last proof the next one is made; one
//! that is lost is followed by another at the next MSB.

use credo_pob::{Candidate, CandidateStatus};
use credo_primitives::{AccountName, ConsensusKey, StateKey};
use futures::executor::block_on;
use tokio::sync::mpsc;

use super::actor::Actor;
use crate::publish::now_ms;

/// An MSB block older than this is one that a node passes while it catches up: the chain is elsewhere.
const MAX_AGE_MS: u64 = 10_000;

/// That a node had the state of an epoch's MSB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The node's account.
    pub account: AccountName,
    /// The epoch whose MSB it was.
    pub epoch: u64,
    /// Epochs since the last one.
    pub age: u64,
    /// The proof's bytes.
    pub bytes: Vec<u8>,
}

/// Makes this node's proofs.
pub struct Availability {
    key: ConsensusKey,
    out: mpsc::Sender<Proof>,
    ready: Option<Proof>,
}

impl Availability {
    /// For the node with `key`; proofs go to `out`, which signs and sends them.
    pub fn new(key: ConsensusKey, out: mpsc::Sender<Proof>) -> Self {
        Self {
            key,
            out,
            ready: None,
        }
    }
}

/// Epochs since the last proof, if it is time for another against the MSB of `epoch`.
fn due(node: &Candidate, epoch: u64, availability_epochs: u64) -> Option<u64> {
    let age = epoch.checked_sub(node.available)?;
    let period = (availability_epochs / 3).max(1);
    (node.status == CandidateStatus::Candidate && age >= period).then_some(age)
}

impl Actor {
    /// Makes or hands out a proof, as the block just committed allows. What goes wrong here harms nobody else, and
    /// there is another MSB to come.
    pub(super) fn prove_available(&mut self) {
        let header = &self.tip.header;
        if header.msb.is_some() {
            self.availability.ready = self.make_proof();
            return;
        }
        let epoch = header.epoch;
        let time = (self.spec.first_height(epoch) + 1).min(self.spec.last_height(epoch) - 1);
        if header.height >= time
            && let Some(proof) = self.availability.ready.take()
            && proof.epoch + 1 == epoch
            && self.availability.out.try_send(proof).is_err()
        {
            tracing::warn!(epoch, "an availability proof isn't sent: earlier ones still wait");
        }
    }

    fn make_proof(&self) -> Option<Proof> {
        let header = &self.tip.header;
        let key = &self.availability.key;
        let place = self.tip.candidates.place_of_key(key)?;
        let node = self.tip.candidates.list.get(place as usize)?;
        let age = due(node, header.epoch, self.spec.parameters.availability_epochs)?;
        if now_ms().saturating_sub(header.time_ms) > MAX_AGE_MS {
            return None;
        }
        let place = StateKey::availability(&self.tip.previous_msb, key);
        let store = self.state.store().ok()?;
        match block_on(store.prove(&place)) {
            Ok((None, bytes)) => Some(Proof {
                account: node.account.clone(),
                epoch: header.epoch,
                age,
                bytes,
            }),
            Ok((Some(_), _)) => None,
            Err(error) => {
                tracing::error!(%error, "an availability proof can't be made");
                None
            }
        }
    }
}
