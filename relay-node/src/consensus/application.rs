//! What the engine asks of the chain: build a block, judge a block (P-2, P-3).
//!
//! - **P-3** A block that claims a time before its parent's + `slot_ms` is invalid for ever; one too far ahead of this
//!   node's clock is kept until its time, never called invalid. When leaders propose stands in `super::pace`.
//! - **P-2** The engine lets members notarize on the body's arrival; [`Application::verify`] is what gates the vote to
//!   finalize, and it answers "valid" only after this node executed the block with the same roots.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use commonware_consensus::Application;
use commonware_consensus::marshal::ancestry::Ancestry;
use commonware_consensus::simplex::scheme::ed25519::Scheme;
use commonware_cryptography::{Digested, Digestible as _};
use commonware_runtime::{Clock, Metrics, Spawner};
use credo_primitives::block::HEADER_VERSION;
use credo_primitives::{ChainSpec, Digest, Header};
use futures::StreamExt as _;

use super::block::{BlockContext, ChainBlock};
use super::pace::{Pace, Trial};
use crate::executor::{ExecutorHandle, Proposal, Verdict};

/// Most blocks that are executed on the way to a block that is to be judged; a node further behind waits for final
/// blocks instead.
const MAX_PATH: usize = 64;
/// How often a node that is behind looks again.
const RETRY: Duration = Duration::from_millis(50);
/// How often a node that keeps an early block looks at its clock, which somebody may set meanwhile.
const LOOK_MS: u64 = 250;

/// The chain's side of the engine's automaton.
#[derive(Clone)]
pub struct ChainApplication {
    spec: Arc<ChainSpec>,
    spec_hash: Digest,
    executor: ExecutorHandle,
    pace: Pace,
    trial: Trial,
}

/// The clock in ms since 1970.
fn now_ms(clock: &impl Clock) -> u64 {
    clock
        .current()
        .duration_since(UNIX_EPOCH)
        .map(|d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
        .unwrap_or(0)
}

impl ChainApplication {
    /// An application over an executor.
    pub fn new(spec: Arc<ChainSpec>, executor: ExecutorHandle, trial: Trial) -> Self {
        Self {
            spec_hash: spec.hash(),
            pace: Pace::new(&spec.parameters),
            spec,
            executor,
            trial,
        }
    }

    fn now_ms(&self, clock: &impl Clock) -> u64 {
        self.trial.clock(now_ms(clock))
    }

    /// Everything that header and parent's header say by themselves.
    fn header_fits(
        &self,
        header: &Header,
        parent: &Header,
        parent_digest: &Digest,
    ) -> Result<(), &'static str> {
        let spec = &self.spec;
        let last = header.height == spec.last_height(header.epoch);
        let checks = [
            (header.version == HEADER_VERSION, "version"),
            (header.spec == self.spec_hash, "chain"),
            (header.shard == 0, "shard"),
            (header.epoch == spec.epoch_of(header.height), "epoch"),
            (header.height == parent.height + 1, "height"),
            (header.parent == *parent_digest, "parent"),
            (header.time_ms >= self.pace.due(parent.time_ms), "time"),
            (
                header.outbox_root == credo_primitives::hash::ZERO_DIGEST,
                "outbox root",
            ),
            (header.msb.is_some() == last, "Micro State Block"),
        ];
        match checks.iter().find(|(ok, _)| !ok) {
            Some((_, field)) => Err(field),
            None => Ok(()),
        }
    }

    /// Executes what is missing between the executor's tree and the front of `ancestry`, oldest first.
    /// `None` when the ancestry ended (consensus gave up), else whether every block on the way was valid.
    async fn catch_up(
        &self,
        clock: &impl Clock,
        ancestry: impl Ancestry<ChainBlock>,
    ) -> Option<Result<Digested<ChainBlock>, ()>> {
        loop {
            let mut walk = ancestry.clone();
            let mut path: Vec<Digested<ChainBlock>> = Vec::new();
            let complete = loop {
                let block = walk.next().await?;
                if self.executor.knows(&block.digest()) {
                    path.push(block);
                    break true;
                }
                if path.is_empty()
                    && self
                        .executor
                        .is_final(block.inner().header().height, &block.digest())
                {
                    // A committee found it valid before this node was started again.
                    return Some(Ok(block));
                }
                if block.inner().header().height <= self.executor.final_height() || path.len() > MAX_PATH {
                    break false;
                }
                path.push(block);
            };
            if !complete {
                // Either this node is behind, or final blocks have passed this branch: then consensus drops the task.
                clock.sleep(RETRY).await;
                continue;
            }
            let front = path.first()?.clone();
            let mut valid = true;
            while let (Some(parent), Some(block)) = (path.pop(), path.last()) {
                match self.judge(block, &parent).await {
                    Some(true) => {}
                    Some(false) => {
                        valid = false;
                        break;
                    }
                    // The executor moved on beneath us: walk again.
                    None => break,
                }
            }
            if !valid {
                return Some(Err(()));
            }
            if self.executor.knows(&front.digest()) {
                return Some(Ok(front));
            }
            clock.sleep(RETRY).await;
        }
    }

    async fn judge(&self, block: &Digested<ChainBlock>, parent: &Digested<ChainBlock>) -> Option<bool> {
        let header = block.inner().header();
        if let Err(field) = self.header_fits(header, parent.inner().header(), &parent.digest()) {
            tracing::warn!(
                height = header.height,
                field,
                "a proposed block's header doesn't fit"
            );
            return Some(false);
        }
        match self.executor.verify(block.clone()).await {
            Verdict::Valid => Some(true),
            Verdict::Invalid(why) => {
                tracing::warn!(height = header.height, %why, "a proposed block is invalid");
                Some(false)
            }
            Verdict::Unknown => None,
        }
    }
}

impl<E: Clock + Spawner + Metrics> Application<E> for ChainApplication {
    type SigningScheme = Scheme;
    type Context = BlockContext;
    type Block = ChainBlock;
    type Input = ();

    async fn propose(
        &mut self,
        (clock, context): (E, BlockContext),
        ancestry: impl Ancestry<ChainBlock>,
        _input: (),
    ) -> Option<Digested<ChainBlock>> {
        let parent = self.catch_up(&clock, ancestry).await?.ok()?;
        let parent_ms = parent.inner().header().time_ms;
        let wait = self.pace.wait(self.now_ms(&clock), parent_ms);
        if wait > 0 {
            clock.sleep(Duration::from_millis(wait)).await;
        }
        let now_ms = self.now_ms(&clock).saturating_add(self.trial.date_ahead_ms);
        let time_ms = self.pace.date(now_ms, parent_ms);
        self.executor
            .propose(Proposal {
                parent: parent.digest(),
                epoch: context.round.epoch().get(),
                view: context.round.view().get(),
                parent_view: context.parent.0.get(),
                proposer: context.leader.clone(),
                time_ms,
            })
            .await
    }

    async fn verify(
        &mut self,
        (clock, _context): (E, BlockContext),
        ancestry: impl Ancestry<ChainBlock>,
    ) -> bool {
        let Some(front) = ancestry.clone().next().await else {
            return futures::future::pending().await;
        };
        let time_ms = front.inner().header().time_ms;
        loop {
            match self.pace.keep(self.now_ms(&clock), time_ms) {
                0 => break,
                early => clock.sleep(Duration::from_millis(early.min(LOOK_MS))).await,
            }
        }
        match self.catch_up(&clock, ancestry).await {
            Some(result) => result.is_ok(),
            None => futures::future::pending().await,
        }
    }
}
