//! The digest of the whole list (P-42), which a change of few records changes at little cost.
//!
//! Records are the leaves of a binary tree, by place; a last node without a neighbour goes up as it is. The digest of the
//! list is over the root, the number of records and what is given out next. A changed record costs as many hashes as the
//! tree is high: fifteen at the most that can be registered.

use commonware_codec::Encode as _;
use credo_primitives::{Digest, sha256};

use crate::Candidate;

/// The tree, its leaves first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    levels: Vec<Vec<Digest>>,
}

fn leaf(record: &Candidate) -> Digest {
    sha256(&[b"credo-candidate", &record.encode()])
}

fn pair(left: &Digest, right: &Digest) -> Digest {
    sha256(&[b"credo-pair", left.as_ref(), right.as_ref()])
}

impl Tree {
    /// The tree of a whole list.
    pub(crate) fn of(list: &[Candidate]) -> Self {
        let mut tree = Self {
            levels: vec![list.iter().map(leaf).collect()],
        };
        while tree.levels.last().is_some_and(|level| level.len() > 1) {
            let below = tree.levels.last().map(Vec::as_slice).unwrap_or_default();
            let above = below.chunks(2).map(join).collect();
            tree.levels.push(above);
        }
        tree
    }

    /// Number of leaves.
    pub(crate) fn len(&self) -> usize {
        self.levels.first().map_or(0, Vec::len)
    }

    /// Takes over the record of a place, which is at most the first free one.
    pub(crate) fn set(&mut self, place: usize, record: &Candidate) {
        let mut digest = leaf(record);
        let (mut at, mut level) = (place, 0);
        loop {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let row = &mut self.levels[level];
            if at == row.len() {
                row.push(digest);
            } else {
                row[at] = digest;
            }
            if row.len() == 1 {
                return;
            }
            let first = at & !1;
            digest = join(&row[first..row.len().min(first + 2)]);
            (at, level) = (at / 2, level + 1);
        }
    }

    /// The root; nothing for an empty list.
    pub(crate) fn root(&self) -> Option<&Digest> {
        self.levels.last().and_then(|level| level.first())
    }
}

fn join(pair_of: &[Digest]) -> Digest {
    match pair_of {
        [left, right] => pair(left, right),
        [alone] => *alone,
        _ => sha256(&[]),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ledger::tests_only_node;

    #[test]
    fn a_change_comes_to_the_same_as_a_new_tree() {
        let mut list: Vec<Candidate> = Vec::new();
        let mut tree = Tree::of(&list);
        assert_eq!(tree.root(), None);
        for place in 0..70u64 {
            list.push(tests_only_node(place));
            tree.set(place as usize, &list[place as usize]);
            assert_eq!(tree, Tree::of(&list), "with {} records", place + 1);
        }
        for place in [0usize, 1, 33, 63, 64, 69] {
            list[place] = tests_only_node(1_000 + place as u64);
            tree.set(place, &list[place]);
            assert_eq!(tree, Tree::of(&list), "record {place} changed");
        }
        // Two records that change places make another root.
        let root = *tree.root().unwrap();
        list.swap(3, 4);
        assert_ne!(Tree::of(&list).root(), Some(&root));
    }
}
