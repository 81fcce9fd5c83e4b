//! Account names.

use bytes::BufMut;
use commonware_codec::{Buf, EncodeSize, Error, Read, ReadRangeExt, Write};
use serde::{Deserialize, Serialize};

/// Longest name of any account or contract.
pub const MAX_NAME: usize = 64;

/// The contracts that are part of every chain. They hold tokens under these names; nobody can deploy others yet.
pub const SYSTEM_CONTRACTS: [&str; 13] = [
    "auth.iost",
    "bonus.iost",
    "domain.iost",
    "exchange.iost",
    "gas.iost",
    "issue.iost",
    "msig.iost",
    "ram.iost",
    "system.iost",
    "token.iost",
    "token721.iost",
    "vote.iost",
    "vote_producer.iost",
];

/// The name of an account or contract: 5 to 11 characters `a-z 0-9 _` for people's accounts
/// ([`AccountName::new`]); contracts' names (`token.iost`, `Contract…`) are longer and may hold a dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountName(String);

/// Why a name was refused. The texts are IOST's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not 5 to 11 characters.
    #[error("id invalid. id length should be between 5,11 > {0}")]
    Length(String),
    /// A character other than `a-z 0-9 _`.
    #[error("id invalid. id contains invalid character > {0}")]
    Character(char),
    /// Looks like a contract.
    #[error("id invalid. id shouldn't start with 'Contract'.")]
    Contract,
}

impl AccountName {
    /// A person's account, by the rules of `auth.iost/signUp`.
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        if !(5..=11).contains(&name.len()) {
            return Err(NameError::Length(name.chars().take(MAX_NAME).collect()));
        }
        if name.starts_with("Contract") {
            return Err(NameError::Contract);
        }
        if let Some(c) = name.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_')) {
            return Err(NameError::Character(c));
        }
        Ok(Self(name))
    }

    /// Any name that may hold tokens: a person's account, a system contract (`*.iost`) or a deployed contract.
    pub fn any(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        let contract = name.starts_with("Contract") || name.ends_with(".iost");
        if !contract {
            return Self::new(name);
        }
        if name.len() > MAX_NAME {
            return Err(NameError::Length(name.chars().take(MAX_NAME).collect()));
        }
        match name
            .chars()
            .find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.'))
        {
            Some(c) => Err(NameError::Character(c)),
            None => Ok(Self(name)),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for a name that no person's account can have: a contract's, whether there is such a contract or not.
    pub fn is_contract(&self) -> bool {
        self.0.starts_with("Contract") || self.0.contains('.')
    }

    /// True for one of [`SYSTEM_CONTRACTS`], which exist without an entry of their own.
    pub fn is_system_contract(&self) -> bool {
        SYSTEM_CONTRACTS.contains(&self.as_str())
    }
}

impl core::fmt::Display for AccountName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for AccountName {
    type Err = NameError;
    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::any(name)
    }
}

impl TryFrom<String> for AccountName {
    type Error = NameError;
    fn try_from(name: String) -> Result<Self, NameError> {
        Self::any(name)
    }
}

impl From<AccountName> for String {
    fn from(name: AccountName) -> String {
        name.0
    }
}

impl Write for AccountName {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.as_bytes().to_vec().write(buf);
    }
}

impl EncodeSize for AccountName {
    fn encode_size(&self) -> usize {
        self.0.len().encode_size() + self.0.len()
    }
}

impl Read for AccountName {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let bytes = Vec::<u8>::read_range(buf, 1..=MAX_NAME)?;
        let name = String::from_utf8(bytes).map_err(|_| Error::Invalid("AccountName", "not UTF-8"))?;
        Self::any(name).map_err(|_| Error::Invalid("AccountName", "not a valid name"))
    }
}
