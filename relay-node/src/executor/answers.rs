//! Answers from the committed state: every part of one answer comes from one snapshot (P-42).

use std::sync::Arc;

use credo_primitives::{CheckedTransaction, StateKey};
use credo_runtime::{Admitted, PushError};
use credo_wire::{CandidatesAnswer, KeyProof, MAX_KEYS, StateAnswer};
use futures::executor::block_on;

use super::actor::Actor;
use crate::service::ServiceError;

impl Actor {
    /// Values of the committed state with their proofs, under the head that makes it final.
    pub(super) fn state(&self, keys: &[StateKey]) -> Result<StateAnswer, ServiceError> {
        if keys.len() > MAX_KEYS {
            return Err(ServiceError::Refused(format!(
                "{} keys were asked for; at most {MAX_KEYS} fit one answer",
                keys.len()
            )));
        }
        let head = self.tip.certified.as_ref().ok_or(ServiceError::NotReady)?;
        let entries = keys
            .iter()
            .map(|key| {
                let (value, proof) = block_on(self.store.prove(key)).map_err(|error| {
                    tracing::error!(%error, %key, "a state proof can't be made");
                    ServiceError::Refused("the state can't be read".into())
                })?;
                Ok(KeyProof { value, proof })
            })
            .collect::<Result<_, ServiceError>>()?;
        Ok(StateAnswer {
            head: (**head).clone(),
            entries,
        })
    }

    /// The list of Servi nodes with the proofs of its digest, the round and the turns.
    pub(super) fn candidates(&mut self) -> Result<CandidatesAnswer, ServiceError> {
        let state = self.state(&[StateKey::candidates(), StateKey::round(), StateKey::turns()])?;
        let current = &self.tip.candidates;
        let list = match &self.list {
            Some((of, bytes)) if Arc::ptr_eq(of, current) => bytes.clone(),
            _ => {
                let bytes = current.to_bytes().to_vec();
                self.list = Some((Arc::clone(current), bytes.clone()));
                bytes
            }
        };
        Ok(CandidatesAnswer { state, list })
    }

    /// Holds a transaction against the committed state: may the next block include it?
    pub(super) fn precheck(&self, tx: &CheckedTransaction, now_ms: u64) -> Result<Admitted, String> {
        let next = self
            .tip
            .header
            .time_ms
            .saturating_add(self.spec.parameters.slot_ms);
        // A transaction of a clock a little ahead waits in the pool for its time.
        let own = u64::try_from(tx.tx().time / 1_000_000)
            .unwrap_or(0)
            .saturating_add(1);
        let time = now_ms.max(next).max(own);
        let snapshot = self.store.snapshot(None);
        match credo_runtime::admit(&self.spec, &snapshot, &self.tip.candidates, tx, time) {
            Ok(admitted) => Ok(admitted),
            Err(PushError::Refused(refusal)) => Err(refusal.to_string()),
            Err(PushError::Fatal(error)) => {
                tracing::error!(%error, "a transaction can't be checked");
                Err("the state can't be read".into())
            }
        }
    }
}
