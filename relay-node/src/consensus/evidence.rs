//! P-5: what this node hears that convicts a member.
//!
//! **The promise.** A member that signed two ways in one view is convicted if one honest node got both votes, or one of
//! them and a certificate that holds the other, within 256 views of each other, while that node ran. The engine by itself
//! doesn't keep it: it leaves a certificate unread when it has one for that view, and forgets all that comes after its
//! epoch. So [`Listening`] hears what arrives on the channels of votes and certificates, and [`Watching`] what the engine
//! assembles or fetches; [`Witness`] holds all of it against the `super::history`.
//!
//! The engine also reports pairs of votes that contradict each other, before it has checked their signatures. Both are
//! taken as [`Evidence`], in the bytes in which anyone can check them, and handed to the node, which does.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use commonware_actor::Feedback;
use commonware_codec::Encode as _;
use commonware_consensus::Reporter;
use commonware_consensus::simplex::scheme::ed25519::Scheme;
use commonware_consensus::simplex::types::{Activity, Certificate, Vote};
use commonware_p2p::utils::mux;
use commonware_p2p::{Blocker, Message, Receiver};
use credo_primitives::evidence::{CertificateVotes, Conflict, SignedVote};
use credo_primitives::{Committee, ConsensusKey, Digest, Evidence};
use tokio::sync::mpsc;

use super::committees::Committees;
use super::history::History;
use super::settings;

/// Whose votes are judged: the committee of an epoch.
type Find = dyn Fn(u64) -> Option<Arc<Committee>> + Send + Sync;

/// Holds what members sign against what they signed; cheap to clone.
#[derive(Clone)]
pub(super) struct Witness(Arc<Inner>);

struct Inner {
    committee: Box<Find>,
    history: Mutex<History>,
    found: mpsc::Sender<Evidence>,
}

/// A certificate with a signature that isn't the member's: no honest node passes one on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Forged;

impl Witness {
    /// Hands evidence to `found`.
    pub(super) fn new(committees: Committees, found: mpsc::Sender<Evidence>) -> Self {
        Self::over(Box::new(move |epoch| committees.get(epoch)), found)
    }

    fn over(committee: Box<Find>, found: mpsc::Sender<Evidence>) -> Self {
        let kept = usize::try_from(settings::WATCHED_VIEWS.get()).unwrap_or(usize::MAX);
        Self(Arc::new(Inner {
            committee,
            history: Mutex::new(History::new(kept)),
            found,
        }))
    }

    fn history(&self) -> std::sync::MutexGuard<'_, History> {
        self.0.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to look at an epoch.
    pub(super) fn enter(&self, epoch: u64) {
        self.history().enter(epoch);
    }

    fn hand_over(&self, evidence: Evidence) {
        if self.0.found.try_send(evidence).is_err() {
            tracing::warn!("more evidence of misbehaviour than can be looked at is left unseen");
        }
    }

    /// Takes a vote, from its signer `from` or from this node's own engine. The engine judges bytes that are none.
    fn vote(&self, bytes: &[u8], from: Option<&ConsensusKey>) {
        let Ok(vote) = SignedVote::from_bytes(bytes) else {
            return;
        };
        if !self.history().expects(vote.epoch, vote.view) {
            return;
        }
        let Some(committee) = (self.0.committee)(vote.epoch) else {
            return;
        };
        let signer = committee.keys().get(vote.seat as usize);
        if from.is_some() && from != signer {
            return;
        }
        let found = self.history().vote(vote, &committee);
        if let Ok(Some(evidence)) = found {
            self.hand_over(evidence);
        }
    }

    fn certificate(&self, certificate: CertificateVotes) -> Result<(), Forged> {
        let Some((epoch, view)) = certificate.votes.first().map(|vote| (vote.epoch, vote.view)) else {
            return Ok(());
        };
        if !self.history().remembers(epoch, view) {
            return Ok(());
        }
        let Some(committee) = (self.0.committee)(epoch) else {
            return Ok(());
        };
        let found = self.history().certificate(certificate, &committee);
        found
            .map_err(|_| Forged)?
            .into_iter()
            .for_each(|evidence| self.hand_over(evidence));
        Ok(())
    }

    /// Takes the certificate of a final block, however it got here.
    pub(super) fn finalization(&self, bytes: &[u8]) {
        if let Ok(certificate) = CertificateVotes::of_finalization(bytes)
            && self.certificate(certificate).is_err()
        {
            tracing::error!("a final block's certificate holds a signature that isn't the member's");
        }
    }
}

/// What a channel carries.
#[derive(Clone, Copy, Debug)]
pub(super) enum Carries {
    /// Single votes.
    Votes,
    /// Certificates.
    Certificates,
}

/// The receiving end of a channel, with a witness beside it.
pub(super) struct Listening<R, B> {
    inner: R,
    carries: Carries,
    witness: Witness,
    blocker: B,
}

impl<R, B> std::fmt::Debug for Listening<R, B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Listening({:?})", self.carries)
    }
}

impl<R, B> Listening<R, B> {
    /// Passes on what `inner` receives, and has `witness` hear it. `blocker` blocks who passes forged certificates on.
    pub(super) fn new(inner: R, carries: Carries, witness: Witness, blocker: B) -> Self {
        Self {
            inner,
            carries,
            witness,
            blocker,
        }
    }
}

impl<R, B> Receiver for Listening<R, B>
where
    R: Receiver<PublicKey = ConsensusKey>,
    B: Blocker<PublicKey = ConsensusKey>,
{
    type Error = R::Error;
    type PublicKey = ConsensusKey;

    async fn recv(&mut self) -> Result<Message<ConsensusKey>, R::Error> {
        let (from, message) = self.inner.recv().await?;
        if let Ok((_, bytes)) = mux::parse(message.clone()) {
            match self.carries {
                Carries::Votes => self.witness.vote(bytes.as_ref(), Some(&from)),
                Carries::Certificates => {
                    if let Ok(certificate) = CertificateVotes::from_bytes(bytes.as_ref())
                        && self.witness.certificate(certificate).is_err()
                    {
                        commonware_p2p::block!(self.blocker, from.clone(), "forged certificate");
                    }
                }
            }
        }
        Ok((from, message))
    }

    fn capacity(&self) -> NonZeroUsize {
        self.inner.capacity()
    }
}

/// Listens to what the engine reports, and passes it on.
#[derive(Clone)]
pub(super) struct Watching<R> {
    inner: R,
    witness: Witness,
}

impl<R> Watching<R> {
    /// Has `witness` see what the engine reports to `inner`.
    pub(super) fn new(inner: R, witness: Witness) -> Self {
        Self { inner, witness }
    }
}

impl<R: Reporter<Activity = Activity<Scheme, Digest>>> Reporter for Watching<R> {
    type Activity = Activity<Scheme, Digest>;

    fn report(&mut self, activity: Self::Activity) -> Feedback {
        see(&self.witness, &activity);
        self.inner.report(activity)
    }
}

fn see(witness: &Witness, activity: &Activity<Scheme, Digest>) {
    let pair = |conflict, bytes: &[u8]| {
        if let Ok(evidence) = Evidence::from_engine(conflict, bytes) {
            witness.hand_over(evidence);
        }
    };
    let vote = |vote: Vote<Scheme, Digest>| witness.vote(&vote.encode(), None);
    let certificate = |certificate: Certificate<Scheme, Digest>| {
        if let Ok(certificate) = CertificateVotes::from_bytes(&certificate.encode()) {
            // The engine has checked it.
            let _ = witness.certificate(certificate);
        }
    };
    match activity {
        Activity::ConflictingNotarize(votes) => pair(Conflict::Notarizes, &votes.encode()),
        Activity::ConflictingFinalize(votes) => pair(Conflict::Finalizes, &votes.encode()),
        Activity::NullifyFinalize(votes) => pair(Conflict::NullifyFinalize, &votes.encode()),
        Activity::Notarize(v) => vote(Vote::Notarize(v.clone())),
        Activity::Nullify(v) => vote(Vote::Nullify(v.clone())),
        Activity::Finalize(v) => vote(Vote::Finalize(v.clone())),
        Activity::Notarization(c) => certificate(Certificate::Notarization(c.clone())),
        Activity::Nullification(c) => certificate(Certificate::Nullification(c.clone())),
        Activity::Finalization(c) => certificate(Certificate::Finalization(c.clone())),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::BufMut as _;
    use commonware_codec::{EncodeSize as _, Write as _, varint::UInt};
    use commonware_consensus::simplex::types::ConflictingNotarize;
    use commonware_consensus::simplex::types::{Notarize, Proposal};
    use commonware_consensus::types::{Epoch, Round, View};
    use credo_primitives::sha256;

    use super::super::history::tests::{Signers, signers};
    use super::*;

    #[derive(Clone)]
    struct Counter(Arc<AtomicUsize>);

    impl Reporter for Counter {
        type Activity = Activity<Scheme, Digest>;
        fn report(&mut self, _: Self::Activity) -> Feedback {
            self.0.fetch_add(1, Ordering::Relaxed);
            Feedback::Ok
        }
    }

    fn witness(signers: &Signers) -> (Witness, mpsc::Receiver<Evidence>) {
        let (out, found) = mpsc::channel(4);
        let committee = Arc::new(signers.committee.clone());
        let epoch = committee.epoch();
        let witness = Witness::over(Box::new(move |e| (e == epoch).then(|| committee.clone())), out);
        witness.enter(epoch);
        (witness, found)
    }

    fn vote(signers: &Signers, block: &[u8]) -> Notarize<Scheme, Digest> {
        let round = Round::new(Epoch::new(signers.committee.epoch()), View::new(7));
        let proposal = Proposal::new(round, View::new(6), sha256(&[block]));
        Notarize::sign(&signers.schemes[2], proposal).expect("signs")
    }

    #[test]
    fn what_the_engine_reports_is_evidence_where_it_contradicts_and_all_is_passed_on() {
        let signers = signers(3, 4);
        let (witness, mut found) = witness(&signers);
        let count = Counter(Arc::default());
        let mut watching = Watching::new(count.clone(), witness);
        let key = &signers.committee.keys()[2];
        let mut guilty = || {
            let evidence = found.try_recv().ok()?;
            let guilty = evidence.verify(&signers.committee).expect("convicts");
            assert_eq!((&guilty.key, guilty.view), (key, 7));
            Some(guilty)
        };
        watching.report(Activity::Notarize(vote(&signers, b"a")));
        assert_eq!(guilty(), None);
        // The engine's own pairs.
        let pair = ConflictingNotarize::new(vote(&signers, b"a"), vote(&signers, b"b"));
        watching.report(Activity::ConflictingNotarize(pair));
        assert!(guilty().is_some());
        // What it doesn't pair: a certificate that holds the other vote.
        let Certificate::Notarization(other) = signers.notarization(&[0, 1, 2], 7, "c") else {
            panic!("a notarization");
        };
        watching.report(Activity::Notarization(other));
        assert!(guilty().is_some());
        assert_eq!(count.0.load(Ordering::Relaxed), 3, "all is passed on");
    }

    /// Gives what it holds, one after the other.
    #[derive(Debug)]
    struct Fixed(Vec<Message<ConsensusKey>>);

    #[derive(Debug, thiserror::Error)]
    #[error("nothing is left")]
    struct Empty;

    impl Receiver for Fixed {
        type Error = Empty;
        type PublicKey = ConsensusKey;
        async fn recv(&mut self) -> Result<Message<ConsensusKey>, Empty> {
            if self.0.is_empty() {
                Err(Empty)
            } else {
                Ok(self.0.remove(0))
            }
        }
        fn capacity(&self) -> NonZeroUsize {
            NonZeroUsize::MIN
        }
    }

    #[derive(Clone, Default)]
    struct Blocked(Arc<Mutex<Vec<ConsensusKey>>>);

    impl Blocker for Blocked {
        type PublicKey = ConsensusKey;
        fn block(&mut self, peer: ConsensusKey) -> Feedback {
            self.0.lock().expect("free").push(peer);
            Feedback::Ok
        }
        fn blocked(&mut self) -> commonware_p2p::BlockedSubscription<ConsensusKey> {
            unreachable!("nobody asks")
        }
    }

    fn message(from: &ConsensusKey, epoch: u64, bytes: &[u8]) -> Message<ConsensusKey> {
        let mut message = Vec::with_capacity(UInt(epoch).encode_size() + bytes.len());
        UInt(epoch).write(&mut message);
        message.put_slice(bytes);
        (from.clone(), message.into())
    }

    #[test]
    fn what_arrives_is_heard_and_passed_on_and_forgers_are_blocked() {
        let signers = signers(3, 4);
        let keys = signers.committee.keys().to_vec();
        let (witness, mut found) = witness(&signers);
        let blocked = Blocked::default();
        let (first, second) = (signers.notarize(3, 1, "a"), signers.notarize(3, 1, "b"));
        let (first, second) = (first.encode(), second.encode());
        let mut run = |carries, messages: Vec<Message<ConsensusKey>>| {
            let count = messages.len();
            let inner = Fixed(messages.clone());
            let mut listening = Listening::new(inner, carries, witness.clone(), blocked.clone());
            futures::executor::block_on(async {
                for message in messages {
                    let (from, bytes) = listening.recv().await.expect("passed on");
                    assert_eq!((from, bytes.as_ref()), (message.0, message.1.as_ref()));
                }
            });
            assert!(count > 0);
            found.try_recv().ok()
        };
        // Someone else says what seat 3 is to have voted: that is no vote of seat 3's.
        let none = run(
            Carries::Votes,
            vec![message(&keys[0], 3, &first), message(&keys[3], 3, &second)],
        );
        assert_eq!(none, None);
        let forged = {
            let mut bytes = signers.notarization(&[0, 1, 3], 1, "a").encode().to_vec();
            *bytes.last_mut().expect("bytes") ^= 1;
            bytes
        };
        let none = run(Carries::Certificates, vec![message(&keys[1], 3, &forged)]);
        assert_eq!(none, None);
        assert_eq!(*blocked.0.lock().expect("free"), [keys[1].clone()]);
        let genuine = signers.notarization(&[0, 1, 3], 1, "a").encode();
        let evidence = run(Carries::Certificates, vec![message(&keys[1], 3, &genuine)]);
        let guilty = evidence.expect("evidence").verify(&signers.committee);
        assert_eq!(guilty.expect("convicts").key, keys[3]);
        // Bytes that are nothing are left to the engine.
        assert_eq!(
            run(Carries::Certificates, vec![message(&keys[1], 3, &[9; 40])]),
            None
        );
        assert_eq!(blocked.0.lock().expect("free").len(), 1);
    }
}
