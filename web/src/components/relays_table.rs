//! The relays: address, way in, round trip, head, and what is wrong with one.

use credo_web::protocol::{RelayView, Transport};
use yew::prelude::*;

use super::{CopyButton, Shape, Tag};
use crate::format;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) relays: Vec<RelayView>,
}

#[component]
pub(crate) fn RelaysTable(props: &Props) -> Html {
    html! {
        <ul class="relays">
            { for props.relays.iter().enumerate().map(|(i, relay)| html! { <li key={i}>{ one(i, relay) }</li> }) }
        </ul>
    }
}

fn one(index: usize, relay: &RelayView) -> Html {
    let (shape, words) = match (relay.transport, &relay.problem) {
        (Some(Transport::WebRtc), _) => (Shape::Seal, "WebRTC"),
        (Some(Transport::WebSocket), _) => (Shape::Seal, "WebSocket"),
        (None, Some(_)) => (Shape::Cross, "not connected"),
        (None, None) => (Shape::Ring, "dialing"),
    };
    let number = |label: &str, value: String| {
        html! { <div class="stat"><span class="faint">{ label.to_owned() }</span><b>{ value }</b></div> }
    };
    html! {
        <>
            <div class="row between">
                <b>{ format!("Relay {}", index + 1) }</b>
                <Tag {shape} {words} />
            </div>
            <div class="row address">
                <span class="mono clip grow" title={relay.address.clone()}>{ &relay.address }</span>
                <CopyButton text={relay.address.clone()} label="Copy the address" />
            </div>
            <div class="row wide">
                { number("Way in", match relay.transport {
                    Some(Transport::WebRtc) => "WebRTC".to_owned(),
                    Some(Transport::WebSocket) => "WebSocket".to_owned(),
                    None => "–".to_owned(),
                }) }
                { number("Round trip", relay.rtt_ms.map_or("–".to_owned(), format::span)) }
                { number("Verified head", relay.height.map_or("–".to_owned(), format::count)) }
            </div>
            if let Some(problem) = &relay.problem { <p class="objection">{ problem }</p> }
        </>
    }
}
