//! `simulate servi --capture`: several pools, a table and JSON.

use clap::Args;
use credo_primitives::Parameters;
use credo_primitives::certificate::MAX_COMMITTEE;
use serde::Serialize;

use super::capture::{self, Entry, Found, LOOKED_AT};
use super::error::SimulateError;
use super::human::{Paint, Table, grouped, percent};
use super::ledger::LedgerRun;
use super::pool::{Pool, rounds_per_day};
use super::progress::Progress;
use super::sample::{Distribution, SplitMix64};
use super::servi::ServiArgs;
use super::{json, paint};

/// Candidates of a random pool unless told.
const POOL: u32 = 1_200;
/// Rounds before the entry unless told: thirty days on main.
const WARM_UP: u64 = 4_320;
/// Shares that one pool takes, more or less; for the progress line.
const SHARES: u64 = 120;

/// How candidates enter together.
#[derive(Clone, Debug, Args)]
pub(super) struct CaptureArgs {
    /// With --capture: candidates that apply together.
    #[arg(long, value_name = "K", default_value_t = 17, value_parser = clap::value_parser!(u32).range(1..=MAX_COMMITTEE as i64))]
    entrants: u32,
    /// With --capture: pools of each distribution, with the seeds that follow --seed. Each is entered at another moment.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pools: u32,
    /// With --capture: rounds that are watched after the entry; seven days unless told.
    #[arg(long, value_name = "ROUNDS", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    horizon: Option<u64>,
}

/// How it was tried.
#[derive(Serialize)]
pub(super) struct Setting {
    preset: &'static str,
    seats: usize,
    servi_cap: u64,
    entrants: usize,
    horizon: u64,
    rounds_per_day: u64,
}

/// One pool's line.
#[derive(Serialize)]
pub(super) struct PoolFound {
    pool: String,
    seed: u64,
    candidates: usize,
    /// Rounds before the entry.
    pub(super) warm_up: u64,
    #[serde(flatten)]
    pub(super) found: Found,
}

/// All of it.
#[derive(Serialize)]
pub(super) struct Captures {
    setting: Setting,
    pub(super) pools: Vec<PoolFound>,
}

/// Searches all pools and gives what is to be printed.
pub(super) fn run(args: &ServiArgs) -> Result<String, SimulateError> {
    let captures = captures(args)?;
    if args.json {
        json(&captures)
    } else {
        Ok(table(&captures, paint()))
    }
}

/// The pools with their seeds: a given one once, random ones several times.
fn pools(args: &ServiArgs, parameters: &Parameters) -> Result<Vec<(u64, Pool)>, SimulateError> {
    let source = &args.pool;
    let seeds = (0..u64::from(args.entry.pools)).map(|i| source.seed.wrapping_add(i));
    if source.votes.is_some() || source.csv.is_some() {
        let pool = source.pool(parameters)?;
        return Ok(seeds.map(|seed| (seed, pool.clone())).collect());
    }
    let distributions = match source.distribution {
        Some(distribution) => vec![distribution],
        None => vec![Distribution::Equal, Distribution::Pareto],
    };
    let count = source.pool.unwrap_or(POOL) as usize;
    let mut pools = Vec::new();
    for distribution in distributions {
        let seeds = seeds.clone();
        pools.extend(seeds.map(|seed| (seed, source.random(distribution, seed, count, parameters))));
    }
    Ok(pools)
}

/// Searches all pools.
pub(super) fn captures(args: &ServiArgs) -> Result<Captures, SimulateError> {
    let parameters = args.parameters();
    let seats = parameters.committee_size as usize;
    let day = rounds_per_day(&parameters);
    let entry = Entry {
        entrants: args.entry.entrants as usize,
        horizon: args.entry.horizon.unwrap_or(7 * day),
        targets: capture::targets(seats),
    };
    let pools = pools(args, &parameters)?;
    let mut progress = Progress::new("shares of votes", SHARES * pools.len() as u64);
    let mut all = Vec::new();
    for (seed, pool) in pools {
        let votes = pool.votes();
        let mut ledger = LedgerRun::new(&votes, &parameters)?;
        // The moment of the entry is drawn, too: in equal pools it is all that a seed changes.
        let warm_up = args.warm_up.unwrap_or(WARM_UP) + SplitMix64::new(seed).next() % day;
        for _ in 0..warm_up {
            ledger.round();
        }
        let found = capture::search(&ledger, votes.iter().sum(), &entry, &mut progress)?;
        all.push(PoolFound {
            pool: pool.source,
            seed,
            candidates: votes.len(),
            warm_up,
            found,
        });
    }
    Ok(Captures {
        setting: Setting {
            preset: args.preset.name(),
            seats,
            servi_cap: parameters.servi_cap,
            entrants: entry.entrants,
            horizon: entry.horizon,
            rounds_per_day: day,
        },
        pools: all,
    })
}

/// Rounds as hours.
fn hours(rounds: u64, day: u64) -> String {
    format!("{:.1} h", rounds as f64 * 24.0 / day as f64)
}

fn table(captures: &Captures, paint: Paint) -> String {
    let setting = &captures.setting;
    let day = setting.rounds_per_day;
    let mut text = format!(
        "{}\n{} candidates apply together into a pool that has run for a while; watched for {} rounds ({}) \
         of {} seats ({})\n\n",
        paint.bold("Synchronous entry"),
        setting.entrants,
        grouped(setting.horizon),
        hours(setting.horizon, day),
        setting.seats,
        setting.preset
    );
    let targets: Vec<usize> = match captures.pools.first() {
        Some(pool) => pool.found.targets.iter().map(|t| t.seats).collect(),
        None => Vec::new(),
    };
    let mut head = vec!["pool".to_owned(), "entry".to_owned()];
    for seats in &targets {
        head.extend([
            format!("{seats} seats with"),
            "after".to_owned(),
            "always from".to_owned(),
        ]);
    }
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let mut lowest = Table::new(&head);
    for pool in &captures.pools {
        let mut row = vec![
            format!("{} × {}", grouped(pool.candidates as u64), pool.pool),
            format!("round {}", grouped(pool.warm_up)),
        ];
        for target in &pool.found.targets {
            match &target.lowest {
                Some(lowest) => {
                    let mark = if lowest.is_least { "≤ " } else { "" };
                    row.push(format!("{mark}{}", percent(lowest.share)));
                    row.push(hours(lowest.rounds, day));
                }
                None => row.extend(["never".to_owned(), String::new()]),
            }
            row.push(target.always_from.map_or_else(|| "–".into(), percent));
        }
        lowest.plain_row(row);
    }
    text.push_str(&lowest.text(&[0, 1], paint));
    if captures.pools.iter().any(|p| {
        p.found
            .targets
            .iter()
            .any(|t| t.lowest.as_ref().is_some_and(|l| l.is_least))
    }) {
        text.push_str(&paint.dim("≤: already with the least votes that applications need (P-10)\n"));
    }
    text.push_str("\nMost seats in one epoch, and when, with a share of the votes of\n");
    let head: Vec<String> = LOOKED_AT
        .iter()
        .map(|share| format!("{} %", *share as f64 / 10_000.0))
        .collect();
    let head: Vec<&str> = ["pool", "entry"]
        .into_iter()
        .chain(head.iter().map(String::as_str))
        .collect();
    let mut most = Table::new(&head);
    for pool in &captures.pools {
        let mut row = vec![
            format!("{} × {}", grouped(pool.candidates as u64), pool.pool),
            format!("round {}", grouped(pool.warm_up)),
        ];
        for share in LOOKED_AT {
            let share = share as f64 / 1_000_000.0;
            let trial = pool
                .found
                .trials
                .iter()
                .find(|trial| (trial.share - share).abs() < 1e-9);
            row.push(trial.map_or_else(
                || "–".into(),
                |trial| format!("{} ({})", trial.most, hours(trial.rounds, day)),
            ));
        }
        most.plain_row(row);
    }
    text.push_str(&most.text(&[0, 1], paint));
    text
}
