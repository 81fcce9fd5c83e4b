//! P-5, P-14 and P-24 on a chain: what nodes say with their consensus keys, and what evidence costs.

use commonware_codec::Encode as _;
use commonware_consensus::simplex::scheme::ed25519::Scheme;
use commonware_consensus::simplex::types::{ConflictingNotarize, Notarize, Proposal};
use commonware_consensus::types::{Epoch, Round, View};
use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use commonware_runtime::{Runner as _, Supervisor as _, deterministic};
use commonware_utils::ordered::Set;
use credo_pob::CandidateStatus;
use credo_primitives::block::StateCommitment;
use credo_primitives::certificate::namespace;
use credo_primitives::entry::{Gas, LossReason, Pool};
use credo_primitives::evidence::{Conflict, EvidenceError, Which};
use credo_primitives::{
    Algorithm, Amount, CheckedTransaction, Committee, Evidence, Receipt, SecretKey, StateKey, sha256,
};
use credo_runtime::{Admitted, BlockBuilder, LivenessError, PushError, Refusal, admit};
use credo_state::{ProofError, Store, StoreConfig, Writes};

use crate::chain::{
    Chain, DEPOSIT, LOCK_MS, NODES, State, consensus_key, genesis_file, iost, name, reason, registering,
};

const VOTING: &str = "vote_producer.iost";
const PROVE: &str = "proveAvailability";
const REPORT: &str = "reportMisbehaviour";

/// The consensus key of `NODES[node]`, as the key of a transaction's signature.
fn node_key(node: u64) -> SecretKey {
    let seed = PrivateKey::from_seed(node).encode();
    SecretKey::from_seed(Algorithm::Ed25519, seed.as_ref().try_into().unwrap()).unwrap()
}

/// A transaction of one action, signed with consensus keys.
fn by_node(chain: &mut Chain, publisher: &str, keys: &[u64], action: &str, data: &str) -> CheckedTransaction {
    let mut tx = chain.draft(&[(VOTING, action, data)]);
    tx.amount_limit.clear();
    for key in keys {
        tx.sign_as_publisher(publisher, &node_key(*key));
    }
    tx.check(chain.spec.parameters.chain_id).unwrap()
}

fn proof_of(chain: &mut Chain, node: u64, epoch: u64, proof: &str) -> CheckedTransaction {
    let account = NODES[node as usize];
    by_node(
        chain,
        account,
        &[node],
        PROVE,
        &format!(r#"["{account}",{epoch},"{proof}"]"#),
    )
}

/// A real store's commitment to this state, and its proof of what stands under `key`.
fn prove(state: &State, key: &StateKey) -> (StateCommitment, String) {
    let (state, key) = (state.clone(), key.clone());
    deterministic::Runner::default().start(|context| async move {
        let config = StoreConfig::new("state");
        let mut store = Store::open(context.child("store"), config).await.unwrap();
        let writes: Writes = state.into_iter().map(|(k, v)| (k, Some(v))).collect();
        let staged = store.stage(None, &writes, None).await.unwrap();
        store.commit(&staged).await.unwrap();
        let (value, proof) = store.prove(&key).await.unwrap();
        assert_eq!(value, None);
        (store.commitment().unwrap(), hex::encode(proof))
    })
}

/// Ends the running epoch, and gives each node's proof against its MSB. The next block writes the MSB's mark.
fn end_epoch(chain: &mut Chain) -> (u64, Vec<String>) {
    let epoch = chain.end_epoch().epoch - 1;
    let digest = chain.msb_mark(epoch).digest;
    let proofs = (0..4).map(|node| {
        let (state, proof) = prove(
            &chain.state,
            &StateKey::availability(&digest, &consensus_key(node)),
        );
        (state, proof)
    });
    let (states, proofs): (Vec<_>, Vec<_>) = proofs.unzip();
    assert!(states.windows(2).all(|two| two[0] == two[1]));
    chain.msb_state = states[0];
    (epoch, proofs)
}

/// What the next block says to a transaction that it refuses; the chain stays as it is.
fn refused(chain: &Chain, tx: &CheckedTransaction) -> Refusal {
    let mut builder = BlockBuilder::new(chain.context(0), &chain.state, chain.candidates.clone()).unwrap();
    match builder.push(tx) {
        Err(PushError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

/// As [`refused`], for what nodes say with their keys.
fn unheard(chain: &Chain, tx: &CheckedTransaction) -> LivenessError {
    match refused(chain, tx) {
        Refusal::Liveness(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn a_node_proves_its_availability_once_for_each_msb_and_pays_nothing() {
    let mut chain = Chain::new();
    chain.end_epoch();
    let (epoch, proofs) = end_epoch(&mut chain);
    assert_eq!(epoch, 1);
    let tx = proof_of(&mut chain, 0, epoch, &proofs[0]);
    let next = chain.time_ms + chain.spec.parameters.slot_ms;
    let ask = |chain: &Chain, tx: &CheckedTransaction| {
        admit(&chain.spec, &chain.state, &chain.candidates, tx, next + 10_000)
    };
    // The mark stands in the state from the next block on.
    let early = PushError::Refused(Refusal::Liveness(LivenessError::Msb(1)));
    assert_eq!(ask(&chain, &tx), Err(early));
    chain.block(&[]);
    assert_eq!(ask(&chain, &tx), Ok(Admitted::Exempt));
    let before: Option<Gas> = chain.get(&StateKey::gas(&name("node1")));
    let receipt = chain.run_tx(&tx);
    assert!(receipt.is_success());
    assert_eq!(receipt.gas_usage, 0);
    assert_eq!(
        receipt.receipts[0].func_name.as_str(),
        "vote_producer.iost/proveAvailability"
    );
    assert_eq!(receipt.receipts[0].content.as_str(), r#"["node1",1]"#);
    assert_eq!(chain.candidates.find(&name("node1")).unwrap().available, 1);
    assert_eq!(chain.get::<Gas>(&StateKey::gas(&name("node1"))), before, "no gas");
    assert_eq!(refused(&chain, &tx), Refusal::Replayed);
    let again = proof_of(&mut chain, 0, epoch, &proofs[0]);
    let proved = LivenessError::Proved {
        node: name("node1"),
        epoch: 1,
    };
    assert_eq!(unheard(&chain, &again), proved);
    // Two of one block: the second isn't new any more.
    let two = [
        proof_of(&mut chain, 1, epoch, &proofs[1]),
        proof_of(&mut chain, 1, epoch, &proofs[1]),
    ];
    let (outcome, refused) = chain.try_block(&two);
    assert_eq!((outcome.receipts.len(), refused.len()), (1, 1));
    // The MSB before the last is good, too; an older one isn't.
    assert_eq!(chain.end_epoch().epoch, 3);
    chain.block(&[]);
    let third = proof_of(&mut chain, 2, 1, &proofs[2]);
    assert!(chain.run_tx(&third).is_success());
    chain.end_epoch();
    chain.block(&[]);
    let late = proof_of(&mut chain, 3, 1, &proofs[3]);
    assert_eq!(unheard(&chain, &late), LivenessError::Msb(1));
}

#[test]
fn an_availability_proof_that_is_not_the_nodes_own_is_refused() {
    let mut chain = Chain::new();
    chain.end_epoch();
    let (epoch, proofs) = end_epoch(&mut chain);
    chain.block(&[]);
    let before = chain.candidates.clone();
    // Another node's proof shows another place; a broken one shows nothing.
    let foreign = proof_of(&mut chain, 0, epoch, &proofs[1]);
    let error = unheard(&chain, &foreign);
    assert!(
        matches!(error, LivenessError::Proof(ProofError::Absence { .. })),
        "{error}"
    );
    let empty = proof_of(&mut chain, 0, epoch, "");
    let error = unheard(&chain, &empty);
    assert!(
        matches!(error, LivenessError::Proof(ProofError::Malformed(_))),
        "{error}"
    );
    let nonsense = proof_of(&mut chain, 0, epoch, "xyz");
    assert_eq!(unheard(&chain, &nonsense), LivenessError::Hex("proof"));
    // Genesis' candidates owe nothing for epoch 0, and no MSB is proved ahead of time.
    let first = proof_of(&mut chain, 0, 0, &proofs[0]);
    assert!(matches!(
        unheard(&chain, &first),
        LivenessError::Proved { epoch: 0, .. }
    ));
    let ahead = proof_of(&mut chain, 0, 7, &proofs[0]);
    assert_eq!(unheard(&chain, &ahead), LivenessError::Msb(7));
    let data = format!(r#"["node1",-1,"{}"]"#, proofs[0]);
    let negative = by_node(&mut chain, "node1", &[0], PROVE, &data);
    assert_eq!(unheard(&chain, &negative), LivenessError::Msb(-1));
    let few = by_node(&mut chain, "node1", &[0], PROVE, r#"["node1"]"#);
    assert!(matches!(unheard(&chain, &few), LivenessError::Arguments(_)));
    // It speaks for itself, with its own key alone.
    let data = format!(r#"["node2",{epoch},"{}"]"#, proofs[1]);
    let other = by_node(&mut chain, "node1", &[0], PROVE, &data);
    assert!(matches!(unheard(&chain, &other), LivenessError::Account { .. }));
    let data = format!(r#"["node1",{epoch},"{}"]"#, proofs[0]);
    for keys in [&[1][..], &[0, 1]] {
        let tx = by_node(&mut chain, "node1", keys, PROVE, &data);
        assert_eq!(refused(&chain, &tx), Refusal::Publisher("node1".into()));
    }
    let mut two = chain.draft(&[(VOTING, PROVE, &data), (VOTING, PROVE, &data)]);
    two.sign_as_publisher("node1", &node_key(0));
    let two = two.check(chain.spec.parameters.chain_id).unwrap();
    assert_eq!(refused(&chain, &two), Refusal::Publisher("node1".into()));
    let elsewhere = {
        let mut tx = chain.draft(&[("token.iost", PROVE, &data)]);
        tx.sign_as_publisher("node1", &node_key(0));
        tx.check(chain.spec.parameters.chain_id).unwrap()
    };
    assert_eq!(refused(&chain, &elsewhere), Refusal::Publisher("node1".into()));
    // An account's key isn't the node's.
    let receipt = chain.run("node1", VOTING, PROVE, &data);
    assert!(
        reason(&receipt).contains("signed with the node's consensus key alone"),
        "{:?}",
        receipt.status
    );
    assert_eq!(chain.candidates, before);
}

#[test]
fn a_node_that_is_no_candidate_needs_no_proof() {
    let mut chain = Chain::new();
    let data = registering(&chain.spec, "alice", 77, r#""","","""#);
    assert!(chain.run("alice", VOTING, "applyRegister", &data).is_success());
    let tx = by_node(&mut chain, "alice", &[77], PROVE, r#"["alice",0,"00"]"#);
    assert_eq!(unheard(&chain, &tx), LivenessError::NotCandidate(name("alice")));
}

/// Two notarize votes of `node`, in `view` of `committee`'s epoch.
pub(crate) fn evidence(chain: &Chain, committee: &Committee, node: u64, view: u64) -> String {
    let epoch = committee.epoch();
    let set = Set::from_iter_dedup(committee.keys().iter().cloned());
    let base = namespace(&chain.spec.hash(), 0, epoch);
    let scheme = Scheme::signer(&base, set, PrivateKey::from_seed(node)).expect("a member");
    let vote = |block: &[u8]| {
        let round = Round::new(Epoch::new(epoch), View::new(view));
        Notarize::sign(
            &scheme,
            Proposal::new(round, View::new(view - 1), sha256(&[block])),
        )
        .unwrap()
    };
    let pair = ConflictingNotarize::new(vote(b"a"), vote(b"b")).encode();
    let evidence = Evidence::from_engine(Conflict::Notarizes, &pair).unwrap();
    hex::encode(evidence.to_bytes())
}

pub(crate) fn report(chain: &mut Chain, who: &str, evidence: &str) -> Receipt {
    chain.run(who, VOTING, REPORT, &format!(r#"["{who}","{evidence}"]"#))
}

pub(crate) fn seated(chain: &Chain) -> u64 {
    (0..4)
        .find(|node| chain.committee.keys().contains(&consensus_key(*node)))
        .unwrap()
}

#[test]
fn anyone_s_evidence_takes_what_is_the_nodes_own_once() {
    let mut chain = Chain::new();
    let guilty = seated(&chain);
    let account = NODES[guilty as usize];
    let proof = evidence(&chain, &chain.committee, guilty, 3);
    let before = chain.candidates.find(&name(account)).unwrap().clone();
    let burnt = chain.get::<Pool>(&StateKey::pool()).unwrap().burnt;
    let had = chain.spendable("alice");
    let receipt = report(&mut chain, "alice", &proof);
    assert!(receipt.is_success(), "{:?}", receipt.status);
    assert!(receipt.gas_usage > 0);
    let told = receipt.receipts.last().unwrap();
    assert_eq!(told.func_name.as_str(), "vote_producer.iost/reportMisbehaviour");
    assert_eq!(told.content.as_str(), format!(r#"["alice","{account}",0,3]"#));
    let node = chain.candidates.find(&name(account)).unwrap();
    let loss = node.loss.unwrap();
    assert_eq!(
        (node.status, loss.reason),
        (CandidateStatus::Lost, LossReason::Misbehaved)
    );
    assert!(node.deposit.is_zero() && node.votes.is_zero() && node.servi == 0);
    // The deposit and the rewards: a share for the reporter, the rest is burnt.
    assert_eq!(before.deposit, Amount::from_iost(DEPOSIT));
    let taken = before.deposit.units() + before.earned.units();
    let share = chain.spec.parameters.reporter_share.of(taken);
    assert!(share > 0);
    assert_eq!(chain.spendable("alice").units(), had.units() + share);
    let burns = chain.get::<Pool>(&StateKey::pool()).unwrap().burnt.units() - burnt.units();
    assert_eq!(burns, taken - share);
    // Once for all that it did up to now, by whomever.
    let again = report(&mut chain, "bobby", &proof);
    let text =
        format!("{account} was punished in epoch 0 for what it did up to then; the evidence is of epoch 0");
    assert_eq!(reason(&again), text);
    let other = evidence(&chain, &chain.spec.genesis_committee().unwrap(), guilty, 4);
    assert_eq!(reason(&report(&mut chain, "bobby", &other)), text);
}

#[test]
fn a_node_reports_another_for_nothing_and_is_refused_where_it_is_wrong() {
    let mut chain = Chain::new();
    let guilty = seated(&chain);
    let reporter = (guilty + 1) % 4;
    let (from, by) = (NODES[guilty as usize], NODES[reporter as usize]);
    let proof = evidence(&chain, &chain.committee, guilty, 3);
    let before = chain.candidates.clone();
    // A single changed byte acquits.
    let mut bytes = hex::decode(&proof).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    let data = format!(r#"["{by}","{}"]"#, hex::encode(bytes));
    let wrong = by_node(&mut chain, by, &[reporter], REPORT, &data);
    let error = LivenessError::Evidence(EvidenceError::Signature(Which::Second));
    assert_eq!(unheard(&chain, &wrong), error);
    let data = format!(r#"["{by}","zz"]"#);
    let wrong = by_node(&mut chain, by, &[reporter], REPORT, &data);
    assert_eq!(unheard(&chain, &wrong), LivenessError::Hex("evidence"));
    let later = Committee::new(chain.spec.hash(), 0, 9, chain.committee.keys()).unwrap();
    let data = format!(r#"["{by}","{}"]"#, evidence(&chain, &later, guilty, 3));
    let wrong = by_node(&mut chain, by, &[reporter], REPORT, &data);
    assert_eq!(unheard(&chain, &wrong), LivenessError::Committee(9));
    let data = format!(r#"["alice","{proof}"]"#);
    let wrong = by_node(&mut chain, by, &[reporter], REPORT, &data);
    assert!(matches!(unheard(&chain, &wrong), LivenessError::Account { .. }));
    assert_eq!(chain.candidates, before);

    let had = chain.spendable(by);
    let data = format!(r#"["{by}","{proof}"]"#);
    chain.leave_msb();
    let tx = by_node(&mut chain, by, &[reporter], REPORT, &data);
    let receipt = chain.run_tx(&tx);
    assert!(receipt.is_success());
    assert_eq!(receipt.gas_usage, 0);
    assert!(chain.spendable(by) > had, "the reporter's share");
    assert_eq!(
        chain.candidates.find(&name(from)).unwrap().status,
        CandidateStatus::Lost
    );
    let again = by_node(&mut chain, by, &[reporter], REPORT, &data);
    assert!(matches!(
        unheard(&chain, &again),
        LivenessError::Punished { epoch: 0, .. }
    ));
}

#[test]
fn evidence_of_a_past_epoch_counts_until_shortly_before_the_stake_returns() {
    for late in [false, true] {
        let mut file = genesis_file();
        // So that no Micro State Block stands where the report is to.
        file.parameters.vote_lock_ms = LOCK_MS + 600;
        let mut chain = Chain::with(file);
        let guilty = seated(&chain);
        let account = NODES[guilty as usize];
        let proof = evidence(&chain, &chain.committee, guilty, 2);
        chain.end_epoch();
        let until = chain.time_ms + chain.spec.parameters.evidence_ms();
        let slot = chain.spec.parameters.slot_ms;
        // The report's block is the last in time, or the first that is late.
        while chain.time_ms + slot <= until - if late { 0 } else { slot } {
            chain.block(&[]);
        }
        let receipt = report(&mut chain, "alice", &proof);
        let node = chain.candidates.find(&name(account)).unwrap();
        if late {
            assert!(chain.time_ms > until);
            assert_eq!(
                reason(&receipt),
                "no committee of epoch 0 is known here, or evidence against it is too late: its stake returns"
            );
            assert_eq!(node.status, CandidateStatus::Candidate);
        } else {
            assert!(chain.time_ms <= until);
            assert!(receipt.is_success(), "{:?}", receipt.status);
            assert_eq!(node.loss.unwrap().reason, LossReason::Misbehaved);
        }
    }
}

/// A chain on which a node's account has a thousand votes for itself, cast in its first blocks, and locks are long.
pub(crate) fn with_own_votes(node: u64) -> Chain {
    let mut file = genesis_file();
    file.parameters.vote_lock_ms = 100 * LOCK_MS;
    let account = NODES[node as usize];
    for known in file.accounts.iter_mut().filter(|a| a.name == name(account)) {
        known.balance = Amount::from_iost(1_000);
    }
    let mut chain = Chain::with(file);
    let data = format!(r#"["{account}","{account}","1000"]"#);
    assert!(chain.run(account, VOTING, "vote", &data).is_success());
    chain
}

/// What was burnt, or went to the reporter.
fn taken(chain: &mut Chain, evidence: &str) -> u64 {
    let burnt = chain.get::<Pool>(&StateKey::pool()).unwrap().burnt.units();
    let had = chain.spendable("alice").units();
    let receipt = report(chain, "alice", evidence);
    assert!(receipt.is_success(), "{:?}", receipt.status);
    chain.get::<Pool>(&StateKey::pool()).unwrap().burnt.units() - burnt + chain.spendable("alice").units()
        - had
}

#[test]
fn what_a_guilty_node_took_back_of_its_own_votes_is_taken_too() {
    let guilty = seated(&Chain::new());
    let account = NODES[guilty as usize];
    let own = Amount::from_iost(1_000 + DEPOSIT).units();
    // Taken back before the evidence lands; and an epoch before the seat in which it signed two ways.
    for epochs in [0, 1, 2] {
        let mut chain = with_own_votes(guilty);
        let all = format!(r#"["{account}","{account}","999.5"]"#);
        assert!(chain.run(account, VOTING, "unvote", &all).is_success());
        assert_eq!(chain.balance(account).frozen[0].amount, iost("999.5"));
        for _ in 0..epochs {
            chain.end_epoch();
        }
        let proof = loop {
            if chain.committee.keys().contains(&consensus_key(guilty)) {
                break evidence(&chain, &chain.committee, guilty, 3);
            }
            chain.end_epoch();
        };
        chain.leave_msb();
        let earned = chain.candidates.find(&name(account)).unwrap().earned.units();
        assert_eq!(taken(&mut chain, &proof), own + earned, "{epochs} epochs later");
        assert!(chain.balance(account).frozen.is_empty());
        assert_eq!(
            chain.balance(account).staked,
            Amount::from_iost(crate::chain::PLEDGE)
        );
    }
}

#[test]
fn a_candidate_can_t_move_its_own_votes_out_of_reach() {
    let guilty = seated(&Chain::new());
    let (account, other) = (NODES[guilty as usize], NODES[(guilty as usize + 1) % 4]);
    let mut chain = with_own_votes(guilty);
    let away = format!(r#"["{account}","{account}","{other}","1000"]"#);
    let receipt = chain.run(account, VOTING, "move", &away);
    assert_eq!(
        reason(&receipt),
        "a candidate's votes for itself can't be moved to another node while it is one"
    );
}

#[test]
fn what_others_froze_and_what_has_returned_is_not_taken() {
    let guilty = seated(&Chain::new());
    let account = NODES[guilty as usize];
    let mut chain = with_own_votes(guilty);
    // A vote for another is a voter's, and no part of what answers for the node.
    let other = NODES[(guilty as usize + 1) % 4];
    for (action, data) in [
        ("unvote", format!(r#"["{account}","{account}","600"]"#)),
        ("unvote", format!(r#"["{account}","{account}","100"]"#)),
    ] {
        assert!(chain.run(account, VOTING, action, &data).is_success());
    }
    assert!(
        chain
            .run("carol", VOTING, "vote", &format!(r#"["carol","{other}","7"]"#))
            .is_success()
    );
    let until = chain.balance(account).frozen[0].until_ms;
    let frozen = r#"["iost","carol",""#.to_owned() + account + &format!(r#"","3",{}000000,""]"#, until);
    let given = chain.run("carol", "token.iost", "transferFreeze", &frozen);
    assert!(given.is_success(), "{:?}", given.status);
    let before: u64 = chain
        .balance(account)
        .frozen
        .iter()
        .map(|f| f.amount.units())
        .sum();
    let proof = evidence(&chain, &chain.committee, guilty, 3);
    taken(&mut chain, &proof);
    let left: u64 = chain
        .balance(account)
        .frozen
        .iter()
        .map(|f| f.amount.units())
        .sum();
    assert_eq!(
        before - left,
        iost("700").units(),
        "what it took back, and no more"
    );
    assert_eq!(
        left,
        iost("3").units(),
        "a gift that returns at the same date stays"
    );
}

#[test]
fn reporting_needs_the_reporters_authority_and_reports_of_oneself_bring_nothing() {
    let mut chain = Chain::new();
    let guilty = seated(&chain);
    let account = NODES[guilty as usize];
    let proof = evidence(&chain, &chain.committee, guilty, 3);
    let foreign = chain.run("alice", VOTING, REPORT, &format!(r#"["bobby","{proof}"]"#));
    assert_eq!(reason(&foreign), "require auth failed.");
    let had = chain.spendable(account);
    let data = format!(r#"["{account}","{proof}"]"#);
    chain.leave_msb();
    let tx = by_node(&mut chain, account, &[guilty], REPORT, &data);
    assert!(chain.run_tx(&tx).is_success());
    assert_eq!(chain.spendable(account), had);
}
