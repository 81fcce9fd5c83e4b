//! A page whose first data hasn't come: its shape, and what is awaited.

use credo_web::protocol::Sync;
use yew::prelude::*;

use super::Card;
use crate::store::use_store;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) title: AttrValue,
}

#[component]
pub(crate) fn Waiting(props: &Props) -> Html {
    let store = use_store();
    let words = match &store.view.sync {
        Sync::Starting => "Starting the verifier and reading what is stored in this browser.",
        _ => "Reading what is stored in this browser.",
    };
    html! {
        <Card title={props.title.clone()}>
            <p class="quiet" role="status">{ words }</p>
            <span class="rest wide" aria-hidden="true"></span>
            <span class="rest" aria-hidden="true"></span>
        </Card>
    }
}
