//! The words of the Credo chain as types: names, amounts, hashes, keys, transactions, headers and certificates.
//!
//! Nothing here has effects. Two families of bytes stand side by side (see `docs/protocol.md`, "Encodings"):
//!
//! - IOST's objects ([`Transaction`], [`Receipt`], account keys) keep IOST's bytes and SHA3-256, so that what
//!   IOST's SDKs sign is valid here;
//! - everything of ours ([`Header`], [`ChainSpec`], certificates) uses the engine's codec and SHA-256.
//!
//! Every decoder takes its bounds from the type, so untrusted bytes can't make it allocate more than they bring.

#[macro_use]
mod codec;

pub mod account;
pub mod amount;
pub mod block;
pub mod certificate;
pub mod entry;
pub mod evidence;
pub mod hash;
pub mod keys;
pub mod merkle;
pub mod possession;
pub mod receipt;
pub mod spec;
pub mod state_key;
pub mod text;
pub mod tx;

pub use account::{AccountName, NameError, SYSTEM_CONTRACTS};
pub use amount::{Amount, AmountError};
pub use block::{Block, Header};
pub use certificate::{CertificateError, CertifiedHeader, Committee, ConsensusKey};
pub use evidence::{Evidence, EvidenceError};
pub use hash::{Digest, sha3_256, sha256};
pub use keys::{Algorithm, KeyError, PublicKey, SecretKey, Signature};
pub use receipt::{Receipt, Status, StatusCode};
pub use spec::{ChainSpec, Parameters, Preset};
pub use state_key::StateKey;
pub use text::Text;
pub use tx::{Action, AmountLimit, CheckedTransaction, Transaction, TxError};

#[doc(hidden)]
pub use commonware_codec as __codec;
