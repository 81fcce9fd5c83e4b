//! `ram.iost`, to the edges.

use credo_primitives::entry::{IOST, Pool, Ram, RamMarket, TokenInfo};
use credo_primitives::{Amount, AmountLimit, Receipt, StateKey};
use credo_runtime::replay;

use crate::chain::{Chain, GENESIS_RAM, START_MS, iost, name, reason};
use crate::gas::untouched;

fn ram(chain: &Chain, account: &str) -> Ram {
    chain.get(&StateKey::ram(&name(account))).unwrap_or_default()
}

/// What an account of the genesis has after so much more.
fn given(own: u64, more: u64) -> Ram {
    Ram {
        own,
        total: GENESIS_RAM + more,
        used: 0,
    }
}

fn market(chain: &Chain) -> RamMarket {
    chain.get(&StateKey::ram_market()).unwrap()
}

fn supply(chain: &Chain) -> Amount {
    let token: TokenInfo = chain.get(&StateKey::token(IOST)).unwrap();
    token.supply
}

fn burnt(chain: &Chain) -> Amount {
    let pool: Pool = chain.get(&StateKey::pool()).unwrap();
    pool.burnt
}

fn run(chain: &mut Chain, who: &str, action: &str, data: &str) -> Receipt {
    chain.run(who, "ram.iost", action, data)
}

fn receipts(receipt: &Receipt) -> Vec<(&str, &str)> {
    let entries = receipt.receipts.iter();
    entries
        .map(|e| (e.func_name.as_str(), e.content.as_str()))
        .collect()
}

#[test]
fn the_market_opens_as_iosts_after_its_reserve() {
    let chain = Chain::new();
    assert_eq!(
        market(&chain),
        RamMarket {
            left: 96_207_267_431,
            used: 41_231_686_041,
            balance: iost("981706810.51"),
            updated_ms: START_MS,
        }
    );
}

#[test]
fn buying_costs_the_price_and_a_fee_which_is_burnt() {
    let mut chain = Chain::new();
    let (before, opened) = (supply(&chain), market(&chain));
    let receipt = run(&mut chain, "alice", "buy", r#"["alice","alice",1024]"#);
    assert!(receipt.is_success(), "{:?}", receipt.status);
    assert_eq!(receipt.returns[0].as_str(), r#"["10.66"]"#);
    assert_eq!(
        receipts(&receipt),
        [
            ("token.iost/transfer", r#"["iost","alice","ram.iost","10.66",""]"#),
            ("token.iost/destroy", r#"["iost","ram.iost","0.21"]"#),
            ("token.iost/transfer", r#"["ram","ram.iost","alice","1024",""]"#),
        ]
    );
    assert!(receipt.ram_usage.is_empty());
    assert_eq!(chain.balance("alice").available, iost("989.34"));
    assert_eq!(chain.balance("ram.iost").available, iost("10.45"));
    assert_eq!(burnt(&chain), iost("0.21"));
    assert_eq!(supply(&chain), before.checked_sub(iost("0.21")).unwrap());
    assert_eq!(ram(&chain, "alice"), given(1_024, 1_024));
    let now = market(&chain);
    assert_eq!(now.left, opened.left - 1_024);
    assert_eq!(now.used, opened.used + 1_024);
    assert_eq!(now.balance, iost("981706820.96"));
}

#[test]
fn selling_pays_out_of_what_came_in_and_never_more() {
    let mut chain = Chain::new();
    assert!(run(&mut chain, "alice", "buy", r#"["alice","alice",2048]"#).is_success());
    let paid = chain.balance("ram.iost").available;
    let receipt = run(&mut chain, "alice", "sell", r#"["alice","bobby",1024]"#);
    assert_eq!(receipt.returns[0].as_str(), r#"["10.44"]"#);
    assert_eq!(
        receipts(&receipt),
        [
            ("token.iost/transfer", r#"["ram","alice","ram.iost","1024",""]"#),
            ("token.iost/transfer", r#"["iost","ram.iost","bobby","10.44",""]"#),
        ]
    );
    assert_eq!(chain.balance("bobby").available, iost("1010.44"));
    let rest = run(&mut chain, "alice", "sell", r#"["alice","bobby",1024]"#);
    assert!(rest.is_success());
    let back = chain
        .balance("bobby")
        .available
        .checked_sub(iost("1000"))
        .unwrap();
    assert!(back <= paid);
    assert_eq!(
        chain.balance("ram.iost").available,
        paid.checked_sub(back).unwrap()
    );
    assert_eq!(ram(&chain, "alice"), given(0, 0));
    assert_eq!(market(&chain).left, 96_207_267_431);
}

#[test]
fn what_was_lent_cannot_be_resold_and_what_was_bought_for_one_can() {
    let mut chain = Chain::new();
    assert!(run(&mut chain, "alice", "buy", r#"["alice","alice",100]"#).is_success());
    assert!(run(&mut chain, "alice", "buy", r#"["alice","bobby",50]"#).is_success());
    assert_eq!(ram(&chain, "bobby"), given(50, 50));
    let receipt = run(&mut chain, "alice", "lend", r#"["alice","bobby",40]"#);
    assert_eq!(receipt.returns[0].as_str(), r#"[""]"#);
    assert_eq!(
        receipts(&receipt),
        [("token.iost/transfer", r#"["ram","alice","bobby","40",""]"#)]
    );
    assert_eq!(ram(&chain, "alice"), given(60, 60));
    assert_eq!(ram(&chain, "bobby"), given(50, 90));
    for (action, text) in [
        ("sell", "self ram amount 50, not enough for sell"),
        ("lend", "self ram amount 50, not enough for lend"),
    ] {
        let receipt = run(&mut chain, "bobby", action, r#"["bobby","carol",51]"#);
        assert_eq!(reason(&receipt), text);
    }
    assert!(run(&mut chain, "bobby", "sell", r#"["bobby","carol",50]"#).is_success());
    assert_eq!(ram(&chain, "bobby"), given(0, 40));
    // Lending to oneself makes it unsaleable, no more.
    assert!(run(&mut chain, "alice", "lend", r#"["alice","alice",20]"#).is_success());
    assert_eq!(ram(&chain, "alice"), given(40, 60));
}

#[test]
fn errors_give_iosts_texts_and_change_nothing() {
    let mut chain = Chain::new();
    assert!(run(&mut chain, "alice", "buy", r#"["alice","alice",100]"#).is_success());
    let left = market(&chain).left;
    let all = format!(r#"["alice","alice",{left}]"#);
    let too_much = format!("buy amount is too much. left space is not enough {left} is less than {left}");
    let almost_all = format!(r#"["alice","alice",{}]"#, left - 1);
    let minimum = "minimum ram amount for trading is 10 byte";
    let auth = "require auth failed. ret = false";
    let cases = [
        ("buy", r#"["alice","alice",9]"#, minimum),
        ("buy", r#"["alice","alice",-5]"#, minimum),
        ("sell", r#"["alice","alice",9]"#, minimum),
        ("lend", r#"["alice","bobby",0]"#, minimum),
        ("buy", r#"["bobby","alice",10]"#, auth),
        ("buy", r#"["nobody","alice",10]"#, auth),
        ("sell", r#"["bobby","alice",10]"#, auth),
        ("lend", r#"["bobby","alice",10]"#, auth),
        ("buy", r#"["alice","nobody",10]"#, "invalid account nobody"),
        ("sell", r#"["alice","nobody",10]"#, "invalid account nobody"),
        ("lend", r#"["alice","nobody",10]"#, "invalid account nobody"),
        (
            "sell",
            r#"["alice","alice",101]"#,
            "self ram amount 100, not enough for sell",
        ),
        (
            "lend",
            r#"["alice","bobby",101]"#,
            "self ram amount 100, not enough for lend",
        ),
        ("buy", all.as_str(), too_much.as_str()),
        ("buy", almost_all.as_str(), "amount overflow"),
        (
            "buy",
            r#"["alice","alice",1000000]"#,
            "balance not enough 998.95 < 10408.27",
        ),
        ("issue", "[1,2,3,4]", "init out of genesis block"),
        ("initAdmin", r#"["alice"]"#, "init out of genesis block"),
    ];
    for (action, data, text) in cases {
        chain.leave_msb();
        let before = untouched(&chain.state);
        let receipt = run(&mut chain, "alice", action, data);
        assert_eq!(reason(&receipt), text, "{action} {data}");
        assert_eq!(untouched(&chain.state), before, "{action} {data}");
    }
}

#[test]
fn a_purchase_counts_against_the_amount_limit() {
    let mut chain = Chain::new();
    for (limit, passes) in [("10.65", false), ("10.66", true)] {
        chain.leave_msb();
        let mut draft = chain.draft(&[("ram.iost", "buy", r#"["alice","alice",1024]"#)]);
        draft.amount_limit = vec![AmountLimit {
            token: IOST.into(),
            value: limit.into(),
        }];
        let tx = chain.sign(draft, "alice");
        let receipt = chain.run_tx(&tx);
        assert_eq!(receipt.is_success(), passes);
        if !passes {
            assert_eq!(
                reason(&receipt),
                "token iost exceed amountLimit in tx. need 10.66"
            );
        }
    }
}

#[test]
fn a_market_that_does_not_hold_enough_refuses_to_buy_back() {
    use commonware_codec::Encode as _;
    let mut chain = Chain::new();
    assert!(run(&mut chain, "alice", "buy", r#"["alice","alice",5000]"#).is_success());
    // Tokens that went missing; the chain itself never loses any.
    let key = StateKey::balance(&name("ram.iost"), IOST);
    let mut balance = chain.balance("ram.iost");
    balance.available = iost("51.01");
    chain.state.insert(key, balance.encode().to_vec());
    let tx = chain.tx("alice", "ram.iost", "sell", r#"["alice","alice",5000]"#);
    let outcome = replay(chain.context(0), &chain.state, chain.candidates.clone(), &[tx]).unwrap();
    assert_eq!(reason(&outcome.receipts[0]), "balance not enough 51.01 < 51.02");
}

#[test]
fn bytes_are_added_by_the_block_s_time() {
    let mut chain = Chain::new();
    let opened = market(&chain);
    // START_MS lies 200 s after a full ten minutes.
    chain.time_ms += 1_000_000;
    chain.leave_msb();
    assert!(run(&mut chain, "alice", "buy", r#"["alice","alice",10]"#).is_success());
    let now = market(&chain);
    assert_eq!(now.left, opened.left + 2 * 1_307_448 - 10);
    assert_eq!(now.updated_ms, chain.time_ms);
    assert_eq!(now.used, opened.used + 10);
}
