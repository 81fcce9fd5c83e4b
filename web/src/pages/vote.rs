//! The ranking of Servi nodes, one's votes and their rewards, and the countdown to the next election.

use credo_web::protocol::{CandidateView, Command, Reply};
use yew::prelude::*;

use crate::components::deed::Deed;
use crate::components::{
    Badge, Card, DeedDialog, ElectionStat, Empty, Field, Form, FreeStat, Layout, MyVotes, NodeDialog, Nodes,
    Notice, RewardsStat, Stat, Tone, VoteDialog, VotingStat,
};
use crate::format;
use crate::route::{Route, go};
use crate::store::use_store;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    /// From the address: opened when it is a node's name, else searched for.
    pub(crate) node: Option<String>,
}

#[component]
pub(crate) fn Vote(props: &Props) -> Html {
    let store = use_store();
    let search = use_state(String::new);
    let picked = use_state(|| None::<CandidateView>);
    let claiming = use_state(|| false);
    let find = |name: &str| {
        let list = store.candidates.as_ref()?;
        list.value.list.iter().find(|node| node.account == name).cloned()
    };
    let exact = use_state(|| None::<CandidateView>);
    let found = |name: &str| (*exact).as_ref().filter(|node| node.account == name).cloned();
    let opened = props
        .node
        .as_deref()
        .and_then(|name| find(name).or_else(|| found(name)));
    {
        // A whole name is looked up by itself, wherever the node ranks.
        let (bridge, exact) = (store.bridge.clone(), exact.clone());
        let typed = search.trim().to_owned();
        let wanted = (5..=11)
            .contains(&typed.len())
            .then_some(typed)
            .filter(|name| find(name).is_none());
        use_effect_with(wanted, move |wanted| {
            let wanted = wanted.clone();
            wasm_bindgen_futures::spawn_local(async move {
                let found = match wanted {
                    Some(name) => match bridge.ask(Command::FindNode { name }).await {
                        Ok(Reply::Node(node)) => node.map(|node| *node),
                        _ => None,
                    },
                    None => None,
                };
                exact.set(found);
            });
        });
    }
    {
        let search = search.clone();
        let known = store.candidates.is_some();
        let wanted = props.node.clone().filter(|_| known && opened.is_none());
        use_effect_with(wanted, move |wanted| {
            if let Some(text) = wanted {
                search.set(text.clone());
            }
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
    let can_vote = store.unlocked() && account.is_some();
    let onsearch = {
        let search = search.clone();
        Callback::from(move |text: String| search.set(text))
    };
    let onpick = {
        let picked = picked.clone();
        use_callback((), move |node: CandidateView, ()| picked.set(Some(node)))
    };
    let onmore = {
        let bridge = store.bridge.clone();
        use_callback((), move |(), ()| {
            let bridge = bridge.clone();
            wasm_bindgen_futures::spawn_local(async move {
                let _ = bridge.ask(Command::MoreCandidates).await;
            });
        })
    };
    let onvote = {
        let picked = picked.clone();
        Callback::from(move |node: CandidateView| {
            go(&Route::Vote(None));
            picked.set(Some(node));
        })
    };
    let onchange = {
        let (picked, candidates) = (picked.clone(), store.candidates.clone());
        Callback::from(move |name: String| {
            let list = candidates.iter().flat_map(|list| &list.value.list);
            picked.set(list.into_iter().find(|node| node.account == name).cloned());
        })
    };
    let onclose = {
        let picked = picked.clone();
        Callback::from(move |()| picked.set(None))
    };
    let claim = |open: bool| {
        let claiming = claiming.clone();
        Callback::from(move |()| claiming.set(open))
    };
    let seats = chain.map_or(1, |chain| chain.committee.len().max(1) as u64);
    let turns = chain.map_or(0, |chain| {
        (chain.epoch_length / seats).min(u64::from(u32::MAX)) as u32
    });
    let note = store.candidates.as_ref().map(|list| {
        let nodes = format::plural(u64::from(list.value.count), "node");
        let votes = format::compact(&list.value.total_votes);
        format!("{nodes} · {votes} votes · as epoch {} began", list.value.epoch)
    });
    let side = html! {
        <Layout form={Form::Row}>
            <Field id="node-search" label="Search nodes" value={(*search).clone()} onchange={onsearch} placeholder="Search" />
            if let Some(list) = &store.candidates { <Badge face={list.face} words="ranking proved" /> }
        </Layout>
    };
    let votes = account.map(|account| account.votes.clone()).unwrap_or_default();
    html! {
        <>
            <Layout form={Form::Four}>
                <ElectionStat chain={chain.cloned()} />
                if let (Some(account), Some(chain)) = (account, chain) {
                    <VotingStat account={account.clone()} />
                    <FreeStat account={account.clone()} vote_lock_ms={chain.vote_lock_ms} />
                    <RewardsStat rewards={account.rewards.clone()} onclaim={claim(true)} />
                } else {
                    <Stat label="Your votes" value="–"><span class="faint">{ "unlock an account to vote" }</span></Stat>
                    <Stat label="Free to vote" value="–" />
                    <Stat label="Rewards to claim" value="–" />
                }
            </Layout>
            if let Some(chain) = chain {
                if chain.put_off > 0 {
                    <Notice tone={Tone::Mild} title="Too few candidates">
                        <p>{ format!("{} should have lost candidacy in the last round and kept it: fewer than four would have been left to run the network.",
                            format::plural(u64::from(chain.put_off), "node")) }</p>
                    </Notice>
                }
            }
            if !votes.is_empty() {
                <Card title="Your votes" note="half of a node's rewards, other than for blocks, is its voters'">
                    <MyVotes votes={votes.clone()} {can_vote} {onchange} />
                </Card>
            }
            <Card title="Servi nodes" note={note.map(AttrValue::from)} {side}>
                if let Some(candidates) = &store.candidates {
                    <Nodes candidates={candidates.clone()} search={search.trim().to_lowercase()} {turns} {votes} {can_vote} {onpick} {onmore}
                        exact={(*exact).clone().filter(|node| node.account == search.trim())} limit={chain.map_or(0, |chain| chain.availability_epochs)} />
                    if candidates.value.list.is_empty() { <Empty words="No node is registered on this chain yet." /> }
                } else {
                    <Empty words="The ranking comes in parts, and each is proved before it is shown." />
                }
            </Card>
            if let (Some(node), Some(chain), None) = (opened, chain, (*picked).clone()) {
                <NodeDialog {node} chain={chain.clone()} {can_vote} {onvote} onclose={Callback::from(|()| go(&Route::Vote(None)))} />
            }
            if let (Some(node), Some(account), Some(chain)) = ((*picked).clone(), account, chain) {
                <VoteDialog {node} account={account.clone()} vote_lock_ms={chain.vote_lock_ms} {onclose}
                    others={store.candidates.as_ref().map(|list| list.value.list.iter().map(|node| AttrValue::from(node.account.clone())).take(201).collect()).unwrap_or_else(Vec::new)} />
            }
            if *claiming && account.is_some() { <DeedDialog deed={Deed::claim()} onclose={claim(false)} /> }
        </>
    }
}
