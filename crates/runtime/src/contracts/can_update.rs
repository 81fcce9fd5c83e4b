//! `can_update(data)` of every system contract: whether who asks could update it. IOST's tools list it among each contract's
//! actions. Nothing comes of a yes: the system's contracts change with a release.
//!
//! IOST's native contracts answer yes or no, those in JavaScript fail instead of saying no. Who could is the foundation.

use super::{Entry, FOUNDATION, Returned, foundation};
use crate::abi::{Args, Kind};
use crate::host::{Host, Stop};

const DATA: &[Kind] = &[Kind::Text];
const NAME: &str = "can_update";

pub(super) const ACTIONS: &[Entry] = &[
    (super::auth::ID, NAME, DATA, in_javascript),
    (super::bonus::ID, NAME, DATA, in_javascript),
    (super::domain::ID, NAME, DATA, native),
    (super::exchange::ID, NAME, DATA, in_javascript),
    (super::gas::ID, NAME, DATA, native),
    (super::issue::ID, NAME, DATA, in_javascript),
    (super::msig::ID, NAME, DATA, native),
    (super::ram::ID, NAME, DATA, in_javascript),
    (super::system::ID, NAME, DATA, native),
    (super::token::ID, NAME, DATA, native),
    (super::token721::ID, NAME, DATA, native),
    (super::vote::ID, NAME, DATA, in_javascript),
    (super::vote_producer::ID, NAME, DATA, in_javascript),
];

fn native(host: &mut Host<'_, '_>, _: &Args) -> Result<Returned, Stop> {
    let allowed = match host.valid_account(FOUNDATION)? {
        Some(admin) => host.allows(&admin, "system")?,
        None => false,
    };
    Ok(Returned::Text(allowed.to_string()))
}

fn in_javascript(host: &mut Host<'_, '_>, _: &Args) -> Result<Returned, Stop> {
    foundation(host)?;
    Ok(Returned::Text("true".into()))
}
