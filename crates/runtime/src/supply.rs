//! P-25: what of the supply vests later. It stands in no balance until its month is over; then it is its account's, and
//! counts as available for votes. No transaction does it, so its receipts stand after those of the block's transactions.

use credo_primitives::entry::{Balance, IOST, Pool};
use credo_primitives::receipt::ReceiptEntry;
use credo_primitives::{AccountName, Amount, AmountError, StateKey, Text};

use crate::RuntimeError;
use crate::abi::go_json;
use crate::contracts::issue;
use crate::view::View;

/// At a block's start: lets vest what is due, with receipts. Reads one entry while nothing is.
pub(crate) fn vest(view: &mut View<'_>, now_ms: u64) -> Result<Vec<ReceiptEntry>, RuntimeError> {
    let key = StateKey::pool();
    let Some(mut pool) = view.get::<Pool>(&key)? else {
        return Ok(Vec::new());
    };
    let due = |pool: &Pool| {
        pool.vesting
            .iter()
            .any(|part| part.months_over(now_ms) > part.done)
    };
    if !due(&pool) {
        return Ok(Vec::new());
    }
    let brought = release(&mut pool, now_ms).map_err(|error| RuntimeError::Corrupt {
        key: key.clone(),
        why: error.to_string(),
    })?;
    let mut receipts = Vec::with_capacity(brought.len());
    for (account, amount) in brought {
        receipts.push(receipt(&account, amount));
        let key = StateKey::balance(&account, IOST);
        let mut balance: Balance = view.get(&key)?.unwrap_or_default();
        balance.available = balance
            .available
            .checked_add(amount)
            .map_err(|error| RuntimeError::Corrupt {
                key: key.clone(),
                why: error.to_string(),
            })?;
        view.put(key, &balance);
    }
    view.put(key, &pool);
    Ok(receipts)
}

/// What vests comes into circulation: as when it is issued.
fn receipt(account: &AccountName, amount: Amount) -> ReceiptEntry {
    let content = go_json(&[IOST, account.as_str(), &amount.to_string()]);
    ReceiptEntry {
        func_name: Text::new("token.iost/issue").unwrap_or_default(),
        content: Text::new(content).unwrap_or_default(),
    }
}

/// Lets vest what is due at `now_ms`, and gives whose balances it belongs into; schedules that are over are dropped.
pub(crate) fn release(pool: &mut Pool, now_ms: u64) -> Result<Vec<(AccountName, Amount)>, AmountError> {
    let mut brought = Vec::new();
    for part in &mut pool.vesting {
        let amount = part.vest(now_ms);
        if amount.is_zero() {
            continue;
        }
        if part.account.as_str() == issue::ID {
            pool.free = pool.free.checked_add(amount)?;
        }
        pool.available = pool.available.checked_add(amount)?;
        brought.push((part.account.clone(), amount));
    }
    pool.vesting.retain(|part| !part.is_over());
    Ok(brought)
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;
    use credo_primitives::entry::Vesting;
    use credo_state::{ReadError, StateRead};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const START: u64 = 1_767_225_600_000;

    struct State(BTreeMap<StateKey, Vec<u8>>);

    impl StateRead for State {
        fn get(&self, key: &StateKey) -> Result<Option<Vec<u8>>, ReadError> {
            Ok(self.0.get(key).cloned())
        }
    }

    impl State {
        fn new(vesting: Vec<Vesting>) -> Self {
            let pool = Pool {
                free: Amount::from_iost(5),
                available: Amount::from_iost(7),
                vesting,
                ..Pool::default()
            };
            let mut state = Self(BTreeMap::new());
            state.write(|view| view.put(StateKey::pool(), &pool));
            state
        }

        fn write(&mut self, change: impl FnOnce(&mut View<'_>)) {
            let mut view = View::new(self);
            change(&mut view);
            view.commit();
            for (key, value) in view.finish() {
                match value {
                    Some(value) => self.0.insert(key, value),
                    None => self.0.remove(&key),
                };
            }
        }

        fn vest(&mut self, now_ms: u64) {
            self.write(|view| drop(vest(view, now_ms).unwrap()));
        }

        fn pool(&self) -> Pool {
            View::new(self).get(&StateKey::pool()).unwrap().unwrap()
        }

        fn balance(&self, account: &str) -> Amount {
            let key = StateKey::balance(&AccountName::any(account).unwrap(), IOST);
            let balance: Option<Balance> = View::new(self).get(&key).unwrap();
            balance.unwrap_or_default().available
        }
    }

    fn part(account: &str, units: u64, months: u32) -> Vesting {
        Vesting {
            account: AccountName::any(account).unwrap(),
            total: Amount::from_units(units).unwrap(),
            start_ms: START,
            months,
            done: 0,
        }
    }

    #[test]
    fn a_month_that_is_over_brings_its_part_to_balance_pool_and_votes() {
        let mut state = State::new(vec![part("issue.iost", 100, 3), part("foundation", 11, 2)]);
        let before = state.0.clone();
        state.vest(START + Vesting::MONTH_MS - 1);
        assert_eq!(state.0, before, "nothing is written while nothing is due");

        state.vest(START + Vesting::MONTH_MS);
        let pool = state.pool();
        assert_eq!(state.balance("issue.iost").units(), 33);
        assert_eq!(pool.free.units(), 500_000_000 + 33);
        assert_eq!(state.balance("foundation").units(), 5);
        assert_eq!(pool.available.units(), 700_000_000 + 38);

        state.vest(START + 2 * Vesting::MONTH_MS);
        assert_eq!(state.balance("foundation").units(), 11);
        let left = state.pool().vesting;
        assert_eq!(left.len(), 1, "what has vested wholly is dropped");
        assert_eq!((left[0].account.as_str(), left[0].done), (issue::ID, 2));

        state.vest(START + 100 * Vesting::MONTH_MS);
        assert_eq!(state.balance("issue.iost").units(), 100);
        assert_eq!(state.pool().vesting, []);
        assert_eq!(state.pool().available.units(), 700_000_000 + 111);
        let after = state.0.clone();
        state.vest(u64::MAX);
        assert_eq!(state.0, after);
    }

    #[test]
    fn a_chain_without_a_pool_has_nothing_to_vest() {
        let mut state = State(BTreeMap::new());
        state.vest(u64::MAX);
        assert!(state.0.is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_created_or_lost_however_blocks_fall(
            parts in proptest::collection::vec((0..3usize, 1..=1_000_000_000_000u64, 1..=200u32), 0..8),
            mut times in proptest::collection::vec(0..=250 * Vesting::MONTH_MS, 0..20),
        ) {
            let names = ["issue.iost", "foundation", "alice"];
            let vesting: Vec<_> = parts.iter().map(|(who, units, months)| part(names[*who], *units, *months)).collect();
            let all: u64 = parts.iter().map(|(_, units, _)| units).sum();
            let mut often = State::new(vesting.clone());
            let mut once = State::new(vesting);
            times.sort_unstable();
            for time in &times {
                often.vest(START + time);
                let held: u64 = names.iter().map(|name| often.balance(name).units()).sum();
                let pool = often.pool();
                let waiting: u64 = pool.vesting.iter().map(|part| part.unvested().units()).sum();
                prop_assert_eq!(held + waiting, all);
                prop_assert_eq!(pool.available.units(), 700_000_000 + held);
                prop_assert_eq!(pool.free.units(), 500_000_000 + often.balance("issue.iost").units());
            }
            once.vest(START + times.last().copied().unwrap_or(0));
            prop_assert_eq!(&once.0, &often.0);
        }
    }
}
