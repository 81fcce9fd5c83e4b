//! Replay protection: marks of executed transactions, kept in the state until the transactions are dead.
//!
//! Each mark stands under its own key. Beside them, marks that die within the same second stand in pages, so
//! that they can be found and removed when that second has passed. The work of a block is bounded: what it can't
//! remove is left for the blocks after it, which does no harm, since a dead transaction is refused anyway.

use std::collections::BTreeMap;

use credo_primitives::entry::{Expiring, MAX_EXPIRING_PAGE};
use credo_primitives::{CheckedTransaction, Digest, StateKey};

use crate::RuntimeError;
use crate::view::View;

/// Most seconds that a block looks through; a chain that stood still catches up over several blocks.
const MAX_SECONDS: u64 = 256;

/// The first second at whose start a transaction that dies at `dead_at` (ns) is certainly dead.
fn second_of(dead_at: i64) -> u64 {
    u64::try_from(dead_at / 1_000_000_000).unwrap_or(0) + 1
}

/// Removes what expired up to `now_ms`, at most about `budget` marks.
pub(crate) fn clean(view: &mut View<'_>, now_ms: u64, budget: usize) -> Result<(), RuntimeError> {
    let cursor = StateKey::expired_until();
    let now = now_ms / 1_000;
    let start = view.get::<u64>(&cursor)?.unwrap_or(now);
    let mut done = start;
    let mut removed = 0;
    while done < now && done - start < MAX_SECONDS {
        if !clean_second(view, done + 1, budget, &mut removed)? {
            break;
        }
        done += 1;
    }
    if done != start {
        view.put(cursor, &done);
    }
    Ok(())
}

/// Where removal begins: at genesis.
pub(crate) fn start(view: &mut View<'_>, now_ms: u64) {
    view.put(StateKey::expired_until(), &(now_ms / 1_000));
}

/// Removes a second's marks, last page first. False when the budget ended before.
fn clean_second(
    view: &mut View<'_>,
    second: u64,
    budget: usize,
    removed: &mut usize,
) -> Result<bool, RuntimeError> {
    let head = StateKey::expiring(second);
    let Some(mut bucket) = view.get::<Expiring>(&head)? else {
        return Ok(true);
    };
    loop {
        if *removed > 0 && *removed + bucket.marks.len() > budget {
            view.put(head, &bucket);
            return Ok(false);
        }
        *removed += bucket.marks.len();
        for mark in bucket.marks.drain(..) {
            view.delete(StateKey::executed(&mark));
        }
        let Some(page) = bucket.pages.checked_sub(1) else {
            view.delete(head);
            return Ok(true);
        };
        let key = StateKey::expiring_page(second, page);
        bucket = view.get::<Expiring>(&key)?.ok_or_else(|| RuntimeError::Corrupt {
            key: key.clone(),
            why: "it is missing".into(),
        })?;
        bucket.pages = page;
        view.delete(key);
    }
}

/// Marks of what a block executed, by the second in which they die.
#[derive(Default)]
pub(crate) struct Executed(BTreeMap<u64, Vec<Digest>>);

impl Executed {
    /// Notes an executed transaction; its marks' own entries are written at once.
    pub(crate) fn add(&mut self, view: &mut View<'_>, tx: &CheckedTransaction, dead_at: i64, height: u64) {
        let marks = self.0.entry(second_of(dead_at)).or_default();
        for mark in tx.replay_marks() {
            view.put(StateKey::executed(&mark), &height);
            marks.push(mark);
        }
    }

    /// Writes the pages.
    pub(crate) fn write(self, view: &mut View<'_>) -> Result<(), RuntimeError> {
        for (second, marks) in self.0 {
            let head = StateKey::expiring(second);
            let mut bucket = view.get::<Expiring>(&head)?.unwrap_or_default();
            for mark in marks {
                if bucket.marks.len() >= MAX_EXPIRING_PAGE {
                    view.put(StateKey::expiring_page(second, bucket.pages), &bucket);
                    bucket.pages += 1;
                    bucket.marks.clear();
                }
                bucket.marks.push(mark);
            }
            view.put(head, &bucket);
        }
        Ok(())
    }
}
