//! What Credo can do on this machine, measured in one run and printed as a table. `cargo xtask bench` builds it in
//! release and runs it. Nothing here decides anything: tests decide.

mod cpu;
mod latency;
mod page;
mod prices;
mod rounds;
mod starve;
mod throughput;
mod transports;
mod verification;

use anyhow::Result;

/// A line of the table.
struct Row {
    what: String,
    value: String,
    note: String,
}

impl Row {
    fn new(what: impl Into<String>, value: impl Into<String>, note: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            value: value.into(),
            note: note.into(),
        }
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((first, rest)) = arguments.split_first()
        && first == starve::ATTACK
    {
        return starve::attack(rest);
    }
    let is_said = |word: &str| std::env::args().any(|argument| argument == word);
    let native_only = is_said("--native");
    let mut rows = Vec::new();
    if is_said("--transports") {
        transports::measure(&mut rows)?;
        print_table(&rows);
        return Ok(());
    }
    if is_said("--starve") {
        starve::measure(&mut rows)?;
        print_table(&rows);
        return Ok(());
    }
    if is_said("--prices") || is_said("--write-prices") {
        prices::measure(is_said("--write-prices"), &mut rows)?;
        print_table(&rows);
        return Ok(());
    }
    verification::measure(&mut rows)?;
    rounds::measure(2_000, 200, &mut rows)?;
    throughput::measure(20, 1_300, &mut rows)?;
    latency::measure(60, &mut rows)?;
    if !native_only {
        page::weigh(&mut rows)?;
        page::load(&mut rows)?;
        transports::measure(&mut rows)?;
    }
    print_table(&rows);
    Ok(())
}

/// Prints the rows with their columns aligned.
#[allow(clippy::print_stdout)]
fn print_table(rows: &[Row]) {
    let width = |f: fn(&Row) -> &str| rows.iter().map(|r| f(r).chars().count()).max().unwrap_or(0);
    let (what, value) = (width(|r| &r.what), width(|r| &r.value));
    for row in rows {
        println!("{:what$}  {:>value$}  {}", row.what, row.value, row.note);
    }
}
