//! One peer connection with all that hangs on it: how far it has come, its channels, and why it ended.
//!
//! - Listeners are set before anything can arrive, and removed at the end; they hold the session weakly.
//! - Whatever ends it, it ends once: the reason is kept, every stream learns it, every channel and the peer connection
//!   are closed.
//! - Nothing runs by itself: whoever waits for the session (the dial, and then the connection) moves it by
//!   [`Session::poll_work`]. Only what arrives is taken in at once, by the listeners.
//! - Bounded: channels that wait to be accepted, and channels altogether; what comes beyond is closed at once.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use wasm_bindgen::JsCast as _;
use web_sys::{
    Event, EventTarget, RtcDataChannel, RtcDataChannelEvent, RtcIceConnectionState, RtcPeerConnectionState,
};

use super::channels::Channels;
use super::config::Limits;
use super::listener::Listener;
use super::peer::{Peer, state_of};
use crate::error::{Closed, Error};
use crate::ice::Version;
use crate::stream::{Ready, Stream};

/// How far a session has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Progress {
    /// Nobody has answered.
    #[default]
    Nothing,
    /// A check was answered.
    Reached,
    /// DTLS stands.
    Secured,
    /// The channel for Noise is open.
    Open,
}

/// Why a session can't go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Closed(Closed),
    /// The node's certificate is another.
    Fingerprint,
}

impl End {
    fn into_error(self) -> Error {
        match self {
            Self::Closed(closed) => closed.into(),
            Self::Fingerprint => Error::Fingerprint,
        }
    }

    fn closed(&self) -> Closed {
        match self {
            Self::Closed(closed) => closed.clone(),
            Self::Fingerprint => Closed::Broken(Error::Fingerprint.to_string()),
        }
    }
}

#[derive(Default)]
struct State {
    progress: Progress,
    end: Option<End>,
    /// Streams that the node opened and nobody has accepted.
    waiting: VecDeque<Stream>,
    /// Those who wait for progress, for a stream, for room, or for the end: the task of the dial or of the connection.
    wakers: Vec<Waker>,
}

/// A session. When the last holder drops it, everything is closed.
pub(super) struct Session {
    peer: Peer,
    limits: Limits,
    ready: Arc<Ready>,
    channels: RefCell<Channels>,
    state: RefCell<State>,
    listeners: RefCell<Vec<Listener>>,
}

impl Session {
    /// A session whose listeners are set, and the stream for Noise.
    pub(super) fn new(limits: Limits, version: Version) -> Result<(Rc<Self>, Stream), Error> {
        let peer = Peer::new()?;
        let ready = Arc::new(Ready::default());
        let session = Rc::new(Self {
            peer,
            channels: RefCell::new(Channels::new(&limits, ready.clone(), version)),
            limits,
            ready,
            state: RefCell::default(),
            listeners: RefCell::default(),
        });
        session.listen(session.peer.target(), "iceconnectionstatechange", |session, _| {
            session.on_state()
        });
        session.listen(session.peer.target(), "connectionstatechange", |session, _| {
            session.on_state()
        });
        session.listen(session.peer.target(), "datachannel", |session, event| {
            if let Ok(event) = event.dyn_into::<RtcDataChannelEvent>() {
                session.on_channel(event.channel());
            }
        });
        if let Ok(window) = js_sys::global().dyn_into::<EventTarget>() {
            // A tab that closes says goodbye only if somebody makes it.
            session.listen(&window, "pagehide", |session, _| {
                session.end(End::Closed(Closed::Local))
            });
        }
        let noise = session.add(session.peer.noise_channel()?);
        Ok((session, noise))
    }

    fn listen(
        self: &Rc<Self>,
        target: &EventTarget,
        kind: &'static str,
        on_event: impl Fn(&Rc<Self>, Event) + 'static,
    ) {
        let listener = self.listener(target, kind, on_event);
        self.listeners.borrow_mut().push(listener);
    }

    fn listener(
        self: &Rc<Self>,
        target: &EventTarget,
        kind: &'static str,
        on_event: impl Fn(&Rc<Self>, Event) + 'static,
    ) -> Listener {
        let session = Rc::downgrade(self);
        Listener::new(target, kind, move |event| {
            if let Some(session) = session.upgrade() {
                on_event(&session, event);
            }
        })
    }

    /// Listens to the transports, which exist once the descriptions are set.
    pub(super) fn listen_to_transports(self: &Rc<Self>) {
        let (sctp, dtls) = self.peer.transports();
        if let Some(sctp) = sctp {
            self.listen(&sctp, "statechange", |session, event| {
                if event.target().as_ref().and_then(state_of).as_deref() == Some("closed") {
                    session.end(session.sctp_end());
                }
            });
        }
        if let Some(dtls) = dtls {
            self.listen(&dtls, "statechange", |session, event| {
                match event.target().as_ref().and_then(state_of).as_deref() {
                    Some("connected") => session.advance(Progress::Secured),
                    Some("closed") => session.end(End::Closed(Closed::Remote)),
                    Some("failed") => session.end(session.dtls_failure()),
                    _ => {}
                }
            });
        }
    }

    pub(super) fn peer(&self) -> &Peer {
        &self.peer
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    fn sctp_end(&self) -> End {
        let (_, dtls) = self.peer.transports();
        // DTLS that fails takes SCTP with it, and says so later.
        if self.progress() < Progress::Secured
            && dtls.as_ref().and_then(state_of).as_deref() != Some("closed")
        {
            self.dtls_failure()
        } else {
            End::Closed(Closed::Remote)
        }
    }

    fn dtls_failure(&self) -> End {
        // The node answered checks, and the one thing that this end refuses in its handshake is the certificate.
        if self.progress() < Progress::Secured {
            End::Fingerprint
        } else {
            End::Closed(Closed::Broken("DTLS failed".into()))
        }
    }

    fn on_state(&self) {
        let rtc = self.peer.rtc();
        let ice = rtc.ice_connection_state();
        if matches!(
            ice,
            RtcIceConnectionState::Connected | RtcIceConnectionState::Completed
        ) {
            self.advance(Progress::Reached);
        }
        match rtc.connection_state() {
            RtcPeerConnectionState::Connected => self.advance(Progress::Secured),
            RtcPeerConnectionState::Closed => self.end(End::Closed(Closed::Remote)),
            RtcPeerConnectionState::Failed if ice == RtcIceConnectionState::Failed => {
                self.end(End::Closed(Closed::Broken("the browser gave the node up".into())));
            }
            RtcPeerConnectionState::Failed => self.end(self.dtls_failure()),
            // "disconnected" is the watch's to judge.
            _ => {}
        }
    }

    fn on_channel(self: &Rc<Self>, rtc: RtcDataChannel) {
        let full = self.state.borrow().waiting.len() >= self.limits.waiting_channels;
        if full || self.is_over() || !self.has_room() {
            tracing::debug!("the node opens more channels than are accepted");
            rtc.close();
            return;
        }
        let stream = self.add(rtc);
        self.state.borrow_mut().waiting.push_back(stream);
        self.wake();
    }

    /// Opens a channel for a stream.
    pub(super) fn open(self: &Rc<Self>) -> Result<Stream, Error> {
        Ok(self.add(self.peer.channel()?))
    }

    /// Whether there may be one more channel.
    pub(super) fn has_room(&self) -> bool {
        self.channels.borrow().count() < self.limits.channels
    }

    fn add(self: &Rc<Self>, rtc: RtcDataChannel) -> Stream {
        let key = self.channels.borrow_mut().next_key();
        let listeners = vec![
            self.listener(&rtc, "open", move |session, _| {
                session.channels.borrow().look_again(key);
                if key == 0 {
                    session.advance(Progress::Open);
                }
            }),
            self.listener(&rtc, "bufferedamountlow", move |session, _| {
                session.channels.borrow().look_again(key)
            }),
            self.listener(&rtc, "message", move |session, event| {
                session.channels.borrow().on_message(key, &event)
            }),
            self.listener(&rtc, "close", move |session, _| {
                let closed = session.channels.borrow_mut().on_close(key);
                drop(closed);
                session.wake();
            }),
        ];
        self.channels.borrow_mut().add(key, rtc, listeners)
    }

    fn advance(&self, progress: Progress) {
        let mut state = self.state.borrow_mut();
        if progress > state.progress {
            state.progress = progress;
            drop(state);
            self.wake();
        }
    }

    /// How far it has come.
    pub(super) fn progress(&self) -> Progress {
        self.state.borrow().progress
    }

    /// Ends it. Only the first reason counts.
    pub(super) fn end(&self, end: End) {
        let mut state = self.state.borrow_mut();
        if state.end.is_some() {
            return;
        }
        let reason = end.closed();
        tracing::debug!(%reason, "connection ended");
        state.end = Some(end);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        let channels = self.channels.borrow_mut().end(&reason);
        drop(channels);
        drop(waiting);
        drop(self.listeners.take());
        self.peer.rtc().close();
        self.wake();
    }

    /// Whether it has ended.
    pub(super) fn is_over(&self) -> bool {
        self.state.borrow().end.is_some()
    }

    fn wake(&self) {
        let wakers = std::mem::take(&mut self.state.borrow_mut().wakers);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Sends what streams have to send and closes the channels of those that are finished.
    fn poll_work(&self, cx: &mut Context<'_>) {
        while let Poll::Ready(key) = self.ready.poll_pop(cx) {
            let finished = self.channels.borrow_mut().attend(key);
            if finished.is_some() {
                drop(finished);
                self.wake();
            }
        }
    }

    /// Gives up on acknowledgements that don't come.
    pub(super) fn sweep(&self, later: Duration) {
        self.channels.borrow_mut().sweep(later);
    }

    /// Does what there is to do; fails if it is over. The task is woken when something changes.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        self.poll_work(cx);
        let mut state = self.state.borrow_mut();
        if let Some(end) = &state.end {
            return Err(end.clone().into_error());
        }
        if !state.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            state.wakers.push(cx.waker().clone());
        }
        Ok(())
    }

    /// A stream that the node opened.
    pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<Result<Stream, Error>> {
        if let Some(stream) = self.state.borrow_mut().waiting.pop_front() {
            return Poll::Ready(Ok(stream));
        }
        match self.poll(cx) {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Waits until it has come so far.
    pub(super) async fn reach(&self, progress: Progress) -> Result<(), Error> {
        poll_fn(|cx| {
            if self.progress() >= progress {
                return Poll::Ready(Ok(()));
            }
            match self.poll(cx) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            }
        })
        .await
    }

    /// Moves the session while something else goes on; fails if the session ends before.
    pub(super) async fn during<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(result) = work.as_mut().poll(cx) {
                // What the work has left to be sent.
                self.poll_work(cx);
                return Poll::Ready(result);
            }
            match self.poll(cx) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            }
        })
        .await
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.end(End::Closed(Closed::Local));
    }
}
