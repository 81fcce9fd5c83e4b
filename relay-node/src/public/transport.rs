//! The narrow interface between the public plane and whatever carries its bytes.
//!
//! An [`Endpoint`] accepts connections; each is a [`FramedConn`] that sends and receives whole messages. Better ends
//! replace the stock ones by implementing these alone.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use credo_wire::streams::write_chunks;
use credo_wire::{FrameDecoder, FrameError, Message};
use futures::future::BoxFuture;
use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use webrtc_direct::node::StatsHandle;

/// Bytes read at once.
const READ: usize = 16 * 1024;

/// One or more ways into the node.
pub trait Endpoint: Send + 'static {
    /// Where clients reach it.
    fn addresses(&self) -> Vec<String>;
    /// Counters of WebRTC-direct, where it keeps some.
    fn webrtc(&self) -> Option<StatsHandle> {
        None
    }
    /// The next connection; `None` when the endpoint has ended. Dropping the future loses nothing.
    fn accept(&mut self) -> BoxFuture<'_, Option<Incoming>>;
}

/// A connection from a client.
#[derive(Debug)]
pub struct Incoming {
    /// Where it comes from.
    pub source: IpAddr,
    /// The connection.
    pub conn: FramedConn,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub enum ConnError {
    /// The bytes stopped.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    /// The bytes were no frames of ours.
    #[error("{0}")]
    Frame(#[from] FrameError),
}

/// Runs when both halves of a connection are gone: there the transport closes it.
pub struct OnClose(Option<Box<dyn FnOnce() + Send + Sync>>);

impl OnClose {
    /// Will call `close` once.
    pub fn new(close: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(close)))
    }
}

impl Drop for OnClose {
    fn drop(&mut self) {
        if let Some(close) = self.0.take() {
            close();
        }
    }
}

impl fmt::Debug for OnClose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnClose")
    }
}

/// A connection that carries whole messages. Dropping both halves closes it.
#[derive(Debug)]
pub struct FramedConn {
    /// The half that receives.
    pub reader: FrameReader,
    /// The half that sends.
    pub writer: FrameWriter,
}

impl FramedConn {
    /// Frames over a byte stream: what arrives is held to `limit` bytes a frame, what leaves is flushed at least every
    /// `chunk` bytes.
    pub fn new<S>(stream: S, limit: usize, chunk: usize, on_close: OnClose) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (read, write) = stream.split();
        let guard = Arc::new(on_close);
        Self {
            reader: FrameReader {
                io: Box::new(read),
                decoder: FrameDecoder::new(limit),
                buffer: vec![0; READ].into_boxed_slice(),
                _guard: guard.clone(),
            },
            writer: FrameWriter {
                io: Box::new(write),
                chunk,
                _guard: guard,
            },
        }
    }
}

/// Receives messages.
pub struct FrameReader {
    io: Box<dyn AsyncRead + Send + Unpin>,
    decoder: FrameDecoder,
    buffer: Box<[u8]>,
    _guard: Arc<OnClose>,
}

impl FrameReader {
    /// The next message; `None` when the other end closed. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Option<Message>, ConnError> {
        loop {
            if let Some(message) = self.decoder.next_message()? {
                return Ok(Some(message));
            }
            let read = self.io.read(&mut self.buffer).await?;
            if read == 0 {
                return Ok(None);
            }
            self.decoder.push(&self.buffer[..read]);
        }
    }
}

impl fmt::Debug for FrameReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrameReader")
    }
}

/// Sends bytes, flushed piece by piece.
pub struct FrameWriter {
    io: Box<dyn AsyncWrite + Send + Unpin>,
    chunk: usize,
    _guard: Arc<OnClose>,
}

impl FrameWriter {
    /// Most bytes in one piece.
    pub fn chunk(&self) -> usize {
        self.chunk
    }

    /// Sends bytes of a frame, in pieces, each flushed.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        write_chunks(&mut *self.io, bytes, self.chunk).await
    }

    /// Ends the sending half.
    pub async fn close(&mut self) -> io::Result<()> {
        self.io.close().await
    }
}

impl fmt::Debug for FrameWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrameWriter")
    }
}
