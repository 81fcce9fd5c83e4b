//! How much of the processor strangers may use.
//!
//! A [`Budget`] gives each source so much computing time a second, and so much to all sources together. Work is done
//! first and charged by what it took ([`Meter`]); a source that is in debt waits until it has earned it back, and so
//! does everybody when all together are. Nothing is lost by waiting: the caller reads no further meanwhile, so that the
//! source's own connection holds its bytes back.
//!
//! **What is charged** is the time that the thread computed (`CLOCK_THREAD_CPUTIME_ID`), not an estimate: it is what
//! consensus would lose, whatever a request turns out to cost, and being pushed aside by other threads costs nobody
//! anything. A table of estimates would have to be right for each kind of request on each machine, and whatever was
//! priced too low would be the way in. Nothing depends on two nodes charging alike. Where the system doesn't tell (other
//! than on Unix), elapsed time is charged. What other threads do for a source is charged by estimate, at
//! [`TRANSPORT_PER_BYTE`] and so on.
//!
//! **Fairness.** A source may run while the common level lies above a mark that rises with what the source used lately:
//! those who use most stop first, so that sixteen greedy ones share what there is, and a modest one is served at once.
//!
//! **Bounds.** [`MAX_SOURCES`] are remembered; one that has used nothing for a while is forgotten, and when none can be,
//! newcomers share one place. A debt is never more than a burst, so that nobody is shut out for long.

mod meter;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub(crate) use meter::Meter;

/// Most sources whose use is remembered.
const MAX_SOURCES: usize = 4_096;
/// What a source used lately is what it used within about this time.
const LATELY: Duration = Duration::from_secs(4);
/// The mark of a source that uses all that it may, as a share of the common burst.
const HIGHEST_MARK: f64 = 0.75;
/// The shortest and the longest that anybody is told to wait before he asks again.
const WAIT: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(500));

/// Encrypting, framing and moving a byte, which other tasks do.
pub(crate) const TRANSPORT_PER_BYTE: Duration = Duration::from_nanos(4);
/// Opening a connection: the handshake, which other tasks do.
pub(crate) const HANDSHAKE: Duration = Duration::from_millis(1);
/// Reading one value with its proof from disk, which other threads do.
pub(crate) const PROOF_READ: Duration = Duration::from_micros(50);

/// Computing time for each second that passes, and how much of it may be saved up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// A second.
    pub rate: Duration,
    /// At most.
    pub burst: Duration,
}

impl Share {
    /// So many milliseconds a second, and so many in one burst.
    pub const fn ms(rate: u64, burst: u64) -> Self {
        Self {
            rate: Duration::from_millis(rate),
            burst: Duration::from_millis(burst),
        }
    }
}

/// What is left, in seconds of computing time; negative is a debt.
#[derive(Clone, Copy, Debug)]
struct Level {
    left: f64,
    last: Instant,
}

impl Level {
    fn full(share: Share, now: Instant) -> Self {
        Self {
            left: share.burst.as_secs_f64(),
            last: now,
        }
    }

    /// Earns what the time since has brought, which it gives back.
    fn earn(&mut self, share: Share, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.last).as_secs_f64();
        let earned = self.left + passed * share.rate.as_secs_f64();
        self.left = earned.min(share.burst.as_secs_f64());
        self.last = self.last.max(now);
        passed
    }

    fn pay(&mut self, share: Share, cost: f64) {
        self.left = (self.left - cost).max(-share.burst.as_secs_f64());
    }

    /// How long until more than `mark` is left.
    fn until(&self, share: Share, mark: f64) -> Option<f64> {
        (self.left <= mark).then(|| (mark - self.left) / share.rate.as_secs_f64())
    }
}

#[derive(Clone, Copy, Debug)]
struct Source {
    level: Level,
    /// What it used lately, in seconds.
    used: f64,
}

impl Source {
    fn new(each: Share, now: Instant) -> Self {
        Self {
            level: Level::full(each, now),
            used: 0.0,
        }
    }

    fn earn(&mut self, each: Share, now: Instant) {
        let passed = self.level.earn(each, now);
        self.used *= (-passed / LATELY.as_secs_f64()).exp();
    }

    fn is_forgettable(&mut self, each: Share, now: Instant) -> bool {
        self.earn(each, now);
        self.level.left >= each.burst.as_secs_f64() && self.used < 1e-4
    }
}

#[derive(Debug)]
struct State<K> {
    all: Level,
    sources: HashMap<K, Source>,
    /// The place of those for whom there is none.
    crowd: Source,
}

/// What tells the time, and what a thread has computed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clocks {
    pub(crate) now: fn() -> Instant,
    pub(crate) computed: fn() -> Duration,
}

impl Clocks {
    pub(crate) const SYSTEM: Self = Self {
        now: Instant::now,
        computed: meter::computed,
    };
}

/// Computing time by source.
#[derive(Debug)]
pub struct Budget<K> {
    each: Share,
    all: Share,
    clocks: Clocks,
    state: Mutex<State<K>>,
}

impl<K: Clone + Eq + Hash> Budget<K> {
    /// So much for each source, so much for all together.
    pub fn new(each: Share, all: Share) -> Self {
        Self::with_clocks(each, all, Clocks::SYSTEM)
    }

    pub(crate) fn with_clocks(each: Share, all: Share, clocks: Clocks) -> Self {
        let now = (clocks.now)();
        Self {
            each,
            all,
            clocks,
            state: Mutex::new(State {
                all: Level::full(all, now),
                sources: HashMap::new(),
                crowd: Source::new(each, now),
            }),
        }
    }

    /// What charges this source.
    pub(crate) fn meter(self: &Arc<Self>, source: K) -> Meter<K> {
        Meter::new(Arc::clone(self), source)
    }

    fn at<T>(&self, source: &K, act: impl FnOnce(&mut Level, &mut Source) -> T) -> T {
        let now = (self.clocks.now)();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { all, sources, crowd } = &mut *state;
        if sources.len() >= MAX_SOURCES && !sources.contains_key(source) {
            sources.retain(|_, source| !source.is_forgettable(self.each, now));
        }
        let source = if sources.len() < MAX_SOURCES || sources.contains_key(source) {
            let new = || Source::new(self.each, now);
            sources.entry(source.clone()).or_insert_with(new)
        } else {
            crowd
        };
        all.earn(self.all, now);
        source.earn(self.each, now);
        act(all, source)
    }

    /// What a source has used lately that always uses all that it may, in seconds.
    fn most(&self) -> f64 {
        self.each.rate.as_secs_f64() * LATELY.as_secs_f64()
    }

    /// `None` when work for this source may begin, else how long it had better wait before it asks again.
    pub(crate) fn wait(&self, source: &K) -> Option<Duration> {
        self.at(source, |all, source| {
            let own = source.level.until(self.each, 0.0);
            let mark = source.used / self.most() * HIGHEST_MARK * self.all.burst.as_secs_f64();
            let common = all.until(self.all, mark);
            let wait = own.into_iter().chain(common).reduce(f64::max)?;
            Some(Duration::from_secs_f64(wait).clamp(WAIT.0, WAIT.1))
        })
    }

    /// Work for this source took this long.
    pub(crate) fn charge(&self, source: &K, cost: Duration) {
        if cost.is_zero() {
            return;
        }
        let cost = cost.as_secs_f64();
        self.at(source, |all, source| {
            all.pay(self.all, cost);
            source.level.pay(self.each, cost);
            source.used = (source.used + cost).min(self.most());
        });
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static PASSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    }

    fn start() -> Instant {
        thread_local! {
            static START: Instant = Instant::now();
        }
        START.with(|start| *start)
    }

    const CLOCKS: Clocks = Clocks {
        now: || start() + PASSED.get(),
        computed: || Duration::ZERO,
    };

    fn pass(ms: u64) {
        PASSED.set(PASSED.get() + Duration::from_millis(ms));
    }

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn budget() -> Budget<u32> {
        Budget::with_clocks(Share::ms(50, 100), Share::ms(250, 250), CLOCKS)
    }

    /// What each of `sources` gets in `time` ms when it always wants more, in pieces of `piece` ms, in ms a second.
    fn share(budget: &Budget<u32>, sources: u32, time: u64, piece: u64) -> Vec<f64> {
        let mut got = vec![0; sources as usize];
        for _ in 0..time {
            pass(1);
            for source in 0..sources {
                if budget.wait(&source).is_none() {
                    budget.charge(&source, ms(piece));
                    got[source as usize] += piece;
                }
            }
        }
        got.iter()
            .map(|got| *got as f64 * 1_000.0 / time as f64)
            .collect()
    }

    #[test]
    fn one_source_has_its_burst_and_then_its_rate() {
        let budget = budget();
        assert_eq!(budget.wait(&1), None);
        budget.charge(&1, ms(99));
        assert_eq!(budget.wait(&1), None, "a millisecond is left");
        budget.charge(&1, ms(11));
        assert_eq!(budget.wait(&1), Some(ms(200)), "ten in debt, at fifty a second");
        pass(199);
        assert_eq!(budget.wait(&1), Some(WAIT.0), "almost paid back");
        pass(20);
        assert_eq!(budget.wait(&1), None);
        // A debt is no more than a burst.
        budget.charge(&1, Duration::from_secs(60));
        pass(1_999);
        assert_eq!(budget.wait(&1), Some(WAIT.0));
        pass(20);
        assert_eq!(budget.wait(&1), None);
    }

    #[test]
    fn a_greedy_source_gets_its_rate_and_no_more() {
        let got = share(&budget(), 1, 60_000, 1)[0];
        assert!((50.0..53.0).contains(&got), "{got} ms a second");
        // In large pieces, too.
        let got = share(&budget(), 1, 60_000, 30)[0];
        assert!((49.0..53.0).contains(&got), "{got} ms a second");
    }

    #[test]
    fn sixteen_greedy_sources_share_what_there_is_for_all() {
        let got = share(&budget(), 16, 60_000, 1);
        let all: f64 = got.iter().sum();
        assert!((245.0..256.0).contains(&all), "{all} ms a second");
        for one in got {
            assert!((12.0..20.0).contains(&one), "{one} ms a second");
        }
    }

    #[test]
    fn a_modest_source_is_served_at_once_among_greedy_ones() {
        let budget = budget();
        share(&budget, 16, 10_000, 1);
        for _ in 0..200 {
            assert_eq!(budget.wait(&7_777), None);
            budget.charge(&7_777, ms(1));
            share(&budget, 16, 250, 1);
        }
    }

    #[test]
    fn sources_are_forgotten_when_they_used_nothing_for_a_while() {
        let budget = budget();
        for source in 0..MAX_SOURCES as u32 {
            budget.charge(&source, Duration::from_micros(200));
        }
        // Nobody can be forgotten yet: newcomers share one place.
        budget.charge(&1_000_000, ms(110));
        assert!(budget.wait(&1_000_001).is_some());
        let count = || budget.state.lock().unwrap().sources.len();
        assert_eq!(count(), MAX_SOURCES);
        pass(60_000);
        assert_eq!(budget.wait(&1_000_000), None);
        assert_eq!(count(), 1);
    }
}
