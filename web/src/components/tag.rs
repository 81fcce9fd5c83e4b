//! A word in one of the three faces, for what has no number behind it: a transaction's stage, a relay's state.

use yew::prelude::*;

use super::{FaceIcon, Shape};

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) shape: Shape,
    pub(crate) words: AttrValue,
}

#[component]
pub(crate) fn Tag(props: &Props) -> Html {
    let class = match props.shape {
        Shape::Seal => "proved",
        Shape::Ring => "claimed",
        Shape::Clock => "stale",
        Shape::Cross => "bad",
    };
    html! { <span class={classes!("face", class)}><FaceIcon shape={props.shape} />{ &props.words }</span> }
}
