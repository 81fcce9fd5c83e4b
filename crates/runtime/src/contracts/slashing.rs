//! P-24: what proved misbehaviour costs.
//!
//! It takes what is the node's own: its deposit and its registration's lock, the votes that it cast for itself, those of
//! them that it took back and that are still locked, its unclaimed rewards, all Servi, and its candidacy. Its voters' tokens are never taken: they return as after any other loss (P-16). The reporter has
//! `reporter_share` of what was taken, the rest is burnt; a node that reports itself has nothing of it. Nobody can be
//! shown to have been defrauded by a vote alone, so nobody is paid before the reporter.

use credo_pob::{CandidateStatus, Former, Seized};
use credo_primitives::entry::{IOST, LossReason};
use credo_primitives::{AccountName, Amount, StateKey};

use super::issue;
use super::vote_producer::{now, put_ending};
use crate::host::{Host, Stop};
use crate::moves::{self, pay};
use crate::stake::{self, Holder};

const DECIMALS: u32 = credo_primitives::amount::IOST_DECIMALS;

/// Takes from a guilty node what is its own. The evidence was checked before.
pub(crate) fn punish(
    host: &mut Host<'_, '_>,
    node: &AccountName,
    reporter: &AccountName,
) -> Result<(), Stop> {
    // What has returned by now is the account's again and out of reach; this folds it in.
    host.balance(node, IOST)?;
    let mut record = stake::voter(host, node)?;
    let Seized {
        stake: own,
        votes,
        rewards,
    } = host.ledger.seize(&mut record, node)?;
    stake::set_voter(host, node, &record)?;
    if !votes.is_zero() {
        crate::gas::unstake_votes(host, node, votes)?;
    }
    let staked = own.checked_add(votes)?;
    stake::take(host, node, staked)?;
    // All of it comes together where the deposit stands, and is shared from there.
    let held = Holder::Nodes.account();
    pay(host, &Holder::Votes.account(), &held, votes)?;
    let taken_back = stake::seize_taken_back(host, node, &held)?;
    pay(host, &issue::account(), &held, rewards)?;
    let at = now(host);
    match host.ledger.candidates().find(node).map(|c| c.status) {
        Some(CandidateStatus::Lost) => host.ledger.mark_guilty(node, at)?,
        Some(_) => {
            let ending = host.ledger.expel(node, LossReason::Misbehaved, at, host.rules)?;
            put_ending(host, &ending)?;
        }
        // It has lost its place since; that it is guilty is remembered all the same.
        None => {
            let former: Option<Former> = host.get(&StateKey::former(node))?;
            let mut former = former.unwrap_or_default();
            former.loss = Some(at.guilty(former.loss));
            stake::put_former(host, node, Some(former))?;
        }
    }
    let taken = staked.checked_add(taken_back)?.checked_add(rewards)?;
    let share = if reporter == node {
        0
    } else {
        host.parameters().reporter_share.of(taken.units())
    };
    let share = Amount::from_units(share).unwrap_or_default();
    pay(host, &held, reporter, share)?;
    moves::destroy(host, IOST, DECIMALS, &held, taken.checked_sub(share)?)
}
