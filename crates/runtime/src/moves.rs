//! Moving tokens: every change of a balance leaves IOST's receipt of `token.iost`, so that who adds up receipts from the
//! genesis on comes to every account's balance, and counts against the transaction's `amount_limit`.

use credo_primitives::entry::{IOST, TokenInfo};
use credo_primitives::{AccountName, Amount, StateKey};

use crate::abi::{format_units, go_json};
use crate::contracts::issue;
use crate::host::{Host, Stop, fail};

/// Decimals of IOST.
const IOST_DECIMALS: u32 = credo_primitives::amount::IOST_DECIMALS;

/// An amount of a token on its way from one account to another. Whose authority that needs is the caller's to ask for.
#[derive(Clone, Copy)]
pub(crate) struct Move<'a> {
    pub(crate) symbol: &'a str,
    pub(crate) decimals: u32,
    pub(crate) from: &'a AccountName,
    pub(crate) to: &'a AccountName,
    pub(crate) units: Amount,
    pub(crate) memo: &'a str,
}

impl<'a> Move<'a> {
    /// IOST, without a memo.
    pub(crate) fn iost(from: &'a AccountName, to: &'a AccountName, units: Amount) -> Self {
        Self {
            symbol: IOST,
            decimals: IOST_DECIMALS,
            from,
            to,
            units,
            memo: "",
        }
    }

    fn shown(&self) -> String {
        format_units(u128::from(self.units.units()), self.decimals)
    }

    /// The tokens can be spent at once.
    pub(crate) fn transfer(&self, host: &mut Host<'_, '_>) -> Result<(), Stop> {
        self.transfer_shown(host, &self.shown())
    }

    /// As [`Move::transfer`], with the amount in the receipt as a contract of IOST's writes it.
    pub(crate) fn transfer_shown(&self, host: &mut Host<'_, '_>, shown: &str) -> Result<(), Stop> {
        self.take(host)?;
        host.credit(self.to, self.symbol, self.units)?;
        self.receipt_shown(host, shown)
    }

    /// The receipt of [`Move::transfer`], for who moved the tokens otherwise.
    pub(crate) fn transfer_receipt(&self, host: &mut Host<'_, '_>) -> Result<(), Stop> {
        self.receipt_shown(host, &self.shown())
    }

    fn receipt_shown(&self, host: &mut Host<'_, '_>, shown: &str) -> Result<(), Stop> {
        let content = [
            self.symbol,
            self.from.as_str(),
            self.to.as_str(),
            shown,
            self.memo,
        ];
        host.receipt("token.iost/transfer", go_json(&content))
    }

    /// The tokens can be spent from `until_ns` (since 1970) on.
    pub(crate) fn freeze(&self, host: &mut Host<'_, '_>, until_ns: i64) -> Result<(), Stop> {
        self.take(host)?;
        // To the next ms: never too early. A time before 1970 is one that has passed.
        let until_ms = u64::try_from(until_ns).unwrap_or(0).div_ceil(1_000_000);
        host.freeze(self.to, self.symbol, self.units, until_ms)?;
        self.freeze_receipt(host, until_ns)
    }

    /// The receipt of [`Move::freeze`], for who moved the tokens otherwise.
    pub(crate) fn freeze_receipt(&self, host: &mut Host<'_, '_>, until_ns: i64) -> Result<(), Stop> {
        let content = (
            self.symbol,
            self.from.as_str(),
            self.to.as_str(),
            self.shown(),
            until_ns,
            self.memo,
        );
        host.receipt("token.iost/transferFreeze", go_json(&content))
    }

    fn take(&self, host: &mut Host<'_, '_>) -> Result<(), Stop> {
        host.debit(self.from, self.symbol, self.decimals, self.units)?;
        count(host, self.from, self.symbol, self.decimals, self.units);
        Ok(())
    }
}

/// Counts what is taken from a person's account against the transaction's limits.
fn count(host: &mut Host<'_, '_>, from: &AccountName, symbol: &str, decimals: u32, units: Amount) {
    if !from.is_contract() {
        host.limits.spend(symbol, decimals, units);
    }
}

/// A time in ns, as receipts show it.
pub(crate) fn ns(ms: u64) -> i64 {
    i64::try_from(ms.saturating_mul(1_000_000)).unwrap_or(i64::MAX)
}

/// Moves IOST, unless it is nothing at all.
pub(crate) fn pay(
    host: &mut Host<'_, '_>,
    from: &AccountName,
    to: &AccountName,
    units: Amount,
) -> Result<(), Stop> {
    if units.is_zero() {
        return Ok(());
    }
    Move::iost(from, to, units).transfer(host)
}

/// Takes tokens of an account out of existence; of IOST that counts as burnt. Nothing at all leaves no receipt.
pub(crate) fn destroy(
    host: &mut Host<'_, '_>,
    symbol: &str,
    decimals: u32,
    from: &AccountName,
    units: Amount,
) -> Result<(), Stop> {
    if units.is_zero() {
        return Ok(());
    }
    host.debit(from, symbol, decimals, units)?;
    if symbol == IOST {
        issue::burn(host, units)?;
    } else {
        let mut token = info(host, symbol)?;
        token.supply = token.supply.checked_sub(units)?;
        host.put(StateKey::token(symbol), &token)?;
    }
    count(host, from, symbol, decimals, units);
    let shown = format_units(u128::from(units.units()), decimals);
    host.receipt("token.iost/destroy", go_json(&[symbol, from.as_str(), &shown]))
}

/// Makes tokens, up to the total supply.
pub(crate) fn issue(
    host: &mut Host<'_, '_>,
    symbol: &str,
    mut token: TokenInfo,
    to: &AccountName,
    units: Amount,
) -> Result<(), Stop> {
    token.supply = match token.supply.checked_add(units) {
        Ok(supply) if supply <= token.total_supply => supply,
        _ => return fail("supply too much"),
    };
    host.put(StateKey::token(symbol), &token)?;
    host.credit(to, symbol, units)?;
    let shown = format_units(u128::from(units.units()), u32::from(token.decimals));
    host.receipt("token.iost/issue", go_json(&[symbol, to.as_str(), &shown]))
}

/// A token by its symbol, which must be one.
pub(crate) fn info(host: &mut Host<'_, '_>, symbol: &str) -> Result<TokenInfo, Stop> {
    match host.get(&StateKey::token(symbol))? {
        Some(token) => Ok(token),
        None => fail("token not exists"),
    }
}
