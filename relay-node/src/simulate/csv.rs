//! CSV in (a pool's names and votes) and out (each candidate's seats).

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use credo_pob::MAX_CANDIDATES;

use super::error::{LineProblem, SimulateError};
use super::pool::Nominee;
use super::report::Report;

/// Largest file that is read.
pub(super) const MAX_CSV_BYTES: u64 = 4 * 1024 * 1024;
/// Longest name, in characters.
pub(super) const MAX_NAME: usize = 64;

/// Reads `name,votes` lines. A first line whose second field is the word `votes` is a header; empty lines count for
/// nothing.
pub(super) fn read(path: &Path) -> Result<Vec<Nominee>, SimulateError> {
    let failed = |error| SimulateError::Read {
        path: path.to_owned(),
        error,
    };
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    // One byte more tells a file that is too large from one that just fits.
    file.take(MAX_CSV_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_CSV_BYTES {
        return Err(SimulateError::TooLarge(path.to_owned()));
    }
    parse(&bytes).map_err(|(line, problem)| SimulateError::Line {
        path: path.to_owned(),
        line,
        problem,
    })
}

/// The nominees, or the line that can't be used and why.
fn parse(bytes: &[u8]) -> Result<Vec<Nominee>, (usize, LineProblem)> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let (mut nominees, mut seen) = (Vec::new(), HashMap::new());
    let mut header_may_come = true;
    for (number, line) in (1..).zip(bytes.split(|b| *b == b'\n')) {
        let refuse = |problem| (number, problem);
        let line = std::str::from_utf8(line).map_err(|_| refuse(LineProblem::NotText))?;
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let (name, votes) = fields(line).map_err(refuse)?;
        if std::mem::take(&mut header_may_come) && votes.eq_ignore_ascii_case("votes") {
            continue;
        }
        let length = name.chars().count();
        if length == 0 || length > MAX_NAME || name.chars().any(char::is_control) {
            return Err(refuse(LineProblem::Name));
        }
        // `parse` alone would take a plus sign.
        let digits = votes.bytes().all(|b| b.is_ascii_digit());
        let votes = votes.parse().ok().filter(|_| digits);
        let votes = votes.ok_or_else(|| refuse(LineProblem::Votes(shortened(line))))?;
        if nominees.len() == MAX_CANDIDATES {
            return Err(refuse(LineProblem::TooMany));
        }
        if let Some(first) = seen.insert(name.clone(), number) {
            return Err(refuse(LineProblem::Twice { name, first }));
        }
        nominees.push(Nominee { name, votes });
    }
    Ok(nominees)
}

/// What of a line's last field an error shows.
fn shortened(line: &str) -> String {
    let field = line.rsplit(',').next().unwrap_or(line).trim();
    field.chars().take(MAX_NAME).collect()
}

/// The two fields of a line; the name may stand in quotes, doubled within.
fn fields(line: &str) -> Result<(String, &str), LineProblem> {
    let (name, rest) = match line.strip_prefix('"') {
        Some(quoted) => unquote(quoted)?,
        None => match line.split_once(',') {
            Some((name, rest)) => (name.trim().to_owned(), rest),
            None => return Err(LineProblem::Fields(1)),
        },
    };
    let more = rest.matches(',').count();
    if more > 0 {
        return Err(LineProblem::Fields(2 + more));
    }
    Ok((name, rest.trim()))
}

/// The name up to the closing quote, and what follows the comma behind it.
fn unquote(quoted: &str) -> Result<(String, &str), LineProblem> {
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let (part, after) = rest.split_once('"').ok_or(LineProblem::Quotes)?;
        name.push_str(part);
        if let Some(more) = after.strip_prefix('"') {
            name.push('"');
            rest = more;
            continue;
        }
        return match after.trim_start().strip_prefix(',') {
            Some(votes) => Ok((name, votes)),
            None if after.trim().is_empty() => Err(LineProblem::Fields(1)),
            None => Err(LineProblem::Quotes),
        };
    }
}

/// One line for each candidate, with a header.
pub(super) fn results(report: &Report) -> String {
    let mut text = String::from("name,votes,seats,votes_share,seats_share,expected_seats\n");
    for line in &report.candidates {
        let name = if line.name.contains(['"', ',']) {
            format!("\"{}\"", line.name.replace('"', "\"\""))
        } else {
            line.name.clone()
        };
        text.push_str(&format!(
            "{name},{},{},{:.9},{:.9},{:.3}\n",
            line.votes, line.seats, line.votes_share, line.seats_share, line.expected_seats
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let (line, problem) = parse(text.as_bytes()).unwrap_err();
        format!("{line}: {problem}")
    }

    fn read_back(text: &str) -> Vec<(String, u64)> {
        let nominees = parse(text.as_bytes()).unwrap();
        nominees.into_iter().map(|n| (n.name, n.votes)).collect()
    }

    #[test]
    fn names_and_votes_are_read_with_and_without_a_header() {
        let expected = vec![("A".to_owned(), 10), ("B".to_owned(), 0)];
        assert_eq!(read_back("A,10\nB,0\n"), expected);
        assert_eq!(read_back("\u{feff}Name,Votes\r\n\r\n A , 10 \r\nB,0"), expected);
        let quoted = read_back("\"a, \"\"b\"\"\",7\n");
        assert_eq!(quoted, [("a, \"b\"".to_owned(), 7)]);
        assert_eq!(read_back("\n"), []);
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        assert_eq!(
            refused("A,1\n\nB"),
            "3: a line is name,votes; this one has 1 fields"
        );
        assert_eq!(refused("A,1,2"), "1: a line is name,votes; this one has 3 fields");
        assert_eq!(refused("A,1\nB,x"), "2: \"x\" is no whole number of votes");
        assert_eq!(refused("A,+1"), "1: \"+1\" is no whole number of votes");
        assert_eq!(refused("A,-1"), "1: \"-1\" is no whole number of votes");
        assert_eq!(refused("A,1.5"), "1: \"1.5\" is no whole number of votes");
        assert_eq!(refused("A,"), "1: \"\" is no whole number of votes");
        assert_eq!(
            refused("A,18446744073709551616"),
            "1: \"18446744073709551616\" is no whole number of votes"
        );
        assert_eq!(
            refused("A,1\nname,votes"),
            "2: \"votes\" is no whole number of votes"
        );
        assert_eq!(
            refused("A,1\nB,2\nA,3"),
            "3: the name \"A\" stands in line 1 already"
        );
        assert_eq!(
            refused(",1"),
            "1: a name has 1 to 64 characters, none of them a control character"
        );
        assert_eq!(
            refused("a\u{7}b,1"),
            "1: a name has 1 to 64 characters, none of them a control character"
        );
        assert_eq!(
            refused("\"A,1"),
            "1: the quotes around the name don't end before the comma"
        );
        assert_eq!(
            parse(b"A,1\n\xff,2"),
            Err((2, LineProblem::NotText)),
            "untrusted bytes don't end the program"
        );
    }

    #[test]
    fn more_lines_than_the_ledger_registers_are_refused() {
        let text: String = (0..=MAX_CANDIDATES).map(|i| format!("n{i},1\n")).collect();
        assert_eq!(
            parse(text.as_bytes()).unwrap_err(),
            (MAX_CANDIDATES + 1, LineProblem::TooMany)
        );
    }

    #[test]
    fn a_file_that_is_too_large_or_missing_is_refused_with_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pool.csv");
        let missing = read(&path).unwrap_err().to_string();
        assert!(missing.contains("pool.csv can't be read: "), "{missing}");
        std::fs::write(&path, vec![b'\n'; MAX_CSV_BYTES as usize + 1]).unwrap();
        let large = read(&path).unwrap_err().to_string();
        assert!(
            large.ends_with("pool.csv is larger than 4194304 bytes"),
            "{large}"
        );
        std::fs::write(&path, "A,1\nB;2\n").unwrap();
        let line = read(&path).unwrap_err().to_string();
        assert!(
            line.ends_with("pool.csv, line 2: a line is name,votes; this one has 1 fields"),
            "{line}"
        );
    }
}
