//! Erases this browser's copy, after a word typed.

use credo_web::protocol::Command;
use yew::prelude::*;

use super::{Button, Dialog, Field, Form, Layout, Problem, Weight, field::Kind};
use crate::store::use_store;

const WORD: &str = "erase";

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) onclose: Callback<()>,
}

#[component]
pub(crate) fn EraseDialog(props: &Props) -> Html {
    let store = use_store();
    let typed = use_state(String::new);
    let busy = use_state(|| false);
    let problem = use_state(|| None::<String>);
    let ready = typed.trim().eq_ignore_ascii_case(WORD);
    let onsubmit = {
        let (bridge, busy, problem, onclose) = (
            store.bridge.clone(),
            busy.clone(),
            problem.clone(),
            props.onclose.clone(),
        );
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if !ready {
                return;
            }
            let (bridge, busy, problem, onclose) =
                (bridge.clone(), busy.clone(), problem.clone(), onclose.clone());
            busy.set(true);
            wasm_bindgen_futures::spawn_local(async move {
                match bridge.ask(Command::Erase).await {
                    Ok(_) => onclose.emit(()),
                    Err(sentence) => problem.set(Some(sentence)),
                }
                busy.set(false);
            });
        })
    };
    let onchange = {
        let typed = typed.clone();
        Callback::from(move |text| typed.set(text))
    };
    html! {
        <Dialog title="Erase everything here" onclose={props.onclose.clone()}>
            <form class="stack" {onsubmit}>
                <p>{ "The key and all stored proofs go from this browser. Your tokens stay on the chain, but only your words or a backup can reach them again: a forgotten password can't be reset." }</p>
                <Field id="erase-word" label="Type “erase” to go on" kind={Kind::Name} value={(*typed).clone()} {onchange} focus=true />
                <Problem sentence={(*problem).clone()} />
                <Layout form={Form::Row}>
                    <Button weight={Weight::Danger} submit=true busy={*busy} disabled={!ready}>{ "Erase" }</Button>
                    <Button onpress={props.onclose.clone()}>{ "Cancel" }</Button>
                </Layout>
            </form>
        </Dialog>
    }
}
