//! Every lie that a relay can tell is refused with the error that names it, and nothing wrong is ever shown.
//!
//! Runs natively and in a browser.

mod common;

use common::{Table, fixture};
use credo_light::testing::{Lie, TestChain, TestRelay, TestRng};
use credo_light::{Answer, LightClient, LightError, Query, Ranking, RankingFault, Status, TransactionStatus};
use credo_msb::HandOverError;
use credo_pob::RankingPart;
use credo_primitives::{CertificateError, Digest, StateKey};
use credo_state::ProofError;
use credo_wire::{Request, Response, TransactionAnswer};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// A block with more than one transaction, in the last known epochs.
fn transaction() -> (u64, Digest) {
    let chain = fixture();
    let block = chain
        .blocks
        .iter()
        .rev()
        .find(|block| block.transactions.len() >= 2);
    let block = block.expect("there is one");
    (block.header.height, block.transactions[1].hash())
}

fn queries() -> Vec<Query> {
    let (height, hash) = transaction();
    vec![
        Query::State(TestChain::state_keys()),
        Query::Ranking(0),
        Query::Ranking(1),
        Query::Transaction(hash),
        Query::Block(height),
    ]
}

/// A client that trusts all that honest relays showed it up to the chain's end.
fn synced() -> LightClient {
    let chain = fixture();
    let mut client = LightClient::new(chain.spec.clone(), Some(chain.spec.hash())).expect("a client");
    for hand_over in &chain.hand_overs {
        client
            .apply_hand_over(&mut TestRng(1), hand_over)
            .expect("honest");
    }
    let head = chain.certified(chain.height()).expect("the tip is certified");
    client.apply_head(&mut TestRng(1), 0, &head).expect("honest");
    client
}

/// What a lying relay answers to a request.
fn lied(lie: Lie, request: Request) -> Response {
    let chain = fixture();
    let mut relay = TestRelay::lying(&chain, chain.height(), lie);
    let message = credo_wire::Message::Request { id: 1, request };
    match relay.receive(message) {
        Some(credo_wire::Message::Response { response, .. }) => response,
        other => panic!("{other:?}"),
    }
}

fn state_error(lie: Lie) -> LightError {
    let keys = TestChain::state_keys();
    let Response::State(answer) = lied(lie, Request::State { keys: keys.clone() }) else {
        panic!("a state answer");
    };
    synced()
        .verify_state(&mut TestRng(2), &keys, &answer)
        .expect_err("a lie")
}

fn transaction_error(lie: Lie) -> LightError {
    let (_, hash) = transaction();
    let answer = lied(lie, Request::Transaction { hash });
    let Response::Transaction(TransactionAnswer::Final(included)) = answer else {
        panic!("a final transaction");
    };
    synced()
        .verify_transaction(&mut TestRng(2), &hash, &included)
        .expect_err("a lie")
}

#[test]
fn a_certificate_of_the_committed_chain_holds() {
    let chain = fixture();
    let mut checked = 0;
    for block in chain.blocks.iter().filter(|block| !block.certificate.is_empty()) {
        let committee = chain.committee(block.header.epoch);
        let info = committee
            .verify(&mut TestRng(3), &block.header, &block.certificate)
            .expect("holds");
        assert_eq!(info.seats, 4);
        assert!(info.signers.len() >= 3);
        checked += 1;
    }
    assert!(checked > 10);
}

#[test]
fn honest_hand_overs_and_answers_hold() {
    let chain = fixture();
    let mut client = synced();
    assert_eq!(client.newest_epoch(), chain.hand_overs.len() as u64);
    let keys = TestChain::state_keys();
    let answer = chain.state(chain.height(), &keys).expect("there is one");
    let values = client
        .verify_state(&mut TestRng(2), &keys, &answer)
        .expect("holds");
    assert_eq!(values.len(), keys.len());
    let (there, absent) = values.split_at(keys.len() - TestChain::ABSENT);
    assert!(there.iter().all(|v| v.value.is_some()));
    assert!(
        absent.iter().all(|v| v.value.is_none()),
        "nobody is proved to have nothing"
    );
    assert_eq!(values[0].proof.height, chain.height());
    let mut part = |number: u32| {
        let answer = chain.ranking_part(chain.height(), number).expect("there is one");
        let info = client.verify_ranking(&mut TestRng(2), number, &answer);
        info.expect("holds").value
    };
    let first = part(0);
    assert_eq!(
        (first.head.count, first.head.parts(), first.head.epoch),
        (300, 2, 5)
    );
    assert_eq!(first.nodes.len(), 256);
    let mut ranking = Ranking::begin(&first).expect("the first");
    assert_eq!((ranking.next(), ranking.add(&first)), (Some(1), false));
    let second = part(1);
    assert!(Ranking::begin(&second).is_none() && ranking.add(&second));
    assert_eq!((ranking.nodes.len(), ranking.next()), (300, None));
    assert!(ranking.nodes.windows(2).all(|two| two[0].servi >= two[1].servi));
    assert!(
        part(2).nodes.is_empty(),
        "there is no third, which is proved, too"
    );
    let (height, hash) = transaction();
    let included = chain.transaction(chain.height(), &hash).expect("there is one");
    let proved = client
        .verify_transaction(&mut TestRng(2), &hash, &included)
        .expect("holds");
    assert_eq!((proved.value.0.hash(), proved.value.1.tx_hash), (hash, hash));
    assert_eq!(proved.proof.height, height);
}

#[test]
fn lies_about_state_are_named() {
    let height = fixture().height();
    assert!(matches!(
        state_error(Lie::Header),
        LightError::Certificate { height: h, source: CertificateError::Digest { .. } } if h == height
    ));
    assert!(matches!(
        state_error(Lie::HeaderTime),
        LightError::Certificate {
            source: CertificateError::Digest { .. },
            ..
        }
    ));
    assert!(matches!(
        state_error(Lie::Certificate),
        LightError::Certificate {
            source: CertificateError::Signature,
            ..
        }
    ));
    assert!(matches!(
        state_error(Lie::Bitmap),
        LightError::Certificate {
            source: CertificateError::Signature | CertificateError::Malformed(_),
            ..
        }
    ));
    assert!(matches!(
        state_error(Lie::Quorum),
        LightError::Certificate {
            source: CertificateError::Quorum { needed: 3, got: 2 },
            ..
        }
    ));
    assert!(matches!(
        state_error(Lie::StateValue),
        LightError::State {
            source: ProofError::Value { .. },
            ..
        }
    ));
    assert!(matches!(
        state_error(Lie::StateAbsence),
        LightError::State {
            source: ProofError::Kind { claimed: "absent" },
            ..
        }
    ));
    assert!(matches!(state_error(Lie::StateProof), LightError::State { .. }));
}

#[test]
fn lies_about_lists_transactions_and_blocks_are_named() {
    let (height, hash) = transaction();
    let ranking_error = |lie, part, asked| {
        let Response::Ranking(answer) = lied(lie, Request::Ranking { part }) else {
            panic!("a part");
        };
        let verified = synced().verify_ranking(&mut TestRng(2), asked, &answer);
        verified.expect_err("a lie")
    };
    for (lie, fault) in [
        (Lie::Part, RankingFault::Altered),
        (Lie::PartOrder, RankingFault::Altered),
        (Lie::PartNumber, RankingFault::Another(0)),
        (Lie::PartMissing, RankingFault::Missing),
        (Lie::PartEpoch, RankingFault::Epoch { expected: 5, got: 4 }),
    ] {
        let error = ranking_error(lie, 1, 1);
        assert_eq!(error, LightError::Ranking { part: 1, fault }, "{lie:?}");
        assert!(error.is_lie());
    }
    // The first part again with its own proof is no proof of the second.
    let error = ranking_error(Lie::Greeting, 0, 1);
    assert!(matches!(error, LightError::State { .. }), "{error}");
    let chain = fixture();
    let honest = chain.ranking_part(chain.height(), 0).expect("there is one");
    let mut invented = chain.ranking_part(chain.height(), 2).expect("its absence");
    invented.part = honest.part;
    let error = synced().verify_ranking(&mut TestRng(2), 2, &invented);
    let fault = RankingFault::Invented;
    assert_eq!(error, Err(LightError::Ranking { part: 2, fault }));
    // What was true an epoch ago isn't now.
    let mut old = chain.ranking_part(chain.height(), 0).expect("there is one");
    old.part = chain.ranking(chain.height() - 4).parts[0].to_vec();
    let fault = RankingFault::Epoch { expected: 5, got: 4 };
    let error = synced().verify_ranking(&mut TestRng(2), 0, &old);
    assert_eq!(error, Err(LightError::Ranking { part: 0, fault }));

    assert!(
        matches!(transaction_error(Lie::Transaction), LightError::Transaction { hash: h, .. } if h == hash)
    );
    assert!(matches!(
        transaction_error(Lie::TransactionIndex),
        LightError::Transaction { .. }
    ));
    assert!(matches!(
        transaction_error(Lie::Receipt),
        LightError::Receipt { hash: h, reason: "it isn't the one in this block" } if h == hash
    ));
    assert!(matches!(
        transaction_error(Lie::ReceiptOwner),
        LightError::Receipt {
            reason: "it belongs to another transaction",
            ..
        }
    ));
    assert!(matches!(
        transaction_error(Lie::Header),
        LightError::Certificate { .. }
    ));

    let Response::Block(answer) = lied(Lie::Block, Request::Block { height }) else {
        panic!("a block");
    };
    let error = synced()
        .verify_block(&mut TestRng(2), height, &answer)
        .expect_err("a lie");
    assert!(matches!(error, LightError::Block { height: h, .. } if h == height));
    let error = synced()
        .verify_block(&mut TestRng(2), height + 1, &answer)
        .expect_err("a lie");
    assert!(matches!(
        error,
        LightError::Block {
            reason: "another one came",
            ..
        }
    ));
}

#[test]
fn lies_about_committees_are_named() {
    let chain = fixture();
    let hand_overs = |lie| match lied(lie, Request::HandOvers { from: 0, max: 256 }) {
        Response::HandOvers(hand_overs) => hand_overs,
        other => panic!("{other:?}"),
    };
    let mut client = LightClient::new(chain.spec.clone(), None).expect("a client");
    let before = client.checkpoint();
    let error = client.apply_hand_over(&mut TestRng(2), &hand_overs(Lie::Committee)[0]);
    assert!(matches!(
        error,
        Err(LightError::HandOver(HandOverError::Field {
            epoch: 0,
            field: "Micro State Block header"
        }))
    ));
    let error = client.apply_hand_over(&mut TestRng(2), &hand_overs(Lie::CommitteeAndHeader)[0]);
    assert!(matches!(
        error,
        Err(LightError::HandOver(HandOverError::Certificate {
            epoch: 0,
            source: CertificateError::Digest { .. }
        }))
    ));
    // A hand-over left out.
    let error = client.apply_hand_over(&mut TestRng(2), &chain.hand_overs[1]);
    assert!(matches!(
        error,
        Err(LightError::HandOver(HandOverError::Field {
            epoch: 0,
            field: "epoch"
        }))
    ));
    assert_eq!(client.checkpoint(), before, "nothing of it was taken over");
}

#[test]
fn an_old_state_is_refused() {
    let chain = fixture();
    let mut client = synced();
    client.set_max_lag_ms(1_000);
    let keys = [StateKey::round()];
    let honest = chain.state(chain.height() - 2, &keys).expect("there is one");
    client
        .verify_state(&mut TestRng(2), &keys, &honest)
        .expect("a second old is fresh enough");
    let old = chain.state(chain.height() - 3, &keys).expect("there is one");
    let error = client
        .verify_state(&mut TestRng(2), &keys, &old)
        .expect_err("too old");
    assert!(matches!(error, LightError::Old { lag_ms: 1_500, .. }), "{error}");
    // Of an epoch whose committee isn't kept any more.
    let ancient = chain.state(3, &keys).expect("there is one");
    let error = client
        .verify_state(&mut TestRng(2), &keys, &ancient)
        .expect_err("too old");
    assert!(
        matches!(
            error,
            LightError::UnknownCommittee {
                epoch: 0,
                oldest: 3,
                newest: 5
            }
        ),
        "{error}"
    );
}

#[test]
fn the_wrong_number_of_entries_is_refused() {
    let chain = fixture();
    let keys = [StateKey::round(), StateKey::turns()];
    let mut answer = chain.state(chain.height(), &keys).expect("there is one");
    answer.entries.pop();
    let error = synced()
        .verify_state(&mut TestRng(2), &keys, &answer)
        .expect_err("one is missing");
    assert_eq!(error, LightError::Entries { asked: 2, got: 1 });
    // Entries in another order prove other keys.
    let mut answer = chain.state(chain.height(), &keys).expect("there is one");
    answer.entries.reverse();
    let error = synced()
        .verify_state(&mut TestRng(2), &keys, &answer)
        .expect_err("swapped");
    assert!(matches!(
        error,
        LightError::State {
            source: ProofError::Value { .. },
            ..
        }
    ));
}

/// The whole driver against each lie: whatever is asked, what comes out is what the honest chain holds, or an error.
#[test]
fn no_lie_gets_through_a_session() {
    let chain = fixture();
    for lie in Lie::ALL {
        let relay = TestRelay::lying(&chain, chain.height(), lie);
        let mut table = Table::with(relay);
        let mut refused = !table.closed.is_empty();
        for query in queries() {
            let ticket = table.ask(query.clone());
            table.wait(1_000);
            if let Some(result) = table.done.remove(&ticket) {
                match result {
                    Ok(answer) => honest(&answer),
                    Err(_) => refused = true,
                }
            }
        }
        // The state grows old while the liar serves the first one that it ever gave.
        if lie == Lie::StaleState {
            assert!(!refused, "what it serves is true at first");
            continue;
        }
        assert!(refused || !table.closed.is_empty(), "{lie:?} went unnoticed");
        if let Some((_, reason, for_good)) = table.closed.first() {
            assert!(for_good, "{lie:?}: {reason}");
        }
    }
}

/// Panics unless the answer is what the honest chain holds.
fn honest(answer: &Answer) {
    let chain = fixture();
    match answer {
        Answer::State(values) => {
            let height = values[0].proof.height;
            let expected = chain
                .state(height, &TestChain::state_keys())
                .expect("there is one");
            for (value, expected) in values.iter().zip(&expected.entries) {
                assert_eq!(value.value, expected.value);
                assert_eq!(value.proof.digest, expected_digest(height));
            }
        }
        Answer::Ranking(info) => {
            let ranking = chain.ranking(info.proof.height);
            assert_eq!(info.value.head, ranking.head);
            let part = RankingPart::from_bytes(&ranking.parts[info.value.part as usize]).expect("a part");
            assert_eq!(info.value.nodes, part.nodes);
        }
        Answer::Transaction(TransactionStatus::Final(proved)) => {
            let block = chain.block(proved.proof.height).expect("there is one");
            let (transaction, receipt) = &proved.value;
            let found = block.transactions.iter().find(|t| t.hash() == transaction.hash());
            assert_eq!(found.expect("it is there").receipt_hash(), receipt.hash());
        }
        Answer::Block(block) => {
            assert_eq!(block.value.header.digest(), expected_digest(block.proof.height));
        }
        other => panic!("{other:?}"),
    }
}

fn expected_digest(height: u64) -> Digest {
    fixture().block(height).expect("there is one").header.digest()
}

#[test]
fn a_lying_relay_is_left_for_an_honest_one() {
    let chain = fixture();
    for lie in Lie::ALL {
        let liar = TestRelay::lying(&chain, chain.height(), lie);
        let mut table = Table::with(liar);
        table.connect(1, TestRelay::new(&chain, chain.height()));
        for query in queries() {
            let answer = table.result(query).expect("the honest relay answers");
            honest(&answer);
        }
        assert_eq!(table.status(), Status::Synced, "{lie:?}");
        assert!(table.relays.contains_key(&1), "{lie:?}: the honest relay stays");
        assert_eq!(table.head(), Some(chain.height()));
    }
}

#[test]
fn a_relay_of_another_chain_is_refused() {
    let chain = fixture();
    let table = Table::with(TestRelay::lying(&chain, chain.height(), Lie::Greeting));
    let Status::WrongChain {
        expected,
        can_start_over,
        ..
    } = table.status()
    else {
        panic!("{:?}", table.status());
    };
    assert_eq!((expected, can_start_over), (chain.spec.hash(), false));
    assert_eq!(table.head(), None);

    // One that greets as the right chain and then serves another's spec.
    let table = Table::with(TestRelay::lying(&chain, chain.height(), Lie::Spec));
    assert!(table.session.client().is_none());
    let (_, reason, for_good) = &table.closed[0];
    assert!(*for_good && reason.contains("another chain"), "{reason}");
}
