//! Whose votes are simulated: given ones, a file's, or a random pool's.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use credo_pob::MAX_CANDIDATES;
use credo_primitives::{Parameters, Preset};

use super::csv;
use super::error::SimulateError;
use super::ledger::{MAX_VOTES, checked_total, whole_votes};
use super::sample::{self, Distribution};

/// One who stands for election.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Nominee {
    /// Its name.
    pub(super) name: String,
    /// Whole votes.
    pub(super) votes: u64,
}

/// Which chain's numbers are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ChainPreset {
    /// 17 seats, 144 rounds a day.
    Main,
    /// 17 seats, 1,440 rounds a day.
    Test,
    /// 4 seats, 2,880 rounds a day.
    Devnet,
}

impl ChainPreset {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Test => "test",
            Self::Devnet => "devnet",
        }
    }

    pub(super) fn parameters(self) -> Parameters {
        Parameters::preset(match self {
            Self::Main => Preset::Main,
            Self::Test => Preset::Test,
            Self::Devnet => Preset::Devnet,
        })
    }
}

/// Rounds in a day, when every block comes in time.
pub(super) fn rounds_per_day(parameters: &Parameters) -> u64 {
    let epoch_ms = parameters.epoch_length.saturating_mul(parameters.slot_ms);
    (86_400_000 / epoch_ms.max(1)).max(1)
}

fn parse_votes(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("votes are whole numbers from 0 to {}", u64::MAX))
}

/// Where the votes come from.
#[derive(Clone, Debug, Args)]
pub(super) struct PoolArgs {
    /// The candidates' votes, in the order of candidacy; they are called A, B, C …
    #[arg(long, value_name = "VOTES", value_delimiter = ',', allow_hyphen_values = true, value_parser = parse_votes, conflicts_with_all = ["csv", "pool"])]
    pub(super) votes: Option<Vec<u64>>,
    /// A file with a line "name,votes" for each candidate, in the order of candidacy.
    #[arg(long, value_name = "FILE", conflicts_with = "pool")]
    pub(super) csv: Option<PathBuf>,
    /// So many candidates with random votes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MAX_CANDIDATES as i64))]
    pub(super) pool: Option<u32>,
    /// How a random pool's votes are distributed (equal unless told; --capture takes equal and pareto).
    #[arg(long, value_name = "NAME")]
    pub(super) distribution: Option<Distribution>,
    /// Pareto's exponent α × 100; at 116 a fifth has four fifths.
    #[arg(long, value_name = "PERCENT", default_value_t = 116, value_parser = clap::value_parser!(u32).range(101..=1_000))]
    pub(super) alpha_percent: u32,
    /// Which random pool; the same seed gives the same pool everywhere.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(super) seed: u64,
    /// All votes of a random pool; the preset's available votes unless told.
    #[arg(long, value_name = "VOTES")]
    pub(super) total_votes: Option<u64>,
}

/// Candidates, in the order of candidacy, and where they come from.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    /// The candidates.
    pub(super) nominees: Vec<Nominee>,
    /// In words.
    pub(super) source: String,
    /// In one word, for files' names.
    pub(super) slug: &'static str,
}

impl Pool {
    pub(super) fn votes(&self) -> Vec<u64> {
        self.nominees.iter().map(|n| n.votes).collect()
    }
}

impl PoolArgs {
    /// The pool that was asked for.
    pub(super) fn pool(&self, parameters: &Parameters) -> Result<Pool, SimulateError> {
        let pool = if let Some(votes) = &self.votes {
            if votes.len() > MAX_CANDIDATES {
                return Err(SimulateError::TooManyCandidates(votes.len()));
            }
            let nominees = votes.iter().enumerate();
            Pool {
                nominees: nominees
                    .map(|(i, votes)| Nominee {
                        name: letters(i),
                        votes: *votes,
                    })
                    .collect(),
                source: "given votes".into(),
                slug: "votes",
            }
        } else if let Some(path) = &self.csv {
            Pool {
                nominees: csv::read(path)?,
                source: path.display().to_string(),
                slug: "csv",
            }
        } else {
            let count = self.pool.ok_or(SimulateError::NoPool)? as usize;
            let distribution = self.distribution.unwrap_or(Distribution::Equal);
            self.random(distribution, self.seed, count, parameters)
        };
        if pool.nominees.is_empty() {
            return Err(SimulateError::NoCandidates);
        }
        checked_total(&pool.votes())?;
        Ok(pool)
    }

    /// A random pool.
    pub(super) fn random(
        &self,
        distribution: Distribution,
        seed: u64,
        count: usize,
        parameters: &Parameters,
    ) -> Pool {
        let available = whole_votes(parameters.available_votes);
        let total = self.total_votes.unwrap_or(available).min(MAX_VOTES);
        let votes = sample::votes(distribution, self.alpha_percent, seed, count, total);
        let width = count.to_string().len();
        let nominees = (1..).zip(votes).map(|(i, votes)| Nominee {
            name: format!("n{i:0width$}"),
            votes,
        });
        let alpha = (self.alpha_percent / 100, self.alpha_percent % 100);
        Pool {
            nominees: nominees.collect(),
            source: match distribution {
                Distribution::Equal => "equal votes".into(),
                Distribution::Pareto => {
                    format!("Pareto votes (α = {}.{:02}, seed {seed})", alpha.0, alpha.1)
                }
                Distribution::Uniform => format!("uniform votes (seed {seed})"),
            },
            slug: match distribution {
                Distribution::Equal => "equal",
                Distribution::Pareto => "pareto",
                Distribution::Uniform => "uniform",
            },
        }
    }
}

/// A, B, … Z, AA, AB, …
fn letters(place: usize) -> String {
    let mut left = place + 1;
    let mut name = Vec::new();
    while left > 0 {
        left -= 1;
        name.push((b'A' + (left % 26) as u8) as char);
        left /= 26;
    }
    name.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_on_after_z() {
        let names: Vec<String> = [0, 1, 25, 26, 51, 52, 701, 702].map(letters).into();
        assert_eq!(names, ["A", "B", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }

    #[test]
    fn presets_know_their_day() {
        let days = [ChainPreset::Main, ChainPreset::Test, ChainPreset::Devnet]
            .map(|preset| rounds_per_day(&preset.parameters()));
        assert_eq!(days, [144, 1_440, 2_880]);
    }
}
