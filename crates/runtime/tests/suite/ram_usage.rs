//! Who pays RAM, how much, and what happens to who has too little.

use commonware_codec::Encode as _;
use credo_primitives::entry::{Account, Balance, RAM, Ram, Token721};
use credo_primitives::{Receipt, StateKey, StatusCode};

use crate::chain::{Chain, GENESIS_RAM, LOCK_MS, key_of, name};

const VOTING: &str = "vote_producer.iost";

fn used(chain: &Chain, account: &str) -> u64 {
    let ram: Ram = chain.get(&StateKey::ram(&name(account))).unwrap_or_default();
    ram.used
}

fn free(chain: &Chain, account: &str) -> u64 {
    let key = StateKey::balance(&name(account), RAM);
    let balance: Balance = chain.get(&key).unwrap_or_default();
    balance.available.units()
}

fn usage(receipt: &Receipt) -> Vec<(&str, i64)> {
    assert!(receipt.is_success(), "{:?}", receipt.status);
    let usage = receipt.ram_usage.iter();
    usage.map(|ram| (ram.payer.as_str(), ram.bytes)).collect()
}

/// What an entry costs.
fn cost(chain: &Chain, key: &StateKey) -> u64 {
    (key.as_str().len() + chain.state[key].len()) as u64
}

/// An account with tokens and without RAM.
fn newcomer(chain: &mut Chain) {
    let key = key_of("david").public_key();
    let data = format!(r#"["david","{key}","{key}"]"#);
    let receipt = chain.pass("alice", "auth.iost", "signUp", &data);
    assert!(receipt.ram_usage.is_empty(), "nobody pays for a new account");
    let data = r#"["iost","alice","david","200",""]"#;
    let receipt = chain.pass("alice", "token.iost", "transfer", data);
    assert!(receipt.ram_usage.is_empty(), "nor for a balance of IOST");
}

#[test]
fn a_voter_pays_for_its_votes_and_is_given_back_what_they_took() {
    let mut chain = Chain::new();
    let receipt = chain.pass("alice", VOTING, "vote", r#"["alice","node1","10"]"#);
    let one = cost(&chain, &StateKey::voter(&name("alice")));
    assert_eq!(usage(&receipt), [("alice", one as i64)]);
    assert_eq!(
        (used(&chain, "alice"), free(&chain, "alice")),
        (one, GENESIS_RAM - one)
    );
    // More for the same node takes no more.
    let receipt = chain.pass("alice", VOTING, "vote", r#"["alice","node1","10"]"#);
    assert_eq!(usage(&receipt), []);
    let receipt = chain.pass("alice", VOTING, "unvote", r#"["alice","node1","20"]"#);
    let frozen = chain.balance("alice").frozen_bytes() as u64;
    assert_eq!(usage(&receipt), [("alice", frozen as i64 - one as i64)]);
    assert_eq!(used(&chain, "alice"), frozen);
    // Once it has returned, that costs nothing any more; whoever looks, it is its payer's.
    chain.time_ms += LOCK_MS;
    let receipt = chain.pass(
        "bobby",
        "token.iost",
        "transfer",
        r#"["iost","bobby","alice","1",""]"#,
    );
    assert_eq!(usage(&receipt), [("alice", -(frozen as i64))]);
    assert_eq!((used(&chain, "alice"), free(&chain, "alice")), (0, GENESIS_RAM));
}

#[test]
fn who_has_too_little_ram_is_told_so_and_all_but_the_gas_is_undone() {
    let mut chain = Chain::new();
    newcomer(&mut chain);
    chain.leave_msb();
    let gas = |chain: &Chain| chain.state[&StateKey::gas(&name("david"))].clone();
    let before = gas(&chain);
    let tx = {
        let mut draft = chain.draft(&[(VOTING, "vote", r#"["david","node1","10"]"#)]);
        draft.gas_limit = 5_000_000;
        chain.sign(draft, "david")
    };
    let receipt = chain.run_tx(&tx);
    assert_eq!(receipt.status.code, StatusCode::BalanceNotEnough);
    let text = receipt.status.message.as_str();
    let start = "balance not enough after executing actions: pay ram failed. id: david need ";
    assert!(text.starts_with(start) && text.ends_with(", actual 0"), "{text}");
    assert!(receipt.receipts.is_empty() && receipt.returns.is_empty() && receipt.ram_usage.is_empty());
    assert!(receipt.gas_usage > 0 && gas(&chain) != before, "gas is paid");
    assert!(chain.voter("david").votes.is_empty());
    // With what others buy for it, it votes.
    chain.pass("alice", "ram.iost", "buy", r#"["alice","david",1000]"#);
    let mut draft = chain.draft(&[(VOTING, "vote", r#"["david","node1","10"]"#)]);
    draft.gas_limit = 5_000_000;
    let tx = chain.sign(draft, "david");
    chain.leave_msb();
    let receipt = chain.run_tx(&tx);
    assert!(receipt.is_success(), "{:?}", receipt.status);
    // What is used can't be sold.
    let mut draft = chain.draft(&[("ram.iost", "sell", r#"["david","david",1000]"#)]);
    draft.gas_limit = 5_000_000;
    let tx = chain.sign(draft, "david");
    let free = free(&chain, "david");
    assert_eq!(chain.fails_tx(&tx), format!("balance not enough {free} < 1000"));
}

#[test]
fn an_account_pays_for_its_permissions_from_its_first_change_on() {
    let mut chain = Chain::new();
    let key = StateKey::account(&name("alice"));
    let change = |chain: &mut Chain, action: &str, data: &str| {
        chain.leave_msb();
        let mut draft = chain.draft(&[("auth.iost", action, data)]);
        draft.signers = vec!["alice@owner".into()];
        draft.sign_as_signer(&key_of("alice owner"));
        let tx = chain.sign(draft, "bobby");
        chain.run_tx(&tx)
    };
    let receipt = change(&mut chain, "addPermission", r#"["alice","spare",5]"#);
    let whole = cost(&chain, &key);
    assert_eq!(usage(&receipt), [("alice", whole as i64)]);
    let receipt = change(&mut chain, "dropPermission", r#"["alice","spare"]"#);
    let less = cost(&chain, &key);
    assert_eq!(usage(&receipt), [("alice", less as i64 - whole as i64)]);
    assert_eq!(used(&chain, "alice"), less);
    let record: Account = chain.get(&key).unwrap();
    assert!(record.paid && record.encode().len() < whole as usize);
}

#[test]
fn a_publisher_pays_for_tokens_first_balances_and_what_it_freezes() {
    let mut chain = Chain::new();
    let receipt = chain.pass("alice", "token.iost", "create", r#"["gold","alice",1000,{}]"#);
    let token = cost(&chain, &StateKey::token("gold"));
    assert_eq!(usage(&receipt), [("alice", token as i64)]);
    let receipt = chain.pass("alice", "token.iost", "issue", r#"["gold","bobby","10"]"#);
    let key = StateKey::balance(&name("bobby"), "gold");
    let entry = cost(&chain, &key);
    assert_eq!(usage(&receipt), [("alice", entry as i64)]);
    // The entry stays when nothing is left, and costs nobody again.
    let receipt = chain.pass(
        "bobby",
        "token.iost",
        "transfer",
        r#"["gold","bobby","alice","10",""]"#,
    );
    let own = cost(&chain, &StateKey::balance(&name("alice"), "gold"));
    assert_eq!(usage(&receipt), [("bobby", own as i64)]);
    assert_eq!(cost(&chain, &key), entry);
    let receipt = chain.pass(
        "alice",
        "token.iost",
        "transfer",
        r#"["gold","alice","bobby","10",""]"#,
    );
    assert_eq!(usage(&receipt), []);
    // Who freezes last pays for all that is frozen.
    let later = (chain.time_ms + 1_000_000) * 1_000_000;
    let freeze = |from: &str, later: u64| format!(r#"["iost","{from}","carol","1",{later},""]"#);
    let receipt = chain.pass("alice", "token.iost", "transferFreeze", &freeze("alice", later));
    let first = chain.balance("carol").frozen_bytes() as i64;
    assert_eq!(usage(&receipt), [("alice", first)]);
    let receipt = chain.pass(
        "bobby",
        "token.iost",
        "transferFreeze",
        &freeze("bobby", later + 1_000_000),
    );
    let both = chain.balance("carol").frozen_bytes() as i64;
    assert_eq!(usage(&receipt), [("alice", -first), ("bobby", both)]);
}

#[test]
fn a_token_of_its_kind_is_paid_for_by_who_moved_it_last() {
    let mut chain = Chain::new();
    let kind = "token721.iost";
    chain.pass("alice", kind, "create", r#"["card","alice",30]"#);
    for _ in 0..12 {
        chain.pass("alice", kind, "issue", r#"["card","bobby","{}"]"#);
    }
    let before = used(&chain, "alice");
    // The last one takes the first one's place, whose number is shorter.
    let receipt = chain.pass("bobby", kind, "transfer", r#"["card","bobby","carol","0"]"#);
    let [("alice", back), ("bobby", paid)] = usage(&receipt)[..] else {
        panic!("{:?}", receipt.ram_usage);
    };
    assert!(back < 0 && paid > 0);
    assert_eq!(used(&chain, "alice"), before - (-back) as u64);
    let token: Token721 = chain.get(&StateKey::token721_token("card", 0)).unwrap();
    assert_eq!(token.payer, name("bobby"));
}

#[test]
fn a_proposer_pays_while_its_proposal_is_open_and_must_have_approved_what_it_is_to_pay_for() {
    let mut chain = Chain::new();
    let proposal = r#"["alice","gift",["bobby@active"],[{"contract":"token.iost","action":"transferFreeze","data":"[\"iost\",\"bobby\",\"carol\",\"1\",9000000000000000000,\"\"]"}],600]"#;
    let receipt = chain.pass("alice", "msig.iost", "propose", proposal);
    let [("alice", open)] = usage(&receipt)[..] else {
        panic!("{:?}", receipt.ram_usage);
    };
    assert!(open > 0);
    chain.pass(
        "bobby",
        "msig.iost",
        "approve",
        r#"["alice","gift","bobby@active"]"#,
    );
    // What is frozen is for the proposer to pay, who approved nothing.
    assert_eq!(
        chain.fails("bobby", "msig.iost", "execute", r#"["alice","gift"]"#),
        "action 1: pay ram failed. no permission. need alice@active"
    );
    let receipt = chain.pass("alice", "msig.iost", "cancel", r#"["alice","gift"]"#);
    assert_eq!(usage(&receipt), [("alice", -open)]);
}

#[test]
fn votings_and_urls_are_paid_for() {
    let mut chain = Chain::new();
    let info = r#"["carol","which",{"resultNumber":1,"minVote":1,"options":["a"],"freezeTime":0}]"#;
    let receipt = chain.pass("carol", "vote.iost", "newVote", info);
    let voting = cost(&chain, &StateKey::voting(1)) as i64;
    assert_eq!(usage(&receipt), [("carol", voting)]);
    let receipt = chain.pass("bobby", "vote.iost", "vote", r#"["1","bobby","a","5"]"#);
    let votes = cost(&chain, &StateKey::voting_votes(1, &name("bobby"))) as i64;
    assert_eq!(usage(&receipt), [("bobby", votes)]);
    let receipt = chain.pass("alice", "domain.iost", "link", r#"["al.ice","token.iost"]"#);
    let url = cost(&chain, &StateKey::domain("al.ice")) as i64;
    assert_eq!(usage(&receipt), [("alice", url)]);
    chain.pass("alice", "domain.iost", "transfer", r#"["al.ice","bobby"]"#);
    chain.pass("bobby", "domain.iost", "link", r#"["al.ice","token.iost"]"#);
    assert_eq!(used(&chain, "alice"), 0);
}
