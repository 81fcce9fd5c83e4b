//! `token721.iost`: tokens each of which is one of its kind.
//!
//! Each token stands under its own key, and so does its place among its owner's: however many there are, no value grows.

use crate::{AccountName, Text};

/// Longest metadata of a token, in bytes.
pub const MAX_METADATA: usize = 16 * 1024;

/// A kind of such tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token721Info {
    /// Who may issue them.
    pub issuer: AccountName,
    /// How many there may ever be.
    pub total_supply: u64,
    /// How many there are; the next one's number.
    pub supply: u64,
}
codec_struct!(Token721Info {
    issuer,
    total_supply,
    supply
});

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token721 {
    /// Whose it is.
    pub owner: AccountName,
    /// Its place among the owner's tokens of this kind.
    pub index: u64,
    /// Who pays RAM for it and for its place: who issued or transferred it last.
    pub payer: AccountName,
    /// What it is, in its issuer's words.
    pub metadata: Text<MAX_METADATA>,
}
codec_struct!(Token721 {
    owner,
    index,
    payer,
    metadata
});
