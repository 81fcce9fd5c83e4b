//! How far a long run is, on a terminal's standard error.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// A line that is rewritten now and then, and gone in the end.
pub(super) struct Progress {
    what: String,
    total: u64,
    done: u64,
    shown: bool,
    /// None when nobody looks.
    next: Option<Instant>,
}

/// Short runs show nothing.
const PACE: Duration = Duration::from_millis(300);

impl Progress {
    pub(super) fn new(what: impl Into<String>, total: u64) -> Self {
        let next = io::stderr().is_terminal().then(|| Instant::now() + PACE);
        Self {
            what: what.into(),
            total,
            done: 0,
            shown: false,
            next,
        }
    }

    /// One more of `total`.
    pub(super) fn step(&mut self) {
        self.done += 1;
        // A clock isn't read for every short round.
        let Some(next) = self.next.filter(|_| self.done.is_multiple_of(16)) else {
            return;
        };
        let now = Instant::now();
        if now >= next {
            self.next = Some(now + PACE);
            self.shown = true;
            let percent = self.done.saturating_mul(100) / self.total.max(1);
            self.say(&format!(
                "\r{}: {} of {} ({percent} %)\u{1b}[K",
                self.what, self.done, self.total
            ));
        }
    }

    fn say(&self, text: &str) {
        let mut err = io::stderr();
        // Nothing depends on whether it can be seen.
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            self.say("\r\u{1b}[K");
        }
    }
}
