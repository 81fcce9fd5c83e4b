//! Which connections are let in: by number in all, by source, while they shake hands, and by what its source has used.
//!
//! A refusal costs nothing but the packet that asked: it is decided before the handshake. Entries stand only for
//! connections that stand, so the maps are as bounded as these.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};

use super::Limits;
use crate::budget::{Budget, HANDSHAKE};

/// The address that a multiaddr begins with.
pub(crate) fn source_of(address: &Multiaddr) -> IpAddr {
    match address.iter().next() {
        Some(Protocol::Ip4(ip)) => IpAddr::V4(ip),
        Some(Protocol::Ip6(ip)) => IpAddr::V6(ip),
        _ => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    }
}

/// What counts as one source: whoever has an IPv6 address has a /64 of them.
pub(crate) fn source_group(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("this relay has no room for another connection: {0}")]
struct Full(&'static str);

/// The behaviour.
#[derive(Debug)]
pub(crate) struct Admission {
    connections: usize,
    per_source: usize,
    handshakes: usize,
    sources: HashMap<ConnectionId, IpAddr>,
    counts: HashMap<IpAddr, usize>,
    shaking: HashSet<ConnectionId>,
    budget: Arc<Budget<IpAddr>>,
}

impl Admission {
    pub(crate) fn new(limits: &Limits, budget: Arc<Budget<IpAddr>>) -> Self {
        Self {
            connections: limits.connections,
            per_source: limits.connections_per_source,
            handshakes: limits.handshakes,
            sources: HashMap::new(),
            counts: HashMap::new(),
            shaking: HashSet::new(),
            budget,
        }
    }

    /// Where a connection that stands comes from.
    pub(crate) fn source(&self, connection: ConnectionId) -> Option<IpAddr> {
        self.sources.get(&connection).copied()
    }

    fn admit(&mut self, connection: ConnectionId, source: IpAddr) -> Result<(), Full> {
        if self.sources.len() >= self.connections {
            return Err(Full("too many are open"));
        }
        if self.shaking.len() >= self.handshakes {
            return Err(Full("too many are being opened"));
        }
        let group = source_group(source);
        if self.counts.get(&group).is_some_and(|&n| n >= self.per_source) {
            return Err(Full("too many come from this address"));
        }
        if self.budget.wait(&group).is_some() {
            return Err(Full("this address has used its share of computing time for now"));
        }
        self.budget.charge(&group, HANDSHAKE);
        *self.counts.entry(group).or_insert(0) += 1;
        self.sources.insert(connection, source);
        self.shaking.insert(connection);
        Ok(())
    }

    fn forget(&mut self, connection: ConnectionId) {
        self.shaking.remove(&connection);
        let Some(source) = self.sources.remove(&connection) else {
            return;
        };
        let group = source_group(source);
        if let Some(count) = self.counts.get_mut(&group) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.counts.remove(&group);
            }
        }
    }
}

impl NetworkBehaviour for Admission {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.admit(connection, source_of(remote))
            .map_err(ConnectionDenied::new)
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.shaking.remove(&connection);
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionClosed(closed) => self.forget(closed.connection_id),
            FromSwarm::ListenFailure(failed) => self.forget(failed.connection_id),
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::budget::Clocks;

    fn id(n: usize) -> ConnectionId {
        ConnectionId::new_unchecked(n)
    }

    #[test]
    fn connections_are_counted_in_all_by_source_and_while_they_shake_hands() {
        let limits = Limits {
            connections: 4,
            connections_per_source: 2,
            handshakes: 3,
            ..Limits::default()
        };
        let mut admission = Admission::new(&limits, crate::public::strangers());
        let (a, b, c) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into(), [10, 0, 0, 3].into());
        assert!(admission.admit(id(1), a).is_ok());
        assert!(admission.admit(id(2), a).is_ok());
        assert!(admission.admit(id(3), a).is_err(), "the source has two");
        assert!(admission.admit(id(4), b).is_ok());
        assert!(admission.admit(id(5), c).is_err(), "three shake hands");
        admission.shaking.clear();
        assert!(admission.admit(id(6), c).is_ok());
        assert!(admission.admit(id(7), c).is_err(), "four stand");
        for n in 1..=7 {
            admission.forget(id(n));
        }
        assert!(admission.counts.is_empty() && admission.sources.is_empty() && admission.shaking.is_empty());
    }

    #[test]
    fn a_source_that_has_used_its_share_opens_no_connection() {
        static NOW: LazyLock<Instant> = LazyLock::new(Instant::now);
        let clocks = Clocks {
            now: || *NOW,
            computed: || Duration::ZERO,
        };
        let (each, all) = crate::public::STRANGERS;
        let budget = Arc::new(Budget::with_clocks(each, all, clocks));
        let mut admission = Admission::new(&Limits::default(), Arc::clone(&budget));
        let (greedy, other) = (IpAddr::from([10, 0, 0, 1]), [10, 0, 0, 2].into());
        let used = Duration::from_millis(100);
        budget.charge(&greedy, used);
        // Its second hundred is more than it may have before others had theirs.
        assert!(admission.admit(id(1), greedy).is_ok());
        budget.charge(&greedy, used);
        assert!(admission.admit(id(2), greedy).is_err());
        assert!(admission.admit(id(3), other).is_ok());
        assert_eq!(admission.shaking, HashSet::from([id(1), id(3)]));
    }

    #[test]
    fn an_ipv6_source_is_its_64_bit_prefix() {
        let group = |text: &str| source_group(text.parse().unwrap());
        assert_eq!(group("2001:db8::1"), group("2001:db8::ffff:1:2:3"));
        assert_ne!(group("2001:db8::1"), group("2001:db8:0:1::1"));
        assert_eq!(group("::ffff:10.0.0.1"), group("10.0.0.1"));
    }
}
