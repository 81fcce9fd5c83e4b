//! `amount_limit`: how much of each token a transaction may spend.
//!
//! Only what receipts of `token.iost`'s `transfer`, `transferFreeze` and `destroy` show counts, and what signing an account up
//! pledges; only from accounts of people, never to oneself, cumulative over the transaction. What a proposal of `msig.iost`
//! spends doesn't count against the limits of who executes it: it spends what its approvers agreed to, and nobody else's.
//!
//! For each token its own entry holds, else the one for `*`, else nothing may be spent.

use std::collections::BTreeMap;

use credo_primitives::{Amount, AmountLimit, StateKey};

use crate::Refusal;
use crate::abi::{format_units, is_decimal, is_symbol, parse_truncated};
use crate::check::Unfit;
use crate::gas::{Meter, Op};
use crate::view::View;

const ANY: &str = "*";
const UNLIMITED: &str = "unlimited";
/// Longest limit as text; no amount has as many digits.
const MAX_VALUE: usize = 64;

/// What was spent, in the token's units, with its decimals.
#[derive(Clone, Copy, Debug)]
struct Spent {
    units: u128,
    decimals: u32,
}

/// A transaction's limits and what it has spent so far.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    limits: BTreeMap<String, String>,
    spent: BTreeMap<String, Spent>,
}

impl Limits {
    /// Checks the entries themselves.
    pub(crate) fn check(view: &View<'_>, meter: &mut Meter, entries: &[AmountLimit]) -> Result<Self, Unfit> {
        let mut limits = BTreeMap::new();
        for AmountLimit { token, value } in entries {
            meter.charge(Op::Read, 1)?;
            if token != ANY {
                let exists = is_symbol(token) && view.size(&StateKey::token(token))?.is_some();
                if !exists {
                    return Err(Refusal::UnknownLimit(token.clone()).into());
                }
            }
            // It is read again after every action that spends of the token.
            let readable = value.len() <= MAX_VALUE && is_decimal(value);
            if value != UNLIMITED && !readable {
                return Err(Refusal::BadLimit {
                    token: token.clone(),
                    value: value.clone(),
                }
                .into());
            }
            if limits.insert(token.clone(), value.clone()).is_some() {
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
        let spent = self
            .spent
            .entry(token.to_owned())
            .or_insert(Spent { units: 0, decimals });
        spent.units += u128::from(amount.units());
    }

    /// How many tokens [`Limits::verify`] looks at.
    pub(crate) fn tokens(&self) -> u64 {
        self.spent.len() as u64
    }

    /// Holds what was spent so far against the limits; the error is IOST's text.
    pub(crate) fn verify(&self) -> Result<(), String> {
        for (token, spent) in &self.spent {
            let limit = self.limits.get(token).or_else(|| self.limits.get(ANY));
            let allowed = match limit.map(String::as_str) {
                Some(UNLIMITED) => continue,
                // A limit beyond the largest amount limits nothing.
                Some(text) => parse_truncated(text, spent.decimals).unwrap_or(Amount::MAX),
                None => Amount::ZERO,
            };
            if spent.units > u128::from(allowed.units()) {
                let need = format_units(spent.units, spent.decimals);
                return Err(format!("token {token} exceed amountLimit in tx. need {need}"));
            }
        }
        Ok(())
    }
}
