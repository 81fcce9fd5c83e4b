//! Building a block, and executing somebody else's.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use credo_pob::{Candidates, Ledger, ListDigest, Ranking, Round, RoundContext, RoundOutcome, Rules, Turns};
use credo_primitives::entry::{MsbMark, Pool};
use credo_primitives::receipt::ReceiptEntry;
use credo_primitives::{
    AccountName, ChainSpec, CheckedTransaction, Committee, ConsensusKey, Digest, Receipt, StateKey, Status,
    StatusCode, Text, merkle, sha256,
};
use credo_state::{StateRead, Writes};

use crate::check::{Fit, check, times};
use crate::executed::{self, Executed};
use crate::fees::GasShares;
use crate::gas::{Meter, Work};
use crate::list::{write_list, write_ranking};
use crate::view::View;
use crate::{BlockError, PushError, Refusal, RuntimeError, committees, execute, rewards, supply, turns};

/// Where a block stands.
#[derive(Clone, Debug)]
pub struct BlockContext<'a> {
    /// The chain.
    pub spec: &'a ChainSpec,
    /// The block's epoch.
    pub epoch: u64,
    /// Its height.
    pub height: u64,
    /// Its time in ms since 1970.
    pub time_ms: u64,
    /// Who proposed it.
    pub proposer: ConsensusKey,
    /// The epoch's committee.
    pub committee: &'a Committee,
    /// View in which it is proposed.
    pub view: u64,
    /// View of its parent within the epoch; 0 for an epoch's first block.
    pub parent_view: u64,
    /// In an epoch's first block (except epoch 0's): the epoch of the MSB before it, its digest and the state
    /// after it, which are written into the state (P-14).
    pub previous_msb: Option<(u64, MsbMark)>,
}

/// What executing a block came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockOutcome {
    /// Everything that it writes.
    pub writes: Writes,
    /// A receipt per transaction; after them one of the block itself, when it moved tokens (P-25).
    pub receipts: Vec<Receipt>,
    /// The transactions' hashes.
    pub tx_hashes: Vec<Digest>,
    /// Merkle root over them.
    pub transaction_root: Digest,
    /// Merkle root over the receipts' hashes.
    pub receipt_root: Digest,
    /// The list of Servi nodes after the block.
    pub candidates: Arc<Candidates>,
    /// The digest of that list, as it stands in the state after the block.
    pub candidates_digest: ListDigest,
    /// In an MSB block, the election for the next epoch.
    pub round: Option<Round>,
    /// In an MSB block, the ranking that the next epoch begins with.
    pub ranking: Option<Arc<Ranking>>,
}

impl BlockOutcome {
    /// The leaves that these transactions add to the epoch's tree (P-31), in order.
    pub fn transaction_leaves(&self) -> Vec<Digest> {
        self.tx_hashes
            .iter()
            .zip(&self.receipts)
            .map(|(hash, receipt)| merkle::transaction_leaf(hash, &receipt.hash()))
            .collect()
    }
}

/// Executes transactions one after the other into a block.
pub struct BlockBuilder<'a, S: StateRead> {
    ctx: BlockContext<'a>,
    rules: Rules,
    view: View<'a>,
    before: Arc<Candidates>,
    ledger: Ledger,
    executed: Executed,
    senders: BTreeMap<String, u32>,
    fees: GasShares,
    bytes: usize,
    gas: u64,
    work: Work,
    receipts: Vec<Receipt>,
    /// What the block left itself, without a transaction.
    own: Vec<ReceiptEntry>,
    tx_hashes: Vec<Digest>,
    parent: PhantomData<&'a S>,
}

impl<'a, S: StateRead> BlockBuilder<'a, S> {
    /// Starts a block on the parent's state, whose list of Servi nodes is `candidates`.
    pub fn new(
        ctx: BlockContext<'a>,
        parent: &'a S,
        candidates: Arc<Candidates>,
    ) -> Result<Self, RuntimeError> {
        let context = |why| RuntimeError::Context {
            height: ctx.height,
            why,
        };
        if ctx.height == 0 || ctx.spec.epoch_of(ctx.height) != ctx.epoch {
            return Err(context("its height doesn't lie in its epoch"));
        }
        if ctx.committee.epoch() != ctx.epoch {
            return Err(context("its committee is another epoch's"));
        }
        let mut view = View::new(parent);
        executed::clean(&mut view, &ctx)?;
        turns::count(&mut view, &ctx)?;
        turns::remember_msb(&mut view, &ctx)?;
        let own = supply::vest(&mut view, ctx.time_ms)?;
        let pool: Pool = view.get(&StateKey::pool())?.unwrap_or_default();
        view.commit();
        Ok(Self {
            rules: Rules::of(&ctx.spec.parameters, pool.available),
            ctx,
            view,
            ledger: Ledger::new(candidates.clone()),
            before: candidates,
            executed: Executed::default(),
            senders: BTreeMap::new(),
            fees: GasShares::default(),
            bytes: 0,
            gas: 0,
            work: Work::default(),
            receipts: Vec::new(),
            own,
            tx_hashes: Vec::new(),
            parent: PhantomData,
        })
    }

    /// True for an epoch's last block, which carries no transactions (P-30).
    pub fn is_msb(&self) -> bool {
        self.ctx.height == self.ctx.spec.last_height(self.ctx.epoch)
    }

    /// Transactions in the block so far.
    pub fn len(&self) -> usize {
        self.tx_hashes.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.tx_hashes.is_empty()
    }

    /// Bytes of transactions in the block so far.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gas that the block's transactions have used so far, their ratios not counted.
    pub fn gas(&self) -> u64 {
        self.gas
    }

    /// All work so far that is priced, that for transactions which were refused included.
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// Executes a transaction and adds it, with a receipt for what became of it. A transaction that may not stand in
    /// this block is refused and leaves the block as it was.
    pub fn push(&mut self, tx: &CheckedTransaction) -> Result<&Receipt, PushError> {
        let parameters = &self.ctx.spec.parameters;
        if self.is_msb() {
            return Err(Refusal::MsbBlock.into());
        }
        let mut meter = Meter::of(tx, parameters);
        if self.len() >= parameters.block_tx_limit as usize
            || self.bytes + tx.bytes().len() > parameters.block_bytes_limit as usize
            || self.gas.saturating_add(meter.limit()) > parameters.block_gas()
            || self.executed.is_full_for(tx)
        {
            return Err(Refusal::BlockFull.into());
        }
        times(self.ctx.spec, tx.tx(), self.ctx.time_ms)?;
        let publisher = &tx.tx().publisher;
        let sent = self.senders.get(publisher).copied().unwrap_or(0);
        if sent >= parameters.sender_tx_limit {
            return Err(Refusal::SenderLimit {
                publisher: publisher.clone(),
                limit: parameters.sender_tx_limit,
            }
            .into());
        }
        let receipt = self.execute(tx, &mut meter);
        self.work.add(meter.work());
        let receipt = receipt?;
        self.gas = self.gas.saturating_add(meter.used());
        self.executed.add(&mut self.view, tx, self.ctx.height);
        self.view.commit();
        self.senders.insert(publisher.clone(), sent + 1);
        self.bytes += tx.bytes().len();
        self.tx_hashes.push(*tx.hash());
        let at = self.receipts.len();
        self.receipts.push(receipt);
        Ok(&self.receipts[at])
    }

    /// Checks and executes a transaction.
    fn execute(&mut self, tx: &CheckedTransaction, meter: &mut Meter) -> Result<Receipt, PushError> {
        let (ctx, view) = (&self.ctx, &mut self.view);
        let candidates = self.ledger.candidates();
        let (authority, limits, paying) = match check(view, candidates, ctx.spec, ctx.time_ms, meter, tx)? {
            Fit::Exempt(exempt) => {
                return exempt.apply(view, &mut self.ledger, ctx, &self.rules, meter, tx);
            }
            Fit::Ordinary {
                authority,
                limits,
                paying,
            } => (authority, limits, paying),
        };
        let execute::Executed { receipt, charged } = execute::execute(
            view,
            &mut self.ledger,
            ctx,
            &self.rules,
            &authority,
            limits,
            tx,
            paying,
            meter,
        )?;
        if let Ok(payer) = AccountName::any(tx.tx().publisher.as_str()) {
            let candidates = self.ledger.candidates();
            // No app's contract runs yet.
            self.fees
                .add(view, candidates, &ctx.spec.parameters, &payer, charged, None)?;
        }
        Ok(receipt)
    }

    /// Ends the block: in an MSB block runs the round (P-11), then writes what is left.
    pub fn finish(mut self) -> Result<BlockOutcome, RuntimeError> {
        let round = if self.is_msb() {
            Some(self.end_epoch()?)
        } else {
            None
        };
        self.fees.write(&mut self.view)?;
        self.executed.write(&mut self.view, &self.ctx);
        let (candidates, changed) = self.ledger.finish();
        let written = write_list(&mut self.view, &self.before, &candidates, &changed);
        let candidates_digest = match written {
            Some(digest) => digest,
            None => {
                let key = StateKey::candidates();
                self.view.get(&key)?.ok_or_else(|| RuntimeError::Corrupt {
                    key,
                    why: "it is missing".into(),
                })?
            }
        };
        let ranking = round.as_ref().map(|round| Ranking::of(&candidates, round.epoch));
        if let Some(ranking) = &ranking {
            write_ranking(&mut self.view, ranking);
        }
        self.view.commit();
        if !self.own.is_empty() {
            self.receipts.push(own_receipt(self.ctx.height, self.own));
        }
        let receipts: Vec<Digest> = self.receipts.iter().map(Receipt::hash).collect();
        Ok(BlockOutcome {
            writes: self.view.finish(),
            transaction_root: merkle::root(&self.tx_hashes),
            receipt_root: merkle::root(&receipts),
            receipts: self.receipts,
            tx_hashes: self.tx_hashes,
            candidates,
            candidates_digest,
            round,
            ranking: ranking.map(Arc::new),
        })
    }

    /// Ends the epoch: rewards (P-20), the round (P-11), and what evidence will need of the committee (P-5).
    fn end_epoch(&mut self) -> Result<Round, RuntimeError> {
        let (ctx, view) = (&self.ctx, &mut self.view);
        rewards::pay(
            view,
            &mut self.ledger,
            &ctx.spec.parameters,
            ctx.epoch,
            ctx.committee.keys(),
        )?;
        let previous: Option<Round> = view.get(&StateKey::round())?;
        let turns: Option<Turns> = view.get(&StateKey::turns())?;
        let epoch = ctx.epoch + 1;
        let at = RoundContext {
            epoch,
            now_ms: ctx.time_ms,
            previous: previous.as_ref(),
            turns: turns.as_ref(),
        };
        let RoundOutcome { round, ended } = self.ledger.run_round(&at, &self.rules);
        if round.seats.is_empty() {
            return Err(RuntimeError::NoCommittee { epoch });
        }
        for (node, generation, ended) in &ended {
            view.put(StateKey::ended(node, *generation), ended);
        }
        view.put(StateKey::round(), &round);
        committees::remember(view, ctx, previous.as_ref())?;
        Ok(round)
    }
}

/// The receipt of what a block does itself. No transaction has its hash.
fn own_receipt(height: u64, receipts: Vec<ReceiptEntry>) -> Receipt {
    Receipt {
        tx_hash: sha256(&[b"credo-block", &height.to_be_bytes()]),
        gas_usage: 0,
        ram_usage: Vec::new(),
        status: Status {
            code: StatusCode::Success,
            message: Text::default(),
        },
        returns: Vec::new(),
        receipts,
    }
}

/// Executes the transactions of somebody's block: all of them, or the block is invalid.
pub fn replay<S: StateRead>(
    ctx: BlockContext<'_>,
    parent: &S,
    candidates: Arc<Candidates>,
    txs: &[CheckedTransaction],
) -> Result<BlockOutcome, BlockError> {
    let mut builder = BlockBuilder::new(ctx, parent, candidates)?;
    for (index, tx) in txs.iter().enumerate() {
        match builder.push(tx) {
            Ok(_) => {}
            Err(PushError::Refused(refusal)) => return Err(BlockError::Invalid { index, refusal }),
            Err(PushError::Fatal(error)) => return Err(error.into()),
        }
    }
    Ok(builder.finish()?)
}
