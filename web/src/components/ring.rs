//! The committee in a ring, with the turn going round.

use std::f64::consts::TAU;

use credo_web::protocol::{ChainView, SeatView};
use yew::prelude::*;

use crate::format;

const CENTRE: f64 = 150.0;
const TRACK: f64 = 88.0;
const ORBIT: f64 = 112.0;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) chain: ChainView,
    /// "12:44 left", computed by the page, whose clock ticks.
    pub(crate) left: AttrValue,
}

/// What a seat is called: by its node's account once that is proved.
pub(crate) fn seat_name(seat: &SeatView) -> String {
    seat.account.clone().unwrap_or_else(|| format::short(&seat.key))
}

#[component]
pub(crate) fn Ring(props: &Props) -> Html {
    let chain = &props.chain;
    let seats = &chain.committee;
    let count = seats.len().max(1);
    let turn = seats.iter().position(|seat| seat.turn);
    let angle = |i: usize| TAU * i as f64 / count as f64;
    // The arc runs from the first seat to the one that has the turn.
    let length = TAU * TRACK;
    let run = turn.map_or(0.0, |i| length * i as f64 / count as f64);
    let radius = (ORBIT * TAU / count as f64 * 0.36).clamp(5.0, 14.0);
    let holder = turn.and_then(|i| seats.get(i)).map(seat_name);
    let label = match &holder {
        Some(name) => format!("Committee of {}; {name} has the turn", seats.len()),
        None => format!("Committee of {}", seats.len()),
    };
    let height = chain
        .head
        .as_ref()
        .map_or_else(|| "–".to_owned(), |head| format::count(head.height));
    let epoch = chain
        .head
        .as_ref()
        .map_or(chain.committee_epoch, |head| head.epoch);
    html! {
        <svg class="ring" viewBox="0 0 300 300" role="img" aria-label={label}>
            <circle class="track" cx="150" cy="150" r="88" />
            <circle class="run" cx="150" cy="150" r="88" transform="rotate(-90 150 150)"
                stroke-dasharray={format!("{run:.2} {length:.2}")} />
            { for seats.iter().enumerate().map(|(i, seat)| {
                let (x, y) = (CENTRE + ORBIT * angle(i).sin(), CENTRE - ORBIT * angle(i).cos());
                let class = if seat.turn { "turn" } else if seat.this_round { "made" } else { "waits" };
                let size = if seat.turn { (radius * 1.4).min(17.0) } else { radius };
                let name = seat_name(seat);
                html! {
                    <g key={seat.key.clone()} class={classes!("seat", class)}>
                        <title>{ format!("{name}: {} this epoch", format::plural(u64::from(seat.produced), "block")) }</title>
                        <circle cx={format!("{x:.1}")} cy={format!("{y:.1}")} r={format!("{size:.1}")} />
                        if size >= 9.0 {
                            <text x={format!("{x:.1}")} y={format!("{:.1}", y + size * 0.3)} font-size={format!("{:.1}", size * 0.8)}>
                                { format::initials(&name) }
                            </text>
                        }
                    </g>
                }
            }) }
            <text class="label" x="150" y="136">{ "block" }</text>
            <text class="height" x="150" y="163">{ height }</text>
            <text class="label" x="150" y="186">{ format!("epoch {} · {}", format::count(epoch), props.left) }</text>
        </svg>
    }
}
