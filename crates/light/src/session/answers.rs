//! The caller's requests: whom to ask, and what to make of the answers.

use credo_primitives::Text;
use credo_wire::{Response, TransactionAnswer};
use rand_core::CryptoRng;

use super::Session;
use super::drive::PAUSE_MS;
use super::relay::Phase;
use super::requests::Purpose;
use super::types::{Answer, Effect, Query, Ticket, TransactionStatus};
use crate::{LightClient, LightError, RelayId};

impl Session {
    fn done(&mut self, ticket: Ticket, result: Result<Answer, LightError>) {
        self.requests.remove(ticket);
        self.effects.push_back(Effect::Done(ticket, result));
    }

    /// Asks relays for what is open, and ends what can't be met.
    pub(super) fn dispatch(&mut self) {
        let now = self.now_ms;
        let waiting: Vec<Ticket> = (self.requests.open.iter())
            .filter(|(_, open)| !open.asked || open.ends_at <= now)
            .map(|(ticket, _)| *ticket)
            .collect();
        for ticket in waiting {
            let Some(open) = self.requests.open.get_mut(&ticket) else {
                continue;
            };
            if open.ends_at <= now {
                let error = open.error.take().unwrap_or(LightError::NoRelay);
                self.done(ticket, Err(error));
                continue;
            }
            if open.not_before > now {
                continue;
            }
            let live = self.relays.iter().filter(|(_, relay)| relay.phase == Phase::Live);
            let best = live
                .filter(|(id, _)| !open.tried.contains(id))
                .max_by_key(|(_, relay)| (relay.head, std::cmp::Reverse(relay.rtt_ms)))
                .map(|(id, _)| *id);
            match best {
                Some(id) => {
                    open.asked = true;
                    let (request, patience) = (open.query.request(), open.query.answer_ms());
                    self.ask(id, Purpose::Ticket(ticket), request, patience);
                }
                // Whoever could be asked has failed.
                None if !open.tried.is_empty() => {
                    let error = open.error.take().unwrap_or(LightError::NoRelay);
                    self.done(ticket, Err(error));
                }
                None => {}
            }
        }
    }

    pub(super) fn answer(
        &mut self,
        id: RelayId,
        ticket: Ticket,
        response: Response,
        rng: &mut impl CryptoRng,
    ) {
        let now = self.now_ms;
        let Some(open) = self.requests.open.get_mut(&ticket) else {
            return;
        };
        open.asked = false;
        let Some(client) = &mut self.client else {
            return;
        };
        let before = client.head().map(|head| head.header().height);
        let (error, head) = match check(client, &open.query, response, rng) {
            Ok(answer) => {
                if client.head().map(|head| head.header().height) != before {
                    self.moved_at = Some(now);
                    self.changed();
                }
                self.done(ticket, Ok(answer));
                return;
            }
            Err(failed) => failed,
        };
        let newest = client.newest_epoch();
        match &error {
            // Its block is of the epoch that has just begun: once the hand-over is here, ask again.
            LightError::UnknownCommittee { epoch, .. } if *epoch > newest && open.again < 10 => {
                open.again += 1;
                open.not_before = now + PAUSE_MS;
                if let (Some(relay), Some(head)) = (self.relays.get_mut(&id), head) {
                    relay.offer(*head);
                }
                return;
            }
            LightError::Conflict(_) => {
                self.changed();
                self.done(ticket, Err(error));
                return;
            }
            _ => {}
        }
        open.tried.insert(id);
        open.error = Some(error.clone());
        if error.is_lie() {
            self.close(id, &error);
        }
    }
}

/// An error, with the head of the answer that it was about when its committee may become known.
type Failed = (LightError, Option<Box<credo_primitives::CertifiedHeader>>);

fn check(
    client: &mut LightClient,
    query: &Query,
    response: Response,
    rng: &mut impl CryptoRng,
) -> Result<Answer, Failed> {
    let alone = |error| (error, None);
    match (query, response) {
        (_, Response::Refused(why)) => {
            let why: Text<1024> = why;
            Err(alone(LightError::Refused(why.as_str().to_owned())))
        }
        (Query::State(keys), Response::State(answer)) => client
            .verify_state(rng, keys, &answer)
            .map(Answer::State)
            .map_err(|error| (error, Some(Box::new(answer.head)))),
        (Query::Ranking(part), Response::Ranking(answer)) => client
            .verify_ranking(rng, *part, &answer)
            .map(Answer::Ranking)
            .map_err(|error| (error, Some(Box::new(answer.state.head)))),
        (Query::Submit(_), Response::Submitted(hash)) => Ok(Answer::Submitted(hash)),
        (Query::Block(height), Response::Block(answer)) => client
            .verify_block(rng, *height, &answer)
            .map(Answer::Block)
            .map_err(|error| (error, Some(Box::new(answer.head)))),
        (Query::Transaction(hash), Response::Transaction(answer)) => {
            let status = match answer {
                TransactionAnswer::Unknown => TransactionStatus::Unknown,
                TransactionAnswer::Pending => TransactionStatus::Pending,
                TransactionAnswer::Believable { height } => TransactionStatus::Believable { height },
                TransactionAnswer::Final(included) => client
                    .verify_transaction(rng, hash, &included)
                    .map(|proved| TransactionStatus::Final(Box::new(proved)))
                    .map_err(|error| (error, Some(Box::new(included.head))))?,
            };
            Ok(Answer::Transaction(status))
        }
        _ => Err(alone(LightError::Unexpected)),
    }
}
