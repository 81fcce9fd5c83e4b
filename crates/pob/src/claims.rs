//! What holders and nodes have to claim, and what of ended votes has returned (P-16, P-21).
//!
//! These are operations on a [`Voter`] and the ledger for the runtime, and, on a copy of proved records, what a wallet
//! shows: one reckoning for both.

use std::collections::BTreeMap;

use credo_primitives::entry::Ended;
use credo_primitives::{AccountName, Amount};

use crate::{Candidates, Former, Ledger, PobError, Vote, Voter, rewards};

impl Voter {
    /// Drops votes of nothing and keeps what they earned. An error leaves them where they are; it can't happen while
    /// tokens are conserved.
    pub(crate) fn drop_empty(&mut self) -> Result<(), PobError> {
        for vote in self.votes.iter().filter(|vote| vote.amount.is_zero()) {
            let sum = self.earned.checked_add(vote.earned);
            self.earned = sum.map_err(|_| PobError::Overflow(vote.candidate.clone()))?;
        }
        self.votes.retain(|vote| !vote.amount.is_zero());
        Ok(())
    }

    /// All that stands in votes, those that ended and haven't been folded in included.
    pub fn total(&self) -> Amount {
        let sum = self
            .votes
            .iter()
            .try_fold(Amount::ZERO, |sum, v| sum.checked_add(v.amount));
        sum.unwrap_or(Amount::MAX)
    }

    /// Votes whose node lost candidacy after they were cast: what has to be looked up to fold them in.
    pub fn void<'a>(&'a self, candidates: &'a Candidates) -> impl Iterator<Item = &'a Vote> {
        self.votes.iter().filter(|vote| !stands(vote, candidates))
    }

    /// P-16. What of the voter's ended votes has returned at `now_ms`; `ended` tells how a generation of a node ended.
    pub fn returned(
        &self,
        candidates: &Candidates,
        ended: impl Fn(&AccountName, u64) -> Option<Ended>,
        now_ms: u64,
    ) -> Amount {
        let sum = self
            .void(candidates)
            .filter(|vote| ended(&vote.candidate, vote.generation).is_some_and(|e| e.until_ms <= now_ms))
            .try_fold(Amount::ZERO, |sum, vote| sum.checked_add(vote.amount));
        sum.unwrap_or(Amount::MAX)
    }

    /// P-21. Rewards of the votes to claim, by node, in the order of their names; [`Voter::earned`] comes on top. `former`
    /// tells what is remembered of a node that isn't in the list any more.
    pub fn rewards(
        &self,
        candidates: &Candidates,
        ended: impl Fn(&AccountName, u64) -> Option<Ended>,
        former: impl Fn(&AccountName) -> Option<Former>,
    ) -> Vec<(AccountName, Amount)> {
        let due = |vote: &Vote| {
            let node = candidates.find(&vote.candidate);
            let coef = match node {
                Some(node) if node.generation == vote.generation => node.voter_coef,
                _ => ended(&vote.candidate, vote.generation).map_or(vote.coef, |e| e.voter_coef),
            };
            let pot = match node {
                Some(node) => node.voters_pot,
                None => former(&vote.candidate).map_or(Amount::ZERO, |former| former.voters_pot),
            };
            let sum = vote.earned.checked_add(rewards::due(vote, coef).min(pot)).ok()?;
            (!sum.is_zero()).then(|| (vote.candidate.clone(), sum))
        };
        self.votes.iter().filter_map(due).collect()
    }
}

/// What a conviction takes of a node (P-24).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seized {
    /// Deposit and lock.
    pub stake: Amount,
    /// Votes for itself.
    pub votes: Amount,
    /// Unclaimed rewards.
    pub rewards: Amount,
}

/// Moves `due`, or as much as there is, of a pot to a vote.
fn take_from_pot(pot: &mut Amount, vote: &mut Vote, due: Amount) {
    let due = due.min(*pot);
    if let (Ok(left), Ok(earned)) = (pot.checked_sub(due), vote.earned.checked_add(due)) {
        (*pot, vote.earned) = (left, earned);
    }
}

/// True while the node of a vote is in the generation that the vote was cast for.
fn stands(vote: &Vote, candidates: &Candidates) -> bool {
    candidates
        .find(&vote.candidate)
        .is_some_and(|node| node.generation == vote.generation)
}

impl Ledger {
    /// P-16. Counts the rewards of ended votes and takes out those whose tokens have returned at `now_ms`. Gives the
    /// sum taken out, which is the account's to spend.
    ///
    /// `formers` are those of the nodes voted for that have lost their places, as far as anything is remembered of them;
    /// what is counted comes out of their pots.
    pub fn fold(
        &mut self,
        voter: &mut Voter,
        ended: &[(AccountName, u64, Ended)],
        formers: &mut BTreeMap<AccountName, Former>,
        now_ms: u64,
    ) -> Result<Amount, PobError> {
        let mut sum = Amount::ZERO;
        for vote in &mut voter.votes {
            let place = self.candidates().place_of(&vote.candidate);
            if place.is_some_and(|place| self.at(place).generation == vote.generation) {
                continue;
            }
            let how = |e: &&(AccountName, u64, Ended)| e.0 == vote.candidate && e.1 == vote.generation;
            let Some((.., how)) = ended.iter().find(how) else {
                continue;
            };
            let due = rewards::due(vote, how.voter_coef);
            vote.coef = vote.coef.max(how.voter_coef);
            match place {
                Some(place) => self.move_from_pot(place, vote, due.min(self.at(place).voters_pot)),
                None => {
                    if let Some(former) = formers.get_mut(&vote.candidate) {
                        take_from_pot(&mut former.voters_pot, vote, due);
                    }
                }
            }
            if how.until_ms <= now_ms {
                sum = sum
                    .checked_add(vote.amount)
                    .map_err(|_| PobError::Overflow(vote.candidate.clone()))?;
                vote.amount = Amount::ZERO;
            }
        }
        voter.drop_empty()?;
        Ok(sum)
    }

    /// P-21. Takes a voter's rewards: of its votes by node, and of votes that are gone. Ended votes are counted by
    /// [`Ledger::fold`], which comes first.
    pub fn claim_voter(
        &mut self,
        voter: &mut Voter,
    ) -> Result<(Vec<(AccountName, Amount)>, Amount), PobError> {
        let mut claimed = Vec::new();
        for vote in &mut voter.votes {
            let place = self.candidates().place_of(&vote.candidate);
            if let Some(place) = place.filter(|place| self.at(*place).generation == vote.generation) {
                self.settle(place, vote);
            }
            let earned = std::mem::take(&mut vote.earned);
            if !earned.is_zero() {
                claimed.push((vote.candidate.clone(), earned));
            }
        }
        Ok((claimed, std::mem::take(&mut voter.earned)))
    }

    /// P-21. Takes a node's own rewards.
    pub fn claim_node(&mut self, account: &AccountName) -> Result<Amount, PobError> {
        let place = self.place(account)?;
        let earned = self.at(place).earned;
        if !earned.is_zero() {
            self.change(place, |c| c.earned = Amount::ZERO);
        }
        Ok(earned)
    }

    /// P-24. Takes what a guilty node's voters can't lose but the node can: what it has locked, its own rewards and those of
    /// its vote for itself, and that vote, whatever generation it is of. A node that has lost its place has its stake and
    /// its rewards in its account's record of votes, and what it earned there is the account's.
    pub fn seize(&mut self, voter: &mut Voter, account: &AccountName) -> Result<Seized, PobError> {
        let listed = self.candidates().place_of(account).is_some();
        let (mut stake, mut rewards) = (Amount::ZERO, Amount::ZERO);
        if listed {
            stake = self.take_stake(account)?;
            rewards = self.claim_node(account)?;
        }
        if let Some(locked) = voter.stake.take() {
            let overflow = |_| PobError::Overflow(account.clone());
            stake = stake.checked_add(locked.amount).map_err(overflow)?;
        }
        let mut votes = Amount::ZERO;
        if let Ok(at) = voter.votes.binary_search_by(|v| v.candidate.cmp(account)) {
            let vote = voter.votes.remove(at);
            let overflow = |_| PobError::Overflow(account.clone());
            rewards = rewards.checked_add(vote.earned).map_err(overflow)?;
            votes = vote.amount;
        }
        Ok(Seized {
            stake,
            votes,
            rewards,
        })
    }

    /// P-21. Adds `amount` to what a node's voters share. Refused while it has no votes.
    pub fn reward_voters(&mut self, account: &AccountName, amount: Amount) -> Result<(), PobError> {
        let place = self.place(account)?;
        let mut given = false;
        self.change(place, |c| {
            given = rewards::give_voters(c, u128::from(amount.units()))
        });
        if given {
            Ok(())
        } else {
            Err(PobError::NoVoters(account.clone()))
        }
    }
}
