//! A secret key at rest: Argon2id over the password, XChaCha20-Poly1305 over the key.
//!
//! The JSON text is both what the browser stores and what is exported as a backup. All public fields are
//! authenticated with the secret, so a file whose parameters, salt or public key were altered doesn't open. A file's
//! parameters are bounded before anything is computed: at most 256 MiB and 16 passes, so that a hostile file costs
//! seconds at worst and not the tab.

use argon2::{Algorithm as Kdf, Argon2, Block, Params, Version};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use credo_primitives::{Algorithm, PublicKey, SecretKey};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::mnemonic::normal;

/// The format that this release reads and writes.
pub const KEYSTORE_VERSION: u32 = 1;
/// Longest file that is looked at.
pub const MAX_KEYSTORE_BYTES: usize = 4_096;
const CIPHER: &str = "xchacha20poly1305";
const KDF: &str = "argon2id";
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
/// One byte for the algorithm, then the 32 secret bytes.
const SECRET_BYTES: usize = 33;
const TAG_BYTES: usize = 16;
const MAX_PASSWORD: usize = 1_024;

/// Why a keystore couldn't be made, read or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeystoreError {
    /// The text isn't a keystore file.
    #[error("this isn't a Credo keystore file: {0}")]
    Malformed(String),
    /// A format of a later release.
    #[error(
        "this keystore has format {0}; this release reads format {KEYSTORE_VERSION}: open it with a newer release"
    )]
    Version(u32),
    /// Parameters out of bounds.
    #[error("this keystore asks for {what} = {value}; only {least} to {most} are accepted")]
    Parameters {
        /// Which parameter.
        what: &'static str,
        /// Its value.
        value: u64,
        /// Least accepted.
        least: u64,
        /// Most accepted.
        most: u64,
    },
    /// The password doesn't fit, or the file was altered: the cipher can't tell which.
    #[error("the password is wrong (or the file was altered); nothing was changed")]
    WrongPassword,
    /// A password over the limit.
    #[error("a password has at most {MAX_PASSWORD} bytes")]
    PasswordLength,
    /// An empty password.
    #[error("a password is needed: the key is never stored unencrypted")]
    NoPassword,
    /// Not enough memory for the key derivation.
    #[error("not enough memory to derive the key ({0} MiB are needed): close other tabs and try again")]
    Memory(u32),
}

/// Argon2id's parameters with the salt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KdfParameters {
    /// Always `argon2id`.
    pub name: String,
    /// Memory in KiB.
    pub m: u32,
    /// Passes.
    pub t: u32,
    /// Lanes.
    pub p: u32,
    /// Salt, hexadecimal.
    pub salt: String,
}

/// An encrypted secret key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keystore {
    version: u32,
    kdf: KdfParameters,
    cipher: String,
    nonce: String,
    ciphertext: String,
    public_key: PublicKey,
}

fn within(what: &'static str, value: u64, least: u64, most: u64) -> Result<(), KeystoreError> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(KeystoreError::Parameters {
            what,
            value,
            least,
            most,
        })
    }
}

fn bytes<const N: usize>(what: &str, text: &str) -> Result<[u8; N], KeystoreError> {
    let mut out = [0; N];
    hex::decode_to_slice(text, &mut out)
        .map(|()| out)
        .map_err(|_| KeystoreError::Malformed(format!("its {what} isn't {N} bytes in hexadecimal")))
}

impl Keystore {
    /// Encrypts `secret` under `password` with Argon2id (64 MiB, three passes, one lane).
    pub fn seal(secret: &SecretKey, password: &str, rng: &mut impl CryptoRng) -> Result<Self, KeystoreError> {
        Self::seal_with(secret, password, 64 * 1024, 3, rng)
    }

    /// As [`Keystore::seal`] with `m` KiB and `t` passes, within the bounds that reading has, too.
    pub fn seal_with(
        secret: &SecretKey,
        password: &str,
        m: u32,
        t: u32,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, KeystoreError> {
        if password.is_empty() {
            return Err(KeystoreError::NoPassword);
        }
        let (mut salt, mut nonce) = ([0; SALT_BYTES], [0; NONCE_BYTES]);
        rng.fill_bytes(&mut salt);
        rng.fill_bytes(&mut nonce);
        let mut keystore = Self {
            version: KEYSTORE_VERSION,
            kdf: KdfParameters {
                name: KDF.into(),
                m,
                t,
                p: 1,
                salt: hex::encode(salt),
            },
            cipher: CIPHER.into(),
            nonce: hex::encode(nonce),
            ciphertext: String::new(),
            public_key: secret.public_key(),
        };
        keystore.check_parameters()?;
        let cipher = keystore.cipher(password)?;
        let mut plain = Zeroizing::new([0; SECRET_BYTES]);
        plain[0] = secret.algorithm() as u8;
        plain[1..].copy_from_slice(&secret.seed()[..]);
        let sealed = cipher
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: &plain[..],
                    aad: &keystore.associated(),
                },
            )
            .expect("a secret of 33 bytes is within the cipher's limit");
        keystore.ciphertext = hex::encode(sealed);
        Ok(keystore)
    }

    /// Decrypts the secret key.
    pub fn open(&self, password: &str) -> Result<SecretKey, KeystoreError> {
        self.check_parameters()?;
        let nonce: [u8; NONCE_BYTES] = bytes("nonce", &self.nonce)?;
        let sealed: [u8; SECRET_BYTES + TAG_BYTES] = bytes("ciphertext", &self.ciphertext)?;
        let plain = self
            .cipher(password)?
            .decrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: &sealed,
                    aad: &self.associated(),
                },
            )
            .map(Zeroizing::new)
            .map_err(|_| KeystoreError::WrongPassword)?;
        let broken = || KeystoreError::Malformed("what it holds is no key".into());
        let algorithm = plain
            .first()
            .and_then(|id| Algorithm::from_id(*id).ok())
            .ok_or_else(broken)?;
        let mut seed = Zeroizing::new([0; 32]);
        seed.copy_from_slice(plain.get(1..SECRET_BYTES).ok_or_else(broken)?);
        let secret = SecretKey::from_seed(algorithm, &seed).map_err(|_| broken())?;
        if secret.public_key() == self.public_key {
            Ok(secret)
        } else {
            Err(KeystoreError::Malformed(
                "its public key belongs to another secret".into(),
            ))
        }
    }

    /// The public key of the secret inside.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a keystore holds only texts and numbers")
    }

    /// Reads a file's text; opens nothing, but checks everything that can be checked without the password.
    pub fn from_json(text: &str) -> Result<Self, KeystoreError> {
        #[derive(Deserialize)]
        struct Probe {
            version: u32,
        }
        if text.len() > MAX_KEYSTORE_BYTES {
            return Err(KeystoreError::Malformed(format!(
                "it is longer than {MAX_KEYSTORE_BYTES} bytes"
            )));
        }
        let malformed = |e: serde_json::Error| KeystoreError::Malformed(e.to_string());
        // The version first: a later format may have other fields.
        let Probe { version } = serde_json::from_str(text).map_err(malformed)?;
        if version != KEYSTORE_VERSION {
            return Err(KeystoreError::Version(version));
        }
        let keystore: Self = serde_json::from_str(text).map_err(malformed)?;
        keystore.check_parameters()?;
        bytes::<NONCE_BYTES>("nonce", &keystore.nonce)?;
        bytes::<{ SECRET_BYTES + TAG_BYTES }>("ciphertext", &keystore.ciphertext)?;
        Ok(keystore)
    }

    fn check_parameters(&self) -> Result<(), KeystoreError> {
        if self.version != KEYSTORE_VERSION {
            return Err(KeystoreError::Version(self.version));
        }
        if self.kdf.name != KDF || self.cipher != CIPHER {
            return Err(KeystoreError::Malformed(format!(
                "only {KDF} and {CIPHER} are known here"
            )));
        }
        within("memory in KiB", self.kdf.m.into(), 8 * 1024, 256 * 1024)?;
        within("passes", self.kdf.t.into(), 1, 16)?;
        within("lanes", self.kdf.p.into(), 1, 4)?;
        bytes::<SALT_BYTES>("salt", &self.kdf.salt).map(drop)
    }

    /// Every public field, in a form that no two keystores share.
    fn associated(&self) -> Vec<u8> {
        let KdfParameters { name, m, t, p, salt } = &self.kdf;
        format!(
            "credo-keystore|{}|{name}|{m}|{t}|{p}|{salt}|{}|{}|{}",
            self.version, self.cipher, self.nonce, self.public_key
        )
        .into_bytes()
    }

    fn cipher(&self, password: &str) -> Result<XChaCha20Poly1305, KeystoreError> {
        if password.len() > MAX_PASSWORD {
            return Err(KeystoreError::PasswordLength);
        }
        let KdfParameters { m, t, p, .. } = self.kdf;
        let salt: [u8; SALT_BYTES] = bytes("salt", &self.kdf.salt)?;
        let invalid = |e: argon2::Error| KeystoreError::Malformed(e.to_string());
        let params = Params::new(m, t, p, Some(32)).map_err(invalid)?;
        let mut memory: Vec<Block> = Vec::new();
        let blocks = params.block_count();
        memory
            .try_reserve_exact(blocks)
            .map_err(|_| KeystoreError::Memory(m / 1024))?;
        memory.resize(blocks, Block::new());
        let mut key = Zeroizing::new([0; 32]);
        let password = normal(password);
        let derived = Argon2::new(Kdf::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
            password.as_bytes(),
            &salt,
            &mut key[..],
            &mut memory,
        );
        memory.iter_mut().for_each(|block| block.zeroize());
        derived.map_err(invalid)?;
        Ok(XChaCha20Poly1305::new(&(*key).into()))
    }
}
