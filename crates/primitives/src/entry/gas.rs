//! An account's gas, and what it has at any time (P-23).
//!
//! Gas is counted in hundredths, as in receipts. Every IOST staked, pledged or voting, brings `rate` gas a day (the
//! chain's `gas_per_iost_day`): one day's worth at once when it is staked, the rest as time passes, up to three days'
//! worth. What is there at a time follows from the record alone, so that nobody has to write it down, and a wallet, the
//! command line and the chain come to the same.
//!
//! What grows between two moments is the difference of what would have grown since 1970, each rounded down. So nothing
//! is lost by looking often, and a period gives the same however it is split.

use crate::{Amount, AmountError};

/// Hundredths of a gas.
const HUNDREDTHS: u128 = 100;
/// Units of an IOST.
const UNITS: u128 = 100_000_000;
/// A day in ms.
const DAY_MS: u128 = 86_400_000;
/// Days' worth of gas that an account can hold.
const LIMIT_DAYS: u128 = 3;

/// What signing up stakes of its publisher's for the new account's gas.
pub const SIGN_UP_PLEDGE: Amount = Amount::from_iost(10);

/// An account's gas, in hundredths. What it has at a later time follows from this record alone (P-23).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gas {
    /// What was there at `updated_ms`; grows with what is staked, up to a limit.
    pub stock: u64,
    /// What others' fees brought (P-22): no limit, used after the stock.
    pub earned: u64,
    /// When `stock` was counted, ms since 1970.
    pub updated_ms: u64,
    /// IOST that others and itself pledged for this account.
    pub pledged: Amount,
    /// IOST that it votes with.
    pub voted: Amount,
}
codec_struct!(Gas {
    stock,
    earned,
    updated_ms,
    pledged,
    voted
});

impl Gas {
    /// The record counted up to `now_ms`, on a chain where an IOST brings `rate` gas a day. A time before the record's
    /// changes nothing.
    pub fn at(&self, now_ms: u64, rate: u64) -> Self {
        if now_ms <= self.updated_ms {
            return *self;
        }
        let per_day = self.per_day(rate);
        // The later one is never less.
        let grown = since_1970(per_day, now_ms).saturating_sub(since_1970(per_day, self.updated_ms));
        let stock = u128::from(self.stock)
            .saturating_add(grown)
            .min(u128::from(self.limit(rate)));
        Self {
            // At most the limit, which is 64 bits.
            stock: u64::try_from(stock).unwrap_or(u64::MAX),
            updated_ms: now_ms,
            ..*self
        }
    }

    /// The most that the stock grows to: three days' worth of what is staked.
    pub fn limit(&self, rate: u64) -> u64 {
        to_u64(self.per_day(rate).saturating_mul(LIMIT_DAYS) / UNITS)
    }

    /// What can be used, as of `updated_ms`.
    pub fn total(&self) -> u64 {
        self.stock.saturating_add(self.earned)
    }

    /// What staking `amount` brings at once: one day's worth.
    pub fn at_once(amount: Amount, rate: u64) -> u64 {
        to_u64(per_day(u128::from(amount.units()), rate) / UNITS)
    }

    /// Counts IOST that was pledged for the account at `now_ms`.
    pub fn pledge(&mut self, amount: Amount, now_ms: u64, rate: u64) -> Result<(), AmountError> {
        let pledged = self.pledged.checked_add(amount)?;
        *self = self.at(now_ms, rate);
        self.pledged = pledged;
        self.give_a_day(amount, rate);
        Ok(())
    }

    /// Counts a pledge for the account taken back at `now_ms`: the limit falls, and with it what is above it.
    pub fn unpledge(&mut self, amount: Amount, now_ms: u64, rate: u64) -> Result<(), AmountError> {
        let pledged = self.pledged.checked_sub(amount)?;
        *self = self.at(now_ms, rate);
        self.pledged = pledged;
        self.cut(rate);
        Ok(())
    }

    /// Counts IOST that the account votes with from `now_ms` on.
    pub fn vote(&mut self, amount: Amount, now_ms: u64, rate: u64) -> Result<(), AmountError> {
        let voted = self.voted.checked_add(amount)?;
        *self = self.at(now_ms, rate);
        self.voted = voted;
        self.give_a_day(amount, rate);
        Ok(())
    }

    /// Counts IOST that the account votes with no longer from `now_ms` on: the limit falls, and with it what is above it.
    pub fn unvote(&mut self, amount: Amount, now_ms: u64, rate: u64) -> Result<(), AmountError> {
        let voted = self.voted.checked_sub(amount)?;
        *self = self.at(now_ms, rate);
        self.voted = voted;
        self.cut(rate);
        Ok(())
    }

    /// Uses gas, the stock first; gives what was there of it.
    pub fn spend(&mut self, gas: u64) -> u64 {
        let of_stock = gas.min(self.stock);
        let of_earned = (gas - of_stock).min(self.earned);
        self.stock -= of_stock;
        self.earned -= of_earned;
        of_stock + of_earned
    }

    fn per_day(&self, rate: u64) -> u128 {
        let staked = u128::from(self.pledged.units()) + u128::from(self.voted.units());
        per_day(staked, rate)
    }

    fn give_a_day(&mut self, amount: Amount, rate: u64) {
        self.stock = self.stock.saturating_add(Self::at_once(amount, rate));
        self.cut(rate);
    }

    fn cut(&mut self, rate: u64) {
        self.stock = self.stock.min(self.limit(rate));
    }
}

/// Hundredths of a gas a day, × 10⁸, that `units` of staked IOST bring.
fn per_day(units: u128, rate: u64) -> u128 {
    units.saturating_mul(u128::from(rate) * HUNDREDTHS)
}

/// Hundredths that would have grown since 1970: `per_day` × `now_ms` / (10⁸ × a day), without an overflow on the way.
fn since_1970(per_day: u128, now_ms: u64) -> u128 {
    const WHOLE: u128 = UNITS * DAY_MS;
    let now = u128::from(now_ms);
    let (whole, rest) = (per_day / WHOLE, per_day % WHOLE);
    whole.saturating_mul(now).saturating_add(rest * now / WHOLE)
}

fn to_u64(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATE: u64 = 100_000;
    const DAY: u64 = 86_400_000;
    const NOW: u64 = 1_700_000_000_123;

    fn staked(iost: u64) -> Gas {
        let mut gas = Gas::default();
        gas.pledge(Amount::from_iost(iost), NOW, RATE).unwrap();
        gas
    }

    #[test]
    fn a_pledge_brings_a_day_at_once_and_a_day_each_day_up_to_three() {
        let gas = staked(1);
        assert_eq!(gas.stock, 10_000_000);
        assert_eq!(gas.limit(RATE), 30_000_000);
        assert_eq!(gas.at(NOW, RATE), gas);
        assert_eq!(gas.at(NOW + DAY / 2, RATE).stock, 15_000_000);
        assert_eq!(gas.at(NOW + DAY, RATE).stock, 20_000_000);
        assert!(gas.at(NOW + 2 * DAY - 20, RATE).stock < 30_000_000);
        assert_eq!(gas.at(NOW + 2 * DAY, RATE).stock, 30_000_000);
        assert_eq!(gas.at(NOW + 900 * DAY, RATE).stock, 30_000_000);
        assert_eq!(gas.at(NOW - 5, RATE), gas);
    }

    #[test]
    fn votes_bring_what_pledges_bring() {
        let mut voted = Gas::default();
        voted.vote(Amount::from_iost(7), NOW, RATE).unwrap();
        let pledged = staked(7);
        for later in [0, 1, 999, DAY, 3 * DAY] {
            assert_eq!(
                voted.at(NOW + later, RATE).stock,
                pledged.at(NOW + later, RATE).stock
            );
        }
        let mut both = pledged;
        both.vote(Amount::from_iost(7), NOW, RATE).unwrap();
        assert_eq!(both.stock, 2 * pledged.stock);
        assert_eq!(both.limit(RATE), 2 * pledged.limit(RATE));
    }

    #[test]
    fn less_staked_lowers_the_limit_and_takes_only_what_is_above_it() {
        let full = staked(10).at(NOW + 9 * DAY, RATE);
        let mut less = full;
        less.unpledge(Amount::from_iost(4), NOW + 9 * DAY, RATE).unwrap();
        assert_eq!(less.stock, 180_000_000);
        let mut none = less;
        none.unpledge(Amount::from_iost(6), NOW + 9 * DAY, RATE).unwrap();
        assert_eq!(none.total(), 0);
        // What isn't above the new limit stays.
        let mut fresh = staked(10);
        fresh.unpledge(Amount::from_iost(5), NOW, RATE).unwrap();
        assert_eq!(fresh.stock, 100_000_000);
        let before = fresh;
        assert_eq!(
            fresh.unpledge(Amount::from_iost(6), NOW, RATE),
            Err(AmountError::Overflow)
        );
        assert_eq!(
            fresh.unvote(Amount::from_iost(1), NOW, RATE),
            Err(AmountError::Overflow)
        );
        assert_eq!(fresh, before);
    }

    #[test]
    fn the_stock_is_used_before_what_was_earned() {
        let mut gas = Gas {
            stock: 100,
            earned: 50,
            ..Gas::default()
        };
        assert_eq!(gas.spend(30), 30);
        assert_eq!((gas.stock, gas.earned), (70, 50));
        assert_eq!(gas.spend(90), 90);
        assert_eq!((gas.stock, gas.earned), (0, 30));
        assert_eq!(gas.spend(31), 30);
        assert_eq!(gas.total(), 0);
    }

    #[test]
    fn the_least_stake_isn_t_rounded_away() {
        let mut gas = Gas::default();
        gas.vote(Amount::from_units(1).unwrap(), NOW, 1).unwrap();
        // A hundred-millionth of an IOST at one gas a day brings a hundredth in a million days.
        assert_eq!(gas.total(), 0);
        assert_eq!(gas.limit(1), 0);
        let mut gas = Gas::default();
        gas.vote(Amount::from_units(1_000_000).unwrap(), NOW, 1).unwrap();
        let mut watched = gas;
        for minute in 0..3 * 24 * 60 {
            watched = watched.at(NOW + minute * 60_000, 1);
        }
        assert_eq!((gas.total(), watched.total()), (1, 3));
    }

    fn any_gas() -> impl Strategy<Value = Gas> {
        let amount = || (0..=Amount::MAX.units()).prop_map(|u| Amount::from_units(u).unwrap());
        (any::<u64>(), any::<u64>(), any::<u64>(), amount(), amount()).prop_map(
            |(stock, earned, updated_ms, pledged, voted)| Gas {
                stock,
                earned,
                updated_ms,
                pledged,
                voted,
            },
        )
    }

    /// A stake and clock of this world, so that limits aren't always reached.
    fn plausible() -> impl Strategy<Value = (Gas, u64)> {
        (
            0..100_000_000_000u64,
            0..100_000_000_000u64,
            0..4 * DAY,
            1..1_000_000u64,
            0..=100u64,
        )
            .prop_map(|(pledged, voted, after, rate, percent)| {
                let mut gas = Gas {
                    pledged: Amount::from_units(pledged).unwrap(),
                    voted: Amount::from_units(voted).unwrap(),
                    updated_ms: NOW + after,
                    ..Gas::default()
                };
                gas.stock = to_u64(u128::from(gas.limit(rate)) * u128::from(percent) / 100);
                (gas, rate)
            })
    }

    proptest! {
        #[test]
        fn nothing_overflows_and_nothing_grows_above_the_limit(
            gas in any_gas(), now in any::<u64>(), rate in any::<u64>(), amount in 0..=Amount::MAX.units(),
        ) {
            let amount = Amount::from_units(amount).unwrap();
            let later = gas.at(now, rate);
            prop_assert!(later == gas || later.stock <= gas.limit(rate));
            for change in [Gas::pledge, Gas::unpledge, Gas::vote, Gas::unvote] {
                let mut changed = gas;
                match change(&mut changed, amount, now, rate) {
                    Ok(()) => prop_assert!(changed.stock <= changed.limit(rate)),
                    Err(_) => prop_assert_eq!(changed, gas),
                }
            }
        }

        #[test]
        fn a_period_gives_the_same_however_it_is_split(
            (gas, rate) in plausible(), parts in prop::collection::vec(0..DAY, 1..20),
        ) {
            let mut step = gas;
            let mut now = gas.updated_ms;
            for part in &parts {
                now += part;
                let next = step.at(now, rate);
                prop_assert!(next.stock >= step.stock);
                prop_assert!(next.stock <= gas.limit(rate));
                step = next;
            }
            prop_assert_eq!(step, gas.at(now, rate));
        }

        #[test]
        fn it_grows_by_the_rate((gas, rate) in plausible(), ms in 0..DAY) {
            let later = gas.at(gas.updated_ms + ms, rate);
            let staked = u128::from(gas.pledged.units() + gas.voted.units());
            let exact = staked * u128::from(rate) * 100 * u128::from(ms) / (UNITS * DAY_MS);
            let grown = u128::from(later.stock - gas.stock);
            if later.stock < gas.limit(rate) {
                prop_assert!(grown == exact || grown == exact + 1);
            } else {
                prop_assert!(grown <= exact + 1);
            }
        }

        #[test]
        fn what_is_spent_is_gone(mut gas in any_gas(), amount in any::<u64>()) {
            let before = u128::from(gas.stock) + u128::from(gas.earned);
            let spent = gas.spend(amount);
            prop_assert_eq!(u128::from(gas.stock) + u128::from(gas.earned), before - u128::from(spent));
            prop_assert_eq!(u128::from(spent), before.min(u128::from(amount)));
        }
    }
}
