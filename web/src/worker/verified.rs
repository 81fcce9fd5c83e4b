//! The light client's answers in the form that the worker goes on with.

use credo_light::{Answer as Verified, ProofInfo, RankingInfo, TransactionStatus};
use credo_primitives::{Digest, Header, Receipt, Transaction};

use super::activity::Trace;
use super::facts::Proof;
use crate::protocol::FromWorker;

/// Names a question: the session's ticket, or a number of ours.
pub(super) type AskId = u64;

/// A verified answer; only [`Answer::Trace`] without a proof, and [`Answer::Submitted`], are a relay's word.
#[derive(Debug)]
pub(super) enum Answer {
    State {
        proof: Proof,
        entries: Vec<Option<Vec<u8>>>,
    },
    Ranking {
        proof: Proof,
        info: Box<RankingInfo>,
    },
    Trace {
        trace: Trace,
        included: Option<Box<Inclusion>>,
    },
    Block {
        proof: Proof,
        header: Box<Header>,
        transactions: Vec<Digest>,
    },
    Submitted,
}

/// A transaction in a final block with its receipt.
#[derive(Debug)]
pub(super) struct Inclusion {
    pub(super) proof: Proof,
    pub(super) transaction: Transaction,
    pub(super) receipt: Receipt,
    /// The relay's whole answer, for storing: it verifies again without any relay.
    pub(super) evidence: Option<Vec<u8>>,
}

/// What the light client says.
#[derive(Debug)]
pub(super) enum Happening {
    /// To the page.
    Post(FromWorker),
    /// Store this for the chain with this hash.
    Store { hash: String, checkpoint: Vec<u8> },
    /// A newer head.
    Head,
    /// A question was answered.
    Answered(AskId, Result<Answer, String>),
}

impl From<&ProofInfo> for Proof {
    fn from(info: &ProofInfo) -> Self {
        Self {
            height: info.height,
            epoch: info.epoch,
            signatures: info.signatures,
            seats: info.seats,
            time_ms: info.time_ms as f64,
        }
    }
}

/// Takes a verified answer; `evidence` is what the relay sent, where it is worth keeping.
pub(super) fn read(answer: Verified, evidence: Option<Vec<u8>>) -> Answer {
    match answer {
        Verified::State(entries) => {
            // One snapshot: every entry has the same proof, and the session asks for at least one key.
            let proof = entries.first().map_or(NOTHING, |entry| Proof::from(&entry.proof));
            Answer::State {
                proof,
                entries: entries.into_iter().map(|entry| entry.value).collect(),
            }
        }
        Verified::Ranking(proved) => Answer::Ranking {
            proof: Proof::from(&proved.proof),
            info: Box::new(proved.value),
        },
        Verified::Submitted(_) => Answer::Submitted,
        Verified::Block(proved) => Answer::Block {
            proof: Proof::from(&proved.proof),
            header: Box::new(proved.value.header),
            transactions: proved.value.transactions,
        },
        Verified::Transaction(status) => match status {
            TransactionStatus::Unknown => Answer::Trace {
                trace: Trace::Unknown,
                included: None,
            },
            TransactionStatus::Pending => Answer::Trace {
                trace: Trace::Pending,
                included: None,
            },
            TransactionStatus::Believable { .. } => Answer::Trace {
                trace: Trace::Believable,
                included: None,
            },
            TransactionStatus::Final(proved) => {
                let proof = Proof::from(&proved.proof);
                let (transaction, receipt) = proved.value;
                let failed = (!receipt.is_success()).then(|| {
                    let message = receipt.status.message.as_str();
                    if message.is_empty() {
                        receipt.status.code.name().to_owned()
                    } else {
                        message.to_owned()
                    }
                });
                let trace = Trace::Proved {
                    height: proof.height,
                    failed,
                };
                let included = Some(Box::new(Inclusion {
                    proof,
                    transaction,
                    receipt,
                    evidence,
                }));
                Answer::Trace { trace, included }
            }
        },
    }
}

/// Proves nothing.
const NOTHING: Proof = Proof {
    height: 0,
    epoch: 0,
    signatures: 0,
    seats: 0,
    time_ms: 0.0,
};
