//! Starting programs so that none outlives the command: each runs in a process group of its own, which Ctrl-C, a time
//! limit or the command's end takes down whole.

use std::collections::VecDeque;
use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::progress::{Bar, cargo_units};

/// How many of a program's last lines are kept for a report.
const TAIL: usize = 400;
/// How long a group may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(15);
/// How long output is awaited from a program's children after its own end.
const DRAIN: Duration = Duration::from_secs(2);

static STOPS: AtomicUsize = AtomicUsize::new(0);
static GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// The user asked to stop.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped by the user")
    }
}

impl std::error::Error for Interrupted {}

/// Takes Ctrl-C and its kin: the first asks every group to end, the next kills.
pub(crate) fn watch_signals() -> Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])
        .context("signals can't be watched, so nothing could be stopped cleanly")?;
    thread::spawn(move || {
        for _ in signals.forever() {
            let signal = if STOPS.fetch_add(1, Ordering::SeqCst) == 0 {
                Signal::INT
            } else {
                Signal::KILL
            };
            for group in groups().iter() {
                let _ = kill_process_group(*group, signal);
            }
        }
    });
    Ok(())
}

/// Whether the user asked to stop.
pub(crate) fn stopping() -> bool {
    STOPS.load(Ordering::SeqCst) > 0
}

/// Fails if the user asked to stop.
pub(crate) fn check() -> Result<()> {
    if stopping() { bail!(Interrupted) } else { Ok(()) }
}

fn groups() -> std::sync::MutexGuard<'static, Vec<Pid>> {
    GROUPS.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A command without what `cargo run` adds to the environment: those variables name *this* package, and a compiler
/// must not find another's libraries.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, value) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text == "CARGO" || text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        } else if text == "LD_LIBRARY_PATH" {
            let kept = std::env::split_paths(&value).filter(|path| {
                !["deps", "rustlib", "lib"].iter().any(|end| path.ends_with(end))
                    || !path.to_string_lossy().contains("/target/")
                        && !path.to_string_lossy().contains("/toolchains/")
            });
            match std::env::join_paths(kept) {
                Ok(paths) if !paths.is_empty() => command.env(&name, paths),
                _ => command.env_remove(&name),
            };
        }
    }
    command
}

/// A group that is taken down when this is dropped.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    id: Pid,
}

impl Group {
    /// Starts a command in its own group, without standard input.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        check()?;
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("{program} can't be started"))?;
        let id = i32::try_from(child.id())
            .ok()
            .and_then(Pid::from_raw)
            .context("a child has a process id")?;
        groups().push(id);
        Ok(Self { child, id })
    }

    /// The process's number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks the group to end, waits a while, then makes it.
    pub(crate) fn stop(&mut self) -> bool {
        let _ = kill_process_group(self.id, Signal::INT);
        let asked = Instant::now();
        while asked.elapsed() < GRACE {
            if self.ended().is_some() {
                return true;
            }
            thread::sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The leader may be gone while its children aren't: the group's number stays theirs.
        let _ = kill_process_group(self.id, Signal::KILL);
        let _ = self.child.wait();
        groups().retain(|id| *id != self.id);
    }
}

/// How a program that ran to its end went.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Whether it ended with 0.
    pub(crate) good: bool,
    /// How it ended, in words.
    pub(crate) how: String,
    /// Its last lines.
    pub(crate) tail: VecDeque<String>,
}

/// What to do with a line of standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Keep it in the log.
    Keep,
    /// It was for the program only.
    Drop,
}

/// Runs a command to its end: its lines go to `log`, what it is at to `bar`, and standard output also to `each`.
pub(crate) fn run(
    command: &mut Command,
    log: &Path,
    limit: Duration,
    bar: &mut Bar,
    each: &mut dyn FnMut(&str) -> Line,
) -> Result<Ended> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder).with_context(|| format!("{} can't be made", folder.display()))?;
    }
    let mut file = File::options().create(true).append(true).open(log);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    // Cargo writes its progress into a pipe only when it is told to, and how wide.
    command
        .env("CARGO_TERM_PROGRESS_WHEN", "always")
        .env("CARGO_TERM_PROGRESS_WIDTH", "160");
    let mut group = Group::start(command)?;
    let (sender, lines) = mpsc::sync_channel(1024);
    if let Some(out) = group.child.stdout.take() {
        forward(out, true, sender.clone());
    }
    if let Some(error) = group.child.stderr.take() {
        forward(error, false, sender);
    }
    let started = Instant::now();
    let mut tail = VecDeque::new();
    let mut ended: Option<(ExitStatus, Instant)> = None;
    loop {
        match lines.recv_timeout(Duration::from_millis(200)) {
            Ok((from_stdout, line)) => {
                if let Some((done, all, names)) = cargo_units(&line) {
                    bar.note(&format!("{done} of {all}  {names}"));
                } else if !from_stdout || each(&line) == Line::Keep {
                    bar.note(line.trim());
                    if let Ok(file) = &mut file {
                        let _ = writeln!(file, "{line}");
                    }
                    if tail.len() == TAIL {
                        tail.pop_front();
                    }
                    tail.push_back(line);
                }
            }
            Err(RecvTimeoutError::Timeout) => bar.tick(),
            Err(RecvTimeoutError::Disconnected) if ended.is_none() => {
                thread::sleep(Duration::from_millis(20))
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
        ended = ended.or_else(|| group.ended().map(|status| (status, Instant::now())));
        if ended.is_some_and(|(_, at)| at.elapsed() > DRAIN) {
            break;
        }
        if stopping() {
            group.stop();
            bail!(Interrupted);
        }
        if started.elapsed() > limit {
            group.stop();
            let how = format!(
                "took longer than {} and was stopped",
                crate::progress::took(limit)
            );
            return Ok(Ended {
                good: false,
                how,
                tail,
            });
        }
    }
    let how = ended.map_or_else(|| "ended".to_owned(), |(status, _)| how(status));
    Ok(Ended {
        good: ended.is_some_and(|(status, _)| status.success()),
        how,
        tail,
    })
}

fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with {code}"),
        (_, Some(signal)) => format!("was killed by signal {signal}"),
        _ => "ended".to_owned(),
    }
}

/// Sends a stream's lines; a carriage return ends one, too, so that progress is seen while it runs.
fn forward(stream: impl Read + Send + 'static, stdout: bool, sender: SyncSender<(bool, String)>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        loop {
            let Ok(bytes) = reader.fill_buf() else { return };
            if bytes.is_empty() {
                break;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            line.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
            let used = end.map_or(bytes.len(), |at| at + 1);
            reader.consume(used);
            if end.is_some() && !line.is_empty() {
                if sender
                    .send((stdout, String::from_utf8_lossy(&line).into_owned()))
                    .is_err()
                {
                    return;
                }
                line.clear();
            }
        }
        if !line.is_empty() {
            let _ = sender.send((stdout, String::from_utf8_lossy(&line).into_owned()));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Board;

    fn shell(script: &str, limit: Duration) -> (Ended, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let mut seen = Vec::new();
        let mut bar = Board::new().bar("test");
        let ended = run(
            command("sh").args(["-c", script]),
            &folder.path().join("log"),
            limit,
            &mut bar,
            &mut |line| {
                seen.push(line.to_owned());
                Line::Keep
            },
        );
        (ended.unwrap(), seen)
    }

    #[test]
    fn lines_of_both_streams_are_kept_and_the_code_is_told() {
        let (ended, seen) = shell(
            "echo one; printf 'two\\rthree' ; echo bad >&2; exit 3",
            Duration::from_secs(20),
        );
        assert!(!ended.good);
        assert_eq!(ended.how, "ended with 3");
        assert_eq!(seen, ["one", "two", "three"]);
        assert!(ended.tail.contains(&"bad".to_owned()));
    }

    #[test]
    fn a_program_over_its_limit_is_stopped() {
        let (ended, _) = shell("exec sleep 60", Duration::from_millis(300));
        assert!(!ended.good);
        assert!(ended.how.contains("longer"), "{}", ended.how);
    }

    #[test]
    fn what_a_program_left_behind_is_taken_down() {
        let (ended, seen) = shell("sleep 60 & echo $!", Duration::from_secs(30));
        assert!(ended.good);
        let left = Pid::from_raw(seen[0].parse().unwrap()).unwrap();
        let asked = Instant::now();
        while rustix::process::test_kill_process(left).is_ok() && !zombie(&seen[0]) {
            assert!(asked.elapsed() < Duration::from_secs(10), "the child still lives");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Without a reaper in the container a killed orphan stays listed.
    fn zombie(id: &str) -> bool {
        fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| stat.contains(") Z "))
    }
}
