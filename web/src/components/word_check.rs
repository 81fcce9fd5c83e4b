//! Asks two of the words back.

use yew::prelude::*;

use super::{Button, Field, Form, Layout, Weight, field::Kind};
use crate::browser::pick;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) words: Vec<String>,
    pub(crate) onright: Callback<()>,
    pub(crate) onback: Callback<()>,
}

#[component]
pub(crate) fn WordCheck(props: &Props) -> Html {
    let count = props.words.len();
    let asked = use_memo(count, |count| {
        let first = pick(*count);
        let second = (first + 1 + pick(count.saturating_sub(1))) % (*count).max(1);
        [first.min(second), first.max(second)]
    });
    let typed = use_state(|| [String::new(), String::new()]);
    let tried = use_state(|| false);
    let right = |i: usize| {
        let wanted = asked.get(i).and_then(|index| props.words.get(*index));
        wanted.is_some_and(|word| {
            typed
                .get(i)
                .is_some_and(|text| text.trim().to_lowercase() == *word)
        })
    };
    let all = right(0) && right(1);
    let onsubmit = {
        let (tried, onright) = (tried.clone(), props.onright.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if all {
                onright.emit(());
            } else {
                tried.set(true);
            }
        })
    };
    let fields = asked.iter().enumerate().map(|(i, index)| {
        let typed_here = typed.get(i).cloned().unwrap_or_default();
        let wrong = (*tried && !right(i)).then_some("That isn't the word on your paper.");
        let onchange = {
            let (typed, tried) = (typed.clone(), tried.clone());
            Callback::from(move |text: String| {
                let mut next = (*typed).clone();
                if let Some(slot) = next.get_mut(i) {
                    *slot = text;
                }
                tried.set(false);
                typed.set(next);
            })
        };
        html! {
            <Field key={i} id={format!("word-{}", index + 1)} label={format!("Word {}", index + 1)} kind={Kind::Name}
                value={typed_here} {onchange} {wrong} focus={i == 0} />
        }
    });
    html! {
        <form class="stack" {onsubmit}>
            { for fields }
            <Layout form={Form::Row}>
                <Button weight={Weight::Main} submit=true>{ "Continue" }</Button>
                <Button onpress={props.onback.clone()}>{ "Show the words again" }</Button>
            </Layout>
        </form>
    }
}
