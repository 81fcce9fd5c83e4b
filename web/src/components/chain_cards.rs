//! The chain at a glance: its committee, blocks and Micro State Blocks.

use credo_web::protocol::ChainView;
use yew::prelude::*;

use super::election_stat::election;
use super::ring::{Ring, seat_name};
use super::{Badge, Beads, Blocks, Card, Empty};
use crate::clock::use_now;
use crate::format;
use credo_web::protocol::Face;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) chain: Option<ChainView>,
}

#[component]
pub(crate) fn ChainCards(props: &Props) -> Html {
    let time = use_now(1_000);
    let Some(chain) = props.chain.as_ref().filter(|chain| !chain.committee.is_empty()) else {
        return html! {
            <>
                <Card title="Committee"><Empty words="The committee is drawn as soon as the hand-overs that elected it are verified." /></Card>
                <Card title="Blocks"><Empty words="Blocks appear here as their certificates verify." /></Card>
            </>
        };
    };
    let left =
        election(chain, time).map_or_else(String::new, |(ms, _)| format!("{} left", format::clock(ms)));
    let elected = match chain.committee_epoch.checked_sub(1) {
        Some(before) => format!("elected by MSB {}", format::count(before)),
        None => "named by genesis".to_owned(),
    };
    let badge = chain.head.as_ref().map(|head| {
        let face = Face::Proved {
            height: head.height,
            epoch: head.epoch,
            signatures: head.signatures,
            seats: head.seats,
            time_ms: head.time_ms,
        };
        html! { <Badge {face} words={elected.clone()} /> }
    });
    let turn = chain.committee.iter().find(|seat| seat.turn);
    let verified = if chain.hand_overs == 0 {
        "G is genesis. Each is signed by the committee that the one before elected. The chain is still in its first epoch."
            .to_owned()
    } else {
        format!(
            "Each is signed by the committee that the one before elected. This page has verified {} itself, in {}.",
            format::plural(chain.hand_overs, "hand-over"),
            format::span(chain.hand_overs_ms)
        )
    };
    html! {
        <>
            <Card title="Committee" side={badge.unwrap_or_default()}>
                <Ring chain={chain.clone()} {left} />
                <p class="faint centre">
                    if let Some(seat) = turn { <><b>{ seat_name(seat) }</b>{ " has the turn. " }</> }
                    { "Green: block produced this round." }
                </p>
            </Card>
            <Card title="Blocks">
                <Blocks blocks={chain.blocks.clone()} />
                <p class="faint legend">
                    <span class="final">{ "final; taller: more signatures" }</span>
                    <span class="msb">{ "Micro State Block" }</span>
                    <span class="awaited">{ "awaited" }</span>
                </p>
                <h2>{ "Micro State Blocks" }</h2>
                <Beads epoch={chain.committee_epoch} />
                <p class="faint">{ verified }</p>
            </Card>
        </>
    }
}
