//! What is pressed.

use yew::prelude::*;

use super::{Glyph, Icon};

/// How much a button stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Weight {
    /// The one thing to do here.
    Main,
    /// Anything else.
    #[default]
    Plain,
    /// In a table's row.
    Small,
    /// What can't be undone.
    Danger,
}

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    #[prop_or_default]
    pub(crate) weight: Weight,
    #[prop_or_default]
    pub(crate) glyph: Option<Glyph>,
    /// Submits its form instead of calling `onpress`.
    #[prop_or_default]
    pub(crate) submit: bool,
    #[prop_or_default]
    pub(crate) disabled: bool,
    /// Under way: shown, and not pressed twice.
    #[prop_or_default]
    pub(crate) busy: bool,
    #[prop_or_default]
    pub(crate) onpress: Callback<()>,
    /// Where the words alone don't say enough.
    #[prop_or_default]
    pub(crate) label: Option<AttrValue>,
    pub(crate) children: Html,
}

#[component]
pub(crate) fn Button(props: &Props) -> Html {
    let class = match props.weight {
        Weight::Main => "main",
        Weight::Plain => "",
        Weight::Small => "small",
        Weight::Danger => "danger",
    };
    let onclick = props.onpress.reform(|_: MouseEvent| ());
    html! {
        <button type={if props.submit { "submit" } else { "button" }} class={classes!("btn", class)}
            disabled={props.disabled || props.busy} aria-busy={props.busy.then_some("true")}
            aria-label={props.label.clone()} {onclick}>
            if let Some(glyph) = props.glyph { <Icon {glyph} /> }
            { props.children.clone() }
            if props.busy { <span class="dots" aria-hidden="true"><i></i><i></i><i></i></span> }
        </button>
    }
}
