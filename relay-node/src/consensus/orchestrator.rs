//! One engine per epoch (P-30): starts it, ends it, and hands over.
//!
//! The orchestrator receives final blocks in order from marshal. For each it has the executor commit the state, and
//! only then acknowledges it, so that a crash repeats the step. After an epoch's MSB block it learns the next
//! committee, tracks the new peer set, starts the next epoch's engine, ends the old one and removes older engines'
//! journals.
//!
//! A node outside the committee runs the same engine as a verifier: it sees votes and certificates as they happen and
//! is ready when it is elected. A node that hears of a later epoch asks marshal for the certificate that ends its own.

use std::sync::Arc;

use commonware_codec::Encode as _;
use commonware_consensus::marshal::core::Mailbox as MarshalMailbox;
use commonware_consensus::marshal::standard::{Deferred, Standard};
use commonware_consensus::marshal::{Identifier, Update};
use commonware_consensus::simplex::elector::RoundRobin;
use commonware_consensus::simplex::scheme::ed25519::Scheme;
use commonware_consensus::simplex::{self, Floor, ForwardPolicy, SkipBudget, SkipPolicy};
use commonware_consensus::types::{Epoch, Height};
use commonware_cryptography::{Digested, Digestible as _};
use commonware_macros::select_loop;
use commonware_p2p::utils::mux::{Builder as _, MuxHandle, Muxer};
use commonware_p2p::{AddressableManager as _, Channel, Message, Receiver, Sender};
use commonware_parallel::Sequential;
use commonware_runtime::buffer::paged::CacheRef;
use commonware_runtime::{Clock as _, Handle, Spawner as _, Storage as _, Supervisor as _, tokio::Context};
use commonware_utils::channel::mpsc;
use commonware_utils::vec::NonEmptyVec;
use commonware_utils::{Acknowledgement as _, NonZeroDuration, acknowledgement::Exact};
use credo_primitives::certificate::MAX_DESCENDANTS;
use credo_primitives::hash::Sha256;
use credo_primitives::{ChainSpec, Committee, ConsensusKey, Digest, Evidence, Header};

use super::application::ChainApplication;
use super::block::ChainBlock;
use super::committees::Committees;
use super::epoch::ChainEpocher;
use super::evidence::{Carries, Listening, Watching, Witness};
use super::peers::peer_set;
use super::settings::{self, Timeouts};
use crate::executor::{ExecutorError, ExecutorHandle, Finality};

/// The engine's automaton, relay and reporter.
pub(super) type Adapter = Deferred<Context, Scheme, ChainApplication, ChainBlock, ChainEpocher>;
/// Asks marshal for blocks and certificates.
pub type Marshal = MarshalMailbox<Scheme, Standard<ChainBlock>>;
/// Blocks peers and tells who they are.
pub type Oracle = commonware_p2p::authenticated::lookup::Oracle<ConsensusKey>;

/// Why consensus stopped.
#[derive(Debug, thiserror::Error)]
pub enum ConsensusError {
    /// The chain can't be executed or stored.
    #[error(transparent)]
    Executor(#[from] ExecutorError),
    /// A block that must be there isn't.
    #[error("block {0} is missing from this node's archive: its data directory is incomplete")]
    Missing(u64),
    /// No committee for an epoch.
    #[error("the committee of epoch {0} isn't known")]
    Committee(u64),
    /// The archive of final blocks can't be opened.
    #[error("the archive of final blocks can't be opened: {0}")]
    Archive(String),
    /// A task that must not end ended.
    #[error("the {0} stopped")]
    Stopped(&'static str),
}

/// What the orchestrator works with.
pub(super) struct Parts {
    /// The chain.
    pub spec: Arc<ChainSpec>,
    /// Partition prefix of the engines' journals.
    pub partition: String,
    /// Committees by epoch.
    pub committees: Committees,
    /// The network's peers.
    pub oracle: Oracle,
    /// The archive of final blocks.
    pub marshal: Marshal,
    /// The engine's automaton.
    pub adapter: Adapter,
    /// The chain's state.
    pub executor: ExecutorHandle,
    /// Final blocks from marshal.
    pub updates: mpsc::UnboundedReceiver<Update<ChainBlock>>,
    /// Takes votes that contradict each other.
    pub evidence: tokio::sync::mpsc::Sender<Evidence>,
}

struct Channels<S: Sender> {
    votes: MuxHandle<S>,
    certificates: MuxHandle<S>,
    resolver: MuxHandle<S>,
}

type Backup = mpsc::Receiver<(Channel, Message<ConsensusKey>)>;

struct Running {
    epoch: u64,
    engine: Handle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.engine.abort();
    }
}

/// Runs the engines of all epochs.
pub struct Orchestrator {
    context: Context,
    parts: Parts,
    timeouts: Timeouts,
    witness: Witness,
    page_cache: CacheRef,
}

impl Orchestrator {
    /// An orchestrator that hasn't started.
    pub(super) fn new(context: Context, parts: Parts, page_cache: CacheRef) -> Self {
        Self {
            witness: Witness::new(parts.committees.clone(), parts.evidence.clone()),
            timeouts: Timeouts::new(&parts.spec.parameters, parts.executor.candidates().list.len()),
            context,
            parts,
            page_cache,
        }
    }

    /// Runs until the node stops or something breaks.
    pub async fn run<S, R>(
        mut self,
        votes: (S, R),
        certificates: (S, R),
        resolver: (S, R),
    ) -> Result<(), ConsensusError>
    where
        S: Sender<PublicKey = ConsensusKey>,
        R: Receiver<PublicKey = ConsensusKey>,
    {
        let listening = |receiver, carries| {
            Listening::new(receiver, carries, self.witness.clone(), self.parts.oracle.clone())
        };
        let heard = listening(votes.1, Carries::Votes);
        let (mux, votes, mut vote_backup) = Muxer::builder(self.context.child("votes"), votes.0, heard)
            .with_backup()
            .build();
        mux.start();
        let heard = listening(certificates.1, Carries::Certificates);
        let (mux, certificates, mut certificate_backup) =
            Muxer::builder(self.context.child("certificates"), certificates.0, heard)
                .with_backup()
                .build();
        mux.start();
        let (mux, resolver) = Muxer::new(self.context.child("resolver"), resolver.0, resolver.1);
        mux.start();
        let mut channels = Channels {
            votes,
            certificates,
            resolver,
        };

        let epoch = self.first_epoch().await?;
        for old in epoch.saturating_sub(64)..epoch.saturating_sub(JOURNALS_KEPT) {
            self.remove_journal(old).await;
        }
        let mut running = self.enter(epoch, &mut channels).await?;
        let (votes, certificates): (&mut Backup, &mut Backup) = (&mut vote_backup, &mut certificate_backup);
        let mut failure = None;
        let context = self.context.child("loop");
        select_loop! {
            context,
            on_stopped => {},
            Some((theirs, (from, _))) = votes.recv() else {
                failure = Some(ConsensusError::Stopped("vote channel"));
                break;
            } => self.hint(running.epoch, theirs, from),
            Some((theirs, (from, _))) = certificates.recv() else {
                failure = Some(ConsensusError::Stopped("certificate channel"));
                break;
            } => self.hint(running.epoch, theirs, from),
            _ = &mut running.engine => {
                failure = Some(ConsensusError::Stopped("consensus engine"));
                break;
            },
            Some(update) = self.parts.updates.recv() else {
                failure = Some(ConsensusError::Stopped("archive of final blocks"));
                break;
            } => {
                if let Update::Block(block, ack) = update
                    && let Err(error) = self.finalized(block, ack, &mut running, &mut channels).await
                {
                    failure = Some(error);
                    break;
                }
            },
        }
        failure.map_or(Ok(()), Err)
    }

    /// The epoch after the last block that was acknowledged.
    async fn first_epoch(&self) -> Result<u64, ConsensusError> {
        let processed = self
            .parts
            .marshal
            .get_processed()
            .await
            .map_or(0, |p| p.height().get());
        Ok(self.parts.spec.epoch_of(processed + 1))
    }

    /// Asks for the end of our epoch when a peer speaks of a later one.
    fn hint(&self, ours: u64, theirs: u64, from: ConsensusKey) {
        if theirs > ours {
            let last = Height::new(self.parts.spec.last_height(ours));
            self.parts.marshal.hint_finalized(last, NonEmptyVec::new(from));
        }
    }

    async fn finalized<S>(
        &mut self,
        block: Digested<ChainBlock>,
        ack: Exact,
        running: &mut Running,
        channels: &mut Channels<S>,
    ) -> Result<(), ConsensusError>
    where
        S: Sender<PublicKey = ConsensusKey>,
    {
        let header = block.inner().header().clone();
        let mut finality = self.finality(&header).await;
        while header.msb.is_some() && !finality.is_own() {
            // An epoch ends with a certificate of its own (P-30): whoever has gone on holds it.
            let committee = self
                .parts
                .committees
                .get(header.epoch)
                .ok_or(ConsensusError::Committee(header.epoch))?;
            if let Ok(targets) = NonEmptyVec::try_from(committee.keys().to_vec()) {
                self.parts
                    .marshal
                    .hint_finalized(Height::new(header.height), targets);
            }
            self.context.sleep(settings::FETCH_RETRY).await;
            finality = self.finality(&header).await;
        }
        self.parts.executor.finalize(block.clone(), finality).await?;
        if header.msb.is_some() && header.epoch >= running.epoch {
            let msb = credo_msb::MsbHeader::from_bytes(&block.inner().block().msb)
                .map_err(|_| ConsensusError::Missing(header.height))?;
            let committee = Committee::new(header.spec, 0, header.epoch + 1, &msb.next_committee)
                .ok_or(ConsensusError::Committee(header.epoch + 1))?;
            self.parts.committees.learn(committee);
            let next = self.enter(header.epoch + 1, channels).await?;
            *running = next;
            if let Some(old) = header.epoch.checked_sub(JOURNALS_KEPT) {
                self.remove_journal(old).await;
            }
        }
        ack.acknowledge();
        Ok(())
    }

    /// The block's certificate, or the headers up to the next descendant that has one (P-42).
    async fn finality(&self, header: &Header) -> Finality {
        let mut descendants: Vec<Header> = Vec::new();
        for height in header.height..=header.height + MAX_DESCENDANTS as u64 {
            let height = Height::new(height);
            if height.get() > header.height {
                match self.parts.marshal.get_block(height).await {
                    Some(block) if block.inner().header().epoch == header.epoch => {
                        descendants.push(block.inner().header().clone());
                    }
                    _ => break,
                }
            }
            if let Some(finalization) = self.parts.marshal.get_finalization(height).await {
                let certificate = finalization.encode().to_vec();
                self.witness.finalization(&certificate);
                return Finality::Certified {
                    descendants,
                    certificate,
                };
            }
        }
        Finality::Unknown
    }

    /// Tracks an epoch's peers and starts its engine.
    async fn enter<S>(&mut self, epoch: u64, channels: &mut Channels<S>) -> Result<Running, ConsensusError>
    where
        S: Sender<PublicKey = ConsensusKey>,
    {
        let parts = &mut self.parts;
        let committee = parts
            .committees
            .get(epoch)
            .ok_or(ConsensusError::Committee(epoch))?;
        let previous = epoch.checked_sub(1).and_then(|e| parts.committees.get(e));
        let peers = peer_set(&committee, previous.as_deref(), &parts.executor.candidates());
        parts.oracle.track(epoch, peers);
        self.witness.enter(epoch);

        let boundary = parts.spec.last_height(epoch) - parts.spec.parameters.epoch_length;
        let floor: Digest = match boundary {
            0 => parts.spec.genesis_header().digest(),
            height => parts
                .marshal
                .get_block(Identifier::Height(Height::new(height)))
                .await
                .ok_or(ConsensusError::Missing(height))?
                .digest(),
        };
        let scheme = parts
            .committees
            .scheme(epoch)
            .ok_or(ConsensusError::Committee(epoch))?;
        let stopped = |_| ConsensusError::Stopped("consensus network");
        let votes = channels.votes.register(epoch).await.map_err(stopped)?;
        let certificates = channels.certificates.register(epoch).await.map_err(stopped)?;
        let resolver = channels.resolver.register(epoch).await.map_err(stopped)?;

        let engine = simplex::Engine::new(
            self.context.child("engine").with_attribute("epoch", epoch),
            simplex::Config {
                scheme: scheme.as_ref().clone(),
                elector: RoundRobin::<Sha256>::default(),
                blocker: parts.oracle.clone(),
                automaton: parts.adapter.clone(),
                relay: parts.adapter.clone(),
                reporter: Watching::new(parts.adapter.clone(), self.witness.clone()),
                track_historical_votes: true,
                strategy: Sequential,
                partition: journal(&parts.partition, epoch),
                mailbox_size: settings::MAILBOX,
                epoch: Epoch::new(epoch),
                floor: Floor::Genesis(floor),
                replay_buffer: settings::BUFFER,
                write_buffer: settings::BUFFER,
                page_cache: self.page_cache.clone(),
                leader_timeout: self.timeouts.leader,
                certification_timeout: self.timeouts.certification,
                timeout_retry: self.timeouts.retry,
                view_retention: settings::WATCHED_VIEWS,
                skip: SkipPolicy::Enabled {
                    timeout: self.timeouts.skip,
                    budget: SkipBudget::Participants,
                },
                fetch_timeout: NonZeroDuration::new_panic(settings::FETCH_TIMEOUT),
                fetch_retry_delay: settings::FETCH_RETRY,
                forward: ForwardPolicy::SilentVoters,
            },
        );
        tracing::info!(
            epoch,
            seats = committee.seats(),
            member = parts.committees.is_member(epoch),
            "epoch begins"
        );
        Ok(Running {
            epoch,
            engine: engine.start(votes, certificates, resolver),
        })
    }

    /// The engine leaves its journals behind.
    async fn remove_journal(&self, epoch: u64) {
        // Already gone is as good as removed.
        let _ = self
            .context
            .remove(&journal(&self.parts.partition, epoch), None)
            .await;
    }
}

/// Journals kept behind the running epoch. An ended engine's tasks may still write for a moment, and one that finds its
/// journal gone takes the node down with it; a node that catches up runs through epochs within milliseconds.
const JOURNALS_KEPT: u64 = 16;

fn journal(partition: &str, epoch: u64) -> String {
    format!("{partition}-engine-{epoch}")
}
