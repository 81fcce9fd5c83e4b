//! The proved list of Servi nodes, as the page draws it.

use std::collections::{BTreeMap, BTreeSet};

use crate::protocol::{CandidateView, CandidatesView};
use credo_pob::{Candidate, CandidateStatus, Candidates, Round, Rules, Turns, run_round};
use credo_primitives::spec::Parameters;
use credo_primitives::{AccountName, Amount, ConsensusKey};

/// Text for an amount that may exceed one account's bound (Servi, sums of votes).
pub(super) fn wide(units: u128) -> String {
    const UNIT: u128 = 100_000_000;
    let fraction = units % UNIT;
    if fraction == 0 {
        (units / UNIT).to_string()
    } else {
        let fraction = format!("{fraction:08}");
        format!("{}.{}", units / UNIT, fraction.trim_end_matches('0'))
    }
}

/// Who would be elected by the next round as things stand (P-11 on a copy).
fn next_seats(
    list: &Candidates,
    round: Option<&Round>,
    epoch: u64,
    parameters: &Parameters,
) -> BTreeSet<AccountName> {
    let mut copy = list.clone();
    let elected = run_round(&mut copy, round, epoch, &Rules::of(parameters));
    elected.seats.into_iter().map(|seat| seat.account).collect()
}

/// Who sits in `epoch`, by the last election's record.
fn seated(round: Option<&Round>, epoch: u64) -> BTreeSet<&AccountName> {
    match round {
        Some(round) if round.epoch == epoch => round.seats.iter().map(|seat| &seat.account).collect(),
        // After the MSB block, the record names the next epoch's already.
        Some(round) => round.previous.iter().collect(),
        None => BTreeSet::new(),
    }
}

/// The list by rank: candidates by Servi and order of candidacy, then those that only registered, by votes.
pub(super) fn view(
    list: &Candidates,
    round: Option<&Round>,
    turns: Option<&Turns>,
    committee: &[ConsensusKey],
    epoch: u64,
    parameters: &Parameters,
    bytes: u64,
) -> CandidatesView {
    let mut ranked: Vec<&Candidate> = list.list.iter().collect();
    let applied = |c: &Candidate| c.status != CandidateStatus::Candidate;
    ranked.sort_by(|a, b| {
        let (x, y) = (applied(a), applied(b));
        x.cmp(&y)
            .then_with(|| {
                if x {
                    b.votes.cmp(&a.votes)
                } else {
                    b.servi.cmp(&a.servi)
                }
            })
            .then(a.order.cmp(&b.order))
    });
    let now = seated(round, epoch);
    let next = match round {
        // The next round was held already: its result stands in the record.
        Some(round) if round.epoch == epoch + 1 => round.seats.iter().map(|s| s.account.clone()).collect(),
        _ => next_seats(list, round, epoch + 1, parameters),
    };
    let seats: BTreeMap<&ConsensusKey, usize> = committee.iter().enumerate().map(|(i, k)| (k, i)).collect();
    let turns = turns.filter(|turns| turns.epoch == epoch);
    let count = |counts: Option<&Vec<u32>>, seat: Option<&usize>| {
        let found = counts.zip(seat).and_then(|(counts, seat)| counts.get(*seat));
        found.copied().unwrap_or(0)
    };
    let list_view = ranked
        .iter()
        .enumerate()
        .map(|(i, c)| {
            let seat = seats.get(&c.key);
            CandidateView {
                rank: i as u32 + 1,
                account: c.account.to_string(),
                url: c.url.to_string(),
                votes: c.votes.to_string(),
                servi: wide(c.servi),
                seated: now.contains(&c.account),
                next: next.contains(&c.account),
                applied: applied(c),
                produced: count(turns.map(|t| &t.produced), seat),
                missed: count(turns.map(|t| &t.missed), seat),
            }
        })
        .collect();
    let total = list.list.iter().map(|c| u128::from(c.votes.units())).sum();
    CandidatesView {
        list: list_view,
        total_votes: wide(total),
        bytes,
    }
}

/// A holder's votes that count: those for a node's present generation (P-16), where the list is at hand.
pub(super) fn counting(voter: &credo_pob::Voter, list: Option<&Candidates>) -> Vec<(AccountName, Amount)> {
    let counts = |vote: &&credo_pob::Vote| {
        list.is_none_or(|list| {
            list.find(&vote.candidate)
                .is_some_and(|c| c.generation == vote.generation)
        })
    };
    voter
        .votes
        .iter()
        .filter(counts)
        .map(|vote| (vote.candidate.clone(), vote.amount))
        .collect()
}
