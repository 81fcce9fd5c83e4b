//! What each kind of work that is charged takes at its worst, against its price in gas: the table of `docs/gas.md`.
//!
//! A row is the difference of two blocks, one with much of a kind of work and one without it, divided by the difference of
//! their gas. Measured is one validator's path: decode and check the transaction, execute, stage the new root, commit
//! durably; on a store with 120,000 entries besides. Of several rounds the median counts: other programs may run.

mod chain;
mod scenes;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use credo_primitives::{Parameters, Preset};
use credo_runtime::Op;

use crate::Row;
use chain::Chain;

/// Rounds of each scene; the first warms the caches and doesn't count.
const ROUNDS: usize = 8;
/// Where the table stands, between two marks.
const DOCS: &str = "docs/gas.md";
const BEGIN: &str = "<!-- prices -->";
const END: &str = "<!-- end -->";

/// What one kind of work was measured to take.
struct Measured {
    op: Op,
    scene: &'static str,
    ns_per_gas: f64,
}

/// Measures all prices, and writes the table into the docs when that is asked for.
pub(crate) fn measure(write: bool, rows: &mut Vec<Row>) -> Result<()> {
    let mut found = chain::run()?;
    let missing = Op::ALL.iter().find(|op| !found.iter().any(|row| row.op == **op));
    ensure!(missing.is_none(), "no scene measures {missing:?}");
    found.sort_by_key(|row| row.op);
    let mean = found.iter().map(|row| row.ns_per_gas).sum::<f64>() / found.len() as f64;
    let worst = found.iter().map(|row| row.ns_per_gas).fold(0.0, f64::max);
    for row in &found {
        rows.push(Row::new(
            row.op.name(),
            format!("{:.2} ns/gas", row.ns_per_gas),
            format!("{:.2} of the mean; {}", row.ns_per_gas / mean, row.scene),
        ));
    }
    rows.push(Row::new("mean", format!("{mean:.2} ns/gas"), ""));
    let main = Parameters::preset(Preset::Main);
    for (what, gas) in [
        ("the worst transaction", main.tx_gas_limit),
        ("the worst check that nobody pays", main.check_gas_limit),
        ("the worst block", main.block_gas()),
    ] {
        let ms = gas as f64 * worst / 1e6;
        rows.push(Row::new(
            what,
            format!("{ms:.1} ms"),
            format!("{gas} gas at {worst:.2} ns"),
        ));
    }
    if write {
        write_table(Path::new(DOCS), &table(&found, mean))?;
    }
    Ok(())
}

/// Measures all scenes on a chain.
async fn scenes_on(chain: &mut Chain<'_>) -> Result<Vec<Measured>> {
    let mut found = Vec::new();
    for scene in scenes::all(&chain.evidence()?) {
        found.push(one(chain, scene).await?);
    }
    Ok(found)
}

/// The difference that a kind of work makes.
async fn one(chain: &mut Chain<'_>, scene: scenes::Scene) -> Result<Measured> {
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let without = chain.block(&(scene.without)(round)).await?;
        let with = chain.block(&(scene.with)(round)).await?;
        // What was meant to be measured has happened.
        ensure!(
            with.failure.is_some() == scene.fails,
            "{}: {:?}",
            scene.op.name(),
            with.failure
        );
        let (units, less) = (with.work.units(scene.op), without.work.units(scene.op));
        ensure!(
            units > less && with.gas > without.gas,
            "{} isn't in its scene",
            scene.op.name()
        );
        let ns = with.time.as_nanos() as f64 - without.time.as_nanos() as f64;
        rounds.push(ns / (with.gas - without.gas) as f64);
    }
    rounds.remove(0);
    rounds.sort_by(f64::total_cmp);
    Ok(Measured {
        op: scene.op,
        scene: scene.what,
        // Less than can be told from nothing is shown as that.
        ns_per_gas: rounds[rounds.len() / 2].max(0.01),
    })
}

fn table(found: &[Measured], mean: f64) -> String {
    let mut text = String::from(
        "| work | gas | ns for its gas | ns per gas | ratio to the mean | measured with |\n|---|---|---|---|---|---|\n",
    );
    for row in found {
        let price = row.op.price();
        let gas = if price.per == 1 {
            thousands(price.gas)
        } else {
            format!("{} / {}", thousands(price.gas), price.per)
        };
        let ratio = (row.ns_per_gas / mean).max(0.01);
        let _ = writeln!(
            text,
            "| {} | {gas} | {} | {:.2} | {ratio:.2} | {} |",
            row.op.name(),
            thousands((price.gas as f64 * row.ns_per_gas) as u64),
            row.ns_per_gas,
            row.scene,
        );
    }
    let _ = writeln!(text, "\nMean: {mean:.2} ns per gas.");
    text
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn write_table(path: &Path, table: &str) -> Result<()> {
    let docs = fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
    let (before, rest) = docs
        .split_once(BEGIN)
        .context("the docs have no place for the table")?;
    let (_, after) = rest.split_once(END).context("the docs' table has no end")?;
    fs::write(path, format!("{before}{BEGIN}\n{table}{END}{after}"))?;
    Ok(())
}
