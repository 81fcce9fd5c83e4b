//! One transaction, whole or not at all.

use credo_pob::{Ledger, Rules};
use credo_primitives::receipt::{MAX_RECEIPT_TEXT, RamUsage};
use credo_primitives::{AccountName, Action, CheckedTransaction, Receipt, Status, StatusCode, Text};

use crate::authority::Authority;
use crate::charge::{self, Paying};
use crate::contracts;
use crate::gas::{Meter, Op};
use crate::host::{Host, Stop};
use crate::limits::Limits;
use crate::ram_usage::{RamCharges, settle};
use crate::view::View;
use crate::{BlockContext, PushError, Refusal};

/// Longest description of an action in a failure's message, in characters.
const MAX_DESCRIPTION: usize = 100;
/// Longest reason in a failure's message, in characters.
const MAX_REASON: usize = 1_000;

/// The whole message of who used up its limit, as in IOST.
const OUT_OF_GAS: &str = "out of gas";

/// What became of a transaction.
pub(crate) struct Executed {
    pub(crate) receipt: Receipt,
    /// Gas that its publisher was charged, in hundredths.
    pub(crate) charged: u64,
}

/// Executes a transaction that may stand in the block; `meter` has counted what finding that out took. Its writes are
/// committed, or rolled back with a receipt that says why. In both cases its publisher is charged for the gas. A first
/// pledge that doesn't bring what it used is refused, and leaves nothing.
#[allow(clippy::too_many_arguments)] // What a block is made of; a struct would only repeat the builder.
pub(crate) fn execute(
    view: &mut View<'_>,
    ledger: &mut Ledger,
    ctx: &BlockContext<'_>,
    rules: &Rules,
    authority: &Authority,
    mut limits: Limits,
    tx: &CheckedTransaction,
    paying: Paying,
    meter: &mut Meter,
) -> Result<Executed, PushError> {
    let mut host = Host {
        view,
        ledger,
        authority,
        limits: &mut limits,
        meter: &mut *meter,
        rules,
        ctx,
        now_ms: ctx.time_ms,
        publisher: &tx.tx().publisher,
        receipts: Vec::new(),
        ram: RamCharges::default(),
        depth: 0,
    };
    let result = run(&mut host, tx);
    let receipts = std::mem::take(&mut host.receipts);
    let mut ram_usage = Vec::new();
    let (code, message, returns, receipts) = match result {
        Ok((returns, paid)) => {
            ram_usage = paid;
            (StatusCode::Success, String::new(), returns, receipts)
        }
        Err(failure) => {
            view.rollback();
            ledger.rollback();
            match failure.stop {
                Stop::Fatal(error) => return Err(error.into()),
                Stop::OutOfGas => {
                    let message = OUT_OF_GAS.to_owned();
                    (StatusCode::RuntimeError, message, Vec::new(), Vec::new())
                }
                Stop::RamNotEnough(reason) => {
                    let message = format!("balance not enough after executing actions: {reason}");
                    (StatusCode::BalanceNotEnough, message, Vec::new(), Vec::new())
                }
                Stop::Failed(ref reason) => {
                    let message = failure.message(reason);
                    (StatusCode::RuntimeError, message, Vec::new(), Vec::new())
                }
            }
        }
    };
    let gas_usage = meter.usage();
    let success = code == StatusCode::Success;
    let charged = charge(view, ctx, tx, gas_usage, paying, success).inspect_err(|_| {
        view.rollback();
        ledger.rollback();
    })?;
    view.commit();
    ledger.commit();
    let receipt = Receipt {
        tx_hash: *tx.hash(),
        gas_usage,
        ram_usage,
        status: Status {
            code,
            message: Text::new(message).unwrap_or_default(),
        },
        returns,
        receipts,
    };
    Ok(Executed { receipt, charged })
}

/// Takes the gas that a transaction used from its publisher.
fn charge(
    view: &mut View<'_>,
    ctx: &BlockContext<'_>,
    tx: &CheckedTransaction,
    gas_usage: i64,
    paying: Paying,
    success: bool,
) -> Result<u64, PushError> {
    let publisher = tx.tx().publisher.as_str();
    let Ok(account) = AccountName::any(publisher) else {
        return Err(Refusal::Publisher(publisher.to_owned()).into());
    };
    let usage = u64::try_from(gas_usage).unwrap_or(0);
    let paid = charge::pay(view, &account, &ctx.spec.parameters, ctx.time_ms, usage)?;
    if paying == Paying::FirstPledge && !(success && paid == usage) {
        return Err(charge::not_enough(publisher, paid, usage).into());
    }
    Ok(paid)
}

struct Failure<'a> {
    action: Option<&'a Action>,
    stop: Stop,
}

impl Failure<'_> {
    fn message(&self, reason: &str) -> String {
        let reason: String = reason.chars().take(MAX_REASON).collect();
        match self.action {
            Some(action) => format!("running action {} error: {reason}", describe(action)),
            None => reason,
        }
    }
}

/// An action as IOST shows it, cut. The line's end belongs to it, and is cut away with the rest.
fn describe(action: &Action) -> String {
    let text = format!(
        "Action{{Contract: {}, ActionName: {}, Data: {}}}\n",
        action.contract, action.name, action.data
    );
    match text.char_indices().nth(MAX_DESCRIPTION) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// What actions returned, one text each.
type Returns = Vec<Text<MAX_RECEIPT_TEXT>>;

/// Runs all actions, and lets RAM be paid.
fn run<'t>(
    host: &mut Host<'_, '_>,
    tx: &'t CheckedTransaction,
) -> Result<(Returns, Vec<RamUsage>), Failure<'t>> {
    let failure = |action, stop| Failure { action, stop };
    let mut returns = Vec::with_capacity(tx.tx().actions.len());
    for action in &tx.tx().actions {
        let returned = run_action(host, action).map_err(|stop| failure(Some(action), stop))?;
        returns.push(returned);
    }
    let paid = settle(host).map_err(|stop| failure(None, stop))?;
    Ok((returns, paid))
}

fn run_action(host: &mut Host<'_, '_>, action: &Action) -> Result<Text<MAX_RECEIPT_TEXT>, Stop> {
    let before = host.ledger.uncommitted();
    let returned = contracts::call(host, &action.contract, &action.name, &action.data)?;
    // Records of nodes are written at the block's end.
    let nodes = host.ledger.uncommitted().saturating_sub(before);
    host.charge(Op::Node, nodes as u64)?;
    host.charge(Op::Net, returned.len() as u64)?;
    host.charge(Op::Limit, host.limits.tokens())?;
    host.limits.verify().map_err(Stop::Failed)?;
    Text::new(returned).map_err(|error| Stop::Failed(error.to_string()))
}
