//! What can go wrong, as sentences.
//!
//! [`Error`] is what a dial, a listener and a connection end with; [`FrameError`] what is wrong with a peer's bytes on
//! a channel; [`AddressError`] and [`IceError`] with an address or an ICE user name. A stream's reads and writes
//! give [`std::io::Error`], since that is what their traits ask for.

use std::io;
use std::time::Duration;

use libp2p_core::Multiaddr;
use libp2p_identity::PeerId;

/// The step of a connection's establishment, for the errors that name one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Step {
    /// STUN checks until a pair of addresses is found to work.
    #[error("connectivity checks")]
    Ice,
    /// The DTLS handshake.
    #[error("DTLS handshake")]
    Dtls,
    /// The SCTP association and the channel on which Noise is spoken.
    #[error("opening of the first channel")]
    Channel,
    /// The Noise handshake.
    #[error("Noise handshake")]
    Noise,
}

/// Why a session is no more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Closed {
    /// Our own program closed or dropped the connection.
    #[error("this end closed the connection")]
    Local,
    /// The peer said goodbye: a DTLS or SCTP shutdown.
    #[error("the peer closed the connection")]
    Remote,
    /// The peer fell silent.
    #[error("nothing was heard from the peer for {0:?}")]
    Silence(Duration),
    /// The transport or its listener is gone.
    #[error("the transport is gone")]
    Transport,
    /// The network, DTLS or SCTP gave up.
    #[error("the session broke: {0}")]
    Broken(String),
}

/// Why a dial, an incoming connection, a listener or a connection failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The socket or an interface failed.
    #[error("the network failed: {0}")]
    Io(#[from] io::Error),
    /// The address can't be dialled or listened on.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// ICE names can't be used.
    #[error(transparent)]
    Ice(#[from] IceError),
    /// A certificate can't be made or read.
    #[error("the certificate can't be used: {0}")]
    Certificate(String),
    /// A step of the establishment took too long.
    #[error("the {step} didn't finish within {limit:?}")]
    Timeout {
        /// The step that was under way.
        step: Step,
        /// The time for the whole establishment.
        limit: Duration,
    },
    /// The node's certificate isn't the one of its address.
    #[error("the peer's certificate doesn't match the address")]
    Fingerprint,
    /// The Noise handshake failed.
    #[error("the Noise handshake failed: {0}")]
    Noise(#[from] libp2p_noise::Error),
    /// The peer is authentic, but isn't the one that was asked for.
    #[error("the peer is {found}, but {expected} was dialled")]
    PeerId {
        /// Whom the address names.
        expected: Box<PeerId>,
        /// Who answered.
        found: Box<PeerId>,
    },
    /// The session ended.
    #[error("the connection is closed: {0}")]
    Closed(#[from] Closed),
    /// A limit of the configuration is reached.
    #[error("the limit of {limit} {what} is reached")]
    Limit {
        /// What is limited, in the plural.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The browser refused something.
    #[error("the browser refused {what}: {reason}")]
    Browser {
        /// What was asked of it.
        what: &'static str,
        /// What it said.
        reason: String,
    },
}

/// Why a multiaddress isn't one of WebRTC-direct.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It has another form than `/ip4|ip6/…/udp/…/webrtc-direct/…`.
    #[error("{0} is not a WebRTC-direct address")]
    Form(Multiaddr),
    /// To dial, the hash of the node's certificate is needed.
    #[error("{0} lacks the hash of a certificate")]
    NoCerthash(Multiaddr),
    /// Only SHA-256 is known.
    #[error("{0} has a certificate hash other than SHA-256")]
    Hash(Multiaddr),
    /// Nobody can be reached at port zero or an unspecified address.
    #[error("nobody can be reached at {0}")]
    Unreachable(Multiaddr),
}

/// Why ICE names are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IceError {
    /// There is no colon between the server's and the client's half.
    #[error("the STUN user name has no colon")]
    NoColon,
    /// A half's length is out of 4–256.
    #[error("an ICE name has {0} characters instead of 4 to 256")]
    Ufrag(usize),
    /// The password's length is out of 22–256.
    #[error("an ICE password has {0} characters instead of 22 to 256")]
    Password(usize),
    /// A character that ICE doesn't know.
    #[error("an ICE name has a character that ICE doesn't know")]
    Character,
    /// The name's prefix is that of no version known here.
    #[error("the ICE name is that of no known version of WebRTC-direct")]
    Version,
    /// In version 1 both halves are the same.
    #[error("the halves of a version 1 user name differ")]
    Halves,
    /// An offer has no line with the password.
    #[error("the offer names no ICE password")]
    NoPassword,
}

/// What is wrong with a peer's bytes on a channel. The stream is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A frame says that it is longer than the 16 KiB it may have.
    #[error("a frame of {0} bytes is longer than allowed")]
    TooLong(usize),
    /// The length isn't a proper varint.
    #[error("a frame's length is malformed")]
    Length,
    /// It isn't a protobuf message of the expected form.
    #[error("a frame is malformed")]
    Malformed,
    /// More than the stream's or the connection's limit is unread.
    #[error("more than {0} bytes are unread")]
    Unread(usize),
    /// The window that the peer announces is smaller than a frame or changes.
    #[error("a window of {0} bytes can't be used")]
    Window(u64),
}
