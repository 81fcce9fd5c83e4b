//! First use: what this is, which chain it follows, and a key: new, from words, from a secret key, from a backup.

use credo_web::protocol::{Command, Reply, Secret};
use yew::prelude::*;

use super::import::Import;
use crate::browser;
use crate::components::{
    Button, Card, ChainIdentity, Form, Layout, NewPassword, Problem, Promise, Weight, WordCheck, Words,
};
use crate::store::use_store;

#[derive(Clone, PartialEq)]
enum Step {
    Start,
    Show(Vec<String>),
    Check(Vec<String>),
    Password(Vec<String>),
    Import,
}

#[component]
pub(crate) fn Welcome() -> Html {
    let store = use_store();
    let step = use_state(|| Step::Start);
    let busy = use_state(|| false);
    let problem = use_state(|| None::<String>);
    let to = |next: Step| {
        let step = step.clone();
        Callback::from(move |()| step.set(next.clone()))
    };
    let create = {
        let (bridge, step, busy, problem) =
            (store.bridge.clone(), step.clone(), busy.clone(), problem.clone());
        Callback::from(move |()| {
            let (bridge, step, busy, problem) = (bridge.clone(), step.clone(), busy.clone(), problem.clone());
            busy.set(true);
            problem.set(None);
            wasm_bindgen_futures::spawn_local(async move {
                match bridge.ask(Command::CreateWords).await {
                    Ok(Reply::Words(words)) => step.set(Step::Show(words)),
                    Ok(_) => problem.set(Some("The verifier answered something else. Try again.".into())),
                    Err(sentence) => problem.set(Some(sentence)),
                }
                busy.set(false);
            });
        })
    };
    let set_up = {
        let (bridge, step, busy, problem) =
            (store.bridge.clone(), step.clone(), busy.clone(), problem.clone());
        Callback::from(move |(secret, password): (Secret, String)| {
            let (bridge, step, busy, problem) = (bridge.clone(), step.clone(), busy.clone(), problem.clone());
            busy.set(true);
            problem.set(None);
            wasm_bindgen_futures::spawn_local(async move {
                match bridge.ask(Command::SetUp { secret, password }).await {
                    Ok(_) => {
                        // The page forgets the words; the next view shows the unlocked key.
                        step.set(Step::Start);
                        browser::persist().await;
                    }
                    Err(sentence) => problem.set(Some(sentence)),
                }
                busy.set(false);
            });
        })
    };
    let body = match &*step {
        Step::Start => html! {
            <>
                <Card title="Begin">
                    <Layout form={Form::Row}>
                        <Button weight={Weight::Main} busy={*busy} onpress={create}>{ "Create a key" }</Button>
                        <Button onpress={to(Step::Import)}>{ "Import a key" }</Button>
                    </Layout>
                    <Problem sentence={(*problem).clone()} />
                    <p class="faint">{ "A key is made in this browser and stays there, encrypted. You can look at the chain and the Servi nodes without one." }</p>
                </Card>
                <ChainIdentity />
            </>
        },
        Step::Show(words) => html! {
            <Card title="Write these down" side={html! { <span class="faint">{ "shown once · 1 of 3" }</span> }}>
                <Words words={words.clone()} />
                <p class="faint">{ "Whoever has these words has the tokens. On paper, in order, away from this device." }</p>
                <Layout form={Form::Row}>
                    <Button weight={Weight::Main} onpress={to(Step::Check(words.clone()))}>{ "I have them on paper" }</Button>
                    <Button onpress={to(Step::Start)}>{ "Start over" }</Button>
                </Layout>
            </Card>
        },
        Step::Check(words) => html! {
            <Card title="Two of them, please" side={html! { <span class="faint">{ "2 of 3" }</span> }}>
                <WordCheck words={words.clone()} onright={to(Step::Password(words.clone()))} onback={to(Step::Show(words.clone()))} />
            </Card>
        },
        Step::Password(words) => {
            let words = words.join(" ");
            let onready = set_up.reform(move |password| (Secret::Words(words.clone()), password));
            html! {
                <Card title="A password for this browser" side={html! { <span class="faint">{ "3 of 3" }</span> }}>
                    <NewPassword {onready} busy={*busy} problem={(*problem).clone()} label="Create">
                        <Button onpress={to(Step::Start)}>{ "Start over" }</Button>
                    </NewPassword>
                </Card>
            }
        }
        Step::Import => html! {
            <Import onready={set_up} onback={to(Step::Start)} busy={*busy} problem={(*problem).clone()} />
        },
    };
    html! { <Layout form={Form::Narrow}><Promise />{ body }</Layout> }
}
