//! The 24 words, to be written down.

use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) words: Vec<String>,
}

#[component]
pub(crate) fn Words(props: &Props) -> Html {
    html! {
        <ol class="words" aria-label="Your words, in order">
            { for props.words.iter().map(|word| html! { <li>{ word }</li> }) }
        </ol>
    }
}
