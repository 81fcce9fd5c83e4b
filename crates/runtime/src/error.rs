//! Why a transaction, a block or a genesis was refused, and what can break.

use credo_pob::PobError;
use credo_primitives::spec::{KeysError, SpecError, VestingError};
use credo_primitives::{AccountName, StateKey, TxError};
use credo_state::ReadError;

use crate::LivenessError;
use crate::abi::format_units;
use crate::limits::LimitError;

/// The node can't go on: its store failed, or its state isn't what this code wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuntimeError {
    /// The store failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A value in the state that isn't what its key says.
    #[error("the state under {key} is broken: {why}")]
    Corrupt {
        /// The key.
        key: StateKey,
        /// What is wrong with it.
        why: String,
    },
    /// A block's context that doesn't fit the chain.
    #[error("the block at height {height} doesn't fit: {why}")]
    Context {
        /// The block's height.
        height: u64,
        /// What doesn't fit.
        why: &'static str,
    },
    /// No candidate and no committee before (P-13).
    #[error("nobody stands for the committee of epoch {epoch}, and there is none to stay")]
    NoCommittee {
        /// The epoch.
        epoch: u64,
    },
}

/// Why a transaction may not stand in a block. It leaves no trace. The texts are IOST's where IOST has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its time lies after the block's, it is expired, or it is for another chain.
    #[error(transparent)]
    Static(#[from] TxError),
    /// Executed before.
    #[error("tx exists in chain")]
    Replayed,
    /// The publisher has as many transactions in this block as it may.
    #[error("{publisher} has {limit} transactions in this block, more wait for the next")]
    SenderLimit {
        /// The publisher.
        publisher: String,
        /// How many it may have.
        limit: u32,
    },
    /// The block is full; the transaction may stand in a later one.
    #[error("the block is full")]
    BlockFull,
    /// An MSB block carries no transactions (P-30).
    #[error("an epoch's last block carries no transactions")]
    MsbBlock,
    /// The publisher has less gas than the transaction may use.
    #[error(
        "gas not enough: user {publisher} has {} < {}",
        format_units(u128::from(*.has), 2),
        format_units(u128::from(*.needs), 2)
    )]
    GasNotEnough {
        /// The publisher.
        publisher: String,
        /// What it has, in hundredths.
        has: u64,
        /// The transaction's gas limit, in hundredths.
        needs: u64,
    },
    /// Its own gas limit, or the chain's for any transaction, doesn't suffice for its bytes, its signatures and for finding
    /// out whether they authorise it.
    #[error(
        "gas limit should be larger: of {} at most {most} gas can be used, which is less than checking the transaction takes",
        format_units(u128::from(*.limit), 2)
    )]
    GasLimitTooLow {
        /// The transaction's gas limit, in hundredths.
        limit: u64,
        /// What it may use at its gas ratio.
        most: u64,
    },
    /// To find out whether publisher and signers authorise it would take more than a block does for that.
    #[error(
        "the permissions of the publisher and the signers take more than {limit} gas to check: use fewer or smaller accounts"
    )]
    CheckWork {
        /// The chain's bound.
        limit: u64,
    },
    /// The publisher's `active` permission isn't satisfied by its signatures.
    #[error("unauthorized publisher: {0}")]
    Publisher(String),
    /// A signer that isn't `account@permission`.
    #[error("illegal signer: {0}")]
    IllegalSigner(String),
    /// A signer whose permission isn't satisfied.
    #[error("unauthorized signer: {0}")]
    Signer(String),
    /// Signed with a node's consensus key, and not valid or not new (P-5, P-14).
    #[error(transparent)]
    Liveness(#[from] LivenessError),
    /// A token stands twice in the amount limit.
    #[error("duplicated token in amountLimit: {0}")]
    DuplicateLimit(String),
    /// A token in the amount limit that doesn't exist.
    #[error("token not exists in amountLimit, {0}")]
    UnknownLimit(String),
    /// A limit that is neither `unlimited` nor a decimal number.
    #[error(transparent)]
    BadLimit(#[from] LimitError),
}

impl Refusal {
    /// True when the same transaction may stand in a later block as it is.
    ///
    /// One that wants gas might, too, since gas grows. It isn't kept for that: otherwise one with little gas could fill the
    /// pool with transactions of which that pays for a few.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::SenderLimit { .. }
                | Self::BlockFull
                | Self::MsbBlock
                | Self::Static(TxError::TooEarly { .. })
        )
    }
}

/// Why a transaction wasn't added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// It may not stand in this block; the block is as it was.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The node can't go on with this block.
    #[error(transparent)]
    Fatal(#[from] RuntimeError),
}

impl From<ReadError> for PushError {
    fn from(error: ReadError) -> Self {
        Self::Fatal(error.into())
    }
}

/// Why somebody's block wasn't executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// It holds a transaction that may not stand in it: the block is invalid.
    #[error("transaction {index} may not stand in the block: {refusal}")]
    Invalid {
        /// Its place in the block.
        index: usize,
        /// Why.
        refusal: Refusal,
    },
    /// The node can't tell.
    #[error(transparent)]
    Fatal(#[from] RuntimeError),
}

/// Why a genesis makes no chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// A parameter is out of range.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// An account that stands twice.
    #[error("genesis names the account {0} twice")]
    DuplicateAccount(AccountName),
    /// A contract's name for a person's account.
    #[error("genesis can't give {0} keys: it is a contract's name")]
    Contract(AccountName),
    /// Keys that can't act together.
    #[error("genesis: the keys of {account}: {source}")]
    Keys {
        /// Whose.
        account: AccountName,
        /// Why.
        source: KeysError,
    },
    /// A part of the supply that can't vest.
    #[error("genesis: what vests to {account}: {source}")]
    Vesting {
        /// To whom.
        account: AccountName,
        /// Why.
        source: VestingError,
    },
    /// More schedules than the state holds.
    #[error(
        "genesis names more than {most} schedules by which tokens vest",
        most = credo_primitives::entry::MAX_VESTING
    )]
    TooManySchedules,
    /// The main network's supply is fixed.
    #[error(
        "genesis hands out {0} IOST; the main network has exactly {supply}",
        supply = credo_primitives::spec::supply::SUPPLY
    )]
    MainSupply(credo_primitives::Amount),
    /// A candidate, a voter or whom tokens vest to, without account.
    #[error("genesis names {0}, which isn't among its accounts")]
    UnknownAccount(AccountName),
    /// The ledger refused a candidate or vote.
    #[error("genesis: {account}: {source}")]
    Ledger {
        /// Whose.
        account: AccountName,
        /// Why.
        source: PobError,
    },
    /// More tokens than may ever exist.
    #[error("genesis hands out more than the {0} IOST that may exist")]
    Supply(credo_primitives::Amount),
    /// No candidate.
    #[error("genesis names no candidate: there would be no committee")]
    NoCandidates,
}
