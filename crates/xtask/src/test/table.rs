//! The table at the end, and its last line.

use std::time::Duration;

use crate::progress::took;

/// How a step went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Well.
    Passed,
    /// Not well.
    Failed,
    /// It couldn't run, because of another; that is a failure, too.
    Blocked(String),
}

/// A step in the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The step's name.
    pub(crate) name: String,
    /// How it went.
    pub(crate) outcome: Outcome,
    /// Tests that passed and failed, if it ran tests.
    pub(crate) tests: Option<(u64, u64)>,
    /// How long it took.
    pub(crate) took: Duration,
}

/// The table, and whether all is well. The last line counts every test once, and a step without tests as one.
pub(crate) fn render(rows: &[Row], total: Duration) -> (String, bool) {
    let (mut passed, mut failed) = (0, 0);
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    let mut text = String::from("\n");
    for row in rows {
        let (word, note) = match &row.outcome {
            Outcome::Passed => (console::style("passed").green(), String::new()),
            Outcome::Failed => (console::style("failed").red(), String::new()),
            Outcome::Blocked(by) => (console::style("failed").red(), format!("  not run: {by}")),
        };
        let good = row.outcome == Outcome::Passed;
        let tests = match row.tests {
            Some((yes, 0)) => format!("{yes} tests"),
            Some((yes, no)) => format!("{yes} tests, {no} failed"),
            None => String::new(),
        };
        let (yes, no) = row.tests.unwrap_or((u64::from(good), 0));
        passed += yes;
        // A step can fail with all its tests passed: a program that crashed, a test program that wasn't built.
        failed += if good { no } else { no.max(1) };
        let line = format!(
            "  {:width$}  {word}  {:>12}  {tests}{note}",
            row.name,
            took(row.took)
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str(&format!(
        "\n  in {}\n\n{passed} passed, {failed} failed",
        took(total)
    ));
    (text, failed == 0 && !rows.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(outcome: Outcome, tests: Option<(u64, u64)>) -> Row {
        Row {
            name: "step".into(),
            outcome,
            tests,
            took: Duration::from_secs(1),
        }
    }

    fn last(rows: &[Row]) -> (String, bool) {
        let (text, good) = render(rows, Duration::ZERO);
        (text.lines().last().unwrap().to_owned(), good)
    }

    #[test]
    fn every_test_counts_once_and_a_check_as_one() {
        let rows = [row(Outcome::Passed, None), row(Outcome::Passed, Some((12, 0)))];
        assert_eq!(last(&rows), ("13 passed, 0 failed".into(), true));
    }

    #[test]
    fn what_failed_or_could_not_run_is_a_failure() {
        let rows = [
            row(Outcome::Failed, Some((5, 2))),
            row(Outcome::Blocked("the build".into()), None),
        ];
        assert_eq!(last(&rows), ("5 passed, 3 failed".into(), false));
        assert_eq!(
            last(&[row(Outcome::Failed, Some((5, 0)))]),
            ("5 passed, 1 failed".into(), false)
        );
    }

    #[test]
    fn nothing_run_is_not_good() {
        assert!(!last(&[]).1);
    }
}
