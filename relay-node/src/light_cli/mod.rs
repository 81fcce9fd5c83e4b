//! `relay-node light`: the light client on the command line (P-40 to P-43).
//!
//! It asks relays as a browser does and shows nothing that it didn't verify, with what proved it. The relay may be
//! anybody's: it can withhold, it cannot forge. The exit code tells a script why there was no answer ([`Failure`]).

mod account;
pub(crate) mod directory;
mod economy;
pub(crate) mod follow;
pub(crate) mod nodes;
mod proposals;
pub(crate) mod show;
#[cfg(test)]
mod tests;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use credo_light::{Answer, Checkpoint, LightError, ProofInfo, Query, SessionConfig, TransactionStatus};
use credo_primitives::hash::{digest_from_base58, digest_from_hex};
use credo_primitives::{AccountName, Digest, StateKey};

use follow::Follower;
use show::Shown;

/// Asks relays, verifies every answer, and says what proved it.
#[derive(Clone, Debug, Args)]
pub struct LightArgs {
    /// A relay: a multiaddr (…/ws/p2p/… or …/webrtc-direct/certhash/…/p2p/…), or http://HOST:PORT of a node, whose
    /// relays are then asked. May be given several times: their answers are held against each other.
    #[arg(long = "relay", value_name = "ADDRESS", required = true)]
    relays: Vec<String>,
    /// The chain's identity: the hash of its spec, in hexadecimal. Only a devnet's may be left out.
    #[arg(long, value_name = "HASH", value_parser = parse_spec)]
    spec: Option<Digest>,
    /// A file that keeps what was verified, so that the next call doesn't begin at genesis.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
    /// Gives up after so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    timeout: u64,
    #[command(subcommand)]
    question: Question,
}

/// What is asked.
#[derive(Clone, Debug, Subcommand)]
enum Question {
    /// The newest final block.
    Head,
    /// An account's balance, gas, RAM, stakes, what returns when, rewards, votes and permissions.
    Account {
        /// Its name.
        #[arg(value_name = "NAME")]
        name: AccountName,
    },
    /// Servi nodes by their rank at the epoch's beginning, with availability, turns, shares and losses.
    Candidates {
        /// All of them; otherwise the first 256.
        #[arg(long)]
        all: bool,
    },
    /// Proposals that wait for an account's approval, and those that it made.
    Proposals {
        /// Its name.
        #[arg(value_name = "NAME")]
        name: AccountName,
    },
    /// The supply of IOST: the reward pool, what counts as available for votes, what vests, what was burnt.
    Supply,
    /// What became of a transaction.
    Transaction {
        /// Its hash, base58 or hexadecimal.
        #[arg(value_name = "HASH", value_parser = parse_hash)]
        hash: Digest,
    },
    /// Verifies every hand-over since genesis (or the checkpoint).
    HandOvers,
}

pub(crate) fn parse_spec(text: &str) -> Result<Digest, String> {
    digest_from_hex(text).ok_or_else(|| "a spec hash is 64 hexadecimal characters".into())
}

fn parse_hash(text: &str) -> Result<Digest, String> {
    digest_from_hex(text)
        .or_else(|| digest_from_base58(text))
        .ok_or_else(|| "a transaction hash is base58 or 64 hexadecimal characters".into())
}

/// Why there is no answer. Each has its exit code.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Anything else, in a sentence.
    #[error("{0}")]
    Other(String),
    /// No relay answers.
    #[error("{0}")]
    NoRelay(String),
    /// The relay serves another chain, or the chain's identity must be given.
    #[error("{0}")]
    AnotherChain(String),
    /// A relay was caught lying, or the chain is broken.
    #[error("{0}")]
    Lie(String),
    /// What was asked for doesn't exist (proved), or isn't known (claimed).
    #[error("{0}")]
    NotThere(String),
}

impl Failure {
    /// 1 other, 3 no relay, 4 another chain, 5 a lie or a broken chain, 6 not there. (2 is a wrong command line.)
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Other(_) => 1,
            Self::NoRelay(_) => 3,
            Self::AnotherChain(_) => 4,
            Self::Lie(_) => 5,
            Self::NotThere(_) => 6,
        }
    }
}

impl From<LightError> for Failure {
    fn from(error: LightError) -> Self {
        match error {
            LightError::WrongChain { .. } | LightError::NotPinned { .. } => {
                Self::AnotherChain(error.to_string())
            }
            LightError::Conflict(_) => Self::Lie(error.to_string()),
            LightError::NoRelay => Self::NoRelay(error.to_string()),
            LightError::UnknownCommittee { epoch, oldest, .. } if epoch < oldest => Self::Other(format!(
                "it lies too far back: {error}; this release verifies blocks of the last three epochs"
            )),
            _ if error.is_lie() => Self::Lie(format!("the relay's answer doesn't hold: {error}")),
            _ => Self::Other(error.to_string()),
        }
    }
}

/// Runs the command, prints what it found or why not, and returns the exit code.
pub fn run(args: &LightArgs) -> u8 {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(answer(args)),
        Err(error) => Err(Failure::Other(format!("no threads can be started: {error}"))),
    };
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    match result {
        Ok(shown) => {
            let printed = if args.json {
                shown.print_json()
            } else {
                shown.print(colour)
            };
            match (&shown.missing, printed) {
                (None, Ok(())) => 0,
                (Some(sentence), Ok(())) => {
                    say(sentence);
                    Failure::NotThere(String::new()).exit_code()
                }
                // Whoever read it has seen enough.
                (_, Err(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => 0,
                (_, Err(error)) => {
                    say(&format!("the answer can't be printed: {error}"));
                    1
                }
            }
        }
        Err(failure) => {
            if args.json {
                let _ = show::print_error(&failure);
            }
            say(&failure.to_string());
            failure.exit_code()
        }
    }
}

fn say(sentence: &str) {
    use std::io::Write as _;
    // Nothing is left to do if even this can't be said.
    let _ = writeln!(
        std::io::stderr(),
        "relay-node light: {}",
        show::visible(sentence, 0)
    );
}

async fn answer(args: &LightArgs) -> Result<Shown, Failure> {
    let limit = Duration::from_secs(args.timeout.max(1));
    let relays = directory::resolve(&args.relays).await?;
    let checkpoint = match &args.checkpoint {
        Some(path) => load(path, args.spec)?,
        None => None,
    };
    let mut follower = Follower::start(
        SessionConfig {
            pinned: args.spec,
            checkpoint,
        },
        relays,
    )?;
    let shown = tokio::time::timeout(limit, ask(&mut follower, &args.question))
        .await
        .map_err(|_| {
            Failure::Other(format!(
                "no verified answer within {} seconds: {}",
                limit.as_secs(),
                follower.status()
            ))
        })?;
    let stored = match (&args.checkpoint, follower.checkpoint()) {
        (Some(path), Some(checkpoint)) => store(path, &checkpoint),
        _ => Ok(()),
    };
    follower.goodbye().await;
    let mut shown = shown?;
    if args.spec.is_none() {
        shown.learnt();
        say(&format!(
            "NO --spec WAS GIVEN: the chain's identity was learnt from the relay (trust on first use). \
             To be sure that it is the chain you mean, compare it and give it next time: --spec {}",
            follower.spec_hash()
        ));
    }
    stored?;
    Ok(shown)
}

async fn ask(follower: &mut Follower, question: &Question) -> Result<Shown, Failure> {
    follower.synchronise().await?;
    match question {
        Question::Head => show::head(follower),
        Question::HandOvers => show::hand_overs(follower),
        Question::Account { name } => account::ask(follower, name).await,
        Question::Candidates { all } => nodes::ask(follower, *all).await,
        Question::Proposals { name } => proposals::ask(follower, name).await,
        Question::Supply => economy::ask(follower).await,
        Question::Transaction { hash } => {
            let Answer::Transaction(status) = follower.ask(Query::Transaction(*hash)).await? else {
                return Err(unexpected());
            };
            match status {
                TransactionStatus::Final(proved) => Ok(show::transaction(follower, hash, &proved)),
                other => Ok(show::unproved_transaction(follower, hash, &other)),
            }
        }
    }
}

pub(crate) fn unexpected() -> Failure {
    Failure::Other("the verifier answered another question than the one asked".into())
}

/// The proved values under keys, all from one snapshot, and what proved them.
pub(crate) async fn state(
    follower: &mut Follower,
    keys: Vec<StateKey>,
) -> Result<(Vec<Option<Vec<u8>>>, ProofInfo), Failure> {
    let Answer::State(entries) = follower.ask(Query::State(keys)).await? else {
        return Err(unexpected());
    };
    let proof = entries
        .first()
        .map(|entry| entry.proof.clone())
        .ok_or_else(unexpected)?;
    Ok((entries.into_iter().map(|entry| entry.value).collect(), proof))
}

/// Reads a proved value.
fn decode<T: commonware_codec::Read<Cfg = ()>>(
    key: &StateKey,
    value: Option<&[u8]>,
) -> Result<Option<T>, Failure> {
    use commonware_codec::{Copying, DecodeExt as _};
    let Some(bytes) = value else { return Ok(None) };
    let unreadable = |reason: commonware_codec::Error| LightError::Unreadable {
        key: key.clone(),
        reason: reason.to_string(),
    };
    Ok(Some(T::decode(Copying(bytes)).map_err(unreadable)?))
}

fn load(path: &Path, spec: Option<Digest>) -> Result<Option<Checkpoint>, Failure> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Failure::Other(format!(
                "the checkpoint {} can't be read: {error}",
                path.display()
            )));
        }
    };
    let checkpoint = Checkpoint::from_bytes(&bytes).map_err(|error| {
        Failure::Other(format!(
            "the checkpoint {} can't be used ({error}); remove it to begin at genesis",
            path.display()
        ))
    })?;
    if let Some(expected) = spec
        && expected != checkpoint.spec_hash()
    {
        return Err(Failure::AnotherChain(format!(
            "the checkpoint {} belongs to another chain: {}, not {expected}",
            path.display(),
            checkpoint.spec_hash()
        )));
    }
    Ok(Some(checkpoint))
}

/// Whole or not at all.
fn store(path: &Path, checkpoint: &Checkpoint) -> Result<(), Failure> {
    let new = path.with_extension("new");
    std::fs::write(&new, checkpoint.to_bytes())
        .and_then(|()| std::fs::rename(&new, path))
        .map_err(|error| {
            Failure::Other(format!(
                "the checkpoint {} can't be written: {error}",
                path.display()
            ))
        })
}
