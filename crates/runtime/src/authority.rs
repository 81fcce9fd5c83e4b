//! Who may do what: IOST's permissions.
//!
//! - The publisher's `active` permission must be satisfied by keys that signed the publish hash, each signer's
//!   permission by any key of the transaction. Items that are other accounts' permissions count when those are satisfied.
//! - A signature of the publisher's that nothing needs harms nothing, and is taken: several who can sign for an account may all
//!   do so. No signature covers the list of them, so anyone can add one or leave one out, which changes the transaction's
//!   hash; its replay marks stay the same, so only one of the two is ever executed.
//! - During execution, [`Authority::allows`] asks for `account@permission`: true when it is listed (the signers and
//!   `publisher@active`), or when enough *account* items are. Keys no longer count there.
//! - While a proposal is executed, what counts are its approvals: permissions that approved are listed, and keys that
//!   approved do count for key items ([`Authority::of_approvals`]).
//! - A permission that is missing falls back to `active`; one that isn't satisfied falls back from a custom one to
//!   `active`, and from there to `owner`.
//! - A permission counts once in the answer to a question, wherever it is met: met again, in another branch or within itself,
//!   it counts as no, and that comes before the list of signers, as in IOST. The number of permissions looked at is bounded
//!   ([`MAX_EVALUATIONS`], all signers of a transaction together): accounts that refer to each other can't make a check
//!   deep; beyond the bound the answer is no.
//! - All of it is charged: every permission that is evaluated, every item that is looked at, every byte of an account that
//!   is read (once for each question, as in IOST).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use credo_primitives::entry::{Account, Item, Permission, Principal};
use credo_primitives::{AccountName, CheckedTransaction, PublicKey, StateKey};

use crate::check::Unfit;
use crate::gas::{Meter, Op, OutOfGas};
use crate::view::View;
use crate::{Refusal, RuntimeError};

/// Most permissions that are looked at to answer one question, or to check all signers.
const MAX_EVALUATIONS: usize = 256;

const ACTIVE: &str = "active";
const OWNER: &str = "owner";

type Name = (AccountName, String);

/// What a transaction's signatures authorise.
#[derive(Debug, Default)]
pub(crate) struct Authority {
    listed: BTreeSet<Name>,
    /// Keys that count for key items, too: none, but in a proposal's execution.
    keys: BTreeSet<PublicKey>,
    /// Keys that signed the transaction, or approved the proposal.
    signed: BTreeSet<PublicKey>,
}

impl Authority {
    /// Checks the publisher and every signer of a transaction.
    pub(crate) fn check(view: &View<'_>, meter: &mut Meter, tx: &CheckedTransaction) -> Result<Self, Unfit> {
        let publisher = &tx.tx().publisher;
        let refused = || Refusal::Publisher(publisher.clone());
        let name = AccountName::any(publisher.as_str()).map_err(|_| refused())?;
        let empty = BTreeSet::new();
        let by_publisher = Evidence {
            keys: tx.publisher_keys(),
            more_keys: &empty,
            listed: None,
        };
        let mut evaluation = Evaluation::new(view, meter, by_publisher);
        if !evaluation.ask(&name, ACTIVE)? {
            return Err(refused().into());
        }
        let mut listed = BTreeSet::from([(name, ACTIVE.to_owned())]);
        let by_any = Evidence {
            keys: tx.signer_keys(),
            more_keys: tx.publisher_keys(),
            listed: None,
        };
        let mut evaluation = Evaluation::new(view, meter, by_any);
        for signer in &tx.tx().signers {
            let illegal = || Refusal::IllegalSigner(signer.clone());
            let (account, permission) = signer.split_once('@').ok_or_else(illegal)?;
            if permission.is_empty() || permission.contains('@') {
                return Err(illegal().into());
            }
            let account = AccountName::any(account).map_err(|_| illegal())?;
            let name = (account, permission.to_owned());
            if listed.contains(&name) {
                continue;
            }
            evaluation.visited.clear();
            if !evaluation.ask(&name.0, permission)? {
                return Err(Refusal::Signer(signer.clone()).into());
            }
            listed.insert(name);
        }
        Ok(Self {
            listed,
            keys: BTreeSet::new(),
            signed: tx.signer_keys().union(tx.publisher_keys()).cloned().collect(),
        })
    }

    /// What the approvals of a proposal authorise.
    pub(crate) fn of_approvals<'p>(approvals: impl IntoIterator<Item = &'p Principal>) -> Self {
        let mut authority = Self::default();
        for approval in approvals {
            match approval {
                Principal::Key(key) => {
                    authority.keys.insert(key.clone());
                }
                Principal::Account { account, permission } => {
                    let name = (account.clone(), permission.as_str().to_owned());
                    authority.listed.insert(name);
                }
            }
        }
        authority.signed = authority.keys.clone();
        authority
    }

    /// Whether a key signed.
    pub(crate) fn has_key(&self, key: &PublicKey) -> bool {
        self.signed.contains(key)
    }

    /// IOST's `RequireAuth`.
    pub(crate) fn allows(
        &self,
        view: &View<'_>,
        meter: &mut Meter,
        account: &AccountName,
        permission: &str,
    ) -> Result<bool, Cut> {
        let empty = BTreeSet::new();
        let evidence = Evidence {
            keys: &self.keys,
            more_keys: &empty,
            listed: Some(&self.listed),
        };
        Evaluation::new(view, meter, evidence).ask(account, permission)
    }
}

/// Why a question has no answer.
#[derive(Debug)]
pub(crate) enum Cut {
    /// What may be used for it is used up.
    OutOfGas,
    /// The node can't go on.
    Fatal(RuntimeError),
}

impl From<OutOfGas> for Cut {
    fn from(_: OutOfGas) -> Self {
        Self::OutOfGas
    }
}
impl From<RuntimeError> for Cut {
    fn from(error: RuntimeError) -> Self {
        Self::Fatal(error)
    }
}

/// What counts: keys that signed, or permissions that are listed.
#[derive(Clone, Copy)]
struct Evidence<'e> {
    keys: &'e BTreeSet<PublicKey>,
    more_keys: &'e BTreeSet<PublicKey>,
    listed: Option<&'e BTreeSet<Name>>,
}

struct Evaluation<'e, 'v> {
    view: &'e View<'v>,
    meter: &'e mut Meter,
    evidence: Evidence<'e>,
    /// Accounts that were read, and paid for, for this question.
    accounts: BTreeMap<AccountName, Option<Arc<Account>>>,
    /// Permissions that were looked at for the question at hand.
    visited: BTreeSet<Name>,
    left: usize,
}

impl<'e, 'v> Evaluation<'e, 'v> {
    fn new(view: &'e View<'v>, meter: &'e mut Meter, evidence: Evidence<'e>) -> Self {
        Self {
            view,
            meter,
            evidence,
            accounts: BTreeMap::new(),
            visited: BTreeSet::new(),
            left: MAX_EVALUATIONS,
        }
    }

    fn ask(&mut self, account: &AccountName, permission: &str) -> Result<bool, Cut> {
        self.meter.charge(Op::Ask, 1)?;
        // A contract speaks for itself only, and no contract calls another yet.
        if account.is_contract() || self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        let name = (account.clone(), permission.to_owned());
        let listed = self.evidence.listed.is_some_and(|listed| listed.contains(&name));
        if !listed {
            self.meter.charge(Op::Evaluation, 1)?;
        }
        if !self.visited.insert(name) {
            return Ok(false);
        }
        if listed {
            return Ok(true);
        }
        self.evaluate(account, permission)
    }

    fn evaluate(&mut self, account: &AccountName, permission: &str) -> Result<bool, Cut> {
        let Some(record) = self.account(account)? else {
            return Ok(false);
        };
        let Some(found) = record.permission(permission) else {
            return if permission == ACTIVE {
                Ok(false)
            } else {
                self.ask(account, ACTIVE)
            };
        };
        let threshold = u64::from(found.threshold);
        let mut weight = 0;
        for item in items(&record, found) {
            self.meter.charge(Op::Item, 1)?;
            let counts = match &item.principal {
                Principal::Key(key) => {
                    self.evidence.keys.contains(key) || self.evidence.more_keys.contains(key)
                }
                Principal::Account { account, permission } => self.ask(account, permission.as_str())?,
            };
            if counts {
                weight += u64::from(item.weight);
                if weight >= threshold {
                    return Ok(true);
                }
            }
        }
        match permission {
            OWNER => Ok(false),
            ACTIVE => self.ask(account, OWNER),
            _ => self.ask(account, ACTIVE),
        }
    }

    fn account(&mut self, name: &AccountName) -> Result<Option<Arc<Account>>, Cut> {
        if let Some(known) = self.accounts.get(name) {
            return Ok(known.clone());
        }
        self.meter.charge(Op::Read, 1)?;
        // The size is known before anything is decoded.
        let bytes = self.view.size(&StateKey::account(name))?.unwrap_or(0);
        self.meter.charge(Op::AccountByte, bytes as u64)?;
        let account = self.view.account(name)?;
        self.accounts.insert(name.clone(), account.clone());
        Ok(account)
    }
}

/// A permission's own items and those of its groups.
fn items<'a>(account: &'a Account, permission: &'a Permission) -> impl Iterator<Item = &'a Item> {
    let groups = permission
        .groups
        .iter()
        .filter_map(|name| account.groups.iter().find(|g| g.name == *name));
    permission.items.iter().chain(groups.flat_map(|g| &g.items))
}
