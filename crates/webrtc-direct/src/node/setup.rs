//! What a new session needs to know, in the engine's words.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use str0m::IceCreds;
use str0m::change::DirectApi;
use str0m::channel::{ChannelConfig, ChannelId};
use str0m::config::{DtlsCert, Fingerprint as StrFingerprint};

use super::config::Limits;
use crate::address::Fingerprint;
use crate::ice::Credentials;
use crate::noise::Role;
use crate::stream::{Peer, Ready};

/// What a new session needs to know.
pub(crate) struct Setup<'a> {
    pub(crate) role: Role,
    pub(crate) credentials: &'a Credentials,
    pub(crate) certificate: &'a DtlsCert,
    /// Of the node that is dialled.
    pub(crate) certhash: Option<Fingerprint>,
    pub(crate) port: u16,
    pub(crate) remote: SocketAddr,
    pub(crate) limits: Limits,
    pub(crate) acknowledgement: Duration,
    pub(crate) ready: Arc<Ready>,
    pub(crate) peer: Arc<Peer>,
}

pub(super) fn create_first(api: &mut DirectApi<'_>) -> ChannelId {
    api.create_data_channel(ChannelConfig {
        negotiated: Some(0),
        ..ChannelConfig::default()
    })
}

pub(super) fn creds(role: Role, credentials: &Credentials) -> (IceCreds, IceCreds) {
    let server = IceCreds {
        ufrag: credentials.server_ufrag.clone(),
        pass: credentials.server_ufrag.clone(),
    };
    let client = IceCreds {
        ufrag: credentials.client_ufrag.clone(),
        pass: credentials.client_pwd.clone(),
    };
    match role {
        Role::Client => (client, server),
        Role::Server => (server, client),
    }
}

pub(super) fn str_fingerprint(fingerprint: Option<Fingerprint>) -> StrFingerprint {
    let digest = fingerprint.map_or_else(
        || vec![0xff; 32],
        |fingerprint| fingerprint.to_multihash().digest().to_vec(),
    );
    StrFingerprint {
        hash_func: "sha-256".to_owned(),
        bytes: digest,
    }
}
