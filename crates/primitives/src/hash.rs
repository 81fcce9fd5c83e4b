//! Hashes: SHA-256 for what is ours, SHA3-256 for what is IOST's.

use commonware_cryptography::Hasher as _;
pub use commonware_cryptography::sha256::{Digest, Sha256};
use sha3::Digest as _;

/// SHA-256 over the concatenation of `parts`.
pub fn sha256(parts: &[&[u8]]) -> Digest {
    Sha256::hash(parts)
}

/// SHA3-256 (FIPS 202), IOST's hash for transactions and receipts.
pub fn sha3_256(bytes: &[u8]) -> Digest {
    let out: [u8; 32] = sha3::Sha3_256::digest(bytes).into();
    Digest::from(out)
}

/// The digest of all zero bytes: "none yet", where a field must stand.
pub const ZERO_DIGEST: Digest = Digest([0; 32]);

/// Parses a digest from 64 hexadecimal characters.
pub fn digest_from_hex(text: &str) -> Option<Digest> {
    let bytes: [u8; 32] = hex::decode(text.trim()).ok()?.try_into().ok()?;
    Some(Digest::from(bytes))
}

/// A digest as base58, IOST's way to show a transaction hash.
pub fn digest_to_base58(digest: &Digest) -> String {
    bs58::encode(digest.as_ref()).into_string()
}

/// Parses a digest from base58.
pub fn digest_from_base58(text: &str) -> Option<Digest> {
    let bytes: [u8; 32] = bs58::decode(text.trim()).into_vec().ok()?.try_into().ok()?;
    Some(Digest::from(bytes))
}
