//! The machine's side towards our program.

use std::io;

use bytes::{Buf as _, BytesMut};

use super::{Gone, MAX_FRAME_TO_STRANGERS, Machine, Read, Write};
use crate::frame::{HEADER, MAX_FRAME};

impl Machine {
    /// Takes bytes to send. Nothing: there is no room.
    pub(in crate::stream) fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        self.check_writable()?;
        let room = self.limits.max_unsent.saturating_sub(self.unsent);
        if room == 0 {
            return Ok(None);
        }
        let taken = room.min(bytes.len());
        let max = if self.peer.window().is_some() {
            MAX_FRAME
        } else {
            MAX_FRAME_TO_STRANGERS
        };
        let mut rest = &bytes[..taken];
        while !rest.is_empty() {
            let n = match self.queue.back_mut().filter(|last| last.len() < max) {
                Some(last) => {
                    let n = rest.len().min(max - last.len());
                    last.extend_from_slice(&rest[..n]);
                    n
                }
                None => {
                    let n = rest.len().min(max - HEADER);
                    let mut chunk = BytesMut::with_capacity(HEADER + n);
                    chunk.resize(HEADER, 0);
                    chunk.extend_from_slice(&rest[..n]);
                    self.queue.push_back(chunk);
                    n
                }
            };
            rest = &rest[n..];
        }
        self.unsent += taken;
        Ok(Some(taken))
    }

    /// Whether all that was written is handed over.
    pub(in crate::stream) fn flushed(&self) -> io::Result<bool> {
        match self.write {
            Write::Reset => Err(io::ErrorKind::BrokenPipe.into()),
            _ if self.unsent == 0 => Ok(true),
            _ => self.check_gone().map(|()| false),
        }
    }

    /// Closes our half. Whether FIN is handed over.
    pub(in crate::stream) fn close(&mut self) -> io::Result<bool> {
        if self.gone.is_some() && self.unsent > 0 {
            self.check_gone()?;
        }
        match self.write {
            Write::Open if self.gone.is_some() => self.write = Write::Finished,
            Write::Open => self.write = Write::Closing,
            Write::Closing | Write::Fin | Write::Finished | Write::Stopped => {}
            Write::Reset => return Err(io::ErrorKind::BrokenPipe.into()),
        }
        Ok(self.write != Write::Closing || self.gone.is_some())
    }

    /// Reads bytes. Nothing: there is nothing yet. Zero: the end.
    pub(in crate::stream) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        if buffer.is_empty() {
            return Ok(Some(0));
        }
        let mut n = 0;
        while n < buffer.len() {
            if let Some(chunk) = self.chunks.front_mut() {
                let part = chunk.len().min(buffer.len() - n);
                chunk.copy_to_slice(&mut buffer[n..n + part]);
                n += part;
                if chunk.is_empty() {
                    self.chunks.pop_front();
                }
            } else if !self.tail.is_empty() {
                let part = self.tail.len().min(buffer.len() - n);
                self.tail.copy_to_slice(&mut buffer[n..n + part]);
                n += part;
            } else {
                break;
            }
        }
        if n > 0 {
            self.unread -= n;
            self.peer.release(n);
            self.consumed += n as u64;
            self.grant();
            return Ok(Some(n));
        }
        match self.read {
            Read::Finished | Read::Stopped => Ok(Some(0)),
            Read::Reset => Err(io::Error::new(
                io::ErrorKind::ConnectionReset,
                "the peer reset the stream",
            )),
            Read::Broken(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            Read::Open => match &self.gone {
                None => Ok(None),
                Some(Gone::Connection(why)) => {
                    Err(io::Error::new(io::ErrorKind::ConnectionAborted, why.clone()))
                }
                Some(Gone::Channel) => Err(io::Error::new(
                    io::ErrorKind::ConnectionReset,
                    "the peer closed the stream without finishing it",
                )),
            },
        }
    }

    /// Whether there is something for the channel's owner to do on account of the last call.
    pub(in crate::stream) fn wants_end(&self) -> bool {
        self.gone.is_none()
            && (self.send_reset
                || self.send_stop
                || self.send_window
                || self.write == Write::Closing
                || (self.unsent > 0 && self.may_send()))
    }

    /// Our program lets go of the stream.
    pub(in crate::stream) fn abandon(&mut self) {
        if self.write == Write::Open {
            self.give_up_writing();
        }
        self.stop_reading();
    }

    /// Our program doesn't want to read more.
    pub(in crate::stream) fn stop_reading(&mut self) {
        if self.read == Read::Open {
            self.read = Read::Stopped;
            self.send_stop = true;
            self.send_window = false;
        }
        self.clear_unread();
    }

    /// Our program, or a broken rule, ends our half without finishing it.
    pub(super) fn give_up_writing(&mut self) {
        if matches!(self.write, Write::Open | Write::Closing) {
            self.write = Write::Reset;
            self.send_reset = true;
            self.clear_unsent();
        }
    }

    fn check_writable(&self) -> io::Result<()> {
        self.check_gone()?;
        match self.write {
            Write::Open => Ok(()),
            Write::Stopped => Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "the peer stopped reading the stream",
            )),
            Write::Closing | Write::Fin | Write::Finished | Write::Reset => Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "this end has closed the stream",
            )),
        }
    }

    fn check_gone(&self) -> io::Result<()> {
        match &self.gone {
            None => Ok(()),
            Some(Gone::Connection(why)) => Err(io::Error::new(io::ErrorKind::ConnectionAborted, why.clone())),
            Some(Gone::Channel) => Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "the channel of the stream is closed",
            )),
        }
    }
}
