//! Amounts of a token in its smallest unit.

use bytes::BufMut;
use commonware_codec::{Buf, Error, FixedSize, Read, ReadExt, Write};
use serde::{Deserialize, Serialize};

/// Decimals of the IOST token.
pub const IOST_DECIMALS: u32 = 8;
const UNIT: u64 = 100_000_000;

/// An amount in units of 10⁻⁸ IOST. Never negative, never above `i64::MAX` units (IOST's own bound).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Amount(u64);

/// Why text or arithmetic gave no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// The text isn't a plain decimal number.
    #[error("invalid amount \"{0}\": a plain decimal number such as 12.5 is expected")]
    NotANumber(String),
    /// More decimals than the token has.
    #[error("invalid amount \"{text}\": at most {decimals} decimals are allowed")]
    TooPrecise {
        /// The text given.
        text: String,
        /// Decimals of the token.
        decimals: u32,
    },
    /// The result doesn't fit.
    #[error("amount overflow")]
    Overflow,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount.
    pub const MAX: Self = Self(i64::MAX as u64);

    /// An amount of `units` × 10⁻⁸.
    pub const fn from_units(units: u64) -> Option<Self> {
        if units > i64::MAX as u64 {
            None
        } else {
            Some(Self(units))
        }
    }

    /// What a reckoning in more bits came to; saturates at [`Amount::MAX`].
    pub fn saturating(units: u128) -> Self {
        u64::try_from(units)
            .ok()
            .and_then(Self::from_units)
            .unwrap_or(Self::MAX)
    }

    /// A whole number of IOST; saturates at [`Amount::MAX`].
    pub const fn from_iost(iost: u64) -> Self {
        let units = iost.saturating_mul(UNIT);
        if units > i64::MAX as u64 {
            Self::MAX
        } else {
            Self(units)
        }
    }

    /// Units of 10⁻⁸.
    pub const fn units(self) -> u64 {
        self.0
    }

    /// True for nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Sum, or `Overflow`.
    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        self.0
            .checked_add(other.0)
            .and_then(Self::from_units)
            .ok_or(AmountError::Overflow)
    }

    /// Difference, or `Overflow` when `other` is larger.
    pub fn checked_sub(self, other: Self) -> Result<Self, AmountError> {
        self.0.checked_sub(other.0).map(Self).ok_or(AmountError::Overflow)
    }

    /// Reads decimal text with at most eight decimals: `12`, `0.5`, `12.50000000`.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        Self::parse_decimals(text, IOST_DECIMALS)
    }

    /// Reads decimal text for a token with `decimals` (at most 18) decimals, into its smallest units.
    pub fn parse_decimals(text: &str, decimals: u32) -> Result<Self, AmountError> {
        let bad = || AmountError::NotANumber(text.chars().take(64).collect());
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(bad()),
            None => (text, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        let significant = fraction.trim_end_matches('0');
        if significant.len() > decimals as usize {
            return Err(AmountError::TooPrecise {
                text: text.chars().take(64).collect(),
                decimals,
            });
        }
        let mut units: u64 = 0;
        let padding = decimals as usize - significant.len();
        for digit in whole
            .bytes()
            .chain(significant.bytes())
            .chain(std::iter::repeat_n(b'0', padding))
        {
            units = units
                .checked_mul(10)
                .and_then(|u| u.checked_add(u64::from(digit - b'0')))
                .ok_or(AmountError::Overflow)?;
        }
        Self::from_units(units).ok_or(AmountError::Overflow)
    }
}

impl core::fmt::Display for Amount {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let fraction = self.0 % UNIT;
        if fraction == 0 {
            write!(f, "{}", self.0 / UNIT)
        } else {
            write!(
                f,
                "{}.{}",
                self.0 / UNIT,
                format!("{fraction:08}").trim_end_matches('0')
            )
        }
    }
}

impl std::str::FromStr for Amount {
    type Err = AmountError;
    fn from_str(text: &str) -> Result<Self, AmountError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Amount {
    type Error = AmountError;
    fn try_from(text: String) -> Result<Self, AmountError> {
        Self::parse(&text)
    }
}

impl From<Amount> for String {
    fn from(amount: Amount) -> String {
        amount.to_string()
    }
}

impl Write for Amount {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.write(buf);
    }
}

impl FixedSize for Amount {
    const SIZE: usize = 8;
}

impl Read for Amount {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        Self::from_units(u64::read(buf)?).ok_or(Error::Invalid("Amount", "above the largest amount"))
    }
}
