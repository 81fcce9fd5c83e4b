//! Accounts' keys and signatures: ed25519 (strict) and secp256k1 (low-S), with IOST's bytes and base58 texts.

use bytes::BufMut;
use commonware_codec::{Buf, EncodeSize, Error, Read, ReadExt, Write};
use ed25519_dalek::Signer as _;
use k256::ecdsa::signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::Digest;

/// A signature algorithm, by IOST's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Algorithm {
    /// ECDSA over secp256k1; the 32-byte hash is signed directly.
    #[serde(rename = "SECP256K1")]
    Secp256k1 = 1,
    /// Ed25519; the 32-byte hash is the message.
    #[serde(rename = "ED25519")]
    Ed25519 = 2,
}

/// Why a key or signature was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Unknown algorithm number.
    #[error("unknown signature algorithm {0}")]
    Algorithm(u8),
    /// Not base58 text.
    #[error("this key isn't base58 text")]
    Base58,
    /// A length that fits neither algorithm.
    #[error("a key of {0} bytes fits neither ed25519 nor secp256k1")]
    Length(usize),
    /// Bytes that are no key.
    #[error("these bytes are no valid {0:?} key")]
    Invalid(Algorithm),
    /// An ed25519 secret whose second half isn't the public key of its first.
    #[error("the public half of this ed25519 secret key doesn't belong to its secret half")]
    Halves,
    /// The signature doesn't verify.
    #[error("the signature doesn't fit the key {key}")]
    Signature {
        /// Base58 of the key.
        key: String,
    },
}

impl Algorithm {
    /// The algorithm with IOST's number `id`.
    pub fn from_id(id: u8) -> Result<Self, KeyError> {
        match id {
            1 => Ok(Self::Secp256k1),
            2 => Ok(Self::Ed25519),
            other => Err(KeyError::Algorithm(other)),
        }
    }

    /// Bytes of a public key: 33 or 32.
    pub const fn public_key_len(self) -> usize {
        match self {
            Self::Secp256k1 => 33,
            Self::Ed25519 => 32,
        }
    }
}

/// Bytes of the longest public key.
const MAX_PUBLIC_KEY: usize = 33;

/// An account's public key.
///
/// A point is checked where a key comes in: [`PublicKey::new`], [`PublicKey::from_base58`], [`Signature::key`]. The codec
/// is the state's, which holds such keys alone; it checks the form and not the point once more, or reading an account of
/// four hundred keys would take milliseconds. A key that is none verifies no signature.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey {
    algorithm: Algorithm,
    /// As many as the algorithm's keys have; the rest is zero.
    bytes: [u8; MAX_PUBLIC_KEY],
}

impl PublicKey {
    /// Takes key bytes of the right length.
    fn of(algorithm: Algorithm, key: &[u8]) -> Result<Self, KeyError> {
        if key.len() != algorithm.public_key_len() {
            return Err(KeyError::Length(key.len()));
        }
        let mut bytes = [0; MAX_PUBLIC_KEY];
        bytes[..key.len()].copy_from_slice(key);
        Ok(Self { algorithm, bytes })
    }

    /// Takes raw key bytes after checking that they are a point of the curve.
    pub fn new(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let key = Self::of(algorithm, bytes)?;
        let valid = match algorithm {
            Algorithm::Secp256k1 => k256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).is_ok(),
            Algorithm::Ed25519 => {
                <[u8; 32]>::try_from(bytes).is_ok_and(|b| ed25519_dalek::VerifyingKey::from_bytes(&b).is_ok())
            }
        };
        if !valid {
            return Err(KeyError::Invalid(algorithm));
        }
        Ok(key)
    }

    /// Reads IOST's key id: base58 of the raw bytes; the length tells the algorithm.
    pub fn from_base58(text: &str) -> Result<Self, KeyError> {
        // No key is longer than 64 characters; base58 decoding is quadratic in its input.
        if text.len() > 64 {
            return Err(KeyError::Length(text.len()));
        }
        let bytes = bs58::decode(text).into_vec().map_err(|_| KeyError::Base58)?;
        match bytes.len() {
            32 => Self::new(Algorithm::Ed25519, &bytes),
            33 => Self::new(Algorithm::Secp256k1, &bytes),
            other => Err(KeyError::Length(other)),
        }
    }

    /// IOST's key id.
    pub fn to_base58(&self) -> String {
        bs58::encode(self.as_bytes()).into_string()
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.algorithm.public_key_len()]
    }

    /// Checks `signature` over `hash`: ed25519 strictly, secp256k1 with low S only.
    pub fn verify(&self, hash: &Digest, signature: &[u8]) -> Result<(), KeyError> {
        let refused = || KeyError::Signature {
            key: self.to_base58(),
        };
        let ok = match self.algorithm {
            Algorithm::Ed25519 => {
                let key: [u8; 32] = self.as_bytes().try_into().map_err(|_| refused())?;
                let key = ed25519_dalek::VerifyingKey::from_bytes(&key).map_err(|_| refused())?;
                let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| refused())?;
                key.verify_strict(hash.as_ref(), &signature).is_ok()
            }
            Algorithm::Secp256k1 => {
                let key =
                    k256::ecdsa::VerifyingKey::from_sec1_bytes(self.as_bytes()).map_err(|_| refused())?;
                let signature = k256::ecdsa::Signature::from_slice(signature).map_err(|_| refused())?;
                let low = signature.normalize_s() == signature;
                low && key.verify_prehash(hash.as_ref(), &signature).is_ok()
            }
        };
        if ok { Ok(()) } else { Err(refused()) }
    }
}

impl core::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.to_base58())
    }
}

impl TryFrom<String> for PublicKey {
    type Error = KeyError;
    fn try_from(text: String) -> Result<Self, KeyError> {
        Self::from_base58(&text)
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> String {
        key.to_base58()
    }
}

impl Write for PublicKey {
    fn write(&self, buf: &mut impl BufMut) {
        (self.algorithm as u8).write(buf);
        self.as_bytes().len().write(buf);
        buf.put_slice(self.as_bytes());
    }
}

impl EncodeSize for PublicKey {
    fn encode_size(&self) -> usize {
        let len = self.algorithm.public_key_len();
        1 + len.encode_size() + len
    }
}

impl Read for PublicKey {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let algorithm = Algorithm::from_id(u8::read(buf)?)
            .map_err(|_| Error::Invalid("PublicKey", "unknown algorithm"))?;
        let len = usize::read_cfg(buf, &commonware_codec::RangeCfg::new(32..=MAX_PUBLIC_KEY))?;
        if len != algorithm.public_key_len() {
            return Err(Error::Invalid("PublicKey", "a length that isn't its algorithm's"));
        }
        commonware_codec::util::at_least(buf, len)?;
        let mut bytes = [0; MAX_PUBLIC_KEY];
        buf.copy_to_slice(&mut bytes[..len]);
        Ok(Self { algorithm, bytes })
    }
}

/// A signature with the key that made it, as a transaction carries it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Raw signature bytes; 64 when valid.
    pub signature: Vec<u8>,
    /// Raw public key bytes.
    pub public_key: Vec<u8>,
}

impl Signature {
    /// The key, if its bytes are one.
    pub fn key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::new(self.algorithm, &self.public_key)
    }

    /// Checks this signature over `hash` and returns the key that made it.
    pub fn verify(&self, hash: &Digest) -> Result<PublicKey, KeyError> {
        let key = self.key()?;
        key.verify(hash, &self.signature)?;
        Ok(key)
    }
}

/// An account's secret key. Wiped from memory when dropped; never printed.
#[derive(Clone)]
pub struct SecretKey {
    algorithm: Algorithm,
    seed: Zeroizing<[u8; 32]>,
}

impl core::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SecretKey({:?}, …)", self.algorithm)
    }
}

impl SecretKey {
    /// A key from its 32 secret bytes (an ed25519 seed or a secp256k1 scalar).
    pub fn from_seed(algorithm: Algorithm, seed: &[u8; 32]) -> Result<Self, KeyError> {
        if algorithm == Algorithm::Secp256k1 && k256::ecdsa::SigningKey::from_slice(seed).is_err() {
            return Err(KeyError::Invalid(algorithm));
        }
        Ok(Self {
            algorithm,
            seed: Zeroizing::new(*seed),
        })
    }

    /// Reads IOST's base58 secret: 64 bytes (seed and public key) for ed25519, 32 for secp256k1.
    pub fn from_base58(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if text.len() > 128 {
            return Err(KeyError::Length(text.len()));
        }
        let mut bytes = Zeroizing::new([0u8; 96]);
        let len = bs58::decode(text)
            .onto(&mut bytes[..])
            .map_err(|_| KeyError::Base58)?;
        let mut seed = Zeroizing::new([0u8; 32]);
        match len {
            64 => {
                seed.copy_from_slice(&bytes[..32]);
                let key = Self::from_seed(Algorithm::Ed25519, &seed)?;
                if key.public_key().as_bytes() != &bytes[32..64] {
                    return Err(KeyError::Halves);
                }
                Ok(key)
            }
            32 => {
                seed.copy_from_slice(&bytes[..32]);
                Self::from_seed(Algorithm::Secp256k1, &seed)
            }
            other => Err(KeyError::Length(other)),
        }
    }

    /// IOST's base58 secret, wiped when dropped.
    pub fn to_base58(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(self.seed.to_vec());
        if self.algorithm == Algorithm::Ed25519 {
            bytes.extend_from_slice(self.public_key().as_bytes());
        }
        Zeroizing::new(bs58::encode(&*bytes).into_string())
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The 32 secret bytes, for the keystore alone.
    pub fn seed(&self) -> &Zeroizing<[u8; 32]> {
        &self.seed
    }

    /// The public key.
    pub fn public_key(&self) -> PublicKey {
        let key = match self.algorithm {
            Algorithm::Ed25519 => {
                let key = ed25519_dalek::SigningKey::from_bytes(&self.seed).verifying_key();
                PublicKey::of(self.algorithm, key.as_bytes())
            }
            Algorithm::Secp256k1 => {
                let point = self.scalar().verifying_key().to_sec1_point(true);
                PublicKey::of(self.algorithm, point.as_bytes())
            }
        };
        key.expect("an algorithm's own keys are as long as it says")
    }

    fn scalar(&self) -> k256::ecdsa::SigningKey {
        k256::ecdsa::SigningKey::from_slice(&self.seed[..])
            .expect("the scalar was checked when the key was made")
    }

    /// Signs a transaction's base or publish hash. The only thing an account's key ever signs.
    pub(crate) fn sign_hash(&self, hash: &Digest) -> Signature {
        let signature = match self.algorithm {
            Algorithm::Ed25519 => ed25519_dalek::SigningKey::from_bytes(&self.seed)
                .sign(hash.as_ref())
                .to_bytes()
                .to_vec(),
            Algorithm::Secp256k1 => {
                let signature: k256::ecdsa::Signature = self
                    .scalar()
                    .sign_prehash(hash.as_ref())
                    .expect("a 32-byte hash can always be signed");
                signature.normalize_s().to_bytes().to_vec()
            }
        };
        Signature {
            algorithm: self.algorithm,
            signature,
            public_key: self.public_key().as_bytes().to_vec(),
        }
    }
}

impl Drop for SecretKey {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// go-iost's signature of "hello world": the nonce is RFC 6979's, so it is always the same.
    #[test]
    fn secp256k1_signs_as_go_iost_does() {
        let key = SecretKey::from_base58("3W7YGWd2XjuMVSP2wEhTnGaPs6S5A9UpHpDSyLMc2xYb").unwrap();
        let signature = key.sign_hash(&crate::sha3_256(b"hello world")).signature;
        let expected =
            "41cAgE8u93ha5zDp5aqPyxvVSHN7G5mocZMgkyedpg1WdaNqN72KAndw8Bv7SpGGmxYy28XXiF28WyCHDn8AFDzv";
        assert_eq!(bs58::encode(signature).into_string(), expected);
    }
}
