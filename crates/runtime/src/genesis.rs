//! The first state: accounts, tokens, candidates, votes, what vests, and the first round (the first of P-12).
//!
//! Everything that the genesis file names is created with it: balances, pledges, votes and deposits, the reward pool, and
//! what vests later, which stands in no balance. The sum is the supply of IOST, and there will never be more (P-25).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use credo_pob::{
    Candidates, Entry, Ledger, ListDigest, Ranking, Registration, Round, RoundContext, RoundOutcome, Rules,
    Voter,
};
use credo_primitives::entry::{
    Balance, CONTRIBUTE, Gas, IOST, Item, KeyAccounts, MAX_KEY_ACCOUNTS, MAX_VESTING, Permission, Pledge,
    Pledges, Pool, Principal, TokenInfo,
};
use credo_primitives::spec::{Genesis, GenesisAccount, GenesisKeys, supply};
use credo_primitives::{AccountName, Amount, Parameters, Preset, PublicKey, StateKey, Text};
use credo_state::{StateRead, Writes};

use crate::contracts::{BONUS, issue, new_account, ram};
use crate::list::write_ranking;
use crate::stake::Holder;
use crate::supply::release;
use crate::view::View;
use crate::{GenesisError, executed, turns};

/// What may ever exist of the IOST token on any network: IOST's own bound.
const MAX_SUPPLY: Amount = Amount::from_iost(90_000_000_000);

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

/// What an account gets. What is staked stands in the balance of the contract that holds it.
#[derive(Default)]
struct Holding {
    available: Amount,
    deposit: Amount,
    pledged: Amount,
    voted: Amount,
}

/// What is handed out, by account, and the sum of it.
#[derive(Default)]
struct Holdings {
    of: BTreeMap<AccountName, Holding>,
    sum: u128,
}

impl Holdings {
    /// Counts `amount` into the supply, and into one of an account's parts.
    fn add(&mut self, account: &AccountName, amount: Amount, part: fn(&mut Holding) -> &mut Amount) {
        let held = part(self.of.entry(account.clone()).or_default());
        // A sum that doesn't fit is more than may exist, which `supply` refuses.
        *held = held.checked_add(amount).unwrap_or(Amount::MAX);
        self.sum += u128::from(amount.units());
    }

    /// Puts what is staked into the balances of those who hold it.
    fn stake(&mut self) {
        for (holder, part) in [
            (Holder::Gas, (|held| held.pledged) as fn(&Holding) -> Amount),
            (Holder::Votes, |held| held.voted),
            (Holder::Nodes, |held| held.deposit),
        ] {
            let parts = self.of.values().map(part);
            let sum = parts.fold(Amount::ZERO, |sum, amount| {
                sum.checked_add(amount).unwrap_or(Amount::MAX)
            });
            let held = &mut self.of.entry(holder.account()).or_default().available;
            *held = held.checked_add(sum).unwrap_or(Amount::MAX);
        }
    }
}

/// Makes the first state from the genesis file.
pub fn genesis(genesis: &Genesis) -> Result<GenesisState, GenesisError> {
    genesis.parameters.validate()?;
    genesis.preset.check_chain_id(genesis.parameters.chain_id)?;
    let mut view = View::new(&Empty);
    let mut holdings = Holdings::default();
    let known = accounts(genesis, &mut view, &mut holdings)?;
    let mut ledger = Ledger::new(Arc::new(Candidates::default()));
    stand(genesis, &known, &mut ledger, &mut holdings)?;
    cast(genesis, &known, &mut ledger, &mut view, &mut holdings)?;
    let pool = pool(genesis, &known, &mut holdings)?;
    put_token(&mut view, genesis.preset, holdings.sum)?;
    holdings.stake();
    put_holdings(&mut view, genesis, holdings);

    let rules = Rules::of(&genesis.parameters, pool.available);
    view.put(StateKey::pool(), &pool);
    let at = RoundContext {
        epoch: 0,
        now_ms: genesis.time_ms,
        previous: None,
        turns: None,
    };
    // Nobody can have lost a candidacy that begins here.
    let RoundOutcome { round, .. } = ledger.run_round(&at, &rules);
    if round.seats.is_empty() {
        return Err(GenesisError::NoCandidates);
    }
    ledger.commit();
    let (candidates, _) = ledger.finish();
    for (place, candidate) in candidates.list.iter().enumerate() {
        view.put(StateKey::place(place as u32), &candidate.account);
        view.put(StateKey::candidate(&candidate.account), candidate);
    }
    view.put(StateKey::counters(), &candidates.next);
    let candidates_digest = candidates.digest();
    view.put(StateKey::candidates(), &candidates_digest);
    write_ranking(&mut view, &Ranking::of(&candidates, 0));
    view.put(StateKey::round(), &round);
    view.put(StateKey::turns(), &turns::fresh(0, round.seats.len()));
    view.put(StateKey::committees_from(), &0u64);
    executed::start(&mut view, genesis.time_ms);
    // Nothing is read but what was written just now.
    ram::start(&mut view, genesis.time_ms, known.iter().copied()).expect("an empty store can be read");
    view.commit();
    Ok(GenesisState {
        writes: view.finish(),
        candidates,
        candidates_digest,
        round,
    })
}

/// Writes accounts and the index from keys to them, and counts what they hold.
fn accounts<'g>(
    genesis: &'g Genesis,
    view: &mut View<'_>,
    holdings: &mut Holdings,
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
        put_account(view, account, genesis.time_ms)?;
        let keys: BTreeSet<_> = account.owner.keys.iter().chain(&account.active.keys).collect();
        for key in keys {
            let list = &mut by_key.entry(key).or_default().accounts;
            if list.len() < MAX_KEY_ACCOUNTS {
                list.push(name.clone());
            }
        }
        holdings.add(name, account.balance, |held| &mut held.available);
        holdings.add(name, account.pledge, |held| &mut held.pledged);
    }
    for (key, accounts) in by_key {
        view.put(StateKey::key_accounts(key), &accounts);
    }
    Ok(known)
}

/// Writes an account. Several keys weigh one each, so the threshold is how many of them are needed.
fn put_account(view: &mut View<'_>, account: &GenesisAccount, time_ms: u64) -> Result<(), GenesisError> {
    let first = |keys: &GenesisKeys| -> Result<PublicKey, GenesisError> {
        keys.validate().map_err(|source| GenesisError::Keys {
            account: account.name.clone(),
            source,
        })?;
        Ok(keys.keys[0].clone())
    };
    let (owner, active) = (first(&account.owner)?, first(&account.active)?);
    let mut record = new_account(&account.name, None, time_ms, &owner, &active);
    for permission in &mut record.permissions {
        let keys = match permission.name.as_str() {
            "owner" => &account.owner,
            _ => &account.active,
        };
        if keys.keys.len() > 1 {
            share(permission, keys);
        }
    }
    view.put(StateKey::account(&account.name), &record);
    Ok(())
}

fn share(permission: &mut Permission, keys: &GenesisKeys) {
    let item = |key: &PublicKey| Item {
        principal: Principal::Key(key.clone()),
        weight: 1,
    };
    permission.items = keys.keys.iter().map(item).collect();
    permission.threshold = keys.threshold;
}

/// Lets the candidates stand, each with a deposit created with it.
fn stand(
    genesis: &Genesis,
    known: &BTreeSet<&AccountName>,
    ledger: &mut Ledger,
    holdings: &mut Holdings,
) -> Result<(), GenesisError> {
    let deposit = genesis.parameters.deposit;
    // The threshold plays no part here.
    let rules = Rules::of(&genesis.parameters, Amount::ZERO);
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
        // Who stands from genesis on registers for nothing: the genesis file names them, and they are not many.
        let entry = Entry {
            epoch: 0,
            now_ms: genesis.time_ms,
            lock: Amount::ZERO,
            approved: true,
        };
        ledger
            .register(account, node, entry, None, &rules)
            .and_then(|_| ledger.appoint(account, deposit))
            .map_err(|source| GenesisError::Ledger {
                account: account.clone(),
                source,
            })?;
        holdings.add(account, deposit, |held| &mut held.deposit);
    }
    Ok(())
}

/// Casts the votes, each created with its tokens.
fn cast(
    genesis: &Genesis,
    known: &BTreeSet<&AccountName>,
    ledger: &mut Ledger,
    view: &mut View<'_>,
    holdings: &mut Holdings,
) -> Result<(), GenesisError> {
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
        holdings.add(&vote.voter, vote.amount, |held| &mut held.voted);
    }
    for (account, voter) in voters {
        view.put(StateKey::voter(account), &voter);
    }
    Ok(())
}

/// The reward pool, and what vests. Months that are over when the chain begins vest with it.
fn pool(
    genesis: &Genesis,
    known: &BTreeSet<&AccountName>,
    holdings: &mut Holdings,
) -> Result<Pool, GenesisError> {
    if genesis.vesting.len() > MAX_VESTING {
        return Err(GenesisError::TooManySchedules);
    }
    let pool_account = issue::account();
    holdings.add(&pool_account, genesis.pool, |held| &mut held.available);
    for part in &genesis.vesting {
        let account = &part.account;
        if *account != pool_account && !known.contains(account) {
            return Err(GenesisError::UnknownAccount(account.clone()));
        }
        part.validate().map_err(|source| GenesisError::Vesting {
            account: account.clone(),
            source,
        })?;
        holdings.sum += u128::from(part.total.units());
    }
    let too_much = |_| GenesisError::Supply(MAX_SUPPLY);
    // So that no block ever meets a sum that doesn't fit.
    genesis
        .vesting
        .iter()
        .try_fold(genesis.parameters.available_votes, |sum, part| {
            sum.checked_add(part.total)
        })
        .map_err(too_much)?;
    let mut pool = Pool {
        free: genesis.pool,
        available: genesis.parameters.available_votes,
        vesting: genesis.vesting.iter().map(|part| part.schedule()).collect(),
        ..Pool::default()
    };
    for (account, amount) in release(&mut pool, genesis.time_ms).map_err(too_much)? {
        let held = &mut holdings.of.entry(account).or_default().available;
        *held = held.checked_add(amount).map_err(too_much)?;
    }
    Ok(pool)
}

/// Of amounts that are counted into the supply, which is bounded.
fn sum<const N: usize>(amounts: [Amount; N]) -> Amount {
    let mut amounts = amounts.into_iter();
    amounts
        .try_fold(Amount::ZERO, |sum, amount| sum.checked_add(amount))
        .unwrap_or(Amount::MAX)
}

/// Writes balances, and what stands behind what is staked: pledges and gas.
fn put_holdings(view: &mut View<'_>, genesis: &Genesis, holdings: Holdings) {
    for (account, held) in holdings.of {
        let balance = Balance {
            available: held.available,
            frozen: Vec::new(),
            staked: sum([held.deposit, held.pledged, held.voted]),
            payer: None,
        };
        if balance != Balance::default() {
            view.put(StateKey::balance(&account, IOST), &balance);
        }
        if !held.pledged.is_zero() {
            let to = vec![Pledge {
                account: account.clone(),
                amount: held.pledged,
            }];
            view.put(StateKey::pledges(&account), &Pledges { to });
        }
        if !held.pledged.is_zero() || !held.voted.is_zero() {
            let gas = first_gas(&genesis.parameters, genesis.time_ms, held.pledged, held.voted);
            view.put(StateKey::gas(&account), &gas);
        }
    }
}

/// P-23. A pledge and a vote bring a day's gas at once.
fn first_gas(parameters: &Parameters, time_ms: u64, pledged: Amount, voted: Amount) -> Gas {
    let rate = parameters.gas_per_iost_day;
    let mut gas = Gas::default();
    gas.pledge(pledged, time_ms, rate)
        .and_then(|()| gas.vote(voted, time_ms, rate))
        .expect("one amount of each kind fits");
    gas
}

/// Writes the token. All of it exists from the start, so no more can be issued.
fn put_token(view: &mut View<'_>, preset: Preset, sum: u128) -> Result<(), GenesisError> {
    let too_much = GenesisError::Supply(MAX_SUPPLY);
    let supply = u64::try_from(sum)
        .ok()
        .and_then(Amount::from_units)
        .filter(|supply| *supply <= MAX_SUPPLY)
        .ok_or(too_much)?;
    if preset == Preset::Main && supply != supply::SUPPLY {
        return Err(GenesisError::MainSupply(supply));
    }
    let token = TokenInfo {
        issuer: issue::account(),
        full_name: Text::new("IOST").unwrap_or_default(),
        total_supply: supply,
        supply,
        decimals: credo_primitives::amount::IOST_DECIMALS as u8,
        can_transfer: true,
        only_issuer_can_transfer: false,
    };
    view.put(StateKey::token(IOST), &token);
    let contribute = TokenInfo {
        issuer: AccountName::any(BONUS).expect("a system contract's name is valid"),
        full_name: Text::new(CONTRIBUTE).unwrap_or_default(),
        total_supply: Amount::ZERO,
        supply: Amount::ZERO,
        ..token
    };
    view.put(StateKey::token(CONTRIBUTE), &contribute);
    Ok(())
}

#[cfg(test)]
mod tests;
