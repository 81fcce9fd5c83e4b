//! `amount_limit`: how much of each token a transaction may spend.
//!
//! What receipts of `token.iost`'s `transfer`, `transferFreeze` and `destroy` show counts: transfers, pledges, votes,
//! deposits, purchases; of RAM, under `ram`, what is sold or lent. Only from accounts of people, to oneself too, cumulative
//! over the transaction. What a proposal of `msig.iost` spends doesn't count against the limits of who executes it: it spends
//! what its approvers agreed to, and nobody else's.
//!
//! For each token its own entry holds, else the one for `*`, else nothing may be spent. A limit is cut to the token's
//! decimals, one for `*` to whole tokens.

use std::collections::BTreeMap;

use credo_primitives::entry::TokenInfo;
use credo_primitives::{Amount, AmountLimit, StateKey};

use crate::Refusal;
use crate::abi::{format_units, is_symbol, truncate};
use crate::check::Unfit;
use crate::gas::{Meter, Op};
use crate::view::View;

const ANY: &str = "*";
const UNLIMITED: &str = "unlimited";
/// Longest limit as text; no amount has as many digits.
const MAX_VALUE: usize = 64;

/// Why a limit isn't one; the texts are IOST's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// Nothing, or nothing before the point.
    #[error("amount format error")]
    Format,
    /// Two points.
    #[error("multi decimal point error")]
    Points,
    /// Something else than digits and a point.
    #[error("abnormal char in amount")]
    Char,
    /// More than any amount.
    #[error("overflow error")]
    Overflow,
}

/// What may be spent of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    Unlimited,
    /// Units of a token with so many decimals.
    Units(u64, u32),
}

impl Limit {
    fn read(text: &str, decimals: u32) -> Result<Self, LimitError> {
        if text == UNLIMITED {
            return Ok(Self::Unlimited);
        }
        if text.is_empty() || text.starts_with('.') {
            return Err(LimitError::Format);
        }
        let mut point = false;
        for byte in text.bytes() {
            match byte {
                b'0'..=b'9' => {}
                b'.' if point => return Err(LimitError::Points),
                b'.' => point = true,
                _ => return Err(LimitError::Char),
            }
        }
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.len() > MAX_VALUE {
            return Err(LimitError::Overflow);
        }
        let amount = Amount::parse_decimals(truncate(text, decimals), decimals);
        let units = amount.map_err(|_| LimitError::Overflow)?.units();
        Ok(Self::Units(units, decimals))
    }

    /// Whether `units` of a token with `decimals` decimals are within it.
    fn allows(self, units: u128, decimals: u32) -> bool {
        let Self::Units(most, of) = self else {
            return true;
        };
        // A limit has no more decimals than the token.
        let scale = 10u128.saturating_pow(decimals.saturating_sub(of));
        units <= u128::from(most).saturating_mul(scale)
    }
}

/// What was spent of a token, in its units.
#[derive(Clone, Copy, Debug)]
struct Spent {
    by_all: u128,
    /// By the action that runs.
    by_action: u128,
    decimals: u32,
}

/// A transaction's limits and what it has spent so far.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    limits: BTreeMap<String, Limit>,
    spent: BTreeMap<String, Spent>,
}

impl Limits {
    /// Checks the entries themselves.
    pub(crate) fn check(view: &View<'_>, meter: &mut Meter, entries: &[AmountLimit]) -> Result<Self, Unfit> {
        let mut limits = BTreeMap::new();
        for AmountLimit { token, value } in entries {
            meter.charge(Op::Read, 1)?;
            let decimals = if token == ANY {
                0
            } else {
                let key = is_symbol(token).then(|| StateKey::token(token));
                let info = match key {
                    Some(key) => {
                        let bytes = view.size(&key)?.unwrap_or(0);
                        meter.charge(Op::ReadByte, bytes as u64)?;
                        view.get::<TokenInfo>(&key)?
                    }
                    None => None,
                };
                let info = info.ok_or_else(|| Refusal::UnknownLimit(token.clone()))?;
                u32::from(info.decimals)
            };
            let limit = Limit::read(value, decimals).map_err(Refusal::BadLimit)?;
            if limits.insert(token.clone(), limit).is_some() {
                return Err(Refusal::DuplicateLimit(token.clone()).into());
            }
        }
        Ok(Self {
            limits,
            spent: BTreeMap::new(),
        })
    }

    /// Notes a spending.
    pub(crate) fn spend(&mut self, token: &str, decimals: u32, amount: Amount) {
        let spent = self.spent.entry(token.to_owned()).or_insert(Spent {
            by_all: 0,
            by_action: 0,
            decimals,
        });
        spent.by_all += u128::from(amount.units());
        spent.by_action += u128::from(amount.units());
    }

    /// How many tokens [`Limits::verify`] looks at.
    pub(crate) fn tokens(&self) -> u64 {
        self.spent.len() as u64
    }

    /// At an action's end: holds what was spent so far against the limits of the tokens that this action spent. The error is
    /// IOST's text, which names what the action spent, not the sum that is too much.
    pub(crate) fn verify(&mut self) -> Result<(), String> {
        for (token, spent) in &mut self.spent {
            let need = std::mem::take(&mut spent.by_action);
            if need == 0 {
                continue;
            }
            let limit = self.limits.get(token).or_else(|| self.limits.get(ANY));
            if !limit.is_some_and(|limit| limit.allows(spent.by_all, spent.decimals)) {
                let need = format_units(need, spent.decimals);
                return Err(format!("token {token} exceed amountLimit in tx. need {need}"));
            }
        }
        Ok(())
    }
}
