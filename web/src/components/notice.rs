//! A sentence that needs attention, with its next step beside it.

use yew::prelude::*;

use super::{Glyph, Icon};

/// How much attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something went wrong: announced at once.
    Bad,
    /// Something is old or missing, and comes back by itself.
    Mild,
    /// Something to know.
    Plain,
}

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) tone: Tone,
    #[prop_or_default]
    pub(crate) title: Option<AttrValue>,
    /// The sentences, and whatever there is to press.
    pub(crate) children: Html,
}

#[component]
pub(crate) fn Notice(props: &Props) -> Html {
    let (class, role) = match props.tone {
        Tone::Bad => ("bad", "alert"),
        Tone::Mild => ("mild", "status"),
        Tone::Plain => ("plain", "note"),
    };
    html! {
        <div class={classes!("notice", class)} {role}>
            if props.tone != Tone::Plain { <Icon glyph={Glyph::Warning} /> }
            <div class="grow">
                if let Some(title) = &props.title { <b class="title">{ title }</b> }
                { props.children.clone() }
            </div>
        </div>
    }
}
