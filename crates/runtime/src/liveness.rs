//! What a node says with its consensus key: that it is available (P-14), and who misbehaved (P-5).
//!
//! Such a transaction needs no account's key and costs no gas. It carries exactly one action, its publisher is the
//! node's account, and the only signature is the publisher's, by the node's consensus key. In return it is *refused*, and
//! never stands in a block, unless it is valid and new:
//!
//! - `vote_producer.iost/proveAvailability(account, epoch, proof)`: the node is a candidate, the epoch's MSB is one of
//!   the last two, later than the last one against which it proved itself, and `proof` (hexadecimal) shows that nothing
//!   stands under [`StateKey::availability`] in the state after that MSB. The node must have had that state: the proof
//!   carries what stands beside the key's hash, and the key depends on the MSB's digest and on the node.
//! - `vote_producer.iost/reportMisbehaviour(reporter, evidence)`: the reporter is the publisher, `evidence` (hexadecimal)
//!   convicts a member of the running committee or of one whose stake stays locked for a while yet, and that node wasn't punished for
//!   this epoch or a later one before.

use credo_pob::{Candidate, CandidateStatus, Candidates, Former, Ledger, Round, Rules};
use credo_primitives::entry::{LossReason, MsbMark, PastCommittee, PastSeat};
use credo_primitives::receipt::{RamUsage, ReceiptEntry};
use credo_primitives::{
    AccountName, Action, Algorithm, ChainSpec, CheckedTransaction, Committee, Evidence, EvidenceError,
    Receipt, StateKey, Status, StatusCode, Text, Transaction,
};
use credo_state::ProofError;
use serde_json::json;

use crate::abi::{Args, Kind, json};
use crate::authority::Authority;
use crate::contracts::{VOTE_PRODUCER, slashing};
use crate::gas::Meter;
use crate::host::{Host, Stop};
use crate::limits::Limits;
use crate::ram_usage::{RamCharges, settle};
use crate::view::View;
use crate::{BlockContext, PushError, Refusal, RuntimeError};

/// Proves that a node is available.
pub(crate) const PROVE_AVAILABILITY: &str = "proveAvailability";
/// Reports a member that signed two ways.
pub(crate) const REPORT_MISBEHAVIOUR: &str = "reportMisbehaviour";
/// Kinds of `proveAvailability`'s arguments.
pub(crate) const AVAILABILITY_ARGS: &[Kind] = &[Kind::Text, Kind::Number, Kind::Text];
/// Kinds of `reportMisbehaviour`'s arguments.
pub(crate) const MISBEHAVIOUR_ARGS: &[Kind] = &[Kind::Text, Kind::Text];

/// Why what a node says isn't valid or new.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LivenessError {
    /// The action's arguments don't fit.
    #[error("{0}")]
    Arguments(String),
    /// It names another account than its publisher.
    #[error("it names {named}, but its publisher is {publisher}: a node speaks for itself alone")]
    Account {
        /// Whom it names.
        named: String,
        /// Who published it.
        publisher: String,
    },
    /// Something else than hexadecimal text.
    #[error("the {0} isn't hexadecimal text")]
    Hex(&'static str),
    /// No candidate needs to prove anything.
    #[error("{0} isn't a candidate")]
    NotCandidate(AccountName),
    /// An MSB that is too old, or isn't in the state yet.
    #[error("the Micro State Block of epoch {0} isn't one of the last two")]
    Msb(i64),
    /// Proved before, or no need to.
    #[error(
        "{node} proved its availability against the Micro State Block of epoch {epoch} or a later one before"
    )]
    Proved {
        /// The node.
        node: AccountName,
        /// The epoch.
        epoch: u64,
    },
    /// The proof doesn't hold.
    #[error("the availability proof doesn't hold: {0}")]
    Proof(#[from] ProofError),
    /// The evidence convicts nobody.
    #[error("the evidence convicts nobody: {0}")]
    Evidence(#[from] EvidenceError),
    /// Evidence of that epoch comes too late, or too early.
    #[error("no committee of epoch {0} is known here, or evidence against it is too late: its stake returns")]
    Committee(u64),
    /// Punished before.
    #[error(
        "{node} was punished in epoch {punished} for what it did up to then; the evidence is of epoch {epoch}"
    )]
    Punished {
        /// The node.
        node: AccountName,
        /// When it was.
        punished: u64,
        /// The evidence's epoch.
        epoch: u64,
    },
    /// The punishment can't be carried out.
    #[error("the punishment can't be carried out: {0}")]
    Punishment(String),
}

impl From<LivenessError> for PushError {
    fn from(error: LivenessError) -> Self {
        Self::Refused(Refusal::Liveness(error))
    }
}

/// A member that evidence convicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Culprit {
    /// Its account.
    pub(crate) node: AccountName,
    /// The epoch in which it signed two ways.
    pub(crate) epoch: u64,
    /// The view.
    pub(crate) view: u64,
}

/// A transaction of a node's own that is valid and new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exempt {
    /// P-14.
    Availability {
        /// The node.
        account: AccountName,
        /// The epoch whose MSB it proved itself against.
        epoch: u64,
    },
    /// P-5.
    Misbehaviour {
        /// Who did it.
        culprit: Culprit,
        /// Who reports it.
        reporter: AccountName,
    },
}

impl Exempt {
    /// Tells whether `tx` is signed with a node's consensus key, and then whether it is valid and new at `now_ms`.
    /// `None` is for every other transaction; nothing is changed.
    pub(crate) fn of(
        view: &View<'_>,
        candidates: &Candidates,
        spec: &ChainSpec,
        now_ms: u64,
        tx: &CheckedTransaction,
    ) -> Result<Option<Self>, PushError> {
        let Some((node, action)) = by_node(candidates, tx) else {
            return Ok(None);
        };
        let account = node.account.clone();
        let args = |kinds| Args::parse(&action.name, &action.data, kinds).map_err(LivenessError::Arguments);
        let own = |named: &str| -> Result<(), LivenessError> {
            if named == account.as_str() {
                return Ok(());
            }
            Err(LivenessError::Account {
                named: named.chars().take(64).collect(),
                publisher: account.to_string(),
            })
        };
        if action.name == PROVE_AVAILABILITY {
            let args = args(AVAILABILITY_ARGS)?;
            own(args.text(0))?;
            let epoch = available(view, node, args.number(1), args.text(2))?;
            Ok(Some(Self::Availability { account, epoch }))
        } else {
            let args = args(MISBEHAVIOUR_ARGS)?;
            own(args.text(0))?;
            let culprit = culprit(view, candidates, spec, now_ms, args.text(1))?;
            Ok(Some(Self::Misbehaviour {
                culprit,
                reporter: account,
            }))
        }
    }

    /// Does what it says, for which nobody pays: `meter` counts it for the block. On an error nothing is changed.
    pub(crate) fn apply(
        self,
        view: &mut View<'_>,
        ledger: &mut Ledger,
        ctx: &BlockContext<'_>,
        rules: &Rules,
        meter: &mut Meter,
        tx: &CheckedTransaction,
    ) -> Result<Receipt, PushError> {
        let (authority, mut limits) = (Authority::default(), Limits::default());
        let mut host = Host {
            view,
            ledger,
            authority: &authority,
            limits: &mut limits,
            meter,
            rules,
            ctx,
            now_ms: ctx.time_ms,
            publisher: &tx.tx().publisher,
            receipts: Vec::new(),
            ram: RamCharges::default(),
            depth: 0,
        };
        let done = self.run(&mut host).and_then(|()| settle(&mut host));
        let receipts = std::mem::take(&mut host.receipts);
        match done {
            Ok(ram_usage) => {
                view.commit();
                ledger.commit();
                Ok(receipt(tx, receipts, ram_usage))
            }
            Err(stop) => {
                view.rollback();
                ledger.rollback();
                Err(match stop {
                    Stop::Fatal(error) => error.into(),
                    Stop::Failed(why) | Stop::RamNotEnough(why) => LivenessError::Punishment(why).into(),
                    Stop::OutOfGas => LivenessError::Punishment("out of gas".into()).into(),
                })
            }
        }
    }

    fn run(self, host: &mut Host<'_, '_>) -> Result<(), Stop> {
        match self {
            Self::Availability { account, epoch } => {
                host.ledger.prove_available(&account, epoch)?;
                let name = format!("{VOTE_PRODUCER}/{PROVE_AVAILABILITY}");
                host.receipt(&name, json(&json!([account, epoch])))
            }
            Self::Misbehaviour { culprit, reporter } => punish(host, &culprit, &reporter),
        }
    }
}

/// P-24. Takes what the culprit's misbehaviour costs, and leaves a receipt that says who, when, and who reported it.
pub(crate) fn punish(host: &mut Host<'_, '_>, culprit: &Culprit, reporter: &AccountName) -> Result<(), Stop> {
    slashing::punish(host, &culprit.node, reporter)?;
    let content = json(&json!([reporter, culprit.node, culprit.epoch, culprit.view]));
    host.receipt(&format!("{VOTE_PRODUCER}/{REPORT_MISBEHAVIOUR}"), content)
}

/// The node and the action of a transaction that is signed with the node's consensus key and says what only a node says.
fn by_node<'a>(
    candidates: &'a Candidates,
    tx: &'a CheckedTransaction,
) -> Option<(&'a Candidate, &'a Action)> {
    // The only signature was checked, so the key that it names is the one that signed.
    claims_node(candidates, tx.tx())
}

/// The same of a transaction whose signature isn't checked: which node it claims to come from.
pub(crate) fn claims_node<'a>(
    candidates: &'a Candidates,
    tx: &'a Transaction,
) -> Option<(&'a Candidate, &'a Action)> {
    let [action] = &tx.actions[..] else {
        return None;
    };
    let said = action.name == PROVE_AVAILABILITY || action.name == REPORT_MISBEHAVIOUR;
    if action.contract != VOTE_PRODUCER || !said || !tx.signers.is_empty() || !tx.signs.is_empty() {
        return None;
    }
    let [sign] = &tx.publisher_signs[..] else {
        return None;
    };
    let account = AccountName::any(tx.publisher.as_str()).ok()?;
    let node = candidates.find(&account)?;
    let its_own = sign.algorithm == Algorithm::Ed25519 && sign.public_key == node.key.as_ref();
    its_own.then_some((node, action))
}

/// P-14. The epoch against whose MSB the proof shows that `node` is available.
fn available(view: &View<'_>, node: &Candidate, epoch: i64, proof: &str) -> Result<u64, PushError> {
    if node.status != CandidateStatus::Candidate {
        return Err(LivenessError::NotCandidate(node.account.clone()).into());
    }
    let Ok(number) = u64::try_from(epoch) else {
        return Err(LivenessError::Msb(epoch).into());
    };
    let Some(mark) = view.get::<MsbMark>(&StateKey::msb(number))? else {
        return Err(LivenessError::Msb(epoch).into());
    };
    if number <= node.available {
        return Err(LivenessError::Proved {
            node: node.account.clone(),
            epoch: number,
        }
        .into());
    }
    let proof = hex::decode(proof).map_err(|_| LivenessError::Hex("proof"))?;
    let key = StateKey::availability(&mark.digest, &node.key);
    credo_state::verify(&mark.state.root, &key, None, &proof).map_err(LivenessError::from)?;
    Ok(number)
}

/// P-5. Whom `evidence` (hexadecimal) convicts, if that node wasn't punished for it before.
pub(crate) fn culprit(
    view: &View<'_>,
    candidates: &Candidates,
    spec: &ChainSpec,
    now_ms: u64,
    evidence: &str,
) -> Result<Culprit, PushError> {
    let bytes = hex::decode(evidence).map_err(|_| LivenessError::Hex("evidence"))?;
    let evidence = Evidence::from_bytes(&bytes).map_err(LivenessError::from)?;
    let epoch = evidence.first.epoch;
    let seats = seats(view, spec, epoch, now_ms)?.ok_or(LivenessError::Committee(epoch))?;
    let keys: Vec<_> = seats.iter().map(|seat| seat.key.clone()).collect();
    let broken = |why: &str| RuntimeError::Corrupt {
        key: StateKey::committee(epoch),
        why: why.into(),
    };
    let committee =
        Committee::new(spec.hash(), 0, epoch, &keys).ok_or_else(|| broken("it makes no committee"))?;
    let guilty = evidence.verify(&committee).map_err(LivenessError::from)?;
    let seat = seats
        .into_iter()
        .find(|seat| seat.key == guilty.key)
        .ok_or_else(|| broken("a member is missing"))?;
    let loss = match candidates.find(&seat.account) {
        Some(node) => node.loss,
        // It has lost its place since; its stake stands with its account.
        None => view
            .get::<Former>(&StateKey::former(&seat.account))?
            .and_then(|former| former.loss),
    };
    let before = loss.filter(|loss| loss.reason == LossReason::Misbehaved);
    if let Some(loss) = before.filter(|loss| loss.epoch >= epoch) {
        return Err(LivenessError::Punished {
            node: seat.account,
            punished: loss.epoch,
            epoch,
        }
        .into());
    }
    Ok(Culprit {
        node: seat.account,
        epoch,
        view: guilty.view,
    })
}

/// The members of the running committee, or of one against which evidence is still accepted.
fn seats(
    view: &View<'_>,
    spec: &ChainSpec,
    epoch: u64,
    now_ms: u64,
) -> Result<Option<Vec<PastSeat>>, RuntimeError> {
    let round: Option<Round> = view.get(&StateKey::round())?;
    if let Some(round) = round.filter(|round| round.epoch == epoch) {
        let member = |seat: credo_pob::Seat| PastSeat {
            key: seat.key,
            account: seat.account,
        };
        return Ok(Some(round.seats.into_iter().map(member).collect()));
    }
    let past: Option<PastCommittee> = view.get(&StateKey::committee(epoch))?;
    let open = |past: &PastCommittee| now_ms <= past.ended_ms.saturating_add(spec.parameters.evidence_ms());
    Ok(past.filter(open).map(|past| past.seats))
}

fn receipt(tx: &CheckedTransaction, receipts: Vec<ReceiptEntry>, ram_usage: Vec<RamUsage>) -> Receipt {
    Receipt {
        tx_hash: *tx.hash(),
        gas_usage: 0,
        ram_usage,
        status: Status {
            code: StatusCode::Success,
            message: Text::default(),
        },
        returns: vec![Text::new("[\"\"]").expect("four characters fit")],
        receipts,
    }
}
