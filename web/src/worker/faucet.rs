//! The devnet's faucet, asked over HTTP at the address that served the page.
//!
//! What it answers is believed of nobody: the account and the tokens count once they are proved.

use futures::future::{Either, select};
use gloo::net::http::Request;
use gloo::timers::future::TimeoutFuture;
use serde::{Deserialize, Serialize};

const PATH: &str = "/faucet";
const LIMIT_MS: u32 = 10_000;
const MAX_TEXT: usize = 300;

#[derive(Serialize)]
struct Ask<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<&'a str>,
}

#[derive(Deserialize)]
struct Given {
    hash: String,
}

/// Asks for a new account with a key, or without one for tokens; gives the transaction's hash, or a sentence.
pub(super) async fn ask(name: &str, public_key: Option<&str>) -> Result<String, String> {
    let request = Request::post(PATH)
        .json(&Ask { name, public_key })
        .map_err(|error| format!("The faucet can't be asked: {error}."))?;
    let answered = Box::pin(async {
        let response = request.send().await.map_err(|_| {
            "The faucet can't be reached. Is the relay running? Try again in a moment.".to_owned()
        })?;
        let ok = response.ok();
        let status = response.status();
        let text = response
            .text()
            .await
            .map_err(|error| format!("The faucet's answer broke off: {error}."))?;
        Ok::<_, String>((ok, status, text))
    });
    let (ok, status, text) = match select(answered, TimeoutFuture::new(LIMIT_MS)).await {
        Either::Left((answer, _)) => answer?,
        Either::Right(_) => return Err("The faucet doesn't answer. Try again in a moment.".into()),
    };
    if !ok {
        return Err(refusal(status, &text));
    }
    let given: Given = serde_json::from_str(&text)
        .map_err(|_| "The faucet's answer makes no sense; is it a Credo relay?".to_owned())?;
    Ok(given.hash)
}

/// The faucet's own words, if it has any.
fn refusal(status: u16, text: &str) -> String {
    #[derive(Deserialize)]
    struct Said {
        #[serde(alias = "message")]
        error: String,
    }
    let said = serde_json::from_str::<Said>(text).map_or_else(|_| text.to_owned(), |said| said.error);
    let said: String = said.trim().chars().take(MAX_TEXT).collect();
    match status {
        404 | 405 if said.is_empty() || said.starts_with('<') => {
            "This relay has no faucet: it isn't a devnet's.".into()
        }
        _ if !said.is_empty() && !said.starts_with('<') => super::keys::capital(&said),
        429 => "The faucet asks you to wait a little before the next request.".into(),
        _ => format!("The faucet refused (HTTP {status}). Try again in a moment."),
    }
}
