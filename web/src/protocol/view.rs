//! Everything that the page draws.

use serde::{Deserialize, Serialize};

use super::{AccountView, Transport};

/// How sure a number is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Face {
    /// Certificate and proof checked in this browser.
    Proved {
        /// The block.
        height: u64,
        /// Its epoch.
        epoch: u64,
        /// Signatures in the certificate.
        signatures: u32,
        /// Seats in the committee.
        seats: u32,
        /// The block's time, ms since 1970.
        time_ms: f64,
    },
    /// A relay said so.
    Claimed,
    /// Was proved; now older than it should be.
    Stale {
        /// The block it was proved at.
        height: u64,
        /// That block's time, ms since 1970.
        time_ms: f64,
    },
}

/// A value with how sure it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown<T> {
    /// The value.
    pub value: T,
    /// How sure it is.
    pub face: Face,
}

/// Everything that the page draws. Times are ms since 1970 as `f64`, amounts decimal text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// State of the whole.
    pub sync: Sync,
    /// The relays.
    pub relays: Vec<RelayView>,
    /// The chain, once its spec is known.
    pub chain: Option<ChainView>,
    /// The keystore.
    pub keys: KeysView,
    /// The present account, once one is chosen (proved to exist, or on its way).
    pub account: Option<AccountView>,
    /// The list of Servi nodes, once asked for.
    pub candidates: Option<Shown<CandidatesView>>,
    /// This wallet's transactions, newest first.
    pub activity: Vec<ActivityView>,
}

/// States, not spinners.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Sync {
    /// The worker is starting.
    #[default]
    Starting,
    /// No relay is known or reachable.
    NoRelay {
        /// Why and what next.
        reason: String,
    },
    /// Dialing.
    Dialing,
    /// Verifying hand-overs.
    Verifying {
        /// Verified.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// The head is verified and fresh.
    Synced,
    /// No fresh head for a while.
    Stale {
        /// Time of the last verified head.
        since_ms: f64,
        /// Why.
        reason: String,
    },
    /// Two valid certificates contradict each other (P-43): stopped.
    Conflict {
        /// What and where.
        detail: String,
    },
    /// A relay serves another chain than the one pinned.
    WrongChain {
        /// Pinned (hex).
        expected: String,
        /// Served (hex).
        got: String,
        /// A devnet: starting over is possible.
        can_start_over: bool,
    },
    /// A newer release is needed (P-6).
    UpdateNeeded {
        /// Which.
        detail: String,
    },
    /// The browser's storage failed or was half evicted.
    StorageLost {
        /// What.
        detail: String,
    },
}

/// A relay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RelayView {
    /// Its address.
    pub address: String,
    /// How it is connected; `None` when it isn't.
    pub transport: Option<Transport>,
    /// Last round trip.
    pub rtt_ms: Option<f64>,
    /// Its newest head that verified.
    pub height: Option<u64>,
    /// Why it isn't connected or was refused.
    pub problem: Option<String>,
}

/// The chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ChainView {
    pub name: String,
    pub spec_hash: String,
    pub devnet: bool,
    pub slot_ms: f64,
    pub epoch_length: u64,
    pub vote_lock_ms: f64,
    pub pledge_lock_ms: f64,
    /// Gas that an IOST staked brings a day.
    pub gas_per_iost_day: f64,
    /// Epochs without a proof of availability that cost candidacy.
    pub availability_epochs: u64,
    /// Epochs in a row with turns and no block that cost candidacy.
    pub missed_epochs: u32,
    /// Most epochs for which a node may stand aside.
    pub aside_epochs: u64,
    /// IOST that an application locks.
    pub deposit: String,
    /// Candidates that should have lost their candidacy in the last round and kept it, since too few would be left.
    pub put_off: u32,
    /// Candidates that lost their candidacy in the last round.
    pub removed: u32,
    /// The newest verified head.
    pub head: Option<HeadView>,
    /// The last verified heads, oldest first, at most 60.
    pub blocks: Vec<HeadView>,
    /// The committee of this epoch in seat order.
    pub committee: Vec<SeatView>,
    /// The epoch that the committee was elected for; its MSB is the one before.
    pub committee_epoch: u64,
    /// Hand-overs verified since genesis or the stored anchor, and how long that took.
    pub hand_overs: u64,
    pub hand_overs_ms: f64,
    /// Relays that agree on the head.
    pub agreeing: u32,
}

/// A verified head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct HeadView {
    pub height: u64,
    pub epoch: u64,
    pub view: u64,
    pub digest: String,
    pub time_ms: f64,
    pub proposer: String,
    pub signatures: u32,
    pub seats: u32,
    pub is_msb: bool,
}

/// A seat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeatView {
    /// The node's consensus key, base58.
    pub key: String,
    /// The node's account, once proved.
    pub account: Option<String>,
    /// Blocks seen from it this epoch.
    pub produced: u32,
    /// Produced in this round of turns.
    pub this_round: bool,
    /// Has the turn now.
    pub turn: bool,
}

/// The keystore.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum KeysView {
    /// Not yet read from storage.
    #[default]
    Unknown,
    /// None stored: Welcome.
    None,
    /// Stored, locked.
    Locked,
    /// In memory.
    Unlocked {
        /// The public key, base58.
        public_key: String,
        /// Accounts under it, proved.
        accounts: Vec<String>,
        /// When it locks by itself.
        locks_at_ms: f64,
    },
}

/// The ranking of Servi nodes as the epoch began, as far as its parts are here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CandidatesView {
    /// By rank, from the first on.
    pub list: Vec<CandidateView>,
    /// How many nodes there are in all.
    pub count: u32,
    /// The epoch that began with this ranking.
    pub epoch: u64,
    pub total_votes: String,
    /// Bytes of the parts as they came.
    pub bytes: u64,
}

/// A Servi node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CandidateView {
    pub rank: u32,
    pub account: String,
    pub url: String,
    pub votes: String,
    pub servi: String,
    /// On the committee of the running epoch.
    pub seated: bool,
    /// Was elected for the next epoch, or would be by the votes that the epoch began with.
    pub next: bool,
    pub status: NodeStatus,
    /// Turns taken and missed this epoch, for those seated.
    pub produced: u32,
    pub missed: u32,
    /// Epochs since its last proof of availability, for candidates.
    pub unproved: u64,
    /// Epochs in a row with turns and no block.
    pub missed_epochs: u32,
    /// It stands aside before this epoch.
    pub aside_until: Option<u64>,
    /// It leaves in the next round.
    pub leaving: bool,
    /// How it lost its candidacy the last time.
    pub loss: Option<LossView>,
    pub deposit: String,
    /// When the deposit returns.
    pub deposit_until_ms: Option<f64>,
    /// Its part of its invited users' fees, in percent.
    pub fee_share: u8,
    /// Its own rewards, not claimed yet.
    pub earned: String,
    pub key: String,
    pub net_id: String,
    pub location: String,
}

/// Where a Servi node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeStatus {
    /// Ranked, earns Servi.
    Candidate,
    /// Can be voted for, not yet a candidate.
    Registered,
    /// Waits for the foundation's approval.
    Requested,
    /// Lost its candidacy.
    Lost,
}

/// How a node lost its candidacy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct LossView {
    /// A sentence.
    pub reason: String,
    pub epoch: u64,
    pub at_ms: f64,
    /// When votes and deposit return.
    pub until_ms: f64,
}

/// A transaction of this wallet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivityView {
    /// Base58.
    pub hash: String,
    /// "Sent 12.5 to harbor_cafe".
    pub title: String,
    /// Memo or detail.
    pub detail: String,
    /// When it was signed.
    pub time_ms: f64,
    /// How far it is.
    pub stage: Stage,
    /// ms from signing to each stage reached: sent, believable, final, proved.
    pub times_ms: Vec<(String, f64)>,
}

/// How far a transaction is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Stage {
    Sent,
    /// In a block that isn't final (claimed).
    Believable,
    /// Its block is final and its inclusion verified; `failed` says why when its actions failed.
    Proved {
        height: u64,
        failed: Option<String>,
    },
    /// Refused by every relay, or expired without a trace; nothing was lost.
    Refused(String),
}

/// Results of a look-up; every one says what proved it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// "Block 84,912", "Account marlow", …
    pub title: String,
    /// Label and value.
    pub lines: Vec<(String, String)>,
    /// How sure it is.
    pub face: Face,
}
