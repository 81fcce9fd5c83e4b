//! A stored key, locked.

use credo_web::protocol::Command;
use yew::prelude::*;

use crate::components::{Button, Card, EraseDialog, Form, Glyph, Layout, Password, Promise, Weight};
use crate::store::use_store;

#[component]
pub(crate) fn Unlock() -> Html {
    let store = use_store();
    let password = use_state(String::new);
    let busy = use_state(|| false);
    let problem = use_state(|| None::<String>);
    let erasing = use_state(|| false);
    let onchange = {
        let (password, problem) = (password.clone(), problem.clone());
        Callback::from(move |text| {
            problem.set(None);
            password.set(text);
        })
    };
    let onsubmit = {
        let (bridge, password, busy, problem) = (
            store.bridge.clone(),
            password.clone(),
            busy.clone(),
            problem.clone(),
        );
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let (bridge, password, busy, problem) =
                (bridge.clone(), password.clone(), busy.clone(), problem.clone());
            busy.set(true);
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(sentence) = bridge
                    .ask(Command::Unlock {
                        password: (*password).clone(),
                    })
                    .await
                {
                    problem.set(Some(sentence));
                }
                busy.set(false);
            });
        })
    };
    let erase = |open: bool| {
        let erasing = erasing.clone();
        Callback::from(move |()| erasing.set(open))
    };
    html! {
        <Layout form={Form::Narrow}>
            <Promise />
            <Card title="Unlock">
                <form class="stack" {onsubmit}>
                    <Password id="unlock-password" label="Password" value={(*password).clone()} {onchange} focus=true
                        wrong={(*problem).clone().map(AttrValue::from)} />
                    <Layout form={Form::Row}>
                        <Button weight={Weight::Main} glyph={Glyph::Lock} submit=true busy={*busy} disabled={password.is_empty()}>{ "Unlock" }</Button>
                        <Button onpress={erase(true)}>{ "Forgotten?" }</Button>
                    </Layout>
                </form>
                <p class="faint">{ "The key is stored in this browser, encrypted under your password." }</p>
            </Card>
            if *erasing { <EraseDialog onclose={erase(false)} /> }
        </Layout>
    }
}
