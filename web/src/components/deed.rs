//! Something to be done with an account, as a short form: what is asked for, and the intent that comes of it.

use credo_web::protocol::{Intent, NodeText, ProposedAction};
use yew::prelude::*;

/// How long a proposal stands unless something else is typed, in hours.
const HOURS: &str = "72";

/// A field of the form.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ask {
    pub(crate) label: &'static str,
    /// What stands there at first.
    pub(crate) value: String,
    pub(crate) hint: &'static str,
    /// Several lines.
    pub(crate) lines: bool,
}

fn ask(label: &'static str, hint: &'static str) -> Ask {
    Ask {
        label,
        value: String::new(),
        hint,
        lines: false,
    }
}

impl Ask {
    fn with(self, value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            ..self
        }
    }

    fn lines(self) -> Self {
        Self { lines: true, ..self }
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Deed {
    pub(crate) title: AttrValue,
    /// What it means, in a sentence or two.
    pub(crate) words: &'static str,
    pub(crate) asks: Vec<Ask>,
    /// The intent, from the fields' texts in their order.
    pub(crate) make: Callback<Vec<String>, Intent>,
}

/// The text of the field with this number.
fn at(texts: &[String], i: usize) -> String {
    texts.get(i).cloned().unwrap_or_default()
}

impl Deed {
    fn new(
        title: impl Into<AttrValue>,
        words: &'static str,
        asks: Vec<Ask>,
        make: impl Fn(&[String]) -> Intent + 'static,
    ) -> Self {
        Self {
            title: title.into(),
            words,
            asks,
            make: Callback::from(move |texts: Vec<String>| make(&texts)),
        }
    }

    /// Nothing has to be asked: it goes straight into words.
    pub(crate) fn direct(title: impl Into<AttrValue>, intent: Intent) -> Self {
        Self::new(title, "", Vec::new(), move |_| intent.clone())
    }

    /// Claims all rewards.
    pub(crate) fn claim() -> Self {
        Self::direct("Claim rewards", Intent::Claim)
    }

    /// Takes back whatever was approved.
    pub(crate) fn revoke_all() -> Self {
        Self::direct("Take back all approvals", Intent::RevokeAllApprovals)
    }

    /// Clears the list of proposals that wait.
    pub(crate) fn clear_proposals() -> Self {
        let proposer = String::new();
        Self::direct("Clear the list", Intent::ClearProposals { proposer })
    }

    /// Signs up an account for somebody's key.
    pub(crate) fn sign_up() -> Self {
        Self::new(
            "Sign up an account",
            "Creates an account for somebody's key. 10 IOST of yours are pledged for its gas, so that it can act.",
            vec![
                ask("Name", "5 to 11 of a–z, 0–9 and _."),
                ask("Public key", "Base58: the key of whom the account is for."),
                ask(
                    "Invited by",
                    "Optional: a Servi node that invited it and shares in its fees. Without one it is you.",
                ),
            ],
            |t| Intent::SignUp {
                name: at(t, 0),
                owner: at(t, 1),
                active: String::new(),
                inviter: at(t, 2),
            },
        )
    }

    /// Lets a key or account count in a permission.
    pub(crate) fn assign(permission: &str, threshold: u32, who: &str, weight: u32) -> Self {
        let name = permission.to_owned();
        let weight = if weight == 0 { threshold } else { weight };
        Self::new(
            if who.is_empty() {
                format!("Add to {permission}")
            } else {
                format!("Change a weight in {permission}")
            },
            "The permission is satisfied when the weights of those who sign reach its threshold.",
            vec![
                ask(
                    "Key or account",
                    "A base58 public key, a name, or name@permission.",
                )
                .with(who),
                ask("Weight", "How much it counts towards the threshold.").with(weight.to_string()),
            ],
            move |t| Intent::Assign {
                permission: name.clone(),
                who: at(t, 0),
                weight: at(t, 1),
            },
        )
    }

    /// A new permission.
    pub(crate) fn add_permission() -> Self {
        Self::new(
            "Add a permission",
            "A permission of its own, such as transfer, vote or operate. While it isn't satisfied, active counts instead.",
            vec![
                ask("Name", "Up to 32 letters, digits and _."),
                ask("Threshold", "What the weights must reach.").with("100"),
            ],
            |t| Intent::AddPermission {
                permission: at(t, 0),
                threshold: at(t, 1),
            },
        )
    }

    /// Another threshold.
    pub(crate) fn threshold(permission: &str, threshold: u32) -> Self {
        let name = permission.to_owned();
        Self::new(
            format!("Threshold of {permission}"),
            "The permission is made anew with the same keys, accounts and groups, all in one transaction.",
            vec![ask("Threshold", "What the weights must reach.").with(threshold.to_string())],
            move |t| Intent::Threshold {
                permission: name.clone(),
                threshold: at(t, 0),
            },
        )
    }

    /// A new group.
    pub(crate) fn add_group() -> Self {
        Self::new(
            "Add a group",
            "Keys and accounts that several permissions can name together.",
            vec![ask("Name", "Up to 32 letters, digits and _.")],
            |t| Intent::AddGroup { group: at(t, 0) },
        )
    }

    /// Puts a key or account into a group.
    pub(crate) fn assign_group(group: &str) -> Self {
        let name = group.to_owned();
        Self::new(
            format!("Add to the group {group}"),
            "It counts in every permission that names the group.",
            vec![
                ask(
                    "Key or account",
                    "A base58 public key, a name, or name@permission.",
                ),
                ask("Weight", "How much it counts towards a threshold.").with("1"),
            ],
            move |t| Intent::AssignGroup {
                group: name.clone(),
                who: at(t, 0),
                weight: at(t, 1),
            },
        )
    }

    /// Lets a group count in a permission.
    pub(crate) fn add_to_permission(group: &str) -> Self {
        let name = group.to_owned();
        Self::new(
            format!("Let the group {group} count"),
            "All of the group count with their weights in the permission.",
            vec![ask("Permission", "One of this account's permissions.").with("active")],
            move |t| Intent::AddToPermission {
                permission: at(t, 0),
                group: name.clone(),
            },
        )
    }

    /// Registers a node, or changes what it says.
    pub(crate) fn node(title: &'static str, text: &NodeText, update: bool) -> Self {
        let hint = if update {
            "Only for a new key: what `relay-node key possess` prints."
        } else {
            "What `relay-node key possess` prints: that you have the key."
        };
        Self::new(
            title,
            "The consensus key signs blocks; relay-node prints it. A member of the committee keeps its key.",
            vec![
                ask("Consensus key", "Base58 of the node's ed25519 key.").with(&text.key),
                ask("Location", "Where the node is.").with(&text.location),
                ask("Page", "Where voters can read about it.").with(&text.url),
                ask("Address", "host:port, where other nodes reach it.").with(&text.net_id),
                ask("Signature", hint),
            ],
            move |t| {
                let text = NodeText {
                    key: at(t, 0),
                    location: at(t, 1),
                    url: at(t, 2),
                    net_id: at(t, 3),
                    possession: at(t, 4).trim().to_owned(),
                };
                if update {
                    Intent::Update(text)
                } else {
                    Intent::Register(text)
                }
            },
        )
    }

    /// Stands aside.
    pub(crate) fn stand_aside() -> Self {
        Self::new(
            "Stand aside",
            "For planned work: meanwhile the node earns nothing, isn't elected, and loses nothing.",
            vec![ask("Epochs", "How many, after this one. 0 comes back in the next.").with("1")],
            |t| Intent::StandAside { epochs: at(t, 0) },
        )
    }

    /// Sets the share of fees.
    pub(crate) fn fee_share(percent: u8) -> Self {
        Self::new(
            "Share of fees",
            "What the node takes of the fees of whom it invited, all its own. The rest is burnt.",
            vec![ask("Percent", "A whole number from 10 to 30.").with(percent.to_string())],
            |t| Intent::FeeShare { percent: at(t, 0) },
        )
    }

    /// Proposes a transfer.
    pub(crate) fn propose_transfer(own: &str) -> Self {
        Self::new(
            "Propose a transfer",
            "It is done once those agree whose weights reach the threshold of the account that pays.",
            vec![
                ask("Name", "What you call the proposal."),
                ask(
                    "From",
                    "The account that pays, such as one that several hold together.",
                ),
                ask("To", "Who is paid."),
                ask("Amount", "In IOST."),
                ask("Memo", "Optional. Anyone can read it on the chain."),
                ask(
                    "Who is to approve",
                    "Names, name@permission or public keys, one a line.",
                )
                .with(own)
                .lines(),
                ask(
                    "Stands for, in hours",
                    "Afterwards it can't be executed any more.",
                )
                .with(HOURS),
            ],
            |t| {
                let data = serde_json::json!([
                    "iost",
                    at(t, 1).trim(),
                    at(t, 2).trim(),
                    at(t, 3).trim(),
                    at(t, 4)
                ]);
                propose(t, "token.iost", "transfer", &data.to_string(), 5)
            },
        )
    }

    /// Proposes any action.
    pub(crate) fn propose_action(own: &str) -> Self {
        Self::new(
            "Propose an action",
            "Any action of a contract. What it does is shown in words where that is known.",
            vec![
                ask("Name", "What you call the proposal."),
                ask("Contract", "Such as vote_producer.iost."),
                ask("Action", "Such as vote."),
                ask("Data", "A JSON array of its arguments.").with("[]").lines(),
                ask(
                    "Who is to approve",
                    "Names, name@permission or public keys, one a line.",
                )
                .with(own)
                .lines(),
                ask(
                    "Stands for, in hours",
                    "Afterwards it can't be executed any more.",
                )
                .with(HOURS),
            ],
            |t| propose(t, &at(t, 1), &at(t, 2), &at(t, 3), 4),
        )
    }
}

/// A proposal of one action; who approves stands in the field `who`, the hours in the next.
fn propose(texts: &[String], contract: &str, action: &str, data: &str, who: usize) -> Intent {
    Intent::Propose {
        name: at(texts, 0),
        requested: at(texts, who).split_whitespace().map(str::to_owned).collect(),
        actions: vec![ProposedAction {
            contract: contract.to_owned(),
            action: action.to_owned(),
            data: data.to_owned(),
        }],
        hours: at(texts, who + 1).trim().parse().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn a_proposed_transfer_is_what_was_typed() {
        let texts = [
            "chairs",
            "treasury",
            " harbor_cafe ",
            "250",
            "for \"chairs\"",
            "alice\n bobby",
            "24",
        ];
        let intent = Deed::propose_transfer("alice")
            .make
            .emit(texts.iter().map(|text| (*text).to_owned()).collect());
        let Intent::Propose {
            name,
            requested,
            actions,
            hours,
        } = intent
        else {
            panic!("another intent")
        };
        assert_eq!((name.as_str(), hours), ("chairs", 24));
        assert_eq!(requested, ["alice", "bobby"]);
        assert_eq!(
            actions[0].data,
            r#"["iost","treasury","harbor_cafe","250","for \"chairs\""]"#
        );
    }
}
