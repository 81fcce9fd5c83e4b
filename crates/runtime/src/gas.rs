//! Gas by IOST's table: a unit of Net costs ten, a unit of CPU one. What a transaction used is charged to its publisher
//! (see [`crate::charge`]); what stakes bring is counted in [`crate::gas_account`].

pub(crate) use crate::gas_account::{stake_votes, unstake_votes};

/// Gas per byte of Net.
const NET: u64 = 10;

/// What a native step costs.
pub(crate) const STEP: u64 = 10;
/// Reading or deleting an entry.
pub(crate) const READ: u64 = 300;

/// Writing an entry of `len` bytes.
pub(crate) const fn write(len: usize) -> u64 {
    let by_size = len as u64 / 10;
    if by_size > READ { by_size } else { READ }
}

/// The transaction's gas limit is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfGas;

/// Counts a transaction's gas against its limit.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    used: u64,
    limit: u64,
    ratio: u64,
    charged_limit: u64,
}

impl Meter {
    /// A meter for a transaction's gas limit and ratio, both in node scale (× 100).
    pub(crate) fn new(gas_limit: i64, gas_ratio: i64) -> Self {
        let charged_limit = u64::try_from(gas_limit).unwrap_or(0);
        let ratio = u64::try_from(gas_ratio).unwrap_or(100).max(1);
        Self {
            used: 0,
            limit: charged_limit / ratio,
            ratio,
            charged_limit,
        }
    }

    fn charge(&mut self, gas: u64) -> Result<(), OutOfGas> {
        self.used = self.used.saturating_add(gas);
        if self.used > self.limit {
            Err(OutOfGas)
        } else {
            Ok(())
        }
    }

    /// Charges CPU.
    pub(crate) fn cpu(&mut self, units: u64) -> Result<(), OutOfGas> {
        self.charge(units)
    }

    /// Charges Net for `bytes`.
    pub(crate) fn net(&mut self, bytes: usize) -> Result<(), OutOfGas> {
        self.charge((bytes as u64).saturating_mul(NET))
    }

    /// Gas used in node scale; the whole limit when it ran out.
    pub(crate) fn usage(&self) -> i64 {
        let usage = if self.used > self.limit {
            self.charged_limit
        } else {
            self.used * self.ratio
        };
        i64::try_from(usage).unwrap_or(i64::MAX)
    }
}
