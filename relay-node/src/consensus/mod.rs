//! The consensus plane: Commonware's Simplex over authenticated connections, one engine per epoch (P-2, P-3, P-30).
//!
//! What is ours is *who sits on the committee and what they agree on*; the engine stands behind this module. [`start`]
//! puts together, for the node's whole life: the network, the exchange of block bodies, the archive of final blocks
//! (marshal), the application over the executor, and the `orchestrator` that runs an engine per epoch. The engine's
//! finalization bytes are what [`Committee::verify`](credo_primitives::Committee::verify) takes.

mod application;
mod archive;
mod block;
mod committees;
mod epoch;
mod evidence;
mod history;
mod orchestrator;
mod pace;
mod peers;
mod settings;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use commonware_broadcast::buffered;
use commonware_consensus::Reporter;
use commonware_consensus::marshal::core::Actor as MarshalActor;
use commonware_consensus::marshal::resolver::p2p as backfill;
use commonware_consensus::marshal::standard::{Deferred, Standard};
use commonware_consensus::marshal::{self, Start, Update, max_payload_size};
use commonware_consensus::simplex::scheme::ed25519::Scheme;
use commonware_cryptography::{
    ChaCha20Poly1305, Digested, Digestible as _, Signer as _, ed25519::PrivateKey,
};
use commonware_p2p::authenticated::lookup;
use commonware_p2p::utils::mux::prefixed;
use commonware_parallel::Sequential;
use commonware_runtime::buffer::paged::CacheRef;
use commonware_runtime::{Quota, Supervisor as _, tokio::Context};
use commonware_stream::cups::{self, Cups};
use commonware_stream::sake::{self, Sake};
use commonware_utils::channel::mpsc;
use commonware_utils::{NZU32, NZUsize, NonZeroDuration};
use credo_primitives::certificate::MAX_COMMITTEE;
use credo_primitives::{ChainSpec, ConsensusKey, Evidence};

pub use application::ChainApplication;
pub use block::{BlockContext, ChainBlock};
pub use committees::Committees;
pub use epoch::ChainEpocher;
pub use orchestrator::{ConsensusError, Marshal, Oracle, Orchestrator};
pub use pace::Trial;
pub use peers::address;

use crate::executor::ExecutorHandle;

/// Where this node stands on the consensus plane.
#[derive(Clone, Debug)]
pub struct PlaneConfig {
    /// The key that signs blocks and authenticates connections.
    pub key: PrivateKey,
    /// Where to listen.
    pub listen: SocketAddr,
    /// What a test lets it do wrong.
    pub trial: Trial,
}

/// The sending end of a channel.
pub type PlaneSender = lookup::Sender<ConsensusKey, Context>;
/// The receiving end of a channel.
pub type PlaneReceiver = lookup::Receiver<ConsensusKey>;

/// What the rest of the node needs of a started plane.
pub struct Plane {
    /// The archive of final blocks.
    pub marshal: Marshal,
    /// The channel for transactions.
    pub transactions: (PlaneSender, PlaneReceiver),
    /// Ends only when something broke or the node stops.
    pub orchestrator: commonware_runtime::Handle<Result<(), ConsensusError>>,
}

/// Takes final blocks from marshal to the orchestrator. Marshal itself bounds how many await acknowledgement.
#[derive(Clone)]
struct FinalBlocks(mpsc::UnboundedSender<Update<ChainBlock>>);

impl Reporter for FinalBlocks {
    type Activity = Update<ChainBlock>;
    fn report(&mut self, update: Self::Activity) -> commonware_actor::Feedback {
        match self.0.send(update) {
            Ok(()) => commonware_actor::Feedback::Ok,
            Err(_) => commonware_actor::Feedback::Closed,
        }
    }
}

/// Starts the consensus plane. Votes that contradict each other go to `evidence`, unchecked.
pub async fn start(
    context: Context,
    config: PlaneConfig,
    spec: Arc<ChainSpec>,
    committees: Committees,
    executor: ExecutorHandle,
    evidence: tokio::sync::mpsc::Sender<Evidence>,
) -> Result<Plane, ConsensusError> {
    use commonware_runtime::Spawner as _;

    let key = config.key.public_key();
    let seats = (spec.parameters.committee_size as usize).min(MAX_COMMITTEE);
    let payload = max_payload_size::<Standard<ChainBlock>, Scheme>(MAX_COMMITTEE as u32, &());
    let max_message = commonware_p2p::max_message_size(&[prefixed(payload)]);

    let mut namespace = b"credo-plane".to_vec();
    namespace.extend_from_slice(spec.hash().as_ref());
    let handshake = Cups::<_, ChaCha20Poly1305>::new(
        Sake {
            signer: config.key.clone(),
            synchrony_bound: Duration::from_secs(5),
            max_handshake_age: Duration::from_secs(10),
            version: sake::Version::V1,
        },
        cups::Version::V1,
    );
    let mut network_config = lookup::Config::recommended(
        handshake,
        &namespace,
        config.listen,
        NZUsize!(peers::max_peers(seats)),
        max_message,
        settings::MAILBOX,
    );
    // Identity is proved by key; several nodes may share an address, and a named host's address isn't known beforehand.
    network_config.bypass_ip_check = true;
    network_config.allow_private_ips = true;
    network_config.tracked_peer_sets = settings::TRACKED_SETS;
    network_config.peer_connection_cooldown = Duration::from_secs(1);
    network_config.dial_frequency = Duration::from_millis(500);
    network_config.ping_frequency = Duration::from_secs(5);
    network_config.allowed_handshake_rate_per_ip = Quota::per_second(NZU32!(64));
    let (mut network, oracle) = lookup::Network::new(context.child("network"), network_config);
    let mut channel = |number| network.register(number, settings::quota(number));
    let votes = channel(settings::VOTES);
    let certificates = channel(settings::CERTIFICATES);
    let resolver = channel(settings::RESOLVER);
    let blocks = channel(settings::BLOCKS);
    let missing = channel(settings::BACKFILL);
    let transactions = channel(settings::TRANSACTIONS);

    let (bodies, bodies_mailbox) = buffered::Engine::new(
        context.child("bodies"),
        buffered::Config {
            public_key: key.clone(),
            mailbox_size: settings::MAILBOX,
            deque_size: settings::BODIES_PER_SENDER,
            priority: true,
            codec_config: (),
            peer_provider: oracle.clone(),
            strategy: Sequential,
        },
    );
    let missing = backfill::init(
        context.child("backfill"),
        backfill::Config {
            public_key: key,
            peer_provider: oracle.clone(),
            blocker: oracle.clone(),
            mailbox_size: settings::MAILBOX,
            fetch_timeout: NonZeroDuration::new_panic(settings::FETCH_TIMEOUT),
            fetch_retry_delay: settings::FETCH_RETRY,
            priority_requests: true,
            priority_responses: false,
        },
        missing,
    );

    let page_cache = CacheRef::new(settings::PAGE, settings::PAGES);
    let archives = archive::open(&context, &page_cache)
        .await
        .map_err(|e| ConsensusError::Archive(e.to_string()))?;
    let epocher = ChainEpocher::new(Arc::clone(&spec));
    let genesis = ChainBlock::genesis(spec.genesis_header());
    let genesis_digest = genesis.digest();
    let (marshal_actor, marshal, _floor) = MarshalActor::init(
        context.child("marshal"),
        archives.certificates,
        archives.blocks,
        marshal::Config {
            provider: committees.clone(),
            epocher: epocher.clone(),
            start: Start::Genesis(Digested::precomputed(genesis, genesis_digest)),
            partition_prefix: "marshal".into(),
            mailbox_size: settings::MAILBOX,
            view_retention: settings::VIEW_RETENTION,
            prunable_items_per_section: settings::ARCHIVE_SECTION,
            page_cache: page_cache.clone(),
            replay_buffer: settings::BUFFER,
            key_write_buffer: settings::BUFFER,
            value_write_buffer: settings::BUFFER,
            block_codec_config: (),
            max_repair: settings::MAX_REPAIR,
            max_pending_acks: settings::PENDING_ACKS,
            strategy: Sequential,
        },
    )
    .await;

    let application = ChainApplication::new(Arc::clone(&spec), executor.clone(), config.trial);
    let adapter = Deferred::new(
        context.child("application"),
        application,
        marshal.clone(),
        epocher,
    );
    let (updates_sender, updates) = mpsc::unbounded_channel();
    network.start();
    bodies.start(blocks);
    marshal_actor.start(FinalBlocks(updates_sender), bodies_mailbox, missing);

    let orchestrator = Orchestrator::new(
        context.child("orchestrator"),
        orchestrator::Parts {
            spec,
            partition: "consensus".into(),
            committees,
            oracle,
            marshal: marshal.clone(),
            adapter,
            executor,
            updates,
            evidence,
        },
        page_cache,
    );
    let orchestrator = context
        .child("epochs")
        .spawn(move |_| orchestrator.run(votes, certificates, resolver));
    Ok(Plane {
        marshal,
        transactions,
        orchestrator,
    })
}
