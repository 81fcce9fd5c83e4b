//! Labels and values, one pair a line.

use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) facts: Vec<(AttrValue, Html)>,
}

/// Plain text pairs, as the worker sends them.
pub(crate) fn plain(lines: &[(String, String)]) -> Vec<(AttrValue, Html)> {
    lines
        .iter()
        .map(|(label, value)| (AttrValue::from(label.clone()), html! { value }))
        .collect()
}

#[component]
pub(crate) fn Facts(props: &Props) -> Html {
    html! {
        <dl class="facts">
            { for props.facts.iter().map(|(label, value)| html! { <><dt>{ label }</dt><dd>{ value.clone() }</dd></> }) }
        </dl>
    }
}
