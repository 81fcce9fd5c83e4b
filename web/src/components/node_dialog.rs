//! All that is proved of one Servi node, with a link that leads straight here.

use credo_web::protocol::{CandidateView, ChainView};
use gloo::utils::window;
use yew::prelude::*;

use super::unlocking_stat::when;
use super::{Button, CopyButton, Dialog, Facts, Form, Ident, Layout, Notice, Tone, Weight};
use crate::clock::use_now;
use crate::format;
use crate::route::Route;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) node: CandidateView,
    pub(crate) chain: ChainView,
    pub(crate) can_vote: bool,
    pub(crate) onvote: Callback<CandidateView>,
    pub(crate) onclose: Callback<()>,
}

/// The page's address with this node in it.
fn link(name: &str) -> String {
    let location = window().location();
    let base = location
        .href()
        .ok()
        .map(|href| href.split('#').next().unwrap_or_default().to_owned())
        .unwrap_or_default();
    format!("{base}{}", Route::Vote(Some(name.to_owned())).href())
}

/// A page that may be opened: only the web's own, never a script.
fn web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// What is proved of a node, as labels and values.
pub(crate) fn facts(node: &CandidateView, chain: &ChainView, time: f64) -> Vec<(AttrValue, Html)> {
    let mut facts: Vec<(AttrValue, Html)> = Vec::new();
    let mut line = |label: &'static str, value: Html| facts.push((AttrValue::from(label), value));
    let iost = |amount: &str| html! { { format!("{} IOST", format::amount(amount)) } };
    if node.rank > 0 {
        line("Rank", html! { node.rank });
    }
    line("Standing", html! { super::node_row::standing(node, false) });
    line("Votes", iost(&node.votes));
    line("Servi", html! { format::amount(&node.servi) });
    if node.status == credo_web::protocol::NodeStatus::Candidate {
        line(
            "Proved available",
            html! { format!("{} ago; out after {}", format::plural(node.unproved, "epoch"), chain.availability_epochs) },
        );
        line(
            "Epochs without a block",
            html! { format!("{} in a row; out after {}", node.missed_epochs, chain.missed_epochs) },
        );
        if node.seated {
            line(
                "Turns this epoch",
                html! { format!("{} taken, {} missed", node.produced, node.missed) },
            );
        }
    }
    if let Some(until) = node.aside_until {
        line(
            "Stands aside",
            html! { format!("until epoch {}", format::count(until)) },
        );
    }
    line("To voters", html! { "50 % of its rewards other than for blocks" });
    line(
        "Of fees",
        html! { format!("{} % of whom it invited", node.fee_share) },
    );
    if node.deposit != "0" {
        line("Deposit", iost(&node.deposit));
    }
    if let Some(until) = node.deposit_until_ms {
        line("Deposit returns", html! { when(until, time) });
    }
    line("Not yet claimed", iost(&node.earned));
    line(
        "Consensus key",
        html! { <span class="mono break">{ &node.key }</span> },
    );
    if !node.net_id.is_empty() {
        line(
            "Address",
            html! { <span class="mono break">{ &node.net_id }</span> },
        );
    }
    if !node.location.is_empty() {
        line("Location", html! { &node.location });
    }
    if web(&node.url) {
        line(
            "Page",
            html! { <a class="break" href={node.url.clone()} target="_blank" rel="noopener noreferrer">{ &node.url }</a> },
        );
    } else if !node.url.is_empty() {
        line("Page", html! { <span class="break">{ &node.url }</span> });
    }
    facts
}

#[component]
pub(crate) fn NodeDialog(props: &Props) -> Html {
    let node = &props.node;
    let time = use_now(1_000);
    let onvote = {
        let (onvote, node) = (props.onvote.clone(), node.clone());
        Callback::from(move |()| onvote.emit(node.clone()))
    };
    html! {
        <Dialog title={format!("Node · {}", node.account)} onclose={props.onclose.clone()}>
            <div class="name"><Ident name={node.account.clone()} /><b class="break">{ &node.account }</b></div>
            if let Some(loss) = &node.loss {
                <Notice tone={Tone::Plain} title={format!("It lost its candidacy on {}", format::date(loss.at_ms))}>
                    <p>{ format!("{} Epoch {}. The tokens of its votes returned or return {}.", loss.reason, format::count(loss.epoch), when(loss.until_ms, time)) }</p>
                </Notice>
            }
            <Facts facts={facts(node, &props.chain, time)} />
            <Layout form={Form::Row}>
                <Button weight={Weight::Main} onpress={onvote} disabled={!props.can_vote || !super::node_row::votable(node)}>{ "Vote" }</Button>
                <CopyButton text={link(&node.account)} label={format!("Copy the link to {}", node.account)} words="Copy link" />
            </Layout>
        </Dialog>
    }
}
