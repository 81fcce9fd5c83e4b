//! What holds of gas and RAM after every block.

use std::collections::BTreeMap;

use commonware_codec::EncodeSize as _;
use credo_pob::Voter;
use credo_primitives::StateKey;
use credo_primitives::entry::{
    Account, Balance, Domain, Gas, Pledges, Proposal, RAM, Ram, RamMarket, Token721, TokenInfo, Voting,
    VotingVotes,
};

use crate::chain::{Chain, START_MS, name};

const RATE: u64 = 100_000;

fn market(chain: &Chain) -> RamMarket {
    chain.get(&StateKey::ram_market()).unwrap()
}

/// Gas records say what stands in votes and pledges, and none holds more than it may.
pub(crate) fn gas(chain: &Chain) {
    let mut staked: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for key in chain.state.keys() {
        if let Some(voter) = key.as_str().strip_prefix("vote_producer.iost/voter/") {
            let record: Voter = chain.get(key).unwrap();
            let votes: u64 = record.votes.iter().map(|vote| vote.amount.units()).sum();
            staked.entry(voter.to_owned()).or_default().1 += votes;
        } else if key.as_str().starts_with("gas.iost/pledges/") {
            let record: Pledges = chain.get(key).unwrap();
            assert!(record.to.is_sorted_by(|a, b| a.account < b.account));
            for pledge in record.to {
                assert!(!pledge.amount.is_zero());
                staked.entry(pledge.account.to_string()).or_default().0 += pledge.amount.units();
            }
        }
    }
    staked.retain(|_, both| *both != (0, 0));
    let mut counted = BTreeMap::new();
    for key in chain.state.keys() {
        if let Some(account) = key.as_str().strip_prefix("gas.iost/gas/") {
            let record: Gas = chain.get(key).unwrap();
            assert!(record.stock <= record.limit(RATE), "{account}");
            counted.insert(account.to_owned(), (record.pledged.units(), record.voted.units()));
        }
    }
    counted.retain(|_, both| *both != (0, 0));
    assert_eq!(counted, staked, "stakes behind gas");
}

/// Who holds stakes has them in its balance, with what people sent it for nothing.
pub(crate) fn holders(chain: &Chain) {
    let (mut pledges, mut votes, mut stakes) = (0, 0, 0);
    for key in chain.state.keys() {
        let text = key.as_str();
        if text.starts_with("gas.iost/pledges/") {
            let record: Pledges = chain.get(key).unwrap();
            pledges += record.to.iter().map(|p| p.amount.units()).sum::<u64>();
        } else if text.starts_with("vote_producer.iost/voter/") {
            let record: Voter = chain.get(key).unwrap();
            votes += record.votes.iter().map(|v| v.amount.units()).sum::<u64>();
            // What its own node had locked when it lost its place.
            stakes += record.stake.map_or(0, |locked| locked.amount.units());
        } else if text.starts_with("vote.iost/votes/") {
            let record: VotingVotes = chain.get(key).unwrap();
            votes += record.votes.iter().map(|v| v.amount.units()).sum::<u64>();
        } else if text.starts_with("vote.iost/voting/") {
            votes += chain.get::<Voting>(key).unwrap().deposit.units();
        }
    }
    stakes += chain
        .candidates
        .list
        .iter()
        .map(|c| c.stake().units())
        .sum::<u64>();
    for (holder, holds) in [
        ("gas.iost", pledges),
        ("vote.iost", votes),
        ("vote_producer.iost", stakes),
    ] {
        let has = chain.balance(holder);
        assert!(has.available.units() >= holds, "{holder}: {has:?} for {holds}");
    }
}

/// Whoever paid for an entry that never shrinks, which isn't kept.
const SOMEBODY: &str = "";

/// What accounts pay for, by the entries that stand in the state.
fn paid(chain: &Chain) -> BTreeMap<String, u64> {
    let mut paid: BTreeMap<String, u64> = BTreeMap::new();
    let mut pays = |payer: &str, bytes: usize| *paid.entry(payer.to_owned()).or_default() += bytes as u64;
    for (key, value) in &chain.state {
        let (text, whole) = (key.as_str(), key.as_str().len() + value.len());
        if let Some(rest) = text.strip_prefix("token.iost/balance/") {
            let balance: Balance = chain.get(key).unwrap();
            assert_eq!(balance.payer.is_none(), balance.frozen.is_empty(), "{key}");
            if let Some(payer) = &balance.payer {
                pays(payer.as_str(), balance.frozen_bytes());
            }
            let symbol = rest.rsplit('/').next().unwrap();
            if !matches!(symbol, "iost" | "ram") {
                pays(SOMEBODY, whole - balance.frozen_bytes());
            }
        } else if let Some(symbol) = text.strip_prefix("token.iost/token/") {
            if !matches!(symbol, "iost" | "ram" | "contribute") {
                pays(SOMEBODY, whole);
            }
        } else if text.starts_with("token721.iost/info/") || text.starts_with("token721.iost/balance/") {
            pays(SOMEBODY, whole);
        } else if let Some(rest) = text.strip_prefix("token721.iost/token/") {
            let token: Token721 = chain.get(key).unwrap();
            let (symbol, _) = rest.split_once('/').unwrap();
            let place = StateKey::token721_owned(symbol, &token.owner, token.index);
            pays(
                token.payer.as_str(),
                whole + place.as_str().len() + chain.state[&place].len(),
            );
        } else if text.starts_with("auth.iost/account/") {
            let account: Account = chain.get(key).unwrap();
            if account.paid {
                pays(account.name.as_str(), whole);
            }
        } else if let Some(voter) = text.strip_prefix("vote_producer.iost/voter/") {
            let record: Voter = chain.get(key).unwrap();
            // Others' doing, when its node lost its place.
            let left = record.stake.encode_size() - 1;
            if !record.votes.is_empty() {
                pays(voter, whole - left);
            }
        } else if let Some(node) = text.strip_prefix("pob/taken-back/") {
            pays(node, whole);
        } else if let Some(account) = text.strip_prefix("msig.iost/withdrawals/") {
            pays(account, whole);
        } else if text.starts_with("msig.iost/withdrawals-key/") {
            pays(SOMEBODY, whole);
        } else if let Some(rest) = text.strip_prefix("vote.iost/votes/") {
            pays(rest.split_once('/').unwrap().1, whole);
        } else if text.starts_with("vote.iost/voting/") {
            pays(chain.get::<Voting>(key).unwrap().owner.as_str(), whole);
        } else if text.starts_with("domain.iost/url/") {
            pays(chain.get::<Domain>(key).unwrap().payer.as_str(), whole);
        } else if text.starts_with("msig.iost/proposal/") {
            let proposal: Proposal = chain.get(key).unwrap();
            pays(proposal.proposer.as_str(), proposal.ram_bytes() as usize);
        }
    }
    paid
}

/// All bytes are somebody's, what an account has is what it can use and what it uses, and the market can pay for bytes that
/// can be sold back.
pub(crate) fn ram(chain: &Chain) {
    let opened = RamMarket::start(START_MS);
    let balance = |account: &str| -> Balance {
        let key = StateKey::balance(&name(account), RAM);
        chain.get(&key).unwrap_or_default()
    };
    let paid = paid(chain);
    let (mut total, mut own, mut used) = (0, 0, 0);
    for key in chain.state.keys() {
        let Some(account) = key.as_str().strip_prefix("ram.iost/ram/") else {
            continue;
        };
        let ram: Ram = chain.get(key).unwrap();
        assert!(ram.own <= ram.total, "{key}");
        own += ram.own;
        if account != "ram.iost" {
            let free = balance(account).available.units();
            assert_eq!(ram.total, free + ram.used, "{key}");
            let known = paid.get(account).copied().unwrap_or(0);
            assert!(ram.used >= known, "{account} pays for {known}");
            used += ram.used;
            total += ram.total;
        }
    }
    assert_eq!(
        used,
        paid.values().sum::<u64>(),
        "what is used is what stands in the state"
    );
    let market = market(chain);
    let token: TokenInfo = chain.get(&StateKey::token(RAM)).unwrap();
    let stock = balance("ram.iost").available.units();
    assert_eq!(token.supply.units(), market.left + market.used, "bytes");
    assert_eq!(token.supply.units(), total + stock, "bytes of accounts");
    assert!(market.left <= stock, "what is for sale is there");
    let held = chain.balance("ram.iost").available;
    assert!(market.proceeds(own) <= held, "the market can pay");
    assert!(market.balance.checked_sub(opened.balance).unwrap() <= held);
}
