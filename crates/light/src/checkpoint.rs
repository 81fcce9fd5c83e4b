//! A trusted point that can be stored, so that the next start doesn't begin at genesis.

use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use credo_primitives::certificate::MAX_COMMITTEE;
use credo_primitives::{CertifiedHeader, ChainSpec, ConsensusKey, Digest, codec_struct};

use crate::LightError;

/// The checkpoint format that this release reads and writes.
pub(crate) const CHECKPOINT_VERSION: u8 = 1;

/// A committee that a verified hand-over named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownCommittee {
    pub(crate) epoch: u64,
    pub(crate) keys: Vec<ConsensusKey>,
}
codec_struct!(KnownCommittee {
    epoch,
    keys: MAX_COMMITTEE
});

/// The last verified head as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredHead {
    pub(crate) certified: CertifiedHeader,
    pub(crate) view: u64,
    pub(crate) signers: Vec<u32>,
    pub(crate) seats: u32,
}
codec_struct!(StoredHead {
    certified,
    view,
    signers: MAX_COMMITTEE,
    seats
});

/// What a client has verified so far, as a trusted start for later. Store it under its [`Checkpoint::spec_hash`];
/// whoever can change it can deceive the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub(crate) version: u8,
    pub(crate) spec: ChainSpec,
    /// Epoch of the newest known committee; also the number of hand-overs since genesis.
    pub(crate) epoch: u64,
    /// Digest of the MSB header before that epoch.
    pub(crate) msb: Digest,
    pub(crate) committees: Vec<KnownCommittee>,
    pub(crate) head: Option<StoredHead>,
}
codec_struct!(Checkpoint {
    version,
    spec,
    epoch,
    msb,
    committees: 3,
    head
});

impl Checkpoint {
    /// The chain it belongs to: the key to store it under.
    pub fn spec_hash(&self) -> Digest {
        self.spec.hash()
    }

    /// The chain's spec.
    pub fn spec(&self) -> &ChainSpec {
        &self.spec
    }

    /// Epoch of the newest committee that it knows.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Height and time (ms) of the newest head that it knows.
    pub fn head(&self) -> Option<(u64, u64)> {
        let head = self.head.as_ref()?;
        Some((head.certified.header.height, head.certified.header.time_ms))
    }

    /// The bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode().to_vec()
    }

    /// Reads stored bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LightError> {
        match bytes.first() {
            Some(&CHECKPOINT_VERSION) => {}
            Some(other) => {
                return Err(LightError::Checkpoint(format!(
                    "it has format {other}, this release reads format {CHECKPOINT_VERSION}"
                )));
            }
            None => return Err(LightError::Checkpoint("it is empty".into())),
        }
        let checkpoint = Self::decode(Copying(bytes)).map_err(|e| LightError::Checkpoint(e.to_string()))?;
        checkpoint.spec.validate()?;
        Ok(checkpoint)
    }
}
