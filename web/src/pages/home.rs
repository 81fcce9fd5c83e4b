//! Balance, votes, what is unlocking, and what was done.

use yew::prelude::*;

use crate::components::{
    Action, Activity, Badge, Balance, Card, Form, Glyph, Layout, LinkButton, Stat, UnlockingStat, VotingStat,
    Waiting, Weight,
};
use crate::route::Route;
use crate::store::use_store;
use credo_web::protocol::Command;

#[component]
pub(crate) fn Home() -> Html {
    let store = use_store();
    let Some(account) = &store.view.account else {
        return html! { <Waiting title="Balance" /> };
    };
    let balance = account.balance.as_ref();
    let badge = balance
        .map(|balance| html! { <Badge face={balance.face} block=true /> })
        .unwrap_or_default();
    html! {
        <>
            <Card title="Balance" side={badge}>
                <Balance amount={balance.map(|balance| AttrValue::from(balance.value.clone()))} />
                <Layout form={Form::Row}>
                    <LinkButton to={Route::Send} main=true glyph={Glyph::Send}>{ "Send" }</LinkButton>
                    <LinkButton to={Route::Receive} glyph={Glyph::Receive}>{ "Receive" }</LinkButton>
                    <LinkButton to={Route::Vote(None)} glyph={Glyph::Vote}>{ "Vote" }</LinkButton>
                    if store.devnet() {
                        <Action command={Command::FaucetTokens} label="Get test tokens" weight={Weight::Plain} />
                    }
                </Layout>
            </Card>
            <Layout form={Form::Four}>
                <VotingStat account={account.clone()} />
                <UnlockingStat unlocking={account.unlocking.clone()} face={balance.map(|balance| balance.face)} />
                <Stat label="Gas" value="free"><span class="faint">{ "on this network, for now" }</span></Stat>
                <Stat label="Rewards" value="none yet"><span class="faint">{ "this network pays no rewards yet" }</span></Stat>
            </Layout>
            <Card title="Activity" side={html! { <span class="faint">{ "sent from this browser; each carries its own proof" }</span> }}>
                <Activity list={store.view.activity.clone()} />
            </Card>
        </>
    }
}
