//! Deeds of one kind each: with one's node, with permissions, with proposals.

use credo_primitives::{AccountName, Action, Text};

use super::Requested;

/// What a Servi node says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Its consensus key, base58.
    pub key: String,
    /// Where it is.
    pub location: Text<128>,
    /// Its page.
    pub url: Text<256>,
    /// `host:port` on the consensus plane.
    pub net_id: Text<128>,
    /// The key's own signature that shows that the account has it (P-10), hexadecimal; nothing where none is needed.
    pub possession: String,
}

/// Something of the account's own Servi node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeDeed {
    /// Register it, so that it can be voted for.
    Register(Registration),
    /// Change what it says of itself.
    Update(Registration),
    /// Apply for candidacy (P-10): locks the deposit.
    Apply,
    /// Leave (P-16): candidacy, votes and Servi end.
    Leave,
    /// Stand aside for planned work (P-15).
    StandAside {
        /// For so many epochs; none ends it.
        epochs: u64,
    },
    /// Set the part of its invited users' fees (P-22).
    FeeShare {
        /// In percent.
        percent: u8,
    },
}

impl NodeDeed {
    pub(super) fn title(&self) -> String {
        match self {
            Self::Register(_) => "Register a Servi node".into(),
            Self::Update(_) => "Change what your node says of itself".into(),
            Self::Apply => "Apply for candidacy".into(),
            Self::Leave => "Leave: end your node's candidacy".into(),
            Self::StandAside { epochs: 0 } => "Come back from standing aside".into(),
            Self::StandAside { epochs } => format!("Stand aside for {}", epochs_text(*epochs)),
            Self::FeeShare { percent } => format!("Take {percent} % of invited users' fees"),
        }
    }

    pub(super) fn done_title(&self) -> String {
        match self {
            Self::Register(_) => "Registered a node".into(),
            Self::Update(_) => "Changed what the node says".into(),
            Self::Apply => "Applied for candidacy".into(),
            Self::Leave => "Left".into(),
            Self::StandAside { epochs: 0 } => "Came back from standing aside".into(),
            Self::StandAside { epochs } => format!("Stood aside for {}", epochs_text(*epochs)),
            Self::FeeShare { percent } => format!("Set the fee share to {percent} %"),
        }
    }
}

fn epochs_text(epochs: u64) -> String {
    format!("{epochs} epoch{}", if epochs == 1 { "" } else { "s" })
}

/// A change of the account's permissions; all need its `owner` permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PermissionDeed {
    /// A permission of one's own.
    Add {
        /// Its name.
        permission: Text<32>,
        /// What the weights must reach.
        threshold: u32,
    },
    /// Remove a permission of one's own.
    Drop {
        /// Its name.
        permission: Text<32>,
    },
    /// Let a key or another account count in a permission, or change how much it counts.
    Assign {
        /// The permission.
        permission: Text<32>,
        /// Who.
        who: Requested,
        /// How much it counts.
        weight: u32,
    },
    /// Take a key or another account out of a permission.
    Revoke {
        /// The permission.
        permission: Text<32>,
        /// Who.
        who: Requested,
    },
    /// Another threshold for a permission of one's own, which is made anew with the same items.
    Threshold {
        /// The permission.
        permission: Text<32>,
        /// What the weights must reach.
        threshold: u32,
    },
    /// A group of keys and accounts that permissions can name.
    AddGroup {
        /// Its name.
        group: Text<32>,
    },
    /// Remove a group.
    DropGroup {
        /// Its name.
        group: Text<32>,
    },
    /// Put a key or account into a group.
    AssignGroup {
        /// The group.
        group: Text<32>,
        /// Who.
        who: Requested,
        /// How much it counts.
        weight: u32,
    },
    /// Take a key or account out of a group.
    RevokeGroup {
        /// The group.
        group: Text<32>,
        /// Who.
        who: Requested,
    },
    /// Let a group count in a permission.
    AddToPermission {
        /// The permission.
        permission: Text<32>,
        /// The group.
        group: Text<32>,
    },
    /// Let a group count no longer.
    RemoveFromPermission {
        /// The permission.
        permission: Text<32>,
        /// The group.
        group: Text<32>,
    },
}

impl PermissionDeed {
    pub(crate) fn other(&self) -> Option<&AccountName> {
        match self {
            Self::Assign { who, .. } | Self::AssignGroup { who, .. } => who.account(),
            _ => None,
        }
    }

    pub(super) fn title(&self) -> String {
        match self {
            Self::Add { permission, .. } => format!("Add the permission {permission}"),
            Self::Drop { permission } => format!("Remove the permission {permission}"),
            Self::Assign { permission, who, .. } => format!("Let {} count in {permission}", who.short()),
            Self::Revoke { permission, who } => format!("Take {} out of {permission}", who.short()),
            Self::Threshold {
                permission,
                threshold,
            } => format!("Change the threshold of {permission} to {threshold}"),
            Self::AddGroup { group } => format!("Add the group {group}"),
            Self::DropGroup { group } => format!("Remove the group {group}"),
            Self::AssignGroup { group, who, .. } => format!("Put {} into the group {group}", who.short()),
            Self::RevokeGroup { group, who } => format!("Take {} out of the group {group}", who.short()),
            Self::AddToPermission { permission, group } => {
                format!("Let the group {group} count in {permission}")
            }
            Self::RemoveFromPermission { permission, group } => {
                format!("Take the group {group} out of {permission}")
            }
        }
    }

    pub(super) fn done_title(&self) -> String {
        match self {
            Self::Add { permission, .. } => format!("Added the permission {permission}"),
            Self::Drop { permission } => format!("Removed the permission {permission}"),
            Self::Assign { permission, who, .. } => format!("Let {} count in {permission}", who.short()),
            Self::Revoke { permission, who } => format!("Took {} out of {permission}", who.short()),
            Self::Threshold { permission, .. } => format!("Changed the threshold of {permission}"),
            Self::AddGroup { group } => format!("Added the group {group}"),
            Self::DropGroup { group } => format!("Removed the group {group}"),
            Self::AssignGroup { group, who, .. } => format!("Put {} into {group}", who.short()),
            Self::RevokeGroup { group, who } => format!("Took {} out of {group}", who.short()),
            Self::AddToPermission { permission, group } => {
                format!("Let the group {group} count in {permission}")
            }
            Self::RemoveFromPermission { permission, group } => {
                format!("Took the group {group} out of {permission}")
            }
        }
    }
}

/// Something with a proposal: actions that run once enough have approved them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProposalDeed {
    /// Propose actions.
    Propose {
        /// What the proposer calls it.
        name: Text<32>,
        /// Whose approval is asked for.
        requested: Vec<Requested>,
        /// What is to be done.
        actions: Vec<Action>,
        /// How long it stands.
        expiration_s: u64,
    },
    /// Approve one.
    Approve {
        /// Who proposed it.
        proposer: AccountName,
        /// Its name.
        name: Text<32>,
        /// As whom.
        who: Requested,
        /// What it does, as proved.
        actions: Vec<Action>,
    },
    /// Take an approval back.
    Revoke {
        /// Who proposed it.
        proposer: AccountName,
        /// Its name.
        name: Text<32>,
        /// As whom.
        who: Requested,
    },
    /// Take back everything that this account, and this wallet's key, have approved.
    RevokeAll,
    /// Take proposals out of the list of what waits for this account and this wallet's key. They stay open.
    Clear {
        /// Whose; all without.
        proposer: Option<AccountName>,
    },
    /// Take one's own proposal away.
    Cancel {
        /// Its name.
        name: Text<32>,
    },
    /// Run what was approved.
    Execute {
        /// Who proposed it.
        proposer: AccountName,
        /// Its name.
        name: Text<32>,
        /// What it does, as proved.
        actions: Vec<Action>,
    },
}

impl ProposalDeed {
    pub(super) fn title(&self) -> String {
        match self {
            Self::Propose { name, .. } => format!("Propose \u{201c}{name}\u{201d}"),
            Self::Approve { proposer, name, .. } => {
                format!("Approve \u{201c}{name}\u{201d} of {proposer}")
            }
            Self::Revoke { proposer, name, .. } => {
                format!("Take back your approval of \u{201c}{name}\u{201d} of {proposer}")
            }
            Self::RevokeAll => "Take back all your approvals".into(),
            Self::Clear { proposer: None } => "Clear the list of proposals that wait for you".into(),
            Self::Clear {
                proposer: Some(proposer),
            } => format!("Clear the proposals of {proposer} from your list"),
            Self::Cancel { name } => format!("Cancel your proposal \u{201c}{name}\u{201d}"),
            Self::Execute { proposer, name, .. } => {
                format!("Execute \u{201c}{name}\u{201d} of {proposer}")
            }
        }
    }

    pub(super) fn done_title(&self) -> String {
        match self {
            Self::Propose { name, .. } => format!("Proposed \u{201c}{name}\u{201d}"),
            Self::Approve { proposer, name, .. } => {
                format!("Approved \u{201c}{name}\u{201d} of {proposer}")
            }
            Self::Revoke { proposer, name, .. } => {
                format!("Took back the approval of \u{201c}{name}\u{201d} of {proposer}")
            }
            Self::RevokeAll => "Took back all approvals".into(),
            Self::Clear { proposer: None } => "Cleared the list of proposals".into(),
            Self::Clear {
                proposer: Some(proposer),
            } => format!("Cleared the proposals of {proposer}"),
            Self::Cancel { name } => format!("Cancelled \u{201c}{name}\u{201d}"),
            Self::Execute { proposer, name, .. } => {
                format!("Executed \u{201c}{name}\u{201d} of {proposer}")
            }
        }
    }
}
