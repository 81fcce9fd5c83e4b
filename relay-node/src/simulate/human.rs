//! What a run came to, for people.

use std::fmt::Write as _;

use super::report::{Line, Report, RoundLine};

/// Candidates whose Servi is shown round by round.
const WIDE: usize = 12;
/// Rounds that are shown one by one.
const LONG: usize = 100;
/// Candidates in the table.
const SHOWN: usize = 20;

const BOLD: &str = "\u{1b}[1m";
const GREEN: &str = "\u{1b}[32m";
const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// Colours, or nothing in their stead.
#[derive(Clone, Copy)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    fn wrap(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("{code}{text}{PLAIN}")
        } else {
            text.to_owned()
        }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.wrap(BOLD, text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.wrap(DIM, text)
    }

    fn green(self, text: &str) -> String {
        self.wrap(GREEN, text)
    }
}

/// A table whose columns are aligned before they are coloured.
pub(super) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<(String, bool)>>,
}

impl Table {
    pub(super) fn new(head: &[&str]) -> Self {
        Self {
            head: head.iter().map(|h| (*h).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// A row; marked cells are shown in green.
    pub(super) fn row(&mut self, cells: Vec<(String, bool)>) {
        self.rows.push(cells);
    }

    pub(super) fn plain_row(&mut self, cells: Vec<String>) {
        self.row(cells.into_iter().map(|cell| (cell, false)).collect());
    }

    /// The columns `left` are words, which stand left; numbers stand right.
    pub(super) fn text(&self, left: &[usize], paint: Paint) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            let cells = cells.map(|(cell, _)| cell.chars().count());
            cells
                .chain([self.head[column].chars().count()])
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let aligned = |column: usize, cell: &str| {
            let width = widths[column];
            if left.contains(&column) {
                format!("{cell:<width$}")
            } else {
                format!("{cell:>width$}")
            }
        };
        let head: Vec<String> = (0..self.head.len()).map(|i| aligned(i, &self.head[i])).collect();
        let mut text = paint.dim(head.join("  ").trim_end());
        text.push('\n');
        for row in &self.rows {
            let cells = row.iter().enumerate().map(|(column, (cell, marked))| {
                let cell = aligned(column, cell);
                if *marked { paint.green(&cell) } else { cell }
            });
            let line = cells.collect::<Vec<_>>().join("  ");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// A number with commas between its thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share in percent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.3} %", share * 100.0)
}

/// The whole report.
pub(super) fn report(report: &Report, paint: Paint) -> String {
    let mut text = heading(report, paint);
    if let Some(rounds) = &report.rounds
        && report.candidates.len() <= WIDE
        && rounds.len() <= LONG
    {
        text.push('\n');
        text.push_str(&each_round(report, rounds, paint));
    }
    text.push('\n');
    text.push_str(&candidates(report, paint));
    text.push('\n');
    text.push_str(&summary(report, paint));
    text
}

fn heading(report: &Report, paint: Paint) -> String {
    let setting = &report.setting;
    let mut text = format!(
        "{}\n{} candidates with {} votes ({}), {} seats, {} rounds",
        paint.bold("Servi rounds"),
        grouped(setting.candidates as u64),
        grouped(setting.total_votes),
        setting.pool,
        setting.seats,
        grouped(setting.rounds),
    );
    if setting.warm_up > 0 {
        add(
            &mut text,
            format_args!(" after {} that don't count", grouped(setting.warm_up)),
        );
    }
    add(
        &mut text,
        format_args!(
            "\n{} rounds a day ({}); no Servi above {} × all votes\n",
            grouped(setting.rounds_per_day),
            setting.preset,
            setting.servi_cap
        ),
    );
    text
}

/// Servi before the election, and what was left of it for the elected.
fn each_round(report: &Report, rounds: &[RoundLine], paint: Paint) -> String {
    let names = report.candidates.iter().map(|c| c.name.as_str());
    let head: Vec<&str> = ["round", "committee"].into_iter().chain(names.clone()).collect();
    let mut table = Table::new(&head);
    for round in rounds {
        let mut row = vec![
            (round.round.to_string(), false),
            (round.committee.join(" "), false),
        ];
        for (place, name) in names.clone().enumerate() {
            let (before, after) = (round.servi_before[place], round.servi_after[place]);
            if round.committee.iter().any(|elected| elected == name) {
                row.push((format!("{before}→{after}"), true));
            } else {
                row.push((before.to_string(), false));
            }
        }
        table.row(row);
    }
    table.text(&[1], paint)
}

fn candidates(report: &Report, paint: Paint) -> String {
    let mut lines: Vec<&Line> = report.candidates.iter().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.votes));
    let head = [
        "candidate",
        "votes",
        "of all votes",
        "seats",
        "of all seats",
        "in proportion",
    ];
    let mut table = Table::new(&head);
    for line in lines.iter().take(SHOWN) {
        table.plain_row(vec![
            line.name.clone(),
            grouped(line.votes),
            percent(line.votes_share),
            grouped(line.seats),
            percent(line.seats_share),
            format!("{:.1}", line.expected_seats),
        ]);
    }
    let mut text = table.text(&[0], paint);
    if lines.len() > SHOWN {
        let more = format!(
            "… and {} more: --out-csv FILE has them all\n",
            grouped((lines.len() - SHOWN) as u64)
        );
        text.push_str(&paint.dim(&more));
    }
    text
}

fn summary(report: &Report, paint: Paint) -> String {
    let (producers, seats, proportion) = (&report.producers, &report.seats, &report.proportion);
    let mut lines = vec![
        (
            "distinct producers a day",
            format!(
                "least {}, mean {:.1}, most {}",
                grouped(u64::from(producers.least)),
                producers.mean,
                grouped(u64::from(producers.most))
            ),
        ),
        (
            "seats of a candidate",
            format!(
                "least {}, mean {:.1}, most {}",
                grouped(seats.least),
                seats.mean,
                grouped(seats.most)
            ),
        ),
        (
            "one seat's share",
            format!(
                "{}; candidates with more of the votes: {}",
                percent(proportion.ceiling),
                grouped(proportion.above_ceiling as u64)
            ),
        ),
        (
            "below one seat's share",
            format!(
                "seats = {:.3} × votes; farthest off is {}, by {:.1} seats",
                proportion.slope, proportion.largest_deviation_of, proportion.largest_deviation
            ),
        ),
        (
            "seats against votes",
            format!(
                "{} of the seats are held by others than the votes alone would have",
                percent(proportion.moved)
            ),
        ),
    ];
    if report.setting.below_threshold > 0 {
        lines.push((
            "under the threshold",
            format!(
                "{} couldn't apply with these votes (P-10); falling under it later costs nothing",
                grouped(report.setting.below_threshold as u64)
            ),
        ));
    }
    let width = lines.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (label, value) in lines {
        add(
            &mut text,
            format_args!("{}  {value}\n", paint.dim(&format!("{label:<width$}"))),
        );
    }
    text
}

/// Appends to a string.
fn add(text: &mut String, what: std::fmt::Arguments<'_>) {
    let written = text.write_fmt(what);
    debug_assert!(written.is_ok(), "a string takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_told_apart() {
        let texts = [0, 999, 1_000, 21_000_000_000].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "21,000,000,000"]);
    }

    #[test]
    fn tables_are_aligned_with_and_without_colour() {
        let mut table = Table::new(&["who", "n"]);
        table.row(vec![("A".into(), false), ("10→5".into(), true)]);
        table.plain_row(vec!["long".into(), "7".into()]);
        assert_eq!(
            table.text(&[0], Paint(false)),
            "who      n\nA     10→5\nlong     7\n"
        );
        assert!(table.text(&[0], Paint(true)).contains("\u{1b}[32m10→5\u{1b}[0m"));
    }
}
