//! P-10, P-42: the ranking as people see it, in parts that are proved one by one.
//!
//! An epoch's ranking is that of the list at its beginning: after the round in the MSB before it, or genesis. Candidates come
//! first, by Servi and, of as much, by the order of their candidacy; then all others, by votes and name. A part holds
//! [`PART`] of them; its digest stands in the state under its number, and what they all are parts of beside it. So whoever
//! looks at the first few asks for the first part, and no part is larger than [`MAX_PART`] bytes whatever nodes say of
//! themselves.

use std::cmp::Reverse;

use bytes::Bytes;
use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use credo_primitives::{Digest, codec_struct, sha256};

use crate::{Candidate, CandidateStatus, Candidates};

/// Records of a part.
pub const PART: usize = 256;
/// Most bytes of a part: a record has fewer than a thousand.
pub const MAX_PART: usize = 1_000 * PART;

/// What parts are parts of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RankingHead {
    /// The epoch at whose beginning the list stood so.
    pub epoch: u64,
    /// Registered nodes.
    pub count: u32,
    /// How many of them are candidates, who come first.
    pub candidates: u32,
    /// All votes for any of them, in units of 10⁻⁸ IOST.
    pub votes: u128,
}
codec_struct!(RankingHead {
    epoch,
    count,
    candidates,
    votes
});

impl RankingHead {
    /// Number of parts.
    pub const fn parts(&self) -> u32 {
        self.count.div_ceil(PART as u32)
    }
}

/// A part of the ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankingPart {
    /// Of which epoch's ranking.
    pub epoch: u64,
    /// Its number, from 0: the ranks before it are as many full parts.
    pub number: u32,
    /// Its nodes, by rank.
    pub nodes: Vec<Candidate>,
}
codec_struct!(RankingPart {
    epoch,
    number,
    nodes: PART
});

impl RankingPart {
    /// Decodes a part that was held against its digest.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, commonware_codec::Error> {
        Self::decode(Copying(bytes))
    }

    /// The digest of a part's bytes, as it stands in the state.
    pub fn digest(bytes: &[u8]) -> Digest {
        sha256(&[b"credo-ranking", bytes])
    }
}

/// An epoch's ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranking {
    /// What the parts are parts of.
    pub head: RankingHead,
    /// The parts' bytes.
    pub parts: Vec<Bytes>,
}

impl Ranking {
    /// The ranking of the list as it stands at the beginning of `epoch`.
    pub fn of(list: &Candidates, epoch: u64) -> Self {
        let stands = |c: &Candidate| c.status == CandidateStatus::Candidate;
        let mut ranked: Vec<&Candidate> = list.list.iter().collect();
        ranked.sort_unstable_by(|a, b| match (stands(a), stands(b)) {
            (true, true) => (Reverse(a.servi), a.order).cmp(&(Reverse(b.servi), b.order)),
            (false, false) => (Reverse(a.votes), &a.account).cmp(&(Reverse(b.votes), &b.account)),
            (here, there) => there.cmp(&here),
        });
        let part = |(number, nodes): (usize, &[&Candidate])| {
            let part = RankingPart {
                epoch,
                number: number as u32,
                nodes: nodes.iter().copied().cloned().collect(),
            };
            part.encode()
        };
        Self {
            head: RankingHead {
                epoch,
                count: ranked.len() as u32,
                candidates: ranked.iter().filter(|c| stands(c)).count() as u32,
                votes: ranked.iter().map(|c| u128::from(c.votes.units())).sum(),
            },
            parts: ranked.chunks(PART).enumerate().map(part).collect(),
        }
    }

    /// The parts' digests, by number.
    pub fn digests(&self) -> impl Iterator<Item = Digest> + '_ {
        self.parts.iter().map(|part| RankingPart::digest(part))
    }
}
