//! A box to look anything up, and the answer with what proved it.

use credo_web::protocol::{Command, Found, Reply};
use yew::prelude::*;

use super::facts::{Facts, plain};
use super::{Badge, Button, Field, Glyph, Problem};
use crate::route::{Route, go};
use crate::store::use_store;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    /// From the address.
    pub(crate) query: Option<String>,
}

#[derive(Clone, PartialEq)]
enum State {
    Idle,
    Asking,
    Found(Found),
    Not(String),
}

#[component]
pub(crate) fn LookUp(props: &Props) -> Html {
    let store = use_store();
    let typed = use_state(|| props.query.clone().unwrap_or_default());
    let state = use_state(|| State::Idle);
    // Asked once the chain is known, and again for another query.
    let ready = store
        .view
        .chain
        .as_ref()
        .is_some_and(|chain| chain.head.is_some());
    {
        let (typed, state, bridge) = (typed.clone(), state.clone(), store.bridge.clone());
        use_effect_with((props.query.clone(), ready), move |(query, ready)| {
            if let Some(query) = query.clone().filter(|_| *ready) {
                typed.set(query.clone());
                state.set(State::Asking);
                wasm_bindgen_futures::spawn_local(async move {
                    state.set(match bridge.ask(Command::LookUp { query }).await {
                        Ok(Reply::Found(found)) => State::Found(found),
                        Ok(_) => State::Not("The verifier answered something else. Try again.".into()),
                        Err(sentence) => State::Not(sentence),
                    });
                });
            }
        });
    }
    let onsubmit = {
        let typed = typed.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let query = typed.trim().replace(',', "");
            if !query.is_empty() {
                go(&Route::Chain(Some(query)));
            }
        })
    };
    let onchange = {
        let typed = typed.clone();
        Callback::from(move |text| typed.set(text))
    };
    let asking = matches!(*state, State::Asking);
    let button =
        html! { <Button submit=true glyph={Glyph::Search} busy={asking} label="Look up">{ "" }</Button> };
    html! {
        <div class="stack">
            <form {onsubmit} role="search">
                <Field id="look-up" label="Look up" value={(*typed).clone()} {onchange} end={button}
                    placeholder="block, transaction, account or node" />
            </form>
            <div aria-live="polite">
                if let State::Found(found) = &*state {
                    <section class="found" aria-label="Result">
                        <div class="row between"><b>{ &found.title }</b><Badge face={found.face} block=true /></div>
                        <Facts facts={plain(&found.lines)} />
                    </section>
                }
                if let State::Not(sentence) = &*state { <Problem sentence={sentence.clone()} /> }
            </div>
        </div>
    }
}
