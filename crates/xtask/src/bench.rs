//! `bench`: measures in release and prints a table.
//!
//! What is measured is the program `bench` of the package `credo-tests`; here it is built, given what it needs through
//! the same variables as tests get (see [`crate::test::environment`] and [`strangers::page_environment`], and
//! `CREDO_INTEROP_NODE` for the program `webrtc-interop-node`), and the machine is printed above its table.

use std::fs;
use std::process::Command;
use std::thread;

use anyhow::{Context as _, Result, bail};

use crate::process::{self, Group};
use crate::progress::{Board, print};
use crate::project::Project;
use crate::test::environment;
use crate::tools::{Tools, says};
use crate::wasm::{self, For};
use crate::{build, strangers};

/// The options of `bench`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leaves out what needs a browser, and with it the wallet's build.
    #[arg(long, conflicts_with = "transports")]
    native: bool,
    /// Measures nothing but how browsers reach a node.
    #[arg(long)]
    transports: bool,
    /// Measures nothing but whether strangers can slow consensus down.
    #[arg(long, conflicts_with = "transports")]
    starve: bool,
    /// Measures nothing but what gas is charged for, and writes the table into docs/gas.md.
    #[arg(long, conflicts_with_all = ["native", "transports", "starve"])]
    prices: bool,
}

pub(crate) fn run(project: &Project, board: &Board, options: &Options) -> Result<bool> {
    let tools = Tools::new(project, board);
    let mut browser = None;
    tools.node()?;
    let native = options.native || options.starve || options.prices;
    if !native {
        tools.wallet()?;
        tools.playwright()?;
        browser = tools.browser()?;
        let toolchain = wasm::find(project, &tools)?;
        tools.check()?;
        let toolchain = toolchain.context("a compiler for the browser was found or is missing")?;
        if !options.transports {
            build::wallet(project, board, &tools, toolchain)?;
        }
        strangers::bare_page(
            project,
            board,
            &tools,
            toolchain,
            For::Page,
            "page of the benchmark",
        )?;
    }
    tools.check()?;
    let packages = ["relay-node", "credo-tests", "webrtc-interop"];
    let programs = ["relay-node", "bench", "webrtc-interop-node"];
    let built = build::release(project, board, "benchmark", &packages, &programs)?;
    let [node, program, interop_node] = built.as_slice() else {
        bail!("cargo built another number of programs than asked for")
    };

    print(&format!("{}\n", machine(project)));
    let mut command = process::command(program);
    command.current_dir(&project.root);
    let arguments = [
        (options.native, "--native"),
        (options.transports, "--transports"),
        (options.starve, "--starve"),
        (options.prices, "--write-prices"),
    ];
    command.args(
        arguments
            .iter()
            .filter(|(wanted, _)| *wanted)
            .map(|(_, name)| name),
    );
    environment(&mut command, project, &tools, Some(node), browser.as_ref());
    strangers::page_environment(&mut command, project, For::Page);
    command.env("CREDO_INTEROP_NODE", interop_node);
    let mut group = Group::start(&mut command)?;
    loop {
        if let Some(status) = group.ended() {
            return Ok(status.success());
        }
        if process::stopping() {
            group.stop();
            process::check()?;
        }
        thread::sleep(std::time::Duration::from_millis(100));
    }
}

/// The machine, its load, and the versions that were measured.
fn machine(project: &Project) -> String {
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load
        .split(' ')
        .next()
        .filter(|load| !load.is_empty())
        .unwrap_or("unknown");
    let commit = Command::new("git")
        .args(["describe", "--always", "--dirty"])
        .current_dir(&project.root)
        .output();
    let commit = commit
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default();
    let rust = says(std::path::Path::new("rustc"), &["--version"]);
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "{model}, {cores} cores, load {load}, {}\nCredo {version} ({commit}), {rust}",
        std::env::consts::OS
    )
}
