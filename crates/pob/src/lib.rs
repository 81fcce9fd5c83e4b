//! Proof of Believability as a pure ledger (P-10 to P-17, P-20, P-21).
//!
//! The ledger is a value: [`Candidates`] (all Servi nodes with votes, Servi and rewards) plus one [`Voter`] record per
//! account. Nothing here reads a clock or a store; the runtime loads records, calls a [`Ledger`] and writes records back.
//! Tokens are no business of this crate: it says how much is locked, returned or earned, the runtime moves it.
//!
//! - **P-10** [`Ledger::register`], then [`Ledger::apply`] with more votes than the threshold: candidacy starts there,
//!   and its order is kept for ever for ties. The application locks a deposit.
//! - **P-14** [`Ledger::prove_available`] notes the last epoch against whose MSB a candidate proved itself.
//! - **P-15** A round counts the epochs in a row with turns and no block; [`Ledger::stand_aside`] for planned work.
//! - **P-16** Losing candidacy ends a *generation* of a node's votes. How it ended ([`Ended`](credo_primitives::entry::Ended))
//!   is written once; voters are not visited. [`Voter::returned`] and [`Ledger::fold`] reckon with it later.
//! - **P-17** [`Ledger::vote`], [`Ledger::unvote`], [`Ledger::move_votes`]: one token, one vote. Locks and dates of
//!   unvoted tokens are kept where the tokens are, in the runtime.
//! - **P-20, P-21** [`Ledger::pay_rewards`], and claims.
//!
//! Rules of a round (P-11), in order, on the state before the MSB block:
//!
//! 1. every candidate that doesn't stand aside earns Servi equal to its votes;
//! 2. no balance exceeds `servi_cap` × the total votes cast;
//! 3. candidates that left or broke P-14 or P-15 are removed, in the order of candidacy, as long as four are left (P-13);
//! 4. candidates are ranked by Servi, the earlier candidacy first on a tie, those that stand aside left out; the first
//!    `committee_size` are elected;
//! 5. each elected one loses the Servi of the last of them.

mod candidate;
mod claims;
mod displace;
mod error;
mod holding;
mod ledger;
mod ranking;
pub mod rewards;
mod round;
mod tree;

pub use candidate::{
    Candidate, CandidateStatus, Candidates, Counters, Former, ListDigest, Loss, MAX_CANDIDATES,
    MAX_FEE_SHARE, MAX_VOTES, MIN_FEE_SHARE, Round, Seat, Turns, Vote, Voter,
};
pub use claims::Seized;
pub use displace::{Displaced, PROTECTED_EPOCHS};
pub use error::PobError;
pub use holding::{contribution_due, pay_contribution, settle_contribution, spendable};
pub use ledger::{Ending, Entry, Ledger, LossContext, Registration};
pub use ranking::{MAX_PART, PART, Ranking, RankingHead, RankingPart};
pub use round::{LEAST_CANDIDATES, RoundContext, RoundOutcome, Rules, run_round};
