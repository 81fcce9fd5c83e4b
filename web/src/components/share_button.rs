//! Shares a text with other apps, where the browser can.

use yew::prelude::*;

use super::{Button, Glyph};
use crate::browser;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) text: AttrValue,
}

#[component]
pub(crate) fn ShareButton(props: &Props) -> Html {
    let able = use_memo((), |()| browser::can_share());
    let onpress = {
        let text = props.text.clone();
        Callback::from(move |()| {
            let text = text.clone();
            wasm_bindgen_futures::spawn_local(async move { browser::share(&text).await });
        })
    };
    html! { if *able { <Button glyph={Glyph::Share} {onpress}>{ "Share" }</Button> } }
}
