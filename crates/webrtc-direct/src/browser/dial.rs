//! A dial: one or two attempts, each a chain of steps that ends in an authenticated connection.
//!
//! A node that knows only version 1 can't say so: the version stands in the name of a STUN check, and a node answers
//! no check whose name it doesn't understand. So "refused" is seen as silence. The order:
//!
//! 1. the version that worked last time with this address begins (version 2 with a new one);
//! 2. if no check is answered within [`Limits::second_version_after`], or if the browser itself refuses, the other
//!    version joins; the first does go on, since it may only be slow;
//! 3. the first attempt that a node answers is the only one from then on: what fails later fails the dial, since a
//!    node that answers a check has accepted its version;
//! 4. nobody answers within [`Limits::first_answer`]: the dial fails.
//!
//! A browser that forbids changing its offer fails version 1 at once; then version 2 has all the time.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use libp2p_identity::{Keypair, PeerId};

use super::Connection;
use super::clock::{millis, within};
use super::config::{Config, Limits};
use super::memory::Memory;
use super::session::{Progress, Session};
use crate::address::{DialAddress, Fingerprint};
use crate::error::{Error, Step};
use crate::ice::{Credentials, Version};
use crate::noise::{Fingerprints, Role, authenticate};
use crate::sdp;
use crate::stream::Stream;

fn other(version: Version) -> Version {
    match version {
        Version::V1 => Version::V2,
        Version::V2 => Version::V1,
    }
}

/// Dials.
pub(super) async fn dial(
    config: Config,
    memory: Arc<Mutex<Memory>>,
    node: DialAddress,
) -> Result<(PeerId, Connection), Error> {
    let first = memory
        .lock()
        .map_or(Version::V2, |memory| memory.first(node.socket));
    let reached = within(
        Step::Ice,
        config.limits.first_answer,
        race(&config.limits, &node, first),
    )
    .await;
    let attempt = reached?;
    let version = attempt.version;
    let (peer, session) = attempt.finish(&config.keypair, &node).await?;
    note(&memory, node.socket, version);
    Ok((peer, Connection::new(session)))
}

fn note(memory: &Mutex<Memory>, node: SocketAddr, version: Version) {
    if let Ok(mut memory) = memory.lock() {
        memory.worked(node, version);
    }
}

/// The attempt that is answered first.
async fn race(limits: &Limits, node: &DialAddress, first: Version) -> Result<Attempt, Error> {
    let one = std::pin::pin!(Attempt::start(limits, node, first));
    let head_start = TimeoutFuture::new(millis(limits.second_version_after));
    let one = match select(one, head_start).await {
        Either::Left((Ok(attempt), _)) => return Ok(attempt),
        Either::Left((Err(error), _)) => {
            tracing::debug!(%error, ?first, "the first version fails");
            // What the second fails with says less.
            return Attempt::start(limits, node, other(first))
                .await
                .map_err(|_| error);
        }
        Either::Right(((), one)) => one,
    };
    let two = std::pin::pin!(Attempt::start(limits, node, other(first)));
    match select(one, two).await {
        Either::Left((Ok(attempt), _)) | Either::Right((Ok(attempt), _)) => Ok(attempt),
        Either::Left((Err(error), two)) => two.await.map_err(|_| error),
        Either::Right((Err(error), one)) => {
            tracing::debug!(%error, "the second version fails");
            one.await
        }
    }
}

/// Sets both descriptions, whereupon the browser begins; yields the hash of this end's certificate.
pub(super) async fn describe(
    session: &Session,
    node: &DialAddress,
    version: Version,
) -> Result<Fingerprint, Error> {
    let peer = session.peer();
    let offer = peer.offer().await?;
    let credentials = match version {
        Version::V1 => {
            let credentials = Credentials::random(version);
            peer.set_offer(&sdp::munge(&offer, &credentials)).await?;
            credentials
        }
        Version::V2 => {
            peer.set_offer(&offer).await?;
            sdp::read_credentials(&peer.local_description()?)?
        }
    };
    let certhash = sdp::read_fingerprint(&peer.local_description()?).ok_or_else(|| Error::Browser {
        what: "its own description",
        reason: "it names no certificate hash of SHA-256".into(),
    })?;
    let answer = sdp::answer(node.socket, node.certhash, &credentials);
    peer.set_answer(&answer).await?;
    Ok(certhash)
}

/// An attempt that a node has answered.
struct Attempt {
    version: Version,
    session: Rc<Session>,
    noise: Stream,
    certhash: Fingerprint,
}

impl Attempt {
    /// Begins, and waits for an answer.
    async fn start(limits: &Limits, node: &DialAddress, version: Version) -> Result<Self, Error> {
        // The first channel has to be there before the offer, which otherwise asks for no data channels.
        let (session, noise) = Session::new(*limits, version)?;
        let certhash = describe(&session, node, version).await?;
        session.listen_to_transports();
        session.reach(Progress::Reached).await?;
        Ok(Self {
            version,
            session,
            noise,
            certhash,
        })
    }

    /// The steps that are left.
    async fn finish(self, keypair: &Keypair, node: &DialAddress) -> Result<(PeerId, Rc<Session>), Error> {
        let Self {
            session,
            noise,
            certhash,
            ..
        } = self;
        let step = session.limits().step;
        within(Step::Dtls, step, session.reach(Progress::Secured)).await?;
        within(Step::Channel, step, session.reach(Progress::Open)).await?;
        let fingerprints = Fingerprints {
            client: certhash,
            server: node.certhash,
        };
        let handshake = authenticate(Role::Client, keypair, noise, fingerprints, node.peer);
        let peer = within(Step::Noise, step, session.during(handshake)).await?;
        Ok((peer, session))
    }
}
