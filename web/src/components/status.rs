//! The state of the whole, in a pill that leads to the relays.

use credo_web::protocol::{Sync, View};
use yew::prelude::*;

use crate::clock::use_now;
use crate::format;
use crate::route::Route;
use crate::store::use_store;

/// Class of the dot, the state's word, what more there is to say, and what only wider screens have room for.
fn words(view: &View, time: f64) -> (&'static str, &'static str, String, String, String) {
    let none = String::new;
    match &view.sync {
        Sync::Starting => (
            "wait",
            "Starting",
            "the verifier is loading".into(),
            none(),
            none(),
        ),
        Sync::NoRelay { .. } => (
            "bad",
            "No relay",
            "nothing can be proved now".into(),
            none(),
            none(),
        ),
        Sync::Dialing => (
            "wait",
            "Dialing",
            "WebRTC first, then WebSocket".into(),
            none(),
            none(),
        ),
        Sync::Verifying { done, of } => (
            "wait",
            "Verifying",
            format!("{} of {} hand-overs", format::count(*done), format::count(*of)),
            none(),
            none(),
        ),
        Sync::Synced => match view
            .chain
            .as_ref()
            .and_then(|chain| chain.head.as_ref().map(|head| (chain, head)))
        {
            Some((chain, head)) => {
                let agreeing = u64::from(chain.agreeing);
                let agree = if agreeing == 1 { "agrees" } else { "agree" };
                (
                    "good",
                    "Synced",
                    format!("block {}", format::count(head.height)),
                    format!("· {} of {} signatures", head.signatures, head.seats),
                    if agreeing == 0 {
                        none()
                    } else {
                        format!("· {} {agree}", format::plural(agreeing, "relay"))
                    },
                )
            }
            None => ("good", "Synced", none(), none(), none()),
        },
        Sync::Stale { since_ms, .. } => (
            "old",
            "Stale",
            format!("last proved {}", format::ago(*since_ms, time)),
            none(),
            "· reconnecting".into(),
        ),
        Sync::Conflict { .. } => (
            "bad",
            "Conflict",
            "stopped: two certificates contradict".into(),
            none(),
            none(),
        ),
        Sync::WrongChain { .. } => ("bad", "Another chain", "stopped".into(), none(), none()),
        Sync::UpdateNeeded { .. } => ("bad", "Update needed", "stopped".into(), none(), none()),
        Sync::StorageLost { .. } => ("bad", "Trouble here", "see below".into(), none(), none()),
    }
}

#[component]
pub(crate) fn Status() -> Html {
    let store = use_store();
    let time = use_now(1_000);
    let (dot, state, detail, signed, more) = words(&store.view, time);
    html! {
        <a class="status" href={Route::Network.href()}>
            <span class={classes!("dot", dot)} aria-hidden="true"></span>
            // Only the state is announced: the block's number changes twice a second.
            <b role="status">{ state }</b>
            <span class="detail">{ detail }</span>
            if !signed.is_empty() { <span class="signed">{ signed }</span> }
            if !more.is_empty() { <span class="more">{ more }</span> }
        </a>
    }
}
