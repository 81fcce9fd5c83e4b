//! What was asked: by the caller ([`Ticket`]s) and of the relays (numbers on the wire).

use std::collections::{BTreeMap, BTreeSet};

use super::types::{Query, Ticket};
use super::{ANSWER_MS, MAX_REQUESTS, PART_MS, REQUEST_MS};
use crate::{LightError, RelayId};
use credo_wire::{MAX_KEYS, Request};

/// Why a relay was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Hello,
    Spec,
    Subscribe,
    HandOvers,
    /// Searching where its history parts from ours.
    Trace,
    Ticket(Ticket),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct InFlight {
    pub(super) relay: RelayId,
    pub(super) purpose: Purpose,
    pub(super) deadline: u64,
}

/// A request of the caller that hasn't ended.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) query: Query,
    pub(super) ends_at: u64,
    /// Relays that failed it.
    pub(super) tried: BTreeSet<RelayId>,
    /// Whether a relay is being asked.
    pub(super) asked: bool,
    /// Not to be asked before.
    pub(super) not_before: u64,
    /// How often an answer came before its committee was known.
    pub(super) again: u32,
    pub(super) error: Option<LightError>,
}

#[derive(Debug, Default)]
pub(super) struct Requests {
    last_ticket: u64,
    last_id: u64,
    pub(super) open: BTreeMap<Ticket, Open>,
    pub(super) in_flight: BTreeMap<u64, InFlight>,
}

impl Query {
    pub(super) fn request(&self) -> Request {
        match self {
            Self::State(keys) => Request::State { keys: keys.clone() },
            Self::Ranking(part) => Request::Ranking { part: *part },
            Self::Submit(transaction) => Request::Submit {
                transaction: transaction.clone(),
            },
            Self::Transaction(hash) => Request::Transaction { hash: *hash },
            Self::Block(height) => Request::Block { height: *height },
        }
    }

    pub(super) fn answer_ms(&self) -> u64 {
        match self {
            Self::Ranking(_) => PART_MS,
            _ => ANSWER_MS,
        }
    }

    fn fits(&self) -> Result<(), LightError> {
        match self {
            Self::State(keys) if keys.is_empty() || keys.len() > MAX_KEYS => Err(LightError::Refused(
                format!("one request asks for 1 to {MAX_KEYS} keys"),
            )),
            Self::Submit(bytes) if bytes.len() > credo_primitives::tx::MAX_TX_SIZE => Err(
                LightError::Refused(credo_primitives::TxError::Size(bytes.len()).to_string()),
            ),
            _ => Ok(()),
        }
    }
}

impl Requests {
    pub(super) fn next_ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }

    pub(super) fn add(&mut self, ticket: Ticket, query: Query, now_ms: u64) -> Result<(), LightError> {
        query.fits()?;
        if self.open.len() >= MAX_REQUESTS {
            return Err(LightError::Busy);
        }
        let patience = REQUEST_MS.max(query.answer_ms() + ANSWER_MS);
        let open = Open {
            query,
            ends_at: now_ms.saturating_add(patience),
            tried: BTreeSet::new(),
            asked: false,
            not_before: 0,
            again: 0,
            error: None,
        };
        self.open.insert(ticket, open);
        Ok(())
    }

    pub(super) fn remove(&mut self, ticket: Ticket) {
        self.open.remove(&ticket);
        self.in_flight
            .retain(|_, flight| flight.purpose != Purpose::Ticket(ticket));
    }

    /// A number for the wire, never 0.
    pub(super) fn launch(&mut self, relay: RelayId, purpose: Purpose, deadline: u64) -> u64 {
        self.last_id += 1;
        let flight = InFlight {
            relay,
            purpose,
            deadline,
        };
        self.in_flight.insert(self.last_id, flight);
        self.last_id
    }

    /// The request that `relay` answers with `id`; `None` for a late or invented answer.
    pub(super) fn land(&mut self, relay: RelayId, id: u64) -> Option<Purpose> {
        let flight = self.in_flight.get(&id)?;
        if flight.relay != relay {
            return None;
        }
        self.in_flight.remove(&id).map(|flight| flight.purpose)
    }

    /// Forgets what a relay was asked; the caller's requests can be asked of another.
    pub(super) fn forget(&mut self, relay: RelayId) {
        let mut again = Vec::new();
        self.in_flight.retain(|_, flight| {
            if flight.relay == relay
                && let Purpose::Ticket(ticket) = flight.purpose
            {
                again.push(ticket);
            }
            flight.relay != relay
        });
        for ticket in again {
            if let Some(open) = self.open.get_mut(&ticket) {
                open.asked = false;
            }
        }
    }
}
