//! P-5: votes made by the engine itself convict, and nothing else does.

use commonware_codec::{Decode as _, Encode as _};
use commonware_consensus::simplex::scheme::ed25519::Scheme;
use commonware_consensus::simplex::types::{
    Certificate, ConflictingFinalize, ConflictingNotarize, Finalization, Finalize, Notarization, Notarize,
    Nullification, Nullify, NullifyFinalize, Proposal, Vote,
};
use commonware_consensus::types::{Epoch, Round, View};
use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use commonware_parallel::Sequential;
use commonware_utils::non_empty;
use commonware_utils::ordered::Set;
use credo_primitives::certificate::namespace;
use credo_primitives::evidence::{
    CertificateVotes, Choice, Conflict, Guilty, MAX_EVIDENCE, SignedVote, VoteError, Which,
};
use credo_primitives::{Committee, ConsensusKey, Digest, Evidence, EvidenceError, sha256};
use proptest::prelude::*;

const EPOCH: u64 = 1_000;
const VIEW: u64 = 100_000;
const SPEC: Digest = Digest([7; 32]);
const SEATS: usize = 4;

fn keys() -> Vec<PrivateKey> {
    let mut keys: Vec<_> = (0..SEATS as u64).map(PrivateKey::from_seed).collect();
    keys.sort_by_key(|key| key.public_key());
    keys
}

fn public() -> Vec<ConsensusKey> {
    keys().iter().map(|key| key.public_key()).collect()
}

fn committee() -> Committee {
    Committee::new(SPEC, 0, EPOCH, &public()).unwrap()
}

fn scheme_of(seat: usize, spec: &Digest, shard: u16, epoch: u64) -> Scheme {
    let set = Set::try_from(public()).unwrap();
    Scheme::signer(&namespace(spec, shard, epoch), set, keys()[seat].clone()).unwrap()
}

fn scheme(seat: usize) -> Scheme {
    scheme_of(seat, &SPEC, 0, EPOCH)
}

fn round(epoch: u64, view: u64) -> Round {
    Round::new(Epoch::new(epoch), View::new(view))
}

fn proposal(view: u64, parent: u64, block: &[u8]) -> Proposal<Digest> {
    Proposal::new(round(EPOCH, view), View::new(parent), sha256(&[block]))
}

fn a() -> Proposal<Digest> {
    proposal(VIEW, VIEW - 1, b"a")
}

fn b() -> Proposal<Digest> {
    proposal(VIEW, VIEW - 1, b"b")
}

type Engine = Vote<Scheme, Digest>;

fn notarize(scheme: &Scheme, proposal: Proposal<Digest>) -> Engine {
    Vote::Notarize(Notarize::sign(scheme, proposal).unwrap())
}

fn finalize(scheme: &Scheme, proposal: Proposal<Digest>) -> Engine {
    Vote::Finalize(Finalize::sign(scheme, proposal).unwrap())
}

fn nullify(scheme: &Scheme, round: Round) -> Engine {
    Vote::Nullify(Nullify::sign::<Digest>(scheme, round).unwrap())
}

fn pair(first: &Engine, second: &Engine) -> Evidence {
    let bytes = [first.encode(), second.encode()].concat();
    let evidence = Evidence::from_bytes(&bytes).unwrap();
    assert_eq!(evidence.to_bytes(), bytes, "the engine's bytes, to the last one");
    evidence
}

fn verify(first: &Engine, second: &Engine) -> Result<Guilty, EvidenceError> {
    pair(first, second).verify(&committee())
}

#[test]
fn the_engines_conflicting_votes_convict() {
    for seat in 0..SEATS {
        let s = scheme(seat);
        let guilty = Guilty {
            key: public()[seat].clone(),
            epoch: EPOCH,
            view: VIEW,
        };
        let other_parent = proposal(VIEW, VIEW - 2, b"a");
        for (first, second) in [
            (notarize(&s, a()), notarize(&s, b())),
            (finalize(&s, a()), finalize(&s, b())),
            (notarize(&s, a()), finalize(&s, b())),
            (notarize(&s, a()), notarize(&s, other_parent)),
            (nullify(&s, a().round), finalize(&s, a())),
        ] {
            assert_eq!(verify(&first, &second), Ok(guilty.clone()));
            assert_eq!(verify(&second, &first), Ok(guilty.clone()));
        }
    }
}

#[test]
fn what_the_engine_reports_is_taken_as_it_stands() {
    let s = scheme(2);
    let guilty = Guilty {
        key: public()[2].clone(),
        epoch: EPOCH,
        view: VIEW,
    };
    let sign = |proposal| Notarize::<_, Digest>::sign(&s, proposal).unwrap();
    let notarizes = ConflictingNotarize::new(sign(a()), sign(b())).encode();
    let sign = |proposal| Finalize::<_, Digest>::sign(&s, proposal).unwrap();
    let finalizes = ConflictingFinalize::new(sign(a()), sign(b())).encode();
    let nullify = Nullify::sign::<Digest>(&s, a().round).unwrap();
    let both = NullifyFinalize::new(nullify, sign(a())).encode();
    for (conflict, bytes) in [
        (Conflict::Notarizes, notarizes),
        (Conflict::Finalizes, finalizes),
        (Conflict::NullifyFinalize, both),
    ] {
        let evidence = Evidence::from_engine(conflict, &bytes).unwrap();
        assert_eq!(evidence.verify(&committee()), Ok(guilty.clone()));
        let kept = Evidence::from_bytes(&evidence.to_bytes()).unwrap();
        assert_eq!(kept, evidence);
        let longer = [&bytes[..], &[0]].concat();
        assert!(matches!(
            Evidence::from_engine(conflict, &longer),
            Err(EvidenceError::Malformed(_))
        ));
    }
}

#[test]
fn votes_that_a_member_may_cast_convict_nobody() {
    let s = scheme(1);
    let harmless =
        |first: &'static str, second: &'static str| Err(EvidenceError::NoConflict { first, second });
    let (n, f, skip) = (notarize(&s, a()), finalize(&s, a()), nullify(&s, a().round));
    assert_eq!(verify(&n, &n), harmless("notarize", "notarize"));
    assert_eq!(verify(&f, &f), harmless("finalize", "finalize"));
    assert_eq!(verify(&n, &f), harmless("notarize", "finalize"));
    assert_eq!(verify(&n, &skip), harmless("notarize", "nullify"));
    assert_eq!(verify(&skip, &skip), harmless("nullify", "nullify"));
}

#[test]
fn each_thing_that_is_wrong_has_its_sentence() {
    let s = scheme(1);
    let first = notarize(&s, a());
    assert_eq!(
        verify(&first, &notarize(&s, proposal(VIEW + 1, VIEW, b"b"))),
        Err(EvidenceError::Views {
            first: VIEW,
            second: VIEW + 1
        })
    );
    assert_eq!(
        verify(&first, &notarize(&scheme(2), b())),
        Err(EvidenceError::Signers { first: 1, second: 2 })
    );
    let later = Proposal::new(round(EPOCH + 1, VIEW), View::new(VIEW - 1), sha256(&[b"b"]));
    assert_eq!(
        verify(&first, &notarize(&s, later)),
        Err(EvidenceError::Epochs {
            first: EPOCH,
            second: EPOCH + 1
        })
    );
    let evidence = pair(&first, &notarize(&s, b()));
    let next = Committee::new(SPEC, 0, EPOCH + 1, &public()).unwrap();
    assert_eq!(
        evidence.verify(&next),
        Err(EvidenceError::Epoch {
            expected: EPOCH + 1,
            got: EPOCH
        })
    );
    let smaller = Committee::new(SPEC, 0, EPOCH, &public()[..1]).unwrap();
    let error = evidence.verify(&smaller).unwrap_err();
    assert_eq!(error, EvidenceError::Seat { seat: 1, seats: 1 });
    assert_eq!(
        error.to_string(),
        "seat 1 isn't on the committee, which has 1 seats"
    );
    // Another committee has somebody else on the same seat.
    let others: Vec<_> = (10..14).map(|n| PrivateKey::from_seed(n).public_key()).collect();
    let others = Committee::new(SPEC, 0, EPOCH, &others).unwrap();
    let error = evidence.verify(&others).unwrap_err();
    assert_eq!(error, EvidenceError::Signature(Which::First));
    assert_eq!(error.to_string(), "the signature of the first vote is wrong");
}

#[test]
fn votes_for_another_chain_shard_epoch_or_purpose_convict_nobody() {
    let ours = scheme(1);
    let second = notarize(&ours, b());
    for other in [
        scheme_of(1, &Digest([8; 32]), 0, EPOCH),
        scheme_of(1, &SPEC, 1, EPOCH),
        scheme_of(1, &SPEC, 0, EPOCH + 1),
    ] {
        assert_eq!(
            verify(&notarize(&other, a()), &second),
            Err(EvidenceError::Signature(Which::First))
        );
        assert_eq!(
            verify(&second, &notarize(&other, a())),
            Err(EvidenceError::Signature(Which::Second))
        );
    }
    // A notarize vote's signature under a finalize vote: a frame-up of a member that only notarized.
    let mut forged = pair(&nullify(&ours, a().round), &finalize(&ours, a()));
    forged.second.signature = pair(&notarize(&ours, a()), &second).first.signature;
    assert_eq!(
        forged.verify(&committee()),
        Err(EvidenceError::Signature(Which::Second))
    );
}

/// The engine's certificates of seats 0, 1 and 3, of each kind, with a vote of seat 3's as it would have sent it.
fn certificates() -> [(Certificate<Scheme, Digest>, Engine); 3] {
    let schemes = [0, 1, 3].map(scheme);
    let round = round(EPOCH, VIEW);
    let notarizes = schemes.each_ref().map(|s| Notarize::sign(s, a()).unwrap());
    let nullifies = schemes
        .each_ref()
        .map(|s| Nullify::sign::<Digest>(s, round).unwrap());
    let finalizes = schemes.each_ref().map(|s| Finalize::sign(s, a()).unwrap());
    let by = &schemes[0];
    let notarized = Notarization::from_notarizes(by, non_empty![@notarizes.iter()], &Sequential).unwrap();
    let nullified = Nullification::from_nullifies(by, non_empty![@nullifies.iter()], &Sequential).unwrap();
    let finalized = Finalization::from_finalizes(by, non_empty![@finalizes.iter()], &Sequential).unwrap();
    [
        (Certificate::Notarization(notarized), notarize(&schemes[2], a())),
        (Certificate::Nullification(nullified), nullify(&schemes[2], round)),
        (Certificate::Finalization(finalized), finalize(&schemes[2], a())),
    ]
}

#[test]
fn a_certificate_holds_the_votes_that_it_was_made_of() {
    for (certificate, last) in certificates() {
        let bytes = certificate.encode();
        let read = CertificateVotes::from_bytes(&bytes).unwrap();
        let seats: Vec<u32> = read.votes.iter().map(|vote| vote.seat).collect();
        assert_eq!((read.seats, seats), (SEATS, vec![0, 1, 3]));
        for vote in &read.votes {
            assert_eq!(vote.verify(&committee()), Ok(&public()[vote.seat as usize]));
        }
        assert_eq!(read.votes[2], SignedVote::from_bytes(&last.encode()).unwrap());
        if matches!(certificate, Certificate::Finalization(_)) {
            assert_eq!(CertificateVotes::of_finalization(&bytes[1..]), Ok(read.clone()));
        }
        // With a vote that contradicts it, it is evidence.
        let other = scheme(3);
        let other = match certificate {
            Certificate::Nullification(_) => finalize(&other, b()),
            _ => notarize(&other, b()),
        };
        let (first, second) = (
            read.votes[2].clone(),
            SignedVote::from_bytes(&other.encode()).unwrap(),
        );
        assert!(first.conflicts(&second) && !first.conflicts(&read.votes[1]));
        let guilty = Evidence { first, second }.verify(&committee()).unwrap();
        assert_eq!((guilty.key, guilty.view), (public()[3].clone(), VIEW));
    }
}

#[test]
fn a_vote_is_verified_for_its_committee_alone() {
    let vote = SignedVote::from_bytes(&notarize(&scheme(3), a()).encode()).unwrap();
    let next = Committee::new(SPEC, 0, EPOCH + 1, &public()).unwrap();
    let (expected, got) = (EPOCH + 1, EPOCH);
    assert_eq!(vote.verify(&next), Err(VoteError::Epoch { expected, got }));
    let small = Committee::new(SPEC, 0, EPOCH, &public()[..3]).unwrap();
    assert_eq!(vote.verify(&small), Err(VoteError::Seat { seat: 3, seats: 3 }));
    let other = SignedVote { seat: 2, ..vote };
    assert_eq!(other.verify(&committee()), Err(VoteError::Signature));
}

fn vote() -> impl Strategy<Value = SignedVote> {
    let choice = (0..3u8, any::<u64>(), any::<[u8; 32]>()).prop_map(|(kind, parent, digest)| {
        let proposal = credo_primitives::evidence::Proposal {
            parent,
            digest: Digest(digest),
        };
        match kind {
            0 => Choice::Notarize(proposal),
            1 => Choice::Nullify,
            _ => Choice::Finalize(proposal),
        }
    });
    let signature = prop::array::uniform32(any::<u8>()).prop_map(|half| {
        let bytes = [half, half].concat();
        commonware_cryptography::ed25519::Signature::decode_cfg(commonware_codec::Copying(&bytes[..]), &())
            .unwrap()
    });
    (any::<u64>(), any::<u64>(), choice, any::<u32>(), signature).prop_map(
        |(epoch, view, choice, seat, signature)| SignedVote {
            epoch,
            view,
            choice,
            seat,
            signature,
        },
    )
}

proptest! {
    #[test]
    fn bytes_come_back_and_cut_or_longer_ones_are_refused(first in vote(), second in vote()) {
        let evidence = Evidence { first, second };
        let bytes = evidence.to_bytes();
        prop_assert!(bytes.len() <= MAX_EVIDENCE);
        for len in 0..bytes.len() {
            prop_assert!(Evidence::from_bytes(&bytes[..len]).is_err());
        }
        prop_assert!(Evidence::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
        prop_assert_eq!(Evidence::from_bytes(&bytes), Ok(evidence));
    }

    #[test]
    fn certificates_that_are_cut_or_changed_hold_no_vote_of_anybodys(which in 0..3usize, at in any::<usize>(), xor in 1..=255u8) {
        let bytes = certificates()[which].0.encode().to_vec();
        for len in 0..bytes.len() {
            prop_assert!(CertificateVotes::from_bytes(&bytes[..len]).is_err());
        }
        prop_assert!(CertificateVotes::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
        prop_assert!(CertificateVotes::from_bytes(&[0; 20_000]).is_err());
        let mut changed = bytes.clone();
        let at = at % bytes.len();
        changed[at] ^= xor;
        if let Ok(read) = CertificateVotes::from_bytes(&changed) {
            let genuine = read.seats == SEATS && read.votes.iter().all(|vote| vote.verify(&committee()).is_ok());
            prop_assert!(!genuine, "byte {at}");
        }
    }

    #[test]
    fn garbage_holds_no_votes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        // Whatever it is read as, reading it does no harm.
        if let Ok(read) = CertificateVotes::from_bytes(&bytes) {
            prop_assert!(read.votes.iter().all(|vote| vote.verify(&committee()).is_err()));
        }
        let _ = SignedVote::from_bytes(&bytes);
    }

    #[test]
    fn garbage_convicts_nobody(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        match Evidence::from_bytes(&bytes) {
            Ok(evidence) => {
                prop_assert_eq!(evidence.to_bytes(), bytes);
                prop_assert!(evidence.verify(&committee()).is_err());
            }
            Err(EvidenceError::TooLarge(len)) => prop_assert!(len > MAX_EVIDENCE),
            Err(error) => prop_assert!(matches!(error, EvidenceError::Malformed(_))),
        }
    }

    #[test]
    fn a_single_changed_byte_acquits(kind in 0..4u8, at in any::<prop::sample::Index>(), xor in 1..=255u8) {
        let s = scheme(3);
        let evidence = match kind {
            0 => pair(&notarize(&s, a()), &notarize(&s, b())),
            1 => pair(&finalize(&s, a()), &finalize(&s, b())),
            2 => pair(&notarize(&s, a()), &finalize(&s, b())),
            _ => pair(&nullify(&s, a().round), &finalize(&s, a())),
        };
        prop_assert!(evidence.verify(&committee()).is_ok());
        let mut bytes = evidence.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= xor;
        let convicts = Evidence::from_bytes(&bytes).is_ok_and(|e| e.verify(&committee()).is_ok());
        prop_assert!(!convicts, "byte {} ^ {}", at, xor);
    }
}
