//! The system contracts, a module each, and the table of their actions.

mod auth;
mod bonus;
mod claims;
pub(crate) mod gas;
pub(crate) mod issue;
mod liveness;
pub(crate) mod ram;
pub(crate) mod slashing;
mod token;
mod vote_producer;

pub(crate) use auth::new_account;
pub(crate) use vote_producer::ID as VOTE_PRODUCER;

use credo_primitives::Action;

use crate::abi::{Args, Kind, json};
use crate::host::{Host, Stop, fail};

/// What an action gives back. IOST's contracts in JavaScript return an empty text where native ones return nothing.
pub(crate) enum Returned {
    /// Nothing, from a native contract.
    Nothing,
    /// Nothing, from a contract that IOST keeps in JavaScript.
    Void,
    /// A text.
    Text(String),
}

impl Returned {
    fn to_json(&self) -> String {
        match self {
            Self::Nothing => "[]".into(),
            Self::Void => "[\"\"]".into(),
            Self::Text(text) => json(&[text]),
        }
    }
}

type Handler = fn(&mut Host<'_, '_>, &Args) -> Result<Returned, Stop>;

/// Contract, action, kinds of its arguments, what it does.
type Entry = (&'static str, &'static str, &'static [Kind], Handler);

/// All contracts' actions.
const CONTRACTS: &[&[Entry]] = &[
    auth::ACTIONS,
    bonus::ACTIONS,
    claims::ACTIONS,
    gas::ACTIONS,
    issue::ACTIONS,
    liveness::ACTIONS,
    ram::ACTIONS,
    token::ACTIONS,
    vote_producer::ACTIONS,
];

fn actions() -> impl Iterator<Item = &'static Entry> {
    CONTRACTS.iter().copied().flatten()
}

/// The account that administers what the protocol leaves to people.
const FOUNDATION: &str = "foundation";

/// Asks for the foundation's authority.
fn foundation(host: &mut Host<'_, '_>) -> Result<(), Stop> {
    match host.valid_account(FOUNDATION)? {
        Some(account) if host.allows(&account, "active")? => Ok(()),
        _ => fail("require auth failed."),
    }
}

/// Calls a contract's action and gives what it returns as the text of a JSON array.
pub(crate) fn call(host: &mut Host<'_, '_>, action: &Action) -> Result<String, Stop> {
    host.steps(1)?;
    let mut of_contract = actions().filter(|a| a.0 == action.contract).peekable();
    if of_contract.peek().is_none() {
        return fail(format!("contract {} not found", action.contract));
    }
    let Some((_, _, kinds, handler)) = of_contract.find(|a| a.1 == action.name) else {
        return fail(format!("abi {} not found", action.name));
    };
    let args = Args::parse(action, kinds).map_err(Stop::Failed)?;
    Ok(handler(host, &args)?.to_json())
}
