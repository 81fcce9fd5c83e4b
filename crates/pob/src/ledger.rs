//! Registration, candidacy and votes (P-10, P-17), with an undo for failing transactions.

use std::collections::BTreeSet;
use std::sync::Arc;

use credo_primitives::{AccountName, Amount, ConsensusKey, Text};

use crate::{
    Candidate, CandidateStatus, Candidates, MAX_CANDIDATES, MAX_VOTES, PobError, Round, Rules, Vote, Voter,
    run_round,
};

/// What a node says of itself when it registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The key that signs blocks.
    pub key: ConsensusKey,
    /// Where it is.
    pub location: Text<128>,
    /// Its page.
    pub url: Text<256>,
    /// `host:port` on the consensus plane.
    pub net_id: Text<128>,
}

enum Undo {
    /// The last record was added.
    Added,
    /// A record was changed from this.
    Changed(u32, Candidate),
    /// The counter of applications was this.
    NextOrder(u64),
}

/// The list of nodes while a block changes it: shared until the first change, every change undoable until
/// [`Ledger::commit`].
///
/// An operation that returns an error has changed nothing.
pub struct Ledger {
    candidates: Arc<Candidates>,
    undo: Vec<Undo>,
    changed: BTreeSet<u32>,
}

impl Ledger {
    /// Starts from a list.
    pub fn new(candidates: Arc<Candidates>) -> Self {
        Self {
            candidates,
            undo: Vec::new(),
            changed: BTreeSet::new(),
        }
    }

    /// The list as it stands.
    pub fn candidates(&self) -> &Candidates {
        &self.candidates
    }

    /// Keeps what was done since the last commit.
    pub fn commit(&mut self) {
        for undo in self.undo.drain(..) {
            match undo {
                Undo::Added | Undo::NextOrder(_) => {}
                Undo::Changed(place, _) => {
                    self.changed.insert(place);
                }
            }
        }
    }

    /// Takes back what was done since the last commit.
    pub fn rollback(&mut self) {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Added => self.remove_last(),
                Undo::Changed(place, old) => self.put(place, old),
                Undo::NextOrder(order) => self.edit().next_order = order,
            }
        }
    }

    /// The list, and the places of records that were changed by committed operations. Records added stand at the
    /// list's end.
    pub fn finish(mut self) -> (Arc<Candidates>, BTreeSet<u32>) {
        self.rollback();
        (self.candidates, self.changed)
    }

    fn edit(&mut self) -> &mut Candidates {
        Arc::make_mut(&mut self.candidates)
    }

    /// Replaces the record at `place`, whose account is the same; its key may be another.
    fn put(&mut self, place: u32, record: Candidate) {
        let candidates = self.edit();
        let at = candidates.search_key(&candidates.list[place as usize].key);
        let moved = candidates.list[place as usize].key != record.key;
        let new_key = record.key.clone();
        if moved {
            if let (Ok(at), Some(index)) = (at, candidates.index.get_mut()) {
                index.by_key.remove(at);
            }
            candidates.list[place as usize] = record;
            let at = candidates.search_key(&new_key).unwrap_or_else(|at| at);
            if let Some(index) = candidates.index.get_mut() {
                index.by_key.insert(at, place);
            }
        } else {
            candidates.list[place as usize] = record;
        }
    }

    fn remove_last(&mut self) {
        let candidates = self.edit();
        let Some(last) = candidates.list.last() else {
            return;
        };
        let (account, key) = (last.account.clone(), last.key.clone());
        let (by_account, by_key) = (candidates.search_account(&account), candidates.search_key(&key));
        if let (Ok(by_account), Ok(by_key), Some(index)) = (by_account, by_key, candidates.index.get_mut()) {
            index.by_account.remove(by_account);
            index.by_key.remove(by_key);
        }
        candidates.list.pop();
    }

    fn place(&self, account: &AccountName) -> Result<u32, PobError> {
        self.candidates.place_of(account).ok_or(PobError::NotExists)
    }

    fn at(&self, place: u32) -> &Candidate {
        &self.candidates.list[place as usize]
    }

    fn change(&mut self, place: u32, change: impl FnOnce(&mut Candidate)) {
        let old = self.at(place).clone();
        let mut new = old.clone();
        change(&mut new);
        self.put(place, new);
        self.undo.push(Undo::Changed(place, old));
    }

    /// P-10. Registers a node; it can be voted for at once.
    pub fn register(&mut self, account: &AccountName, node: Registration) -> Result<(), PobError> {
        let Err(by_account) = self.candidates.search_account(account) else {
            return Err(PobError::Exists);
        };
        let Err(by_key) = self.candidates.search_key(&node.key) else {
            return Err(PobError::KeyUsed);
        };
        if self.candidates.list.len() >= MAX_CANDIDATES {
            return Err(PobError::TooManyNodes);
        }
        let candidates = self.edit();
        let place = candidates.list.len() as u32;
        if let Some(index) = candidates.index.get_mut() {
            index.by_account.insert(by_account, place);
            index.by_key.insert(by_key, place);
        }
        candidates.list.push(Candidate {
            account: account.clone(),
            key: node.key,
            location: node.location,
            url: node.url,
            net_id: node.net_id,
            generation: 0,
            status: CandidateStatus::Registered,
            order: 0,
            votes: Amount::ZERO,
            servi: 0,
        });
        self.undo.push(Undo::Added);
        Ok(())
    }

    /// Changes what a node says of itself. `sits` is true for a member of the running committee or of one already
    /// elected, which must keep its key.
    pub fn update(&mut self, account: &AccountName, node: Registration, sits: bool) -> Result<(), PobError> {
        let place = self.place(account)?;
        if self.at(place).key != node.key {
            if sits {
                return Err(PobError::Sitting);
            }
            if self.candidates.place_of_key(&node.key).is_some() {
                return Err(PobError::KeyUsed);
            }
        }
        self.change(place, |c| {
            c.key = node.key;
            c.location = node.location;
            c.url = node.url;
            c.net_id = node.net_id;
        });
        Ok(())
    }

    /// P-10. Makes a registered node with more votes than the threshold a candidate. A candidate stays one.
    pub fn apply(&mut self, account: &AccountName, rules: &Rules) -> Result<(), PobError> {
        let place = self.place(account)?;
        let candidate = self.at(place);
        if candidate.status == CandidateStatus::Candidate {
            return Ok(());
        }
        if candidate.votes <= rules.threshold {
            return Err(PobError::BelowThreshold {
                votes: candidate.votes,
                threshold: rules.threshold,
            });
        }
        self.stand(place);
        Ok(())
    }

    /// Makes a node a candidate whatever its votes: genesis names its candidates.
    pub fn appoint(&mut self, account: &AccountName) -> Result<(), PobError> {
        let place = self.place(account)?;
        if self.at(place).status == CandidateStatus::Registered {
            self.stand(place);
        }
        Ok(())
    }

    fn stand(&mut self, place: u32) {
        let order = self.candidates.next_order;
        self.change(place, |c| {
            c.status = CandidateStatus::Candidate;
            if c.order == 0 {
                c.order = order;
            }
        });
        if self.at(place).order == order {
            self.undo.push(Undo::NextOrder(order));
            self.edit().next_order = order.saturating_add(1);
        }
    }

    /// P-17. Adds `amount` to the voter's votes for a node.
    pub fn vote(&mut self, voter: &mut Voter, node: &AccountName, amount: Amount) -> Result<(), PobError> {
        if amount.is_zero() {
            return Err(PobError::NotPositive);
        }
        let place = self.place(node)?;
        let generation = self.at(place).generation;
        let votes = self
            .at(place)
            .votes
            .checked_add(amount)
            .map_err(|_| PobError::Overflow(node.clone()))?;
        match voter.votes.binary_search_by(|v| v.candidate.cmp(node)) {
            Ok(at) => {
                let vote = &mut voter.votes[at];
                if vote.generation != generation {
                    return Err(PobError::VoidVote(node.clone()));
                }
                vote.amount = vote
                    .amount
                    .checked_add(amount)
                    .map_err(|_| PobError::Overflow(node.clone()))?;
            }
            Err(_) if voter.votes.len() >= MAX_VOTES => return Err(PobError::TooManyVotes),
            Err(at) => voter.votes.insert(
                at,
                Vote {
                    candidate: node.clone(),
                    generation,
                    amount,
                },
            ),
        }
        self.change(place, |c| c.votes = votes);
        Ok(())
    }

    /// P-17. Takes `amount` from the voter's votes for a node.
    pub fn unvote(&mut self, voter: &mut Voter, node: &AccountName, amount: Amount) -> Result<(), PobError> {
        if amount.is_zero() {
            return Err(PobError::NotPositive);
        }
        let place = self.place(node)?;
        let at = voter
            .votes
            .binary_search_by(|v| v.candidate.cmp(node))
            .map_err(|_| PobError::DidNotVote)?;
        let vote = &voter.votes[at];
        if vote.generation != self.at(place).generation {
            return Err(PobError::VoidVote(node.clone()));
        }
        let left = vote
            .amount
            .checked_sub(amount)
            .map_err(|_| PobError::TooLarge { max: vote.amount })?;
        let votes = self
            .at(place)
            .votes
            .checked_sub(amount)
            .map_err(|_| PobError::Overflow(node.clone()))?;
        if left.is_zero() {
            voter.votes.remove(at);
        } else {
            voter.votes[at].amount = left;
        }
        self.change(place, |c| c.votes = votes);
        Ok(())
    }

    /// P-17. Moves votes from node to node at once; they stay locked.
    pub fn move_votes(
        &mut self,
        voter: &mut Voter,
        from: &AccountName,
        to: &AccountName,
        amount: Amount,
    ) -> Result<(), PobError> {
        if from == to {
            return Err(PobError::SameNode(from.clone()));
        }
        self.place(to)?;
        let before = voter.clone();
        let undo = self.undo.len();
        self.unvote(voter, from, amount)?;
        if let Err(error) = self.vote(voter, to, amount) {
            *voter = before;
            while self.undo.len() > undo {
                if let Some(Undo::Changed(place, old)) = self.undo.pop() {
                    self.put(place, old);
                }
            }
            return Err(error);
        }
        Ok(())
    }

    /// P-11. Runs a round; there is no undo of it.
    pub fn run_round(&mut self, previous: Option<&Round>, epoch: u64, rules: &Rules) -> Round {
        let round = run_round(self.edit(), previous, epoch, rules);
        let standing = self.candidates.list.iter().enumerate();
        let standing = standing.filter(|(_, c)| c.status == CandidateStatus::Candidate);
        self.changed.extend(standing.map(|(place, _)| place as u32));
        round
    }
}
