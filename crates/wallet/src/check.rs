//! Holding an intent against what is proved.

use credo_pob::{Candidate, CandidateStatus, MAX_FEE_SHARE, MAX_VOTES, MIN_FEE_SHARE};
use credo_primitives::entry::{MAX_PLEDGES, SIGN_UP_PLEDGE};
use credo_primitives::possession::check_possession;
use credo_primitives::spec::consensus_key::{from_base58, to_base58};
use credo_primitives::{AccountName, Amount};

use crate::draft::Basis;
use crate::intent::{Intent, IntentError, MAX_MEMO, NodeDeed, ProposalDeed, Registration, Requested};
use crate::permissions::{self, OWNER, satisfies};
use crate::ram::Purchase;

/// The least that one action pledges or takes back (`gas.iost`).
const LEAST_PLEDGE: Amount = Amount::from_iost(1);
/// What stays pledged for an account, by all together (`gas.iost`).
const KEPT_PLEDGE: Amount = Amount::from_iost(10);
/// Pledges are refused with more than two decimals.
const PLEDGE_UNIT: u64 = 1_000_000;

pub(crate) fn check(
    intent: &Intent,
    basis: &Basis<'_>,
    purchase: Option<&Purchase>,
) -> Result<(), IntentError> {
    let ram = purchase.map_or(Amount::ZERO, |purchase| purchase.most);
    if !ram.is_zero() {
        spend(ram, basis)?;
    }
    // What is spent comes on top of the RAM that is bought with it.
    let left = basis.spendable.checked_sub(ram).unwrap_or(Amount::ZERO);
    let basis = &Basis {
        spendable: left,
        ..*basis
    };
    match intent {
        Intent::Transfer { to, amount, memo } => {
            if to == basis.account {
                return Err(IntentError::Oneself(to.clone()));
            }
            if memo.len() > MAX_MEMO {
                return Err(IntentError::Memo(memo.len()));
            }
            exists(to, basis)?;
            spend(*amount, basis)?;
        }
        Intent::Vote { candidate, amount } => {
            votable(candidate, basis)?;
            spend(*amount, basis)?;
            room(candidate, basis)?;
        }
        Intent::Unvote { candidate, amount } => take(candidate, *amount, basis)?,
        Intent::Move { from, to, amount } => {
            if from == to {
                return Err(IntentError::SameNode(to.clone()));
            }
            take(from, *amount, basis)?;
            votable(to, basis)?;
            room(to, basis)?;
        }
        Intent::Pledge { to, amount } => {
            if to != basis.account {
                exists(to, basis)?;
            }
            pledge_amount(*amount)?;
            spend(*amount, basis)?;
            let known = basis.pledges.iter().any(|pledge| pledge.account == *to);
            if !known && basis.pledges.len() >= MAX_PLEDGES {
                return Err(IntentError::TooManyPledges(MAX_PLEDGES));
            }
        }
        Intent::Unpledge { to, amount } => unpledge(to, *amount, basis)?,
        Intent::Claim {
            voter,
            node,
            contribution,
        } => {
            if [voter, node, contribution].into_iter().all(|part| part.is_zero()) {
                return Err(IntentError::NothingToClaim);
            }
        }
        Intent::SignUp { name, .. } => {
            if basis.other_exists {
                return Err(IntentError::Taken(name.clone()));
            }
            spend(SIGN_UP_PLEDGE, basis)?;
        }
        Intent::Node(deed) => node(deed, basis)?,
        Intent::Permission(deed) => {
            let record = basis
                .record
                .ok_or_else(|| IntentError::Unknown(basis.account.clone()))?;
            if basis.key.is_none_or(|key| !satisfies(record, OWNER, key)) {
                return Err(IntentError::NotOwner(basis.account.clone()));
            }
            if let Some(other) = deed.other() {
                exists(other, basis)?;
            }
            permissions::check(record, deed)?;
        }
        Intent::Proposal(deed) => proposal(deed, basis)?,
    }
    // What the key alone can't publish would only be refused.
    if let (Some(record), Some(key)) = (basis.record, basis.key)
        && !satisfies(record, "active", key)
    {
        return Err(IntentError::NotAlone(basis.account.clone()));
    }
    Ok(())
}

fn exists(name: &AccountName, basis: &Basis<'_>) -> Result<(), IntentError> {
    if basis.other_exists || name.is_system_contract() || name == basis.account {
        Ok(())
    } else {
        Err(IntentError::NoRecipient(name.clone()))
    }
}

fn spend(amount: Amount, basis: &Basis<'_>) -> Result<(), IntentError> {
    match amount {
        amount if amount.is_zero() => Err(IntentError::Zero),
        amount if amount > basis.spendable => Err(IntentError::Balance {
            amount,
            spendable: basis.spendable,
        }),
        _ => Ok(()),
    }
}

fn find<'a>(name: &AccountName, basis: &Basis<'a>) -> Option<&'a Candidate> {
    basis.nodes.and_then(|nodes| nodes.find(name))
}

fn votable(candidate: &AccountName, basis: &Basis<'_>) -> Result<(), IntentError> {
    match find(candidate, basis).map(|node| node.status) {
        None => Err(IntentError::NoCandidate(candidate.clone())),
        Some(CandidateStatus::Lost) => Err(IntentError::Lost(candidate.clone())),
        Some(CandidateStatus::Requested) => Err(IntentError::NotApproved(candidate.clone())),
        Some(CandidateStatus::Registered | CandidateStatus::Candidate) => Ok(()),
    }
}

fn take(candidate: &AccountName, amount: Amount, basis: &Basis<'_>) -> Result<(), IntentError> {
    let votes = basis.votes.iter().find(|(name, _)| name == candidate);
    match votes {
        _ if amount.is_zero() => Err(IntentError::Zero),
        None => Err(IntentError::NoVotes(candidate.clone())),
        Some((_, votes)) if amount > *votes => Err(IntentError::Votes {
            candidate: candidate.clone(),
            votes: *votes,
            amount,
        }),
        Some(_) => Ok(()),
    }
}

fn room(candidate: &AccountName, basis: &Basis<'_>) -> Result<(), IntentError> {
    let known = basis.votes.iter().any(|(name, _)| name == candidate);
    if !known && basis.votes.len() >= MAX_VOTES {
        Err(IntentError::TooManyVotes(MAX_VOTES))
    } else {
        Ok(())
    }
}

fn pledge_amount(amount: Amount) -> Result<(), IntentError> {
    if amount < LEAST_PLEDGE {
        return Err(IntentError::LeastPledge(LEAST_PLEDGE));
    }
    if !amount.units().is_multiple_of(PLEDGE_UNIT) {
        return Err(IntentError::Field {
            what: "the amount",
            why: "pledges take at most two decimals".into(),
        });
    }
    Ok(())
}

fn unpledge(to: &AccountName, amount: Amount, basis: &Basis<'_>) -> Result<(), IntentError> {
    pledge_amount(amount)?;
    let Some(pledge) = basis.pledges.iter().find(|pledge| pledge.account == *to) else {
        return Err(IntentError::NotPledged(to.clone()));
    };
    if amount > pledge.amount {
        return Err(IntentError::Pledged {
            to: to.clone(),
            pledged: pledge.amount,
            amount,
        });
    }
    // What others' gas keeps isn't known here; the chain says it.
    let most = basis.pledged.checked_sub(KEPT_PLEDGE).unwrap_or(Amount::ZERO);
    if to == basis.account && amount > most {
        return Err(IntentError::KeepsPledge {
            keeps: KEPT_PLEDGE,
            most: most.min(pledge.amount),
        });
    }
    Ok(())
}

fn node(deed: &NodeDeed, basis: &Basis<'_>) -> Result<(), IntentError> {
    let account = || basis.account.clone();
    let own = find(basis.account, basis);
    let registered = || own.ok_or_else(|| IntentError::NoNode(account()));
    let candidate = || match registered()?.status {
        CandidateStatus::Candidate => Ok(()),
        _ => Err(IntentError::NotCandidate(account())),
    };
    match deed {
        NodeDeed::Register(said) => {
            if own.is_some_and(|node| node.status != CandidateStatus::Lost) {
                return Err(IntentError::NodeExists(account()));
            }
            if !basis.by_invitation || !said.possession.is_empty() {
                possessed(said, basis)?;
            }
            spend(basis.parameters.registration_lock(), basis)
        }
        NodeDeed::Update(said) => {
            if to_base58(&registered()?.key) != said.key {
                possessed(said, basis)?;
            }
            Ok(())
        }
        NodeDeed::Apply => apply(registered()?, basis),
        NodeDeed::Leave => match registered()?.status {
            CandidateStatus::Lost => Err(IntentError::NoNode(account())),
            _ => Ok(()),
        },
        NodeDeed::StandAside { epochs } => {
            candidate()?;
            if *epochs > basis.parameters.aside_epochs {
                return Err(IntentError::Aside(basis.parameters.aside_epochs));
            }
            Ok(())
        }
        NodeDeed::FeeShare { percent } => {
            registered()?;
            if (MIN_FEE_SHARE..=MAX_FEE_SHARE).contains(percent) {
                Ok(())
            } else {
                Err(IntentError::FeeShare(MIN_FEE_SHARE, MAX_FEE_SHARE))
            }
        }
    }
}

/// P-10. The consensus key shows that the account has it.
fn possessed(said: &Registration, basis: &Basis<'_>) -> Result<(), IntentError> {
    let why = match from_base58(&said.key) {
        Some(key) => check_possession(&said.possession, basis.spec, basis.account, &key)
            .err()
            .map(|why| why.to_string()),
        None => Some("the consensus key can't be read".into()),
    };
    match why {
        None => Ok(()),
        Some(why) => Err(IntentError::Field {
            what: "the key's signature",
            why: format!("{why}: relay-node key possess makes it"),
        }),
    }
}

/// P-10.
fn apply(own: &Candidate, basis: &Basis<'_>) -> Result<(), IntentError> {
    match own.status {
        CandidateStatus::Candidate => return Err(IntentError::IsCandidate(basis.account.clone())),
        CandidateStatus::Lost => return Err(IntentError::NoNode(basis.account.clone())),
        CandidateStatus::Requested => return Err(IntentError::NotApproved(basis.account.clone())),
        CandidateStatus::Registered => {}
    }
    if let Some(available) = basis.available_votes {
        let units = basis.parameters.candidacy_threshold.of(available.units());
        let threshold = Amount::from_units(units).unwrap_or(Amount::MAX);
        // Now, and at the last Micro State Block.
        let votes = own.votes.min(own.voted);
        if votes <= threshold {
            return Err(IntentError::Threshold {
                account: basis.account.clone(),
                votes,
                threshold,
            });
        }
    }
    let missing = basis
        .parameters
        .deposit
        .checked_sub(own.deposit)
        .unwrap_or(Amount::ZERO);
    if missing.is_zero() {
        Ok(())
    } else {
        spend(missing, basis)
    }
}

/// Whether this key can approve as `who` by itself is the chain's to say; what can be seen here is said before signing.
fn proposal(deed: &ProposalDeed, basis: &Basis<'_>) -> Result<(), IntentError> {
    let mine = |who: &Requested| match who {
        Requested::Key(key) => basis.key.is_none_or(|own| own == key),
        Requested::Account(account, permission) => {
            account == basis.account
                && matches!((basis.record, basis.key), (Some(record), Some(key)) if satisfies(record, permission.as_str(), key))
        }
    };
    match deed {
        ProposalDeed::Approve { who, .. } | ProposalDeed::Revoke { who, .. } if !mine(who) => {
            Err(IntentError::Field {
                what: "the approval",
                why: format!("your key can't speak for {}", who.item()),
            })
        }
        _ => Ok(()),
    }
}
