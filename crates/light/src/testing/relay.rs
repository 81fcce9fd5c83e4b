//! A relay that serves a [`TestChain`] up to a height that the test moves.

use std::sync::Arc;

use commonware_codec::Encode as _;
use credo_primitives::{CertifiedHeader, Digest, Text, Transaction};
use credo_wire::{MAX_HAND_OVERS, Message, Request, Response, TransactionAnswer, WIRE_VERSION, Welcome};

use super::{Liar, Lie, TestChain};

/// An honest relay, or one with a [`Lie`].
#[derive(Clone, Debug)]
pub struct TestRelay {
    /// What it serves.
    pub chain: Arc<TestChain>,
    /// Its newest block.
    pub height: u64,
    /// Alters what it sends.
    pub liar: Liar,
    /// It takes everything and answers nothing.
    pub silent: bool,
    /// Whether the client subscribed.
    pub subscribed: bool,
}

impl TestRelay {
    /// An honest relay whose newest block is at `height`.
    pub fn new(chain: &Arc<TestChain>, height: u64) -> Self {
        Self {
            chain: Arc::clone(chain),
            height,
            liar: Liar::new(None),
            silent: false,
            subscribed: false,
        }
    }

    /// A relay that tells a lie.
    pub fn lying(chain: &Arc<TestChain>, height: u64, lie: Lie) -> Self {
        Self {
            liar: Liar::new(Some(lie)),
            ..Self::new(chain, height)
        }
    }

    /// The newest block that is final with what it needs.
    fn head(&self) -> Option<CertifiedHeader> {
        let certified = |height: &u64| {
            self.chain
                .block(*height)
                .is_some_and(|b| !b.certificate.is_empty())
        };
        let height = (1..=self.height).rev().find(certified)?;
        self.chain.certified(height)
    }

    /// One more block; the push of it, if somebody subscribed.
    pub fn advance(&mut self) -> Option<Message> {
        self.height = (self.height + 1).min(self.chain.height());
        let head = self.head()?;
        (self.subscribed && !self.silent).then(|| self.liar.alter(Message::Head(head)))
    }

    /// What it sends back.
    pub fn receive(&mut self, message: Message) -> Option<Message> {
        if self.silent {
            return None;
        }
        match message {
            Message::Ping(number) => Some(Message::Pong(number)),
            Message::Request { id, request } => {
                let response = self.answer(request);
                Some(self.liar.alter(Message::Response { id, response }))
            }
            _ => None,
        }
    }

    fn answer(&mut self, request: Request) -> Response {
        let chain = Arc::clone(&self.chain);
        let head = self.head().map_or(0, |head| head.header.height);
        let answer = match request {
            Request::Hello { .. } => Some(Response::Welcome(Welcome {
                version: WIRE_VERSION,
                spec: chain.spec.hash(),
                height: self.height,
                agent: Text::new("test relay").unwrap_or_default(),
                time_ms: chain.spec.time_ms,
            })),
            Request::Spec => Some(Response::Spec(chain.spec.encode().to_vec())),
            Request::HandOvers { from, max } => {
                let max = (max as usize).min(MAX_HAND_OVERS);
                let served = (chain.hand_overs.iter()).filter(|hand_over| {
                    hand_over.header.epoch >= from && hand_over.header.height <= self.height
                });
                Some(Response::HandOvers(served.take(max).cloned().collect()))
            }
            Request::Subscribe => {
                self.subscribed = true;
                self.head().map(Response::Head)
            }
            Request::State { keys } => chain.state(head, &keys).map(Response::State),
            Request::Ranking { part } => chain.ranking_part(head, part).map(Response::Ranking),
            Request::Submit { transaction } => Some(match Transaction::decode(&transaction) {
                Ok(transaction) => Response::Submitted(transaction.hash()),
                Err(error) => Liar::refusal(&error.to_string()),
            }),
            Request::Transaction { hash } => {
                Some(Response::Transaction(match chain.transaction(head, &hash) {
                    Some(included) => TransactionAnswer::Final(included),
                    None if hash == Digest::from([0; 32]) => TransactionAnswer::Pending,
                    None => TransactionAnswer::Unknown,
                }))
            }
            Request::Block { height } if height <= head => chain.block_answer(height).map(Response::Block),
            Request::Block { .. } => None,
        };
        answer.unwrap_or_else(|| Liar::refusal("this isn't known here"))
    }
}
