//! The ranking of Servi nodes, part by part (P-10, P-42).
//!
//! Each part comes in one answer with the digest of it that the state has, so it needs nothing else to be believed. Parts of
//! one epoch's ranking belong together, whichever relay each came from; a part of a later epoch's begins it anew
//! ([`Ranking`]). What nodes have become since the epoch began stands in their records, each under its account.

use credo_pob::{Candidate, PART, RankingHead, RankingPart, Round, Turns};
use credo_primitives::{AccountName, ConsensusKey, Digest, StateKey};
use credo_wire::RankingAnswer;
use rand_core::CryptoRng;

use crate::error::RankingFault;
use crate::{LightClient, LightError, Proved};

/// A proved part of the ranking, with what goes with it, all from one snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankingInfo {
    /// What it is a part of.
    pub head: RankingHead,
    /// Its number.
    pub part: u32,
    /// Its nodes by rank; none when there is no such part.
    pub nodes: Vec<Candidate>,
    /// The last election.
    pub round: Option<Round>,
    /// Turns of the running epoch.
    pub turns: Option<Turns>,
    /// Bytes of the part as it came.
    pub bytes: usize,
}

impl LightClient {
    /// The keys whose entries a [`RankingAnswer`] carries, in its order.
    pub fn ranking_keys(part: u32) -> [StateKey; 4] {
        [
            StateKey::ranking(),
            StateKey::ranking_part(part),
            StateKey::round(),
            StateKey::turns(),
        ]
    }

    /// A part of the ranking, held against its digest in the state.
    pub fn verify_ranking(
        &mut self,
        rng: &mut impl CryptoRng,
        part: u32,
        answer: &RankingAnswer,
    ) -> Result<Proved<RankingInfo>, LightError> {
        let keys = Self::ranking_keys(part);
        let entries = self.verify_state(rng, &keys, &answer.state)?;
        let [head, digest, round, turns] = &entries[..] else {
            return Err(LightError::Entries {
                asked: keys.len(),
                got: entries.len(),
            });
        };
        let head = head.decode::<RankingHead>(&keys[0])?;
        let digest = digest.decode::<Digest>(&keys[1])?.value;
        let (proof, head) = (head.proof, head.value);
        let wrong = |fault| LightError::Ranking { part, fault };
        let Some(head) = head else {
            return Err(LightError::Unreadable {
                key: keys[0].clone(),
                reason: "there is none".into(),
            });
        };
        let nodes = match digest {
            None if answer.part.is_empty() => Vec::new(),
            None => return Err(wrong(RankingFault::Invented)),
            // The digest first: what isn't proved is parsed for the error's sake alone.
            Some(digest) if RankingPart::digest(&answer.part) != digest => {
                return Err(wrong(fault(&head, part, &answer.part)));
            }
            Some(_) => {
                let read = RankingPart::from_bytes(&answer.part);
                let read = read.map_err(|error| LightError::Unreadable {
                    key: keys[1].clone(),
                    reason: error.to_string(),
                })?;
                read.nodes
            }
        };
        Ok(Proved {
            value: RankingInfo {
                head,
                part,
                nodes,
                round: round.decode::<Round>(&keys[2])?.value,
                turns: turns.decode::<Turns>(&keys[3])?.value,
                bytes: answer.part.len(),
            },
            proof,
        })
    }
}

/// What is wrong with a part that hasn't the digest in the state.
fn fault(head: &RankingHead, part: u32, bytes: &[u8]) -> RankingFault {
    if bytes.is_empty() {
        return RankingFault::Missing;
    }
    match RankingPart::from_bytes(bytes) {
        Ok(got) if got.epoch != head.epoch => RankingFault::Epoch {
            expected: head.epoch,
            got: got.epoch,
        },
        Ok(got) if got.number != part => RankingFault::Another(got.number),
        _ => RankingFault::Altered,
    }
}

/// The first parts of one epoch's ranking, as they come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranking {
    /// What they are parts of.
    pub head: RankingHead,
    /// Their nodes, by rank.
    pub nodes: Vec<Candidate>,
    /// Bytes of the parts as they came.
    pub bytes: usize,
}

impl Ranking {
    /// Begins with a proved part; nothing for one that isn't the first.
    pub fn begin(info: &RankingInfo) -> Option<Self> {
        (info.part == 0).then(|| Self {
            head: info.head,
            nodes: info.nodes.clone(),
            bytes: info.bytes,
        })
    }

    /// The number of the part that comes next, while there is one.
    pub fn next(&self) -> Option<u32> {
        let have = (self.nodes.len() / PART) as u32;
        (self.nodes.len() < self.head.count as usize).then_some(have)
    }

    /// Takes the next part of the same ranking; false, and nothing is changed, for any other.
    pub fn add(&mut self, info: &RankingInfo) -> bool {
        let fits = info.head == self.head && Some(info.part) == self.next();
        if fits {
            self.nodes.extend(info.nodes.iter().cloned());
            self.bytes += info.bytes;
        }
        fits
    }

    /// A node by its account, with its rank from 1, as far as parts are here.
    pub fn find(&self, account: &AccountName) -> Option<(usize, &Candidate)> {
        let at = self.nodes.iter().position(|node| node.account == *account)?;
        Some((at + 1, &self.nodes[at]))
    }

    /// A node by its consensus key, as far as parts are here.
    pub fn find_key(&self, key: &ConsensusKey) -> Option<&Candidate> {
        self.nodes.iter().find(|node| node.key == *key)
    }
}
