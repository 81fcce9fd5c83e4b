//! All that is proved of one account, as far as possible from one snapshot: what it can spend and when the rest returns
//! (P-16), its gas (P-23), its rewards (P-20, P-21), and who may act for it.
//!
//! Some things can't be asked for before something else is known: for which nodes it votes, and, once a node's record tells
//! that a vote is void, how that generation of votes ended. So who follows an account asks again with what the last answer
//! told ([`AccountQuery::following`]); endings never change and are kept.

use std::collections::BTreeMap;

use commonware_codec::{Copying, DecodeExt as _, Read};
use credo_pob::{Candidate, CandidateStatus, Candidates, Former, Voter, contribution_due, spendable};
use credo_primitives::entry::{Account, Balance, Contribution, Ended, Gas, IOST, Pledges, Ram, RamMarket};
use credo_primitives::{AccountName, Amount, StateKey};
use credo_wire::MAX_KEYS;

use crate::LightError;

/// Keys that every query has.
const BASIC: usize = 9;

/// A generation of a node's votes.
pub type Generation = (AccountName, u64);

/// What is asked about an account at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountQuery {
    account: AccountName,
    nodes: Vec<AccountName>,
    formers: Vec<AccountName>,
    ended: Vec<Generation>,
    turn: usize,
}

impl AccountQuery {
    /// About an account of which nothing is known yet.
    pub fn new(account: AccountName) -> Self {
        Self {
            account,
            nodes: Vec::new(),
            formers: Vec::new(),
            ended: Vec::new(),
            turn: 0,
        }
    }

    /// About an account of which something is known: how votes ended that are known to be void, what is remembered of their
    /// nodes where these have lost their places, and the nodes that it votes for: those not known yet first, then the others
    /// in turn. At most [`MAX_KEYS`] less `others` keys.
    pub fn following(known: &Holdings, others: usize) -> Self {
        let mut room = MAX_KEYS.saturating_sub(BASIC).saturating_sub(others);
        // None of these keeps the others waiting for ever.
        let ended: Vec<Generation> = known.unknown_endings().take(room.div_ceil(2)).collect();
        room -= ended.len();
        let voted = || {
            let names = known.voter.votes.iter().map(|vote| &vote.candidate);
            names.filter(|name| **name != known.account)
        };
        let gone = |name: &&AccountName| {
            matches!(known.nodes.get(*name), Some(None)) && !known.formers.contains_key(*name)
        };
        let formers: Vec<AccountName> = voted().filter(gone).take(room).cloned().collect();
        room -= formers.len();
        let unknown = |name: &&AccountName| !known.nodes.contains_key(*name);
        let mut nodes: Vec<AccountName> = voted().filter(unknown).take(room).cloned().collect();
        room -= nodes.len();
        let old: Vec<&AccountName> = voted().filter(|name| !unknown(name)).collect();
        let (count, again) = (old.len(), old.len().min(room));
        let first = if count > again { known.turn % count } else { 0 };
        nodes.extend((0..again).map(|n| old[(first + n) % count].clone()));
        Self {
            account: known.account.clone(),
            nodes,
            formers,
            ended,
            turn: if count > again { first + again } else { 0 },
        }
    }

    /// True when all that the account votes for is asked for at once.
    pub fn is_whole(&self) -> bool {
        self.turn == 0
    }

    /// The account.
    pub fn account(&self) -> &AccountName {
        &self.account
    }

    /// The keys to ask for.
    pub fn keys(&self) -> Vec<StateKey> {
        let account = &self.account;
        let basic: [StateKey; BASIC] = [
            StateKey::account(account),
            StateKey::balance(account, IOST),
            StateKey::voter(account),
            StateKey::gas(account),
            StateKey::pledges(account),
            StateKey::ram(account),
            StateKey::ram_market(),
            StateKey::contribution(),
            StateKey::candidate(account),
        ];
        let nodes = self.nodes.iter().map(StateKey::candidate);
        let formers = self.formers.iter().map(StateKey::former);
        let ended = self
            .ended
            .iter()
            .map(|(node, generation)| StateKey::ended(node, *generation));
        basic
            .into_iter()
            .chain(nodes)
            .chain(formers)
            .chain(ended)
            .collect()
    }

    /// Reads the proved values under [`AccountQuery::keys`], in their order. What was known `before` and wasn't asked for
    /// again is kept: nodes' records, and endings for good.
    pub fn read<V: AsRef<[u8]>>(
        &self,
        values: &[Option<V>],
        before: Option<&Holdings>,
    ) -> Result<Holdings, LightError> {
        let keys = self.keys();
        if keys.len() != values.len() {
            return Err(LightError::Entries {
                asked: keys.len(),
                got: values.len(),
            });
        }
        let before = before.filter(|before| before.account == self.account);
        let mut values = keys
            .iter()
            .zip(values.iter().map(|value| value.as_ref().map(AsRef::as_ref)));
        let mut holdings = Holdings {
            account: self.account.clone(),
            record: decode(values.next())?,
            balance: decode(values.next())?.unwrap_or_default(),
            voter: decode(values.next())?.unwrap_or_default(),
            gas: decode(values.next())?.unwrap_or_default(),
            pledges: decode(values.next())?.unwrap_or_default(),
            ram: decode(values.next())?.unwrap_or_default(),
            ram_market: decode(values.next())?,
            contribution: Amount::ZERO,
            score: 0,
            nodes: BTreeMap::new(),
            formers: BTreeMap::new(),
            ended: BTreeMap::new(),
            turn: self.turn,
        };
        if let Some(record) = decode::<Contribution>(values.next())? {
            let own = record.accounts.iter().find(|entry| entry.account == self.account);
            holdings.score = own.map_or(0, |entry| entry.score);
            holdings.contribution = contribution_due(&record, &self.account);
        }
        if let Some(before) = before {
            holdings.nodes.clone_from(&before.nodes);
            holdings.formers.clone_from(&before.formers);
            holdings.ended.clone_from(&before.ended);
        }
        for name in std::iter::once(&self.account).chain(&self.nodes) {
            holdings
                .nodes
                .insert(name.clone(), decode::<Candidate>(values.next())?);
        }
        for name in &self.formers {
            let former = decode::<Former>(values.next())?.unwrap_or_default();
            holdings.formers.insert(name.clone(), former);
        }
        for generation in &self.ended {
            if let Some(ended) = decode::<Ended>(values.next())? {
                holdings.ended.insert(generation.clone(), ended);
            }
        }
        holdings.forget();
        Ok(holdings)
    }
}

fn decode<T: Read<Cfg = ()>>(entry: Option<(&StateKey, Option<&[u8]>)>) -> Result<Option<T>, LightError> {
    let Some((key, Some(bytes))) = entry else {
        return Ok(None);
    };
    T::decode(Copying(bytes))
        .map(Some)
        .map_err(|e| LightError::Unreadable {
            key: key.clone(),
            reason: e.to_string(),
        })
}

/// What is proved of one account.
#[derive(Clone, Debug, PartialEq)]
pub struct Holdings {
    /// The account.
    pub account: AccountName,
    /// Its permissions; none while it doesn't exist, and for contracts.
    pub record: Option<Account>,
    /// What it has of IOST.
    pub balance: Balance,
    /// Its votes.
    pub voter: Voter,
    /// Its gas.
    pub gas: Gas,
    /// For whom it has pledged.
    pub pledges: Pledges,
    /// Its RAM.
    pub ram: Ram,
    /// The market for RAM.
    pub ram_market: Option<RamMarket>,
    /// Contribution rewards to claim.
    pub contribution: Amount,
    /// Its contribution score.
    pub score: u32,
    /// Records of its own node and of those that it votes for, as far as they are known; none for one that isn't registered.
    nodes: BTreeMap<AccountName, Option<Candidate>>,
    /// What is remembered of nodes that it votes for and that have lost their places.
    formers: BTreeMap<AccountName, Former>,
    /// How generations of votes ended.
    ended: BTreeMap<Generation, Ended>,
    /// Where among the nodes that it votes for the next query begins.
    turn: usize,
}

/// A vote and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldVote {
    /// The node.
    pub candidate: AccountName,
    /// How much.
    pub amount: Amount,
    /// Rewards to claim; none while the node's record isn't known.
    pub rewards: Option<Amount>,
    /// Whether it counts.
    pub standing: VoteStanding,
}

/// Whether a vote counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoteStanding {
    /// It counts.
    Counts,
    /// The node lost its candidacy since (P-16); how, once that is known.
    Void(Option<Ended>),
    /// The node's record isn't known yet.
    Unknown,
}

/// Where staked IOST stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Staked {
    /// In votes.
    pub votes: Amount,
    /// In pledges for gas.
    pub pledges: Amount,
    /// In the deposit of its own node, and the lock of its registration.
    pub deposit: Amount,
}

/// Rewards to claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewards {
    /// Of its votes.
    pub voter: Amount,
    /// Of its node.
    pub node: Amount,
    /// Of its contribution.
    pub contribution: Amount,
}

/// Why an amount is on its way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReturnReason {
    /// It was unvoted, unpledged, or sent so.
    Frozen,
    /// Votes whose node lost its candidacy.
    Votes(AccountName),
    /// What its own node had locked.
    Deposit,
}

/// An amount on its way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returning {
    /// How much.
    pub amount: Amount,
    /// From when on it can be spent, ms since 1970.
    pub until_ms: u64,
    /// Why.
    pub reason: ReturnReason,
}

impl Holdings {
    /// True when it exists: as an account, or as a contract that holds something.
    pub fn exists(&self) -> bool {
        self.record.is_some() || self.balance != Balance::default()
    }

    /// Its own Servi node, if it has one and that is known.
    pub fn own_node(&self) -> Option<&Candidate> {
        self.nodes.get(&self.account)?.as_ref()
    }

    /// The node's record, where it is known that there is one.
    pub fn node(&self, account: &AccountName) -> Option<&Candidate> {
        self.nodes.get(account)?.as_ref()
    }

    /// Void votes of which isn't known how they ended.
    fn unknown_endings(&self) -> impl Iterator<Item = Generation> {
        self.voter.votes.iter().filter_map(|vote| {
            let node = self.nodes.get(&vote.candidate)?;
            let generation = (vote.candidate.clone(), vote.generation);
            let stands = node
                .as_ref()
                .is_some_and(|node| node.generation == vote.generation);
            (!stands && !self.ended.contains_key(&generation)).then_some(generation)
        })
    }

    /// True when nothing has to be asked for any more: every vote's node is known, how void votes ended, and what is
    /// remembered of nodes that are gone.
    pub fn is_complete(&self) -> bool {
        let known = |vote: &credo_pob::Vote| self.nodes.contains_key(&vote.candidate);
        let gone = |vote: &credo_pob::Vote| matches!(self.nodes.get(&vote.candidate), Some(None));
        let remembered = |vote: &credo_pob::Vote| !gone(vote) || self.formers.contains_key(&vote.candidate);
        let votes = || self.voter.votes.iter();
        let own = |vote: &credo_pob::Vote| vote.candidate == self.account;
        votes().all(known)
            && votes().all(|vote| own(vote) || remembered(vote))
            && self.unknown_endings().next().is_none()
    }

    /// Drops what no vote needs any more.
    fn forget(&mut self) {
        let Self {
            account,
            voter,
            nodes,
            formers,
            ended,
            ..
        } = self;
        let voted = |name: &AccountName| voter.votes.iter().any(|vote| vote.candidate == *name);
        nodes.retain(|name, _| name == account || voted(name));
        formers.retain(|name, _| voted(name) && matches!(nodes.get(name), Some(None)));
        ended.retain(|(name, generation), _| {
            let of = |vote: &credo_pob::Vote| vote.candidate == *name && vote.generation == *generation;
            voter.votes.iter().any(of)
        });
    }

    fn candidates(&self) -> Candidates {
        Candidates::of(self.nodes.values().flatten().cloned().collect())
    }

    fn how_ended(&self, node: &AccountName, generation: u64) -> Option<Ended> {
        self.ended.get(&(node.clone(), generation)).copied()
    }

    /// P-16. What can be spent at `now_ms`: the runtime comes to the same at the account's next action.
    pub fn spendable(&self, now_ms: u64) -> Amount {
        spendable(
            &self.balance,
            &self.voter,
            self.own_node(),
            &self.candidates(),
            |node, generation| self.how_ended(node, generation),
            now_ms,
        )
    }

    /// Its gas at `now_ms` (P-23), on a chain where an IOST brings `rate` a day.
    pub fn gas(&self, now_ms: u64, rate: u64) -> Gas {
        self.gas.at(now_ms, rate)
    }

    /// Its votes, in the order of their nodes' names.
    pub fn votes(&self) -> Vec<HeldVote> {
        let rewards = self.voter_rewards();
        let held = |vote: &credo_pob::Vote| {
            let node = self.nodes.get(&vote.candidate);
            HeldVote {
                candidate: vote.candidate.clone(),
                amount: vote.amount,
                rewards: node.map(|_| {
                    let own = rewards.iter().find(|(name, _)| *name == vote.candidate);
                    own.map_or(Amount::ZERO, |(_, amount)| *amount)
                }),
                standing: match node {
                    None => VoteStanding::Unknown,
                    Some(Some(node)) if node.generation == vote.generation => VoteStanding::Counts,
                    Some(_) => VoteStanding::Void(self.how_ended(&vote.candidate, vote.generation)),
                },
            }
        };
        self.voter.votes.iter().map(held).collect()
    }

    /// Votes that count, or that nothing is known against.
    pub fn counting(&self) -> Vec<(AccountName, Amount)> {
        let counts = |vote: &HeldVote| !matches!(vote.standing, VoteStanding::Void(_));
        let votes = self.votes().into_iter().filter(counts);
        votes.map(|vote| (vote.candidate, vote.amount)).collect()
    }

    fn voter_rewards(&self) -> Vec<(AccountName, Amount)> {
        let ended = |node: &AccountName, generation| self.how_ended(node, generation);
        let former = |node: &AccountName| self.formers.get(node).copied();
        self.voter.rewards(&self.candidates(), ended, former)
    }

    /// P-20, P-21. Rewards to claim, as far as the nodes are known.
    pub fn rewards(&self) -> Rewards {
        Rewards {
            voter: sum(self
                .voter_rewards()
                .into_iter()
                .map(|(_, amount)| amount)
                .chain([self.voter.earned])),
            node: self.own_node().map_or(Amount::ZERO, |node| node.earned),
            contribution: self.contribution,
        }
    }

    /// Where its staked IOST stands at `now_ms`. What has returned by then is spendable ([`Holdings::spendable`]) and
    /// stands nowhere here (P-16).
    pub fn staked(&self, now_ms: u64) -> Staked {
        let Staked {
            votes,
            pledges,
            deposit,
        } = self.places();
        let ended = |node: &AccountName, generation| self.how_ended(node, generation);
        let returned = self.voter.returned(&self.candidates(), ended, now_ms);
        let deposited = self
            .own_node()
            .map_or(Amount::ZERO, |node| node.returned_stake(now_ms));
        let deposited = sum([deposited, self.voter.returned_stake(now_ms)].into_iter());
        Staked {
            votes: votes.checked_sub(returned).unwrap_or(Amount::ZERO),
            pledges,
            deposit: deposit.checked_sub(deposited).unwrap_or(Amount::ZERO),
        }
    }

    /// The same as the account's records have it: what has returned counts until it is folded in.
    fn places(&self) -> Staked {
        let votes = self.voter.total();
        let pledges = sum(self.pledges.to.iter().map(|pledge| pledge.amount));
        let left = self.balance.staked.checked_sub(votes);
        Staked {
            votes,
            pledges,
            deposit: left
                .and_then(|left| left.checked_sub(pledges))
                .unwrap_or(Amount::ZERO),
        }
    }

    /// What is on its way back at `now_ms`, by date.
    pub fn returning(&self, now_ms: u64) -> Vec<Returning> {
        let frozen = self.balance.locked(now_ms).map(|frozen| Returning {
            amount: frozen.amount,
            until_ms: frozen.until_ms,
            reason: ReturnReason::Frozen,
        });
        let void = self.votes().into_iter().filter_map(|vote| match vote.standing {
            VoteStanding::Void(Some(ended)) if ended.until_ms > now_ms => Some(Returning {
                amount: vote.amount,
                until_ms: ended.until_ms,
                reason: ReturnReason::Votes(vote.candidate),
            }),
            _ => None,
        });
        let deposit = self.own_node().filter(|node| {
            let lost = node.status == CandidateStatus::Lost;
            lost && node.deposit_until_ms > now_ms && !node.stake().is_zero()
        });
        let deposit = deposit.map(|node| Returning {
            amount: node.stake(),
            until_ms: node.deposit_until_ms,
            reason: ReturnReason::Deposit,
        });
        let gone = self.voter.stake.filter(|locked| locked.until_ms > now_ms);
        let gone = gone.map(|locked| Returning {
            amount: locked.amount,
            until_ms: locked.until_ms,
            reason: ReturnReason::Deposit,
        });
        let mut all: Vec<Returning> = frozen.chain(void).chain(deposit).chain(gone).collect();
        all.sort_by_key(|returning| returning.until_ms);
        all
    }
}

impl Rewards {
    /// All of it.
    pub fn total(&self) -> Amount {
        sum([self.voter, self.node, self.contribution].into_iter())
    }
}

impl Staked {
    /// All of it.
    pub fn total(&self) -> Amount {
        sum([self.votes, self.pledges, self.deposit].into_iter())
    }
}

fn sum(mut amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts
        .try_fold(Amount::ZERO, |sum, amount| sum.checked_add(amount))
        .unwrap_or(Amount::MAX)
}
