//! The typed messages between the page and its worker.
//!
//! The page holds connections and the view; the worker holds the light client, the keystore and IndexedDB. The page
//! never interprets a frame's body and never decides what is proved: it draws the [`View`] that the worker sends.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wasm_bindgen::JsValue;

/// A message as `postMessage` takes it: plain objects, bytes as `Uint8Array`.
pub fn to_js<T: Serialize>(message: &T) -> Result<JsValue, serde_wasm_bindgen::Error> {
    message.serialize(&serde_wasm_bindgen::Serializer::new())
}

/// The message in what `onmessage` brought.
pub fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, serde_wasm_bindgen::Error> {
    serde_wasm_bindgen::from_value(value)
}

/// A relay's number within this page.
pub type RelayId = u32;

/// The way in to a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transport {
    /// WebRTC-direct.
    WebRtc,
    /// WebSocket.
    WebSocket,
}

/// What the page tells the worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ToWorker {
    /// First of all.
    Start {
        /// Spec hash (hex) compiled into the build; `None` on a build for devnets, which pin at first use.
        pinned: Option<String>,
        /// The relays that the page will dial, in order of their ids from 0.
        relays: Vec<String>,
    },
    /// A relay's stream is open.
    Connected {
        /// Which.
        relay: RelayId,
        /// How.
        transport: Transport,
        /// How long the dial took.
        dial_ms: f64,
    },
    /// A relay's stream is closed or couldn't be opened; the page re-dials by itself.
    Disconnected {
        /// Which.
        relay: RelayId,
        /// Why, in a sentence.
        reason: String,
    },
    /// A whole frame's body from a relay.
    Frame {
        /// From which.
        relay: RelayId,
        /// The encoded `credo_wire::Message`.
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// The page's circumstances changed.
    Environment(Environment),
    /// A command of the user, answered by [`FromWorker::Reply`] with the same id.
    Command {
        /// Chosen by the page.
        id: u32,
        /// What to do.
        command: Command,
    },
}

/// The page's circumstances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Environment {
    /// The network is back.
    Online,
    /// No network.
    Offline,
    /// The page is hidden.
    Hidden,
    /// The page is visible (again).
    Visible,
    /// The page woke from a freeze or sleep.
    Resumed,
    /// The user did something: postpones the auto-lock.
    Activity,
}

/// What the worker tells the page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum FromWorker {
    /// First of all: the worker listens. What is posted to it while its module still loads would be lost, so the page
    /// keeps everything, [`ToWorker::Start`] too, until the worker's first message.
    Ready,
    /// Send a frame's body to a relay.
    Send {
        /// To which.
        relay: RelayId,
        /// The encoded `credo_wire::Message`.
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// Close a relay's stream (silent, or caught lying) and re-dial unless `for_good`.
    Close {
        /// Which.
        relay: RelayId,
        /// Why, in a sentence.
        reason: String,
        /// Caught lying or on another chain: don't dial it again.
        for_good: bool,
    },
    /// The new view, whole but for the list of Servi nodes, which may ride on [`FromWorker::Candidates`].
    View(Box<View>),
    /// The list of Servi nodes, sent only when it or its face changed: it can be a megabyte, too much to ride on the
    /// view of every block. The page keeps the last one; [`View::candidates`], where it is there, replaces it.
    Candidates(Box<Shown<CandidatesView>>),
    /// To a command.
    Reply {
        /// The command's id.
        id: u32,
        /// Its result; an error is a sentence with a next step.
        result: Result<Reply, String>,
    },
}

/// What the user can do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// New 24 words; nothing is stored yet. → [`Reply::Words`]
    CreateWords,
    /// Encrypts a secret under a password and stores it; unlocks. → [`Reply::Done`]
    SetUp {
        /// The secret.
        secret: Secret,
        /// The password.
        password: String,
    },
    /// → [`Reply::Done`]
    Unlock {
        /// The password.
        password: String,
    },
    /// Wipes the keys from memory. → [`Reply::Done`]
    Lock,
    /// Deletes everything stored in this browser for this chain. → [`Reply::Done`]
    Erase,
    /// On a devnet whose hash changed: forget the old chain and pin the new one. → [`Reply::Done`]
    StartOver,
    /// Devnet: sign up an account with this key through the relay's faucet. → [`Reply::Done`] once it is proved
    FaucetAccount {
        /// The new account's name.
        name: String,
    },
    /// Devnet: ask the faucet for tokens for the present account. → [`Reply::Done`]
    FaucetTokens,
    /// One of several accounts under the key. → [`Reply::Done`]
    ChooseAccount {
        /// Its name.
        name: String,
    },
    /// Does this account exist? → [`Reply::Name`]
    CheckName {
        /// Its name.
        name: String,
    },
    /// Builds a transaction and says in words what it does; signs nothing. → [`Reply::Review`]
    Prepare(Intent),
    /// Signs and sends what was reviewed. → [`Reply::Sent`]
    Confirm {
        /// From [`Review::id`].
        review: u32,
    },
    /// A block height, transaction hash, account or node. → [`Reply::Found`]
    LookUp {
        /// What was typed.
        query: String,
    },
    /// Ask for the list of Servi nodes now (the Vote screen is open). → [`Reply::Done`]
    WatchCandidates {
        /// True while the screen is open.
        on: bool,
    },
    /// An encrypted backup of the keystore. → [`Reply::Backup`]
    ExportBackup,
}

/// Where a key comes from.
#[derive(Clone, Serialize, Deserialize)]
pub enum Secret {
    /// 24 (or 12) words.
    Words(String),
    /// IOST's base58 secret key of either algorithm.
    Base58(String),
    /// An encrypted backup and the password it was made with.
    Backup {
        /// The file's text.
        file: String,
        /// Its password.
        password: String,
    },
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a transaction is to do. Amounts are decimal text as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Intent {
    Transfer {
        to: String,
        amount: String,
        memo: String,
    },
    Vote {
        candidate: String,
        amount: String,
    },
    Unvote {
        candidate: String,
        amount: String,
    },
    Move {
        from: String,
        to: String,
        amount: String,
    },
}

/// Replies to commands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Reply {
    Done,
    Words(Vec<String>),
    Name(NameStatus),
    Review(Review),
    /// The transaction's hash, base58; follow it in [`View::activity`].
    Sent(String),
    Found(Found),
    Backup(String),
}

/// What is known of a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum NameStatus {
    /// It exists, proved at this height.
    Exists { height: u64 },
    /// It doesn't, proved at this height.
    Free { height: u64 },
    /// It can't be a name; the sentence says why.
    Invalid(String),
}

/// A transaction in words, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// For [`Command::Confirm`].
    pub id: u32,
    /// "Send 12.5 IOST to harbor_cafe".
    pub title: String,
    /// Label and value, e.g. ("Memo", "two flat whites"), ("Gas", "at most 20,000"), ("Lock", "…").
    pub lines: Vec<(String, String)>,
    /// The verified block that it is based on.
    pub height: u64,
}

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

/// The present account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct AccountView {
    pub name: String,
    /// Spendable IOST.
    pub balance: Option<Shown<String>>,
    /// Sum of votes.
    pub voting: Option<Shown<String>>,
    pub votes: Vec<VoteView>,
    /// Locked amounts with the date of their return.
    pub unlocking: Vec<(String, f64)>,
}

/// A vote of the present account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct VoteView {
    pub candidate: String,
    pub amount: String,
}

/// The list of Servi nodes, by rank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CandidatesView {
    pub list: Vec<CandidateView>,
    pub total_votes: String,
    /// Bytes of the list as it came.
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
    /// Would be elected by the next round as things stand.
    pub next: bool,
    /// Registered but not yet a candidate.
    pub applied: bool,
    /// Turns taken and missed this epoch, for those seated.
    pub produced: u32,
    pub missed: u32,
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
