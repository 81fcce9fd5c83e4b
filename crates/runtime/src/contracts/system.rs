//! `system.iost`: asking for authority, and a receipt of one's own. What deploys or changes contracts is refused: this
//! release runs the system's contracts alone.

use super::{Entry, FOUNDATION, Returned};
use crate::abi::{Args, Kind::Text};
use crate::gas::Op;
use crate::host::{Host, Stop, fail};

pub(super) const ID: &str = "system.iost";

pub(super) const ACTIONS: &[Entry] = &[
    (ID, "requireAuth", &[Text, Text], require_auth),
    (ID, "receipt", &[Text], receipt),
    (ID, "setCode", &[Text], no_contracts),
    (ID, "updateCode", &[Text, Text], no_contracts),
    (ID, "initSetCode", &[Text, Text], init_set_code),
    (ID, "cancelDelaytx", &[Text], cancel_delay_tx),
    (ID, "hostSettings", &[Text], host_settings),
    (ID, "updateNativeCode", &[Text, Text, Text], update_native_code),
];

/// `requireAuth(account, permission)`: whether the transaction has that authority.
fn require_auth(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    let allowed = match host.valid_account(args.text(0))? {
        Some(account) => host.allows(&account, args.text(1))?,
        None => false,
    };
    Ok(Returned::Flag(allowed))
}

/// `receipt(text)`: leaves a text in the transaction's receipt, as it is.
fn receipt(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.receipt("system.iost/receipt", args.text(0).to_owned())?;
    Ok(Returned::Nothing)
}

fn no_contracts(_: &mut Host<'_, '_>, _: &Args) -> Result<Returned, Stop> {
    fail("no contracts can be deployed yet: this release runs the system's contracts only")
}

fn init_set_code(_: &mut Host<'_, '_>, _: &Args) -> Result<Returned, Stop> {
    fail("initSetCode in normal block")
}

fn cancel_delay_tx(host: &mut Host<'_, '_>, _: &Args) -> Result<Returned, Stop> {
    host.charge(Op::Read, 1)?;
    fail("delaytx not exists")
}

/// What the foundation alone could ask for, and not even it gets.
fn refused(host: &mut Host<'_, '_>, denied: &str, why: &str) -> Result<Returned, Stop> {
    match host.valid_account(FOUNDATION)? {
        Some(admin) if host.allows(&admin, "system")? => fail(why),
        _ => fail(denied),
    }
}

fn host_settings(host: &mut Host<'_, '_>, _: &Args) -> Result<Returned, Stop> {
    refused(
        host,
        "set host settings need admin@system permission",
        "the chain's settings are its parameters: no action changes them",
    )
}

fn update_native_code(host: &mut Host<'_, '_>, _: &Args) -> Result<Returned, Stop> {
    refused(
        host,
        "update native code need admin@system permission",
        "the system's contracts change with a release, not by an action",
    )
}
