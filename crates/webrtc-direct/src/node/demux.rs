//! Which session a datagram belongs to. No input or output, no clock of its own.
//!
//! Responsible for the tables of one listener: ICE names and addresses to sessions, sources to counts. Rules:
//!
//! 1. A STUN request goes to the session of its `USERNAME`, from whichever address it comes, since a peer checks from
//!    all of its addresses. The first [`MAX_ADDRESSES`] addresses of a session are noted.
//! 2. A STUN request with an unknown, well-formed `USERNAME` whose integrity is right is a *first contact*, if limits
//!    allow it; otherwise it is dropped without an answer.
//! 3. Everything else goes by its address. A browser uses one UDP port for its next session while the last still stands; so
//!    an address can have an established session and one that is being established. Until the new one is
//!    established, it gets the records of the DTLS handshake and the old one gets the rest. Then the new one replaces the
//!    old one: thus nobody who merely forges a source address can end a session.
//! 4. The names of sessions that are over are remembered for a while and not answered: those of which a last check may be on its way, and
//!    those that never became more than a first contact. A browser that still has a session with a node that ended it, or was restarted,
//!    goes on checking under its old names; were it answered, it would believe in a connection that is no more.
//!
//! Bounds: [`Limits::max_sessions`], [`Limits::max_half_open`] and the same per source, [`MAX_ADDRESSES`] per session,
//! [`MAX_REFUSED`] names that aren't answered (the oldest are forgotten). When all half-open places are taken, the oldest
//! one whose DTLS handshake hasn't begun gives way, so that a flood of first contacts costs a fixed amount of memory and
//! leaves those a chance who answer quickly; and [`Limits::max_first_contacts`] per second are taken at all, so that it costs a fixed
//! amount of work.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use str0m::ice::StunMessage;

use super::config::Limits;
use crate::ice::Credentials;

/// Addresses noted per session.
pub const MAX_ADDRESSES: usize = 8;
/// Names remembered as not to be answered.
pub const MAX_REFUSED: usize = 1024;
/// How long they are.
const REFUSED_FOR: Duration = Duration::from_secs(30);

/// Names a session of one listener.
pub type SessionId = u64;

/// Where a datagram goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// To a session.
    Session(SessionId),
    /// To a session that is to be made for these names. In exchange, another may have to go.
    First {
        /// What the check says.
        credentials: Credentials,
        /// The half-open session that gives way.
        instead_of: Option<SessionId>,
    },
    /// Nowhere: a first contact that a limit forbids.
    Refused,
    /// Nowhere: nobody's, or malformed.
    Stray,
}

/// What the first byte tells (RFC 7983), as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// STUN.
    Stun,
    /// A DTLS record that belongs to a handshake: unencrypted, or the first encrypted one, or a change of cipher.
    Handshake,
    /// Another DTLS record.
    Dtls,
    /// Neither.
    Other,
}

impl Kind {
    /// Of a datagram.
    pub fn of(datagram: &[u8]) -> Self {
        match datagram {
            [0..=3, ..] if datagram.len() >= 20 => Self::Stun,
            [20 | 22, ..] if datagram.len() >= 13 => Self::Handshake,
            [20..=63, ..] if datagram.len() >= 13 => Self::Dtls,
            _ => Self::Other,
        }
    }
}

#[derive(Debug)]
struct Entry {
    username: String,
    addresses: Vec<SocketAddr>,
    source: IpAddr,
    half_open: bool,
    /// DTLS has begun.
    begun: bool,
}

#[derive(Debug, Default)]
struct Place {
    established: Option<SessionId>,
    half_open: Option<SessionId>,
}

#[derive(Debug, Default)]
struct Source {
    sessions: usize,
    half_open: usize,
}

/// The tables of one listener.
#[derive(Debug)]
pub struct Table {
    limits: Limits,
    next: SessionId,
    sessions: HashMap<SessionId, Entry>,
    names: HashMap<String, SessionId>,
    addresses: HashMap<SocketAddr, Place>,
    sources: HashMap<IpAddr, Source>,
    /// Half-open sessions in the order of their beginning; may name some that are no more.
    order: VecDeque<SessionId>,
    half_open: usize,
    /// Names that aren't answered, as hashes with a key of this table.
    refused: VecDeque<(Instant, u64)>,
    hasher: RandomState,
    /// First contacts that may be taken at once, and when that was counted.
    tokens: (f64, Option<Instant>),
}

impl Table {
    /// An empty one.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            next: 0,
            sessions: HashMap::new(),
            names: HashMap::new(),
            addresses: HashMap::new(),
            sources: HashMap::new(),
            order: VecDeque::new(),
            half_open: 0,
            refused: VecDeque::new(),
            hasher: RandomState::new(),
            tokens: (f64::from(limits.max_first_contacts), None),
        }
    }

    /// Where a datagram goes.
    pub fn route(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) -> Route {
        match Kind::of(datagram) {
            Kind::Stun => self.route_stun(from, datagram, now),
            kind @ (Kind::Handshake | Kind::Dtls) => self.route_dtls(from, kind),
            Kind::Other => Route::Stray,
        }
    }

    fn route_stun(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) -> Route {
        let Ok(message) = StunMessage::parse(datagram) else {
            return Route::Stray;
        };
        if !message.is_binding_request() {
            // An answer to a question of ours.
            return self.by_address(from);
        }
        let Some(username) = message.username() else {
            return Route::Stray;
        };
        if let Some(&id) = self.names.get(username) {
            if !verify(&message, username) {
                return Route::Stray;
            }
            self.note_address(id, from);
            return Route::Session(id);
        }
        let Ok(credentials) = Credentials::from_username(username) else {
            return Route::Stray;
        };
        if !verify(&message, username) || self.is_refused(username, now) {
            return Route::Stray;
        }
        let source = source_of(from);
        let counts = self.sources.get(&source);
        let (of_source, half_of_source) = counts.map_or((0, 0), |c| (c.sessions, c.half_open));
        if self.sessions.len() >= self.limits.max_sessions
            || of_source >= self.limits.max_sessions_per_source
            || half_of_source >= self.limits.max_half_open_per_source
            || !self.take_token(now)
        {
            return Route::Refused;
        }
        let mut instead_of = None;
        if self.half_open >= self.limits.max_half_open {
            instead_of = self.oldest_not_begun();
            if instead_of.is_none() {
                return Route::Refused;
            }
        }
        Route::First {
            credentials,
            instead_of,
        }
    }

    fn route_dtls(&mut self, from: SocketAddr, kind: Kind) -> Route {
        let Some(place) = self.addresses.get(&from) else {
            return Route::Stray;
        };
        let id = match (place.established, place.half_open) {
            (Some(established), Some(half_open)) => match kind {
                Kind::Handshake => half_open,
                _ => established,
            },
            (Some(id), None) | (None, Some(id)) => id,
            (None, None) => return Route::Stray,
        };
        if kind == Kind::Handshake
            && let Some(entry) = self.sessions.get_mut(&id)
        {
            entry.begun = true;
        }
        Route::Session(id)
    }

    fn by_address(&self, from: SocketAddr) -> Route {
        self.addresses
            .get(&from)
            .and_then(|place| place.established.or(place.half_open))
            .map_or(Route::Stray, Route::Session)
    }

    /// Enters a new session, half-open.
    pub fn enter(&mut self, credentials: &Credentials, from: SocketAddr) -> SessionId {
        let id = self.next;
        self.next += 1;
        let (username, source) = (credentials.username(), source_of(from));
        self.names.insert(username.clone(), id);
        self.sessions.insert(
            id,
            Entry {
                username,
                addresses: Vec::new(),
                source,
                half_open: true,
                begun: false,
            },
        );
        self.half_open += 1;
        let counts = self.sources.entry(source).or_default();
        counts.sessions += 1;
        counts.half_open += 1;
        self.order.push_back(id);
        self.note_address(id, from);
        id
    }

    /// The peer of a session is authenticated. Gives the sessions that it replaces: those of its addresses.
    pub fn establish(&mut self, id: SessionId) -> Vec<SessionId> {
        let Some(entry) = self.sessions.get_mut(&id).filter(|entry| entry.half_open) else {
            return Vec::new();
        };
        entry.half_open = false;
        self.half_open -= 1;
        if let Some(counts) = self.sources.get_mut(&entry.source) {
            counts.half_open -= 1;
        }
        let mut replaced = Vec::new();
        for address in &entry.addresses {
            if let Some(place) = self.addresses.get_mut(address) {
                if place.half_open == Some(id) {
                    place.half_open = None;
                }
                if let Some(old) = place.established.replace(id)
                    && old != id
                    && !replaced.contains(&old)
                {
                    replaced.push(old);
                }
            }
        }
        replaced
    }

    /// Removes a session. Its names aren't answered for a while.
    pub fn remove(&mut self, id: SessionId, now: Instant) {
        let Some(entry) = self.sessions.remove(&id) else {
            return;
        };
        if self.names.get(&entry.username) == Some(&id) {
            self.names.remove(&entry.username);
        }
        for address in &entry.addresses {
            if let Some(place) = self.addresses.get_mut(address) {
                for side in [&mut place.established, &mut place.half_open] {
                    if *side == Some(id) {
                        *side = None;
                    }
                }
                if place.established.is_none() && place.half_open.is_none() {
                    self.addresses.remove(address);
                }
            }
        }
        if let Some(counts) = self.sources.get_mut(&entry.source) {
            counts.sessions -= 1;
            counts.half_open -= usize::from(entry.half_open);
            if counts.sessions == 0 {
                self.sources.remove(&entry.source);
            }
        }
        self.half_open -= usize::from(entry.half_open);
        if self.refused.len() >= MAX_REFUSED {
            self.refused.pop_front();
        }
        let name = self.hasher.hash_one(&entry.username);
        self.refused.push_back((now, name));
        // Each removal forgets what is over at the front; each entry adds one. So the queue stays as long as there are
        // half-open sessions, but for those in the middle, which one pass now and then takes out.
        while self.order.front().is_some_and(|id| !self.is_half_open(*id)) {
            self.order.pop_front();
        }
        if self.order.len() > 2 * self.half_open + 16 {
            let mut order = std::mem::take(&mut self.order);
            order.retain(|id| self.is_half_open(*id));
            self.order = order;
        }
    }

    /// Sessions that exist.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Sessions whose peer isn't authenticated.
    pub fn half_open(&self) -> usize {
        self.half_open
    }

    /// Names that lead to a session.
    pub fn names(&self) -> usize {
        self.names.len()
    }

    /// Addresses that lead to a session.
    pub fn addresses(&self) -> usize {
        self.addresses.len()
    }

    fn note_address(&mut self, id: SessionId, from: SocketAddr) {
        let Some(entry) = self.sessions.get_mut(&id) else {
            return;
        };
        if !entry.addresses.contains(&from) {
            if entry.addresses.len() >= MAX_ADDRESSES {
                return;
            }
            entry.addresses.push(from);
        }
        let place = self.addresses.entry(from).or_default();
        if entry.half_open {
            place.half_open = Some(id);
        } else if place.established.is_none() {
            place.established = Some(id);
        }
    }

    fn oldest_not_begun(&self) -> Option<SessionId> {
        self.order.iter().copied().find(|id| {
            self.sessions
                .get(id)
                .is_some_and(|entry| entry.half_open && !entry.begun)
        })
    }

    fn is_half_open(&self, id: SessionId) -> bool {
        self.sessions.get(&id).is_some_and(|entry| entry.half_open)
    }

    fn is_refused(&mut self, username: &str, now: Instant) -> bool {
        while self
            .refused
            .front()
            .is_some_and(|(since, _)| now.saturating_duration_since(*since) > REFUSED_FOR)
        {
            self.refused.pop_front();
        }
        let hash = self.hasher.hash_one(username);
        self.refused.iter().any(|(_, refused)| *refused == hash)
    }

    /// A bucket that holds a second's worth of first contacts.
    fn take_token(&mut self, now: Instant) -> bool {
        let most = f64::from(self.limits.max_first_contacts);
        let (tokens, at) = &mut self.tokens;
        let passed = at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        *tokens = (*tokens + passed.as_secs_f64() * most).min(most);
        *at = Some(now);
        let taken = *tokens >= 1.0;
        if taken {
            *tokens -= 1.0;
        }
        taken
    }
}

/// Whether a check is signed with the server's password, which is its name.
fn verify(message: &StunMessage<'_>, username: &str) -> bool {
    let Some((password, _)) = username.split_once(':') else {
        return false;
    };
    message.verify(password.as_bytes(), super::stun::hmac)
}

/// By what first contacts are counted: who has one IPv6 address has a whole /64.
fn source_of(from: SocketAddr) -> IpAddr {
    match from.ip().to_canonical() {
        IpAddr::V6(ip) => {
            let mut octets = ip.octets();
            octets[8..].fill(0);
            IpAddr::from(octets)
        }
        ip => ip,
    }
}

#[cfg(test)]
#[path = "demux_tests.rs"]
mod tests;
