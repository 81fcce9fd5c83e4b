//! Which implementation of WebRTC-direct carries light clients' connections. Both speak to libp2p alike and read the
//! same certificate, so a relay keeps its address when the choice changes.

use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::Boxed;
use libp2p::identity::Keypair;
use libp2p::{PeerId, Transport as _};
use serde::{Deserialize, Serialize};
use webrtc_direct::Version;
use webrtc_direct::node::{Certificate, Config, StatsHandle, Transport};

use super::{Limits, PublicError};

/// Most bytes that the relay writes before it flushes. The stock native end breaks above 8,192, framing included.
const STOCK_CHUNK: usize = 8_000;

/// How light clients are reached over WebRTC-direct.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum WebRtc {
    /// By `crates/webrtc-direct`: versions 1 and 2.
    #[default]
    Direct,
    /// By the stock crate `libp2p-webrtc`: version 1 only, and memory grows with every session.
    Stock,
    /// Not at all: over WebSocket only.
    Off,
}

impl WebRtc {
    /// Most bytes that the relay writes before it flushes.
    pub(crate) fn chunk(self) -> usize {
        match self {
            Self::Stock => STOCK_CHUNK,
            Self::Direct | Self::Off => credo_wire::streams::RELAY_CHUNK,
        }
    }
}

type Muxed = Boxed<(PeerId, StreamMuxerBox)>;

/// What listens: the transport, and its counters where it has some.
pub(crate) fn listener(
    which: WebRtc,
    keypair: &Keypair,
    certificate: Certificate,
    limits: &Limits,
) -> Result<Option<(Muxed, Option<StatsHandle>)>, PublicError> {
    match which {
        WebRtc::Off => Ok(None),
        WebRtc::Stock => {
            let certificate = libp2p_webrtc::tokio::Certificate::from_pem(&certificate.to_pem())
                .map_err(|e| PublicError::Transport(e.to_string()))?;
            let transport = libp2p_webrtc::tokio::Transport::new(keypair.clone(), certificate)
                .map(|(peer, connection), _| (peer, StreamMuxerBox::new(connection)))
                .boxed();
            Ok(Some((transport, None)))
        }
        WebRtc::Direct => {
            let usual = webrtc_direct::node::Limits::default();
            let config = Config::default().with_limits(webrtc_direct::node::Limits {
                max_sessions: limits.connections,
                max_sessions_per_source: limits.connections_per_source,
                max_half_open: limits.handshakes,
                max_half_open_per_source: usual.max_half_open_per_source.min(limits.connections_per_source),
                ..usual
            });
            let transport = Transport::with_config(keypair.clone(), certificate, config);
            let stats = transport.stats();
            Ok(Some((transport.boxed(), Some(stats))))
        }
    }
}

/// What dials, in one version: a relay of the stock crate knows only the first.
pub(crate) fn dialer(keypair: &Keypair, version: Version) -> Result<Muxed, webrtc_direct::Error> {
    let config = Config::default().with_dial_version(version);
    Ok(Transport::with_config(keypair.clone(), Certificate::generate()?, config).boxed())
}
