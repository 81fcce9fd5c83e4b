//! Who can be at an address: the sessions that claim it, and which of them have shown it.
//!
//! Anybody can send a datagram with any source address, and a check is signed with a password that stands in it. So a check is
//! a claim only. It is shown by the answer to a question with a random number, which goes to that address and nowhere else,
//! and is signed with the client's password ([`super::stun::Asker`]).
//!
//! Bounds: [`MAX_CLAIMS`] of an address. A further one takes the place of one that has had [`GRACE`] to answer and didn't;
//! otherwise it isn't taken.

use std::time::{Duration, Instant};

use super::demux::SessionId;
use super::stun::Asker;
use crate::ice::Credentials;
use crate::noise::Role;

/// Sessions that claim one address.
pub(super) const MAX_CLAIMS: usize = 4;
/// How long a claim may stand in the way of others before it is shown. A browser checks every two and a half seconds, and is asked
/// again with each check.
pub(super) const GRACE: Duration = Duration::from_secs(10);
/// How often is asked, at most.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// A session's claim of an address.
pub(super) struct Claim {
    pub(super) id: SessionId,
    /// The peer answered from there.
    pub(super) shown: bool,
    /// Its engine knows the address: the claim is shown, or older than the session's establishment.
    pub(super) known: bool,
    since: Instant,
    asked: Option<Instant>,
    asker: Option<Asker>,
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.id, if self.shown { "shown" } else { "claimed" })
    }
}

/// The claims of one address, oldest first.
#[derive(Debug, Default)]
pub(super) struct Place(Vec<Claim>);

impl Place {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn claims(&self) -> &[Claim] {
        &self.0
    }

    pub(super) fn get(&self, id: SessionId) -> Option<&Claim> {
        self.0.iter().find(|claim| claim.id == id)
    }

    /// Enters a claim. `Err`: there is no room. Otherwise the session whose claim gave way, if one did.
    pub(super) fn claim(
        &mut self,
        id: SessionId,
        known: bool,
        now: Instant,
    ) -> Result<Option<SessionId>, ()> {
        if self.get(id).is_some() {
            return Ok(None);
        }
        let mut gone = None;
        if self.0.len() >= MAX_CLAIMS {
            let at = self.late(now).ok_or(())?;
            gone = Some(self.0.remove(at).id);
        }
        // From now on the others have to show theirs, too.
        if self.0.len() == 1 && !self.0[0].shown {
            self.0[0].since = now;
        }
        self.0.push(Claim {
            id,
            shown: false,
            known,
            since: now,
            asked: None,
            asker: None,
        });
        Ok(gone)
    }

    /// Whether a further claim can be entered.
    pub(super) fn has_room(&self, now: Instant) -> bool {
        self.0.len() < MAX_CLAIMS || self.late(now).is_some()
    }

    /// The first claim that wasn't shown in time.
    fn late(&self, now: Instant) -> Option<usize> {
        let late = |claim: &Claim| !claim.shown && now.saturating_duration_since(claim.since) >= GRACE;
        self.0.iter().position(late)
    }

    pub(super) fn remove(&mut self, id: SessionId) {
        self.0.retain(|claim| claim.id != id);
    }

    /// A question for a session's peer, unless it has shown its claim or was just asked.
    pub(super) fn ask(&mut self, id: SessionId, credentials: &Credentials, now: Instant) -> Option<Vec<u8>> {
        let claim = self.0.iter_mut().find(|claim| claim.id == id && !claim.shown)?;
        if claim
            .asked
            .is_some_and(|at| now.saturating_duration_since(at) < ASK_EVERY)
        {
            return None;
        }
        claim.asked = Some(now);
        let asker = claim
            .asker
            .get_or_insert_with(|| Asker::new(credentials, Role::Server));
        Some(asker.ask())
    }

    /// Takes an answer; the session whose claim it shows.
    pub(super) fn answered(&mut self, datagram: &[u8]) -> Option<SessionId> {
        for claim in &mut self.0 {
            let asker = claim.asker.as_mut();
            if asker.is_some_and(|asker| asker.is_answer(datagram)) {
                (claim.shown, claim.known) = (true, true);
                claim.asker = None;
                return Some(claim.id);
            }
        }
        None
    }
}
