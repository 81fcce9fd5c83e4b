//! One's own name, large.

use yew::prelude::*;

use super::Ident;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) name: AttrValue,
}

#[component]
pub(crate) fn OwnName(props: &Props) -> Html {
    html! { <div class="own-name"><Ident name={props.name.clone()} /><b>{ &props.name }</b></div> }
}
