//! The first state: accounts, tokens, candidates, votes, and the first round (the first of P-12).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use credo_pob::{Candidates, Ledger, ListDigest, Registration, Round, Rules, Voter};
use credo_primitives::entry::{Balance, IOST, KeyAccounts, MAX_KEY_ACCOUNTS, TokenInfo};
use credo_primitives::spec::Genesis;
use credo_primitives::{AccountName, Amount, PublicKey, StateKey, Text};
use credo_state::{StateRead, Writes};

use crate::contracts::new_account;
use crate::view::View;
use crate::{GenesisError, executed, turns};

/// What may ever exist of the IOST token.
const MAX_SUPPLY: Amount = Amount::from_iost(90_000_000_000);
/// Who issues it.
const ISSUER: &str = "issue.iost";

/// The state at height 0 and the first election.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenesisState {
    /// The whole state.
    pub writes: Writes,
    /// The list of Servi nodes after the first round.
    pub candidates: Arc<Candidates>,
    /// Its digest.
    pub candidates_digest: ListDigest,
    /// The election of epoch 0's committee.
    pub round: Round,
}

struct Empty;

impl StateRead for Empty {
    fn get(&self, _: &StateKey) -> Result<Option<Vec<u8>>, credo_state::ReadError> {
        Ok(None)
    }
}

/// Makes the first state from the genesis file.
pub fn genesis(genesis: &Genesis) -> Result<GenesisState, GenesisError> {
    genesis.parameters.validate()?;
    let rules = Rules::of(&genesis.parameters);
    let mut view = View::new(&Empty);
    let mut supply: u128 = 0;
    let known = accounts(genesis, &mut view, &mut supply)?;

    let mut ledger = Ledger::new(Arc::new(Candidates::default()));
    for candidate in &genesis.candidates {
        let account = &candidate.account;
        if !known.contains(account) {
            return Err(GenesisError::UnknownAccount(account.clone()));
        }
        let node = Registration {
            key: candidate.key.clone(),
            location: candidate.location.clone(),
            url: candidate.url.clone(),
            net_id: candidate.net_id.clone(),
        };
        ledger
            .register(account, node)
            .and_then(|()| ledger.appoint(account))
            .map_err(|source| GenesisError::Ledger {
                account: account.clone(),
                source,
            })?;
    }
    let mut voters: BTreeMap<&AccountName, Voter> = BTreeMap::new();
    for vote in &genesis.votes {
        if !known.contains(&vote.voter) {
            return Err(GenesisError::UnknownAccount(vote.voter.clone()));
        }
        let voter = voters.entry(&vote.voter).or_default();
        ledger
            .vote(voter, &vote.candidate, vote.amount)
            .map_err(|source| GenesisError::Ledger {
                account: vote.voter.clone(),
                source,
            })?;
        supply += u128::from(vote.amount.units());
    }
    for (account, voter) in voters {
        view.put(StateKey::voter(account), &voter);
    }
    put_token(&mut view, supply)?;

    let round = ledger.run_round(None, 0, &rules);
    if round.seats.is_empty() {
        return Err(GenesisError::NoCandidates);
    }
    ledger.commit();
    let (candidates, _) = ledger.finish();
    for (place, candidate) in candidates.list.iter().enumerate() {
        view.put(StateKey::candidate(place as u32), candidate);
    }
    let candidates_digest = candidates.digest();
    view.put(StateKey::candidates(), &candidates_digest);
    view.put(StateKey::round(), &round);
    view.put(StateKey::turns(), &turns::fresh(0, round.seats.len()));
    executed::start(&mut view, genesis.time_ms);
    view.commit();
    Ok(GenesisState {
        writes: view.finish(),
        candidates,
        candidates_digest,
        round,
    })
}

/// Writes accounts, their balances and the index from keys to them.
fn accounts<'g>(
    genesis: &'g Genesis,
    view: &mut View<'_>,
    supply: &mut u128,
) -> Result<BTreeSet<&'g AccountName>, GenesisError> {
    let mut known = BTreeSet::new();
    let mut by_key: BTreeMap<&PublicKey, KeyAccounts> = BTreeMap::new();
    for account in &genesis.accounts {
        let name = &account.name;
        if name.is_contract() {
            return Err(GenesisError::Contract(name.clone()));
        }
        if !known.insert(name) {
            return Err(GenesisError::DuplicateAccount(name.clone()));
        }
        let record = new_account(name, None, genesis.time_ms, &account.owner, &account.active);
        view.put(StateKey::account(name), &record);
        for key in BTreeSet::from([&account.owner, &account.active]) {
            let list = &mut by_key.entry(key).or_default().accounts;
            if list.len() < MAX_KEY_ACCOUNTS {
                list.push(name.clone());
            }
        }
        if !account.balance.is_zero() {
            let balance = Balance {
                available: account.balance,
                frozen: Vec::new(),
            };
            view.put(StateKey::balance(name, IOST), &balance);
            *supply += u128::from(account.balance.units());
        }
    }
    for (key, accounts) in by_key {
        view.put(StateKey::key_accounts(key), &accounts);
    }
    Ok(known)
}

fn put_token(view: &mut View<'_>, supply: u128) -> Result<(), GenesisError> {
    let too_much = GenesisError::Supply(MAX_SUPPLY);
    let supply = u64::try_from(supply)
        .ok()
        .and_then(Amount::from_units)
        .filter(|supply| *supply <= MAX_SUPPLY)
        .ok_or(too_much)?;
    let token = TokenInfo {
        issuer: AccountName::any(ISSUER).expect("a system contract's name is valid"),
        full_name: Text::new("IOST").unwrap_or_default(),
        total_supply: MAX_SUPPLY,
        supply,
        decimals: credo_primitives::amount::IOST_DECIMALS as u8,
        can_transfer: true,
        only_issuer_can_transfer: false,
    };
    view.put(StateKey::token(IOST), &token);
    Ok(())
}
