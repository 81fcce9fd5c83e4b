//! What a round of Servi costs (P-11), which every node runs at the end of every epoch. The ledger alone; digests and
//! writes are counted elsewhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use credo_pob::{Candidates, Entry, Ledger, Registration, RoundContext, Rules, Voter, run_round};
use credo_primitives::{AccountName, Amount, Parameters, Preset, Text};

use crate::Row;

/// Candidates with votes of their own each, from a thousand IOST upwards.
fn pool(count: u64) -> Result<Candidates> {
    let mut ledger = Ledger::new(Arc::new(Candidates::default()));
    let rules = Rules::of(&Parameters::preset(Preset::Main), Amount::ZERO);
    for number in 0..count {
        let account = AccountName::new(format!("node_{number:05}"))?;
        let node = Registration {
            key: PrivateKey::from_seed(number).public_key(),
            location: Text::default(),
            url: Text::default(),
            net_id: Text::default(),
        };
        let entry = Entry {
            epoch: 0,
            now_ms: 0,
            lock: Amount::ZERO,
            approved: true,
        };
        ledger.register(&account, node, entry, None, &rules)?;
        let votes = Amount::from_iost(1_000 + number * 7_919 % 100_003);
        ledger.vote(&mut Voter::default(), &account, votes)?;
        ledger.appoint(&account, Amount::ZERO)?;
    }
    ledger.commit();
    Ok(Arc::unwrap_or_clone(ledger.finish().0))
}

/// Measures `rounds` rounds with `count` candidates and main's parameters, one after the other; gives the median.
pub(crate) fn measure(count: u64, rounds: u64, rows: &mut Vec<Row>) -> Result<()> {
    let mut candidates = pool(count)?;
    let parameters = Parameters::preset(Preset::Main);
    let rules = Rules {
        // Nobody sends proofs here.
        availability_epochs: u64::MAX,
        ..Rules::of(&parameters, parameters.available_votes)
    };
    let mut previous = None;
    let mut times: Vec<Duration> = Vec::new();
    for epoch in 0..rounds {
        let at = RoundContext {
            epoch,
            now_ms: epoch * 600_000,
            previous: previous.as_ref(),
            turns: None,
        };
        let start = Instant::now();
        let outcome = run_round(&mut candidates, &at, &rules);
        times.push(start.elapsed());
        previous = Some(outcome.round);
    }
    times.sort_unstable();
    let median = times.get(times.len() / 2).context("a round was run")?;
    rows.push(Row::new(
        format!("a round of Servi, {count} candidates"),
        format!("{:.3} ms", median.as_secs_f64() * 1_000.0),
        format!("{} seats; median of {rounds}", rules.committee_size),
    ));
    Ok(())
}
