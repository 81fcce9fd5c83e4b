//! Any action in words: what a proposal would do, for who is asked to approve it.

use credo_primitives::{AccountName, Action};
use serde_json::Value;

/// Longest text that is shown of an argument; what is cut is said to be.
const MAX_SHOWN: usize = 1_000;

fn text(value: Option<&Value>) -> String {
    let shown = match value {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "?".into(),
    };
    match shown.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}… and {} bytes more", &shown[..end], shown.len() - end),
        None => shown,
    }
}

/// The account whose authority an action needs, where that is known of it.
pub fn actor(action: &Action) -> Option<AccountName> {
    let args: Vec<Value> = serde_json::from_str(&action.data).ok()?;
    let place = match (action.contract.as_str(), action.name.as_str()) {
        ("token.iost" | "token721.iost", "transfer" | "transferFreeze" | "destroy") => 1,
        ("vote_producer.iost", "approveRegister" | "forceUnregister") | ("bonus.iost", "setContribution") => {
            return AccountName::any("foundation").ok();
        }
        ("vote_producer.iost", "topupCandidateBonus") => 1,
        ("vote_producer.iost", "topupVoterBonus") => 2,
        ("gas.iost" | "ram.iost" | "vote_producer.iost" | "bonus.iost" | "auth.iost" | "msig.iost", name)
            if !name.starts_with("signUp") =>
        {
            0
        }
        _ => return None,
    };
    AccountName::any(args.get(place)?.as_str()?).ok()
}

/// What an action does, in words; one that isn't known is shown as it stands. Words never hide an argument that matters:
/// names and amounts are the action's own.
pub fn in_words(action: &Action) -> String {
    let args: Vec<Value> = serde_json::from_str(&action.data).unwrap_or_default();
    let arg = |i: usize| text(args.get(i));
    let raw = || {
        let data = Value::String(action.data.clone());
        format!("{}/{} {}", action.contract, action.name, text(Some(&data)))
    };
    let token = |i: usize| match args.get(i) {
        Some(Value::String(symbol)) if symbol == "iost" => "IOST".to_owned(),
        _ => arg(i),
    };
    let memo = |i: usize| match args.get(i) {
        Some(Value::String(memo)) if !memo.is_empty() => format!(" (\u{201c}{}\u{201d})", arg(i)),
        _ => String::new(),
    };
    let expected = |count: usize| args.len() == count;
    match (action.contract.as_str(), action.name.as_str()) {
        ("token.iost", "transfer") if expected(5) => {
            format!(
                "{} sends {} {} to {}{}",
                arg(1),
                arg(3),
                token(0),
                arg(2),
                memo(4)
            )
        }
        ("token.iost", "transferFreeze") if expected(6) => format!(
            "{} sends {} {} to {}, frozen until {} ns{}",
            arg(1),
            arg(3),
            token(0),
            arg(2),
            arg(4),
            memo(5)
        ),
        ("token.iost", "destroy") if expected(3) => {
            format!("{} destroys {} {}", arg(1), arg(2), token(0))
        }
        ("gas.iost", "pledge") if expected(3) => {
            format!("{} pledges {} IOST for the gas of {}", arg(0), arg(2), arg(1))
        }
        ("gas.iost", "unpledge") if expected(3) => {
            format!("{} takes back {} IOST pledged for {}", arg(0), arg(2), arg(1))
        }
        ("vote_producer.iost", "vote") if expected(3) => {
            format!("{} votes for {} with {} IOST", arg(0), arg(1), arg(2))
        }
        ("vote_producer.iost", "unvote") if expected(3) => {
            format!("{} takes back {} IOST from {}", arg(0), arg(2), arg(1))
        }
        ("vote_producer.iost", "move") if expected(4) => {
            format!(
                "{} moves {} IOST of votes from {} to {}",
                arg(0),
                arg(3),
                arg(1),
                arg(2)
            )
        }
        ("vote_producer.iost", "voterWithdraw") if expected(1) => {
            format!("{} claims the rewards of its votes", arg(0))
        }
        ("vote_producer.iost", "candidateWithdraw") if expected(1) => {
            format!("{} claims its node's rewards", arg(0))
        }
        ("vote_producer.iost", "logInProducer") if expected(1) => {
            format!("{} applies for candidacy", arg(0))
        }
        ("vote_producer.iost", "logOutProducer" | "unregister" | "applyUnregister") if expected(1) => {
            format!("{} ends its candidacy", arg(0))
        }
        ("vote_producer.iost", "standAside") if expected(2) => {
            format!("{} stands aside for {} epochs", arg(0), arg(1))
        }
        ("vote_producer.iost", "setFeeShare") if expected(2) => {
            format!("{} takes {} % of its invited users' fees", arg(0), arg(1))
        }
        ("vote_producer.iost", "approveRegister") if expected(1) => {
            format!("approves the node of {}", arg(0))
        }
        ("vote_producer.iost", "forceUnregister") if expected(1) => {
            format!("removes the node of {}", arg(0))
        }
        ("bonus.iost", "exchangeIOST") if expected(2) => {
            format!("{} claims contribution rewards", arg(0))
        }
        ("bonus.iost", "setContribution") if expected(1) => format!("sets contribution scores: {}", arg(0)),
        ("auth.iost", "signUp") if expected(3) => format!(
            "creates the account {} with the owner key {} and the active key {}",
            arg(0),
            arg(1),
            arg(2)
        ),
        ("auth.iost", "signUpInvited") if expected(4) => format!(
            "creates the account {} with the owner key {} and the active key {}, invited by {}",
            arg(0),
            arg(1),
            arg(2),
            arg(3)
        ),
        ("auth.iost", "addPermission") if expected(3) => {
            format!(
                "adds the permission {} with threshold {} to {}",
                arg(1),
                arg(2),
                arg(0)
            )
        }
        ("auth.iost", "dropPermission") if expected(2) => {
            format!("removes the permission {} of {}", arg(1), arg(0))
        }
        ("auth.iost", "assignPermission") if expected(4) => format!(
            "lets {} count {} in the permission {} of {}",
            arg(2),
            arg(3),
            arg(1),
            arg(0)
        ),
        ("auth.iost", "revokePermission") if expected(3) => {
            format!("takes {} out of the permission {} of {}", arg(2), arg(1), arg(0))
        }
        ("msig.iost", "revokeAll") if expected(1) => {
            format!("takes back all approvals of {}", arg(0))
        }
        ("msig.iost", "clear") if expected(2) => match args.get(1) {
            Some(Value::String(all)) if all.is_empty() => {
                format!("clears the list of proposals that wait for {}", arg(0))
            }
            _ => format!(
                "clears the proposals of {} from the list of what waits for {}",
                arg(1),
                arg(0)
            ),
        },
        _ => raw(),
    }
}
