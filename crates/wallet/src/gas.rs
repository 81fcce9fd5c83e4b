//! How much gas a transaction may use (P-23): enough for what it does, never more than the account has.

use credo_primitives::entry::Gas;

use crate::draft::Basis;
use crate::intent::{Intent, IntentError};

/// Hundredths of a gas: transactions and receipts count in these.
pub const GAS_UNIT: u64 = 100;
/// Gas limit of an action as users see it. A plain transfer takes some 16,000; unused gas isn't charged.
pub const GAS_LIMIT_USER: u64 = 100_000;
/// What an action is taken to need. With less at hand it isn't tried: it would only fail and cost what is left.
pub const GAS_NEEDED_USER: u64 = 20_000;
/// The most that a node lets a transaction ask for.
const MAX_LIMIT: u64 = 400_000_000;

/// The limit for an intent of so many actions, in hundredths.
pub(crate) fn gas_limit(intent: &Intent, actions: usize, basis: &Basis<'_>) -> Result<u64, IntentError> {
    let actions = actions.max(1) as u64;
    let wanted = (GAS_LIMIT_USER * GAS_UNIT * actions).min(MAX_LIMIT);
    let needs = GAS_NEEDED_USER * GAS_UNIT * actions;
    if basis.gas >= needs {
        return Ok(wanted.min(basis.gas));
    }
    // A pledge for oneself may be sent without gas: it is paid by the gas that it brings at once.
    if let Intent::Pledge { to, amount } = intent
        && to == basis.account
    {
        let brings = Gas::at_once(*amount, basis.parameters.gas_per_iost_day);
        if brings >= needs {
            return Ok(wanted.min(brings));
        }
    }
    Err(IntentError::Gas {
        needs: needs / GAS_UNIT,
        has: basis.gas / GAS_UNIT,
    })
}
