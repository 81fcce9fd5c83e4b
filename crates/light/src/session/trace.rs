//! Searching the epoch at which a relay's history parts from ours (P-40).
//!
//! A binary search over the epochs since the anchor, one hand-over at a time: at most 64 questions, each with the
//! ordinary time limit. What comes out is either a valid other history (a conflict) or a relay that lied.

use credo_msb::{HandOver, HandOverError};
use credo_primitives::CertificateError;
use credo_wire::Request;
use rand_core::CryptoRng;

use super::relay::Phase;
use super::requests::Purpose;
use super::{ANSWER_MS, Session};
use crate::{LightError, RelayId};

/// The relay agrees on every epoch before `lo`, and differs from `hi` on.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    lo: u64,
    hi: u64,
    /// What its head or hand-over was refused with.
    error: LightError,
}

/// True for what another history looks like from here: whole and well formed, signed by strangers.
fn strange(error: &LightError) -> bool {
    let strangers = |source: &CertificateError| {
        matches!(
            source,
            CertificateError::Signature | CertificateError::Bitmap { .. }
        )
    };
    match error {
        LightError::Certificate { source, .. } => strangers(source),
        LightError::HandOver(HandOverError::Certificate { source, .. }) => strangers(source),
        LightError::HandOver(HandOverError::Field { field, .. }) => *field == "previous Micro State Block",
        _ => false,
    }
}

impl Session {
    /// Begins a search instead of closing the relay, where there is a past to search.
    pub(super) fn suspect(&mut self, id: RelayId, error: &LightError) -> bool {
        let (Some(client), Some(relay)) = (&self.client, self.relays.get_mut(&id)) else {
            return false;
        };
        let (lo, hi) = (client.anchor_epoch(), client.newest_epoch());
        if lo == hi || !strange(error) {
            return false;
        }
        relay.phase = Phase::Refused;
        relay.pending = None;
        relay.problem = Some(error.to_string());
        relay.trace = Some(Trace {
            lo,
            hi,
            error: error.clone(),
        });
        self.trace_step(id);
        true
    }

    fn trace_step(&mut self, id: RelayId) {
        let Some(client) = &self.client else { return };
        let anchor = client.anchor_epoch();
        let Some(trace) = self.relays.get(&id).and_then(|relay| relay.trace.clone()) else {
            return;
        };
        let (from, max) = match trace.lo < trace.hi {
            true => (trace.lo + (trace.hi - trace.lo) / 2, 1),
            // It agrees on all that is past: then its head is a lie.
            false if client.msb_of(trace.lo).is_none() => return self.close(id, &trace.error),
            false if trace.lo == anchor => (anchor, 1),
            false => (trace.lo - 1, 2),
        };
        self.ask(id, Purpose::Trace, Request::HandOvers { from, max }, ANSWER_MS);
    }

    /// An answer to a step of the search.
    pub(super) fn trace(&mut self, id: RelayId, hand_overs: &[HandOver], rng: &mut impl CryptoRng) {
        let (Some(client), Some(relay)) = (&mut self.client, self.relays.get_mut(&id)) else {
            return;
        };
        let Some(trace) = &mut relay.trace else {
            return;
        };
        let error = trace.error.clone();
        if trace.lo < trace.hi {
            let middle = trace.lo + (trace.hi - trace.lo) / 2;
            let Some(hand_over) = hand_overs.first().filter(|h| h.header.epoch == middle) else {
                return self.close(id, &error);
            };
            if client.msb_of(middle) == Some(&hand_over.msb.digest()) {
                trace.lo = middle + 1;
            } else {
                trace.hi = middle;
            }
            return self.trace_step(id);
        }
        let result = match hand_overs {
            [other] if trace.lo == client.anchor_epoch() => client.compare_past(rng, None, other),
            [before, other] => client.compare_past(rng, Some(before), other),
            _ => Err(error.clone()),
        };
        match result {
            // Valid, and so far back that it stops nothing: shown, and not followed.
            Ok(()) => {
                let epoch = trace.lo;
                let reason = format!("from epoch {epoch} on it serves another history of this chain");
                self.close_because(id, reason, true);
            }
            Err(LightError::Conflict(_)) => self.changed(),
            Err(_) => self.close(id, &error),
        }
    }
}
