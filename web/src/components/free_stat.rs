//! What may still be voted with.

use credo_web::protocol::AccountView;
use yew::prelude::*;

use super::Stat;
use crate::format;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) account: AccountView,
    pub(crate) vote_lock_ms: f64,
}

#[component]
pub(crate) fn FreeStat(props: &Props) -> Html {
    let value = props
        .account
        .balance
        .as_ref()
        .map(|balance| AttrValue::from(format::amount(&balance.value)));
    html! {
        <Stat label="Free to vote" {value} face={props.account.balance.as_ref().map(|balance| balance.face)}>
            <span class="faint">{ format!("returns {} after unvoting", format::period(props.vote_lock_ms)) }</span>
        </Stat>
    }
}
