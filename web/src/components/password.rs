//! A password's line, with a way to look at what was typed.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::{Glyph, Icon};

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) id: AttrValue,
    pub(crate) label: AttrValue,
    pub(crate) value: AttrValue,
    pub(crate) onchange: Callback<String>,
    /// A new password, rather than the present one: tells password managers.
    #[prop_or_default]
    pub(crate) new: bool,
    #[prop_or_default]
    pub(crate) focus: bool,
    #[prop_or_default]
    pub(crate) hint: Html,
    #[prop_or_default]
    pub(crate) wrong: Option<AttrValue>,
}

#[component]
pub(crate) fn Password(props: &Props) -> Html {
    let shown = use_state(|| false);
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
    let toggle = {
        let shown = shown.clone();
        Callback::from(move |_: MouseEvent| shown.set(!*shown))
    };
    let oninput = props
        .onchange
        .reform(|event: InputEvent| event.target_unchecked_into::<HtmlInputElement>().value());
    let below = format!("{}-below", props.id);
    let wrong = props.wrong.is_some();
    html! {
        <div class={classes!("field", wrong.then_some("wrong"))}>
            <label for={props.id.clone()}>{ &props.label }</label>
            <div class="line">
                <input ref={input} id={props.id.clone()} type={if *shown { "text" } else { "password" }}
                    value={props.value.clone()} {oninput} spellcheck="false" autocapitalize="none"
                    autocomplete={if props.new { "new-password" } else { "current-password" }}
                    aria-describedby={below.clone()} aria-invalid={wrong.to_string()} />
                <button type="button" class="plain" aria-pressed={shown.to_string()} aria-label="Show the password"
                    title="Show the password" onclick={toggle}><Icon glyph={Glyph::Eye} /></button>
            </div>
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
