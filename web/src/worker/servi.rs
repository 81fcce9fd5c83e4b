//! The proved ranking of Servi nodes, as the page draws it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::protocol::{CandidateView, CandidatesView, LossView, NodeStatus};
use credo_light::Ranking;
use credo_pob::{Candidate, CandidateStatus, Round, Turns};
use credo_primitives::spec::{Parameters, consensus_key};
use credo_primitives::{AccountName, ConsensusKey};

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
    /// The chain's numbers.
    pub(super) parameters: &'a Parameters,
}

impl Surroundings<'_> {
    /// Who was elected for the next epoch, or would be by what the ranking says (P-11 without removals that only the round
    /// itself finds): the round comes to something else where votes have changed since.
    fn next_seats(&self, ranking: &Ranking) -> BTreeSet<AccountName> {
        if let Some(round) = self.round.filter(|round| round.epoch == self.epoch + 1) {
            // The next round was held already: its result stands in the record.
            return round.seats.iter().map(|seat| seat.account.clone()).collect();
        }
        let total = self
            .round
            .map_or(0, |round| u128::from(round.total_votes.units()));
        let cap = total.saturating_mul(u128::from(self.parameters.servi_cap));
        let servi = |node: &Candidate| match node.is_active(self.epoch) {
            true => node.servi.saturating_add(u128::from(node.votes.units())).min(cap),
            false => node.servi,
        };
        let stands = |node: &&Candidate| node.is_active(self.epoch + 1) && !node.leaving;
        let mut nodes: Vec<&Candidate> = ranking.nodes.iter().filter(stands).collect();
        nodes.sort_by_key(|node| (Reverse(servi(node)), node.order));
        nodes.truncate(self.parameters.committee_size as usize);
        nodes.into_iter().map(|node| node.account.clone()).collect()
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

    /// One node; `rank` from 1, or 0 where none is known.
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

    /// The ranking as it came.
    pub(super) fn list(&self, ranking: &Ranking) -> CandidatesView {
        let (now, next) = (self.seated(), self.next_seats(ranking));
        let nodes = ranking.nodes.iter().enumerate().map(|(i, node)| {
            let (seated, elected) = (now.contains(&node.account), next.contains(&node.account));
            self.node(node, i as u32 + 1, seated, elected)
        });
        CandidatesView {
            list: nodes.collect(),
            count: ranking.head.count,
            epoch: ranking.head.epoch,
            total_votes: wide(ranking.head.votes),
            bytes: ranking.bytes as u64,
        }
    }

    /// A node by its own record; its rank, where the ranking has it (0 where it hasn't).
    pub(super) fn single(&self, node: &Candidate, ranking: Option<&Ranking>) -> CandidateView {
        let rank = ranking.and_then(|ranking| ranking.find(&node.account));
        let next = ranking.is_some_and(|ranking| self.next_seats(ranking).contains(&node.account));
        let rank = rank.map_or(0, |(rank, _)| rank as u32);
        self.node(node, rank, self.seated().contains(&node.account), next)
    }
}
