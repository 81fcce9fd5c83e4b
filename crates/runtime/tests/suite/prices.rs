//! The docs' table of prices is the code's.

use credo_runtime::Op;

/// The table that `cargo xtask bench --prices` writes: a row for each kind of work that is charged, with its price, none more
/// than five times over the mean.
#[test]
fn every_price_stands_in_the_docs_with_what_was_measured() {
    let docs = include_str!("../../../../docs/gas.md");
    let rows: Vec<Vec<&str>> = docs
        .lines()
        .skip_while(|line| !line.starts_with("<!-- prices -->"))
        .take_while(|line| !line.starts_with("<!-- end -->"))
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    for op in Op::ALL {
        let row = rows.iter().find(|row| row[0] == op.name());
        let row = row.unwrap_or_else(|| panic!("{} has no row in docs/gas.md", op.name()));
        let price = op.price();
        let shown = if price.per == 1 {
            price.gas.to_string()
        } else {
            format!("{} / {}", price.gas, price.per)
        };
        assert_eq!(row[1].replace(',', ""), shown, "the price of {}", op.name());
        let ratio: f64 = row[4].parse().unwrap();
        assert!(
            ratio > 0.0 && ratio <= 5.0,
            "{} is {ratio} times the mean",
            op.name()
        );
    }
    assert_eq!(rows.len(), Op::ALL.len(), "a row of what isn't charged any more");
}
