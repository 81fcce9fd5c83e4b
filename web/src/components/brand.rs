//! The name and its mark: a ring with a tick.

use yew::prelude::*;

#[component]
pub(crate) fn Brand() -> Html {
    html! {
        <div class="brand">
            <svg viewBox="0 0 28 28" aria-hidden="true">
                <circle cx="14" cy="14" r="11" fill="none" stroke="currentColor" stroke-width="2.4" />
                <path class="tick" d="m9 14.4 3.4 3.4L19.4 10.5" fill="none" stroke-width="2.8" stroke-linecap="round"
                    stroke-linejoin="round" />
            </svg>
            { "Credo" }
        </div>
    }
}
