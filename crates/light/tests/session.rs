//! The session over honest, silent, slow and contradicting relays.
//!
//! Runs natively and in a browser.

mod common;

use std::sync::Arc;

use common::{Table, fixture};
use credo_light::session::{GONE_MS, MAX_RELAYS, MAX_REQUESTS};
use credo_light::testing::{Lie, TestChain, TestConfig, TestRelay, TestRng};
use credo_light::{
    Anchor, Answer, Checkpoint, ConflictKind, Effect, Event, HeadEvent, LightClient, LightError, Query,
    Session, SessionConfig, Status, TransactionStatus,
};
use credo_primitives::{Digest, StateKey};
use credo_wire::{Message, Request};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Six hundred epochs of two blocks: more hand-overs than one batch brings.
fn long() -> Arc<TestChain> {
    Arc::new(TestChain::build(TestConfig {
        epochs: 600,
        epoch_length: 2,
        tail: 1,
        seats: 1,
        keys: 3,
        ..TestConfig::default()
    }))
}

fn one_key() -> Query {
    Query::State(vec![StateKey::round()])
}

#[test]
fn it_synchronises_from_genesis_over_many_epochs() {
    let chain = long();
    let table = Table::with(TestRelay::new(&chain, chain.height()));
    assert_eq!(table.status(), Status::Synced);
    assert_eq!(table.head(), Some(chain.height()));
    let client = table.session.client().expect("a client");
    assert_eq!((client.newest_epoch(), client.hand_overs_verified()), (600, 600));
    assert_eq!(client.anchor(), Anchor::Genesis);
    assert_eq!(client.committee(600).expect("known").epoch(), 600);
    assert!(client.committee(500).is_none(), "old committees are let go");
    // It came in three batches, and said how far it was.
    let asked = table.sent.iter().filter(|(_, m)| {
        matches!(
            m,
            Message::Request {
                request: Request::HandOvers { .. },
                ..
            }
        )
    });
    assert_eq!(asked.count(), 3);
    for done in [0, 256, 512] {
        assert!(
            table.statuses.contains(&Status::Verifying { done, of: 600 }),
            "{:?}",
            table.statuses
        );
    }
    assert_eq!(table.session.agreeing(), 1);
}

#[test]
fn it_goes_on_from_a_checkpoint() {
    let chain = fixture();
    let mut table = Table::with(TestRelay::new(&chain, 10));
    let stored = table.stored.take().expect("something was stored");
    let stored = Checkpoint::from_bytes(&stored.to_bytes()).expect("its own bytes");
    assert_eq!(stored.spec_hash(), chain.spec.hash());
    assert!(stored.epoch() >= 2);

    let config = SessionConfig {
        pinned: Some(chain.spec.hash()),
        checkpoint: Some(stored.clone()),
    };
    let mut table = Table::new(config, table.now);
    assert_eq!(table.status(), Status::Starting);
    assert!(table.head().is_some(), "the stored head is there at once");
    let from = table.session.client().expect("a client").newest_epoch();
    table.connect(0, TestRelay::new(&chain, chain.height()));
    assert_eq!(table.status(), Status::Synced);
    let client = table.session.client().expect("a client");
    assert_eq!(client.anchor(), Anchor::Checkpoint { epoch: from });
    assert_eq!(client.hand_overs_verified(), 5 - from);
    let asks_spec = |(_, m): &(u32, Message)| {
        matches!(
            m,
            Message::Request {
                request: Request::Spec,
                ..
            }
        )
    };
    assert!(!table.sent.iter().any(asks_spec), "the spec was stored, too");

    // A checkpoint of another chain than the pinned one is refused.
    let error = Session::new(SessionConfig {
        pinned: Some(Digest::from([1; 32])),
        checkpoint: Some(stored.clone()),
    })
    .expect_err("another chain");
    assert!(matches!(error, LightError::WrongChain { .. }));
    // Broken bytes are an error, not a panic.
    let bytes = stored.to_bytes();
    for cut in 0..bytes.len() {
        assert!(Checkpoint::from_bytes(&bytes[..cut]).is_err());
    }
    let mut newer = bytes;
    newer[0] = 9;
    assert!(matches!(
        Checkpoint::from_bytes(&newer),
        Err(LightError::Checkpoint(_))
    ));
}

#[test]
fn a_head_older_than_the_stored_one_is_not_news() {
    let chain = fixture();
    let table = Table::with(TestRelay::new(&chain, chain.height()));
    let config = SessionConfig {
        pinned: Some(chain.spec.hash()),
        checkpoint: table.session.checkpoint(),
    };
    let mut later = Table::new(config, table.now);
    later.connect(0, TestRelay::new(&chain, chain.height() - 3));
    assert_eq!(later.head(), Some(chain.height()), "the head never goes back");
    let Status::Stale { reason, .. } = later.status() else {
        panic!("{:?}", later.status());
    };
    assert!(reason.contains("behind"), "{reason}");
}

#[test]
fn it_follows_heads_and_becomes_stale_without_them() {
    let chain = fixture();
    let mut table = Table::with(TestRelay::new(&chain, 5));
    while table.relays[&0].height < chain.height() {
        table.block();
        assert_eq!(table.status(), Status::Synced);
    }
    assert_eq!(table.head(), Some(chain.height()));
    let since = chain.blocks.last().expect("some").header.time_ms;
    // The relay answers pings but has nothing new.
    table.wait(4_500);
    assert_eq!(table.status(), Status::Synced);
    table.wait(1_000);
    assert!(matches!(table.status(), Status::Stale { since_ms, .. } if since_ms == since));
    assert!(table.closed.is_empty());
}

#[test]
fn a_dead_network_is_told_within_six_seconds_and_comes_back() {
    let chain = fixture();
    let mut table = Table::with(TestRelay::new(&chain, 12));
    let relay = table.relays[&0].clone();
    table.disconnect(0);
    assert_eq!(table.status(), Status::Synced);
    table.wait(5_250);
    let Status::Stale { reason, .. } = table.status() else {
        panic!("{:?}", table.status());
    };
    assert!(reason.contains("the stream closed"), "{reason}");
    let mut relay = TestRelay {
        subscribed: false,
        ..relay
    };
    relay.height += 3;
    table.connect(0, relay);
    assert_eq!(table.status(), Status::Synced);
    assert_eq!(table.head(), Some(15));
}

#[test]
fn a_silent_relay_is_gone_after_three_pings() {
    let chain = fixture();
    let mut table = Table::with(TestRelay::new(&chain, 12));
    table.relays.get_mut(&0).expect("connected").silent = true;
    let from = table.now;
    table.wait(GONE_MS - 250);
    assert!(table.closed.is_empty());
    table.wait(250);
    assert!(matches!(&table.closed[..], [(0, _, false)]), "{:?}", table.closed);
    assert_eq!(table.now, from + GONE_MS);
    assert!(matches!(table.status(), Status::Stale { .. }));
    let pings = table.sent.iter().filter(|(_, m)| matches!(m, Message::Ping(_)));
    assert!(pings.count() >= 2);
}

#[test]
fn before_a_relay_answers_the_status_says_so() {
    let chain = fixture();
    let mut relay = TestRelay::new(&chain, 12);
    relay.silent = true;
    let mut table = Table::pinned(&relay);
    assert_eq!(table.status(), Status::Starting);
    table.event(Event::Tick);
    assert_eq!(table.status(), Status::Dialing);
    table.event(Event::Disconnected(0, "connection refused".into()));
    assert_eq!(
        table.status(),
        Status::NoRelay {
            reason: "connection refused".into()
        }
    );
    table.connect(0, relay);
    assert_eq!(table.status(), Status::Dialing);
    table.wait(6_000);
    assert!(matches!(table.status(), Status::NoRelay { .. }));
}

#[test]
fn a_devnet_is_learnt_at_first_use_and_another_one_is_a_stop() {
    let chain = fixture();
    let mut table = Table::new(SessionConfig::default(), chain.blocks[11].header.time_ms);
    table.connect(0, TestRelay::new(&chain, 12));
    assert_eq!(table.status(), Status::Synced);
    assert_eq!(table.session.pinned(), Some(&chain.spec.hash()));
    let stored = table.stored.clone().expect("pinned durably");

    let other = Arc::new(TestChain::build(TestConfig {
        salt: 9,
        ..TestConfig::default()
    }));
    let config = SessionConfig {
        pinned: None,
        checkpoint: Some(stored),
    };
    let mut table = Table::new(config, table.now);
    table.connect(0, TestRelay::new(&other, 12));
    let expected = Status::WrongChain {
        expected: chain.spec.hash(),
        got: other.spec.hash(),
        can_start_over: true,
    };
    assert_eq!(table.status(), expected);
    assert!(table.closed.is_empty(), "it is kept for starting over");
    table.wait(5_000);
    assert_eq!(
        table.status(),
        expected,
        "a changed hash is a stop, never an update"
    );
    table.session.start_over(table.now);
    table.pump();
    assert_eq!(table.session.pinned(), Some(&other.spec.hash()));
    assert_eq!(table.head(), Some(12));
    assert_eq!(table.status(), Status::Synced);
}

#[test]
fn starting_over_does_nothing_when_the_hash_was_given() {
    let chain = fixture();
    let mut table = Table::with(TestRelay::new(&chain, 12));
    table.session.start_over(table.now);
    assert_eq!(table.head(), Some(12));
}

#[test]
fn requests_are_asked_of_another_relay_when_one_fails() {
    let chain = fixture();
    let mut table = Table::with(TestRelay::new(&chain, 20));
    table.connect(1, TestRelay::new(&chain, 19));
    // The relay that would be asked first falls silent: the time-out brings the other's turn.
    table.relays.get_mut(&0).expect("connected").silent = true;
    let ticket = table.ask(one_key());
    assert!(!table.done.contains_key(&ticket));
    table.wait(6_250);
    assert!(matches!(table.done.remove(&ticket), Some(Ok(Answer::State(_)))));

    // One that disconnects in the middle.
    let mut table = Table::with(TestRelay::new(&chain, 20));
    table.relays.get_mut(&0).expect("connected").silent = true;
    let ticket = table.ask(one_key());
    table.disconnect(0);
    assert!(!table.done.contains_key(&ticket));
    table.connect(3, TestRelay::new(&chain, 20));
    assert!(matches!(table.done.remove(&ticket), Some(Ok(Answer::State(_)))));
}

#[test]
fn a_request_without_any_relay_ends_in_time() {
    let chain = fixture();
    let mut table = Table::pinned(&TestRelay::new(&chain, 20));
    let ticket = table.ask(one_key());
    table.wait(19_000);
    assert!(!table.done.contains_key(&ticket));
    table.wait(2_000);
    assert_eq!(table.done.remove(&ticket), Some(Err(LightError::NoRelay)));
}

#[test]
fn a_refusal_is_told_in_the_relays_words_and_costs_nothing() {
    let chain = fixture();
    let mut table = Table::with(TestRelay::new(&chain, 20));
    let result = table.result(Query::Submit(vec![1, 2, 3]));
    assert!(
        matches!(&result, Err(LightError::Refused(why)) if why.contains("malformed")),
        "{result:?}"
    );
    assert!(table.closed.is_empty());
    let bytes = chain.blocks[4].transactions[0].transaction.clone();
    let hash = chain.blocks[4].transactions[0].hash();
    assert_eq!(table.result(Query::Submit(bytes)), Ok(Answer::Submitted(hash)));
    assert_eq!(
        table.result(Query::Transaction(Digest::from([5; 32]))),
        Ok(Answer::Transaction(TransactionStatus::Unknown))
    );
    // Limits are the session's own.
    assert!(matches!(
        table.result(Query::State(Vec::new())),
        Err(LightError::Refused(_))
    ));
    assert!(matches!(
        table.result(Query::Submit(vec![0; 70_000])),
        Err(LightError::Refused(_))
    ));
}

#[test]
fn requests_and_relays_are_bounded() {
    let chain = fixture();
    let mut table = Table::pinned(&TestRelay::new(&chain, 20));
    let tickets: Vec<_> = (0..=MAX_REQUESTS).map(|_| table.ask(one_key())).collect();
    assert_eq!(table.done.len(), 1);
    assert_eq!(table.done[&tickets[MAX_REQUESTS]], Err(LightError::Busy));
    // A cancelled one makes room and never ends.
    table.session.cancel(tickets[0]);
    let next = table.ask(one_key());
    assert!(!table.done.contains_key(&next));
    for id in 0..=MAX_RELAYS as u32 {
        table.connect(id, TestRelay::new(&chain, 20));
    }
    assert!(matches!(&table.closed[..], [(id, _, false)] if *id == MAX_RELAYS as u32));
    assert_eq!(table.session.relays().count(), MAX_RELAYS);
    assert!(!table.done.contains_key(&tickets[0]));
    assert!(matches!(table.done[&next], Ok(Answer::State(_))));
}

#[test]
fn an_answer_of_the_epoch_that_just_began_waits_for_its_hand_over() {
    let chain = fixture();
    let mut table = Table::with(TestRelay::new(&chain, 16));
    assert_eq!(table.session.client().expect("a client").newest_epoch(), 4);
    // The relay goes on to the next epoch but its push is lost: an answer is the first that is seen of it.
    table.relays.get_mut(&0).expect("connected").height = 21;
    let ticket = table.ask(one_key());
    table.wait(1_000);
    let Some(Ok(Answer::State(values))) = table.done.remove(&ticket) else {
        panic!("an answer");
    };
    assert_eq!(values[0].proof.epoch, 5);
    assert_eq!(table.session.client().expect("a client").newest_epoch(), 5);
    assert!(table.closed.is_empty());
}

#[test]
fn a_stale_state_is_asked_of_another_relay() {
    let chain = fixture();
    let mut table = Table::with(TestRelay::lying(&chain, 13, Lie::StaleState));
    table.result(one_key()).expect("true at first");
    for _ in 0..9 {
        table.block();
    }
    assert_eq!(table.head(), Some(22));
    // 4.5 s behind: within what a state may lag. Tighter, it is refused; the relay isn't thrown out for it.
    table.result(one_key()).expect("fresh enough");
    table.connect(1, TestRelay::new(&chain, 22));
    let client = table.session.client_mut().expect("a client");
    client.set_max_lag_ms(1_000);
    let Ok(Answer::State(values)) = table.result(one_key()) else {
        panic!("the honest relay's answer");
    };
    assert_eq!(values[0].proof.height, 22);
}

#[test]
fn a_claimed_epoch_without_a_hand_over_is_not_believed() {
    let chain = fixture();
    let mut relay = TestRelay::new(&chain, 20);
    let mut shorter = (*chain).clone();
    shorter.hand_overs.truncate(2);
    relay.chain = Arc::new(shorter);
    let mut table = Table::with(relay);
    table.wait(3_000);
    assert!(matches!(&table.closed[..], [(0, why, false)] if why.contains("no hand-over of epoch 2")));
    assert_ne!(table.status(), Status::Synced);
}

#[test]
fn two_certificates_at_one_height_stop_everything() {
    let chain = fixture();
    let mut table = Table::with(TestRelay::new(&chain, 21));
    table.connect(1, TestRelay::new(&chain, 21));
    assert_eq!(table.session.agreeing(), 2);
    let waiting = table.session.client().expect("a client").conflicts().len();
    assert_eq!(waiting, 0);
    let forked = chain.forked_head(21).expect("there is one");
    table.event(Event::Message(1, Message::Head(forked.clone())));
    assert!(matches!(table.status(), Status::Conflict { .. }));
    let conflict = table
        .session
        .client()
        .expect("a client")
        .stopped_by()
        .expect("stopped")
        .clone();
    let ConflictKind::Headers { first, second } = &conflict.kind else {
        panic!("{conflict:?}");
    };
    assert_eq!((first.header.height, second), (21, &forked));
    let (one, other) = conflict.evidence();
    assert!(one != other && conflict.to_bytes().len() > one.len() + other.len());
    // Nothing more is believed, nobody is blamed.
    assert!(matches!(table.result(one_key()), Err(LightError::Conflict(_))));
    table.block();
    assert_eq!(table.head(), Some(21));
    assert!(table.closed.is_empty());
}

#[test]
fn a_block_that_does_not_follow_is_a_conflict_too() {
    let chain = fixture();
    let mut client = LightClient::new(chain.spec.clone(), None).expect("a client");
    let head = chain.certified(1).expect("there is one");
    assert_eq!(client.apply_head(&mut TestRng(1), 0, &head), Ok(HeadEvent::Newer));
    assert_eq!(client.apply_head(&mut TestRng(1), 1, &head), Ok(HeadEvent::Same));
    // Final at height 2, on another block 1: its certificate makes that one final as well.
    let mut header = chain.block(2).expect("there is one").header.clone();
    header.parent = Digest::from([6; 32]);
    let certificate = chain.sign(&header);
    let on_another = credo_primitives::CertifiedHeader {
        header,
        descendants: Vec::new(),
        certificate,
    };
    assert!(matches!(
        client.apply_head(&mut TestRng(1), 1, &on_another),
        Err(LightError::Conflict(_))
    ));
}

#[test]
fn two_hand_overs_of_one_epoch_stop_everything() {
    let chain = fixture();
    let mut client = LightClient::new(chain.spec.clone(), None).expect("a client");
    for hand_over in &chain.hand_overs[..3] {
        client
            .apply_hand_over(&mut TestRng(1), hand_over)
            .expect("honest");
        client
            .apply_hand_over(&mut TestRng(1), hand_over)
            .expect("the same once more");
    }
    let forked = chain.forked_hand_over(2).expect("there is one");
    let error = client
        .apply_hand_over(&mut TestRng(1), &forked)
        .expect_err("a broken chain");
    let LightError::Conflict(conflict) = error else {
        panic!("{error}")
    };
    assert!(conflict.stops && conflict.epoch == 2);
    assert!(matches!(&conflict.kind, ConflictKind::HandOvers { second, .. } if *second == forked));
    let next = client.apply_hand_over(&mut TestRng(1), &chain.hand_overs[3]);
    assert!(matches!(next, Err(LightError::Conflict(_))));
}

#[test]
fn a_conflict_far_behind_is_shown_and_stops_nothing() {
    let chain = Arc::new(TestChain::build(TestConfig {
        vote_lock_ms: 2_000,
        ..TestConfig::default()
    }));
    let mut table = Table::with(TestRelay::new(&chain, chain.height()));
    table.connect(1, TestRelay::new(&chain, chain.height()));
    // Height 16 lies three seconds behind, in an epoch whose committee is still known.
    let forked = chain.forked_hand_over(3).expect("there is one");
    let head = credo_primitives::CertifiedHeader {
        header: forked.header.clone(),
        descendants: Vec::new(),
        certificate: forked.certificate.clone(),
    };
    table.event(Event::Message(1, Message::Head(head)));
    assert_eq!(table.status(), Status::Synced);
    let conflicts = table.session.client().expect("a client").conflicts();
    assert!(matches!(conflicts, [conflict] if !conflict.stops && conflict.height == 16));
    assert_eq!(table.head(), Some(chain.height()));
}

/// Two chains of one genesis that part in epoch 1, when they seat different keys.
fn two_histories(vote_lock_ms: u64) -> (Arc<TestChain>, Arc<TestChain>) {
    let config = TestConfig {
        vote_lock_ms,
        epochs: 9,
        ..TestConfig::default()
    };
    let ours = TestChain::build(config);
    let other = TestChain::build(TestConfig { keys: 5, ..config });
    assert_eq!(ours.spec.hash(), other.spec.hash());
    assert_eq!(ours.hand_overs[0], other.hand_overs[0]);
    assert_ne!(ours.hand_overs[1].msb.digest(), other.hand_overs[1].msb.digest());
    (Arc::new(ours), Arc::new(other))
}

#[test]
fn another_history_is_traced_to_where_it_parts() {
    // Young: it stops the client. Both sides were signed by the very same committee.
    let (ours, other) = two_histories(120_000);
    let mut table = Table::with(TestRelay::new(&ours, ours.height()));
    table.connect(1, TestRelay::new(&other, other.height()));
    assert!(
        matches!(table.status(), Status::Conflict { .. }),
        "{:?}",
        table.status()
    );
    let conflict = table
        .session
        .client()
        .expect("a client")
        .stopped_by()
        .expect("stopped");
    assert_eq!(conflict.epoch, 1);
    assert!(matches!(&conflict.kind, ConflictKind::Past { second, .. } if *second == other.hand_overs[1]));

    // Older than the vote lock: shown, and nothing stops.
    let (ours, other) = two_histories(2_000);
    let mut table = Table::with(TestRelay::new(&ours, ours.height()));
    table.connect(1, TestRelay::new(&other, other.height()));
    assert_eq!(table.status(), Status::Synced);
    let conflicts = table.session.client().expect("a client").conflicts();
    assert!(matches!(conflicts, [conflict] if !conflict.stops && conflict.epoch == 1));
    assert!(matches!(&table.closed[..], [(1, why, true)] if why.contains("from epoch 1 on")));

    // A relay with a forged certificate and the true past is only a liar.
    let mut table = Table::with(TestRelay::new(&ours, ours.height()));
    table.connect(1, TestRelay::lying(&ours, ours.height(), Lie::Certificate));
    assert!(table.session.client().expect("a client").conflicts().is_empty());
    assert!(matches!(&table.closed[..], [(1, why, true)] if why.contains("signature")));
}

#[test]
fn the_age_of_a_conflict_is_told_by_block_times() {
    // Epoch 1 lies 30 blocks back, 15 s if no slot was skipped: with three slots for each block it is 45 s.
    let config = TestConfig {
        vote_lock_ms: 40_000,
        epochs: 9,
        slots_per_block: 3,
        ..TestConfig::default()
    };
    let ours = Arc::new(TestChain::build(config));
    let other = Arc::new(TestChain::build(TestConfig { keys: 5, ..config }));
    let mut table = Table::with(TestRelay::new(&ours, ours.height()));
    table.connect(1, TestRelay::new(&other, other.height()));
    assert_eq!(table.status(), Status::Synced);
    let conflicts = table.session.client().expect("a client").conflicts();
    assert!(matches!(conflicts, [conflict] if !conflict.stops && conflict.epoch == 1));
}

#[test]
fn formats_of_a_later_release_ask_for_it() {
    let chain = fixture();
    let mut table = Table::with(TestRelay::new(&chain, 20));
    let mut head = chain.certified(21).expect("there is one");
    head.header.version = 2;
    table.event(Event::Message(0, Message::Head(head)));
    assert!(matches!(table.status(), Status::UpdateNeeded { .. }));
    assert_eq!(table.head(), Some(20), "nothing is lost");
}

#[test]
fn pings_are_answered_and_goodbyes_understood() {
    let chain = fixture();
    let mut table = Table::with(TestRelay::new(&chain, 20));
    table.event(Event::Message(0, Message::Ping(77)));
    assert!(table.sent.contains(&(0, Message::Pong(77))));
    table.event(Event::Message(0, Message::Goodbye));
    assert!(matches!(&table.closed[..], [(0, _, false)]));
    // A relay that asks questions has mistaken its part.
    table.connect(1, TestRelay::new(&chain, 20));
    table.event(Event::Message(
        1,
        Message::Request {
            id: 1,
            request: Request::Spec,
        },
    ));
    assert!(matches!(&table.closed[1..], [(1, _, true)]));
}

#[test]
fn invented_and_late_answers_are_ignored() {
    let chain = fixture();
    let mut table = Table::with(TestRelay::new(&chain, 20));
    for id in [0, 1, 2, 3, 99, u64::MAX] {
        let response = credo_wire::Response::Submitted(Digest::from([1; 32]));
        table.event(Event::Message(0, Message::Response { id, response }));
    }
    assert!(table.closed.is_empty() && table.done.is_empty());
    assert_eq!(table.status(), Status::Synced);
}

#[test]
fn changes_are_told_once_until_drained() {
    let chain = fixture();
    let relay = TestRelay::new(&chain, 20);
    let mut session = Session::new(SessionConfig::default()).expect("a session");
    for id in 0..3 {
        session.handle(Event::Connected(id), relay.chain.spec.time_ms, &mut TestRng(1));
    }
    let changed = session.effects().into_iter().filter(|e| *e == Effect::Changed);
    assert_eq!(changed.count(), 1);
}

#[test]
fn the_short_code_stands_for_the_chain_so_far() {
    let chain = fixture();
    let mut client = LightClient::new(chain.spec.clone(), None).expect("a client");
    let mut codes = vec![client.code()];
    for hand_over in &chain.hand_overs {
        client
            .apply_hand_over(&mut TestRng(1), hand_over)
            .expect("honest");
        codes.push(client.code());
    }
    assert!(
        codes
            .iter()
            .all(|code| code.len() == 14 && code.matches('-').count() == 2),
        "{codes:?}"
    );
    codes.dedup();
    assert_eq!(codes.len(), 6);
    let restored = LightClient::restore(client.checkpoint(), None).expect("its own");
    assert_eq!(restored.code(), client.code());
}
