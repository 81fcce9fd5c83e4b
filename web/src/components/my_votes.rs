//! One's own votes: what they earned, and of those whose node lost its candidacy, why and when the tokens return.

use credo_web::protocol::VoteView;
use yew::prelude::*;

use super::unlocking_stat::when;
use super::{Button, Ident, Weight};
use crate::clock::use_now;
use crate::format;
use crate::route::Route;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) votes: Vec<VoteView>,
    pub(crate) can_vote: bool,
    /// The node's name.
    pub(crate) onchange: Callback<String>,
}

#[component]
pub(crate) fn MyVotes(props: &Props) -> Html {
    let time = use_now(1_000);
    html! {
        <ul class="held" aria-label="Your votes">
            { for props.votes.iter().map(|vote| {
                let name = vote.candidate.clone();
                let rewards = match vote.rewards.as_deref() {
                    None => "rewards not known yet".to_owned(),
                    Some("0") => "no rewards yet".to_owned(),
                    Some(amount) => format!("{} IOST to claim", format::amount(amount)),
                };
                let onpress = {
                    let (onchange, name) = (props.onchange.clone(), name.clone());
                    Callback::from(move |()| onchange.emit(name.clone()))
                };
                html! {
                    <li key={name.clone()}>
                        <Ident name={name.clone()} />
                        <div class="grow">
                            <a class="what" href={Route::Vote(Some(name.clone())).href()}>{ &name }</a>
                            if let Some(void) = &vote.void {
                                <span class="objection">{ format!("Counts no longer. {} The tokens return {}.", void.reason, when(void.until_ms, time)) }</span>
                            } else {
                                <span class="faint">{ rewards }</span>
                            }
                        </div>
                        <b class="num">{ format::amount(&vote.amount) }</b>
                        if vote.void.is_none() {
                            <Button weight={Weight::Small} {onpress} disabled={!props.can_vote} label={format!("Change your votes for {name}")}>{ "Change" }</Button>
                        }
                    </li>
                }
            }) }
        </ul>
    }
}
