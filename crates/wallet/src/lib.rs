//! Keys and transactions of a wallet: words, keystore, intents, reviews and signing.
//!
//! Nothing here has effects: time and randomness come in as arguments, and what is to be stored or sent goes out as
//! values. Secrets are wiped from memory when dropped and never printed.
//!
//! - [`Words`]: a BIP39 mnemonic; SLIP-0010 ed25519 keys at m/44'/291'/account' are derived from it.
//! - [`Keystore`]: a secret key encrypted under a password, as stored in the browser and as exported for a backup.
//! - [`draft`]: checks an [`Intent`] against what was proved of the chain ([`Basis`]) and gives a [`Draft`], which says
//!   in words what it does. Only a [`Draft`] can be signed ([`Draft::sign`]): nothing is signed blind.
//! - [`in_words`]: what any action does, for proposals that others made; [`actor`]: for whom it acts.
//! - [`approvals`]: which approvals of a proposal still count.
//! - [`strength`]: how hard a password is to guess.

mod act;
pub mod approvals;
mod check;
mod draft;
mod gas;
mod intent;
mod keystore;
mod mnemonic;
pub mod permissions;
mod ram;
mod review;
pub mod slip10;
mod strength;
mod words;

pub use credo_primitives::entry::SIGN_UP_PLEDGE;
pub use draft::{Basis, Draft, EXPIRATION_NS, Signed, draft};
pub use gas::{GAS_LIMIT_USER, GAS_NEEDED_USER, GAS_UNIT};
pub use intent::{
    Intent, IntentError, MAX_EXPIRATION_S, MAX_MEMO, MAX_PROPOSED_ACTIONS, MAX_REQUESTED, NodeDeed,
    PermissionDeed, ProposalDeed, Registration, Requested, permission_name, weight,
};
pub use keystore::{KEYSTORE_VERSION, KdfParameters, Keystore, KeystoreError, MAX_KEYSTORE_BYTES};
pub use mnemonic::{MnemonicError, Words};
pub use ram::RAM_AT_ONCE;
pub use review::{Review, grouped};
pub use strength::{MIN_PASSWORD, Strength, StrengthLevel, strength};
pub use words::{actor, in_words};
