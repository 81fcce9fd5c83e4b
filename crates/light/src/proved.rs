//! A value together with what proved it.

use commonware_codec::{Copying, DecodeExt as _, Read};
use credo_primitives::certificate::CertificateInfo;
use credo_primitives::{Digest, Header, StateKey};

use crate::LightError;

/// What a proof led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofInfo {
    /// The block.
    pub height: u64,
    /// Its epoch.
    pub epoch: u64,
    /// Its time, ms since 1970.
    pub time_ms: u64,
    /// Its digest.
    pub digest: Digest,
    /// Signatures in the certificate.
    pub signatures: u32,
    /// Seats of the committee.
    pub seats: u32,
}

impl ProofInfo {
    pub(crate) fn new(header: &Header, digest: Digest, certificate: &CertificateInfo) -> Self {
        Self {
            height: header.height,
            epoch: header.epoch,
            time_ms: header.time_ms,
            digest,
            signatures: certificate.signers.len() as u32,
            seats: certificate.seats as u32,
        }
    }
}

/// A value that a header under a valid certificate proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved<T> {
    /// The value.
    pub value: T,
    /// What proved it.
    pub proof: ProofInfo,
}

impl<T> Proved<T> {
    /// The same proof for something that follows from the value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Proved<U> {
        Proved {
            value: f(self.value),
            proof: self.proof,
        }
    }
}

impl Proved<Option<Vec<u8>>> {
    /// Reads a proved value as what stands under its key: a balance, an account, a voter, a round …
    pub fn decode<T: Read<Cfg = ()>>(&self, key: &StateKey) -> Result<Proved<Option<T>>, LightError> {
        let value = self
            .value
            .as_deref()
            .map(|bytes| {
                T::decode(Copying(bytes)).map_err(|e| LightError::Unreadable {
                    key: key.clone(),
                    reason: e.to_string(),
                })
            })
            .transpose()?;
        Ok(Proved {
            value,
            proof: self.proof.clone(),
        })
    }
}
