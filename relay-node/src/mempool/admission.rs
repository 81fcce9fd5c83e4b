//! What a transaction goes through on its way into the pool: cheap things first, so that junk costs little.
//!
//! 1. its bytes: size, canonical form, known already;
//! 2. its times against the clock, and that it has some time left to live; its form, how many signatures there are;
//! 3. the committed state: its publisher exists, has the gas, it wasn't executed before; and whether the pool has room;
//! 4. the actions' data, as far as it can be read without the state;
//! 5. only now its signatures, [`MAX_SIGNATURES`](credo_primitives::tx::MAX_SIGNATURES) at most;
//! 6. the committed state once more: whether those keys may do this.
//!
//! It all happens on the calling thread, which the caller's budget pays for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use credo_primitives::{ChainSpec, CheckedTransaction, Transaction, sha3_256};
use credo_runtime::Admitted;

use super::{Pool, PoolError};
use crate::executor::StateReader;
use crate::service::ServiceError;

/// Slots that a client's transaction must have left to live: what is taken should have a chance to run.
const CLIENT_SLOTS: u64 = 4;
/// The same for one that another node passes on, some time after it took it.
const NODE_SLOTS: u64 = 2;

/// Who hands a transaction in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A client of this node's, or the node itself: it is passed on to all peers.
    Client,
    /// Another node of the consensus plane: it has passed it on to all.
    Node,
}

/// The way into a pool.
pub struct Admission {
    spec: Arc<ChainSpec>,
    state: StateReader,
    pool: Pool,
    verified: AtomicU64,
}

fn refused(why: impl ToString) -> ServiceError {
    ServiceError::Refused(why.to_string())
}

impl Admission {
    /// Into `pool`, held against `state`.
    pub fn new(spec: Arc<ChainSpec>, state: StateReader, pool: Pool) -> Self {
        Self {
            spec,
            state,
            pool,
            verified: AtomicU64::new(0),
        }
    }

    /// How many transactions had their signatures checked so far.
    pub fn verified(&self) -> u64 {
        self.verified.load(Ordering::Relaxed)
    }

    /// Checks a transaction's Full bytes and takes it into the pool.
    pub fn take(
        &self,
        bytes: &[u8],
        origin: Origin,
        now_ms: u64,
    ) -> Result<Arc<CheckedTransaction>, ServiceError> {
        // What decodes is canonical, so these bytes' hash is the transaction's.
        let transaction = Transaction::decode(bytes).map_err(refused)?;
        if self.pool.contains(&sha3_256(bytes)) {
            return Err(refused(PoolError::Known));
        }
        let now = i64::try_from(now_ms.saturating_mul(1_000_000)).unwrap_or(i64::MAX);
        self.check_times(&transaction, origin, now).map_err(refused)?;
        let chain_id = self.spec.parameters.chain_id;
        transaction.check_form(chain_id).map_err(refused)?;
        let means = self.state.standing(&transaction, now_ms)?;
        self.pool.check_room(&transaction, now, means).map_err(refused)?;
        credo_runtime::precheck(&transaction).map_err(refused)?;

        self.verified.fetch_add(1, Ordering::Relaxed);
        let checked = Arc::new(transaction.check(chain_id).map_err(refused)?);
        let means = match (self.state.admit(&checked, now_ms)?, means) {
            (Admitted::Exempt, _) => None,
            (Admitted::Ordinary, Some(means)) => Some(means),
            // The node that it claimed to come from has another key since.
            (Admitted::Ordinary, None) => match self.state.standing(checked.tx(), now_ms)? {
                Some(means) => Some(means),
                None => return Err(ServiceError::NotReady),
            },
        };
        let own = origin == Origin::Client;
        self.pool
            .insert(Arc::clone(&checked), now, own, means)
            .map_err(refused)?;
        Ok(checked)
    }

    /// Its times fit the clock (ns), and it has a few slots left to live.
    fn check_times(&self, tx: &Transaction, origin: Origin, now: i64) -> Result<(), PoolError> {
        tx.check_time(now)?;
        let slots = match origin {
            Origin::Client => CLIENT_SLOTS,
            Origin::Node => NODE_SLOTS,
        };
        let least_ms = self.spec.parameters.slot_ms.saturating_mul(slots);
        // One whose time is still to come lives from then on.
        let left = tx.dead_at().saturating_sub(now.max(tx.time));
        let left_ms = u64::try_from(left / 1_000_000).unwrap_or(0);
        if left_ms < least_ms {
            return Err(PoolError::Life { left_ms, least_ms });
        }
        Ok(())
    }
}
