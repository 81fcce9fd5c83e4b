//! P-5: two votes that prove by themselves that a member of a committee signed two ways in one view.
//!
//! A vote's bytes are the engine's own, so what a node hears on the consensus plane can be shown to anyone:
//!
//! | vote | bytes | what is signed, in the namespace of shard and epoch |
//! |---|---|---|
//! | notarize | `0`, epoch, view, parent's view, digest, seat, signature | epoch to digest, in `…_NOTARIZE` |
//! | nullify | `1`, epoch, view, seat, signature | epoch and view, in `…_NULLIFY` |
//! | finalize | `2`, epoch, view, parent's view, digest, seat, signature | epoch to digest, in `…_FINALIZE` |
//!
//! Numbers are varints, digests have 32 and signatures 64 bytes. Evidence is one vote after the other. Signatures are
//! held against the engine's ZIP-215 rule, as certificates are: a vote that the engine counts must be able to convict.
//!
//! An honest member notarizes one proposal in a view, and finalizes that one or nullifies the view, never both. It may
//! notarize and then nullify: such a pair proves nothing.

use bytes::BufMut;
use commonware_codec::{
    Buf, Copying, Decode as _, DecodeExt as _, Encode as _, EncodeSize, Error, Read, ReadExt as _, Write,
    varint::UInt,
};
use commonware_cryptography::Verifier as _;
use commonware_cryptography::ed25519::Signature;
use commonware_cryptography::ed25519::certificate::Certificate;

use crate::certificate::{MAX_CERTIFICATE, MAX_COMMITTEE, namespace};
use crate::{Committee, ConsensusKey, Digest};

/// Most bytes of evidence: two votes with the longest numbers.
pub const MAX_EVIDENCE: usize = 2 * (1 + 3 * 10 + 32 + 5 + 64);

const NOTARIZE: u8 = 0;
const NULLIFY: u8 = 1;
const FINALIZE: u8 = 2;

/// What is to be notarized or finalized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The parent's view within the epoch.
    pub parent: u64,
    /// The block's digest.
    pub digest: Digest,
}

/// What a vote says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// To notarize a proposal.
    Notarize(Proposal),
    /// To skip the view.
    Nullify,
    /// To finalize a proposal.
    Finalize(Proposal),
}

impl Choice {
    fn read_body(tag: u8, buf: &mut impl Buf) -> Result<Self, Error> {
        match tag {
            NOTARIZE => Ok(Self::Notarize(read_proposal(buf)?)),
            NULLIFY => Ok(Self::Nullify),
            FINALIZE => Ok(Self::Finalize(read_proposal(buf)?)),
            other => Err(Error::InvalidEnum(other)),
        }
    }

    fn tag(&self) -> u8 {
        match self {
            Self::Notarize(_) => NOTARIZE,
            Self::Nullify => NULLIFY,
            Self::Finalize(_) => FINALIZE,
        }
    }

    fn proposal(&self) -> Option<&Proposal> {
        match self {
            Self::Notarize(proposal) | Self::Finalize(proposal) => Some(proposal),
            Self::Nullify => None,
        }
    }

    fn suffix(&self) -> &'static [u8] {
        match self {
            Self::Notarize(_) => b"_NOTARIZE",
            Self::Nullify => b"_NULLIFY",
            Self::Finalize(_) => b"_FINALIZE",
        }
    }

    /// True when no honest member says both in one view.
    fn contradicts(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nullify, Self::Finalize(_)) | (Self::Finalize(_), Self::Nullify) => true,
            (Self::Nullify, _) | (_, Self::Nullify) => false,
            _ => self.proposal() != other.proposal(),
        }
    }

    /// The vote's name for people.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Notarize(_) => "notarize",
            Self::Nullify => "nullify",
            Self::Finalize(_) => "finalize",
        }
    }
}

/// A vote with its signature. Its bytes are also what members send each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedVote {
    /// Epoch.
    pub epoch: u64,
    /// View.
    pub view: u64,
    /// What it says.
    pub choice: Choice,
    /// The signer's seat.
    pub seat: u32,
    /// The signature; whose length is all that was checked.
    pub signature: Signature,
}

impl SignedVote {
    /// Takes the bytes of a vote, from anyone.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EvidenceError> {
        if bytes.len() > MAX_EVIDENCE / 2 {
            return Err(EvidenceError::TooLarge(bytes.len()));
        }
        Self::decode(Copying(bytes)).map_err(|e| EvidenceError::Malformed(e.to_string()))
    }

    /// Whose vote it is, if it is one of a member of `committee` in its epoch.
    pub fn verify<'a>(&self, committee: &'a Committee) -> Result<&'a ConsensusKey, VoteError> {
        if self.epoch != committee.epoch() {
            return Err(VoteError::Epoch {
                expected: committee.epoch(),
                got: self.epoch,
            });
        }
        let key = committee.keys().get(self.seat as usize).ok_or(VoteError::Seat {
            seat: self.seat,
            seats: committee.seats(),
        })?;
        let mut space = namespace(committee.spec(), committee.shard(), committee.epoch());
        space.extend_from_slice(self.choice.suffix());
        let mut message = Vec::with_capacity(64);
        self.write_signed(&mut message);
        if key.verify(&space, &message, &self.signature) {
            Ok(key)
        } else {
            Err(VoteError::Signature)
        }
    }

    /// True when no honest member casts both: two of one seat, in one view of one epoch, that contradict each other.
    pub fn conflicts(&self, other: &Self) -> bool {
        (self.epoch, self.view, self.seat) == (other.epoch, other.view, other.seat)
            && self.choice.contradicts(&other.choice)
    }

    fn write_signed(&self, buf: &mut impl BufMut) {
        UInt(self.epoch).write(buf);
        UInt(self.view).write(buf);
        if let Some(proposal) = self.choice.proposal() {
            UInt(proposal.parent).write(buf);
            proposal.digest.write(buf);
        }
    }

    /// The engine's bytes of the vote itself, without the tag that tells votes apart.
    fn read_body(tag: u8, buf: &mut impl Buf) -> Result<Self, Error> {
        let epoch = UInt::read(buf)?.into();
        let view = UInt::read(buf)?.into();
        Ok(Self {
            epoch,
            view,
            choice: Choice::read_body(tag, buf)?,
            seat: UInt::read(buf)?.into(),
            signature: Signature::read(buf)?,
        })
    }
}

fn read_proposal(buf: &mut impl Buf) -> Result<Proposal, Error> {
    Ok(Proposal {
        parent: UInt::read(buf)?.into(),
        digest: Digest::read(buf)?,
    })
}

impl Write for SignedVote {
    fn write(&self, buf: &mut impl BufMut) {
        self.choice.tag().write(buf);
        self.write_signed(buf);
        UInt(self.seat).write(buf);
        self.signature.write(buf);
    }
}
impl EncodeSize for SignedVote {
    fn encode_size(&self) -> usize {
        let proposal = self.choice.proposal();
        1 + UInt(self.epoch).encode_size()
            + UInt(self.view).encode_size()
            + proposal.map_or(0, |p| UInt(p.parent).encode_size() + p.digest.encode_size())
            + UInt(self.seat).encode_size()
            + self.signature.encode_size()
    }
}
impl Read for SignedVote {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let tag = u8::read(buf)?;
        Self::read_body(tag, buf)
    }
}

/// The votes that a certificate was made of. The engine's bytes are a tag (as a vote's), what was signed, the bitmap of
/// the seats that signed, and their signatures; so each is a vote of its signer's as good as one that the signer sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateVotes {
    /// Places in the bitmap: the committee's seats.
    pub seats: usize,
    /// The votes, by seat; of signatures, the length is all that was checked.
    pub votes: Vec<SignedVote>,
}

impl CertificateVotes {
    /// Takes the bytes of a notarization, a nullification or a finalization, from anyone.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EvidenceError> {
        if bytes.len() > MAX_CERTIFICATE {
            return Err(EvidenceError::TooLarge(bytes.len()));
        }
        Self::decode(Copying(bytes)).map_err(|e| EvidenceError::Malformed(e.to_string()))
    }

    /// Takes the bytes of a finalization as blocks are certified with: without the tag.
    pub fn of_finalization(bytes: &[u8]) -> Result<Self, EvidenceError> {
        let tagged: Vec<u8> = [FINALIZE].into_iter().chain(bytes.iter().copied()).collect();
        Self::from_bytes(&tagged)
    }
}

impl Read for CertificateVotes {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let tag = u8::read(buf)?;
        let epoch = UInt::read(buf)?.into();
        let view = UInt::read(buf)?.into();
        let choice = Choice::read_body(tag, buf)?;
        let certificate = Certificate::read_cfg(buf, &MAX_COMMITTEE)?;
        let mut votes = Vec::with_capacity(certificate.signatures.len());
        for (seat, signature) in certificate.signers.iter().zip(&certificate.signatures) {
            votes.push(SignedVote {
                epoch,
                view,
                choice,
                seat: seat.get(),
                signature: signature
                    .get()
                    .ok_or(Error::Invalid("Certificate", "a signature is malformed"))?
                    .clone(),
            });
        }
        Ok(Self {
            seats: certificate.signers.len(),
            votes,
        })
    }
}

/// Two votes of one member in one view that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// One vote.
    pub first: SignedVote,
    /// The other.
    pub second: SignedVote,
}
codec_struct!(Evidence { first, second });

/// Two votes without the tags that would tell them apart.
struct Bodies(SignedVote, SignedVote);

impl Read for Bodies {
    type Cfg = (u8, u8);
    fn read_cfg(buf: &mut impl Buf, (first, second): &(u8, u8)) -> Result<Self, Error> {
        let first = SignedVote::read_body(*first, buf)?;
        Ok(Self(first, SignedVote::read_body(*second, buf)?))
    }
}

/// The pairs of votes that the engine itself finds in conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Its `ConflictingNotarize`.
    Notarizes,
    /// Its `ConflictingFinalize`.
    Finalizes,
    /// Its `NullifyFinalize`.
    NullifyFinalize,
}

/// Who is proved guilty of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guilty {
    /// The member's key.
    pub key: ConsensusKey,
    /// The epoch in which it signed.
    pub epoch: u64,
    /// The view in which it signed two ways.
    pub view: u64,
}

/// Which of the two votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The first.
    First,
    /// The second.
    Second,
}

impl core::fmt::Display for Which {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::First => "first",
            Self::Second => "second",
        })
    }
}

/// Why a vote isn't a member's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VoteError {
    /// It is of another epoch than the committee.
    #[error("the vote is of epoch {got}, the committee of epoch {expected}")]
    Epoch {
        /// The committee's.
        expected: u64,
        /// The vote's.
        got: u64,
    },
    /// The committee has no such seat.
    #[error("seat {seat} isn't on the committee, which has {seats} seats")]
    Seat {
        /// The vote's seat.
        seat: u32,
        /// Seats in all.
        seats: usize,
    },
    /// The signature isn't the member's.
    #[error("the vote's signature is wrong")]
    Signature,
}

/// Why evidence convicts nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// Longer than any evidence.
    #[error("the evidence has {0} bytes; none has more than {MAX_EVIDENCE}")]
    TooLarge(usize),
    /// The bytes are no evidence.
    #[error("the evidence's bytes are malformed: {0}")]
    Malformed(String),
    /// The votes are of two epochs.
    #[error("the votes are of two epochs: {first} and {second}")]
    Epochs {
        /// The first vote's.
        first: u64,
        /// The second vote's.
        second: u64,
    },
    /// The votes are of another epoch than the committee.
    #[error("the votes are of epoch {got}, the committee of epoch {expected}")]
    Epoch {
        /// The committee's.
        expected: u64,
        /// The votes'.
        got: u64,
    },
    /// The votes are of two views.
    #[error("the votes are of two views: {first} and {second}")]
    Views {
        /// The first vote's.
        first: u64,
        /// The second vote's.
        second: u64,
    },
    /// The votes are of two members.
    #[error("the votes are of two members: those on seats {first} and {second}")]
    Signers {
        /// The first vote's seat.
        first: u32,
        /// The second vote's seat.
        second: u32,
    },
    /// The votes agree, or a member may cast both.
    #[error(
        "a member may cast these two votes ({first} and {second}) in one view: they don't contradict each other"
    )]
    NoConflict {
        /// The first vote's name.
        first: &'static str,
        /// The second vote's name.
        second: &'static str,
    },
    /// The committee has no such seat.
    #[error("seat {seat} isn't on the committee, which has {seats} seats")]
    Seat {
        /// The votes' seat.
        seat: u32,
        /// Seats in all.
        seats: usize,
    },
    /// A signature isn't the member's.
    #[error("the signature of the {0} vote is wrong")]
    Signature(Which),
}

impl Evidence {
    /// Takes the bytes of evidence, from anyone.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EvidenceError> {
        if bytes.len() > MAX_EVIDENCE {
            return Err(EvidenceError::TooLarge(bytes.len()));
        }
        Self::decode(Copying(bytes)).map_err(|e| EvidenceError::Malformed(e.to_string()))
    }

    /// Takes the bytes of a pair as the engine writes it.
    pub fn from_engine(conflict: Conflict, bytes: &[u8]) -> Result<Self, EvidenceError> {
        let (first, second) = match conflict {
            Conflict::Notarizes => (NOTARIZE, NOTARIZE),
            Conflict::Finalizes => (FINALIZE, FINALIZE),
            Conflict::NullifyFinalize => (NULLIFY, FINALIZE),
        };
        if bytes.len() > MAX_EVIDENCE {
            return Err(EvidenceError::TooLarge(bytes.len()));
        }
        let Bodies(first, second) = Bodies::decode_cfg(Copying(bytes), &(first, second))
            .map_err(|e| EvidenceError::Malformed(e.to_string()))?;
        Ok(Self { first, second })
    }

    /// The bytes, for a transaction or a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode().to_vec()
    }

    /// Says whom these votes convict, if they are of a member of `committee`.
    pub fn verify(&self, committee: &Committee) -> Result<Guilty, EvidenceError> {
        let (first, second) = (&self.first, &self.second);
        if first.epoch != second.epoch {
            return Err(EvidenceError::Epochs {
                first: first.epoch,
                second: second.epoch,
            });
        }
        if first.epoch != committee.epoch() {
            return Err(EvidenceError::Epoch {
                expected: committee.epoch(),
                got: first.epoch,
            });
        }
        if first.view != second.view {
            return Err(EvidenceError::Views {
                first: first.view,
                second: second.view,
            });
        }
        if first.seat != second.seat {
            return Err(EvidenceError::Signers {
                first: first.seat,
                second: second.seat,
            });
        }
        if !first.choice.contradicts(&second.choice) {
            return Err(EvidenceError::NoConflict {
                first: first.choice.name(),
                second: second.choice.name(),
            });
        }
        let member = |which, vote: &SignedVote| {
            vote.verify(committee).map_err(|error| match error {
                VoteError::Epoch { expected, got } => EvidenceError::Epoch { expected, got },
                VoteError::Seat { seat, seats } => EvidenceError::Seat { seat, seats },
                VoteError::Signature => EvidenceError::Signature(which),
            })
        };
        let key = member(Which::First, first)?.clone();
        member(Which::Second, second)?;
        Ok(Guilty {
            key,
            epoch: first.epoch,
            view: first.view,
        })
    }
}
