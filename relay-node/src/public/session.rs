//! One client's session: reads its requests, answers them in any order, pushes heads, pings.
//!
//! What is bounded, and what happens at the bound: a frame (the session ends), requests at once and their rate (the
//! request is refused in words; a client that goes on regardless is ended), bytes of answers waiting (first requests
//! are refused, then the session ends), bytes of requests that wait to be answered (refused), time for a piece to leave
//! and time without a sign of life (the session ends), and what is computed for the client's source (nothing more is
//! read, and nothing answered, until it has earned it back).

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use credo_wire::{Message, Request};
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::watch;

use super::answers::{Answers, message_frame, refused, response_frame};
use super::outbox::{Frame, Next, Outbox, Overflow};
use super::transport::{ConnError, FrameReader, FrameWriter, Incoming};
use super::{Bucket, Limits};
use crate::budget::{Meter, PROOF_READ, TRANSPORT_PER_BYTE};

/// Silent heartbeat intervals after which the client counts as gone.
const MISSED: u32 = 3;
/// Refusals in a row for asking too much, after which a session is ended.
const PATIENCE: u32 = 256;

/// Counts a session for as long as it stands.
#[derive(Debug)]
pub(crate) struct Counted(Arc<AtomicUsize>);

impl Counted {
    pub(crate) fn new(count: Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum End {
    #[error("the client said goodbye")]
    Goodbye,
    #[error("the client closed the stream")]
    Closed,
    #[error("the node is stopping")]
    Stopping,
    #[error("{0}")]
    Broken(#[from] ConnError),
    #[error("the client doesn't read what it asked for")]
    SlowReader,
    #[error("nothing was heard from the client for too long")]
    Silent,
    #[error("the client sent what only a relay sends")]
    Nonsense,
    #[error("the client went on asking too much")]
    Flood,
    #[error("the client didn't introduce itself in this protocol's version")]
    Version,
}

impl End {
    /// True when it is this end that leaves, and the client may still listen.
    fn is_ours(&self) -> bool {
        matches!(
            self,
            Self::Stopping | Self::Nonsense | Self::Flood | Self::Version | Self::Broken(ConnError::Frame(_))
        )
    }
}

impl From<Overflow> for End {
    fn from(_: Overflow) -> Self {
        Self::SlowReader
    }
}

/// What a session needs.
pub(crate) struct Session {
    pub(crate) answers: Arc<Answers>,
    pub(crate) limits: Arc<Limits>,
    /// Charges the client's source.
    pub(crate) meter: Meter<IpAddr>,
    /// Bytes of answers that wait to be sent, of all sessions.
    pub(crate) waiting: Arc<AtomicUsize>,
    pub(crate) stopped: watch::Receiver<bool>,
    pub(crate) count: Counted,
}

impl Session {
    /// Runs until the client or the node ends it; then the connection closes.
    pub(crate) async fn run(self, incoming: Incoming) {
        let meter = self.meter.clone();
        meter.measured(self.serve(incoming)).await;
    }

    async fn serve(self, incoming: Incoming) {
        let Incoming { source, conn } = incoming;
        let limits = self.limits.clone();
        let outbox = Outbox::new(
            limits.waiting_bytes,
            self.waiting.clone(),
            limits.waiting_bytes_total,
        );
        let mut writer = conn.writer;
        let end = {
            let reading = self.read(conn.reader, &outbox);
            let writing = write(&mut writer, &outbox, &self.answers, &limits);
            tokio::pin!(reading, writing);
            tokio::select! {
                end = &mut reading => {
                    if end.is_ours() {
                        // A browser doesn't notice that a WebRTC connection was closed.
                        let _ = outbox.push(message_frame(&Message::Goodbye));
                    }
                    // What waits still leaves (a refusal, a goodbye), if the client takes it soon.
                    outbox.close();
                    let _ = tokio::time::timeout(Duration::from_millis(300), writing).await;
                    end
                }
                end = &mut writing => end,
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(100), writer.close()).await;
        tracing::debug!(%source, %end, "a light client's session ended");
        drop(self.count);
    }

    async fn read(&self, mut reader: FrameReader, outbox: &Outbox) -> End {
        let mut state = Reading {
            session: self,
            outbox,
            pending: FuturesUnordered::new(),
            asked: Arc::default(),
            requests: Bucket::new(self.limits.request_rate, Instant::now()),
            submissions: Bucket::new(self.limits.submit_rate, Instant::now()),
            introduced: false,
            refusals: 0,
        };
        let mut heard = Instant::now();
        let mut ping = tokio::time::interval(self.limits.heartbeat);
        let mut nonce = 0u64;
        let mut stopped = self.stopped.clone();
        loop {
            // What isn't read stays with the client; what it would have said can't be held against it.
            let pause = self.meter.wait();
            if pause.is_some() {
                heard = Instant::now();
            }
            let step = tokio::select! {
                () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => Ok(()),
                message = reader.next(), if pause.is_none() => match message {
                    Ok(Some(message)) => {
                        heard = Instant::now();
                        state.take(message)
                    }
                    Ok(None) => Err(End::Closed),
                    Err(error) => Err(End::Broken(error)),
                },
                Some((id, response)) = state.pending.next(), if !state.pending.is_empty() => {
                    outbox.push(response_frame(id, response)).map_err(End::from)
                }
                _ = ping.tick() => {
                    if heard.elapsed() > self.limits.heartbeat * MISSED {
                        Err(End::Silent)
                    } else {
                        nonce += 1;
                        outbox.push(message_frame(&Message::Ping(nonce))).map_err(End::from)
                    }
                }
                _ = stopped.wait_for(|stop| *stop) => {
                    Err(End::Stopping)
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }
}

/// What a request holds in memory while it waits.
fn bytes(request: &Request) -> usize {
    match request {
        Request::Submit { transaction } => transaction.len(),
        Request::State { keys } => keys.iter().map(|key| key.as_str().len()).sum(),
        _ => 0,
    }
}

/// What other threads do for a request, beside moving bytes.
fn surcharge(request: &Request) -> Duration {
    match request {
        Request::State { keys } => PROOF_READ * keys.len() as u32,
        _ => PROOF_READ,
    }
}

/// A request's bytes, counted for as long as it is pending.
struct Asked {
    bytes: usize,
    count: Arc<AtomicUsize>,
}

impl Asked {
    fn take(count: &Arc<AtomicUsize>, bytes: usize, limit: usize) -> Option<Self> {
        if count.load(Ordering::Relaxed) + bytes > limit {
            return None;
        }
        count.fetch_add(bytes, Ordering::Relaxed);
        Some(Self {
            bytes,
            count: Arc::clone(count),
        })
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.count.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

struct Reading<'a> {
    session: &'a Session,
    outbox: &'a Outbox,
    pending: FuturesUnordered<BoxFuture<'a, (u64, Bytes)>>,
    /// Bytes of the requests that are pending.
    asked: Arc<AtomicUsize>,
    requests: Bucket,
    submissions: Bucket,
    introduced: bool,
    refusals: u32,
}

impl Reading<'_> {
    fn take(&mut self, message: Message) -> Result<(), End> {
        match message {
            Message::Request { id, request } => self.request(id, request),
            Message::Ping(nonce) => {
                // A client can't make pongs pile up: they count against its request rate.
                if self.requests.take(Instant::now()) {
                    self.outbox.push(message_frame(&Message::Pong(nonce)))?;
                }
                Ok(())
            }
            Message::Pong(_) => Ok(()),
            Message::Goodbye => Err(End::Goodbye),
            Message::Response { .. } | Message::Head(_) => Err(End::Nonsense),
        }
    }

    fn refuse(&mut self, id: u64, why: &str) -> Result<(), End> {
        self.outbox.push(response_frame(id, refused(why)))?;
        Ok(())
    }

    fn refuse_too_much(&mut self, id: u64, why: &str) -> Result<(), End> {
        self.refusals += 1;
        if self.refusals > PATIENCE {
            return Err(End::Flood);
        }
        self.refuse(id, why)
    }

    fn request(&mut self, id: u64, request: Request) -> Result<(), End> {
        let limits = &self.session.limits;
        if id == 0 {
            return Err(End::Nonsense);
        }
        if !self.introduced {
            let Request::Hello { version } = request else {
                return self.refuse(id, "the first request must be a hello");
            };
            if version != credo_wire::WIRE_VERSION {
                self.refuse(
                    id,
                    &format!(
                        "this relay speaks version {} of the protocol, you speak version {version}",
                        credo_wire::WIRE_VERSION
                    ),
                )?;
                return Err(End::Version);
            }
            self.introduced = true;
        }
        let now = Instant::now();
        if !self.requests.take(now) {
            return self.refuse_too_much(id, "too many requests in a short time; ask again in a second");
        }
        if matches!(request, Request::Submit { .. }) && !self.submissions.take(now) {
            return self.refuse_too_much(
                id,
                "too many transactions in a short time; send it again in a second",
            );
        }
        if self.pending.len() >= limits.requests_at_once {
            return self.refuse_too_much(id, "too many requests at once; wait for the answers first");
        }
        if self.outbox.bytes() > limits.busy_bytes {
            return self.refuse_too_much(id, "too many answers wait to be sent to you; read them first");
        }
        let Some(asked) = Asked::take(&self.asked, bytes(&request), limits.asked_bytes) else {
            return self.refuse_too_much(
                id,
                "too much of what you asked waits to be answered; wait for the answers first",
            );
        };
        self.refusals = 0;
        if matches!(request, Request::Subscribe) {
            let (head, response) = self.session.answers.subscribe();
            self.outbox.push(response_frame(id, response))?;
            self.outbox.subscribe(head);
            return Ok(());
        }
        let (answers, meter) = (&self.session.answers, &self.session.meter);
        let cost = surcharge(&request);
        let answer = async move {
            let answer = answers.answer(request).await;
            meter.charge(cost + TRANSPORT_PER_BYTE * (asked.bytes + answer.len()) as u32);
            drop(asked);
            (id, answer)
        };
        self.pending.push(Box::pin(meter.paid(answer)));
        Ok(())
    }
}

/// Sends what the outbox holds and, when it is empty, the newest head.
async fn write(writer: &mut FrameWriter, outbox: &Outbox, answers: &Answers, limits: &Limits) -> End {
    let mut heads = answers.encoded_heads();
    let mut pushed = None;
    loop {
        let frame = match outbox.next() {
            Next::Frame(frame) => frame,
            Next::Closed => return End::Closed,
            Next::Idle => {
                outbox.changed().await;
                continue;
            }
            Next::Heads(answered) => {
                let head = heads.borrow_and_update().clone();
                match head {
                    Some(head) if Some(head.digest) != pushed && Some(head.digest) != answered => {
                        pushed = Some(head.digest);
                        Frame {
                            head: Vec::new(),
                            body: head.frame.clone(),
                        }
                    }
                    _ => {
                        tokio::select! {
                            () = outbox.changed() => {}
                            changed = heads.changed() => if changed.is_err() { return End::Stopping },
                        }
                        continue;
                    }
                }
            }
        };
        let counted = !frame.head.is_empty();
        // The frame's first bytes travel with the body's: one small piece less for every answer.
        let split = frame
            .body
            .len()
            .min(writer.chunk().saturating_sub(frame.head.len()));
        let mut first = frame.head;
        first.extend_from_slice(&frame.body[..split]);
        let rest = frame.body.slice(split..);
        for piece in std::iter::once(&first[..]).chain(rest.chunks(writer.chunk())) {
            match tokio::time::timeout(limits.stall, writer.write(piece)).await {
                Ok(Ok(())) if counted => outbox.sent(piece.len()),
                Ok(Ok(())) => {}
                Ok(Err(error)) => return End::Broken(ConnError::Io(error)),
                Err(_) => return End::SlowReader,
            }
        }
    }
}
