//! P-11: the round, run once per epoch and once at genesis.

use std::cmp::Ordering;

use credo_primitives::entry::{Ended, LossReason};
use credo_primitives::spec::Parameters;
use credo_primitives::{AccountName, Amount};

use crate::{Candidate, CandidateStatus, Candidates, Ending, Loss, MAX_CANDIDATES, Round, Seat, Turns};

/// Removals don't leave fewer candidates than these (P-13).
pub const LEAST_CANDIDATES: u32 = 4;

/// The numbers that the ledger needs of the chain's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Votes that an application must exceed.
    pub threshold: Amount,
    /// Largest Servi balance, as a multiple of the total votes cast.
    pub servi_cap: u64,
    /// Seats.
    pub committee_size: usize,
    /// Epochs without an availability proof that cost candidacy (P-14).
    pub availability_epochs: u64,
    /// Epochs in a row with turns and no block that cost candidacy (P-15).
    pub missed_epochs: u32,
    /// Most epochs for which a node may stand aside (P-15).
    pub aside_epochs: u64,
    /// From losing candidacy to the return of votes and deposit (P-16).
    pub vote_lock_ms: u64,
    /// Most nodes that can be registered (P-10).
    pub places: usize,
}

impl Rules {
    /// The ledger's part of a chain's parameters, while `available` is the supply that counts as available for votes.
    /// An integer exceeds a fraction just when it exceeds the fraction rounded down, so nothing is lost by rounding the
    /// threshold.
    pub fn of(parameters: &Parameters, available: Amount) -> Self {
        let threshold = parameters.candidacy_threshold.of(available.units());
        Self {
            threshold: Amount::from_units(threshold).unwrap_or(Amount::MAX),
            servi_cap: parameters.servi_cap,
            committee_size: parameters.committee_size as usize,
            availability_epochs: parameters.availability_epochs,
            missed_epochs: parameters.missed_epochs,
            aside_epochs: parameters.aside_epochs,
            vote_lock_ms: parameters.vote_lock_ms,
            places: MAX_CANDIDATES,
        }
    }
}

/// Where a round stands.
#[derive(Clone, Copy, Debug)]
pub struct RoundContext<'a> {
    /// The epoch whose committee is elected; the round is run at the end of the one before.
    pub epoch: u64,
    /// The time of the MSB block.
    pub now_ms: u64,
    /// The election before this one; none at genesis.
    pub previous: Option<&'a Round>,
    /// Turns of the epoch that ends, by seat of the committee that `previous` elected; none at genesis.
    pub turns: Option<&'a Turns>,
}

/// What a round came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundOutcome {
    /// The election.
    pub round: Round,
    /// Whose votes ended, which generation of them, and how (P-16).
    pub ended: Vec<Ending>,
}

/// More Servi first, then the earlier candidacy.
fn rank(a: &Candidate, b: &Candidate) -> Ordering {
    b.servi.cmp(&a.servi).then(a.order.cmp(&b.order))
}

/// Runs a round (P-11). Without a single active candidate the committee before stays (P-13), and without one before
/// either, the round has no seats.
pub fn run_round(candidates: &mut Candidates, at: &RoundContext<'_>, rules: &Rules) -> RoundOutcome {
    // Nearly every record changes.
    candidates.tree.take();
    let ending = at.epoch.saturating_sub(1);
    let total = candidates.total_votes();
    award(candidates, ending, total, rules);
    count_misses(candidates, at);
    let (ended, put_off) = remove(candidates, at, rules);
    let mut seats = elect(candidates, at.epoch, rules);
    if seats.is_empty() {
        seats = at
            .previous
            .map_or_else(Vec::new, |round| staying(candidates, round));
    }
    let standing = candidates
        .list
        .iter()
        .filter(|c| c.status == CandidateStatus::Candidate);
    let round = Round {
        epoch: at.epoch,
        seats,
        total_votes: Amount::saturating(total),
        previous: at.previous.map_or_else(Vec::new, sitting),
        candidates: standing.count() as u32,
        removed: ended.len() as u32,
        put_off,
    };
    RoundOutcome { round, ended }
}

/// P-11.1 and P-11.2. Who stands aside earns nothing (P-15).
fn award(candidates: &mut Candidates, ending: u64, total: u128, rules: &Rules) {
    let cap = total.saturating_mul(u128::from(rules.servi_cap));
    for candidate in candidates.list.iter_mut().filter(|c| c.is_active(ending)) {
        let earned = candidate
            .servi
            .saturating_add(u128::from(candidate.votes.units()));
        candidate.servi = earned.min(cap);
    }
}

/// P-15. Counts, for each member of the committee that had a turn, the epochs in a row without a block. Against who has lost
/// candidacy since it was elected nothing is counted: a round changes candidates alone.
fn count_misses(candidates: &mut Candidates, at: &RoundContext<'_>) {
    let (Some(previous), Some(turns)) = (at.previous, at.turns) else {
        return;
    };
    let mut keys: Vec<_> = previous.seats.iter().map(|seat| &seat.key).collect();
    keys.sort();
    for ((key, produced), missed) in keys.into_iter().zip(&turns.produced).zip(&turns.missed) {
        let Some(place) = candidates.place_of_key(key) else {
            continue;
        };
        let member = &mut candidates.list[place as usize];
        if member.status != CandidateStatus::Candidate {
            continue;
        }
        if *produced > 0 {
            member.missed = 0;
        } else if *missed > 0 {
            member.missed = member.missed.saturating_add(1);
        }
    }
}

/// Why a candidate is to be removed (P-11.3), if it is. Who stands aside needs no proof of availability.
fn removal(candidate: &Candidate, epoch: u64, rules: &Rules) -> Option<LossReason> {
    let ending = epoch.saturating_sub(1);
    let silent = ending.saturating_sub(candidate.available.max(candidate.aside_until));
    if candidate.leaving {
        Some(LossReason::Left)
    } else if candidate.missed >= rules.missed_epochs {
        Some(LossReason::NoBlocks)
    } else if !candidate.is_aside(ending) && silent >= rules.availability_epochs {
        Some(LossReason::Unavailable)
    } else {
        None
    }
}

/// P-11.3 and P-13: removes in the order of candidacy, as long as enough are left. Gives what ended, and how many
/// removals were put off.
fn remove(candidates: &mut Candidates, at: &RoundContext<'_>, rules: &Rules) -> (Vec<Ending>, u32) {
    let standing = |c: &&Candidate| c.status == CandidateStatus::Candidate;
    let mut all = candidates.list.iter().filter(standing).count() as u32;
    let mut active = candidates.list.iter().filter(|c| c.is_active(at.epoch)).count() as u32;
    let mut due: Vec<(u64, usize, LossReason)> = candidates
        .list
        .iter()
        .enumerate()
        .filter(|(_, c)| standing(c))
        .filter_map(|(place, c)| Some((c.order, place, removal(c, at.epoch, rules)?)))
        .collect();
    due.sort_unstable_by_key(|(order, ..)| *order);
    let (mut ended, mut put_off) = (Vec::new(), 0);
    for (_, place, reason) in due {
        let candidate = &candidates.list[place];
        let is_active = candidate.is_active(at.epoch);
        if all <= LEAST_CANDIDATES || (is_active && active <= LEAST_CANDIDATES) {
            put_off += 1;
            continue;
        }
        all -= 1;
        active -= u32::from(is_active);
        let loss = Loss {
            reason,
            epoch: at.epoch.saturating_sub(1),
            at_ms: at.now_ms,
            until_ms: at.now_ms.saturating_add(rules.vote_lock_ms),
        };
        let generation = candidates.next.take_generation();
        ended.push(lose(&mut candidates.list[place], loss, generation));
    }
    (ended, put_off)
}

/// P-16. Takes candidacy, votes and Servi from a node; what it locked and its votes return later. What votes are cast for it
/// afterwards is of the generation `next`.
pub(crate) fn lose(candidate: &mut Candidate, loss: Loss, next: u64) -> Ending {
    let generation = std::mem::replace(&mut candidate.generation, next);
    candidate.status = CandidateStatus::Lost;
    candidate.votes = Amount::ZERO;
    candidate.voted = Amount::ZERO;
    candidate.servi = 0;
    candidate.missed = 0;
    candidate.aside_until = 0;
    candidate.leaving = false;
    candidate.loss = Some(loss);
    candidate.deposit_until_ms = loss.until_ms;
    let ended = Ended {
        reason: loss.reason,
        epoch: loss.epoch,
        at_ms: loss.at_ms,
        until_ms: loss.until_ms,
        voter_coef: candidate.voter_coef,
    };
    (candidate.account.clone(), generation, ended)
}

/// P-11.4 and P-11.5. Only the elected need an order among themselves, so the rest is never sorted.
fn elect(candidates: &mut Candidates, epoch: u64, rules: &Rules) -> Vec<Seat> {
    let list = &candidates.list;
    let mut ranked: Vec<usize> = (0..list.len()).filter(|i| list[*i].is_active(epoch)).collect();
    let by_rank = |a: &usize, b: &usize| rank(&list[*a], &list[*b]);
    let seats = rules.committee_size.min(ranked.len());
    if seats > 0 && seats < ranked.len() {
        ranked.select_nth_unstable_by(seats - 1, by_rank);
        ranked.truncate(seats);
    }
    ranked.sort_unstable_by(by_rank);
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
    elected
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
