//! Drives a connection of any transport: opens streams when asked, answers those that come, notices its end.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use futures::channel::{mpsc, oneshot};
use futures::{SinkExt as _, StreamExt as _};
use libp2p_core::muxing::{StreamMuxer as _, StreamMuxerBox, SubstreamBox};

use crate::exchange::{self, Order, PROTOCOL};

/// What can be asked of a connection.
enum Request {
    Open(oneshot::Sender<Result<SubstreamBox, Failure>>),
    Close(oneshot::Sender<()>),
}

/// Why something couldn't be done, in the transport's own words.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Failure(pub String);

impl Failure {
    /// An error with all its causes.
    pub fn from_error(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let inner_text = inner.to_string();
            if !text.contains(&inner_text) {
                text = format!("{text}: {inner_text}");
            }
            cause = inner.source();
        }
        Self(text)
    }
}

/// A connection that [`drive`] drives.
#[derive(Clone)]
pub struct Session {
    requests: mpsc::Sender<Request>,
    piece: usize,
}

/// The receiving end of a [`Session`], for [`drive`].
pub struct Driven {
    requests: mpsc::Receiver<Request>,
}

impl Session {
    /// A session that writes such pieces, and what drives it.
    #[must_use]
    pub fn new(piece: usize) -> (Self, Driven) {
        let (sender, requests) = mpsc::channel(16);
        let session = Self {
            requests: sender,
            piece,
        };
        (session, Driven { requests })
    }

    /// Opens a stream and agrees on [`PROTOCOL`].
    ///
    /// # Errors
    ///
    /// Fails if the connection is gone or the other end doesn't speak the protocol.
    pub async fn open(&self) -> Result<multistream_select::Negotiated<SubstreamBox>, Failure> {
        let (answer, answered) = oneshot::channel();
        let gone = || Failure("the connection is gone".into());
        let mut requests = self.requests.clone();
        requests.send(Request::Open(answer)).await.map_err(|_| gone())?;
        let stream = answered.await.map_err(|_| gone())??;
        let agreed =
            multistream_select::dialer_select_proto(stream, [PROTOCOL], multistream_select::Version::V1)
                .await;
        agreed
            .map(|(_, stream)| stream)
            .map_err(|error| Failure::from_error(&error))
    }

    /// An exchange on a new stream.
    ///
    /// # Errors
    ///
    /// Fails if the stream can't be opened, breaks, or brings wrong bytes.
    pub async fn exchange(&self, order: Order) -> Result<(), Failure> {
        let mut stream = self.open().await?;
        let asked = exchange::ask(&mut stream, order, self.piece).await;
        asked.map_err(|error| Failure::from_error(&error))
    }

    /// Closes the connection.
    pub async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        let mut requests = self.requests.clone();
        if requests.send(Request::Close(answer)).await.is_ok() {
            // A driver that is gone has closed.
            let _ = answered.await;
        }
    }
}

/// Answers a stream that the other end opened, writing such pieces.
///
/// # Errors
///
/// Fails if the stream does or the other end speaks another protocol.
pub async fn answer(stream: SubstreamBox, piece: usize) -> Result<Order, Failure> {
    let (_, mut stream) = multistream_select::listener_select_proto(stream, [PROTOCOL])
        .await
        .map_err(|error| Failure::from_error(&error))?;
    let answered = exchange::answer(&mut stream, piece).await;
    answered.map_err(|error| Failure::from_error(&error))
}

/// Runs until the connection ends; says why it did.
pub async fn drive(
    mut muxer: StreamMuxerBox,
    mut driven: Driven,
    mut inbound: impl FnMut(SubstreamBox),
) -> Failure {
    let mut wanted: Vec<oneshot::Sender<Result<SubstreamBox, Failure>>> = Vec::new();
    let mut asked = true;
    let closed = poll_fn(|cx| {
        while asked {
            match driven.requests.poll_next_unpin(cx) {
                Poll::Ready(Some(Request::Open(answer))) => wanted.push(answer),
                Poll::Ready(Some(Request::Close(answer))) => return Poll::Ready(Ok(answer)),
                Poll::Ready(None) => asked = false,
                Poll::Pending => break,
            }
        }
        let mut muxer = Pin::new(&mut muxer);
        while let Poll::Ready(stream) = muxer.as_mut().poll_inbound(cx) {
            match stream {
                Ok(stream) => inbound(stream),
                Err(error) => return Poll::Ready(Err(Failure::from_error(&error))),
            }
        }
        while !wanted.is_empty() {
            match muxer.as_mut().poll_outbound(cx) {
                Poll::Ready(Ok(stream)) => drop(wanted.remove(0).send(Ok(stream))),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Failure::from_error(&error))),
                Poll::Pending => break,
            }
        }
        loop {
            match muxer.as_mut().poll(cx) {
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Failure::from_error(&error))),
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await;
    match closed {
        Ok(answer) => {
            // What fails to close is dropped.
            let _ = poll_fn(|cx| Pin::new(&mut muxer).poll_close(cx)).await;
            drop(muxer);
            let _ = answer.send(());
            Failure("closed by this end".into())
        }
        Err(failure) => failure,
    }
}
