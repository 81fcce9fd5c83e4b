//! One of a few: radio buttons that look like a row of keys.

use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    /// Unique on its page.
    pub(crate) name: AttrValue,
    pub(crate) label: AttrValue,
    pub(crate) options: Vec<AttrValue>,
    pub(crate) chosen: usize,
    pub(crate) onchoose: Callback<usize>,
}

#[component]
pub(crate) fn Choice(props: &Props) -> Html {
    html! {
        <fieldset class="choice">
            <legend class="sr">{ &props.label }</legend>
            { for props.options.iter().enumerate().map(|(i, option)| {
                let onchange = props.onchoose.reform(move |_: Event| i);
                html! {
                    <label key={i}>
                        <input type="radio" name={props.name.clone()} checked={i == props.chosen} {onchange} />
                        <span>{ option }</span>
                    </label>
                }
            }) }
        </fieldset>
    }
}
