//! Committees and the certificates by which they make a block final.
//!
//! The one check of a certificate in the whole project: nodes, command line and browser call
//! [`Committee::verify`]. It applies the engine's own ZIP-215 rule; a plain ed25519 verifier would refuse
//! certificates that nodes accept.

use bytes::Bytes;
use commonware_codec::{
    Buf, Copying, DecodeExt as _, Encode as _, Error, Read, ReadExt as _, Write as _, varint::UInt,
};
use commonware_cryptography::certificate::Verifier as _;
pub use commonware_cryptography::ed25519::PublicKey as ConsensusKey;
use commonware_cryptography::ed25519::certificate::Certificate;
use commonware_parallel::Sequential;
use commonware_utils::ordered::Set;
use rand_core::CryptoRng;

use crate::{Digest, Header};

/// Most seats of a committee.
pub const MAX_COMMITTEE: usize = 128;
/// Largest certificate in bytes.
pub const MAX_CERTIFICATE: usize = 16 * 1024;
/// Most headers from a block to the next certified descendant (P-42).
pub const MAX_DESCENDANTS: usize = 64;

/// Why a certificate doesn't make a header final.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The bytes are no certificate.
    #[error("the certificate's bytes are malformed: {0}")]
    Malformed(String),
    /// Signed for another epoch.
    #[error("the certificate is for epoch {got}, the header for epoch {expected}")]
    Epoch {
        /// The header's epoch.
        expected: u64,
        /// The certificate's.
        got: u64,
    },
    /// Signed another block.
    #[error("the certificate signs block {got}, not {expected}")]
    Digest {
        /// The header's digest.
        expected: Digest,
        /// The certificate's.
        got: Digest,
    },
    /// The signer bitmap isn't of this committee's size.
    #[error("the signer bitmap has {got} places, the committee {expected} seats")]
    Bitmap {
        /// Seats.
        expected: usize,
        /// Places.
        got: usize,
    },
    /// Too few signatures.
    #[error("only {got} of the {needed} needed signatures")]
    Quorum {
        /// n − ⌊(n−1)/3⌋.
        needed: usize,
        /// Signatures in the certificate.
        got: usize,
    },
    /// A signature doesn't verify.
    #[error("a signature in the certificate is wrong")]
    Signature,
    /// The chain of headers to the certified descendant is broken.
    #[error("header {height} doesn't follow from the one before it")]
    Descendants {
        /// Height of the header that doesn't fit.
        height: u64,
    },
}

/// The validators that sign one shard's blocks in one epoch, in the order of their key bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committee {
    spec: Digest,
    shard: u16,
    epoch: u64,
    keys: Set<ConsensusKey>,
}

/// How many of a committee of `n` must sign: n − ⌊(n−1)/3⌋.
pub const fn quorum(n: usize) -> usize {
    n - n.saturating_sub(1) / 3
}

/// The engine's base namespace for a shard's epoch of one chain: no vote counts anywhere else (P-5).
pub fn namespace(spec: &Digest, shard: u16, epoch: u64) -> Vec<u8> {
    let mut out = b"credo".to_vec();
    out.extend_from_slice(spec.as_ref());
    out.extend_from_slice(&shard.to_be_bytes());
    out.extend_from_slice(&epoch.to_be_bytes());
    out
}

mod scheme {
    #![allow(missing_docs, unreachable_pub, dead_code, unexpected_cfgs)]
    use bytes::Bytes;
    use commonware_cryptography::certificate::Subject;

    /// The bytes of a finalize vote.
    #[derive(Clone, Debug)]
    pub struct Finalize(pub Bytes);

    impl Subject for Finalize {
        type Namespace = Vec<u8>;
        fn namespace<'a>(&self, derived: &'a Self::Namespace) -> &'a [u8] {
            derived
        }
        fn message(&self) -> Bytes {
            self.0.clone()
        }
    }

    commonware_cryptography::impl_certificate_ed25519!(Finalize, Vec<u8>, commonware_utils::N3f1);
}

/// The engine's finalization: what is signed (`epoch, view, parent view` as varints, then the digest), then the
/// signer bitmap and signatures.
struct Finalization {
    epoch: u64,
    view: u64,
    parent: u64,
    digest: Digest,
    certificate: Certificate,
}

impl Read for Finalization {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        Ok(Self {
            epoch: UInt::read(buf)?.into(),
            view: UInt::read(buf)?.into(),
            parent: UInt::read(buf)?.into(),
            digest: Digest::read(buf)?,
            certificate: Certificate::read_cfg(buf, &MAX_COMMITTEE)?,
        })
    }
}

/// What a certificate says, once verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateInfo {
    /// View in which it was made; may be later than the header's (P-30).
    pub view: u64,
    /// Seats that signed, ascending.
    pub signers: Vec<u32>,
    /// Seats in all.
    pub seats: usize,
}

impl Committee {
    /// The committee of `shard` in `epoch`. Keys are sorted; `None` when empty, too many, or one stands twice.
    pub fn new(spec: Digest, shard: u16, epoch: u64, keys: &[ConsensusKey]) -> Option<Self> {
        if keys.is_empty() || keys.len() > MAX_COMMITTEE {
            return None;
        }
        let mut keys = keys.to_vec();
        keys.sort();
        let keys = Set::try_from(keys).ok()?;
        Some(Self {
            spec,
            shard,
            epoch,
            keys,
        })
    }

    /// Members in seat order.
    pub fn keys(&self) -> &[ConsensusKey] {
        self.keys.as_ref()
    }

    /// Number of seats.
    pub fn seats(&self) -> usize {
        self.keys.len()
    }

    /// Signatures that a certificate needs.
    pub fn quorum(&self) -> usize {
        quorum(self.seats())
    }

    /// The chain.
    pub fn spec(&self) -> &Digest {
        &self.spec
    }

    /// The shard.
    pub fn shard(&self) -> u16 {
        self.shard
    }

    /// The epoch.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Who has the turn in `view` (P-2): the engine's round-robin.
    pub fn leader(&self, view: u64) -> &ConsensusKey {
        let keys = self.keys();
        &keys[((self.epoch.wrapping_add(view)) % keys.len() as u64) as usize]
    }

    /// Checks that `certificate` (the engine's finalization bytes) makes `header` final.
    ///
    /// `rng` weighs the batched signatures and must be unpredictable to whoever made the certificate.
    pub fn verify(
        &self,
        rng: &mut impl CryptoRng,
        header: &Header,
        certificate: &[u8],
    ) -> Result<CertificateInfo, CertificateError> {
        let malformed = |e: &dyn core::fmt::Display| CertificateError::Malformed(e.to_string());
        if certificate.len() > MAX_CERTIFICATE {
            return Err(malformed(&"too long"));
        }
        let Finalization {
            epoch,
            view,
            parent,
            digest,
            certificate,
        } = Finalization::decode(Copying(certificate)).map_err(|e| malformed(&e))?;
        let mut message = Vec::with_capacity(62);
        UInt(epoch).write(&mut message);
        UInt(view).write(&mut message);
        UInt(parent).write(&mut message);
        digest.write(&mut message);
        if epoch != header.epoch || epoch != self.epoch {
            return Err(CertificateError::Epoch {
                expected: header.epoch,
                got: epoch,
            });
        }
        let expected = header.digest();
        if digest != expected {
            return Err(CertificateError::Digest {
                expected,
                got: digest,
            });
        }
        if certificate.signers.len() != self.seats() {
            return Err(CertificateError::Bitmap {
                expected: self.seats(),
                got: certificate.signers.len(),
            });
        }
        let signers: Vec<u32> = certificate.signers.iter().map(|p| p.get()).collect();
        if signers.len() < self.quorum() {
            return Err(CertificateError::Quorum {
                needed: self.quorum(),
                got: signers.len(),
            });
        }
        let mut base = namespace(&self.spec, self.shard, self.epoch);
        base.extend_from_slice(b"_FINALIZE");
        let verifier = scheme::Scheme::verifier(&base, self.keys.clone());
        if !verifier.verify_certificate::<_, Digest>(
            rng,
            scheme::Finalize(message.into()),
            &certificate,
            &Sequential,
        ) {
            return Err(CertificateError::Signature);
        }
        Ok(CertificateInfo {
            view,
            signers,
            seats: self.seats(),
        })
    }

    /// Checks a header by its own certificate or by that of a descendant in the same epoch (P-42).
    pub fn verify_certified(
        &self,
        rng: &mut impl CryptoRng,
        certified: &CertifiedHeader,
    ) -> Result<CertificateInfo, CertificateError> {
        let mut last = &certified.header;
        for next in &certified.descendants {
            let follows = next.parent == last.digest()
                && next.height == last.height + 1
                && next.epoch == last.epoch
                && next.shard == last.shard
                && next.spec == last.spec;
            if !follows {
                return Err(CertificateError::Descendants { height: next.height });
            }
            last = next;
        }
        self.verify(rng, last, &certified.certificate)
    }
}

/// A header with what makes it final: its certificate, or the headers up to a descendant that has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertifiedHeader {
    /// The header in question.
    pub header: Header,
    /// Its descendants up to the certified one; empty when the header is certified itself.
    pub descendants: Vec<Header>,
    /// The engine's finalization bytes of the last of them.
    pub certificate: Vec<u8>,
}
codec_struct!(CertifiedHeader {
    header,
    descendants: MAX_DESCENDANTS,
    certificate: MAX_CERTIFICATE
});

impl CertifiedHeader {
    /// The bytes, for a frame.
    pub fn to_bytes(&self) -> Bytes {
        self.encode()
    }
}
