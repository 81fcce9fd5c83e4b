//! One session without input or output: ICE, DTLS and SCTP by the sans-IO engine `str0m`, and the channels on top.
//!
//! Responsible for translating: datagrams and time go in; datagrams, streams and events come out. Bounds: channels
//! ([`Limits::max_channels`]; more are closed at once), what SCTP holds ([`Limits::max_in_flight`]: frames stay in their
//! streams, whose writers wait), and those of [`crate::stream`].
//!
//! Channels take turns, one frame each, so that none waits for more than one frame of each other.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use str0m::channel::{ChannelConfig, ChannelId};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcError};

use super::config::Limits;
use super::flight::{self, Flight};
use super::setup::{Setup, create_first, creds, longest_datagram, str_fingerprint};
use crate::address::Fingerprint;
use crate::frame::MAX_FRAME;
use crate::noise::Role;
use crate::stream::{self, Channel, Peer, Progress, Ready, Stream};

/// The channel of the Noise handshake.
const FIRST: u32 = 0;

/// A datagram to send.
#[derive(Debug)]
pub(crate) struct Packet {
    pub(crate) to: SocketAddr,
    pub(crate) contents: Vec<u8>,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Happened {
    /// A pair of addresses works.
    Ice,
    /// DTLS is established.
    Dtls,
    /// The handshake's channel is open.
    First,
    /// The peer opened a stream.
    Stream(Stream),
    /// A channel is gone.
    ChannelGone,
    /// The peer broke a stream's rules.
    Broken,
    /// The peer said goodbye.
    Closed,
}

struct Entry {
    id: ChannelId,
    channel: Channel,
    open: bool,
    /// Stands in `writable`.
    queued: bool,
    /// A frame that SCTP had no room for.
    stuck: Option<Bytes>,
    /// Since when the acknowledgement is waited for.
    waiting: Option<Instant>,
}

/// How long the server lets the client close a channel whose stream is over. Clients of this crate do close; some strangers never do.
const CLIENT_CLOSES: Duration = Duration::from_secs(30);
const STRANGER_CLOSES: Duration = Duration::from_secs(1);

/// So many channels may wait for that, for each that may be open: the client counts them no more, and its word that they are closed may
/// be lost while it opens others. Beyond that the oldest is closed.
const OVER: usize = 16;

/// So many datagrams the engine takes before it wants to be drained; DTLS refuses more than 30. One acknowledgement then does for all
/// of them, and what is in flight is looked through once.
const FED: usize = 16;
/// How a record of DTLS begins that holds an alert.
const ALERT: u8 = 21;

/// See the module.
pub(crate) struct Engine {
    rtc: Rtc,
    local: SocketAddr,
    limits: Limits,
    channels: HashMap<u32, Entry>,
    keys: HashMap<ChannelId, u32>,
    writable: VecDeque<u32>,
    /// Channels whose stream is nearly over.
    ending: Vec<u32>,
    /// Channels whose stream is over, and when this end closes them if the peer hasn't. The oldest is first.
    over: VecDeque<(Instant, ChannelId)>,
    ready: Arc<Ready>,
    peer: Arc<Peer>,
    next_key: u32,
    acknowledgement: Duration,
    is_server: bool,
    connected: bool,
    /// Datagrams since it was drained.
    fed: usize,
    flight: Flight,
}

impl Engine {
    /// Makes a session and the stream of its first channel.
    pub(crate) fn new(setup: Setup<'_>, now: Instant) -> Result<(Self, Stream), RtcError> {
        let Setup {
            role,
            credentials,
            limits,
            ..
        } = setup;
        let client = role == Role::Client;
        let rtc = Rtc::builder()
            .set_crypto_provider(Arc::clone(super::stun::provider()))
            .set_dtls_cert(setup.certificate.clone())
            .set_ice_lite(!client)
            .set_fingerprint_verification(client)
            // The bound is `Flight`'s; this one mustn't be hit before.
            .set_sctp_max_buffered_amount(limits.max_in_flight.max(flight::MIN) + MAX_FRAME)
            .set_stats_interval(None)
            .set_mtu(longest_datagram(setup.remote)..=usize::MAX);
        let mut rtc = rtc.build(now);
        // Nobody is told this address, and which of the host's it is doesn't matter: what is sent carries the peer's.
        let ip: IpAddr = match setup.remote {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        let local = SocketAddr::new(ip, setup.port);
        let candidate = |addr| Candidate::host(addr, "udp").map_err(RtcError::Ice);
        rtc.add_local_candidate(candidate(local)?);
        if client {
            rtc.add_remote_candidate(candidate(setup.remote)?);
        }
        let (ours, theirs) = creds(role, credentials);
        let mut api = rtc.direct_api();
        api.set_local_ice_credentials(ours);
        api.set_remote_ice_credentials(theirs);
        api.set_ice_controlling(client);
        // The client's certificate isn't known to the server; Noise tells whom it belongs to.
        api.set_remote_fingerprint(str_fingerprint(setup.certhash));
        api.start_dtls(client)?;
        api.start_sctp(client);
        let first = create_first(&mut api);
        let (stream, channel) = stream::first(
            limits.streams,
            Arc::clone(&setup.peer),
            Arc::clone(&setup.ready),
            FIRST,
        );
        let mut engine = Self {
            rtc,
            local,
            limits,
            channels: HashMap::new(),
            keys: HashMap::new(),
            writable: VecDeque::new(),
            ending: Vec::new(),
            over: VecDeque::new(),
            ready: setup.ready,
            peer: setup.peer,
            next_key: FIRST + 1,
            acknowledgement: setup.acknowledgement,
            is_server: !client,
            connected: false,
            fed: 0,
            flight: Flight::new(limits.max_in_flight),
        };
        engine.insert(FIRST, first, channel);
        engine.rtc.handle_input(Input::Timeout(now))?;
        Ok((engine, stream))
    }

    /// One datagram from the peer. Malformed ones are nothing. What comes of it may wait for others: after the last one that is there,
    /// [`Engine::drive`] is to be called.
    pub(crate) fn receive(
        &mut self,
        from: SocketAddr,
        datagram: &[u8],
        now: Instant,
        packets: &mut Vec<Packet>,
        happened: &mut Vec<Happened>,
    ) -> Result<(), RtcError> {
        // It may be a goodbye, after which DTLS says no more of what came before.
        let alert = datagram.first() == Some(&ALERT);
        if alert && self.fed > 0 {
            self.drive(now, packets, happened)?;
        }
        self.fed += 1;
        if let Ok(receive) = Receive::new(Protocol::Udp, from, self.local, datagram) {
            self.rtc.handle_input(Input::Receive(now, receive))?;
        }
        if alert || !self.connected || self.fed >= FED {
            self.drive(now, packets, happened)?;
        }
        Ok(())
    }

    /// Time goes by.
    pub(crate) fn tick(&mut self, now: Instant) -> Result<(), RtcError> {
        self.rtc.handle_input(Input::Timeout(now))
    }

    /// Opens a channel. Nothing: there are as many as there may be, of which the peer has a half. It learns later than we
    /// that one is closed, so who went to its limit would have channels refused.
    pub(crate) fn open(&mut self) -> Option<Stream> {
        if self.channels.len() > self.limits.max_channels / 2 {
            return None;
        }
        let id = self
            .rtc
            .direct_api()
            .create_data_channel(ChannelConfig::default());
        Some(self.add(id))
    }

    /// Makes the stream of a channel.
    fn add(&mut self, id: ChannelId) -> Stream {
        // After four thousand million streams numbers come again; those in use are passed over.
        let key = loop {
            let key = self.next_key;
            self.next_key = self.next_key.wrapping_add(1);
            if key != FIRST && !self.channels.contains_key(&key) {
                break key;
            }
        };
        let (stream, channel) = stream::new(
            self.limits.streams,
            Arc::clone(&self.peer),
            Arc::clone(&self.ready),
            key,
        );
        self.insert(key, id, channel);
        stream
    }

    /// Takes note of all channels whose streams have something to do.
    pub(crate) fn attend(&mut self) {
        while let Some(key) = self.ready.pop() {
            self.attend_to(key);
        }
    }

    /// Takes note of one.
    pub(crate) fn attend_to(&mut self, key: u32) {
        if let Some(entry) = self.channels.get(&key) {
            entry.channel.attend();
            self.queue(key);
        }
    }

    /// Does all that can be done now. Gives the time at which [`Engine::tick`] is due.
    pub(crate) fn drive(
        &mut self,
        now: Instant,
        packets: &mut Vec<Packet>,
        happened: &mut Vec<Happened>,
    ) -> Result<Instant, RtcError> {
        let mut due = self.drain(packets, happened)?;
        // The engine wants to be drained after each change: with several frames between, streams broke where datagrams are lost.
        loop {
            self.attend();
            if !self.write_one(now)? && !self.finish_one(now, happened) && !self.close_one(now) {
                return Ok(due);
            }
            due = self.drain(packets, happened)?;
        }
    }

    /// Says goodbye; [`Engine::drive`] then gives the last packets.
    pub(crate) fn close(&mut self) {
        if let Err(error) = self.rtc.close() {
            tracing::debug!(%error, "no proper goodbye");
        }
    }

    /// Whether the session goes on.
    pub(crate) fn is_alive(&self) -> bool {
        self.rtc.is_alive()
    }

    /// The peer's certificate, once DTLS is established.
    pub(crate) fn remote_fingerprint(&mut self) -> Option<Fingerprint> {
        let api = self.rtc.direct_api();
        let digest = api.remote_dtls_fingerprint()?.bytes.as_slice();
        digest.try_into().ok().map(Fingerprint::raw)
    }

    /// When the next acknowledgement is given up, or the next channel is closed that the peer should have closed.
    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let entries = self.ending.iter().filter_map(|key| self.channels.get(key));
        let times = entries.filter_map(|entry| Some(entry.waiting? + self.acknowledgement));
        let times = times.chain(self.over.front().map(|(at, _)| *at));
        // What is due and has to wait for the network is looked at when something comes.
        times.filter(|at| *at > now).min()
    }

    /// Whether streams that were closed by our program still have something on the way.
    pub(crate) fn has_ending(&self) -> bool {
        let mut ending = self.ending.iter();
        ending.any(|key| self.channels.contains_key(key)) || self.channels.values().any(|entry| entry.queued)
    }

    /// The session is over: all streams are told.
    pub(crate) fn lose(&mut self, why: &crate::error::Closed) {
        for (_, entry) in self.channels.drain() {
            entry.channel.lost(why.clone());
        }
        self.keys.clear();
        self.over.clear();
        self.rtc.disconnect();
    }

    fn insert(&mut self, key: u32, id: ChannelId, channel: Channel) {
        self.keys.insert(id, key);
        self.channels.insert(
            key,
            Entry {
                id,
                channel,
                open: false,
                queued: false,
                stuck: None,
                waiting: None,
            },
        );
    }

    fn drain(
        &mut self,
        packets: &mut Vec<Packet>,
        happened: &mut Vec<Happened>,
    ) -> Result<Instant, RtcError> {
        self.fed = 0;
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(due) => return Ok(due),
                Output::Transmit(transmit) => packets.push(Packet {
                    to: transmit.destination,
                    contents: transmit.contents.into(),
                }),
                Output::Event(event) => self.on(event, happened),
            }
        }
    }

    fn on(&mut self, event: Event, happened: &mut Vec<Happened>) {
        match event {
            Event::IceConnectionStateChange(
                IceConnectionState::Connected | IceConnectionState::Completed,
            ) => happened.push(Happened::Ice),
            Event::Connected if !self.connected => {
                self.connected = true;
                happened.push(Happened::Dtls);
            }
            Event::ChannelOpen(id, _) => self.on_open(id, happened),
            Event::ChannelData(data) => {
                let Some(entry) = self.keys.get(&data.id).and_then(|key| self.channels.get(key)) else {
                    return;
                };
                if let Err(error) = entry.channel.push(data.data.into()) {
                    tracing::debug!(%error, "broke a stream");
                    happened.push(Happened::Broken);
                }
            }
            Event::ChannelClose(id) => {
                if let Some(key) = self.keys.remove(&id)
                    && let Some(entry) = self.channels.remove(&key)
                {
                    entry.channel.closed();
                    happened.push(Happened::ChannelGone);
                } else {
                    self.over.retain(|(_, over)| *over != id);
                }
            }
            Event::Closed => happened.push(Happened::Closed),
            _ => {}
        }
    }

    fn on_open(&mut self, id: ChannelId, happened: &mut Vec<Happened>) {
        if let Some(&key) = self.keys.get(&id) {
            if let Some(entry) = self.channels.get_mut(&key) {
                entry.open = true;
            }
            self.queue(key);
            if key == FIRST {
                happened.push(Happened::First);
            }
            return;
        }
        if self.channels.len() >= self.limits.max_channels {
            tracing::debug!("closed a channel that was one too many");
            self.rtc.direct_api().close_data_channel(id);
            return;
        }
        let stream = self.add(id);
        if let Some(entry) = self.keys.get(&id).and_then(|key| self.channels.get_mut(key)) {
            entry.open = true;
        }
        happened.push(Happened::Stream(stream));
    }

    fn queue(&mut self, key: u32) {
        if let Some(entry) = self.channels.get_mut(&key)
            && entry.open
            && !entry.queued
        {
            entry.queued = true;
            self.writable.push_back(key);
        }
    }

    /// Writes one frame of the next channel that has one. Whether anything changed.
    fn write_one(&mut self, now: Instant) -> Result<bool, RtcError> {
        if self.writable.is_empty() {
            return Ok(false);
        }
        let held = self.held();
        if !self.flight.may_write(held, now) {
            // Acknowledgements make room; until then all wait.
            return Ok(false);
        }
        while let Some(key) = self.writable.pop_front() {
            let Some(entry) = self.channels.get_mut(&key) else {
                continue;
            };
            entry.queued = false;
            let Some(frame) = entry.stuck.take().or_else(|| entry.channel.next_frame()) else {
                self.settle(key, now);
                continue;
            };
            let Some(mut channel) = self.rtc.channel(entry.id) else {
                // It is about to be reported as closed.
                continue;
            };
            match channel.write(true, &frame) {
                Ok(true) => {
                    self.flight.wrote(frame.len(), held, now);
                    self.queue(key);
                    return Ok(true);
                }
                Ok(false) => {
                    entry.stuck = Some(frame);
                    entry.queued = true;
                    self.writable.push_front(key);
                    return Ok(false);
                }
                Err(error) => {
                    tracing::debug!(%error, "a channel can't be written to");
                    self.rtc.direct_api().close_data_channel(entry.id);
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Bytes that SCTP holds.
    fn held(&mut self) -> usize {
        let rtc = &mut self.rtc;
        self.channels
            .values()
            .filter(|entry| entry.open)
            .filter_map(|entry| Some(rtc.channel(entry.id)?.buffered_amount()))
            .sum()
    }

    /// All frames of a channel are written.
    fn settle(&mut self, key: u32, now: Instant) {
        let Some(entry) = self.channels.get_mut(&key) else {
            return;
        };
        let progress = entry.channel.progress();
        if progress == Progress::AwaitsAck {
            entry.waiting.get_or_insert(now);
        }
        if progress != Progress::Open && !self.ending.contains(&key) {
            self.ending.push(key);
        }
    }

    /// Lets go of a channel whose stream is over and acknowledged by SCTP. Whether there was one.
    fn finish_one(&mut self, now: Instant, happened: &mut Vec<Happened>) -> bool {
        let mut done = None;
        let Self {
            ending,
            channels,
            rtc,
            acknowledgement,
            ..
        } = self;
        ending.retain(|key| {
            if done.is_some() {
                return true;
            }
            let Some(entry) = channels.get_mut(key) else {
                return false;
            };
            if entry.waiting.is_some_and(|since| now >= since + *acknowledgement) {
                entry.channel.give_up_waiting();
            }
            if entry.stuck.is_some() || entry.channel.progress() != Progress::Done {
                return true;
            }
            // Closing a channel drops what hasn't arrived.
            if rtc
                .channel(entry.id)
                .is_some_and(|mut channel| channel.buffered_amount() > 0)
            {
                return true;
            }
            done = Some(*key);
            false
        });
        let Some(entry) = done.and_then(|key| self.channels.remove(&key)) else {
            return false;
        };
        self.keys.remove(&entry.id);
        happened.push(Happened::ChannelGone);
        let patience = match self.peer.window() {
            _ if !self.is_server => Duration::ZERO,
            Some(_) => CLIENT_CLOSES,
            None => STRANGER_CLOSES,
        };
        self.over.push_back((now + patience, entry.id));
        true
    }

    /// Closes a channel whose stream is over, if it is time. Whether there was one.
    fn close_one(&mut self, now: Instant) -> bool {
        let too_many = self.over.len() > OVER * self.limits.max_channels;
        match self.over.front() {
            Some((at, _)) if *at <= now || too_many => {}
            _ => return false,
        }
        if let Some((_, id)) = self.over.pop_front() {
            self.rtc.direct_api().close_data_channel(id);
        }
        true
    }
}
