//! P-5: what each member signed in the last views, so that a second vote is held against the first, however late it
//! comes and however it is learnt.
//!
//! Kept for each view and seat is the first vote of each kind (notarize, nullify, finalize), from the votes that members
//! send and **from the signatures inside certificates**. Only what verifies is kept: otherwise a vote with a wrong
//! signature could stand where the one that convicts belongs. A vote that is known already costs no check.
//!
//! | bound | at it |
//! |---|---|
//! | the newest 256 views that anybody voted in, across epochs; three votes for each seat in each | the oldest view is forgotten: 2 MB for 17 seats, 16 MB for 128 |
//! | votes up to 16 views after the newest certified view | later ones are left unseen: no member can fill the history with views to come |
//! | one piece of evidence for each member and epoch | further votes of that member's aren't looked at in that epoch |

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;

use credo_primitives::evidence::{CertificateVotes, SignedVote, VoteError};
use credo_primitives::{Committee, Evidence};

/// How many views after the newest certified one may have votes.
const AHEAD: u64 = 16;

/// Epoch and view.
type At = (u64, u64);

/// The first vote of each kind, by view and seat.
pub(super) struct History {
    kept: usize,
    views: BTreeMap<At, BTreeMap<u32, Vec<SignedVote>>>,
    /// The newest certified view of each epoch that is looked at.
    certified: BTreeMap<u64, u64>,
    /// Epoch and seat of those against whom there is evidence.
    guilty: BTreeSet<(u64, u32)>,
}

impl History {
    /// Remembers `kept` views.
    pub(super) fn new(kept: usize) -> Self {
        Self {
            kept,
            views: BTreeMap::new(),
            certified: BTreeMap::new(),
            guilty: BTreeSet::new(),
        }
    }

    /// Begins to look at an epoch.
    pub(super) fn enter(&mut self, epoch: u64) {
        self.certified.entry(epoch).or_insert(0);
        self.forget();
    }

    /// True where a certificate of this view may be of use.
    pub(super) fn remembers(&self, epoch: u64, view: u64) -> bool {
        let too_old = || {
            let oldest = self.views.first_key_value();
            self.views.len() >= self.kept && oldest.is_some_and(|(oldest, _)| (epoch, view) < *oldest)
        };
        self.certified.contains_key(&epoch) && !too_old()
    }

    /// True where a vote in this view may be of use.
    pub(super) fn expects(&self, epoch: u64, view: u64) -> bool {
        let newest = self.certified.get(&epoch).copied().unwrap_or(0);
        self.remembers(epoch, view) && view <= newest.saturating_add(AHEAD)
    }

    /// Takes a vote of a member of `committee`. Gives the evidence, if it contradicts what its signer said before.
    pub(super) fn vote(
        &mut self,
        vote: SignedVote,
        committee: &Committee,
    ) -> Result<Option<Evidence>, VoteError> {
        if !self.expects(vote.epoch, vote.view) || self.is_settled(&vote) {
            return Ok(None);
        }
        vote.verify(committee)?;
        let evidence = self.keep(vote);
        self.forget();
        Ok(evidence)
    }

    /// Takes the votes that a certificate was made of. Nothing of it counts unless all its signatures are right.
    pub(super) fn certificate(
        &mut self,
        certificate: CertificateVotes,
        committee: &Committee,
    ) -> Result<Vec<Evidence>, VoteError> {
        let Some((epoch, view)) = certificate.votes.first().map(|vote| (vote.epoch, vote.view)) else {
            return Ok(Vec::new());
        };
        let complete =
            certificate.seats == committee.seats() && certificate.votes.len() >= committee.quorum();
        if !complete || !self.remembers(epoch, view) {
            return Ok(Vec::new());
        }
        let known = |vote: &SignedVote| self.known(vote).is_some_and(|votes| votes.contains(vote));
        for vote in certificate.votes.iter().filter(|vote| !known(vote)) {
            vote.verify(committee)?;
        }
        if let Some(newest) = self.certified.get_mut(&epoch) {
            *newest = view.max(*newest);
        }
        let evidence = certificate
            .votes
            .into_iter()
            .filter_map(|vote| {
                if self.is_settled(&vote) {
                    None
                } else {
                    self.keep(vote)
                }
            })
            .collect();
        self.forget();
        Ok(evidence)
    }

    fn known(&self, vote: &SignedVote) -> Option<&Vec<SignedVote>> {
        self.views.get(&(vote.epoch, vote.view))?.get(&vote.seat)
    }

    /// True for a vote that is known, and for any of a member whose guilt is.
    fn is_settled(&self, vote: &SignedVote) -> bool {
        self.guilty.contains(&(vote.epoch, vote.seat))
            || self.known(vote).is_some_and(|votes| votes.contains(vote))
    }

    /// Keeps the first vote of its kind, and holds any against the others.
    fn keep(&mut self, vote: SignedVote) -> Option<Evidence> {
        let seats = self.views.entry((vote.epoch, vote.view)).or_default();
        let votes = seats.entry(vote.seat).or_default();
        let evidence = votes
            .iter()
            .find(|known| known.conflicts(&vote))
            .map(|known| Evidence {
                first: known.clone(),
                second: vote.clone(),
            });
        if evidence.is_some() {
            self.guilty.insert((vote.epoch, vote.seat));
        } else if !votes
            .iter()
            .any(|known| discriminant(&known.choice) == discriminant(&vote.choice))
        {
            votes.push(vote);
        }
        evidence
    }

    /// Keeps to the bounds.
    fn forget(&mut self) {
        while self.views.len() > self.kept {
            self.views.pop_first();
        }
        let running = self.certified.keys().next_back().copied().unwrap_or(0);
        let oldest = self.views.keys().next().map_or(running, |(epoch, _)| *epoch);
        let oldest = oldest.min(running);
        self.certified.retain(|epoch, _| *epoch >= oldest);
        self.guilty.retain(|(epoch, _)| *epoch >= oldest);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use commonware_codec::Encode as _;
    use commonware_consensus::simplex::scheme::ed25519::Scheme;
    use commonware_consensus::simplex::types::{
        Certificate, Finalization, Finalize, Notarization, Notarize, Nullification, Nullify, Proposal, Vote,
    };
    use commonware_consensus::types::{Epoch, Round, View};
    use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
    use commonware_parallel::Sequential;
    use commonware_utils::non_empty;
    use commonware_utils::ordered::Set;
    use credo_primitives::certificate::namespace;
    use credo_primitives::{ConsensusKey, Digest, sha256};

    use super::*;

    /// A committee whose members sign what a test wants.
    pub(in super::super) struct Signers {
        pub(in super::super) committee: Committee,
        pub(in super::super) schemes: Vec<Scheme>,
    }

    pub(in super::super) fn signers(epoch: u64, seats: u64) -> Signers {
        let spec = sha256(&[b"spec"]);
        let mut keys: Vec<_> = (0..seats).map(PrivateKey::from_seed).collect();
        keys.sort_by_key(|key| key.public_key());
        let public: Vec<ConsensusKey> = keys.iter().map(|key| key.public_key()).collect();
        let space = namespace(&spec, 0, epoch);
        let scheme = |key: PrivateKey| {
            Scheme::signer(&space, Set::from_iter_dedup(public.iter().cloned()), key).expect("a member")
        };
        Signers {
            committee: Committee::new(spec, 0, epoch, &public).expect("a committee"),
            schemes: keys.into_iter().map(scheme).collect(),
        }
    }

    impl Signers {
        fn proposal(&self, view: u64, block: &str) -> Proposal<Digest> {
            let round = Round::new(Epoch::new(self.committee.epoch()), View::new(view));
            Proposal::new(round, View::new(view - 1), sha256(&[block.as_bytes()]))
        }

        fn read(vote: Vote<Scheme, Digest>) -> SignedVote {
            SignedVote::from_bytes(&vote.encode()).expect("the engine's bytes")
        }

        pub(in super::super) fn notarize(&self, seat: usize, view: u64, block: &str) -> SignedVote {
            let vote = Notarize::sign(&self.schemes[seat], self.proposal(view, block)).expect("signs");
            Self::read(Vote::Notarize(vote))
        }

        fn finalize(&self, seat: usize, view: u64, block: &str) -> SignedVote {
            let vote = Finalize::sign(&self.schemes[seat], self.proposal(view, block)).expect("signs");
            Self::read(Vote::Finalize(vote))
        }

        fn nullify(&self, seat: usize, view: u64) -> SignedVote {
            let round = Round::new(Epoch::new(self.committee.epoch()), View::new(view));
            let vote = Nullify::sign::<Digest>(&self.schemes[seat], round).expect("signs");
            Self::read(Vote::Nullify(vote))
        }

        pub(in super::super) fn notarization(
            &self,
            seats: &[usize],
            view: u64,
            block: &str,
        ) -> Certificate<Scheme, Digest> {
            let proposal = self.proposal(view, block);
            let votes: Vec<_> = seats
                .iter()
                .map(|seat| Notarize::sign(&self.schemes[*seat], proposal.clone()).expect("signs"))
                .collect();
            let made = Notarization::from_notarizes(&self.schemes[0], non_empty![@votes.iter()], &Sequential);
            Certificate::Notarization(made.expect("a quorum"))
        }

        fn finalization(&self, seats: &[usize], view: u64, block: &str) -> Certificate<Scheme, Digest> {
            let proposal = self.proposal(view, block);
            let votes: Vec<_> = seats
                .iter()
                .map(|seat| Finalize::sign(&self.schemes[*seat], proposal.clone()).expect("signs"))
                .collect();
            let made = Finalization::from_finalizes(&self.schemes[0], non_empty![@votes.iter()], &Sequential);
            Certificate::Finalization(made.expect("a quorum"))
        }

        fn nullification(&self, seats: &[usize], view: u64) -> Certificate<Scheme, Digest> {
            let round = Round::new(Epoch::new(self.committee.epoch()), View::new(view));
            let votes: Vec<_> = seats
                .iter()
                .map(|seat| Nullify::sign::<Digest>(&self.schemes[*seat], round).expect("signs"))
                .collect();
            let made =
                Nullification::from_nullifies(&self.schemes[0], non_empty![@votes.iter()], &Sequential);
            Certificate::Nullification(made.expect("a quorum"))
        }
    }

    fn votes(certificate: &Certificate<Scheme, Digest>) -> CertificateVotes {
        CertificateVotes::from_bytes(&certificate.encode()).expect("the engine's bytes")
    }

    /// Whom a piece of evidence convicts, and in which view.
    fn convicted(evidence: &Evidence, signers: &Signers) -> (usize, u64) {
        let guilty = evidence.verify(&signers.committee).expect("convicts");
        let place = |key| signers.committee.keys().iter().position(|k| k == key);
        (place(&guilty.key).expect("a member"), guilty.view)
    }

    struct Node {
        history: History,
        signers: Signers,
    }

    impl Node {
        fn new(kept: usize) -> Self {
            let mut history = History::new(kept);
            history.enter(3);
            Self {
                history,
                signers: signers(3, 4),
            }
        }

        fn vote(&mut self, vote: SignedVote) -> Option<(usize, u64)> {
            let found = self.history.vote(vote, &self.signers.committee);
            found
                .expect("it verifies")
                .map(|evidence| convicted(&evidence, &self.signers))
        }

        fn certificate(&mut self, certificate: &Certificate<Scheme, Digest>) -> Vec<(usize, u64)> {
            let found = self
                .history
                .certificate(votes(certificate), &self.signers.committee);
            let found = found.expect("it verifies");
            found
                .iter()
                .map(|evidence| convicted(evidence, &self.signers))
                .collect()
        }

        /// Lets views pass, each with its certificate.
        fn pass(&mut self, views: std::ops::RangeInclusive<u64>) {
            for view in views {
                let certificate = self.signers.notarization(&[0, 1, 2], view, "block");
                assert_eq!(self.certificate(&certificate), []);
            }
        }
    }

    #[test]
    fn a_second_vote_two_hundred_views_later_convicts() {
        let mut node = Node::new(256);
        node.pass(1..=9);
        let first = node.signers.notarize(3, 10, "a");
        assert_eq!(node.vote(first), None);
        node.pass(10..=210);
        let second = node.signers.notarize(3, 10, "b");
        assert_eq!(node.vote(second.clone()), Some((3, 10)));
        assert_eq!(node.vote(second), None, "one piece of evidence is enough");
    }

    #[test]
    fn a_vote_and_a_certificate_that_holds_the_other_convict_in_either_order() {
        let mut node = Node::new(256);
        let twin = node.signers.notarize(3, 1, "b");
        assert_eq!(node.vote(twin), None);
        // This node has made its own certificate for that view; its peers' holds the twin's signature.
        let own = node.signers.notarization(&[0, 1, 2], 1, "a");
        assert_eq!(node.certificate(&own), []);
        let theirs = node.signers.notarization(&[0, 1, 3], 1, "a");
        assert_eq!(node.certificate(&theirs), [(3, 1)]);

        let mut node = Node::new(256);
        let theirs = node.signers.finalization(&[0, 2, 3], 1, "a");
        assert_eq!(node.certificate(&theirs), []);
        let late = node.signers.nullify(2, 1);
        assert_eq!(node.vote(late), Some((2, 1)));
        let late = node.signers.finalize(3, 1, "b");
        assert_eq!(node.vote(late), Some((3, 1)));

        let mut node = Node::new(256);
        let skipped = node.signers.nullification(&[1, 2, 3], 1);
        assert_eq!(node.certificate(&skipped), []);
        let done = node.signers.finalization(&[0, 1, 2], 1, "a");
        assert_eq!(node.certificate(&done), [(1, 1), (2, 1)]);
    }

    #[test]
    fn what_honest_members_say_convicts_nobody() {
        let mut node = Node::new(256);
        let votes = [
            node.signers.notarize(1, 1, "a"),
            node.signers.notarize(1, 1, "a"),
            node.signers.nullify(1, 1),
            node.signers.notarize(2, 1, "a"),
            node.signers.finalize(2, 1, "a"),
            node.signers.notarize(1, 2, "b"),
            node.signers.finalize(1, 2, "b"),
        ];
        for vote in votes {
            assert_eq!(node.vote(vote), None);
        }
    }

    #[test]
    fn a_wrong_signature_takes_nobodys_place() {
        let mut node = Node::new(256);
        let mut forged = node.signers.notarize(3, 1, "a");
        forged.signature = node.signers.notarize(3, 1, "c").signature;
        let refused = node.history.vote(forged.clone(), &node.signers.committee);
        assert_eq!(refused, Err(VoteError::Signature));
        let mut certificate = votes(&node.signers.notarization(&[0, 1, 3], 5, "a"));
        certificate.votes[2].signature = forged.signature;
        let refused = node.history.certificate(certificate, &node.signers.committee);
        assert_eq!(refused, Err(VoteError::Signature));
        assert!(
            node.history.views.is_empty(),
            "and its other votes don't count either"
        );
        assert!(!node.history.expects(3, 5 + AHEAD), "nor its view");
        let (first, second) = (node.signers.notarize(3, 1, "a"), node.signers.notarize(3, 1, "b"));
        assert_eq!(node.vote(first), None);
        assert_eq!(node.vote(second), Some((3, 1)));
    }

    #[test]
    fn less_than_a_quorum_moves_nothing() {
        let mut node = Node::new(256);
        let mut few = votes(&node.signers.notarization(&[0, 1, 3], 100, "a"));
        few.votes.pop();
        let found = node.history.certificate(few, &node.signers.committee);
        assert_eq!(found, Ok(Vec::new()));
        assert!(node.history.views.is_empty() && !node.history.expects(3, 100));
    }

    #[test]
    fn the_history_is_bounded_and_follows_the_chain_into_the_next_epoch() {
        let mut node = Node::new(8);
        node.pass(1..=20);
        assert_eq!(node.history.views.len(), 8);
        let (old, kept, to_come, far) = (
            node.signers.notarize(3, 12, "a"),
            node.signers.notarize(3, 13, "a"),
            node.signers.notarize(3, 20 + AHEAD, "a"),
            node.signers.notarize(3, 21 + AHEAD, "a"),
        );
        for (vote, views) in [(old, 8), (far, 8), (kept, 8)] {
            assert_eq!(node.vote(vote), None);
            assert_eq!(node.history.views.len(), views);
        }
        assert!(!node.history.views.contains_key(&(3, 12)));
        assert!(!node.history.views.contains_key(&(3, 21 + AHEAD)));
        // The vote in a view that is remembered is held against a later one, in the next epoch, too.
        let next = signers(4, 4);
        node.history.enter(4);
        let certificate = votes(&next.notarization(&[0, 1, 2], 1, "block"));
        assert_eq!(
            node.history.certificate(certificate, &next.committee),
            Ok(Vec::new())
        );
        assert_eq!(node.vote(to_come), None);
        let second = node.signers.notarize(3, 20 + AHEAD, "b");
        assert_eq!(node.vote(second), Some((3, 20 + AHEAD)));
        // Two epochs on nothing of it is left.
        node.history.enter(5);
        for view in 1..=8 {
            let certificate = votes(&next.notarization(&[0, 1, 2], view + 100, "block"));
            assert_eq!(
                node.history.certificate(certificate, &next.committee),
                Ok(Vec::new())
            );
        }
        assert_eq!(node.history.certified.keys().copied().collect::<Vec<_>>(), [4, 5]);
        assert!(node.history.guilty.is_empty());
        assert!(!node.history.remembers(3, 20));
    }
}
