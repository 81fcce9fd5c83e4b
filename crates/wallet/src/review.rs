//! A transaction in words, before it is signed.

use credo_primitives::AccountName;

use crate::draft::{Basis, GAS_LIMIT_USER};
use crate::intent::Intent;

/// What a transaction does, in words. Every line is derived from the transaction's own intent, never from a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// "Send 12.5 IOST to harbor_cafe".
    pub title: String,
    /// Label and value.
    pub lines: Vec<(String, String)>,
    /// The verified block that it is based on.
    pub height: u64,
}

/// A whole number with commas: 84,912.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A duration as people say it: "7 days", "2 minutes".
fn duration(ms: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (86_400_000, "day"),
        (3_600_000, "hour"),
        (60_000, "minute"),
        (1_000, "second"),
    ];
    for (unit, name) in UNITS {
        if ms >= unit && ms.is_multiple_of(unit) || (unit == 1_000) {
            let n = ms.div_ceil(unit);
            return format!("{n} {name}{}", if n == 1 { "" } else { "s" });
        }
    }
    String::new()
}

pub(crate) fn review(intent: &Intent, basis: &Basis<'_>) -> Review {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut line = |label: &str, value: String| lines.push((label.to_owned(), value));
    let iost = |amount: &dyn core::fmt::Display| format!("{amount} IOST");
    let lock = duration(basis.vote_lock_ms);
    line("From", basis.account.to_string());
    match intent {
        Intent::Transfer { to, amount, memo } => {
            line("To", describe(to));
            line("Amount", iost(amount));
            if !memo.is_empty() {
                line("Memo", memo.clone());
            }
            line("Lock", "none; a final transfer can't be undone".into());
        }
        Intent::Vote { candidate, amount } => {
            line("For", candidate.to_string());
            line("Amount", iost(amount));
            line("Counts", "from the next round on".into());
            line("Lock", format!("until you take the vote back, then {lock} more"));
        }
        Intent::Unvote { candidate, amount } => {
            line("Away from", candidate.to_string());
            line("Amount", iost(amount));
            line(
                "Lock",
                format!("the tokens return {lock} after the block that takes it"),
            );
        }
        Intent::Move { from, to, amount } => {
            line("Away from", from.to_string());
            line("To", to.to_string());
            line("Amount", iost(amount));
            line("Lock", "stays as it is: moved votes remain locked".into());
        }
        Intent::SignUp { name, owner, active } => {
            line("Name", name.to_string());
            line("Owner key", owner.to_string());
            if active != owner {
                line("Active key", active.to_string());
            }
        }
    }
    line("Gas", format!("at most {}", grouped(GAS_LIMIT_USER)));
    line(
        "Valid",
        "90 seconds from signing; after that it can't happen any more".into(),
    );
    Review {
        title: intent.title(),
        lines,
        height: basis.height,
    }
}

fn describe(name: &AccountName) -> String {
    if name.is_contract() {
        format!("{name} (a contract)")
    } else {
        name.to_string()
    }
}
