//! How digests and consensus keys stand in JSON.

/// Digests as hexadecimal text.
pub mod hex_digest {
    use crate::Digest;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    /// Writes 64 hexadecimal characters.
    pub fn serialize<S: Serializer>(digest: &Digest, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex::encode(digest))
    }
    /// Reads 64 hexadecimal characters.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(d)?;
        crate::hash::digest_from_hex(&text)
            .ok_or_else(|| D::Error::custom("expected 64 hexadecimal characters"))
    }
}

/// Consensus keys as base58 text, as `vote_producer.iost` takes them.
pub mod consensus_key {
    use crate::ConsensusKey;
    use commonware_codec::{Copying, DecodeExt as _};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    /// Base58 of the key's 32 bytes.
    pub fn to_base58(key: &ConsensusKey) -> String {
        bs58::encode(key.as_ref()).into_string()
    }
    /// Reads base58 of 32 bytes that are a point.
    pub fn from_base58(text: &str) -> Option<ConsensusKey> {
        if text.len() > 64 {
            return None;
        }
        let bytes = bs58::decode(text).into_vec().ok()?;
        ConsensusKey::decode(Copying(&bytes)).ok()
    }
    /// Writes base58.
    pub fn serialize<S: Serializer>(key: &ConsensusKey, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&to_base58(key))
    }
    /// Reads base58.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<ConsensusKey, D::Error> {
        let text = String::deserialize(d)?;
        from_base58(&text).ok_or_else(|| D::Error::custom("expected a base58 ed25519 key"))
    }
}

/// Lists of consensus keys as base58 texts.
pub mod consensus_keys {
    use super::consensus_key;
    use crate::ConsensusKey;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

    /// Writes a list of base58 texts.
    pub fn serialize<S: Serializer>(keys: &[ConsensusKey], s: S) -> Result<S::Ok, S::Error> {
        keys.iter()
            .map(consensus_key::to_base58)
            .collect::<Vec<_>>()
            .serialize(s)
    }
    /// Reads a list of base58 texts.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<ConsensusKey>, D::Error> {
        Vec::<String>::deserialize(d)?
            .iter()
            .map(|t| {
                consensus_key::from_base58(t).ok_or_else(|| D::Error::custom("expected base58 ed25519 keys"))
            })
            .collect()
    }
}
