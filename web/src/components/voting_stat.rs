//! The sum of one's votes.

use credo_web::protocol::{AccountView, VoteView};
use yew::prelude::*;

use super::Stat;
use crate::format;
use crate::store::use_store;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) account: AccountView,
}

#[component]
pub(crate) fn VotingStat(props: &Props) -> Html {
    let store = use_store();
    let counts = |vote: &&VoteView| vote.void.is_none();
    let votes: Vec<&VoteView> = props.account.votes.iter().filter(counts).collect();
    let void = props.account.votes.len() - votes.len();
    let value = props
        .account
        .voting
        .as_ref()
        .map(|voting| AttrValue::from(format::amount(&voting.value)));
    let seated = store.candidates.as_ref().map(|list| {
        let seated = |name: &String| {
            list.value
                .list
                .iter()
                .any(|node| node.seated && node.account == *name)
        };
        votes.iter().filter(|vote| seated(&vote.candidate)).count() as u64
    });
    let nodes = format::plural(votes.len() as u64, "node");
    let words = match (votes.len(), seated) {
        (0, _) => "on no node yet".to_owned(),
        (all, Some(seated)) if all as u64 == seated => {
            format!("on {nodes}, {}", if all == 1 { "seated" } else { "all seated" })
        }
        (_, Some(seated)) => format!("on {nodes}, {seated} seated"),
        (_, None) => format!("on {nodes}"),
    };
    html! { <Stat label="Your votes" {value} face={props.account.voting.as_ref().map(|voting| voting.face)}>
        <span class="faint">{ words }</span>
        if void > 0 { <span class="faint">{ format!("on {} more they count no longer", format::plural(void as u64, "node")) }</span> }
    </Stat> }
}
