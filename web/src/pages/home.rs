//! Balance, gas, stakes, rewards, what is unlocking, and what was done.

use credo_web::protocol::Command;
use yew::prelude::*;

use crate::components::deed::Deed;
use crate::components::{
    Action, Activity, Badge, Balance, Button, Card, DeedDialog, Form, GasStat, Glyph, Layout, LinkButton,
    RamStat, RewardsStat, StakeDialog, StakedStat, UnlockingStat, VotingStat, Waiting, Weight,
};
use crate::route::Route;
use crate::store::use_store;

/// What is open over the page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Stake,
    Claim,
}

#[component]
pub(crate) fn Home() -> Html {
    let store = use_store();
    let open = use_state(|| Open::Nothing);
    let Some(account) = &store.view.account else {
        return html! { <Waiting title="Balance" /> };
    };
    let set = |what: Open| {
        let open = open.clone();
        Callback::from(move |()| open.set(what))
    };
    let balance = account.balance.as_ref();
    let badge = balance
        .map(|balance| html! { <Badge face={balance.face} block=true /> })
        .unwrap_or_default();
    let chain = store.view.chain.as_ref();
    html! {
        <>
            <Card title="Balance" side={badge}>
                <Balance amount={balance.map(|balance| AttrValue::from(balance.value.clone()))} />
                <Layout form={Form::Row}>
                    <LinkButton to={Route::Send} main=true glyph={Glyph::Send}>{ "Send" }</LinkButton>
                    <LinkButton to={Route::Receive} glyph={Glyph::Receive}>{ "Receive" }</LinkButton>
                    <LinkButton to={Route::Vote(None)} glyph={Glyph::Vote}>{ "Vote" }</LinkButton>
                    <Button onpress={set(Open::Stake)} disabled={chain.is_none() || balance.is_none()}>{ "Stake for gas" }</Button>
                    if store.devnet() {
                        <Action command={Command::FaucetTokens} label="Get test tokens" weight={Weight::Plain} />
                    }
                </Layout>
            </Card>
            <Layout form={Form::Three}>
                <GasStat gas={account.gas.clone()} chain={chain.cloned()} />
                <StakedStat staked={account.staked.clone()} />
                <RewardsStat rewards={account.rewards.clone()} onclaim={set(Open::Claim)} />
                <VotingStat account={account.clone()} />
                <UnlockingStat unlocking={account.unlocking.clone()} face={balance.map(|balance| balance.face)} />
                <RamStat ram={account.ram.clone()} />
            </Layout>
            <Card title="Activity" side={html! { <span class="faint">{ "sent from this browser; each carries its own proof" }</span> }}>
                <Activity list={store.view.activity.clone()} />
            </Card>
            if let (Open::Stake, Some(chain)) = (*open, chain) {
                <StakeDialog account={account.clone()} chain={chain.clone()} onclose={set(Open::Nothing)} />
            }
            if *open == Open::Claim { <DeedDialog deed={Deed::claim()} onclose={set(Open::Nothing)} /> }
        </>
    }
}
