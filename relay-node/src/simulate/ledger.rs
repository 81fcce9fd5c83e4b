//! The chain's own ledger, run by itself. All that the simulation asks of `credo_pob` stands in this file.
//!
//! Nothing is modelled: candidates register, are voted for and apply through [`Ledger`], and a round is
//! [`run_round`]. Simulated nodes never fail: they prove their availability (P-14) and produce in every turn (P-15),
//! which is the same as rules that never count a proof as late or a turn as missed.

use std::mem;
use std::sync::Arc;

use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use credo_pob::{Candidates, Entry, Ledger, Registration, Round, RoundContext, Rules, Voter, run_round};
use credo_primitives::amount::IOST_DECIMALS;
use credo_primitives::{AccountName, Amount, Parameters, Text};

use super::error::SimulateError;

/// Units of one whole vote, which is one IOST.
const VOTE: u64 = 10u64.pow(IOST_DECIMALS);
/// Most votes that a pool can have: as many as there can be tokens.
pub(super) const MAX_VOTES: u64 = Amount::MAX.units() / VOTE;

/// Registering costs the simulated nothing.
const ENTRY: Entry = Entry {
    epoch: 0,
    now_ms: 0,
    lock: Amount::ZERO,
    approved: true,
};

/// A pool of candidates, known by their place in the order of candidacy, and the rounds run on it.
///
/// Votes and Servi are whole votes: votes are given whole, and a round only adds and subtracts them.
#[derive(Clone)]
pub(super) struct LedgerRun {
    candidates: Candidates,
    rules: Rules,
    last: Option<Round>,
    next_epoch: u64,
}

/// One elected candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Elected {
    /// Its place.
    pub(super) place: usize,
    /// Its Servi before it paid for the seat.
    pub(super) servi: u64,
}

impl LedgerRun {
    /// Candidates with these votes that stand from genesis on, which names its candidates whatever their votes.
    pub(super) fn new(votes: &[u64], parameters: &Parameters) -> Result<Self, SimulateError> {
        let total = checked_total(votes)?;
        let rules = Rules {
            availability_epochs: u64::MAX,
            missed_epochs: u32::MAX,
            ..Rules::of(parameters, Amount::from_iost(total))
        };
        let mut run = Self {
            candidates: Candidates::default(),
            rules,
            last: None,
            next_epoch: 0,
        };
        run.add(votes, |ledger, account| ledger.appoint(account, Amount::ZERO))?;
        Ok(run)
    }

    /// More candidates, who apply together before the next round. With too few votes for an
    /// application (P-10) the ledger lets nobody in.
    pub(super) fn join(&mut self, votes: &[u64]) -> Result<(), SimulateError> {
        let standing = self.candidates.total_votes() / u128::from(VOTE);
        let joining: u128 = votes.iter().map(|v| u128::from(*v)).sum();
        if standing + joining > u128::from(MAX_VOTES) {
            return Err(SimulateError::TooManyVotes);
        }
        let (rules, epoch) = (self.rules, self.next_epoch);
        self.add(votes, |ledger, account| {
            // They had their votes at the last MSB, too.
            ledger.note_votes();
            ledger.apply(account, &rules, epoch, Amount::ZERO).map(drop)
        })
    }

    /// Registers nodes, votes for them and lets them stand. Without success nothing has changed.
    fn add(
        &mut self,
        votes: &[u64],
        stand: impl Fn(&mut Ledger, &AccountName) -> Result<(), credo_pob::PobError>,
    ) -> Result<(), SimulateError> {
        let (first, rules) = (self.candidates.list.len(), self.rules);
        let mut ledger = Ledger::new(Arc::new(mem::take(&mut self.candidates)));
        let mut all = || {
            for (place, votes) in (first..).zip(votes) {
                let account = account(place);
                ledger.register(&account, node(place), ENTRY, None, &rules)?;
                if *votes > 0 {
                    ledger.vote(&mut Voter::default(), &account, Amount::from_iost(*votes))?;
                }
                stand(&mut ledger, &account)?;
            }
            ledger.commit();
            Ok(())
        };
        let done = all();
        // What wasn't committed is taken back here.
        let (candidates, _) = ledger.finish();
        self.candidates = Arc::unwrap_or_clone(candidates);
        done
    }

    /// Runs the next round (P-11) and gives the elected by rank.
    pub(super) fn round(&mut self) -> Vec<Elected> {
        let at = RoundContext {
            epoch: self.next_epoch,
            now_ms: 0,
            previous: self.last.as_ref(),
            turns: None,
        };
        let round = run_round(&mut self.candidates, &at, &self.rules).round;
        let elected = round.seats.iter().filter_map(|seat| {
            Some(Elected {
                place: self.candidates.place_of(&seat.account)? as usize,
                servi: whole(seat.servi),
            })
        });
        let elected = elected.collect();
        self.next_epoch += 1;
        self.last = Some(round);
        elected
    }

    /// The Servi of all, by place.
    pub(super) fn servi(&self) -> Vec<u64> {
        self.candidates.list.iter().map(|c| whole(c.servi)).collect()
    }

    /// How many stand.
    pub(super) fn candidates(&self) -> usize {
        self.candidates.list.len()
    }

    /// The epoch whose committee the next round elects.
    pub(super) fn next_epoch(&self) -> u64 {
        self.next_epoch
    }

    /// Least whole votes that an application needs (P-10).
    pub(super) fn least_votes(&self) -> u64 {
        whole_votes(self.rules.threshold) + 1
    }
}

/// The sum of votes that the ledger can hold.
pub(super) fn checked_total(votes: &[u64]) -> Result<u64, SimulateError> {
    let total = votes.iter().try_fold(0u64, |sum, v| sum.checked_add(*v));
    total
        .filter(|total| *total <= MAX_VOTES)
        .ok_or(SimulateError::TooManyVotes)
}

/// Servi fits: it is at most the cap's multiple of the votes, both bounded.
fn whole(servi: u128) -> u64 {
    u64::try_from(servi / u128::from(VOTE)).unwrap_or(u64::MAX)
}

/// Whole votes in an amount.
pub(super) fn whole_votes(amount: Amount) -> u64 {
    amount.units() / VOTE
}

fn account(place: usize) -> AccountName {
    AccountName::new(format!("node{place:06}")).expect("lower-case letters and digits, ten of them")
}

fn node(place: usize) -> Registration {
    Registration {
        key: PrivateKey::from_seed(place as u64).public_key(),
        location: Text::default(),
        url: Text::default(),
        net_id: Text::default(),
    }
}
