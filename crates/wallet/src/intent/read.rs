//! Reading what was typed.

use credo_primitives::possession::POSSESSION_BYTES;
use credo_primitives::{AccountName, Action, Amount, PublicKey, Text};
use serde_json::Value;

use super::{Intent, IntentError, NodeDeed, PermissionDeed, ProposalDeed, Registration};

/// Longest memo in bytes (`token.iost/transfer`).
pub const MAX_MEMO: usize = 512;
/// Most that can be asked to approve a proposal.
pub const MAX_REQUESTED: usize = 16;
/// Most actions of a proposal.
pub const MAX_PROPOSED_ACTIONS: usize = 8;
/// Longest life of a proposal, in seconds.
pub const MAX_EXPIRATION_S: u64 = 30 * 86_400;
/// Shortest life of a proposal, in seconds.
const MIN_EXPIRATION_S: u64 = 60;
/// Longest data of a proposed action, in bytes.
const MAX_DATA: usize = 16 * 1024;

/// A key or an account's permission: an item of a permission, and who is asked to approve a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requested {
    /// Whoever holds a key.
    Key(PublicKey),
    /// An account's permission.
    Account(AccountName, Text<32>),
}

impl Requested {
    /// Reads `name`, `name@permission`, a key's base58 text, or `key:` and that.
    pub fn parse(text: &str) -> Result<Self, IntentError> {
        let text = text.trim();
        if let Some(key) = text.strip_prefix("key:") {
            return public_key(key).map(Self::Key);
        }
        if text.len() > 32 && !text.contains('@') {
            return public_key(text).map(Self::Key);
        }
        let (name, permission) = text.split_once('@').unwrap_or((text, "active"));
        Ok(Self::Account(
            Intent::name(name)?,
            permission_name("permission", permission)?,
        ))
    }

    /// The account, if it is one.
    pub fn account(&self) -> Option<&AccountName> {
        match self {
            Self::Key(_) => None,
            Self::Account(account, _) => Some(account),
        }
    }

    /// As an item of `auth.iost`: a key's text, or `name@permission`.
    pub fn item(&self) -> String {
        match self {
            Self::Key(key) => key.to_base58(),
            Self::Account(account, permission) => format!("{account}@{permission}"),
        }
    }

    /// As who approves in `msig.iost`: keys are marked as such.
    pub fn approver(&self) -> String {
        match self {
            Self::Key(key) => format!("key:{}", key.to_base58()),
            Self::Account(..) => self.item(),
        }
    }

    /// For a title: a key's first characters.
    pub fn short(&self) -> String {
        match self {
            Self::Key(key) => {
                let text = key.to_base58();
                let head: String = text.chars().take(8).collect();
                format!("the key {head}…")
            }
            Self::Account(..) => self.item(),
        }
    }
}

fn field(what: &'static str, why: impl core::fmt::Display) -> IntentError {
    IntentError::Field {
        what,
        why: why.to_string(),
    }
}

fn public_key(text: &str) -> Result<PublicKey, IntentError> {
    PublicKey::from_base58(text.trim()).map_err(|why| field("the key", why))
}

/// Reads the name of a permission, group or proposal.
pub fn permission_name(what: &'static str, text: &str) -> Result<Text<32>, IntentError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(field(what, "a name is needed"));
    }
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if text.len() > 32 || !text.bytes().all(fits) {
        return Err(field(what, "a name has up to 32 letters, digits and _"));
    }
    Text::new(text).map_err(|why| field(what, why))
}

/// Reads a weight or threshold.
pub fn weight(what: &'static str, text: &str) -> Result<u32, IntentError> {
    match text.trim().parse::<u32>() {
        Ok(weight) if weight > 0 && weight <= i32::MAX as u32 => Ok(weight),
        _ => Err(field(what, "a whole number above zero is needed")),
    }
}

fn bounded<const MAX: usize>(what: &'static str, text: &str) -> Result<Text<MAX>, IntentError> {
    Text::new(text.trim()).map_err(|why| field(what, why))
}

impl Registration {
    /// From what was typed.
    pub fn parse(
        key: &str,
        location: &str,
        url: &str,
        net_id: &str,
        possession: &str,
    ) -> Result<Self, IntentError> {
        let key = key.trim();
        if credo_primitives::spec::consensus_key::from_base58(key).is_none() {
            return Err(field(
                "the consensus key",
                "the base58 text of an ed25519 key is needed (relay-node prints it)",
            ));
        }
        Ok(Self {
            key: key.to_owned(),
            location: bounded("the location", location)?,
            url: bounded("the page", url)?,
            net_id: bounded("the address", net_id)?,
            possession: bounded::<{ 2 * POSSESSION_BYTES }>("the key's signature", possession)?
                .as_str()
                .to_owned(),
        })
    }
}

impl Intent {
    /// Reads an amount as typed.
    pub fn amount(text: &str) -> Result<Amount, IntentError> {
        let text = text.trim();
        if let Some(number) = text.strip_prefix(['-', '−'])
            && Amount::parse(number).is_ok()
        {
            return Err(IntentError::Negative);
        }
        match Amount::parse(text) {
            Ok(amount) if amount.is_zero() => Err(IntentError::Zero),
            Ok(amount) => Ok(amount),
            Err(error) => Err(IntentError::Amount(error)),
        }
    }

    /// Reads an account's name as typed; a contract's is taken, too.
    pub fn name(text: &str) -> Result<AccountName, IntentError> {
        let text = text.trim();
        AccountName::any(text).map_err(|source| IntentError::Name {
            name: text.chars().take(32).collect(),
            source,
        })
    }

    /// Reads a name for a new account as typed.
    pub fn new_name(text: &str) -> Result<AccountName, IntentError> {
        let text = text.trim();
        AccountName::new(text).map_err(|source| IntentError::Name {
            name: text.chars().take(32).collect(),
            source,
        })
    }

    /// A transfer from what was typed.
    pub fn transfer(to: &str, amount: &str, memo: &str) -> Result<Self, IntentError> {
        let to = Self::name(to)?;
        let amount = Self::amount(amount)?;
        if memo.len() > MAX_MEMO {
            return Err(IntentError::Memo(memo.len()));
        }
        Ok(Self::Transfer {
            to,
            amount,
            memo: memo.to_owned(),
        })
    }

    /// A vote from what was typed.
    pub fn vote(candidate: &str, amount: &str) -> Result<Self, IntentError> {
        Ok(Self::Vote {
            candidate: Self::name(candidate)?,
            amount: Self::amount(amount)?,
        })
    }

    /// An unvote from what was typed.
    pub fn unvote(candidate: &str, amount: &str) -> Result<Self, IntentError> {
        Ok(Self::Unvote {
            candidate: Self::name(candidate)?,
            amount: Self::amount(amount)?,
        })
    }

    /// A move from what was typed.
    pub fn move_votes(from: &str, to: &str, amount: &str) -> Result<Self, IntentError> {
        Ok(Self::Move {
            from: Self::name(from)?,
            to: Self::name(to)?,
            amount: Self::amount(amount)?,
        })
    }

    /// A pledge from what was typed.
    pub fn pledge(to: &str, amount: &str) -> Result<Self, IntentError> {
        Ok(Self::Pledge {
            to: Self::name(to)?,
            amount: Self::amount(amount)?,
        })
    }

    /// Taking a pledge back, from what was typed.
    pub fn unpledge(to: &str, amount: &str) -> Result<Self, IntentError> {
        Ok(Self::Unpledge {
            to: Self::name(to)?,
            amount: Self::amount(amount)?,
        })
    }

    /// A new account from what was typed; without an active key, the owner's is both.
    pub fn sign_up(name: &str, owner: &str, active: &str, inviter: &str) -> Result<Self, IntentError> {
        let owner = public_key(owner)?;
        let active = match active.trim() {
            "" => owner.clone(),
            text => public_key(text)?,
        };
        let inviter = match inviter.trim() {
            "" => None,
            text => Some(Self::name(text)?),
        };
        Ok(Self::SignUp {
            name: Self::new_name(name)?,
            owner,
            active,
            inviter,
        })
    }

    /// Standing aside for as many epochs as was typed.
    pub fn stand_aside(epochs: &str) -> Result<Self, IntentError> {
        let epochs = epochs
            .trim()
            .parse()
            .map_err(|_| field("the epochs", "a whole number is needed; 0 ends it"))?;
        Ok(Self::Node(NodeDeed::StandAside { epochs }))
    }

    /// A share of fees in percent, as typed.
    pub fn fee_share(percent: &str) -> Result<Self, IntentError> {
        let percent = percent
            .trim()
            .trim_end_matches('%')
            .trim()
            .parse()
            .map_err(|_| field("the share", "a whole number of percent is needed"))?;
        Ok(Self::Node(NodeDeed::FeeShare { percent }))
    }

    /// Who counts how much in a permission, as typed.
    pub fn assign(permission: &str, who: &str, counts: &str) -> Result<Self, IntentError> {
        Ok(Self::Permission(PermissionDeed::Assign {
            permission: permission_name("the permission", permission)?,
            who: Requested::parse(who)?,
            weight: weight("the weight", counts)?,
        }))
    }

    /// A proposal from what was typed: whose approval is asked for, and actions as contract, action and data.
    pub fn propose(
        name: &str,
        requested: &[String],
        actions: &[(String, String, String)],
        expiration_s: u64,
    ) -> Result<Self, IntentError> {
        let who = requested.iter().filter(|text| !text.trim().is_empty());
        let mut asked: Vec<Requested> = Vec::new();
        for text in who {
            let one = Requested::parse(text)?;
            if !asked.contains(&one) {
                asked.push(one);
            }
        }
        if asked.is_empty() {
            return Err(IntentError::NobodyRequested);
        }
        if asked.len() > MAX_REQUESTED {
            return Err(IntentError::TooManyRequested);
        }
        if actions.is_empty() || actions.len() > MAX_PROPOSED_ACTIONS {
            return Err(IntentError::Actions);
        }
        if !(MIN_EXPIRATION_S..=MAX_EXPIRATION_S).contains(&expiration_s) {
            return Err(IntentError::Expiration);
        }
        let actions: Result<Vec<Action>, IntentError> = actions.iter().map(action).collect();
        Ok(Self::Proposal(ProposalDeed::Propose {
            name: permission_name("the proposal's name", name)?,
            requested: asked,
            actions: actions?,
            expiration_s,
        }))
    }
}

fn action((contract, name, data): &(String, String, String)) -> Result<Action, IntentError> {
    let (contract, name, data) = (contract.trim(), name.trim(), data.trim());
    let wrong = |why: &str| field("the action", why);
    if contract.is_empty() || contract.len() > 64 || name.is_empty() || name.len() > 64 {
        return Err(wrong("a contract's id and an action's name are needed"));
    }
    if data.len() > MAX_DATA {
        return Err(wrong("its data is too long"));
    }
    match serde_json::from_str(data) {
        Ok(Value::Array(_)) => Ok(Action {
            contract: contract.to_owned(),
            name: name.to_owned(),
            data: data.to_owned(),
        }),
        _ => Err(wrong(
            "its data must be a JSON array, such as [\"iost\",\"a\",\"b\",\"1\",\"\"]",
        )),
    }
}
