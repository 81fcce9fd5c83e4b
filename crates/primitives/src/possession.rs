//! P-10: that whoever registers a node has its consensus key.
//!
//! The key signs `"credo-register"`, the chain's spec hash, the account's name and the key itself, one after the other.
//! All but the name have fixed lengths, so that no other four make the same bytes; nothing else that a consensus key signs
//! begins like this (the engine's votes begin with the length of their namespace, transactions are signed by their
//! hashes). Without it anyone could register another's key first, and keep its owner out.

use commonware_codec::Encode as _;
use commonware_cryptography::Signer as _;
use commonware_cryptography::ed25519::PrivateKey;
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use crate::{AccountName, ConsensusKey, Digest};

/// Bytes of the signature.
pub const POSSESSION_BYTES: usize = 64;

/// Why possession of a consensus key isn't shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PossessionError {
    /// No signature's text.
    #[error("the signature that shows possession of the consensus key should be 128 hexadecimal digits")]
    Text,
    /// Made by another key, or for another account or chain.
    #[error("the signature doesn't show possession of the consensus key by this account on this chain")]
    Signature,
}

/// What the key signs.
fn message(spec: &Digest, account: &AccountName, key: &ConsensusKey) -> Vec<u8> {
    let mut out = b"credo-register".to_vec();
    out.extend_from_slice(spec.as_ref());
    out.extend_from_slice(account.as_str().as_bytes());
    out.extend_from_slice(key.as_ref());
    out
}

/// Shows that whoever registers `key` for `account` has it: the signature in hexadecimal digits, as the action's argument.
pub fn show_possession(key: &PrivateKey, spec: &Digest, account: &AccountName) -> String {
    use ed25519_dalek::Signer as _;
    let encoded = Zeroizing::new(key.encode().to_vec());
    let mut seed = Zeroizing::new([0u8; 32]);
    seed.copy_from_slice(&encoded);
    let message = message(spec, account, &key.public_key());
    let signature = SigningKey::from_bytes(&seed).sign(&message);
    hex::encode(signature.to_bytes())
}

/// Checks what [`show_possession`] made. Keys of small order, for which anyone can sign, are refused.
pub fn check_possession(
    signature: &str,
    spec: &Digest,
    account: &AccountName,
    key: &ConsensusKey,
) -> Result<(), PossessionError> {
    let mut bytes = [0u8; POSSESSION_BYTES];
    hex::decode_to_slice(signature, &mut bytes).map_err(|_| PossessionError::Text)?;
    let wrong = |_| PossessionError::Signature;
    let raw: &[u8] = key.as_ref();
    let raw: [u8; 32] = raw.try_into().map_err(|_| PossessionError::Signature)?;
    VerifyingKey::from_bytes(&raw)
        .and_then(|verifying| {
            verifying.verify_strict(&message(spec, account, key), &Signature::from_bytes(&bytes))
        })
        .map_err(wrong)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sha256;

    fn name(text: &str) -> AccountName {
        AccountName::any(text).unwrap()
    }

    #[test]
    fn possession_is_shown_by_the_key_for_one_account_on_one_chain() {
        let (key, other) = (PrivateKey::from_seed(1), PrivateKey::from_seed(2));
        let (here, there) = (sha256(&[b"here"]), sha256(&[b"there"]));
        let (alice, bobby) = (name("alice"), name("bobby"));
        let shown = show_possession(&key, &here, &alice);
        let check =
            |spec, account, key: &PrivateKey| check_possession(&shown, spec, account, &key.public_key());
        assert_eq!(check(&here, &alice, &key), Ok(()));
        assert_eq!(check(&there, &alice, &key), Err(PossessionError::Signature));
        assert_eq!(check(&here, &bobby, &key), Err(PossessionError::Signature));
        assert_eq!(check(&here, &alice, &other), Err(PossessionError::Signature));
        for text in ["", "00", &shown[1..], &format!("{shown}00"), &"zz".repeat(64)] {
            assert_eq!(
                check_possession(text, &here, &alice, &key.public_key()),
                Err(PossessionError::Text),
                "{text}"
            );
        }
    }

    /// The point of order one is a key that the engine's rule takes any signature of: it possesses nothing.
    #[test]
    fn a_key_for_which_anyone_can_sign_possesses_nothing() {
        use commonware_codec::DecodeExt as _;
        let mut identity = [0u8; 32];
        identity[0] = 1;
        let Ok(key) = ConsensusKey::decode(commonware_codec::Copying(&identity[..])) else {
            return;
        };
        // R is the identity, s is nothing.
        let mut forged = [0u8; POSSESSION_BYTES];
        forged[0] = 1;
        let refused = check_possession(&hex::encode(forged), &sha256(&[b"here"]), &name("alice"), &key);
        assert_eq!(refused, Err(PossessionError::Signature));
    }
}
