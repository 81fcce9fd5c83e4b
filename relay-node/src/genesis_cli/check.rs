//! What speaks against a genesis file.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use credo_primitives::spec::{Genesis, GenesisKeys, supply};
use credo_primitives::{AccountName, Amount, ChainSpec, Parameters, Preset};

use super::template::schedule;
use crate::devnet::WellKnown;

/// A chain with fewer survives no fault.
const LEAST_CANDIDATES: usize = credo_pob::LEAST_CANDIDATES as usize;

/// True for a network whose supply and parameters are the main network's.
pub(super) fn is_public(preset: Preset) -> bool {
    matches!(preset, Preset::Main | Preset::Test)
}

/// What a check came to.
pub(super) struct Checked {
    /// Reasons against the file.
    pub(super) problems: Vec<String>,
    /// What isn't wrong, but should be known.
    pub(super) remarks: Vec<String>,
    /// The chain that it makes, if it makes one.
    pub(super) spec: Option<ChainSpec>,
}

/// Sums up amounts that together may be more than the largest amount.
pub(super) fn sum<'a>(amounts: impl Iterator<Item = &'a Amount>) -> u128 {
    amounts.map(|amount| u128::from(amount.units())).sum()
}

/// A sum as text.
pub(super) fn shown(units: u128) -> String {
    let amount = u64::try_from(units).ok().and_then(Amount::from_units);
    amount.map_or_else(|| format!("{units} × 10⁻⁸"), |amount| amount.to_string())
}

/// Everything that a file hands out.
pub(super) fn total(genesis: &Genesis) -> u128 {
    let deposits = u128::from(genesis.parameters.deposit.units()) * genesis.candidates.len() as u128;
    sum(genesis.accounts.iter().flat_map(|a| [&a.balance, &a.pledge]))
        + sum(genesis.votes.iter().map(|vote| &vote.amount))
        + deposits
        + u128::from(genesis.pool.units())
        + unvested(genesis)
}

/// What of it vests.
pub(super) fn unvested(genesis: &Genesis) -> u128 {
    sum(genesis.vesting.iter().map(|part| &part.total))
}

/// Votes of each candidate.
pub(super) fn votes(genesis: &Genesis) -> BTreeMap<&AccountName, u128> {
    let mut votes: BTreeMap<_, u128> = BTreeMap::new();
    for vote in &genesis.votes {
        *votes.entry(&vote.candidate).or_default() += u128::from(vote.amount.units());
    }
    votes
}

/// Checks a genesis file.
pub(super) fn check(genesis: &Genesis) -> Checked {
    let mut checked = Checked {
        problems: Vec::new(),
        remarks: Vec::new(),
        spec: None,
    };
    let problems = &mut checked.problems;
    supply_adds_up(genesis, problems);
    grants_cover(genesis, problems);
    if genesis.preset != Preset::Devnet {
        foundation(genesis, problems);
        candidates(genesis, problems);
        well_known(genesis, problems);
    }
    if is_public(genesis.preset) {
        public(genesis, problems);
    }
    if i64::try_from(u128::from(genesis.time_ms) * 1_000_000).is_err() {
        problems.push("the genesis time lies beyond the time that transactions can name".into());
    }
    match crate::executor::spec_of(genesis) {
        Ok(spec) => checked.spec = Some(spec),
        Err(error) => problems.push(error.to_string()),
    }
    let (stand, seats) = (
        genesis.candidates.len(),
        genesis.parameters.committee_size as usize,
    );
    if stand < seats {
        checked.remarks.push(format!(
            "{stand} candidates stand for {seats} seats: all of them sit"
        ));
    }
    checked
}

/// What is liquid counts as available for votes.
fn supply_adds_up(genesis: &Genesis, problems: &mut Vec<String>) {
    let liquid = total(genesis) - unvested(genesis);
    let available = u128::from(genesis.parameters.available_votes.units());
    if liquid != available {
        problems.push(format!(
            "{} IOST are liquid at genesis, but the parameter available_votes says {}",
            shown(liquid),
            shown(available)
        ));
    }
}

/// What an account has comes out of its grants.
fn grants_cover(genesis: &Genesis, problems: &mut Vec<String>) {
    let mut granted: BTreeMap<&AccountName, u128> = BTreeMap::new();
    for grant in &genesis.grants {
        *granted.entry(&grant.account).or_default() += u128::from(grant.amount.units());
    }
    let mut has: BTreeMap<&AccountName, u128> = BTreeMap::new();
    for account in &genesis.accounts {
        *has.entry(&account.name).or_default() += sum([account.balance, account.pledge].iter());
    }
    for vote in &genesis.votes {
        *has.entry(&vote.voter).or_default() += u128::from(vote.amount.units());
    }
    for candidate in &genesis.candidates {
        *has.entry(&candidate.account).or_default() += u128::from(genesis.parameters.deposit.units());
    }
    let names: BTreeSet<&AccountName> = if is_public(genesis.preset) {
        has.keys().chain(granted.keys()).copied().collect()
    } else {
        granted.keys().copied().collect()
    };
    for name in names {
        let (granted, has) = (
            granted.get(name).copied().unwrap_or(0),
            has.get(name).copied().unwrap_or(0),
        );
        if granted != has {
            problems.push(format!(
                "{name} is granted {} IOST, but holds, pledges, votes with and has as deposit {}",
                shown(granted),
                shown(has)
            ));
        }
    }
}

/// The account with admin rights exists; on the main and a test network two of three keys act for it.
fn foundation(genesis: &Genesis, problems: &mut Vec<String>) {
    let Some(account) = genesis
        .accounts
        .iter()
        .find(|a| a.name.as_str() == supply::FOUNDATION)
    else {
        problems.push(format!(
            "the account {}, which has admin rights, is missing",
            supply::FOUNDATION
        ));
        return;
    };
    if !is_public(genesis.preset) {
        return;
    }
    let two_of_three = |keys: &GenesisKeys| (keys.keys.len(), keys.threshold) == (3, 2);
    for (permission, keys) in [("owner", &account.owner), ("active", &account.active)] {
        if !two_of_three(keys) {
            problems.push(format!(
                "{}@{permission} is {} of {} keys; the foundation is a multi-signature of 2 of 3",
                account.name,
                keys.threshold,
                keys.keys.len()
            ));
        }
    }
}

fn candidates(genesis: &Genesis, problems: &mut Vec<String>) {
    let count = genesis.candidates.len();
    if count < LEAST_CANDIDATES {
        problems.push(format!(
            "{count} candidates stand; at least {LEAST_CANDIDATES} are needed"
        ));
    }
    let mut addresses = BTreeSet::new();
    for candidate in &genesis.candidates {
        let (account, net_id) = (&candidate.account, candidate.net_id.as_str());
        if crate::consensus::address(net_id).is_none() {
            problems.push(format!(
                "{account}: \"{net_id}\" is no address such as node.example.org:8470"
            ));
        } else if !addresses.insert(net_id) {
            problems.push(format!(
                "{account}: another candidate has the address {net_id}, too"
            ));
        }
        let local = |address: SocketAddr| address.ip().is_loopback() || address.ip().is_unspecified();
        if is_public(genesis.preset) && net_id.parse().is_ok_and(local) {
            problems.push(format!("{account}: nobody else reaches {net_id}"));
        }
    }
}

/// Keys that everybody has.
fn well_known(genesis: &Genesis, problems: &mut Vec<String>) {
    let names = genesis.accounts.iter().map(|account| account.name.as_str());
    let Ok(known) = WellKnown::of(names) else {
        problems.push("the well-known keys can't be derived".into());
        return;
    };
    for account in &genesis.accounts {
        let mut keys = account.owner.keys.iter().chain(&account.active.keys);
        if let Some(key) = keys.find(|key| known.account(key)) {
            problems.push(format!(
                "{}: everybody knows the secret of the key {key}",
                account.name
            ));
        }
    }
    for candidate in genesis.candidates.iter().filter(|c| known.node(&c.key)) {
        problems.push(format!(
            "{}: everybody knows the secret of its consensus key",
            candidate.account
        ));
    }
}

/// Supply, schedule and parameters of the main network.
fn public(genesis: &Genesis, problems: &mut Vec<String>) {
    let network = genesis.preset.name();
    let total = total(genesis);
    let supply = u128::from(supply::SUPPLY.units());
    if total != supply {
        problems.push(format!(
            "{} IOST are handed out; the supply is {} exactly",
            shown(total),
            supply::SUPPLY
        ));
    }
    if genesis.parameters != Parameters::preset(genesis.preset) {
        problems.push(format!("the parameters aren't the {network} network's"));
    }
    if genesis.vesting != schedule() || !genesis.pool.is_zero() {
        problems.push(format!(
            "reward pool and vesting aren't the {network} network's schedule, of which `relay-node genesis schedule` tells"
        ));
    }
    for allocation in supply::ALLOCATIONS {
        let of = |grant: &&credo_primitives::spec::GenesisGrant| grant.allocation.as_str() == allocation.id;
        let granted = sum(genesis.grants.iter().filter(of).map(|grant| &grant.amount));
        let wanted = match allocation.release {
            supply::Release::Liquid => allocation.amount(),
            supply::Release::Pool | supply::Release::Foundation => Amount::ZERO,
        };
        if granted != u128::from(wanted.units()) {
            problems.push(match allocation.release {
                supply::Release::Liquid => format!(
                    "grants of {} add up to {} IOST; the part has {wanted} exactly",
                    allocation.id,
                    shown(granted)
                ),
                supply::Release::Pool | supply::Release::Foundation => {
                    format!("{} vests month by month; it can't be granted", allocation.id)
                }
            });
        }
    }
    let known = |id: &str| supply::ALLOCATIONS.iter().any(|allocation| allocation.id == id);
    for grant in genesis
        .grants
        .iter()
        .filter(|grant| !known(grant.allocation.as_str()))
    {
        problems.push(format!(
            "{}: the supply has no part {}",
            grant.account, grant.allocation
        ));
    }
    let threshold = genesis
        .parameters
        .candidacy_threshold
        .of(genesis.parameters.available_votes.units());
    let votes = votes(genesis);
    for candidate in &genesis.candidates {
        let has = votes.get(&candidate.account).copied().unwrap_or(0);
        if has <= u128::from(threshold) {
            problems.push(format!(
                "{}: {} votes; a candidate has more than {}",
                candidate.account,
                shown(has),
                shown(u128::from(threshold))
            ));
        }
    }
}
