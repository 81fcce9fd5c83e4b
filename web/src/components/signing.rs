//! From an intent to a proved transaction: review in words, sign, watch its stages. Nothing is signed unseen.

use credo_web::protocol::{Command, Intent, Reply, Review, Stage};
use yew::prelude::*;

use super::facts::{Facts, plain};
use super::{Button, Form, Glyph, Layout, Notice, Problem, Steps, Tone, Weight};
use crate::format;
use crate::store::use_store;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) intent: Intent,
    /// Back to the form, with what was typed.
    pub(crate) onback: Callback<()>,
    /// The user has seen the end of it.
    pub(crate) ondone: Callback<()>,
    /// What ends it, e.g. "Send another".
    pub(crate) done_label: AttrValue,
}

#[derive(Clone, PartialEq)]
enum State {
    Preparing,
    Reviewed(Review),
    Signing(Review),
    Sent(String, String),
    Failed(String),
}

#[component]
pub(crate) fn Signing(props: &Props) -> Html {
    let store = use_store();
    let state = use_state(|| State::Preparing);
    {
        let (state, bridge) = (state.clone(), store.bridge.clone());
        use_effect_with(props.intent.clone(), move |intent| {
            let intent = intent.clone();
            wasm_bindgen_futures::spawn_local(async move {
                state.set(match bridge.ask(Command::Prepare(intent)).await {
                    Ok(Reply::Review(review)) => State::Reviewed(review),
                    Ok(_) => {
                        State::Failed("The verifier answered something else. Go back and try again.".into())
                    }
                    Err(sentence) => State::Failed(sentence),
                });
            });
        });
    }
    let back = html! { <Button onpress={props.onback.clone()}>{ "Back" }</Button> };
    match &*state {
        State::Preparing => html! {
            <div class="stack"><p class="quiet" role="status">{ "Putting it into words…" }</p>{ back }</div>
        },
        State::Failed(sentence) => html! {
            <div class="stack"><Problem sentence={sentence.clone()} />{ back }</div>
        },
        State::Reviewed(review) | State::Signing(review) => {
            let busy = matches!(*state, State::Signing(_));
            let onsubmit = {
                let (state, bridge, review) = (state.clone(), store.bridge.clone(), review.clone());
                Callback::from(move |event: SubmitEvent| {
                    event.prevent_default();
                    let (state, bridge, review) = (state.clone(), bridge.clone(), review.clone());
                    state.set(State::Signing(review.clone()));
                    wasm_bindgen_futures::spawn_local(async move {
                        state.set(match bridge.ask(Command::Confirm { review: review.id }).await {
                            Ok(Reply::Sent(hash)) => State::Sent(hash, review.title),
                            Ok(_) => State::Failed(
                                "The verifier answered something else; look at Activity.".into(),
                            ),
                            Err(sentence) => State::Failed(sentence),
                        });
                    });
                })
            };
            let based = (
                "Based on".to_owned(),
                format!("block {}", format::count(review.height)),
            );
            let lines: Vec<(String, String)> = review
                .lines
                .iter()
                .cloned()
                .chain(std::iter::once(based))
                .collect();
            html! {
                <form class="stack" {onsubmit} aria-label="Review">
                    <p class="say" role="status">{ &review.title }</p>
                    <Facts facts={plain(&lines)} />
                    <Layout form={Form::Row}>
                        <Button weight={Weight::Main} glyph={Glyph::Lock} submit=true {busy}>{ "Sign and send" }</Button>
                        if !busy { { back } }
                    </Layout>
                </form>
            }
        }
        State::Sent(hash, title) => {
            let entry = store.view.activity.iter().find(|entry| entry.hash == *hash);
            html! {
                <div class="stack">
                    <p class="say">{ title }</p>
                    if let Some(entry) = entry { <Steps activity={entry.clone()} /> }
                    { outcome(entry.map(|entry| &entry.stage)) }
                    <Layout form={Form::Row}>
                        <Button weight={Weight::Main} onpress={props.ondone.clone()}>{ &props.done_label }</Button>
                    </Layout>
                </div>
            }
        }
    }
}

fn outcome(stage: Option<&Stage>) -> Html {
    match stage {
        None | Some(Stage::Sent) => html! {
            <p class="faint" role="status">{ "Sent to the relays. A Servi node takes it into a block in its turn." }</p>
        },
        Some(Stage::Believable) => html! {
            <p class="faint" role="status">{ "Believable: the node whose turn it is has put it into a block. It is final once the committee has certified that block." }</p>
        },
        Some(Stage::Proved { height, failed: None }) => html! {
            <p class="faint" role="status">{ format!("Proved: it stands in block {}, checked in this browser.", format::count(*height)) }</p>
        },
        Some(Stage::Proved {
            height,
            failed: Some(why),
        }) => html! {
            <Notice tone={Tone::Bad} title="It was executed and failed">
                <p>{ why }</p><p>{ format!("Proved in block {}. Everything it did was undone; no token moved.", format::count(*height)) }</p>
            </Notice>
        },
        Some(Stage::Refused(why)) => html! {
            <Notice tone={Tone::Bad} title="It was refused"><p>{ why }</p><p>{ "Nothing was lost: no token moved." }</p></Notice>
        },
    }
}
