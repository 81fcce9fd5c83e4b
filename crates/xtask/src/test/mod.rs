//! `test`: every check and test, in an order that finds cheap failures first, with a table at the end.
//!
//! - Everything native is built once, in one profile and with one set of features: all packages together. Test
//!   programs are then run by themselves, so that no second selection of packages builds the heavy ones again.
//! - A step that can't run because an earlier one failed counts as failed; nothing is passed over in silence.
//! - A step over its time limit is stopped with all that it started.

mod steps;
mod table;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use crate::process;
use crate::progress::Board;
use crate::project::Project;
use crate::tools::{Browser, Tools};
use table::{Outcome, Row};

/// The options of `test`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Formatting, a build of everything native and the tests of the libraries: for work in progress.
    #[arg(long)]
    quick: bool,
}

/// What a step says: how it went, and how many tests it ran.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// Why it failed, and the end of what was written.
    failure: Option<String>,
    /// Tests that passed and failed, if it ran tests.
    tests: Option<(u64, u64)>,
}

pub(crate) fn run(project: &Project, board: &Board, options: &Options) -> Result<bool> {
    let started = Instant::now();
    let mut plan = Plan {
        board,
        rows: Vec::new(),
    };
    let steps = steps::Steps::new(project, board);
    if options.quick {
        steps.quick(&mut plan)?;
    } else {
        steps.full(&mut plan)?;
    }
    let (text, good) = table::render(&plan.rows, started.elapsed());
    crate::progress::print(&text);
    Ok(good)
}

/// Runs steps and gathers how they went.
pub(crate) struct Plan<'a> {
    board: &'a Board,
    rows: Vec<Row>,
}

impl Plan<'_> {
    /// Runs a step; yields what it made, which a step that reports a failure may have done in part.
    fn step<T>(&mut self, name: &str, work: impl FnOnce(&mut Said) -> Result<T>) -> Result<Option<T>> {
        process::check()?;
        let started = Instant::now();
        let mut said = Said::default();
        let result = work(&mut said);
        let failure = match &result {
            Err(error) if error.is::<process::Interrupted>() => return result.map(Some),
            Err(error) => Some(format!("{error:#}")),
            Ok(_) => said.failure,
        };
        if let Some(text) = &failure {
            self.board.say(&format!("\n── {name} failed ──\n{text}\n"));
        }
        let good = failure.is_none();
        let outcome = if good { Outcome::Passed } else { Outcome::Failed };
        self.rows.push(Row {
            name: name.to_owned(),
            outcome,
            tests: said.tests,
            took: started.elapsed(),
        });
        Ok(result.ok())
    }

    /// Notes a step that can't run.
    fn blocked(&mut self, name: &str, by: &str) {
        let outcome = Outcome::Blocked(by.to_owned());
        self.rows.push(Row {
            name: name.to_owned(),
            outcome,
            tests: None,
            took: std::time::Duration::ZERO,
        });
    }
}

/// Tells a test or a benchmark where what it needs lies:
///
/// | variable | what |
/// |---|---|
/// | `CREDO_RELAY_NODE` | the node's program |
/// | `CREDO_WEB_DIST` | the built wallet |
/// | `CREDO_CHROMIUM` | the browser |
/// | `CREDO_CHROMEDRIVER` | its driver |
/// | `CREDO_NODE_MODULES` | the folder of npm's packages, `playwright-core` among them |
pub(crate) fn environment(
    command: &mut Command,
    project: &Project,
    tools: &Tools<'_>,
    node: Option<&Path>,
    browser: Option<&Browser>,
) {
    if let Some(node) = node {
        command.env("CREDO_RELAY_NODE", node);
    }
    command
        .env("CREDO_WEB_DIST", project.dist())
        .env("CREDO_NODE_MODULES", tools.node_modules());
    if let Some(Browser { chromium, driver }) = browser {
        command
            .env("CREDO_CHROMIUM", chromium)
            .env("CREDO_CHROMEDRIVER", driver);
    }
}
