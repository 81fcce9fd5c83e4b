//! One number on a small card.

use credo_web::protocol::Face;
use yew::prelude::*;

use super::Badge;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) label: AttrValue,
    /// The number; a resting line while it isn't known.
    pub(crate) value: Option<AttrValue>,
    /// How sure the number is.
    #[prop_or_default]
    pub(crate) face: Option<Face>,
    /// Below the number.
    #[prop_or_default]
    pub(crate) children: Html,
}

#[component]
pub(crate) fn Stat(props: &Props) -> Html {
    html! {
        <section class="card stat" aria-label={props.label.clone()}>
            <div class="row between">
                <span class="faint">{ &props.label }</span>
                if let Some(face) = props.face { <Badge {face} mini=true /> }
            </div>
            if let Some(value) = &props.value {
                <b>{ value }</b>
            } else {
                <span class="rest" aria-label="not known yet"></span>
            }
            { props.children.clone() }
        </section>
    }
}
