//! `relay-node simulate`: what the rules come to, before anyone bets money on it.
//!
//! `simulate servi` runs the chain's own ledger (P-10 to P-13): the rounds are those of `credo_pob`, not a model of them
//! (`ledger.rs`). It says who sits when, how seats follow votes, and how many distinct candidates produce in a day; with
//! `--capture`, what candidates that apply together come to hold (P-44).
//!
//! Everything follows from the command line: random pools come from a seed, in integer arithmetic, and are the same on
//! every machine. In JSON every number of votes, Servi, seats and rounds is an integer below 2^53, so that any reader
//! takes it exactly; shares and means are decimals.

mod capture;
mod capture_command;
mod csv;
mod error;
mod human;
mod ledger;
mod map;
mod plots;
mod pool;
mod progress;
mod report;
mod run;
mod sample;
mod servi;
mod svg;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal as _, Write as _};

use clap::{Args, Subcommand};
use serde::Serialize;

pub use error::{LineProblem, SimulateError};
use human::Paint;

/// Simulates rules of the chain with the chain's own code.
#[derive(Clone, Debug, Args)]
pub struct SimulateArgs {
    #[command(subcommand)]
    what: What,
}

/// What is simulated.
#[derive(Clone, Debug, Subcommand)]
enum What {
    /// Rounds of Servi: who sits when, and how seats follow votes.
    Servi(servi::ServiArgs),
}

/// Runs the simulation and prints what it came to.
pub fn run(args: &SimulateArgs) -> Result<(), SimulateError> {
    let printed = match &args.what {
        What::Servi(args) => servi::run(args)?,
    };
    let mut out = io::stdout().lock();
    match out.write_all(printed.as_bytes()).and_then(|()| out.flush()) {
        // Whoever read it has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Colours for a terminal whose user didn't ask for none.
fn paint() -> Paint {
    Paint(io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none())
}

fn json(value: &impl Serialize) -> Result<String, SimulateError> {
    let mut text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    text.push('\n');
    Ok(text)
}
