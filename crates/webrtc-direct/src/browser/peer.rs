//! A peer connection of the browser's: made, described, asked what it has counted, and closed when dropped.

use js_sys::{Function, Map, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    EventTarget, RtcDataChannel, RtcDataChannelInit, RtcPeerConnection, RtcSdpType, RtcSessionDescriptionInit,
};

use super::watch::Counts;
use crate::error::Error;

/// What the browser says of a failure, for people.
pub(super) fn in_words(value: &JsValue) -> String {
    match value.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.to_string()),
        None => value.as_string().unwrap_or_else(|| format!("{value:?}")),
    }
}

pub(super) fn refused(what: &'static str) -> impl Fn(JsValue) -> Error {
    move |value| Error::Browser {
        what,
        reason: in_words(&value),
    }
}

/// A peer connection. Dropping it closes it.
pub(super) struct Peer {
    rtc: RtcPeerConnection,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.rtc.close();
    }
}

impl Peer {
    /// A new one. The browser makes a certificate for it that no other has, as the specification asks.
    pub(super) fn new() -> Result<Self, Error> {
        // Outside a window there is no such class, and the bindings throw.
        let has_class = Reflect::has(&js_sys::global(), &"RTCPeerConnection".into()).unwrap_or(false);
        if !has_class {
            return Err(Error::Browser {
                what: "a peer connection",
                reason: "there is no RTCPeerConnection here, as in a worker".into(),
            });
        }
        let rtc = RtcPeerConnection::new().map_err(refused("a peer connection"))?;
        Ok(Self { rtc })
    }

    /// For listening to its events.
    pub(super) fn target(&self) -> &EventTarget {
        &self.rtc
    }

    /// The browser's object.
    pub(super) fn rtc(&self) -> &RtcPeerConnection {
        &self.rtc
    }

    /// The channel on which Noise is spoken: both ends make it, with the number 0.
    pub(super) fn noise_channel(&self) -> Result<RtcDataChannel, Error> {
        let init = RtcDataChannelInit::new();
        init.set_negotiated(true);
        init.set_id(0);
        self.create_channel(&init)
    }

    /// A channel for a stream. A closed connection, or one with too many channels, refuses.
    pub(super) fn channel(&self) -> Result<RtcDataChannel, Error> {
        self.create_channel(&RtcDataChannelInit::new())
    }

    fn create_channel(&self, init: &RtcDataChannelInit) -> Result<RtcDataChannel, Error> {
        // The binding of createDataChannel doesn't catch what it throws.
        let create =
            Reflect::get(&self.rtc, &"createDataChannel".into()).and_then(JsCast::dyn_into::<Function>);
        let channel = create.and_then(|create| create.call2(&self.rtc, &"".into(), init));
        channel.map(JsCast::unchecked_into).map_err(refused("a channel"))
    }

    /// Makes an offer.
    pub(super) async fn offer(&self) -> Result<String, Error> {
        let offer = JsFuture::from(self.rtc.create_offer())
            .await
            .map_err(refused("an offer"))?;
        let text = Reflect::get(&offer, &"sdp".into())
            .ok()
            .and_then(|sdp| sdp.as_string());
        text.ok_or_else(|| Error::Browser {
            what: "an offer",
            reason: "it made one without a description".into(),
        })
    }

    /// Sets the offer.
    pub(super) async fn set_offer(&self, sdp: &str) -> Result<(), Error> {
        let init = RtcSessionDescriptionInit::new(RtcSdpType::Offer);
        init.set_sdp(sdp);
        let set = JsFuture::from(self.rtc.set_local_description(&init)).await;
        set.map(drop).map_err(refused("its own description"))
    }

    /// Sets the answer.
    pub(super) async fn set_answer(&self, sdp: &str) -> Result<(), Error> {
        let init = RtcSessionDescriptionInit::new(RtcSdpType::Answer);
        init.set_sdp(sdp);
        let set = JsFuture::from(self.rtc.set_remote_description(&init)).await;
        set.map(drop).map_err(refused("the node's description"))
    }

    /// The offer that was set, with what the browser made of it.
    pub(super) fn local_description(&self) -> Result<String, Error> {
        let description = self.rtc.local_description().ok_or_else(|| Error::Browser {
            what: "its own description",
            reason: "there is none".into(),
        })?;
        Ok(description.sdp())
    }

    /// The SCTP transport, and below it the DTLS transport, as far as this browser has them.
    pub(super) fn transports(&self) -> (Option<EventTarget>, Option<EventTarget>) {
        let part = |of: &JsValue, name: &str| {
            let value = Reflect::get(of, &name.into()).ok()?;
            value.dyn_into::<EventTarget>().ok()
        };
        let sctp = part(&self.rtc, "sctp");
        let dtls = sctp.as_ref().and_then(|sctp| part(sctp, "transport"));
        (sctp, dtls)
    }

    /// What it has counted, as far as this browser counts.
    pub(super) async fn counts(&self) -> Option<Counts> {
        let report: Map = JsFuture::from(self.rtc.get_stats()).await.ok()?.unchecked_into();
        let mut counts = Counts::default();
        report.for_each(&mut |value, _| {
            let number = |name: &str| {
                let value = Reflect::get(&value, &name.into()).ok();
                value.and_then(|value| value.as_f64()).unwrap_or(0.0) as u64
            };
            let kind = Reflect::get(&value, &"type".into())
                .ok()
                .and_then(|kind| kind.as_string());
            if kind.as_deref() == Some("candidate-pair") {
                counts.heard +=
                    number("responsesReceived") + number("requestsReceived") + number("packetsReceived");
                counts.asked += number("requestsSent") + number("consentRequestsSent");
            }
        });
        Some(counts)
    }
}

/// The state of a transport of [`Peer::transports`].
pub(super) fn state_of(transport: &EventTarget) -> Option<String> {
    Reflect::get(transport, &"state".into()).ok()?.as_string()
}
