//! The last verified heads and what they say of the committee's turns.

use std::collections::VecDeque;

use crate::protocol::{HeadView, SeatView};
use credo_pob::Turns;
use credo_primitives::certificate::CertificateInfo;
use credo_primitives::spec::consensus_key;
use credo_primitives::{Committee, Header};

use super::facts::Proof;

/// Most heads kept.
const MAX_HEADS: usize = 60;

/// A verified head.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) proof: Proof,
    pub(super) header: Header,
}

impl Head {
    /// A header with what made it final.
    pub(super) fn new(header: Header, info: &CertificateInfo) -> Self {
        let proof = Proof {
            height: header.height,
            epoch: header.epoch,
            signatures: info.signers.len() as u32,
            seats: info.seats as u32,
            time_ms: header.time_ms as f64,
        };
        Self { proof, header }
    }

    /// For the page.
    pub(super) fn view(&self) -> HeadView {
        let header = &self.header;
        HeadView {
            height: header.height,
            epoch: header.epoch,
            view: header.view,
            digest: header.digest().to_string(),
            time_ms: header.time_ms as f64,
            proposer: consensus_key::to_base58(&header.proposer),
            signatures: self.proof.signatures,
            seats: self.proof.seats,
            is_msb: header.msb.is_some(),
        }
    }
}

/// The last heads, by height.
#[derive(Debug, Default)]
pub(super) struct Heads {
    list: VecDeque<Head>,
}

impl Heads {
    /// Takes a verified head in its place; true when it is the newest.
    pub(super) fn add(&mut self, head: Head) -> bool {
        let height = head.header.height;
        match self
            .list
            .binary_search_by_key(&height, |known| known.header.height)
        {
            Ok(at) => {
                self.list[at] = head;
                return false;
            }
            Err(at) => self.list.insert(at, head),
        }
        while self.list.len() > MAX_HEADS {
            self.list.pop_front();
        }
        self.list.back().is_some_and(|last| last.header.height == height)
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.list.clear();
    }

    /// The newest.
    pub(super) fn last(&self) -> Option<&Head> {
        self.list.back()
    }

    /// Oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Head> {
        self.list.iter()
    }

    /// The committee's seats. `turns` are the proved counts as of a height; heads after it are added to them.
    pub(super) fn seats(
        &self,
        committee: &Committee,
        turns: Option<(&Turns, u64)>,
        name: impl Fn(&str) -> Option<String>,
    ) -> Vec<SeatView> {
        let epoch = committee.epoch();
        let seats = committee.seats() as u64;
        let proved =
            turns.filter(|(turns, _)| turns.epoch == epoch && turns.produced.len() == committee.seats());
        let since = proved.map_or(0, |(_, height)| height);
        let in_epoch = || {
            self.list
                .iter()
                .map(|head| &head.header)
                .filter(move |header| header.epoch == epoch)
        };
        let last = self.last().map(|head| &head.header);
        // After the epoch's last block the next committee begins with view 1.
        let next_view = match last {
            Some(last) if last.epoch == epoch => last.view + 1,
            _ => 1,
        };
        let ended = last.is_some_and(|last| last.epoch == epoch && last.msb.is_some());
        let round = |view: u64| epoch.wrapping_add(view) / seats;
        let leader = committee.leader(next_view);
        committee
            .keys()
            .iter()
            .enumerate()
            .map(|(seat, key)| {
                let text = consensus_key::to_base58(key);
                let base = proved
                    .and_then(|(turns, _)| turns.produced.get(seat))
                    .copied()
                    .unwrap_or(0);
                let seen = in_epoch()
                    .filter(|h| h.height > since && &h.proposer == key)
                    .count();
                SeatView {
                    account: name(&text),
                    produced: base + seen as u32,
                    this_round: in_epoch().any(|h| round(h.view) == round(next_view) && &h.proposer == key),
                    turn: !ended && leader == key,
                    key: text,
                }
            })
            .collect()
    }
}
