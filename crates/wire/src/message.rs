//! Requests, responses and pushes.

use bytes::{BufMut, Bytes};
use commonware_codec::{Buf, EncodeSize, Error, Read, ReadExt, ReadRangeExt, Write};
use credo_msb::HandOver;
use credo_primitives::merkle::MerkleProof;
use credo_primitives::tx::MAX_TX_SIZE;
use credo_primitives::{CertifiedHeader, Digest, StateKey, Text, codec_struct};

/// The version of this protocol; also part of the stream's protocol name, `/credo/light/2`.
pub const WIRE_VERSION: u16 = 2;
/// Most hand-overs in one answer.
pub const MAX_HAND_OVERS: usize = 256;
/// Most keys in one state request.
pub const MAX_KEYS: usize = 32;
/// Largest chain spec in bytes.
pub const MAX_SPEC: usize = 64 * 1024;
/// Largest proof of one key in bytes.
pub const MAX_PROOF: usize = 128 * 1024;
/// Largest part of the ranking of Servi nodes in bytes, whatever they say of themselves.
pub const MAX_PART: usize = 256 * 1024;

/// Everything that travels in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Client to relay.
    Request {
        /// Chosen by the client, not 0.
        id: u64,
        /// What is asked.
        request: Request,
    },
    /// Relay to client.
    Response {
        /// The request's id.
        id: u64,
        /// The answer.
        response: Response,
    },
    /// Relay to client, after [`Request::Subscribe`]: a new final head.
    Head(CertifiedHeader),
    /// Either way, every two seconds; answered by [`Message::Pong`] with the same number.
    Ping(u64),
    /// Answer to a ping.
    Pong(u64),
    /// Either way: the sender is leaving on purpose.
    Goodbye,
}

/// What a client can ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// First of all: which version the client speaks.
    Hello {
        /// [`WIRE_VERSION`].
        version: u16,
    },
    /// The chain spec's bytes.
    Spec,
    /// Hand-overs from an epoch on, as many as fit.
    HandOvers {
        /// First epoch.
        from: u64,
        /// At most this many; the relay sends at most [`MAX_HAND_OVERS`].
        max: u32,
    },
    /// The newest final head, and every later one as a push.
    Subscribe,
    /// Values with proofs, all from one snapshot.
    State {
        /// The keys, at most [`MAX_KEYS`].
        keys: Vec<StateKey>,
    },
    /// A part of the ranking of Servi nodes at the last MSB.
    Ranking {
        /// Its number, from 0.
        part: u32,
    },
    /// A transaction in IOST's Full encoding.
    Submit {
        /// Its bytes.
        transaction: Vec<u8>,
    },
    /// What became of a transaction.
    Transaction {
        /// Its hash.
        hash: Digest,
    },
    /// A final block's header and the hashes of its transactions.
    Block {
        /// Its height.
        height: u64,
    },
}

/// What a relay answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// To [`Request::Hello`].
    Welcome(Welcome),
    /// To [`Request::Spec`].
    Spec(Vec<u8>),
    /// To [`Request::HandOvers`], in order; empty when there is none from there on.
    HandOvers(Vec<HandOver>),
    /// To [`Request::Subscribe`].
    Head(CertifiedHeader),
    /// To [`Request::State`].
    State(StateAnswer),
    /// To [`Request::Ranking`].
    Ranking(RankingAnswer),
    /// To [`Request::Submit`]: taken into the pool.
    Submitted(Digest),
    /// To [`Request::Transaction`].
    Transaction(TransactionAnswer),
    /// To [`Request::Block`].
    Block(BlockAnswer),
    /// To any: why not, in a sentence.
    Refused(Text<1024>),
}

/// The relay introduces itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// The version it speaks.
    pub version: u16,
    /// The chain it follows.
    pub spec: Digest,
    /// Its newest final height.
    pub height: u64,
    /// Program and version.
    pub agent: Text<64>,
    /// Its clock, ms since 1970 (claimed; for choosing a transaction's time).
    pub time_ms: u64,
}
codec_struct!(Welcome {
    version,
    spec,
    height,
    agent,
    time_ms
});

/// A value, or its absence, with what proves it: bytes that `credo_state::verify` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyProof {
    /// The value; `None` when nothing stands there.
    pub value: Option<Vec<u8>>,
    /// The store's proof of presence or absence.
    pub proof: Vec<u8>,
}

impl Write for KeyProof {
    fn write(&self, buf: &mut impl BufMut) {
        self.value.write(buf);
        self.proof.write(buf);
    }
}
impl EncodeSize for KeyProof {
    fn encode_size(&self) -> usize {
        self.value.encode_size() + self.proof.encode_size()
    }
}
impl Read for KeyProof {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let max = credo_primitives::state_key::MAX_STATE_VALUE;
        let value = Option::<Vec<u8>>::read_cfg(buf, &((..=max).into(), ()))?;
        Ok(Self {
            value,
            proof: Vec::read_range(buf, ..=MAX_PROOF)?,
        })
    }
}

/// Values from one snapshot, in the order of the keys asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateAnswer {
    /// The snapshot's header with what makes it final.
    pub head: CertifiedHeader,
    /// One per key.
    pub entries: Vec<KeyProof>,
}
codec_struct!(StateAnswer {
    head,
    entries: MAX_KEYS
});

/// A part of the ranking of Servi nodes with the proof of its digest, and of this epoch's turns and round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankingAnswer {
    /// Entries for the keys `ranking`, that part's, `round` and `turns`, in this order, from one snapshot.
    pub state: StateAnswer,
    /// The part's canonical encoding; empty when the ranking has no such part.
    pub part: Vec<u8>,
}
codec_struct!(RankingAnswer {
    state,
    part: MAX_PART
});

/// A transaction that is in a final block, with what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    /// The block's header with what makes it final.
    pub head: CertifiedHeader,
    /// Its place in the block.
    pub index: u32,
    /// Its Full bytes.
    pub transaction: Vec<u8>,
    /// Its receipt's bytes.
    pub receipt: Vec<u8>,
    /// Path of its hash to the header's transaction root.
    pub transaction_proof: MerkleProof,
    /// Path of its receipt's hash to the header's receipt root.
    pub receipt_proof: MerkleProof,
}
codec_struct!(Included {
    head,
    index,
    transaction: MAX_TX_SIZE,
    receipt: 256 * 1024,
    transaction_proof,
    receipt_proof,
});

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionAnswer {
    /// Not known here.
    Unknown,
    /// Waiting in the pool (claimed).
    Pending,
    /// In a block that isn't final yet (claimed).
    Believable {
        /// That block's height.
        height: u64,
    },
    /// In a final block.
    Final(Included),
}

/// A final block for the block page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockAnswer {
    /// Its header with what makes it final.
    pub head: CertifiedHeader,
    /// The hashes of its transactions: they give the header's transaction root.
    pub transactions: Vec<Digest>,
}
codec_struct!(BlockAnswer {
    head,
    transactions: credo_primitives::block::MAX_BLOCK_TXS
});

/// Implements the codec for an enum: a tag byte, then the variant's fields in order.
macro_rules! codec_enum {
    ($ty:ident { $($tag:literal => $variant:ident $( ( $inner:ident $(: $imax:expr)? ) )? $( { $($field:ident $(: $max:expr)?),* } )? ),* $(,)? }) => {
        impl Write for $ty {
            fn write(&self, buf: &mut impl BufMut) {
                match self {
                    $( Self::$variant $( ($inner) )? $( { $($field),* } )? => {
                        ($tag as u8).write(buf);
                        $( $inner.write(buf); )?
                        $( $( $field.write(buf); )* )?
                    } )*
                }
            }
        }
        impl EncodeSize for $ty {
            fn encode_size(&self) -> usize {
                1 + match self {
                    $( Self::$variant $( ($inner) )? $( { $($field),* } )? => {
                        0 $( + $inner.encode_size() )? $( $( + $field.encode_size() )* )?
                    } )*
                }
            }
        }
        impl Read for $ty {
            type Cfg = ();
            fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
                match u8::read(buf)? {
                    $( $tag => {
                        $( let $inner = codec_struct!(@read buf $(, $imax)?); )?
                        $( $( let $field = codec_struct!(@read buf $(, $max)?); )* )?
                        Ok(Self::$variant $( ($inner) )? $( { $($field),* } )?)
                    } )*
                    other => Err(Error::InvalidEnum(other)),
                }
            }
        }
    };
}

codec_enum!(Message {
    0 => Request { id, request },
    1 => Response { id, response },
    2 => Head(head),
    3 => Ping(nonce),
    4 => Pong(nonce),
    5 => Goodbye,
});

codec_enum!(Request {
    0 => Hello { version },
    1 => Spec,
    2 => HandOvers { from, max },
    3 => Subscribe,
    4 => State { keys: MAX_KEYS },
    5 => Ranking { part },
    6 => Submit { transaction: MAX_TX_SIZE },
    7 => Transaction { hash },
    8 => Block { height },
});

codec_enum!(Response {
    0 => Welcome(welcome),
    1 => Spec(spec: MAX_SPEC),
    2 => HandOvers(hand_overs: MAX_HAND_OVERS),
    3 => Head(head),
    4 => State(answer),
    5 => Ranking(answer),
    6 => Submitted(hash),
    7 => Transaction(answer),
    8 => Block(answer),
    9 => Refused(why),
});

codec_enum!(TransactionAnswer {
    0 => Unknown,
    1 => Pending,
    2 => Believable { height },
    3 => Final(included),
});

impl Message {
    /// The message's bytes, without framing.
    pub fn to_bytes(&self) -> Bytes {
        commonware_codec::Encode::encode(self)
    }

    /// Decodes a frame's body.
    pub fn from_bytes(bytes: Bytes) -> Result<Self, Error> {
        commonware_codec::DecodeExt::decode(bytes)
    }

    /// The first bytes of an encoded [`Message::Response`]: `response.encode()` follows. So one encoded answer can
    /// be sent to many clients without copying it.
    pub fn response_prefix(id: u64) -> Vec<u8> {
        let mut out = vec![1u8];
        id.write(&mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_its_prefix_and_its_body() {
        let response = Response::Refused(Text::new("no").unwrap());
        let mut pieces = Message::response_prefix(77);
        pieces.extend_from_slice(&commonware_codec::Encode::encode(&response));
        assert_eq!(pieces, Message::Response { id: 77, response }.to_bytes());
    }
}
