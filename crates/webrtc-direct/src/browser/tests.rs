//! What can be seen in a browser without a node.

use std::time::Duration;

use libp2p_core::transport::{DialOpts, ListenerId, PortUse, Transport as _, TransportError};
use libp2p_core::{Endpoint, Multiaddr};
use libp2p_identity::Keypair;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{RtcDataChannelState, RtcSignalingState};

use super::clock::now;
use super::dial::describe;
use super::session::{End, Session};
use super::{Config, Limits, Transport};
use crate::address::DialAddress;
use crate::error::{AddressError, Closed, Error, Step};
use crate::ice::Version;
use crate::sdp;

wasm_bindgen_test_configure!(run_in_browser);

/// Nobody listens there.
const NOBODY: &str =
    "/ip4/127.0.0.1/udp/9/webrtc-direct/certhash/uEiDikp5KVUgkLta1EjUN-IKbHk-dUBg8VzKgf5nXxLK46w";

fn nobody() -> DialAddress {
    DialAddress::parse(&NOBODY.parse().unwrap()).unwrap()
}

fn options() -> DialOpts {
    DialOpts {
        role: Endpoint::Dialer,
        port_use: PortUse::New,
    }
}

/// Counts the peer connections that are made from now on, and those that aren't closed.
struct Census;

impl Census {
    fn begin() -> Self {
        let count = "window.census = window.census ?? (() => {
            const made = [];
            const Original = window.RTCPeerConnection;
            window.RTCPeerConnection = class extends Original {
                constructor(...rest) { super(...rest); made.push(this); }
            };
            return made;
        })();
        window.census.length = 0;";
        js_sys::eval(count).unwrap();
        Self
    }

    fn read(&self, what: &str) -> usize {
        js_sys::eval(what).unwrap().as_f64().unwrap() as usize
    }

    fn made(&self) -> usize {
        self.read("window.census.length")
    }

    fn open(&self) -> usize {
        self.read("window.census.filter((one) => one.signalingState !== 'closed').length")
    }
}

fn line<'a>(sdp: &'a str, name: &str) -> Option<&'a str> {
    sdp.lines().find(|line| line.starts_with(name))
}

#[wasm_bindgen_test]
async fn version_2_leaves_the_offer_alone_and_its_answer_is_taken() {
    let (session, _noise) = Session::new(Limits::default(), Version::V2).unwrap();
    let certhash = describe(&session, &nobody(), Version::V2).await.unwrap();
    let rtc = session.peer().rtc();
    assert_eq!(rtc.signaling_state(), RtcSignalingState::Stable);
    let local = rtc.local_description().unwrap().sdp();
    let remote = rtc.remote_description().unwrap().sdp();
    let own = sdp::read_credentials(&local).unwrap();
    assert!(
        !own.client_ufrag.starts_with("libp2p"),
        "the browser chose the name"
    );
    let server = format!("a=ice-pwd:libp2p+webrtc+v2/{}", own.client_pwd);
    assert_eq!(line(&remote, "a=ice-pwd:"), Some(&*server));
    assert_eq!(
        line(&remote, "a=max-message-size:"),
        Some("a=max-message-size:16384")
    );
    assert_eq!(sdp::read_fingerprint(&local), Some(certhash));
}

#[wasm_bindgen_test]
async fn version_1_changes_the_names_as_long_as_the_browser_lets_it() {
    let (session, _noise) = Session::new(Limits::default(), Version::V1).unwrap();
    describe(&session, &nobody(), Version::V1).await.unwrap();
    let local = session.peer().rtc().local_description().unwrap().sdp();
    let name = line(&local, "a=ice-ufrag:").unwrap();
    assert!(name.starts_with("a=ice-ufrag:libp2p+webrtc+v1/"), "{name}");
}

#[wasm_bindgen_test]
async fn no_two_connections_share_a_certificate() {
    let mut hashes = Vec::new();
    for _ in 0..2 {
        let (session, _noise) = Session::new(Limits::default(), Version::V2).unwrap();
        hashes.push(describe(&session, &nobody(), Version::V2).await.unwrap());
    }
    assert_ne!(hashes[0], hashes[1]);
}

#[wasm_bindgen_test]
async fn an_end_closes_everything_and_tells_every_stream() {
    let (session, noise) = Session::new(Limits::default(), Version::V2).unwrap();
    let stream = session.open().unwrap();
    let rtc = session.peer().rtc().clone();
    session.end(End::Closed(Closed::Silence(Duration::from_secs(5))));
    session.end(End::Closed(Closed::Local));
    assert_eq!(rtc.signaling_state(), RtcSignalingState::Closed);
    for mut stream in [noise, stream] {
        let error = futures::AsyncReadExt::read(&mut stream, &mut [0])
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "nothing was heard from the peer for 5s");
    }
    assert!(
        matches!(session.open(), Err(Error::Browser { .. })),
        "a closed one opens nothing"
    );
}

#[wasm_bindgen_test]
async fn a_session_that_is_let_go_is_closed() {
    let (session, noise) = Session::new(Limits::default(), Version::V2).unwrap();
    let rtc = session.peer().rtc().clone();
    describe(&session, &nobody(), Version::V2).await.unwrap();
    drop(session);
    assert_eq!(rtc.signaling_state(), RtcSignalingState::Closed);
    drop(noise);
}

#[wasm_bindgen_test]
async fn a_stream_that_is_let_go_closes_its_channel() {
    let (session, _noise) = Session::new(Limits::default(), Version::V2).unwrap();
    let made = js_sys::Array::new();
    let rtc = session.peer().rtc();
    // The channel is the session's own affair: watch over it being made.
    let own = js_sys::Reflect::get(rtc, &"createDataChannel".into()).unwrap();
    let spy = js_sys::Function::new_with_args(
        "own, made",
        "return function (...rest) { const c = own.apply(this, rest); made.push(c); return c; }",
    );
    let spied = spy.call2(&wasm_bindgen::JsValue::NULL, &own, &made).unwrap();
    js_sys::Reflect::set(rtc, &"createDataChannel".into(), &spied).unwrap();
    let stream = session.open().unwrap();
    let channel: web_sys::RtcDataChannel = made.get(0).unchecked_into();
    assert_eq!(channel.ready_state(), RtcDataChannelState::Connecting);
    drop(stream);
    // Nobody is told about a stream before its channel stands, so the channel waits for that, or for the end.
    session.end(End::Closed(Closed::Local));
    assert!(matches!(
        channel.ready_state(),
        RtcDataChannelState::Closing | RtcDataChannelState::Closed
    ));
}

#[wasm_bindgen_test]
async fn nobody_at_the_port_is_said_within_three_seconds_and_leaves_nothing() {
    let census = Census::begin();
    let mut transport = Transport::new(Config::new(&Keypair::generate_ed25519()));
    let start = now();
    let dialed = transport.dial(NOBODY.parse().unwrap(), options()).unwrap().await;
    let took = now() - start;
    assert!(
        matches!(dialed, Err(Error::Timeout { step: Step::Ice, .. })),
        "{:?}",
        dialed.err()
    );
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(
        (census.made(), census.open()),
        (2, 0),
        "both versions were tried, and closed"
    );
}

#[wasm_bindgen_test]
async fn a_dial_that_is_given_up_leaves_nothing() {
    let census = Census::begin();
    let mut transport = Transport::new(Config::new(&Keypair::generate_ed25519()));
    let dial = transport.dial(NOBODY.parse().unwrap(), options()).unwrap();
    let limit = gloo_timers::future::TimeoutFuture::new(200);
    drop(futures::future::select(dial, limit).await);
    assert_eq!((census.made(), census.open()), (1, 0));
}

#[wasm_bindgen_test]
fn what_cannot_be_dialled_is_refused() {
    let mut transport = Transport::new(Config::new(&Keypair::generate_ed25519()));
    let mut refused = |text: &str| transport.dial(text.parse().unwrap(), options()).err().unwrap();
    assert!(matches!(
        refused("/ip4/127.0.0.1/tcp/9/ws"),
        TransportError::MultiaddrNotSupported(_)
    ));
    let refusal = refused("/ip4/127.0.0.1/udp/9/webrtc-direct");
    assert!(
        matches!(
            refusal,
            TransportError::Other(Error::Address(AddressError::NoCerthash(_)))
        ),
        "{refusal:?}"
    );
    let listen: Multiaddr = "/ip4/127.0.0.1/udp/9/webrtc-direct".parse().unwrap();
    assert!(matches!(
        transport.listen_on(ListenerId::next(), listen),
        Err(TransportError::MultiaddrNotSupported(_))
    ));
}
