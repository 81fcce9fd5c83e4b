//! The proved list of Servi nodes, as the page draws it.

use std::collections::BTreeSet;

use crate::protocol::{CandidateView, CandidatesView, LossView, NodeStatus};
use credo_pob::{Candidate, CandidateStatus, Candidates, Round, RoundContext, Rules, Turns, run_round};
use credo_primitives::spec::{Parameters, consensus_key};
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

/// What the list is seen against.
pub(super) struct Surroundings<'a> {
    /// The last election.
    pub(super) round: Option<&'a Round>,
    /// Turns of the running epoch.
    pub(super) turns: Option<&'a Turns>,
    /// The running epoch's committee, in seat order.
    pub(super) committee: &'a [ConsensusKey],
    /// The running epoch.
    pub(super) epoch: u64,
    /// The chain's clock.
    pub(super) now_ms: u64,
    /// The chain's numbers.
    pub(super) parameters: &'a Parameters,
    /// Supply that counts as available for votes.
    pub(super) available: Amount,
}

impl Surroundings<'_> {
    /// Who would be elected by the next round as things stand (P-11 on a copy).
    fn next_seats(&self, list: &Candidates) -> BTreeSet<AccountName> {
        if let Some(round) = self.round.filter(|round| round.epoch == self.epoch + 1) {
            // The next round was held already: its result stands in the record.
            return round.seats.iter().map(|seat| seat.account.clone()).collect();
        }
        let mut copy = list.clone();
        let at = RoundContext {
            epoch: self.epoch + 1,
            now_ms: self.now_ms,
            previous: self.round,
            turns: self.turns,
        };
        let outcome = run_round(&mut copy, &at, &Rules::of(self.parameters, self.available));
        outcome.round.seats.into_iter().map(|seat| seat.account).collect()
    }

    /// Who sits in the running epoch, by the last election's record.
    fn seated(&self) -> BTreeSet<&AccountName> {
        match self.round {
            Some(round) if round.epoch == self.epoch => {
                round.seats.iter().map(|seat| &seat.account).collect()
            }
            // After the MSB block, the record names the next epoch's already.
            Some(round) => round.previous.iter().collect(),
            None => BTreeSet::new(),
        }
    }

    fn count(&self, counts: impl Fn(&Turns) -> &Vec<u32>, key: &ConsensusKey) -> u32 {
        let turns = self.turns.filter(|turns| turns.epoch == self.epoch);
        let seat = self.committee.iter().position(|member| member == key);
        turns
            .zip(seat)
            .and_then(|(turns, seat)| counts(turns).get(seat).copied())
            .unwrap_or(0)
    }

    /// One node; `rank` from 1.
    pub(super) fn node(&self, node: &Candidate, rank: u32, seated: bool, next: bool) -> CandidateView {
        let status = match node.status {
            CandidateStatus::Candidate => NodeStatus::Candidate,
            CandidateStatus::Registered => NodeStatus::Registered,
            CandidateStatus::Requested => NodeStatus::Requested,
            CandidateStatus::Lost => NodeStatus::Lost,
        };
        CandidateView {
            rank,
            account: node.account.to_string(),
            url: node.url.to_string(),
            votes: node.votes.to_string(),
            servi: wide(node.servi),
            seated,
            next,
            status,
            produced: self.count(|turns| &turns.produced, &node.key),
            missed: self.count(|turns| &turns.missed, &node.key),
            // As the round at this epoch's end counts them (P-14): one is the best there is. Standing aside needs none.
            unproved: self.epoch.saturating_sub(node.available.max(node.aside_until)),
            missed_epochs: node.missed,
            aside_until: node
                .is_aside(self.epoch.saturating_add(1))
                .then_some(node.aside_until),
            leaving: node.leaving,
            loss: node.loss.map(|loss| LossView {
                reason: loss.reason.sentence().to_owned(),
                epoch: loss.epoch,
                at_ms: loss.at_ms as f64,
                until_ms: loss.until_ms as f64,
            }),
            deposit: node.deposit.to_string(),
            deposit_until_ms: (node.deposit_until_ms > 0).then_some(node.deposit_until_ms as f64),
            fee_share: node.fee_share,
            earned: node.earned.to_string(),
            key: consensus_key::to_base58(&node.key),
            net_id: node.net_id.to_string(),
            location: node.location.to_string(),
        }
    }

    /// The list by rank: candidates by Servi and order of candidacy, then those that aren't, by votes.
    pub(super) fn list(&self, list: &Candidates, bytes: u64) -> CandidatesView {
        let standing = |c: &Candidate| c.status == CandidateStatus::Candidate;
        let mut ranked: Vec<&Candidate> = list.list.iter().collect();
        ranked.sort_by(|a, b| match (standing(a), standing(b)) {
            (true, true) => b.servi.cmp(&a.servi).then(a.order.cmp(&b.order)),
            (false, false) => b.votes.cmp(&a.votes).then(a.account.cmp(&b.account)),
            (here, there) => there.cmp(&here),
        });
        let (now, next) = (self.seated(), self.next_seats(list));
        let nodes = ranked.iter().enumerate().map(|(i, node)| {
            let (seated, elected) = (now.contains(&node.account), next.contains(&node.account));
            self.node(node, i as u32 + 1, seated, elected)
        });
        let total = list.list.iter().map(|c| u128::from(c.votes.units())).sum();
        CandidatesView {
            list: nodes.collect(),
            total_votes: wide(total),
            bytes,
        }
    }
}
