//! Who the peer is: a Noise XX handshake on channel 0, bound to the session by the fingerprints of both certificates.
//!
//! DTLS alone authenticates nobody: the node can't know the browser's certificate. Both ends mix
//! `libp2p-webrtc-noise:`, the client's and the server's fingerprint (as multihashes) into the handshake, which fails if
//! someone sits between them. The *server* is Noise's initiator. Bounded by the stream's limits; the time limit is the
//! caller's.

use libp2p_identity::{Keypair, PeerId};
use libp2p_webrtc_utils::noise;

use crate::address::Fingerprint;
use crate::error::Error;
use crate::stream::Stream;

/// Which end of the handshake one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Who dialled: a browser, or a node that dials.
    Client,
    /// Who was dialled.
    Server,
}

/// Both certificates' fingerprints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprints {
    /// Of who dialled.
    pub client: Fingerprint,
    /// Of who was dialled.
    pub server: Fingerprint,
}

/// Runs the handshake on the first channel's stream, closes the stream, and checks that the peer is the expected one.
pub async fn authenticate(
    role: Role,
    keypair: &Keypair,
    stream: Stream,
    fingerprints: Fingerprints,
    expected: Option<PeerId>,
) -> Result<PeerId, Error> {
    let Fingerprints { client, server } = fingerprints;
    let found = match role {
        Role::Client => noise::outbound(keypair.clone(), stream, server, client).await?,
        Role::Server => noise::inbound(keypair.clone(), stream, client, server).await?,
    };
    match expected {
        Some(expected) if expected != found => Err(Error::PeerId {
            expected: Box::new(expected),
            found: Box::new(found),
        }),
        _ => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::tests::Wire;

    fn prints(client: u8, server: u8) -> Fingerprints {
        Fingerprints {
            client: Fingerprint::raw([client; 32]),
            server: Fingerprint::raw([server; 32]),
        }
    }

    fn run(
        client_prints: Fingerprints,
        server_prints: Fingerprints,
        expected: Option<PeerId>,
    ) -> (Keypair, Keypair, Result<PeerId, Error>, Result<PeerId, Error>) {
        let (client, server) = (Keypair::generate_ed25519(), Keypair::generate_ed25519());
        let (a, b, mut wire) = Wire::first();
        let (left, right) = wire.run(
            authenticate(Role::Client, &client, a, client_prints, expected),
            authenticate(Role::Server, &server, b, server_prints, None),
        );
        assert!(wire.announced(), "both ends know each other's window");
        (client, server, left, right)
    }

    #[test]
    fn both_learn_who_the_other_is() {
        let (client, server, left, right) = run(prints(1, 2), prints(1, 2), None);
        assert_eq!(left.expect("authentic"), server.public().to_peer_id());
        assert_eq!(right.expect("authentic"), client.public().to_peer_id());
    }

    #[test]
    fn someone_in_between_is_noticed() {
        let (_, _, left, right) = run(prints(1, 2), prints(3, 2), None);
        assert!(matches!(left, Err(Error::Noise(_))), "{left:?}");
        assert!(matches!(right, Err(Error::Noise(_))), "{right:?}");
    }

    #[test]
    fn another_than_the_expected_peer_is_refused() {
        let other = PeerId::random();
        let (_, server, left, _) = run(prints(1, 2), prints(1, 2), Some(other));
        let found = server.public().to_peer_id();
        match left {
            Err(Error::PeerId { expected, found: f }) => {
                assert_eq!((*expected, *f), (other, found));
            }
            other => panic!("{other:?}"),
        }
    }
}
