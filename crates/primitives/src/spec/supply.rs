//! P-25: what the main network hands out, and when. `docs/supply.md` tells it month by month.
//!
//! The mission gives the shares and the year by which all is liquid; the schedule is our choice: treasury and community
//! fill the reward pool for exactly the ten years that it pays (P-20), and marketing goes to the foundation at the same pace.

use crate::Amount;
use crate::entry::Vesting;

/// All the IOST that the main network ever has.
pub const SUPPLY: Amount = Amount::from_iost(21_000_000_000);
/// When the schedule begins: 2026-01-01 00:00 UTC, in ms since 1970.
pub const VESTING_START_MS: u64 = 1_767_225_600_000;
/// How many months it lasts: ten years of 365.25 days, to 2036-01-01.
pub const VESTING_MONTHS: u32 = 120;
/// The reward pool's account.
pub const POOL: &str = "issue.iost";
/// The account with admin rights, which receives what vests for business and marketing.
pub const FOUNDATION: &str = "foundation";

/// Who a part of the supply goes to, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// To whom the genesis file names, from the start.
    Liquid,
    /// Month by month into the reward pool.
    Pool,
    /// Month by month to the foundation.
    Foundation,
}

/// A part of the supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// How a genesis template names it.
    pub id: &'static str,
    /// What it is for.
    pub title: &'static str,
    /// Its share of the supply, in thousandths.
    pub per_mille: u64,
    /// How it comes out.
    pub release: Release,
}

/// All parts, which make the supply exactly.
pub const ALLOCATIONS: [Allocation; 7] = [
    allocation("private-sale", "Private sale", 400, Release::Liquid),
    allocation("team", "Team", 100, Release::Liquid),
    allocation("advisers", "Advisers and equity investors", 25, Release::Liquid),
    allocation("strategic", "Strategic", 50, Release::Liquid),
    allocation("treasury", "Treasury", 350, Release::Pool),
    allocation("community", "Community", 50, Release::Pool),
    allocation("marketing", "Business and marketing", 25, Release::Foundation),
];

const fn allocation(id: &'static str, title: &'static str, per_mille: u64, release: Release) -> Allocation {
    Allocation {
        id,
        title,
        per_mille,
        release,
    }
}

impl Allocation {
    /// Its amount. A thousandth of the supply is a whole number of IOST, so nothing is lost.
    pub const fn amount(&self) -> Amount {
        share(self.per_mille)
    }
}

const fn share(per_mille: u64) -> Amount {
    match Amount::from_units(SUPPLY.units() / 1_000 * per_mille) {
        Some(amount) => amount,
        None => Amount::MAX,
    }
}

const fn sum(release: Release) -> u64 {
    let mut sum = 0;
    let mut at = 0;
    while at < ALLOCATIONS.len() {
        if ALLOCATIONS[at].release as u8 == release as u8 {
            sum += ALLOCATIONS[at].per_mille;
        }
        at += 1;
    }
    sum
}

/// What is liquid at genesis, which counts as available for votes from the start.
pub const fn liquid() -> Amount {
    share(sum(Release::Liquid))
}

/// What vests to the reward pool.
pub const fn to_pool() -> Amount {
    share(sum(Release::Pool))
}

/// What vests to the foundation.
pub const fn to_foundation() -> Amount {
    share(sum(Release::Foundation))
}

/// How the supply stands so many months after the schedule's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Month {
    /// Months that are over.
    pub month: u32,
    /// From when on it is so, ms since 1970.
    pub from_ms: u64,
    /// What came into the reward pool up to then.
    pub pool: Amount,
    /// What came to the foundation up to then.
    pub foundation: Amount,
    /// All that has vested, which is what counts as available for votes.
    pub available: Amount,
}

/// The schedule, month 0 to the last.
pub fn schedule() -> Vec<Month> {
    let part = |total: Amount, account: &str| Vesting {
        account: crate::AccountName::any(account).expect("the schedule's accounts have valid names"),
        total,
        start_ms: VESTING_START_MS,
        months: VESTING_MONTHS,
        done: 0,
    };
    let (to_pool, to_foundation) = (part(to_pool(), POOL), part(to_foundation(), FOUNDATION));
    (0..=VESTING_MONTHS)
        .map(|month| {
            let (pool, foundation) = (to_pool.vested(month), to_foundation.vested(month));
            let available = liquid()
                .checked_add(pool)
                .and_then(|sum| sum.checked_add(foundation))
                .expect("parts of the supply are no more than the supply");
            Month {
                month,
                from_ms: VESTING_START_MS + u64::from(month) * Vesting::MONTH_MS,
                pool,
                foundation,
                available,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Parameters, Preset};

    #[test]
    fn the_parts_make_the_supply_to_the_unit() {
        let units: u64 = ALLOCATIONS.iter().map(|a| a.amount().units()).sum();
        assert_eq!(units, SUPPLY.units());
        assert_eq!(SUPPLY.units(), 21_000_000_000 * 100_000_000);
        assert_eq!(liquid(), Amount::from_iost(12_075_000_000));
        assert_eq!(to_pool(), Amount::from_iost(8_400_000_000));
        assert_eq!(to_foundation(), Amount::from_iost(525_000_000));
        for preset in [Preset::Main, Preset::Test, Preset::Private] {
            assert_eq!(Parameters::preset(preset).available_votes, liquid());
        }
    }

    #[test]
    fn every_month_brings_the_same_and_ten_years_of_rewards_are_covered_exactly() {
        let schedule = schedule();
        assert_eq!(schedule.len(), 121);
        for pair in schedule.windows(2) {
            let grown = |of: fn(&Month) -> Amount| of(&pair[1]).checked_sub(of(&pair[0])).unwrap();
            assert_eq!(grown(|m| m.pool), Amount::from_iost(70_000_000));
            assert_eq!(grown(|m| m.foundation), Amount::from_iost(4_375_000));
            assert_eq!(grown(|m| m.available), Amount::from_iost(74_375_000));
        }
        let yearly = Parameters::preset(Preset::Main).rewards_per_year;
        assert_eq!(schedule[12].pool, yearly);
        assert_eq!(schedule[120].pool.units(), 10 * yearly.units());
        assert_eq!(schedule[0].available, liquid());
        assert_eq!(schedule[120].available, SUPPLY);
        // Noon of the first of January 2036: ten calendar years are half a day shorter than ten of 365.25 days.
        assert_eq!(schedule[120].from_ms, 2_082_801_600_000);
    }
}
