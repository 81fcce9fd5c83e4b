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

/// The longest datagram that every IPv6 path carries: 1,280 bytes with the headers of IP and UDP.
const ANY_PATH: usize = 1232;
/// The longest for a program on the same machine. It may be a relay, so Ethernet has to carry it, too.
const SAME_MACHINE: usize = 1452;

/// The longest datagram that may be sent to an address. Each costs either end about the same, however long it is.
pub(super) fn longest_datagram(to: SocketAddr) -> usize {
    match to.ip().to_canonical().is_loopback() {
        true => SAME_MACHINE,
        false => ANY_PATH,
    }
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
