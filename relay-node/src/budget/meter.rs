//! Measures what a future computes and charges it to its source.

use std::cell::Cell;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::Sleep;

use super::Budget;

/// What this thread has computed since it began.
#[cfg(unix)]
pub(super) fn computed() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), nanoseconds)
}

/// Where the system doesn't tell what a thread has computed, the time that has passed.
#[cfg(not(unix))]
pub(super) fn computed() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

thread_local! {
    /// What was charged on this thread within the work that is being measured.
    static CHARGED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Charges one source; cheap to clone.
#[derive(Debug)]
pub(crate) struct Meter<K> {
    budget: Arc<Budget<K>>,
    source: K,
}

impl<K: Clone> Clone for Meter<K> {
    fn clone(&self) -> Self {
        Self {
            budget: Arc::clone(&self.budget),
            source: self.source.clone(),
        }
    }
}

impl<K: Clone + Eq + Hash> Meter<K> {
    pub(super) fn new(budget: Arc<Budget<K>>, source: K) -> Self {
        Self { budget, source }
    }

    /// `None` when work may begin, else how long it had better wait before it asks again.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.budget.wait(&self.source)
    }

    /// Charges what others compute for this source, by estimate.
    pub(crate) fn charge(&self, cost: Duration) {
        self.budget.charge(&self.source, cost);
    }

    /// Runs `work` and charges what it computed, but for what was charged within.
    pub(crate) fn measure<T>(&self, work: impl FnOnce() -> T) -> T {
        let computed = self.budget.clocks.computed;
        let outside = CHARGED.replace(Duration::ZERO);
        let before = computed();
        let done = work();
        let spent = computed().saturating_sub(before);
        self.charge(spent.saturating_sub(CHARGED.get()));
        CHARGED.set(outside + spent);
        done
    }

    /// Charges what the future computes, without making it wait.
    pub(crate) fn measured<'a, T>(&self, work: impl Future<Output = T> + Send + 'a) -> Measured<'a, K, T> {
        Measured {
            meter: self.clone(),
            work: Box::pin(work),
        }
    }

    /// Charges what the future computes, and lets it begin only when the source may. What has begun isn't held up: it may
    /// hold what others wait for.
    pub(crate) fn paid<'a, T>(&self, work: impl Future<Output = T> + Send + 'a) -> Paid<'a, K, T> {
        Paid {
            work: self.measured(work),
            begun: false,
            wait: None,
        }
    }
}

/// A future that is charged for.
pub(crate) struct Measured<'a, K, T> {
    meter: Meter<K>,
    work: BoxFuture<'a, T>,
}

impl<K: Clone + Eq + Hash + Unpin, T> Future for Measured<'_, K, T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let this = self.get_mut();
        this.meter.measure(|| this.work.as_mut().poll(cx))
    }
}

/// A future that is charged for, and begins when its source is out of debt.
pub(crate) struct Paid<'a, K, T> {
    work: Measured<'a, K, T>,
    begun: bool,
    wait: Option<Pin<Box<Sleep>>>,
}

impl<K: Clone + Eq + Hash + Unpin, T> Future for Paid<'_, K, T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let this = self.get_mut();
        while !this.begun {
            if let Some(wait) = &mut this.wait {
                if wait.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                this.wait = None;
            }
            match this.work.meter.wait() {
                None => this.begun = true,
                Some(time) => this.wait = Some(Box::pin(tokio::time::sleep(time))),
            }
        }
        Pin::new(&mut this.work).poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Instant;

    use futures::task::noop_waker;

    use super::super::{Clocks, Share};
    use super::*;

    thread_local! {
        static COMPUTED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
        static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
        static START: Instant = Instant::now();
    }

    const CLOCKS: Clocks = Clocks {
        now: || START.with(|start| *start) + NOW.get(),
        computed: || COMPUTED.get(),
    };

    fn compute(ms: u64) {
        COMPUTED.set(COMPUTED.get() + Duration::from_millis(ms));
    }

    fn budget() -> Arc<Budget<u8>> {
        let share = Share::ms(50, 100);
        Arc::new(Budget::with_clocks(share, Share::ms(250, 10_000), CLOCKS))
    }

    /// What is left to a source, in ms: how much can be charged until it must wait.
    fn left(budget: &Arc<Budget<u8>>, source: u8) -> u64 {
        let meter = budget.meter(source);
        (0..)
            .find(|_| {
                let waits = meter.wait().is_some();
                if !waits {
                    meter.charge(Duration::from_millis(1));
                }
                waits
            })
            .expect("at some point it waits")
    }

    #[test]
    fn what_is_computed_is_charged_once_to_whom_it_was_for() {
        let budget = budget();
        let (outer, inner) = (budget.meter(1), budget.meter(2));
        outer.measure(|| {
            compute(10);
            inner.measure(|| compute(30));
            compute(5);
            inner.measure(|| compute(7));
        });
        // What nobody asked for is nobody's.
        compute(1_000);
        assert_eq!(left(&budget, 1), 100 - 15);
        assert_eq!(left(&budget, 2), 100 - 37);
    }

    #[tokio::test]
    async fn work_begins_when_its_source_is_out_of_debt() {
        let budget = budget();
        let meter = budget.meter(1);
        let job = || {
            let mut polls = 0;
            poll_fn(move |cx| {
                polls += 1;
                compute(60);
                cx.waker().wake_by_ref();
                if polls == 2 {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
        };
        meter.paid(job()).await;
        assert_eq!(
            COMPUTED.get(),
            Duration::from_millis(120),
            "what has begun is done: 20 ms in debt"
        );
        let mut next = Box::pin(meter.paid(job()));
        let waker = noop_waker();
        let mut cx = Context::from_waker(&waker);
        for _ in 0..10 {
            assert!(next.as_mut().poll(&mut cx).is_pending());
        }
        assert_eq!(COMPUTED.get(), Duration::from_millis(120), "it hasn't begun");
        NOW.set(Duration::from_secs(1));
        next.await;
        assert_eq!(COMPUTED.get(), Duration::from_millis(240));
    }
}
