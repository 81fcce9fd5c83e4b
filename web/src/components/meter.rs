//! A bar that is filled to a part. Drawn as SVG: the content security policy forbids style attributes.

use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) percent: f64,
    pub(crate) label: AttrValue,
    /// Amber rather than green.
    #[prop_or_default]
    pub(crate) weak: bool,
}

#[component]
pub(crate) fn Meter(props: &Props) -> Html {
    let percent = props.percent.clamp(0.0, 100.0);
    html! {
        <svg class={classes!("meter", props.weak.then_some("weak"))} role="img" preserveAspectRatio="none"
            viewBox="0 0 100 6" aria-label={format!("{}: {percent:.0} percent", props.label)}>
            <rect class="bed" width="100" height="6" />
            <rect class="fill" width={format!("{percent:.2}")} height="6" />
        </svg>
    }
}
