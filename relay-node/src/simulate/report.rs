//! What a run came to, in numbers. Floating point describes results here; the ledger never sees it.

use serde::Serialize;

use super::pool::Pool;
use super::run::{Counts, RoundRecord};

/// One candidate's line.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Line {
    /// Its name.
    pub(super) name: String,
    /// Whole votes.
    pub(super) votes: u64,
    /// Seats held.
    pub(super) seats: u64,
    /// Part of all votes.
    pub(super) votes_share: f64,
    /// Part of all seats.
    pub(super) seats_share: f64,
    /// Seats in proportion to the votes, at most one a round ([`expected`]).
    pub(super) expected_seats: f64,
}

/// Distinct producers of whole days; of the one short day when there is no whole one.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Producers {
    /// Of each day, a short last day included.
    pub(super) per_day: Vec<u32>,
    /// Least of a day.
    pub(super) least: u32,
    /// Mean.
    pub(super) mean: f64,
    /// Most of a day.
    pub(super) most: u32,
}

/// Least, mean and most seats of a candidate.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Seats {
    /// Least.
    pub(super) least: u64,
    /// Mean.
    pub(super) mean: f64,
    /// Most.
    pub(super) most: u64,
}

/// How far seats are from votes.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Proportion {
    /// One seat's share of all seats: more than this nobody can hold.
    pub(super) ceiling: f64,
    /// Candidates with a larger share of the votes than the ceiling.
    pub(super) above_ceiling: usize,
    /// Share of seats for each share of votes below the ceiling: 1, or more when what lies above the ceiling is lost to
    /// those who have it; 0 when all sit always.
    pub(super) slope: f64,
    /// Half the sum of all differences between share of seats and share of votes.
    pub(super) moved: f64,
    /// Largest difference between seats and expected seats, in seats.
    pub(super) largest_deviation: f64,
    /// Whose.
    pub(super) largest_deviation_of: String,
}

/// A round, as it is printed.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RoundLine {
    /// Counted from 1.
    pub(super) round: u64,
    /// The epoch whose committee it elected.
    pub(super) epoch: u64,
    /// Servi before the election, in the order of the candidates.
    pub(super) servi_before: Vec<u64>,
    /// The elected, by rank.
    pub(super) committee: Vec<String>,
    /// Servi after the election.
    pub(super) servi_after: Vec<u64>,
}

/// What was run.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Setting {
    /// The preset.
    pub(super) preset: &'static str,
    /// Where the votes come from.
    pub(super) pool: String,
    /// Candidates.
    pub(super) candidates: usize,
    /// All votes.
    pub(super) total_votes: u64,
    /// Candidates without more votes than an application needs (P-10).
    pub(super) below_threshold: usize,
    /// Seats of a committee.
    pub(super) seats: usize,
    /// Most Servi, as a multiple of all votes.
    pub(super) servi_cap: u64,
    /// Rounds before the counting began.
    pub(super) warm_up: u64,
    /// Rounds counted.
    pub(super) rounds: u64,
    /// Rounds in a day.
    pub(super) rounds_per_day: u64,
}

/// All of it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    /// What was run.
    pub(super) setting: Setting,
    /// Distinct producers.
    pub(super) producers: Producers,
    /// Seats of a candidate.
    pub(super) seats: Seats,
    /// Seats against votes.
    pub(super) proportion: Proportion,
    /// Every candidate, in the order of candidacy.
    pub(super) candidates: Vec<Line>,
    /// Every round, when kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rounds: Option<Vec<RoundLine>>,
}

/// Seats that candidates hold in the long run, in the same order, and the slope below the ceiling.
///
/// Whoever has more votes than the price of a seat sits always; the others hold the remaining seats in proportion to
/// their votes. So the price is what makes the seats come out: the Σ of min(votes ÷ price, 1) is the number of seats.
pub(super) fn expected(votes: &[u64], seats: usize, rounds: u64) -> (Vec<f64>, f64) {
    let rounds = rounds as f64;
    if votes.len() <= seats {
        return (vec![rounds; votes.len()], 0.0);
    }
    let total: u128 = votes.iter().map(|v| u128::from(*v)).sum();
    let mut sorted = votes.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let (mut rest, mut always) = (total, 0);
    while always < seats {
        let next = u128::from(sorted[always]);
        if next * (seats - always) as u128 <= rest {
            break;
        }
        rest -= next;
        always += 1;
    }
    let left = (seats - always) as f64;
    let price = rest as f64 / left;
    if total == 0 || rest == 0 || left == 0.0 {
        let threshold = always.checked_sub(1).map_or(u64::MAX, |last| sorted[last]);
        let sits = |v: &u64| if *v >= threshold { rounds } else { 0.0 };
        return (votes.iter().map(sits).collect(), 0.0);
    }
    let part = |v: &u64| (*v as f64 / price).min(1.0) * rounds;
    let slope = total as f64 / seats as f64 / price;
    (votes.iter().map(part).collect(), slope)
}

impl Report {
    pub(super) fn new(setting: Setting, pool: &Pool, counts: &Counts) -> Self {
        let votes = pool.votes();
        let (expected, slope) = expected(&votes, setting.seats, counts.rounds);
        let all_votes = setting.total_votes.max(1) as f64;
        let all_seats = counts.seats.iter().sum::<u64>().max(1) as f64;
        let lines = pool.nominees.iter().zip(&counts.seats).zip(expected);
        let candidates: Vec<Line> = lines
            .map(|((nominee, seats), expected_seats)| Line {
                name: nominee.name.clone(),
                votes: nominee.votes,
                seats: *seats,
                votes_share: nominee.votes as f64 / all_votes,
                seats_share: *seats as f64 / all_seats,
                expected_seats,
            })
            .collect();
        Self {
            producers: Producers::of(counts.days.clone(), counts.rounds, setting.rounds_per_day),
            seats: Seats {
                least: counts.seats.iter().min().copied().unwrap_or(0),
                mean: all_seats / candidates.len().max(1) as f64,
                most: counts.seats.iter().max().copied().unwrap_or(0),
            },
            proportion: Proportion::of(&candidates, setting.seats, slope),
            rounds: counts.detail.as_ref().map(|detail| {
                let rounds = (1..).zip(detail);
                rounds
                    .map(|(number, record)| RoundLine::of(number, record, pool))
                    .collect()
            }),
            candidates,
            setting,
        }
    }
}

impl Producers {
    fn of(per_day: Vec<u32>, rounds: u64, day: u64) -> Self {
        let whole = (rounds / day).max(1) as usize;
        let days = &per_day[..whole.min(per_day.len())];
        let sum: u64 = days.iter().map(|d| u64::from(*d)).sum();
        Self {
            least: days.iter().min().copied().unwrap_or(0),
            mean: sum as f64 / days.len().max(1) as f64,
            most: days.iter().max().copied().unwrap_or(0),
            per_day,
        }
    }
}

impl Proportion {
    fn of(candidates: &[Line], seats: usize, slope: f64) -> Self {
        let ceiling = 1.0 / seats.max(1) as f64;
        let off = |line: &Line| (line.seats as f64 - line.expected_seats).abs();
        let worst = candidates.iter().max_by(|a, b| off(a).total_cmp(&off(b)));
        Self {
            ceiling,
            above_ceiling: candidates.iter().filter(|c| c.votes_share > ceiling).count(),
            slope,
            moved: candidates
                .iter()
                .map(|c| (c.seats_share - c.votes_share).abs())
                .sum::<f64>()
                / 2.0,
            largest_deviation: worst.map_or(0.0, off),
            largest_deviation_of: worst.map_or_else(String::new, |line| line.name.clone()),
        }
    }
}

impl RoundLine {
    fn of(round: u64, record: &RoundRecord, pool: &Pool) -> Self {
        let name = |place: usize| pool.nominees[place].name.clone();
        Self {
            round,
            epoch: record.epoch,
            servi_before: record.before.clone(),
            committee: record.committee.iter().copied().map(name).collect(),
            servi_after: record.after.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_share_out_what_lies_above_the_ceiling() {
        let (seats, slope) = expected(&[10, 10, 10, 10], 2, 100);
        assert_eq!((seats, slope), (vec![50.0; 4], 1.0));
        // A sits always; B and C share the other seat 2 : 1, three halves of their votes' share of two seats.
        let (seats, slope) = expected(&[6, 2, 1], 2, 90);
        assert_eq!((seats, slope), (vec![90.0, 60.0, 30.0], 1.5));
        let (seats, _) = expected(&[5, 4], 17, 10);
        assert_eq!(seats, [10.0, 10.0], "fewer candidates than seats");
        let (seats, _) = expected(&[5, 0], 2, 10);
        assert_eq!(seats, [10.0, 10.0], "whoever stands is elected then");
        let (seats, _) = expected(&[5, 0, 0], 1, 10);
        assert_eq!(seats, [10.0, 0.0, 0.0]);
        let all: f64 = expected(&[9, 7, 5, 3, 2, 1, 1], 3, 1_000).0.iter().sum();
        assert!((all - 3_000.0).abs() < 1e-6);
    }
}
