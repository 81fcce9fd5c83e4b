//! What a person sees while something long runs: on a terminal one live line per task, with the time it has taken; in a
//! log a line every so often. Only what is worth keeping stays on the screen.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// In a log, how long a task may be silent.
const SILENCE: Duration = Duration::from_secs(30);

/// The place that tasks report to.
#[derive(Debug)]
pub(crate) struct Board {
    live: Option<MultiProgress>,
}

/// One task's line.
#[derive(Debug)]
pub(crate) struct Bar {
    name: String,
    started: Instant,
    said: Instant,
    at: String,
    live: Option<ProgressBar>,
    board: Option<MultiProgress>,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self {
            live: std::io::stderr().is_terminal().then(MultiProgress::new),
        }
    }

    /// Starts a task's line.
    pub(crate) fn bar(&self, name: &str) -> Bar {
        let now = Instant::now();
        let live = self.live.as_ref().map(|board| {
            let bar = board.add(ProgressBar::new_spinner());
            let style = "{spinner:.green} {prefix:18} {elapsed:>4} {wide_msg:.dim}";
            bar.set_style(
                ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            bar.set_prefix(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        if live.is_none() {
            eprintln!("  {name} …");
        }
        Bar {
            name: name.to_owned(),
            started: now,
            said: now,
            at: String::new(),
            live,
            board: self.live.clone(),
        }
    }

    /// Says something that stays.
    pub(crate) fn say(&self, text: &str) {
        say(self.live.as_ref(), text);
    }
}

impl Bar {
    /// Shows what the task is at.
    pub(crate) fn note(&mut self, text: &str) {
        match &self.live {
            Some(bar) => bar.set_message(text.to_owned()),
            None => text.clone_into(&mut self.at),
        }
        self.tick();
    }

    /// In a log, says now and then that the task still runs.
    pub(crate) fn tick(&mut self) {
        if self.live.is_none() && self.said.elapsed() >= SILENCE {
            self.said = Instant::now();
            eprintln!("  {} … {}  {}", self.name, took(self.started.elapsed()), self.at);
        }
    }

    /// How long it has run.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Ends the line with a word on how it went.
    pub(crate) fn done(self, good: bool, text: &str) {
        if let Some(bar) = &self.live {
            bar.finish_and_clear();
        }
        let mark = if good {
            console::style("✓").green()
        } else {
            console::style("✗").red()
        }
        .for_stderr();
        let text = if text.is_empty() {
            String::new()
        } else {
            format!("  {text}")
        };
        say(
            self.board.as_ref(),
            &format!(
                "{mark} {:18} {:>9}{text}",
                self.name,
                took(self.started.elapsed())
            ),
        );
    }
}

fn say(board: Option<&MultiProgress>, text: &str) {
    // A terminal that went away is no reason to fail.
    let shown = board.is_some_and(|board| board.println(text).is_ok());
    if !shown {
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

/// Writes a result to standard output.
pub(crate) fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A duration as people say it.
pub(crate) fn took(time: Duration) -> String {
    match time.as_secs() {
        0..=9 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ 10..=59 => format!("{seconds} s"),
        seconds @ 60..=3599 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// What cargo's own progress line says, if `line` is one: units done, units in all, what is being built.
pub(crate) fn cargo_units(line: &str) -> Option<(u64, u64, &str)> {
    let (_, rest) = line.trim_start().strip_prefix("Building [")?.split_once("] ")?;
    let (count, names) = rest.split_once(':').unwrap_or((rest, ""));
    let (done, all) = count.split_once('/')?;
    Some((done.trim().parse().ok()?, all.trim().parse().ok()?, names.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_progress_line_is_understood() {
        let line = "    Building [=====>        ] 12/480: libp2p-core, ring(build.rs)...";
        assert_eq!(
            cargo_units(line),
            Some((12, 480, "libp2p-core, ring(build.rs)..."))
        );
        assert_eq!(cargo_units("   Compiling serde v1.0.0"), None);
        assert_eq!(cargo_units("    Building [==] x/3: a"), None);
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(took(Duration::from_millis(1500)), "1.5 s");
        assert_eq!(took(Duration::from_secs(75)), "1 min 15 s");
        assert_eq!(took(Duration::from_secs(7260)), "2 h 01 min");
    }
}
