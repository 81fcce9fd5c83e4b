//! A key without an account yet: choose one, or get one.

use credo_web::protocol::{Command, KeysView};
use yew::prelude::*;

use crate::components::{AccountList, Card, CopyButton, FaucetForm, Form, Layout, Waiting};
use crate::store::use_store;

#[component]
pub(crate) fn AccountPage() -> Html {
    let store = use_store();
    let KeysView::Unlocked {
        public_key, accounts, ..
    } = &store.view.keys
    else {
        return html! { <Waiting title="Account" /> };
    };
    let onchoose = {
        let bridge = store.bridge.clone();
        Callback::from(move |name: String| {
            let bridge = bridge.clone();
            wasm_bindgen_futures::spawn_local(async move {
                // Its effect shows in the next view.
                let _ = bridge.ask(Command::ChooseAccount { name }).await;
            });
        })
    };
    let knows_chain = store
        .view
        .chain
        .as_ref()
        .is_some_and(|chain| chain.head.is_some());
    html! {
        <Layout form={Form::Narrow}>
            if !accounts.is_empty() {
                <Card title="Which account?"><AccountList accounts={accounts.clone()} {onchoose} /></Card>
            } else if !knows_chain {
                <Card title="Looking for your account">
                    <p class="quiet" role="status">{ "As soon as the chain's head is verified, the accounts under your key are looked up, with proof." }</p>
                </Card>
            } else if store.devnet() {
                <Card title="Give me an account" note="devnet">
                    <p class="quiet">{ "This is a devnet: its faucet signs up an account with your key and puts test tokens on it." }</p>
                    <FaucetForm />
                </Card>
            } else {
                <Card title="No account under this key yet">
                    <p class="quiet">{ "Give this public key to somebody who signs up an account for you. It appears here by itself, proved." }</p>
                </Card>
            }
            <Card title="Your public key">
                <Layout form={Form::Row}>
                    <span class="mono break grow">{ public_key }</span>
                    <CopyButton text={public_key.clone()} label="Copy the public key" />
                </Layout>
            </Card>
        </Layout>
    }
}
