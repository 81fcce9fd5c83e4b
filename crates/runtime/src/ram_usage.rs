//! Who pays RAM for what stands in the state, as in IOST: the publisher for tokens that it creates, for an account's first
//! balance of a token other than IOST and RAM, for frozen amounts and for token721s; an account for its permissions, once
//! it changes them; voters for their votes; and, beyond IOST, who proposes, links a url, opens a voting or withdraws its
//! approvals, and a node for the note of its own votes that it took back. What else the system's contracts write costs nobody:
//! records of nodes, those of nodes that lost their places included, stand for what registering locks, pledges for what they
//! stake, and lists that others fill are bounded.
//!
//! An entry costs the bytes of its key and its value. Whoever pays for an entry pays for what it grows by, and is given back
//! what it shrinks by; when another takes over, the one before is given back all of it. After each call, everybody whose
//! bytes rose must have allowed it ([`Host::check_payers`]); when all actions are done, the bytes are taken from the balances
//! of `ram` and counted as used ([`settle`]).

use std::collections::{BTreeMap, BTreeSet};

use commonware_codec::Encode;
use credo_primitives::entry::{Balance, RAM, Ram};
use credo_primitives::receipt::RamUsage;
use credo_primitives::{AccountName, Amount, StateKey, Text};

use crate::host::{Host, Stop, fail};

/// Bytes that a transaction's payers pay for, so far.
#[derive(Debug, Default)]
pub(crate) struct RamCharges {
    bytes: BTreeMap<AccountName, i64>,
    /// Payers whose bytes rose in the call that runs.
    risen: BTreeSet<AccountName>,
}

impl RamCharges {
    /// Begins a call; gives what [`RamCharges::end_call`] takes.
    pub(crate) fn begin_call(&mut self) -> BTreeSet<AccountName> {
        std::mem::take(&mut self.risen)
    }

    /// Goes on with the call around the one that ended.
    pub(crate) fn end_call(&mut self, outer: BTreeSet<AccountName>) {
        self.risen = outer;
    }
}

/// Bytes of an entry whose value has `len`.
pub(crate) fn stored(key: &StateKey, len: usize) -> i64 {
    i64::try_from(key.as_str().len().saturating_add(len)).unwrap_or(i64::MAX)
}

impl Host<'_, '_> {
    /// Counts bytes that `payer` pays for from now on, or no longer.
    pub(crate) fn charge_ram(&mut self, payer: &AccountName, bytes: i64) {
        if bytes == 0 {
            return;
        }
        let sum = self.ram.bytes.entry(payer.clone()).or_default();
        *sum = sum.saturating_add(bytes);
        if bytes > 0 {
            self.ram.risen.insert(payer.clone());
        }
    }

    /// Who published the transaction, as the payer of what it puts.
    pub(crate) fn publisher_account(&self) -> Result<AccountName, Stop> {
        AccountName::any(self.publisher).or_else(|_| fail(format!("invalid account {}", self.publisher)))
    }

    /// Writes an entry that is always the same account's to pay for, which read it before.
    pub(crate) fn put_paid(
        &mut self,
        payer: &AccountName,
        key: StateKey,
        value: &impl Encode,
    ) -> Result<(), Stop> {
        let before = self.paid(&key)?;
        self.charge_ram(payer, stored(&key, value.encode_size()) - before);
        self.put(key, value)
    }

    /// Deletes such an entry.
    pub(crate) fn delete_paid(&mut self, payer: &AccountName, key: StateKey) -> Result<(), Stop> {
        let before = self.paid(&key)?;
        self.charge_ram(payer, -before);
        self.delete(key)
    }

    fn paid(&mut self, key: &StateKey) -> Result<i64, Stop> {
        self.steps(1)?;
        Ok(self.view.size(key)?.map_or(0, |bytes| stored(key, bytes)))
    }

    /// At a call's end: everybody whose bytes rose must allow it with its `active` permission.
    pub(crate) fn check_payers(&mut self) -> Result<(), Stop> {
        for payer in std::mem::take(&mut self.ram.risen) {
            if !self.allows(&payer, "active")? {
                return fail(format!("pay ram failed. no permission. need {payer}@active"));
            }
        }
        Ok(())
    }
}

/// Takes the bytes from the payers' RAM when all actions are done, and gives what the receipt shows of it.
pub(crate) fn settle(host: &mut Host<'_, '_>) -> Result<Vec<RamUsage>, Stop> {
    let mut usage = Vec::new();
    for (payer, bytes) in std::mem::take(&mut host.ram.bytes) {
        if bytes != 0 {
            pay(host, &payer, bytes)?;
            usage.push(RamUsage {
                payer: Text::new(payer.as_str()).unwrap_or_default(),
                bytes,
            });
        }
    }
    Ok(usage)
}

/// Moves bytes from what an account can use to what it uses, or back.
fn pay(host: &mut Host<'_, '_>, payer: &AccountName, bytes: i64) -> Result<(), Stop> {
    let mut balance: Balance = host.holding(payer, RAM)?;
    let key = StateKey::ram(payer);
    let mut ram: Ram = host.get(&key)?.unwrap_or_default();
    let has = balance.available.units();
    let left = has.checked_add_signed(-bytes);
    let used = ram.used.checked_add_signed(bytes);
    let (Some(left), Some(used)) = (left.and_then(Amount::from_units), used) else {
        return Err(Stop::RamNotEnough(format!(
            "pay ram failed. id: {payer} need {bytes}, actual {has}"
        )));
    };
    balance.available = left;
    ram.used = used;
    host.set_balance(payer, RAM, &balance)?;
    host.put(key, &ram)
}
