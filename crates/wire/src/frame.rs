//! Framing: four bytes of length (big endian), then the message.

use bytes::{Buf as _, Bytes, BytesMut};

use crate::Message;

/// Largest message in bytes: a state answer with as many values and proofs as there can be fits, nothing larger does.
pub const MAX_FRAME: usize = 13 * 1024 * 1024;
/// Largest message in bytes that a relay takes from a client: the largest transaction, with room around it.
pub const MAX_CLIENT_FRAME: usize = 128 * 1024;

const LENGTH: usize = 4;

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
    frame_body(&message.to_bytes())
}

/// An already encoded message with its length in front.
pub fn frame_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(LENGTH + body.len());
    out.extend_from_slice(&(body.len() as u32).to_be_bytes());
    out.extend_from_slice(body);
    out
}

/// Puts frames together from bytes as they come. Holds at most one frame's limit plus one chunk.
#[derive(Debug)]
pub struct FrameDecoder {
    buffer: BytesMut,
    limit: usize,
}

impl FrameDecoder {
    /// A decoder that refuses frames over `limit` bytes (a relay takes far smaller ones than a client).
    pub fn new(limit: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            limit,
        }
    }

    /// Takes bytes as they come off the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next frame's whole body, undecoded; `None` until more bytes come. After an error the stream must be
    /// closed.
    pub fn next_body(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some(length) = self.buffer.first_chunk::<LENGTH>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*length) as usize;
        if length > self.limit {
            return Err(FrameError::TooLarge(length, self.limit));
        }
        if self.buffer.len() < LENGTH + length {
            return Ok(None);
        }
        self.buffer.advance(LENGTH);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }

    /// The next whole message; `None` until more bytes come. After an error the stream must be closed.
    pub fn next_message(&mut self) -> Result<Option<Message>, FrameError> {
        match self.next_body()? {
            Some(body) => Message::from_bytes(body).map(Some).map_err(FrameError::Malformed),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_whole_from_any_cut() {
        let messages = [Message::Ping(7), Message::Goodbye, Message::Pong(u64::MAX)];
        let bytes: Vec<u8> = messages.iter().flat_map(encode_frame).collect();
        for cut in 1..bytes.len() {
            let mut decoder = FrameDecoder::new(MAX_CLIENT_FRAME);
            let mut got = Vec::new();
            for chunk in bytes.chunks(cut) {
                decoder.push(chunk);
                while let Some(message) = decoder.next_message().unwrap() {
                    got.push(message);
                }
            }
            assert_eq!(got, messages, "cut into pieces of {cut}");
        }
    }

    #[test]
    fn a_length_over_the_limit_is_refused_before_its_body() {
        let mut decoder = FrameDecoder::new(16);
        decoder.push(&17u32.to_be_bytes());
        assert!(matches!(
            decoder.next_message(),
            Err(FrameError::TooLarge(17, 16))
        ));
    }

    #[test]
    fn a_body_that_is_no_message_is_refused() {
        let mut decoder = FrameDecoder::new(16);
        decoder.push(&frame_body(&[250, 1, 2]));
        assert!(matches!(decoder.next_message(), Err(FrameError::Malformed(_))));
        decoder.push(&frame_body(&[]));
        assert!(matches!(decoder.next_message(), Err(FrameError::Malformed(_))));
    }
}
