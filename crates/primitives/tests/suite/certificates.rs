//! Certificates made by the engine itself, and what is wrong with others.

use commonware_codec::{Encode as _, Write as _, varint::UInt};
use commonware_consensus::simplex::elector::{Config, Elector as _, RoundRobin};
use commonware_consensus::simplex::scheme::ed25519::Scheme;
use commonware_consensus::simplex::types::{Finalization, Finalize, Notarize, Proposal};
use commonware_consensus::types::{Epoch, Round, View};
use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use commonware_parallel::Sequential;
use commonware_utils::{non_empty, ordered::Set, test_rng};
use credo_primitives::block::{HEADER_VERSION, StateCommitment};
use credo_primitives::certificate::{MAX_CERTIFICATE, namespace, quorum};
use credo_primitives::hash::ZERO_DIGEST;
use credo_primitives::{CertificateError, CertifiedHeader, Committee, ConsensusKey, Digest, Header, sha256};

const EPOCH: u64 = 1_000;
const VIEW: u64 = 100_000;
const SPEC: Digest = Digest([7; 32]);

fn private(n: usize) -> Vec<PrivateKey> {
    let mut keys: Vec<_> = (0..n as u64).map(PrivateKey::from_seed).collect();
    keys.sort_by_key(|key| key.public_key());
    keys
}

fn public(keys: &[PrivateKey]) -> Vec<ConsensusKey> {
    keys.iter().map(|key| key.public_key()).collect()
}

fn committee(n: usize) -> Committee {
    Committee::new(SPEC, 0, EPOCH, &public(&private(n))).unwrap()
}

fn header() -> Header {
    Header {
        version: HEADER_VERSION,
        spec: SPEC,
        shard: 0,
        epoch: EPOCH,
        height: 60_000,
        view: VIEW,
        parent_view: VIEW - 1,
        parent: sha256(&[b"parent"]),
        time_ms: 1,
        proposer: public(&private(1))[0].clone(),
        transaction_root: ZERO_DIGEST,
        receipt_root: ZERO_DIGEST,
        state: StateCommitment::ZERO,
        outbox_root: ZERO_DIGEST,
        msb: None,
    }
}

fn proposal(epoch: u64, view: u64, digest: Digest) -> Proposal<Digest> {
    Proposal::new(
        Round::new(Epoch::new(epoch), View::new(view)),
        View::new(view - 1),
        digest,
    )
}

/// The engine's scheme for each member, on a shard of a chain.
fn schemes(n: usize, spec: &Digest, shard: u16, epoch: u64) -> Vec<Scheme> {
    let keys = private(n);
    let set = Set::try_from(public(&keys)).unwrap();
    let base = namespace(spec, shard, epoch);
    let scheme = |key| Scheme::signer(&base, set.clone(), key).unwrap();
    keys.into_iter().map(scheme).collect()
}

/// Finalize votes of these seats.
fn votes(schemes: &[Scheme], seats: &[usize], proposal: &Proposal<Digest>) -> Vec<Finalize<Scheme, Digest>> {
    let vote = |seat: &usize| Finalize::sign(&schemes[*seat], proposal.clone()).unwrap();
    seats.iter().map(vote).collect()
}

/// The engine's own certificate.
fn certificate(schemes: &[Scheme], seats: &[usize], proposal: &Proposal<Digest>) -> Vec<u8> {
    let votes = votes(schemes, seats, proposal);
    Finalization::from_finalizes(&schemes[0], non_empty![@votes.iter()], &Sequential)
        .unwrap()
        .encode()
        .to_vec()
}

/// A certificate put together by hand, with any bitmap: the engine would never make such a one.
fn by_hand(
    places: usize,
    bits: &[usize],
    votes: &[Finalize<Scheme, Digest>],
    proposal: &Proposal<Digest>,
) -> Vec<u8> {
    let mut bytes = proposal.encode().to_vec();
    bytes.extend_from_slice(&(places as u64).to_be_bytes());
    let mut bitmap = vec![0u8; places.div_ceil(8)];
    for bit in bits {
        bitmap[bit / 8] |= 1 << (bit % 8);
    }
    bytes.extend_from_slice(&bitmap);
    UInt(votes.len() as u32).write(&mut bytes);
    for vote in votes {
        bytes.extend_from_slice(&vote.attestation.signature.encode());
    }
    bytes
}

fn verify(
    committee: &Committee,
    header: &Header,
    bytes: &[u8],
) -> Result<credo_primitives::certificate::CertificateInfo, CertificateError> {
    committee.verify(&mut test_rng(), header, bytes)
}

#[test]
fn the_engines_certificates_are_accepted() {
    for (n, seats) in [
        (1, vec![0]),
        (3, vec![0, 1, 2]),
        (4, vec![0, 2, 3]),
        (4, vec![0, 1, 2, 3]),
        (17, (5..17).collect()),
        (17, (0..17).collect()),
        (128, (0..86).collect()),
    ] {
        let header = header();
        let bytes = certificate(
            &schemes(n, &SPEC, 0, EPOCH),
            &seats,
            &proposal(EPOCH, VIEW, header.digest()),
        );
        assert!(bytes.len() <= MAX_CERTIFICATE);
        let info = verify(&committee(n), &header, &bytes).unwrap();
        assert_eq!(info.signers, seats.iter().map(|s| *s as u32).collect::<Vec<_>>());
        assert_eq!((info.view, info.seats), (VIEW, n));
    }
}

#[test]
fn a_block_proposed_again_is_final_by_a_certificate_of_a_later_view() {
    let header = header();
    let later = proposal(EPOCH, VIEW + 3, header.digest());
    let bytes = certificate(&schemes(4, &SPEC, 0, EPOCH), &[0, 1, 2], &later);
    assert_eq!(verify(&committee(4), &header, &bytes).unwrap().view, VIEW + 3);
}

#[test]
fn our_reading_of_the_bytes_is_the_engines() {
    let schemes = schemes(4, &SPEC, 0, EPOCH);
    let proposal = proposal(EPOCH, VIEW, header().digest());
    assert_eq!(hex::encode(&proposal.encode()[..8]), "e807a08d069f8d06");
    let votes = votes(&schemes, &[0, 1, 3], &proposal);
    let bytes = by_hand(4, &[0, 1, 3], &votes, &proposal);
    assert_eq!(bytes, certificate(&schemes, &[0, 1, 3], &proposal));
}

#[test]
fn too_few_signers_are_refused() {
    let header = header();
    let (schemes, proposal) = (
        schemes(17, &SPEC, 0, EPOCH),
        proposal(EPOCH, VIEW, header.digest()),
    );
    let seats: Vec<usize> = (0..11).collect();
    let bytes = by_hand(17, &seats, &votes(&schemes, &seats, &proposal), &proposal);
    let expected = CertificateError::Quorum { needed: 12, got: 11 };
    assert_eq!(verify(&committee(17), &header, &bytes), Err(expected));
    assert_eq!([1, 2, 3, 4, 7, 17, 64].map(quorum), [1, 2, 3, 3, 5, 12, 43]);
}

#[test]
fn a_wrong_bit_is_refused() {
    let header = header();
    let (schemes, proposal) = (
        schemes(4, &SPEC, 0, EPOCH),
        proposal(EPOCH, VIEW, header.digest()),
    );
    let votes = votes(&schemes, &[0, 1, 2], &proposal);
    // Seat 3 is said to have signed instead of seat 2.
    let swapped = by_hand(4, &[0, 1, 3], &votes, &proposal);
    assert_eq!(
        verify(&committee(4), &header, &swapped),
        Err(CertificateError::Signature)
    );
    // A fourth bit without a signature.
    let extra = by_hand(4, &[0, 1, 2, 3], &votes, &proposal);
    assert!(matches!(
        verify(&committee(4), &header, &extra),
        Err(CertificateError::Malformed(_))
    ));
    // The same signature counted twice.
    let twice = [votes[0].clone(), votes[1].clone(), votes[1].clone()];
    let twice = by_hand(4, &[0, 1, 2], &twice, &proposal);
    assert_eq!(
        verify(&committee(4), &header, &twice),
        Err(CertificateError::Signature)
    );
    // A bitmap of another size.
    let long = by_hand(5, &[0, 1, 2], &votes, &proposal);
    let expected = CertificateError::Bitmap { expected: 4, got: 5 };
    assert_eq!(verify(&committee(4), &header, &long), Err(expected));
    // A bit beyond the committee, in the bitmap's unused places.
    let mut beyond = by_hand(4, &[0, 1, 2], &votes, &proposal);
    let bitmap = proposal.encode().len() + 8;
    beyond[bitmap] |= 0x80;
    assert!(matches!(
        verify(&committee(4), &header, &beyond),
        Err(CertificateError::Malformed(_))
    ));
}

#[test]
fn another_epochs_or_another_blocks_certificate_is_refused() {
    let header = header();
    let own = schemes(4, &SPEC, 0, EPOCH);
    let other_epoch = certificate(
        &schemes(4, &SPEC, 0, EPOCH + 1),
        &[0, 1, 2],
        &proposal(EPOCH + 1, VIEW, header.digest()),
    );
    let expected = CertificateError::Epoch {
        expected: EPOCH,
        got: EPOCH + 1,
    };
    assert_eq!(verify(&committee(4), &header, &other_epoch), Err(expected));
    let other = sha256(&[b"other"]);
    let other_block = certificate(&own, &[0, 1, 2], &proposal(EPOCH, VIEW, other));
    let expected = CertificateError::Digest {
        expected: header.digest(),
        got: other,
    };
    assert_eq!(verify(&committee(4), &header, &other_block), Err(expected));
    // The right words, signed on another chain, another shard, or for another epoch.
    let right = proposal(EPOCH, VIEW, header.digest());
    for foreign in [
        schemes(4, &sha256(&[b"other chain"]), 0, EPOCH),
        schemes(4, &SPEC, 1, EPOCH),
        schemes(4, &SPEC, 0, EPOCH + 1),
    ] {
        let bytes = certificate(&foreign, &[0, 1, 2], &right);
        assert_eq!(
            verify(&committee(4), &header, &bytes),
            Err(CertificateError::Signature)
        );
    }
    // Another committee of the same size.
    let strangers = Committee::new(SPEC, 0, EPOCH, &public(&private(8))[4..]).unwrap();
    let bytes = certificate(&own, &[0, 1, 2], &right);
    assert_eq!(
        verify(&strangers, &header, &bytes),
        Err(CertificateError::Signature)
    );
}

#[test]
fn votes_to_notarize_make_no_certificate() {
    let header = header();
    let (schemes, proposal) = (
        schemes(4, &SPEC, 0, EPOCH),
        proposal(EPOCH, VIEW, header.digest()),
    );
    let mut bytes = by_hand(4, &[0, 1, 2], &[], &proposal);
    bytes.pop();
    bytes.push(3);
    for scheme in &schemes[..3] {
        let vote = Notarize::sign(scheme, proposal.clone()).unwrap();
        bytes.extend_from_slice(&vote.attestation.signature.encode());
    }
    assert_eq!(
        verify(&committee(4), &header, &bytes),
        Err(CertificateError::Signature)
    );
}

#[test]
fn every_changed_byte_is_refused() {
    let header = header();
    let bytes = certificate(
        &schemes(4, &SPEC, 0, EPOCH),
        &[0, 1, 2],
        &proposal(EPOCH, VIEW, header.digest()),
    );
    let committee = committee(4);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut other = bytes.clone();
            other[at] ^= 1 << bit;
            assert!(
                verify(&committee, &header, &other).is_err(),
                "bit {bit} of byte {at}"
            );
        }
        assert!(matches!(
            verify(&committee, &header, &bytes[..at]),
            Err(CertificateError::Malformed(_))
        ));
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(matches!(
        verify(&committee, &header, &longer),
        Err(CertificateError::Malformed(_))
    ));
    let huge = vec![0; MAX_CERTIFICATE + 1];
    assert!(matches!(
        verify(&committee, &header, &huge),
        Err(CertificateError::Malformed(_))
    ));
}

#[test]
fn a_header_is_final_by_its_descendants_certificate() {
    let first = header();
    let next = |parent: &Header| Header {
        parent: parent.digest(),
        height: parent.height + 1,
        view: parent.view + 1,
        parent_view: parent.view,
        ..parent.clone()
    };
    let second = next(&first);
    let third = next(&second);
    let bytes = certificate(
        &schemes(4, &SPEC, 0, EPOCH),
        &[1, 2, 3],
        &proposal(EPOCH, third.view, third.digest()),
    );
    let certified = CertifiedHeader {
        header: first,
        descendants: vec![second.clone(), third.clone()],
        certificate: bytes,
    };
    let committee = committee(4);
    let check = |certified: &CertifiedHeader| committee.verify_certified(&mut test_rng(), certified);
    assert_eq!(check(&certified).unwrap().view, third.view);
    let broken = |change: &dyn Fn(&mut CertifiedHeader)| {
        let mut other = certified.clone();
        change(&mut other);
        check(&other).unwrap_err()
    };
    let at = |height| CertificateError::Descendants { height };
    assert_eq!(broken(&|c| c.header.time_ms += 1), at(second.height));
    assert_eq!(broken(&|c| c.descendants[0].time_ms += 1), at(third.height));
    assert_eq!(broken(&|c| c.descendants = vec![third.clone()]), at(third.height));
    assert!(matches!(
        broken(&|c| c.descendants.truncate(1)),
        CertificateError::Digest { .. }
    ));
    assert!(matches!(
        broken(&|c| c.descendants[1].time_ms += 1),
        CertificateError::Digest { .. }
    ));
}

#[test]
fn turns_are_the_engines_round_robin() {
    for n in [1, 2, 3, 4, 17] {
        let set = Set::try_from(public(&private(n))).unwrap();
        for epoch in [0, 1, 2, 15, 1_000_003] {
            let elector = <RoundRobin as Config<Scheme>>::build(RoundRobin::default(), &set);
            let committee = Committee::new(SPEC, 0, epoch, &public(&private(n))).unwrap();
            for view in (1..60).chain([1_000_000_007]) {
                let round = Round::new(Epoch::new(epoch), View::new(view));
                let seat = elector.elect(round, ()).get() as usize;
                assert_eq!(
                    committee.leader(view),
                    &committee.keys()[seat],
                    "epoch {epoch}, view {view}"
                );
            }
        }
    }
}

#[test]
fn a_committee_is_a_set_in_key_order() {
    let mut keys = public(&private(5));
    let sorted = Committee::new(SPEC, 0, 1, &keys).unwrap();
    keys.reverse();
    assert_eq!(Committee::new(SPEC, 0, 1, &keys).unwrap(), sorted);
    assert!(sorted.keys().is_sorted());
    keys.push(keys[0].clone());
    assert_eq!(Committee::new(SPEC, 0, 1, &keys), None);
    assert_eq!(Committee::new(SPEC, 0, 1, &[]), None);
    assert_eq!(Committee::new(SPEC, 0, 1, &public(&private(129))), None);
}
