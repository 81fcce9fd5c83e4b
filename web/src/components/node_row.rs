//! One Servi node in the ranking.

use credo_web::protocol::{CandidateView, NodeStatus};
use yew::prelude::*;

use super::{Button, Ident, Turns, Weight};
use crate::format;
use crate::route::Route;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) node: CandidateView,
    /// Its row, counted from 1 with the heading.
    pub(crate) position: usize,
    /// The user's votes on it.
    pub(crate) mine: Option<AttrValue>,
    pub(crate) turns: u32,
    /// Epochs without a proof of availability that cost candidacy.
    pub(crate) limit: u64,
    /// The last seat as things stand: a line below.
    pub(crate) cut: bool,
    pub(crate) can_vote: bool,
    pub(crate) onpick: Callback<CandidateView>,
}

/// Where a node stands, in a few words.
pub(crate) fn standing(node: &CandidateView, last: bool) -> String {
    match node.status {
        NodeStatus::Registered => return "registered, not a candidate".into(),
        NodeStatus::Requested => return "waits for the foundation's approval".into(),
        NodeStatus::Lost => {
            return match &node.loss {
                Some(loss) => format!("lost its candidacy. {}", loss.reason),
                None => "lost its candidacy".into(),
            };
        }
        NodeStatus::Candidate => {}
    }
    if node.leaving {
        return "leaves in the next round".into();
    }
    if let Some(until) = node.aside_until {
        return format!("stands aside until epoch {}", format::count(until));
    }
    let words = match (node.seated, node.next) {
        (true, true) if last => "seated · last seat next",
        (true, true) => "seated · next again",
        (true, false) => "seated · not next",
        (false, true) if last => "next · last seat, its Servi goes to zero",
        (false, true) => "next epoch, as things stand",
        (false, false) => "waiting",
    };
    words.into()
}

/// Whether it can be voted for.
pub(crate) fn votable(node: &CandidateView) -> bool {
    matches!(node.status, NodeStatus::Candidate | NodeStatus::Registered)
}

#[component]
pub(crate) fn NodeRow(props: &Props) -> Html {
    let node = &props.node;
    let onpress = {
        let (onpick, node) = (props.onpick.clone(), node.clone());
        Callback::from(move |()| onpick.emit(node.clone()))
    };
    let words = if props.mine.is_some() { "Change" } else { "Vote" };
    let standing = standing(node, props.cut);
    let candidate = node.status == NodeStatus::Candidate;
    // The last epoch before it is out.
    let late = candidate && node.aside_until.is_none() && node.unproved + 1 >= props.limit;
    let available = if node.aside_until.is_some() {
        "aside".to_owned()
    } else {
        format!("{} of {}", node.unproved, props.limit)
    };
    html! {
        <tr class={classes!("node", props.mine.is_some().then_some("me"), props.cut.then_some("cut"))}
            aria-rowindex={props.position.to_string()}>
            <td class="num quiet">{ node.rank }</td>
            <td>
                <div class="name">
                    <Ident name={node.account.clone()} />
                    <div class="grow">
                        <a class="what clip" href={Route::Vote(Some(node.account.clone())).href()} title={node.url.clone()}>{ &node.account }</a>
                        <div class="faint clip" title={standing.clone()}>
                            { standing }
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
            <td class="num hide-m" title="Epochs since its last proof of availability, of those after which it is out">
                if candidate {
                    if late { <span class="objection">{ available }</span> } else { { available } }
                }
            </td>
            <td class="num hide-m">{ format!("{} %", node.fee_share) }</td>
            <td class="num">
                <Button weight={Weight::Small} {onpress} disabled={!props.can_vote || !votable(node)}
                    label={format!("{words} {} {}", if props.mine.is_some() { "votes on" } else { "for" }, node.account)}>{ words }</Button>
            </td>
        </tr>
    }
}
