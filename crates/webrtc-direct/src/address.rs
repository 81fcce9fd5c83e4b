//! Multiaddresses of WebRTC-direct: `/ip4|ip6/<ip>/udp/<port>/webrtc-direct[/certhash/<hash>][/p2p/<peer>]`.
//!
//! Responsible for reading them into what a dial or a listener needs, and for writing them. Nothing is kept.

use std::net::{IpAddr, SocketAddr};

use libp2p_core::Multiaddr;
use libp2p_core::multiaddr::Protocol;
use libp2p_identity::PeerId;
pub use libp2p_webrtc_utils::Fingerprint;

use crate::error::AddressError;

/// An address, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// Where the node listens.
    pub socket: SocketAddr,
    /// The fingerprint of its certificate.
    pub certhash: Option<Fingerprint>,
    /// Who it is.
    pub peer: Option<PeerId>,
}

/// An address that can be dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialAddress {
    /// Where the node listens.
    pub socket: SocketAddr,
    /// The fingerprint of its certificate.
    pub certhash: Fingerprint,
    /// Who it is, if the address says so.
    pub peer: Option<PeerId>,
}

impl Address {
    /// Takes a multiaddress apart. Anything before, between or after the known parts makes it another's.
    pub fn parse(addr: &Multiaddr) -> Result<Self, AddressError> {
        let form = || AddressError::Form(addr.clone());
        let mut parts = addr.iter();
        let ip: IpAddr = match parts.next() {
            Some(Protocol::Ip4(ip)) => ip.into(),
            Some(Protocol::Ip6(ip)) => ip.into(),
            _ => return Err(form()),
        };
        let Some(Protocol::Udp(port)) = parts.next() else {
            return Err(form());
        };
        if parts.next() != Some(Protocol::WebRTCDirect) {
            return Err(form());
        }
        let mut address = Self {
            socket: SocketAddr::new(ip, port),
            certhash: None,
            peer: None,
        };
        let mut next = parts.next();
        if let Some(Protocol::Certhash(hash)) = next {
            let hash =
                Fingerprint::try_from_multihash(hash).ok_or_else(|| AddressError::Hash(addr.clone()))?;
            address.certhash = Some(hash);
            next = parts.next();
        }
        if let Some(Protocol::P2p(peer)) = next {
            address.peer = Some(peer);
            next = parts.next();
        }
        match next {
            None => Ok(address),
            Some(_) => Err(form()),
        }
    }

    /// Puts it together again.
    pub fn to_multiaddr(&self) -> Multiaddr {
        let mut addr = Multiaddr::empty()
            .with(self.socket.ip().into())
            .with(Protocol::Udp(self.socket.port()))
            .with(Protocol::WebRTCDirect);
        if let Some(hash) = self.certhash {
            addr.push(Protocol::Certhash(hash.to_multihash()));
        }
        if let Some(peer) = self.peer {
            addr.push(Protocol::P2p(peer));
        }
        addr
    }
}

impl DialAddress {
    /// Takes a multiaddress apart that must say all that a dial needs.
    pub fn parse(addr: &Multiaddr) -> Result<Self, AddressError> {
        let Address {
            socket,
            certhash,
            peer,
        } = Address::parse(addr)?;
        if socket.port() == 0 || socket.ip().is_unspecified() {
            return Err(AddressError::Unreachable(addr.clone()));
        }
        let certhash = certhash.ok_or_else(|| AddressError::NoCerthash(addr.clone()))?;
        Ok(Self {
            socket,
            certhash,
            peer,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HASH: &str = "uEiDikp5KVUgkLta1EjUN-IKbHk-dUBg8VzKgf5nXxLK46w";
    const PEER: &str = "12D3KooWNpDk9w6WrEEcdsEH1y47W71S36yFjw4sd3j7omzgCSMS";

    fn parse(text: &str) -> Result<DialAddress, AddressError> {
        DialAddress::parse(&text.parse().expect("a multiaddress"))
    }

    #[test]
    fn dialled_addresses_are_read() {
        for ip in ["/ip4/127.0.0.1", "/ip6/::1"] {
            for peer in ["", "/p2p/12D3KooWNpDk9w6WrEEcdsEH1y47W71S36yFjw4sd3j7omzgCSMS"] {
                let text = format!("{ip}/udp/39901/webrtc-direct/certhash/{HASH}{peer}");
                let read = parse(&text).expect("an address");
                assert_eq!(read.socket.port(), 39901);
                assert!(read.socket.ip().is_loopback());
                assert_eq!(read.peer.is_some(), !peer.is_empty());
                assert_eq!(
                    read.certhash.to_sdp_format(),
                    "E2:92:9E:4A:55:48:24:2E:D6:B5:12:35:0D:F8:82:9B:1E:4F:9D:50:18:3C:57:32:A0:7F:99:D7:C4:B2:B8:EB"
                );
                let whole = Address {
                    socket: read.socket,
                    certhash: Some(read.certhash),
                    peer: read.peer,
                };
                assert_eq!(whole.to_multiaddr().to_string(), text);
            }
        }
    }

    #[test]
    fn others_are_refused() {
        assert!(matches!(
            parse("/ip4/127.0.0.1/udp/1/webrtc-direct"),
            Err(AddressError::NoCerthash(_))
        ));
        assert!(matches!(
            parse(&format!("/ip4/0.0.0.0/udp/1/webrtc-direct/certhash/{HASH}")),
            Err(AddressError::Unreachable(_))
        ));
        assert!(matches!(
            parse(&format!("/ip4/127.0.0.1/udp/0/webrtc-direct/certhash/{HASH}")),
            Err(AddressError::Unreachable(_))
        ));
        // SHA3-256.
        assert!(matches!(
            parse("/ip6/::1/udp/1/webrtc-direct/certhash/uFiCH_tkkzpAwkoIDbE4I7QtQksFMYs5nQ4MyYrkgCJYi4A"),
            Err(AddressError::Hash(_))
        ));
        for text in [
            format!("/ip4/127.0.0.1/tcp/1/webrtc-direct/certhash/{HASH}"),
            format!("/ip4/127.0.0.1/udp/1/quic-v1/certhash/{HASH}"),
            format!("/dns4/localhost/udp/1/webrtc-direct/certhash/{HASH}"),
            format!("/ip4/127.0.0.1/udp/1/webrtc-direct/certhash/{HASH}/p2p/{PEER}/p2p-circuit"),
            format!("/ip4/127.0.0.1/udp/1/webrtc-direct/p2p/{PEER}/certhash/{HASH}"),
        ] {
            assert!(matches!(parse(&text), Err(AddressError::Form(_))), "{text}");
        }
    }

    proptest! {
        #[test]
        fn addresses_survive(ip: std::net::IpAddr, port: u16, hash: Option<[u8; 32]>) {
            let address = Address {
                socket: SocketAddr::new(ip, port),
                certhash: hash.map(Fingerprint::raw),
                peer: None,
            };
            prop_assert_eq!(Address::parse(&address.to_multiaddr()), Ok(address));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            if let Ok(addr) = Multiaddr::try_from(bytes)
                && let Ok(read) = Address::parse(&addr)
            {
                prop_assert_eq!(read.to_multiaddr(), addr);
            }
        }
    }
}
