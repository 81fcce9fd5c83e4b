//! Hand-overs with real signatures: honest ones carry trust on, every altered one is refused by the name of what
//! was altered (P-32).

use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use commonware_cryptography::Signer as _;
use credo_light::testing::{TestChain, TestConfig, TestRng, certify, test_key};
use credo_msb::{HandOver, HandOverError, MsbHeader};
use credo_primitives::hash::ZERO_DIGEST;
use credo_primitives::{CertificateError, Committee, ConsensusKey, Digest, sha256};

fn chain() -> TestChain {
    TestChain::build(TestConfig {
        epochs: 7,
        seats: 7,
        keys: 10,
        ..TestConfig::default()
    })
}

/// The digest of the MSB before an epoch's.
fn previous(chain: &TestChain, epoch: u64) -> Digest {
    match epoch.checked_sub(1) {
        Some(before) => chain.hand_overs[before as usize].msb.digest(),
        None => chain.spec.genesis_header().digest(),
    }
}

#[test]
fn honest_hand_overs_lead_from_genesis_to_the_last_committee() {
    let chain = chain();
    let mut committee = chain.spec.genesis_committee().expect("a committee");
    for (epoch, hand_over) in chain.hand_overs.iter().enumerate() {
        let epoch = epoch as u64;
        let (next, info) = hand_over
            .verify(
                &mut TestRng(epoch),
                &chain.spec,
                &committee,
                &previous(&chain, epoch),
            )
            .expect("honest");
        assert_eq!((next.epoch(), next.seats(), info.seats), (epoch + 1, 7, 7));
        assert!(info.signers.len() >= 5);
        // P-30: the certificate may name a later view than the header.
        assert!(info.view >= hand_over.header.view);
        assert_eq!(next, chain.committee(epoch + 1));
        committee = next;
    }
    assert_eq!(committee.epoch(), 7);
}

/// Alters an honest hand-over of epoch 2 and says why it was refused. `sign` puts an honest certificate on what came
/// out: then only the checks of the fields stand between the lie and the client.
fn refused(sign: bool, alter: impl FnOnce(&mut HandOver)) -> HandOverError {
    let chain = chain();
    let mut hand_over = chain.hand_overs[2].clone();
    alter(&mut hand_over);
    if sign {
        hand_over.header.msb = hand_over.header.msb.map(|_| hand_over.msb.digest());
        let committee = chain.committee(2);
        hand_over.certificate = certify(
            &committee,
            &hand_over.header,
            hand_over.header.view,
            &chain.signers(2),
        );
    }
    hand_over
        .verify(
            &mut TestRng(1),
            &chain.spec,
            &chain.committee(2),
            &previous(&chain, 2),
        )
        .expect_err("a lie")
}

fn field(error: HandOverError) -> &'static str {
    match error {
        HandOverError::Field { epoch: 2, field } => field,
        other => panic!("{other}"),
    }
}

#[test]
fn every_altered_field_is_refused_even_when_signed() {
    assert_eq!(field(refused(true, |h| h.header.spec = ZERO_DIGEST)), "chain");
    assert_eq!(field(refused(true, |h| h.header.shard = 1)), "shard");
    assert_eq!(field(refused(true, |h| h.msb.shard = 1)), "shard");
    assert_eq!(field(refused(true, |h| h.header.epoch = 3)), "epoch");
    assert_eq!(field(refused(true, |h| h.msb.epoch = 1)), "epoch");
    assert_eq!(field(refused(true, |h| h.header.height += 1)), "height");
    assert_eq!(field(refused(true, |h| h.msb.first_height -= 1)), "height");
    assert_eq!(field(refused(true, |h| h.msb.last_height += 1)), "height");
    assert_eq!(
        field(refused(true, |h| h.header.msb = None)),
        "Micro State Block header"
    );
    assert_eq!(field(refused(true, |h| h.msb.last_view += 1)), "last view");
    assert_eq!(
        field(refused(true, |h| h.msb.state_root = ZERO_DIGEST)),
        "state root"
    );
    assert_eq!(
        field(refused(true, |h| h.msb.previous = ZERO_DIGEST)),
        "previous Micro State Block"
    );
    let key = |i| test_key(i).public_key();
    assert_eq!(
        field(refused(true, |h| h.msb.next_committee.clear())),
        "next committee"
    );
    assert_eq!(
        field(refused(true, |h| h.msb.next_committee[1] =
            h.msb.next_committee[0].clone())),
        "next committee"
    );
    assert_eq!(
        field(refused(true, |h| h.msb.next_committee.reverse())),
        "next committee"
    );
    assert_eq!(
        field(refused(false, |h| h.msb.next_committee[0] = key(99))),
        "Micro State Block header"
    );
    assert_eq!(
        field(refused(false, |h| h.msb.history_root = ZERO_DIGEST)),
        "Micro State Block header"
    );
    assert!(matches!(
        refused(true, |h| h.header.version = 2),
        HandOverError::Version {
            what: "header",
            got: 2,
            ..
        }
    ));
    assert!(matches!(
        refused(true, |h| h.msb.version = 9),
        HandOverError::Version {
            what: "Micro State Block",
            got: 9,
            ..
        }
    ));
}

fn certificate(error: HandOverError) -> CertificateError {
    match error {
        HandOverError::Certificate { epoch: 2, source } => source,
        other => panic!("{other}"),
    }
}

#[test]
fn every_altered_certificate_is_refused() {
    let chain = chain();
    let resign = |signers: Vec<u32>| {
        let chain = chain.clone();
        move |h: &mut HandOver| {
            let keys: Vec<_> = signers.iter().map(|i| test_key(*i)).collect();
            h.certificate = certify(&chain.committee(2), &h.header, h.header.view, &keys);
        }
    };
    let seated = TestChain::seated(7, 10, 2);
    // Five of seven are a quorum, four aren't.
    let committee = chain.committee(2);
    let mut honest = chain.hand_overs[2].clone();
    resign(seated[..5].to_vec())(&mut honest);
    honest
        .verify(&mut TestRng(1), &chain.spec, &committee, &previous(&chain, 2))
        .expect("a quorum");
    assert_eq!(
        certificate(refused(false, resign(seated[..4].to_vec()))),
        CertificateError::Quorum { needed: 5, got: 4 }
    );
    // A committee that doesn't match: the next epoch's keys over the same header.
    let other = chain.committee(3);
    let foreign = refused(false, |h| {
        h.certificate = certify(&other, &h.header, h.header.view, &chain.signers(3));
    });
    assert_eq!(certificate(foreign), CertificateError::Signature);
    // A larger committee of the liar's own.
    let own: Vec<ConsensusKey> = (50..60).map(|i| test_key(i).public_key()).collect();
    let own = Committee::new(chain.spec.hash(), 0, 2, &own).expect("a committee");
    let larger = refused(false, |h| {
        let keys: Vec<_> = (50..60).map(test_key).collect();
        h.certificate = certify(&own, &h.header, h.header.view, &keys);
    });
    assert_eq!(
        certificate(larger),
        CertificateError::Bitmap { expected: 7, got: 10 }
    );
    // Another block's certificate.
    let moved = refused(false, |h| h.header.time_ms += 1);
    assert!(matches!(certificate(moved), CertificateError::Digest { .. }));
    // Another epoch's.
    let earlier = refused(false, |h| h.certificate = chain.hand_overs[1].certificate.clone());
    assert_eq!(
        certificate(earlier),
        CertificateError::Epoch { expected: 2, got: 1 }
    );
    // One bit of one signature.
    let flipped = refused(false, |h| *h.certificate.last_mut().expect("not empty") ^= 1);
    assert_eq!(certificate(flipped), CertificateError::Signature);
    assert!(matches!(
        certificate(refused(false, |h| h.certificate.push(0))),
        CertificateError::Malformed(_)
    ));
    assert!(matches!(
        certificate(refused(false, |h| h.certificate.clear())),
        CertificateError::Malformed(_)
    ));
}

#[test]
fn no_changed_byte_of_a_certificate_is_taken() {
    let chain = chain();
    let (committee, previous) = (chain.committee(2), previous(&chain, 2));
    let honest = &chain.hand_overs[2];
    for place in 0..honest.certificate.len() {
        let mut lie = honest.clone();
        lie.certificate[place] ^= 1 << (place % 8);
        let result = lie.verify(&mut TestRng(place as u64), &chain.spec, &committee, &previous);
        assert!(result.is_err(), "byte {place}");
    }
}

#[test]
fn a_hand_over_of_another_chain_is_refused() {
    let chain = chain();
    let other = TestChain::build(TestConfig {
        salt: 2,
        epochs: 1,
        seats: 7,
        keys: 10,
        ..TestConfig::default()
    });
    let error = other.hand_overs[0]
        .verify(
            &mut TestRng(1),
            &chain.spec,
            &chain.committee(0),
            &previous(&chain, 0),
        )
        .expect_err("another chain's");
    assert!(matches!(
        error,
        HandOverError::Field {
            epoch: 0,
            field: "chain"
        }
    ));
}

#[test]
fn the_bytes_are_these() {
    let msb = MsbHeader {
        version: 1,
        shard: 0,
        epoch: 2,
        first_height: 9,
        last_height: 12,
        last_view: 5,
        previous: sha256(&[b"previous"]),
        history_root: sha256(&[b"history"]),
        transactions_root: sha256(&[b"transactions"]),
        transaction_count: 3,
        state_root: sha256(&[b"state"]),
        servi_digest: sha256(&[b"servi"]),
        randomness: ZERO_DIGEST,
        next_committee: TestChain::members(4, 6, 3),
        council: Vec::new(),
        parameter_set: Vec::new(),
        shards: Vec::new(),
    };
    let bytes = msb.to_bytes();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/msb_header.bin");
    if std::env::var_os("CREDO_WRITE_FIXTURES").is_some() {
        std::fs::write(path, &bytes).expect("written");
    }
    let fixture = std::fs::read(path).expect("read");
    assert!(
        fixture == bytes,
        "the format changed: raise MSB_VERSION, then write the fixture anew"
    );
    assert_eq!(MsbHeader::from_bytes(&fixture).expect("decodes"), msb);
    let hand_over = &chain().hand_overs[1];
    let decoded = HandOver::decode(Copying(&hand_over.encode())).expect("decodes");
    assert_eq!(&decoded, hand_over);
}
