//! Staked IOST, and where it stands.

use credo_web::protocol::{Shown, StakedView};
use yew::prelude::*;

use super::Stat;
use crate::format;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) staked: Option<Shown<StakedView>>,
}

#[component]
pub(crate) fn StakedStat(props: &Props) -> Html {
    let Some(shown) = &props.staked else {
        return html! { <Stat label="Staked" value={None::<AttrValue>} /> };
    };
    let staked = &shown.value;
    let parts = [
        (&staked.votes, "in votes"),
        (&staked.pledges, "pledged for gas"),
        (&staked.deposit, "as your node's deposit"),
    ];
    let lines: Vec<String> = parts
        .iter()
        .filter(|(amount, _)| *amount != "0")
        .map(|(amount, what)| format!("{} {what}", format::amount(amount)))
        .collect();
    html! {
        <Stat label="Staked" value={format::amount(&staked.total)} face={shown.face}>
            if lines.is_empty() { <span class="faint">{ "votes and pledges bring gas" }</span> }
            { for lines.into_iter().map(|line| html! { <span class="faint">{ line }</span> }) }
        </Stat>
    }
}
