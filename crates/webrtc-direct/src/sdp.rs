//! The two pieces of SDP that a browser's end needs: the answer, which nobody sends, and the names in its own offer.
//!
//! A node needs no SDP at all: its engine takes ICE names and fingerprints as they are.

use std::net::SocketAddr;

use crate::address::Fingerprint;
use crate::error::IceError;
use crate::ice::{self, Credentials, Version};

/// The answer that the browser sets as remote description, as if the node at `addr` had sent it: ICE lite, passive in
/// DTLS, the server's name as name and password, and messages of at most 16 KiB.
pub fn answer(addr: SocketAddr, certhash: Fingerprint, credentials: &Credentials) -> String {
    libp2p_webrtc_utils::sdp::answer(addr, certhash, &credentials.server_ufrag)
}

/// Version 2: the names that the browser chose, read back from its local description.
pub fn read_credentials(offer: &str) -> Result<Credentials, IceError> {
    let ufrag = attribute(offer, "a=ice-ufrag:").ok_or(IceError::NoPassword)?;
    let pwd = attribute(offer, "a=ice-pwd:").ok_or(IceError::NoPassword)?;
    Credentials::v2(ufrag, pwd)
}

/// Version 1: the offer with its ICE names replaced.
pub fn munge(offer: &str, credentials: &Credentials) -> String {
    debug_assert_eq!(credentials.version, Version::V1);
    let mut munged = String::with_capacity(offer.len() + 2 * credentials.client_ufrag.len());
    for line in offer.split_inclusive('\n') {
        let (name, value) = if line.starts_with("a=ice-ufrag:") {
            ("a=ice-ufrag:", &credentials.client_ufrag)
        } else if line.starts_with("a=ice-pwd:") {
            ("a=ice-pwd:", &credentials.client_pwd)
        } else {
            munged.push_str(line);
            continue;
        };
        munged.push_str(name);
        munged.push_str(value);
        munged.push_str(if line.ends_with("\r\n") { "\r\n" } else { "\n" });
    }
    munged
}

/// The fingerprint of the browser's certificate, read from its local description: not every browser tells it
/// otherwise. Nothing if there is none of SHA-256 or if it is malformed.
pub fn read_fingerprint(offer: &str) -> Option<Fingerprint> {
    offer.lines().find_map(|line| {
        let (algorithm, value) = line.trim_end().strip_prefix("a=fingerprint:")?.split_once(' ')?;
        if !algorithm.eq_ignore_ascii_case("sha-256") {
            return None;
        }
        let mut digest = [0; 32];
        let mut parts = value.split(':');
        for byte in &mut digest {
            let part = parts.next().filter(|part| part.len() == 2)?;
            *byte = u8::from_str_radix(part, 16).ok()?;
        }
        parts.next().is_none().then_some(Fingerprint::raw(digest))
    })
}

fn attribute<'a>(sdp: &'a str, name: &str) -> Option<&'a str> {
    sdp.lines().find_map(|line| line.trim_end().strip_prefix(name))
}

/// Whether an answer for these names can be built at all.
pub fn is_usable(credentials: &Credentials) -> bool {
    ice::is_ufrag(&credentials.server_ufrag) && ice::is_password(&credentials.client_pwd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n\
        a=ice-ufrag:aB+/\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 7D:E3:D8:3F:81:A6:80:59:2A:\
        47:1E:6B:6A:BB:07:47:AB:D3:53:85:A8:09:3F:DF:E1:12:C1:EE:BB:6C:C6:AC\r\na=setup:actpass\r\n";

    #[test]
    fn the_answer_says_what_the_specification_asks_for() {
        let credentials = read_credentials(OFFER).expect("names");
        let answer = answer(
            SocketAddr::from(([127, 0, 0, 1], 4001)),
            Fingerprint::raw([0xab; 32]),
            &credentials,
        );
        for line in [
            "a=ice-lite",
            "a=ice-ufrag:libp2p+webrtc+v2/abcdefghijklmnopqrstuvwx",
            "a=ice-pwd:libp2p+webrtc+v2/abcdefghijklmnopqrstuvwx",
            "a=setup:passive",
            "a=max-message-size:16384",
            "m=application 4001 UDP/DTLS/SCTP webrtc-datachannel",
            "c=IN IP4 127.0.0.1",
        ] {
            assert!(answer.lines().any(|l| l == line), "{line} in {answer}");
        }
        assert!(answer.contains("a=fingerprint:sha-256 AB:AB:"));
    }

    #[test]
    fn names_and_fingerprint_are_read_from_an_offer() {
        let credentials = read_credentials(OFFER).expect("names");
        assert_eq!(credentials.client_ufrag, "aB+/");
        assert_eq!(credentials.client_pwd, "abcdefghijklmnopqrstuvwx");
        assert_eq!(
            read_fingerprint(OFFER).map(|f| f.to_multihash().digest()[..3].to_vec()),
            Some(vec![0x7d, 0xe3, 0xd8])
        );
        assert_eq!(read_credentials("v=0\r\n"), Err(IceError::NoPassword));
        assert_eq!(read_fingerprint("a=fingerprint:sha-256 7D:E3"), None);
        assert_eq!(read_fingerprint("a=fingerprint:sha-1 7D:E3"), None);
    }

    #[test]
    fn only_the_names_are_replaced() {
        let credentials = Credentials::random(Version::V1);
        let munged = munge(OFFER, &credentials);
        let expected = OFFER
            .replace("aB+/", &credentials.client_ufrag)
            .replace("abcdefghijklmnopqrstuvwx", &credentials.client_pwd);
        assert_eq!(munged, expected);
    }

    proptest! {
        #[test]
        fn any_offer_is_read_or_refused(offer in "(a=ice-(ufrag|pwd):|a=fingerprint:sha-256 |[ -~\r\n:]){0,60}") {
            if let Ok(credentials) = read_credentials(&offer) {
                prop_assert!(is_usable(&credentials));
            }
            let _ = read_fingerprint(&offer);
            prop_assert_eq!(munge(&offer, &Credentials::random(Version::V1)).lines().count(), offer.lines().count());
        }
    }
}
