//! Copies a text and says so.

use gloo::timers::future::TimeoutFuture;
use yew::prelude::*;

use super::{Glyph, Icon};
use crate::browser;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) text: AttrValue,
    pub(crate) label: AttrValue,
    /// Words beside the drawing.
    #[prop_or_default]
    pub(crate) words: Option<AttrValue>,
}

#[component]
pub(crate) fn CopyButton(props: &Props) -> Html {
    let said = use_state(|| None::<&'static str>);
    let onclick = {
        let (said, text) = (said.clone(), props.text.clone());
        Callback::from(move |event: MouseEvent| {
            event.prevent_default();
            let (said, text) = (said.clone(), text.clone());
            wasm_bindgen_futures::spawn_local(async move {
                said.set(Some(if browser::copy(&text).await {
                    "Copied"
                } else {
                    "Can't copy here"
                }));
                TimeoutFuture::new(1_600).await;
                said.set(None);
            });
        })
    };
    html! {
        <button type="button" class={if props.words.is_some() { "btn" } else { "plain" }}
            aria-label={props.label.clone()} title={props.label.clone()} {onclick}>
            <Icon glyph={Glyph::Copy} />
            if let Some(words) = &props.words { { said.unwrap_or(words) } } else if let Some(said) = *said {
                <span class="said">{ said }</span>
            }
            <span class="sr" role="status">{ said.unwrap_or_default() }</span>
        </button>
    }
}
