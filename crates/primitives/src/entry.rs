//! What stands in the state under the keys of [`StateKey`](crate::StateKey): accounts, balances, tokens.

mod authority;
mod domain;
mod economy;
mod gas;
mod mark;
mod msig;
mod ram;
mod token721;
mod vesting;
mod voting;

pub use authority::{MAX_AUTHORITY, authority_digest};
pub use domain::Domain;
pub use economy::{
    Contribution, Contributor, Ended, LossReason, MAX_CONTRIBUTORS, MAX_PLEDGES, MAX_VESTING, MsbMark,
    PastCommittee, PastSeat, Pledge, Pledges, Pool, TakenBack, Vesting,
};
pub use gas::{Gas, SIGN_UP_PLEDGE};
pub use mark::{Expired, MAX_MARKS_PAGE, Marks};
pub use msig::{
    Approval, MAX_PROPOSAL_ACTIONS, MAX_PROPOSAL_BYTES, MAX_PROPOSALS, MAX_REQUESTED, MAX_RETIRED,
    MAX_WAITING, Proposal, ProposalName, Proposals, ProposedAction, Requested, Retired, Waiting,
    WaitingProposal,
};
pub use ram::{Ram, RamMarket};
pub use token721::{MAX_METADATA, Token721, Token721Info};
pub use voting::{
    MAX_VOTED_OPTIONS, MAX_VOTING_DESCRIPTION, MAX_VOTING_OPTION, MAX_VOTING_OPTIONS, OptionName, Voting,
    VotingOption, VotingOptions, VotingVote, VotingVotes,
};

use commonware_codec::EncodeSize as _;

use crate::{AccountName, Amount, PublicKey, Text};

/// Most frozen amounts of one account in one token; a further one with a new date is refused.
pub const MAX_FROZEN: usize = 256;
/// Most permissions or groups of an account.
pub const MAX_PERMISSIONS: usize = 64;
/// Most items of a permission or group.
pub const MAX_ITEMS: usize = 64;
/// Most bytes of an account's record, whatever it is made of: it is read whenever its permissions are asked for.
pub const MAX_ACCOUNT_BYTES: usize = 16 * 1024;
/// Most accounts listed under one public key (the oldest).
pub const MAX_KEY_ACCOUNTS: usize = 64;
/// The token that pays for votes and fees.
pub const IOST: &str = "iost";
/// The token of bytes of RAM, which its issuer `ram.iost` alone moves.
pub const RAM: &str = "ram";
/// The token by which IOST pays for blocks. Here it only keeps its name from others: none of it exists.
pub const CONTRIBUTE: &str = "contribute";

/// An amount that returns at a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// How much.
    pub amount: Amount,
    /// From when on it counts as returned, ms since 1970.
    pub until_ms: u64,
}
codec_struct!(Frozen { amount, until_ms });

/// What an account holds of one token. An absent entry is a balance of nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Free to spend.
    pub available: Amount,
    /// Frozen amounts by date, ascending, one per date. Those whose date has passed count as available
    /// ([`Balance::spendable`]) and are folded in at the holder's next action.
    pub frozen: Vec<Frozen>,
    /// Of IOST: what stands in votes, in a node's deposit and in pledges for gas. It is in the balance of the contract that
    /// holds it, and only counted here; while it is nothing, nothing of that needs to be looked at.
    pub staked: Amount,
    /// Who pays RAM for the frozen amounts: who froze the last of them. Nobody while there are none.
    pub payer: Option<AccountName>,
}
codec_struct!(Balance {
    available,
    frozen: MAX_FROZEN,
    staked,
    payer
});

impl Balance {
    /// Bytes that the frozen amounts and their payer take.
    pub fn frozen_bytes(&self) -> usize {
        let without = Self::default().encode_size();
        self.encode_size().saturating_sub(without)
    }

    /// What can be spent at `now_ms`: available plus what has returned.
    pub fn spendable(&self, now_ms: u64) -> Amount {
        self.frozen
            .iter()
            .filter(|f| f.until_ms <= now_ms)
            .try_fold(self.available, |sum, f| sum.checked_add(f.amount))
            .unwrap_or(Amount::MAX)
    }

    /// What is still locked at `now_ms`, with dates.
    pub fn locked(&self, now_ms: u64) -> impl Iterator<Item = &Frozen> {
        self.frozen.iter().filter(move |f| f.until_ms > now_ms)
    }
}

/// A registered token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// Who may issue it.
    pub issuer: AccountName,
    /// Longer name.
    pub full_name: Text<50>,
    /// Most units that may ever be issued.
    pub total_supply: Amount,
    /// Units in existence.
    pub supply: Amount,
    /// Decimals of its unit.
    pub decimals: u8,
    /// Whether holders may transfer it.
    pub can_transfer: bool,
    /// Whether a transfer also needs the issuer's permission.
    pub only_issuer_can_transfer: bool,
}
codec_struct!(TokenInfo {
    issuer,
    full_name,
    total_supply,
    supply,
    decimals,
    can_transfer,
    only_issuer_can_transfer
});

/// Who an item of a permission is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Whoever holds a key.
    Key(PublicKey),
    /// Another account's permission.
    Account {
        /// The account.
        account: AccountName,
        /// Its permission.
        permission: Text<32>,
    },
}

/// An item of a permission or group, with its weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Who.
    pub principal: Principal,
    /// How much it counts.
    pub weight: u32,
}
codec_struct!(Item { principal, weight });

/// A permission: satisfied when the weights of what is present reach the threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Its name.
    pub name: Text<32>,
    /// Names of groups whose items count, too.
    pub groups: Vec<Text<32>>,
    /// Its items.
    pub items: Vec<Item>,
    /// What the weights must reach.
    pub threshold: u32,
}
codec_struct!(Permission {
    name,
    groups: MAX_ITEMS,
    items: MAX_ITEMS,
    threshold
});

/// A named set of items that permissions can refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: Text<32>,
    /// Its items.
    pub items: Vec<Item>,
}
codec_struct!(Group {
    name,
    items: MAX_ITEMS
});

/// An account with its permissions (sorted by name; `active` and `owner` always exist).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: AccountName,
    /// Who signed it up.
    pub referrer: Option<AccountName>,
    /// When, ms since 1970.
    pub created_ms: u64,
    /// Its permissions.
    pub permissions: Vec<Permission>,
    /// Its groups.
    pub groups: Vec<Group>,
    /// Whether it pays RAM for this record: from its first change of permissions on.
    pub paid: bool,
}
codec_struct!(Account {
    name,
    referrer,
    created_ms,
    permissions: MAX_PERMISSIONS,
    groups: MAX_PERMISSIONS,
    paid
});

impl Account {
    /// A permission by its name.
    pub fn permission(&self, name: &str) -> Option<&Permission> {
        self.permissions.iter().find(|p| p.name.as_str() == name)
    }

    /// Bytes that its record takes.
    pub fn record_bytes(&self) -> usize {
        self.encode_size()
    }
}

/// The oldest accounts in whose permissions a public key stands (P-42).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyAccounts {
    /// Their names, oldest first.
    pub accounts: Vec<AccountName>,
}
codec_struct!(KeyAccounts {
    accounts: MAX_KEY_ACCOUNTS
});

mod principal_codec {
    use super::Principal;
    use bytes::BufMut;
    use commonware_codec::{Buf, EncodeSize, Error, Read, ReadExt, Write};

    impl Write for Principal {
        fn write(&self, buf: &mut impl BufMut) {
            match self {
                Self::Key(key) => {
                    0u8.write(buf);
                    key.write(buf);
                }
                Self::Account { account, permission } => {
                    1u8.write(buf);
                    account.write(buf);
                    permission.write(buf);
                }
            }
        }
    }
    impl EncodeSize for Principal {
        fn encode_size(&self) -> usize {
            1 + match self {
                Self::Key(key) => key.encode_size(),
                Self::Account { account, permission } => account.encode_size() + permission.encode_size(),
            }
        }
    }
    impl Read for Principal {
        type Cfg = ();
        fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
            match u8::read(buf)? {
                0 => Ok(Self::Key(ReadExt::read(buf)?)),
                1 => Ok(Self::Account {
                    account: ReadExt::read(buf)?,
                    permission: ReadExt::read(buf)?,
                }),
                other => Err(Error::InvalidEnum(other)),
            }
        }
    }
}
