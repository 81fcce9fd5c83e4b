//! The candidates' list in the state: a record each under its place, the digest of the whole under one key (P-42).

use std::collections::BTreeSet;

use credo_pob::{Candidate, Candidates, Counters, ListDigest, MAX_CANDIDATES};
use credo_primitives::StateKey;
use credo_state::StateRead;

use crate::RuntimeError;
use crate::view::{View, decode};

/// Loads the list from the state and holds it against its digest.
pub fn load_candidates(state: &impl StateRead) -> Result<Candidates, RuntimeError> {
    let head = StateKey::candidates();
    let corrupt = |key: &StateKey, why: &str| RuntimeError::Corrupt {
        key: key.clone(),
        why: why.to_owned(),
    };
    let bytes = state.get(&head)?;
    let bytes = bytes.ok_or_else(|| corrupt(&head, "it is missing"))?;
    let digest: ListDigest = decode(&head, &bytes)?;
    if digest.count as usize > MAX_CANDIDATES {
        return Err(corrupt(&head, "it counts too many records"));
    }
    let mut list = Vec::with_capacity(digest.count as usize);
    for place in 0..digest.count {
        let key = StateKey::candidate(place);
        let bytes = state.get(&key)?.ok_or_else(|| corrupt(&key, "it is missing"))?;
        list.push(decode::<Candidate>(&key, &bytes)?);
    }
    let counters = StateKey::counters();
    let bytes = state.get(&counters)?;
    let bytes = bytes.ok_or_else(|| corrupt(&counters, "it is missing"))?;
    let candidates = Candidates::new(list, decode::<Counters>(&counters, &bytes)?);
    if candidates.digest() != digest {
        return Err(corrupt(&head, "it isn't the digest of the records"));
    }
    Ok(candidates)
}

/// Writes the records that differ from `before` and, if any does, the digest. Returns the digest when it changed.
pub(crate) fn write_list(
    view: &mut View<'_>,
    before: &Candidates,
    after: &Candidates,
    changed: &BTreeSet<u32>,
) -> Option<ListDigest> {
    let added = before.list.len()..after.list.len();
    let changed = changed
        .iter()
        .map(|place| *place as usize)
        .filter(|place| *place < before.list.len());
    let mut any = false;
    for place in changed.chain(added) {
        if before.list.get(place) != Some(&after.list[place]) {
            view.put(StateKey::candidate(place as u32), &after.list[place]);
            any = true;
        }
    }
    if before.next != after.next {
        view.put(StateKey::counters(), &after.next);
        any = true;
    }
    any.then(|| {
        let digest = after.digest();
        view.put(StateKey::candidates(), &digest);
        digest
    })
}
