//! What the test page can do, called from JavaScript: dial with our end or the stock one, exchange bytes, disconnect,
//! and say when a connection ended.

#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;
use std::rc::Rc;

use futures::FutureExt as _;
use futures::future::Shared;
use js_sys::Promise;
use libp2p::{noise, websocket_websys, yamux};
use libp2p_core::muxing::StreamMuxerBox;
use libp2p_core::transport::{Boxed, DialOpts, PortUse, Transport as _};
use libp2p_core::upgrade::Version;
use libp2p_core::{Endpoint, Multiaddr};
use libp2p_identity::{Keypair, PeerId};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{future_to_promise, spawn_local};
use webrtc_interop::exchange::{Order, PIECE, STOCK_PIECE};
use webrtc_interop::session::{Failure, Session, answer, drive};

fn js(failure: &Failure) -> JsValue {
    js_sys::Error::new(&failure.0).into()
}

fn ours(key: &Keypair) -> Boxed<(PeerId, StreamMuxerBox)> {
    webrtc_direct::browser::Transport::new(webrtc_direct::browser::Config::new(key)).boxed()
}

fn stock(key: &Keypair) -> Boxed<(PeerId, StreamMuxerBox)> {
    let config = libp2p_webrtc_websys::Config::new(key);
    libp2p_webrtc_websys::Transport::new(config).boxed()
}

fn websocket(key: &Keypair) -> Result<Boxed<(PeerId, StreamMuxerBox)>, JsValue> {
    let noise = noise::Config::new(key).map_err(|error| js(&Failure(error.to_string())))?;
    Ok(websocket_websys::Transport::default()
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex(yamux::Config::default())
        .boxed())
}

/// One end: a key and a transport.
#[wasm_bindgen]
pub struct End {
    piece: usize,
    transport: Rc<RefCell<Boxed<(PeerId, StreamMuxerBox)>>>,
}

#[wasm_bindgen]
impl End {
    /// An end of the kind `ours`, `stock` or `websocket`.
    ///
    /// # Errors
    ///
    /// Fails for another kind.
    #[wasm_bindgen(constructor)]
    pub fn new(kind: &str) -> Result<Self, JsValue> {
        let key = Keypair::generate_ed25519();
        let (transport, piece) = match kind {
            "ours" => (ours(&key), PIECE),
            "stock" => (stock(&key), STOCK_PIECE),
            "websocket" => (websocket(&key)?, PIECE),
            _ => return Err(js(&Failure(format!("there is no end named {kind}")))),
        };
        Ok(Self {
            piece,
            transport: Rc::new(RefCell::new(transport)),
        })
    }

    /// Dials; resolves to a `Link`.
    pub fn dial(&self, address: String) -> Promise {
        let (transport, piece) = (self.transport.clone(), self.piece);
        future_to_promise(async move {
            let address: Multiaddr = address
                .parse()
                .map_err(|error: libp2p_core::multiaddr::Error| js(&Failure(error.to_string())))?;
            let options = DialOpts {
                role: Endpoint::Dialer,
                port_use: PortUse::New,
            };
            let dial = transport.borrow_mut().dial(address, options);
            let dialed = match dial {
                Ok(dial) => dial.await.map_err(|error| Failure::from_error(&error)),
                Err(error) => Err(Failure::from_error(&error)),
            };
            let (peer, muxer) = dialed.map_err(|failure| js(&failure))?;
            let (session, driven) = Session::new(piece);
            let (end, ended) = async move {
                drive(muxer, driven, move |stream| {
                    spawn_local(async move {
                        // A stream that fails is seen at the end that asked.
                        let _ = answer(stream, piece).await;
                    });
                })
                .await
            }
            .remote_handle();
            spawn_local(end);
            let ended = ended.boxed_local().shared();
            Ok(Link { peer, session, ended }.into())
        })
    }
}

/// A connection.
#[wasm_bindgen]
pub struct Link {
    peer: PeerId,
    session: Session,
    ended: Shared<futures::future::LocalBoxFuture<'static, Failure>>,
}

#[wasm_bindgen]
impl Link {
    /// Who is at the other end.
    pub fn peer(&self) -> String {
        self.peer.to_string()
    }

    /// An exchange on a new stream.
    pub fn exchange(&self, up: u32, down: u32, pace: u32) -> Promise {
        let session = self.session.clone();
        future_to_promise(async move {
            let order = Order { up, down, pace };
            let exchanged = session.exchange(order).await;
            exchanged
                .map(|()| JsValue::UNDEFINED)
                .map_err(|failure| js(&failure))
        })
    }

    /// Resolves to the reason when the connection has ended.
    pub fn ended(&self) -> Promise {
        let ended = self.ended.clone();
        future_to_promise(async move { Ok(ended.await.0.into()) })
    }

    /// Closes the connection.
    pub fn disconnect(&self) -> Promise {
        let session = self.session.clone();
        future_to_promise(async move {
            session.close().await;
            Ok(JsValue::UNDEFINED)
        })
    }
}
