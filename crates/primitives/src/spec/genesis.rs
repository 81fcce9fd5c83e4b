//! The genesis file: everything that a chain starts with.

use std::collections::BTreeSet;

use commonware_codec::Encode as _;
use serde::{Deserialize, Serialize};

use super::{Parameters, Preset, consensus_key, hex_digest};
use crate::entry::{MAX_ITEMS, Vesting};
use crate::{AccountName, Amount, ConsensusKey, Digest, PublicKey, Text, sha256};

/// Keys that act together at genesis: one key as plain text, or several with how many of them are needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "GenesisKeysText")]
pub struct GenesisKeys {
    /// The keys, each of the same weight.
    pub keys: Vec<PublicKey>,
    /// How many of them must sign.
    pub threshold: u32,
}
codec_struct!(GenesisKeys {
    keys: MAX_ITEMS,
    threshold
});

/// Why keys can't act together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// None at all.
    #[error("there is no key")]
    None,
    /// More than a permission holds.
    #[error("there are {0} keys; a permission holds at most {MAX_ITEMS}")]
    TooMany(usize),
    /// A key twice: it would sign for two.
    #[error("the key {0} stands twice")]
    Repeated(PublicKey),
    /// A threshold that nobody or anybody reaches.
    #[error(
        "{threshold} of {keys} keys can't be needed: the threshold lies between 1 and the number of keys"
    )]
    Threshold {
        /// How many are needed.
        threshold: u32,
        /// How many there are.
        keys: usize,
    },
}

impl GenesisKeys {
    /// Several keys, of which `threshold` are needed.
    pub fn several(keys: Vec<PublicKey>, threshold: u32) -> Result<Self, KeysError> {
        let keys = Self { keys, threshold };
        keys.validate()?;
        Ok(keys)
    }

    /// Checks that the keys are distinct, as many as a permission holds, and can reach the threshold.
    pub fn validate(&self) -> Result<(), KeysError> {
        let count = self.keys.len();
        if count == 0 {
            return Err(KeysError::None);
        }
        if count > MAX_ITEMS {
            return Err(KeysError::TooMany(count));
        }
        let mut seen = BTreeSet::new();
        if let Some(key) = self.keys.iter().find(|key| !seen.insert(*key)) {
            return Err(KeysError::Repeated(key.clone()));
        }
        if self.threshold == 0 || self.threshold as usize > count {
            return Err(KeysError::Threshold {
                threshold: self.threshold,
                keys: count,
            });
        }
        Ok(())
    }

    /// True when no single key can act.
    pub fn is_multi_signature(&self) -> bool {
        self.threshold > 1
    }
}

impl From<PublicKey> for GenesisKeys {
    fn from(key: PublicKey) -> Self {
        Self {
            keys: vec![key],
            threshold: 1,
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum GenesisKeysText {
    One(PublicKey),
    Several { keys: Vec<PublicKey>, threshold: u32 },
}

impl<'de> Deserialize<'de> for GenesisKeys {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(KeysVisitor)
    }
}

/// Reads either form, and says what is wrong with the one that was meant.
struct KeysVisitor;

impl<'de> serde::de::Visitor<'de> for KeysVisitor {
    type Value = GenesisKeys;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a base58 key, or `keys` and a `threshold`")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<GenesisKeys, E> {
        PublicKey::from_base58(text).map(Into::into).map_err(E::custom)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<GenesisKeys, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Several {
            keys: Vec<PublicKey>,
            threshold: u32,
        }
        let several = Several::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        GenesisKeys::several(several.keys, several.threshold).map_err(serde::de::Error::custom)
    }
}

impl From<GenesisKeys> for GenesisKeysText {
    fn from(mut keys: GenesisKeys) -> Self {
        match keys.keys.pop() {
            Some(key) if keys.keys.is_empty() && keys.threshold == 1 => Self::One(key),
            last => {
                keys.keys.extend(last);
                Self::Several {
                    keys: keys.keys,
                    threshold: keys.threshold,
                }
            }
        }
    }
}

/// An account that exists from the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenesisAccount {
    /// Its name; at genesis the rules of `signUp` are skipped for names of the system.
    pub name: AccountName,
    /// Owner keys.
    pub owner: GenesisKeys,
    /// Active keys.
    pub active: GenesisKeys,
    /// IOST.
    pub balance: Amount,
    /// IOST that it has pledged for its own gas, beside the balance.
    #[serde(default)]
    pub pledge: Amount,
}
codec_struct!(GenesisAccount {
    name,
    owner,
    active,
    balance,
    pledge
});

/// A part of the supply that vests month by month (P-25). It is created at genesis and stands in no balance until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenesisVesting {
    /// Who receives it; `issue.iost` is the reward pool.
    pub account: AccountName,
    /// All of it.
    pub total: Amount,
    /// When the schedule begins, ms since 1970.
    pub start_ms: u64,
    /// Months that it lasts.
    pub months: u32,
}
codec_struct!(GenesisVesting {
    account,
    total,
    start_ms,
    months
});

/// Why a part of the supply can't vest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VestingError {
    /// No months.
    #[error("a schedule lasts at least one month")]
    NoMonths,
    /// Nothing vests.
    #[error("there is nothing that vests")]
    Nothing,
    /// It would end beyond all time.
    #[error("the schedule's end lies beyond the end of time")]
    TooLong,
}

impl GenesisVesting {
    /// Checks that something vests, and that it comes to an end.
    pub fn validate(&self) -> Result<(), VestingError> {
        if self.months == 0 {
            return Err(VestingError::NoMonths);
        }
        if self.total.is_zero() {
            return Err(VestingError::Nothing);
        }
        let lasts = u64::from(self.months).checked_mul(Vesting::MONTH_MS);
        match lasts.and_then(|lasts| self.start_ms.checked_add(lasts)) {
            Some(_) => Ok(()),
            None => Err(VestingError::TooLong),
        }
    }

    /// The schedule as the state keeps it, before anything vested.
    pub fn schedule(&self) -> Vesting {
        Vesting {
            account: self.account.clone(),
            total: self.total,
            start_ms: self.start_ms,
            months: self.months,
            done: 0,
        }
    }
}

/// A candidate that stands from the start. Its deposit is created with it, locked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenesisCandidate {
    /// Its account, which must be among the accounts.
    pub account: AccountName,
    /// The key that signs blocks.
    #[serde(with = "consensus_key")]
    pub key: ConsensusKey,
    /// Where it is.
    pub location: Text<128>,
    /// Its page.
    pub url: Text<256>,
    /// `host:port` on the consensus plane.
    pub net_id: Text<128>,
}
codec_struct!(GenesisCandidate {
    account,
    key,
    location,
    url,
    net_id
});

/// A vote cast at genesis. The amount is created with it, locked, beside the voter's balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct GenesisVote {
    pub voter: AccountName,
    pub candidate: AccountName,
    pub amount: Amount,
}
codec_struct!(GenesisVote {
    voter,
    candidate,
    amount
});

/// Out of which part of the supply an account received how much ([`supply::ALLOCATIONS`](super::supply::ALLOCATIONS)).
/// It hands out nothing by itself: it says where what the account holds, pledges, votes with and has as deposit comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenesisGrant {
    /// The account.
    pub account: AccountName,
    /// The part's name.
    pub allocation: Text<32>,
    /// How much.
    pub amount: Amount,
}
codec_struct!(GenesisGrant {
    account,
    allocation,
    amount
});

/// Everything that the chain starts with; nodes hold it as a JSON file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Genesis {
    /// The preset.
    pub preset: Preset,
    /// A short name for people.
    pub name: Text<32>,
    /// The rules' numbers.
    pub parameters: Parameters,
    /// Drawn at random.
    #[serde(with = "hex_digest")]
    pub salt: Digest,
    /// Genesis time in ms since 1970.
    pub time_ms: u64,
    /// Accounts.
    pub accounts: Vec<GenesisAccount>,
    /// Candidates, in the order of their candidacy.
    pub candidates: Vec<GenesisCandidate>,
    /// Votes.
    pub votes: Vec<GenesisVote>,
    /// What the reward pool holds at first.
    #[serde(default)]
    pub pool: Amount,
    /// What vests later.
    #[serde(default)]
    pub vesting: Vec<GenesisVesting>,
    /// Where the accounts' tokens come from; on the main network this must be told of all of them.
    #[serde(default)]
    pub grants: Vec<GenesisGrant>,
}

impl Genesis {
    /// SHA-256 over all that is handed out, in its canonical encoding.
    pub fn allocations_digest(&self) -> Digest {
        sha256(&[
            b"credo-allocations",
            &self.accounts.encode(),
            &self.candidates.encode(),
            &self.votes.encode(),
            &self.pool.encode(),
            &self.vesting.encode(),
            &self.grants.encode(),
        ])
    }
}
