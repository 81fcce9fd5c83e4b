//! How much SCTP may hold for sending and until acknowledgement.
//!
//! Too little, and a distant peer is served slowly: a round trip carries what is in flight. Too much, and streams wait behind each
//! other, memory is spent, and, since the engine looks through all that is in flight for each packet, so is time. So the bound follows
//! what the path needs: twice its rate times its shortest round trip, between [`MIN`] and [`Limits::max_in_flight`].
//!
//! [`Limits::max_in_flight`]: super::config::Limits::max_in_flight

use std::time::{Duration, Instant};

/// The least bound.
pub(crate) const MIN: usize = 64 * 1024;

/// Follows one session.
#[derive(Debug)]
pub(crate) struct Flight {
    max: usize,
    allowed: usize,
    /// Bytes given to SCTP so far.
    written: u64,
    shortest: Option<Duration>,
    /// When so many bytes had been given and so many acknowledged.
    sample: Option<(Instant, u64, u64)>,
}

impl Flight {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            max: max.max(MIN),
            allowed: MIN,
            written: 0,
            shortest: None,
            sample: None,
        }
    }

    /// Whether more may be given to SCTP, which holds `held` bytes.
    pub(crate) fn may_write(&mut self, held: usize, now: Instant) -> bool {
        let acknowledged = self.written.saturating_sub(held as u64);
        if let Some((at, written, then)) = self.sample
            && acknowledged >= written
        {
            let trip = now.saturating_duration_since(at);
            let shortest = self.shortest.map_or(trip, |shortest| shortest.min(trip));
            self.shortest = Some(shortest);
            let rate = (acknowledged - then) as f64 / trip.as_secs_f64().max(1e-6);
            let needed = 2.0 * rate * shortest.as_secs_f64();
            self.allowed = (needed as usize).clamp(MIN, self.max);
            self.sample = None;
        }
        held < self.allowed
    }

    /// So many bytes were given, after which SCTP holds more by as much than `held`.
    pub(crate) fn wrote(&mut self, n: usize, held: usize, now: Instant) {
        let acknowledged = self.written.saturating_sub(held as u64);
        self.written += n as u64;
        self.sample.get_or_insert((now, self.written, acknowledged));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// A path with a rate in bytes per second and a round trip; how much is allowed in the end.
    fn settle(rate: f64, trip: Duration) -> usize {
        let (mut flight, mut now) = (Flight::new(1024 * 1024), Instant::now());
        let mut on_the_way: VecDeque<(Instant, usize)> = VecDeque::new();
        let mut free = now;
        for _ in 0..200_000 {
            let held: usize = on_the_way.iter().map(|(_, n)| n).sum();
            if flight.may_write(held, now) {
                let n = 16_000;
                flight.wrote(n, held, now);
                free = free.max(now) + Duration::from_secs_f64(n as f64 / rate);
                on_the_way.push_back((free + trip, n));
            } else {
                now = on_the_way.front().map_or(now, |(at, _)| now.max(*at));
            }
            while on_the_way.front().is_some_and(|(at, _)| *at <= now) {
                on_the_way.pop_front();
            }
        }
        flight.allowed
    }

    #[test]
    fn a_near_peer_gets_the_least() {
        assert_eq!(settle(50e6, Duration::from_micros(200)), MIN);
    }

    #[test]
    fn a_distant_peer_gets_what_its_path_holds() {
        let allowed = settle(2e6, Duration::from_millis(200));
        assert!(allowed > 600_000, "{allowed}");
        assert!(settle(100e6, Duration::from_millis(200)) <= 1024 * 1024);
    }
}
