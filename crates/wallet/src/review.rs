//! A transaction in words, before it is signed.

use credo_primitives::entry::{Gas, SIGN_UP_PLEDGE};
use credo_primitives::{AccountName, Action, Amount};

use crate::draft::Basis;
use crate::gas::GAS_UNIT;
use crate::intent::{Intent, NodeDeed, PermissionDeed, ProposalDeed};
use crate::ram::Purchase;
use crate::words::in_words;

/// What a transaction does, in words. Every line is derived from the transaction's own intent, never from a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// "Send 12.5 IOST to harbor_cafe".
    pub title: String,
    /// Label and value.
    pub lines: Vec<(String, String)>,
    /// The verified block that it is based on.
    pub height: u64,
}

/// A whole number with commas: 84,912.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A duration as people say it: "7 days", "2 minutes".
fn duration(ms: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (86_400_000, "day"),
        (3_600_000, "hour"),
        (60_000, "minute"),
        (1_000, "second"),
    ];
    for (unit, name) in UNITS {
        if ms >= unit && ms.is_multiple_of(unit) || (unit == 1_000) {
            let n = ms.div_ceil(unit);
            return format!("{n} {name}{}", if n == 1 { "" } else { "s" });
        }
    }
    String::new()
}

pub(crate) fn review(
    intent: &Intent,
    basis: &Basis<'_>,
    purchase: Option<&Purchase>,
    gas_limit: u64,
) -> Review {
    let mut lines = Lines(Vec::new());
    lines.add("From", basis.account);
    match intent {
        Intent::Transfer { to, amount, memo } => {
            lines.add("To", describe(to));
            lines.iost("Amount", amount);
            if !memo.is_empty() {
                lines.add("Memo", memo);
            }
            lines.add("Lock", "none; a final transfer can't be undone");
        }
        Intent::Claim {
            voter,
            node,
            contribution,
        } => {
            for (label, part) in [
                ("For votes", voter),
                ("For the node", node),
                ("For contribution", contribution),
            ] {
                if !part.is_zero() {
                    lines.add(label, format!("{part} IOST, and what is added until the block"));
                }
            }
            lines.add("Lock", "none; rewards can be spent at once");
        }
        Intent::SignUp {
            name,
            owner,
            active,
            inviter,
        } => {
            lines.add("Name", name);
            lines.add("Owner key", owner);
            if active != owner {
                lines.add("Active key", active);
            }
            lines.add("Invited by", inviter.as_ref().unwrap_or(basis.account));
            lines.add(
                "Costs",
                format!("{SIGN_UP_PLEDGE} IOST of yours, pledged for its gas"),
            );
        }
        Intent::Node(deed) => node(&mut lines, deed, basis),
        Intent::Permission(deed) => permission(&mut lines, deed, basis),
        Intent::Proposal(deed) => proposal(&mut lines, deed),
        _ => stake(&mut lines, intent, basis),
    }
    if let Some(purchase) = purchase {
        lines.add("Buys RAM", bought(purchase, basis));
    }
    let (most, has) = (gas_limit / GAS_UNIT, basis.gas / GAS_UNIT);
    let gas = if gas_limit > basis.gas {
        format!("at most {} of what the pledge brings at once", grouped(most))
    } else {
        format!("at most {} of your {}", grouped(most), grouped(has))
    };
    lines.add("Gas", gas);
    lines.add(
        "Valid",
        "90 seconds from signing; after that it can't happen any more",
    );
    Review {
        title: intent.title(),
        lines: lines.0,
        height: basis.height,
    }
}

/// RAM that is bought along, with its price.
fn bought(purchase: &Purchase, basis: &Basis<'_>) -> String {
    let whose = if purchase.account == *basis.account {
        "for what this writes".to_owned()
    } else {
        format!("for {}", purchase.account)
    };
    let (bytes, about, most) = (grouped(purchase.bytes), purchase.about, purchase.most);
    format!("{bytes} bytes {whose}, about {about} IOST and at most {most}")
}

/// Labels and values so far.
struct Lines(Vec<(String, String)>);

impl Lines {
    fn add(&mut self, label: &str, value: impl core::fmt::Display) {
        self.0.push((label.to_owned(), value.to_string()));
    }

    fn iost(&mut self, label: &str, amount: &Amount) {
        self.add(label, format!("{amount} IOST"));
    }
}

/// Votes and pledges.
fn stake(lines: &mut Lines, intent: &Intent, basis: &Basis<'_>) {
    let vote_lock = duration(basis.parameters.vote_lock_ms);
    let pledge_lock = duration(basis.parameters.pledge_lock_ms);
    match intent {
        Intent::Vote { candidate, amount } => {
            lines.add("For", candidate);
            lines.iost("Amount", amount);
            lines.add("Counts", "from the next round on, and brings gas at once");
            lines.add(
                "Lock",
                format!("until you take the vote back, then {vote_lock} more"),
            );
        }
        Intent::Unvote { candidate, amount } => {
            lines.add("Away from", candidate);
            lines.iost("Amount", amount);
            lines.add(
                "Lock",
                format!("the tokens return {vote_lock} after the block that takes it"),
            );
        }
        Intent::Move { from, to, amount } => {
            lines.add("Away from", from);
            lines.add("To", to);
            lines.iost("Amount", amount);
            lines.add("Lock", "stays as it is: moved votes remain locked");
        }
        Intent::Pledge { to, amount } => {
            lines.add("For the gas of", to);
            lines.iost("Amount", amount);
            let brings = Gas::at_once(*amount, basis.parameters.gas_per_iost_day) / GAS_UNIT;
            lines.add(
                "Brings",
                format!("{0} gas at once and {0} a day", grouped(brings)),
            );
            lines.add(
                "Lock",
                format!("until you take the pledge back, then {pledge_lock} more"),
            );
        }
        Intent::Unpledge { to, amount } => {
            lines.add("From the gas of", to);
            lines.iost("Amount", amount);
            lines.add(
                "Lock",
                format!("the tokens return {pledge_lock} after the block that takes it"),
            );
        }
        _ => {}
    }
}

fn node(lines: &mut Lines, deed: &NodeDeed, basis: &Basis<'_>) {
    let lock = duration(basis.parameters.vote_lock_ms);
    match deed {
        NodeDeed::Register(node) | NodeDeed::Update(node) => {
            lines.add("Consensus key", &node.key);
            lines.add("Location", &node.location);
            lines.add("Page", &node.url);
            lines.add("Address", &node.net_id);
            if matches!(deed, NodeDeed::Register(_)) {
                lines.iost("Locked", &basis.parameters.registration_lock());
                lines.add(
                    "Lock",
                    format!("until the node's registration ends, then {lock} more"),
                );
            }
        }
        NodeDeed::Apply => {
            lines.iost("Deposit", &basis.parameters.deposit);
            lines.add(
                "Lock",
                format!("until the node leaves or loses its candidacy, then {lock} more"),
            );
        }
        NodeDeed::Leave => {
            lines.add("Ends", "candidacy, votes and Servi, in the next round");
            lines.add(
                "Returns",
                format!(
                    "its votes to their voters, and what the node has locked to you, {lock} after that round"
                ),
            );
        }
        NodeDeed::StandAside { epochs: 0 } => lines.add("Counts", "from the next epoch on"),
        NodeDeed::StandAside { epochs } => {
            lines.add("For", format!("the {} epochs after this one", grouped(*epochs)));
            lines.add(
                "Meanwhile",
                "it earns no Servi and no rewards, isn't elected, and needs no proof of availability",
            );
        }
        NodeDeed::FeeShare { percent } => {
            lines.add("Share", format!("{percent} % of the fees of whom it invited"));
        }
    }
}

fn permission(lines: &mut Lines, deed: &PermissionDeed, basis: &Basis<'_>) {
    let threshold_of = |name: &str| {
        let found = basis.record.and_then(|record| record.permission(name));
        found.map_or(0, |permission| permission.threshold)
    };
    match deed {
        PermissionDeed::Add {
            permission,
            threshold,
        }
        | PermissionDeed::Threshold {
            permission,
            threshold,
        } => {
            lines.add("Permission", permission);
            lines.add("Threshold", threshold);
        }
        PermissionDeed::Drop { permission } => lines.add("Permission", permission),
        PermissionDeed::Assign {
            permission,
            who,
            weight,
        } => {
            lines.add("Permission", permission);
            lines.add("Who", who.item());
            lines.add(
                "Counts",
                format!("{weight} of the {} needed", threshold_of(permission.as_str())),
            );
        }
        PermissionDeed::Revoke { permission, who } => {
            lines.add("Permission", permission);
            lines.add("Who", who.item());
        }
        PermissionDeed::AddGroup { group } | PermissionDeed::DropGroup { group } => {
            lines.add("Group", group);
        }
        PermissionDeed::AssignGroup { group, who, weight } => {
            lines.add("Group", group);
            lines.add("Who", who.item());
            lines.add("Counts", weight);
        }
        PermissionDeed::RevokeGroup { group, who } => {
            lines.add("Group", group);
            lines.add("Who", who.item());
        }
        PermissionDeed::AddToPermission { permission, group }
        | PermissionDeed::RemoveFromPermission { permission, group } => {
            lines.add("Permission", permission);
            lines.add("Group", group);
        }
    }
    lines.add("Needs", "the owner permission, which your key satisfies");
}

fn proposal(lines: &mut Lines, deed: &ProposalDeed) {
    let mut actions = |list: &[Action]| {
        for (i, action) in list.iter().enumerate() {
            lines.add(&format!("Action {}", i + 1), in_words(action));
        }
    };
    match deed {
        ProposalDeed::Propose {
            requested,
            actions: list,
            expiration_s,
            ..
        } => {
            actions(list);
            for who in requested {
                lines.add("Asks", who.item());
            }
            lines.add("Stands for", duration(expiration_s.saturating_mul(1_000)));
        }
        ProposalDeed::Approve {
            proposer,
            who,
            actions: list,
            ..
        } => {
            actions(list);
            lines.add("Proposed by", proposer);
            lines.add("As", who.item());
        }
        ProposalDeed::Execute {
            proposer,
            actions: list,
            ..
        } => {
            actions(list);
            lines.add("Proposed by", proposer);
            lines.add(
                "With",
                "the authority of those who approved, where it hasn't changed since",
            );
        }
        ProposalDeed::Revoke { proposer, who, .. } => {
            lines.add("Proposed by", proposer);
            lines.add("As", who.item());
        }
        ProposalDeed::RevokeAll => {
            lines.add(
                "Withdraws",
                "whatever this account and your key have approved so far",
            );
            lines.add("Then", "approve anew what you still agree to");
        }
        ProposalDeed::Clear { .. } => {
            lines.add("Keeps", "the proposals open; they only leave your list");
        }
        ProposalDeed::Cancel { .. } => lines.add("Ends", "the proposal with all its approvals"),
    }
}

fn describe(name: &AccountName) -> String {
    if name.is_contract() {
        format!("{name} (a contract)")
    } else {
        name.to_string()
    }
}
