//! An open stream: a task that reads and nothing else, and a task that writes small flushed pieces.

use std::cell::Cell;
use std::rc::Rc;

use credo_wire::streams::{CLIENT_CHUNK, write_chunks};
use credo_wire::{FrameDecoder, MAX_FRAME, Message, frame_body};
use futures::channel::mpsc;
use futures::{AsyncReadExt as _, StreamExt as _};
use gloo::timers::future::TimeoutFuture;
use libp2p::Stream;
use libp2p::swarm::ConnectionId;
use wasm_bindgen_futures::spawn_local;

use crate::protocol::RelayId;

/// Bytes read at once.
const READ: usize = 16 * 1024;
/// Frames that wait to be sent; a relay that takes none of so many is closed.
const OUTGOING: usize = 64;
/// A ping or pong is no longer than this.
const HEARTBEAT: usize = 16;
/// How long a goodbye may take before the connection is closed regardless.
const GOODBYE_MS: u32 = 300;
/// How often the verifier is told that a relay lives while one long frame comes in.
const LIFE_MS: f64 = 1_500.0;
/// The number in our own pings, which the verifier never uses.
const PROBE: u64 = u64::MAX;

/// What a stream's tasks report.
pub(crate) enum Report {
    Frame(RelayId, Vec<u8>),
    Ended(RelayId, ConnectionId, String),
}

enum Out {
    Frame(Vec<u8>),
    Goodbye,
}

/// The page's end of an open stream.
pub(crate) struct Pipe {
    relay: RelayId,
    connection: ConnectionId,
    outgoing: mpsc::Sender<Out>,
    reports: mpsc::UnboundedSender<Report>,
    heard: Rc<Cell<f64>>,
}

impl Pipe {
    /// Starts the stream's tasks.
    pub(crate) fn start(
        relay: RelayId,
        connection: ConnectionId,
        stream: Stream,
        reports: mpsc::UnboundedSender<Report>,
    ) -> Self {
        let (mut read, mut write) = stream.split();
        let (outgoing, mut to_send) = mpsc::channel::<Out>(OUTGOING);
        let heard = Rc::new(Cell::new(js_sys::Date::now()));

        let (clock, mut pongs) = (heard.clone(), outgoing.clone());
        let (ended, frames) = (reports.clone(), reports.clone());
        spawn_local(async move {
            let mut decoder = FrameDecoder::new(MAX_FRAME);
            let mut buffer = vec![0; READ];
            let mut told = clock.get();
            let why = 'stream: loop {
                match read.read(&mut buffer).await {
                    Ok(0) => break "The relay closed the connection.".to_owned(),
                    Ok(n) => decoder.push(&buffer[..n]),
                    Err(error) => break format!("The connection to the relay broke ({error})."),
                }
                clock.set(js_sys::Date::now());
                loop {
                    match decoder.next_body() {
                        Ok(None) => break,
                        Ok(Some(body)) => match heartbeat(&body) {
                            Some(Beat::Answer(pong)) => {
                                let _ = pongs.try_send(Out::Frame(pong));
                            }
                            Some(Beat::Ours) => {}
                            Some(Beat::Goodbye) => break 'stream "The relay is leaving.".to_owned(),
                            None => {
                                told = clock.get();
                                let _ = frames.unbounded_send(Report::Frame(relay, body.into()));
                            }
                        },
                        Err(error) => break 'stream format!("The relay sends what can't be read ({error})."),
                    }
                }
                // A long frame over a slow link is a sign of life, too, before it is whole.
                if clock.get() - told >= LIFE_MS {
                    told = clock.get();
                    let _ = frames.unbounded_send(Report::Frame(relay, Message::Pong(0).to_bytes().into()));
                }
            };
            let _ = frames.unbounded_send(Report::Ended(relay, connection, why));
        });

        spawn_local(async move {
            let why = loop {
                let Some(out) = to_send.next().await else { return };
                let (body, last) = match out {
                    Out::Frame(body) => (body, false),
                    Out::Goodbye => (Message::Goodbye.to_bytes().into(), true),
                };
                if let Err(error) = write_chunks(&mut write, &frame_body(&body), CLIENT_CHUNK).await {
                    break format!("The connection to the relay broke ({error}).");
                }
                if last {
                    break "The page said goodbye.".to_owned();
                }
            };
            let _ = ended.unbounded_send(Report::Ended(relay, connection, why));
        });
        Self {
            relay,
            connection,
            outgoing,
            reports,
            heard,
        }
    }

    /// Queues a frame's body; false when the relay takes nothing any more.
    pub(crate) fn send(&mut self, body: Vec<u8>) -> bool {
        self.outgoing.try_send(Out::Frame(body)).is_ok()
    }

    /// Asks for a sign of life.
    pub(crate) fn probe(&mut self) {
        let _ = self.send(Message::Ping(PROBE).to_bytes().into());
    }

    /// Which connection it is on.
    pub(crate) fn connection(&self) -> ConnectionId {
        self.connection
    }

    /// Says goodbye after what still waits; [`Report::Ended`] follows, at the latest after [`GOODBYE_MS`].
    pub(crate) fn finish(mut self) {
        let _ = self.outgoing.try_send(Out::Goodbye);
        spawn_local(async move {
            TimeoutFuture::new(GOODBYE_MS).await;
            let why = "The relay took no goodbye.".to_owned();
            let _ = self
                .reports
                .unbounded_send(Report::Ended(self.relay, self.connection, why));
        });
    }

    /// When the last byte came.
    pub(crate) fn heard(&self) -> f64 {
        self.heard.get()
    }
}

enum Beat {
    Answer(Vec<u8>),
    Ours,
    Goodbye,
}

/// What is the connection's own business; everything else is the verifier's.
fn heartbeat(body: &[u8]) -> Option<Beat> {
    if body.len() > HEARTBEAT {
        return None;
    }
    match Message::from_bytes(body.to_vec().into()).ok()? {
        Message::Ping(nonce) => Some(Beat::Answer(Message::Pong(nonce).to_bytes().into())),
        Message::Pong(PROBE) => Some(Beat::Ours),
        Message::Goodbye => Some(Beat::Goodbye),
        _ => None,
    }
}
