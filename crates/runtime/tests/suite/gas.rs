//! `gas.iost`, and what transactions cost, to the edges.

use credo_primitives::entry::{Gas, MAX_PLEDGES, Pledge, Pledges};
use credo_primitives::spec::{Genesis, GenesisAccount};
use credo_primitives::{Amount, CheckedTransaction, Receipt, StateKey, StatusCode};
use credo_runtime::{Admitted, PrecheckError, PushError, Refusal, admit, precheck};
use proptest::prelude::*;

use crate::chain::{Chain, PLEDGE, State, USERS, genesis_file, iost, key_of, name, reason};

const RATE: u64 = 100_000;

fn gas(chain: &Chain, account: &str) -> Gas {
    let record: Option<Gas> = chain.get(&StateKey::gas(&name(account)));
    record.unwrap_or_default().at(chain.time_ms, RATE)
}

fn pledges(chain: &Chain, account: &str) -> Vec<Pledge> {
    let record: Option<Pledges> = chain.get(&StateKey::pledges(&name(account)));
    record.unwrap_or_default().to
}

/// The usual chain, but some accounts have no gas.
fn without_gas(accounts: &[&str]) -> Chain {
    let mut file: Genesis = genesis_file();
    for account in &mut file.accounts {
        if accounts.contains(&account.name.as_str()) {
            account.pledge = Amount::ZERO;
        }
    }
    file.votes.retain(|vote| !accounts.contains(&vote.voter.as_str()));
    Chain::with(file)
}

fn pledge(chain: &mut Chain, pledger: &str, to: &str, amount: &str) -> credo_primitives::Receipt {
    let data = format!(r#"["{pledger}","{to}","{amount}"]"#);
    chain.run(pledger, "gas.iost", "pledge", &data)
}

fn unpledge(chain: &mut Chain, pledger: &str, to: &str, amount: &str) -> credo_primitives::Receipt {
    let data = format!(r#"["{pledger}","{to}","{amount}"]"#);
    chain.run(pledger, "gas.iost", "unpledge", &data)
}

/// The state without what every block and every charge changes.
pub(crate) fn untouched(state: &State) -> State {
    let changes = ["pob/turns", "chain/", "gas.iost/gas/"];
    let mut state = state.clone();
    state.retain(|key, _| !changes.iter().any(|prefix| key.as_str().starts_with(prefix)));
    state
}

#[test]
fn a_transaction_costs_its_publisher_what_it_used() {
    let mut chain = Chain::new();
    let before = gas(&chain, "alice");
    assert_eq!(before.stock, PLEDGE * RATE * 100);
    let others = gas(&chain, "bobby");
    let tx = chain.transfer("alice", "bobby", "1");
    let receipt = chain.run_tx(&tx);
    assert!(receipt.is_success());
    let used = u64::try_from(receipt.gas_usage).unwrap();
    let grown = before.at(chain.time_ms, RATE).stock;
    assert!(grown > before.stock);
    assert_eq!(gas(&chain, "alice").stock, grown - used);
    assert_eq!(gas(&chain, "bobby"), others.at(chain.time_ms, RATE));

    // A failing one costs what it used, too.
    let before = gas(&chain, "alice");
    let tx = chain.transfer("alice", "bobby", "5000");
    let receipt = chain.run_tx(&tx);
    assert!(!receipt.is_success());
    let used = u64::try_from(receipt.gas_usage).unwrap();
    assert!(used > 0);
    assert_eq!(
        gas(&chain, "alice").stock,
        before.at(chain.time_ms, RATE).stock - used
    );
    assert_eq!(chain.balance("bobby").available, iost("1001"));

    // And one that runs out of gas costs all that it might have used.
    let before = gas(&chain, "alice");
    let data = format!(r#"["iost","alice","bobby","1","{}"]"#, "x".repeat(500));
    let mut long = chain.draft(&[("token.iost", "transfer", &data)]);
    long.gas_limit = 2_000_000;
    let tx = chain.sign(long, "alice");
    let receipt = chain.run_tx(&tx);
    assert_eq!(reason(&receipt), "out of gas");
    let grown = before.at(chain.time_ms, RATE).stock;
    assert_eq!(gas(&chain, "alice").stock, grown - 2_000_000);
}

#[test]
fn a_ratio_above_one_costs_as_many_times_more() {
    let mut chain = Chain::new();
    let mut tx = chain.draft(&[("token.iost", "transfer", r#"["iost","alice","bobby","1",""]"#)]);
    let plain = chain.sign(tx.clone(), "alice");
    let plain = chain.run_tx(&plain).gas_usage;
    tx.time += 1;
    tx.gas_ratio = 300;
    let before = gas(&chain, "alice");
    let dear = chain.sign(tx, "alice");
    let dear = chain.run_tx(&dear).gas_usage;
    assert_eq!(dear, 3 * plain);
    let grown = before.at(chain.time_ms, RATE).stock;
    assert_eq!(gas(&chain, "alice").stock, grown - u64::try_from(dear).unwrap());
}

#[test]
fn without_gas_for_its_limit_a_transaction_is_refused_and_leaves_no_trace() {
    let mut chain = without_gas(&["alice"]);
    let tx = chain.transfer("alice", "bobby", "1");
    let refusal = Refusal::GasNotEnough {
        publisher: "alice".into(),
        has: 0,
        needs: 100_000_000,
    };
    assert_eq!(refusal.to_string(), "gas not enough: user alice has 0 < 1000000");
    assert!(!refusal.is_temporary());
    let at = chain.time_ms + chain.spec.parameters.slot_ms;
    assert_eq!(
        admit(&chain.spec, &chain.state, &chain.candidates, &tx, at),
        Err(PushError::Refused(refusal.clone()))
    );
    let before = untouched(&chain.state);
    assert_eq!(chain.refuse(&tx), refusal);
    assert_eq!(untouched(&chain.state), before);
    assert!(!chain.state.contains_key(&StateKey::gas(&name("alice"))));

    // The same transaction stands once somebody pledged for it.
    assert!(pledge(&mut chain, "bobby", "alice", "9.99").is_success());
    let at = chain.time_ms + chain.spec.parameters.slot_ms;
    let Err(PushError::Refused(refusal)) = admit(&chain.spec, &chain.state, &chain.candidates, &tx, at)
    else {
        panic!("999,000 gas and what a slot brings aren't a million");
    };
    assert!(
        refusal
            .to_string()
            .starts_with("gas not enough: user alice has 9990")
    );
    assert!(pledge(&mut chain, "bobby", "alice", "1").is_success());
    let at = chain.time_ms + chain.spec.parameters.slot_ms;
    assert_eq!(
        admit(&chain.spec, &chain.state, &chain.candidates, &tx, at),
        Ok(Admitted::Ordinary)
    );
    chain.leave_msb();
    assert!(chain.run_tx(&tx).is_success());
    assert_eq!(
        pledges(&chain, "bobby")[0],
        Pledge {
            account: name("alice"),
            amount: iost("10.99")
        }
    );
}

/// A single action of `alice`'s, with what its gas limit is.
fn alone(chain: &mut Chain, action: &str, data: &str, gas_limit: i64) -> CheckedTransaction {
    let mut draft = chain.draft(&[("gas.iost", action, data)]);
    draft.gas_limit = gas_limit;
    chain.sign(draft, "alice")
}

#[test]
fn a_first_pledge_for_oneself_pays_for_itself() {
    let mut chain = without_gas(&["alice"]);
    let tx = alone(&mut chain, "pledge", r#"["alice","alice","10"]"#, 100_000_000);
    let at = chain.time_ms + chain.spec.parameters.slot_ms;
    assert_eq!(
        admit(&chain.spec, &chain.state, &chain.candidates, &tx, at),
        Ok(Admitted::Ordinary)
    );
    let receipt = chain.run_tx(&tx);
    assert!(receipt.is_success());
    assert_eq!(receipt.receipts[1].func_name.as_str(), "gas.iost/pledge");
    assert_eq!(receipt.receipts[1].content.as_str(), r#"["alice","alice","10"]"#);
    assert_eq!(receipt.returns[0].as_str(), "[]");
    let used = u64::try_from(receipt.gas_usage).unwrap();
    assert_eq!(gas(&chain, "alice").stock, 100_000_000 - used);
    assert_eq!(chain.balance("alice").available, iost("990"));
    assert_eq!(chain.balance("alice").staked, iost("10"));
}

#[test]
fn nothing_else_stands_without_gas() {
    let mut chain = without_gas(&["alice"]);
    let cases = [
        // It brings less than its limit.
        ("pledge", r#"["alice","alice","9.99999999"]"#, 100_000_000),
        ("pledge", r#"["alice","alice","0.99999999"]"#, 600_000),
        // More than the account has.
        ("pledge", r#"["alice","alice","1000.00000001"]"#, 100_000_000),
        // For or from somebody else, or nothing of the kind.
        ("pledge", r#"["alice","bobby","10"]"#, 100_000_000),
        ("pledge", r#"["bobby","alice","10"]"#, 100_000_000),
        ("pledge", r#"["alice","alice","1e3"]"#, 100_000_000),
        ("pledge", r#"["alice","alice"]"#, 100_000_000),
        ("pledge", r#"["alice","alice",10]"#, 100_000_000),
        ("unpledge", r#"["alice","alice","10"]"#, 100_000_000),
    ];
    for (action, data, limit) in cases {
        chain.leave_msb();
        let before = untouched(&chain.state);
        let tx = alone(&mut chain, action, data, limit);
        let refusal = chain.refuse(&tx);
        assert!(
            matches!(refusal, Refusal::GasNotEnough { .. }),
            "{data}: {refusal}"
        );
        assert_eq!(untouched(&chain.state), before);
        assert!(!chain.state.contains_key(&StateKey::gas(&name("alice"))));
    }
    let pledge = ("gas.iost", "pledge", r#"["alice","alice","10"]"#);
    let draft = chain.draft(&[pledge, pledge]);
    let two = chain.sign(draft, "alice");
    assert!(matches!(chain.refuse(&two), Refusal::GasNotEnough { .. }));
}

#[test]
fn a_first_pledge_that_fails_is_refused() {
    // Its limit suffices for the transaction's bytes and not for the action.
    let mut chain = without_gas(&["alice"]);
    let padding = " ".repeat(300);
    let data = format!(r#"["alice","alice","10"{padding}]"#);
    let tx = alone(&mut chain, "pledge", &data, 600_000);
    let before = untouched(&chain.state);
    let refusal = chain.refuse(&tx);
    assert!(matches!(refusal, Refusal::GasNotEnough { .. }), "{refusal}");
    assert_eq!(untouched(&chain.state), before);
    assert!(!chain.state.contains_key(&StateKey::gas(&name("alice"))));
}

#[test]
fn pledges_and_their_return_give_iosts_texts_and_change_nothing() {
    let mut chain = Chain::new();
    assert!(pledge(&mut chain, "alice", "bobby", "5").is_success());
    let cases = [
        ("pledge", r#"["nobody","alice","1"]"#, "invalid user name nobody"),
        ("pledge", r#"["alice","nobody","1"]"#, "invalid user name nobody"),
        (
            "pledge",
            r#"["bobby","alice","1"]"#,
            "transaction has no permission",
        ),
        ("pledge", r#"["alice","alice","x"]"#, "invalid amount x"),
        ("pledge", r#"["alice","alice","-1"]"#, "invalid amount -1"),
        ("pledge", r#"["alice","alice","0"]"#, "invalid amount 0"),
        (
            "pledge",
            r#"["alice","alice","0.000000001"]"#,
            "invalid amount 0.000000001",
        ),
        (
            "pledge",
            r#"["alice","alice","99999999999999"]"#,
            "invalid amount 99999999999999",
        ),
        ("pledge", r#"["alice","alice","0.99"]"#, "min pledge num is 1"),
        (
            "pledge",
            r#"["alice","alice","995.1"]"#,
            "balance not enough 995 < 995.1",
        ),
        (
            "unpledge",
            r#"["nobody","alice","1"]"#,
            "invalid user name nobody",
        ),
        (
            "unpledge",
            r#"["alice","nobody","1"]"#,
            "invalid user name nobody",
        ),
        (
            "unpledge",
            r#"["bobby","alice","1"]"#,
            "transaction has no permission",
        ),
        ("unpledge", r#"["alice","bobby","x"]"#, "invalid amount x"),
        ("unpledge", r#"["alice","bobby","0.5"]"#, "min unpledge num is 1"),
        (
            "unpledge",
            r#"["alice","carol","1"]"#,
            "alice did not pledge for carol",
        ),
        (
            "unpledge",
            r#"["alice","bobby","5.00000001"]"#,
            "you cannot unpledge more than your pledge 5.00000001 > 5",
        ),
        // The rule of the total is asked first.
        (
            "unpledge",
            r#"["alice","bobby","9995.00000001"]"#,
            "unpledge too much (10005 - 9995.00000001) less than 10",
        ),
        (
            "unpledge",
            r#"["alice","alice","9990.00000001"]"#,
            "unpledge too much (10000 - 9990.00000001) less than 10",
        ),
        (
            "unpledge",
            r#"["alice","alice","20000"]"#,
            "unpledge too much (10000 - 20000) less than 10",
        ),
    ];
    for (action, data, text) in cases {
        chain.leave_msb();
        let before = untouched(&chain.state);
        let receipt = chain.run("alice", "gas.iost", action, data);
        assert_eq!(reason(&receipt), text, "{action} {data}");
        assert_eq!(receipt.status.code, StatusCode::RuntimeError);
        assert!(receipt.receipts.is_empty() && receipt.returns.is_empty());
        assert_eq!(untouched(&chain.state), before, "{action} {data}");
    }
    assert!(chain.run("alice", "gas.iost", "constructor", "[]").is_success());
}

#[test]
fn a_pledge_returns_after_the_lock() {
    let mut chain = Chain::new();
    assert!(pledge(&mut chain, "alice", "bobby", "5").is_success());
    let bobby = gas(&chain, "bobby");
    assert_eq!(bobby.pledged, iost("10005"));
    let receipt = unpledge(&mut chain, "alice", "bobby", "2");
    let until = chain.time_ms + chain.spec.parameters.pledge_lock_ms;
    let left: Vec<_> = (receipt.receipts.iter())
        .map(|r| (r.func_name.as_str(), r.content.as_str()))
        .collect();
    let back = format!(r#"["iost","gas.iost","alice","2",{},""]"#, until * 1_000_000);
    assert_eq!(
        left,
        [
            ("token.iost/transferFreeze", back.as_str()),
            ("gas.iost/unpledge", r#"["alice","bobby","2"]"#)
        ]
    );
    assert_eq!(gas(&chain, "bobby").pledged, iost("10003"));
    let balance = chain.balance("alice");
    assert_eq!(balance.staked, iost("10003"));
    assert_eq!(
        (balance.frozen[0].amount, balance.frozen[0].until_ms),
        (iost("2"), until)
    );
    assert_eq!(balance.spendable(until - 1), iost("995"));
    assert_eq!(balance.spendable(until), iost("997"));
    // A pledge for another can be taken back whole; of one's own, ten stay.
    assert!(unpledge(&mut chain, "alice", "bobby", "3").is_success());
    assert_eq!(pledges(&chain, "alice").len(), 1);
    assert!(unpledge(&mut chain, "alice", "alice", "9990").is_success());
    assert_eq!(pledges(&chain, "alice")[0].amount, iost("10"));
    // Less gas is left than there was, as much as ten IOST can hold.
    assert!(gas(&chain, "alice").stock <= 10 * RATE * 100 * 3);
}

#[test]
fn an_account_pledges_for_a_bounded_number_and_signs_up_more_all_the_same() {
    let mut file = genesis_file();
    let one = file.accounts[0].clone();
    file.accounts.extend((1..MAX_PLEDGES).map(|n| GenesisAccount {
        name: name(&format!("crowd{n:03}")),
        ..one.clone()
    }));
    let mut chain = Chain::with(file);
    // The account's own pledge is one of them.
    let mut left = MAX_PLEDGES - 1;
    while left > 0 {
        chain.leave_msb();
        let n = left.min(10);
        let txs: Vec<_> = (left - n + 1..=left)
            .map(|n| {
                chain.tx(
                    "alice",
                    "gas.iost",
                    "pledge",
                    &format!(r#"["alice","crowd{n:03}","1"]"#),
                )
            })
            .collect();
        assert!(chain.block(&txs).receipts.iter().all(Receipt::is_success));
        left -= n;
    }
    assert_eq!(
        reason(&pledge(&mut chain, "alice", "bobby", "1")),
        "alice pledges for 512 accounts already: take a pledge back first"
    );
    let key = key_of("david").public_key();
    let receipt = chain.run(
        "alice",
        "auth.iost",
        "signUp",
        &format!(r#"["david","{key}","{key}"]"#),
    );
    assert!(receipt.is_success(), "{:?}", receipt.status);
    assert_eq!(pledges(&chain, "alice").len(), MAX_PLEDGES);
    assert_eq!(pledges(&chain, "david")[0].amount, iost("10"));
    assert_eq!(gas(&chain, "david").pledged, iost("10"));
}

#[test]
fn votes_bring_gas_and_can_all_be_taken_back() {
    let mut chain = without_gas(&["alice"]);
    assert!(pledge(&mut chain, "bobby", "alice", "20").is_success());
    let before = gas(&chain, "alice");
    let vote = r#"["alice","node1","30"]"#;
    let receipt = chain.run("alice", "vote_producer.iost", "vote", vote);
    assert!(receipt.is_success());
    let after = gas(&chain, "alice");
    assert_eq!(after.voted, iost("30"));
    let used = u64::try_from(receipt.gas_usage).unwrap();
    let grown = before.at(chain.time_ms, RATE).stock;
    assert_eq!(after.stock, grown + 30 * RATE * 100 - used);
    assert_eq!(after.limit(RATE), 50 * RATE * 100 * 3);
    // Moving votes neither gives nor takes.
    let moved = chain.run(
        "alice",
        "vote_producer.iost",
        "move",
        r#"["alice","node1","node2","30"]"#,
    );
    assert!(moved.is_success());
    let grown = after.at(chain.time_ms, RATE).stock;
    assert_eq!(
        gas(&chain, "alice").stock,
        grown - u64::try_from(moved.gas_usage).unwrap()
    );
    // With the votes goes the gas above the new limit, and the transaction stands nevertheless: ten stay pledged.
    assert!(unpledge(&mut chain, "bobby", "alice", "10").is_success());
    assert_eq!(
        reason(&unpledge(&mut chain, "bobby", "alice", "10")),
        "unpledge too much (10 - 10) less than 10"
    );
    let data = r#"["alice","node2","30"]"#;
    let receipt = chain.run("alice", "vote_producer.iost", "unvote", data);
    assert!(receipt.is_success(), "{:?}", receipt.status);
    let left = gas(&chain, "alice");
    assert_eq!((left.voted, left.pledged), (Amount::ZERO, iost("10")));
    assert!(left.total() <= left.limit(RATE));
}

#[test]
fn earned_gas_is_used_when_the_stock_is_gone() {
    use commonware_codec::Encode as _;
    let mut chain = without_gas(&["alice"]);
    let earned = Gas {
        earned: 150_000_000,
        ..Gas::default()
    };
    chain
        .state
        .insert(StateKey::gas(&name("alice")), earned.encode().to_vec());
    let tx = chain.transfer("alice", "bobby", "1");
    let receipt = chain.run_tx(&tx);
    assert!(receipt.is_success());
    let used = u64::try_from(receipt.gas_usage).unwrap();
    assert_eq!(gas(&chain, "alice").earned, 150_000_000 - used);
}

#[test]
fn a_hopeless_pledge_is_refused_before_it_is_sent() {
    let mut chain = Chain::new();
    let check = |chain: &mut Chain, data: &str| precheck(chain.tx("alice", "gas.iost", "pledge", data).tx());
    assert_eq!(check(&mut chain, r#"["alice","alice","1.250"]"#), Ok(()));
    assert_eq!(
        check(&mut chain, r#"["alice","alice","1.255"]"#),
        Err(PrecheckError::PledgeDecimals("1.255".into()))
    );
    assert_eq!(
        check(&mut chain, r#"["alice","alice","1e5"]"#),
        Err(PrecheckError::Amount("1e5".into()))
    );
    assert_eq!(
        check(&mut chain, r#"["alice","alice"]"#).unwrap_err().to_string(),
        "wrong args num of pledge: 3 are expected, got 2"
    );
}

#[derive(Clone, Debug)]
enum Step {
    Pledge(usize, usize, u64),
    Unpledge(usize, usize, u64),
    Vote(usize, u64),
    Unvote(usize, u64),
    Wait(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..USERS.len();
    prop_oneof![
        (who(), who(), 0..400u64).prop_map(|(a, b, n)| Step::Pledge(a, b, n)),
        (who(), who(), 0..12_000u64).prop_map(|(a, b, n)| Step::Unpledge(a, b, n)),
        (who(), 1..400u64).prop_map(|(a, n)| Step::Vote(a, n)),
        (who(), 1..400u64).prop_map(|(a, n)| Step::Unvote(a, n)),
        (1..4u8).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn gas_follows_from_stakes_and_charges(steps in prop::collection::vec(step(), 1..16)) {
        let mut chain = Chain::new();
        for step in steps {
            let (who, contract, action, data) = match step {
                Step::Wait(blocks) => {
                    for _ in 0..blocks {
                        chain.block(&[]);
                    }
                    continue;
                }
                Step::Pledge(a, b, n) => (USERS[a], "gas.iost", "pledge", format!(r#"["{}","{}","{n}"]"#, USERS[a], USERS[b])),
                Step::Unpledge(a, b, n) => (USERS[a], "gas.iost", "unpledge", format!(r#"["{}","{}","{n}"]"#, USERS[a], USERS[b])),
                Step::Vote(a, n) => (USERS[a], "vote_producer.iost", "vote", format!(r#"["{}","node1","{n}"]"#, USERS[a])),
                Step::Unvote(a, n) => (USERS[a], "vote_producer.iost", "unvote", format!(r#"["{}","node1","{n}"]"#, USERS[a])),
            };
            chain.leave_msb();
            let before: Vec<Gas> = USERS.iter().map(|user| gas(&chain, user)).collect();
            let receipt = chain.run(who, contract, action, &data);
            for (user, before) in USERS.iter().zip(before) {
                let now = gas(&chain, user);
                let grown = before.at(chain.time_ms, RATE);
                let (more, less) = (now.pledged > grown.pledged || now.voted > grown.voted, now.pledged < grown.pledged || now.voted < grown.voted);
                let used = if *user == who { u64::try_from(receipt.gas_usage).unwrap() } else { 0 };
                if more {
                    let staked = now.pledged.units() + now.voted.units() - grown.pledged.units() - grown.voted.units();
                    let day = Gas::at_once(Amount::from_units(staked).unwrap(), RATE);
                    prop_assert_eq!(now.stock, (grown.stock + day).min(now.limit(RATE)) - used);
                } else if less {
                    prop_assert_eq!(now.stock, grown.stock.min(now.limit(RATE)).saturating_sub(used));
                } else {
                    prop_assert_eq!(now.stock, grown.stock - used);
                }
            }
        }
    }
}
