//! Registration, candidacy and votes (P-10, P-14 to P-17), with an undo for failing transactions.

use std::collections::BTreeSet;
use std::sync::Arc;

use credo_primitives::entry::{Ended, LossReason};
use credo_primitives::{AccountName, Amount, ConsensusKey, Text};

use crate::round::lose;
use crate::tree::Tree;
use crate::{
    Candidate, CandidateStatus, Candidates, Counters, Displaced, Former, LEAST_CANDIDATES, Loss,
    MAX_FEE_SHARE, MAX_VOTES, MIN_FEE_SHARE, PobError, RoundContext, RoundOutcome, Rules, Vote, Voter,
    rewards, run_round,
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

/// With what a node registers.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The running epoch.
    pub epoch: u64,
    /// The block's time.
    pub now_ms: u64,
    /// IOST that it locks.
    pub lock: Amount,
    /// Whether it can be voted for at once; otherwise it waits for the foundation's approval.
    pub approved: bool,
}

/// When something is taken from a node.
#[derive(Clone, Copy, Debug)]
pub struct LossContext {
    /// The running epoch.
    pub epoch: u64,
    /// The block's time.
    pub now_ms: u64,
}

impl LossContext {
    /// P-24. The conviction of a node that had lost its candidacy before, as `loss` says: what is on its way back stays so.
    pub fn guilty(self, loss: Option<Loss>) -> Loss {
        Loss {
            reason: LossReason::Misbehaved,
            epoch: self.epoch,
            at_ms: self.now_ms,
            until_ms: loss.map_or(self.now_ms, |loss| loss.until_ms),
        }
    }
}

/// Whose votes ended, which generation of them, and how (P-16).
pub type Ending = (AccountName, u64, Ended);

enum Undo {
    /// The last record was added.
    Added,
    /// A record was changed from this, or took the place of this one.
    Changed(u32, Candidate),
    /// The counters were these.
    Counters(Counters),
}

/// The list of nodes while a block changes it: shared until the first change, every change undoable until
/// [`Ledger::commit`].
///
/// An operation that returns an error has changed nothing.
pub struct Ledger {
    candidates: Arc<Candidates>,
    /// The tree of the list before the first change.
    tree: Option<Tree>,
    undo: Vec<Undo>,
    changed: BTreeSet<u32>,
}

impl Ledger {
    /// Starts from a list.
    pub fn new(candidates: Arc<Candidates>) -> Self {
        Self {
            candidates,
            tree: None,
            undo: Vec::new(),
            changed: BTreeSet::new(),
        }
    }

    /// The list as it stands.
    pub fn candidates(&self) -> &Candidates {
        &self.candidates
    }

    /// How many changes were made since the last commit.
    pub fn uncommitted(&self) -> usize {
        self.undo.len()
    }

    /// Keeps what was done since the last commit.
    pub fn commit(&mut self) {
        for undo in self.undo.drain(..) {
            match undo {
                Undo::Added | Undo::Counters(_) => {}
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
                Undo::Counters(counters) => self.edit().next = counters,
            }
        }
    }

    /// The list, and the places of records that were changed by committed operations. Records added stand at the
    /// list's end.
    pub fn finish(mut self) -> (Arc<Candidates>, BTreeSet<u32>) {
        self.rollback();
        if let Some(mut tree) = self.tree.take() {
            let list = &self.candidates.list;
            // Many changes, as a round makes, cost less from the beginning.
            if self.changed.len() * 8 < list.len() {
                let known = tree.len();
                let changed = self.changed.iter().map(|place| *place as usize);
                for place in changed.filter(|place| *place < known).chain(known..list.len()) {
                    if let Some(record) = list.get(place) {
                        tree.set(place, record);
                    }
                }
                // Nothing was changed since the tree was taken out but through here.
                let _ = self.edit_list().tree.set(tree);
            }
        }
        (self.candidates, self.changed)
    }

    /// The list to change: its tree is kept aside until [`Ledger::finish`].
    pub(crate) fn edit(&mut self) -> &mut Candidates {
        if let Some(tree) = self.candidates.tree.get() {
            self.tree.get_or_insert_with(|| tree.clone());
        }
        let list = self.edit_list();
        list.tree.take();
        list
    }

    fn edit_list(&mut self) -> &mut Candidates {
        Arc::make_mut(&mut self.candidates)
    }

    /// Replaces the record at `place`; account and key may be others.
    pub(crate) fn put(&mut self, place: u32, record: Candidate) {
        let candidates = self.edit();
        let old = &candidates.list[place as usize];
        let (other_account, other_key) = (old.account != record.account, old.key != record.key);
        if !other_account && !other_key {
            candidates.list[place as usize] = record;
            return;
        }
        let (account, key) = (record.account.clone(), record.key.clone());
        let by_account = candidates.search_account(&old.account);
        let by_key = candidates.search_key(&old.key);
        if let (Ok(by_account), Ok(by_key), Some(index)) = (by_account, by_key, candidates.index.get_mut()) {
            index.by_account.remove(by_account);
            index.by_key.remove(by_key);
        }
        candidates.list[place as usize] = record;
        let by_account = candidates.search_account(&account).unwrap_or_else(|at| at);
        let by_key = candidates.search_key(&key).unwrap_or_else(|at| at);
        if let Some(index) = candidates.index.get_mut() {
            index.by_account.insert(by_account, place);
            index.by_key.insert(by_key, place);
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

    pub(crate) fn place(&self, account: &AccountName) -> Result<u32, PobError> {
        self.candidates.place_of(account).ok_or(PobError::NotExists)
    }

    pub(crate) fn at(&self, place: u32) -> &Candidate {
        &self.candidates.list[place as usize]
    }

    pub(crate) fn change(&mut self, place: u32, change: impl FnOnce(&mut Candidate)) {
        let old = self.at(place).clone();
        let mut new = old.clone();
        change(&mut new);
        self.put(place, new);
        self.undo.push(Undo::Changed(place, old));
    }

    pub(crate) fn take_generation(&mut self) -> u64 {
        self.undo.push(Undo::Counters(self.candidates.next));
        self.edit().next.take_generation()
    }

    /// P-10. Registers a node, which locks `entry.lock`; it can be voted for at once, unless it must be approved first. A
    /// node that lost its candidacy may register again once its votes' tokens have returned (P-16) and what it had locked
    /// was taken out; it keeps its order and its voters' rewards. `former` is what is remembered of one that had lost its
    /// place, too.
    ///
    /// Where the list is full another node loses its place; what became of it is given.
    pub fn register(
        &mut self,
        account: &AccountName,
        node: Registration,
        entry: Entry,
        former: Option<Former>,
        rules: &Rules,
    ) -> Result<Option<Displaced>, PobError> {
        let listed = self.candidates.place_of(account);
        let old = listed.map(|place| self.at(place));
        if old.is_some_and(|old| old.status != CandidateStatus::Lost) {
            return Err(PobError::Exists);
        }
        let loss = old.map_or_else(|| former.and_then(|former| former.loss), |old| old.loss);
        if let Some(loss) = loss.filter(|loss| entry.now_ms < loss.until_ms) {
            return Err(PobError::Cooling(loss.until_ms));
        }
        if old.is_some_and(|old| !old.stake().is_zero()) {
            return Err(PobError::Deposit);
        }
        if self
            .candidates
            .place_of_key(&node.key)
            .is_some_and(|other| Some(other) != listed)
        {
            return Err(PobError::KeyUsed);
        }
        if let Some(place) = listed {
            self.change(place, |c| {
                set_node(c, node);
                begin(c, entry);
            });
            return Ok(None);
        }
        // Whoever must go is found before anything is changed.
        let full = self.candidates.list.len() >= rules.places;
        let displaced = match full {
            true => Some(self.displaceable(entry.epoch).ok_or(PobError::TooManyNodes)?),
            false => None,
        };
        let generation = self.take_generation();
        let mut record = blank(account, node, generation, former.unwrap_or_default());
        begin(&mut record, entry);
        match displaced {
            Some(place) => Ok(Some(self.displace(place, record, entry, rules))),
            None => {
                self.add(record);
                Ok(None)
            }
        }
    }

    fn add(&mut self, record: Candidate) {
        let by_account = self.candidates.search_account(&record.account);
        let by_key = self.candidates.search_key(&record.key);
        let candidates = self.edit();
        let place = candidates.list.len() as u32;
        if let Some(index) = candidates.index.get_mut() {
            index.by_account.insert(by_account.unwrap_or_else(|at| at), place);
            index.by_key.insert(by_key.unwrap_or_else(|at| at), place);
        }
        candidates.list.push(record);
        self.undo.push(Undo::Added);
    }

    /// Puts another node's record at a place.
    pub(crate) fn replace(&mut self, place: u32, record: Candidate) -> Candidate {
        let old = self.at(place).clone();
        self.put(place, record);
        self.undo.push(Undo::Changed(place, old.clone()));
        old
    }

    /// Lets a node that asked for it on a private network be voted for.
    pub fn approve(&mut self, account: &AccountName) -> Result<(), PobError> {
        let place = self.place(account)?;
        if self.at(place).status == CandidateStatus::Requested {
            self.change(place, |c| c.status = CandidateStatus::Registered);
        }
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
        self.change(place, |c| set_node(c, node));
        Ok(())
    }

    /// P-10. Makes a registered node with more votes than the threshold, now and at the last MSB, a candidate, in `epoch`. A candidate stays one,
    /// and takes back that it would leave. Gives the deposit that is to be locked now.
    pub fn apply(
        &mut self,
        account: &AccountName,
        rules: &Rules,
        epoch: u64,
        deposit: Amount,
    ) -> Result<Amount, PobError> {
        let place = self.place(account)?;
        let candidate = self.at(place);
        match candidate.status {
            CandidateStatus::Candidate => {
                if candidate.leaving {
                    self.change(place, |c| c.leaving = false);
                }
                return Ok(Amount::ZERO);
            }
            CandidateStatus::Lost | CandidateStatus::Requested => return Err(PobError::NotApproved),
            CandidateStatus::Registered => {}
        }
        let threshold = rules.threshold;
        if candidate.votes <= threshold {
            let votes = candidate.votes;
            return Err(PobError::BelowThreshold { votes, threshold });
        }
        if candidate.voted <= threshold {
            let votes = candidate.voted;
            return Err(PobError::BelowThresholdBefore { votes, threshold });
        }
        self.stand(place, epoch, deposit);
        Ok(deposit)
    }

    /// Makes a node a candidate whatever its votes: genesis names its candidates.
    pub fn appoint(&mut self, account: &AccountName, deposit: Amount) -> Result<(), PobError> {
        let place = self.place(account)?;
        if self.at(place).status == CandidateStatus::Registered {
            self.stand(place, 0, deposit);
        }
        Ok(())
    }

    fn stand(&mut self, place: u32, epoch: u64, deposit: Amount) {
        let order = self.candidates.next.order;
        self.change(place, |c| {
            c.status = CandidateStatus::Candidate;
            c.available = epoch;
            c.missed = 0;
            c.deposit = deposit;
            c.deposit_until_ms = 0;
            if c.order == 0 {
                c.order = order;
            }
        });
        if self.at(place).order == order {
            self.undo.push(Undo::Counters(self.candidates.next));
            self.edit().next.order = order.saturating_add(1);
        }
    }

    /// P-16. A candidate leaves: in the next round it loses candidacy. A node that isn't one yet stops being registered
    /// at once, and its votes return as when a candidacy is lost; what ended then is given.
    pub fn leave(
        &mut self,
        account: &AccountName,
        at: LossContext,
        rules: &Rules,
    ) -> Result<Option<Ending>, PobError> {
        let place = self.place(account)?;
        match self.at(place).status {
            CandidateStatus::Candidate => {
                self.change(place, |c| c.leaving = true);
                Ok(None)
            }
            CandidateStatus::Registered | CandidateStatus::Requested => {
                Ok(Some(self.take_candidacy(place, LossReason::Left, at, rules)))
            }
            CandidateStatus::Lost => Err(PobError::NotExists),
        }
    }

    /// Takes a node's candidacy at once: slashing (P-24), or a private network's foundation.
    pub fn expel(
        &mut self,
        account: &AccountName,
        reason: LossReason,
        at: LossContext,
        rules: &Rules,
    ) -> Result<Ending, PobError> {
        let place = self.place(account)?;
        if self.at(place).status == CandidateStatus::Lost {
            return Err(PobError::NotExists);
        }
        Ok(self.take_candidacy(place, reason, at, rules))
    }

    fn take_candidacy(&mut self, place: u32, reason: LossReason, at: LossContext, rules: &Rules) -> Ending {
        let loss = Loss {
            reason,
            epoch: at.epoch,
            at_ms: at.now_ms,
            until_ms: at.now_ms.saturating_add(rules.vote_lock_ms),
        };
        let generation = self.take_generation();
        let mut ending = None;
        self.change(place, |c| ending = Some(lose(c, loss, generation)));
        ending.expect("`change` calls its closure once")
    }

    /// P-15. Lets a candidate stand aside for the `epochs` epochs after `epoch`; with none it comes back in the next.
    /// Refused where too few active candidates would be left (P-13).
    pub fn stand_aside(
        &mut self,
        account: &AccountName,
        epoch: u64,
        epochs: u64,
        rules: &Rules,
    ) -> Result<(), PobError> {
        let place = self.place(account)?;
        if self.at(place).status != CandidateStatus::Candidate {
            return Err(PobError::NotCandidate);
        }
        if epochs > rules.aside_epochs {
            return Err(PobError::AsideTooLong(rules.aside_epochs));
        }
        let next = epoch.saturating_add(1);
        let others = self
            .candidates
            .list
            .iter()
            .filter(|c| c.is_active(next) && c.account != *account);
        if epochs > 0 && others.count() < LEAST_CANDIDATES as usize {
            return Err(PobError::TooFewLeft);
        }
        self.change(place, |c| c.aside_until = next.saturating_add(epochs));
        Ok(())
    }

    /// P-14. Notes that a candidate proved its availability against the MSB of `epoch`; once for each MSB.
    pub fn prove_available(&mut self, account: &AccountName, epoch: u64) -> Result<(), PobError> {
        let place = self.place(account)?;
        let candidate = self.at(place);
        if candidate.status != CandidateStatus::Candidate {
            return Err(PobError::NotCandidate);
        }
        // A candidacy that began after the MSB needs no proof against it; genesis' candidates may prove against MSB 0.
        if candidate.available > epoch || (candidate.available == epoch && epoch > 0) {
            return Err(PobError::Proved(epoch));
        }
        self.change(place, |c| c.available = epoch);
        Ok(())
    }

    /// P-22. Sets the node's part of its invited users' fees, in percent.
    pub fn set_fee_share(&mut self, account: &AccountName, percent: u8) -> Result<(), PobError> {
        let place = self.place(account)?;
        if !(MIN_FEE_SHARE..=MAX_FEE_SHARE).contains(&percent) {
            return Err(PobError::FeeShare);
        }
        self.change(place, |c| c.fee_share = percent);
        Ok(())
    }

    /// P-24. Notes that a node that had lost its candidacy before was proved guilty: offences up to now are settled.
    pub fn mark_guilty(&mut self, account: &AccountName, at: LossContext) -> Result<(), PobError> {
        let place = self.place(account)?;
        self.change(place, |c| c.loss = Some(at.guilty(c.loss)));
        Ok(())
    }

    /// Takes out all that the node has locked, deposit and lock, whose tokens go elsewhere: to the account when they have
    /// returned, away when slashed.
    pub fn take_stake(&mut self, account: &AccountName) -> Result<Amount, PobError> {
        let place = self.place(account)?;
        let stake = self.at(place).stake();
        if !stake.is_zero() {
            self.change(place, |c| (c.deposit, c.lock) = (Amount::ZERO, Amount::ZERO));
        }
        Ok(stake)
    }

    /// P-17. Adds `amount` to the voter's votes for a node. Votes of an older generation must have been folded in
    /// before ([`Ledger::fold`]).
    pub fn vote(&mut self, voter: &mut Voter, node: &AccountName, amount: Amount) -> Result<(), PobError> {
        if amount.is_zero() {
            return Err(PobError::NotPositive);
        }
        let place = self.place(node)?;
        let candidate = self.at(place);
        match candidate.status {
            CandidateStatus::Registered | CandidateStatus::Candidate => {}
            CandidateStatus::Lost => {
                let until_ms = candidate.loss.map_or(0, |loss| loss.until_ms);
                return Err(PobError::LostNode(node.clone(), until_ms));
            }
            CandidateStatus::Requested => return Err(PobError::NotApproved),
        }
        let overflow = |_| PobError::Overflow(node.clone());
        let votes = candidate.votes.checked_add(amount).map_err(overflow)?;
        let (generation, coef) = (candidate.generation, candidate.voter_coef);
        match voter.votes.binary_search_by(|v| v.candidate.cmp(node)) {
            Ok(at) => {
                let vote = &mut voter.votes[at];
                if vote.generation != generation {
                    return Err(PobError::VoidVote(node.clone()));
                }
                let sum = vote.amount.checked_add(amount).map_err(overflow)?;
                self.settle(place, vote);
                vote.amount = sum;
            }
            Err(_) if voter.votes.len() >= MAX_VOTES => return Err(PobError::TooManyVotes),
            Err(at) => voter.votes.insert(
                at,
                Vote {
                    candidate: node.clone(),
                    generation,
                    amount,
                    coef,
                    earned: Amount::ZERO,
                    height: 0,
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
        let voted = voter.votes.binary_search_by(|v| v.candidate.cmp(node));
        let place = self.place(node).map_err(|unknown| match voted {
            Ok(_) => PobError::VoidVote(node.clone()),
            Err(_) => unknown,
        })?;
        let at = voted.map_err(|_| PobError::DidNotVote)?;
        let vote = &mut voter.votes[at];
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
        self.settle(place, vote);
        vote.amount = left;
        voter.drop_empty()?;
        self.change(place, |c| c.votes = votes);
        Ok(())
    }

    /// P-21. Counts a vote's rewards up to now: they go from the node's pot to the vote.
    pub(crate) fn settle(&mut self, place: u32, vote: &mut Vote) {
        let due = rewards::due(vote, self.at(place).voter_coef).min(self.at(place).voters_pot);
        vote.coef = self.at(place).voter_coef;
        self.move_from_pot(place, vote, due);
    }

    /// Moves `due` of a node's pot to a vote of it.
    pub(crate) fn move_from_pot(&mut self, place: u32, vote: &mut Vote, due: Amount) {
        let (Ok(pot), Ok(earned)) = (
            self.at(place).voters_pot.checked_sub(due),
            vote.earned.checked_add(due),
        ) else {
            return;
        };
        if !due.is_zero() {
            self.change(place, |c| c.voters_pot = pot);
            vote.earned = earned;
        }
    }

    /// P-17. Moves votes of `account`, whose record `voter` is, from node to node at once; they stay locked. A candidate's
    /// votes for itself answer for what it signs, so they stay with it (P-24).
    pub fn move_votes(
        &mut self,
        account: &AccountName,
        voter: &mut Voter,
        from: &AccountName,
        to: &AccountName,
        amount: Amount,
    ) -> Result<(), PobError> {
        if from == to {
            return Err(PobError::SameNode(from.clone()));
        }
        self.place(to)?;
        let stands = |c: &Candidate| c.status == CandidateStatus::Candidate;
        if account == from && self.candidates.find(from).is_some_and(stands) {
            return Err(PobError::OwnVotes);
        }
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
    pub fn run_round(&mut self, at: &RoundContext<'_>, rules: &Rules) -> RoundOutcome {
        let before: Vec<u32> = self.standing();
        let outcome = run_round(self.edit(), at, rules);
        self.changed.extend(before);
        self.note_votes();
        outcome
    }

    /// P-10. Notes the votes of nodes that aren't candidates, at an MSB: one heap of votes that goes from node to node within
    /// an epoch makes no more than one candidate. There is no undo of it.
    pub fn note_votes(&mut self) {
        let differs = |c: &Candidate| c.status != CandidateStatus::Candidate && c.voted != c.votes;
        let places = (self.candidates.list.iter().enumerate()).filter(|(_, c)| differs(c));
        let places: Vec<u32> = places.map(|(place, _)| place as u32).collect();
        for place in places {
            let node = &mut self.edit().list[place as usize];
            node.voted = node.votes;
            self.changed.insert(place);
        }
    }

    /// P-20. Pays an epoch's rewards; there is no undo of it. Gives what was paid, which is never more than the parts.
    pub fn pay_rewards(&mut self, parts: &rewards::Parts<'_>) -> Amount {
        let standing = self.standing();
        let (paid, more) = rewards::pay(self.edit(), parts);
        self.changed.extend(standing);
        self.changed.extend(more);
        paid
    }

    fn standing(&self) -> Vec<u32> {
        let standing = self.candidates.list.iter().enumerate();
        let standing = standing.filter(|(_, c)| c.status == CandidateStatus::Candidate);
        standing.map(|(place, _)| place as u32).collect()
    }
}

/// A record that says nothing yet but who it is, and what is remembered of it.
fn blank(account: &AccountName, node: Registration, generation: u64, former: Former) -> Candidate {
    Candidate {
        account: account.clone(),
        key: node.key,
        location: node.location,
        url: node.url,
        net_id: node.net_id,
        generation,
        registered: 0,
        status: CandidateStatus::Registered,
        order: former.order,
        votes: Amount::ZERO,
        voted: Amount::ZERO,
        servi: 0,
        available: 0,
        missed: 0,
        aside_until: 0,
        leaving: false,
        loss: former.loss,
        deposit: Amount::ZERO,
        lock: Amount::ZERO,
        deposit_until_ms: 0,
        fee_share: MIN_FEE_SHARE,
        earned: Amount::ZERO,
        voters_pot: former.voters_pot,
        voter_coef: 0,
    }
}

/// Begins a registration.
fn begin(candidate: &mut Candidate, entry: Entry) {
    candidate.status = if entry.approved {
        CandidateStatus::Registered
    } else {
        CandidateStatus::Requested
    };
    candidate.registered = entry.epoch;
    candidate.lock = entry.lock;
    candidate.deposit_until_ms = 0;
}

fn set_node(candidate: &mut Candidate, node: Registration) {
    candidate.key = node.key;
    candidate.location = node.location;
    candidate.url = node.url;
    candidate.net_id = node.net_id;
}

/// A node for this crate's own tests.
#[cfg(test)]
pub(crate) fn tests_only_node(number: u64) -> Candidate {
    use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
    let account = AccountName::any(format!("node_{number:05}")).expect("a name");
    let node = Registration {
        key: PrivateKey::from_seed(number).public_key(),
        location: Text::default(),
        url: Text::default(),
        net_id: Text::default(),
    };
    blank(&account, node, number, Former::default())
}
