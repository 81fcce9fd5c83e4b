//! Which approvals of a proposal still count (`msig.iost`): each was given with an authority, and is void once that has
//! changed or all approvals of its giver were withdrawn.
//!
//! What an approval rests upon are other accounts' records and counters in the state. [`Records`] says which of them have
//! to be looked up ([`Records::wanted`]), keeps what was proved of them, and judges by it. An account's record can name
//! further accounts: ask again until nothing is wanted that isn't known.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use credo_primitives::entry::{
    Account, Principal, Proposal, ProposalName, Proposals, Requested, Waiting, authority_digest,
};
use credo_primitives::{AccountName, StateKey};

/// Most entries that are kept; approvals that rest upon more aren't judged.
const MAX_RECORDS: usize = 512;

/// The proposals to look at where there is room for `most`: of those that wait, and the account's own, the newest of each
/// proposer in turn, so that nobody's many hide another's one.
pub fn newest_of_each(
    account: &AccountName,
    waiting: &[Waiting],
    own: &Proposals,
    most: usize,
) -> Vec<(AccountName, ProposalName)> {
    let waits = waiting.iter().flat_map(|list| list.proposals.iter().rev());
    let waits = waits.map(|one| (&one.proposer, &one.name));
    let own = own.open.iter().rev().map(|name| (account, name));
    let mut by_proposer: Vec<(&AccountName, Vec<&ProposalName>)> = Vec::new();
    for (proposer, name) in waits.chain(own) {
        match by_proposer.iter_mut().find(|(of, _)| *of == proposer) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => by_proposer.push((proposer, vec![name])),
        }
    }
    let rounds = by_proposer
        .iter()
        .map(|(_, names)| names.len())
        .max()
        .unwrap_or(0);
    let in_turn = (0..rounds).flat_map(|round| {
        by_proposer
            .iter()
            .filter_map(move |(proposer, names)| Some((*proposer, *names.get(round)?)))
    });
    in_turn
        .take(most)
        .map(|(proposer, name)| (proposer.clone(), name.clone()))
        .collect()
}

/// What has to be known to judge an approval.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// An account's record.
    Account(AccountName),
    /// The counter of withdrawals under this key.
    Withdrawals(StateKey),
}

impl Wanted {
    /// Where it stands.
    pub fn key(&self) -> StateKey {
        match self {
            Self::Account(name) => StateKey::account(name),
            Self::Withdrawals(key) => key.clone(),
        }
    }
}

/// How an approval stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It wasn't given.
    Open,
    /// It was given and counts.
    Counts,
    /// It was given and doesn't count any more: the authority that gave it has changed, or it was withdrawn.
    Void,
    /// It was given; what it rests upon isn't known yet.
    Unknown,
}

/// What was proved of the entries that approvals rest upon.
#[derive(Clone, Debug, Default)]
pub struct Records {
    accounts: BTreeMap<AccountName, Option<Account>>,
    withdrawals: BTreeMap<StateKey, u64>,
}

impl Records {
    /// All that the given approvals of these proposals rest upon, as far as it can be told from what is known.
    pub fn wanted<'p>(&self, proposals: impl IntoIterator<Item = &'p Proposal>) -> BTreeSet<Wanted> {
        let mut wanted = BTreeSet::new();
        let asked = proposals.into_iter().flat_map(|proposal| &proposal.requested);
        for requested in asked.filter(|requested| requested.approval.is_some()) {
            wanted.insert(Wanted::Withdrawals(counter(&requested.who)));
            if let Principal::Account { account, permission } = &requested.who {
                self.digest(account, permission.as_str(), |name| {
                    wanted.insert(Wanted::Account(name.clone()));
                });
            }
            if wanted.len() > MAX_RECORDS {
                break;
            }
        }
        while wanted.len() > MAX_RECORDS {
            wanted.pop_last();
        }
        wanted
    }

    /// Whether an entry, or its absence, was proved.
    pub fn knows(&self, wanted: &Wanted) -> bool {
        match wanted {
            Wanted::Account(name) => self.accounts.contains_key(name),
            Wanted::Withdrawals(key) => self.withdrawals.contains_key(key),
        }
    }

    /// Takes an account's record, or that there is none.
    pub fn learn_account(&mut self, name: AccountName, record: Option<Account>) {
        self.accounts.insert(name, record);
    }

    /// Takes a counter; an absent one is zero.
    pub fn learn_withdrawals(&mut self, key: StateKey, count: u64) {
        self.withdrawals.insert(key, count);
    }

    /// Forgets what isn't among these.
    pub fn retain(&mut self, wanted: &BTreeSet<Wanted>) {
        self.accounts
            .retain(|name, _| wanted.contains(&Wanted::Account(name.clone())));
        self.withdrawals
            .retain(|key, _| wanted.contains(&Wanted::Withdrawals(key.clone())));
    }

    /// An account's record, if it is known and exists.
    pub fn account(&self, name: &AccountName) -> Option<&Account> {
        self.accounts.get(name)?.as_ref()
    }

    /// How an approval stands by what is known.
    pub fn standing(&self, requested: &Requested) -> Standing {
        let Some(approval) = requested.approval else {
            return Standing::Open;
        };
        let Some(withdrawals) = self.withdrawals.get(&counter(&requested.who)) else {
            return Standing::Unknown;
        };
        if *withdrawals != approval.withdrawals {
            return Standing::Void;
        }
        let Principal::Account { account, permission } = &requested.who else {
            return Standing::Counts;
        };
        let mut known = true;
        let now = self.digest(account, permission.as_str(), |name| {
            known &= self.accounts.contains_key(name);
        });
        match known {
            false => Standing::Unknown,
            true if now == Some(approval.authority) => Standing::Counts,
            true => Standing::Void,
        }
    }

    /// The digest of an authority; `each` is told every account that is asked for.
    fn digest(
        &self,
        account: &AccountName,
        permission: &str,
        mut each: impl FnMut(&AccountName),
    ) -> Option<credo_primitives::Digest> {
        let digest = authority_digest(account, permission, |name| {
            each(name);
            Ok::<_, Infallible>(self.account(name))
        });
        match digest {
            Ok(digest) => digest,
            Err(never) => match never {},
        }
    }
}

/// Where the withdrawals of an account or key are counted.
fn counter(who: &Principal) -> StateKey {
    match who {
        Principal::Key(key) => StateKey::withdrawals_of_key(key),
        Principal::Account { account, .. } => StateKey::withdrawals(account),
    }
}
