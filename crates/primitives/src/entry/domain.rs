//! `domain.iost`: short names of contracts.

use crate::AccountName;

/// A url that can stand for a contract's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Who may link it elsewhere or give it away.
    pub owner: AccountName,
    /// The contract that it stands for.
    pub contract: AccountName,
    /// Who pays RAM for this entry: who linked it or gave it away last.
    pub payer: AccountName,
}
codec_struct!(Domain {
    owner,
    contract,
    payer
});
