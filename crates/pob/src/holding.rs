//! What an account can spend, and what it is due, from proved records alone: one reckoning for the runtime, which folds
//! what has returned into the balance (P-16), and for who only looks at it.

use credo_primitives::entry::{Balance, Contribution, Ended};
use credo_primitives::{AccountName, Amount};

use crate::{Candidate, CandidateStatus, Candidates, Voter};

/// Bits behind the point of a coefficient.
const SHIFT: u32 = 64;

impl Candidate {
    /// P-10, P-16. What of the node's deposit counts as returned at `now_ms`, because it lost its candidacy long enough ago.
    pub fn returned_deposit(&self, now_ms: u64) -> Amount {
        let back = self.status == CandidateStatus::Lost && (1..=now_ms).contains(&self.deposit_until_ms);
        if back { self.deposit } else { Amount::ZERO }
    }
}

/// P-16. What the holder of these records can spend at `now_ms`: what is available, frozen amounts whose date has passed,
/// ended votes whose tokens have returned, and the deposit of its own node (`node`) when that has returned.
///
/// `candidates` need only hold the nodes that it votes for.
pub fn spendable(
    balance: &Balance,
    voter: &Voter,
    node: Option<&Candidate>,
    candidates: &Candidates,
    ended: impl Fn(&AccountName, u32) -> Option<Ended>,
    now_ms: u64,
) -> Amount {
    let parts = [
        voter.returned(candidates, ended, now_ms),
        node.map_or(Amount::ZERO, |node| node.returned_deposit(now_ms)),
    ];
    parts
        .into_iter()
        .try_fold(balance.spendable(now_ms), |sum, part| sum.checked_add(part))
        .unwrap_or(Amount::MAX)
}

/// P-20. What an account can claim of the contribution rewards.
pub fn contribution_due(record: &Contribution, account: &AccountName) -> Amount {
    let Some(entry) = record.accounts.iter().find(|entry| entry.account == *account) else {
        return Amount::ZERO;
    };
    let delta = record.coef.saturating_sub(entry.coef);
    let units = delta.saturating_mul(u128::from(entry.score)) >> SHIFT;
    let due = u64::try_from(units)
        .ok()
        .and_then(Amount::from_units)
        .unwrap_or(Amount::MAX)
        .min(record.pot);
    entry.earned.checked_add(due).unwrap_or(Amount::MAX)
}
