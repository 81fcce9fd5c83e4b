//! P-10: what a full list does.
//!
//! A node that registers then takes the place of the one that isn't a candidate and has the fewest votes, of as many the
//! one that registered first, but of none that registered less than [`PROTECTED_EPOCHS`] ago; where there is none such,
//! registering is refused. So filling the list costs as many locks as it has places, and lasts for no longer than a day
//! against anyone with votes.
//!
//! Who loses its place loses it to a newcomer for good: its number is the newcomer's, whose generation is its own. Votes
//! for the displaced node return as after any loss (P-16); what it had locked goes to its account's record of votes, where
//! it counts as returned at its date; its voters' rewards, its order and a conviction are remembered apart ([`Former`]).

use credo_primitives::Amount;
use credo_primitives::entry::{Frozen, LossReason};

use crate::round::lose;
use crate::{Candidate, CandidateStatus, Ending, Entry, Former, Ledger, Loss, Rules};

/// Epochs from a node's registration in which it can't be displaced: a day on main.
pub const PROTECTED_EPOCHS: u64 = 144;

/// What became of a node that lost its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Displaced {
    /// The node's record as it was when it went, without stake and rewards.
    pub node: Candidate,
    /// Whose votes ended, and how; none when they had ended before.
    pub ending: Option<Ending>,
    /// What it had locked, and from when on that counts as returned.
    pub stake: Option<Frozen>,
    /// Its own unclaimed rewards.
    pub earned: Amount,
    /// What is to be remembered of it, if anything.
    pub former: Option<Former>,
}

impl Ledger {
    /// The place that a newcomer takes of a full list.
    pub(crate) fn displaceable(&self, epoch: u64) -> Option<u32> {
        let list = &self.candidates().list;
        let open = |c: &Candidate| {
            c.status != CandidateStatus::Candidate && c.registered.saturating_add(PROTECTED_EPOCHS) <= epoch
        };
        let first = (list.iter().enumerate())
            .filter(|(_, c)| open(c))
            .min_by_key(|(_, c)| (c.votes, c.registered, c.generation))?;
        Some(first.0 as u32)
    }

    /// Gives a place to `record`, and says what became of whose it was.
    pub(crate) fn displace(
        &mut self,
        place: u32,
        record: Candidate,
        entry: Entry,
        rules: &Rules,
    ) -> Displaced {
        let mut node = self.at(place).clone();
        let ending = (node.status != CandidateStatus::Lost).then(|| {
            let loss = Loss {
                reason: LossReason::Displaced,
                epoch: entry.epoch,
                at_ms: entry.now_ms,
                until_ms: entry.now_ms.saturating_add(rules.vote_lock_ms),
            };
            let generation = self.take_generation();
            lose(&mut node, loss, generation)
        });
        self.replace(place, record);
        let former = Former {
            order: node.order,
            voters_pot: node.voters_pot,
            loss: node.loss,
        };
        let stake = node.stake();
        (node.deposit, node.lock) = (Amount::ZERO, Amount::ZERO);
        Displaced {
            ending,
            stake: (!stake.is_zero()).then_some(Frozen {
                amount: stake,
                until_ms: node.deposit_until_ms,
            }),
            earned: std::mem::take(&mut node.earned),
            former: former.matters().then_some(former),
            node,
        }
    }
}
