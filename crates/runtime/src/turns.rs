//! Who took and who missed a turn (what P-15 will judge), and the last MSBs (P-14).

use credo_pob::Turns;
use credo_primitives::StateKey;

use crate::view::View;
use crate::{BlockContext, RuntimeError};

/// How many MSBs' digests and states stand in the state.
const KEPT_MSBS: u64 = 2;

/// Counts the proposer's turn, and those of the views skipped between the parent's and this block's (P-15). Where as many
/// views were skipped as there are seats, or more, the whole network stood still and none of them counts: no one member,
/// and no third of them, brings that about.
pub(crate) fn count(view: &mut View<'_>, ctx: &BlockContext<'_>) -> Result<(), RuntimeError> {
    let context = |why| RuntimeError::Context {
        height: ctx.height,
        why,
    };
    let seats = ctx.committee.seats();
    let key = StateKey::turns();
    let mut turns = match view.get::<Turns>(&key)? {
        Some(turns) if turns.epoch == ctx.epoch => turns,
        _ => fresh(ctx.epoch, seats),
    };
    if turns.produced.len() != seats || turns.missed.len() != seats {
        return Err(context("the committee isn't the one that this epoch began with"));
    }
    let seat = ctx
        .committee
        .keys()
        .binary_search(&ctx.proposer)
        .map_err(|_| context("its proposer isn't on the committee"))?;
    turns.produced[seat] = turns.produced[seat].saturating_add(1);
    if ctx.view <= ctx.parent_view {
        return Err(context("its view isn't after its parent's"));
    }
    let skipped = ctx.view - ctx.parent_view - 1;
    if skipped < seats as u64 {
        for passed in ctx.parent_view + 1..ctx.view {
            let leader = ctx.committee.leader(passed);
            if let Ok(seat) = ctx.committee.keys().binary_search(leader) {
                turns.missed[seat] = turns.missed[seat].saturating_add(1);
            }
        }
    }
    view.put(key, &turns);
    Ok(())
}

/// No turns yet.
pub(crate) fn fresh(epoch: u64, seats: usize) -> Turns {
    Turns {
        epoch,
        produced: vec![0; seats],
        missed: vec![0; seats],
    }
}

/// P-14. In an epoch's first block, writes digest and state of the MSB before it and drops the one that is too old.
pub(crate) fn remember_msb(view: &mut View<'_>, ctx: &BlockContext<'_>) -> Result<(), RuntimeError> {
    let first = ctx.epoch > 0 && ctx.height == ctx.spec.first_height(ctx.epoch);
    match (first, ctx.previous_msb) {
        (false, None) => Ok(()),
        (true, Some((epoch, mark))) if epoch + 1 == ctx.epoch => {
            view.put(StateKey::msb(epoch), &mark);
            if let Some(old) = epoch.checked_sub(KEPT_MSBS) {
                view.delete(StateKey::msb(old));
            }
            Ok(())
        }
        (true, _) => Err(RuntimeError::Context {
            height: ctx.height,
            why: "an epoch's first block needs digest and state of the Micro State Block before it",
        }),
        (false, Some(_)) => Err(RuntimeError::Context {
            height: ctx.height,
            why: "only an epoch's first block names the Micro State Block before it",
        }),
    }
}
