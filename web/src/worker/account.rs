//! What is proved of the present account, as the page draws it.

use crate::protocol::{
    AccountView, GasView, GroupView, ItemView, PermissionView, PledgeView, RamView, ReturnView, RewardsView,
    Shown, StakedView, VoidView, VoteView,
};
use credo_light::{HeldVote, Holdings, ReturnReason, Returning, VoteStanding};
use credo_primitives::entry::{Account, Gas, Item, Principal};
use credo_primitives::{AccountName, PublicKey};
use credo_wallet::{GAS_UNIT, permissions};

use super::core::Core;
use super::servi::wide;

/// Blocks behind the head after which a value is no longer the present: a minute of them.
const BEHIND: u64 = 120;
const DAY_MS: f64 = 86_400_000.0;

impl Core {
    /// The present account as of now.
    pub(super) fn account_view(&self) -> Option<AccountView> {
        let name = self.facts.chosen.as_ref()?;
        let spec = self.chain.spec();
        let Some(holding) = &self.facts.holding else {
            return Some(empty(name));
        };
        let held = &holding.held;
        let now_ms = self.chain.clock_ms(self.now) as u64;
        let head = self.chain.head().map_or(0, |head| head.proof.height);
        // The chain moves on between refreshes.
        let fresh = self.chain.synced() && head.saturating_sub(holding.proof.height) < BEHIND;
        let face = holding.proof.face(fresh);
        fn shown<T>(value: T, face: crate::protocol::Face) -> Option<Shown<T>> {
            Some(Shown { value, face })
        }
        let rate = spec.map(|spec| spec.parameters.gas_per_iost_day);
        let (staked, rewards) = (held.staked(now_ms), held.rewards());
        let counting: u128 = held
            .counting()
            .iter()
            .map(|(_, amount)| u128::from(amount.units()))
            .sum();
        let key = self.keys.public_key();
        let can = |permission: &str| matches!((&held.record, key), (Some(record), Some(key)) if permissions::satisfies(record, permission, key));
        Some(AccountView {
            name: name.to_string(),
            balance: shown(held.spendable(now_ms).to_string(), face),
            // As of the block: the page counts on from there, so that the view doesn't change with every tick.
            gas: rate.and_then(|rate| shown(gas(held, holding.proof.time_ms as u64, rate), face)),
            ram: shown(
                RamView {
                    own: held.ram.own as f64,
                    total: held.ram.total as f64,
                },
                face,
            ),
            staked: shown(
                StakedView {
                    total: staked.total().to_string(),
                    votes: staked.votes.to_string(),
                    pledges: staked.pledges.to_string(),
                    deposit: staked.deposit.to_string(),
                },
                face,
            ),
            rewards: if held.is_complete() {
                shown(
                    RewardsView {
                        total: rewards.total().to_string(),
                        votes: rewards.voter.to_string(),
                        node: rewards.node.to_string(),
                        contribution: rewards.contribution.to_string(),
                    },
                    face,
                )
            } else {
                None
            },
            voting: shown(wide(counting), face),
            votes: held.votes().into_iter().map(vote).collect(),
            pledges: held
                .pledges
                .to
                .iter()
                .map(|pledge| PledgeView {
                    to: pledge.account.to_string(),
                    amount: pledge.amount.to_string(),
                })
                .collect(),
            unlocking: held.returning(now_ms).iter().map(returning).collect(),
            permissions: permission_views(held, key),
            groups: group_views(held, key),
            owner: can("owner"),
            alone: can("active"),
            referrer: held
                .record
                .as_ref()
                .and_then(|record| record.referrer.as_ref())
                .map(ToString::to_string),
            created_ms: held.record.as_ref().map(|record| record.created_ms as f64),
            node: held.own_node().and_then(|node| {
                let around = self.surroundings()?;
                Some(around.node(node, 0, false, false))
            }),
            proposals: self.facts.proposals.view(
                held.record.as_ref(),
                key,
                now_ms,
                &holding.proof,
                |proof| self.chain.synced() && head.saturating_sub(proof.height) < BEHIND,
            ),
        })
    }
}

fn empty(name: &AccountName) -> AccountView {
    AccountView {
        name: name.to_string(),
        balance: None,
        gas: None,
        ram: None,
        staked: None,
        rewards: None,
        voting: None,
        votes: Vec::new(),
        pledges: Vec::new(),
        unlocking: Vec::new(),
        permissions: Vec::new(),
        groups: Vec::new(),
        owner: false,
        alone: false,
        referrer: None,
        created_ms: None,
        node: None,
        proposals: None,
    }
}

/// Whole gas, as users see it: a hundredth is nothing to anybody.
fn whole(hundredths: u64) -> f64 {
    (hundredths / GAS_UNIT) as f64
}

fn gas(held: &Holdings, now_ms: u64, rate: u64) -> GasView {
    let gas: Gas = held.gas(now_ms, rate);
    let limit = gas.limit(rate);
    // The limit is three days' worth.
    let per_day = limit as f64 / 3.0 / GAS_UNIT as f64;
    let missing = limit.saturating_sub(gas.stock) as f64 / GAS_UNIT as f64;
    GasView {
        at_ms: now_ms as f64,
        now: whole(gas.total()),
        limit: whole(limit),
        earned: whole(gas.earned),
        per_day: per_day.floor(),
        full_at_ms: (missing >= 1.0 && per_day > 0.0).then(|| now_ms as f64 + missing / per_day * DAY_MS),
    }
}

fn vote(held: HeldVote) -> VoteView {
    VoteView {
        candidate: held.candidate.to_string(),
        amount: held.amount.to_string(),
        rewards: held.rewards.map(|amount| amount.to_string()),
        void: match held.standing {
            VoteStanding::Void(Some(ended)) => Some(VoidView {
                reason: ended.reason.sentence().to_owned(),
                until_ms: ended.until_ms as f64,
            }),
            _ => None,
        },
    }
}

fn returning(one: &Returning) -> ReturnView {
    ReturnView {
        amount: one.amount.to_string(),
        until_ms: one.until_ms as f64,
        why: match &one.reason {
            ReturnReason::Frozen => String::new(),
            ReturnReason::Votes(node) => format!("from {node}"),
            ReturnReason::Deposit => "the node's deposit".into(),
        },
    }
}

fn items(list: &[Item], key: Option<&PublicKey>) -> Vec<ItemView> {
    list.iter()
        .map(|item| ItemView {
            who: permissions::item_text(&item.principal),
            is_key: matches!(item.principal, Principal::Key(_)),
            weight: item.weight,
            mine: matches!(&item.principal, Principal::Key(held) if Some(held) == key),
        })
        .collect()
}

fn permission_views(held: &Holdings, key: Option<&PublicKey>) -> Vec<PermissionView> {
    let of = |record: &Account| {
        let views = record.permissions.iter().map(|permission| PermissionView {
            name: permission.name.to_string(),
            threshold: permission.threshold,
            items: items(&permission.items, key),
            groups: permission.groups.iter().map(ToString::to_string).collect(),
        });
        views.collect()
    };
    held.record.as_ref().map(of).unwrap_or_default()
}

fn group_views(held: &Holdings, key: Option<&PublicKey>) -> Vec<GroupView> {
    let of = |record: &Account| {
        let views = record.groups.iter().map(|group| GroupView {
            name: group.name.to_string(),
            items: items(&group.items, key),
        });
        views.collect()
    };
    held.record.as_ref().map(of).unwrap_or_default()
}
