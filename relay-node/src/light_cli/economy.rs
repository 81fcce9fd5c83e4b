//! `light supply`: the supply of IOST, the reward pool, and what vests (P-20, P-25).

use credo_primitives::entry::{IOST, Pool, TokenInfo, Vesting};
use credo_primitives::{Amount, StateKey};
use serde_json::{Value, json};

use super::follow::Follower;
use super::show::{Shown, date};
use super::{Failure, decode, state, unexpected};

/// Asks for the token and the pool.
pub(super) async fn ask(follower: &mut Follower) -> Result<Shown, Failure> {
    let keys = [StateKey::pool(), StateKey::token(IOST)];
    let (values, proof) = state(follower, keys.to_vec()).await?;
    let value = |i: usize| values.get(i).and_then(Option::as_deref);
    let pool = decode::<Pool>(&keys[0], value(0))?.unwrap_or_default();
    let token = decode::<TokenInfo>(&keys[1], value(1))?;
    let parameters = &follower.client().ok_or_else(unexpected)?.spec().parameters;
    let per_year = parameters.rewards_per_year;
    let threshold = parameters.candidacy_threshold.of(pool.available.units());
    let threshold = Amount::from_units(threshold).unwrap_or(Amount::MAX);
    let unvested = pool
        .vesting
        .iter()
        .try_fold(Amount::ZERO, |sum, part| sum.checked_add(part.unvested()))
        .unwrap_or(Amount::MAX);
    let json = json!({
        "supply": token.as_ref().map(|t| t.supply.to_string()),
        "total_supply": token.as_ref().map(|t| t.total_supply.to_string()),
        "available_votes": pool.available.to_string(),
        "candidacy_threshold": threshold.to_string(),
        "pool": {
            "free": pool.free.to_string(),
            "carried": pool.carried.to_string(),
            "topup": pool.topup.to_string(),
            "paid": pool.paid.to_string(),
            "per_year": per_year.to_string(),
        },
        "burnt": pool.burnt.to_string(),
        "unvested": unvested.to_string(),
        "vesting": pool.vesting.iter().map(vesting).collect::<Vec<_>>(),
    });
    let mut lines = Vec::new();
    if let Some(token) = &token {
        lines.push(("supply", format!("{} IOST", token.supply)));
    }
    lines.extend([
        ("burnt", format!("{} IOST", pool.burnt)),
        (
            "available",
            format!(
                "{} IOST count as available for votes; an application needs more than {threshold}",
                pool.available
            ),
        ),
        (
            "reward pool",
            format!(
                "{} IOST free, at most {per_year} a year; {} paid so far",
                pool.free, pool.paid
            ),
        ),
        ("unvested", format!("{unvested} IOST")),
    ]);
    lines.extend(pool.vesting.iter().map(|part| {
        let next = part
            .next_ms()
            .map_or_else(|| "over".into(), |at| format!("next on {}", date(at)));
        let text = format!(
            "{}: {} of {} IOST to come, {} of {} months done, {next}",
            part.account,
            part.unvested(),
            part.total,
            part.done,
            part.months
        );
        ("vesting", text)
    }));
    Ok(Shown::new(follower, json, lines, Some(&proof)))
}

fn vesting(part: &Vesting) -> Value {
    json!({
        "account": part.account.as_str(),
        "total": part.total.to_string(),
        "unvested": part.unvested().to_string(),
        "start_ms": part.start_ms,
        "months": part.months,
        "done": part.done,
        "next_ms": part.next_ms(),
    })
}
