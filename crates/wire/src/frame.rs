//! Framing: four bytes of length (big endian), then the message.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::Message;

/// Largest message in bytes: the whole list of candidates fits, nothing larger does.
pub const MAX_FRAME: usize = 13 * 1024 * 1024;

/// Why a stream of frames must end.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// A frame over the limit.
    #[error("a frame of {0} bytes is over the limit of {1}")]
    TooLarge(usize, usize),
    /// A body that is no message.
    #[error("a frame holds no valid message: {0}")]
    Malformed(commonware_codec::Error),
}

/// A message with its length in front.
pub fn encode_frame(message: &Message) -> Vec<u8> {
    let body = message.to_bytes();
    let mut out = Vec::with_capacity(4 + body.len());
    out.extend_from_slice(&(body.len() as u32).to_be_bytes());
    out.extend_from_slice(&body);
    out
}

/// Puts frames together from bytes as they come. Holds at most one frame's limit plus one chunk.
#[derive(Debug)]
pub struct FrameDecoder {
    chunks: VecDeque<u8>,
    limit: usize,
}

impl FrameDecoder {
    /// A decoder that refuses frames over `limit` bytes (a relay takes far smaller ones than a client).
    pub fn new(limit: usize) -> Self {
        Self {
            chunks: VecDeque::new(),
            limit,
        }
    }

    /// Takes bytes as they come off the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.chunks.extend(bytes);
    }

    /// The next whole message; `None` until more bytes come. After an error the stream must be closed.
    pub fn next_message(&mut self) -> Result<Option<Message>, FrameError> {
        if self.chunks.len() < 4 {
            return Ok(None);
        }
        let length: Vec<u8> = self.chunks.iter().take(4).copied().collect();
        let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize;
        if length > self.limit {
            return Err(FrameError::TooLarge(length, self.limit));
        }
        if self.chunks.len() < 4 + length {
            return Ok(None);
        }
        self.chunks.drain(..4);
        let body: Vec<u8> = self.chunks.drain(..length).collect();
        Message::from_bytes(Bytes::from(body))
            .map(Some)
            .map_err(FrameError::Malformed)
    }
}
