//! STUN messages of our own: questions whether a silent peer is still there.
//!
//! The listening end of WebRTC-direct is an ICE lite agent, which never asks: it would have to conclude from the absence of the peer's
//! checks, of which a browser sends one every two and a half seconds, that the peer is gone. With some loss that would
//! kill live sessions. So both ends ask when they have heard nothing for a while, and any full ICE agent answers.

use std::sync::{Arc, LazyLock};

use str0m::crypto::CryptoProvider;
use str0m::ice::{StunMessage, TransId};

use crate::ice::Credentials;
use crate::noise::Role;

/// The longest message: two names of 256 characters and some attributes of fixed size.
const MAX_LENGTH: usize = 1024;
/// Questions whose answers are waited for.
const MAX_ASKED: usize = 8;
/// The priority of a peer-reflexive candidate of the first component, as RFC 8445 computes it.
const PRIORITY: u32 = (110 << 24) | (65_535 << 8) | 255;

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
    asked: Vec<TransId>,
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
    pub(crate) fn ask(&mut self) -> Option<Vec<u8>> {
        let id = TransId::new();
        let message = StunMessage::binding_request(
            &self.username,
            id,
            self.controlling,
            self.tie_breaker,
            PRIORITY,
            false,
        );
        let mut buffer = vec![0; MAX_LENGTH];
        let length = message
            .to_bytes(Some(self.password.as_bytes()), &mut buffer, hmac)
            .ok()?;
        buffer.truncate(length);
        if self.asked.len() >= MAX_ASKED {
            self.asked.remove(0);
        }
        self.asked.push(id);
        Some(buffer)
    }

    /// Whether a datagram is the answer to one of the questions.
    pub(crate) fn is_answer(&mut self, datagram: &[u8]) -> bool {
        if self.asked.is_empty() {
            return false;
        }
        let Ok(message) = StunMessage::parse(datagram) else {
            return false;
        };
        let id = message.trans_id();
        let answers = (message.is_successful_binding_response() || message.is_failed_binding_response())
            && self.asked.contains(&id)
            && message.verify(self.password.as_bytes(), hmac);
        if answers {
            self.asked.clear();
        }
        answers
    }
}

/// The answer that a peer gives to a question, for tests.
#[cfg(test)]
pub(crate) fn answer(question: &[u8], password: &str, from: std::net::SocketAddr) -> Vec<u8> {
    let asked = StunMessage::parse(question).expect("a question");
    let mut buffer = vec![0; MAX_LENGTH];
    let length = StunMessage::binding_reply(asked.trans_id(), from)
        .to_bytes(Some(password.as_bytes()), &mut buffer, hmac)
        .expect("room");
    buffer.truncate(length);
    buffer
}

/// A first contact's check, as a client signs it.
#[cfg(test)]
pub(crate) fn check(credentials: &Credentials) -> Vec<u8> {
    Asker::new(credentials, Role::Client).ask().unwrap_or_default()
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
            let question = asker.ask().expect("a question");
            assert!(!asker.is_answer(&question));
            assert!(!asker.is_answer(&answer(&question, "another password 0123", from)));
            assert!(asker.is_answer(&answer(&question, password, from)));
            assert!(!asker.is_answer(&answer(&question, password, from)), "once");
        }
    }
}
