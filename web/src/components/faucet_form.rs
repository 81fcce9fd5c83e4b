//! A devnet's gift: a name, checked while typed, signed up with one's key.

use credo_web::protocol::Command;
use yew::prelude::*;

use super::{Button, Form, Layout, NameField, Problem, Want, Weight};
use crate::store::use_store;

#[component]
pub(crate) fn FaucetForm() -> Html {
    let store = use_store();
    let name = use_state(String::new);
    let fits = use_state_eq(|| false);
    let busy = use_state(|| false);
    let problem = use_state(|| None::<String>);
    let onsubmit = {
        let (bridge, name, busy, problem) =
            (store.bridge.clone(), name.clone(), busy.clone(), problem.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let (bridge, name, busy, problem) =
                (bridge.clone(), (*name).clone(), busy.clone(), problem.clone());
            busy.set(true);
            problem.set(None);
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(sentence) = bridge.ask(Command::FaucetAccount { name }).await {
                    problem.set(Some(sentence));
                }
                busy.set(false);
            });
        })
    };
    let onchange = {
        let name = name.clone();
        Callback::from(move |text| name.set(text))
    };
    let onfit = {
        let fits = fits.clone();
        Callback::from(move |fit| fits.set(fit))
    };
    html! {
        <form class="stack" {onsubmit}>
            <NameField id="faucet-name" label="Your account's name" want={Want::Free} value={(*name).clone()} {onchange} {onfit} focus=true />
            <Problem sentence={(*problem).clone()} />
            <Layout form={Form::Row}>
                <Button weight={Weight::Main} submit=true busy={*busy} disabled={!*fits}>{ "Give me an account" }</Button>
            </Layout>
            if *busy { <p class="faint" role="status">{ "Signing up, then waiting for the proof that it stands in a final block." }</p> }
        </form>
    }
}
