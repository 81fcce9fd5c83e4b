//! Replay marks in the state, and what their absence proves (P-45).
//!
//! Every executed transaction leaves marks
//! ([`CheckedTransaction::replay_marks`](crate::CheckedTransaction::replay_marks)), each under its own key
//! ([`StateKey::executed`](crate::StateKey::executed)). A block's marks stand in pages beside them, so that they are found
//! when they may go, and [`Expired`] tells how far that has come.

use crate::Digest;

/// Most marks in one page of [`Marks`], so that a page stays well within one value.
pub const MAX_MARKS_PAGE: usize = 1_024;

/// A page of the marks that a block left, under [`StateKey::marks`](crate::StateKey::marks).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Until when all of the block's marks stand, ms since 1970.
    pub until_ms: u64,
    /// Whether the block has no page after this one.
    pub last: bool,
    /// The marks.
    pub marks: Vec<Digest>,
}
codec_struct!(Marks {
    until_ms,
    last,
    marks: MAX_MARKS_PAGE
});

/// How far marks have expired, under [`StateKey::expired_until`](crate::StateKey::expired_until). Every block writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired {
    /// A mark may be gone when it stood until this moment (ms since 1970) or an earlier one; every other one is there.
    pub until_ms: u64,
    /// The time of the block after which this stands.
    pub time_ms: u64,
    /// The first block whose marks may still have to be removed.
    pub height: u64,
    /// Its first page that may.
    pub page: u32,
}
codec_struct!(Expired {
    until_ms,
    time_ms,
    height,
    page
});

impl Expired {
    /// At genesis, when there are no marks.
    pub const fn genesis(time_ms: u64) -> Self {
        Self {
            until_ms: time_ms,
            time_ms,
            height: 1,
            page: 0,
        }
    }

    /// How far marks expire in the next block: never past its parent's time, which is this one's, and by at most two slots,
    /// so that a chain that stood still takes nobody's proof away.
    pub fn next_until(&self, slot_ms: u64) -> u64 {
        let step = self.until_ms.saturating_add(slot_ms.saturating_mul(2));
        self.until_ms.max(self.time_ms.min(step))
    }

    /// P-45. Whether the absence of *all* marks of a transaction in the state that this is of proves that the transaction was
    /// never executed and never will be: it is dead there (`dead_at`, ns since 1970, which is
    /// [`Transaction::dead_within`](crate::Transaction::dead_within) the chain's `tx_lifetime_ms`), and marks that it might
    /// have left would stand still.
    pub fn absence_proves(&self, dead_at: i64, tx_lifetime_ms: u64) -> bool {
        const NS: i128 = 1_000_000;
        let dead_at = i128::from(dead_at);
        let stands_until = dead_at + i128::from(tx_lifetime_ms) * NS;
        i128::from(self.time_ms) * NS >= dead_at && i128::from(self.until_ms) * NS < stands_until
    }
}
