//! One relay's dialing, as a state machine: told what happened and what time it is, it says what to do.
//!
//! The order of a dial: the first way in at once; the second after [`HEAD_START_MS`], or as soon as the first has
//! failed; the first whose *stream* opens wins, every other connection is closed. After a failure or a loss the next
//! dial waits [`BACK_OFF_MS`], doubled up to [`MAX_BACK_OFF_MS`]; a connection that stood for a while, and
//! [`Link::kick`], start over. A silent connection is asked after [`PROBE_AFTER_MS`] and given up [`ANSWER_MS`] later.
//!
//! A browser keeps what it made for a WebRTC dial that failed, and refuses to make more than some hundred. So after
//! [`EAGER`] dials in vain WebRTC is left out of most, as long as there is another way in.

use libp2p::multiaddr::Protocol;
use libp2p::swarm::ConnectionId;
use libp2p::{Multiaddr, PeerId};

use crate::protocol::Transport;

/// How long the first way in is alone.
const HEAD_START_MS: f64 = 1_000.0;
/// The first wait before dialing again.
const BACK_OFF_MS: f64 = 250.0;
/// The longest.
const MAX_BACK_OFF_MS: f64 = 2_000.0;
/// WebRTC dials in a row that may be in vain before it is tried more rarely.
const EAGER: u32 = 4;
/// From then on at the longest it is left out of so many dials.
const RARE: u32 = 64;
/// A connection that stood this long wasn't refused.
const STOOD_MS: f64 = 3_000.0;
/// The relay pings every two seconds: this long without a byte is suspicious.
const PROBE_AFTER_MS: f64 = 4_000.0;
/// A relay that is asked answers within this time.
const ANSWER_MS: f64 = 2_000.0;
/// After a wake-up the answer must come sooner, so that there is time to dial again.
const WAKE_ANSWER_MS: f64 = 1_200.0;

/// What the driver must do.
#[derive(Debug)]
pub(crate) enum Do {
    /// Dial; then tell [`Link::dialing`] the connection's id.
    Dial(Transport, Option<PeerId>, Multiaddr),
    /// Open the stream on a connection that stands.
    Open(PeerId, ConnectionId),
    /// Close a connection.
    Close(ConnectionId),
    /// Ask the relay for a sign of life.
    Probe,
    /// The open stream won: tell the page.
    Connected(Transport, f64),
    /// Tell the page that the relay isn't connected.
    Disconnected(String),
}

#[derive(Debug)]
struct Attempt {
    transport: Transport,
    connection: ConnectionId,
    established: bool,
}

#[derive(Debug)]
enum State {
    /// Nothing is under way until then.
    Waiting { until: f64 },
    /// Dialing; ways that failed are gone from `attempts`.
    Racing {
        started: f64,
        next_way: usize,
        next_at: f64,
        attempts: Vec<Attempt>,
        why: Vec<String>,
    },
    /// A stream stands.
    Open {
        connection: ConnectionId,
        since: f64,
        probed: Option<(f64, f64)>,
    },
    /// Closed for good.
    Retired,
}

/// A relay.
#[derive(Debug)]
pub(crate) struct Link {
    ways: Vec<(Transport, Option<PeerId>, Multiaddr)>,
    problem: Option<String>,
    state: State,
    back_off: f64,
    /// Dials since WebRTC last led to a stream.
    in_vain: u32,
}

fn way(text: &str) -> Option<(Transport, Option<PeerId>, Multiaddr)> {
    let address: Multiaddr = text.parse().ok()?;
    let transport = address.iter().find_map(|part| match part {
        Protocol::WebRTCDirect => Some(Transport::WebRtc),
        Protocol::Ws(_) | Protocol::Wss(_) => Some(Transport::WebSocket),
        _ => None,
    })?;
    let peer = address.iter().find_map(|part| match part {
        Protocol::P2p(peer) => Some(peer),
        _ => None,
    });
    Some((transport, peer, address))
}

impl Link {
    /// A relay with its addresses; WebRTC comes first whatever their order.
    pub(crate) fn new(addresses: &[String], only: Option<Transport>) -> Self {
        let mut ways: Vec<_> = addresses.iter().filter_map(|text| way(text)).collect();
        ways.retain(|(transport, ..)| only.is_none_or(|only| only == *transport));
        ways.sort_by_key(|(transport, ..)| *transport != Transport::WebRtc);
        ways.dedup_by_key(|(transport, ..)| *transport);
        let problem = ways
            .is_empty()
            .then(|| "None of this relay's addresses can be dialed from here.".to_owned());
        Self {
            ways,
            problem,
            state: State::Waiting { until: 0.0 },
            back_off: BACK_OFF_MS,
            in_vain: 0,
        }
    }

    /// The way that the next dial begins with.
    fn first_way(&mut self) -> usize {
        let n = self.in_vain;
        self.in_vain = n.saturating_add(1);
        let tries_all = n <= EAGER || n.is_power_of_two() || n.is_multiple_of(RARE);
        usize::from(!tries_all && self.ways.len() > 1)
    }

    /// When [`Link::tick`] has something to do next; `None` when only events can change anything.
    pub(crate) fn next_deadline(&self, heard: f64) -> Option<f64> {
        match &self.state {
            State::Waiting { until } => Some(*until),
            State::Racing {
                next_way, next_at, ..
            } => (*next_way < self.ways.len()).then_some(*next_at),
            State::Open { probed, .. } => {
                Some(probed.map_or(heard + PROBE_AFTER_MS, |(at, limit)| at + limit))
            }
            State::Retired => None,
        }
    }

    /// Time has passed. `heard` is when the last byte came from the relay.
    pub(crate) fn tick(&mut self, now: f64, heard: f64) -> Vec<Do> {
        match &mut self.state {
            State::Waiting { until } if now >= *until => {
                if let Some(problem) = self.problem.take() {
                    self.state = State::Retired;
                    return vec![Do::Disconnected(problem)];
                }
                self.state = State::Racing {
                    started: now,
                    next_way: self.first_way(),
                    next_at: now,
                    attempts: Vec::new(),
                    why: Vec::new(),
                };
                self.dial_next(now)
            }
            State::Racing {
                next_way, next_at, ..
            } if *next_way < self.ways.len() && now >= *next_at => self.dial_next(now),
            State::Open {
                probed, connection, ..
            } => match probed {
                Some((at, _)) if heard > *at => {
                    *probed = None;
                    Vec::new()
                }
                Some((at, limit)) if now >= *at + *limit => {
                    let connection = *connection;
                    self.lost(now, Some(connection), "The relay doesn't answer any more.".into())
                }
                None if now - heard >= PROBE_AFTER_MS => {
                    *probed = Some((now, ANSWER_MS));
                    vec![Do::Probe]
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn dial_next(&mut self, now: f64) -> Vec<Do> {
        let State::Racing {
            next_way, next_at, ..
        } = &mut self.state
        else {
            return Vec::new();
        };
        let Some((transport, peer, address)) = self.ways.get(*next_way).cloned() else {
            return Vec::new();
        };
        *next_way += 1;
        *next_at = now + HEAD_START_MS;
        vec![Do::Dial(transport, peer, address)]
    }

    /// A dial has begun.
    pub(crate) fn dialing(&mut self, transport: Transport, connection: ConnectionId) {
        if let State::Racing { attempts, .. } = &mut self.state {
            attempts.push(Attempt {
                transport,
                connection,
                established: false,
            });
        }
    }

    /// A connection stands: its stream is to be opened, if it isn't too late.
    pub(crate) fn established(&mut self, peer: PeerId, connection: ConnectionId) -> Vec<Do> {
        if let State::Racing { attempts, .. } = &mut self.state
            && let Some(attempt) = attempts.iter_mut().find(|a| a.connection == connection)
        {
            attempt.established = true;
            return vec![Do::Open(peer, connection)];
        }
        vec![Do::Close(connection)]
    }

    /// A stream stands: true when it is the winner's.
    pub(crate) fn opened(&mut self, now: f64, connection: ConnectionId) -> (bool, Vec<Do>) {
        let State::Racing {
            started, attempts, ..
        } = &mut self.state
        else {
            return (false, vec![Do::Close(connection)]);
        };
        let Some(winner) = attempts.iter().find(|a| a.connection == connection) else {
            return (false, vec![Do::Close(connection)]);
        };
        if winner.transport == Transport::WebRtc {
            self.in_vain = 0;
        }
        let mut todo = vec![Do::Connected(winner.transport, now - *started)];
        // Those still dialing are closed when they stand.
        let losers = attempts
            .iter()
            .filter(|a| a.established && a.connection != connection);
        todo.extend(losers.map(|a| Do::Close(a.connection)));
        self.state = State::Open {
            connection,
            since: now,
            probed: None,
        };
        (true, todo)
    }

    /// A dial or a stream's opening failed, or a connection closed.
    pub(crate) fn failed(&mut self, now: f64, connection: ConnectionId, reason: &str) -> Vec<Do> {
        match &mut self.state {
            State::Racing {
                attempts,
                why,
                next_way,
                ..
            } => {
                let Some(place) = attempts.iter().position(|a| a.connection == connection) else {
                    return Vec::new();
                };
                let attempt = attempts.remove(place);
                let name = match attempt.transport {
                    Transport::WebRtc => "WebRTC",
                    Transport::WebSocket => "WebSocket",
                };
                why.push(format!("{name}: {reason}"));
                let mut todo = Vec::new();
                if attempt.established {
                    todo.push(Do::Close(connection));
                }
                if *next_way < self.ways.len() {
                    todo.extend(self.dial_next(now));
                } else if attempts.is_empty() {
                    let reason = format!("The relay can't be reached ({}).", why.join("; "));
                    todo.extend(self.lost(now, None, reason));
                }
                todo
            }
            State::Open { connection: open, .. } if *open == connection => {
                self.lost(now, None, reason.to_owned())
            }
            _ => Vec::new(),
        }
    }

    /// Asked to close.
    pub(crate) fn close(&mut self, now: f64, reason: String, for_good: bool) -> Vec<Do> {
        let mut todo = match &self.state {
            State::Retired => return Vec::new(),
            State::Waiting { .. } => Vec::new(),
            State::Racing { attempts, .. } => {
                let standing = attempts.iter().filter(|a| a.established);
                standing.map(|a| Do::Close(a.connection)).collect()
            }
            State::Open { connection, .. } => {
                let connection = *connection;
                self.lost(now, Some(connection), reason)
            }
        };
        if for_good {
            self.state = State::Retired;
        } else if matches!(self.state, State::Racing { .. }) {
            todo.extend(self.lost(now, None, "The dial was given up.".into()));
        }
        todo
    }

    fn lost(&mut self, now: f64, close: Option<ConnectionId>, reason: String) -> Vec<Do> {
        if let State::Open { since, .. } = self.state
            && now - since >= STOOD_MS
        {
            self.back_off = BACK_OFF_MS;
        }
        self.state = State::Waiting {
            until: now + self.back_off,
        };
        self.back_off = (self.back_off * 2.0).min(MAX_BACK_OFF_MS);
        let mut todo: Vec<_> = close.map(Do::Close).into_iter().collect();
        todo.push(Do::Disconnected(reason));
        todo
    }

    /// The network may be back.
    pub(crate) fn kick(&mut self, now: f64) -> Vec<Do> {
        match &mut self.state {
            State::Waiting { until } => {
                *until = now;
                self.back_off = BACK_OFF_MS;
                self.in_vain = 0;
                Vec::new()
            }
            State::Open { probed, .. } if probed.is_none() => {
                *probed = Some((now, WAKE_ANSWER_MS));
                vec![Do::Probe]
            }
            _ => Vec::new(),
        }
    }

    /// The page is going away: closes without dialing again until kicked.
    pub(crate) fn leave(&mut self, now: f64) -> Vec<Do> {
        let todo = self.close(now, "The page was left.".into(), false);
        if let State::Waiting { until } = &mut self.state {
            *until = f64::INFINITY;
        }
        todo
    }

    /// The open connection, if there is one.
    #[cfg(test)]
    fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    const PEER: &str = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";

    fn addresses() -> Vec<String> {
        let hash = "uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8g";
        vec![
            format!("/ip4/127.0.0.1/tcp/9001/ws/p2p/{PEER}"),
            format!("/ip4/127.0.0.1/udp/9000/webrtc-direct/certhash/{hash}/p2p/{PEER}"),
        ]
    }

    fn id(n: usize) -> ConnectionId {
        ConnectionId::new_unchecked(n)
    }

    fn dialed(todo: &[Do]) -> Vec<Transport> {
        let dials = todo.iter().filter_map(|d| match d {
            Do::Dial(transport, ..) => Some(*transport),
            _ => None,
        });
        dials.collect()
    }

    #[wasm_bindgen_test]
    fn webrtc_goes_first_and_websocket_joins_a_second_later() {
        let mut link = Link::new(&addresses(), None);
        assert_eq!(dialed(&link.tick(10.0, 0.0)), [Transport::WebRtc]);
        link.dialing(Transport::WebRtc, id(1));
        assert!(link.tick(900.0, 0.0).is_empty());
        assert_eq!(dialed(&link.tick(1_010.0, 0.0)), [Transport::WebSocket]);
        link.dialing(Transport::WebSocket, id(2));
        let peer: PeerId = PEER.parse().unwrap();
        assert!(matches!(link.established(peer, id(2))[..], [Do::Open(..)]));
        assert!(matches!(link.established(peer, id(1))[..], [Do::Open(..)]));
        let (won, todo) = link.opened(1_100.0, id(2));
        assert!(
            won && matches!(todo[..], [Do::Connected(Transport::WebSocket, _), Do::Close(_)]),
            "{todo:?}"
        );
        assert!(matches!(link.opened(1_101.0, id(1)), (false, _)));
        assert!(link.is_open());
    }

    #[wasm_bindgen_test]
    fn a_failed_first_way_brings_the_second_at_once_and_both_failing_waits_longer_each_time() {
        let mut link = Link::new(&addresses(), None);
        let (mut now, mut n) = (0.0, 0);
        for wait in [250.0, 500.0, 1_000.0, 2_000.0, 2_000.0] {
            assert_eq!(dialed(&link.tick(now, 0.0)), [Transport::WebRtc]);
            link.dialing(Transport::WebRtc, id(n));
            assert_eq!(dialed(&link.failed(now, id(n), "no")), [Transport::WebSocket]);
            link.dialing(Transport::WebSocket, id(n + 1));
            let todo = link.failed(now, id(n + 1), "neither");
            assert!(
                matches!(&todo[..], [Do::Disconnected(why)] if why.contains("WebRTC: no; WebSocket: neither"))
            );
            assert!(link.tick(now + wait - 1.0, 0.0).is_empty());
            now += wait;
            n += 2;
        }
        // From now on WebRTC is left out of most dials.
        let mut first = Vec::new();
        for _ in 0..8 {
            first.extend(dialed(&link.tick(now, 0.0)));
            link.dialing(*first.last().unwrap(), id(n));
            let rest = dialed(&link.failed(now, id(n), "no"));
            if let [transport] = rest[..] {
                link.dialing(transport, id(n + 1));
                link.failed(now, id(n + 1), "no");
            }
            now += 2_000.0;
            n += 2;
        }
        assert_eq!(
            first.iter().filter(|t| **t == Transport::WebRtc).count(),
            1,
            "{first:?}"
        );
        now -= 1_000.0;
        link.kick(now);
        assert_eq!(
            dialed(&link.tick(now, 0.0)),
            [Transport::WebRtc],
            "a kick dials at once"
        );
    }

    #[wasm_bindgen_test]
    fn a_silent_relay_is_asked_and_then_given_up() {
        let mut link = Link::new(&addresses(), Some(Transport::WebSocket));
        assert_eq!(dialed(&link.tick(0.0, 0.0)), [Transport::WebSocket]);
        link.dialing(Transport::WebSocket, id(1));
        link.established(PEER.parse().unwrap(), id(1));
        assert!(link.opened(100.0, id(1)).0);
        assert!(link.tick(4_000.0, 100.0).is_empty());
        assert!(matches!(link.tick(4_100.0, 100.0)[..], [Do::Probe]));
        assert!(link.tick(4_200.0, 4_150.0).is_empty(), "it answered");
        assert!(matches!(link.tick(8_150.0, 4_150.0)[..], [Do::Probe]));
        let todo = link.tick(10_150.0, 4_150.0);
        assert!(
            matches!(todo[..], [Do::Close(_), Do::Disconnected(_)]),
            "{todo:?}"
        );
        assert_eq!(dialed(&link.tick(10_400.0, 0.0)), [Transport::WebSocket]);
    }

    #[wasm_bindgen_test]
    fn closed_for_good_stays_closed() {
        let mut link = Link::new(&addresses(), None);
        link.tick(0.0, 0.0);
        link.dialing(Transport::WebRtc, id(1));
        link.established(PEER.parse().unwrap(), id(1));
        link.opened(100.0, id(1));
        let todo = link.close(200.0, "it lied".into(), true);
        assert!(matches!(todo[..], [Do::Close(_), Do::Disconnected(_)]));
        link.kick(300.0);
        assert!(link.tick(10_000.0, 0.0).is_empty());
        assert_eq!(link.next_deadline(0.0), None);
    }

    #[wasm_bindgen_test]
    fn a_relay_without_a_usable_address_says_so_once() {
        let mut link = Link::new(&["/ip4/127.0.0.1/tcp/1".to_owned()], None);
        assert!(matches!(link.tick(0.0, 0.0)[..], [Do::Disconnected(_)]));
        assert!(link.tick(1_000.0, 0.0).is_empty());
    }
}
