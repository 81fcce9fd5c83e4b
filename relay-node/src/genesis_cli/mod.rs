//! `relay-node genesis`: makes and checks what a chain starts with (P-25).
//!
//! A genesis file is made of a template in TOML, which names accounts, the parts of the supply that they hold, and the
//! first candidates. Nothing unsafe or incomplete is made: every reason stands in a sentence, and no file is written.

mod check;
mod date;
mod report;
mod schedule;
mod template;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use credo_primitives::Preset;

/// Makes and checks genesis files.
#[derive(Clone, Debug, Args)]
pub struct GenesisArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// Prints a template to fill in, with comments.
    Template {
        /// Which set of rules.
        #[arg(long, value_name = "PRESET")]
        preset: Rules,
    },
    /// Makes a genesis file from a template that was filled in.
    New {
        /// Which set of rules.
        #[arg(long, value_name = "PRESET")]
        preset: Rules,
        /// The template.
        #[arg(value_name = "TEMPLATE")]
        template: PathBuf,
        /// Where the genesis file is written; nothing that exists is overwritten.
        #[arg(long, value_name = "FILE", default_value = "genesis.json")]
        out: PathBuf,
    },
    /// Checks a genesis file and tells what it makes.
    Check {
        /// The genesis file.
        #[arg(value_name = "FILE")]
        genesis: PathBuf,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Prints the hash of the chain spec that a genesis file makes: the chain's identity.
    Hash {
        /// The genesis file.
        #[arg(value_name = "FILE")]
        genesis: PathBuf,
        /// Writes the chain spec's bytes here.
        #[arg(long, value_name = "FILE")]
        spec: Option<PathBuf>,
    },
    /// Tells when the main network's supply comes out, by the year.
    Schedule {
        /// Month by month, as CSV.
        #[arg(long, conflicts_with = "svg")]
        csv: bool,
        /// As a picture.
        #[arg(long)]
        svg: bool,
    },
}

/// A preset on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Rules {
    Main,
    Test,
    Devnet,
    Private,
}

impl From<Rules> for Preset {
    fn from(rules: Rules) -> Self {
        match rules {
            Rules::Main => Self::Main,
            Rules::Test => Self::Test,
            Rules::Devnet => Self::Devnet,
            Rules::Private => Self::Private,
        }
    }
}

/// Runs the command. What it finds goes to `out`; the code is a failure's when there is a reason against the file.
pub fn run(args: &GenesisArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Template { preset } => write!(out, "{}", template::text((*preset).into()))?,
        Command::New {
            preset,
            template,
            out: path,
        } => return new((*preset).into(), template, path, out),
        Command::Check { genesis, json } => return check(genesis, *json, out),
        Command::Hash { genesis, spec } => hash(genesis, spec.as_deref(), out)?,
        Command::Schedule { csv: true, .. } => write!(out, "{}", schedule::csv())?,
        Command::Schedule { svg: true, .. } => write!(out, "{}", schedule::svg())?,
        Command::Schedule { .. } => write!(out, "{}", schedule::table())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn new(preset: Preset, template: &Path, path: &Path, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let text = template::read(template)?;
    let genesis = match template::build(&text, preset) {
        Ok(genesis) => genesis,
        Err(problems) => {
            report::problems(&problems, out)?;
            return Ok(ExitCode::FAILURE);
        }
    };
    let checked = check::check(&genesis);
    if !checked.problems.is_empty() {
        report::problems(&checked.problems, out)?;
        return Ok(ExitCode::FAILURE);
    }
    let json = serde_json::to_vec_pretty(&genesis).context("the genesis file can't be written as JSON")?;
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path);
    match file {
        Ok(mut file) => file
            .write_all(&json)
            .and_then(|()| file.sync_all())
            .with_context(|| format!("{} can't be written", path.display()))?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            bail!(
                "{} exists already; a genesis file is never overwritten",
                path.display()
            )
        }
        Err(error) => return Err(error).with_context(|| format!("{} can't be written", path.display())),
    }
    report::text(&report::Report::of(&genesis, &checked), out)?;
    writeln!(out, "{} is written", path.display())?;
    Ok(ExitCode::SUCCESS)
}

fn check(path: &Path, json: bool, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let genesis = crate::node::load_genesis(path)?;
    let checked = check::check(&genesis);
    let report = report::Report::of(&genesis, &checked);
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        report::text(&report, out)?;
    }
    Ok(if checked.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn hash(path: &Path, spec_path: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let genesis = crate::node::load_genesis(path)?;
    let spec = crate::executor::spec_of(&genesis)?;
    if let Some(path) = spec_path {
        std::fs::write(path, commonware_codec::Encode::encode(&spec))
            .with_context(|| format!("{} can't be written", path.display()))?;
    }
    writeln!(out, "{}", spec.hash())?;
    Ok(())
}
