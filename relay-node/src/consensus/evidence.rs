//! P-5: what the engine hears that convicts a member.
//!
//! The engine tells its reporter of votes that contradict each other, before it has checked their signatures. They are
//! taken here as [`Evidence`], in the bytes in which anyone can check them, and handed to the node, which does.

use commonware_actor::Feedback;
use commonware_codec::Encode as _;
use commonware_consensus::Reporter;
use commonware_consensus::simplex::scheme::ed25519::Scheme;
use commonware_consensus::simplex::types::Activity;
use credo_primitives::evidence::Conflict;
use credo_primitives::{Digest, Evidence};
use tokio::sync::mpsc;

/// Listens to what the engine reports, and passes it on.
#[derive(Clone)]
pub(super) struct Watching<R> {
    inner: R,
    found: mpsc::Sender<Evidence>,
}

impl<R> Watching<R> {
    /// Hands evidence to `found`, and everything to `inner`.
    pub(super) fn new(inner: R, found: mpsc::Sender<Evidence>) -> Self {
        Self { inner, found }
    }
}

impl<R: Reporter<Activity = Activity<Scheme, Digest>>> Reporter for Watching<R> {
    type Activity = Activity<Scheme, Digest>;

    fn report(&mut self, activity: Self::Activity) -> Feedback {
        if let Some(evidence) = evidence(&activity)
            && self.found.try_send(evidence).is_err()
        {
            tracing::warn!("more evidence of misbehaviour than can be looked at is left unseen");
        }
        self.inner.report(activity)
    }
}

fn evidence(activity: &Activity<Scheme, Digest>) -> Option<Evidence> {
    let (conflict, bytes) = match activity {
        Activity::ConflictingNotarize(pair) => (Conflict::Notarizes, pair.encode()),
        Activity::ConflictingFinalize(pair) => (Conflict::Finalizes, pair.encode()),
        Activity::NullifyFinalize(pair) => (Conflict::NullifyFinalize, pair.encode()),
        _ => return None,
    };
    Evidence::from_engine(conflict, &bytes).ok()
}

#[cfg(test)]
mod tests {
    use commonware_consensus::simplex::types::{ConflictingNotarize, Notarize, Proposal};
    use commonware_consensus::types::{Epoch, Round, View};
    use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
    use commonware_utils::ordered::Set;
    use credo_primitives::certificate::namespace;
    use credo_primitives::{Committee, sha256};

    use super::*;

    #[derive(Clone)]
    struct Counter(std::sync::Arc<std::sync::atomic::AtomicUsize>);

    impl Reporter for Counter {
        type Activity = Activity<Scheme, Digest>;
        fn report(&mut self, _: Self::Activity) -> Feedback {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Feedback::Ok
        }
    }

    #[test]
    fn a_conflict_that_the_engine_reports_is_evidence_and_nothing_else_is() {
        let spec = sha256(&[b"spec"]);
        let mut keys: Vec<_> = (0..4).map(PrivateKey::from_seed).collect();
        keys.sort_by_key(|key| key.public_key());
        let public: Vec<_> = keys.iter().map(|key| key.public_key()).collect();
        let set = Set::from_iter_dedup(public.iter().cloned());
        let scheme = Scheme::signer(&namespace(&spec, 0, 3), set, keys[2].clone()).expect("a member");
        let vote = |block: &[u8]| {
            let round = Round::new(Epoch::new(3), View::new(7));
            let proposal = Proposal::new(round, View::new(6), sha256(&[block]));
            Notarize::sign(&scheme, proposal).expect("signs")
        };
        let (out, mut found) = mpsc::channel(4);
        let count = Counter(std::sync::Arc::default());
        let mut watching = Watching::new(count.clone(), out);
        watching.report(Activity::Notarize(vote(b"a")));
        assert!(found.try_recv().is_err());
        let pair = ConflictingNotarize::new(vote(b"a"), vote(b"b"));
        watching.report(Activity::ConflictingNotarize(pair));
        let committee = Committee::new(spec, 0, 3, &public).expect("a committee");
        let guilty = found
            .try_recv()
            .expect("evidence")
            .verify(&committee)
            .expect("convicts");
        assert_eq!((guilty.key, guilty.view), (public[2].clone(), 7));
        assert_eq!(
            count.0.load(std::sync::atomic::Ordering::Relaxed),
            2,
            "all is passed on"
        );
    }
}
