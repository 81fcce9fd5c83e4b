//! Executes transactions on the state: blocks, system contracts, permissions, gas and receipts.
//!
//! Pure and synchronous: the parent's state, the time and the transactions come in, writes and receipts go out. A
//! proposer drives a [`BlockBuilder`]; everybody else [`replay`]s the same transactions and must come to the same
//! [`BlockOutcome`]. [`genesis`] makes the first state.
//!
//! # A block
//!
//! 1. What stands at its start: marks of transactions that have been dead for long leave the state (P-45), the turns of the
//!    epoch are counted (P-15), in an epoch's first block digest and state of the MSB before it are written (P-14; the last two are kept).
//! 2. Transactions, each one whole or not at all. A transaction that may not stand in the block at all (expired,
//!    replayed, not authorised, …) is a [`Refusal`] and leaves no trace. All work is charged by one list of prices ([`Op`]);
//!    what finding out takes whether a transaction may stand is bounded, what a block's transactions use is, too. One whose action fails leaves its receipt,
//!    with the reason, the charge for its gas, and the entry that refuses its replay; nothing else.
//! 3. In an epoch's last block, the MSB block, there are no transactions (P-30): rewards are paid (P-20), the round is run on
//!    the state before it (P-11), how candidacies ended is written (P-16), and the committee is kept for evidence (P-5).
//! 4. The candidates' changed records are written, and the digest of the whole list once (P-42).
//!
//! # Deviations from IOST
//!
//! - Gas is charged by IOST's table where that covers the work; `docs/gas.md` lists what costs more.
//! - RAM is paid by whom IOST's system contracts name, by the bytes that stand here, which are fewer than in IOST's texts.
//!   `ram_usage` in receipts lists accounts alone, not the contracts that nobody is billed for.
//! - A transaction that would need gas to get its first gas ([`gas.iost/pledge`](charge)) stands in a block only if it succeeds.
//! - `vote_producer.iost/applyRegister` is approved at once, but on a private network, and `logInProducer` is the application
//!   for candidacy, which locks the deposit (P-10). `logOutProducer`, `applyUnregister` and `unregister` are one: the node
//!   leaves in the next round. Elections, rewards and locks follow P-11 to P-24, not IOST's `stat` and bonus coefficients.
//! - Nothing is minted: `issue.iost` pays out of the reward pool (P-20), and its minting actions are refused.
//! - Contracts can't be deployed: `system.iost/setCode` says so.
//! - Where a single contract differs from IOST's, its module says so: `contracts/*.rs`. `msig.iost` is ours; eth-style accounts
//!   (`0x…`) aren't supported.
//! - A replay is recognised by what was signed and by whom
//!   ([`replay_marks`](credo_primitives::CheckedTransaction::replay_marks)), not by the hash, which covers bytes that
//!   anyone can change; a transaction with `referredTx` is refused.
//! - Amounts in exponent notation (`1e3`) are read where IOST's contracts in JavaScript read them, and refused elsewhere in
//!   execution, too, not by the RPC alone.

mod abi;
mod authority;
mod block;
mod charge;
mod check;
mod committees;
mod contracts;
mod error;
mod execute;
mod executed;
mod fees;
mod gas;
mod gas_account;
mod genesis;
mod host;
mod limits;
mod list;
mod liveness;
mod moves;
mod precheck;
mod ram_usage;
mod rewards;
mod stake;
mod supply;
mod turns;
mod view;

pub use block::{BlockBuilder, BlockContext, BlockOutcome, replay};
pub use charge::Means;
pub use error::{BlockError, GenesisError, PushError, Refusal, RuntimeError};
pub use gas::{Op, Price, Work};
pub use genesis::{GenesisState, genesis};
pub use limits::LimitError;
pub use list::{load_candidates, load_ranking};
pub use liveness::LivenessError;
pub use precheck::{Admitted, PrecheckError, admit, gas_of, precheck, standing};
