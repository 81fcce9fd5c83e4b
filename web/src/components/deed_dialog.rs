//! A short form in a dialog, then review and signature.

use credo_web::protocol::Intent;
use yew::prelude::*;

use super::deed::Deed;
use super::{Button, Dialog, Field, Form, Layout, Signing, Weight, field::Kind};

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) deed: Deed,
    pub(crate) onclose: Callback<()>,
}

#[component]
pub(crate) fn DeedDialog(props: &Props) -> Html {
    let Deed {
        title,
        words,
        asks,
        make,
    } = &props.deed;
    let texts = use_state(|| asks.iter().map(|ask| ask.value.clone()).collect::<Vec<_>>());
    // What needs nothing typed goes straight into words.
    let intent = use_state(|| asks.is_empty().then(|| make.emit(Vec::new())));
    if let Some(signed) = (*intent).clone() {
        let onback = {
            let (intent, direct, onclose) = (intent.clone(), asks.is_empty(), props.onclose.clone());
            Callback::from(move |()| {
                if direct {
                    onclose.emit(());
                } else {
                    intent.set(None::<Intent>);
                }
            })
        };
        return html! {
            <Dialog title={title.clone()} onclose={props.onclose.clone()}>
                <Signing intent={signed} {onback} ondone={props.onclose.clone()} done_label="Done" />
            </Dialog>
        };
    }
    let onsubmit = {
        let (intent, texts, make) = (intent.clone(), texts.clone(), make.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            intent.set(Some(make.emit((*texts).clone())));
        })
    };
    let onchange = |i: usize| {
        let texts = texts.clone();
        Callback::from(move |text: String| {
            let mut all = (*texts).clone();
            if let Some(place) = all.get_mut(i) {
                *place = text;
            }
            texts.set(all);
        })
    };
    html! {
        <Dialog title={title.clone()} onclose={props.onclose.clone()}>
            <form class="stack" {onsubmit}>
                if !words.is_empty() { <p class="faint">{ *words }</p> }
                { for asks.iter().enumerate().map(|(i, ask)| html! {
                    <Field key={i} id={format!("deed-{i}")} label={ask.label} value={texts.get(i).cloned().unwrap_or_default()}
                        onchange={onchange(i)} hint={html! { ask.hint }} focus={i == 0}
                        kind={if ask.lines { Kind::Lines } else { Kind::Name }} />
                }) }
                <Layout form={Form::Row}>
                    <Button weight={Weight::Main} submit=true>{ "Review" }</Button>
                    <Button onpress={props.onclose.clone()}>{ "Cancel" }</Button>
                </Layout>
            </form>
        </Dialog>
    }
}
