//! What Credo can do on this machine, measured in one run and printed as a table. `cargo xtask bench` builds it in
//! release and runs it. Nothing here decides anything: tests decide.

mod throughput;

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
    let mut rows = Vec::new();
    throughput::measure(20, 2_000, &mut rows)?;
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
