//! From submission to final, as a client sees it on a devnet: the transaction is sent over WebSocket, and after every
//! pushed head the client asks until it is proved to stand in a final block.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use credo_primitives::{Action, AmountLimit, SecretKey, Transaction};
use credo_tests::{Devnet, DevnetOptions};
use credo_wire::{Message, Request, Response, TransactionAnswer, WIRE_VERSION};
use relay_node::public::client::{Client, dial};

use crate::Row;

/// The devnet's `admin`: its key is well known.
const ADMIN: &str =
    "2yquS3ySrGWPEKywCPzX4RTJugqRh7kJSo5aehsLYPEWkUxBWA39oMrZ7ZxuM4fgyXYs2cPwh5n8aNNpH5x2VyK1";

fn transfer(key: &SecretKey) -> Result<Transaction> {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos())?;
    let mut tx = Transaction {
        time: now,
        expiration: now + 90_000_000_000,
        gas_ratio: 100,
        gas_limit: 200_000_000,
        delay: 0,
        chain_id: 1024,
        signers: Vec::new(),
        actions: vec![Action {
            contract: "token.iost".into(),
            name: "transfer".into(),
            data: r#"["iost","admin","foundation","0.01",""]"#.into(),
        }],
        amount_limit: vec![AmountLimit {
            token: "iost".into(),
            value: "0.01".into(),
        }],
        signs: Vec::new(),
        referred_tx: Vec::new(),
        publisher: String::new(),
        publisher_signs: Vec::new(),
    };
    tx.sign_as_publisher("admin", key);
    Ok(tx)
}

async fn once(client: &mut Client, key: &SecretKey, id: &mut u64) -> Result<Duration> {
    let tx = transfer(key)?;
    let hash = tx.hash();
    let start = Instant::now();
    *id += 1;
    client
        .send(&Message::Request {
            id: *id,
            request: Request::Submit {
                transaction: tx.encode(),
            },
        })
        .await?;
    loop {
        match tokio::time::timeout(Duration::from_secs(20), client.next()).await?? {
            Message::Response {
                response: Response::Transaction(TransactionAnswer::Final(_)),
                ..
            } => {
                return Ok(start.elapsed());
            }
            Message::Response {
                response: Response::Refused(why),
                ..
            } => bail!("refused: {why}"),
            Message::Head(_) => {
                *id += 1;
                client
                    .send(&Message::Request {
                        id: *id,
                        request: Request::Transaction { hash },
                    })
                    .await?;
            }
            _ => {}
        }
    }
}

/// Measures `count` transfers one after the other, at moments spread over the slot.
pub(crate) fn measure(count: u32, rows: &mut Vec<Row>) -> Result<()> {
    let data = tempfile::tempdir()?;
    let options = DevnetOptions {
        validators: 4,
        seats: 4,
        fast: false,
        ..DevnetOptions::default()
    };
    let devnet = Devnet::start(&data.path().join("devnet"), options)?;
    let address = devnet.websocket()?;
    let key = SecretKey::from_base58(ADMIN)?;
    let mut times: Vec<Duration> = tokio::runtime::Runtime::new()?.block_on(async {
        let mut client = dial(&address, Duration::from_secs(5)).await?;
        client
            .send(&Message::Request {
                id: 1,
                request: Request::Hello {
                    version: WIRE_VERSION,
                },
            })
            .await?;
        client
            .send(&Message::Request {
                id: 2,
                request: Request::Subscribe,
            })
            .await?;
        let (mut id, mut times) = (2, Vec::new());
        for i in 0..count {
            tokio::time::sleep(Duration::from_millis(u64::from(i * 37 % 500))).await;
            times.push(once(&mut client, &key, &mut id).await?);
        }
        anyhow::Ok(times)
    })?;
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_millis();
    rows.push(Row::new(
        "submission to final, p50 / p99",
        format!("{} / {} ms", at(0.5), at(0.99)),
        format!("{count} transfers, four validators, slots of 500 ms, all on this machine"),
    ));
    Ok(())
}
