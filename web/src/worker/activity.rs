//! This wallet's transactions: what was signed, how far each is, and what proves it.
//!
//! A transaction is stored before it is sent, sent to every connected relay, and asked after with every new head until
//! its inclusion verified ([`Stage::Proved`]) or its time has passed on the chain's own clock without a trace
//! ([`Stage::Refused`]). What a relay merely says moves it to [`Stage::Believable`] at most. Bounds: the newest
//! [`MAX_RECORDS`] are kept, at most [`MAX_OPEN`] of them under way.

use crate::protocol::{ActivityView, Stage};
use serde::{Deserialize, Serialize};

/// Most records kept.
pub(super) const MAX_RECORDS: usize = 200;
/// Most transactions under way at once.
pub(super) const MAX_OPEN: usize = 16;
/// A transaction that no relay knows is sent again after this long, while it lives.
const RESEND_MS: f64 = 5_000.0;
/// How far the chain's clock must be past a transaction's death before "no trace" is final.
const GRACE_MS: f64 = 3_000.0;

/// A transaction of this wallet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Base58.
    pub(super) hash: String,
    title: String,
    detail: String,
    signed_ms: f64,
    dead_at_ms: f64,
    stage: Stage,
    /// Nothing can change it any more.
    closed: bool,
    times_ms: Vec<(String, f64)>,
    /// Full bytes, hexadecimal; emptied once nothing is left to send.
    bytes: String,
    /// When it was last sent, by this browser's clock.
    #[serde(skip)]
    sent_ms: f64,
    /// Is a question about it under way?
    #[serde(skip)]
    asked: bool,
    /// Relays that refused it, since it was last sent.
    #[serde(skip)]
    refusals: Vec<String>,
    /// Some relay took it.
    #[serde(skip)]
    taken: bool,
}

/// What a relay says of a transaction, the last case verified.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Trace {
    /// No relay knows it.
    Unknown,
    /// In a pool (claimed).
    Pending,
    /// In a block that isn't final (claimed).
    Believable,
    /// In a block (claimed) whose epoch's committee isn't kept any more.
    TooFarBack,
    /// Its inclusion and receipt verified.
    Proved {
        /// Its block's height.
        height: u64,
        /// Why its actions failed, if they did.
        failed: Option<String>,
    },
}

/// All records, newest first.
#[derive(Debug, Default)]
pub(super) struct Activity {
    records: Vec<Record>,
}

impl Record {
    /// A transaction just signed.
    pub(super) fn new(
        hash: String,
        title: String,
        detail: String,
        bytes: &[u8],
        now: f64,
        dead_at_ms: f64,
    ) -> Self {
        Self {
            hash,
            title,
            detail,
            signed_ms: now,
            dead_at_ms,
            stage: Stage::Sent,
            closed: false,
            times_ms: vec![("sent".into(), 0.0)],
            bytes: hex::encode(bytes),
            sent_ms: now,
            asked: false,
            refusals: Vec::new(),
            taken: false,
        }
    }

    fn open(&self) -> bool {
        !self.closed
    }

    fn reached(&mut self, what: &str, now: f64) {
        if !self.times_ms.iter().any(|(name, _)| name == what) {
            self.times_ms.push((what.into(), (now - self.signed_ms).max(0.0)));
        }
    }
}

impl Activity {
    /// What storage held; whatever was under way is followed up.
    pub(super) fn load(bytes: Option<&[u8]>) -> Result<Self, serde_json::Error> {
        let mut records: Vec<Record> = match bytes {
            Some(bytes) => serde_json::from_slice(bytes)?,
            None => Vec::new(),
        };
        records.truncate(MAX_RECORDS);
        Ok(Self { records })
    }

    /// For storage.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.records).expect("records hold only texts and numbers")
    }

    /// Is there room for another under way?
    pub(super) fn has_room(&self) -> bool {
        self.records.iter().filter(|r| r.open()).count() < MAX_OPEN
    }

    /// Adds one; returns the hashes of those that fell off the end, whose proofs may go.
    pub(super) fn add(&mut self, record: Record) -> Vec<String> {
        self.records.insert(0, record);
        let keep = self.records.len().min(MAX_RECORDS);
        self.records.drain(keep..).map(|r| r.hash).collect()
    }

    /// Those under way about which nothing is being asked, with their hashes; they count as asked from now on.
    pub(super) fn ask_about(&mut self) -> Vec<String> {
        let idle = self.records.iter_mut().filter(|r| r.open() && !r.asked);
        idle.map(|r| {
            r.asked = true;
            r.hash.clone()
        })
        .collect()
    }

    /// A question wasn't answered.
    pub(super) fn unanswered(&mut self, hash: &str) {
        if let Some(record) = self.records.iter_mut().find(|r| r.hash == hash) {
            record.asked = false;
        }
    }

    /// The relays are gone: no question is under way any more, and everything is to be sent again.
    pub(super) fn reconnected(&mut self) {
        for record in &mut self.records {
            record.asked = false;
            record.sent_ms = 0.0;
        }
    }

    /// A relay took the transaction into its pool.
    pub(super) fn taken(&mut self, hash: &str) {
        if let Some(record) = self.records.iter_mut().find(|r| r.hash == hash) {
            record.taken = true;
        }
    }

    /// A relay refused the transaction; true when that ends it, since every one of `relays` that was asked refused.
    pub(super) fn refused(&mut self, hash: &str, why: &str, relays: usize) -> bool {
        let Some(record) = self.records.iter_mut().find(|r| r.hash == hash) else {
            return false;
        };
        // "exists in pending", "exists in chain": another relay was quicker.
        if record.stage != Stage::Sent || why.contains("exists in") {
            record.taken = true;
            return false;
        }
        record.refusals.push(why.to_owned());
        if record.taken || record.refusals.len() < relays.max(1) {
            return false;
        }
        // A relay's word; it is still asked after until it can't happen any more.
        record.stage = Stage::Refused(format!("{} Nothing was lost.", super::keys::capital(why)));
        true
    }

    /// A trace of a transaction, held against the chain's clock; true when its stage changed.
    pub(super) fn traced(&mut self, hash: &str, trace: Trace, now: f64, chain_ms: f64) -> bool {
        let Some(record) = self.records.iter_mut().find(|r| r.hash == hash) else {
            return false;
        };
        record.asked = false;
        if !record.open() {
            return false;
        }
        match trace {
            Trace::Proved { height, failed } => {
                record.reached("believable", now);
                record.reached("final", now);
                record.reached("proved", now);
                record.stage = Stage::Proved { height, failed };
                record.closed = true;
                record.bytes.clear();
                true
            }
            Trace::Believable if record.stage != Stage::Believable => {
                record.reached("believable", now);
                record.stage = Stage::Believable;
                true
            }
            Trace::TooFarBack => {
                // P-34 will prove it by the chain of MSBs; until then it is a relay's word.
                record.stage = Stage::Believable;
                record.detail =
                    "A relay says that it stands in a block too far back: it can't be proved here.".into();
                record.closed = true;
                record.bytes.clear();
                true
            }
            Trace::Unknown if chain_ms > record.dead_at_ms + GRACE_MS => {
                if !matches!(record.stage, Stage::Refused(_)) {
                    record.stage = Stage::Refused(
                        "It expired before a block took it, and can't happen any more. Nothing was lost."
                            .into(),
                    );
                }
                record.closed = true;
                record.bytes.clear();
                true
            }
            _ => false,
        }
    }

    /// Transactions to send (again): hash and Full bytes. They count as sent from now on.
    pub(super) fn send_again(&mut self, now: f64, chain_ms: f64) -> Vec<(String, Vec<u8>)> {
        let due = |r: &&mut Record| {
            r.stage == Stage::Sent
                && !r.bytes.is_empty()
                && chain_ms < r.dead_at_ms
                && now - r.sent_ms >= RESEND_MS
        };
        let mut out = Vec::new();
        for record in self.records.iter_mut().filter(due) {
            record.sent_ms = now;
            record.refusals.clear();
            if let Ok(bytes) = hex::decode(&record.bytes) {
                out.push((record.hash.clone(), bytes));
            }
        }
        out
    }

    /// The stage of one.
    pub(super) fn stage(&self, hash: &str) -> Option<&Stage> {
        self.records.iter().find(|r| r.hash == hash).map(|r| &r.stage)
    }

    /// For the page.
    pub(super) fn view(&self) -> Vec<ActivityView> {
        let view = |r: &Record| ActivityView {
            hash: r.hash.clone(),
            title: r.title.clone(),
            detail: r.detail.clone(),
            time_ms: r.signed_ms,
            stage: r.stage.clone(),
            times_ms: r.times_ms.clone(),
        };
        self.records.iter().map(view).collect()
    }
}
