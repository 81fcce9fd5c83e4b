//! The shapes of the three faces: a seal, a dashed ring, a clock; and a warning for what is bad.

use yew::prelude::*;

/// Which shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Proved.
    Seal,
    /// Claimed.
    Ring,
    /// Stale.
    Clock,
    /// Refused.
    Cross,
}

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) shape: Shape,
}

#[component]
pub(crate) fn FaceIcon(props: &Props) -> Html {
    match props.shape {
        Shape::Seal => html! {
            <svg viewBox="0 0 16 16" aria-hidden="true">
                <path fill="currentColor" d="M8 .8l1.7 1.3 2.1-.2.8 2 1.9 1-.5 2 .9 2-1.5 1.4-.1 2.2-2.1.5L9.8 15 8 14.2 6.2 15l-1.4-2-2.1-.5-.1-2.2L1.1 9 2 7l-.5-2 1.9-1 .8-2 2.1.2z" />
                <path class="tick" fill="none" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"
                    d="m5.4 8.1 1.8 1.8 3.4-3.7" />
            </svg>
        },
        Shape::Ring => html! {
            <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.6" aria-hidden="true">
                <circle cx="8" cy="8" r="5.6" stroke-dasharray="2.4 2" />
            </svg>
        },
        Shape::Clock => html! {
            <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"
                aria-hidden="true">
                <circle cx="8" cy="8" r="5.8" /><path d="M8 4.8V8l2.2 1.4" />
            </svg>
        },
        Shape::Cross => html! {
            <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"
                aria-hidden="true">
                <circle cx="8" cy="8" r="5.8" /><path d="m5.9 5.9 4.2 4.2m0-4.2-4.2 4.2" />
            </svg>
        },
    }
}
