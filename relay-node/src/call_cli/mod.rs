//! `relay-node call`, `relay-node servi` and `relay-node evidence`: an operator's commands.
//!
//! Each signs with an account's key, which never leaves this process, hands the transaction to a relay as a light client
//! does, waits until it is final, and shows the receipt with what proved it. The exit code tells a script what became of
//! it: those of `relay-node light` ([`Failure::exit_code`]), and [`FAILED`] and [`LOST`] beside them.

#[cfg(test)]
mod in_process;
mod key;
mod servi;
mod show;
#[cfg(test)]
mod tests;
mod transaction;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use credo_light::{Answer, Query, SessionConfig, TransactionStatus};
use credo_primitives::hash::digest_to_base58;
use credo_primitives::{AccountName, Action, AmountLimit, Digest, SecretKey, StateKey};
use serde_json::Value;

pub use servi::ServiArgs;

pub(crate) use key::read as read_key;

use crate::light_cli::follow::Follower;
use crate::light_cli::show::Shown;
use crate::light_cli::{Failure, directory, parse_spec, state, unexpected};
use crate::node::own;
use crate::publish::{self, now_ms};

/// Exit code of a transaction that is final and failed.
pub const FAILED: u8 = 7;
/// Exit code of a transaction that didn't become final while it could.
pub const LOST: u8 = 8;
/// Exit code of a command line that can't be meant, as that of the parser.
const WRONG: u8 = 2;

/// How the refusal of a publisher's signature begins, in IOST's words.
const UNAUTHORIZED: &str = "unauthorized publisher";

/// How often the relay is asked what became of a transaction.
const POLL: Duration = Duration::from_millis(250);
/// How long after its death a transaction is still asked for: a block may hold it that isn't final yet.
const AFTERWARDS_MS: u64 = 5_000;

/// Which chain, by way of whom.
#[derive(Clone, Debug, Args)]
pub struct Via {
    /// A relay: a multiaddr, or http://HOST:PORT of a node, whose relays are then asked. May be given several times.
    #[arg(long = "relay", value_name = "ADDRESS", required = true)]
    relays: Vec<String>,
    /// The chain's identity: the hash of its spec, in hexadecimal. Only a devnet's may be left out.
    #[arg(long, value_name = "HASH", value_parser = parse_spec)]
    spec: Option<Digest>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
    /// Gives up after so many seconds; a transaction lives 90.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    timeout: u64,
}

/// Who signs, and what it may cost.
#[derive(Clone, Debug, Args)]
pub struct Signing {
    /// The file with the account's secret key (base58); without it, the environment's CREDO_KEY. May be given several
    /// times, for an account that needs several keys.
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
    /// A permission that signs beside the account's own, and the file with a key that gives it. May be given several
    /// times, also for one permission that needs several keys. Without =KEYFILE, the keys that sign anyway are to give it.
    #[arg(long, value_name = "NAME@PERMISSION=KEYFILE", value_parser = transaction::parse_signer)]
    signer: Vec<transaction::Signer>,
    /// Most gas, as users see it.
    #[arg(long, value_name = "GAS", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(6_000..=4_000_000))]
    gas_limit: u32,
    /// Most of a token that transfers may spend, e.g. iost:12.5 or '*:unlimited'; nothing of tokens that aren't named.
    #[arg(long, value_name = "TOKEN:VALUE", value_parser = parse_limit)]
    amount_limit: Vec<AmountLimit>,
}

/// Calls a contract's action, or several as a whole, waits until it is final, and shows the receipt.
#[derive(Clone, Debug, Args)]
pub struct CallArgs {
    #[command(flatten)]
    via: Via,
    #[command(flatten)]
    signing: Signing,
    /// The account that publishes and pays.
    #[arg(long, value_name = "NAME")]
    account: AccountName,
    /// One of several actions, with its contract and its arguments. They are done in their order, all or none.
    #[arg(long = "action", value_names = ["CONTRACT", "ACTION", "JSON"], num_args = 3, conflicts_with = "contract")]
    actions: Vec<String>,
    /// The contract, e.g. token.iost.
    #[arg(
        value_name = "CONTRACT",
        required_unless_present = "actions",
        requires = "action"
    )]
    contract: Option<String>,
    /// The action, e.g. transfer.
    #[arg(value_name = "ACTION", requires = "arguments")]
    action: Option<String>,
    /// The arguments: the text of a JSON array.
    #[arg(value_name = "JSON", value_parser = parse_arguments)]
    arguments: Option<Value>,
}

/// Evidence that a member of a committee signed two ways (P-5).
#[derive(Clone, Debug, Args)]
pub struct EvidenceArgs {
    #[command(subcommand)]
    command: EvidenceCommand,
}

#[derive(Clone, Debug, Subcommand)]
enum EvidenceCommand {
    /// Sends evidence to the chain, which punishes the guilty node and rewards whoever reports it.
    Submit {
        #[command(flatten)]
        via: Via,
        #[command(flatten)]
        signing: Signing,
        /// The account that reports, pays and is rewarded.
        #[arg(long, value_name = "NAME")]
        account: AccountName,
        /// A file that a node wrote under DATA/evidence, or one with the hexadecimal text.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

fn parse_limit(text: &str) -> Result<AmountLimit, String> {
    let (token, value) = text
        .split_once(':')
        .filter(|(token, value)| !token.is_empty() && !value.is_empty())
        .ok_or("a limit is written TOKEN:VALUE, e.g. iost:12.5")?;
    Ok(AmountLimit {
        token: token.into(),
        value: value.into(),
    })
}

fn parse_arguments(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Array(_)) => Ok(value),
        Ok(_) => Err("the arguments must be a JSON array, e.g. '[\"alice\",\"1\"]'".into()),
        Err(error) => Err(format!("this isn't JSON: {error}")),
    }
}

/// What a command came to, with its exit code.
struct Done {
    shown: Shown,
    code: u8,
    /// For standard error.
    sentence: Option<String>,
}

/// Runs `relay-node call`; returns the exit code.
pub fn call(args: &CallArgs) -> u8 {
    let actions = match transaction::actions(args) {
        Ok(actions) => actions,
        Err(error) => {
            say("call", &error);
            return WRONG;
        }
    };
    run(&args.via, "call", async |follower| {
        send(follower, &args.signing, &args.account, actions.clone()).await
    })
}

/// Runs `relay-node servi`; returns the exit code.
pub fn servi(args: &ServiArgs) -> u8 {
    run(&args.via, "servi", async |follower| {
        servi::run(follower, args).await
    })
}

/// Runs `relay-node evidence`; returns the exit code.
pub fn evidence(args: &EvidenceArgs) -> u8 {
    let EvidenceCommand::Submit {
        via,
        signing,
        account,
        file,
    } = &args.command;
    run(via, "evidence", async |follower| {
        let evidence = own::read_evidence(file).map_err(Failure::Other)?;
        let arguments = serde_json::json!([account, hex::encode(evidence.to_bytes())]);
        let action = publish::action(own::CONTRACT, own::REPORT, &arguments);
        send(follower, signing, account, vec![action]).await
    })
}

/// Connects, does `work`, and prints what came of it.
fn run(via: &Via, name: &str, work: impl AsyncFnOnce(&mut Follower) -> Result<Done, Failure>) -> u8 {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(connected(via, name, work)),
        Err(error) => Err(Failure::Other(format!("no threads can be started: {error}"))),
    };
    match result {
        Ok(done) => {
            let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            let printed = if via.json {
                done.shown.print_json()
            } else {
                done.shown.print(colour)
            };
            if let Some(sentence) = &done.sentence {
                say(name, sentence);
            }
            match printed {
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                    say(name, &format!("the answer can't be printed: {error}"));
                    1
                }
                _ => done.code,
            }
        }
        Err(failure) => {
            if via.json {
                // The sentence on standard error says it, too.
                let _ = crate::light_cli::show::print_error(&failure);
            }
            say(name, &failure.to_string());
            failure.exit_code()
        }
    }
}

fn say(name: &str, sentence: &str) {
    use std::io::Write as _;
    // Nothing is left to do if even this can't be said.
    let sentence = crate::light_cli::show::visible(sentence, 0);
    let _ = writeln!(std::io::stderr(), "relay-node {name}: {sentence}");
}

async fn connected(
    via: &Via,
    name: &str,
    work: impl AsyncFnOnce(&mut Follower) -> Result<Done, Failure>,
) -> Result<Done, Failure> {
    let limit = Duration::from_secs(via.timeout.max(1));
    let relays = directory::resolve(&via.relays).await?;
    let config = SessionConfig {
        pinned: via.spec,
        checkpoint: None,
    };
    let mut follower = Follower::start(config, relays)?;
    let done = tokio::time::timeout(limit, async {
        follower.synchronise().await?;
        work(&mut follower).await
    })
    .await
    .map_err(|_| {
        let (seconds, status) = (limit.as_secs(), follower.status());
        let sent = follower.sent.map_or_else(String::new, |hash| {
            let hash = digest_to_base58(&hash);
            format!(
                "; transaction {hash} was sent and may still become final: ask for it before you send another"
            )
        });
        Failure::Other(format!(
            "no verified answer within {seconds} seconds: {status}{sent}"
        ))
    });
    follower.goodbye().await;
    let mut done = done??;
    if via.spec.is_none() {
        done.shown.learnt();
        say(
            name,
            &format!(
                "NO --spec WAS GIVEN: the chain's identity was learnt from the relay; give it next time: --spec {}",
                follower.spec_hash()
            ),
        );
    }
    Ok(done)
}

/// Says why keys can't publish for an account: the relay's words, and what the chain proves of the account.
async fn unauthorized(
    follower: &mut Follower,
    account: &AccountName,
    keys: &[SecretKey],
    why: String,
) -> Failure {
    let Ok((values, proof)) = state(follower, vec![StateKey::account(account)]).await else {
        return Failure::Other(why);
    };
    if matches!(values.first(), Some(None)) {
        return Failure::NotThere(format!(
            "{why}: there is no such account (its absence is proved by block {})",
            proof.height
        ));
    }
    let names: Vec<String> = keys.iter().map(|key| key.public_key().to_base58()).collect();
    let names = names.join(", ");
    Failure::Other(match keys {
        [_] => format!("{why}: the key {names} alone doesn't satisfy {account}@active"),
        _ => format!("{why}: the keys {names} don't satisfy {account}@active"),
    })
}

/// Signs these actions, sends them, and waits until the transaction is final or dead.
async fn send(
    follower: &mut Follower,
    signing: &Signing,
    account: &AccountName,
    actions: Vec<Action>,
) -> Result<Done, Failure> {
    let keys = key::load(&signing.key).map_err(Failure::Other)?;
    let client = follower
        .client()
        .ok_or_else(|| Failure::Other("no head is verified yet".into()))?;
    let spec = client.spec().clone();
    let tx = transaction::sign(&spec, account, &keys, signing, actions, now_ms())?;
    let hash = *tx.hash();
    follower.sent = Some(hash);
    let taken = match follower.ask(Query::Submit(tx.bytes().to_vec())).await {
        Ok(Answer::Submitted(taken)) => taken,
        Ok(_) => return Err(unexpected()),
        Err(Failure::Other(why)) if why.starts_with(UNAUTHORIZED) => {
            return Err(unauthorized(follower, account, &keys, why).await);
        }
        Err(failure) => return Err(failure),
    };
    if taken != hash {
        return Err(Failure::Lie(
            "the relay says that it took another transaction than the one that was sent".into(),
        ));
    }
    let dead_ms = u64::try_from(tx.tx().dead_at() / 1_000_000).unwrap_or(0);
    loop {
        let Answer::Transaction(status) = follower.ask(Query::Transaction(hash)).await? else {
            return Err(unexpected());
        };
        if let TransactionStatus::Final(proved) = status {
            return Ok(show::receipt(follower, &hash, &proved));
        }
        if now_ms() > dead_ms.saturating_add(AFTERWARDS_MS) {
            let shown = crate::light_cli::show::unproved_transaction(follower, &hash, &status);
            let text = digest_to_base58(&hash);
            return Ok(Done {
                shown,
                code: LOST,
                sentence: Some(format!(
                    "transaction {text} didn't become final before it expired; it can't any more"
                )),
            });
        }
        tokio::time::sleep(POLL).await;
    }
}
