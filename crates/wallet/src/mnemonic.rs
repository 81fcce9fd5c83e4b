//! The words that a wallet is made from: BIP39, English, 24 words (12 are taken at import, too).

use bip39::{Error, Language, Mnemonic};
use credo_primitives::{Algorithm, KeyError, SecretKey};
use rand_core::CryptoRng;
use zeroize::{Zeroize as _, Zeroizing};

use crate::slip10::Node;

/// Longest text that is looked at: 24 words of 8 letters, with room for careless spaces.
const MAX_TEXT: usize = 1_024;

/// Why words were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MnemonicError {
    /// Neither 12 nor 24 words.
    #[error("24 words are expected (or 12), these are {0}")]
    Count(usize),
    /// A word that isn't in the list.
    #[error("word {place}, \"{word}\", isn't in the list of words{}", hint.as_ref().map(|h| format!("; did you mean \"{h}\"?")).unwrap_or_default())]
    Unknown {
        /// Its place, from 1.
        place: usize,
        /// What was typed.
        word: String,
        /// A word of the list that begins alike.
        hint: Option<&'static str>,
    },
    /// The words are in the list but don't belong together.
    #[error(
        "every word is in the list, but together they fail their checksum: one is mistyped as another word, or the order is wrong"
    )]
    Checksum,
    /// The derived secret is no key (never seen with ed25519).
    #[error("no key can be derived from these words: {0}")]
    Key(KeyError),
}

/// 24 or 12 words, wiped when dropped and never printed.
pub struct Words(Mnemonic);

impl core::fmt::Debug for Words {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Words(…)")
    }
}

impl Words {
    /// 24 new words from 256 random bits.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut entropy = Zeroizing::new([0u8; 32]);
        rng.fill_bytes(&mut entropy[..]);
        Self::from_entropy(&entropy)
    }

    /// The 24 words of 32 given bytes.
    pub fn from_entropy(entropy: &[u8; 32]) -> Self {
        Self(Mnemonic::from_entropy(entropy).expect("256 bits are a length that BIP39 knows"))
    }

    /// Reads typed words: any spacing and case, Unicode in any form (NFKD is taken).
    pub fn parse(text: &str) -> Result<Self, MnemonicError> {
        if text.len() > MAX_TEXT {
            return Err(MnemonicError::Count(text.split_whitespace().take(1_000).count()));
        }
        let normal = normal(&Zeroizing::new(text.to_lowercase()));
        let count = normal.split_whitespace().count();
        if count != 12 && count != 24 {
            return Err(MnemonicError::Count(count));
        }
        match Mnemonic::parse_in_normalized(Language::English, &normal) {
            Ok(mnemonic) => Ok(Self(mnemonic)),
            Err(Error::UnknownWord(index)) => {
                let word = normal.split_whitespace().nth(index).unwrap_or_default();
                Err(MnemonicError::Unknown {
                    place: index + 1,
                    word: word.chars().take(24).collect(),
                    hint: hint(word),
                })
            }
            Err(Error::BadWordCount(count)) => Err(MnemonicError::Count(count)),
            Err(_) => Err(MnemonicError::Checksum),
        }
    }

    /// The words in order.
    pub fn words(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.words()
    }

    /// The BIP39 seed, without a passphrase.
    pub fn seed(&self) -> Zeroizing<[u8; 64]> {
        let mut seed = self.0.to_seed_normalized("");
        let out = Zeroizing::new(seed);
        seed.zeroize();
        out
    }

    /// The ed25519 key at m/44'/291'/account'.
    pub fn key(&self, account: u32) -> Result<SecretKey, MnemonicError> {
        let node = Node::account(&self.seed()[..], account);
        SecretKey::from_seed(Algorithm::Ed25519, node.key()).map_err(MnemonicError::Key)
    }
}

/// A word of the list that shares the longest beginning (at least two letters) with what was typed.
fn hint(word: &str) -> Option<&'static str> {
    (2..=word.len())
        .rev()
        .filter_map(|n| word.get(..n))
        .find_map(|prefix| Language::English.words_by_prefix_iter(prefix).next())
}

/// Text in Unicode's NFKD form, so that every keyboard's way to write a character gives the same bytes.
pub(crate) fn normal(text: &str) -> Zeroizing<String> {
    let mut cow = std::borrow::Cow::Borrowed(text);
    Mnemonic::normalize_utf8_cow(&mut cow);
    Zeroizing::new(cow.into_owned())
}
