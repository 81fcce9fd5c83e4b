//! Above every page: what stops or slows the whole, why, and the next step.

use credo_web::protocol::{Command, Sync};
use yew::prelude::*;

use super::{Action, Button, Notice, Tone};
use crate::format;
use crate::store::use_store;

#[component]
pub(crate) fn Banners() -> Html {
    let store = use_store();
    let bad = |title: &'static str, body: Html| html! { <Notice tone={Tone::Bad} {title}>{ body }</Notice> };
    match &store.view.sync {
        Sync::Starting | Sync::Dialing | Sync::Verifying { .. } | Sync::Synced => html! {},
        Sync::NoRelay { reason } => html! {
            <Notice tone={Tone::Mild} title="No relay can be reached">
                <p>{ reason }</p>
                <p class="quiet">{ "This page keeps trying. What you see was proved earlier and is marked as old." }</p>
            </Notice>
        },
        Sync::Stale { reason, .. } => html! {
            <Notice tone={Tone::Mild} title="These numbers are old">
                <p>{ reason }</p>
                <p class="quiet">{ "This page reconnects by itself; nothing needs doing." }</p>
            </Notice>
        },
        Sync::Conflict { detail } => bad(
            "The chain contradicts itself: everything is stopped",
            html! {
                <>
                    <p>{ detail }</p>
                    <p>{ "Two certificates that both verify exclude each other. Send nothing. Keep this page open, show it to others, and wait for word from people you trust." }</p>
                </>
            },
        ),
        Sync::WrongChain {
            expected,
            got,
            can_start_over,
        } => bad(
            "A relay serves another chain",
            html! {
                <>
                    <dl class="facts">
                        <dt>{ "Pinned here" }</dt><dd class="mono" title={expected.clone()}>{ format::short(expected) }</dd>
                        <dt>{ "Served" }</dt><dd class="mono" title={got.clone()}>{ format::short(got) }</dd>
                    </dl>
                    if *can_start_over {
                        <p>{ "This is a devnet, and devnets are made anew. Starting over forgets the old chain in this browser and pins the new one. Your key stays; accounts, votes and tokens of the old chain are gone with it." }</p>
                        <div class="row"><Action command={Command::StartOver} label="Start over on the new chain" /></div>
                    } else {
                        <p>{ "Nothing was changed here. If you expected this chain, ask the relay's operator; this page will not follow another one." }</p>
                    }
                </>
            },
        ),
        Sync::UpdateNeeded { detail } => bad(
            "A newer release is needed",
            html! {
                <>
                    <p>{ detail }</p>
                    <p>{ "Nothing is lost: reload this page once the new release is served." }</p>
                </>
            },
        ),
        Sync::StorageLost { detail } => bad(
            "Something in this browser failed",
            html! {
                <>
                    <p>{ detail }</p>
                    <div class="row"><Button onpress={Callback::from(|()| reload())}>{ "Reload" }</Button></div>
                </>
            },
        ),
    }
}

fn reload() {
    // A page can always reload itself.
    let _ = gloo::utils::window().location().reload();
}
