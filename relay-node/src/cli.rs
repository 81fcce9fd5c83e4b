//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use tokio::sync::watch;

use crate::consensus::Trial;
use crate::devnet::{self, Options};
use crate::node::{self, FileConfig, NodeConfig};
use crate::public::WebRtc;

/// A Credo node, a local network of them, and the light client on the command line.
#[derive(Debug, Parser)]
#[command(name = "relay-node", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs one node: validator when elected, else follower.
    Run(RunArgs),
    /// Runs a local network with well-known keys and a faucet.
    Devnet(DevnetArgs),
    /// Asks relays as a browser does: verifies every answer and says what proved it.
    Light(crate::light_cli::LightArgs),
    /// Calls a contract's action with an account's key, waits until it is final, and shows the receipt.
    Call(Box<crate::call_cli::CallArgs>),
    /// A Servi node's candidacy: register, apply, leave, stand aside, claim, status.
    Servi(Box<crate::call_cli::ServiArgs>),
    /// Evidence that a member of a committee signed two ways.
    Evidence(Box<crate::call_cli::EvidenceArgs>),
    /// Makes keys, and names their public halves.
    Key(crate::key_cli::KeyArgs),
    /// Makes and checks what a chain starts with.
    Genesis(crate::genesis_cli::GenesisArgs),
    /// Simulates rules with the chain's own code: who sits when, and what it takes to capture a committee.
    Simulate(crate::simulate::SimulateArgs),
}

#[derive(Debug, clap::Args)]
struct RunArgs {
    /// The node's data directory; made when missing.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The configuration file; DATA/node.toml when there is one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What serves browsers over WebRTC-direct, in place of what the configuration says.
    #[arg(long, value_enum)]
    webrtc: Option<WebRtc>,
    /// Stops when standard input closes: for whoever starts nodes as children.
    #[arg(long, hide = true)]
    with_parent: bool,
    /// For tests on a devnet: shifts the clock that blocks are dated and judged by.
    #[arg(
        long,
        hide = true,
        value_name = "MS",
        allow_hyphen_values = true,
        default_value_t = 0
    )]
    trial_clock_offset_ms: i64,
    /// For tests on a devnet: dates this node's blocks ahead of its clock.
    #[arg(long, hide = true, value_name = "MS", default_value_t = 0)]
    trial_date_ahead_ms: u64,
}

#[derive(Debug, clap::Args)]
struct DevnetArgs {
    /// Nodes.
    #[arg(long, value_name = "N", default_value_t = 6)]
    validators: u16,
    /// Seats of the committee.
    #[arg(long, value_name = "M", default_value_t = 4)]
    seats: u16,
    /// Where the network's data is kept.
    #[arg(long, value_name = "DIR", default_value = ".credo/devnet")]
    data: PathBuf,
    /// Removes the chain that is there and starts a new one.
    #[arg(long)]
    fresh: bool,
    /// Slots of 50 ms, epochs of 20 blocks.
    #[arg(long)]
    fast: bool,
    /// Runs each node in a process of its own.
    #[arg(long)]
    processes: bool,
    /// Registers so many more candidates, without nodes and with few votes.
    #[arg(long, value_name = "K", default_value_t = 0)]
    candidates: u32,
    /// HTTP port of the first node; the others' ports lie above it.
    #[arg(long, value_name = "BASE", default_value_t = 8420)]
    port: u16,
    /// The folder with the wallet's files.
    #[arg(long, value_name = "DIR")]
    web: Option<PathBuf>,
    /// What serves browsers over WebRTC-direct.
    #[arg(long, value_enum, default_value = "direct")]
    webrtc: WebRtc,
}

/// Runs what the command line asks for; the exit code tells what became of it.
pub fn main(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Light(args) => {
            log("error");
            // Each reason why there is no answer has its exit code.
            return Ok(ExitCode::from(crate::light_cli::run(&args)));
        }
        Command::Call(args) => {
            log("error");
            return Ok(ExitCode::from(crate::call_cli::call(&args)));
        }
        Command::Servi(args) => {
            log("error");
            return Ok(ExitCode::from(crate::call_cli::servi(&args)));
        }
        Command::Evidence(args) => {
            log("error");
            return Ok(ExitCode::from(crate::call_cli::evidence(&args)));
        }
        Command::Run(args) => {
            log("info,commonware_storage=error,libp2p=warn");
            run(args)
        }
        Command::Devnet(args) => {
            // The summary says what six nodes would each say again.
            log("warn,relay_node=info,relay_node::consensus=warn,relay_node::node=error,commonware_broadcast=off,commonware_resolver=off");
            run_devnet(args)
        }
        Command::Simulate(args) => {
            log("warn");
            crate::simulate::run(&args).map_err(Into::into)
        }
        Command::Key(args) => {
            log("warn");
            crate::key_cli::run(&args, &mut std::io::stdout())
        }
        Command::Genesis(args) => {
            log("warn");
            return crate::genesis_cli::run(&args, &mut std::io::stdout());
        }
    }
    .map(|()| ExitCode::SUCCESS)
}

/// What the WebRTC ends and the store warn of in their ordinary life, such as what peers do wrong.
const QUIET: &str = "commonware_storage=error,dimpl=error,dtls=error,is=error,sctp_proto=off,str0m=error,\
    webrtc=error,webrtc_ice=error,webrtc_sctp=error,webrtc_srtp=error,yamux=error";

fn log(default: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(format!("{default},{QUIET}")));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}

/// True from the first Ctrl-C or SIGTERM on.
fn interruption() -> anyhow::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&flag);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("signals can't be watched")?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            let terminated = async {
                #[cfg(unix)]
                {
                    use tokio::signal::unix::{SignalKind, signal};
                    match signal(SignalKind::terminate()) {
                        Ok(mut signal) => {
                            signal.recv().await;
                        }
                        Err(_) => std::future::pending().await,
                    }
                }
                #[cfg(not(unix))]
                std::future::pending::<()>().await;
            };
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated => {}
            }
            seen.store(true, Ordering::Release);
            // A second Ctrl-C doesn't wait.
            let _ = tokio::signal::ctrl_c().await;
            std::process::exit(130);
        });
    });
    Ok(flag)
}

fn run(args: RunArgs) -> anyhow::Result<()> {
    let path = args
        .config
        .or_else(|| Some(args.data.join("node.toml")).filter(|p| p.exists()));
    let mut file = match path {
        Some(path) => FileConfig::load(&path)?,
        None => {
            let mut file = FileConfig::default();
            file.resolve(&args.data);
            file
        }
    };
    if let Some(webrtc) = args.webrtc {
        file.public.webrtc = webrtc;
    }
    let genesis = Arc::new(node::load_genesis(&file.genesis)?);
    let (stop, stopped) = watch::channel(false);
    let interrupted = interruption()?;
    if args.with_parent {
        let flag = Arc::clone(&interrupted);
        std::thread::spawn(move || {
            let mut sink = [0u8; 64];
            while matches!(std::io::Read::read(&mut std::io::stdin(), &mut sink), Ok(n) if n > 0) {}
            flag.store(true, Ordering::Release);
        });
    }
    std::thread::spawn(move || {
        while !interrupted.load(Ordering::Acquire) {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        // A node that has ended already needs no word.
        let _ = stop.send(true);
    });
    node::run(
        NodeConfig {
            data: args.data,
            genesis,
            file,
            trial: Trial {
                clock_offset_ms: args.trial_clock_offset_ms,
                date_ahead_ms: args.trial_date_ahead_ms,
            },
        },
        stopped,
        None,
    )?;
    Ok(())
}

fn run_devnet(args: DevnetArgs) -> anyhow::Result<()> {
    if args.fresh {
        devnet::remove(&args.data)?;
    }
    let interrupted = interruption()?;
    let options = Options {
        validators: args.validators,
        seats: args.seats,
        data: args.data,
        fast: args.fast,
        processes: args.processes,
        candidates: args.candidates,
        port: args.port,
        web: args.web,
        webrtc: args.webrtc,
    };
    devnet::run(&options, || interrupted.load(Ordering::Acquire))?;
    Ok(())
}
