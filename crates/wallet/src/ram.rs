//! RAM that a transaction needs, and buying what is missing of it in the same transaction: who votes, takes a stake back, changes
//! permissions or proposes pays RAM for what that writes. A new account gets some with its creation.

use credo_primitives::entry::RamMarket;
use credo_primitives::{AccountName, Amount, StateKey};

use crate::draft::Basis;
use crate::intent::{Intent, ProposalDeed};

/// Bytes that a new account gets, and the least that is bought at once: enough for a dozen votes.
pub const RAM_AT_ONCE: u64 = 1_000;
/// What one more vote, frozen amount or item of a permission takes at most.
const ENTRY: u64 = 160;
/// What a proposal takes beside its actions, and for each approval that it asks for.
const APPROVAL: u64 = 256;
/// Parts of a price by which it may have risen until the block: one in twenty.
const MARGIN: u64 = 20;

/// RAM that is bought along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Purchase {
    /// For whom.
    pub(crate) account: AccountName,
    /// Bytes.
    pub(crate) bytes: u64,
    /// What it costs by the market as it is proved, with the fee.
    pub(crate) about: Amount,
    /// The most that it may cost.
    pub(crate) most: Amount,
}

/// Bytes that the publisher has to pay for, at most.
fn needs(intent: &Intent, basis: &Basis<'_>) -> u64 {
    match intent {
        Intent::Vote { .. } | Intent::Unvote { .. } | Intent::Move { .. } | Intent::Unpledge { .. } => ENTRY,
        // With its first change an account pays for all of its record.
        Intent::Permission(_) => match basis.record {
            Some(record) if !record.paid => {
                let key = StateKey::account(basis.account);
                (key.as_str().len() + record.record_bytes()) as u64 + ENTRY
            }
            _ => ENTRY,
        },
        Intent::Proposal(ProposalDeed::Propose {
            requested, actions, ..
        }) => {
            let texts = actions
                .iter()
                .map(|a| a.contract.len() + a.name.len() + a.data.len());
            texts.sum::<usize>() as u64 + APPROVAL * (1 + requested.len() as u64)
        }
        _ => 0,
    }
}

/// What has to be bought, as far as the market is known.
pub(crate) fn purchase(intent: &Intent, basis: &Basis<'_>) -> Option<Purchase> {
    let (account, bytes) = match intent {
        Intent::SignUp { name, .. } => (name, RAM_AT_ONCE),
        _ => {
            let free = basis.ram.total.saturating_sub(basis.ram.used);
            let missing = needs(intent, basis).saturating_sub(free);
            if missing == 0 {
                return None;
            }
            (basis.account, missing.max(RAM_AT_ONCE))
        }
    };
    let market: &RamMarket = basis.ram_market?;
    let price = market.price(bytes)?;
    let about = price.checked_add(RamMarket::fee(price)).ok()?;
    let margin = Amount::from_units(about.units().div_ceil(MARGIN))?;
    Some(Purchase {
        account: account.clone(),
        bytes,
        about,
        most: about.checked_add(margin).ok()?,
    })
}
