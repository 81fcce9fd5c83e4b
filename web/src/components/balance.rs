//! One amount, large, its decimals quiet.

use yew::prelude::*;

use crate::format;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    /// A resting line while it isn't known.
    pub(crate) amount: Option<AttrValue>,
}

#[component]
pub(crate) fn Balance(props: &Props) -> Html {
    let Some(amount) = &props.amount else {
        return html! { <div class="big"><span class="rest wide" role="img" aria-label="not known yet"></span></div> };
    };
    let (whole, decimals) = format::split(amount);
    html! {
        <div class="big" data-amount={amount.clone()}>
            { whole }
            if !decimals.is_empty() { <span class="dec">{ format!(".{decimals}") }</span> }
            <small>{ " IOST" }</small>
        </div>
    }
}
