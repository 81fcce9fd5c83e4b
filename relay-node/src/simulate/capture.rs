//! What synchronous entry buys (P-44): candidates that apply together come to the top together.
//!
//! New candidates with equal votes apply in one epoch, into a pool that has run until its seats go round steadily. For
//! a share of all votes the ledger tells how many seats they hold at most in one epoch, and when. Whether they come to
//! hold a given number isn't monotone in the share: it depends on how the top of the pool looks in the epoch in which
//! they arrive. So two shares are told: the lowest at which it happened, found by walking a scale of shares upwards and
//! halving the first step in which it came about; and the share from which on it happened at each one walked.

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::SimulateError;
use super::ledger::LedgerRun;
use super::progress::Progress;

/// Shares are counted in millionths.
const WHOLE: u64 = 1_000_000;
/// The highest share that is tried: more than half of all votes needs no trick.
const HIGHEST: u64 = 500_000;
/// The scale's step: 5 % of the share.
const STEP: (u64, u64) = (21, 20);
/// How finely the lowest share is found, in millionths.
const PRECISION: u64 = 10;
/// Shares that are looked at in any case.
pub(super) const LOOKED_AT: [u64; 6] = [5_000, 10_000, 14_000, 20_000, 50_000, 100_000];

/// How the entry is tried.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// New candidates.
    pub(super) entrants: usize,
    /// Rounds that are watched after it.
    pub(super) horizon: u64,
    /// Numbers of seats that are looked for.
    pub(super) targets: Vec<usize>,
}

/// What one share of the votes came to.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Trial {
    /// Part of all votes.
    pub(super) share: f64,
    /// Most seats of one epoch.
    pub(super) most: usize,
    /// The first epoch with them, counted from the first round after the application.
    pub(super) rounds: u64,
    /// In which round a number of seats or more was held the first time, by the number.
    #[serde(skip)]
    first: Vec<Option<u64>>,
}

/// What it takes for a number of seats.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Target {
    /// Seats of one epoch.
    pub(super) seats: usize,
    /// The lowest share of all votes with which they were held; none if no share did.
    pub(super) lowest: Option<Lowest>,
    /// The share from which on every share that was tried did.
    pub(super) always_from: Option<f64>,
}

/// The lowest share for a number of seats.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Lowest {
    /// Part of all votes.
    pub(super) share: f64,
    /// Rounds after the application.
    pub(super) rounds: u64,
    /// The ledger lets nobody apply with less (P-10).
    pub(super) is_least: bool,
}

/// What was found for a pool.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Found {
    /// By number of seats.
    pub(super) targets: Vec<Target>,
    /// All shares that were tried, lowest first.
    pub(super) trials: Vec<Trial>,
}

/// A pool in its steady state, and what was tried on it.
struct Search<'a> {
    pool: &'a LedgerRun,
    votes: u64,
    entry: &'a Entry,
    tried: BTreeMap<u64, Trial>,
    progress: &'a mut Progress,
}

/// Looks for the lowest shares. `votes` are the pool's.
pub(super) fn search(
    pool: &LedgerRun,
    votes: u64,
    entry: &Entry,
    progress: &mut Progress,
) -> Result<Found, SimulateError> {
    if votes == 0 {
        return Err(SimulateError::NoVotes);
    }
    let mut search = Search {
        pool,
        votes,
        entry,
        tried: BTreeMap::new(),
        progress,
    };
    let least = search.least_share();
    let mut scale = vec![least];
    scale.extend(LOOKED_AT);
    let mut share = least;
    while share < HIGHEST {
        share = (share * STEP.0 / STEP.1).max(share + 1).min(HIGHEST);
        scale.push(share);
    }
    scale.retain(|share| *share >= least);
    scale.sort_unstable();
    scale.dedup();
    for share in &scale {
        search.try_share(*share)?;
    }
    for seats in &entry.targets {
        search.refine(*seats, &scale)?;
    }
    let targets = entry.targets.iter();
    Ok(Found {
        targets: targets.map(|seats| search.target(*seats, &scale)).collect(),
        trials: search.tried.into_values().collect(),
    })
}

impl Search<'_> {
    /// Votes of each entrant, so that all of them have `share` of all votes afterwards.
    fn votes_of(&self, share: u64) -> u64 {
        let together = u128::from(self.votes) * u128::from(share) / u128::from(WHOLE - share);
        // Under a share of one half this is no more than the pool's votes.
        (together / self.entry.entrants as u128) as u64
    }

    /// The lowest share with which all may apply.
    fn least_share(&self) -> u64 {
        let (mut low, mut high) = (0, HIGHEST);
        while low < high {
            let middle = (low + high) / 2;
            if self.votes_of(middle) >= self.pool.least_votes() {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        high
    }

    /// Lets the entrants apply with this share and watches.
    fn try_share(&mut self, share: u64) -> Result<&Trial, SimulateError> {
        if !self.tried.contains_key(&share) {
            let trial = self.watch(share)?;
            self.tried.insert(share, trial);
            self.progress.step();
        }
        Ok(&self.tried[&share])
    }

    fn watch(&self, share: u64) -> Result<Trial, SimulateError> {
        let mut run = self.pool.clone();
        let first_place = run.candidates();
        run.join(&vec![self.votes_of(share); self.entry.entrants])?;
        let mut trial = Trial {
            share: share as f64 / WHOLE as f64,
            most: 0,
            rounds: 0,
            first: vec![None; self.entry.entrants + 1],
        };
        for round in 1..=self.entry.horizon {
            let elected = run.round();
            let held = elected.iter().filter(|seat| seat.place >= first_place).count();
            if held > trial.most {
                trial.first[trial.most + 1..=held].fill(Some(round));
                (trial.most, trial.rounds) = (held, round);
                // More than all of them, or than all seats, can't be.
                if held == self.entry.entrants || held == elected.len() {
                    break;
                }
            }
        }
        Ok(trial)
    }

    fn holds(&mut self, share: u64, seats: usize) -> Result<bool, SimulateError> {
        Ok(self.try_share(share)?.most >= seats)
    }

    /// Halves the first step of the scale in which the seats come to be held.
    fn refine(&mut self, seats: usize, scale: &[u64]) -> Result<(), SimulateError> {
        let mut low = None;
        for share in scale {
            if self.holds(*share, seats)? {
                let (mut low, mut high) = (low.unwrap_or(*share), *share);
                while high - low > PRECISION {
                    let middle = (low + high) / 2;
                    if self.holds(middle, seats)? {
                        high = middle;
                    } else {
                        low = middle;
                    }
                }
                return Ok(());
            }
            low = Some(*share);
        }
        Ok(())
    }

    /// What all that was tried says of a number of seats.
    fn target(&self, seats: usize, scale: &[u64]) -> Target {
        let held = |trial: &Trial| trial.first.get(seats).copied().flatten();
        let mut lowest = self.tried.iter().filter_map(|(share, trial)| {
            held(trial).map(|rounds| Lowest {
                share: trial.share,
                rounds,
                is_least: scale.first() == Some(share),
            })
        });
        let failed = self.tried.iter().rev().find(|(_, trial)| held(trial).is_none());
        let mut above = scale
            .iter()
            .filter(|share| failed.is_none_or(|(failed, _)| *share > failed));
        Target {
            seats,
            lowest: lowest.next(),
            always_from: above.next().map(|share| *share as f64 / WHOLE as f64),
        }
    }
}

/// The seats that stop a committee, and those that sign for it: more than a third, and all but a third.
pub(super) fn targets(seats: usize) -> Vec<usize> {
    let faulty = seats.saturating_sub(1) / 3;
    let mut targets = vec![faulty + 1, seats - faulty];
    targets.dedup();
    targets
}
