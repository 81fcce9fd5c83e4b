//! P-5: past committees, kept while evidence against their members is accepted, which is as long as their stake is locked.

use credo_primitives::StateKey;
use credo_primitives::entry::SeatKeys;

use crate::view::View;
use crate::{BlockContext, RuntimeError};

/// Most committees that one epoch's end forgets; more than ever end their time within one epoch.
const MAX_FORGOTTEN: u64 = 16;

/// In an MSB block: keeps the epoch's committee, and forgets those whose time has passed.
pub(crate) fn remember(view: &mut View<'_>, ctx: &BlockContext<'_>) -> Result<(), RuntimeError> {
    let record = SeatKeys {
        ended_ms: ctx.time_ms,
        keys: ctx.committee.keys().to_vec(),
    };
    view.put(StateKey::committee(ctx.epoch), &record);
    let cursor = StateKey::committees_from();
    let start = view.get::<u64>(&cursor)?.unwrap_or(0);
    let mut first = start;
    while first < ctx.epoch && first - start < MAX_FORGOTTEN {
        let key = StateKey::committee(first);
        let kept: Option<SeatKeys> = view.get(&key)?;
        let lock = ctx.spec.parameters.vote_lock_ms;
        if kept.is_some_and(|kept| ctx.time_ms <= kept.ended_ms.saturating_add(lock)) {
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
