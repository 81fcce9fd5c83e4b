//! The candidates' list in the state: a record each under its account, whose it is under each place, the digest of the
//! whole under one key, and the digests of the ranking's parts (P-42).

use std::collections::BTreeSet;

use credo_pob::{Candidate, Candidates, Counters, ListDigest, MAX_CANDIDATES, Ranking, RankingHead};
use credo_primitives::{AccountName, Digest, StateKey};
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
        let key = StateKey::place(place);
        let bytes = state.get(&key)?.ok_or_else(|| corrupt(&key, "it is missing"))?;
        let key = StateKey::candidate(&decode::<AccountName>(&key, &bytes)?);
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

/// Writes the records that differ from `before`, whose place is whose, and, if anything changed, the digest. Returns the
/// digest when it changed.
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
    let differs = |place: &usize| before.list.get(*place) != Some(&after.list[*place]);
    let places: Vec<usize> = changed.chain(added).filter(differs).collect();
    let account = |list: &Candidates, place: usize| list.list.get(place).map(|c| c.account.clone());
    let moved = |place: &usize| account(before, *place) != account(after, *place);
    // First whoever lost a place: it may have another by now.
    for place in places.iter().copied().filter(|place| moved(place)) {
        if let Some(gone) = account(before, place) {
            view.delete(StateKey::candidate(&gone));
        }
        view.put(StateKey::place(place as u32), &after.list[place].account);
    }
    for place in &places {
        let record = &after.list[*place];
        view.put(StateKey::candidate(&record.account), record);
    }
    let counted = before.next != after.next;
    if counted {
        view.put(StateKey::counters(), &after.next);
    }
    (counted || !places.is_empty()).then(|| {
        let digest = after.digest();
        view.put(StateKey::candidates(), &digest);
        digest
    })
}

/// Writes an epoch's ranking: what the parts are parts of, and their digests. The list never gets shorter, so each part that
/// stood there before is replaced.
pub(crate) fn write_ranking(view: &mut View<'_>, ranking: &Ranking) {
    view.put(StateKey::ranking(), &ranking.head);
    for (number, digest) in ranking.digests().enumerate() {
        view.put(StateKey::ranking_part(number as u32), &digest);
    }
}

/// The ranking at the last MSB as the state has it: its head, and the digests of its parts.
pub fn load_ranking(state: &impl StateRead) -> Result<Option<(RankingHead, Vec<Digest>)>, RuntimeError> {
    let key = StateKey::ranking();
    let Some(bytes) = state.get(&key)? else {
        return Ok(None);
    };
    let head: RankingHead = decode(&key, &bytes)?;
    let mut digests = Vec::new();
    for number in 0..head.parts() {
        let key = StateKey::ranking_part(number);
        let bytes = state.get(&key)?.ok_or_else(|| RuntimeError::Corrupt {
            key: key.clone(),
            why: "it is missing".into(),
        })?;
        digests.push(decode(&key, &bytes)?);
    }
    Ok(Some((head, digests)))
}
