//! RAM, and the market for it: IOST's curve in integers.
//!
//! A byte costs about `balance / left`, so that it gets dearer as less is left. Prices are in hundredths of an IOST, rounded
//! up for who buys and down for who sells: nobody gains by buying and selling again. More bytes are for sale every ten
//! minutes; what is there at a time follows from the record alone.

use crate::Amount;

/// Units of 10⁻⁸ IOST in a hundredth of an IOST.
const CENT: u128 = 1_000_000;
/// How often bytes are added, in ms.
const INTERVAL_MS: u64 = 600_000;
/// How many.
const INCREASE: u64 = 1_307_448;
/// The fee in hundredths of the price.
const FEE_PERCENT: u128 = 2;

/// An account's RAM, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ram {
    /// Bought for it, by whomever: what it can sell or lend.
    pub own: u64,
    /// Own, and lent to it.
    pub total: u64,
    /// What it pays for of the state. The rest stands in its balance of the token `ram`.
    pub used: u64,
}
codec_struct!(Ram { own, total, used });

/// The market for RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RamMarket {
    /// Bytes for sale.
    pub left: u64,
    /// Bytes sold.
    pub used: u64,
    /// What the price is reckoned from: a byte costs about `balance / left`. More than the market holds, since it began
    /// with a price.
    pub balance: Amount,
    /// Up to when bytes were added, ms since 1970.
    pub updated_ms: u64,
}
codec_struct!(RamMarket {
    left,
    used,
    balance,
    updated_ms
});

impl RamMarket {
    /// The market as IOST's begins: 128 GiB, of which 30 % are reserved and never sold.
    pub const fn start(now_ms: u64) -> Self {
        /// 687,194,767.36 IOST for all bytes, and 294,512,043.15 that the reserve would have cost.
        const BALANCE: u64 = 98_170_681_051_000_000;
        Self {
            left: 96_207_267_431,
            used: 41_231_686_041,
            balance: match Amount::from_units(BALANCE) {
                Some(balance) => balance,
                None => Amount::MAX,
            },
            updated_ms: now_ms,
        }
    }

    /// The market at `now_ms`, with the bytes that were added since.
    pub fn at(&self, now_ms: u64) -> Self {
        let intervals = (now_ms / INTERVAL_MS).saturating_sub(self.updated_ms / INTERVAL_MS);
        Self {
            left: self.left.saturating_add(intervals.saturating_mul(INCREASE)),
            updated_ms: self.updated_ms.max(now_ms),
            ..*self
        }
    }

    /// What `bytes` cost without the fee; nothing when there aren't that many, or the price is beyond all amounts.
    pub fn price(&self, bytes: u64) -> Option<Amount> {
        let left = self.left.checked_sub(bytes).filter(|left| *left > 0)?;
        let value = u128::from(self.balance.units()) * u128::from(bytes);
        cents(value.div_ceil(u128::from(left) * CENT))
    }

    /// What `bytes` bring.
    pub fn proceeds(&self, bytes: u64) -> Amount {
        let value = u128::from(self.balance.units()) * u128::from(bytes);
        let left = (u128::from(self.left) + u128::from(bytes)).max(1);
        // Never more than the balance.
        cents(value / (left * CENT)).unwrap_or(self.balance)
    }

    /// The fee on a price: 2 %, at least 0.01 IOST.
    pub fn fee(price: Amount) -> Amount {
        let fee = (u128::from(price.units()) / CENT * FEE_PERCENT + 50) / 100;
        cents(fee.max(1)).unwrap_or(price)
    }

    /// The market after `bytes` were bought for `price`; nothing when they can't be.
    pub fn bought(&self, bytes: u64, price: Amount) -> Option<Self> {
        Some(Self {
            left: self.left.checked_sub(bytes)?,
            used: self.used.checked_add(bytes)?,
            balance: self.balance.checked_add(price).ok()?,
            ..*self
        })
    }

    /// The market after `bytes` were sold for `price`; nothing when they can't be.
    pub fn sold(&self, bytes: u64, price: Amount) -> Option<Self> {
        Some(Self {
            left: self.left.checked_add(bytes)?,
            used: self.used.checked_sub(bytes)?,
            balance: self.balance.checked_sub(price).ok()?,
            ..*self
        })
    }
}

fn cents(cents: u128) -> Option<Amount> {
    u64::try_from(cents.checked_mul(CENT)?)
        .ok()
        .and_then(Amount::from_units)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 1_700_000_000_000;

    fn iost(text: &str) -> Amount {
        Amount::parse(text).unwrap()
    }

    #[test]
    fn the_first_prices_are_iost_s() {
        let market = RamMarket::start(NOW);
        assert_eq!(market.balance, iost("981706810.51"));
        let price = market.price(1_024).unwrap();
        assert_eq!(price, iost("10.45"));
        assert_eq!(RamMarket::fee(price), iost("0.21"));
        // A byte costs 0.0102040816 IOST.
        assert_eq!(market.price(1_000_000).unwrap(), iost("10204.19"));
        assert_eq!(market.price(10).unwrap(), iost("0.11"));
        assert_eq!(market.proceeds(10), iost("0.10"));
        assert_eq!(RamMarket::fee(iost("0.11")), iost("0.01"));
        assert_eq!(RamMarket::fee(iost("0.74")), iost("0.01"));
        assert_eq!(RamMarket::fee(iost("0.75")), iost("0.02"));
    }

    #[test]
    fn all_that_is_left_has_no_price() {
        let market = RamMarket::start(NOW);
        assert_eq!(market.price(market.left), None);
        assert_eq!(market.price(u64::MAX), None);
        assert_eq!(market.bought(u64::MAX, Amount::ZERO), None);
        // The last byte but one would cost more than exists.
        assert_eq!(market.price(market.left - 1), None);
    }

    #[test]
    fn bytes_are_added_every_ten_minutes_by_the_clock() {
        let start = NOW - NOW % INTERVAL_MS;
        let market = RamMarket::start(start + 599_999);
        assert_eq!(market.at(start + 599_999).left, market.left);
        assert_eq!(market.at(start + 600_000).left, market.left + INCREASE);
        assert_eq!(market.at(start + 1_800_000).left, market.left + 3 * INCREASE);
        assert_eq!(
            market.at(start + 700_000).at(start + 1_800_000),
            market.at(start + 1_800_000)
        );
        assert_eq!(market.at(0), market);
        assert!(market.at(u64::MAX).left > market.left);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Buy(u64),
        Sell(u64),
        Wait(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (10..1_000_000_000u64).prop_map(Step::Buy),
            (10..1_000u64).prop_map(Step::Buy),
            (10..2_000_000_000u64).prop_map(Step::Sell),
            (0..100_000_000u64).prop_map(Step::Wait),
        ]
    }

    proptest! {
        #[test]
        fn buying_and_selling_again_gains_nothing(
            first in 0..80_000_000_000u64, bytes in 10..6_000_000_000u64, then in 1..6_000_000_000u64,
        ) {
            let start = RamMarket::start(NOW);
            let market = start.bought(first, start.price(first).unwrap()).unwrap();
            let paid = market.price(bytes).unwrap();
            let after = market.bought(bytes, paid).unwrap();
            prop_assert!(after.proceeds(bytes) <= paid);
            // Nor in two parts.
            let part = then.min(bytes - 1);
            let once = after.proceeds(part);
            let rest = after.sold(part, once).unwrap().proceeds(bytes - part);
            prop_assert!(once.checked_add(rest).unwrap() <= paid);
        }

        #[test]
        fn it_never_pays_more_than_came_in(steps in prop::collection::vec(step(), 1..60)) {
            let mut market = RamMarket::start(NOW);
            let (mut now, mut held, mut sold) = (NOW, Amount::ZERO, 0u64);
            for step in steps {
                match step {
                    Step::Wait(ms) => now += ms,
                    Step::Buy(bytes) => {
                        market = market.at(now);
                        let Some(price) = market.price(bytes) else { continue };
                        let Some(after) = market.bought(bytes, price) else { continue };
                        market = after;
                        held = held.checked_add(price).unwrap();
                        sold += bytes;
                    }
                    Step::Sell(bytes) => {
                        market = market.at(now);
                        let bytes = bytes.min(sold);
                        let price = market.proceeds(bytes);
                        market = market.sold(bytes, price).unwrap();
                        held = held.checked_sub(price).unwrap();
                        sold -= bytes;
                    }
                }
            }
            // All of it can be sold back.
            let price = market.proceeds(sold);
            prop_assert!(price <= held);
        }

        #[test]
        fn nothing_overflows(
            left in any::<u64>(), used in any::<u64>(), balance in 0..=Amount::MAX.units(),
            updated_ms in any::<u64>(), now in any::<u64>(), bytes in any::<u64>(),
        ) {
            let balance = Amount::from_units(balance).unwrap();
            let market = RamMarket { left, used, balance, updated_ms }.at(now);
            prop_assert!(market.proceeds(bytes) <= balance);
            if let Some(price) = market.price(bytes) {
                let _ = RamMarket::fee(price);
                let _ = market.bought(bytes, price);
            }
        }
    }
}
