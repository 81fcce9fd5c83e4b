//! Proofs of one key's value, or of its absence, against a state root (P-42).
//!
//! A proof's bytes are a tag, then the store's own proof: `0` presence (the value travels beside it), `1` absence.
//! An absence proof names the neighbours between which the key would stand. Every length is bounded before anything
//! is allocated: at most [`MAX_PROOF`] bytes, and at most as many digests as the deepest possible tree needs.

use bytes::Bytes;
use commonware_codec::{Decode as _, Read, Write as _};
use commonware_storage::merkle::{MAX_PROOF_DIGESTS_PER_ELEMENT, mmr};
use commonware_storage::qmdb::any::value::VariableEncoding;
use commonware_storage::qmdb::current::ordered::proof::constant;
use credo_primitives::hash::Sha256;
use credo_primitives::state_key::MAX_STATE_VALUE;
use credo_primitives::{Digest, StateKey};

/// Largest proof in bytes; an absence proof carries its neighbour's value.
pub const MAX_PROOF: usize = 128 * 1024;
/// Bytes of an activity-bitmap chunk, as in the store.
pub(crate) const CHUNK: usize = 32;

const PRESENT: u8 = 0;
const ABSENT: u8 = 1;

pub(crate) type Family = mmr::Family;
pub(crate) type Encoding = VariableEncoding<Bytes>;
type Presence = constant::KeyValueProof<Family, Digest, Digest, CHUNK>;
type Absence = constant::ExclusionProof<Family, Digest, Encoding, Digest, CHUNK>;

/// Why a proof was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Longer than any proof can be.
    #[error("the state proof has {0} bytes; none has more than {MAX_PROOF}")]
    TooLarge(usize),
    /// The value is longer than any in the state.
    #[error("the value has {0} bytes; none has more than {MAX_STATE_VALUE}")]
    ValueTooLarge(usize),
    /// Bytes that are no proof.
    #[error("the state proof is malformed: {0}")]
    Malformed(String),
    /// A proof of presence where absence was claimed, or the other way round.
    #[error("the state proof is of the wrong kind: it can't prove that the value is {claimed}")]
    Kind {
        /// "present" or "absent".
        claimed: &'static str,
    },
    /// Doesn't lead from this value to this root.
    #[error("the state proof for {key} doesn't hold: the value isn't the one under the state root")]
    Value {
        /// The key.
        key: StateKey,
    },
    /// Doesn't show this key's absence under this root.
    #[error("the state proof for {key} doesn't hold: it doesn't show that nothing stands there")]
    Absence {
        /// The key.
        key: StateKey,
    },
}

/// Checks that `value` stands under `key` in the state with this `root`, or, for `None`, that nothing does.
pub fn verify(root: &Digest, key: &StateKey, value: Option<&[u8]>, proof: &[u8]) -> Result<(), ProofError> {
    if proof.len() > MAX_PROOF {
        return Err(ProofError::TooLarge(proof.len()));
    }
    let (&tag, body) = proof
        .split_first()
        .ok_or_else(|| ProofError::Malformed("it is empty".into()))?;
    match (tag, value) {
        (PRESENT, Some(value)) => {
            if value.len() > MAX_STATE_VALUE {
                return Err(ProofError::ValueTooLarge(value.len()));
            }
            let proof: Presence = decode(body, &(MAX_PROOF_DIGESTS_PER_ELEMENT, ()))?;
            let value = Bytes::copy_from_slice(value);
            if proof.verify::<Sha256, Encoding>(key.hashed(), value, root) {
                Ok(())
            } else {
                Err(ProofError::Value { key: key.clone() })
            }
        }
        (ABSENT, None) => {
            let value = (..=MAX_STATE_VALUE).into();
            let proof: Absence = decode(body, &(MAX_PROOF_DIGESTS_PER_ELEMENT, ((), value), value))?;
            if proof.verify::<Sha256>(&key.hashed(), root) {
                Ok(())
            } else {
                Err(ProofError::Absence { key: key.clone() })
            }
        }
        (PRESENT, None) => Err(ProofError::Kind { claimed: "absent" }),
        (ABSENT, Some(_)) => Err(ProofError::Kind { claimed: "present" }),
        (other, _) => Err(ProofError::Malformed(format!("unknown kind {other}"))),
    }
}

fn decode<T: Read>(bytes: &[u8], cfg: &T::Cfg) -> Result<T, ProofError> {
    T::decode_cfg(commonware_codec::Copying(bytes), cfg).map_err(|e| ProofError::Malformed(e.to_string()))
}

/// The bytes of a proof of presence.
#[cfg_attr(target_arch = "wasm32", allow(dead_code))]
pub(crate) fn encode_presence(proof: &Presence) -> Vec<u8> {
    let mut out = vec![PRESENT];
    proof.write(&mut out);
    out
}

/// The bytes of a proof of absence.
#[cfg_attr(target_arch = "wasm32", allow(dead_code))]
pub(crate) fn encode_absence(proof: &Absence) -> Vec<u8> {
    let mut out = vec![ABSENT];
    proof.write(&mut out);
    out
}
