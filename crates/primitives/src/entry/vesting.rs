//! P-25: how a part of the supply vests, month by month, exact to the unit.

use super::Vesting;
use crate::Amount;

impl Vesting {
    /// A month of a schedule: a twelfth of 365.25 days.
    pub const MONTH_MS: u64 = 2_629_800_000;

    /// Months of the schedule that are over at `now_ms`.
    pub fn months_over(&self, now_ms: u64) -> u32 {
        let over = now_ms.saturating_sub(self.start_ms) / Self::MONTH_MS;
        u32::try_from(over).map_or(self.months, |over| over.min(self.months))
    }

    /// What has vested after so many months: the total's share, rounded down, and all of it in the end.
    pub fn vested(&self, months: u32) -> Amount {
        if months >= self.months {
            return self.total;
        }
        let part = u128::from(self.total.units()) * u128::from(months) / u128::from(self.months.max(1));
        // A share of an amount is an amount.
        u64::try_from(part)
            .ok()
            .and_then(Amount::from_units)
            .unwrap_or(self.total)
    }

    /// What hasn't vested yet.
    pub fn unvested(&self) -> Amount {
        self.total
            .checked_sub(self.vested(self.done))
            .unwrap_or(Amount::ZERO)
    }

    /// When the next part vests, ms since 1970; none once all is vested.
    pub fn next_ms(&self) -> Option<u64> {
        let next = self.done.checked_add(1).filter(|next| *next <= self.months)?;
        let after = u64::from(next).checked_mul(Self::MONTH_MS)?;
        self.start_ms.checked_add(after)
    }

    /// Lets the months vest that are over at `now_ms`, and gives what they bring.
    pub fn vest(&mut self, now_ms: u64) -> Amount {
        let over = self.months_over(now_ms).max(self.done);
        let before = self.vested(self.done);
        let brings = self.vested(over).checked_sub(before).unwrap_or(Amount::ZERO);
        self.done = over;
        brings
    }

    /// True once all has vested.
    pub fn is_over(&self) -> bool {
        self.done >= self.months
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AccountName;
    use proptest::prelude::*;

    const START: u64 = 1_000;

    fn part(units: u64, months: u32) -> Vesting {
        Vesting {
            account: AccountName::any("issue.iost").unwrap(),
            total: Amount::from_units(units).unwrap(),
            start_ms: START,
            months,
            done: 0,
        }
    }

    #[test]
    fn a_month_vests_when_it_is_over_and_no_millisecond_before() {
        let mut part = part(10, 3);
        assert_eq!(part.next_ms(), Some(START + Vesting::MONTH_MS));
        assert_eq!(part.vest(0), Amount::ZERO);
        assert_eq!(part.vest(START + Vesting::MONTH_MS - 1), Amount::ZERO);
        assert_eq!(part.vest(START + Vesting::MONTH_MS).units(), 3);
        assert_eq!(part.vest(START + Vesting::MONTH_MS).units(), 0);
        // An earlier time takes nothing back.
        assert_eq!(part.vest(0), Amount::ZERO);
        assert_eq!((part.done, part.unvested().units()), (1, 7));
        assert_eq!(part.vest(START + 2 * Vesting::MONTH_MS).units(), 3);
        assert_eq!(part.vest(u64::MAX).units(), 4);
        assert!(part.is_over());
        assert_eq!((part.next_ms(), part.unvested()), (None, Amount::ZERO));
    }

    proptest! {
        #[test]
        fn all_of_it_vests_exactly_whenever_it_is_looked_at(
            units in 1..=i64::MAX as u64,
            months in 1..=600u32,
            mut looks in proptest::collection::vec(0..=700u64, 0..40),
        ) {
            let mut often = part(units, months);
            let mut once = often.clone();
            let mut sum = 0;
            looks.sort_unstable();
            for look in &looks {
                sum += often.vest(START + look * Vesting::MONTH_MS).units();
                prop_assert_eq!(sum + often.unvested().units(), units);
            }
            if let Some(last) = looks.last() {
                prop_assert_eq!(once.vest(START + last * Vesting::MONTH_MS).units(), sum);
                prop_assert_eq!(&once, &often);
            }
            sum += often.vest(u64::MAX).units();
            prop_assert_eq!(sum, units);
            prop_assert!(often.is_over());
        }
    }
}
