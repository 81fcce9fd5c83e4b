//! What goes in and out of the core beside messages: jobs, their outcomes, and why each question was asked.

use credo_light::{AccountQuery, Ranking};
use credo_primitives::AccountName;
use credo_wallet::Intent;

use super::facts::{Proof, Refresh};
use super::lookup::LookUp;
use super::proposals::Asked;
use super::storage::Write;

/// What only the outside can do.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Job {
    /// Read what is pinned, and the pinned chain's database.
    Load {
        /// The hash compiled in, if any.
        pinned: Option<String>,
    },
    /// Read the database of a chain that was only learnt now.
    Revisit {
        /// The chain.
        spec: String,
    },
    /// Write into a chain's database, and into the small one.
    Store {
        /// The chain.
        spec: String,
        /// Into its database.
        writes: Vec<Write>,
        /// Into the small one.
        meta: Vec<Write>,
    },
    /// Delete a chain's database content and its mark; answer the command, if any, when it is done.
    Erase {
        /// The chain.
        spec: String,
        /// Written into the small database in the same step.
        meta: Vec<Write>,
        /// To be answered.
        command: Option<u32>,
    },
    /// Ask the faucet.
    Faucet {
        /// To be told the outcome.
        command: u32,
        /// The account.
        name: String,
        /// For a new account, its key in base58; without one, tokens are asked for.
        public_key: Option<String>,
    },
}

/// What came of a job.
#[derive(Debug)]
pub(super) enum Done {
    /// What storage holds.
    Loaded(Box<Loaded>),
    /// What the database of a chain learnt later holds.
    Revisited(Box<Loaded>),
    /// A write failed.
    StorageFailed(String),
    /// Erased, or not.
    Erased(u32, Result<(), String>),
    /// The faucet's answer: a transaction's hash.
    Faucet {
        /// The command that asked.
        command: u32,
        /// The account.
        name: String,
        /// Whether it was to be made.
        account: bool,
        /// The hash, or a sentence.
        result: Result<String, String>,
    },
}

/// What storage held at the start.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    /// The chain that is pinned.
    pub(super) pinned: Option<String>,
    /// It is compiled in, not learnt at first use.
    pub(super) given: bool,
    /// A mark that the chain's database held a key.
    pub(super) had_key: bool,
    pub(super) keystore: Option<Vec<u8>>,
    pub(super) checkpoint: Option<Vec<u8>>,
    pub(super) account: Option<Vec<u8>>,
    pub(super) activity: Option<Vec<u8>>,
    pub(super) proved: Option<Vec<u8>>,
    /// Storage doesn't work at all.
    pub(super) failed: Option<String>,
}

/// Why a question was asked.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    /// The account's values.
    Refresh(Refresh),
    /// For [`Command::CheckName`](crate::protocol::Command::CheckName).
    Name { command: u32, name: AccountName },
    /// The other account's entry and our own holding, for a review.
    Prepare {
        command: u32,
        intent: Intent,
        query: AccountQuery,
    },
    /// Records of proposals.
    Proposals(Asked),
    /// A part of the ranking of Servi nodes; the commands in `Core::for_list` go on once it is here.
    List,
    /// A node's record, for [`Command::FindNode`](crate::protocol::Command::FindNode).
    Node { command: u32, name: AccountName },
    /// What became of a transaction.
    Trace { hash: String },
    /// A transaction on its way to one relay.
    Submit { hash: String },
    /// A look-up.
    LookUp { command: u32, what: LookUp },
}

/// A command that waits for a part of the ranking.
#[derive(Clone, Debug)]
pub(super) enum ForList {
    /// [`Command::WatchCandidates`](crate::protocol::Command::WatchCandidates)
    Watch(u32),
    /// [`Command::MoreCandidates`](crate::protocol::Command::MoreCandidates)
    More(u32),
    /// A look-up of a node by its key.
    LookUp(u32, LookUp),
}

/// The proved ranking of Servi nodes, as far as its parts are here.
#[derive(Debug)]
pub(super) struct List {
    pub(super) proof: Proof,
    pub(super) ranking: Ranking,
}

/// A faucet request whose result isn't proved yet.
#[derive(Clone, Debug)]
pub(super) struct Awaited {
    pub(super) command: u32,
    /// A new account that must appear under our key, or none.
    pub(super) account: Option<AccountName>,
    pub(super) hash: String,
    pub(super) until: f64,
}
