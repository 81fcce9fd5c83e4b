//! The relays, and the chain that they are held to.

use yew::prelude::*;

use crate::components::{Card, ChainIdentity, Empty, RelaysTable};
use crate::format;
use crate::store::use_store;

#[component]
pub(crate) fn Network() -> Html {
    let store = use_store();
    let relays = &store.view.relays;
    html! {
        <>
            <Card title="Relays" note={format::plural(relays.len() as u64, "relay")}
                side={html! { <span class="faint">{ "none is believed: each answer is proved here" }</span> }}>
                if relays.is_empty() {
                    <Empty words="No relay is known yet. The list comes from the server that this page came from." />
                } else {
                    <RelaysTable relays={relays.clone()} />
                }
            </Card>
            <ChainIdentity />
        </>
    }
}
