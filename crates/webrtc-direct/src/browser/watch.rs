//! Decides, from what the browser counts, when a silent node is gone.
//!
//! A browser asks the node by a STUN check at least every few seconds, and more often when the last wasn't answered;
//! but it calls a connection "disconnected" only after five to ten seconds, and some never do. The counts of its
//! checks and of all that came are to be had, so this doesn't wait for the browser's own opinion:
//!
//! - a node is gone once nothing has come for [`SILENCE`] *and* at least [`UNANSWERED`] checks were sent since;
//! - time that the page slept through doesn't count: a step counts as [`LONGEST_STEP`] at most, and the checks weren't
//!   sent either;
//! - counts are read every [`CALM`] while something comes, every [`ALERT`] when nothing does.
//!
//! Chromium checks every 2.5 s and, once an answer is missing, twice a second: five checks fit. With one packet of twenty
//! lost in each direction, a connection that is idle for an hour is taken for dead with a probability of about one in
//! a hundred; traffic of any kind makes it smaller.

use std::rc::Weak;
use std::time::Duration;

use gloo_timers::future::TimeoutFuture;
use web_sys::RtcIceConnectionState;

use super::clock::{millis, now};
use super::session::{End, Session};
use crate::error::Closed;

/// How long nothing has to come.
pub(super) const SILENCE: Duration = Duration::from_millis(5_000);
/// How many checks must have gone unanswered.
pub(super) const UNANSWERED: u64 = 5;
/// How often counts are read while all is well.
pub(super) const CALM: Duration = Duration::from_millis(1_000);
/// How often they are read once nothing comes.
pub(super) const ALERT: Duration = Duration::from_millis(300);
/// The longest time between two readings that is believed to have been spent waiting.
const LONGEST_STEP: Duration = Duration::from_millis(1_500);

/// What the browser has counted since the connection began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Anything that came: answers, checks and packets.
    pub(super) heard: u64,
    /// Checks that were sent.
    pub(super) asked: u64,
}

/// The watch over one connection.
#[derive(Debug, Default)]
pub(super) struct Watch {
    at_last_sound: Counts,
    silent: Duration,
}

impl Watch {
    /// Takes a reading, so much later than the last; yields how long the node has been silent if it is gone.
    pub(super) fn read(&mut self, counts: Counts, later: Duration) -> Option<Duration> {
        if counts.heard != self.at_last_sound.heard {
            self.at_last_sound = counts;
            self.silent = Duration::ZERO;
            return None;
        }
        self.silent += later.min(LONGEST_STEP);
        let unanswered = counts.asked.saturating_sub(self.at_last_sound.asked);
        (self.silent >= SILENCE && unanswered >= UNANSWERED).then_some(self.silent)
    }

    /// When to read again.
    pub(super) fn pause(&self) -> Duration {
        if self.silent >= 2 * CALM { ALERT } else { CALM }
    }
}

/// Ends the session when the node is gone without a word; runs until the session is over.
pub(super) async fn watch(session: Weak<Session>) {
    let mut watch = Watch::default();
    let mut last = now();
    loop {
        TimeoutFuture::new(millis(watch.pause())).await;
        let Some(session) = session.upgrade().filter(|session| !session.is_over()) else {
            return;
        };
        let counts = session.peer().counts().await;
        let time = now();
        let later = time.saturating_sub(last);
        last = time;
        session.sweep(later);
        let end = match counts {
            Some(counts) => watch.read(counts, later).map(Closed::Silence),
            // A browser that doesn't count has to judge by itself.
            None => (session.peer().rtc().ice_connection_state() == RtcIceConnectionState::Disconnected)
                .then(|| Closed::Broken("the browser says that the node doesn't answer".into())),
        };
        if let Some(end) = end {
            session.end(End::Closed(end));
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    const SECOND: Duration = Duration::from_secs(1);

    fn counts(heard: u64, asked: u64) -> Counts {
        Counts { heard, asked }
    }

    #[wasm_bindgen_test]
    fn a_node_that_answers_lives() {
        let mut watch = Watch::default();
        for n in 1..100 {
            assert_eq!(watch.read(counts(n / 3, n / 3), SECOND), None);
        }
        assert_eq!(watch.pause(), CALM);
    }

    #[wasm_bindgen_test]
    fn a_node_is_gone_after_silence_and_enough_checks() {
        let mut watch = Watch::default();
        assert_eq!(watch.read(counts(7, 7), SECOND), None);
        for n in 1..=4 {
            assert_eq!(watch.read(counts(7, 7 + n), SECOND), None, "after {n} s");
        }
        assert_eq!(watch.pause(), ALERT);
        assert_eq!(watch.read(counts(7, 12), SECOND), Some(5 * SECOND));
    }

    #[wasm_bindgen_test]
    fn a_page_that_slept_gives_the_node_time_to_answer() {
        let mut watch = Watch::default();
        assert_eq!(watch.read(counts(7, 7), SECOND), None);
        assert_eq!(watch.read(counts(7, 8), 3_600 * SECOND), None);
        assert_eq!(watch.read(counts(8, 9), SECOND), None);
        // A browser that asks nobody can't expect an answer.
        for _ in 0..100 {
            assert_eq!(watch.read(counts(8, 10), SECOND), None);
        }
    }
}
