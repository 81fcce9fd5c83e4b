//! Following the chain: committees, heads, contradictions (P-40, P-41, P-43).

mod contradiction;
mod past;

use std::collections::BTreeMap;
use std::sync::Arc;

use credo_msb::HandOver;
use credo_primitives::block::HEADER_VERSION;
use credo_primitives::certificate::CertificateInfo;
use credo_primitives::{CertifiedHeader, ChainSpec, Committee, Digest, Header, sha256};
use rand_core::CryptoRng;

use contradiction::Known;

use crate::checkpoint::{CHECKPOINT_VERSION, KnownCommittee, StoredHead};
use crate::{Checkpoint, Conflict, ConflictKind, LightError, ProofInfo, RelayId};

/// Heights below the newest verified head whose blocks are remembered, to notice contradictions.
pub const RECENT: usize = 256;
/// Committees that are kept: of the newest epoch known and the two before it.
const COMMITTEES: u64 = 3;

/// Where the trust began (P-40).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// At genesis, by the chain spec's hash.
    Genesis,
    /// At a stored or shipped checkpoint.
    Checkpoint {
        /// Its epoch.
        epoch: u64,
    },
}

/// What a certified header was to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadEvent {
    /// Verified, and newer than all before.
    Newer,
    /// The newest verified head once more.
    Same,
    /// Verified, but older than the newest.
    Old,
    /// Of an epoch whose committee isn't known yet: apply hand-overs from this epoch on, then come again.
    NeedHandOvers {
        /// The first epoch whose hand-over is missing.
        from: u64,
    },
}

/// A head under a valid certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedHead {
    /// The header with what makes it final.
    pub certified: CertifiedHeader,
    /// Its digest.
    pub digest: Digest,
    /// Who signed, in which view.
    pub certificate: CertificateInfo,
}

impl VerifiedHead {
    /// The header.
    pub fn header(&self) -> &Header {
        &self.certified.header
    }
    /// What a value under this head is proved by.
    pub fn proof(&self) -> ProofInfo {
        ProofInfo::new(&self.certified.header, self.digest, &self.certificate)
    }
}

/// Verifies everything, holds what is trusted. See the [crate's documentation](crate).
#[derive(Clone, Debug)]
pub struct LightClient {
    spec: Arc<ChainSpec>,
    spec_hash: Digest,
    anchor: Anchor,
    /// By epoch; the newest is that of the epoch after the last hand-over.
    committees: BTreeMap<u64, Committee>,
    /// Digest of the MSB header before the newest epoch; of the genesis header before epoch 0.
    msb: Digest,
    /// Committee of the anchor's epoch, and the MSB digest before it.
    start: (Committee, Digest),
    /// Digests of the MSB headers since, and their blocks' times, by epoch from the anchor's on.
    past: Vec<(Digest, u64)>,
    /// The last hand-overs, for contradictions: epoch, digest of the MSB before, hand-over.
    hand_overs: BTreeMap<u64, (Digest, HandOver)>,
    hand_overs_verified: u64,
    head: Option<VerifiedHead>,
    recent: BTreeMap<u64, Known>,
    conflicts: Vec<Conflict>,
    max_lag_ms: u64,
}

impl LightClient {
    /// Starts at genesis. With `expected`, the spec must have that hash (P-40).
    pub fn new(spec: ChainSpec, expected: Option<Digest>) -> Result<Self, LightError> {
        spec.validate()?;
        let got = spec.hash();
        if let Some(expected) = expected
            && expected != got
        {
            return Err(LightError::WrongChain { expected, got });
        }
        let committee = spec.genesis_committee()?;
        let msb = spec.genesis_header().digest();
        let start = committee.clone();
        let committees = BTreeMap::from([(0, committee)]);
        Ok(Self::start(spec, Anchor::Genesis, committees, start, msb))
    }

    fn start(
        spec: ChainSpec,
        anchor: Anchor,
        committees: BTreeMap<u64, Committee>,
        start: Committee,
        msb: Digest,
    ) -> Self {
        let max_lag_ms = spec.parameters.slot_ms.saturating_mul(10).max(10_000);
        Self {
            spec_hash: spec.hash(),
            spec: Arc::new(spec),
            anchor,
            committees,
            msb,
            start: (start, msb),
            past: Vec::new(),
            hand_overs: BTreeMap::new(),
            hand_overs_verified: 0,
            head: None,
            recent: BTreeMap::new(),
            conflicts: Vec::new(),
            max_lag_ms,
        }
    }

    /// Goes on from a stored checkpoint. With `expected`, it must be of that chain.
    pub fn restore(checkpoint: Checkpoint, expected: Option<Digest>) -> Result<Self, LightError> {
        let Checkpoint {
            version: _,
            spec,
            epoch,
            msb,
            committees,
            head,
        } = checkpoint;
        spec.validate()?;
        let got = spec.hash();
        if let Some(expected) = expected
            && expected != got
        {
            return Err(LightError::WrongChain { expected, got });
        }
        let broken = |what: &str| LightError::Checkpoint(what.into());
        let mut known = BTreeMap::new();
        for KnownCommittee { epoch, keys } in committees {
            let committee = Committee::new(got, 0, epoch, &keys)
                .ok_or_else(|| broken("a committee in it is empty or names a key twice"))?;
            known.insert(epoch, committee);
        }
        let newest = known.get(&epoch).cloned();
        let start = newest.ok_or_else(|| broken("the committee of its epoch is missing"))?;
        if known.keys().any(|known| *known > epoch) {
            return Err(broken("it knows a committee of a later epoch than its own"));
        }
        let mut client = Self::start(spec, Anchor::Checkpoint { epoch }, known, start, msb);
        if let Some(StoredHead {
            certified,
            view,
            signers,
            seats,
        }) = head
        {
            let head = VerifiedHead {
                digest: certified.header.digest(),
                certificate: CertificateInfo {
                    view,
                    signers,
                    seats: seats as usize,
                },
                certified,
            };
            client.remember(&head);
            client.head = Some(head);
        }
        Ok(client)
    }

    /// What is trusted now, for storing.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            version: CHECKPOINT_VERSION,
            spec: (*self.spec).clone(),
            epoch: self.newest_epoch(),
            msb: self.msb,
            committees: self
                .committees
                .iter()
                .map(|(epoch, committee)| KnownCommittee {
                    epoch: *epoch,
                    keys: committee.keys().to_vec(),
                })
                .collect(),
            head: self.head.as_ref().map(|head| StoredHead {
                certified: head.certified.clone(),
                view: head.certificate.view,
                signers: head.certificate.signers.clone(),
                seats: head.certificate.seats as u32,
            }),
        }
    }

    /// The chain's spec.
    pub fn spec(&self) -> &Arc<ChainSpec> {
        &self.spec
    }

    /// The chain's identity.
    pub fn spec_hash(&self) -> &Digest {
        &self.spec_hash
    }

    /// Where the trust began.
    pub fn anchor(&self) -> Anchor {
        self.anchor
    }

    /// Epoch of the newest committee known.
    pub fn newest_epoch(&self) -> u64 {
        self.committees.last_key_value().map_or(0, |(epoch, _)| *epoch)
    }

    /// A committee that is known: of the newest epoch or the two before.
    pub fn committee(&self, epoch: u64) -> Option<&Committee> {
        self.committees.get(&epoch)
    }

    /// Hand-overs verified since the anchor.
    pub fn hand_overs_verified(&self) -> u64 {
        self.hand_overs_verified
    }

    /// Digest of the newest MSB header that is trusted (of the genesis header before the first).
    pub fn msb(&self) -> &Digest {
        &self.msb
    }

    /// The newest verified head.
    pub fn head(&self) -> Option<&VerifiedHead> {
        self.head.as_ref()
    }

    /// Contradictions found, oldest first, at most eight.
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// The contradiction that stops this client, if there is one.
    pub fn stopped_by(&self) -> Option<&Conflict> {
        self.conflicts.iter().find(|conflict| conflict.stops)
    }

    /// How far, in ms of the blocks' times, a state answer may lie behind the verified head. Ten slots, at least 10 s.
    pub fn max_lag_ms(&self) -> u64 {
        self.max_lag_ms
    }

    /// Sets [`LightClient::max_lag_ms`].
    pub fn set_max_lag_ms(&mut self, max_lag_ms: u64) {
        self.max_lag_ms = max_lag_ms;
    }

    /// A short code that two people can compare: it stands for the chain and everything up to its newest MSB (P-40).
    pub fn code(&self) -> String {
        let digest = sha256(&[b"credo-code", self.spec_hash.as_ref(), self.msb.as_ref()]);
        // 32 letters and digits that are hard to confuse: 5 bits each, 60 bits in all.
        const LETTERS: &[u8; 32] = b"23456789abcdefghjkmnpqrstuvwxyz0";
        let mut bits = u64::from_be_bytes(*digest.0.first_chunk().expect("a digest has 32 bytes"));
        let mut code = String::with_capacity(14);
        for place in 0..12 {
            if place > 0 && place % 4 == 0 {
                code.push('-');
            }
            code.push(char::from(LETTERS[(bits >> 59) as usize]));
            bits <<= 5;
        }
        code
    }

    /// Applies the next hand-over (P-32). One that was applied before is checked against what is known (P-43).
    pub fn apply_hand_over(
        &mut self,
        rng: &mut impl CryptoRng,
        hand_over: &HandOver,
    ) -> Result<(), LightError> {
        self.go_on()?;
        let newest = self.newest_epoch();
        let epoch = hand_over.header.epoch;
        if epoch < newest {
            return self.compare_hand_over(rng, hand_over);
        }
        let committee = self.committees.get(&newest).ok_or_else(|| self.unknown(newest))?;
        let (next, info) = hand_over.verify(rng, &self.spec, committee, &self.msb)?;
        let certified = CertifiedHeader {
            header: hand_over.header.clone(),
            descendants: Vec::new(),
            certificate: hand_over.certificate.clone(),
        };
        self.accept(certified, info)?;
        self.hand_overs.insert(newest, (self.msb, hand_over.clone()));
        self.msb = hand_over.msb.digest();
        self.past.push((self.msb, hand_over.header.time_ms));
        self.committees.insert(newest + 1, next);
        self.hand_overs_verified += 1;
        let keep = (newest + 2).saturating_sub(COMMITTEES);
        self.committees.retain(|epoch, _| *epoch >= keep);
        self.hand_overs.retain(|epoch, _| *epoch >= keep);
        Ok(())
    }

    /// A second hand-over of an epoch that was left already: the same, a lie, or a broken chain.
    fn compare_hand_over(
        &mut self,
        rng: &mut impl CryptoRng,
        hand_over: &HandOver,
    ) -> Result<(), LightError> {
        let epoch = hand_over.header.epoch;
        let Some(((previous, first), committee)) =
            self.hand_overs.get(&epoch).zip(self.committees.get(&epoch))
        else {
            return Err(self.unknown(epoch));
        };
        hand_over.verify(rng, &self.spec, committee, previous)?;
        if first.header.digest() == hand_over.header.digest() {
            return Ok(());
        }
        let conflict = ConflictKind::HandOvers {
            first: first.clone(),
            second: hand_over.clone(),
        };
        let ours = first.header.time_ms;
        self.found(&hand_over.header, ours, conflict)
    }

    /// Takes a certified header that a relay pushed or answered. `relay` names it in nothing but the caller's view.
    pub fn apply_head(
        &mut self,
        rng: &mut impl CryptoRng,
        _relay: RelayId,
        certified: &CertifiedHeader,
    ) -> Result<HeadEvent, LightError> {
        self.go_on()?;
        match self.verify_header(rng, certified) {
            Ok((_, event)) => Ok(event),
            Err(LightError::UnknownCommittee { epoch, newest, .. }) if epoch > newest => {
                Ok(HeadEvent::NeedHandOvers { from: newest })
            }
            Err(error) => Err(error),
        }
    }

    /// Checks a header by its fields and certificate (P-41), notices contradictions, and moves the head when it is
    /// newer. All that is proved goes through here.
    pub(crate) fn verify_header(
        &mut self,
        rng: &mut impl CryptoRng,
        certified: &CertifiedHeader,
    ) -> Result<(ProofInfo, HeadEvent), LightError> {
        self.go_on()?;
        let header = &certified.header;
        let height = header.height;
        for header in std::iter::once(header).chain(&certified.descendants) {
            if header.version != HEADER_VERSION {
                return Err(LightError::UpdateNeeded(format!(
                    "header {} has format {}, this release reads format {HEADER_VERSION}",
                    header.height, header.version
                )));
            }
            let height = header.height;
            let checks = [
                (header.spec == self.spec_hash, "chain"),
                (header.shard == 0, "shard"),
                (header.height > 0, "height"),
                (header.epoch == self.spec.epoch_of(header.height), "epoch"),
                (
                    header.msb.is_some() == (header.height == self.spec.last_height(header.epoch)),
                    "Micro State Block",
                ),
            ];
            if let Some((_, field)) = checks.iter().find(|(fits, _)| !fits) {
                return Err(LightError::Header { height, field });
            }
        }
        let committee = self
            .committees
            .get(&header.epoch)
            .ok_or_else(|| self.unknown(header.epoch))?;
        // The same bytes were checked before: every block's head comes from every relay.
        if let Some(head) = self.head.as_ref().filter(|head| head.certified == *certified) {
            return Ok((head.proof(), HeadEvent::Same));
        }
        let info = committee
            .verify_certified(rng, certified)
            .map_err(|source| LightError::Certificate { height, source })?;
        let digest = header.digest();
        let proof = ProofInfo::new(header, digest, &info);
        let event = self.accept(certified.clone(), info)?;
        Ok((proof, event))
    }

    /// A header that is final: compares it with what is known and takes it as the head when it is newer.
    fn accept(
        &mut self,
        certified: CertifiedHeader,
        certificate: CertificateInfo,
    ) -> Result<HeadEvent, LightError> {
        for header in std::iter::once(&certified.header).chain(&certified.descendants) {
            if let Some((first, ours)) = self.contradicts(header) {
                let kind = ConflictKind::Headers {
                    first: (*first).clone(),
                    second: certified.clone(),
                };
                self.found(header, ours, kind)?;
                // It lies too far back to stop anything; it is no news either.
                return Ok(HeadEvent::Old);
            }
        }
        let head = VerifiedHead {
            digest: certified.header.digest(),
            certificate,
            certified,
        };
        self.remember(&head);
        let height = head.header().height;
        let event = match self.head.as_ref().map(|h| h.header().height) {
            Some(newest) if newest == height => HeadEvent::Same,
            Some(newest) if newest > height => HeadEvent::Old,
            _ => {
                self.head = Some(head);
                HeadEvent::Newer
            }
        };
        Ok(event)
    }

    /// Nothing more is verified once the chain is known to be broken.
    fn go_on(&self) -> Result<(), LightError> {
        match self.stopped_by() {
            Some(conflict) => Err(LightError::Conflict(Box::new(conflict.clone()))),
            None => Ok(()),
        }
    }

    fn unknown(&self, epoch: u64) -> LightError {
        LightError::UnknownCommittee {
            epoch,
            oldest: self.committees.first_key_value().map_or(0, |(e, _)| *e),
            newest: self.newest_epoch(),
        }
    }
}
