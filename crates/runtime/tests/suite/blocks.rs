//! What may stand in a block, what it leaves, and what can't be executed.

use std::collections::BTreeSet;
use std::sync::Arc;

use credo_pob::PobError;
use credo_primitives::spec::SpecError;
use credo_primitives::{Amount, CheckedTransaction, Digest, StateKey, StatusCode, TxError, merkle};
use credo_runtime::{
    Admitted, BlockBuilder, BlockError, GenesisError, PrecheckError, PushError, Refusal, RuntimeError, admit,
    genesis, load_candidates, precheck, replay,
};

use crate::chain::{Chain, consensus_key, genesis_file, iost, key_of, name, reason};

const SECOND: i64 = 1_000_000_000;
const SUPPLY: (&str, &str, &str) = ("token.iost", "supply", r#"["iost"]"#);

fn marks(tx: &CheckedTransaction) -> Vec<StateKey> {
    tx.replay_marks().iter().map(StateKey::executed).collect()
}

/// A harmless transaction with other times.
fn timed(chain: &mut Chain, time: i64, expiration: i64) -> CheckedTransaction {
    let mut draft = chain.draft(&[SUPPLY]);
    (draft.time, draft.expiration) = (time, expiration);
    chain.sign(draft, "alice")
}

#[test]
fn times_are_held_against_the_blocks() {
    let mut chain = Chain::new();
    let now = (chain.time_ms + 500) as i64 * 1_000_000;
    for (time, expiration) in [
        (now, now + 1),
        (now - 90 * SECOND, now + SECOND),
        (now - SECOND, now + 1_000 * SECOND),
    ] {
        let mut fresh = Chain::new();
        let tx = timed(&mut fresh, time, expiration);
        assert!(fresh.run_tx(&tx).is_success());
    }
    let early = timed(&mut chain, now + 1, now + SECOND);
    let Refusal::Static(TxError::TooEarly { .. }) = chain.refuse(&early) else {
        panic!("a transaction from the future was taken");
    };
    assert!(chain.run_tx(&early).is_success(), "its time has come");
    for (time, expiration) in [
        (now - SECOND, now),
        (now - 90 * SECOND - 1, now + SECOND),
        (now - 90 * SECOND - 1, i64::MAX),
        (1, i64::MAX),
    ] {
        let mut fresh = Chain::new();
        let tx = timed(&mut fresh, time, expiration);
        let refusal = fresh.refuse(&tx);
        assert!(
            matches!(refusal, Refusal::Static(TxError::Expired { .. })),
            "{refusal}"
        );
        assert!(!refusal.is_temporary());
    }
}

#[test]
fn another_chains_transaction_is_refused() {
    let mut chain = Chain::new();
    let mut draft = chain.draft(&[SUPPLY]);
    draft.chain_id = 7001;
    draft.sign_as_publisher("alice", &crate::chain::key_of("alice"));
    let tx = draft.check(7001).unwrap();
    let expected = TxError::ChainId {
        expected: 1024,
        got: 7001,
    };
    assert_eq!(chain.refuse(&tx), Refusal::Static(expected));
}

#[test]
fn bytes_that_no_signature_covers_make_no_second_transaction() {
    let mut chain = Chain::new();
    let tx = chain.transfer("alice", "bobby", "1");
    let chain_id = chain.spec.parameters.chain_id;
    let changed = |change: &dyn Fn(&mut credo_primitives::Transaction)| {
        let mut other = tx.tx().clone();
        change(&mut other);
        other.check(chain_id)
    };
    assert!(matches!(
        changed(&|t| t.referred_tx = vec![1]),
        Err(TxError::Malformed(_))
    ));
    // A stranger writes a signature twice, or adds his own as publisher: another hash, and the same transaction.
    let doubled = changed(&|t| t.publisher_signs.push(t.publisher_signs[0].clone())).unwrap();
    let added = changed(&|t| t.sign_as_publisher("alice", &key_of("mallory"))).unwrap();
    for other in [&doubled, &added] {
        assert_ne!(other.hash(), tx.hash());
        assert_eq!(other.replay_marks(), tx.replay_marks());
    }
    // Another account with the same key can publish the base, but not with alice's authority, nor in her place.
    let key = key_of("alice").public_key();
    let data = format!(r#"["evil_1","{key}","{key}"]"#);
    assert!(chain.run("bobby", "auth.iost", "signUp", &data).is_success());
    let renamed = changed(&|t| t.publisher = "evil_1".into()).unwrap();
    assert_eq!(reason(&chain.run_tx(&renamed)), "transaction has no permission");
    // Whichever comes first is executed, and none of the others.
    assert!(chain.run_tx(&added).is_success());
    for other in [&tx, &doubled, &added] {
        assert_eq!(chain.refuse(other), Refusal::Replayed);
    }
}

#[test]
fn a_cosigners_authority_is_used_once_whoever_publishes() {
    let mut chain = Chain::new();
    let mut draft = chain.draft(&[("token.iost", "transfer", r#"["iost","bobby","alice","1",""]"#)]);
    draft.signers = vec!["bobby@active".into()];
    draft.sign_as_signer(&key_of("bobby"));
    let published = |chain: &Chain, by: &str| chain.sign(draft.clone(), by);
    let first = published(&chain, "alice");
    assert!(chain.run_tx(&first).is_success());
    let again = published(&chain, "carol");
    assert_eq!(chain.refuse(&again), Refusal::Replayed);
    // A further signature changes the publish hash, not what bobby signed.
    draft.sign_as_signer(&key_of("carol"));
    let third = chain.sign(draft, "carol");
    assert_eq!(chain.refuse(&third), Refusal::Replayed);
    assert_eq!(chain.balance("bobby").available, iost("999"));
}

#[test]
fn a_failing_transaction_leaves_its_receipt_and_nothing_else() {
    let mut chain = Chain::new();
    chain.block(&[]);
    let before = chain.state.clone();
    let tx = chain.transfer("alice", "bobby", "1001");
    let receipt = chain.run_tx(&tx);
    assert_eq!(receipt.status.code, StatusCode::RuntimeError);
    let changed: BTreeSet<String> = chain
        .state
        .iter()
        .filter(|(k, v)| before.get(*k) != Some(*v))
        .map(|(k, _)| k.to_string())
        .chain(
            before
                .keys()
                .filter(|k| !chain.state.contains_key(*k))
                .map(ToString::to_string),
        )
        .collect();
    let expected = BTreeSet::from([
        "pob/turns".to_owned(),
        marks(&tx)[0].to_string(),
        StateKey::marks(chain.height, 0).to_string(),
        "chain/expired".into(),
        // It costs its publisher gas all the same.
        "gas.iost/gas/alice".to_owned(),
    ]);
    assert_eq!(changed, expected);
    assert_eq!(chain.refuse(&tx), Refusal::Replayed);
}

#[test]
fn a_publisher_has_ten_places_in_a_block() {
    let mut chain = Chain::new();
    let mut txs: Vec<_> = (0..12).map(|_| chain.transfer("alice", "bobby", "1")).collect();
    txs.push(chain.transfer("bobby", "alice", "1"));
    let (outcome, refused) = chain.try_block(&txs);
    assert_eq!(outcome.receipts.len(), 11);
    assert_eq!(refused.len(), 2);
    assert!(matches!(&refused[0], Refusal::SenderLimit { publisher, limit: 10 } if publisher == "alice"));
    assert!(refused[0].is_temporary());
    let (outcome, refused) = chain.try_block(&txs[10..12]);
    assert_eq!((outcome.receipts.len(), refused.len()), (2, 0));
}

#[test]
fn a_full_block_refuses_more() {
    let mut file = genesis_file();
    file.parameters.block_tx_limit = 2;
    let mut chain = Chain::with(file);
    let txs: Vec<_> = (0..3).map(|_| chain.transfer("alice", "bobby", "1")).collect();
    assert_eq!(chain.try_block(&txs).1, [Refusal::BlockFull]);
    let mut file = genesis_file();
    file.parameters.block_bytes_limit = 65_536;
    let mut chain = Chain::with(file);
    let big = |chain: &mut Chain| {
        let data = format!(r#"["iost","alice","bobby","1","{}"]"#, "x".repeat(40_000));
        chain.tx("alice", "token.iost", "transfer", &data)
    };
    let txs = [big(&mut chain), big(&mut chain)];
    let (outcome, refused) = chain.try_block(&txs);
    assert_eq!(refused, [Refusal::BlockFull]);
    assert_eq!(reason(&outcome.receipts[0]), "memo too large");
}

#[test]
fn gas_is_metered_recorded_and_limited() {
    let mut chain = Chain::new();
    let cheap = chain.draft(&[SUPPLY]);
    let tx = chain.sign(cheap.clone(), "alice");
    let usage = chain.run_tx(&tx).gas_usage;
    assert!(
        usage >= (tx.bytes().len() * 1_000) as i64,
        "ten gas a byte at least: {usage}"
    );
    // Twice the ratio is twice the gas.
    let mut dear = cheap.clone();
    dear.gas_ratio = 200;
    let tx = chain.sign(dear, "alice");
    assert_eq!(chain.run_tx(&tx).gas_usage, 2 * usage);
    // A limit that doesn't suffice for the transaction's own bytes and signature.
    let data = format!(r#"["iost","alice","bobby","1","{}"]"#, "x".repeat(500));
    let mut long = chain.draft(&[("token.iost", "transfer", &data)]);
    long.gas_limit = 600_000;
    let tx = chain.sign(long.clone(), "alice");
    let refusal = chain.refuse(&tx);
    assert!(matches!(refusal, Refusal::GasLimitTooLow { .. }), "{refusal}");
    assert!(!refusal.is_temporary());
    // The whole limit is gone when it doesn't suffice.
    long.gas_limit = 2_000_000;
    let tx = chain.sign(long, "alice");
    chain.leave_msb();
    let receipt = chain.run_tx(&tx);
    assert_eq!(receipt.status.message.as_str(), "out of gas");
    assert_eq!(receipt.gas_usage, 2_000_000);
    assert_eq!(chain.balance("alice").available, iost("1000"));
}

#[test]
fn roots_are_over_hashes_and_receipts_in_order() {
    let mut chain = Chain::new();
    let txs = [
        chain.transfer("alice", "bobby", "1"),
        chain.transfer("bobby", "alice", "1"),
    ];
    let outcome = chain.block(&txs);
    let hashes: Vec<Digest> = txs.iter().map(|tx| *tx.hash()).collect();
    let receipts: Vec<Digest> = outcome.receipts.iter().map(|r| r.hash()).collect();
    assert_eq!(outcome.transaction_root, merkle::root(&hashes));
    assert_eq!(outcome.receipt_root, merkle::root(&receipts));
    let leaves = outcome.transaction_leaves();
    assert_eq!(leaves[1], merkle::transaction_leaf(&hashes[1], &receipts[1]));
}

#[test]
fn a_block_with_a_transaction_that_may_not_stand_in_it_is_invalid() {
    let mut chain = Chain::new();
    let good = chain.transfer("alice", "bobby", "1");
    chain.block(std::slice::from_ref(&good));
    let other = chain.transfer("alice", "bobby", "1");
    let ctx = chain.context(0);
    let result = replay(ctx, &chain.state, chain.candidates.clone(), &[other, good]);
    let expected = BlockError::Invalid {
        index: 1,
        refusal: Refusal::Replayed,
    };
    assert_eq!(result, Err(expected));
}

#[test]
fn a_context_that_does_not_fit_is_refused() {
    let chain = Chain::new();
    let why = |change: &dyn Fn(&mut credo_runtime::BlockContext<'_>)| {
        let mut ctx = chain.context(0);
        change(&mut ctx);
        match BlockBuilder::new(ctx, &chain.state, chain.candidates.clone()) {
            Err(RuntimeError::Context { why, .. }) => why,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("accepted"),
        }
    };
    assert_eq!(why(&|ctx| ctx.height = 6), "its height doesn't lie in its epoch");
    assert_eq!(why(&|ctx| ctx.height = 0), "its height doesn't lie in its epoch");
    assert_eq!(
        why(&|ctx| (ctx.height, ctx.epoch) = (6, 1)),
        "its committee is another epoch's"
    );
    assert_eq!(why(&|ctx| ctx.view = 0), "its view isn't after its parent's");
    assert_eq!(
        why(&|ctx| ctx.proposer = consensus_key(99)),
        "its proposer isn't on the committee"
    );
    assert_eq!(
        why(&|ctx| ctx.previous_msb = Some((0, chain.msb_mark(0)))),
        "only an epoch's first block names the Micro State Block before it"
    );
    let mut later = Chain::new();
    later.end_epoch();
    let mut ctx = later.context(0);
    ctx.previous_msb = None;
    let result = BlockBuilder::new(ctx, &later.state, later.candidates.clone());
    assert!(matches!(result.err(), Some(RuntimeError::Context { .. })));
}

#[test]
fn the_pool_asks_the_same_questions() {
    let mut chain = Chain::new();
    let tx = chain.transfer("alice", "bobby", "1");
    let next = chain.time_ms + 500;
    let ask = |chain: &Chain, tx: &CheckedTransaction, at| {
        admit(&chain.spec, &chain.state, &chain.candidates, tx, at)
    };
    assert_eq!(ask(&chain, &tx, next), Ok(Admitted::Ordinary));
    assert!(matches!(
        ask(&chain, &tx, next + 90_001),
        Err(PushError::Refused(Refusal::Static(TxError::Expired { .. })))
    ));
    chain.block(std::slice::from_ref(&tx));
    assert_eq!(
        ask(&chain, &tx, next + 500),
        Err(PushError::Refused(Refusal::Replayed))
    );
    let mut draft = chain.draft(&[SUPPLY]);
    draft.signers = vec!["bobby@active".into()];
    let tx = chain.sign(draft, "alice");
    let expected = Refusal::Signer("bobby@active".into());
    assert_eq!(ask(&chain, &tx, next + 500), Err(PushError::Refused(expected)));
}

#[test]
fn prechecks_are_iosts() {
    let mut chain = Chain::new();
    let mut check =
        |contract: &str, action: &str, data: &str| precheck(&chain.draft(&[(contract, action, data)]));
    let transfer = |amount: &str| format!(r#"["iost","alice","bobby","{amount}",""]"#);
    assert_eq!(check("token.iost", "transfer", &transfer("1.12345678")), Ok(()));
    assert_eq!(check("any.iost", "thing", "[1, {}]"), Ok(()));
    assert!(matches!(
        check("any.iost", "thing", "{}"),
        Err(PrecheckError::Data { .. })
    ));
    assert!(matches!(
        check("any.iost", "thing", "[1"),
        Err(PrecheckError::Data { .. })
    ));
    assert_eq!(
        check("token.iost", "transfer", r#"["iost"]"#),
        Err(PrecheckError::Count(1))
    );
    for amount in ["1e3", "-1", "", ".5", "1.", "+1", "1,5"] {
        let result = check("token.iost", "transfer", &transfer(amount));
        assert_eq!(result, Err(PrecheckError::Amount(amount.into())));
    }
    let number = check("token.iost", "transfer", r#"["iost","alice","bobby",5,""]"#);
    assert_eq!(number, Err(PrecheckError::NoText("5".into())));
    let precise = check("token.iost", "transfer", &transfer("1.123456789"));
    assert_eq!(precise, Err(PrecheckError::Decimals("1.123456789".into())));
    assert_eq!(precheck(&chain.draft(&[])), Err(PrecheckError::NoAction));
}

#[test]
fn a_list_that_is_not_what_its_digest_says_is_refused() {
    let chain = Chain::new();
    assert_eq!(load_candidates(&chain.state).as_ref(), Ok(&*chain.candidates));
    let broken = |change: &dyn Fn(&mut crate::chain::State)| {
        let mut state = chain.state.clone();
        change(&mut state);
        match load_candidates(&state) {
            Err(RuntimeError::Corrupt { key, .. }) => key,
            other => panic!("{other:?}"),
        }
    };
    let record = StateKey::candidate(&name("node3"));
    let removed = broken(&|state| drop(state.remove(&record)));
    assert_eq!(removed, record);
    let cut = broken(&|state| state.get_mut(&record).unwrap().truncate(10));
    assert_eq!(cut, record);
    let swapped = broken(&|state| {
        let other = state[&StateKey::candidate(&name("node2"))].clone();
        state.insert(record.clone(), other);
    });
    assert_eq!(swapped, StateKey::candidates());
    let missing = broken(&|state| drop(state.remove(&StateKey::candidates())));
    assert_eq!(missing, StateKey::candidates());
}

#[test]
fn genesis_refuses_what_makes_no_chain() {
    let refused = |change: &dyn Fn(&mut credo_primitives::spec::Genesis)| {
        let mut file = genesis_file();
        change(&mut file);
        genesis(&file).map(|_| ()).unwrap_err()
    };
    assert_eq!(
        refused(&|f| f.parameters.epoch_length = 1),
        GenesisError::Spec(SpecError::Parameter("epoch_length"))
    );
    assert_eq!(
        refused(&|f| f.accounts.push(f.accounts[0].clone())),
        GenesisError::DuplicateAccount(name("alice"))
    );
    assert_eq!(
        refused(&|f| f.accounts[0].name = name("token.iost")),
        GenesisError::Contract(name("token.iost"))
    );
    assert_eq!(
        refused(&|f| f.candidates[0].account = name("nobody")),
        GenesisError::UnknownAccount(name("nobody"))
    );
    assert_eq!(
        refused(&|f| f.votes[0].voter = name("nobody")),
        GenesisError::UnknownAccount(name("nobody"))
    );
    let ledger = |source| GenesisError::Ledger {
        account: name("carol"),
        source,
    };
    assert_eq!(
        refused(&|f| f.votes[0].candidate = name("alice")),
        ledger(PobError::NotExists)
    );
    assert_eq!(
        refused(&|f| f.votes[0].amount = Amount::ZERO),
        ledger(PobError::NotPositive)
    );
    assert_eq!(
        refused(&|f| f.candidates[1].key = f.candidates[0].key.clone()),
        GenesisError::Ledger {
            account: name("node2"),
            source: PobError::KeyUsed
        }
    );
    assert_eq!(
        refused(&|f| {
            f.candidates.clear();
            f.votes.clear();
        }),
        GenesisError::NoCandidates
    );
    for balance in [Amount::from_iost(90_000_000_000), Amount::MAX] {
        let error = refused(&|f| {
            f.accounts[0].balance = balance;
            f.accounts[1].balance = balance;
        });
        assert_eq!(error, GenesisError::Supply(Amount::from_iost(90_000_000_000)));
    }
}

#[test]
fn shared_lists_are_not_changed_by_a_block_that_is_dropped() {
    let mut chain = Chain::new();
    let vote = chain.tx("alice", "vote_producer.iost", "vote", r#"["alice","node1","5"]"#);
    let before = Arc::clone(&chain.candidates);
    let copy = (*before).clone();
    let mut builder = BlockBuilder::new(chain.context(0), &chain.state, Arc::clone(&before)).unwrap();
    assert!(builder.is_empty() && !builder.is_msb());
    assert!(builder.push(&vote).unwrap().is_success());
    assert_eq!((builder.len(), builder.bytes()), (1, vote.bytes().len()));
    drop(builder);
    assert_eq!(*before, copy);
}
