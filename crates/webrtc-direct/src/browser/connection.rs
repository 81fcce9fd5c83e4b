//! A connection: opens and accepts streams, and says when it is over.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::{Fuse, LocalBoxFuture};
use libp2p_core::muxing::{StreamMuxer, StreamMuxerEvent};
use send_wrapper::SendWrapper;

use super::session::{End, Session};
use super::watch::watch;
use crate::error::{Closed, Error};
use crate::stream::Stream;

/// A connection to a node. Dropping it closes it and every stream of it.
pub struct Connection {
    inner: SendWrapper<Inner>,
}

struct Inner {
    session: Rc<Session>,
    watch: Fuse<LocalBoxFuture<'static, ()>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Streams may still hold the session.
        self.session.end(End::Closed(Closed::Local));
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    pub(super) fn new(session: Rc<Session>) -> Self {
        let watch = watch(Rc::downgrade(&session)).boxed_local().fuse();
        Self {
            inner: SendWrapper::new(Inner { session, watch }),
        }
    }
}

impl StreamMuxer for Connection {
    type Substream = Stream;
    type Error = Error;

    fn poll_inbound(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Stream, Error>> {
        self.inner.session.poll_accept(cx)
    }

    fn poll_outbound(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Stream, Error>> {
        let session = &self.inner.session;
        if let Err(error) = session.poll(cx) {
            return Poll::Ready(Err(error));
        }
        if !session.has_room() {
            // Woken when one closes.
            return Poll::Pending;
        }
        Poll::Ready(session.open())
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.session.end(End::Closed(Closed::Local));
        Poll::Ready(Ok(()))
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, Error>> {
        let inner = &mut *self.inner;
        // It ends the session, or ends with it.
        let _ = inner.watch.poll_unpin(cx);
        match inner.session.poll(cx) {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}
