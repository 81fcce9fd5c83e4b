//! Evidence of a broken chain (P-43).

use commonware_codec::Encode as _;
use credo_msb::HandOver;
use credo_primitives::{CertifiedHeader, Digest, codec_struct};

/// The two that contradict each other, in whole: anyone who knows the chain can check both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConflictKind {
    /// Two valid certificates that make different blocks final at one height.
    Headers {
        /// The one verified first.
        first: CertifiedHeader,
        /// The other.
        second: CertifiedHeader,
    },
    /// Two valid hand-overs of one epoch.
    HandOvers {
        /// The one verified first.
        first: HandOver,
        /// The other.
        second: HandOver,
    },
    /// A valid hand-over of an epoch that was left long ago with another one: keys unlocked since may have signed it.
    Past {
        /// Digest of the MSB header that was verified first.
        first: Digest,
        /// The other hand-over.
        second: HandOver,
    },
}

/// A broken chain: the client stops and shows both, unless it lies more than `vote_lock` behind the verified head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Height at which the two differ.
    pub height: u64,
    /// Its epoch.
    pub epoch: u64,
    /// The later one's block time, ms since 1970.
    pub time_ms: u64,
    /// False when it lies so far back that bought keys could have made it: then it is only shown.
    pub stops: bool,
    /// Both.
    pub kind: ConflictKind,
}

impl Conflict {
    /// The two encodings, first and second, for export.
    pub fn evidence(&self) -> (Vec<u8>, Vec<u8>) {
        match &self.kind {
            ConflictKind::Headers { first, second } => (first.encode().to_vec(), second.encode().to_vec()),
            ConflictKind::HandOvers { first, second } => (first.encode().to_vec(), second.encode().to_vec()),
            ConflictKind::Past { first, second } => (first.encode().to_vec(), second.encode().to_vec()),
        }
    }

    /// One file with both: a name of the format, the kind (0 headers, 1 hand-overs, 2 histories), then each with its length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (first, second) = self.evidence();
        let kind = match &self.kind {
            ConflictKind::Headers { .. } => 0,
            ConflictKind::HandOvers { .. } => 1,
            ConflictKind::Past { .. } => 2,
        };
        ConflictFile {
            magic: *b"credo-conflict-1",
            kind,
            first,
            second,
        }
        .encode()
        .to_vec()
    }
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (what, first, second) = match &self.kind {
            ConflictKind::Headers { first, second } => {
                ("certificates", first.header.digest(), second.header.digest())
            }
            ConflictKind::HandOvers { first, second } => {
                ("hand-overs", first.header.digest(), second.header.digest())
            }
            ConflictKind::Past { first, second } => ("histories", *first, second.msb.digest()),
        };
        write!(
            f,
            "the chain is broken at height {} (epoch {}): two valid {what} contradict each other, for {first} and for {second}",
            self.height, self.epoch
        )
    }
}

struct ConflictFile {
    magic: [u8; 16],
    kind: u8,
    first: Vec<u8>,
    second: Vec<u8>,
}
codec_struct!(ConflictFile {
    magic,
    kind,
    first: 1024 * 1024,
    second: 1024 * 1024
});
