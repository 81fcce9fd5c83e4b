//! A new password, typed twice, with its strength; hands it on once it will do.

use yew::prelude::*;

use super::strength::SHORTEST;
use super::{Button, Form, Layout, Password, Problem, Strength, Weight};

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) onready: Callback<String>,
    pub(crate) busy: bool,
    pub(crate) problem: Option<String>,
    pub(crate) label: AttrValue,
    /// Other things to press.
    #[prop_or_default]
    pub(crate) children: Html,
}

#[component]
pub(crate) fn NewPassword(props: &Props) -> Html {
    let first = use_state(String::new);
    let second = use_state(String::new);
    let same = *first == *second;
    let ready = first.chars().count() >= SHORTEST && same;
    let change = |state: &UseStateHandle<String>| {
        let state = state.clone();
        Callback::from(move |text| state.set(text))
    };
    let onsubmit = {
        let (first, onready) = (first.clone(), props.onready.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if ready {
                onready.emit((*first).clone());
            }
        })
    };
    let wrong = (!second.is_empty() && !same).then_some("The two differ.");
    html! {
        <form class="stack" {onsubmit}>
            <Password id="password" label="Password" new=true value={(*first).clone()} onchange={change(&first)} focus=true
                hint={html! { <Strength password={(*first).clone()} /> }} />
            <Password id="password-again" label="Password, again" new=true value={(*second).clone()}
                onchange={change(&second)} {wrong} />
            <p class="faint">{ "It encrypts the key in this browser. Nobody can reset it: only your words or a backup bring the key back." }</p>
            <Problem sentence={props.problem.clone()} />
            <Layout form={Form::Row}>
                <Button weight={Weight::Main} submit=true busy={props.busy} disabled={!ready}>{ &props.label }</Button>
                { props.children.clone() }
            </Layout>
        </form>
    }
}
