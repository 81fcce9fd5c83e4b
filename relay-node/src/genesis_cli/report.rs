//! What a genesis file makes, for people and for programs.

use std::collections::BTreeMap;
use std::io::Write;

use credo_primitives::Amount;
use credo_primitives::spec::{Genesis, consensus_key, supply};
use serde::Serialize;

use super::check::{Checked, is_public, shown, sum, total, unvested, votes};
use super::date;
use super::schedule::grouped;

/// A part of the supply.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    allocation: String,
    share_percent: String,
    liquid: String,
    vesting: String,
    how: String,
}

/// A candidate.
#[derive(Debug, Serialize)]
pub(super) struct Candidate {
    account: String,
    votes: String,
    deposit: Amount,
    sits: bool,
    key: String,
    net_id: String,
}

/// Everything that is told of a file.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    preset: &'static str,
    name: String,
    chain_id: u32,
    time: String,
    supply: String,
    available_votes: Amount,
    parts: Vec<Part>,
    accounts: usize,
    foundation: Option<String>,
    candidates: Vec<Candidate>,
    seats: u32,
    spec_hash: Option<String>,
    remarks: Vec<String>,
    problems: Vec<String>,
}

/// Hundredths of a percent, as text.
fn percent(part: u128, whole: u128) -> String {
    let share = (part * 10_000).checked_div(whole).unwrap_or(0);
    format!("{}.{:02}", share / 100, share % 100)
}

impl Report {
    pub(super) fn of(genesis: &Genesis, checked: &Checked) -> Self {
        let votes = votes(genesis);
        let sits = |key| {
            checked
                .spec
                .as_ref()
                .is_some_and(|spec| spec.committee.contains(key))
        };
        let foundation = genesis
            .accounts
            .iter()
            .find(|a| a.name.as_str() == supply::FOUNDATION);
        Self {
            preset: genesis.preset.name(),
            name: genesis.name.to_string(),
            chain_id: genesis.parameters.chain_id,
            time: date::text(genesis.time_ms),
            supply: shown(total(genesis)),
            available_votes: genesis.parameters.available_votes,
            parts: parts(genesis),
            accounts: genesis.accounts.len(),
            foundation: foundation.map(|account| {
                let keys = &account.active;
                format!("{} of {} keys", keys.threshold, keys.keys.len())
            }),
            candidates: genesis
                .candidates
                .iter()
                .map(|candidate| Candidate {
                    account: candidate.account.to_string(),
                    votes: shown(votes.get(&candidate.account).copied().unwrap_or(0)),
                    deposit: genesis.parameters.deposit,
                    sits: sits(&candidate.key),
                    key: consensus_key::to_base58(&candidate.key),
                    net_id: candidate.net_id.to_string(),
                })
                .collect(),
            seats: genesis.parameters.committee_size,
            spec_hash: checked.spec.as_ref().map(|spec| spec.hash().to_string()),
            remarks: checked.remarks.clone(),
            problems: checked.problems.clone(),
        }
    }
}

/// The supply by its parts: grants by the allocation that they name, what no grant tells of, and what vests.
fn parts(genesis: &Genesis) -> Vec<Part> {
    let whole = total(genesis);
    let mut rows = Vec::new();
    let mut row = |allocation: String, liquid: u128, vesting: u128, how: String| {
        if liquid + vesting > 0 {
            rows.push(Part {
                allocation,
                share_percent: percent(liquid + vesting, whole),
                liquid: shown(liquid),
                vesting: shown(vesting),
                how,
            });
        }
    };
    let mut granted: BTreeMap<&str, u128> = BTreeMap::new();
    for grant in &genesis.grants {
        *granted.entry(grant.allocation.as_str()).or_default() += u128::from(grant.amount.units());
    }
    let known: &[supply::Allocation] = if is_public(genesis.preset) {
        &supply::ALLOCATIONS
    } else {
        &[]
    };
    for allocation in known {
        if let Some(amount) = granted.remove(allocation.id) {
            row(allocation.title.into(), amount, 0, String::new());
        }
    }
    for (allocation, amount) in granted {
        row(allocation.into(), amount, 0, String::new());
    }
    let grants = sum(genesis.grants.iter().map(|grant| &grant.amount));
    let pool = u128::from(genesis.pool.units());
    let other = (whole - unvested(genesis) - pool).saturating_sub(grants);
    row("accounts".into(), other, 0, String::new());
    row("reward pool".into(), pool, 0, String::new());
    for part in &genesis.vesting {
        let account = part.account.as_str();
        let title = match (is_public(genesis.preset), account) {
            (true, supply::POOL) => "Treasury and community".into(),
            (true, supply::FOUNDATION) => "Business and marketing".into(),
            _ => format!("vesting to {account}"),
        };
        let how = format!(
            "to {account} in {} months from {}",
            part.months,
            date::day(part.start_ms)
        );
        row(title, 0, u128::from(part.total.units()), how);
    }
    rows
}

/// Prints reasons.
pub(super) fn problems(problems: &[String], out: &mut dyn Write) -> std::io::Result<()> {
    for problem in problems {
        writeln!(out, "wrong: {problem}")?;
    }
    Ok(())
}

/// Prints a report for people.
pub(super) fn text(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(
        out,
        "{} ({}), chain id {}, from {}",
        report.name, report.preset, report.chain_id, report.time
    )?;
    writeln!(
        out,
        "\n{:<28} {:>8} {:>20} {:>20}",
        "allocation", "share", "liquid", "vesting"
    )?;
    for part in &report.parts {
        writeln!(
            out,
            "{:<28} {:>6} % {:>20} {:>20}  {}",
            part.allocation,
            part.share_percent,
            grouped(&part.liquid),
            grouped(&part.vesting),
            part.how
        )?;
    }
    writeln!(out, "{:<28} {:>8} {:>20}", "supply", "", grouped(&report.supply))?;
    let available = grouped(&report.available_votes.to_string());
    writeln!(out, "{:<28} {:>8} {:>20}", "available for votes", "", available)?;
    let foundation = report.foundation.as_deref().unwrap_or("missing");
    writeln!(out, "\n{} accounts; foundation: {foundation}", report.accounts)?;
    let sitting = report
        .candidates
        .iter()
        .filter(|candidate| candidate.sits)
        .count();
    writeln!(
        out,
        "{} candidates; committee of epoch 0: {sitting} of {} seats",
        report.candidates.len(),
        report.seats
    )?;
    // A devnet can have thousands.
    const SHOWN: usize = 64;
    for candidate in report.candidates.iter().take(SHOWN) {
        writeln!(
            out,
            "  {:<12} {:>20} votes, deposit {}{}  {}",
            candidate.account,
            grouped(&candidate.votes),
            grouped(&candidate.deposit.to_string()),
            if candidate.sits { ", sits" } else { "" },
            candidate.net_id
        )?;
    }
    if report.candidates.len() > SHOWN {
        writeln!(out, "  and {} more", report.candidates.len() - SHOWN)?;
    }
    for remark in &report.remarks {
        writeln!(out, "note: {remark}")?;
    }
    if let Some(hash) = &report.spec_hash {
        writeln!(out, "\nspec hash {hash}")?;
    }
    problems(&report.problems, out)
}
