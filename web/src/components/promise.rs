//! What this is, in two sentences.

use yew::prelude::*;

#[component]
pub(crate) fn Promise() -> Html {
    html! {
        <div class="promise">
            <p class="hero">{ "Your keys, your proof." }</p>
            <p class="quiet">{ "Credo checks the chain in this page. No server is believed, no key leaves it." }</p>
        </div>
    }
}
