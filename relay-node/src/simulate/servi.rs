//! `simulate servi`.

use std::path::{Path, PathBuf};

use clap::Args;
use credo_primitives::Parameters;
use credo_primitives::certificate::MAX_COMMITTEE;

use super::error::SimulateError;
use super::ledger::LedgerRun;
use super::pool::{ChainPreset, Pool, PoolArgs, rounds_per_day};
use super::progress::Progress;
use super::report::{Report, Setting};
use super::run::{self, Counts, Plan};
use super::{capture_command, csv, human, json, paint, plots};

/// Most rounds of a run.
pub(super) const MAX_ROUNDS: u64 = 10_000_000;
/// Up to so many numbers the rounds stand in JSON without being asked for.
const FEW: u64 = 10_000;

/// Runs rounds of Servi with the chain's own ledger.
#[derive(Clone, Debug, Args)]
pub(super) struct ServiArgs {
    #[command(flatten)]
    pub(super) pool: PoolArgs,
    /// Whose parameters are taken.
    #[arg(long, value_name = "PRESET", default_value = "main")]
    pub(super) preset: ChainPreset,
    /// Seats of a committee; the preset's unless told.
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u32).range(1..=MAX_COMMITTEE as i64))]
    pub(super) seats: Option<u32>,
    /// Most Servi, as a multiple of all votes; the preset's unless told.
    #[arg(long, value_name = "TIMES", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(super) servi_cap: Option<u64>,
    /// Rounds.
    #[arg(long, value_name = "ROUNDS", conflicts_with = "days", value_parser = clap::value_parser!(u64).range(1..=MAX_ROUNDS))]
    rounds: Option<u64>,
    /// Days, in rounds of the preset's pace; one unless told.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(1..=3_650))]
    days: Option<u64>,
    /// Rounds that are run before the counting begins, so that nobody starts with nothing. (0; with --capture 4,320)
    #[arg(long, value_name = "ROUNDS", value_parser = clap::value_parser!(u64).range(..=MAX_ROUNDS))]
    pub(super) warm_up: Option<u64>,
    /// Lists every round with all Servi before and after it; what is small lists it anyway.
    #[arg(long)]
    every_round: bool,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// Writes plots into this folder: who sits when, seats against votes, producers per day.
    #[arg(long, value_name = "DIR")]
    svg: Option<PathBuf>,
    /// Writes each candidate's votes and seats into this file.
    #[arg(long, value_name = "FILE")]
    out_csv: Option<PathBuf>,
    /// Tells which share of the votes lets candidates that apply together hold a third and two thirds of the seats.
    #[arg(long, conflicts_with_all = ["rounds", "days", "every_round", "svg", "out_csv"])]
    capture: bool,
    #[command(flatten)]
    pub(super) entry: capture_command::CaptureArgs,
}

impl ServiArgs {
    /// The chain's parameters, with what the command line changes of them.
    pub(super) fn parameters(&self) -> Parameters {
        let preset = self.preset.parameters();
        Parameters {
            committee_size: self.seats.unwrap_or(preset.committee_size),
            servi_cap: self.servi_cap.unwrap_or(preset.servi_cap),
            ..preset
        }
    }
}

/// Runs what was asked for, writes the files, and gives what is to be printed.
pub(super) fn run(args: &ServiArgs) -> Result<String, SimulateError> {
    if args.capture {
        return capture_command::run(args);
    }
    let (pool, report, counts) = simulate(args)?;
    if let Some(path) = &args.out_csv {
        write(path, &csv::results(&report))?;
    }
    if let Some(directory) = &args.svg {
        std::fs::create_dir_all(directory).map_err(|error| SimulateError::Write {
            path: directory.clone(),
            error,
        })?;
        for (name, plot) in plots::all(&report, &counts.map) {
            write(&directory.join(format!("servi-{}-{name}.svg", pool.slug)), &plot)?;
        }
    }
    if args.json {
        json(&report)
    } else {
        Ok(human::report(&report, paint()))
    }
}

/// Runs the rounds.
pub(super) fn simulate(args: &ServiArgs) -> Result<(Pool, Report, Counts), SimulateError> {
    let parameters = args.parameters();
    let pool = args.pool.pool(&parameters)?;
    let votes = pool.votes();
    let day = rounds_per_day(&parameters);
    let rounds = match args.rounds {
        Some(rounds) => rounds,
        None => (args.days.unwrap_or(1) * day).min(MAX_ROUNDS),
    };
    let warm_up = args.warm_up.unwrap_or(0);
    let numbers = rounds.saturating_mul(votes.len() as u64);
    let plan = Plan {
        warm_up,
        rounds,
        day,
        detail: args.every_round || numbers <= FEW,
    };
    plan.check(votes.len())?;
    let mut ledger = LedgerRun::new(&votes, &parameters)?;
    let mut by_votes: Vec<usize> = (0..votes.len()).collect();
    by_votes.sort_by_key(|place| std::cmp::Reverse(votes[*place]));
    let least = ledger.least_votes();
    let mut progress = Progress::new("rounds", warm_up + rounds);
    let counts = run::run(&mut ledger, &plan, &by_votes, &mut progress);
    drop(progress);
    let setting = Setting {
        preset: args.preset.name(),
        pool: pool.source.clone(),
        candidates: votes.len(),
        total_votes: votes.iter().sum(),
        below_threshold: votes.iter().filter(|v| **v < least).count(),
        seats: parameters.committee_size as usize,
        servi_cap: parameters.servi_cap,
        warm_up,
        rounds,
        rounds_per_day: day,
    };
    let report = Report::new(setting, &pool, &counts);
    Ok((pool, report, counts))
}

fn write(path: &Path, text: &str) -> Result<(), SimulateError> {
    std::fs::write(path, text).map_err(|error| SimulateError::Write {
        path: path.to_owned(),
        error,
    })
}
