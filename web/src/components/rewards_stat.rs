//! Rewards to claim, all at once.

use credo_web::protocol::{RewardsView, Shown};
use yew::prelude::*;

use super::{Button, Stat, Weight};
use crate::format;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) rewards: Option<Shown<RewardsView>>,
    pub(crate) onclaim: Callback<()>,
}

#[component]
pub(crate) fn RewardsStat(props: &Props) -> Html {
    let Some(shown) = &props.rewards else {
        return html! { <Stat label="Rewards to claim" value={None::<AttrValue>} /> };
    };
    let rewards = &shown.value;
    let parts = [
        (&rewards.votes, "for votes"),
        (&rewards.node, "for your node"),
        (&rewards.contribution, "for contribution"),
    ];
    let lines: Vec<String> = parts
        .iter()
        .filter(|(amount, _)| *amount != "0")
        .map(|(amount, what)| format!("{} {what}", format::amount(amount)))
        .collect();
    let nothing = lines.is_empty();
    html! {
        <Stat label="Rewards to claim" value={format::amount(&rewards.total)} face={shown.face}>
            if nothing { <span class="faint">{ "counted at the end of each epoch" }</span> }
            if lines.len() > 1 { { for lines.into_iter().map(|line| html! { <span class="faint">{ line }</span> }) } }
            if !nothing {
                <span><Button weight={Weight::Small} onpress={props.onclaim.clone()} label="Claim all rewards">{ "Claim all" }</Button></span>
            }
        </Stat>
    }
}
