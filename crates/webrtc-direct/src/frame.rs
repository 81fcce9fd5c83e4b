//! The framing of what goes over a channel: a length as varint, then the protobuf message
//!
//! ```proto
//! message Message {
//!   enum Flag { FIN = 0; STOP_SENDING = 1; RESET_STREAM = 2; FIN_ACK = 3; }
//!   optional Flag flag = 1;
//!   optional bytes message = 2;
//!   optional uint64 window = 1000; // ours, see below
//! }
//! ```
//!
//! Responsible for encoding without copying what is sent, and for decoding untrusted bytes with a bound: a frame with
//! its length has at most [`MAX_FRAME`] bytes; a decoder never holds more than one incomplete frame.
//!
//! The specification puts one frame into one data-channel message. Others put several into one, or cut one in two, so
//! what comes in is read as a stream of bytes.
//!
//! Fields and flags that aren't known are skipped, as protobuf has it. Thus `window`, an extension of ours, does no harm
//! to others; it is nevertheless sent only to peers that announced it, except for the announcement itself. See
//! [`crate::stream`].

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use crate::error::FrameError;

/// The longest frame, its length included, which is the longest data-channel message that every browser takes.
pub const MAX_FRAME: usize = 16 * 1024;
/// Room before the payload for the length, the field's key and the payload's length.
pub const HEADER: usize = 2 + 1 + 2;
/// The most payload that one frame of ours carries. A window or a flag goes in frames of its own, so that this is exact,
/// except for the announcement of a window, which goes with the small first message of a handshake.
pub const MAX_PAYLOAD: usize = MAX_FRAME - HEADER;

const KEY_FLAG: u64 = 1 << 3;
const KEY_MESSAGE: u64 = 2 << 3 | 2;
const KEY_WINDOW: u64 = 1000 << 3;

/// What a frame signals beside its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flag {
    /// The sender will send no more.
    Fin,
    /// The sender will read no more.
    StopSending,
    /// The sender gave up sending.
    Reset,
    /// The sender has received the [`Flag::Fin`].
    FinAck,
}

/// One frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Its flag, if it has one.
    pub flag: Option<Flag>,
    /// Its payload, possibly empty.
    pub message: Bytes,
    /// How many bytes of the stream, from its beginning, may be sent; an extension.
    pub window: Option<u64>,
}

impl Frame {
    /// A frame that only signals.
    pub fn flag(flag: Flag) -> Self {
        Self {
            flag: Some(flag),
            ..Self::default()
        }
    }

    /// A frame that only grants.
    pub fn window(window: u64) -> Self {
        Self {
            window: Some(window),
            ..Self::default()
        }
    }

    /// The frame with its length before it. Must not be longer than [`MAX_FRAME`]: the caller cuts.
    pub fn encode(&self) -> Bytes {
        let mut body = BytesMut::with_capacity(self.message.len() + 24);
        if let Some(flag) = self.flag {
            body.put_u8(KEY_FLAG as u8);
            body.put_u8(flag as u8);
        }
        if !self.message.is_empty() {
            body.put_u8(KEY_MESSAGE as u8);
            put_varint(&mut body, self.message.len() as u64);
            body.put_slice(&self.message);
        }
        if let Some(window) = self.window {
            put_varint(&mut body, KEY_WINDOW);
            put_varint(&mut body, window);
        }
        let mut frame = BytesMut::with_capacity(body.len() + 3);
        put_varint(&mut frame, body.len() as u64);
        frame.put_slice(&body);
        debug_assert!(frame.len() <= MAX_FRAME);
        frame.freeze()
    }
}

/// Turns a payload into a frame in place. The buffer starts with [`HEADER`] bytes of room; the payload follows and has
/// at most [`MAX_PAYLOAD`] bytes.
pub fn encode_in_place(mut buffer: BytesMut) -> Bytes {
    debug_assert!(buffer.len() > HEADER && buffer.len() <= MAX_FRAME);
    let payload = buffer.len() - HEADER;
    let field = 1 + varint_length(payload);
    let start = HEADER - field - varint_length(field + payload);
    let mut header = &mut buffer[start..HEADER];
    put_varint(&mut header, (field + payload) as u64);
    header.put_u8(KEY_MESSAGE as u8);
    put_varint(&mut header, payload as u64);
    buffer.advance(start);
    buffer.freeze()
}

/// Reads frames from the messages of one channel.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The beginning of a frame whose end hasn't come; shorter than [`MAX_FRAME`].
    partial: BytesMut,
}

impl Decoder {
    /// Reads the next frame. `input` is what remains of a message; what is read is taken from it. `None` when a frame
    /// isn't complete; then all of `input` is taken.
    ///
    /// A payload shares memory with `input` unless the frame came in pieces.
    pub fn next(&mut self, input: &mut Bytes) -> Result<Option<Frame>, FrameError> {
        if !self.partial.is_empty() {
            return self.next_in_pieces(input);
        }
        let Some((header, body)) = read_length(input)? else {
            self.partial.extend_from_slice(input);
            input.clear();
            return Ok(None);
        };
        if input.len() < header + body {
            self.partial.extend_from_slice(input);
            input.clear();
            return Ok(None);
        }
        input.advance(header);
        parse(input.split_to(body)).map(Some)
    }

    fn next_in_pieces(&mut self, input: &mut Bytes) -> Result<Option<Frame>, FrameError> {
        // The length first, byte by byte, so that no more of the input is copied than belongs to this frame.
        let (header, body) = loop {
            if let Some(length) = read_length(&self.partial)? {
                break length;
            }
            if input.is_empty() {
                return Ok(None);
            }
            self.partial.put_u8(input.get_u8());
        };
        let missing = (header + body).saturating_sub(self.partial.len());
        let taken = missing.min(input.len());
        self.partial.extend_from_slice(&input.split_to(taken));
        if taken < missing {
            return Ok(None);
        }
        let mut frame = std::mem::take(&mut self.partial).freeze();
        frame.advance(header);
        parse(frame).map(Some)
    }

    /// How many bytes are held.
    pub fn held(&self) -> usize {
        self.partial.len()
    }
}

/// The length of the length and the length, if there are enough bytes to tell.
fn read_length(bytes: &[u8]) -> Result<Option<(usize, usize)>, FrameError> {
    let mut value = 0usize;
    for (i, byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * i);
        if value > MAX_FRAME {
            return Err(FrameError::TooLong(value));
        }
        if byte & 0x80 == 0 {
            // The shortest form is the only one.
            if i > 0 && *byte == 0 {
                return Err(FrameError::Length);
            }
            let header = i + 1;
            if header + value > MAX_FRAME {
                return Err(FrameError::TooLong(header + value));
            }
            return Ok(Some((header, value)));
        }
        if i == 2 {
            return Err(FrameError::Length);
        }
    }
    Ok(None)
}

/// Reads the protobuf message.
fn parse(mut body: Bytes) -> Result<Frame, FrameError> {
    let mut frame = Frame::default();
    while !body.is_empty() {
        let key = get_varint(&mut body)?;
        match key {
            KEY_FLAG => {
                frame.flag = match get_varint(&mut body)? {
                    0 => Some(Flag::Fin),
                    1 => Some(Flag::StopSending),
                    2 => Some(Flag::Reset),
                    3 => Some(Flag::FinAck),
                    // An unknown value of an enumeration counts as an unknown field.
                    _ => frame.flag,
                }
            }
            KEY_MESSAGE => frame.message = get_bytes(&mut body)?,
            KEY_WINDOW => frame.window = Some(get_varint(&mut body)?),
            _ => skip(key, &mut body)?,
        }
    }
    Ok(frame)
}

fn skip(key: u64, body: &mut Bytes) -> Result<(), FrameError> {
    if key >> 3 == 0 {
        return Err(FrameError::Malformed);
    }
    let fixed = match key & 7 {
        0 => return get_varint(body).map(drop),
        2 => return get_bytes(body).map(drop),
        1 => 8,
        5 => 4,
        // Groups are no more; the rest never was.
        _ => return Err(FrameError::Malformed),
    };
    if body.len() < fixed {
        return Err(FrameError::Malformed);
    }
    body.advance(fixed);
    Ok(())
}

fn get_bytes(body: &mut Bytes) -> Result<Bytes, FrameError> {
    let length = usize::try_from(get_varint(body)?).map_err(|_| FrameError::Malformed)?;
    if length > body.len() {
        return Err(FrameError::Malformed);
    }
    Ok(body.split_to(length))
}

fn get_varint(body: &mut Bytes) -> Result<u64, FrameError> {
    let mut value = 0u64;
    for i in 0..10 {
        if body.is_empty() {
            break;
        }
        let byte = body.get_u8();
        if i == 9 && byte > 1 {
            break;
        }
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(FrameError::Malformed)
}

fn put_varint(buffer: &mut impl bytes::BufMut, mut value: u64) {
    while value >= 0x80 {
        buffer.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    buffer.put_u8(value as u8);
}

const fn varint_length(value: usize) -> usize {
    match value {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(bytes: &[u8]) -> Result<Option<Frame>, FrameError> {
        let mut input = Bytes::copy_from_slice(bytes);
        let frame = Decoder::default().next(&mut input)?;
        assert!(input.is_empty());
        Ok(frame)
    }

    /// The wire's format, as bytes.
    #[test]
    fn frames_have_these_bytes() {
        let cases: [(Frame, &[u8]); 7] = [
            (Frame::default(), &[0]),
            (Frame::flag(Flag::Fin), &[2, 8, 0]),
            (Frame::flag(Flag::StopSending), &[2, 8, 1]),
            (Frame::flag(Flag::Reset), &[2, 8, 2]),
            (Frame::flag(Flag::FinAck), &[2, 8, 3]),
            (Frame::window(300), &[4, 0xc0, 0x3e, 0xac, 2]),
            (
                Frame {
                    flag: Some(Flag::Fin),
                    message: Bytes::from_static(b"hi"),
                    window: None,
                },
                &[6, 8, 0, 0x12, 2, b'h', b'i'],
            ),
        ];
        for (frame, bytes) in cases {
            assert_eq!(&frame.encode()[..], bytes);
            assert_eq!(decode(bytes), Ok(Some(frame)));
        }
    }

    #[test]
    fn the_largest_payload_makes_the_largest_frame() {
        let mut buffer = BytesMut::zeroed(HEADER);
        buffer.resize(HEADER + MAX_PAYLOAD, 7);
        let frame = encode_in_place(buffer);
        assert_eq!(frame.len(), MAX_FRAME);
        assert_eq!(
            decode(&frame).map(|f| f.map(|f| f.message.len())),
            Ok(Some(MAX_PAYLOAD))
        );
    }

    #[test]
    fn what_is_too_long_or_malformed_is_refused() {
        // 16 383 and its two bytes of length are one too many.
        assert_eq!(decode(&[0xff, 0x7f]), Err(FrameError::TooLong(MAX_FRAME + 1)));
        assert_eq!(decode(&[0x80, 0x80, 1]), Err(FrameError::TooLong(MAX_FRAME + 3)));
        assert!(matches!(decode(&[0xff, 0xff, 0xff]), Err(FrameError::TooLong(_))));
        assert_eq!(decode(&[0x80, 0]), Err(FrameError::Length));
        assert_eq!(decode(&[0x80, 0x80, 0x80]), Err(FrameError::Length));
        for bytes in [
            &[1, 8][..],            // a key without its value
            &[2, 0x12, 1],          // fewer bytes than the field says
            &[2, 0, 0],             // field zero
            &[1, 0x0b],             // a group
            &[4, 0x25, 0, 0, 0],    // a fixed field that is cut off
            &[3, 0x12, 0xff, 0xff], // a length that is cut off
        ] {
            assert_eq!(decode(bytes), Err(FrameError::Malformed), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_unknown_is_skipped() {
        // Fields 3 (varint), 4 (bytes), 5 (fixed) and an unknown flag.
        let bytes = [15, 0x18, 1, 0x22, 1, 9, 0x2d, 1, 2, 3, 4, 8, 9, 0x12, 1, b'x'];
        assert_eq!(
            decode(&bytes),
            Ok(Some(Frame {
                message: Bytes::from_static(b"x"),
                ..Frame::default()
            }))
        );
    }

    fn frames() -> impl Strategy<Value = Frame> {
        let flag = prop_oneof![
            Just(None),
            Just(Some(Flag::Fin)),
            Just(Some(Flag::StopSending)),
            Just(Some(Flag::Reset)),
            Just(Some(Flag::FinAck)),
        ];
        let message = prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            proptest::collection::vec(any::<u8>(), 16_000..16_300),
        ];
        (flag, message, any::<Option<u64>>()).prop_map(|(flag, message, window)| Frame {
            flag,
            message: message.into(),
            window,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn frames_survive_any_cutting(
            frames in proptest::collection::vec(frames(), 1..6),
            cuts in proptest::collection::vec(1usize..20_000, 1..40),
        ) {
            let mut all = BytesMut::new();
            for frame in &frames {
                all.extend_from_slice(&frame.encode());
            }
            let mut all = all.freeze();
            let mut decoder = Decoder::default();
            let mut read = Vec::new();
            let mut cuts = cuts.into_iter().cycle();
            while !all.is_empty() {
                let cut = cuts.next().unwrap_or(1).min(all.len());
                let mut input = all.split_to(cut);
                while let Some(frame) = decoder.next(&mut input)? {
                    read.push(frame);
                }
                prop_assert!(decoder.held() < MAX_FRAME);
            }
            prop_assert_eq!(read, frames);
        }

        #[test]
        fn both_encoders_agree(payload in proptest::collection::vec(any::<u8>(), 1..MAX_PAYLOAD)) {
            let mut buffer = BytesMut::zeroed(HEADER);
            buffer.extend_from_slice(&payload);
            let frame = Frame { message: payload.into(), ..Frame::default() };
            prop_assert_eq!(encode_in_place(buffer), frame.encode());
        }

        #[test]
        fn any_bytes_are_read_or_refused(messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..20)) {
            let mut decoder = Decoder::default();
            'all: for message in messages {
                let mut input = Bytes::from(message);
                loop {
                    match decoder.next(&mut input) {
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(_) => break 'all,
                    }
                }
                prop_assert!(decoder.held() <= MAX_FRAME);
            }
        }
    }
}
