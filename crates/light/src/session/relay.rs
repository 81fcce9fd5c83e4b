//! One connected relay.

use credo_primitives::{CertifiedHeader, Digest};

use super::trace::Trace;
use super::types::RelayInfo;

/// How far the conversation with a relay is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// *Hello* was sent.
    Greeting,
    /// The spec was asked for.
    Spec,
    /// *Subscribe* was sent; no head yet.
    Subscribing,
    /// It sends heads and can be asked.
    Live,
    /// It serves another chain, kept in case the user starts over; or another history, which is being compared.
    Refused,
}

#[derive(Clone, Debug)]
pub(super) struct Relay {
    pub(super) phase: Phase,
    /// The chain that it says it follows.
    pub(super) spec: Option<Digest>,
    /// Height of its newest head that verified.
    pub(super) head: Option<u64>,
    /// Its newest head that isn't verified yet.
    pub(super) pending: Option<CertifiedHeader>,
    /// Hand-over answers in a row that brought nothing.
    pub(super) empty: u32,
    /// Don't ask it for hand-overs before.
    pub(super) retry_at: u64,
    /// Its heads fail here: where its history parts from ours is being searched.
    pub(super) trace: Option<Trace>,
    pub(super) heard_at: u64,
    pub(super) pinged_at: u64,
    /// Number of the last ping and when it was sent.
    pub(super) ping: Option<(u64, u64)>,
    pub(super) rtt_ms: Option<u64>,
    pub(super) agent: Option<String>,
    pub(super) clock_ms: Option<i64>,
    pub(super) problem: Option<String>,
}

impl Relay {
    pub(super) fn new(now_ms: u64) -> Self {
        Self {
            phase: Phase::Greeting,
            spec: None,
            head: None,
            pending: None,
            empty: 0,
            retry_at: 0,
            trace: None,
            heard_at: now_ms,
            pinged_at: now_ms,
            ping: None,
            rtt_ms: None,
            agent: None,
            clock_ms: None,
            problem: None,
        }
    }

    /// Keeps the newest head that it sent, until it can be verified.
    pub(super) fn offer(&mut self, head: CertifiedHeader) {
        let newer = self
            .pending
            .as_ref()
            .is_none_or(|pending| pending.header.height <= head.header.height);
        if newer {
            self.pending = Some(head);
        }
    }

    pub(super) fn info(&self) -> RelayInfo {
        RelayInfo {
            agent: self.agent.clone(),
            height: self.head,
            rtt_ms: self.rtt_ms,
            clock_ms: self.clock_ms,
            problem: self.problem.clone(),
        }
    }
}
