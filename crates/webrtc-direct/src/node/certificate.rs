//! The node's certificate, which its address names by its hash: whoever wants the same address after a restart keeps
//! it as PEM.
//!
//! The form is that of the stock Rust implementation, so that the two can take turns: a block `EXPIRES` with the seconds
//! since 1970 as eight little-endian bytes, a block `PRIVATE_KEY` with the key in PKCS#8, a block `CERTIFICATE`. The
//! expiry is kept and not looked at, as there: peers know the certificate by its hash.

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use str0m::config::{DtlsCert, DtlsVersion};

use crate::address::Fingerprint;
use crate::error::Error;

/// The latest moment that a certificate can name (9999-12-31T23:59:59Z), written into what is made here.
const NEVER: u64 = 253_402_300_799;

/// A certificate and its key.
#[derive(Clone)]
pub struct Certificate {
    dtls: DtlsCert,
    expires: u64,
    fingerprint: Fingerprint,
}

// The key stays out of logs.
impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate")
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint && self.dtls.private_key == other.dtls.private_key
    }
}

impl Certificate {
    /// Makes a new one: self-signed, of ECDSA on P-256, which every browser takes.
    pub fn generate() -> Result<Self, Error> {
        let made = || {
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
            let params = CertificateParams::new(vec!["webrtc-direct".to_owned()])?;
            let certificate = params.self_signed(&key)?.der().to_vec();
            Ok((certificate, key.serialize_der()))
        };
        let (certificate, key) = made().map_err(|e: rcgen::Error| Error::Certificate(e.to_string()))?;
        Ok(Self::new(certificate, key, NEVER))
    }

    /// Reads what [`Certificate::to_pem`] or the stock implementation wrote.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        let refuse = |why: String| Error::Certificate(why);
        let blocks = pem::parse_many(text).map_err(|e| refuse(e.to_string()))?;
        let block = |tag: &'static str| {
            blocks
                .iter()
                .find(|block| block.tag() == tag)
                .map(pem::Pem::contents)
                .ok_or_else(|| refuse(format!("the PEM has no block {tag}")))
        };
        let expires = block("EXPIRES")?
            .try_into()
            .map_err(|_| refuse("the PEM's block EXPIRES hasn't eight bytes".to_owned()))?;
        let key = block("PRIVATE_KEY")?;
        let certificate = block("CERTIFICATE")?;
        KeyPair::try_from(key)
            .ok()
            .filter(|key| key.is_compatible(&PKCS_ECDSA_P256_SHA256))
            .ok_or_else(|| refuse("the key isn't one of ECDSA on P-256".to_owned()))?;
        let read = Self::new(certificate.to_vec(), key.to_vec(), u64::from_le_bytes(expires));
        // The engine would have no choice but to panic.
        super::stun::provider()
            .dtls_provider
            .new_dtls(&read.dtls, std::time::Instant::now(), DtlsVersion::Dtls12, None)
            .map_err(|e| refuse(e.to_string()))?;
        Ok(read)
    }

    /// Writes it, the key included.
    pub fn to_pem(&self) -> String {
        let blocks = [
            ("EXPIRES", self.expires.to_le_bytes().to_vec()),
            ("PRIVATE_KEY", self.dtls.private_key.clone()),
            ("CERTIFICATE", self.dtls.certificate.clone()),
        ];
        // Others cut the text at empty lines, with one between the first block and the rest.
        let texts: Vec<String> = blocks
            .into_iter()
            .map(|(tag, bytes)| pem::encode(&pem::Pem::new(tag, bytes)))
            .collect();
        texts.join("\n")
    }

    /// The fingerprint, which stands in the node's address.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// For tests: the same certificate, but with a fingerprint that isn't its own.
    #[cfg(test)]
    pub(super) fn claiming(mut self, fingerprint: Fingerprint) -> Self {
        self.fingerprint = fingerprint;
        self
    }

    pub(crate) fn dtls(&self) -> &DtlsCert {
        &self.dtls
    }

    fn new(certificate: Vec<u8>, private_key: Vec<u8>, expires: u64) -> Self {
        Self {
            fingerprint: Fingerprint::from_certificate(&certificate),
            dtls: DtlsCert {
                certificate,
                private_key,
            },
            expires,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_survives_the_way_through_a_file() {
        let made = Certificate::generate().expect("a certificate");
        let read = Certificate::from_pem(&made.to_pem()).expect("read");
        assert_eq!(read, made);
        assert_eq!(read.fingerprint(), made.fingerprint());
        assert_ne!(made, Certificate::generate().expect("another"));
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let pem = Certificate::generate().expect("a certificate").to_pem();
        assert!(Certificate::from_pem("").is_err());
        assert!(Certificate::from_pem(&pem.replace("EXPIRES", "EXPIRED")).is_err());
        assert!(Certificate::from_pem(&pem.replace("PRIVATE_KEY", "PUBLIC_KEY")).is_err());
        let half = &pem[..pem.len() / 2];
        assert!(Certificate::from_pem(half).is_err());
    }
}
