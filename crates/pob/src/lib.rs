//! Proof of Believability as a pure ledger (P-10 to P-13, P-17).
//!
//! The ledger is a value: [`Candidates`] (all Servi nodes with votes and Servi) plus one [`Voter`] record per account.
//! Nothing here reads a clock or a store; the runtime loads records, calls a [`Ledger`] and writes records back.
//!
//! - **P-10** [`Ledger::register`] (approved at once), then [`Ledger::apply`] with more votes than the threshold:
//!   candidacy starts there, and its order is kept for ever for ties. The deposit that an application locks is the
//!   runtime's (tokens are no business of this crate) and follows with P-24.
//! - **P-17** [`Ledger::vote`], [`Ledger::unvote`], [`Ledger::move_votes`]: one token, one vote. Locks and dates are
//!   kept where the tokens are, in the runtime.
//! - **P-16** A vote names the node's generation; a vote of an older generation is void.
//!
//! Rules of a round (P-11), in order, on the state before the MSB block:
//!
//! 1. every candidate earns Servi equal to its votes;
//! 2. no balance exceeds `servi_cap` × the total votes cast;
//! 3. removals (P-14 to P-16 — they have their place here and follow later);
//! 4. candidates are ranked by Servi, the earlier candidacy first on a tie; the first `committee_size` are elected;
//! 5. each elected one loses the Servi of the last of them.

mod candidate;
mod error;
mod ledger;
mod round;

pub use candidate::{
    Candidate, CandidateStatus, Candidates, ListDigest, MAX_CANDIDATES, MAX_VOTES, Round, Seat, Turns, Vote,
    Voter,
};
pub use error::PobError;
pub use ledger::{Ledger, Registration};
pub use round::{Rules, run_round};
