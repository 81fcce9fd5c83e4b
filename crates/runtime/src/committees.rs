//! P-5: past committees, kept while evidence against their members is accepted, which ends shortly before their stake
//! returns.

use credo_pob::Round;
use credo_primitives::StateKey;
use credo_primitives::entry::{PastCommittee, PastSeat};

use crate::view::View;
use crate::{BlockContext, RuntimeError};

/// Most committees that one epoch's end forgets; more than ever end their time within one epoch.
const MAX_FORGOTTEN: u64 = 16;

/// In an MSB block: keeps the epoch's committee, which `elected` names, and forgets those whose time has passed.
pub(crate) fn remember(
    view: &mut View<'_>,
    ctx: &BlockContext<'_>,
    elected: Option<&Round>,
) -> Result<(), RuntimeError> {
    let seats = elected.iter().flat_map(|round| &round.seats);
    let mut seats: Vec<PastSeat> = seats
        .map(|seat| PastSeat {
            key: seat.key.clone(),
            account: seat.account.clone(),
        })
        .collect();
    seats.sort_by(|a, b| a.key.cmp(&b.key));
    let record = PastCommittee {
        ended_ms: ctx.time_ms,
        seats,
    };
    view.put(StateKey::committee(ctx.epoch), &record);
    let cursor = StateKey::committees_from();
    let start = view.get::<u64>(&cursor)?.unwrap_or(0);
    let mut first = start;
    while first < ctx.epoch && first - start < MAX_FORGOTTEN {
        let key = StateKey::committee(first);
        let kept: Option<PastCommittee> = view.get(&key)?;
        let open_ms = ctx.spec.parameters.evidence_ms();
        if kept.is_some_and(|kept| ctx.time_ms <= kept.ended_ms.saturating_add(open_ms)) {
            break;
        }
        view.delete(key);
        first += 1;
    }
    if first != start {
        view.put(cursor, &first);
    }
    Ok(())
}
