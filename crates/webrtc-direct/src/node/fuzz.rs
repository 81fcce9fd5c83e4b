//! The node's part of [`crate::fuzz`].

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use super::certificate::Certificate;
use super::config::Limits;
use super::demux::{Route, SessionId, Table};
use super::engine::{Engine, Happened, Packet};
use super::setup::{Setup, longest_datagram};
use super::stun;
use crate::ice::{Credentials, Version};
use crate::noise::Role;
use crate::stream::{Peer, Ready, Stream};

static NAMES: LazyLock<Vec<Credentials>> = LazyLock::new(|| {
    (b'a'..b'i')
        .map(|letter| {
            let pwd = char::from(letter).to_string().repeat(24);
            if letter % 2 == 0 {
                Credentials::v2("abcd", &pwd)
            } else {
                let name = format!("{}{pwd}", Version::V1.prefix());
                Credentials::from_halves(&name, &name)
            }
        })
        .map(|made| made.expect("well-formed"))
        .collect()
});

fn addr(n: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, n >> 4, n], 4000))
}

/// First contacts, checks, records and rubbish from a few addresses.
pub fn demux(data: &[u8]) {
    let limits = Limits {
        max_sessions: 6,
        max_half_open: 3,
        ..Limits::default()
    };
    let mut table = Table::new(limits);
    let mut live: Vec<SessionId> = Vec::new();
    let (mut now, mut rest) = (Instant::now(), data);
    while let [op, from, more @ ..] = rest {
        rest = more;
        let from = addr(*from);
        let datagram = match op & 3 {
            0 => {
                let mut check = stun::check(&NAMES[usize::from(op >> 2) % NAMES.len()]);
                // Sometimes with one byte that is wrong.
                if let [at, with, more @ ..] = rest
                    && op & 0x80 != 0
                {
                    let at = usize::from(*at) % check.len();
                    check[at] ^= with;
                    rest = more;
                }
                check
            }
            1 => {
                let length = usize::from(op >> 2).min(rest.len());
                let (datagram, more) = rest.split_at(length);
                rest = more;
                datagram.to_vec()
            }
            2 => vec![20 + (op >> 2) % 8; 40],
            _ => {
                let n = usize::from(op >> 4);
                if let Some(&id) = live.get(n) {
                    if op & 4 == 0 {
                        table.establish(id);
                    } else {
                        live.remove(n);
                        table.remove(id, now);
                    }
                }
                now += Duration::from_secs(8 * u64::from(op & 8));
                continue;
            }
        };
        match table.route(from, &datagram, now) {
            Route::First {
                credentials,
                instead_of,
            } => {
                if let Some(old) = instead_of {
                    table.remove(old, now);
                    live.retain(|id| *id != old);
                }
                live.push(table.enter(&credentials, from, now));
            }
            Route::Session(id) => assert!(live.contains(&id)),
            Route::Shared(ids) => assert!(ids.iter().all(|id| live.contains(id))),
            Route::Unshown | Route::Refused | Route::Stray => {}
        }
        assert!(table.take_asks().len() <= 1);
        assert_eq!((table.sessions(), table.names()), (live.len(), live.len()));
        assert!(table.sessions() <= 6 + 3 && table.half_open() <= 3);
        assert!(table.addresses() <= 9 * super::demux::MAX_ADDRESSES);
    }
    for id in live {
        table.remove(id, now);
    }
    assert_eq!((table.names(), table.addresses(), table.half_open()), (0, 0, 0));
}

static CERTIFICATE: LazyLock<Certificate> = LazyLock::new(|| Certificate::generate().expect("a certificate"));

struct End {
    engine: Engine,
    first: Option<Stream>,
    streams: Vec<Stream>,
    remote: SocketAddr,
    dead: bool,
}

impl End {
    /// A client and a server.
    fn pair(client: SocketAddr, server: SocketAddr, now: Instant) -> [Self; 2] {
        [
            Self::new(Role::Client, server, client, now),
            Self::new(Role::Server, client, server, now),
        ]
    }

    fn new(role: Role, remote: SocketAddr, address: SocketAddr, now: Instant) -> Self {
        let limits = Limits {
            max_channels: 8,
            ..Limits::default()
        };
        let setup = Setup {
            role,
            credentials: &NAMES[1],
            certificate: CERTIFICATE.dtls(),
            certhash: Some(CERTIFICATE.fingerprint()),
            port: address.port(),
            remote,
            limits,
            acknowledgement: Duration::from_secs(1),
            ready: Arc::new(Ready::default()),
            peer: Peer::new(&limits.streams),
        };
        let (engine, first) = Engine::new(setup, now).expect("a session");
        Self {
            engine,
            first: Some(first),
            streams: Vec::new(),
            remote,
            dead: false,
        }
    }

    fn drive(&mut self, now: Instant) -> Vec<Packet> {
        self.call(|engine, packets, happened| engine.drive(now, packets, happened).map(drop))
    }

    fn call(
        &mut self,
        call: impl FnOnce(&mut Engine, &mut Vec<Packet>, &mut Vec<Happened>) -> Result<(), str0m::RtcError>,
    ) -> Vec<Packet> {
        let (mut packets, mut happened) = (Vec::new(), Vec::new());
        if !self.dead && call(&mut self.engine, &mut packets, &mut happened).is_err() {
            self.dead = true;
        }
        let longest = longest_datagram(self.remote);
        assert!(packets.iter().all(|packet| packet.contents.len() <= longest));
        for happened in happened {
            match happened {
                Happened::Stream(stream) if self.streams.len() < 8 => self.streams.push(stream),
                Happened::Closed => self.dead = true,
                _ => {}
            }
        }
        packets
    }

    /// A datagram from the other end.
    fn receive(&mut self, datagram: &[u8], now: Instant) -> Vec<Packet> {
        let from = self.remote;
        self.call(|engine, packets, happened| engine.receive(from, datagram, now, packets, happened))
    }

    fn tick(&mut self, now: Instant) -> Vec<Packet> {
        if !self.dead && self.engine.tick(now).is_err() {
            self.dead = true;
        }
        self.drive(now)
    }
}

/// Two sessions that talk to each other over a network that the input rules: it loses, doubles, cuts, changes and
/// forges datagrams, and lets time pass.
pub fn session(data: &[u8]) {
    let mut now = Instant::now();
    let (client, server) = (
        SocketAddr::from(([10, 0, 0, 1], 4000)),
        SocketAddr::from(([10, 0, 0, 2], 4001)),
    );
    let mut ends = End::pair(client, server, now);
    let mut wire: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut rest = data;
    let step = Duration::from_millis(60);
    // Long enough to connect when nothing goes wrong, short enough to try much.
    for turn in 0..600 {
        let control = match rest {
            [first, more @ ..] => {
                rest = more;
                Some(*first)
            }
            [] if turn > 60 => break,
            [] => None,
        };
        if wire.is_empty() {
            now += step;
            for (i, end) in ends.iter_mut().enumerate() {
                wire.extend(end.tick(now).into_iter().map(|p| (1 - i, p.contents)));
            }
        }
        let taken = (!wire.is_empty()).then(|| wire.remove(0));
        let (to, mut datagram) = taken.unwrap_or((1, Vec::new()));
        let mut copies = 1;
        match control.unwrap_or(0) {
            0..=199 => {}
            200..=207 => copies = 0,
            208..=215 => copies = 2,
            216..=223 => datagram.truncate(datagram.len() / 2),
            byte @ 224..=239 => {
                if let [at, with, more @ ..] = rest
                    && !datagram.is_empty()
                {
                    let at = (usize::from(byte & 15) << 8 | usize::from(*at)) % datagram.len();
                    datagram[at] ^= with;
                    rest = more;
                }
            }
            240..=247 => {
                let length = rest.first().map_or(0, |n| usize::from(*n)).min(rest.len());
                let (forged, more) = rest.split_at(length);
                datagram = forged.to_vec();
                rest = more;
            }
            248..=250 => {
                let end = &mut ends[1 - to];
                if !end.dead && end.streams.len() < 8 && end.first.is_none() {
                    end.streams.extend(end.engine.open());
                }
            }
            251..=252 => {
                ends[to].streams.pop();
            }
            253 => ends[to].first = None,
            254 => now += Duration::from_secs(5),
            255 => ends[to].engine.close(),
        }
        for _ in 0..copies {
            let mut packets = ends[to].receive(&datagram, now);
            // As a session does it: several datagrams together, if they are there.
            if wire.first().is_none_or(|(next, _)| *next != to) {
                packets.extend(ends[to].drive(now));
            }
            wire.extend(packets.into_iter().map(|p| (1 - to, p.contents)));
        }
        wire.truncate(500);
    }
    for end in &mut ends {
        end.engine.close();
        end.drive(now);
        end.engine.lose(&crate::error::Closed::Local);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    use futures::{AsyncWriteExt as _, FutureExt as _};

    /// The longest datagram of two ends, of which the server has much to say.
    fn longest(client: &str, server: &str) -> usize {
        let mut now = Instant::now();
        let (client, server) = (client.parse().expect("one"), server.parse().expect("one"));
        let mut ends = End::pair(client, server, now);
        let mut stream = ends[1].first.take().expect("one");
        let written = stream.write(&[7; 32 * 1024]).now_or_never();
        assert!(matches!(written, Some(Ok(n)) if n > 16 * 1024));
        let (mut wire, mut longest) = (VecDeque::new(), 0);
        for _ in 0..100 {
            now += Duration::from_millis(20);
            for (i, end) in ends.iter_mut().enumerate() {
                wire.extend(end.tick(now).into_iter().map(|packet| (i, packet.contents)));
            }
            while let Some((by, datagram)) = wire.pop_front() {
                longest = longest.max(datagram.len());
                let answers = ends[1 - by].receive(&datagram, now);
                wire.extend(answers.into_iter().map(|packet| (1 - by, packet.contents)));
            }
        }
        longest
    }

    #[test]
    fn datagrams_are_as_long_as_the_path_lets_them() {
        let far = longest("10.0.0.1:4000", "10.0.0.2:4001");
        assert!((1200..=1280 - 48).contains(&far), "{far}");
        let near = longest("127.0.0.1:4000", "127.0.0.1:4001");
        assert!((1400..=1500 - 48).contains(&near), "{near}");
    }
}
