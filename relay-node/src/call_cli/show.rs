//! A transaction's receipt, as text for people and as JSON for programs.

use credo_light::Proved;
use credo_primitives::hash::digest_to_base58;
use credo_primitives::{Digest, Receipt, Transaction};
use serde_json::{Value, json};

use super::{Done, FAILED};
use crate::light_cli::follow::Follower;
use crate::light_cli::show::Shown;

/// Gas of a receipt as users see it.
fn gas(receipt: &Receipt) -> String {
    let (whole, rest) = (receipt.gas_usage / 100, receipt.gas_usage % 100);
    if rest == 0 {
        whole.to_string()
    } else {
        format!("{whole}.{rest:02}").trim_end_matches('0').to_owned()
    }
}

/// A final transaction.
pub(super) fn receipt(follower: &Follower, hash: &Digest, proved: &Proved<(Transaction, Receipt)>) -> Done {
    let (transaction, receipt) = &proved.value;
    let status = &receipt.status;
    let hash = digest_to_base58(hash);
    let entries: Vec<Value> = (receipt.receipts.iter())
        .map(|r| json!({ "name": r.func_name.as_str(), "content": r.content.as_str() }))
        .collect();
    let returns: Vec<&str> = receipt.returns.iter().map(|r| r.as_str()).collect();
    let json = json!({
        "transaction": hash,
        "status": "final",
        "success": receipt.is_success(),
        "code": status.code.name(),
        "message": status.message.as_str(),
        "publisher": transaction.publisher,
        "gas": gas(receipt),
        "returns": returns,
        "receipts": entries,
    });
    let outcome = if receipt.is_success() {
        "final, succeeded".to_owned()
    } else {
        format!("final, failed: {} {}", status.code.name(), status.message)
    };
    let mut lines = vec![
        ("transaction", hash.clone()),
        ("outcome", outcome),
        ("publisher", transaction.publisher.clone()),
        ("gas", gas(receipt)),
    ];
    let told = |text: &&&str| !matches!(**text, "[]" | "[\"\"]");
    lines.extend(
        returns
            .iter()
            .filter(told)
            .map(|text| ("returned", (*text).to_owned())),
    );
    lines.extend((receipt.receipts.iter()).map(|r| ("receipt", format!("{} {}", r.func_name, r.content))));
    let sentence = (!receipt.is_success()).then(|| format!("transaction {hash} failed: {}", status.message));
    Done {
        shown: Shown::new(follower, json, lines, Some(&proved.proof)),
        code: if receipt.is_success() { 0 } else { FAILED },
        sentence,
    }
}
