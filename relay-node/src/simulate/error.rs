//! Why a simulation can't be run.

use std::path::PathBuf;

use credo_pob::{MAX_CANDIDATES, PobError};

use super::csv::MAX_CSV_BYTES;
use super::ledger::MAX_VOTES;
use super::run::MAX_DETAIL;

/// Why a simulation can't be run, in a sentence.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// Nobody's votes were given.
    #[error("say whose votes are simulated: --votes 10,8,5, --csv FILE or --pool N")]
    NoPool,
    /// A pool without a candidate.
    #[error("there is no candidate to elect")]
    NoCandidates,
    /// More nodes than the ledger registers.
    #[error("{0} candidates are more than the ledger registers: {MAX_CANDIDATES}")]
    TooManyCandidates(usize),
    /// More votes than tokens.
    #[error("the votes come to more than there can be: {MAX_VOTES}")]
    TooManyVotes,
    /// A pool that can't be captured, since it has no votes.
    #[error("a pool without votes can't be entered by a share of its votes")]
    NoVotes,
    /// Too many numbers.
    #[error(
        "every round of {rounds} with the Servi of {candidates} candidates is too much: \
         at most {MAX_DETAIL} numbers are kept; leave --every-round out or simulate fewer rounds"
    )]
    TooMuchDetail {
        /// Rounds asked for.
        rounds: u64,
        /// Candidates.
        candidates: usize,
    },
    /// A file that can't be read.
    #[error("{path} can't be read: {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file that can't be written.
    #[error("{path} can't be written: {error}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file that is too large.
    #[error("{0} is larger than {MAX_CSV_BYTES} bytes")]
    TooLarge(PathBuf),
    /// A line that can't be used.
    #[error("{path}, line {line}: {problem}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        problem: LineProblem,
    },
    /// What the ledger refused.
    #[error("the ledger refused: {0}")]
    Ledger(#[from] PobError),
    /// The result can't be printed.
    #[error("the result can't be printed: {0}")]
    Print(#[from] std::io::Error),
}

/// What is wrong with a line of a CSV file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// Bytes that are no text.
    #[error("the bytes are no UTF-8 text")]
    NotText,
    /// Not two fields.
    #[error("a line is name,votes; this one has {0} fields")]
    Fields(usize),
    /// A quote that doesn't end, or something behind it.
    #[error("the quotes around the name don't end before the comma")]
    Quotes,
    /// A name that can't be used.
    #[error("a name has 1 to {max} characters, none of them a control character", max = super::csv::MAX_NAME)]
    Name,
    /// A name that stands twice.
    #[error("the name {name:?} stands in line {first} already")]
    Twice {
        /// The name.
        name: String,
        /// Where it stands first.
        first: usize,
    },
    /// No number of votes.
    #[error("{0:?} is no whole number of votes")]
    Votes(String),
    /// One too many.
    #[error("this is one candidate more than the ledger registers: {MAX_CANDIDATES}")]
    TooMany,
}
