//! Every way in which an answer is refused.

use credo_msb::HandOverError;
use credo_primitives::spec::SpecError;
use credo_primitives::{CertificateError, Digest, StateKey};
use credo_state::ProofError;

use crate::Conflict;

/// Why the light client refused something, or couldn't get it. Each variant names what failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LightError {
    /// The relay serves another chain than the one pinned (P-40).
    #[error("this relay serves another chain: its spec hash is {got}, expected {expected}")]
    WrongChain {
        /// The pinned hash.
        expected: Digest,
        /// What the relay serves.
        got: Digest,
    },
    /// A chain that isn't a devnet, and no hash to hold it against.
    #[error(
        "the spec hash of this chain must be given: only a devnet's may be learnt from a relay (it claims {got})"
    )]
    NotPinned {
        /// What the relay serves.
        got: Digest,
    },
    /// A format of a later release (P-6).
    #[error("a newer release is needed: {0}")]
    UpdateNeeded(String),
    /// The chain spec is no spec.
    #[error("the chain spec was refused: {0}")]
    Spec(SpecError),
    /// A hand-over doesn't hold: its fields, its Micro State Block or its certificate.
    #[error("{0}")]
    HandOver(HandOverError),
    /// A relay says that an epoch began and has no hand-over to it.
    #[error("the relay claims epoch {claimed} but serves no hand-over of epoch {missing}")]
    NoHandOver {
        /// The epoch claimed.
        claimed: u64,
        /// The first epoch whose hand-over is missing.
        missing: u64,
    },
    /// A header's field doesn't fit this chain.
    #[error("header {height}: its {field} doesn't fit")]
    Header {
        /// Its height.
        height: u64,
        /// The field's name.
        field: &'static str,
    },
    /// A header's certificate doesn't hold: its bytes, its bitmap, its signatures or the headers up to it.
    #[error("header {height}: {source}")]
    Certificate {
        /// The header's height.
        height: u64,
        /// What of it.
        source: CertificateError,
    },
    /// The epoch's committee isn't known here: not yet, or no more.
    #[error("the committee of epoch {epoch} isn't known here (known: {oldest} to {newest})")]
    UnknownCommittee {
        /// The epoch.
        epoch: u64,
        /// Oldest known.
        oldest: u64,
        /// Newest known.
        newest: u64,
    },
    /// The answer is from too old a block.
    #[error("the answer is from block {height}, {lag_ms} ms behind the verified head {head}")]
    Old {
        /// The answer's height.
        height: u64,
        /// The verified head's height.
        head: u64,
        /// How far behind by the blocks' times.
        lag_ms: u64,
    },
    /// A value or its proof doesn't hold.
    #[error("{source}")]
    State {
        /// The key.
        key: StateKey,
        /// What of it.
        source: ProofError,
    },
    /// Another number of entries than keys.
    #[error("{asked} keys were asked for, {got} entries came")]
    Entries {
        /// Keys.
        asked: usize,
        /// Entries.
        got: usize,
    },
    /// A proved value that this release can't read.
    #[error("the value under {key} is proved, but this release can't read it: {reason}")]
    Unreadable {
        /// The key.
        key: StateKey,
        /// Why.
        reason: String,
    },
    /// A part of the ranking of Servi nodes isn't the one whose digest is proved.
    #[error("part {part} of the ranking isn't the one in the state: {fault}")]
    Ranking {
        /// Its number.
        part: u32,
        /// What of it.
        fault: RankingFault,
    },
    /// The transaction isn't the one asked for, or doesn't stand in its block.
    #[error("transaction {hash}: {reason}")]
    Transaction {
        /// Its hash.
        hash: Digest,
        /// What of it.
        reason: &'static str,
    },
    /// The receipt isn't this transaction's, or doesn't stand in its block.
    #[error("receipt of transaction {hash}: {reason}")]
    Receipt {
        /// The transaction's hash.
        hash: Digest,
        /// What of it.
        reason: &'static str,
    },
    /// The block isn't the one asked for, or its transactions aren't.
    #[error("block {height}: {reason}")]
    Block {
        /// The height asked for.
        height: u64,
        /// What of it.
        reason: &'static str,
    },
    /// Two valid certificates, or two valid hand-overs, contradict each other (P-43).
    #[error("{0}")]
    Conflict(Box<Conflict>),
    /// A stored checkpoint that can't be used.
    #[error("the stored checkpoint can't be used: {0}")]
    Checkpoint(String),
    /// The relay's own words.
    #[error("{0}")]
    Refused(String),
    /// The relay answered something else than was asked.
    #[error("the relay answered with something else than what was asked")]
    Unexpected,
    /// No answer in time.
    #[error("no relay answered within {0} ms")]
    TimedOut(u64),
    /// No relay to ask.
    #[error("no relay is connected")]
    NoRelay,
    /// More requests at once than the session keeps.
    #[error("too many requests at once")]
    Busy,
}

/// What is wrong with a part of the ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RankingFault {
    /// It was left out, though the state counts it.
    #[error("it is missing")]
    Missing,
    /// There is none of that number.
    #[error("there is no such part")]
    Invented,
    /// Records were changed, left out, added, or put into another order.
    #[error("its records were altered")]
    Altered,
    /// Another part in its stead.
    #[error("it is part {0}")]
    Another(u32),
    /// The ranking of another Micro State Block.
    #[error("it is of the ranking that epoch {got} began with, the state has that of epoch {expected}")]
    Epoch {
        /// In the state.
        expected: u64,
        /// Of what came.
        got: u64,
    },
}

impl LightError {
    /// True when the answer shows that the relay lied or is broken, false when it was slow, behind, or honest in
    /// refusing.
    pub const fn is_lie(&self) -> bool {
        !matches!(
            self,
            Self::UpdateNeeded(_)
                | Self::NotPinned { .. }
                | Self::NoHandOver { .. }
                | Self::UnknownCommittee { .. }
                | Self::Old { .. }
                | Self::Unreadable { .. }
                | Self::Conflict(_)
                | Self::Checkpoint(_)
                | Self::Refused(_)
                | Self::TimedOut(_)
                | Self::NoRelay
                | Self::Busy
        )
    }
}

impl From<HandOverError> for LightError {
    fn from(error: HandOverError) -> Self {
        match error {
            HandOverError::Version { .. } => Self::UpdateNeeded(error.to_string()),
            error => Self::HandOver(error),
        }
    }
}

impl From<SpecError> for LightError {
    fn from(error: SpecError) -> Self {
        match error {
            SpecError::Version(_) => Self::UpdateNeeded(error.to_string()),
            SpecError::Hash { expected, got } => Self::WrongChain { expected, got },
            error => Self::Spec(error),
        }
    }
}
