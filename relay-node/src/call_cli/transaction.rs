//! From what is typed to a signed transaction: its actions, and who signs with which keys.

use std::path::PathBuf;

use credo_primitives::{AccountName, Action, ChainSpec, CheckedTransaction, SecretKey};

use super::{CallArgs, Signing, key, parse_arguments};
use crate::light_cli::Failure;
use crate::publish::{self, Content};

/// Somebody's permission that signs, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signer {
    /// `name@permission`.
    pub(super) who: String,
    /// The file with a key that gives it; without, the keys that sign anyway are to.
    pub(super) key: Option<PathBuf>,
}

/// Reads `NAME@PERMISSION=KEYFILE`, or without a file.
pub(super) fn parse_signer(text: &str) -> Result<Signer, String> {
    const FORM: &str = "a signer is written NAME@PERMISSION=KEYFILE, e.g. alice@owner=alice-owner.key";
    let (who, key) = match text.split_once('=') {
        Some((_, "")) => return Err(FORM.into()),
        Some((who, key)) => (who, Some(PathBuf::from(key))),
        None => (text, None),
    };
    let (account, permission) = who.split_once('@').ok_or(FORM)?;
    AccountName::any(account).map_err(|error| error.to_string())?;
    if permission.is_empty() || permission.contains('@') {
        return Err(FORM.into());
    }
    Ok(Signer {
        who: who.to_owned(),
        key,
    })
}

/// The actions of a call: the one that stands by itself, or each `--action`, in their order.
pub(super) fn actions(args: &CallArgs) -> Result<Vec<Action>, String> {
    if let (Some(contract), Some(action), Some(arguments)) = (&args.contract, &args.action, &args.arguments) {
        return Ok(vec![publish::action(contract, action, arguments)]);
    }
    args.actions
        .chunks_exact(3)
        .zip(1..)
        .map(|(words, number)| {
            let arguments =
                parse_arguments(&words[2]).map_err(|error| format!("action {number}: {error}"))?;
            Ok(publish::action(&words[0], &words[1], &arguments))
        })
        .collect()
}

/// Signs with the publisher's keys and those of the further signers, and checks what a relay would refuse.
pub(super) fn sign(
    spec: &ChainSpec,
    account: &AccountName,
    keys: &[SecretKey],
    signing: &Signing,
    actions: Vec<Action>,
    now_ms: u64,
) -> Result<CheckedTransaction, Failure> {
    let mut content = Content {
        actions,
        gas_limit: i64::from(signing.gas_limit) * 100,
        amount_limit: signing.amount_limit.clone(),
        signers: Vec::new(),
    };
    let mut files = Vec::new();
    for signer in &signing.signer {
        if !content.signers.contains(&signer.who) {
            content.signers.push(signer.who.clone());
        }
        if let Some(file) = &signer.key
            && !files.contains(&file)
        {
            files.push(file);
        }
    }
    let cosigners = key::load_more(&files, keys.len()).map_err(Failure::Other)?;
    let refused = |error: String| Failure::Other(format!("the transaction can't be sent: {error}"));
    let tx = publish::sign(spec, account, keys, &cosigners, content, now_ms);
    let tx = tx
        .check(spec.parameters.chain_id)
        .map_err(|error| refused(error.to_string()))?;
    credo_runtime::precheck(tx.tx()).map_err(|error| refused(error.to_string()))?;
    Ok(tx)
}
