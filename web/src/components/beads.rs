//! The chain of Micro State Blocks as beads: those that were verified, and the one that is awaited.

use yew::prelude::*;

const SHOWN: u64 = 6;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    /// The running epoch: its own Micro State Block is awaited.
    pub(crate) epoch: u64,
}

#[component]
pub(crate) fn Beads(props: &Props) -> Html {
    // Genesis counts as the Micro State Block before epoch 0.
    let genesis = (props.epoch < SHOWN).then_some("G".to_owned());
    let numbers = (props.epoch.saturating_sub(SHOWN)..props.epoch).map(|epoch| epoch.to_string());
    let done: Vec<String> = genesis.into_iter().chain(numbers).collect();
    html! {
        <div class="beads" role="img" aria-label={format!("Micro State Blocks verified up to epoch {}; {} is awaited",
            props.epoch.checked_sub(1).map_or("genesis".to_owned(), |epoch| epoch.to_string()), props.epoch)}>
            { for done.into_iter().map(|name| html! { <><span>{ name }</span><i></i></> }) }
            <span class="next">{ props.epoch }</span>
        </div>
    }
}
