//! The account: who may act for it, what waits for its approval, its node, and accounts signed up for others.

use credo_web::protocol::{Command, KeysView};
use yew::prelude::*;

use crate::components::deed::Deed;
use crate::components::{
    AccountList, Badge, Button, Card, DeedDialog, Empty, Facts, Form, Layout, OwnNode, Permissions,
    Proposals, Waiting,
};
use crate::format;
use crate::store::use_store;

#[component]
pub(crate) fn OwnAccount() -> Html {
    let store = use_store();
    let deed = use_state(|| None::<Deed>);
    let Some(account) = &store.view.account else {
        return html! { <Waiting title="Account" /> };
    };
    let ondeed = {
        let deed = deed.clone();
        Callback::from(move |what: Deed| deed.set(Some(what)))
    };
    let onclose = {
        let deed = deed.clone();
        Callback::from(move |()| deed.set(None))
    };
    let press = |what: Deed| {
        let ondeed = ondeed.clone();
        Callback::from(move |()| ondeed.emit(what.clone()))
    };
    let badge = |face: Option<credo_web::protocol::Face>| match face {
        Some(face) => html! { <Badge {face} block=true /> },
        None => html! {},
    };
    let accounts = match &store.view.keys {
        KeysView::Unlocked { accounts, .. } if accounts.len() > 1 => accounts.clone(),
        _ => Vec::new(),
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
    let face = account.balance.as_ref().map(|balance| balance.face);
    let proposals = account.proposals.as_ref();
    let mut facts: Vec<(AttrValue, Html)> = vec![("Name".into(), html! { &account.name })];
    if let Some(referrer) = &account.referrer {
        facts.push(("Invited by".into(), html! { referrer }));
    }
    if let Some(created) = account.created_ms.filter(|created| *created > 0.0) {
        facts.push(("Since".into(), html! { format::date(created) }));
    }
    html! {
        <>
            if !accounts.is_empty() {
                <Card title="Accounts under this key"><AccountList {accounts} present={account.name.clone()} {onchoose} /></Card>
            }
            <Card title="Proposals" side={badge(proposals.map(|shown| shown.face))}>
                <Proposals own={account.name.clone()} list={proposals.map(|shown| shown.value.clone()).unwrap_or_default()} ondeed={ondeed.clone()} />
                <Layout form={Form::Row}>
                    <Button onpress={press(Deed::propose_transfer(&account.name))}>{ "Propose a transfer…" }</Button>
                    <Button onpress={press(Deed::propose_action(&account.name))}>{ "Propose an action…" }</Button>
                    <Button onpress={press(Deed::revoke_all())}>{ "Take back all approvals…" }</Button>
                    if proposals.is_some_and(|shown| !shown.value.is_empty()) {
                        <Button onpress={press(Deed::clear_proposals())}>{ "Clear the list…" }</Button>
                    }
                </Layout>
            </Card>
            <Card title="Permissions" side={badge(face)}>
                <Facts {facts} />
                if account.permissions.is_empty() {
                    <Empty words="Not proved yet." />
                } else {
                    <Permissions account={account.clone()} ondeed={ondeed.clone()} />
                }
            </Card>
            if let Some(chain) = &store.view.chain {
                <Card title="Servi node" side={badge(face.filter(|_| account.node.is_some()))}>
                    <OwnNode node={account.node.clone()} chain={chain.clone()} ondeed={ondeed.clone()} />
                </Card>
            }
            <Card title="Accounts for others">
                <p class="quiet">{ "Sign up an account for somebody's key: it begins with gas that you pledge for it, and you, or a node you name, have invited it." }</p>
                <Layout form={Form::Row}><Button onpress={press(Deed::sign_up())}>{ "Sign up an account…" }</Button></Layout>
            </Card>
            if let Some(deed) = &*deed { <DeedDialog deed={deed.clone()} {onclose} /> }
        </>
    }
}
