//! What an intent calls, and the least limit under which it can succeed.

use credo_primitives::entry::SIGN_UP_PLEDGE;
use credo_primitives::{AccountName, Action, Amount};
use serde_json::{Value, json};

use crate::draft::Basis;
use crate::intent::{Intent, NodeDeed, PermissionDeed, ProposalDeed, Registration};
use crate::permissions::{OWNER, item_text};
use crate::ram::Purchase;

/// A transaction's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calls {
    pub(crate) actions: Vec<Action>,
    /// How much of the publisher's IOST it may move: no more than the intent says.
    pub(crate) limit: Option<Amount>,
    /// Authority beyond the publisher's `active`.
    pub(crate) signers: Vec<String>,
}

fn call(contract: &str, name: &str, data: &Value) -> Action {
    Action {
        contract: contract.into(),
        name: name.into(),
        data: data.to_string(),
    }
}

pub(crate) fn calls(intent: &Intent, basis: &Basis<'_>, purchase: Option<&Purchase>) -> Calls {
    let me = basis.account.as_str();
    let producer = |name: &str, data: Value| vec![call("vote_producer.iost", name, &data)];
    let (actions, limit) = match intent {
        Intent::Transfer { to, amount, memo } => (
            vec![call(
                "token.iost",
                "transfer",
                &json!(["iost", me, to.as_str(), amount.to_string(), memo]),
            )],
            Some(*amount),
        ),
        Intent::Vote { candidate, amount } => (
            producer("vote", json!([me, candidate.as_str(), amount.to_string()])),
            Some(*amount),
        ),
        Intent::Unvote { candidate, amount } => (
            producer("unvote", json!([me, candidate.as_str(), amount.to_string()])),
            None,
        ),
        Intent::Move { from, to, amount } => (
            producer(
                "move",
                json!([me, from.as_str(), to.as_str(), amount.to_string()]),
            ),
            None,
        ),
        Intent::Pledge { to, amount } => (
            vec![call(
                "gas.iost",
                "pledge",
                &json!([me, to.as_str(), amount.to_string()]),
            )],
            Some(*amount),
        ),
        Intent::Unpledge { to, amount } => (
            vec![call(
                "gas.iost",
                "unpledge",
                &json!([me, to.as_str(), amount.to_string()]),
            )],
            None,
        ),
        Intent::Claim {
            voter,
            node,
            contribution,
        } => (claims(me, *voter, *node, *contribution), None),
        Intent::SignUp {
            name,
            owner,
            active,
            inviter,
        } => {
            let (owner, active) = (owner.to_base58(), active.to_base58());
            let action = match inviter {
                None => call("auth.iost", "signUp", &json!([name.as_str(), owner, active])),
                Some(inviter) => call(
                    "auth.iost",
                    "signUpInvited",
                    &json!([name.as_str(), owner, active, inviter.as_str()]),
                ),
            };
            (vec![action], Some(SIGN_UP_PLEDGE))
        }
        Intent::Node(deed) => (vec![node(me, deed)], locked(deed, basis)),
        Intent::Permission(deed) => (permission(me, deed, basis), None),
        Intent::Proposal(deed) => (proposal(me, deed, basis), None),
    };
    let signers = match intent {
        Intent::Permission(_) => vec![format!("{me}@{OWNER}")],
        _ => Vec::new(),
    };
    let mut calls = Calls {
        actions,
        limit,
        signers,
    };
    if let Some(purchase) = purchase {
        let data = json!([me, purchase.account.as_str(), purchase.bytes]);
        let buy = call("ram.iost", "buy", &data);
        // For oneself before it is needed, for a new account once that exists.
        let at = if purchase.account == *basis.account {
            0
        } else {
            calls.actions.len()
        };
        calls.actions.insert(at, buy);
        let spent = calls.limit.unwrap_or(Amount::ZERO);
        calls.limit = Some(spent.checked_add(purchase.most).unwrap_or(Amount::MAX));
    }
    calls
}

/// What a deed of one's node locks.
fn locked(deed: &NodeDeed, basis: &Basis<'_>) -> Option<Amount> {
    match deed {
        NodeDeed::Register(_) => Some(basis.parameters.registration_lock()),
        NodeDeed::Apply => Some(basis.parameters.deposit),
        _ => None,
    }
}

fn claims(me: &str, voter: Amount, node: Amount, contribution: Amount) -> Vec<Action> {
    let parts = [
        (voter, call("vote_producer.iost", "voterWithdraw", &json!([me]))),
        (
            node,
            call("vote_producer.iost", "candidateWithdraw", &json!([me])),
        ),
        // An amount of 0 claims all.
        (
            contribution,
            call("bonus.iost", "exchangeIOST", &json!([me, "0"])),
        ),
    ];
    parts
        .into_iter()
        .filter(|(amount, _)| !amount.is_zero())
        .map(|(_, action)| action)
        .collect()
}

fn node(me: &str, deed: &NodeDeed) -> Action {
    // The key's signature comes last, where there is one.
    let said = |name: &str, node: &Registration, producer: bool| {
        let mut data = vec![
            json!(me),
            json!(node.key),
            json!(node.location.as_str()),
            json!(node.url.as_str()),
            json!(node.net_id.as_str()),
        ];
        if producer {
            data.push(json!(true));
        }
        if !node.possession.is_empty() {
            data.push(json!(node.possession));
        }
        call("vote_producer.iost", name, &Value::Array(data))
    };
    let plain = |name: &str, data: Value| call("vote_producer.iost", name, &data);
    match deed {
        NodeDeed::Register(node) => said("applyRegister", node, true),
        NodeDeed::Update(node) => said("updateProducer", node, false),
        NodeDeed::Apply => plain("logInProducer", json!([me])),
        NodeDeed::Leave => plain("logOutProducer", json!([me])),
        NodeDeed::StandAside { epochs } => plain("standAside", json!([me, epochs])),
        NodeDeed::FeeShare { percent } => plain("setFeeShare", json!([me, percent])),
    }
}

fn permission(me: &str, deed: &PermissionDeed, basis: &Basis<'_>) -> Vec<Action> {
    let auth = |name: &str, data: Value| call("auth.iost", name, &data);
    match deed {
        PermissionDeed::Add {
            permission,
            threshold,
        } => vec![auth("addPermission", json!([me, permission.as_str(), threshold]))],
        PermissionDeed::Drop { permission } => {
            vec![auth("dropPermission", json!([me, permission.as_str()]))]
        }
        PermissionDeed::Assign {
            permission,
            who,
            weight,
        } => vec![auth(
            "assignPermission",
            json!([me, permission.as_str(), who.item(), weight]),
        )],
        PermissionDeed::Revoke { permission, who } => vec![auth(
            "revokePermission",
            json!([me, permission.as_str(), who.item()]),
        )],
        PermissionDeed::Threshold {
            permission,
            threshold,
        } => {
            // IOST has no action for it: the permission is removed and made anew with what it held, all or nothing.
            let name = permission.as_str();
            let mut actions = vec![
                auth("dropPermission", json!([me, name])),
                auth("addPermission", json!([me, name, threshold])),
            ];
            if let Some(held) = basis.record.and_then(|record| record.permission(name)) {
                actions.extend(held.items.iter().map(|item| {
                    auth(
                        "assignPermission",
                        json!([me, name, item_text(&item.principal), item.weight]),
                    )
                }));
                actions.extend(
                    held.groups
                        .iter()
                        .map(|group| auth("assignPermissionToGroup", json!([me, name, group.as_str()]))),
                );
            }
            actions
        }
        PermissionDeed::AddGroup { group } => vec![auth("addGroup", json!([me, group.as_str()]))],
        PermissionDeed::DropGroup { group } => vec![auth("dropGroup", json!([me, group.as_str()]))],
        PermissionDeed::AssignGroup { group, who, weight } => vec![auth(
            "assignGroup",
            json!([me, group.as_str(), who.item(), weight]),
        )],
        PermissionDeed::RevokeGroup { group, who } => {
            vec![auth("revokeGroup", json!([me, group.as_str(), who.item()]))]
        }
        PermissionDeed::AddToPermission { permission, group } => vec![auth(
            "assignPermissionToGroup",
            json!([me, permission.as_str(), group.as_str()]),
        )],
        PermissionDeed::RemoveFromPermission { permission, group } => vec![auth(
            "revokePermissionInGroup",
            json!([me, permission.as_str(), group.as_str()]),
        )],
    }
}

fn proposal(me: &str, deed: &ProposalDeed, basis: &Basis<'_>) -> Vec<Action> {
    let msig = |name: &str, data: Value| call("msig.iost", name, &data);
    // The account's own, and what its key approved or was asked for as a key.
    let both = || {
        let key = basis.key.map(|key| format!("key:{}", key.to_base58()));
        [me.to_owned()].into_iter().chain(key)
    };
    let one = match deed {
        ProposalDeed::RevokeAll => return both().map(|who| msig("revokeAll", json!([who]))).collect(),
        ProposalDeed::Clear { proposer } => {
            let proposer = proposer.as_ref().map_or("", AccountName::as_str);
            return both().map(|who| msig("clear", json!([who, proposer]))).collect();
        }
        ProposalDeed::Propose {
            name,
            requested,
            actions,
            expiration_s,
        } => {
            let asked: Vec<String> = requested.iter().map(crate::intent::Requested::approver).collect();
            let actions: Vec<Value> = actions
                .iter()
                .map(|a| json!({ "contract": a.contract, "action": a.name, "data": a.data }))
                .collect();
            msig(
                "propose",
                json!([me, name.as_str(), asked, actions, expiration_s]),
            )
        }
        ProposalDeed::Approve {
            proposer, name, who, ..
        } => msig(
            "approve",
            json!([proposer.as_str(), name.as_str(), who.approver()]),
        ),
        ProposalDeed::Revoke { proposer, name, who } => msig(
            "revoke",
            json!([proposer.as_str(), name.as_str(), who.approver()]),
        ),
        ProposalDeed::Cancel { name } => msig("cancel", json!([me, name.as_str()])),
        ProposalDeed::Execute { proposer, name, .. } => {
            msig("execute", json!([proposer.as_str(), name.as_str()]))
        }
    };
    vec![one]
}
