//! A place to go that looks like what is pressed.

use yew::prelude::*;

use super::{Glyph, Icon};
use crate::route::Route;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) to: Route,
    #[prop_or_default]
    pub(crate) main: bool,
    #[prop_or_default]
    pub(crate) glyph: Option<Glyph>,
    pub(crate) children: Html,
}

#[component]
pub(crate) fn LinkButton(props: &Props) -> Html {
    html! {
        <a class={classes!("btn", props.main.then_some("main"))} href={props.to.href()}>
            if let Some(glyph) = props.glyph { <Icon {glyph} /> }
            { props.children.clone() }
        </a>
    }
}
