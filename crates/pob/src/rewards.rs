//! P-20 and P-21: an epoch's rewards for blocks and votes.
//!
//! Nothing is made here: [`pay`] spreads parts that the caller holds and says how much it spread; what a division leaves
//! over stays with the caller. A node's vote reward is halved: one half is its own, the other goes to its pot, from
//! which every unit of votes is due the same. Voters are not visited: a coefficient per node counts what a unit has
//! earned so far, and each vote remembers the coefficient up to which it was counted.

use credo_primitives::{Amount, ConsensusKey};

use crate::{Candidate, CandidateStatus, Candidates, Vote};

/// Bits behind the point of a coefficient.
pub(crate) const SHIFT: u32 = 64;

/// What an epoch pays.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The epoch that ends.
    pub epoch: u64,
    /// For blocks produced, all of it the producers' own.
    pub blocks: Amount,
    /// For votes received.
    pub votes: Amount,
    /// Blocks produced, by key.
    pub produced: &'a [(ConsensusKey, u32)],
}

/// What a vote is due at a coefficient, beyond what it has counted.
pub fn due(vote: &Vote, coef: u128) -> Amount {
    let delta = coef.saturating_sub(vote.coef);
    Amount::saturating(delta.saturating_mul(u128::from(vote.amount.units())) >> SHIFT)
}

/// Spreads an epoch's parts. Gives the sum, and places outside the standing candidates that changed.
pub(crate) fn pay(candidates: &mut Candidates, parts: &Parts<'_>) -> (Amount, Vec<u32>) {
    let (mut paid, mut changed) = (0u128, Vec::new());
    let produced: u128 = parts.produced.iter().map(|(_, n)| u128::from(*n)).sum();
    for (key, blocks) in parts.produced {
        let Some(place) = candidates.place_of_key(key) else {
            continue;
        };
        let node = &mut candidates.list[place as usize];
        let part = u128::from(parts.blocks.units()) * u128::from(*blocks) / produced.max(1);
        if !misbehaved(node) && credit(&mut node.earned, part) {
            paid += part;
            changed.push(place);
        }
    }
    let active = |c: &Candidate| c.is_active(parts.epoch);
    let voted = |c: &Candidate| u128::from(c.votes.units());
    let total: u128 = candidates.list.iter().filter(|c| active(c)).map(voted).sum();
    for node in candidates.list.iter_mut().filter(|c| active(c)) {
        let votes = voted(node);
        if votes == 0 {
            continue;
        }
        let part = u128::from(parts.votes.units()) * votes / total;
        paid += give(node, part);
    }
    (Amount::saturating(paid), changed)
}

/// P-21. Gives a node a reward of which its voters have half. Gives what was given.
fn give(node: &mut Candidate, part: u128) -> u128 {
    let voters = part / 2;
    let own = node.earned;
    if !credit(&mut node.earned, part - voters) {
        return 0;
    }
    if !give_voters(node, voters) {
        node.earned = own;
        return 0;
    }
    part
}

/// Adds to what a node's voters share; false, and nothing changed, when it has none or the pot would overflow.
pub(crate) fn give_voters(node: &mut Candidate, units: u128) -> bool {
    let votes = u128::from(node.votes.units());
    if votes == 0 || !credit(&mut node.voters_pot, units) {
        return false;
    }
    node.voter_coef = node.voter_coef.saturating_add((units << SHIFT) / votes);
    true
}

fn credit(to: &mut Amount, units: u128) -> bool {
    let sum = u128::from(to.units()) + units;
    match u64::try_from(sum).ok().and_then(Amount::from_units) {
        Some(sum) => {
            *to = sum;
            true
        }
        None => false,
    }
}

/// A node that was proved guilty earns nothing for the blocks of that epoch.
fn misbehaved(node: &Candidate) -> bool {
    let guilty = |loss: crate::Loss| loss.reason == credo_primitives::entry::LossReason::Misbehaved;
    node.status == CandidateStatus::Lost && node.loss.is_some_and(guilty)
}
