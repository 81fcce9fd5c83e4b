//! The system contracts, a module each, and the table of their actions.

mod auth;
mod token;
mod vote_producer;

pub(crate) use auth::new_account;

use credo_primitives::Action;

use crate::abi::{Args, Kind, json};
use crate::host::{Host, Stop, fail};

use Kind::{Flag, Text};

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
const ACTIONS: &[(&str, &str, &[Kind], Handler)] = &[
    (auth::ID, "signUp", &[Text, Text, Text], auth::sign_up),
    (
        token::ID,
        "transfer",
        &[Text, Text, Text, Text, Text],
        token::transfer,
    ),
    (token::ID, "balanceOf", &[Text, Text], token::balance_of),
    (token::ID, "supply", &[Text], token::supply),
    (token::ID, "totalSupply", &[Text], token::total_supply),
    (
        vote_producer::ID,
        "applyRegister",
        &[Text, Text, Text, Text, Text, Flag],
        vote_producer::apply_register,
    ),
    (
        vote_producer::ID,
        "updateProducer",
        &[Text, Text, Text, Text, Text],
        vote_producer::update_producer,
    ),
    (
        vote_producer::ID,
        "logInProducer",
        &[Text],
        vote_producer::log_in_producer,
    ),
    (
        vote_producer::ID,
        "vote",
        &[Text, Text, Text],
        vote_producer::vote,
    ),
    (
        vote_producer::ID,
        "unvote",
        &[Text, Text, Text],
        vote_producer::unvote,
    ),
    (
        vote_producer::ID,
        "move",
        &[Text, Text, Text, Text],
        vote_producer::move_votes,
    ),
    (
        vote_producer::ID,
        "getProducer",
        &[Text],
        vote_producer::get_producer,
    ),
    (vote_producer::ID, "getVote", &[Text], vote_producer::get_vote),
];

/// Calls a contract's action and gives what it returns as the text of a JSON array.
pub(crate) fn call(host: &mut Host<'_, '_>, action: &Action) -> Result<String, Stop> {
    host.steps(1)?;
    let mut of_contract = ACTIONS.iter().filter(|a| a.0 == action.contract).peekable();
    if of_contract.peek().is_none() {
        return fail(format!("contract {} not found", action.contract));
    }
    let Some((_, _, kinds, handler)) = of_contract.find(|a| a.1 == action.name) else {
        return fail(format!("abi {} not found", action.name));
    };
    let args = Args::parse(action, kinds).map_err(Stop::Failed)?;
    Ok(handler(host, &args)?.to_json())
}
