//! Pledges, the reward pool, and what the ledger leaves in the state for later judgement.

use crate::block::StateCommitment;
use crate::certificate::{ConsensusKey, MAX_COMMITTEE};
use crate::{AccountName, Amount, AmountError, Digest};

use super::{Balance, Frozen, MAX_FROZEN};

/// Most accounts that one account can pledge gas for, those that it signed up included.
pub const MAX_PLEDGES: usize = 512;
/// Most parts of the supply that vest.
pub const MAX_VESTING: usize = 16;
/// Most accounts with a contribution score.
pub const MAX_CONTRIBUTORS: usize = 1_000;

/// IOST pledged for one account's gas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pledge {
    /// For whom.
    pub account: AccountName,
    /// How much.
    pub amount: Amount,
}
codec_struct!(Pledge { account, amount });

/// All that an account has pledged, sorted by account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pledges {
    /// The pledges.
    pub to: Vec<Pledge>,
}
codec_struct!(Pledges { to: MAX_PLEDGES });

/// A part of the supply that vests month by month (P-25).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vesting {
    /// Who receives it; `issue.iost` is the reward pool.
    pub account: AccountName,
    /// All of it.
    pub total: Amount,
    /// When the schedule begins, ms since 1970: the first part vests a month later.
    pub start_ms: u64,
    /// Months that the schedule lasts.
    pub months: u32,
    /// Months that have vested.
    pub done: u32,
}
codec_struct!(Vesting {
    account,
    total,
    start_ms,
    months,
    done
});

/// What `issue.iost` keeps: the reward pool and the schedule of the supply (P-20, P-25). The tokens stand in its balance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// What is left for rewards: `issue.iost`'s balance less what was earned and isn't claimed yet.
    pub free: Amount,
    /// Contribution rewards of epochs in which nobody had a score.
    pub carried: Amount,
    /// What was given for the nodes and their voters, on top of the next epoch's rewards.
    pub topup: Amount,
    /// All rewards paid so far.
    pub paid: Amount,
    /// All fees, slashed stakes and destroyed tokens burnt so far.
    pub burnt: Amount,
    /// Supply that counts as available for votes.
    pub available: Amount,
    /// Parts of the supply that vest.
    pub vesting: Vec<Vesting>,
}
codec_struct!(Pool {
    free,
    carried,
    topup,
    paid,
    burnt,
    available,
    vesting: MAX_VESTING
});

/// An account with a contribution score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contributor {
    /// The account.
    pub account: AccountName,
    /// Its score.
    pub score: u32,
    /// The coefficient up to which its rewards are counted.
    pub coef: u128,
    /// Counted and not yet claimed.
    pub earned: Amount,
}
codec_struct!(Contributor {
    account,
    score,
    coef,
    earned
});

/// Contribution scores (P-20), sorted by account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contribution {
    /// Rewards of one point of score so far, × 2⁶⁴.
    pub coef: u128,
    /// Rewards that weren't counted for an account yet.
    pub pot: Amount,
    /// The accounts.
    pub accounts: Vec<Contributor>,
}
codec_struct!(Contribution {
    coef,
    pot,
    accounts: MAX_CONTRIBUTORS
});

/// Why a node lost its candidacy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum LossReason {
    /// It left by itself.
    Left = 0,
    /// No availability proof for too long (P-14).
    Unavailable = 1,
    /// Turns and no block (P-15).
    NoBlocks = 2,
    /// Proved misbehaviour (P-24).
    Misbehaved = 3,
    /// Removed by the foundation of a private network.
    Expelled = 4,
    /// The list was full, and it had the fewest votes of those that weren't candidates (P-10).
    Displaced = 5,
}

impl LossReason {
    /// The reason as a sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Left => "It left.",
            Self::Unavailable => "It didn't prove that it was available.",
            Self::NoBlocks => "It had turns and produced no block.",
            Self::Misbehaved => "It was proved to have signed two ways at once.",
            Self::Expelled => "The network's foundation removed it.",
            Self::Displaced => {
                "The list was full, and its place went to another node: it had the fewest votes."
            }
        }
    }
}

/// How a generation of a node's votes ended (P-16): its votes return at `until_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub reason: LossReason,
    /// The epoch in which it happened.
    pub epoch: u64,
    /// When, ms since 1970.
    pub at_ms: u64,
    /// From when on the votes' tokens count as returned.
    pub until_ms: u64,
    /// The coefficient up to which these votes earned rewards (× 2⁶⁴).
    pub voter_coef: u128,
}
codec_struct!(Ended {
    reason,
    epoch,
    at_ms,
    until_ms,
    voter_coef
});

/// What stands in the state of an epoch's Micro State Block (P-14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MsbMark {
    /// Digest of the MSB header.
    pub digest: Digest,
    /// The state after the MSB block, to which availability proofs lead.
    pub state: StateCommitment,
}
codec_struct!(MsbMark { digest, state });

/// A member of a past committee: who signed with which key. A node may have another key by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastSeat {
    /// The key that signed.
    pub key: ConsensusKey,
    /// The node's account.
    pub account: AccountName,
}
codec_struct!(PastSeat { key, account });

/// A past committee, kept while its stake is locked (P-5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastCommittee {
    /// When its epoch ended, ms since 1970.
    pub ended_ms: u64,
    /// Its members in seat order, which is that of their keys.
    pub seats: Vec<PastSeat>,
}
codec_struct!(PastCommittee {
    ended_ms,
    seats: MAX_COMMITTEE
});

/// What a node's account took back of its votes for itself and is still locked: it stands in the balance's frozen amounts,
/// and goes with the rest if the node is convicted meanwhile (P-24).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenBack {
    /// Amounts by date, ascending, one per date. No frozen amount of that date is smaller.
    pub amounts: Vec<Frozen>,
}
codec_struct!(TakenBack { amounts: MAX_FROZEN });

impl TakenBack {
    /// Adds an amount that is locked until `until_ms`, and forgets those that have returned at `now_ms`. There are never
    /// more than the balance's own frozen amounts, one for each date.
    pub fn add(&mut self, amount: Amount, until_ms: u64, now_ms: u64) -> Result<(), AmountError> {
        self.amounts.retain(|f| f.until_ms > now_ms);
        match self.amounts.binary_search_by_key(&until_ms, |f| f.until_ms) {
            Ok(at) => self.amounts[at].amount = self.amounts[at].amount.checked_add(amount)?,
            Err(at) => self.amounts.insert(at, Frozen { amount, until_ms }),
        }
        Ok(())
    }

    /// Takes what is still locked at `now_ms` out of the balance's frozen amounts, and gives how much of each.
    pub fn seize(&self, balance: &mut Balance, now_ms: u64) -> Result<Vec<Frozen>, AmountError> {
        let mut seized = Vec::new();
        for locked in self.amounts.iter().filter(|f| f.until_ms > now_ms) {
            let Ok(at) = balance
                .frozen
                .binary_search_by_key(&locked.until_ms, |f| f.until_ms)
            else {
                continue;
            };
            let taken = locked.amount.min(balance.frozen[at].amount);
            let left = balance.frozen[at].amount.checked_sub(taken)?;
            seized.push(Frozen {
                amount: taken,
                until_ms: locked.until_ms,
            });
            if left.is_zero() {
                balance.frozen.remove(at);
            } else {
                balance.frozen[at].amount = left;
            }
        }
        Ok(seized)
    }
}

mod reason_codec {
    use super::LossReason;
    use bytes::BufMut;
    use commonware_codec::{Buf, EncodeSize, Error, Read, ReadExt, Write};

    impl Write for LossReason {
        fn write(&self, buf: &mut impl BufMut) {
            (*self as u8).write(buf);
        }
    }
    impl EncodeSize for LossReason {
        fn encode_size(&self) -> usize {
            1
        }
    }
    impl Read for LossReason {
        type Cfg = ();
        fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
            match u8::read(buf)? {
                0 => Ok(Self::Left),
                1 => Ok(Self::Unavailable),
                2 => Ok(Self::NoBlocks),
                3 => Ok(Self::Misbehaved),
                4 => Ok(Self::Expelled),
                5 => Ok(Self::Displaced),
                other => Err(Error::InvalidEnum(other)),
            }
        }
    }
}
