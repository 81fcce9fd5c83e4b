//! An account's name, checked against the chain while it is typed.

use credo_web::protocol::{Command, NameStatus, Reply};
use gloo::timers::callback::Timeout;
use yew::prelude::*;

use super::{Field, Shape, Tag, field::Kind};
use crate::format;
use crate::store::use_store;

/// A pause in typing before the chain is asked.
const PAUSE_MS: u32 = 250;

/// What the name is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// To pay it: it must exist.
    Existing,
    /// To sign it up: it must be free.
    Free,
}

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) id: AttrValue,
    pub(crate) label: AttrValue,
    pub(crate) want: Want,
    pub(crate) value: AttrValue,
    pub(crate) onchange: Callback<String>,
    /// True once the name is proved to be what is wanted.
    pub(crate) onfit: Callback<bool>,
    #[prop_or_default]
    pub(crate) focus: bool,
    #[prop_or_default]
    pub(crate) suggest: Vec<AttrValue>,
}

#[derive(Clone, PartialEq)]
enum State {
    Nothing,
    Asking,
    Known(NameStatus),
    Failed(String),
}

#[component]
pub(crate) fn NameField(props: &Props) -> Html {
    let store = use_store();
    let state = use_state(|| State::Nothing);
    // Asked anew once the chain can be read.
    let ready = store
        .view
        .chain
        .as_ref()
        .is_some_and(|chain| chain.head.is_some());
    {
        let (state, bridge, onfit, want) = (
            state.clone(),
            store.bridge.clone(),
            props.onfit.clone(),
            props.want,
        );
        use_effect_with((props.value.clone(), ready), move |(name, ready)| {
            onfit.emit(false);
            let name = name.trim().to_owned();
            // The answer to an older question must not stand beside a newer name.
            let current = std::rc::Rc::new(std::cell::Cell::new(true));
            let still = std::rc::Rc::clone(&current);
            let timer = if name.is_empty() || !*ready {
                state.set(State::Nothing);
                None
            } else {
                state.set(State::Asking);
                Some(Timeout::new(PAUSE_MS, move || {
                    wasm_bindgen_futures::spawn_local(async move {
                        let answer = bridge.ask(Command::CheckName { name }).await;
                        if !still.get() {
                            return;
                        }
                        state.set(match answer {
                            Ok(Reply::Name(status)) => {
                                let fits = match want {
                                    Want::Existing => matches!(status, NameStatus::Exists { .. }),
                                    Want::Free => matches!(status, NameStatus::Free { .. }),
                                };
                                onfit.emit(fits);
                                State::Known(status)
                            }
                            Ok(_) => State::Failed("The verifier answered something else. Type on.".into()),
                            Err(sentence) => State::Failed(sentence),
                        });
                    });
                }))
            };
            move || {
                current.set(false);
                drop(timer);
            }
        });
    }
    let at = |height: &u64| format!("at block {}", format::count(*height));
    let (hint, wrong) = match (&*state, props.want) {
        (State::Nothing, Want::Existing) => (html! { "The name of an account on this chain." }, None),
        (State::Nothing, Want::Free) => (html! { "5 to 11 of a–z, 0–9 and _." }, None),
        (State::Asking, _) => (html! { "Checking with proof…" }, None),
        (State::Known(NameStatus::Exists { height }), Want::Existing) => (
            html! { <><Tag shape={Shape::Seal} words="exists" />{ at(height) }</> },
            None,
        ),
        (State::Known(NameStatus::Free { height }), Want::Free) => (
            html! { <><Tag shape={Shape::Seal} words="free" />{ at(height) }</> },
            None,
        ),
        (State::Known(NameStatus::Exists { height }), Want::Free) => (
            html! {},
            Some(format!("Taken: proved {}. Choose another.", at(height))),
        ),
        (State::Known(NameStatus::Free { height }), Want::Existing) => (
            html! {},
            Some(format!(
                "No such account: proved {}. Check the spelling.",
                at(height)
            )),
        ),
        (State::Known(NameStatus::Invalid(why)), _) => (html! {}, Some(why.clone())),
        (State::Failed(sentence), _) => (html! {}, Some(sentence.clone())),
    };
    let onchange = props.onchange.reform(|text: String| text.trim().to_lowercase());
    html! {
        <Field id={props.id.clone()} label={props.label.clone()} kind={Kind::Name} value={props.value.clone()}
            {onchange} {hint} wrong={wrong.map(AttrValue::from)} focus={props.focus} suggest={props.suggest.clone()} />
    }
}
