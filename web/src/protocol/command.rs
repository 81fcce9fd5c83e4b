//! What the user can do, and the replies.

use serde::{Deserialize, Serialize};

use super::{CandidateView, Found};

/// What the user can do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// New 24 words; nothing is stored yet. → [`Reply::Words`]
    CreateWords,
    /// Encrypts a secret under a password and stores it; unlocks. → [`Reply::Done`]
    SetUp {
        /// The secret.
        secret: Secret,
        /// The password.
        password: String,
    },
    /// → [`Reply::Done`]
    Unlock {
        /// The password.
        password: String,
    },
    /// Wipes the keys from memory. → [`Reply::Done`]
    Lock,
    /// Deletes everything stored in this browser for this chain. → [`Reply::Done`]
    Erase,
    /// On a devnet whose hash changed: forget the old chain and pin the new one. → [`Reply::Done`]
    StartOver,
    /// Devnet: sign up an account with this key through the relay's faucet. → [`Reply::Done`] once it is proved
    FaucetAccount {
        /// The new account's name.
        name: String,
    },
    /// Devnet: ask the faucet for tokens for the present account. → [`Reply::Done`]
    FaucetTokens,
    /// One of several accounts under the key. → [`Reply::Done`]
    ChooseAccount {
        /// Its name.
        name: String,
    },
    /// Does this account exist? → [`Reply::Name`]
    CheckName {
        /// Its name.
        name: String,
    },
    /// Builds a transaction and says in words what it does; signs nothing. → [`Reply::Review`]
    Prepare(Intent),
    /// Signs and sends what was reviewed. → [`Reply::Sent`]
    Confirm {
        /// From [`Review::id`].
        review: u32,
    },
    /// A block height, transaction hash, account or node. → [`Reply::Found`]
    LookUp {
        /// What was typed.
        query: String,
    },
    /// Ask for the first part of the ranking of Servi nodes now (the Vote screen is open). → [`Reply::Done`]
    WatchCandidates {
        /// True while the screen is open.
        on: bool,
    },
    /// Ask for the next part of the ranking: the user scrolls towards its end, or searches. → [`Reply::Done`]
    MoreCandidates,
    /// A node by its name, wherever it ranks, as it is now. → [`Reply::Node`]
    FindNode {
        /// Its account.
        name: String,
    },
    /// An encrypted backup of the keystore. → [`Reply::Backup`]
    ExportBackup,
}

/// Where a key comes from.
#[derive(Clone, Serialize, Deserialize)]
pub enum Secret {
    /// 24 (or 12) words.
    Words(String),
    /// IOST's base58 secret key of either algorithm.
    Base58(String),
    /// An encrypted backup and the password it was made with.
    Backup {
        /// The file's text.
        file: String,
        /// Its password.
        password: String,
    },
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a transaction is to do. Amounts are decimal text as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Intent {
    Transfer {
        to: String,
        amount: String,
        memo: String,
    },
    Vote {
        candidate: String,
        amount: String,
    },
    Unvote {
        candidate: String,
        amount: String,
    },
    Move {
        from: String,
        to: String,
        amount: String,
    },
    Pledge {
        to: String,
        amount: String,
    },
    Unpledge {
        to: String,
        amount: String,
    },
    /// Whatever there is to claim.
    Claim,
    SignUp {
        name: String,
        owner: String,
        /// Empty: the owner's.
        active: String,
        /// Empty: this account itself.
        inviter: String,
    },
    Register(NodeText),
    Update(NodeText),
    Apply,
    Leave,
    StandAside {
        epochs: String,
    },
    FeeShare {
        percent: String,
    },
    AddPermission {
        permission: String,
        threshold: String,
    },
    DropPermission {
        permission: String,
    },
    Threshold {
        permission: String,
        threshold: String,
    },
    Assign {
        permission: String,
        who: String,
        weight: String,
    },
    RevokeItem {
        permission: String,
        who: String,
    },
    AddGroup {
        group: String,
    },
    DropGroup {
        group: String,
    },
    AssignGroup {
        group: String,
        who: String,
        weight: String,
    },
    RevokeGroup {
        group: String,
        who: String,
    },
    AddToPermission {
        permission: String,
        group: String,
    },
    RemoveFromPermission {
        permission: String,
        group: String,
    },
    Propose {
        name: String,
        requested: Vec<String>,
        actions: Vec<ProposedAction>,
        hours: u64,
    },
    Approve {
        proposer: String,
        name: String,
        who: String,
    },
    RevokeApproval {
        proposer: String,
        name: String,
        who: String,
    },
    /// Whatever the account and this key have approved.
    RevokeAllApprovals,
    /// Takes proposals out of the list of what waits for the account and this key.
    ClearProposals {
        /// Empty: everybody's.
        proposer: String,
    },
    CancelProposal {
        name: String,
    },
    Execute {
        proposer: String,
        name: String,
    },
}

/// What a Servi node says of itself, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct NodeText {
    pub key: String,
    pub location: String,
    pub url: String,
    pub net_id: String,
    /// The key's own signature for this account, hexadecimal.
    pub possession: String,
}

/// An action of a proposal, as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ProposedAction {
    pub contract: String,
    pub action: String,
    /// The text of a JSON array.
    pub data: String,
}

/// Replies to commands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Reply {
    Done,
    Words(Vec<String>),
    Name(NameStatus),
    Review(Review),
    /// The transaction's hash, base58; follow it in [`View::activity`](super::View::activity).
    Sent(String),
    Found(Found),
    /// The node, or none: that it isn't registered is proved, too.
    Node(Option<Box<CandidateView>>),
    Backup(String),
}

/// What is known of a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum NameStatus {
    /// It exists, proved at this height.
    Exists { height: u64 },
    /// It doesn't, proved at this height.
    Free { height: u64 },
    /// It can't be a name; the sentence says why.
    Invalid(String),
}

/// A transaction in words, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// For [`Command::Confirm`].
    pub id: u32,
    /// "Send 12.5 IOST to harbor_cafe".
    pub title: String,
    /// Label and value, e.g. ("Memo", "two flat whites"), ("Gas", "at most 20,000"), ("Lock", "…").
    pub lines: Vec<(String, String)>,
    /// The verified block that it is based on.
    pub height: u64,
}
