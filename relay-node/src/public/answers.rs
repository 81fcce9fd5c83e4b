//! From requests to encoded answers.
//!
//! What many ask for is encoded once per head and shared: the head itself, parts of the ranking of Servi nodes, hand-overs.
//! The shared answers hold at most [`MAX_CACHED_PARTS`] parts and [`MAX_CACHED_RANGES`] ranges of hand-overs.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use commonware_codec::{Encode as _, EncodeSize as _};
use credo_primitives::{CertifiedHeader, Digest, Text};
use credo_wire::{
    MAX_FRAME, MAX_HAND_OVERS, MAX_SPEC, Message, Request, Response, WIRE_VERSION, Welcome, frame_body,
};
use tokio::sync::{Mutex, watch};

use super::outbox::Frame;
use crate::service::{ChainService, ServiceError};

/// Program and version, as clients see it.
const AGENT: &str = concat!("credo relay-node ", env!("CARGO_PKG_VERSION"));
/// Most ranges of hand-overs that are kept encoded.
const MAX_CACHED_RANGES: usize = 8;
/// Most parts of the ranking that are kept encoded.
const MAX_CACHED_PARTS: usize = 8;
/// Room that a frame's own fields take beside a response.
const FRAME_ROOM: usize = 64;
/// How long the node may take for one answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// A head, ready to be pushed.
#[derive(Debug)]
pub(crate) struct EncodedHead {
    pub(crate) digest: Digest,
    /// The whole frame.
    pub(crate) frame: Bytes,
}

#[derive(Default)]
struct Parts {
    head: Option<Digest>,
    parts: Vec<(u32, Bytes)>,
}

#[derive(Default)]
struct Ranges {
    head: Option<Digest>,
    ranges: Vec<((u64, usize), Bytes)>,
}

/// Answers requests of every session.
pub(crate) struct Answers {
    service: Arc<dyn ChainService>,
    spec: Bytes,
    heads: watch::Sender<Option<Arc<EncodedHead>>>,
    ranking: Mutex<Parts>,
    hand_overs: Mutex<Ranges>,
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

/// A refusal in words, cut to what a frame allows.
pub(crate) fn refused(why: &str) -> Bytes {
    let mut end = why.len().min(1_000);
    while !why.is_char_boundary(end) {
        end -= 1;
    }
    let why = Text::new(&why[..end]).unwrap_or_default();
    Response::Refused(why).encode()
}

/// A response's frame.
pub(crate) fn response_frame(id: u64, response: Bytes) -> Frame {
    let prefix = Message::response_prefix(id);
    let mut head = ((prefix.len() + response.len()) as u32).to_be_bytes().to_vec();
    head.extend_from_slice(&prefix);
    Frame { head, body: response }
}

/// Any other message's frame.
pub(crate) fn message_frame(message: &Message) -> Frame {
    Frame {
        head: credo_wire::encode_frame(message),
        body: Bytes::new(),
    }
}

impl Answers {
    pub(crate) fn new(service: Arc<dyn ChainService>) -> Self {
        let spec = Response::Spec(service.spec().encode().to_vec()).encode();
        Self {
            spec,
            heads: watch::channel(None).0,
            ranking: Mutex::default(),
            hand_overs: Mutex::default(),
            service,
        }
    }

    /// Encodes each new head once; runs as long as the public plane.
    pub(crate) async fn follow_heads(self: Arc<Self>) {
        let mut heads = self.service.heads();
        loop {
            let head = heads.borrow_and_update().clone();
            if let Some(head) = head {
                let encoded = EncodedHead {
                    digest: head.header.digest(),
                    frame: frame_body(&Message::Head(CertifiedHeader::clone(&head)).to_bytes()).into(),
                };
                self.heads.send_replace(Some(Arc::new(encoded)));
            }
            if heads.changed().await.is_err() {
                return;
            }
        }
    }

    /// Heads as frames, newest only.
    pub(crate) fn encoded_heads(&self) -> watch::Receiver<Option<Arc<EncodedHead>>> {
        self.heads.subscribe()
    }

    fn head(&self) -> Option<Arc<CertifiedHeader>> {
        self.service.heads().borrow().clone()
    }

    /// The newest head's digest with the response that names it.
    pub(crate) fn subscribe(&self) -> (Option<Digest>, Bytes) {
        match self.head() {
            Some(head) => {
                let response = Response::Head(CertifiedHeader::clone(&head)).encode();
                (Some(head.header.digest()), response)
            }
            None => (None, refused(&ServiceError::NotReady.to_string())),
        }
    }

    /// The encoded [`Response`] to a request; [`Request::Subscribe`] is the session's.
    pub(crate) async fn answer(&self, request: Request) -> Bytes {
        let answer = tokio::time::timeout(ANSWER_LIMIT, self.try_answer(request));
        match answer.await {
            Ok(Ok(bytes)) if bytes.len() + FRAME_ROOM > MAX_FRAME => {
                refused("the answer is larger than a frame may be")
            }
            Ok(Ok(bytes)) => bytes,
            Ok(Err(error)) => refused(&error.to_string()),
            Err(_) => refused("the node didn't answer within ten seconds"),
        }
    }

    async fn try_answer(&self, request: Request) -> Result<Bytes, ServiceError> {
        let response = match request {
            Request::Hello { version } if version != WIRE_VERSION => {
                return Err(ServiceError::Refused(format!(
                    "this relay speaks version {WIRE_VERSION} of the protocol, you speak version {version}"
                )));
            }
            Request::Hello { .. } => Response::Welcome(Welcome {
                version: WIRE_VERSION,
                spec: self.service.spec().hash(),
                height: self.head().map_or(0, |h| h.header.height),
                agent: Text::new(AGENT).unwrap_or_default(),
                time_ms: now_ms(),
            }),
            Request::Spec if self.spec.len() > MAX_SPEC + FRAME_ROOM => {
                return Err(ServiceError::Refused(
                    "the chain spec is larger than a frame may be".into(),
                ));
            }
            Request::Spec => return Ok(self.spec.clone()),
            Request::HandOvers { from, max } => return self.hand_overs(from, max as usize).await,
            Request::Subscribe => return Ok(self.subscribe().1),
            Request::State { keys } if keys.is_empty() => {
                return Err(ServiceError::Refused(
                    "a request for values must name at least one key".into(),
                ));
            }
            Request::State { keys } => Response::State(self.service.state(keys).await?),
            Request::Ranking { part } => return self.ranking(part).await,
            Request::Submit { transaction } => Response::Submitted(self.service.submit(transaction).await?),
            Request::Transaction { hash } => Response::Transaction(self.service.transaction(hash).await?),
            Request::Block { height } => Response::Block(self.service.block(height).await?),
        };
        Ok(response.encode())
    }

    /// Holding the lock while the service works makes all who ask meanwhile wait for the one answer.
    async fn ranking(&self, part: u32) -> Result<Bytes, ServiceError> {
        let mut cached = self.ranking.lock().await;
        let head = self.head().map(|h| h.header.digest());
        if cached.head != head {
            *cached = Parts {
                head,
                parts: Vec::new(),
            };
        }
        if let Some((_, bytes)) = cached.parts.iter().find(|(number, _)| *number == part) {
            return Ok(bytes.clone());
        }
        let bytes = Response::Ranking(self.service.ranking(part).await?).encode();
        if head.is_some() {
            if cached.parts.len() >= MAX_CACHED_PARTS {
                cached.parts.remove(0);
            }
            cached.parts.push((part, bytes.clone()));
        }
        Ok(bytes)
    }

    async fn hand_overs(&self, from: u64, max: usize) -> Result<Bytes, ServiceError> {
        let range = (from, max.min(MAX_HAND_OVERS));
        let mut cached = self.hand_overs.lock().await;
        let head = self.head().map(|h| h.header.digest());
        if cached.head != head {
            *cached = Ranges {
                head,
                ranges: Vec::new(),
            };
        }
        if let Some((_, bytes)) = cached.ranges.iter().find(|(r, _)| *r == range) {
            return Ok(bytes.clone());
        }
        let mut found = self.service.hand_overs(range.0, range.1).await?;
        let mut room = MAX_FRAME - FRAME_ROOM;
        let fitting = found.iter().take(range.1).take_while(|hand_over| {
            let size = hand_over.encode_size();
            let fits = size <= room;
            room = room.saturating_sub(size);
            fits
        });
        let fitting = fitting.count();
        found.truncate(fitting);
        let bytes = Response::HandOvers(found).encode();
        if head.is_some() {
            if cached.ranges.len() >= MAX_CACHED_RANGES {
                cached.ranges.remove(0);
            }
            cached.ranges.push((range, bytes.clone()));
        }
        Ok(bytes)
    }
}
