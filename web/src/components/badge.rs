//! How sure a number is, one click from what proved it.

use credo_web::protocol::Face;
use web_sys::{Element, FocusEvent, Node};
use yew::prelude::*;

use super::{FaceIcon, Shape};
use crate::browser::now;
use crate::clock::use_now;
use crate::format;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) face: Face,
    /// Instead of "proved".
    #[prop_or_default]
    pub(crate) words: Option<AttrValue>,
    /// Name the block beside the word.
    #[prop_or_default]
    pub(crate) block: bool,
    /// The shape alone, beside a small number; the word stays for screen readers.
    #[prop_or_default]
    pub(crate) mini: bool,
}

/// A badge that opens into "block, epoch, 13 of 17 signatures, time".
#[component]
pub(crate) fn Badge(props: &Props) -> Html {
    let open = use_state(|| false);
    let root = use_node_ref();
    let time = use_now(if matches!(props.face, Face::Stale { .. }) {
        1_000
    } else {
        60_000
    });
    let proved = props.words.as_deref().unwrap_or("proved");
    let (class, shape, label) = match props.face {
        Face::Proved { height, .. } if props.block => (
            "proved",
            Shape::Seal,
            format!("{proved} · block {}", format::count(height)),
        ),
        Face::Proved { .. } => ("proved", Shape::Seal, proved.to_owned()),
        Face::Claimed => ("claimed", Shape::Ring, "claimed".to_owned()),
        Face::Stale { time_ms, .. } => ("stale", Shape::Clock, format::age(time_ms, time)),
    };
    let toggle = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(!*open))
    };
    let escape = {
        let open = open.clone();
        Callback::from(move |event: KeyboardEvent| {
            if *open && event.key() == "Escape" {
                event.stop_propagation();
                event.prevent_default();
                open.set(false);
            }
        })
    };
    let left = {
        let (open, root) = (open.clone(), root.clone());
        Callback::from(move |event: FocusEvent| {
            let to: Option<Node> = event
                .related_target()
                .and_then(|to| wasm_bindgen::JsCast::dyn_into(to).ok());
            let inside = root
                .cast::<Element>()
                .is_some_and(|root| root.contains(to.as_ref()));
            if !inside {
                open.set(false);
            }
        })
    };
    html! {
        <span class="badge" ref={root} onkeydown={escape} onfocusout={left}>
            <button type="button" class={classes!("face", class, props.mini.then_some("mini"))} aria-expanded={open.to_string()} onclick={toggle}
                title="What proves this">
                <FaceIcon {shape} /><span class={props.mini.then_some("sr")}>{ label }</span>
            </button>
            if *open {
                <span class="evidence" role="status">{ evidence(&props.face) }</span>
            }
        </span>
    }
}

fn evidence(face: &Face) -> Html {
    let line = |label: &str, value: String| html! { <><dt>{ label.to_owned() }</dt><dd>{ value }</dd></> };
    match face {
        Face::Proved {
            height,
            epoch,
            signatures,
            seats,
            time_ms,
        } => html! {
            <>
                <b>{ "Proved in this browser" }</b>
                <dl class="facts">
                    { line("Block", format::count(*height)) }
                    { line("Epoch", format::count(*epoch)) }
                    { line("Certificate", format!("{signatures} of {seats} signatures")) }
                    { line("Block's time", format::time(*time_ms)) }
                </dl>
                <span class="faint">{ "Certificate and Merkle proof were checked here; no server is believed." }</span>
            </>
        },
        Face::Claimed => html! {
            <>
                <b>{ "Claimed, not yet proved" }</b>
                <span class="faint">{ "A relay said so. This page is waiting for a certificate and a proof." }</span>
            </>
        },
        Face::Stale { height, time_ms } => html! {
            <>
                <b>{ "Proved, but old" }</b>
                <dl class="facts">
                    { line("Block", format::count(*height)) }
                    { line("Proved", format::ago(*time_ms, now())) }
                </dl>
                <span class="faint">{ "It was true then. It is proved afresh as soon as a relay answers." }</span>
            </>
        },
    }
}
