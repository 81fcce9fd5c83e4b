//! A transaction's way in four steps: sent, believable, final, proved, each with its time.

use credo_web::protocol::{ActivityView, Stage};
use yew::prelude::*;

use crate::format;

const NAMES: [&str; 4] = ["sent", "believable", "final", "proved"];

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) activity: ActivityView,
}

#[component]
pub(crate) fn Steps(props: &Props) -> Html {
    let ActivityView { stage, times_ms, .. } = &props.activity;
    let time = |name: &str| {
        times_ms
            .iter()
            .find(|(stage, _)| stage == name)
            .map(|(_, ms)| *ms)
    };
    let reached = match stage {
        Stage::Proved { .. } => 4,
        Stage::Believable => 2,
        Stage::Sent | Stage::Refused(_) => 1,
    };
    // "final" is a step of its own only in the times: the certificate may be there before the proof.
    let reached = NAMES
        .iter()
        .rposition(|name| time(name).is_some())
        .map_or(reached, |last| reached.max(last + 1));
    let refused = matches!(stage, Stage::Refused(_));
    html! {
        <ol class="steps" aria-live="polite">
            { for NAMES.iter().enumerate().map(|(i, name)| {
                let class = match i {
                    i if i < reached => "done",
                    i if i == reached && !refused => "now",
                    _ => "",
                };
                let words = match time(name) {
                    Some(0.0) => "0 ms".to_owned(),
                    Some(ms) => format::span(ms),
                    None if class == "now" => "…".to_owned(),
                    None => String::new(),
                };
                html! {
                    <li class={classes!("step", class)} aria-current={(class == "now").then_some("step")}>
                        <span>{ *name }</span><span class="when">{ words }</span>
                    </li>
                }
            }) }
        </ol>
    }
}
