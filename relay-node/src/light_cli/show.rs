//! What was verified, as text for people and as JSON for programs; both carry what proved it.

use std::io::{self, Write as _};

use credo_light::{Anchor, LightClient, ProofInfo, Proved, TransactionStatus, VerifiedHead};
use credo_primitives::hash::digest_to_base58;
use credo_primitives::spec::consensus_key;
use credo_primitives::{Digest, Receipt, Transaction};
use serde_json::{Value, json};

use super::Failure;
use super::follow::Follower;

/// An answer, ready to be printed.
pub(crate) struct Shown {
    pub(crate) json: Value,
    lines: Vec<(String, String)>,
    pub(crate) table: Option<Table>,
    /// True when a line's value is only what a relay claims.
    claimed: bool,
    /// What was asked for isn't there.
    pub(crate) missing: Option<String>,
}

/// Rows under headings.
pub(crate) struct Table {
    pub(crate) head: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";
const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

impl Shown {
    pub(crate) fn new(
        follower: &Follower,
        mut json: Value,
        lines: Vec<(&str, String)>,
        proof: Option<&ProofInfo>,
    ) -> Self {
        let mut lines: Vec<(String, String)> = lines.into_iter().map(|(l, v)| (l.to_owned(), v)).collect();
        if let Value::Object(object) = &mut json {
            object.insert("spec".into(), json!(follower.spec_hash()));
            object.insert(
                "relays".into(),
                json!({ "asked": follower.relays(), "agreeing": follower.agreeing() }),
            );
            let problems: Vec<Value> = (follower.problems().iter())
                .map(|(address, problem)| json!({ "address": address, "problem": problem }))
                .collect();
            if !problems.is_empty() {
                object.insert("problems".into(), problems.into());
            }
            if let Some(reason) = follower.stale() {
                object.insert("stale".into(), json!(reason));
            }
            if let Some(proof) = proof {
                object.insert("proof".into(), proof_json(proof));
            }
        }
        if let Some(proof) = proof {
            let text = format!(
                "block {} of epoch {}, {} of {} signatures, {}",
                proof.height,
                proof.epoch,
                proof.signatures,
                proof.seats,
                date(proof.time_ms)
            );
            lines.push(("proved by".into(), text));
        }
        if let Some(reason) = follower.stale() {
            lines.push(("stale".into(), reason));
        }
        if follower.relays() > 1 {
            let text = format!("{} of {} relays agree", follower.agreeing(), follower.relays());
            lines.push(("cross-check".into(), text));
        }
        for (address, problem) in follower.problems() {
            lines.push(("left out".into(), format!("{address}: {problem}")));
        }
        Self {
            claimed: proof.is_none(),
            json,
            lines,
            table: None,
            missing: None,
        }
    }

    /// The chain's identity was learnt at first use.
    pub(crate) fn learnt(&mut self) {
        if let Value::Object(object) = &mut self.json {
            object.insert("trust".into(), json!("first use"));
        }
    }

    pub(crate) fn print_json(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, &self.json)?;
        writeln!(out)
    }

    pub(crate) fn print(&self, colour: bool) -> io::Result<()> {
        let paint = |code: &'static str| if colour { code } else { "" };
        let mut out = io::stdout().lock();
        if let Some(table) = &self.table {
            table.print(&mut out, paint(DIM), paint(PLAIN))?;
            writeln!(out)?;
        }
        let width = self.lines.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        for (label, value) in &self.lines {
            let (mark, code) = match label.as_str() {
                "proved by" => ("✓ ", GREEN),
                "left out" | "stale" => ("! ", YELLOW),
                _ if self.claimed => ("? ", YELLOW),
                _ => ("  ", PLAIN),
            };
            writeln!(
                out,
                "{}{mark}{label:<width$}{}  {}",
                paint(code),
                paint(PLAIN),
                visible(value, width + 4)
            )?;
        }
        Ok(())
    }
}

impl Table {
    fn print(&self, out: &mut impl io::Write, dim: &str, plain: &str) -> io::Result<()> {
        let width = |n: usize| {
            let cells = self.rows.iter().map(|row| row[n].chars().count());
            cells.chain([self.head[n].len()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
        let line = |cells: &mut dyn Iterator<Item = (&str, bool)>| -> String {
            let cells = cells.zip(&widths).map(|((cell, right), &width)| {
                if right {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:<width$}")
                }
            });
            cells.collect::<Vec<_>>().join("  ")
        };
        let right = |n: usize| self.rows.iter().all(|row| number(&row[n]));
        let head = line(&mut self.head.iter().enumerate().map(|(n, text)| (*text, right(n))));
        writeln!(out, "{dim}{}{plain}", head.trim_end())?;
        for row in &self.rows {
            let text = line(&mut row.iter().enumerate().map(|(n, text)| (text.as_str(), right(n))));
            writeln!(out, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

/// What others wrote, for a terminal: their control characters can neither move the cursor nor pass for lines of ours.
/// The lines of a text that has several begin at `indent`.
pub(crate) fn visible(text: &str, indent: usize) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.trim_end().chars() {
        match c {
            '\n' => shown.extend(std::iter::once('\n').chain(std::iter::repeat_n(' ', indent))),
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

/// A failure as JSON, so that a program needs to read only one stream.
pub(crate) fn print_error(failure: &Failure) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let body = json!({ "error": failure.to_string(), "code": failure.exit_code() });
    serde_json::to_writer_pretty(&mut out, &body)?;
    writeln!(out)
}

fn proof_json(proof: &ProofInfo) -> Value {
    json!({
        "block": proof.height,
        "epoch": proof.epoch,
        "digest": proof.digest.to_string(),
        "time_ms": proof.time_ms,
        "signatures": proof.signatures,
        "seats": proof.seats,
    })
}

/// Days since 1970 to year, month, day (Howard Hinnant's civil_from_days).
pub(crate) fn date(ms: u64) -> String {
    let seconds = ms / 1_000;
    let days = (seconds / 86_400) as i64 + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let part = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * part + 2) / 5 + 1;
    let month = if part < 10 { part + 3 } else { part - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let rest = seconds % 86_400;
    format!(
        "{year}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
        rest / 3_600,
        rest / 60 % 60,
        rest % 60
    )
}

/// Units of 10⁻⁸ as decimal text.
pub(crate) fn decimal(units: u128) -> String {
    const UNIT: u128 = 100_000_000;
    let (whole, fraction) = (units / UNIT, units % UNIT);
    if fraction == 0 {
        return whole.to_string();
    }
    format!("{whole}.{}", format!("{fraction:08}").trim_end_matches('0'))
}

fn verified(follower: &Follower) -> Result<(&LightClient, &VerifiedHead), Failure> {
    let client = follower.client();
    client
        .and_then(|client| Some((client, client.head()?)))
        .ok_or_else(|| Failure::Other("no head is verified yet".into()))
}

fn anchor(client: &LightClient) -> String {
    match client.anchor() {
        Anchor::Genesis => "genesis".into(),
        Anchor::Checkpoint { epoch } => format!("a checkpoint of epoch {epoch}"),
    }
}

pub(crate) fn head(follower: &Follower) -> Result<Shown, Failure> {
    let (client, head) = verified(follower)?;
    let (header, proof) = (head.header(), head.proof());
    let spec = client.spec();
    let json = json!({
        "chain": spec.name.as_str(),
        "devnet": spec.is_devnet(),
        "height": header.height,
        "epoch": header.epoch,
        "view": header.view,
        "digest": head.digest.to_string(),
        "state_root": header.state.root.to_string(),
        "time_ms": header.time_ms,
        "proposer": consensus_key::to_base58(&header.proposer),
        "msb": header.msb.map(|d| d.to_string()),
        "hand_overs": client.hand_overs_verified(),
        "anchor": anchor(client),
        "code": client.code(),
    });
    let lines = vec![
        ("chain", format!("{} ({})", spec.name, follower.spec_hash())),
        ("height", header.height.to_string()),
        ("epoch", header.epoch.to_string()),
        ("block", head.digest.to_string()),
        ("proposer", consensus_key::to_base58(&header.proposer)),
        ("time", date(header.time_ms)),
        ("anchored in", anchor(client)),
        ("hand-overs", client.hand_overs_verified().to_string()),
        ("code", client.code()),
    ];
    Ok(Shown::new(follower, json, lines, Some(&proof)))
}

pub(crate) fn hand_overs(follower: &Follower) -> Result<Shown, Failure> {
    let (client, head) = verified(follower)?;
    let newest = client.newest_epoch();
    let keys: Vec<String> = client
        .committee(newest)
        .map(|committee| committee.keys().iter().map(consensus_key::to_base58).collect())
        .unwrap_or_default();
    let ms = u64::try_from(follower.synchronised.as_millis()).unwrap_or(u64::MAX);
    let json = json!({
        "verified": client.hand_overs_verified(),
        "anchor": anchor(client),
        "epoch": newest,
        "msb": client.msb().to_string(),
        "committee": keys,
        "code": client.code(),
        "ms": ms,
    });
    let mut lines = vec![
        (
            "hand-overs",
            format!(
                "{} verified, from {} on, in {ms} ms with dialing",
                client.hand_overs_verified(),
                anchor(client)
            ),
        ),
        ("epoch", newest.to_string()),
        ("last MSB", client.msb().to_string()),
        ("code", client.code()),
    ];
    lines.extend(keys.into_iter().map(|key| ("seat", key)));
    Ok(Shown::new(follower, json, lines, Some(&head.proof())))
}

pub(crate) fn transaction(
    follower: &Follower,
    hash: &Digest,
    proved: &Proved<(Transaction, Receipt)>,
) -> Shown {
    let (transaction, receipt) = &proved.value;
    let status = &receipt.status;
    let actions: Vec<Value> = (transaction.actions.iter())
        .map(|a| json!({ "contract": a.contract, "action": a.name, "data": a.data }))
        .collect();
    let json = json!({
        "transaction": digest_to_base58(hash),
        "status": "final",
        "success": receipt.is_success(),
        "code": status.code.name(),
        "message": status.message.as_str(),
        "publisher": transaction.publisher,
        "actions": actions,
        "gas": receipt.gas_usage as f64 / 100.0,
    });
    let outcome = if receipt.is_success() {
        "final, succeeded".to_owned()
    } else {
        format!("final, failed: {} {}", status.code.name(), status.message)
    };
    let mut lines = vec![
        ("transaction", digest_to_base58(hash)),
        ("outcome", outcome),
        ("publisher", transaction.publisher.clone()),
    ];
    lines.extend(
        transaction
            .actions
            .iter()
            .map(|a| ("action", format!("{}/{} {}", a.contract, a.name, a.data))),
    );
    Shown::new(follower, json, lines, Some(&proved.proof))
}

/// What a relay only claims.
pub(crate) fn unproved_transaction(follower: &Follower, hash: &Digest, status: &TransactionStatus) -> Shown {
    let text = digest_to_base58(hash);
    let (word, sentence) = match status {
        TransactionStatus::Pending => ("pending", "waits in the relay's pool (claimed)".to_owned()),
        TransactionStatus::Believable { height } => (
            "believable",
            format!("is in block {height}, which isn't final yet (claimed)"),
        ),
        TransactionStatus::Unknown | TransactionStatus::Final(_) => {
            ("unknown", "isn't known to the relay (claimed)".to_owned())
        }
    };
    let json = json!({ "transaction": text, "status": word, "claimed": true });
    let lines = vec![("transaction", text.clone()), ("claimed", sentence.clone())];
    let mut shown = Shown::new(follower, json, lines, None);
    if word == "unknown" {
        shown.missing = Some(format!("transaction {text} {sentence}"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_amounts_read_as_people_write_them() {
        assert_eq!(date(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(951_827_696_000), "2000-02-29 12:34:56 UTC");
        assert_eq!(date(1_795_392_000_000), "2026-11-23 00:00:00 UTC");
        assert_eq!(decimal(0), "0");
        assert_eq!(decimal(1), "0.00000001");
        assert_eq!(decimal(1_250_000_000), "12.5");
    }
}
