//! `domain.iost`: urls that stand for contracts' names in actions.
//!
//! The owner of a url is who linked it first. It can be linked to a contract that exists; IOST takes any text. A system
//! contract's name always means that contract, whatever is linked to it. Like IOST's, these actions leave no receipt.

use commonware_codec::EncodeSize as _;
use credo_primitives::entry::Domain;
use credo_primitives::{AccountName, StateKey};

use super::token::account;
use super::{Entry, FOUNDATION, Returned};
use crate::abi::{Args, Kind::Text};
use crate::host::{Host, Stop, fail};
use crate::ram_usage::stored;

pub(super) const ID: &str = "domain.iost";

pub(super) const ACTIONS: &[Entry] = &[
    (ID, "link", &[Text, Text], link),
    (ID, "transfer", &[Text, Text], transfer),
];

const PERMISSION: &str = "domain";

/// Checks a url; the error is IOST's text, which gives a character by its number.
fn check_url(url: &str) -> Result<(), String> {
    if !(5..=16).contains(&url.len()) {
        let shown: String = url.chars().take(64).collect();
        return Err(format!(
            "url invalid. url length should be between 5,16 got {shown}"
        ));
    }
    if !url.contains('.') {
        return Err("url invalid. url must contain '.'".into());
    }
    match url
        .chars()
        .find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_' | '.'))
    {
        Some(c) => Err(format!(
            "url invalid. url contains invalid character {}",
            u32::from(c)
        )),
        None => Ok(()),
    }
}

/// What a url stands for.
pub(super) fn lookup(host: &mut Host<'_, '_>, url: &str) -> Result<Option<Domain>, Stop> {
    if check_url(url).is_err() {
        return Ok(None);
    }
    host.get(&StateKey::domain(url))
}

/// The publisher, if it may act for urls of its own.
fn applicant(host: &mut Host<'_, '_>) -> Result<AccountName, Stop> {
    let publisher = host.publisher;
    match host.valid_account(publisher)? {
        Some(applicant) if host.allows(&applicant, PERMISSION)? => Ok(applicant),
        _ => fail("no permission of claimed url"),
    }
}

/// Writes a url, for which the publisher pays RAM from then on.
fn put(host: &mut Host<'_, '_>, url: &str, owner: AccountName, contract: AccountName) -> Result<(), Stop> {
    let key = StateKey::domain(url);
    if let Some(before) = host.get::<Domain>(&key)? {
        host.charge_ram(&before.payer, -stored(&key, before.encode_size()));
    }
    let payer = host.publisher_account()?;
    let domain = Domain {
        owner,
        contract,
        payer: payer.clone(),
    };
    host.charge_ram(&payer, stored(&key, domain.encode_size()));
    host.put(key, &domain)
}

/// `link(url, contract)`: by the url's owner, or by anyone if it has none.
fn link(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    let (url, contract) = (args.text(0), args.text(1));
    check_url(url).map_err(Stop::Failed)?;
    if url.ends_with(".iost") {
        let admin = host.valid_account(FOUNDATION)?;
        let allowed = match admin {
            Some(admin) => host.allows(&admin, PERMISSION)?,
            None => false,
        };
        if !allowed {
            return fail("only admin has permission to claim url .iost");
        }
    }
    let owner = lookup(host, url)?.map(|domain| domain.owner);
    if owner.is_some_and(|owner| owner.as_str() != host.publisher) {
        return fail("no privilege of claimed url");
    }
    let owner = applicant(host)?;
    let known = super::known(contract);
    let contract = match AccountName::any(contract) {
        Ok(contract) if known.is_some() => contract,
        _ => return fail(format!("contract {contract} not found")),
    };
    put(host, url, owner, contract)?;
    Ok(Returned::Null)
}

/// `transfer(url, to)`: gives a url to another account.
fn transfer(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    let url = args.text(0);
    let Some(domain) = lookup(host, url)? else {
        return fail("url doesn't have owner. Link directly");
    };
    if domain.owner.as_str() != host.publisher {
        return fail("no privilege of claimed url");
    }
    applicant(host)?;
    let owner = account(host, args.text(1))?;
    put(host, url, owner, domain.contract)?;
    Ok(Returned::Null)
}
