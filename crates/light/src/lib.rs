//! The light client (P-40 to P-43): one verifier for node, command line and browser.
//!
//! Two layers, both pure: time, randomness and bytes come in, decisions go out.
//!
//! - [`LightClient`] verifies. From the chain spec's hash it follows hand-overs from committee to committee, accepts
//!   headers under certificates of the committees so named, and checks every value, transaction and block that a
//!   relay serves against such a header. What it returns is [`Proved`]; what it refuses is a [`LightError`] that
//!   names what failed.
//! - [`Session`] drives it over several relays: [`Event`]s in, [`Effect`]s out. It greets, synchronises, follows new
//!   heads, asks another relay when one lies or stays silent, and says where it stands ([`Status`]).
//!
//! Bounds, so that no relay can grow it: committees of three epochs, [`client::RECENT`] heads, [`session::MAX_RELAYS`]
//! relays, [`session::MAX_REQUESTS`] requests, one unverified head per relay. Everything that arrives was bounded by
//! the wire format before it comes here.
//!
//! How could it be attacked? A relay can stay silent or serve an old state: silence is told after six seconds and
//! another relay is asked; an answer that lies further behind the verified head than [`LightClient::max_lag_ms`] is
//! refused; a head that stops moving makes everything *stale*. A captured committee can sign two chains: the
//! contradiction is kept as [`Conflict`] and stops the client (P-43). Keys that have been unlocked can forge a past;
//! that is why a start older than `vote_lock` needs more than one relay (P-40).

mod account;
mod answers;
mod checkpoint;
pub mod client;
mod conflict;
mod error;
mod proved;
mod ranking;
pub mod session;
#[cfg(feature = "testing")]
pub mod testing;

pub use account::{
    AccountQuery, Generation, HeldVote, Holdings, ReturnReason, Returning, Rewards, Staked, VoteStanding,
};
pub use answers::BlockInfo;
pub use checkpoint::Checkpoint;
pub use client::{Anchor, HeadEvent, LightClient, VerifiedHead};
pub use conflict::{Conflict, ConflictKind};
pub use error::{LightError, RankingFault};
pub use proved::{ProofInfo, Proved};
pub use ranking::{Ranking, RankingInfo};
pub use session::{
    Answer, Effect, Event, Query, RelayInfo, Session, SessionConfig, Status, Ticket, TransactionStatus,
};

/// A relay's number, given by the caller.
pub type RelayId = u32;
