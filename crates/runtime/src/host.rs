//! What a contract can do: read and write the state, ask for authority, leave receipts. Everything is metered.

use commonware_codec::{Encode, EncodeSize as _, Read};
use credo_pob::{Ledger, PobError, Rules};
use credo_primitives::entry::{Balance, Frozen, IOST, MAX_FROZEN, RAM};
use credo_primitives::receipt::ReceiptEntry;
use credo_primitives::{AccountName, Amount, AmountError, Parameters, StateKey, Text};

use crate::abi::format_units;
use crate::authority::{Authority, Cut};
use crate::gas::{Meter, Op, OutOfGas};
use crate::limits::Limits;
use crate::ram_usage::{RamCharges, stored};
use crate::stake;
use crate::view::View;
use crate::{BlockContext, RuntimeError};

/// Why an action stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The action failed; the text goes into the receipt.
    Failed(String),
    /// The gas limit is used up.
    OutOfGas,
    /// An account has less RAM than it is to pay for.
    RamNotEnough(String),
    /// The node can't go on.
    Fatal(RuntimeError),
}

impl From<RuntimeError> for Stop {
    fn from(error: RuntimeError) -> Self {
        Self::Fatal(error)
    }
}
impl From<OutOfGas> for Stop {
    fn from(_: OutOfGas) -> Self {
        Self::OutOfGas
    }
}
impl From<Cut> for Stop {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::OutOfGas => Self::OutOfGas,
            Cut::Fatal(error) => Self::Fatal(error),
        }
    }
}
impl From<PobError> for Stop {
    fn from(error: PobError) -> Self {
        Self::Failed(error.to_string())
    }
}
impl From<AmountError> for Stop {
    fn from(error: AmountError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Fails the action with a text of IOST's.
pub(crate) fn fail<T>(text: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Failed(text.into()))
}

/// One transaction's surroundings.
pub(crate) struct Host<'h, 'v> {
    pub(crate) view: &'h mut View<'v>,
    pub(crate) ledger: &'h mut Ledger,
    pub(crate) authority: &'h Authority,
    pub(crate) limits: &'h mut Limits,
    pub(crate) meter: &'h mut Meter,
    pub(crate) rules: &'h Rules,
    /// The block that the transaction stands in.
    pub(crate) ctx: &'h BlockContext<'h>,
    /// The block's time.
    pub(crate) now_ms: u64,
    /// Who published the transaction.
    pub(crate) publisher: &'h str,
    pub(crate) receipts: Vec<ReceiptEntry>,
    /// Bytes that accounts are to pay for.
    pub(crate) ram: RamCharges,
    /// Calls that are running, one within the other.
    pub(crate) depth: u32,
}

impl Host<'_, '_> {
    /// Does something in another's name, with other authority, and outside of what the publisher let the transaction spend.
    pub(crate) fn on_behalf<T>(
        &mut self,
        publisher: &str,
        authority: &Authority,
        work: impl FnOnce(&mut Host<'_, '_>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let mut limits = Limits::default();
        let mut inner = Host {
            view: &mut *self.view,
            ledger: &mut *self.ledger,
            authority,
            limits: &mut limits,
            meter: &mut *self.meter,
            rules: self.rules,
            ctx: self.ctx,
            now_ms: self.now_ms,
            publisher,
            receipts: std::mem::take(&mut self.receipts),
            ram: std::mem::take(&mut self.ram),
            depth: self.depth,
        };
        let result = work(&mut inner);
        self.receipts = std::mem::take(&mut inner.receipts);
        self.ram = std::mem::take(&mut inner.ram);
        result
    }

    /// Charges `n` native steps.
    pub(crate) fn steps(&mut self, n: u64) -> Result<(), Stop> {
        self.charge(Op::Step, n)
    }

    /// Charges work before it is done.
    pub(crate) fn charge(&mut self, op: Op, units: u64) -> Result<(), Stop> {
        Ok(self.meter.charge(op, units)?)
    }

    pub(crate) fn get<T: Read<Cfg = ()>>(&mut self, key: &StateKey) -> Result<Option<T>, Stop> {
        self.charge(Op::Read, 1)?;
        let bytes = self.view.size(key)?.unwrap_or(0);
        self.charge(Op::ReadByte, bytes as u64)?;
        Ok(self.view.get(key)?)
    }

    pub(crate) fn put(&mut self, key: StateKey, value: &impl Encode) -> Result<(), Stop> {
        self.charge(Op::Write, 1)?;
        self.charge(Op::WriteByte, value.encode_size() as u64)?;
        self.view.put(key, value);
        Ok(())
    }

    pub(crate) fn delete(&mut self, key: StateKey) -> Result<(), Stop> {
        self.charge(Op::Delete, 1)?;
        self.view.delete(key);
        Ok(())
    }

    /// IOST's `RequireAuth`.
    pub(crate) fn allows(&mut self, account: &AccountName, permission: &str) -> Result<bool, Stop> {
        Ok(self
            .authority
            .allows(self.view, self.meter, account, permission)?)
    }

    /// Leaves a receipt.
    pub(crate) fn receipt(&mut self, func_name: &str, content: String) -> Result<(), Stop> {
        self.charge(Op::Receipt, 1)?;
        self.charge(Op::Net, content.len() as u64)?;
        let text = |error: credo_primitives::text::TextError| Stop::Failed(error.to_string());
        self.receipts.push(ReceiptEntry {
            func_name: Text::new(func_name).map_err(text)?,
            content: Text::new(content).map_err(text)?,
        });
        Ok(())
    }

    /// A contract or account that exists. IOST takes any name that looks like a contract's, and what is sent there is lost;
    /// here it must be one: a system contract, as no other can be deployed yet.
    pub(crate) fn valid_account(&mut self, name: &str) -> Result<Option<AccountName>, Stop> {
        let Ok(account) = AccountName::any(name) else {
            return Ok(None);
        };
        let exists = if account.is_contract() {
            account.is_system_contract()
        } else {
            self.charge(Op::Read, 1)?;
            self.view.size(&StateKey::account(&account))?.is_some()
        };
        Ok(exists.then_some(account))
    }

    /// The chain's numbers.
    pub(crate) fn parameters(&self) -> &Parameters {
        &self.ctx.spec.parameters
    }

    /// A balance with frozen amounts that have returned folded in: enough to add to it.
    pub(crate) fn holding(&mut self, account: &AccountName, symbol: &str) -> Result<Balance, Stop> {
        let mut balance: Balance = self.get(&StateKey::balance(account, symbol))?.unwrap_or_default();
        balance.available = balance.spendable(self.now_ms);
        balance.frozen.retain(|f| f.until_ms > self.now_ms);
        if balance.frozen.is_empty() {
            balance.payer = None;
        }
        Ok(balance)
    }

    /// A balance with all that has returned by now folded in: frozen amounts, and of IOST ended votes and deposits.
    ///
    /// This may look at many votes, so only an account's own actions ask for it: who sends it tokens pays for no more
    /// than [`Host::credit`].
    pub(crate) fn balance(&mut self, account: &AccountName, symbol: &str) -> Result<Balance, Stop> {
        let mut balance = self.holding(account, symbol)?;
        if !balance.staked.is_zero() {
            stake::fold_returned(self, account, &mut balance)?;
        }
        Ok(balance)
    }

    /// Writes a balance. Of IOST and RAM nothing at all leaves no entry, and an entry costs nobody but for frozen amounts; in
    /// another token the first who puts it pays for the entry, which then stays.
    pub(crate) fn set_balance(
        &mut self,
        account: &AccountName,
        symbol: &str,
        balance: &Balance,
    ) -> Result<(), Stop> {
        let key = StateKey::balance(account, symbol);
        // It was read before, but is decoded once more.
        let bytes = self.view.size(&key)?.unwrap_or(0);
        self.charge(Op::ReadByte, bytes as u64)?;
        let before: Option<Balance> = self.view.get(&key)?;
        let free = matches!(symbol, IOST | RAM);
        if before.is_none() && !free {
            let payer = self.publisher_account()?;
            self.charge_ram(&payer, stored(&key, Balance::default().encode_size()));
        }
        let before = before.and_then(|before| Some((before.payer.clone()?, bytes_of(&before))));
        let after = balance.payer.as_ref().map(|payer| (payer, bytes_of(balance)));
        match (before, after) {
            (Some((old, was)), Some((new, is))) if old == *new => self.charge_ram(new, is - was),
            (before, after) => {
                if let Some((old, was)) = before {
                    self.charge_ram(&old, -was);
                }
                if let Some((new, is)) = after {
                    self.charge_ram(new, is);
                }
            }
        }
        if free && *balance == Balance::default() {
            self.delete(key)
        } else {
            self.put(key, balance)
        }
    }

    /// Adds to an account's available tokens.
    pub(crate) fn credit(&mut self, account: &AccountName, symbol: &str, amount: Amount) -> Result<(), Stop> {
        if amount.is_zero() {
            return Ok(());
        }
        let mut balance = self.holding(account, symbol)?;
        balance.available = balance.available.checked_add(amount)?;
        self.set_balance(account, symbol, &balance)
    }

    /// Takes of an account's available tokens, whose unit has `decimals` decimals.
    pub(crate) fn debit(
        &mut self,
        account: &AccountName,
        symbol: &str,
        decimals: u32,
        amount: Amount,
    ) -> Result<(), Stop> {
        let mut balance = self.balance(account, symbol)?;
        let Ok(left) = balance.available.checked_sub(amount) else {
            let has = format_units(u128::from(balance.available.units()), decimals);
            let needs = format_units(u128::from(amount.units()), decimals);
            return fail(format!("balance not enough {has} < {needs}"));
        };
        balance.available = left;
        self.set_balance(account, symbol, &balance)
    }

    /// Adds tokens that an account can't spend before `until_ms`.
    pub(crate) fn freeze(
        &mut self,
        account: &AccountName,
        symbol: &str,
        amount: Amount,
        until_ms: u64,
    ) -> Result<(), Stop> {
        let mut balance = self.holding(account, symbol)?;
        add_frozen(&mut balance, amount, until_ms)?;
        balance.payer = Some(self.publisher_account()?);
        self.set_balance(account, symbol, &balance)
    }
}

/// Bytes that a balance's frozen amounts take.
fn bytes_of(balance: &Balance) -> i64 {
    i64::try_from(balance.frozen_bytes()).unwrap_or(i64::MAX)
}

/// Adds a frozen amount to a balance; one that returns at the same date is joined with it.
pub(crate) fn add_frozen(balance: &mut Balance, amount: Amount, until_ms: u64) -> Result<(), Stop> {
    match balance.frozen.binary_search_by_key(&until_ms, |f| f.until_ms) {
        Ok(at) => balance.frozen[at].amount = balance.frozen[at].amount.checked_add(amount)?,
        Err(_) if balance.frozen.len() >= MAX_FROZEN => {
            return fail(format!(
                "{MAX_FROZEN} amounts are frozen already, each until another date: wait until the first returns"
            ));
        }
        Err(at) => balance.frozen.insert(at, Frozen { amount, until_ms }),
    }
    Ok(())
}
