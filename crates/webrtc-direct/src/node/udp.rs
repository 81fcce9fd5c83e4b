//! A UDP socket that sends and receives many datagrams with one call, where the system can.
//!
//! Responsible for batching, and for answering from the address that was asked when the socket listens on all. Bounded: the
//! receive buffers are of fixed size; what is sent waits in the caller for the system's buffer.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;

use bytes::Bytes;
use quinn_udp::{RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;

use super::engine::Packet;
use super::stats::{Counters, count};

/// What the system should buffer; it may give less.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;
const SEND_BUFFER: usize = 2 * 1024 * 1024;
/// One buffer, which takes a batch of datagrams from one source.
const BUFFER: usize = 64 * 1024;
/// The most bytes that one call sends.
const MAX_BATCH: usize = 60_000;

/// Datagrams of one source.
#[derive(Clone, Debug)]
pub(crate) struct Datagrams {
    pub(crate) from: SocketAddr,
    /// Which of our addresses they came to.
    pub(crate) to: Option<IpAddr>,
    pub(crate) bytes: Bytes,
    /// Each has so many bytes, the last perhaps fewer.
    pub(crate) stride: usize,
    /// They may be another session's.
    pub(crate) shared: bool,
}

impl Datagrams {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.chunks(self.stride.max(1))
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Udp {
    socket: tokio::net::UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
    counters: Arc<Counters>,
}

impl Udp {
    /// Binds a socket. Must be called within a tokio runtime.
    pub(crate) fn bind(address: SocketAddr, counters: Arc<Counters>) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            // Otherwise it depends on the system whether IPv4 is listened on, too.
            socket.set_only_v6(true)?;
        }
        // Smaller buffers do, too.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        let _ = socket.set_send_buffer_size(SEND_BUFFER);
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let socket = UdpSocket::from(socket);
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        let local = socket.local_addr()?;
        Ok(Self {
            socket: tokio::net::UdpSocket::from_std(socket)?,
            state,
            local,
            counters,
        })
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Sends a packet if the system has room for it at once; else it is lost, as packets are.
    pub(crate) fn try_send(&self, packet: &Packet, source: Option<IpAddr>) {
        let transmit = Transmit {
            destination: packet.to,
            ecn: None,
            contents: &packet.contents,
            segment_size: None,
            src_ip: source,
        };
        count(&self.counters.bytes_out, packet.contents.len() as u64);
        let sent = self.socket.try_io(Interest::WRITABLE, || {
            self.state.try_send(UdpSockRef::from(&self.socket), &transmit)
        });
        if let Err(error) = sent {
            tracing::trace!(%error, to = %packet.to, "a packet wasn't sent");
        }
    }

    /// Sends packets, those to the same address together. Waits for room in the system's buffer. A packet that can't be
    /// sent is lost, as packets are.
    pub(crate) async fn send(&self, packets: &mut Vec<Packet>, source: Option<IpAddr>) {
        let mut rest = packets.drain(..).peekable();
        let segments = self.state.max_gso_segments();
        while let Some(first) = rest.next() {
            let (to, size) = (first.to, first.contents.len());
            let mut contents = first.contents;
            let mut n = 1;
            while n < segments
                && let Some(next) = rest
                    .next_if(|p| p.to == to && p.contents.len() <= size && contents.len() + size <= MAX_BATCH)
            {
                contents.extend_from_slice(&next.contents);
                n += 1;
                if next.contents.len() < size {
                    break;
                }
            }
            let transmit = Transmit {
                destination: to,
                ecn: None,
                contents: &contents,
                segment_size: (n > 1).then_some(size),
                src_ip: source,
            };
            count(&self.counters.bytes_out, contents.len() as u64);
            loop {
                let sent = self.socket.try_io(Interest::WRITABLE, || {
                    self.state.try_send(UdpSockRef::from(&self.socket), &transmit)
                });
                match sent {
                    Ok(()) => break,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        if self.socket.writable().await.is_err() {
                            return;
                        }
                    }
                    Err(error) => {
                        tracing::trace!(%error, %to, "a packet wasn't sent");
                        break;
                    }
                }
            }
        }
    }
}

/// Buffers for receiving.
pub(crate) struct Receiver {
    udp: Arc<Udp>,
    buffers: Vec<Vec<u8>>,
    metas: Vec<RecvMeta>,
}

impl Receiver {
    /// With `n` buffers, filled with one call.
    pub(crate) fn new(udp: Arc<Udp>, n: usize) -> Self {
        let n = n.clamp(1, quinn_udp::BATCH_SIZE);
        Self {
            udp,
            buffers: vec![vec![0; BUFFER]; n],
            metas: vec![RecvMeta::default(); n],
        }
    }

    /// Waits for datagrams. Each that comes is given to `each`: source, our address, bytes and stride.
    pub(crate) async fn receive(
        &mut self,
        mut each: impl FnMut(SocketAddr, Option<IpAddr>, &[u8], usize),
    ) -> io::Result<()> {
        let Self { udp, buffers, metas } = self;
        loop {
            udp.socket.readable().await?;
            let mut slices: Vec<IoSliceMut<'_>> =
                buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer)).collect();
            let received = udp.socket.try_io(Interest::READABLE, || {
                udp.state.recv(UdpSockRef::from(&udp.socket), &mut slices, metas)
            });
            let n = match received {
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                // The last packet that was sent found nobody; that concerns one peer, not the socket.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
                    ) =>
                {
                    continue;
                }
                Err(error) => return Err(error),
            };
            let mut bytes = 0;
            for (meta, buffer) in metas.iter().zip(buffers.iter()).take(n) {
                bytes += meta.len;
                if meta.len > 0 {
                    each(meta.addr, meta.dst_ip, &buffer[..meta.len], meta.stride);
                }
            }
            count(&udp.counters.bytes_in, bytes as u64);
            return Ok(());
        }
    }
}
