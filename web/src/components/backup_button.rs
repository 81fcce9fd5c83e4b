//! Saves the encrypted key as a file.

use credo_web::protocol::{Command, Reply};
use yew::prelude::*;

use super::{Button, Problem};
use crate::browser;
use crate::store::use_store;

#[component]
pub(crate) fn BackupButton() -> Html {
    let store = use_store();
    let problem = use_state(|| None::<String>);
    let name = store
        .view
        .account
        .as_ref()
        .map_or("key".to_owned(), |account| account.name.clone());
    let onpress = {
        let (bridge, problem) = (store.bridge.clone(), problem.clone());
        Callback::from(move |()| {
            let (bridge, problem, name) = (bridge.clone(), problem.clone(), name.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let saved = match bridge.ask(Command::ExportBackup).await {
                    Ok(Reply::Backup(text)) => browser::download(&format!("credo-{name}.backup.json"), &text)
                        .map_err(|_| "This browser refused the download.".to_owned()),
                    Ok(_) => Err("The verifier answered something else. Try again.".to_owned()),
                    Err(sentence) => Err(sentence),
                };
                problem.set(saved.err());
            });
        })
    };
    html! { <><Button {onpress}>{ "Export a backup" }</Button><Problem sentence={(*problem).clone()} /></> }
}
