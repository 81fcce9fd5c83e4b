//! P-20: what the reward pool pays at an epoch's end.
//!
//! The pool pays `rewards_per_year` in a year of blocks at their nominal pace, so never more than that in a year of time.
//! A quarter goes to who produced the epoch's blocks, a half to candidates by their votes, a quarter by contribution
//! scores; an epoch without scores adds that quarter to the next. What divisions leave over stays in the pool, and what
//! the pool doesn't hold isn't paid.

use credo_pob::Turns;
use credo_pob::rewards::Parts;
use credo_primitives::entry::{Contribution, Pool};
use credo_primitives::{Amount, ConsensusKey, Parameters, StateKey};

use crate::RuntimeError;
use crate::view::View;

/// A year of 365.25 days.
pub(crate) const YEAR_MS: u128 = 31_557_600_000;

/// What an epoch pays at most.
pub(crate) fn of_epoch(parameters: &Parameters) -> Amount {
    let epoch_ms = u128::from(parameters.epoch_length) * u128::from(parameters.slot_ms);
    Amount::saturating(u128::from(parameters.rewards_per_year.units()).saturating_mul(epoch_ms) / YEAR_MS)
}

/// Pays the rewards of the epoch that ends with this block.
pub(crate) fn pay(
    view: &mut View<'_>,
    ledger: &mut credo_pob::Ledger,
    parameters: &Parameters,
    epoch: u64,
    keys: &[ConsensusKey],
) -> Result<(), RuntimeError> {
    let key = StateKey::pool();
    let Some(mut pool) = view.get::<Pool>(&key)? else {
        return Ok(());
    };
    let all = of_epoch(parameters).min(pool.free);
    let quarter = Amount::saturating(u128::from(all.units()) / 4);
    let half = Amount::saturating(u128::from(all.units()) / 2);
    let turns: Option<Turns> = view.get(&StateKey::turns())?;
    let produced: Vec<(ConsensusKey, u32)> = match turns {
        Some(turns) if turns.epoch == epoch => keys.iter().cloned().zip(turns.produced).collect(),
        _ => Vec::new(),
    };
    let topup = std::mem::take(&mut pool.topup);
    let votes = add(half, topup);
    let paid = ledger.pay_rewards(&Parts {
        epoch,
        blocks: quarter,
        votes,
        produced: &produced,
    });
    // A top-up that couldn't be spread stays in the pool like all dust.
    pool.free = sub(add(pool.free, topup), paid);
    let by_score = pay_contribution(view, &mut pool, quarter)?;
    pool.paid = add(pool.paid, add(paid, by_score));
    view.put(key, &pool);
    Ok(())
}

fn add(a: Amount, b: Amount) -> Amount {
    a.checked_add(b).unwrap_or(Amount::MAX)
}

fn sub(a: Amount, b: Amount) -> Amount {
    a.checked_sub(b).unwrap_or(Amount::ZERO)
}

/// Pays the part for contribution, and gives what was paid.
fn pay_contribution(view: &mut View<'_>, pool: &mut Pool, part: Amount) -> Result<Amount, RuntimeError> {
    pool.free = sub(pool.free, part);
    let part = add(part, std::mem::take(&mut pool.carried));
    let key = StateKey::contribution();
    let mut record: Contribution = view.get(&key)?.unwrap_or_default();
    if !credo_pob::pay_contribution(&mut record, part) {
        pool.carried = part;
        return Ok(Amount::ZERO);
    }
    view.put(key, &record);
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use credo_primitives::Preset;

    #[test]
    fn a_year_of_epochs_pays_no_more_than_the_year_s_rewards() {
        let main = Parameters::preset(Preset::Main);
        let epoch = u128::from(of_epoch(&main).units());
        let epochs = YEAR_MS / (u128::from(main.epoch_length) * u128::from(main.slot_ms));
        let year = u128::from(main.rewards_per_year.units());
        assert!(epoch * epochs <= year);
        assert!(
            year - epoch * epochs < epochs,
            "less than a unit is left over for each epoch"
        );
    }
}
