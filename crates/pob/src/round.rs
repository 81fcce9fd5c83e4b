//! P-11: the round, run once per epoch and once at genesis.

use std::cmp::Ordering;

use credo_primitives::spec::Parameters;
use credo_primitives::{AccountName, Amount};

use crate::{Candidate, CandidateStatus, Candidates, Round, Seat};

/// The numbers that the ledger needs of the chain's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Votes that an application must exceed.
    pub threshold: Amount,
    /// Largest Servi balance, as a multiple of the total votes cast.
    pub servi_cap: u64,
    /// Seats.
    pub committee_size: usize,
}

impl Rules {
    /// The ledger's part of a chain's parameters. An integer exceeds a fraction just when it exceeds the fraction
    /// rounded down, so nothing is lost by rounding the threshold.
    pub fn of(parameters: &Parameters) -> Self {
        let threshold = parameters
            .candidacy_threshold
            .of(parameters.available_votes.units());
        Self {
            threshold: Amount::from_units(threshold).unwrap_or(Amount::MAX),
            servi_cap: parameters.servi_cap,
            committee_size: parameters.committee_size as usize,
        }
    }
}

/// More Servi first, then the earlier candidacy.
fn rank(a: &Candidate, b: &Candidate) -> Ordering {
    b.servi.cmp(&a.servi).then(a.order.cmp(&b.order))
}

/// Runs the round that elects the committee of `epoch` (P-11). `previous` is the election before it, if any; without
/// a single candidate its committee stays (P-13), and without `previous` either, the round has no seats.
pub fn run_round(candidates: &mut Candidates, previous: Option<&Round>, epoch: u64, rules: &Rules) -> Round {
    // P-11.1 and P-11.2
    let total = candidates.total_votes();
    let cap = total.saturating_mul(u128::from(rules.servi_cap));
    let standing = |c: &Candidate| c.status == CandidateStatus::Candidate;
    for candidate in candidates.list.iter_mut().filter(|c| standing(c)) {
        let earned = candidate
            .servi
            .saturating_add(u128::from(candidate.votes.units()));
        candidate.servi = earned.min(cap);
    }
    // P-11.3: removals by P-14 to P-16 follow later and have their place here.
    // P-11.4: only the elected need an order among themselves, so the rest is never sorted.
    let list = &candidates.list;
    let mut ranked: Vec<usize> = (0..list.len()).filter(|i| standing(&list[*i])).collect();
    let by_rank = |a: &usize, b: &usize| rank(&list[*a], &list[*b]);
    let seats = rules.committee_size.min(ranked.len());
    if seats > 0 && seats < ranked.len() {
        ranked.select_nth_unstable_by(seats - 1, by_rank);
        ranked.truncate(seats);
    }
    ranked.sort_unstable_by(by_rank);
    // P-11.5
    let price = ranked.last().map_or(0, |last| list[*last].servi);
    let mut elected = Vec::with_capacity(ranked.len());
    for place in ranked {
        let candidate = &mut candidates.list[place];
        elected.push(Seat {
            account: candidate.account.clone(),
            key: candidate.key.clone(),
            servi: candidate.servi,
        });
        candidate.servi -= price;
    }
    if elected.is_empty() {
        elected = previous.map_or_else(Vec::new, |round| staying(candidates, round));
    }
    Round {
        epoch,
        seats: elected,
        total_votes: u64::try_from(total)
            .ok()
            .and_then(Amount::from_units)
            .unwrap_or(Amount::MAX),
        previous: previous.map_or_else(Vec::new, sitting),
    }
}

/// P-13: the sitting committee's seats, which cost nothing.
fn staying(candidates: &Candidates, round: &Round) -> Vec<Seat> {
    let servi = |account| candidates.find(account).map_or(0, |c| c.servi);
    round
        .seats
        .iter()
        .map(|seat| Seat {
            servi: servi(&seat.account),
            ..seat.clone()
        })
        .collect()
}

fn sitting(round: &Round) -> Vec<AccountName> {
    round.seats.iter().map(|seat| seat.account.clone()).collect()
}
