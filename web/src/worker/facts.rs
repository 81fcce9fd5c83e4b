//! What is proved of this wallet's account, and how sure it still is.

use crate::protocol::Face;
use commonware_codec::{Copying, DecodeExt as _};
use credo_light::{AccountQuery, Holdings};
use credo_pob::{RankingHead, Round, Turns};
use credo_primitives::entry::{KeyAccounts, Pool};
use credo_primitives::{AccountName, PublicKey, StateKey};
use serde::{Deserialize, Serialize};

use super::proposals::Followed;

/// Keys of a refresh beside the account's.
const OTHERS: usize = 8;
/// Of the account's values, those that are stored: contribution scores of everybody are too much for that.
const STORED: usize = 6;

/// What proved a value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Proof {
    /// The block.
    pub(super) height: u64,
    /// Its epoch.
    pub(super) epoch: u64,
    /// Signatures in its certificate.
    pub(super) signatures: u32,
    /// Seats in its committee.
    pub(super) seats: u32,
    /// Its time, ms since 1970.
    pub(super) time_ms: f64,
}

impl Proof {
    /// How it looks: proved while the head is fresh and not far ahead, else stale.
    pub(super) fn face(&self, fresh: bool) -> Face {
        if fresh {
            Face::Proved {
                height: self.height,
                epoch: self.epoch,
                signatures: self.signatures,
                seats: self.seats,
                time_ms: self.time_ms,
            }
        } else {
            self.stale()
        }
    }

    /// How it looks once it is old.
    pub(super) fn stale(&self) -> Face {
        Face::Stale {
            height: self.height,
            time_ms: self.time_ms,
        }
    }
}

/// A proved entry that doesn't decode: a chain of a later release.
pub(super) fn decode<T: commonware_codec::Read<Cfg = ()>>(value: Option<&[u8]>) -> Result<Option<T>, String> {
    let Some(bytes) = value else { return Ok(None) };
    let unknown =
        |_| "A proved entry has a form that this release doesn't know; a newer one is needed.".to_owned();
    T::decode(Copying(bytes)).map(Some).map_err(unknown)
}

/// What is proved of the present account.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Holding {
    pub(super) proof: Proof,
    pub(super) held: Holdings,
    /// The proved values that it was read from, for storing.
    values: Vec<Option<Vec<u8>>>,
}

impl Holding {
    /// Reads the proved values under the query's keys.
    pub(super) fn read(
        query: &AccountQuery,
        proof: Proof,
        values: &[Option<Vec<u8>>],
        before: Option<&Self>,
    ) -> Result<Self, String> {
        let unknown =
            |_| "A proved entry has a form that this release doesn't know; a newer one is needed.".to_owned();
        let held = query
            .read(values, before.map(|before| &before.held))
            .map_err(unknown)?;
        Ok(Self {
            proof,
            held,
            values: values.iter().take(STORED).cloned().collect(),
        })
    }
}

/// What is known of this wallet's key and account.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Accounts under the key, proved.
    pub(super) accounts: Option<Vec<AccountName>>,
    /// The account that is shown.
    pub(super) chosen: Option<AccountName>,
    /// What it holds.
    pub(super) holding: Option<Holding>,
    /// The last election.
    pub(super) round: Option<Round>,
    /// Turns of this epoch, as of a height.
    pub(super) turns: Option<(Turns, u64)>,
    /// What the newest ranking's parts are parts of, by which a change of it is seen.
    pub(super) ranking: Option<RankingHead>,
    /// The reward pool and the schedule of the supply.
    pub(super) pool: Option<Pool>,
    /// Proposals that concern the account.
    pub(super) proposals: Followed,
}

/// What a refresh asked for, so that its answer is read in the same order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refresh {
    key: Option<PublicKey>,
    account: Option<AccountQuery>,
}

/// The form in which the last proved values are stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    account: AccountName,
    accounts: Vec<AccountName>,
    proof: Proof,
    values: Vec<Option<String>>,
}

impl Facts {
    /// The keys of one refresh.
    pub(super) fn refresh(&self, key: Option<&PublicKey>) -> (Refresh, Vec<StateKey>) {
        let mut keys = vec![
            StateKey::round(),
            StateKey::turns(),
            StateKey::ranking(),
            StateKey::pool(),
        ];
        if let Some(key) = key {
            keys.push(StateKey::key_accounts(key));
        }
        let account = key.and(self.chosen.clone()).map(|name| self.query(name));
        if let (Some(account), Some(key)) = (&account, key) {
            keys.extend(Followed::keys(account.account(), key));
            keys.extend(account.keys());
        }
        (
            Refresh {
                key: key.cloned(),
                account,
            },
            keys,
        )
    }

    /// What to ask about an account now.
    pub(super) fn query(&self, name: AccountName) -> AccountQuery {
        match &self.holding {
            Some(holding) if holding.held.account == name => AccountQuery::following(&holding.held, OTHERS),
            _ => AccountQuery::new(name),
        }
    }

    /// Takes a refresh's proved answer; true when another refresh should follow at once: another account is shown than
    /// the one that was asked for, or the answer tells what else to ask.
    pub(super) fn learn(
        &mut self,
        asked: &Refresh,
        proof: Proof,
        entries: &[Option<Vec<u8>>],
        own: Option<&PublicKey>,
    ) -> Result<bool, String> {
        let of_account = entries.get(OTHERS..).unwrap_or_default();
        let of_proposals = entries.get(OTHERS - 3..OTHERS).unwrap_or_default();
        let mut entries = entries.iter().map(Option::as_deref);
        let mut next = || entries.next().flatten();
        if let Some(round) = decode::<Round>(next())? {
            self.round = Some(round);
        }
        if let Some(turns) = decode::<Turns>(next())? {
            self.turns = Some((turns, proof.height));
        }
        if let Some(head) = decode::<RankingHead>(next())? {
            self.ranking = Some(head);
        }
        if let Some(pool) = decode::<Pool>(next())? {
            self.pool = Some(pool);
        }
        // A key that was erased or replaced meanwhile: the rest is of no use.
        if asked.key.is_none() || asked.key.as_ref() != own {
            return Ok(own.is_some());
        }
        let found = decode::<KeyAccounts>(next())?.unwrap_or_default().accounts;
        if !self.chosen.as_ref().is_some_and(|name| found.contains(name)) {
            self.chosen = found.first().cloned();
            self.holding = None;
            self.proposals = Followed::default();
        }
        self.accounts = Some(found);
        let Some(query) = &asked.account else {
            return Ok(self.chosen.is_some());
        };
        if Some(query.account()) != self.chosen.as_ref() {
            return Ok(self.chosen.is_some());
        }
        let newer = |held: &Holding| held.proof.height <= proof.height;
        if self.holding.as_ref().is_none_or(newer) {
            let holding = Holding::read(query, proof, of_account, self.holding.as_ref())?;
            let open = !holding.held.is_complete();
            self.holding = Some(holding);
            self.proposals.names(query.account(), of_proposals)?;
            return Ok(open && self.query(query.account().clone()) != *query);
        }
        Ok(false)
    }

    /// Shows another of the accounts under the key.
    pub(super) fn choose(&mut self, name: AccountName) {
        if self.chosen.as_ref() != Some(&name) {
            self.chosen = Some(name);
            self.holding = None;
            self.proposals = Followed::default();
        }
    }

    /// Forgets what belongs to the key.
    pub(super) fn forget(&mut self) {
        self.accounts = None;
        self.chosen = None;
        self.holding = None;
        self.proposals = Followed::default();
    }

    /// For storage.
    pub(super) fn to_bytes(&self) -> Option<Vec<u8>> {
        let holding = self.holding.as_ref()?;
        let stored = Stored {
            account: self.chosen.clone()?,
            accounts: self.accounts.clone()?,
            proof: holding.proof,
            values: holding
                .values
                .iter()
                .map(|value| value.as_ref().map(hex::encode))
                .collect(),
        };
        serde_json::to_vec(&stored).ok()
    }

    /// From storage: shown as stale until proved again. What can't be read is as if it weren't there.
    pub(super) fn load(&mut self, bytes: &[u8]) -> Option<()> {
        let stored: Stored = serde_json::from_slice(bytes).ok()?;
        let query = AccountQuery::new(stored.account.clone());
        let mut values = Vec::new();
        for value in stored.values {
            values.push(match value {
                Some(text) => Some(hex::decode(text).ok()?),
                None => None,
            });
        }
        values.resize(query.keys().len(), None);
        let holding = Holding::read(&query, stored.proof, &values, None).ok()?;
        self.chosen = Some(stored.account);
        self.accounts = Some(stored.accounts);
        self.holding = Some(holding);
        Some(())
    }

    /// Names of the accounts under the key.
    pub(super) fn names(&self) -> Vec<String> {
        self.accounts.iter().flatten().map(ToString::to_string).collect()
    }
}
