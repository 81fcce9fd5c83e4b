//! Random sequences of transactions, failing ones included. Every block is built, replayed and checked for
//! conservation by the harness.

use credo_primitives::entry::{Pledge, Pledges, Pool};
use credo_primitives::{Amount, CheckedTransaction, Receipt, StateKey};
use proptest::prelude::*;

use crate::chain::{Chain, DEPOSIT, LOCK_MS, NODES, PLEDGE, USERS, iost, name};
use crate::gas::untouched;

const NAMES: [&str; 9] = [
    "alice",
    "bobby",
    "carol",
    "node1",
    "node2",
    "node3",
    "node4",
    "nobody",
    "vote.iost",
];
const AMOUNTS: [&str; 10] = [
    "0",
    "-1",
    "0.00000001",
    "0.123456789",
    "1",
    "7.5",
    "333",
    "1000",
    "99999999999",
    "x",
];

#[derive(Clone, Debug)]
enum Call {
    Transfer(usize, usize, usize),
    Vote(usize, usize, usize),
    Unvote(usize, usize, usize),
    Move(usize, usize, usize, usize),
    Register(usize, u64),
    Apply(usize),
    SignUp(usize),
    Pledge(usize, usize, usize),
    Unpledge(usize, usize, usize),
    BuyRam(usize, usize, usize),
    SellRam(usize, usize, usize),
    LendRam(usize, usize, usize),
}

const BYTES: [i64; 5] = [-1, 9, 10, 5_000, 60_000];

fn call() -> impl Strategy<Value = Call> {
    let who = || 0..NAMES.len();
    let amount = || 0..AMOUNTS.len();
    prop_oneof![
        4 => (who(), who(), amount()).prop_map(|(a, b, n)| Call::Transfer(a, b, n)),
        4 => (who(), 3..7usize, amount()).prop_map(|(a, b, n)| Call::Vote(a, b, n)),
        3 => (who(), 3..7usize, amount()).prop_map(|(a, b, n)| Call::Unvote(a, b, n)),
        2 => (who(), 3..7usize, who(), amount()).prop_map(|(a, b, c, n)| Call::Move(a, b, c, n)),
        1 => (who(), 0..6u64).prop_map(|(a, k)| Call::Register(a, k)),
        1 => who().prop_map(Call::Apply),
        1 => (0..5usize).prop_map(Call::SignUp),
        2 => (who(), who(), amount()).prop_map(|(a, b, n)| Call::Pledge(a, b, n)),
        2 => (who(), who(), amount()).prop_map(|(a, b, n)| Call::Unpledge(a, b, n)),
        2 => (who(), who(), 0..BYTES.len()).prop_map(|(a, b, n)| Call::BuyRam(a, b, n)),
        2 => (who(), who(), 0..BYTES.len()).prop_map(|(a, b, n)| Call::SellRam(a, b, n)),
        1 => (who(), who(), 0..BYTES.len()).prop_map(|(a, b, n)| Call::LendRam(a, b, n)),
    ]
}

impl Call {
    fn action(&self) -> (&'static str, &'static str, String) {
        let voting = "vote_producer.iost";
        match *self {
            Self::Transfer(from, to, n) => {
                let data = format!(
                    r#"["iost","{}","{}","{}",""]"#,
                    NAMES[from], NAMES[to], AMOUNTS[n]
                );
                ("token.iost", "transfer", data)
            }
            Self::Vote(who, node, n) => (
                voting,
                "vote",
                format!(r#"["{}","{}","{}"]"#, NAMES[who], NAMES[node], AMOUNTS[n]),
            ),
            Self::Unvote(who, node, n) => (
                voting,
                "unvote",
                format!(r#"["{}","{}","{}"]"#, NAMES[who], NAMES[node], AMOUNTS[n]),
            ),
            Self::Move(who, from, to, n) => {
                let data = format!(
                    r#"["{}","{}","{}","{}"]"#,
                    NAMES[who], NAMES[from], NAMES[to], AMOUNTS[n]
                );
                (voting, "move", data)
            }
            Self::Register(who, key) => {
                let key = crate::chain::consensus_key(key);
                let key = credo_primitives::spec::consensus_key::to_base58(&key);
                (
                    voting,
                    "applyRegister",
                    format!(r#"["{}","{key}","","","",true]"#, NAMES[who]),
                )
            }
            Self::Apply(who) => (voting, "logInProducer", format!(r#"["{}"]"#, NAMES[who])),
            Self::SignUp(n) => {
                let key = crate::chain::key_of("new").public_key();
                ("auth.iost", "signUp", format!(r#"["fresh{n}","{key}","{key}"]"#))
            }
            Self::Pledge(from, to, n) | Self::Unpledge(from, to, n) => {
                let data = format!(r#"["{}","{}","{}"]"#, NAMES[from], NAMES[to], AMOUNTS[n]);
                let pledge = matches!(self, Self::Pledge(..));
                ("gas.iost", if pledge { "pledge" } else { "unpledge" }, data)
            }
            Self::BuyRam(from, to, n) | Self::SellRam(from, to, n) | Self::LendRam(from, to, n) => {
                let data = format!(r#"["{}","{}",{}]"#, NAMES[from], NAMES[to], BYTES[n]);
                let action = match self {
                    Self::BuyRam(..) => "buy",
                    Self::SellRam(..) => "sell",
                    _ => "lend",
                };
                ("ram.iost", action, data)
            }
        }
    }
}

/// A transaction: who publishes it, and its calls.
fn transaction() -> impl Strategy<Value = (usize, Vec<Call>)> {
    (0..7usize, prop::collection::vec(call(), 1..4))
}

fn make(chain: &mut Chain, (publisher, calls): &(usize, Vec<Call>)) -> CheckedTransaction {
    let actions: Vec<_> = calls.iter().map(Call::action).collect();
    let actions: Vec<_> = actions.iter().map(|(c, a, d)| (*c, *a, d.as_str())).collect();
    let draft = chain.draft(&actions);
    chain.sign(draft, NAMES[*publisher])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn tokens_are_conserved_and_locks_redeemable(
        blocks in prop::collection::vec(prop::collection::vec(transaction(), 0..6), 1..14),
        skips in prop::collection::vec(0..4u64, 14),
    ) {
        let mut chain = Chain::new();
        for (block, skip) in blocks.iter().zip(skips) {
            let txs: Vec<_> = block.iter().map(|tx| make(&mut chain, tx)).collect();
            chain.skipping_block(&txs, skip);
        }
        // Everybody takes back every vote; after the lock, everything can be spent.
        for voter in USERS.iter().chain(&NODES) {
            for vote in chain.voter(voter).votes {
                let data = format!(r#"["{voter}","{}","{}"]"#, vote.candidate, vote.amount);
                let receipt: Receipt = chain.run(voter, "vote_producer.iost", "unvote", &data);
                prop_assert!(receipt.is_success(), "{:?}", receipt.status);
            }
            prop_assert!(chain.voter(voter).votes.is_empty());
        }
        // Every pledge for another, too, and one's own but for what must stay.
        for pledger in USERS.iter().chain(&NODES) {
            let pledges: Pledges = chain.get(&StateKey::pledges(&name(pledger))).unwrap();
            for Pledge { account, amount } in pledges.to {
                let own = account.as_str() == *pledger;
                let all = if own { amount.checked_sub(iost("10")).unwrap() } else { amount };
                let data = format!(r#"["{pledger}","{account}","{all}"]"#);
                let receipt: Receipt = chain.run(pledger, "gas.iost", "unpledge", &data);
                prop_assert!(receipt.is_success() || all < iost("1"), "{:?}", receipt.status);
            }
        }
        chain.time_ms += LOCK_MS.max(chain.spec.parameters.pledge_lock_ms);
        chain.block(&[]);
        let pool: Pool = chain.get(&StateKey::pool()).unwrap();
        let mut total = pool.burnt;
        for holder in USERS.iter().chain(&NODES).chain(&["vote.iost", "ram.iost"]) {
            total = total.checked_add(chain.spendable(holder)).unwrap();
            total = total.checked_add(chain.balance(holder).staked).unwrap();
        }
        let first = 3 * 1_000 + 4 * 10 + 27 + 7 * PLEDGE + 4 * DEPOSIT;
        prop_assert_eq!(total, Amount::from_iost(first));
        for holder in USERS.iter().chain(&NODES) {
            let deposit = chain.candidates.find(&name(holder)).map_or(Amount::ZERO, |node| node.deposit);
            prop_assert_eq!(chain.balance(holder).locked(chain.time_ms).count(), 0);
            let staked = chain.balance(holder).staked.checked_sub(deposit).unwrap();
            prop_assert!(staked >= iost("10") && staked < iost("11"), "{holder} {staked}");
        }
        for node in &chain.candidates.list {
            prop_assert!(node.votes.is_zero());
        }
        prop_assert!(chain.candidates.find(&name("node1")).is_some());
    }

    #[test]
    fn a_failing_transaction_changes_nothing(tx in transaction(), before in prop::collection::vec(transaction(), 0..4)) {
        let mut chain = Chain::new();
        let txs: Vec<_> = before.iter().map(|tx| make(&mut chain, tx)).collect();
        chain.block(&txs);
        let tx = make(&mut chain, &tx);
        let (state, list) = (chain.state.clone(), chain.candidates.clone());
        let receipt = chain.run_tx(&tx);
        if !receipt.is_success() {
            prop_assert_eq!(&chain.candidates, &list);
            // But for the publisher's gas.
            let before = state.keys().filter(|key| key.as_str().starts_with("gas.iost/gas/")).count();
            let after = chain.state.keys().filter(|key| key.as_str().starts_with("gas.iost/gas/")).count();
            prop_assert_eq!(before, after);
            prop_assert_eq!(untouched(&chain.state), untouched(&state));
        }
    }
}
