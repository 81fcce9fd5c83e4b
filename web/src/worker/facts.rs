//! What is proved of this wallet's account, and how sure it still is.

use crate::protocol::{AccountView, Face, Shown, VoteView};
use commonware_codec::{Copying, DecodeExt as _};
use credo_pob::{Candidates, ListDigest, Round, Turns, Voter};
use credo_primitives::entry::{Balance, IOST, KeyAccounts};
use credo_primitives::{AccountName, PublicKey, StateKey};
use serde::{Deserialize, Serialize};

use super::servi;

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

/// Values of the present account, all from one snapshot.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Holding {
    pub(super) proof: Proof,
    pub(super) balance: Balance,
    pub(super) voter: Voter,
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
    /// The digest of the list of Servi nodes, by which a change of it is seen.
    pub(super) digest: Option<ListDigest>,
}

/// What a refresh asked for, so that its answer is read in the same order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refresh {
    key: Option<PublicKey>,
    account: Option<AccountName>,
}

/// The form in which the last proved values are stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    account: AccountName,
    accounts: Vec<AccountName>,
    proof: Proof,
    balance: String,
    voter: String,
}

impl Facts {
    /// The keys of one refresh.
    pub(super) fn refresh(&self, key: Option<&PublicKey>) -> (Refresh, Vec<StateKey>) {
        let mut keys = vec![StateKey::round(), StateKey::turns(), StateKey::candidates()];
        if let Some(key) = key {
            keys.push(StateKey::key_accounts(key));
        }
        let account = key.and(self.chosen.clone());
        if let Some(account) = &account {
            keys.push(StateKey::balance(account, IOST));
            keys.push(StateKey::voter(account));
        }
        (
            Refresh {
                key: key.cloned(),
                account,
            },
            keys,
        )
    }

    /// Takes a refresh's proved answer; true when the account shown isn't the one that was asked for, so that
    /// another refresh should follow at once.
    pub(super) fn learn(
        &mut self,
        asked: &Refresh,
        proof: Proof,
        entries: &[Option<Vec<u8>>],
        own: Option<&PublicKey>,
    ) -> Result<bool, String> {
        let mut entries = entries.iter().map(Option::as_deref);
        let mut next = || entries.next().flatten();
        if let Some(round) = decode::<Round>(next())? {
            self.round = Some(round);
        }
        if let Some(turns) = decode::<Turns>(next())? {
            self.turns = Some((turns, proof.height));
        }
        if let Some(digest) = decode::<ListDigest>(next())? {
            self.digest = Some(digest);
        }
        // A key that was erased or replaced meanwhile: the rest is of no use.
        if asked.key.is_none() || asked.key.as_ref() != own {
            return Ok(own.is_some());
        }
        let found = decode::<KeyAccounts>(next())?.unwrap_or_default().accounts;
        if !self.chosen.as_ref().is_some_and(|name| found.contains(name)) {
            self.chosen = found.first().cloned();
            self.holding = None;
        }
        self.accounts = Some(found);
        if asked.account != self.chosen {
            return Ok(self.chosen.is_some());
        }
        if asked.account.is_some() {
            let balance = decode(next())?.unwrap_or_default();
            let voter = decode(next())?.unwrap_or_default();
            if self
                .holding
                .as_ref()
                .is_none_or(|held| held.proof.height <= proof.height)
            {
                self.holding = Some(Holding {
                    proof,
                    balance,
                    voter,
                });
            }
        }
        Ok(false)
    }

    /// Shows another of the accounts under the key.
    pub(super) fn choose(&mut self, name: AccountName) {
        if self.chosen.as_ref() != Some(&name) {
            self.chosen = Some(name);
            self.holding = None;
        }
    }

    /// Forgets what belongs to the key.
    pub(super) fn forget(&mut self) {
        self.accounts = None;
        self.chosen = None;
        self.holding = None;
    }

    /// For storage.
    pub(super) fn to_bytes(&self) -> Option<Vec<u8>> {
        use commonware_codec::Encode as _;
        let held = self.holding.as_ref()?;
        let stored = Stored {
            account: self.chosen.clone()?,
            accounts: self.accounts.clone()?,
            proof: held.proof,
            balance: hex::encode(held.balance.encode()),
            voter: hex::encode(held.voter.encode()),
        };
        serde_json::to_vec(&stored).ok()
    }

    /// From storage: shown as stale until proved again. What can't be read is as if it weren't there.
    pub(super) fn load(&mut self, bytes: &[u8]) -> Option<()> {
        let stored: Stored = serde_json::from_slice(bytes).ok()?;
        let balance = decode(Some(&hex::decode(stored.balance).ok()?)).ok()??;
        let voter = decode(Some(&hex::decode(stored.voter).ok()?)).ok()??;
        self.chosen = Some(stored.account);
        self.accounts = Some(stored.accounts);
        self.holding = Some(Holding {
            proof: stored.proof,
            balance,
            voter,
        });
        Some(())
    }

    /// Names of the accounts under the key.
    pub(super) fn names(&self) -> Vec<String> {
        self.accounts.iter().flatten().map(ToString::to_string).collect()
    }

    /// For the page. `fresh` says whether the head is; `chain_ms` is the chain's clock, for what has returned.
    pub(super) fn view(
        &self,
        fresh: bool,
        head: u64,
        chain_ms: u64,
        list: Option<&Candidates>,
    ) -> Option<AccountView> {
        let name = self.chosen.as_ref()?.to_string();
        let Some(held) = &self.holding else {
            return Some(AccountView {
                name,
                balance: None,
                voting: None,
                votes: Vec::new(),
                unlocking: Vec::new(),
            });
        };
        // The chain moves on between refreshes; a minute of blocks behind is no longer the present.
        let face = held
            .proof
            .face(fresh && head.saturating_sub(held.proof.height) < 120);
        let votes = servi::counting(&held.voter, list);
        let voting: u128 = votes.iter().map(|(_, amount)| u128::from(amount.units())).sum();
        Some(AccountView {
            name,
            balance: Some(Shown {
                value: held.balance.spendable(chain_ms).to_string(),
                face,
            }),
            voting: Some(Shown {
                value: servi::wide(voting),
                face,
            }),
            votes: votes
                .into_iter()
                .map(|(candidate, amount)| VoteView {
                    candidate: candidate.to_string(),
                    amount: amount.to_string(),
                })
                .collect(),
            unlocking: held
                .balance
                .locked(chain_ms)
                .map(|frozen| (frozen.amount.to_string(), frozen.until_ms as f64))
                .collect(),
        })
    }
}
