//! One Servi node in the ranking.

use credo_web::protocol::CandidateView;
use yew::prelude::*;

use super::{Button, Ident, Turns, Weight};
use crate::format;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) node: CandidateView,
    /// Its row, counted from 1 with the heading.
    pub(crate) position: usize,
    /// The user's votes on it.
    pub(crate) mine: Option<AttrValue>,
    pub(crate) turns: u32,
    /// The last seat as things stand: a line below.
    pub(crate) cut: bool,
    pub(crate) can_vote: bool,
    pub(crate) onpick: Callback<CandidateView>,
}

fn standing(node: &CandidateView, last: bool) -> &'static str {
    match (node.applied, node.seated, node.next) {
        (true, _, _) => "registered, under the threshold",
        (_, true, true) if last => "seated · last seat next",
        (_, true, true) => "seated · next again",
        (_, true, false) => "seated · not next",
        (_, false, true) if last => "next · last seat, its Servi goes to zero",
        (_, false, true) => "next epoch, as things stand",
        (_, false, false) => "waiting",
    }
}

#[component]
pub(crate) fn NodeRow(props: &Props) -> Html {
    let node = &props.node;
    let onpress = {
        let (onpick, node) = (props.onpick.clone(), node.clone());
        Callback::from(move |()| onpick.emit(node.clone()))
    };
    let words = if props.mine.is_some() { "Change" } else { "Vote" };
    html! {
        <tr class={classes!("node", props.mine.is_some().then_some("me"), props.cut.then_some("cut"))}
            aria-rowindex={props.position.to_string()}>
            <td class="num quiet">{ node.rank }</td>
            <td>
                <div class="name">
                    <Ident name={node.account.clone()} />
                    <div class="grow">
                        <b class="clip" title={node.url.clone()}>{ &node.account }</b>
                        <div class="faint clip">
                            { standing(node, props.cut) }
                            if let Some(mine) = &props.mine { { format!(" · yours {}", format::compact(mine)) } }
                        </div>
                    </div>
                </div>
            </td>
            <td class="num">{ format::compact(&node.votes) }</td>
            <td class="num hide-s">{ format::compact(&node.servi) }</td>
            <td class="hide-s">
                if node.seated {
                    <Turns produced={node.produced} missed={node.missed} expected={props.turns} />
                }
            </td>
            <td class="num">
                <Button weight={Weight::Small} {onpress} disabled={!props.can_vote}
                    label={format!("{words} {} {}", if props.mine.is_some() { "votes on" } else { "for" }, node.account)}>{ words }</Button>
            </td>
        </tr>
    }
}
