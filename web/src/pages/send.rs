//! A transfer: who, how much, with which words; then in words, signed, and watched.

use credo_web::protocol::Intent;
use yew::prelude::*;

use crate::components::{Card, Form, Layout, Signing, StagesHelp, TransferForm, Waiting};
use crate::route::{Route, go};
use crate::store::use_store;

#[component]
pub(crate) fn Send() -> Html {
    let store = use_store();
    let draft = use_state(|| None::<Intent>);
    let signing = use_state(|| false);
    let Some(account) = &store.view.account else {
        return html! { <Waiting title="Send" /> };
    };
    let onready = {
        let (draft, signing) = (draft.clone(), signing.clone());
        Callback::from(move |intent| {
            draft.set(Some(intent));
            signing.set(true);
        })
    };
    let onback = {
        let signing = signing.clone();
        Callback::from(move |()| signing.set(false))
    };
    let ondone = {
        let (draft, signing) = (draft.clone(), signing.clone());
        Callback::from(move |()| {
            draft.set(None);
            signing.set(false);
            go(&Route::Home);
        })
    };
    html! {
        <Layout form={Form::Two}>
            if let Some(intent) = (*draft).clone().filter(|_| *signing) {
                <Card title="Transfer">
                    <Signing {intent} {onback} {ondone} done_label="Done" />
                </Card>
            } else {
                <Card title="Transfer">
                    <TransferForm account={account.clone()} draft={(*draft).clone()} {onready} />
                </Card>
            }
            <StagesHelp />
        </Layout>
    }
}
