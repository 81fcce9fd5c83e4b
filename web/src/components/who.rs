//! Who is unlocked, until when, and the way to lock at once.

use credo_web::protocol::{Command, KeysView};
use yew::prelude::*;

use super::{Glyph, Icon, Ident};
use crate::clock::use_now;
use crate::format;
use crate::store::use_store;

#[component]
pub(crate) fn Who() -> Html {
    let store = use_store();
    let time = use_now(5_000);
    let KeysView::Unlocked {
        public_key,
        locks_at_ms,
        ..
    } = &store.view.keys
    else {
        return html! {};
    };
    let name = store
        .view
        .account
        .as_ref()
        .map_or_else(|| format::short(public_key), |account| account.name.clone());
    let left = ((*locks_at_ms - time) / 60_000.0).ceil();
    let words = if left > 1.0 {
        format!("locks in {left:.0} min")
    } else {
        "locks within a minute".to_owned()
    };
    let lock = {
        let bridge = store.bridge.clone();
        Callback::from(move |_: MouseEvent| {
            let bridge = bridge.clone();
            wasm_bindgen_futures::spawn_local(async move {
                // Its effect shows in the next view.
                let _ = bridge.ask(Command::Lock).await;
            });
        })
    };
    html! {
        <div class="who">
            <Ident name={name.clone()} />
            <div class="grow"><b>{ name }</b><div class="faint">{ words }</div></div>
            <button type="button" class="plain" aria-label="Lock now" title="Lock now" onclick={lock}>
                <Icon glyph={Glyph::Lock} />
            </button>
        </div>
    }
}
