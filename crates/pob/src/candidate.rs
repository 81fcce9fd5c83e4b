//! The records of the ledger.

use bytes::Bytes;
use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use credo_primitives::certificate::MAX_COMMITTEE;
use credo_primitives::{AccountName, Amount, ConsensusKey, Digest, Text, codec_struct, sha256};

/// Most Servi nodes that can be registered.
pub const MAX_CANDIDATES: usize = 20_000;
/// Most nodes that one account can vote for at once.
pub const MAX_VOTES: usize = 256;

/// Where a Servi node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CandidateStatus {
    /// Registered: can be voted for, isn't ranked.
    Registered = 0,
    /// A candidate: earns Servi and is ranked.
    Candidate = 1,
}

/// A Servi node. Fields up to `generation` never change the node's rank by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its account.
    pub account: AccountName,
    /// The key that signs blocks.
    pub key: ConsensusKey,
    /// Where it is.
    pub location: Text<128>,
    /// Its page.
    pub url: Text<256>,
    /// `host:port` on the consensus plane.
    pub net_id: Text<128>,
    /// Counts losses of candidacy; votes of an older generation are void (P-16).
    pub generation: u32,
    /// Where it stands.
    pub status: CandidateStatus,
    /// Order of its candidacy, kept for ever for ties; 0 until it applies.
    pub order: u64,
    /// Votes, in units of 10⁻⁸ IOST.
    pub votes: Amount,
    /// Servi, in the same unit; u128 because the cap is a multiple of all votes.
    pub servi: u128,
}
codec_struct!(Candidate {
    account,
    key,
    location,
    url,
    net_id,
    generation,
    status,
    order,
    votes,
    servi
});

/// All Servi nodes, in the order of their registration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// The records; a record's place is its index in the state ([`StateKey::candidate`](credo_primitives::StateKey)).
    pub list: Vec<Candidate>,
    /// The order that the next application gets.
    pub next_order: u64,
}
codec_struct!(Candidates {
    list: MAX_CANDIDATES,
    next_order
});

/// What stands in the state for the whole list (P-42).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListDigest {
    /// SHA-256 of the list's canonical encoding.
    pub digest: Digest,
    /// Number of records.
    pub count: u32,
    /// Bytes of the encoding.
    pub bytes: u32,
}
codec_struct!(ListDigest { digest, count, bytes });

impl Candidates {
    /// The canonical encoding.
    pub fn to_bytes(&self) -> Bytes {
        self.encode()
    }

    /// Decodes a list that a relay served; check it against the proved digest with [`ListDigest::of`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, commonware_codec::Error> {
        Self::decode(Copying(bytes))
    }
}

impl ListDigest {
    /// Digest, count and size of an encoded list of `count` records.
    pub fn of(bytes: &[u8], count: usize) -> Self {
        Self {
            digest: sha256(&[b"credo-candidates", bytes]),
            count: count as u32,
            bytes: bytes.len() as u32,
        }
    }
}

/// A vote for one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// The node's account.
    pub candidate: AccountName,
    /// The node's generation when the vote was cast.
    pub generation: u32,
    /// How much.
    pub amount: Amount,
}
codec_struct!(Vote {
    candidate,
    generation,
    amount
});

/// All votes of one account, sorted by candidate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Voter {
    /// The votes.
    pub votes: Vec<Vote>,
}
codec_struct!(Voter { votes: MAX_VOTES });

/// A seat won in an election.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The node's account.
    pub account: AccountName,
    /// Its consensus key.
    pub key: ConsensusKey,
    /// Its Servi before the price of the seat was taken.
    pub servi: u128,
}
codec_struct!(Seat { account, key, servi });

/// The last election.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// The epoch that the elected sit in.
    pub epoch: u64,
    /// The elected, by rank.
    pub seats: Vec<Seat>,
    /// All votes cast for candidates, in units of 10⁻⁸ IOST.
    pub total_votes: Amount,
    /// Who sat in the epoch before, by rank (empty for epoch 0): for "now" and "next" after the MSB.
    pub previous: Vec<AccountName>,
}
codec_struct!(Round {
    epoch,
    seats: MAX_COMMITTEE,
    total_votes,
    previous: MAX_COMMITTEE
});

/// Turns of the running epoch, by seat (key order).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    /// The epoch.
    pub epoch: u64,
    /// Blocks produced, by seat.
    pub produced: Vec<u32>,
    /// Turns missed, by seat.
    pub missed: Vec<u32>,
}
codec_struct!(Turns {
    epoch,
    produced: MAX_COMMITTEE,
    missed: MAX_COMMITTEE
});

mod status_codec {
    use super::CandidateStatus;
    use bytes::BufMut;
    use commonware_codec::{Buf, EncodeSize, Error, Read, ReadExt, Write};

    impl Write for CandidateStatus {
        fn write(&self, buf: &mut impl BufMut) {
            (*self as u8).write(buf);
        }
    }
    impl EncodeSize for CandidateStatus {
        fn encode_size(&self) -> usize {
            1
        }
    }
    impl Read for CandidateStatus {
        type Cfg = ();
        fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
            match u8::read(buf)? {
                0 => Ok(Self::Registered),
                1 => Ok(Self::Candidate),
                other => Err(Error::InvalidEnum(other)),
            }
        }
    }
}
