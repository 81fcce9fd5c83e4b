//! The ledger: operations, rounds, and what must hold whatever is done.
#![allow(clippy::unwrap_used)]

mod displacement;
mod liveness;
mod operations;
mod properties;
mod ranking;
mod rewards;
mod rounds;

use std::collections::BTreeMap;
use std::sync::Arc;

use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use credo_pob::{
    Candidates, Entry, Former, Ledger, MAX_CANDIDATES, PobError, Registration, Round, RoundContext, Rules,
    Voter,
};
use credo_primitives::{AccountName, Amount, ConsensusKey, Text};

fn name(text: &str) -> AccountName {
    AccountName::any(text).unwrap()
}

fn units(units: u64) -> Amount {
    Amount::from_units(units).unwrap()
}

fn key(number: u64) -> ConsensusKey {
    PrivateKey::from_seed(number).public_key()
}

fn node(number: u64) -> Registration {
    Registration {
        key: key(number),
        location: Text::default(),
        url: Text::default(),
        net_id: Text::default(),
    }
}

/// A registration that locks nothing.
fn entry(now_ms: u64, approved: bool) -> Entry {
    Entry {
        epoch: 0,
        now_ms,
        lock: Amount::ZERO,
        approved,
    }
}

/// Registers a node where there are places enough, and nothing is remembered of it.
fn register(
    ledger: &mut Ledger,
    account: &AccountName,
    node: Registration,
    entry: Entry,
) -> Result<(), PobError> {
    let displaced = ledger.register(account, node, entry, None, &rules(1))?;
    assert_eq!(displaced, None);
    Ok(())
}

/// Nothing remembered of any node.
fn none() -> BTreeMap<AccountName, Former> {
    BTreeMap::new()
}

/// An account that has no node.
fn voter_name() -> AccountName {
    name("a_voter")
}

fn rules(committee_size: usize) -> Rules {
    Rules {
        threshold: units(0),
        servi_cap: 10,
        committee_size,
        availability_epochs: u64::MAX,
        missed_epochs: u32::MAX,
        aside_epochs: 10,
        vote_lock_ms: LOCK_MS,
        places: MAX_CANDIDATES,
    }
}

/// From losing candidacy to the tokens' return.
const LOCK_MS: u64 = 1_000;

/// A round without turns, at a time of its own.
fn at(previous: Option<&Round>, epoch: u64) -> RoundContext<'_> {
    RoundContext {
        epoch,
        now_ms: epoch * 100,
        previous,
        turns: None,
    }
}

fn empty() -> Ledger {
    Ledger::new(Arc::new(Candidates::default()))
}

/// Candidates `node_a`, `node_b`, … with these votes, in this order of candidacy.
fn standing(votes: &[u64]) -> Ledger {
    let mut ledger = empty();
    for (i, votes) in votes.iter().enumerate() {
        let account = name(&format!("node_{}", (b'a' + i as u8) as char));
        register(&mut ledger, &account, node(i as u64), entry(0, true)).unwrap();
        ledger.appoint(&account, Amount::ZERO).unwrap();
        if *votes > 0 {
            ledger
                .vote(&mut Voter::default(), &account, units(*votes))
                .unwrap();
        }
    }
    ledger.commit();
    ledger
}
