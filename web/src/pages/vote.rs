//! The ranking of Servi nodes, one's votes, and the countdown to the next election.

use credo_web::protocol::{CandidateView, Command};
use yew::prelude::*;

use crate::components::{
    Badge, Card, ElectionStat, Empty, Field, Form, FreeStat, Layout, Nodes, Stat, VoteDialog, VotingStat,
};
use crate::format;
use crate::store::use_store;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    /// From the address: searched for.
    pub(crate) node: Option<String>,
}

#[component]
pub(crate) fn Vote(props: &Props) -> Html {
    let store = use_store();
    let search = use_state(|| props.node.clone().unwrap_or_default());
    let picked = use_state(|| None::<CandidateView>);
    {
        let search = search.clone();
        use_effect_with(props.node.clone(), move |node| {
            search.set(node.clone().unwrap_or_default())
        });
    }
    {
        let bridge = store.bridge.clone();
        use_effect_with((), move |()| {
            let watch = move |on: bool| {
                let bridge = bridge.clone();
                wasm_bindgen_futures::spawn_local(async move {
                    // What went wrong shows in the state of the whole.
                    let _ = bridge.ask(Command::WatchCandidates { on }).await;
                });
            };
            watch(true);
            move || watch(false)
        });
    }
    let chain = store.view.chain.as_ref();
    let account = store.view.account.as_ref();
    let onsearch = {
        let search = search.clone();
        Callback::from(move |text: String| search.set(text))
    };
    let onpick = {
        let picked = picked.clone();
        use_callback((), move |node: CandidateView, ()| picked.set(Some(node)))
    };
    let onclose = {
        let picked = picked.clone();
        Callback::from(move |()| picked.set(None))
    };
    let seats = chain.map_or(1, |chain| chain.committee.len().max(1) as u64);
    let turns = chain.map_or(0, |chain| {
        (chain.epoch_length / seats).min(u64::from(u32::MAX)) as u32
    });
    let count = store.candidates.as_ref().map(|list| list.value.list.len() as u64);
    let side = html! {
        <Layout form={Form::Row}>
            <Field id="node-search" label="Search nodes" value={(*search).clone()} onchange={onsearch} placeholder="Search" />
            if let Some(list) = &store.candidates { <Badge face={list.face} words="whole ranking proved" /> }
        </Layout>
    };
    html! {
        <>
            <Layout form={Form::Four}>
                <ElectionStat chain={chain.cloned()} />
                if let (Some(account), Some(chain)) = (account, chain) {
                    <VotingStat account={account.clone()} />
                    <FreeStat account={account.clone()} vote_lock_ms={chain.vote_lock_ms} />
                } else {
                    <Stat label="Your votes" value="–"><span class="faint">{ "unlock an account to vote" }</span></Stat>
                    <Stat label="Free to vote" value="–" />
                }
                <Stat label="Votes cast" face={store.candidates.as_ref().map(|list| list.face)} value={store.candidates.as_ref().map(|list| AttrValue::from(format::compact(&list.value.total_votes)))}>
                    <span class="faint">{ "in all, for all nodes" }</span>
                </Stat>
            </Layout>
            <Card title="Servi nodes" note={count.map(|count| AttrValue::from(format::plural(count, "node")))} {side}>
                if let Some(candidates) = &store.candidates {
                    <Nodes candidates={candidates.clone()} search={search.trim().to_lowercase()} {turns}
                        votes={account.map(|account| account.votes.clone()).unwrap_or_default()}
                        can_vote={store.unlocked() && account.is_some()} {onpick} />
                    if candidates.value.list.is_empty() { <Empty words="No node is registered on this chain yet." /> }
                } else {
                    <Empty words="The ranking comes whole, in one answer, and is proved before it is shown." />
                }
            </Card>
            if let (Some(node), Some(account), Some(chain)) = ((*picked).clone(), account, chain) {
                <VoteDialog {node} account={account.clone()} vote_lock_ms={chain.vote_lock_ms} {onclose}
                    others={store.candidates.as_ref().map(|list| list.value.list.iter().map(|node| AttrValue::from(node.account.clone())).take(201).collect()).unwrap_or_else(Vec::new)} />
            }
        </>
    }
}
