//! Runs rounds and counts who sat.

use super::error::SimulateError;
use super::ledger::LedgerRun;
use super::map::SeatMap;
use super::progress::Progress;

/// Most numbers of Servi that are kept of single rounds, before and after counted once each.
pub(super) const MAX_DETAIL: u64 = 20_000_000;

/// What one round came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RoundRecord {
    /// The epoch whose committee it elected.
    pub(super) epoch: u64,
    /// Servi before the election, by place.
    pub(super) before: Vec<u64>,
    /// The elected by rank, by place.
    pub(super) committee: Vec<usize>,
    /// Servi after the election, by place.
    pub(super) after: Vec<u64>,
}

/// Counts of a run; its size doesn't grow with the rounds, unless each was asked for.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    /// Rounds counted.
    pub(super) rounds: u64,
    /// Seats held, by place.
    pub(super) seats: Vec<u64>,
    /// Distinct producers of each day; the last day may be shorter.
    pub(super) days: Vec<u32>,
    /// Who sat when, in the first day.
    pub(super) map: SeatMap,
    /// Every round, when asked for.
    pub(super) detail: Option<Vec<RoundRecord>>,
}

/// How long, and what to keep.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Rounds before the counting begins.
    pub(super) warm_up: u64,
    /// Rounds counted.
    pub(super) rounds: u64,
    /// Rounds in a day.
    pub(super) day: u64,
    /// Keep every round.
    pub(super) detail: bool,
}

impl Plan {
    /// Refuses to keep more than fits.
    pub(super) fn check(&self, candidates: usize) -> Result<(), SimulateError> {
        let numbers = self.rounds.saturating_mul(candidates as u64).saturating_mul(2);
        if self.detail && numbers > MAX_DETAIL {
            return Err(SimulateError::TooMuchDetail {
                rounds: self.rounds,
                candidates,
            });
        }
        Ok(())
    }
}

/// Runs the plan on a ledger. `by_votes` are the places by votes, most first, for the map.
pub(super) fn run(
    ledger: &mut LedgerRun,
    plan: &Plan,
    by_votes: &[usize],
    progress: &mut Progress,
) -> Counts {
    let candidates = by_votes.len();
    for _ in 0..plan.warm_up {
        ledger.round();
        progress.step();
    }
    let mut counts = Counts {
        rounds: plan.rounds,
        seats: vec![0; candidates],
        days: Vec::new(),
        map: SeatMap::new(by_votes, plan.rounds.min(plan.day)),
        detail: plan.detail.then(Vec::new),
    };
    // The day in which a candidate sat the last time, counted from 1.
    let mut seen = vec![0u64; candidates];
    for round in 0..plan.rounds {
        let epoch = ledger.next_epoch();
        let elected = ledger.round();
        let day = round / plan.day + 1;
        if counts.days.len() as u64 != day {
            counts.days.push(0);
        }
        for seat in &elected {
            counts.seats[seat.place] += 1;
            counts.map.mark(seat.place, round);
            if seen[seat.place] != day {
                seen[seat.place] = day;
                if let Some(today) = counts.days.last_mut() {
                    *today += 1;
                }
            }
        }
        if let Some(detail) = &mut counts.detail {
            let after = ledger.servi();
            // Only the elected paid.
            let mut before = after.clone();
            elected.iter().for_each(|seat| before[seat.place] = seat.servi);
            detail.push(RoundRecord {
                epoch,
                before,
                committee: elected.iter().map(|seat| seat.place).collect(),
                after,
            });
        }
        progress.step();
    }
    counts
}
