//! What holds of gas and RAM after every block.

use std::collections::BTreeMap;

use credo_pob::Voter;
use credo_primitives::StateKey;
use credo_primitives::entry::{Gas, Pledges, Ram, RamMarket};

use crate::chain::{Chain, START_MS};

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

/// Bytes sold are accounts' bytes, and the market can pay for those that can be sold back.
pub(crate) fn ram(chain: &Chain) {
    let opened = RamMarket::start(START_MS);
    let (mut total, mut own) = (0, 0);
    for key in chain.state.keys() {
        if key.as_str().starts_with("ram.iost/ram/") {
            let ram: Ram = chain.get(key).unwrap();
            assert!(ram.own <= ram.total, "{key}");
            total += ram.total;
            own += ram.own;
        }
    }
    let market = market(chain);
    assert_eq!(market.used - opened.used, total, "bytes sold");
    let held = chain.balance("ram.iost").available;
    assert!(market.proceeds(own) <= held, "the market can pay");
    assert!(market.balance.checked_sub(opened.balance).unwrap() <= held);
}
