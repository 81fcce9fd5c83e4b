//! Every lie that a relay can tell, one at a time.

use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use commonware_cryptography::Signer as _;
use credo_pob::RankingPart;
use credo_primitives::certificate::quorum;
use credo_primitives::{CertifiedHeader, ChainSpec, Digest, Receipt, Text, Transaction};
use credo_wire::{Message, Response, StateAnswer, TransactionAnswer};

use super::test_key;

/// What is altered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lie {
    /// The spec hash in the greeting: another chain.
    Greeting,
    /// The spec: a committee of the liar's own.
    Spec,
    /// A header's field, here the state root.
    Header,
    /// A header's time.
    HeaderTime,
    /// A signature in a certificate.
    Certificate,
    /// The signer bitmap: another seat claims a signature.
    Bitmap,
    /// A certificate of too few signatures.
    Quorum,
    /// The next committee in a hand-over.
    Committee,
    /// The next committee in a hand-over, with the header made to fit.
    CommitteeAndHeader,
    /// A value in the state.
    StateValue,
    /// A value that is said not to exist.
    StateAbsence,
    /// A byte of a state proof.
    StateProof,
    /// An old state in place of the present one.
    StaleState,
    /// A record in a part of the ranking of Servi nodes.
    Part,
    /// The order of a part's records.
    PartOrder,
    /// Another part than the one asked for.
    PartNumber,
    /// Nothing, where there is a part.
    PartMissing,
    /// The ranking of another Micro State Block.
    PartEpoch,
    /// The transaction's bytes.
    Transaction,
    /// The transaction's place in its block.
    TransactionIndex,
    /// The receipt's content.
    Receipt,
    /// The receipt of another transaction.
    ReceiptOwner,
    /// A block's transactions.
    Block,
    /// An answer to another question.
    Kind,
}

impl Lie {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::Greeting,
        Self::Spec,
        Self::Header,
        Self::HeaderTime,
        Self::Certificate,
        Self::Bitmap,
        Self::Quorum,
        Self::Committee,
        Self::CommitteeAndHeader,
        Self::StateValue,
        Self::StateAbsence,
        Self::StateProof,
        Self::StaleState,
        Self::Part,
        Self::PartOrder,
        Self::PartNumber,
        Self::PartMissing,
        Self::PartEpoch,
        Self::Transaction,
        Self::TransactionIndex,
        Self::Receipt,
        Self::ReceiptOwner,
        Self::Block,
        Self::Kind,
    ];
}

/// Alters what an honest relay sends, by one lie.
#[derive(Clone, Debug)]
pub struct Liar {
    /// The lie; `None` passes everything on as it is.
    pub lie: Option<Lie>,
    /// The first state answer, to be served again.
    old: Option<StateAnswer>,
}

/// Where the bitmap begins in a finalization: after three varints and the digest stand eight bytes of its length.
fn bitmap_at(certificate: &[u8]) -> Option<usize> {
    let mut at = 0;
    for _ in 0..3 {
        while certificate.get(at)? & 0x80 != 0 {
            at += 1;
        }
        at += 1;
    }
    Some(at + 32 + 8)
}

fn alter_bitmap(certificate: &mut [u8]) {
    // The signer with the lowest seat hands its signature to another seat: same number of bits, all else the same.
    if let Some(at) = bitmap_at(certificate)
        && let Some(byte) = certificate.get_mut(at)
    {
        *byte = if *byte & 1 == 1 && *byte & 0b1110 != 0b1110 {
            (*byte & !1) | (!*byte & (*byte + 1))
        } else {
            *byte ^ 0b1000
        };
    }
}

/// Leaves so many signatures that one is missing.
fn too_few(certificate: &mut Vec<u8>) {
    let Some(at) = bitmap_at(certificate) else {
        return;
    };
    let seats = u64::from_be_bytes(certificate[at - 8..at].try_into().expect("eight bytes")) as usize;
    let (keep, bytes) = (quorum(seats).saturating_sub(1), seats.div_ceil(8));
    let mut kept = 0;
    for seat in 0..seats {
        let (byte, bit) = (at + seat / 8, 1u8 << (seat % 8));
        if certificate[byte] & bit != 0 {
            kept += 1;
            if kept > keep {
                certificate[byte] &= !bit;
            }
        }
    }
    let count = at + bytes;
    certificate[count] = keep as u8;
    certificate.truncate(count + 1 + keep * 64);
}

fn alter_part(lie: Lie, bytes: &mut Vec<u8>) {
    let Ok(mut part) = RankingPart::from_bytes(bytes) else {
        return;
    };
    match lie {
        Lie::Part => part.nodes[0].votes = credo_primitives::Amount::MAX,
        Lie::PartOrder => part.nodes.swap(0, 1),
        Lie::PartNumber => part.number ^= 1,
        Lie::PartMissing => return bytes.clear(),
        Lie::PartEpoch => part.epoch ^= 1,
        _ => return,
    }
    *bytes = part.encode().to_vec();
}

impl Liar {
    /// A relay that tells this lie, or none.
    pub fn new(lie: Option<Lie>) -> Self {
        Self { lie, old: None }
    }

    /// What the liar sends in place of an honest message.
    pub fn alter(&mut self, message: Message) -> Message {
        match message {
            Message::Response { id, response } => Message::Response {
                id,
                response: self.alter_response(response),
            },
            Message::Head(mut head) => {
                self.alter_head(&mut head);
                Message::Head(head)
            }
            other => other,
        }
    }

    fn alter_head(&self, head: &mut CertifiedHeader) {
        match self.lie {
            Some(Lie::Header) => head.header.state.root = Digest::from([9; 32]),
            Some(Lie::HeaderTime) => head.header.time_ms += 1,
            Some(Lie::Certificate) => {
                if let Some(last) = head.certificate.last_mut() {
                    *last ^= 1;
                }
            }
            Some(Lie::Bitmap) => alter_bitmap(&mut head.certificate),
            Some(Lie::Quorum) => too_few(&mut head.certificate),
            _ => {}
        }
    }

    /// What the liar answers in place of an honest answer.
    pub fn alter_response(&mut self, response: Response) -> Response {
        let Some(lie) = self.lie else {
            return response;
        };
        match response {
            Response::Welcome(mut welcome) => {
                if lie == Lie::Greeting {
                    welcome.spec = Digest::from([8; 32]);
                }
                Response::Welcome(welcome)
            }
            Response::Spec(bytes) if lie == Lie::Spec => {
                let mut spec = ChainSpec::from_bytes(&bytes).expect("an honest spec");
                spec.committee = (0..4).map(|i| test_key(2_000 + i).public_key()).collect();
                spec.committee.sort();
                Response::Spec(spec.encode().to_vec())
            }
            Response::HandOvers(mut hand_overs) => {
                for hand_over in &mut hand_overs {
                    if matches!(lie, Lie::Committee | Lie::CommitteeAndHeader) {
                        hand_over.msb.next_committee[0] = test_key(2_000).public_key();
                        hand_over.msb.next_committee.sort();
                    }
                    if lie == Lie::CommitteeAndHeader {
                        hand_over.header.msb = Some(hand_over.msb.digest());
                    }
                }
                Response::HandOvers(hand_overs)
            }
            Response::Head(mut head) => {
                self.alter_head(&mut head);
                Response::Head(head)
            }
            Response::State(answer) => Response::State(self.alter_state(lie, answer)),
            Response::Ranking(mut answer) => {
                self.alter_head(&mut answer.state.head);
                alter_part(lie, &mut answer.part);
                if lie == Lie::Kind {
                    return Response::State(answer.state);
                }
                Response::Ranking(answer)
            }
            Response::Transaction(TransactionAnswer::Final(mut included)) => {
                self.alter_head(&mut included.head);
                match lie {
                    Lie::Transaction => {
                        let mut other = Transaction::decode(&included.transaction).expect("an honest one");
                        other.time += 1;
                        included.transaction = other.encode();
                    }
                    Lie::TransactionIndex => included.index += 1,
                    Lie::Receipt | Lie::ReceiptOwner => {
                        let mut other =
                            Receipt::decode(Copying(&included.receipt)).expect("an honest receipt");
                        other.gas_usage += 1;
                        if lie == Lie::ReceiptOwner {
                            other.tx_hash = Digest::from([3; 32]);
                        }
                        included.receipt = other.encode().to_vec();
                    }
                    _ => {}
                }
                Response::Transaction(TransactionAnswer::Final(included))
            }
            Response::Block(mut answer) => {
                self.alter_head(&mut answer.head);
                match lie {
                    Lie::Block => answer.transactions.push(Digest::from([4; 32])),
                    Lie::Kind => return Response::Submitted(Digest::from([4; 32])),
                    _ => {}
                }
                Response::Block(answer)
            }
            other => other,
        }
    }

    fn alter_state(&mut self, lie: Lie, mut answer: StateAnswer) -> StateAnswer {
        self.alter_head(&mut answer.head);
        if lie == Lie::StaleState {
            return self.old.get_or_insert(answer).clone();
        }
        for entry in &mut answer.entries {
            match lie {
                Lie::StateValue => match &mut entry.value {
                    Some(value) if !value.is_empty() => value[0] ^= 1,
                    value => *value = Some(vec![1]),
                },
                Lie::StateAbsence => entry.value = None,
                Lie::StateProof => {
                    let middle = entry.proof.len() / 2;
                    entry.proof[middle] ^= 1;
                }
                _ => {}
            }
        }
        answer
    }

    /// A refusal in an honest relay's words.
    pub fn refusal(why: &str) -> Response {
        Response::Refused(Text::new(why).unwrap_or_default())
    }
}
