//! What goes in and comes out of a session.

use credo_primitives::{Digest, Receipt, StateKey, Transaction};
use credo_wire::Message;

use crate::{BlockInfo, Checkpoint, LightError, Proved, RankingInfo, RelayId};

/// How a session starts.
#[derive(Clone, Debug, Default)]
pub struct SessionConfig {
    /// The spec hash that the chain must have. `None` learns a devnet's at first use (P-40).
    pub pinned: Option<Digest>,
    /// What was stored by an earlier session.
    pub checkpoint: Option<Checkpoint>,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A relay's stream is open.
    Connected(RelayId),
    /// A relay's stream is closed, or couldn't be opened; with the reason in a sentence.
    Disconnected(RelayId, String),
    /// A relay sent a message.
    Message(RelayId, Message),
    /// Time passed. At least every half second.
    Tick,
}

/// What the caller must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send a message to a relay.
    Send(RelayId, Message),
    /// Close a relay's stream; the session has forgotten it already and wants no [`Event::Disconnected`] for it.
    Close {
        /// Which.
        relay: RelayId,
        /// Why, in a sentence.
        reason: String,
        /// Caught lying or on another chain: don't dial it again.
        for_good: bool,
    },
    /// Status, head, relays or committees changed: draw again.
    Changed,
    /// A request ended.
    Done(Ticket, Result<Answer, LightError>),
    /// Store this in place of what was stored before, keyed by its spec hash.
    Store(Checkpoint),
}

/// Names a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Values with proofs, all from one snapshot; 1 to 32 keys. → [`Answer::State`]
    State(Vec<StateKey>),
    /// A part of the ranking of Servi nodes, by its number from 0. → [`Answer::Ranking`]
    Ranking(u32),
    /// Hand a transaction (IOST's Full encoding) to a relay. → [`Answer::Submitted`]
    Submit(Vec<u8>),
    /// What became of a transaction. → [`Answer::Transaction`]
    Transaction(Digest),
    /// A final block. → [`Answer::Block`]
    Block(u64),
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The values in the order of the keys; [`Proved::decode`] reads them.
    State(Vec<Proved<Option<Vec<u8>>>>),
    /// The part, with what it is a part of.
    Ranking(Proved<RankingInfo>),
    /// The relay took the transaction into its pool (claimed).
    Submitted(Digest),
    /// What became of the transaction.
    Transaction(TransactionStatus),
    /// The block.
    Block(Proved<BlockInfo>),
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionStatus {
    /// The relay doesn't know it (claimed).
    Unknown,
    /// It waits in the relay's pool (claimed).
    Pending,
    /// It is in a block that isn't final yet (claimed).
    Believable {
        /// The block's height.
        height: u64,
    },
    /// It is in a final block, with its receipt.
    Final(Box<Proved<(Transaction, Receipt)>>),
}

/// Where the session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing was reported yet.
    Starting,
    /// No relay could be reached.
    NoRelay {
        /// Why the last one couldn't.
        reason: String,
    },
    /// No relay is connected yet, or none has said anything yet.
    Dialing,
    /// Verifying hand-overs.
    Verifying {
        /// Verified in this catching up.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// The head is verified and fresh.
    Synced,
    /// No new head for six slots (at least 5 s).
    Stale {
        /// Time of the last verified head, ms since 1970.
        since_ms: u64,
        /// Why.
        reason: String,
    },
    /// Two valid certificates contradict each other (P-43): stopped. See `LightClient::conflicts`.
    Conflict {
        /// What and where.
        detail: String,
    },
    /// A relay serves another chain than the one pinned, and none serves that one.
    WrongChain {
        /// Pinned.
        expected: Digest,
        /// Served.
        got: Digest,
        /// The pinned one was learnt at first use on a devnet: [`Session::start_over`](crate::Session::start_over)
        /// is possible.
        can_start_over: bool,
    },
    /// A newer release is needed (P-6).
    UpdateNeeded {
        /// Which format was met.
        detail: String,
    },
}

/// A connected relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayInfo {
    /// Program and version, as it says.
    pub agent: Option<String>,
    /// Its newest head that verified.
    pub height: Option<u64>,
    /// Last round trip, ms.
    pub rtt_ms: Option<u64>,
    /// Its clock minus ours, ms (claimed).
    pub clock_ms: Option<i64>,
    /// Why it isn't used, if it isn't.
    pub problem: Option<String>,
}
