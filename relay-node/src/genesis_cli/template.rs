//! The template of a genesis: what people write, and what is made of it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use credo_primitives::spec::{
    Genesis, GenesisAccount, GenesisCandidate, GenesisGrant, GenesisKeys, GenesisVesting, GenesisVote,
    consensus_key, supply,
};
use credo_primitives::{AccountName, Amount, ConsensusKey, Digest, Parameters, Preset, Text, hash};
use serde::Deserialize;

use super::check::{is_public, shown, sum};
use super::date;

/// Most bytes of a template.
const MAX_TEMPLATE: u64 = 64 * 1024 * 1024;

/// The template to fill in for a preset.
pub(super) fn text(preset: Preset) -> String {
    let (preset, text) = match preset {
        Preset::Main => ("main", include_str!("templates/main.toml")),
        Preset::Test => ("test", include_str!("templates/main.toml")),
        Preset::Devnet => ("devnet", include_str!("templates/private.toml")),
        Preset::Private => ("private", include_str!("templates/private.toml")),
    };
    text.replace("PRESET", preset)
}

/// Reads a template's text.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    let size = std::fs::metadata(path)
        .with_context(|| format!("{} can't be read", path.display()))?
        .len();
    if size > MAX_TEMPLATE {
        bail!(
            "{} has {size} bytes, a template has at most {MAX_TEMPLATE}",
            path.display()
        );
    }
    std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    name: Text<32>,
    time: Date,
    salt: Option<String>,
    #[serde(default)]
    pool: Amount,
    #[serde(default)]
    parameters: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    accounts: Vec<Account>,
    #[serde(default)]
    candidates: Vec<Candidate>,
    #[serde(default)]
    vesting: Vec<Vesting>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    name: AccountName,
    keys: GenesisKeys,
    owner: Option<GenesisKeys>,
    #[serde(default)]
    grants: BTreeMap<Text<32>, Amount>,
    #[serde(default)]
    pledge: Amount,
    #[serde(default)]
    votes: BTreeMap<AccountName, Amount>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Candidate {
    account: AccountName,
    #[serde(with = "consensus_key")]
    key: ConsensusKey,
    net_id: Text<128>,
    #[serde(default)]
    location: Text<128>,
    #[serde(default)]
    url: Text<256>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vesting {
    account: AccountName,
    total: Amount,
    start: Date,
    months: u32,
}

/// A date as text.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Date(u64);

impl TryFrom<String> for Date {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        date::parse(&text)
            .map(Self)
            .ok_or_else(|| format!("\"{text}\" is no date such as \"2026-12-01T00:00:00Z\""))
    }
}

/// Makes a genesis of a template's text, or says what is wrong with it.
pub(super) fn build(text: &str, preset: Preset) -> Result<Genesis, Vec<String>> {
    let template: Template =
        toml::from_str(text).map_err(|error| vec![format!("the template can't be read: {error}")])?;
    let mut problems = Vec::new();
    let salt = salt(&template, &mut problems);
    let mut parameters = parameters(&template, preset, &salt, &mut problems);
    let mut vesting = Vec::new();
    if is_public(preset) {
        if !template.pool.is_zero() || !template.vesting.is_empty() {
            problems.push(format!(
                "the {} network's reward pool and vesting are fixed; leave `pool` and `vesting` out",
                preset.name()
            ));
        }
        vesting.extend(schedule());
    } else {
        vesting.extend(template.vesting.iter().map(|part| GenesisVesting {
            account: part.account.clone(),
            total: part.total,
            start_ms: part.start.0,
            months: part.months,
        }));
    }
    let mut grants = Vec::new();
    let accounts: Vec<_> = template
        .accounts
        .iter()
        .map(|account| {
            grants.extend(account.grants.iter().map(|(allocation, amount)| GenesisGrant {
                account: account.name.clone(),
                allocation: allocation.clone(),
                amount: *amount,
            }));
            GenesisAccount {
                name: account.name.clone(),
                owner: account.owner.clone().unwrap_or_else(|| account.keys.clone()),
                active: account.keys.clone(),
                balance: balance(account, &template.candidates, parameters.deposit, &mut problems),
                pledge: account.pledge,
            }
        })
        .collect();
    let votes = template.accounts.iter().flat_map(|account| {
        account.votes.iter().map(|(candidate, amount)| GenesisVote {
            voter: account.name.clone(),
            candidate: candidate.clone(),
            amount: *amount,
        })
    });
    let votes = votes.collect();
    let candidates = template.candidates.into_iter().map(|candidate| GenesisCandidate {
        account: candidate.account,
        key: candidate.key,
        location: candidate.location,
        url: candidate.url,
        net_id: candidate.net_id,
    });
    let candidates = candidates.collect();
    if !is_public(preset) {
        let liquid = sum(grants.iter().map(|grant| &grant.amount));
        let liquid = liquid + u128::from(template.pool.units());
        match u64::try_from(liquid).ok().and_then(Amount::from_units) {
            Some(liquid) => parameters.available_votes = liquid,
            None => problems.push("the grants are more than the largest amount".into()),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Genesis {
        preset,
        name: template.name,
        parameters,
        salt,
        time_ms: template.time.0,
        accounts,
        candidates,
        votes,
        pool: template.pool,
        vesting,
        grants,
    })
}

/// What vests on the main network, and on a test network as there.
pub(super) fn schedule() -> [GenesisVesting; 2] {
    [
        (supply::POOL, supply::to_pool()),
        (supply::FOUNDATION, supply::to_foundation()),
    ]
    .map(|(account, total)| GenesisVesting {
        account: AccountName::any(account).expect("the schedule's accounts have valid names"),
        total,
        start_ms: supply::VESTING_START_MS,
        months: supply::VESTING_MONTHS,
    })
}

/// What of an account's grants is left to spend.
fn balance(
    account: &Account,
    candidates: &[Candidate],
    deposit: Amount,
    problems: &mut Vec<String>,
) -> Amount {
    let granted = sum(account.grants.values());
    let stands = candidates
        .iter()
        .any(|candidate| candidate.account == account.name);
    let deposit = if stands { deposit } else { Amount::ZERO };
    let votes = sum(account.votes.values());
    let staked = sum([account.pledge, deposit].iter()) + votes;
    let left = granted.checked_sub(staked);
    let left = left
        .and_then(|left| u64::try_from(left).ok())
        .and_then(Amount::from_units);
    left.unwrap_or_else(|| {
        problems.push(format!(
            "{}: grants of {} IOST don't cover {} IOST: a pledge of {}, votes of {} and a deposit of {deposit}",
            account.name,
            shown(granted),
            shown(staked),
            account.pledge,
            shown(votes),
        ));
        Amount::ZERO
    })
}

/// The preset's numbers, with those that the template changes.
fn parameters(template: &Template, preset: Preset, salt: &Digest, problems: &mut Vec<String>) -> Parameters {
    let mut preset_parameters = Parameters::preset(preset);
    if preset.chain_id().is_none() {
        preset_parameters.chain_id = Parameters::draw_chain_id(salt);
    }
    if template.parameters.is_empty() {
        return preset_parameters;
    }
    if is_public(preset) {
        problems.push(format!(
            "the {} network's parameters are fixed; leave `parameters` out",
            preset.name()
        ));
        return preset_parameters;
    }
    let Ok(serde_json::Value::Object(mut all)) = serde_json::to_value(&preset_parameters) else {
        problems.push("the preset's parameters can't be written as JSON".into());
        return preset_parameters;
    };
    for (name, value) in &template.parameters {
        if name == "available_votes" {
            problems.push("`available_votes` follows from what is liquid; leave it out".into());
        } else if let Some(old) = all.get_mut(name) {
            *old = value.clone();
        } else {
            problems.push(format!("there is no parameter `{name}`"));
        }
    }
    let mut read: Parameters = match serde_json::from_value(serde_json::Value::Object(all)) {
        Ok(read) => read,
        Err(error) => {
            problems.push(format!("the parameters can't be read: {error}"));
            return preset_parameters;
        }
    };
    if !template.parameters.contains_key("max_ahead_ms") {
        read.set_slot_ms(read.slot_ms);
    }
    read
}

fn salt(template: &Template, problems: &mut Vec<String>) -> Digest {
    use rand::Rng as _;
    match &template.salt {
        Some(text) => hash::digest_from_hex(text).unwrap_or_else(|| {
            problems.push("`salt` isn't 64 hexadecimal characters".into());
            hash::ZERO_DIGEST
        }),
        None => {
            let mut salt = [0u8; 32];
            rand::rng().fill_bytes(&mut salt);
            Digest::from(salt)
        }
    }
}
