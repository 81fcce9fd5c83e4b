//! What an account can spend, and what it is due, from proved records alone: one reckoning for the runtime, which folds
//! what has returned into the balance (P-16), and for who only looks at it.

use credo_primitives::entry::{Balance, Contribution, Contributor, Ended};
use credo_primitives::{AccountName, Amount};

use crate::rewards::SHIFT;
use crate::{Candidate, CandidateStatus, Candidates, Voter};

impl Candidate {
    /// P-10, P-16. What of deposit and lock counts as returned at `now_ms`, because the registration ended long enough ago.
    pub fn returned_stake(&self, now_ms: u64) -> Amount {
        let back = self.status == CandidateStatus::Lost && (1..=now_ms).contains(&self.deposit_until_ms);
        if back { self.stake() } else { Amount::ZERO }
    }
}

impl Voter {
    /// P-10. What of the stake of its own node that lost its place counts as returned at `now_ms`.
    pub fn returned_stake(&self, now_ms: u64) -> Amount {
        let back = self.stake.filter(|locked| locked.until_ms <= now_ms);
        back.map_or(Amount::ZERO, |locked| locked.amount)
    }
}

/// P-16. What the holder of these records can spend at `now_ms`: what is available, frozen amounts whose date has passed,
/// ended votes whose tokens have returned, and what its own node (`node`) had locked when that has returned.
///
/// `candidates` need only hold the nodes that it votes for.
pub fn spendable(
    balance: &Balance,
    voter: &Voter,
    node: Option<&Candidate>,
    candidates: &Candidates,
    ended: impl Fn(&AccountName, u64) -> Option<Ended>,
    now_ms: u64,
) -> Amount {
    let parts = [
        voter.returned(candidates, ended, now_ms),
        node.map_or(Amount::ZERO, |node| node.returned_stake(now_ms)),
        voter.returned_stake(now_ms),
    ];
    parts
        .into_iter()
        .try_fold(balance.spendable(now_ms), |sum, part| sum.checked_add(part))
        .unwrap_or(Amount::MAX)
}

/// P-20. Adds a part of the pool to what contributors are due; without any score, nothing is added and `false` is given.
pub fn pay_contribution(record: &mut Contribution, part: Amount) -> bool {
    let scores: u128 = record.accounts.iter().map(|c| u128::from(c.score)).sum();
    if scores == 0 || part.is_zero() {
        return false;
    }
    record.coef = record
        .coef
        .saturating_add((u128::from(part.units()) << SHIFT) / scores);
    record.pot = record.pot.checked_add(part).unwrap_or(Amount::MAX);
    true
}

/// P-20. Counts one account's contribution rewards up to now.
pub fn settle_contribution(record: &mut Contribution, index: usize) {
    let Contribution { coef, pot, accounts } = record;
    let Some(entry) = accounts.get_mut(index) else {
        return;
    };
    let due = uncounted(*coef, *pot, entry);
    if let (Ok(left), Ok(earned)) = (pot.checked_sub(due), entry.earned.checked_add(due)) {
        (*pot, entry.earned) = (left, earned);
    }
    entry.coef = *coef;
}

/// P-20. What an account can claim of the contribution rewards.
pub fn contribution_due(record: &Contribution, account: &AccountName) -> Amount {
    let Some(entry) = record.accounts.iter().find(|entry| entry.account == *account) else {
        return Amount::ZERO;
    };
    let due = uncounted(record.coef, record.pot, entry);
    entry.earned.checked_add(due).unwrap_or(Amount::MAX)
}

/// What wasn't counted for an account yet.
fn uncounted(coef: u128, pot: Amount, entry: &Contributor) -> Amount {
    let delta = coef.saturating_sub(entry.coef);
    Amount::saturating(delta.saturating_mul(u128::from(entry.score)) >> SHIFT).min(pot)
}
