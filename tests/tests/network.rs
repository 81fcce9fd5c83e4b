//! The network as operators treat it: killed, restarted, asked from the command line.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use credo_primitives::{Algorithm, SecretKey};
use credo_tests::{Devnet, DevnetOptions};
use serde_json::json;

fn key(n: u8) -> Result<String> {
    Ok(SecretKey::from_seed(Algorithm::Ed25519, &[n; 32])?
        .public_key()
        .to_base58())
}

#[test]
fn killed_again_and_again_the_same_chain_goes_on() -> Result<()> {
    for processes in [false, true] {
        let data = tempfile::tempdir()?;
        let options = DevnetOptions {
            processes,
            ..DevnetOptions::default()
        };
        let mut devnet = Devnet::start(&data.path().join("devnet"), options)?;
        let spec = devnet.get("/spec")?["hash"].clone();
        let (status, answer) = devnet.post("/faucet", &json!({"name": "survivor", "public_key": key(9)?}))?;
        ensure!(status == 200, "the faucet answered {status}: {answer}");
        let hash = answer["hash"].as_str().context("no hash")?.to_owned();
        devnet.wait_for(Duration::from_secs(20), |_| {
            devnet.light(&["transaction", &hash]).is_ok()
        })?;
        let mut height = 0;
        for round in 0..3 {
            let health = devnet.wait_for(Duration::from_secs(60), |h| {
                h["height"].as_u64() > Some(height + 25)
            })?;
            height = health["height"].as_u64().context("no height")?;
            devnet.kill()?;
            devnet.restart().with_context(|| format!("restart {round}"))?;
            ensure!(devnet.get("/spec")?["hash"] == spec, "another chain came back");
            devnet
                .wait_for(Duration::from_secs(60), |h| {
                    h["height"].as_u64() > Some(height + 5)
                })
                .with_context(|| format!("after kill {round}; the log ends:\n{}", devnet.log_tail()))?;
        }
        // What was final before the kills is still there, still proved, from genesis on.
        let account = devnet.light(&["account", "survivor"])?;
        ensure!(
            account.to_string().contains("10000"),
            "the balance is lost: {account}"
        );
    }
    Ok(())
}
