//! Replay protection: marks of executed transactions, kept in the state for as long as somebody may ask for them (P-45).
//!
//! Each mark stands under its own key, and the marks of a block in pages beside them. A transaction that a block may hold is
//! dead at most one lifetime after the block, and its marks stand for one more: so all of a block's marks go together, two
//! lifetimes after it, block by block. How far that has come ([`Expired`]) moves on by at most two slots a block and never
//! past the parent's time, so that a chain that stood still takes no mark away before anybody could see that it is there.
//!
//! The work of a block is bounded: at most [`MAX_BLOCK_MARKS`] are written and about as many removed, and at most
//! [`MAX_PAGES`] pages looked for. What can't be removed is left for the blocks after it, which does no harm. Whose
//! transaction it was has paid for both.

use credo_primitives::entry::{Expired, MAX_MARKS_PAGE, Marks};
use credo_primitives::{CheckedTransaction, Digest, StateKey};

use crate::view::View;
use crate::{BlockContext, RuntimeError};

/// Most marks that a block leaves: four for each transaction that main's blocks hold. Beyond, the block is full.
pub(crate) const MAX_BLOCK_MARKS: usize = 8_192;
/// Most marks that a block removes: more than one leaves, so that what was left over is caught up with.
const MAX_REMOVED: usize = MAX_BLOCK_MARKS + MAX_MARKS_PAGE;
/// Most pages that a block looks for; most blocks have one or none.
const MAX_PAGES: usize = 64;

/// Removes marks that have expired, and says how far that is.
pub(crate) fn clean(view: &mut View<'_>, ctx: &BlockContext<'_>) -> Result<(), RuntimeError> {
    let key = StateKey::expired_until();
    let found: Option<Expired> = view.get(&key)?;
    let mut expired = found.ok_or_else(|| RuntimeError::Corrupt {
        key: key.clone(),
        why: "it is missing".into(),
    })?;
    expired.until_ms = expired.next_until(ctx.spec.parameters.slot_ms);
    expired.time_ms = ctx.time_ms;
    let mut removed = 0;
    for _ in 0..MAX_PAGES {
        if expired.height >= ctx.height {
            break;
        }
        let at = StateKey::marks(expired.height, expired.page);
        let Some(page) = view.get::<Marks>(&at)? else {
            (expired.height, expired.page) = (expired.height + 1, 0);
            continue;
        };
        removed += page.marks.len();
        if page.until_ms > expired.until_ms || removed > MAX_REMOVED {
            break;
        }
        for mark in &page.marks {
            view.delete(StateKey::executed(mark));
        }
        view.delete(at);
        (expired.height, expired.page) = if page.last {
            (expired.height + 1, 0)
        } else {
            (expired.height, expired.page + 1)
        };
    }
    view.put(key, &expired);
    Ok(())
}

/// Where removal begins: at genesis.
pub(crate) fn start(view: &mut View<'_>, now_ms: u64) {
    view.put(StateKey::expired_until(), &Expired::genesis(now_ms));
}

/// Marks of what a block executed.
#[derive(Default)]
pub(crate) struct Executed(Vec<Digest>);

impl Executed {
    /// Whether a transaction's marks find no place in the block any more.
    pub(crate) fn is_full_for(&self, tx: &CheckedTransaction) -> bool {
        // A mark for the publisher, and at most one for each signer.
        self.0.len() + 1 + tx.tx().signers.len() > MAX_BLOCK_MARKS
    }

    /// Notes an executed transaction; its marks' own entries are written at once.
    pub(crate) fn add(&mut self, view: &mut View<'_>, tx: &CheckedTransaction, height: u64) {
        for mark in tx.replay_marks() {
            view.put(StateKey::executed(&mark), &height);
            self.0.push(mark);
        }
    }

    /// Writes the pages.
    pub(crate) fn write(self, view: &mut View<'_>, ctx: &BlockContext<'_>) {
        let lifetime_ms = ctx.spec.parameters.tx_lifetime_ms;
        let until_ms = ctx.time_ms.saturating_add(lifetime_ms.saturating_mul(2));
        let pages = self.0.len().div_ceil(MAX_MARKS_PAGE);
        for (number, marks) in self.0.chunks(MAX_MARKS_PAGE).enumerate() {
            let page = Marks {
                until_ms,
                last: number + 1 == pages,
                marks: marks.to_vec(),
            };
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            view.put(StateKey::marks(ctx.height, number), &page);
        }
    }
}
