//! What two ends say to each other once they are connected: so many bytes each way, compared on arrival.
//!
//! 1. The protocol is agreed on by multistream-select, as every libp2p program does.
//! 2. The asker sends three numbers (32 bits, big-endian): bytes up, bytes down, pace.
//! 3. The asker sends its bytes; the answerer sends one byte, [`GOOD`] if they were right.
//! 4. The answerer sends its bytes.
//!
//! Byte `i` is `(i * 31 + (i >> 8) * 7) mod 256`, so that a byte lost, doubled or moved is seen.
//!
//! With a pace above zero the sender waits after so many bytes until the receiver has sent one byte; between zero and
//! the end nobody paces, which is what a transport should stand. The pace is for implementations that don't. Who sends writes in
//! pieces of a size of its own, which the other end doesn't know.

use std::io;

use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The protocol's name.
pub const PROTOCOL: &str = "/webrtc-interop/exchange/1";
/// The answerer's word for bytes that came as they should.
pub const GOOD: u8 = 1;
/// What a sender writes at once, unless its transport stands less.
pub const PIECE: usize = 64 * 1024;
/// What the stock ends stand.
pub const STOCK_PIECE: usize = 8_000;
/// More is refused.
pub const MOST: u32 = 64 * 1024 * 1024;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Bytes from the asker.
    pub up: u32,
    /// Bytes from the answerer.
    pub down: u32,
    /// The pace, in bytes; zero for none.
    pub pace: u32,
}

fn byte(i: usize) -> u8 {
    (i.wrapping_mul(31).wrapping_add((i >> 8).wrapping_mul(7)) & 0xff) as u8
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

async fn send<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    count: u32,
    pace: u32,
    piece: usize,
) -> io::Result<()> {
    let bytes: Vec<u8> = (0..count as usize).map(byte).collect();
    if pace == 0 {
        for piece in bytes.chunks(piece.max(1)) {
            stream.write_all(piece).await?;
        }
        return stream.flush().await;
    }
    for piece in bytes.chunks(pace as usize) {
        stream.write_all(piece).await?;
        stream.flush().await?;
        stream.read_exact(&mut [0]).await?;
    }
    Ok(())
}

async fn receive<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    count: u32,
    pace: u32,
) -> io::Result<bool> {
    let mut buffer = vec![0; 64 * 1024];
    let (mut at, count) = (0, count as usize);
    let mut good = true;
    while at < count {
        let paced = if pace == 0 {
            count
        } else {
            (at / pace as usize + 1) * pace as usize
        };
        let end = paced.min(count);
        let room = (end - at).min(buffer.len());
        let read = stream.read(&mut buffer[..room]).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        good &= buffer[..read].iter().enumerate().all(|(i, b)| *b == byte(at + i));
        at += read;
        if pace != 0 && at == end {
            stream.write_all(&[0]).await?;
            stream.flush().await?;
        }
    }
    Ok(good)
}

/// Asks for an exchange on a stream whose protocol is agreed on.
///
/// # Errors
///
/// Fails if the stream does, or if bytes didn't come as they should.
pub async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    order: Order,
    piece: usize,
) -> io::Result<()> {
    let mut header = Vec::with_capacity(12);
    for number in [order.up, order.down, order.pace] {
        header.extend_from_slice(&number.to_be_bytes());
    }
    stream.write_all(&header).await?;
    stream.flush().await?;
    send(stream, order.up, order.pace, piece).await?;
    let mut verdict = [0];
    stream.read_exact(&mut verdict).await?;
    if verdict != [GOOD] {
        return Err(wrong("the bytes didn't arrive as they were sent"));
    }
    if !receive(stream, order.down, order.pace).await? {
        return Err(wrong("the bytes didn't come as they should"));
    }
    stream.close().await
}

/// Answers an exchange on a stream whose protocol is agreed on; yields what was asked for.
///
/// # Errors
///
/// Fails if the stream does, if bytes didn't come as they should, or if more than [`MOST`] is asked for.
pub async fn answer<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, piece: usize) -> io::Result<Order> {
    let mut header = [0; 12];
    stream.read_exact(&mut header).await?;
    let number = |n: usize| u32::from_be_bytes([header[n], header[n + 1], header[n + 2], header[n + 3]]);
    let order = Order {
        up: number(0),
        down: number(4),
        pace: number(8),
    };
    if order.up > MOST || order.down > MOST {
        return Err(wrong("more is asked for than is given"));
    }
    let good = receive(stream, order.up, order.pace).await?;
    stream.write_all(&[u8::from(good)]).await?;
    stream.flush().await?;
    send(stream, order.down, order.pace, piece).await?;
    // A stream that is dropped without that is reset, and what the other end hasn't read is lost to it.
    stream.close().await?;
    if !good {
        return Err(wrong("the bytes didn't come as they should"));
    }
    Ok(order)
}
