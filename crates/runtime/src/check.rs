//! Whether a transaction may stand in a block: the same questions, in the same order, for the pool and for every block.
//!
//! What costs least comes first, and gas before authority. Until it is known that a transaction's publisher and signers
//! authorise it, nobody can be charged for the work, so no more is done than
//! [`check_gas_limit`](credo_primitives::Parameters::check_gas_limit) allows, counted in gas as all work is; what would need
//! more is refused for good. Of a transaction that is executed, all of it is charged.

use credo_pob::Candidates;
use credo_primitives::{ChainSpec, CheckedTransaction, StateKey, Transaction, TxError};

use crate::authority::{Authority, Cut};
use crate::charge::{self, Paying};
use crate::gas::{Meter, Op, OutOfGas};
use crate::limits::Limits;
use crate::liveness::Exempt;
use crate::view::View;
use crate::{PushError, Refusal, RuntimeError};

/// A transaction that may stand in a block.
pub(crate) enum Fit {
    /// A node's own, for which nobody pays.
    Exempt(Exempt),
    /// An account's.
    Ordinary {
        authority: Authority,
        limits: Limits,
        paying: Paying,
    },
}

/// Why a check ended.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// What may be used for it is used up.
    OutOfGas,
    /// The transaction is refused, or the node can't go on.
    Push(PushError),
}

impl From<OutOfGas> for Unfit {
    fn from(_: OutOfGas) -> Self {
        Self::OutOfGas
    }
}
impl From<Cut> for Unfit {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::OutOfGas => Self::OutOfGas,
            Cut::Fatal(error) => Self::Push(error.into()),
        }
    }
}
impl From<Refusal> for Unfit {
    fn from(refusal: Refusal) -> Self {
        Self::Push(refusal.into())
    }
}
impl From<RuntimeError> for Unfit {
    fn from(error: RuntimeError) -> Self {
        Self::Push(error.into())
    }
}

/// Checks a transaction for a block at `time_ms`, and charges what that takes. A node's own isn't charged: its meter counts
/// from then on and limits nothing.
pub(crate) fn check(
    view: &View<'_>,
    candidates: &Candidates,
    spec: &ChainSpec,
    time_ms: u64,
    meter: &mut Meter,
    tx: &CheckedTransaction,
) -> Result<Fit, PushError> {
    times(spec, tx.tx(), time_ms)?;
    let parameters = &spec.parameters;
    if view.size(&StateKey::executed(&tx.publisher_mark()))?.is_some() {
        return Err(Refusal::Replayed.into());
    }
    if let Some(exempt) = Exempt::of(view, candidates, spec, time_ms, tx)? {
        *meter = Meter::free();
        // What it costs to have found that out, for the block's sum.
        let counted = meter.enter(tx).and_then(|()| meter.charge(Op::Evidence, 1));
        debug_assert!(counted.is_ok(), "a free meter limits nothing");
        return Ok(Fit::Exempt(exempt));
    }
    let paying = charge::check(view, parameters, tx, time_ms)?;
    if meter.enter(tx).is_err() {
        return Err(too_low(meter, tx));
    }
    meter.cap(parameters.check_gas_limit);
    let fit = authorised(view, meter, tx, paying);
    meter.uncap();
    fit.map_err(|unfit| match unfit {
        Unfit::Push(error) => error,
        Unfit::OutOfGas if meter.is_out() => too_low(meter, tx),
        Unfit::OutOfGas => Refusal::CheckWork {
            limit: parameters.check_gas_limit,
        }
        .into(),
    })
}

fn too_low(meter: &Meter, tx: &CheckedTransaction) -> PushError {
    let refusal = Refusal::GasLimitTooLow {
        limit: u64::try_from(tx.tx().gas_limit).unwrap_or(0),
        most: meter.limit(),
    };
    refusal.into()
}

/// What is asked of the state while nobody can be charged.
fn authorised(
    view: &View<'_>,
    meter: &mut Meter,
    tx: &CheckedTransaction,
    paying: Paying,
) -> Result<Fit, Unfit> {
    for mark in tx.replay_marks() {
        meter.charge(Op::Read, 1)?;
        if view.size(&StateKey::executed(&mark))?.is_some() {
            return Err(Refusal::Replayed.into());
        }
    }
    let authority = Authority::check(view, meter, tx)?;
    let limits = Limits::check(view, meter, &tx.tx().amount_limit)?;
    Ok(Fit::Ordinary {
        authority,
        limits,
        paying,
    })
}

/// The longest life of a transaction on this chain, in ns.
fn lifetime_ns(spec: &ChainSpec) -> i64 {
    i64::try_from(spec.parameters.tx_lifetime_ms.saturating_mul(1_000_000)).unwrap_or(i64::MAX)
}

/// Chain and times, against a block's time.
pub(crate) fn times(spec: &ChainSpec, tx: &Transaction, time_ms: u64) -> Result<(), Refusal> {
    let expected = spec.parameters.chain_id;
    if tx.chain_id != expected {
        return Err(TxError::ChainId {
            expected,
            got: tx.chain_id,
        }
        .into());
    }
    let now = i64::try_from(time_ms.saturating_mul(1_000_000)).unwrap_or(i64::MAX);
    if tx.time > now {
        return Err(TxError::TooEarly { time: tx.time, now }.into());
    }
    if tx.expiration <= now || now.saturating_sub(tx.time) > lifetime_ns(spec) {
        return Err(TxError::Expired {
            time: tx.time,
            expiration: tx.expiration,
            now,
        }
        .into());
    }
    Ok(())
}
