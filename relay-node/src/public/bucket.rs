//! A token bucket: how rates are limited everywhere in the public plane and in HTTP.

use std::time::Instant;

/// Lets `burst` through at once and `rate` per second after that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    rate: f64,
    burst: f64,
    level: f64,
    last: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new((rate, burst): (f64, f64), now: Instant) -> Self {
        Self {
            rate,
            burst,
            level: burst,
            last: now,
        }
    }

    /// Takes one token, if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        if self.level < 1.0 {
            return false;
        }
        self.level -= 1.0;
        true
    }

    /// True when nothing has been taken for so long that it is as good as new.
    pub(crate) fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.level >= self.burst
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.last).as_secs_f64();
        self.level = (self.level + passed * self.rate).min(self.burst);
        self.last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_passes_and_then_only_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new((2.0, 3.0), start);
        assert!((0..3).all(|_| bucket.take(start)));
        assert!(!bucket.take(start));
        assert!(!bucket.take(start + Duration::from_millis(400)));
        assert!(bucket.take(start + Duration::from_millis(600)));
        assert!(!bucket.is_full(start + Duration::from_millis(700)));
        assert!(bucket.is_full(start + Duration::from_secs(10)));
        assert_eq!(
            (0..10)
                .filter(|_| bucket.take(start + Duration::from_secs(60)))
                .count(),
            3
        );
    }
}
