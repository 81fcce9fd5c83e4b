//! Who may stand on the consensus plane in an epoch, and where they are.
//!
//! Primary peers are the epoch's committee. Secondary peers, who may connect and follow, are the committee before and
//! the candidates most likely to sit next; never the whole pool. The set is computed from the state that the last MSB
//! left, so all nodes track the same one.

use commonware_p2p::{Address, AddressableTrackedPeers, Ingress};
use commonware_utils::Hostname;
use commonware_utils::ordered::Map;
use credo_pob::{CandidateStatus, Candidates};
use credo_primitives::certificate::MAX_COMMITTEE;
use credo_primitives::{Committee, ConsensusKey};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Least number of candidates that may follow, whatever the committee's size.
const MIN_FOLLOWERS: usize = 24;

/// Candidates beside the committees that may follow: twice the seats (architecture, "The two planes").
pub(super) fn followers(seats: usize) -> usize {
    (2 * seats).max(MIN_FOLLOWERS)
}

/// The most identities in one peer set, this node included.
pub(super) fn max_peers(seats: usize) -> usize {
    let seats = seats.min(MAX_COMMITTEE);
    2 * seats + followers(seats) + 1
}

/// Reads a candidate's `net_id`, `host:port`.
pub fn address(net_id: &str) -> Option<Address> {
    if let Ok(socket) = net_id.parse::<SocketAddr>() {
        return Some(Address::Symmetric(socket));
    }
    let (host, port) = net_id.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let host = Hostname::new(host).ok()?;
    // Peers are told apart by their key; the address that a named host connects from isn't known beforehand.
    let egress = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    Some(Address::Asymmetric {
        ingress: Ingress::Dns { host, port },
        egress,
    })
}

/// The peers of the epoch that `committee` sits in.
pub(super) fn peer_set(
    committee: &Committee,
    previous: Option<&Committee>,
    candidates: &Candidates,
) -> AddressableTrackedPeers<ConsensusKey> {
    let book: BTreeMap<&ConsensusKey, Address> = candidates
        .list
        .iter()
        .filter_map(|c| Some((&c.key, address(c.net_id.as_str())?)))
        .collect();
    let find = |keys: &[ConsensusKey]| -> BTreeMap<ConsensusKey, Address> {
        keys.iter()
            .filter_map(|k| Some((k.clone(), book.get(k)?.clone())))
            .collect()
    };
    let primary = find(committee.keys());
    let mut secondary = previous.map(|c| find(c.keys())).unwrap_or_default();

    // The next round adds the votes to the Servi (P-11).
    let mut ranked: Vec<_> = candidates
        .list
        .iter()
        .filter(|c| c.status == CandidateStatus::Candidate && book.contains_key(&c.key))
        .collect();
    ranked.sort_by_key(|c| {
        let servi = c.servi.saturating_add(u128::from(c.votes.units()));
        (std::cmp::Reverse(servi), c.order)
    });
    for candidate in ranked.into_iter().take(followers(committee.seats())) {
        if let Some(address) = book.get(&candidate.key) {
            secondary.insert(candidate.key.clone(), address.clone());
        }
    }
    secondary.retain(|key, _| !primary.contains_key(key));
    AddressableTrackedPeers::new(map(primary), map(secondary))
}

fn map(peers: BTreeMap<ConsensusKey, Address>) -> Map<ConsensusKey, Address> {
    Map::from_iter_dedup(peers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_host_and_port() {
        assert!(matches!(address("127.0.0.1:9000"), Some(Address::Symmetric(_))));
        assert!(matches!(address("[::1]:9000"), Some(Address::Symmetric(_))));
        assert!(matches!(
            address("node.example.org:9000"),
            Some(Address::Asymmetric { .. })
        ));
        for bad in ["", "localhost", "host:", "host:99999", ":80", "a b:80"] {
            assert!(address(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn peer_sets_stay_bounded() {
        assert_eq!(max_peers(4), 33);
        assert_eq!(max_peers(17), 69);
        assert!(max_peers(usize::MAX) < 1_000);
    }
}
