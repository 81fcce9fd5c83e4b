//! The records of the ledger.

use std::sync::OnceLock;

use commonware_codec::Encode as _;
use credo_primitives::certificate::MAX_COMMITTEE;
use credo_primitives::entry::{Frozen, LossReason};
use credo_primitives::{AccountName, Amount, ConsensusKey, Digest, Text, codec_struct, sha256};

use crate::tree::Tree;

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
    /// It lost its candidacy (P-16): it can't be voted for until it registers again, after its votes' tokens returned.
    Lost = 2,
    /// Waits for the foundation's approval, on a private network: can't be voted for yet.
    Requested = 3,
}

/// How a node lost its candidacy the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Why.
    pub reason: LossReason,
    /// In which epoch.
    pub epoch: u64,
    /// When, ms since 1970.
    pub at_ms: u64,
    /// From when on its votes' tokens count as returned and it may register again.
    pub until_ms: u64,
}
codec_struct!(Loss {
    reason,
    epoch,
    at_ms,
    until_ms
});

/// Least part of its invited users' fees that a node takes, in percent (P-22).
pub const MIN_FEE_SHARE: u8 = 10;
/// Largest such part.
pub const MAX_FEE_SHARE: u8 = 30;

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
    /// Of which its votes are, from one counter for all nodes and never given twice: votes of another one are void (P-16).
    pub generation: u64,
    /// The epoch in which it registered the last time.
    pub registered: u64,
    /// Where it stands.
    pub status: CandidateStatus,
    /// Order of its candidacy, kept for ever for ties; 0 until it applies.
    pub order: u64,
    /// Votes, in units of 10⁻⁸ IOST.
    pub votes: Amount,
    /// Votes that it had at the last MSB while it wasn't a candidate: an application needs them then and now (P-10).
    pub voted: Amount,
    /// Servi, in the same unit; u128 because the cap is a multiple of all votes.
    pub servi: u128,
    /// P-14. The epoch of the last MSB against which it proved that it is available.
    pub available: u64,
    /// P-15. Epochs in a row in which it had turns and produced no block.
    pub missed: u32,
    /// P-15. It stands aside before this epoch; 0 when it doesn't.
    pub aside_until: u64,
    /// It asked to leave: it loses candidacy in the next round.
    pub leaving: bool,
    /// How it lost candidacy the last time.
    pub loss: Option<Loss>,
    /// IOST locked by its application (P-10).
    pub deposit: Amount,
    /// IOST locked by its registration (P-10).
    pub lock: Amount,
    /// From when on deposit and lock count as returned; 0 while it is registered.
    pub deposit_until_ms: u64,
    /// P-22. Its part of its invited users' fees, in percent.
    pub fee_share: u8,
    /// Its own rewards, to claim.
    pub earned: Amount,
    /// Its voters' rewards, which they claim.
    pub voters_pot: Amount,
    /// What a vote of one unit has earned since the beginning, × 2⁶⁴ (P-21).
    pub voter_coef: u128,
}
codec_struct!(Candidate {
    account,
    key,
    location,
    url,
    net_id,
    generation,
    registered,
    status,
    order,
    votes,
    voted,
    servi,
    available,
    missed,
    aside_until,
    leaving,
    loss,
    deposit,
    lock,
    deposit_until_ms,
    fee_share,
    earned,
    voters_pot,
    voter_coef
});

impl Candidate {
    /// True when it stands aside in `epoch` (P-15).
    pub fn is_aside(&self, epoch: u64) -> bool {
        epoch < self.aside_until
    }

    /// True for a candidate that earns Servi and can be elected for `epoch`.
    pub fn is_active(&self, epoch: u64) -> bool {
        self.status == CandidateStatus::Candidate && !self.is_aside(epoch)
    }

    /// What the node has locked: the lock of its registration and the deposit of its application.
    pub fn stake(&self) -> Amount {
        self.deposit.checked_add(self.lock).unwrap_or(Amount::MAX)
    }
}

/// What the ledger gives out once and never again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// The order that the next application gets, from 1.
    pub order: u64,
    /// The generation that begins next, from 0.
    pub generation: u64,
}
codec_struct!(Counters { order, generation });

impl Counters {
    /// A generation for the votes of one node that were and will be no other's.
    pub(crate) fn take_generation(&mut self) -> u64 {
        let generation = self.generation;
        self.generation = generation.saturating_add(1);
        generation
    }
}

/// What is remembered of a node that isn't in the list any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Former {
    /// Order of its candidacy, kept for ever for ties; 0 when it never was a candidate.
    pub order: u64,
    /// Rewards of voters who haven't claimed them.
    pub voters_pot: Amount,
    /// How it lost candidacy the last time.
    pub loss: Option<Loss>,
}
codec_struct!(Former {
    order,
    voters_pot,
    loss
});

impl Former {
    /// True when there is something that somebody may still ask for: an order, a pot, a conviction.
    pub fn matters(&self) -> bool {
        let guilty = |loss: Loss| loss.reason == LossReason::Misbehaved;
        self.order > 0 || !self.voters_pot.is_zero() || self.loss.is_some_and(guilty)
    }
}

/// All Servi nodes, by place.
///
/// The list is changed by the [`Ledger`](crate::Ledger) alone; whoever reads may walk `list` or ask
/// [`Candidates::find`], which keeps an index of accounts and keys.
#[derive(Clone, Debug)]
pub struct Candidates {
    /// The records; a record's index is its place ([`StateKey::place`](credo_primitives::StateKey)), which another takes over
    /// when the list is full (P-10).
    pub list: Vec<Candidate>,
    /// What is given out next.
    pub next: Counters,
    pub(crate) index: OnceLock<Index>,
    /// The tree over the records; who changes one empties it, or keeps it in step.
    pub(crate) tree: OnceLock<Tree>,
}

/// Places in the list, sorted by account and by key.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    pub(crate) by_account: Vec<u32>,
    pub(crate) by_key: Vec<u32>,
}

impl Default for Candidates {
    fn default() -> Self {
        Self::new(
            Vec::new(),
            Counters {
                order: 1,
                generation: 0,
            },
        )
    }
}

impl PartialEq for Candidates {
    fn eq(&self, other: &Self) -> bool {
        self.next == other.next && self.list == other.list
    }
}
impl Eq for Candidates {}

/// What stands in the state for the whole list (P-42).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListDigest {
    /// SHA-256 over the root of the records' tree, their number and what is given out next.
    pub digest: Digest,
    /// Number of records.
    pub count: u32,
}
codec_struct!(ListDigest { digest, count });

impl Candidates {
    /// A list of records in which all that was ever given out still stands.
    pub fn of(list: Vec<Candidate>) -> Self {
        let order = list.iter().map(|c| c.order).max().unwrap_or(0) + 1;
        let generation = list.iter().map(|c| c.generation + 1).max().unwrap_or(0);
        Self::new(list, Counters { order, generation })
    }

    /// A list of records; `next` is beyond all that was given out so far.
    pub fn new(list: Vec<Candidate>, next: Counters) -> Self {
        Self {
            list,
            next,
            index: OnceLock::new(),
            tree: OnceLock::new(),
        }
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let mut by_account: Vec<u32> = (0..self.list.len() as u32).collect();
            let mut by_key = by_account.clone();
            by_account.sort_by(|a, b| self.at(*a).account.cmp(&self.at(*b).account));
            by_key.sort_by(|a, b| self.at(*a).key.cmp(&self.at(*b).key));
            Index { by_account, by_key }
        })
    }

    fn at(&self, place: u32) -> &Candidate {
        &self.list[place as usize]
    }

    /// Where `account` stands in the sorted index: its place there, or where it would be inserted.
    pub(crate) fn search_account(&self, account: &AccountName) -> Result<usize, usize> {
        self.index()
            .by_account
            .binary_search_by(|place| self.at(*place).account.cmp(account))
    }

    /// As [`Candidates::search_account`], for a consensus key.
    pub(crate) fn search_key(&self, key: &ConsensusKey) -> Result<usize, usize> {
        self.index()
            .by_key
            .binary_search_by(|place| self.at(*place).key.cmp(key))
    }

    /// The place of an account's record.
    pub fn place_of(&self, account: &AccountName) -> Option<u32> {
        let at = self.search_account(account).ok()?;
        Some(self.index().by_account[at])
    }

    /// The place of the record with a consensus key.
    pub fn place_of_key(&self, key: &ConsensusKey) -> Option<u32> {
        let at = self.search_key(key).ok()?;
        Some(self.index().by_key[at])
    }

    /// An account's record.
    pub fn find(&self, account: &AccountName) -> Option<&Candidate> {
        self.place_of(account).map(|place| self.at(place))
    }

    /// All votes cast for candidates, in units of 10⁻⁸ IOST.
    pub fn total_votes(&self) -> u128 {
        self.list
            .iter()
            .filter(|c| c.status == CandidateStatus::Candidate)
            .map(|c| u128::from(c.votes.units()))
            .sum()
    }

    /// Digest and number of the records: what stands in the state (P-42).
    pub fn digest(&self) -> ListDigest {
        let tree = self.tree.get_or_init(|| Tree::of(&self.list));
        let count = self.list.len() as u32;
        let root: &[u8] = tree.root().map_or(&[], |root| root.as_ref());
        ListDigest {
            digest: sha256(&[b"credo-candidates", root, &(count, self.next).encode()]),
            count,
        }
    }
}

/// A vote for one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// The node's account.
    pub candidate: AccountName,
    /// The node's generation when the vote was cast.
    pub generation: u64,
    /// How much, never nothing.
    pub amount: Amount,
    /// The node's coefficient up to which this vote's rewards are counted (P-21).
    pub coef: u128,
    /// Rewards counted and not yet claimed.
    pub earned: Amount,
    /// The block in which tokens were last added, which the runtime writes; IOST shows it.
    pub height: u64,
}
codec_struct!(Vote {
    candidate,
    generation,
    amount,
    coef,
    earned,
    height
});

/// All votes of one account, sorted by candidate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Voter {
    /// The votes.
    pub votes: Vec<Vote>,
    /// Rewards of votes that are gone, and those of its own node that lost its place, not yet claimed.
    pub earned: Amount,
    /// What its own node had locked when it lost its place (P-10), and from when on it counts as returned.
    pub stake: Option<Frozen>,
}
codec_struct!(Voter {
    votes: MAX_VOTES,
    earned,
    stake
});

impl Voter {
    /// True when nothing is left of it.
    pub fn is_empty(&self) -> bool {
        self.votes.is_empty() && self.earned.is_zero() && self.stake.is_none()
    }
}

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
    /// Candidates after the round.
    pub candidates: u32,
    /// Candidates that lost candidacy in the round (P-16).
    pub removed: u32,
    /// Removals that were put off, since too few would have been left (P-13).
    pub put_off: u32,
}
codec_struct!(Round {
    epoch,
    seats: MAX_COMMITTEE,
    total_votes,
    previous: MAX_COMMITTEE,
    candidates,
    removed,
    put_off
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
                2 => Ok(Self::Lost),
                3 => Ok(Self::Requested),
                other => Err(Error::InvalidEnum(other)),
            }
        }
    }
}
