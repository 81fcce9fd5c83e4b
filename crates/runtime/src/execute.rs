//! One transaction, whole or not at all.

use credo_pob::{Ledger, Rules};
use credo_primitives::receipt::MAX_RECEIPT_TEXT;
use credo_primitives::{Action, CheckedTransaction, Receipt, Status, StatusCode, Text};

use crate::authority::Authority;
use crate::contracts;
use crate::gas::Meter;
use crate::host::{Host, Stop};
use crate::limits::Limits;
use crate::view::View;
use crate::{BlockContext, RuntimeError};

/// Longest description of an action in a failure's message, in characters.
const MAX_DESCRIPTION: usize = 100;
/// Longest reason in a failure's message, in characters.
const MAX_REASON: usize = 1_000;

/// Executes a transaction that may stand in the block. Its writes are committed, or rolled back with a receipt that
/// says why; an error is the node's.
pub(crate) fn execute(
    view: &mut View<'_>,
    ledger: &mut Ledger,
    ctx: &BlockContext<'_>,
    rules: &Rules,
    authority: &Authority,
    mut limits: Limits,
    tx: &CheckedTransaction,
) -> Result<Receipt, RuntimeError> {
    let mut meter = Meter::new(tx.tx().gas_limit, tx.tx().gas_ratio);
    let mut host = Host {
        view,
        ledger,
        authority,
        limits: &mut limits,
        meter: &mut meter,
        rules,
        ctx,
        now_ms: ctx.time_ms,
        publisher: &tx.tx().publisher,
        receipts: Vec::new(),
    };
    let result = run(&mut host, tx);
    let receipts = std::mem::take(&mut host.receipts);
    let (code, message, returns, receipts) = match result {
        Ok(returns) => {
            view.commit();
            ledger.commit();
            (StatusCode::Success, String::new(), returns, receipts)
        }
        Err(failure) => {
            view.rollback();
            ledger.rollback();
            match failure.stop {
                Stop::Fatal(error) => return Err(error),
                Stop::OutOfGas => {
                    let message = failure.message("out of gas");
                    (StatusCode::RuntimeError, message, Vec::new(), Vec::new())
                }
                Stop::Failed(ref reason) => {
                    let message = failure.message(reason);
                    (StatusCode::RuntimeError, message, Vec::new(), Vec::new())
                }
            }
        }
    };
    Ok(Receipt {
        tx_hash: *tx.hash(),
        gas_usage: meter.usage(),
        ram_usage: Vec::new(),
        status: Status {
            code,
            message: Text::new(message).unwrap_or_default(),
        },
        returns,
        receipts,
    })
}

struct Failure<'a> {
    action: Option<&'a Action>,
    stop: Stop,
}

impl Failure<'_> {
    fn message(&self, reason: &str) -> String {
        let reason: String = reason.chars().take(MAX_REASON).collect();
        match self.action {
            Some(action) => format!("running action {}\n error: {reason}", describe(action)),
            None => reason,
        }
    }
}

fn describe(action: &Action) -> String {
    let text = format!(
        "Action{{Contract: {}, ActionName: {}, Data: {}}}",
        action.contract, action.name, action.data
    );
    match text.char_indices().nth(MAX_DESCRIPTION) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

fn run<'t>(
    host: &mut Host<'_, '_>,
    tx: &'t CheckedTransaction,
) -> Result<Vec<Text<MAX_RECEIPT_TEXT>>, Failure<'t>> {
    let failure = |action, stop| Failure { action, stop };
    host.meter
        .net(tx.bytes().len())
        .map_err(|gas| failure(None, gas.into()))?;
    let mut returns = Vec::with_capacity(tx.tx().actions.len());
    for action in &tx.tx().actions {
        let returned = run_action(host, action).map_err(|stop| failure(Some(action), stop))?;
        returns.push(returned);
    }
    Ok(returns)
}

fn run_action(host: &mut Host<'_, '_>, action: &Action) -> Result<Text<MAX_RECEIPT_TEXT>, Stop> {
    let returned = contracts::call(host, action)?;
    host.meter.net(returned.len())?;
    host.limits.verify().map_err(Stop::Failed)?;
    Text::new(returned).map_err(|error| Stop::Failed(error.to_string()))
}
