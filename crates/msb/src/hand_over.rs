//! Hand-overs from one committee to the next (P-32).

use credo_primitives::certificate::{CertificateInfo, MAX_CERTIFICATE};
use credo_primitives::{CertificateError, ChainSpec, Committee, Digest, Header, codec_struct};
use rand_core::CryptoRng;

use crate::{MSB_VERSION, MsbHeader};

/// P-32. What carries trust from one epoch's committee to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOver {
    /// The MSB block's header.
    pub header: Header,
    /// The MSB header that it names.
    pub msb: MsbHeader,
    /// The engine's finalization bytes over the header.
    pub certificate: Vec<u8>,
}
codec_struct!(HandOver {
    header,
    msb,
    certificate: MAX_CERTIFICATE
});

/// Why a hand-over was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandOverError {
    /// A format of a later release (P-6).
    #[error("the {what} has format {got}; this release reads format {known}: a newer release is needed")]
    Version {
        /// "header" or "Micro State Block".
        what: &'static str,
        /// Its format.
        got: u8,
        /// Ours.
        known: u8,
    },
    /// A field that doesn't fit.
    #[error("hand-over of epoch {epoch}: its {field} doesn't fit")]
    Field {
        /// The epoch expected.
        epoch: u64,
        /// The field's name.
        field: &'static str,
    },
    /// The certificate doesn't hold.
    #[error("hand-over of epoch {epoch}: {source}")]
    Certificate {
        /// The epoch expected.
        epoch: u64,
        /// Why.
        source: CertificateError,
    },
}

impl HandOver {
    /// Checks this hand-over against the committee that signs its epoch and the digest of the MSB before it.
    /// Returns the next committee.
    pub fn verify(
        &self,
        rng: &mut impl CryptoRng,
        spec: &ChainSpec,
        committee: &Committee,
        previous: &Digest,
    ) -> Result<(Committee, CertificateInfo), HandOverError> {
        let epoch = committee.epoch();
        let (header, msb) = (&self.header, &self.msb);
        if header.version != credo_primitives::block::HEADER_VERSION {
            let known = credo_primitives::block::HEADER_VERSION;
            return Err(HandOverError::Version {
                what: "header",
                got: header.version,
                known,
            });
        }
        if msb.version != MSB_VERSION {
            return Err(HandOverError::Version {
                what: "Micro State Block",
                got: msb.version,
                known: MSB_VERSION,
            });
        }
        let spec_hash = spec.hash();
        let (first, last) = (spec.first_height(epoch), spec.last_height(epoch));
        let checks = [
            (header.spec == spec_hash, "chain"),
            (header.shard == 0 && msb.shard == 0, "shard"),
            (header.epoch == epoch && msb.epoch == epoch, "epoch"),
            (
                header.height == last && msb.last_height == last && msb.first_height == first,
                "height",
            ),
            (header.msb == Some(msb.digest()), "Micro State Block header"),
            (header.view == msb.last_view, "last view"),
            (header.state.root == msb.state_root, "state root"),
            (msb.previous == *previous, "previous Micro State Block"),
        ];
        if let Some((_, field)) = checks.iter().find(|(ok, _)| !ok) {
            return Err(HandOverError::Field { epoch, field });
        }
        let next = Committee::new(spec_hash, 0, epoch + 1, &msb.next_committee)
            .filter(|c| c.keys() == msb.next_committee)
            .ok_or(HandOverError::Field {
                epoch,
                field: "next committee",
            })?;
        let info = committee
            .verify(rng, header, &self.certificate)
            .map_err(|source| HandOverError::Certificate { epoch, source })?;
        Ok((next, info))
    }
}
