//! What transactions are charged for: every kind of work has a price in gas, and nothing is charged but by this list.
//!
//! Prices are IOST's where its documents name them and our work fits them; what it costs in time is measured by
//! `cargo xtask bench --prices` and stands, with where ours differ and why, in `docs/gas.md`. A transaction may use no more
//! than its own limit and the chain's ([`Parameters::tx_gas_limit`]), a block no more than [`Parameters::block_gas`]; so
//! its worst case in time is bounded by numbers on which all nodes agree. What a transaction used is charged to its
//! publisher ([`crate::charge`]); what stakes bring is counted in [`crate::gas_account`].

use credo_primitives::{Algorithm, CheckedTransaction, Parameters};

pub(crate) use crate::gas_account::{stake_votes, unstake_votes};

macro_rules! ops {
    ($( $(#[doc = $doc:literal])+ $op:ident = $name:literal, $gas:literal / $per:literal; )+) => {
        /// A kind of work that is charged.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Op {
            $( $(#[doc = $doc])+ $op, )+
        }

        impl Op {
            /// All of them.
            pub const ALL: &[Self] = &[$( Self::$op ),+];

            /// What one is called in `docs/gas.md`.
            pub const fn name(self) -> &'static str {
                match self {
                    $( Self::$op => $name, )+
                }
            }

            /// Its price.
            pub const fn price(self) -> Price {
                match self {
                    $( Self::$op => Price { gas: $gas, per: $per }, )+
                }
            }
        }
    };
}

ops! {
    /// A transaction in a block: its publisher's gas is read and written, its fee shared (P-22).
    Transaction = "transaction", 1_000 / 1;
    /// A byte of a transaction, of what its actions return and of its receipts; IOST's Net.
    Net = "byte of transaction, return or receipt", 10 / 1;
    /// Checking an ed25519 signature.
    Ed25519 = "ed25519 signature", 5_000 / 1;
    /// Checking a secp256k1 signature.
    Secp256k1 = "secp256k1 signature", 10_000 / 1;
    /// A replay mark: its entry, its place in a page, and that both are removed again.
    Mark = "replay mark", 1_500 / 1;
    /// Calling a contract's action.
    Call = "call of an action", 100 / 1;
    /// Reading a byte of an action's arguments.
    Argument = "byte of arguments", 2 / 1;
    /// A native step.
    Step = "step", 10 / 1;
    /// Reading an entry, or seeing that there is none.
    Read = "read", 300 / 1;
    /// A byte of an entry that is read.
    ReadByte = "byte read", 1 / 1;
    /// Writing an entry.
    Write = "write", 600 / 1;
    /// A byte of an entry that is written.
    WriteByte = "byte written", 1 / 1;
    /// Deleting an entry.
    Delete = "delete", 600 / 1;
    /// Asking for a permission.
    Ask = "question for a permission", 10 / 1;
    /// Evaluating a permission that the transaction doesn't list.
    Evaluation = "evaluation of a permission", 200 / 1;
    /// An item of a permission that is looked at.
    Item = "item of a permission", 10 / 1;
    /// A byte of an account whose permissions are looked at.
    AccountByte = "byte of an account", 1 / 1;
    /// A receipt, besides its bytes.
    Receipt = "receipt", 100 / 1;
    /// Holding what was spent of a token against the transaction's limit, after an action.
    Limit = "spent token held against its limit", 50 / 1;
    /// Reading a public key from its text and checking it.
    Key = "public key from text", 1_500 / 1;
    /// Writing a public key as text.
    KeyText = "public key to text", 300 / 1;
    /// Reading a node's consensus key and checking it.
    ConsensusKey = "consensus key", 1_500 / 1;
    /// A record of a Servi node that is changed.
    Node = "node's record changed", 2_000 / 1;
    /// A vote that is looked up among the Servi nodes.
    Vote = "vote looked up", 200 / 1;
    /// Checking the two signatures of evidence (P-5).
    Evidence = "evidence of misbehaviour", 20_000 / 1;
}

/// `gas` for every `per` units of a kind of work, rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// The gas.
    pub gas: u64,
    /// For how many units.
    pub per: u64,
}

impl Price {
    /// What `units` cost.
    pub const fn of(self, units: u64) -> u64 {
        units.saturating_mul(self.gas).div_ceil(self.per)
    }
}

/// How much of each kind of work was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work([u64; Op::ALL.len()]);

impl Default for Work {
    fn default() -> Self {
        Self([0; Op::ALL.len()])
    }
}

impl Work {
    /// Units of one kind.
    pub fn units(&self, op: Op) -> u64 {
        self.0[op as usize]
    }

    /// What all of it costs.
    pub fn gas(&self) -> u64 {
        let each = Op::ALL.iter().map(|op| op.price().of(self.units(*op)));
        each.fold(0, u64::saturating_add)
    }

    fn note(&mut self, op: Op, units: u64) {
        let sum = &mut self.0[op as usize];
        *sum = sum.saturating_add(units);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for op in Op::ALL {
            self.note(*op, other.units(*op));
        }
    }
}

/// The transaction's gas limit is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfGas;

/// Counts a transaction's gas against its limits.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    used: u64,
    limit: u64,
    /// What may be used while it isn't known yet who authorises the transaction.
    cap: u64,
    ratio: u64,
    /// What is charged when the limit is used up.
    whole: u64,
    work: Work,
}

impl Meter {
    /// A meter for a transaction's gas limit and ratio, both in node scale (× 100), and the chain's limit.
    pub(crate) fn new(gas_limit: i64, gas_ratio: i64, tx_gas_limit: u64) -> Self {
        let whole = u64::try_from(gas_limit).unwrap_or(0);
        let ratio = u64::try_from(gas_ratio).unwrap_or(100).max(1);
        let own = whole / ratio;
        let (limit, whole) = if own > tx_gas_limit {
            (tx_gas_limit, tx_gas_limit.saturating_mul(ratio))
        } else {
            (own, whole)
        };
        Self {
            used: 0,
            limit,
            cap: u64::MAX,
            ratio,
            whole,
            work: Work::default(),
        }
    }

    /// A transaction's.
    pub(crate) fn of(tx: &CheckedTransaction, parameters: &Parameters) -> Self {
        let tx = tx.tx();
        Self::new(tx.gas_limit, tx.gas_ratio, parameters.tx_gas_limit)
    }

    /// One that counts and limits nothing, for what nobody pays for.
    pub(crate) fn free() -> Self {
        Self::new(i64::MAX, 1, u64::MAX)
    }

    /// Charges work before it is done.
    pub(crate) fn charge(&mut self, op: Op, units: u64) -> Result<(), OutOfGas> {
        self.work.note(op, units);
        self.used = self.used.saturating_add(op.price().of(units));
        if self.used > self.limit.min(self.cap) {
            Err(OutOfGas)
        } else {
            Ok(())
        }
    }

    /// Charges what a transaction costs before anything of the state is looked at.
    pub(crate) fn enter(&mut self, tx: &CheckedTransaction) -> Result<(), OutOfGas> {
        self.charge(Op::Transaction, 1)?;
        self.charge(Op::Net, tx.bytes().len() as u64)?;
        let signs = tx.tx().signs.iter().chain(&tx.tx().publisher_signs);
        for sign in signs {
            let op = match sign.algorithm {
                Algorithm::Ed25519 => Op::Ed25519,
                Algorithm::Secp256k1 => Op::Secp256k1,
            };
            self.charge(op, 1)?;
        }
        // One for the publisher and at most one for each signer: as many as there are is told by hashing them.
        self.charge(Op::Mark, tx.replay_marks().len() as u64)
    }

    /// Lets no more than `gas` be used until [`Meter::uncap`].
    pub(crate) fn cap(&mut self, gas: u64) {
        self.cap = self.used.saturating_add(gas);
    }

    pub(crate) fn uncap(&mut self) {
        self.cap = u64::MAX;
    }

    /// Whether the transaction's own limit is what was passed.
    pub(crate) fn is_out(&self) -> bool {
        self.used > self.limit
    }

    /// Gas used in node scale; the whole limit when it ran out.
    pub(crate) fn usage(&self) -> i64 {
        let usage = if self.is_out() {
            self.whole
        } else {
            self.used.saturating_mul(self.ratio)
        };
        i64::try_from(usage).unwrap_or(i64::MAX)
    }

    /// Gas used, the ratio not counted; no more than the limit.
    pub(crate) fn used(&self) -> u64 {
        self.used.min(self.limit)
    }

    /// The most that may be used.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// What was done.
    pub(crate) fn work(&self) -> &Work {
        &self.work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_passed_by_its_own_or_the_chain_s_whichever_is_less() {
        let mut own = Meter::new(1_000_000, 200, 1_000_000);
        assert_eq!(own.limit(), 5_000);
        own.charge(Op::Read, 16).expect("4,800");
        assert_eq!(own.usage(), 960_000);
        assert_eq!(own.charge(Op::Read, 1), Err(OutOfGas));
        assert_eq!((own.usage(), own.used()), (1_000_000, 5_000));
        let mut chain = Meter::new(400_000_000, 100, 1_000);
        assert_eq!(chain.charge(Op::Read, 4), Err(OutOfGas));
        assert_eq!((chain.usage(), chain.used()), (100_000, 1_000));
    }

    #[test]
    fn a_cap_holds_until_it_is_taken_away() {
        let mut meter = Meter::new(400_000_000, 100, 1_000_000);
        meter.cap(900);
        meter.charge(Op::Read, 3).expect("900");
        assert_eq!(meter.charge(Op::Step, 1), Err(OutOfGas));
        assert!(!meter.is_out());
        meter.uncap();
        meter.charge(Op::Read, 3).expect("within the limit");
        assert_eq!(meter.work().units(Op::Read), 6);
        assert_eq!(meter.work().gas(), 1_810);
    }

    #[test]
    fn prices_are_rounded_up() {
        let price = Price { gas: 1, per: 4 };
        assert_eq!((price.of(0), price.of(1), price.of(4), price.of(5)), (0, 1, 1, 2));
        assert_eq!(price.of(u64::MAX), u64::MAX / 4 + 1);
    }
}
