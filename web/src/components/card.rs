//! A sheet of paper with a heading.

use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    #[prop_or_default]
    pub(crate) title: Option<AttrValue>,
    /// Quiet words right after the title.
    #[prop_or_default]
    pub(crate) note: Option<AttrValue>,
    /// At the right of the title.
    #[prop_or_default]
    pub(crate) side: Html,
    pub(crate) children: Html,
}

#[component]
pub(crate) fn Card(props: &Props) -> Html {
    html! {
        <section class="card" aria-label={props.title.clone()}>
            if let Some(title) = &props.title {
                <div class="row between">
                    <h2>{ title }if let Some(note) = &props.note { {" "}<span class="faint">{ note }</span> }</h2>
                    { props.side.clone() }
                </div>
            }
            { props.children.clone() }
        </section>
    }
}
