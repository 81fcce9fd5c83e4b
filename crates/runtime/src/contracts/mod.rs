//! The system contracts, a module each, and the table of their actions.

mod auth;
mod ballots;
mod bonus;
mod can_update;
mod claims;
mod domain;
mod exchange;
pub(crate) mod gas;
pub(crate) mod issue;
mod liveness;
mod msig;
mod permissions;
pub(crate) mod ram;
pub(crate) mod slashing;
mod system;
mod token;
mod token721;
mod vote;
mod vote_producer;

pub(crate) use auth::new_account;
pub(crate) use bonus::ID as BONUS;
pub(crate) use vote_producer::ID as VOTE_PRODUCER;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::abi::{Args, Kind, json};
use crate::gas::Op;
use crate::host::{Host, Stop, fail};

/// What an action gives back. IOST's contracts in JavaScript return an empty text where native ones return nothing.
pub(crate) enum Returned {
    /// Nothing, from a native contract.
    Nothing,
    /// Nothing, from a contract that IOST keeps in JavaScript.
    Void,
    /// Nothing, from the few actions of IOST's native contracts that don't even give an empty list.
    Null,
    /// A text.
    Text(String),
    /// A number, from a native contract.
    Number(u64),
    /// Yes or no, from a native contract.
    Flag(bool),
}

impl Returned {
    fn to_json(&self) -> String {
        match self {
            Self::Nothing => "[]".into(),
            Self::Void => "[\"\"]".into(),
            Self::Null => "null".into(),
            Self::Text(text) => json(&[text]),
            Self::Number(number) => json(&[number]),
            Self::Flag(flag) => json(&[flag]),
        }
    }
}

type Handler = fn(&mut Host<'_, '_>, &Args) -> Result<Returned, Stop>;

/// Contract, action, kinds of its arguments, what it does.
type Entry = (&'static str, &'static str, &'static [Kind], Handler);

/// How deep contracts can call each other.
const MAX_DEPTH: u32 = 5;

/// All contracts' actions.
const CONTRACTS: &[&[Entry]] = &[
    auth::ACTIONS,
    ballots::ACTIONS,
    bonus::ACTIONS,
    can_update::ACTIONS,
    claims::ACTIONS,
    domain::ACTIONS,
    exchange::ACTIONS,
    gas::ACTIONS,
    issue::ACTIONS,
    liveness::ACTIONS,
    msig::ACTIONS,
    permissions::ACTIONS,
    ram::ACTIONS,
    system::ACTIONS,
    token::ACTIONS,
    token721::ACTIONS,
    vote::ACTIONS,
    vote_producer::ACTIONS,
];

/// All actions by contract and name.
static TABLE: LazyLock<BTreeMap<(&str, &str), &Entry>> = LazyLock::new(|| {
    let all = CONTRACTS.iter().copied().flatten();
    all.map(|entry| ((entry.0, entry.1), entry)).collect()
});

/// The name that the table has for a contract.
fn known(contract: &str) -> Option<&'static str> {
    let (_, entry) = TABLE.range((contract, "")..).next()?;
    (entry.0 == contract).then_some(entry.0)
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

/// What `exchange.iost` is called on IOST's main network: wallets made with iost.js send transfers that create accounts there.
const EXCHANGE_ALIAS: &str = "ContractZGVqhY3c65xRs8aoC4dUdACVCKSwhMMsg2negSFxpr3";

/// The contract of that name, or the one that a url is linked to; the name that the table has for it.
fn resolve(host: &mut Host<'_, '_>, contract: &str) -> Result<&'static str, Stop> {
    if contract == EXCHANGE_ALIAS {
        return Ok(exchange::ID);
    }
    if let Some(found) = known(contract) {
        return Ok(found);
    }
    let linked = match domain::lookup(host, contract)? {
        Some(domain) => known(domain.contract.as_str()),
        None => None,
    };
    match linked {
        Some(found) => Ok(found),
        None => fail(format!("contract {contract} not found")),
    }
}

/// Finds what an action does and reads its arguments.
fn find(host: &mut Host<'_, '_>, contract: &str, name: &str, data: &str) -> Result<(Handler, Args), Stop> {
    host.charge(Op::Call, 1)?;
    let Some((_, _, kinds, handler)) = TABLE.get(&(contract, name)) else {
        return fail(format!("abi {name} not found"));
    };
    host.charge(Op::Argument, data.len() as u64)?;
    Ok((*handler, Args::parse(name, data, kinds).map_err(Stop::Failed)?))
}

/// Says that an action failed before its contract ran.
fn in_preparing(stop: Stop) -> Stop {
    match stop {
        Stop::Failed(reason) => Stop::Failed(format!("prepare contract: {reason}")),
        other => other,
    }
}

/// Calls a contract's action and gives what it returns as the text of a JSON array. A contract calls another in the same
/// way, with the authority that the transaction has; how deep is bounded.
pub(crate) fn call(host: &mut Host<'_, '_>, contract: &str, name: &str, data: &str) -> Result<String, Stop> {
    if host.depth >= MAX_DEPTH {
        return fail(format!("stack height exceed. actual {}", host.depth + 1));
    }
    if name == "init" {
        return fail("prepare contract: cannot call 'init' manually");
    }
    let contract = resolve(host, contract).map_err(in_preparing)?;
    let (handler, args) = find(host, contract, name, data).map_err(in_preparing)?;
    host.depth += 1;
    let outer = host.ram.begin_call();
    let returned = handler(host, &args)?;
    host.check_payers()?;
    host.ram.end_call(outer);
    host.depth -= 1;
    Ok(returned.to_json())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use credo_primitives::SYSTEM_CONTRACTS;

    #[test]
    fn the_system_contracts_are_those_with_actions() {
        let with_actions: BTreeSet<&str> = super::TABLE.keys().map(|action| action.0).collect();
        assert_eq!(with_actions, BTreeSet::from(SYSTEM_CONTRACTS));
    }
}
