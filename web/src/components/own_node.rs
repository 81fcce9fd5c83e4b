//! The account's own Servi node: what is proved of it, and what can be done with it.

use credo_web::protocol::{CandidateView, ChainView, Intent, NodeStatus, NodeText};
use yew::prelude::*;

use super::deed::Deed;
use super::node_dialog::facts;
use super::{Button, Facts, Form, Layout, Notice, Tone, Weight};
use crate::clock::use_now;
use crate::format;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) node: Option<CandidateView>,
    pub(crate) chain: ChainView,
    pub(crate) ondeed: Callback<Deed>,
}

#[component]
pub(crate) fn OwnNode(props: &Props) -> Html {
    let time = use_now(1_000);
    let press = |deed: Deed| {
        let ondeed = props.ondeed.clone();
        Callback::from(move |()| ondeed.emit(deed.clone()))
    };
    let register = || press(Deed::node("Register a Servi node", &NodeText::default(), false));
    let Some(node) = &props.node else {
        return html! {
            <div class="stack">
                <p class="quiet">{ "A Servi node takes part in making blocks. Register it with its consensus key, which locks a tenth of the deposit while it is registered; once it has votes enough, it can apply for candidacy." }</p>
                <Layout form={Form::Row}><Button onpress={register()}>{ "Register a node…" }</Button></Layout>
            </div>
        };
    };
    let text = NodeText {
        key: node.key.clone(),
        location: node.location.clone(),
        url: node.url.clone(),
        net_id: node.net_id.clone(),
        possession: String::new(),
    };
    let update = press(Deed::node("What your node says", &text, true));
    let again = press(Deed::node("Register the node again", &text, false));
    let returned = node.loss.as_ref().is_some_and(|loss| loss.until_ms <= time);
    html! {
        <div class="stack">
            if let Some(loss) = &node.loss {
                <Notice tone={if node.status == NodeStatus::Lost { Tone::Mild } else { Tone::Plain }} title={format!("It lost its candidacy on {}", format::date(loss.at_ms))}>
                    <p>{ &loss.reason }</p>
                    if node.status == NodeStatus::Lost && !returned { <p>{ format!("It can register again on {}.", format::date(loss.until_ms)) }</p> }
                </Notice>
            }
            <Facts facts={facts(node, &props.chain, time)} />
            <Layout form={Form::Row}>
                if node.status == NodeStatus::Lost {
                    <Button weight={Weight::Main} disabled={!returned} onpress={again}>{ "Register again…" }</Button>
                } else {
                    if node.status == NodeStatus::Registered {
                        <Button weight={Weight::Main} onpress={press(Deed::direct("Apply for candidacy", Intent::Apply))}>{ "Apply…" }</Button>
                    }
                    if node.status == NodeStatus::Candidate {
                        <Button onpress={press(Deed::stand_aside())}>{ "Stand aside…" }</Button>
                    }
                    <Button onpress={press(Deed::fee_share(node.fee_share))}>{ "Share of fees…" }</Button>
                    <Button onpress={update}>{ "What it says…" }</Button>
                    if !node.leaving {
                        <Button weight={Weight::Danger} onpress={press(Deed::direct("Leave", Intent::Leave))}>{ "Leave…" }</Button>
                    }
                }
            </Layout>
        </div>
    }
}
