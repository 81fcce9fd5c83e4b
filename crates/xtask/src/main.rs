//! The one entry for people and CI: `cargo xtask up | test | bench`.
//!
//! Each command first finds what it needs and installs what is missing where that is allowed (see [`tools`] and
//! [`wasm`]), shows progress while something long runs ([`progress`]), and leaves no process behind: whatever it starts
//! runs in a process group of its own that ends with the command ([`process`]).

mod bench;
mod build;
mod http;
mod process;
mod progress;
mod project;
mod strangers;
mod test;
mod tools;
mod up;
mod wasm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::progress::Board;
use crate::project::Project;

/// Builds, runs, tests and measures Credo.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds the node and the wallet, starts a local network, and serves the wallet.
    Up(up::Options),
    /// Runs every check and test, those in the browser included.
    Test(test::Options),
    /// Measures, in release, and prints a table.
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let board = Board::new();
    let result = process::watch_signals()
        .and_then(|()| Project::find())
        .and_then(|project| match cli.command {
            Command::Up(options) => up::run(&project, &board, &options),
            Command::Test(options) => test::run(&project, &board, &options),
            Command::Bench(options) => bench::run(&project, &board, &options),
        });
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) if error.is::<process::Interrupted>() => {
            board.say("stopped");
            ExitCode::from(130)
        }
        Err(error) => {
            board.say(&format!("{} {error:#}", console::style("error:").red().bold()));
            ExitCode::FAILURE
        }
    }
}
