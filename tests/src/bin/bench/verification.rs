//! Certificates and hand-overs verified per second, natively; the browser's figures come from the same code under wasm.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use credo_light::testing::{TestChain, TestConfig};
use credo_light::{LightClient, LightError};
use rand::rngs::SysRng;
use rand_core::UnwrapErr;

use crate::Row;

fn rate(limit: Duration, mut once: impl FnMut() -> Result<u64>) -> Result<f64> {
    let start = Instant::now();
    let mut done = 0;
    while start.elapsed() < limit {
        done += once()?;
    }
    Ok(done as f64 / start.elapsed().as_secs_f64())
}

/// Measures a committee of 17 with a certificate of 17 and of 12 signatures, and a hundred hand-overs from genesis.
pub(crate) fn measure(rows: &mut Vec<Row>) -> Result<()> {
    let chain = TestChain::build(TestConfig {
        epochs: 100,
        epoch_length: 4,
        tail: 1,
        seats: 17,
        keys: 24,
        ..TestConfig::default()
    });
    let mut rng = UnwrapErr(SysRng);
    let head = chain.certified(chain.height()).context("the chain has a head")?;
    let committee = chain.committee(head.header.epoch);
    let signatures = committee.verify_certified(&mut rng, &head)?.signers.len();
    let certificates = rate(Duration::from_secs(2), || {
        committee.verify_certified(&mut rng, &head)?;
        Ok(1)
    })?;
    rows.push(Row::new(
        format!("certificates of {signatures} of 17, native"),
        format!("{certificates:.0} /s"),
        format!("{:.2} ms each", 1_000.0 / certificates),
    ));
    let hand_overs = rate(Duration::from_secs(2), || {
        let mut client = LightClient::new(chain.spec.clone(), Some(chain.spec.hash()))?;
        for hand_over in &chain.hand_overs {
            client.apply_hand_over(&mut rng, hand_over)?;
        }
        Ok::<u64, LightError>(chain.hand_overs.len() as u64).map_err(Into::into)
    })?;
    rows.push(Row::new(
        "hand-overs from genesis, native",
        format!("{hand_overs:.0} /s"),
        "committee of 17, one after the other",
    ));
    Ok(())
}
