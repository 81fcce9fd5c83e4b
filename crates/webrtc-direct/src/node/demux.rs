//! Which session a datagram belongs to. No input or output, no clock of its own.
//!
//! Responsible for the tables of one listener: ICE names and addresses to sessions, sources to counts. Only what its peer has
//! authenticated moves, replaces or ends an established session; who merely forges source addresses, or guesses them,
//! gains nothing against it. Rules:
//!
//! 1. A STUN request with the `USERNAME` of a session that isn't established goes to it, from whichever address it comes, since a
//!    peer checks from all of its addresses. That address is *claimed*, up to [`MAX_ADDRESSES`] of a session and
//!    [`MAX_CLAIMS`](super::claims::MAX_CLAIMS) of an address.
//! 2. One for an established session goes to it from the addresses that it had when it was established. From another it is answered only
//!    when the peer has *shown* that it is there: it is asked at that address ([`super::claims`]). So a session isn't
//!    moved to where its peer isn't.
//! 3. A STUN request with an unknown, well-formed `USERNAME` whose integrity is right is a *first contact*, if limits
//!    allow it; otherwise it is dropped without an answer.
//! 4. DTLS goes by its address: to all established sessions that claim it, whose records no other session has the keys for; and to one that
//!    isn't established if it is the only such, else to those that have shown that they are there. A browser uses one UDP port for
//!    its next session while the last still stands: the old one ends by its own silence, not because of the new one.
//! 5. The names of sessions that are over are remembered for a while and not answered: those of which a last check may be on its way, and
//!    those that never became more than a first contact. A browser that still has a session with a node that ended it, or was restarted,
//!    goes on checking under its old names; were it answered, it would believe in a connection that is no more.
//!
//! Bounds: [`Limits::max_sessions`] that are established, [`Limits::max_half_open`] that aren't, the same per source, those of claims, and
//! [`MAX_REFUSED`] names that aren't answered (the oldest are forgotten). Sessions that aren't established have places of
//! their own and never take one from those that are. Every first contact is asked to show where it is; when these places are
//! full, of all or of a source, the oldest that hasn't shown it for [`ANSWERS_WITHIN`] gives way, so that a flood of forged first contacts
//! costs a fixed amount of memory and leaves those a chance who answer; and [`Limits::max_first_contacts`] per second are taken at all, so that it
//! costs a fixed amount of work. Each grows old: a session has a time for every step. One question is sent for one check at most.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use str0m::ice::StunMessage;

use super::claims::Place;
use super::config::Limits;
use crate::ice::Credentials;

/// Addresses noted per session.
pub const MAX_ADDRESSES: usize = 8;
/// Names remembered as not to be answered.
pub const MAX_REFUSED: usize = 1024;
/// How long they are.
const REFUSED_FOR: Duration = Duration::from_secs(30);

/// How long a peer that isn't authenticated has to show where it is, before it may have to give way.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// Names a session of one listener.
pub type SessionId = u64;

/// Where a datagram goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// To a session.
    Session(SessionId),
    /// To all of these: it can be anyone's of them, which its keys tell.
    Shared(Vec<SessionId>),
    /// To a session that is to be made for these names. In exchange, another may have to go.
    First {
        /// What the check says.
        credentials: Credentials,
        /// The half-open session that gives way.
        instead_of: Option<SessionId>,
    },
    /// Nowhere: who sent it has yet to show that it is at this address, or has just done so.
    Unshown,
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
    /// A DTLS record.
    Dtls,
    /// Neither.
    Other,
}

impl Kind {
    /// Of a datagram.
    pub fn of(datagram: &[u8]) -> Self {
        match datagram {
            [0..=3, ..] if datagram.len() >= 20 => Self::Stun,
            [20..=63, ..] if datagram.len() >= 13 => Self::Dtls,
            _ => Self::Other,
        }
    }
}

/// Whether a datagram holds a DTLS alert that isn't encrypted. Anybody can send one; before the handshake is over, it would end it.
pub fn has_plain_alert(mut datagram: &[u8]) -> bool {
    const ALERT: u8 = 21;
    while let [
        kind,
        _,
        _,
        epoch,
        epoch_low,
        _,
        _,
        _,
        _,
        _,
        _,
        high,
        low,
        rest @ ..,
    ] = datagram
    {
        if *kind == ALERT && (*epoch, *epoch_low) == (0, 0) {
            return true;
        }
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        datagram = rest.get(length..).unwrap_or_default();
    }
    false
}

/// A question to send.
#[derive(Debug)]
pub struct Ask {
    /// Where the peer claims to be.
    pub to: SocketAddr,
    /// The datagram.
    pub contents: Vec<u8>,
}

#[derive(Debug)]
struct Entry {
    credentials: Credentials,
    addresses: Vec<SocketAddr>,
    source: IpAddr,
    half_open: bool,
    since: Instant,
    /// Its peer has shown that it is at one of its addresses.
    shown: bool,
}

#[derive(Debug, Default)]
struct Source {
    established: usize,
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
    /// Questions that are to be sent: one for each check that was routed since they were taken.
    asks: Vec<Ask>,
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
            asks: Vec::new(),
            tokens: (f64::from(limits.max_first_contacts), None),
        }
    }

    /// Where a datagram goes.
    pub fn route(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) -> Route {
        match Kind::of(datagram) {
            Kind::Stun => self.route_stun(from, datagram, now),
            Kind::Dtls => self.route_dtls(from),
            Kind::Other => Route::Stray,
        }
    }

    /// Questions to send since they were last taken.
    pub fn take_asks(&mut self) -> Vec<Ask> {
        std::mem::take(&mut self.asks)
    }

    fn route_stun(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) -> Route {
        let Ok(message) = StunMessage::parse(datagram) else {
            return Route::Stray;
        };
        if !message.is_binding_request() {
            return self.route_answer(from, datagram);
        }
        let Some(username) = message.username() else {
            return Route::Stray;
        };
        if let Some(&id) = self.names.get(username) {
            if !verify(&message, username) {
                return Route::Stray;
            }
            return self.route_check(id, from, now);
        }
        let Ok(credentials) = Credentials::from_username(username) else {
            return Route::Stray;
        };
        if !verify(&message, username) || self.is_refused(username, now) {
            return Route::Stray;
        }
        self.route_first(credentials, from, now)
    }

    fn route_first(&mut self, credentials: Credentials, from: SocketAddr, now: Instant) -> Route {
        let source = source_of(from);
        let counts = self.sources.get(&source);
        let (of_source, half_of_source) = counts.map_or((0, 0), |c| (c.established, c.half_open));
        let established = self.sessions.len() - self.half_open;
        let has_room = self.addresses.get(&from).is_none_or(|place| place.has_room(now));
        if !has_room
            || established >= self.limits.max_sessions
            || of_source >= self.limits.max_sessions_per_source
            || !self.take_token(now)
        {
            return Route::Refused;
        }
        let gives_way = if half_of_source >= self.limits.max_half_open_per_source {
            Some(self.oldest_unshown(Some(source), now))
        } else if self.half_open >= self.limits.max_half_open {
            Some(self.oldest_unshown(None, now))
        } else {
            None
        };
        match gives_way {
            Some(None) => Route::Refused,
            instead_of => Route::First {
                credentials,
                instead_of: instead_of.flatten(),
            },
        }
    }

    /// A check of a session that exists.
    fn route_check(&mut self, id: SessionId, from: SocketAddr, now: Instant) -> Route {
        self.note_address(id, from, now);
        let Some(entry) = self.sessions.get(&id) else {
            return Route::Stray;
        };
        let Some(place) = self.addresses.get_mut(&from) else {
            return Route::Refused;
        };
        let Some(known) = place.get(id).map(|claim| claim.known) else {
            return Route::Refused;
        };
        if let Some(contents) = place.ask(id, &entry.credentials, now) {
            self.asks.push(Ask { to: from, contents });
        }
        if known { Route::Session(id) } else { Route::Unshown }
    }

    /// An answer to a question: the table's, or a session's.
    fn route_answer(&mut self, from: SocketAddr, datagram: &[u8]) -> Route {
        let Some(place) = self.addresses.get_mut(&from) else {
            return Route::Stray;
        };
        if let Some(id) = place.answered(datagram) {
            if let Some(entry) = self.sessions.get_mut(&id) {
                entry.shown = true;
            }
            return Route::Unshown;
        }
        to_all(place.claims().iter().map(|claim| claim.id))
    }

    fn route_dtls(&self, from: SocketAddr) -> Route {
        let Some(place) = self.addresses.get(&from) else {
            return Route::Stray;
        };
        let claims = place.claims();
        let half_open = claims.iter().filter(|claim| self.is_half_open(claim.id)).count();
        let takes = claims
            .iter()
            .filter(|claim| claim.shown || half_open < 2 || !self.is_half_open(claim.id));
        match to_all(takes.map(|claim| claim.id)) {
            Route::Stray => Route::Unshown,
            route => route,
        }
    }

    /// Enters a new session, half-open.
    pub fn enter(&mut self, credentials: &Credentials, from: SocketAddr, now: Instant) -> SessionId {
        let id = self.next;
        self.next += 1;
        let source = source_of(from);
        self.names.insert(credentials.username(), id);
        self.sessions.insert(
            id,
            Entry {
                credentials: credentials.clone(),
                addresses: Vec::new(),
                source,
                half_open: true,
                since: now,
                shown: false,
            },
        );
        self.half_open += 1;
        self.sources.entry(source).or_default().half_open += 1;
        self.order.push_back(id);
        // Claims the address, and asks there.
        self.route_check(id, from, now);
        id
    }

    /// The peer of a session is authenticated.
    pub fn establish(&mut self, id: SessionId) {
        let Some(entry) = self.sessions.get_mut(&id).filter(|entry| entry.half_open) else {
            return;
        };
        entry.half_open = false;
        self.half_open -= 1;
        let counts = self.sources.entry(entry.source).or_default();
        counts.half_open -= 1;
        counts.established += 1;
    }

    /// Removes a session. Its names aren't answered for a while.
    pub fn remove(&mut self, id: SessionId, now: Instant) {
        let Some(entry) = self.sessions.remove(&id) else {
            return;
        };
        let username = entry.credentials.username();
        if self.names.get(&username) == Some(&id) {
            self.names.remove(&username);
        }
        for address in &entry.addresses {
            if let Some(place) = self.addresses.get_mut(address) {
                place.remove(id);
                if place.is_empty() {
                    self.addresses.remove(address);
                }
            }
        }
        if let Some(counts) = self.sources.get_mut(&entry.source) {
            counts.half_open -= usize::from(entry.half_open);
            counts.established -= usize::from(!entry.half_open);
            if (counts.half_open, counts.established) == (0, 0) {
                self.sources.remove(&entry.source);
            }
        }
        self.half_open -= usize::from(entry.half_open);
        if self.refused.len() >= MAX_REFUSED {
            self.refused.pop_front();
        }
        let name = self.hasher.hash_one(username);
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

    /// Claims an address for a session, where both have room.
    fn note_address(&mut self, id: SessionId, from: SocketAddr, now: Instant) {
        let Some(entry) = self.sessions.get_mut(&id) else {
            return;
        };
        if entry.addresses.contains(&from) || entry.addresses.len() >= MAX_ADDRESSES {
            return;
        }
        let place = self.addresses.entry(from).or_default();
        match place.claim(id, entry.half_open, now) {
            Ok(gone) => {
                entry.addresses.push(from);
                if let Some(gone) = gone.and_then(|gone| self.sessions.get_mut(&gone)) {
                    gone.addresses.retain(|address| *address != from);
                }
            }
            // A full place isn't empty, so nothing has to be taken back.
            Err(()) => tracing::trace!(%from, "claimed by too many"),
        }
    }

    /// The half-open session that gives way first.
    fn oldest_unshown(&self, of: Option<IpAddr>, now: Instant) -> Option<SessionId> {
        self.order.iter().copied().find(|id| {
            self.sessions.get(id).is_some_and(|entry| {
                let late = now.saturating_duration_since(entry.since) >= ANSWERS_WITHIN;
                entry.half_open && !entry.shown && late && of.is_none_or(|source| entry.source == source)
            })
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

fn to_all(ids: impl Iterator<Item = SessionId>) -> Route {
    let ids: Vec<SessionId> = ids.collect();
    match ids.as_slice() {
        [] => Route::Stray,
        [id] => Route::Session(*id),
        _ => Route::Shared(ids),
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
