//! What the fuzz targets run, and, so that nothing found is found again, what the ordinary tests run on their corpora.
//!
//! Each function takes any bytes and panics only if something is wrong.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::task::noop_waker;
use futures::{AsyncRead, AsyncWrite};

use crate::address::{Address, DialAddress};
use crate::frame::{Decoder, MAX_FRAME};
use crate::ice::{self, Credentials, Version};
use crate::sdp;
use crate::stream::{self, Channel, Limits, Peer, Progress, Ready, Stream};

/// Takes pieces of the input: a length byte, then so many bytes.
struct Pieces<'a>(&'a [u8]);

impl<'a> Pieces<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn piece(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.byte()?).min(self.0.len());
        let (piece, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(piece)
    }
}

/// Messages of one channel, cut as the input says.
pub fn frame(data: &[u8]) {
    let mut pieces = Pieces(data);
    let mut decoder = Decoder::default();
    while let Some(piece) = pieces.piece() {
        let mut message = Bytes::copy_from_slice(piece);
        loop {
            match decoder.next(&mut message) {
                Ok(Some(frame)) => {
                    let encoded = frame.encode();
                    let again = Decoder::default().next(&mut encoded.clone());
                    assert_eq!(again, Ok(Some(frame)), "what is written is read as the same");
                }
                Ok(None) => break,
                Err(_) => return,
            }
        }
        assert!(message.is_empty() && decoder.held() <= MAX_FRAME);
    }
}

/// ICE user names.
pub fn names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(credentials) = Credentials::from_username(text) {
        assert_eq!(credentials.username(), text);
        assert!(ice::is_ufrag(&credentials.server_ufrag) && ice::is_ufrag(&credentials.client_ufrag));
        assert!(ice::is_password(&credentials.client_pwd) && sdp::is_usable(&credentials));
    }
    let _ = ice::server_name(text);
}

/// Multiaddresses, as bytes and as text, and a browser's offer.
pub fn address(data: &[u8]) {
    let binary = libp2p_core::Multiaddr::try_from(data.to_vec()).ok();
    let text = std::str::from_utf8(data).ok();
    for addr in binary.into_iter().chain(text.and_then(|text| text.parse().ok())) {
        if let Ok(read) = Address::parse(&addr) {
            assert_eq!(read.to_multiaddr(), addr);
        }
        if let Ok(read) = DialAddress::parse(&addr) {
            let credentials = Credentials::random(Version::V1);
            assert!(sdp::answer(read.socket, read.certhash, &credentials).contains("a=ice-lite"));
        }
    }
    if let Some(text) = text {
        if let Ok(credentials) = sdp::read_credentials(text) {
            assert!(sdp::is_usable(&credentials));
        }
        let _ = sdp::read_fingerprint(text);
        let credentials = Credentials::random(Version::V1);
        assert_eq!(
            sdp::munge(text, &credentials).lines().count(),
            text.lines().count()
        );
    }
}

struct Side {
    stream: Option<Stream>,
    channel: Channel,
    ready: Arc<Ready>,
    peer: Arc<Peer>,
    written: u64,
    read: u64,
}

/// Two connected streams and an order of events; the second one also hears what the input says instead of its peer.
pub fn stream(data: &[u8]) {
    let mut pieces = Pieces(data);
    let Some(mode) = pieces.byte() else { return };
    let limits = Limits {
        max_unsent: 64 * 1024,
        max_unread: 256 * 1024,
        max_unread_in_all: 256 * 1024,
        ..Limits::default()
    };
    let mut sides: Vec<Side> = (0..2)
        .map(|_| {
            let (peer, ready) = (Peer::new(&limits), Arc::new(Ready::default()));
            let make = if mode & 1 == 0 { stream::new } else { stream::first };
            let (stream, channel) = make(limits, Arc::clone(&peer), Arc::clone(&ready), 1);
            Side {
                stream: Some(stream),
                channel,
                ready,
                peer,
                written: 0,
                read: 0,
            }
        })
        .collect();
    let mut forged = false;
    while let Some(step) = pieces.byte() {
        let i = usize::from(step & 1);
        match step >> 1 & 7 {
            0 => write(&mut sides[i], usize::from(pieces.byte().unwrap_or(0)) * 300),
            1 => read(
                &mut sides[i],
                usize::from(pieces.byte().unwrap_or(0)) * 300,
                forged,
            ),
            2 => {
                if let Some(stream) = &mut sides[i].stream {
                    let _ = poll(|cx| std::pin::Pin::new(stream).poll_close(cx));
                }
            }
            3 => sides[i].stream = None,
            4 => {
                if let Some(stream) = &mut sides[i].stream {
                    stream.stop_reading();
                }
            }
            5 => {
                let _ = sides[1]
                    .channel
                    .push(Bytes::copy_from_slice(pieces.piece().unwrap_or(&[])));
                forged = true;
            }
            6 if step & 0x80 != 0 => sides[i].channel.closed(),
            _ => {
                carry(&mut sides, i);
            }
        }
        for side in &sides {
            assert_eq!(side.peer.unread(), side.channel.unread());
            assert!(side.channel.unread() <= 1024 * 1024 && side.channel.unsent() <= limits.max_unsent);
        }
        assert!(forged || (sides[0].read <= sides[1].written && sides[1].read <= sides[0].written));
    }
    for side in &mut sides {
        side.stream = None;
        while side.channel.next_frame().is_some() {}
        side.channel.give_up_waiting();
        assert_eq!(
            side.channel.progress(),
            Progress::Done,
            "a dropped stream comes to its end"
        );
        assert_eq!(side.peer.unread(), 0);
    }
}

fn poll<T>(poll: impl FnOnce(&mut Context<'_>) -> Poll<io::Result<T>>) -> Option<io::Result<T>> {
    match poll(&mut Context::from_waker(&noop_waker())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

fn write(side: &mut Side, n: usize) {
    let bytes: Vec<u8> = (side.written..).take(n).map(|p| (p % 251) as u8).collect();
    if let Some(stream) = &mut side.stream
        && let Some(Ok(n)) = poll(|cx| std::pin::Pin::new(stream).poll_write(cx, &bytes))
    {
        side.written += n as u64;
    }
}

fn read(side: &mut Side, n: usize, forged: bool) {
    let mut buffer = vec![0; n];
    if let Some(stream) = &mut side.stream
        && let Some(Ok(n)) = poll(|cx| std::pin::Pin::new(stream).poll_read(cx, &mut buffer))
    {
        for byte in &buffer[..n] {
            assert!(
                forged || *byte == (side.read % 251) as u8,
                "what is read was written"
            );
            side.read += 1;
        }
    }
}

fn carry(sides: &mut [Side], from: usize) {
    while sides[from].ready.pop().is_some() {
        sides[from].channel.attend();
        while let Some(frame) = sides[from].channel.next_frame() {
            assert!(frame.len() <= MAX_FRAME);
            let _ = sides[1 - from].channel.push(frame);
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub use crate::node::fuzz::{demux, session};

// A browser has no files to read.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use std::path::Path;

    /// Runs a target on its corpus.
    fn replay(name: &str, target: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/corpus")
            .join(name);
        let files = std::fs::read_dir(&folder).expect("a corpus");
        let mut n = 0;
        for file in files {
            let path = file.expect("a file").path();
            target(&std::fs::read(&path).expect("readable"));
            n += 1;
        }
        assert!(n > 0, "{} is empty", folder.display());
    }

    #[test]
    fn frame() {
        replay("frame", super::frame);
    }

    #[test]
    fn names() {
        replay("names", super::names);
    }

    #[test]
    fn address() {
        replay("address", super::address);
    }

    #[test]
    fn stream() {
        replay("stream", super::stream);
    }

    #[test]
    fn demux() {
        replay("demux", super::demux);
    }

    #[test]
    fn session() {
        replay("session", super::session);
    }
}
