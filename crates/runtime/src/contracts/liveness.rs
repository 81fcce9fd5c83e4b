//! `vote_producer.iost`: what nodes say with their consensus keys (P-5, P-14), when it comes in an ordinary transaction.
//!
//! Evidence may come from anyone, who then pays gas as for any action and whose failure leaves a receipt. Availability
//! can't be proved with an account's key: it must be the node that speaks. What comes signed with a consensus key never
//! gets here, see [`crate::liveness`].

use super::vote_producer::account_with;
use super::{Entry, Returned, VOTE_PRODUCER};
use crate::abi::Args;
use crate::gas::Op;
use crate::host::{Host, Stop, fail};
use crate::liveness::{
    AVAILABILITY_ARGS, MISBEHAVIOUR_ARGS, PROVE_AVAILABILITY, REPORT_MISBEHAVIOUR, culprit, punish,
};
use crate::{PushError, Refusal};

pub(super) const ACTIONS: &[Entry] = &[
    (
        VOTE_PRODUCER,
        PROVE_AVAILABILITY,
        AVAILABILITY_ARGS,
        prove_availability,
    ),
    (
        VOTE_PRODUCER,
        REPORT_MISBEHAVIOUR,
        MISBEHAVIOUR_ARGS,
        report_misbehaviour,
    ),
];

/// `proveAvailability(account, epoch, proof)`, signed with an account's key.
fn prove_availability(host: &mut Host<'_, '_>, _: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    fail(
        "availability is proved by a transaction with no other action, signed with the node's consensus key alone",
    )
}

/// `reportMisbehaviour(reporter, evidence)`: by anyone. Not in IOST.
fn report_misbehaviour(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let reporter = account_with(host, args.text(0), "active")?;
    host.charge(Op::Evidence, 1)?;
    let seats = u64::from(host.parameters().committee_size);
    host.charge(Op::ConsensusKey, 2 * seats)?;
    let found = culprit(
        host.view,
        host.ledger.candidates(),
        host.ctx.spec,
        host.now_ms,
        args.text(1),
    );
    let culprit = found.map_err(|error| match error {
        PushError::Refused(Refusal::Liveness(why)) => Stop::Failed(why.to_string()),
        PushError::Refused(why) => Stop::Failed(why.to_string()),
        PushError::Fatal(error) => Stop::Fatal(error),
    })?;
    punish(host, &culprit, &reporter)?;
    Ok(Returned::Void)
}
