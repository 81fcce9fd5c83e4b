//! What went wrong with what was just tried, announced when it appears.

use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) sentence: Option<String>,
}

#[component]
pub(crate) fn Problem(props: &Props) -> Html {
    html! {
        <div class="problem" role="alert">
            if let Some(sentence) = &props.sentence { <p>{ sentence }</p> }
        </div>
    }
}
