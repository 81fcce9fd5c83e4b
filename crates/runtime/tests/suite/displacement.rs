//! P-10 on a chain: a full list, and what becomes of the node that loses its place, of its voters and of its guilt.

use credo_pob::{CandidateStatus, Former, PROTECTED_EPOCHS};
use credo_primitives::entry::{Ended, LossReason};
use credo_primitives::{AccountName, Amount, Receipt, StateKey};

use crate::chain::{Chain, LOCK_MS, REGISTRATION, iost, name, reason, registering};

const VOTING: &str = "vote_producer.iost";

#[track_caller]
fn ok(receipt: &Receipt) {
    assert!(receipt.is_success(), "{:?}", receipt.status);
}

/// Bobby registers, and carol votes for it; then a day passes.
fn a_day_later() -> Chain {
    let mut chain = Chain::new();
    let data = registering(&chain.spec, "bobby", 77, r#""","","""#);
    ok(&chain.run("bobby", VOTING, "applyRegister", &data));
    ok(&chain.run("carol", VOTING, "vote", r#"["carol","bobby","7"]"#));
    while chain.committee.epoch() < PROTECTED_EPOCHS {
        chain.end_epoch();
    }
    chain
}

/// Alice registers while the list is full.
fn register_alice(chain: &mut Chain) -> Receipt {
    chain.leave_msb();
    let data = registering(&chain.spec, "alice", 88, r#""","","""#);
    let tx = chain.tx("alice", VOTING, "applyRegister", &data);
    chain.block_with_full_list(&tx)
}

#[test]
fn a_newcomer_takes_the_place_and_everything_of_the_displaced_returns() {
    let mut chain = a_day_later();
    let generation = chain.candidates.find(&name("bobby")).unwrap().generation;
    let place = chain.candidates.place_of(&name("bobby")).unwrap();
    let before = chain.spendable("bobby");
    ok(&register_alice(&mut chain));
    let until = chain.time_ms + LOCK_MS;
    assert!(chain.candidates.find(&name("bobby")).is_none());
    assert_eq!(chain.candidates.place_of(&name("alice")), Some(place));
    let of_place: AccountName = chain.get(&StateKey::place(place)).unwrap();
    assert_eq!(of_place, name("alice"));
    assert!(!chain.state.contains_key(&StateKey::candidate(&name("bobby"))));
    assert!(chain.state.contains_key(&StateKey::candidate(&name("alice"))));
    let ended: Ended = chain.get(&StateKey::ended(&name("bobby"), generation)).unwrap();
    assert_eq!((ended.reason, ended.until_ms), (LossReason::Displaced, until));
    let locked = chain.voter("bobby").stake.unwrap();
    assert_eq!(
        (locked.amount, locked.until_ms),
        (Amount::from_iost(REGISTRATION), until)
    );
    // Meanwhile neither the voter's tokens nor the lock can be used, and bobby can't come back.
    let early = chain.run("carol", VOTING, "unvote", r#"["carol","bobby","7"]"#);
    assert!(reason(&early).contains("is void"), "{:?}", early.status);
    let again = registering(&chain.spec, "bobby", 77, r#""","","""#);
    let early = chain.run("bobby", VOTING, "applyRegister", &again);
    assert_eq!(
        reason(&early),
        "what the node locked the last time hasn't returned yet"
    );
    assert_eq!(chain.spendable("bobby"), before);
    while chain.time_ms < until {
        chain.block(&[]);
    }
    let all = |from: &str, amount: &str| format!(r#"["iost","{from}","alice","{amount}",""]"#);
    let carol = chain.spendable("carol").checked_add(iost("7")).unwrap();
    ok(&chain.run(
        "carol",
        "token.iost",
        "transfer",
        &all("carol", &carol.to_string()),
    ));
    assert!(
        chain
            .voter("carol")
            .votes
            .iter()
            .all(|vote| vote.candidate != name("bobby"))
    );
    let more = Amount::from_iost(REGISTRATION);
    assert_eq!(before.checked_add(more).unwrap(), iost("1000"));
    ok(&chain.run("bobby", "token.iost", "transfer", &all("bobby", "995")));
    // It comes back with what is left, on a place and in a generation of its own; the old vote would still be void.
    ok(&chain.run("bobby", VOTING, "applyRegister", &again));
    let node = chain.candidates.find(&name("bobby")).unwrap();
    assert!(node.generation > generation && node.status == CandidateStatus::Registered);
    assert_ne!(chain.candidates.place_of(&name("bobby")), Some(place));
}

#[test]
fn rewards_of_a_displaced_nodes_voters_and_its_own_stay_theirs() {
    let mut chain = a_day_later();
    ok(&chain.run("alice", VOTING, "topupVoterBonus", r#"["bobby","14","alice"]"#));
    ok(&register_alice(&mut chain));
    let former: Former = chain.get(&StateKey::former(&name("bobby"))).unwrap();
    assert_eq!(former.voters_pot, iost("14"));
    let bonus = chain.run("carol", VOTING, "getVoterBonus", r#"["carol"]"#);
    let text: Vec<String> = serde_json::from_str(bonus.returns[0].as_str()).unwrap();
    let due: f64 = text[0].parse().unwrap();
    assert!(due >= 14.0, "{due}");
    let before = chain.spendable("carol");
    ok(&chain.run("carol", VOTING, "voterWithdraw", r#"["carol"]"#));
    let got = chain.spendable("carol").checked_sub(before).unwrap();
    assert!(got >= iost("14"), "{got}");
    assert!(
        !chain.state.contains_key(&StateKey::former(&name("bobby"))),
        "nothing is left to remember"
    );
}
