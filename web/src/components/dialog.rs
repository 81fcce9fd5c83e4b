//! A dialog: the browser's own, which keeps the focus inside and closes on Esc.

use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement};
use yew::prelude::*;

use super::{Glyph, Icon};

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) title: AttrValue,
    pub(crate) onclose: Callback<()>,
    pub(crate) children: Html,
}

/// Open for as long as it is drawn.
#[component]
pub(crate) fn Dialog(props: &Props) -> Html {
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            let element = dialog.cast::<HtmlDialogElement>();
            if let Some(element) = &element {
                // Fails only on an element that is open or gone.
                let _ = element.show_modal();
                // The browser would begin at the closing cross.
                let first = element.query_selector("[data-first]").ok().flatten();
                if let Some(first) = first.and_then(|first| first.dyn_into::<HtmlElement>().ok()) {
                    let _ = first.focus();
                }
            }
            move || {
                if let Some(element) = element {
                    // Gives the focus back to where it was.
                    element.close();
                }
            }
        });
    }
    let cancel = props.onclose.reform(|event: Event| event.prevent_default());
    let close = props.onclose.reform(|_: MouseEvent| ());
    let beside = {
        let (dialog, onclose) = (dialog.clone(), props.onclose.clone());
        Callback::from(move |event: MouseEvent| {
            let hit = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlDialogElement>().ok());
            // The sheet fills the dialog: only the backdrop is the dialog itself.
            if hit.is_some() && hit == dialog.cast::<HtmlDialogElement>() {
                onclose.emit(());
            }
        })
    };
    html! {
        <dialog ref={dialog} class="dialog" aria-labelledby="dialog-title" oncancel={cancel} onclick={beside}>
            <div class="sheet">
                <div class="row between">
                    <h2 id="dialog-title">{ &props.title }</h2>
                    <button type="button" class="plain" aria-label="Close" onclick={close}><Icon glyph={Glyph::Close} /></button>
                </div>
                { props.children.clone() }
            </div>
        </dialog>
    }
}
