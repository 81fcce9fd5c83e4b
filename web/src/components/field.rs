//! A labelled line of text with a hint or an objection under it.

use web_sys::{HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

/// What is typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any text.
    #[default]
    Text,
    /// An account's name: no capitals, no corrections.
    Name,
    /// An amount: digits on a phone's keyboard.
    Amount,
    /// Several lines; nothing of it is kept or corrected by the browser.
    Lines,
}

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    /// Unique on its page.
    pub(crate) id: AttrValue,
    pub(crate) label: AttrValue,
    pub(crate) value: AttrValue,
    pub(crate) onchange: Callback<String>,
    #[prop_or_default]
    pub(crate) kind: Kind,
    #[prop_or_default]
    pub(crate) placeholder: Option<AttrValue>,
    /// Quiet words below.
    #[prop_or_default]
    pub(crate) hint: Html,
    /// What is wrong with it.
    #[prop_or_default]
    pub(crate) wrong: Option<AttrValue>,
    /// At the end of the line, e.g. a button "All".
    #[prop_or_default]
    pub(crate) end: Html,
    #[prop_or_default]
    pub(crate) focus: bool,
    #[prop_or_default]
    pub(crate) disabled: bool,
    /// Names to suggest.
    #[prop_or_default]
    pub(crate) suggest: Vec<AttrValue>,
}

#[component]
pub(crate) fn Field(props: &Props) -> Html {
    let input = use_node_ref();
    {
        let input = input.clone();
        use_effect_with(props.focus, move |focus| {
            if *focus && let Some(input) = input.cast::<web_sys::HtmlElement>() {
                // Focus can only fail on an element that is gone.
                let _ = input.focus();
            }
        });
    }
    let below = format!("{}-below", props.id);
    let list = (!props.suggest.is_empty()).then(|| format!("{}-list", props.id));
    let line = props
        .onchange
        .reform(|event: InputEvent| event.target_unchecked_into::<HtmlInputElement>().value());
    let lines = props
        .onchange
        .reform(|event: InputEvent| event.target_unchecked_into::<HtmlTextAreaElement>().value());
    let wrong = props.wrong.is_some();
    html! {
        <div class={classes!("field", wrong.then_some("wrong"))}>
            <label for={props.id.clone()}>{ &props.label }</label>
            <div class="line">
                if props.kind == Kind::Lines {
                    <textarea ref={input} id={props.id.clone()} rows="3" value={props.value.to_string()} oninput={lines}
                        placeholder={props.placeholder.clone()} autocomplete="off" autocapitalize="none"
                        spellcheck="false" aria-describedby={below.clone()} aria-invalid={wrong.to_string()}
                        disabled={props.disabled} />
                } else {
                    <input ref={input} id={props.id.clone()} type="text" data-first={props.focus.then_some("")} value={props.value.clone()} oninput={line}
                        placeholder={props.placeholder.clone()} autocomplete="off" autocapitalize="none"
                        spellcheck="false" list={list.clone()} aria-describedby={below.clone()}
                        aria-invalid={wrong.to_string()} disabled={props.disabled}
                        inputmode={(props.kind == Kind::Amount).then_some("decimal")} />
                }
                { props.end.clone() }
            </div>
            if let Some(list) = list {
                <datalist id={list}>{ for props.suggest.iter().map(|name| html! { <option value={name.clone()} /> }) }</datalist>
            }
            <div class="below" id={below} aria-live="polite">
                if let Some(wrong) = &props.wrong {
                    <span class="objection">{ wrong }</span>
                } else {
                    { props.hint.clone() }
                }
            </div>
        </div>
    }
}
