//! Whether strangers can starve consensus: blocks final per slot on a devnet of separate processes, in peace and while
//! hostile clients send transactions that were signed beforehand as fast as a session may, from one source and from
//! sixteen.
//!
//! The attackers are processes of their own with the lowest priority, so that on one machine with the nodes they don't
//! take what they'd have on others' machines. Each source is an address of 127.0.0.0/8 behind a small forwarder.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail, ensure};
use credo_primitives::{Action, Algorithm, SecretKey, StateKey, Transaction};
use credo_tests::{Devnet, DevnetOptions};
use credo_wire::{Message, Request, Response, WIRE_VERSION};
use relay_node::public::client::{Client, dial};
use tokio::net::{TcpListener, TcpSocket};

use crate::Row;

/// The word by which the program starts itself as an attacker.
pub(crate) const ATTACK: &str = "--attack";
const SLOT_MS: u64 = 500;
/// How long each measurement lasts.
const SPAN: Duration = Duration::from_secs(40);
/// How long attackers have to connect, and to use up what they have saved.
const START: Duration = Duration::from_secs(8);
const SESSIONS: usize = 64;
/// As often as a relay lets one session send a transaction.
const PACE: Duration = Duration::from_millis(50);
/// Signatures that fill a transaction of 64 KiB.
const JUNK: usize = 560;
/// What a transaction may carry.
const FEW: usize = 16;
/// Different transactions that each attacker has ready.
const READY: usize = 12;

fn now_ns() -> Result<i64> {
    Ok(i64::try_from(
        SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos(),
    )?)
}

/// A transaction of `admin`'s that its key didn't sign: its co-signatures are good, all of them, its publisher's isn't.
/// So every signature is checked before it can be refused.
fn hostile(now: i64, number: usize, signatures: usize, size: usize) -> Result<Vec<u8>> {
    let mut tx = Transaction {
        time: now - number as i64,
        expiration: now + 90_000_000_000,
        gas_ratio: 100,
        gas_limit: 600_000,
        delay: 0,
        chain_id: 1024,
        signers: Vec::new(),
        actions: vec![Action {
            contract: "token.iost".into(),
            name: "transfer".into(),
            data: format!(r#"["iost","admin","foundation","1","{}"]"#, "x".repeat(size)),
        }],
        amount_limit: Vec::new(),
        signs: Vec::new(),
        referred_tx: Vec::new(),
        publisher: String::new(),
        publisher_signs: Vec::new(),
    };
    for n in 1..signatures {
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&(n as u64).to_le_bytes());
        let key = SecretKey::from_seed(Algorithm::Ed25519, &seed)?;
        tx.sign_as_signer(&key);
    }
    let stranger = SecretKey::from_seed(Algorithm::Ed25519, &[9; 32])?;
    tx.sign_as_publisher("admin", &stranger);
    // Another's signature: the last check of all fails.
    tx.publisher_signs[0].signature[0] ^= 1;
    Ok(tx.encode())
}

/// Forwards connections to `relay`, so that they come from `source`. Gives back where it listens.
async fn forward(relay: SocketAddr, source: Ipv4Addr) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            tokio::spawn(async move {
                let socket = TcpSocket::new_v4()?;
                socket.bind((source, 0).into())?;
                let mut to = socket.connect(relay).await?;
                to.set_nodelay(true)?;
                from.set_nodelay(true)?;
                tokio::io::copy_bidirectional(&mut from, &mut to).await
            });
        }
    });
    Ok(address)
}

async fn hello(address: &str) -> Result<Client> {
    let client = dial(address, Duration::from_secs(10)).await?;
    let request = Request::Hello {
        version: WIRE_VERSION,
    };
    client.send(&Message::Request { id: 1, request }).await?;
    Ok(client)
}

/// One session that sends on and on; when it is ended, another.
async fn session(address: String, ready: Arc<Vec<Vec<u8>>>, until: Instant) {
    let mut id = 1;
    while Instant::now() < until {
        let Ok(mut client) = hello(&address).await else {
            tokio::time::sleep(Duration::from_secs(1)).await;
            continue;
        };
        let mut pace = tokio::time::interval(PACE);
        while Instant::now() < until {
            let step = tokio::select! {
                _ = pace.tick() => {
                    id += 1;
                    let transaction = ready[id as usize % ready.len()].clone();
                    let request = Request::Submit { transaction };
                    let message = Message::Request { id, request };
                    let send = client.send(&message);
                    // A relay that doesn't read keeps the sender waiting.
                    tokio::time::timeout(Duration::from_secs(5), send).await.is_ok_and(|sent| sent.is_ok())
                }
                next = client.next() => next.is_ok(),
            };
            if !step {
                break;
            }
        }
    }
}

/// The attacker's own program: `--attack RELAY SOURCES SECONDS`.
pub(crate) fn attack(arguments: &[String]) -> Result<()> {
    let [relay, sources, seconds] = arguments else {
        bail!("an attacker is told the relay, the number of sources and for how long")
    };
    let sources: usize = sources.parse()?;
    let until = Instant::now() + Duration::from_secs(seconds.parse()?);
    let (prefix, peer) = relay.split_once("/ws/").context("a WebSocket address")?;
    let port = prefix.rsplit('/').next().context("a port")?;
    let relay: SocketAddr = format!("127.0.0.1:{port}").parse()?;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(async {
            let now = now_ns()?;
            let ready = (0..READY).map(|n| match n % 2 {
                0 => hostile(now, n, JUNK, 0),
                _ => hostile(now, n, FEW, 60_000),
            });
            let ready = Arc::new(ready.collect::<Result<Vec<_>>>()?);
            let mut sessions = tokio::task::JoinSet::new();
            for n in 0..sources {
                let source = Ipv4Addr::new(127, 0, 1, u8::try_from(n + 1)?);
                let address = forward(relay, source).await?;
                let address = format!("/ip4/127.0.0.1/tcp/{}/ws/{peer}", address.port());
                for _ in 0..SESSIONS / sources {
                    sessions.spawn(session(address.clone(), Arc::clone(&ready), until));
                }
            }
            while sessions.join_next().await.is_some() {}
            Ok(())
        })
}

struct Attackers(Child);

impl Attackers {
    fn start(relay: &str, sources: usize) -> Result<Self> {
        let seconds = (START + SPAN + START).as_secs().to_string();
        let child = Command::new("nice")
            .args(["-n", "19"])
            .arg(std::env::current_exe()?)
            .args([ATTACK, relay, &sources.to_string(), &seconds])
            .stdin(Stdio::null())
            .spawn()
            .context("the attackers can't be started")?;
        Ok(Self(child))
    }
}

impl Drop for Attackers {
    fn drop(&mut self) {
        // One that has ended needs no end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks for a proved value and gives back how long it took.
async fn ask(client: &mut Client, id: u64) -> Result<Duration> {
    let asked = Instant::now();
    let keys = vec![StateKey::round()];
    let request = Request::State { keys };
    client.send(&Message::Request { id, request }).await?;
    loop {
        let next = tokio::time::timeout(Duration::from_secs(10), client.next());
        match next.await?? {
            Message::Response { id: of, response } if of == id => {
                ensure!(matches!(response, Response::State(_)), "refused: {response:?}");
                return Ok(asked.elapsed());
            }
            _ => {}
        }
    }
}

struct Pace {
    /// Blocks final per slot.
    blocks: f64,
    /// How long a modest client of another source waited for a proved value each time.
    answers: Vec<Duration>,
    /// How often it got none, and dialled again.
    lost: usize,
}

fn pace(devnet: &Devnet, relay: &str) -> Result<Pace> {
    let height = || devnet.get("/health")?["height"].as_u64().context("no height");
    let runtime = tokio::runtime::Runtime::new()?;
    let (start, first) = (Instant::now(), height()?);
    let (mut answers, mut lost) = (Vec::new(), 0);
    runtime.block_on(async {
        let (mut client, mut id) = (None, 1);
        while start.elapsed() < SPAN {
            id += 1;
            let answer = match client.take() {
                Some(known) => Ok(known),
                None => hello(relay).await,
            };
            let answer = match answer {
                Ok(mut known) => ask(&mut known, id).await.map(|answer| (known, answer)),
                Err(error) => Err(error),
            };
            match answer {
                Ok((known, answer)) => {
                    answers.push(answer);
                    client = Some(known);
                }
                Err(_) => lost += 1,
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    });
    let (last, passed) = (height()?, start.elapsed());
    let slots = passed.as_secs_f64() * 1_000.0 / SLOT_MS as f64;
    Ok(Pace {
        blocks: (last - first) as f64 / slots,
        answers,
        lost,
    })
}

/// Measures in peace, under 64 sessions of one source, and of sixteen.
pub(crate) fn measure(rows: &mut Vec<Row>) -> Result<()> {
    let data = tempfile::tempdir()?;
    let options = DevnetOptions {
        validators: 4,
        seats: 4,
        fast: false,
        processes: true,
        ..DevnetOptions::default()
    };
    let devnet = Devnet::start(&data.path().join("devnet"), options)?;
    let address = devnet.websocket()?;
    let mut peace = None;
    for sources in [0, 1, 16] {
        let attackers = match sources {
            0 => None,
            _ => Some(Attackers::start(&address, sources)?),
        };
        std::thread::sleep(START);
        let Pace {
            blocks,
            mut answers,
            lost,
        } = pace(&devnet, &address)?;
        drop(attackers);
        answers.sort();
        let last = answers.len().saturating_sub(1) as f64;
        let at = |share: f64| {
            answers
                .get((last * share) as usize)
                .map_or(0, Duration::as_millis)
        };
        let (what, note) = match (sources, peace) {
            (0, _) => ("in peace".to_owned(), String::new()),
            (1, Some(peace)) => (
                format!("{SESSIONS} hostile sessions, one source"),
                format!("{:+.1} %; ", (blocks / peace - 1.0) * 100.0),
            ),
            (_, peace) => (
                format!("{SESSIONS} hostile sessions, {sources} sources"),
                format!("{:+.1} %; ", (blocks / peace.unwrap_or(1.0) - 1.0) * 100.0),
            ),
        };
        peace.get_or_insert(blocks);
        rows.push(Row::new(
            format!("blocks final per slot, {what}"),
            format!("{blocks:.3}"),
            format!(
                "{note}another source has a proved value after {} ms, p99 {} ms, of {} asked {lost} lost",
                at(0.5),
                at(0.99),
                answers.len() + lost
            ),
        ));
        // What was saved up and what is owed is forgotten until the next.
        std::thread::sleep(START);
    }
    Ok(())
}
