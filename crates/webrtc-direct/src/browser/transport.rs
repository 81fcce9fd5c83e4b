//! The transport: dials, and never listens.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use libp2p_core::muxing::StreamMuxerBox;
use libp2p_core::transport::{Boxed, DialOpts, ListenerId, Transport as _, TransportError, TransportEvent};
use libp2p_core::{Endpoint, Multiaddr};
use libp2p_identity::PeerId;
use send_wrapper::SendWrapper;

use super::config::Config;
use super::memory::Memory;
use super::{Connection, dial};
use crate::address::DialAddress;
use crate::error::{AddressError, Error};

/// The browser's end of WebRTC-direct.
#[derive(Debug)]
pub struct Transport {
    config: Config,
    memory: Arc<Mutex<Memory>>,
}

impl Transport {
    /// A transport.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            memory: Arc::default(),
        }
    }

    /// The transport in the form in which swarms take it.
    pub fn boxed(self) -> Boxed<(PeerId, StreamMuxerBox)> {
        self.map(|(peer, connection), _| (peer, StreamMuxerBox::new(connection)))
            .boxed()
    }
}

impl libp2p_core::Transport for Transport {
    type Output = (PeerId, Connection);
    type Error = Error;
    type ListenerUpgrade = BoxFuture<'static, Result<Self::Output, Self::Error>>;
    type Dial = BoxFuture<'static, Result<Self::Output, Self::Error>>;

    fn listen_on(&mut self, _: ListenerId, address: Multiaddr) -> Result<(), TransportError<Self::Error>> {
        // Browsers can't.
        Err(TransportError::MultiaddrNotSupported(address))
    }

    fn remove_listener(&mut self, _: ListenerId) -> bool {
        false
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        options: DialOpts,
    ) -> Result<Self::Dial, TransportError<Self::Error>> {
        if options.role == Endpoint::Listener {
            return Err(TransportError::MultiaddrNotSupported(address));
        }
        let node = DialAddress::parse(&address).map_err(|error| match error {
            AddressError::Form(address) => TransportError::MultiaddrNotSupported(address),
            other => TransportError::Other(other.into()),
        })?;
        // A page has one thread, on which the browser's objects stay.
        let dial = SendWrapper::new(dial::dial(self.config.clone(), self.memory.clone(), node));
        Ok(dial.boxed())
    }

    fn poll(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, Self::Error>> {
        Poll::Pending
    }
}
