//! This wallet's transactions, newest first, each with its stage; one opens into its times and proof.

use credo_web::protocol::{ActivityView, Stage};
use yew::prelude::*;

use super::{CopyButton, Empty, StageTag, Steps};
use crate::clock::use_now;
use crate::format;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) list: Vec<ActivityView>,
}

#[component]
pub(crate) fn Activity(props: &Props) -> Html {
    let time = use_now(1_000);
    if props.list.is_empty() {
        return html! { <Empty words="Nothing sent from this browser yet. What you send appears here at once, and stays with its proof." /> };
    }
    html! {
        <ul class="activity">
            { for props.list.iter().map(|entry| html! {
                <li key={entry.hash.clone()}><Entry entry={entry.clone()} {time} /></li>
            }) }
        </ul>
    }
}

#[derive(Properties, PartialEq)]
struct EntryProps {
    entry: ActivityView,
    time: f64,
}

#[component]
fn Entry(props: &EntryProps) -> Html {
    let entry = &props.entry;
    let outcome = match &entry.stage {
        Stage::Proved {
            failed: Some(why), ..
        }
        | Stage::Refused(why) => Some(why.clone()),
        _ => None,
    };
    html! {
        <details>
            <summary>
                <span class="grow">
                    <span class="what">{ &entry.title }</span>
                    <span class="faint">
                        if !entry.detail.is_empty() { { &entry.detail }{ " · " } }
                        { format::ago(entry.time_ms, props.time) }
                    </span>
                </span>
                <StageTag stage={entry.stage.clone()} />
            </summary>
            <div class="opened">
                if let Some(why) = outcome { <p class="objection">{ why }</p> }
                <Steps activity={entry.clone()} />
                <dl class="facts">
                    if let Stage::Proved { height, .. } = &entry.stage {
                        <dt>{ "Proved in block" }</dt>
                        <dd><a href={format!("#chain/{height}")}>{ format::count(*height) }</a></dd>
                    }
                    <dt>{ "Transaction" }</dt>
                    <dd class="row end">
                        <a class="mono" href={format!("#chain/{}", entry.hash)}>{ format::short(&entry.hash) }</a>
                        <CopyButton text={entry.hash.clone()} label="Copy the transaction's hash" />
                    </dd>
                </dl>
            </div>
        </details>
    }
}
