//! The ranking of Servi nodes: it scrolls with the page, only what is near the window is drawn, and the next part comes when
//! its end is near or something is searched for.

use std::rc::Rc;

use credo_web::protocol::{CandidateView, VoteView};
use gloo::events::{EventListener, EventListenerOptions};
use gloo::render::request_animation_frame;
use gloo::utils::window;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::{NodeRow, Spacer};
use crate::store::Candidates;

/// Rows drawn beyond each edge of the window.
const BEYOND: usize = 14;
/// The window of rows moves in steps of this many, so that not every pixel draws anew.
const STRIDE: usize = 7;
/// Before the first row has been measured.
const GUESS: f64 = 57.0;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) candidates: Candidates,
    /// Lower case; empty shows all.
    pub(crate) search: AttrValue,
    pub(crate) votes: Vec<VoteView>,
    /// Turns that a seat has in an epoch.
    pub(crate) turns: u32,
    /// Epochs without a proof of availability that cost candidacy.
    pub(crate) limit: u64,
    /// May the user vote now?
    pub(crate) can_vote: bool,
    pub(crate) onpick: Callback<CandidateView>,
    /// A node that was searched for by its whole name.
    pub(crate) exact: Option<CandidateView>,
    /// The next part of the ranking is wanted.
    pub(crate) onmore: Callback<()>,
}

#[derive(Clone, Copy, PartialEq)]
struct Span {
    from: usize,
    to: usize,
    row: f64,
}

/// Which rows stand in or near the window.
fn measure(body: &HtmlElement, count: usize, row: f64) -> Span {
    let drawn = body.query_selector("tr.node").ok().flatten();
    let row = drawn
        .map(|row| row.get_bounding_client_rect().height())
        .filter(|height| *height > 1.0)
        .unwrap_or(row);
    let high = window()
        .inner_height()
        .ok()
        .and_then(|high| high.as_f64())
        .unwrap_or(800.0);
    let above = (-body.get_bounding_client_rect().top() / row).floor().max(0.0) as usize;
    let from = (above / STRIDE * STRIDE).saturating_sub(BEYOND).min(count);
    let to = (above + (high / row).ceil() as usize + BEYOND).div_ceil(STRIDE) * STRIDE;
    Span {
        from,
        to: to.clamp(from, count),
        row,
    }
}

#[component]
pub(crate) fn Nodes(props: &Props) -> Html {
    let body = use_node_ref();
    let span = use_state_eq(|| Span {
        from: 0,
        to: 40,
        row: GUESS,
    });
    let kept = use_memo(
        (props.candidates.clone(), props.search.clone()),
        |(candidates, search)| {
            let list = &candidates.value.list;
            let found = |node: &CandidateView| {
                search.is_empty()
                    || node.account.to_lowercase().contains(search.as_str())
                    || node.url.contains(search.as_str())
            };
            let kept = |next: bool| {
                let here = list.iter().enumerate().filter(move |(_, node)| node.next == next);
                here.filter(|(_, node)| found(node)).map(|(i, _)| i)
            };
            // Who is elected next stands above the line, also where this round's award lifts it there from below.
            kept(true).chain(kept(false)).collect::<Vec<_>>()
        },
    );
    let count = kept.len();
    {
        let (body, span) = (body.clone(), span.clone());
        use_effect_with(count, move |count| {
            let count = *count;
            let update = Rc::new(move || {
                if let Some(body) = body.cast::<HtmlElement>() {
                    span.set(measure(&body, count, GUESS));
                }
            });
            update();
            let frame = Rc::new(std::cell::RefCell::new(None));
            let passive = EventListenerOptions::default();
            let listen = |name: &'static str| {
                let (update, frame) = (Rc::clone(&update), Rc::clone(&frame));
                EventListener::new_with_options(&window(), name, passive, move |_| {
                    let update = Rc::clone(&update);
                    // One measurement a frame, however many events.
                    *frame.borrow_mut() = Some(request_animation_frame(move |_| update()));
                })
            };
            let listeners = [listen("scroll"), listen("resize")];
            move || {
                drop(listeners);
                frame.borrow_mut().take();
            }
        });
    }
    let list = &props.candidates.value.list;
    {
        let onmore = props.onmore.clone();
        let open = list.len() < props.candidates.value.count as usize;
        let near = span.to >= count || !props.search.is_empty();
        // Each part that comes asks again, as long as there is reason to.
        use_effect_with((list.len(), open && near), move |(_, more)| {
            if *more {
                onmore.emit(());
            }
        });
    }
    let unlisted = |node: &&CandidateView| {
        !kept
            .iter()
            .any(|at| list.get(*at).is_some_and(|known| known.account == node.account))
    };
    let exact = props.exact.as_ref().filter(unlisted);
    let mine = |node: &CandidateView| {
        let vote = props
            .votes
            .iter()
            .find(|vote| vote.candidate == node.account && vote.void.is_none());
        vote.map(|vote| AttrValue::from(vote.amount.clone()))
    };
    let last_seat = kept
        .iter()
        .rev()
        .find(|index| list.get(**index).is_some_and(|node| node.next))
        .copied();
    let span = Span {
        from: span.from.min(count),
        to: span.to.min(count),
        ..*span
    };
    let rows = kept.get(span.from..span.to.max(span.from)).unwrap_or_default();
    html! {
        <table class="nodes" aria-rowcount={(count + 1).to_string()} aria-label="Servi nodes by rank">
            <thead>
                <tr aria-rowindex="1">
                    <th class="num" scope="col"><span aria-hidden="true">{ "#" }</span><span class="sr">{ "Rank" }</span></th>
                    <th scope="col">{ "Node" }</th>
                    <th class="num" scope="col">{ "Votes" }</th>
                    <th class="num hide-s" scope="col">{ "Servi" }</th>
                    <th class="hide-s" scope="col">{ "Turns this epoch" }</th>
                    <th class="num hide-m" scope="col">{ "Available" }</th>
                    <th class="num hide-m" scope="col">{ "Of fees" }</th>
                    <th scope="col"><span class="sr">{ "Vote" }</span></th>
                </tr>
            </thead>
            <tbody ref={body}>
                if let Some(node) = exact {
                    <NodeRow key={format!("exact-{}", node.account)} node={node.clone()} position={1} mine={mine(node)} turns={props.turns} limit={props.limit}
                        cut={false} can_vote={props.can_vote} onpick={props.onpick.clone()} />
                }
                if span.from > 0 { <Spacer key="above" height={span.from as f64 * span.row} /> }
                { for rows.iter().enumerate().filter_map(|(i, index)| list.get(*index).map(|node| {
                    html! {
                        <NodeRow key={node.account.clone()} node={node.clone()} position={span.from + i + 2}
                            mine={mine(node)} turns={props.turns} limit={props.limit}
                            cut={props.search.is_empty() && Some(*index) == last_seat}
                            can_vote={props.can_vote} onpick={props.onpick.clone()} />
                    }
                })) }
                if span.to < count { <Spacer key="below" height={(count - span.to) as f64 * span.row} /> }
            </tbody>
        </table>
    }
}
