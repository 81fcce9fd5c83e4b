//! Room for table rows that aren't drawn. Set through the object model: style attributes are forbidden.

use web_sys::HtmlElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) height: f64,
}

#[component]
pub(crate) fn Spacer(props: &Props) -> Html {
    let cell = use_node_ref();
    {
        let cell = cell.clone();
        use_effect_with(props.height, move |height| {
            if let Some(cell) = cell.cast::<HtmlElement>() {
                // A height in pixels is always valid.
                let _ = cell.style().set_property("height", &format!("{height}px"));
            }
        });
    }
    html! { <tr class="spacer" aria-hidden="true"><td ref={cell}></td></tr> }
}
