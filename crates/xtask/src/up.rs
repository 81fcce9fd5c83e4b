//! `up`: a whole local network with the wallet in front of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::process::{self, Group};
use crate::progress::{Board, print, took};
use crate::project::Project;
use crate::tools::Tools;
use crate::{build, http, wasm};

/// How long the network may take until its first relay answers.
const START_LIMIT: Duration = Duration::from_secs(90);

/// The options of `up`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Starts a new chain; without it the last one goes on.
    #[arg(long)]
    fresh: bool,
    /// A new chain gets slots of 50 ms and epochs of 20 blocks.
    #[arg(long)]
    fast: bool,
    /// How many validators a new chain starts with.
    #[arg(long, value_name = "N")]
    validators: Option<u16>,
    /// The port of the first relay's page; what else the network listens on lies in the hundred above it.
    #[arg(long, value_name = "P", default_value_t = 8420)]
    port: u16,
    /// Doesn't open the page in a browser.
    #[arg(long)]
    no_open: bool,
    /// More options for `relay-node devnet`, as they are.
    #[arg(last = true, value_name = "DEVNET OPTIONS")]
    rest: Vec<String>,
}

pub(crate) fn run(project: &Project, board: &Board, options: &Options) -> Result<bool> {
    let folder = project.root.join(".credo");
    let data = folder.join("devnet");
    let mark = folder.join("up.pid");

    let tools = Tools::new(project, board);
    tools.node()?;
    tools.wallet()?;
    let toolchain = wasm::find(project, &tools)?;
    tools.check()?;
    let toolchain = toolchain.context("a compiler for the browser was found or is missing")?;

    let node = thread::scope(|scope| {
        let node =
            scope.spawn(|| build::release(project, board, "relay-node", &["relay-node"], &["relay-node"]));
        let wallet = build::wallet(project, board, &tools, toolchain);
        let node = node
            .join()
            .map_err(|_| anyhow::anyhow!("the node's build broke off"))?;
        wallet.and(node)
    })?;

    fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
    stop_left_over(board, &mark)?;
    if http::taken(options.port) {
        bail!(
            "port {} is taken by another program: choose one with --port",
            options.port
        );
    }
    let again = !options.fresh && data.join("genesis.json").exists();

    let node = node.first().context("cargo built the node")?;
    let mut network = start(project, node, &data, options)?;
    fs::write(&mark, network.id().to_string())
        .with_context(|| format!("{} can't be written", mark.display()))?;
    let result = serve(project, board, &mut network, options, again);
    if network.ended().is_none() {
        board.say("stopping …");
        if !network.stop() {
            board.say("the network didn't stop in time and was killed; the chain isn't harmed by that");
        }
    }
    drop(network);
    let _ = fs::remove_file(&mark);
    match result {
        Err(error) if error.is::<process::Interrupted>() => {
            board.say("stopped; `cargo xtask up` continues this chain");
            Ok(true)
        }
        other => other.map(|()| true),
    }
}

fn start(project: &Project, node: &Path, data: &Path, options: &Options) -> Result<Group> {
    let log = project.log("network");
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder).with_context(|| format!("{} can't be made", folder.display()))?;
    }
    let file = fs::File::create(&log).with_context(|| format!("{} can't be written", log.display()))?;
    let errors = file.try_clone().context("a log can be written by two streams")?;
    let mut command = process::command(node);
    command.current_dir(&project.root).arg("devnet");
    command.arg("--data").arg(data).arg("--web").arg(project.dist());
    command.args(["--port", &options.port.to_string()]);
    if let Some(validators) = options.validators {
        command.args(["--validators", &validators.to_string()]);
    }
    for (wanted, flag) in [(options.fast, "--fast"), (options.fresh, "--fresh")] {
        if wanted {
            command.arg(flag);
        }
    }
    command.args(&options.rest);
    command.stdout(Stdio::from(file)).stderr(Stdio::from(errors));
    Group::start(&mut command)
}

/// Waits for the first relay, says where it is, and stays until the network or the user ends it.
fn serve(
    project: &Project,
    board: &Board,
    network: &mut Group,
    options: &Options,
    again: bool,
) -> Result<()> {
    let log = project.log("network");
    let mut bar = board.bar("network");
    loop {
        process::check()?;
        if let Some(status) = network.ended() {
            bar.done(false, &status.to_string());
            bail!(
                "the network didn't start ({status}):\n{}\nthe whole log: {}",
                last_lines(&log, 25),
                log.display()
            );
        }
        if http::get(options.port, "/health").is_some_and(|(status, _)| status == 200) {
            break;
        }
        if bar.elapsed() > START_LIMIT {
            bar.done(false, "");
            bail!(
                "the first relay didn't answer on port {} within {}:\n{}\nthe whole log: {}",
                options.port,
                took(START_LIMIT),
                last_lines(&log, 25),
                log.display()
            );
        }
        bar.note("waiting for the first relay");
        thread::sleep(Duration::from_millis(200));
    }
    bar.done(true, if again { "the chain goes on" } else { "a new chain" });

    let address = format!("http://127.0.0.1:{}/", options.port);
    let shown = console::style(&address).bold().underlined();
    print(&format!("\n  Credo is running. Open {shown}\n"));
    print(&summary(&log));
    print(&format!("  log      {}\n  stop     Ctrl-C\n", log.display()));
    if !options.no_open {
        open(&address);
    }
    loop {
        process::check()?;
        if let Some(status) = network.ended() {
            bail!(
                "the network ended ({status}); `cargo xtask up` continues the chain:\n{}\nthe whole log: {}",
                last_lines(&log, 25),
                log.display()
            );
        }
        thread::sleep(Duration::from_millis(200));
    }
}

/// Opens the page where somebody can see it.
fn open(address: &str) {
    let graphical = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some());
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    if graphical || cfg!(target_os = "macos") {
        let mut command = process::command(program);
        let child = command
            .arg(address)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        if let Ok(mut child) = child {
            thread::spawn(move || child.wait());
        }
    }
}

/// If an earlier `up` was killed, its network may still run: it is ended, so that the chain can go on here.
fn stop_left_over(board: &Board, mark: &Path) -> Result<()> {
    let Ok(text) = fs::read_to_string(mark) else {
        return Ok(());
    };
    let still = |id: &str| {
        let output = Command::new("ps").args(["-o", "comm=", "-p", id]).output();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("relay-node"))
    };
    let Some(group) = text.trim().parse().ok().and_then(rustix::process::Pid::from_raw) else {
        return Ok(());
    };
    let id = group.as_raw_nonzero().to_string();
    if still(&id) {
        board.say("a network of an earlier `up` still runs; it is stopped first");
        let asked = Instant::now();
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::INT);
        while still(&id) {
            process::check()?;
            if asked.elapsed() > Duration::from_secs(15) {
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            if asked.elapsed() > Duration::from_secs(30) {
                bail!("the network of an earlier `up` (process {id}) can't be stopped");
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
    let _ = fs::remove_file(mark);
    Ok(())
}

/// What the network says of itself: the lines of its summary that tell more than where to go.
fn summary(log: &Path) -> String {
    let asked = Instant::now();
    loop {
        let text = fs::read_to_string(log).unwrap_or_default();
        let lines: Vec<_> = text.lines().filter(|line| line.starts_with("  ")).collect();
        // Its last line; health is told a moment earlier.
        let whole = lines.iter().any(|line| line.trim_start().starts_with("stop "));
        if whole || asked.elapsed() > Duration::from_secs(5) {
            let told = |line: &&&str| {
                !["open ", "stop "]
                    .iter()
                    .any(|word| line.trim_start().starts_with(word))
            };
            return lines.iter().filter(told).copied().collect::<Vec<_>>().join("\n");
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn last_lines(path: &PathBuf, count: usize) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        assert_eq!(last_lines(&path, 2), "");
        fs::write(&path, "a\nb\nc\n").unwrap();
        assert_eq!(last_lines(&path, 2), "b\nc");
    }

    #[test]
    fn the_summary_leaves_out_what_was_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let text = "INFO started\n\n  open     http://127.0.0.1:1/\n  spec     ab\n  stop     Ctrl-C\n";
        fs::write(&path, text).unwrap();
        assert_eq!(summary(&path), "  spec     ab");
    }

    #[test]
    fn a_mark_of_a_network_that_is_gone_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("up.pid");
        // This very process is no relay, so it must survive.
        fs::write(&mark, std::process::id().to_string()).unwrap();
        stop_left_over(&Board::new(), &mark).unwrap();
        assert!(!mark.exists());
    }
}
