//! `token721.iost`: tokens each of which is one of its kind.
//!
//! Where IOST is silent or mistaken: a token's receiver must be an account, and asking for a token that doesn't exist says
//! so (IOST says `token exists`). Who publishes pays RAM for what it puts: kinds, tokens, and an owner's first entry of a kind,
//! which then stays. When a token leaves, the owner's last one takes its place in the owner's order, so that
//! every change costs the same however many tokens there are.

use commonware_codec::EncodeSize as _;
use credo_primitives::entry::{MAX_METADATA, Token721, Token721Info};
use credo_primitives::{AccountName, StateKey, Text as Bounded};

use super::token::account;
use super::{Entry, Returned};
use crate::RuntimeError;
use crate::abi::{Args, Kind, check_symbol, go_json, is_symbol};
use crate::host::{Host, Stop, fail};
use crate::ram_usage::stored;

pub(super) const ID: &str = "token721.iost";

use Kind::{Number, Text};

pub(super) const ACTIONS: &[Entry] = &[
    (ID, "create", &[Text, Text, Number], create),
    (ID, "issue", &[Text, Text, Text], issue),
    (ID, "transfer", &[Text, Text, Text, Text], transfer),
    (ID, "balanceOf", &[Text, Text], balance_of),
    (ID, "ownerOf", &[Text, Text], owner_of),
    (
        ID,
        "tokenOfOwnerByIndex",
        &[Text, Text, Number],
        token_of_owner_by_index,
    ),
    (ID, "tokenMetadata", &[Text, Text], token_metadata),
];

const NO_PERMISSION: &str = "transaction has no permission";

fn info(host: &mut Host<'_, '_>, symbol: &str) -> Result<Token721Info, Stop> {
    // The symbol is checked before it becomes part of a key.
    if !is_symbol(symbol) {
        return fail("token not exists");
    }
    match host.get(&StateKey::token721(symbol))? {
        Some(info) => Ok(info),
        None => fail("token not exists"),
    }
}

/// A token by its number's one way to be written.
fn token(host: &mut Host<'_, '_>, symbol: &str, id: &str) -> Result<(u64, Token721), Stop> {
    let number = id.parse::<u64>().ok().filter(|number| number.to_string() == id);
    let token = match number {
        Some(number) => host.get(&StateKey::token721_token(symbol, number))?,
        None => None,
    };
    match number.zip(token) {
        Some(found) => Ok(found),
        None => fail(format!("error tokenID not exists. {symbol} {id}")),
    }
}

fn balance(host: &mut Host<'_, '_>, symbol: &str, owner: &AccountName) -> Result<u64, Stop> {
    Ok(host.get(&StateKey::token721_balance(symbol, owner))?.unwrap_or(0))
}

fn set_balance(host: &mut Host<'_, '_>, symbol: &str, owner: &AccountName, count: u64) -> Result<(), Stop> {
    let payer = host.publisher_account()?;
    host.put_paid(&payer, StateKey::token721_balance(symbol, owner), &count)
}

/// Bytes that a token and its place take.
fn bytes(symbol: &str, id: u64, token: &Token721) -> i64 {
    let place = StateKey::token721_owned(symbol, &token.owner, token.index);
    let token = stored(&StateKey::token721_token(symbol, id), token.encode_size());
    token + stored(&place, id.encode_size())
}

/// Puts a token last among its new owner's.
fn give(
    host: &mut Host<'_, '_>,
    symbol: &str,
    id: u64,
    owner: &AccountName,
    metadata: Bounded<MAX_METADATA>,
) -> Result<(), Stop> {
    let index = balance(host, symbol, owner)?;
    set_balance(host, symbol, owner, index + 1)?;
    host.put(StateKey::token721_owned(symbol, owner, index), &id)?;
    let payer = host.publisher_account()?;
    let token = Token721 {
        owner: owner.clone(),
        index,
        payer,
        metadata,
    };
    host.charge_ram(&token.payer, bytes(symbol, id, &token));
    host.put(StateKey::token721_token(symbol, id), &token)
}

/// Takes a token from among its owner's; the last one takes its place.
fn take(host: &mut Host<'_, '_>, symbol: &str, id: u64, token: &Token721) -> Result<(), Stop> {
    let owner = &token.owner;
    host.charge_ram(&token.payer, -bytes(symbol, id, token));
    let count = balance(host, symbol, owner)?;
    let corrupt = |key: StateKey| RuntimeError::Corrupt {
        key,
        why: "it doesn't fit its owner's tokens".into(),
    };
    let Some(last) = count.checked_sub(1) else {
        return Err(corrupt(StateKey::token721_balance(symbol, owner)).into());
    };
    let last_key = StateKey::token721_owned(symbol, owner, last);
    if token.index != last {
        let moved: Option<u64> = host.get(&last_key)?;
        let moved = moved.ok_or_else(|| corrupt(last_key.clone()))?;
        let moved_key = StateKey::token721_token(symbol, moved);
        let record: Option<Token721> = host.get(&moved_key)?;
        let mut record = record.ok_or_else(|| corrupt(moved_key.clone()))?;
        let before = bytes(symbol, moved, &record);
        record.index = token.index;
        // A place of a lower number takes no more bytes.
        host.charge_ram(&record.payer, bytes(symbol, moved, &record) - before);
        host.put(moved_key, &record)?;
        host.put(StateKey::token721_owned(symbol, owner, token.index), &moved)?;
    }
    host.delete(last_key)?;
    set_balance(host, symbol, owner, last)
}

/// `create(symbol, issuer, totalSupply)`
fn create(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    let symbol = args.text(0);
    check_symbol(symbol).map_err(Stop::Failed)?;
    let issuer = match host.valid_account(args.text(1))? {
        Some(issuer) if host.allows(&issuer, "token")? => issuer,
        _ => return fail(NO_PERMISSION),
    };
    let key = StateKey::token721(symbol);
    if host.get::<Token721Info>(&key)?.is_some() {
        return fail("token exists");
    }
    let Ok(total_supply) = u64::try_from(args.number(2)) else {
        return fail("invalid totalSupply");
    };
    let info = Token721Info {
        issuer: issuer.clone(),
        total_supply,
        supply: 0,
    };
    // Its size never changes.
    let payer = host.publisher_account()?;
    host.put_paid(&payer, key, &info)?;
    let shown = (symbol, issuer.as_str(), total_supply);
    host.receipt("token721.iost/create", go_json(&shown))?;
    Ok(Returned::Nothing)
}

/// `issue(symbol, to, metadata)`: returns the token's number as text; the first is `0`.
fn issue(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    let (symbol, metadata) = (args.text(0), args.text(2));
    let mut info = info(host, symbol)?;
    let to = account(host, args.text(1))?;
    if info.supply >= info.total_supply {
        return fail("supply too much");
    }
    if !host.allows(&info.issuer, "token")? {
        return fail(NO_PERMISSION);
    }
    let Ok(metadata) = Bounded::new(metadata) else {
        return fail(format!("metadata too long. max length is {MAX_METADATA} Byte."));
    };
    let id = info.supply;
    info.supply += 1;
    host.put(StateKey::token721(symbol), &info)?;
    give(host, symbol, id, &to, metadata)?;
    let shown = [symbol, to.as_str(), args.text(2)];
    host.receipt("token721.iost/issue", go_json(&shown))?;
    Ok(Returned::Text(id.to_string()))
}

/// `transfer(symbol, from, to, tokenID)`: to oneself it does nothing, as in IOST.
fn transfer(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    let (symbol, from, to, id) = (args.text(0), args.text(1), args.text(2), args.text(3));
    if from == to {
        return Ok(Returned::Nothing);
    }
    info(host, symbol)?;
    match host.valid_account(from)? {
        Some(from) if host.allows(&from, "transfer")? => {}
        _ => return fail(NO_PERMISSION),
    }
    let (number, token) = token(host, symbol, id)?;
    if token.owner.as_str() != from {
        return fail(format!(
            "error token owner isn't from. owner: {}, from: {from}",
            token.owner
        ));
    }
    let to = account(host, to)?;
    take(host, symbol, number, &token)?;
    give(host, symbol, number, &to, token.metadata)?;
    host.receipt(
        "token721.iost/transfer",
        go_json(&[symbol, from, to.as_str(), id]),
    )?;
    Ok(Returned::Nothing)
}

/// `balanceOf(symbol, owner)`: how many tokens of this kind.
fn balance_of(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    info(host, args.text(0))?;
    let owner = account(host, args.text(1))?;
    Ok(Returned::Number(balance(host, args.text(0), &owner)?))
}

/// `ownerOf(symbol, tokenID)`
fn owner_of(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    info(host, args.text(0))?;
    let (_, token) = token(host, args.text(0), args.text(1))?;
    Ok(Returned::Text(token.owner.to_string()))
}

/// `tokenOfOwnerByIndex(symbol, owner, index)`: the number of one of its tokens, as text.
fn token_of_owner_by_index(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    info(host, args.text(0))?;
    let owner = account(host, args.text(1))?;
    let id: Option<u64> = match u64::try_from(args.number(2)) {
        Ok(index) => host.get(&StateKey::token721_owned(args.text(0), &owner, index))?,
        Err(_) => None,
    };
    match id {
        Some(id) => Ok(Returned::Text(id.to_string())),
        None => fail("out of range"),
    }
}

/// `tokenMetadata(symbol, tokenID)`
fn token_metadata(host: &mut Host<'_, '_>, args: &Args) -> Result<Returned, Stop> {
    host.steps(1)?;
    info(host, args.text(0))?;
    let (_, token) = token(host, args.text(0), args.text(1))?;
    Ok(Returned::Text(token.metadata.into()))
}
