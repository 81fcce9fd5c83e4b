//! P-10, P-13, P-15, P-16 and P-24 on a chain: deposits, losing candidacy, and what returns by itself.

use credo_pob::{CandidateStatus, LossContext};
use credo_primitives::entry::{Ended, LossReason, PastCommittee, Pool};
use credo_primitives::spec::{Genesis, GenesisAccount, Parameters, consensus_key as as_text};
use credo_primitives::{Amount, Preset, Receipt, StateKey};

use crate::chain::{
    Chain, DEPOSIT, LOCK_MS, NODES, REGISTRATION, consensus_key, genesis_file, iost, key_of, name,
    parameters, reason, registering,
};

const VOTING: &str = "vote_producer.iost";

#[track_caller]
fn ok(receipt: &Receipt) {
    assert!(receipt.is_success(), "{:?}", receipt.status);
}

fn call(chain: &mut Chain, who: &str, action: &str, data: &str) -> Receipt {
    chain.run(who, VOTING, action, data)
}

fn register(chain: &mut Chain, account: &str, key: u64) -> Receipt {
    let data = registering(&chain.spec, account, key, r#""","","""#);
    call(chain, account, "applyRegister", &data)
}

/// Makes `account` a candidate with votes of its own.
fn stand(chain: &mut Chain, account: &str, key: u64, votes: &str) {
    ok(&register(chain, account, key));
    ok(&call(
        chain,
        account,
        "vote",
        &format!(r#"["{account}","{account}","{votes}"]"#),
    ));
    // The votes must have been there at an MSB.
    chain.end_epoch();
    ok(&call(
        chain,
        account,
        "logInProducer",
        &format!(r#"["{account}"]"#),
    ));
}

/// Lets blocks pass until the chain's time is `ms`.
fn wait(chain: &mut Chain, ms: u64) {
    while chain.time_ms < ms {
        chain.block(&[]);
    }
}

fn status(chain: &Chain, account: &str) -> CandidateStatus {
    chain.candidates.find(&name(account)).unwrap().status
}

#[test]
fn an_application_locks_the_deposit_which_returns_by_itself_after_leaving() {
    let mut chain = Chain::new();
    stand(&mut chain, "alice", 77, "500");
    let deposit = Amount::from_iost(DEPOSIT);
    assert_eq!(chain.balance("alice").available, iost("445"));
    let node = chain.candidates.find(&name("alice")).unwrap();
    assert_eq!(
        (node.deposit, node.lock),
        (deposit, Amount::from_iost(REGISTRATION))
    );
    let generation = node.generation;
    ok(&call(&mut chain, "alice", "logOutProducer", r#"["alice"]"#));
    assert_eq!(
        status(&chain, "alice"),
        CandidateStatus::Candidate,
        "until the round"
    );
    let round = chain.end_epoch();
    assert_eq!((round.removed, round.candidates), (1, 4));
    assert_eq!(status(&chain, "alice"), CandidateStatus::Lost);
    let until = chain.time_ms + LOCK_MS;
    let ended: Ended = chain.get(&StateKey::ended(&name("alice"), generation)).unwrap();
    assert_eq!((ended.reason, ended.until_ms), (LossReason::Left, until));
    // Neither the votes nor the deposit can be used before that time, whatever is tried.
    let void = call(&mut chain, "alice", "unvote", r#"["alice","alice","500"]"#);
    assert!(reason(&void).contains("is void"), "{:?}", void.status);
    let early = chain.run(
        "alice",
        "token.iost",
        "transfer",
        r#"["iost","alice","bobby","446",""]"#,
    );
    assert_eq!(reason(&early), "balance not enough 445 < 446");
    assert!(reason(&register(&mut chain, "alice", 78)).contains("may register again from"));
    wait(&mut chain, until);
    // From its date on it counts as returned without anyone's action: a transfer of all of it goes through.
    let all = chain.run(
        "alice",
        "token.iost",
        "transfer",
        r#"["iost","alice","bobby","1000",""]"#,
    );
    ok(&all);
    assert!(chain.voter("alice").votes.is_empty());
    // Registering anew locks anew, and there is nothing left to lock.
    assert_eq!(
        reason(&register(&mut chain, "alice", 78)),
        "balance not enough 0 < 5"
    );
    assert_eq!(status(&chain, "alice"), CandidateStatus::Lost);
    ok(&chain.run(
        "bobby",
        "token.iost",
        "transfer",
        r#"["iost","bobby","alice","5",""]"#,
    ));
    ok(&register(&mut chain, "alice", 78));
    assert_eq!(status(&chain, "alice"), CandidateStatus::Registered);
}

#[test]
fn an_application_without_the_deposit_s_tokens_fails_and_changes_nothing() {
    let mut chain = Chain::new();
    ok(&register(&mut chain, "alice", 77));
    ok(&call(&mut chain, "alice", "vote", r#"["alice","alice","985"]"#));
    chain.end_epoch();
    let before = chain.candidates.clone();
    let receipt = call(&mut chain, "alice", "logInProducer", r#"["alice"]"#);
    assert_eq!(reason(&receipt), "balance not enough 10 < 50");
    assert_eq!(chain.candidates, before);
}

#[test]
fn a_member_without_a_block_is_out_and_its_voters_get_their_tokens_back() {
    let mut file = genesis_file();
    file.parameters.missed_epochs = 1;
    let mut chain = Chain::with(file);
    stand(&mut chain, "alice", 77, "500");
    chain.end_epoch();
    ok(&call(&mut chain, "bobby", "vote", r#"["bobby","alice","100"]"#));
    // Alice sits now, and every turn of hers is skipped.
    let seat = |chain: &Chain| chain.committee.keys().contains(&consensus_key(77));
    while !seat(&chain) {
        chain.end_epoch();
    }
    let epoch = chain.committee.epoch();
    let round = loop {
        let ctx = chain.context(0);
        let skip = u64::from(ctx.proposer == consensus_key(77));
        if let Some(round) = chain.skipping_block(&[], skip).0.round {
            break round;
        }
    };
    assert_eq!(round.removed, 1);
    let node = chain.candidates.find(&name("alice")).unwrap();
    let loss = node.loss.unwrap();
    assert_eq!((loss.reason, loss.epoch), (LossReason::NoBlocks, epoch));
    assert!(!seat(&chain), "another has the seat");
    assert_eq!(chain.spendable("bobby"), iost("900"));
    wait(&mut chain, loss.until_ms);
    // The holder's next action folds it in.
    ok(&chain.run(
        "bobby",
        "token.iost",
        "transfer",
        r#"["iost","bobby","carol","1000",""]"#,
    ));
    assert_eq!(chain.spendable("bobby"), iost("0"));
}

#[test]
fn a_standstill_of_the_whole_network_costs_nobody_its_candidacy() {
    let mut file = genesis_file();
    file.parameters.missed_epochs = 1;
    let mut chain = Chain::with(file);
    stand(&mut chain, "alice", 77, "500");
    while !chain.committee.keys().contains(&consensus_key(77)) {
        chain.end_epoch();
    }
    // Each gap is as long as a round of the seats, and Alice never has the turn after it.
    let seats = chain.committee.seats() as u64;
    let round = loop {
        let skip = seats + u64::from(chain.context(seats).proposer == consensus_key(77));
        if let Some(round) = chain.skipping_block(&[], skip).0.round {
            break round;
        }
    };
    assert_eq!((round.removed, round.put_off), (0, 0));
    assert_eq!(status(&chain, "alice"), CandidateStatus::Candidate);
}

#[test]
fn too_few_candidates_put_removals_off_and_the_round_says_so() {
    let mut chain = Chain::new();
    ok(&call(&mut chain, "node4", "unregister", r#"["node4"]"#));
    let round = chain.end_epoch();
    assert_eq!((round.removed, round.put_off, round.candidates), (0, 1, 4));
    assert_eq!(
        reason(&call(&mut chain, "node1", "standAside", r#"["node1",3]"#)),
        "fewer than four active candidates would be left"
    );
    stand(&mut chain, "alice", 77, "500");
    let round = chain.end_epoch();
    assert_eq!((round.removed, round.put_off), (1, 0));
    assert_eq!(status(&chain, "node4"), CandidateStatus::Lost);
}

#[test]
fn who_stands_aside_is_not_elected_and_comes_back() {
    let mut chain = Chain::new();
    stand(&mut chain, "alice", 77, "500");
    let bad = [
        (r#"["alice",-1]"#, "epochs must not be negative"),
        (
            r#"["alice",145]"#,
            "a node can stand aside for at most 144 epochs",
        ),
        (r#"["bobby",1]"#, "require auth failed."),
        (
            r#"["alice","1"]"#,
            "prepare contract: error parse number arg &{1}, invalid value type",
        ),
    ];
    for (data, expected) in bad {
        assert_eq!(reason(&call(&mut chain, "alice", "standAside", data)), expected);
    }
    ok(&call(&mut chain, "alice", "standAside", r#"["alice",2]"#));
    let sits = |round: &credo_pob::Round| round.seats.iter().any(|s| s.account == name("alice"));
    let elected: Vec<bool> = (0..4).map(|_| sits(&chain.end_epoch())).collect();
    assert_eq!(elected[..2], [false, false]);
    assert!(elected[3], "with the most votes it is back on the committee");
    assert_eq!(status(&chain, "alice"), CandidateStatus::Candidate);
}

#[test]
fn fee_shares_have_bounds() {
    let mut chain = Chain::new();
    let wrong = "a node's share of its invited users' fees lies between 10 and 30 percent";
    for percent in ["9", "31", "-1", "300"] {
        let data = format!(r#"["node1",{percent}]"#);
        assert_eq!(reason(&call(&mut chain, "node1", "setFeeShare", &data)), wrong);
    }
    ok(&call(&mut chain, "node1", "setFeeShare", r#"["node1",25]"#));
    assert_eq!(chain.candidates.find(&name("node1")).unwrap().fee_share, 25);
}

fn private() -> Genesis {
    let mut file = genesis_file();
    file.preset = Preset::Private;
    file.parameters.chain_id = Parameters::draw_chain_id(&file.salt);
    file.accounts.push(GenesisAccount {
        name: name("foundation"),
        owner: key_of("foundation").public_key().into(),
        active: key_of("foundation").public_key().into(),
        balance: Amount::from_iost(100),
        pledge: Amount::from_iost(1_000),
    });
    file
}

#[test]
fn on_a_private_network_the_foundation_admits_and_removes() {
    let mut chain = Chain::with(private());
    // The foundation's approval stands for the key's signature; one that is wrong is none.
    let key = as_text::to_base58(&consensus_key(77));
    let six = format!(r#"["alice","{key}","","","",true]"#);
    let wrong = format!(r#"["alice","{key}","","","",true,"{}"]"#, "00".repeat(64));
    assert!(reason(&call(&mut chain, "alice", "applyRegister", &wrong)).contains("doesn't show possession"));
    ok(&call(&mut chain, "alice", "applyRegister", &six));
    let early = call(&mut chain, "bobby", "vote", r#"["bobby","alice","200"]"#);
    assert_eq!(reason(&early), "producer not approved");
    assert_eq!(
        reason(&call(&mut chain, "alice", "approveRegister", r#"["alice"]"#)),
        "require auth failed."
    );
    ok(&call(&mut chain, "foundation", "approveRegister", r#"["alice"]"#));
    ok(&call(&mut chain, "bobby", "vote", r#"["bobby","alice","200"]"#));
    chain.end_epoch();
    ok(&call(&mut chain, "alice", "logInProducer", r#"["alice"]"#));
    ok(&call(&mut chain, "foundation", "forceUnregister", r#"["alice"]"#));
    let node = chain.candidates.find(&name("alice")).unwrap();
    assert_eq!(node.loss.unwrap().reason, LossReason::Expelled);
    let mut open = Chain::with(Genesis {
        preset: Preset::Devnet,
        parameters: parameters(),
        ..private()
    });
    assert_eq!(
        reason(&call(&mut open, "foundation", "forceUnregister", r#"["node1"]"#)),
        "only a private network's foundation can remove a node"
    );
}

#[test]
fn past_committees_are_kept_until_shortly_before_their_stake_returns() {
    let mut chain = Chain::new();
    let mut ends = Vec::new();
    for epoch in 0..6 {
        let keys = chain.committee.keys().to_vec();
        chain.end_epoch();
        ends.push(chain.time_ms);
        let kept: PastCommittee = chain.get(&StateKey::committee(epoch)).unwrap();
        assert_eq!(kept.ended_ms, chain.time_ms);
        assert_eq!(kept.seats.iter().map(|s| s.key.clone()).collect::<Vec<_>>(), keys);
        assert!(kept.seats.iter().all(|s| NODES.contains(&s.account.as_str())));
    }
    let open_ms = chain.spec.parameters.evidence_ms();
    for (epoch, ended) in ends.iter().enumerate() {
        let kept = chain
            .get::<PastCommittee>(&StateKey::committee(epoch as u64))
            .is_some();
        assert_eq!(kept, chain.time_ms <= ended + open_ms, "epoch {epoch}");
    }
}

#[test]
fn a_round_takes_what_the_ledger_says() {
    // The ledger's own tests cover every reason; here only that they reach the state.
    let mut chain = Chain::new();
    stand(&mut chain, "alice", 77, "500");
    let mut ledger = credo_pob::Ledger::new(chain.candidates.clone());
    let at = LossContext {
        epoch: 0,
        now_ms: chain.time_ms,
    };
    let rules = credo_pob::Rules::of(&chain.spec.parameters, Amount::ZERO);
    ledger.leave(&name("alice"), at, &rules).unwrap();
    ok(&call(&mut chain, "alice", "applyUnregister", r#"["alice"]"#));
    ledger.commit();
    assert_eq!(ledger.finish().0, chain.candidates);
    let pool: Pool = chain.get(&StateKey::pool()).unwrap();
    assert_eq!(pool.burnt, Amount::ZERO);
}
