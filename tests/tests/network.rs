//! The network as operators treat it: killed, restarted, asked from the command line.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use credo_primitives::{Action, Algorithm, SecretKey, Transaction};
use credo_tests::{Devnet, DevnetOptions};
use credo_wire::{Message, Request, Response, WIRE_VERSION};
use relay_node::public::client::dial;
use serde_json::json;

fn secret(n: u8) -> Result<SecretKey> {
    Ok(SecretKey::from_seed(Algorithm::Ed25519, &[n; 32])?)
}

fn key(n: u8) -> Result<String> {
    Ok(secret(n)?.public_key().to_base58())
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

/// A transfer that is signed now and may stand in a block from `ahead` on.
fn dated_ahead(from: &str, key: &SecretKey, number: i64, ahead: Duration) -> Result<Transaction> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)? + ahead;
    let time = i64::try_from(now.as_nanos())? + number;
    let mut tx = Transaction {
        time,
        expiration: time + 90_000_000_000,
        gas_ratio: 200,
        gas_limit: 4_000_000,
        delay: 0,
        chain_id: 1024,
        signers: Vec::new(),
        actions: vec![Action {
            contract: "token.iost".into(),
            name: "transfer".into(),
            data: "[\"iost\",\"a\",\"b\",\"1\",\"\"]".into(),
        }],
        amount_limit: Vec::new(),
        signs: Vec::new(),
        referred_tx: Vec::new(),
        publisher: String::new(),
        publisher_signs: Vec::new(),
    };
    tx.sign_as_publisher(from, key);
    Ok(tx)
}

/// Sends as many of an account's transactions as the relay takes, 200 at most, for ten seconds at most.
async fn fill(address: String, account: String, key: SecretKey, ahead: Duration) -> Result<usize> {
    let end = Instant::now() + Duration::from_secs(10);
    let mut client = dial(&address, Duration::from_secs(10)).await?;
    let hello = Request::Hello {
        version: WIRE_VERSION,
    };
    client
        .send(&Message::Request {
            id: 1,
            request: hello,
        })
        .await?;
    for number in 0..200 {
        if Instant::now() > end {
            return Ok(number as usize);
        }
        let id = number as u64 + 2;
        // As fast as a relay lets one session.
        if number >= 90 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let transaction = dated_ahead(&account, &key, number, ahead)?.encode();
        let request = Request::Submit { transaction };
        client.send(&Message::Request { id, request }).await?;
        loop {
            match tokio::time::timeout(Duration::from_secs(60), client.next()).await?? {
                Message::Response { id: of, response } if of == id => match response {
                    Response::Submitted(_) => break,
                    Response::Refused(_) => return Ok(number as usize),
                    other => anyhow::bail!("unexpected: {other:?}"),
                },
                _ => {}
            }
        }
    }
    Ok(200)
}

/// Fifteen accounts fill the pool with what can't run yet, and offer most: others' transactions run all the same.
#[test]
fn a_pool_filled_with_what_never_runs_stops_nobody() -> Result<()> {
    let data = tempfile::tempdir()?;
    let options = DevnetOptions {
        processes: true,
        ..DevnetOptions::default()
    };
    let devnet = Devnet::start(&data.path().join("devnet"), options)?;
    let address = devnet.websocket()?;
    let hostile: Vec<(String, u8)> = (0..15).map(|n| (format!("hostile{n:02}"), 20 + n)).collect();
    for (name, seed) in &hostile {
        let (status, answer) = devnet.post("/faucet", &json!({"name": name, "public_key": key(*seed)?}))?;
        ensure!(status == 200, "the faucet answered {status}: {answer}");
    }
    let last = &hostile.last().context("some")?.0;
    devnet.wait_for(Duration::from_secs(60), |_| {
        devnet.light(&["account", last]).is_ok()
    })?;
    let ahead = Duration::from_secs(29);
    let first = SystemTime::now().duration_since(UNIX_EPOCH)? + ahead;
    let taken: Vec<usize> = tokio::runtime::Runtime::new()?.block_on(async {
        let mut tasks = Vec::new();
        for (name, seed) in &hostile {
            let fill = fill(address.clone(), name.clone(), secret(*seed)?, ahead);
            tasks.push(tokio::spawn(fill));
        }
        let mut taken = Vec::new();
        for task in tasks {
            taken.push(task.await??);
        }
        anyhow::Ok(taken)
    })?;
    ensure!(taken.iter().all(|&n| n > 0), "something of each waits: {taken:?}");
    let (status, answer) = devnet.post("/faucet", &json!({"name": "honest", "public_key": key(9)?}))?;
    ensure!(status == 200, "the faucet answered {status}: {answer}");
    let hash = answer["hash"].as_str().context("no hash")?.to_owned();
    let found = || devnet.light(&["transaction", &hash]);
    devnet
        .wait_for(Duration::from_secs(60), |_| {
            found().is_ok_and(|shown| shown["status"] == "final")
        })
        .with_context(|| format!("{taken:?} wait; the log ends:\n{}", devnet.log_tail()))?;
    // It stands in a block from before any of the others could run.
    let time = found()?["proof"]["time_ms"].as_u64().context("no time")?;
    ensure!(
        u128::from(time) < first.as_millis(),
        "it waited until the others' time had come: {taken:?}"
    );
    Ok(())
}
