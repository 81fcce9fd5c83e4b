//! P-20 and P-21 on a chain: the pool pays, and only what it holds; claims.

use credo_primitives::entry::{Contribution, Pool};
use credo_primitives::spec::{Genesis, GenesisAccount};
use credo_primitives::{Amount, Receipt, StateKey};

use crate::chain::{Chain, genesis_file, iost, key_of, name, reason};

const VOTING: &str = "vote_producer.iost";

#[track_caller]
fn ok(receipt: &Receipt) {
    assert!(receipt.is_success(), "{:?}", receipt.status);
}

/// A chain whose pool pays 8 IOST an epoch.
fn file() -> Genesis {
    let mut file = genesis_file();
    let year = 31_557_600_000u64;
    let epoch = file.parameters.epoch_length * file.parameters.slot_ms;
    file.parameters.rewards_per_year = Amount::from_iost(8 * year / epoch);
    file.accounts.push(GenesisAccount {
        name: name("foundation"),
        owner: key_of("foundation").public_key().into(),
        active: key_of("foundation").public_key().into(),
        balance: Amount::from_iost(100),
        pledge: Amount::from_iost(1_000),
    });
    file
}

fn pool(chain: &Chain) -> Pool {
    chain.get(&StateKey::pool()).unwrap()
}

fn units(amount: Amount) -> u64 {
    amount.units()
}

#[test]
fn an_epoch_pays_for_blocks_and_votes_and_keeps_the_contribution_s_part() {
    let mut chain = Chain::with(file());
    let before = pool(&chain);
    let seats = chain.committee.keys().to_vec();
    chain.end_epoch();
    let after = pool(&chain);
    let epoch = 8 * 100_000_000 - 8; // less what the year's division leaves over
    assert!(units(after.paid) <= epoch * 3 / 4 + 8 && units(after.paid) > epoch * 3 / 4 - 100);
    assert!(units(after.carried) <= 200_000_000 && units(after.carried) > 199_999_000);
    let gone = units(before.free) - units(after.free);
    assert_eq!(gone, units(after.paid) + units(after.carried));
    // Five blocks by three seats; the votes are 10, 8, 5 and 4 of 27.
    let node = |n: &str| chain.candidates.find(&name(n)).unwrap();
    let votes_part = epoch as u128 / 2;
    for (n, votes) in [("node1", 10u128), ("node2", 8), ("node3", 5), ("node4", 4)] {
        let half = votes_part * votes / 27 / 2;
        let pot = u128::from(units(node(n).voters_pot));
        assert!(pot.abs_diff(half) < 10, "{n}: {pot} and {half}");
        let sat = seats.contains(&node(n).key);
        let own = u128::from(units(node(n).earned));
        assert!(own > half || !sat, "a block reward is the producer's alone");
    }
    let blocks: u64 = ["node1", "node2", "node3", "node4"]
        .iter()
        .map(|n| units(node(n).earned) - units(node(n).voters_pot))
        .sum();
    assert!(blocks.abs_diff(epoch / 4) < 20, "{blocks}");
}

fn eight(amount: Amount) -> String {
    format!(
        "{}.{:08}",
        units(amount) / 100_000_000,
        units(amount) % 100_000_000
    )
}

#[test]
fn both_sides_claim_what_they_earned_and_no_more() {
    let mut chain = Chain::with(file());
    chain.end_epoch();
    let due = chain.candidates.find(&name("node2")).unwrap().earned;
    let before = chain.balance("node2").available;
    assert_eq!(
        reason(&chain.run("alice", VOTING, "candidateWithdraw", r#"["node2"]"#)),
        "require auth failed."
    );
    let text = |r: &Receipt| r.returns[0].as_str().to_owned();
    let shown = chain.run("alice", VOTING, "getCandidateBonus", r#"["node2"]"#);
    assert_eq!(text(&shown), format!(r#"["{}"]"#, eight(due)));
    let receipt = chain.run("node2", VOTING, "candidateWithdraw", r#"["node2"]"#);
    ok(&receipt);
    assert_eq!(receipt.receipts[0].func_name.as_str(), "token.iost/transfer");
    assert_eq!(
        receipt.receipts[1].content.as_str(),
        format!(r#"["node2","{}","0.00000000"]"#, eight(due))
    );
    // Nothing is left to claim: no receipt.
    let again = chain.run("node2", VOTING, "candidateWithdraw", r#"["node2"]"#);
    ok(&again);
    assert!(again.receipts.is_empty());
    assert_eq!(chain.balance("node2").available, before.checked_add(due).unwrap());
    // Carol holds all the votes: all pots are hers.
    chain.end_epoch();
    let pots: u64 = chain.candidates.list.iter().map(|c| units(c.voters_pot)).sum();
    let before = chain.balance("carol").available;
    let bonus = chain.run("alice", VOTING, "getVoterBonus", r#"["carol"]"#);
    ok(&chain.run("carol", VOTING, "voterWithdraw", r#"["carol"]"#));
    let got = units(chain.balance("carol").available) - units(before);
    assert_eq!(
        text(&bonus),
        format!(r#"["{}"]"#, eight(Amount::from_units(got).unwrap()))
    );
    assert_eq!(
        bonus.receipts[0].func_name.as_str(),
        "vote_producer.iost/getVoterBonus"
    );
    assert!(
        pots - got < 8,
        "no more than a unit for each node is left in the pots"
    );
    let nothing = chain.run("carol", VOTING, "voterWithdraw", r#"["carol"]"#);
    ok(&nothing);
    assert!(nothing.receipts.is_empty());
    assert_eq!(
        units(chain.balance("carol").available) - units(before),
        got,
        "nothing twice"
    );
}

#[test]
fn the_pool_pays_no_more_than_it_holds() {
    let mut empty = file();
    empty.pool = iost("12");
    let mut chain = Chain::with(empty);
    for _ in 0..4 {
        chain.end_epoch();
    }
    let pool = pool(&chain);
    let given = units(pool.paid) + units(pool.carried);
    assert_eq!(given + units(pool.free), 1_200_000_000);
    assert!(units(pool.free) < 1_000, "all but dust is given: {}", pool.free);
}

#[test]
fn contribution_scores_are_the_foundation_s_and_an_epoch_without_any_is_made_up_for() {
    let mut chain = Chain::with(file());
    assert_eq!(
        reason(&chain.run("alice", "bonus.iost", "setContribution", r#"[{"alice":1}]"#)),
        "require auth failed."
    );
    for (data, expected) in [
        (r#"[{"nobody":1}]"#, "invalid account nobody"),
        (
            r#"[[]]"#,
            "scores should be an object of account and whole number",
        ),
        (
            r#"[{"alice":1.5}]"#,
            "score of alice should be a whole number below 2^32",
        ),
        (
            r#"[{"alice":-1}]"#,
            "score of alice should be a whole number below 2^32",
        ),
    ] {
        let receipt = chain.run("foundation", "bonus.iost", "setContribution", data);
        assert_eq!(reason(&receipt), expected);
    }
    chain.end_epoch();
    let carried = pool(&chain).carried;
    ok(&chain.run(
        "foundation",
        "bonus.iost",
        "setContribution",
        r#"[{"bobby":1,"alice":3}]"#,
    ));
    chain.end_epoch();
    assert_eq!(pool(&chain).carried, Amount::ZERO);
    let record: Contribution = chain.get(&StateKey::contribution()).unwrap();
    assert!(units(record.pot) > units(carried) + 199_999_000);
    let shown = chain.run("carol", "bonus.iost", "getContribution", r#"["alice"]"#);
    let due: Vec<Amount> = serde_json::from_str(shown.returns[0].as_str()).unwrap();
    assert!(units(due[0]).abs_diff(units(record.pot) / 4 * 3) < 8);
    let wrong = "invalid amount: negative or greater than contribute";
    for amount in ["5", "-1", "x"] {
        let data = format!(r#"["alice","{amount}"]"#);
        assert_eq!(
            reason(&chain.run("alice", "bonus.iost", "exchangeIOST", &data)),
            wrong
        );
    }
    assert_eq!(
        reason(&chain.run("bobby", "bonus.iost", "exchangeIOST", r#"["alice","0"]"#)),
        "require auth failed."
    );
    ok(&chain.run("alice", "bonus.iost", "exchangeIOST", r#"["alice","1"]"#));
    assert_eq!(chain.balance("alice").available, iost("1001"));
    let shown = chain.run("carol", "bonus.iost", "getContribution", r#"["alice"]"#);
    let left: Vec<Amount> = serde_json::from_str(shown.returns[0].as_str()).unwrap();
    chain.leave_msb();
    ok(&chain.run("alice", "bonus.iost", "exchangeIOST", r#"["alice","0"]"#));
    let all = units(chain.balance("alice").available) - 100_100_000_000;
    assert_eq!(all, units(left[0]), "Alice is no node: all of it is her own");
    // A score of nothing takes an account out, with what it earned still to claim.
    ok(&chain.run(
        "foundation",
        "bonus.iost",
        "setContribution",
        r#"[{"alice":0,"bobby":0}]"#,
    ));
    let record: Contribution = chain.get(&StateKey::contribution()).unwrap();
    assert!(
        record
            .accounts
            .iter()
            .any(|c| c.account == name("bobby") && c.score == 0)
    );
    // Alice has something to claim only where an epoch ended meanwhile.
    chain.run("alice", "bonus.iost", "exchangeIOST", r#"["alice","0"]"#);
    ok(&chain.run("bobby", "bonus.iost", "exchangeIOST", r#"["bobby","0"]"#));
    let record: Contribution = chain.get(&StateKey::contribution()).unwrap();
    assert!(record.accounts.is_empty());
}

#[test]
fn a_candidate_shares_its_contribution_rewards_with_its_voters() {
    let mut chain = Chain::with(file());
    ok(&chain.run("foundation", "bonus.iost", "setContribution", r#"[{"node1":1}]"#));
    chain.end_epoch();
    let (own, pot) = (
        chain.balance("node1").available,
        chain.candidates.list[0].voters_pot,
    );
    ok(&chain.run("node1", "bonus.iost", "exchangeIOST", r#"["node1","1"]"#));
    let gained = units(chain.balance("node1").available) - units(own);
    assert_eq!(gained, 50_000_000);
    assert_eq!(
        units(chain.candidates.list[0].voters_pot) - units(pot),
        50_000_000
    );
}

#[test]
fn what_is_given_goes_to_nodes_and_voters() {
    let mut chain = Chain::with(file());
    let before = pool(&chain);
    let given = chain.run("alice", VOTING, "topupCandidateBonus", r#"["2.7e1","alice"]"#);
    assert_eq!(given.returns[0].as_str(), r#"["true"]"#);
    assert_eq!(given.receipts[1].content.as_str(), r#"["27","alice"]"#);
    assert_eq!(chain.balance("alice").available, iost("973"));
    assert_eq!(pool(&chain).topup, iost("27"));
    ok(&chain.run("alice", VOTING, "topupVoterBonus", r#"["node3","5","alice"]"#));
    assert_eq!(chain.candidates.list[2].voters_pot, iost("5"));
    chain.end_epoch();
    let after = pool(&chain);
    assert_eq!(after.topup, Amount::ZERO);
    // 27 IOST more by votes: ten for node1, half of them its voters'.
    let pot = units(chain.candidates.list[0].voters_pot);
    let part = 400_000_000u64 * 10 / 27 / 2 + 500_000_000;
    assert!(pot.abs_diff(part) < 20, "{pot} and {part}");
    assert!(units(before.free) - units(after.free) <= 800_000_000);
    for (action, data, expected) in [
        (
            "topupCandidateBonus",
            r#"["0","alice"]"#,
            "amount must be positive",
        ),
        (
            "topupCandidateBonus",
            r#"["1","bobby"]"#,
            "transaction has no permission",
        ),
        (
            "topupVoterBonus",
            r#"["alice","1","alice"]"#,
            "producer not exists",
        ),
    ] {
        assert_eq!(reason(&chain.run("alice", VOTING, action, data)), expected);
    }
}

#[test]
fn nobody_mints() {
    let mut chain = Chain::with(file());
    for (action, data, expected) in [
        ("issueIOST", "[]", "issue iost permission denied"),
        ("issueIOSTTo", r#"["alice","1"]"#, "issue iost permission denied"),
        ("initGenesis", r#"["alice",{},{}]"#, "init out of genesis block"),
    ] {
        let receipt = chain.run("foundation", "issue.iost", action, data);
        assert_eq!(reason(&receipt), expected);
    }
}
