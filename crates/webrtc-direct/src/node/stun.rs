//! STUN messages of our own: questions whether a silent peer is still there.
//!
//! The listening end of WebRTC-direct is an ICE lite agent, which never asks: it would have to conclude from the absence of the peer's
//! checks, of which a browser sends one every two and a half seconds, that the peer is gone. With some loss that would
//! kill live sessions. So both ends ask when they have heard nothing for a while, and any full ICE agent answers.

use std::sync::{Arc, LazyLock};

use str0m::crypto::CryptoProvider;
use str0m::ice::StunMessage;

use crate::ice::Credentials;
use crate::noise::Role;

/// Questions whose answers are waited for.
const MAX_ASKED: usize = 8;
const HEAD: usize = 20;
const MAGIC: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const BINDING_REQUEST: u16 = 0x0001;
const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const PRIORITY: u16 = 0x0024;
const FINGERPRINT: u16 = 0x8028;
const ICE_CONTROLLED: u16 = 0x8029;
const ICE_CONTROLLING: u16 = 0x802a;

/// The priority of a peer-reflexive candidate of the first component, as RFC 8445 computes it.
const PEER_REFLEXIVE: u32 = (110 << 24) | (65_535 << 8) | 255;

static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(str0m::crypto::from_feature_flags()));

/// The cryptography that is built in.
pub(crate) fn provider() -> &'static Arc<CryptoProvider> {
    &PROVIDER
}

/// HMAC-SHA1, with which STUN messages are signed.
pub(crate) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    PROVIDER.sha1_hmac_provider.sha1_hmac(key, parts)
}

/// Asks, and knows answers.
pub(crate) struct Asker {
    username: String,
    password: String,
    controlling: bool,
    tie_breaker: u64,
    /// Transactions.
    asked: Vec<[u8; 12]>,
}

impl Asker {
    pub(crate) fn new(credentials: &Credentials, role: Role) -> Self {
        let Credentials {
            server_ufrag,
            client_ufrag,
            client_pwd,
            ..
        } = credentials;
        let (username, password) = match role {
            Role::Client => (format!("{server_ufrag}:{client_ufrag}"), server_ufrag),
            Role::Server => (format!("{client_ufrag}:{server_ufrag}"), client_pwd),
        };
        Self {
            username,
            password: password.clone(),
            controlling: role == Role::Client,
            tie_breaker: rand::random(),
            asked: Vec::new(),
        }
    }

    /// A question to send.
    pub(crate) fn ask(&mut self) -> Vec<u8> {
        let id: [u8; 12] = rand::random();
        let role = if self.controlling {
            ICE_CONTROLLING
        } else {
            ICE_CONTROLLED
        };
        let mut message = Vec::with_capacity(self.username.len() + 96);
        message.extend(BINDING_REQUEST.to_be_bytes());
        message.extend([0; 2]);
        message.extend(MAGIC);
        message.extend(id);
        put(&mut message, USERNAME, self.username.as_bytes());
        put(&mut message, PRIORITY, &PEER_REFLEXIVE.to_be_bytes());
        put(&mut message, role, &self.tie_breaker.to_be_bytes());
        // The signature covers a length that includes it, and the checksum one that includes both.
        set_length(&mut message, 24);
        let signature = hmac(self.password.as_bytes(), &[&message]);
        put(&mut message, MESSAGE_INTEGRITY, &signature);
        set_length(&mut message, 8);
        let checksum = crc32(&message) ^ 0x5354_554e;
        put(&mut message, FINGERPRINT, &checksum.to_be_bytes());
        if self.asked.len() >= MAX_ASKED {
            self.asked.remove(0);
        }
        self.asked.push(id);
        message
    }

    /// Whether a datagram is the answer to one of the questions.
    pub(crate) fn is_answer(&mut self, datagram: &[u8]) -> bool {
        let Some(id) = datagram.get(8..20) else {
            return false;
        };
        if !self.asked.iter().any(|asked| asked == id) {
            return false;
        }
        let answers = StunMessage::parse(datagram).is_ok_and(|message| {
            (message.is_successful_binding_response() || message.is_failed_binding_response())
                && message.verify(self.password.as_bytes(), hmac)
        });
        if answers {
            self.asked.clear();
        }
        answers
    }
}

/// Appends an attribute.
fn put(message: &mut Vec<u8>, attribute: u16, value: &[u8]) {
    message.extend(attribute.to_be_bytes());
    // Names have at most 513 bytes, everything else is short.
    message.extend((value.len() as u16).to_be_bytes());
    message.extend(value);
    message.resize(message.len().next_multiple_of(4), 0);
}

/// Writes the length of what follows the head, with `more` bytes that are to come.
fn set_length(message: &mut [u8], more: usize) {
    let length = (message.len() - HEAD + more) as u16;
    message[2..4].copy_from_slice(&length.to_be_bytes());
}

/// The checksum of ISO 3309. Questions are rare, so no table.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// The answer that a peer gives to a question, for tests.
#[cfg(test)]
pub(crate) fn answer(question: &[u8], password: &str, from: std::net::SocketAddr) -> Vec<u8> {
    let asked = StunMessage::parse(question).expect("a question");
    let mut buffer = vec![0; 256];
    let length = StunMessage::binding_reply(asked.trans_id(), from)
        .to_bytes(Some(password.as_bytes()), &mut buffer, hmac)
        .expect("room");
    buffer.truncate(length);
    buffer
}

/// A first contact's check, as a client signs it.
#[cfg(any(test, fuzzing))]
pub(crate) fn check(credentials: &Credentials) -> Vec<u8> {
    Asker::new(credentials, Role::Client).ask()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ice::Version;

    #[test]
    fn only_the_peers_answer_to_a_question_counts() {
        let from = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        for (version, role) in [
            (Version::V1, Role::Server),
            (Version::V2, Role::Server),
            (Version::V2, Role::Client),
        ] {
            let credentials = Credentials::random(version);
            let password = match role {
                Role::Server => &credentials.client_pwd,
                Role::Client => &credentials.server_ufrag,
            };
            let mut asker = Asker::new(&credentials, role);
            let question = asker.ask();
            let parsed = StunMessage::parse(&question).expect("well-formed");
            assert!(parsed.is_binding_request());
            assert!(parsed.verify(password.as_bytes(), hmac));
            assert!(!asker.is_answer(&question));
            assert!(!asker.is_answer(&answer(&question, "another password 0123", from)));
            assert!(asker.is_answer(&answer(&question, password, from)));
            assert!(!asker.is_answer(&answer(&question, password, from)), "once");
        }
    }

    #[test]
    fn a_question_has_these_bytes() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let long = format!("libp2p+webrtc+v1/{}", "a".repeat(64));
        let credentials = Credentials::from_halves(&long, &long).expect("names");
        let question = check(&credentials);
        let parsed = StunMessage::parse(&question).expect("well-formed, though long");
        assert_eq!(parsed.username(), Some(credentials.username().as_str()));
        assert_eq!(&question[..2], [0, 1]);
        assert_eq!(
            usize::from(u16::from_be_bytes([question[2], question[3]])),
            question.len() - HEAD
        );
        // RFC 5769 tells how the checksum is made.
        let (rest, last) = question.split_at(question.len() - 8);
        assert_eq!(last[..4], [0x80, 0x28, 0, 4]);
        assert_eq!(last[4..], (crc32(rest) ^ 0x5354_554e).to_be_bytes());
    }
}
