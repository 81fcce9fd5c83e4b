//! Turns of a seat in this epoch: taken, missed, still to come.

use yew::prelude::*;

/// More turns than this are drawn in proportion.
const BARS: u64 = 10;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) produced: u32,
    pub(crate) missed: u32,
    /// Turns that a seat has in an epoch.
    pub(crate) expected: u32,
}

#[component]
pub(crate) fn Turns(props: &Props) -> Html {
    let (produced, missed) = (u64::from(props.produced), u64::from(props.missed));
    let all = u64::from(props.expected).max(produced + missed).max(1);
    let bars = all.min(BARS);
    let scaled = |part: u64| (part * bars).div_ceil(all);
    let miss = scaled(missed).min(bars);
    let done = (produced * bars / all).min(bars - miss);
    let label = format!("{produced} blocks produced, {missed} turns missed this epoch");
    html! {
        <span class="turns" role="img" aria-label={label.clone()} title={label}>
            { for (0..bars).map(|i| {
                let class = if i < done { "" } else if i < done + miss { "miss" } else { "todo" };
                html! { <i {class}></i> }
            }) }
        </span>
    }
}
