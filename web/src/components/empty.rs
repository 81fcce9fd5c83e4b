//! Nothing here yet: why, and what would change that.

use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) words: AttrValue,
    #[prop_or_default]
    pub(crate) children: Html,
}

#[component]
pub(crate) fn Empty(props: &Props) -> Html {
    html! { <div class="empty"><p>{ &props.words }</p>{ props.children.clone() }</div> }
}
