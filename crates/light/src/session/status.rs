//! Where the session stands.

use super::relay::Phase;
use super::types::Status;
use super::{OLD_MS, Session, Stop};
use crate::LightClient;

impl Session {
    pub(super) fn can_start_over(&self) -> bool {
        self.learnt
            && self
                .client
                .as_ref()
                .is_none_or(|client| client.spec().is_devnet())
    }

    /// Where the session stands.
    pub fn status(&self) -> Status {
        let head = self.client.as_ref().and_then(LightClient::head);
        if let Some(conflict) = self.client.as_ref().and_then(LightClient::stopped_by) {
            return Status::Conflict {
                detail: conflict.to_string(),
            };
        }
        match &self.stop {
            // While another relay serves the right one, this is that relay's problem alone.
            Some(Stop::WrongChain { expected, got })
                if !self.relays.values().any(|relay| relay.phase == Phase::Live) =>
            {
                return Status::WrongChain {
                    expected: *expected,
                    got: *got,
                    can_start_over: self.can_start_over(),
                };
            }
            Some(Stop::Update(detail)) => {
                return Status::UpdateNeeded {
                    detail: detail.clone(),
                };
            }
            _ => {}
        }
        if !self.begun {
            return Status::Starting;
        }
        let (Some(head), Some(moved_at), Some(client)) = (head, self.moved_at, &self.client) else {
            return self.status_before_head();
        };
        let limit = client.spec().parameters.slot_ms.saturating_mul(6).max(5_000);
        let reason = if self.now_ms.saturating_sub(moved_at) > limit {
            match (&self.last_problem, self.relays.is_empty()) {
                (Some(problem), true) => format!("no relay is connected: {problem}"),
                (None, true) => "no relay is connected".into(),
                (_, false) => "no new block arrives".into(),
            }
        } else if self.now_ms.saturating_sub(head.header().time_ms) > OLD_MS.max(limit) {
            "the newest block that the relays have is old by this device's clock".into()
        } else {
            return Status::Synced;
        };
        Status::Stale {
            since_ms: head.header().time_ms,
            reason,
        }
    }

    fn status_before_head(&self) -> Status {
        if let (Some((_, to)), Some(client)) = (self.fetching, &self.client) {
            let at = client.newest_epoch();
            let from = at - client.hand_overs_verified().min(at);
            return Status::Verifying {
                done: at - from,
                of: to.max(at) - from,
            };
        }
        let head = self.client.as_ref().and_then(LightClient::head);
        if let Some(head) = head
            && self.relays.values().any(|relay| relay.phase == Phase::Live)
        {
            return Status::Stale {
                since_ms: head.header().time_ms,
                reason: "the relays are behind what was verified before".into(),
            };
        }
        match &self.last_problem {
            Some(reason) if self.relays.is_empty() => Status::NoRelay {
                reason: reason.clone(),
            },
            _ => Status::Dialing,
        }
    }
}
