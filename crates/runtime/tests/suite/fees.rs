//! Fees of invited users (P-22).

use commonware_codec::Encode as _;
use credo_primitives::entry::{Account, Gas, IOST, Pool, TokenInfo};
use credo_primitives::{Receipt, StateKey};

use crate::chain::{Chain, iost, name};

/// Makes `inviter` the one who invited `account`.
fn invite(chain: &mut Chain, account: &str, inviter: &str) {
    let key = StateKey::account(&name(account));
    let mut record: Account = chain.get(&key).unwrap();
    record.referrer = Some(name(inviter));
    chain.state.insert(key, record.encode().to_vec());
}

fn earned(chain: &Chain, account: &str) -> u64 {
    let gas: Option<Gas> = chain.get(&StateKey::gas(&name(account)));
    gas.unwrap_or_default().earned
}

fn used(receipts: &[Receipt]) -> Vec<u64> {
    receipts
        .iter()
        .map(|r| u64::try_from(r.gas_usage).unwrap())
        .collect()
}

#[test]
fn an_inviting_node_earns_its_part_of_the_gas() {
    let mut chain = Chain::new();
    invite(&mut chain, "alice", "node1");
    invite(&mut chain, "carol", "node1");
    invite(&mut chain, "bobby", "alice");
    let txs = vec![
        chain.transfer("alice", "bobby", "1"),
        chain.transfer("carol", "bobby", "2.5"),
        // A failing one pays, too.
        chain.transfer("alice", "bobby", "5000"),
        // Who was invited by somebody who is no Servi node brings nobody anything.
        chain.transfer("bobby", "alice", "1"),
        // Nor does who was invited by nobody.
        chain.transfer("node2", "alice", "1"),
    ];
    let outcome = chain.block(&txs);
    assert!(!outcome.receipts[2].is_success());
    let used = used(&outcome.receipts);
    // A tenth, unless the node sets another part; each rounded down by itself.
    assert_eq!(
        earned(&chain, "node1"),
        used[0] / 10 + used[1] / 10 + used[2] / 10
    );
    for other in ["alice", "bobby", "carol", "node2", "node3", "node4"] {
        assert_eq!(earned(&chain, other), 0, "{other}");
    }
    // The node's record is written once for the block.
    let gas = StateKey::gas(&name("node1"));
    assert_eq!(outcome.writes.keys().filter(|key| **key == gas).count(), 1);
}

#[test]
fn the_node_sets_its_part() {
    let mut chain = Chain::new();
    invite(&mut chain, "alice", "node1");
    let set = chain.run("node1", "vote_producer.iost", "setFeeShare", r#"["node1",30]"#);
    assert!(set.is_success());
    let tx = chain.transfer("alice", "bobby", "1");
    chain.leave_msb();
    let receipt = chain.run_tx(&tx);
    assert_eq!(
        earned(&chain, "node1"),
        u64::try_from(receipt.gas_usage).unwrap() * 30 / 100
    );
}

#[test]
fn an_inviting_node_has_its_part_of_the_ram_fee_and_the_rest_is_burnt() {
    let mut chain = Chain::new();
    invite(&mut chain, "alice", "node1");
    let token = |chain: &Chain| -> TokenInfo { chain.get(&StateKey::token(IOST)).unwrap() };
    let before = token(&chain).supply;
    let receipt = chain.run("alice", "ram.iost", "buy", r#"["alice","bobby",1024]"#);
    assert_eq!(receipt.returns[0].as_str(), r#"["10.66"]"#);
    let shown: Vec<_> = receipt.receipts.iter().map(|r| r.content.as_str()).collect();
    assert_eq!(
        shown,
        [
            r#"["iost","alice","ram.iost","10.66",""]"#,
            r#"["iost","ram.iost","node1","0.021",""]"#,
            r#"["iost","ram.iost","0.189"]"#,
            r#"["ram","ram.iost","bobby","1024",""]"#,
        ]
    );
    assert_eq!(chain.balance("node1").available, iost("10.021"));
    assert_eq!(chain.balance("ram.iost").available, iost("10.45"));
    let pool: Pool = chain.get(&StateKey::pool()).unwrap();
    assert_eq!(pool.burnt, iost("0.189"));
    assert_eq!(token(&chain).supply, before.checked_sub(iost("0.189")).unwrap());
}
