//! What became of a transaction, in IOST's bytes.

use bytes::BufMut;
use commonware_codec::{Buf, EncodeSize, Error, Read, ReadExt, Write};

use crate::hash::sha3_256;
use crate::{Digest, Text};

/// Longest text within a receipt, in bytes.
pub const MAX_RECEIPT_TEXT: usize = 65_536;
const MAX_RECEIPT_ITEMS: usize = 4_096;

/// IOST's status codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum StatusCode {
    Success = 0,
    GasRunOut = 1,
    BalanceNotEnough = 2,
    WrongParameter = 3,
    RuntimeError = 4,
    Timeout = 5,
    WrongTxFormat = 6,
    DuplicateSetCode = 7,
    UnknownError = 8,
}

impl StatusCode {
    /// IOST's name, e.g. `RUNTIME_ERROR`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::GasRunOut => "GAS_RUN_OUT",
            Self::BalanceNotEnough => "BALANCE_NOT_ENOUGH",
            Self::WrongParameter => "WRONG_PARAMETER",
            Self::RuntimeError => "RUNTIME_ERROR",
            Self::Timeout => "TIMEOUT",
            Self::WrongTxFormat => "WRONG_TX_FORMAT",
            Self::DuplicateSetCode => "DUPLICATE_SET_CODE",
            Self::UnknownError => "UNKNOWN_ERROR",
        }
    }

    fn from_id(id: u8) -> Option<Self> {
        const ALL: [StatusCode; 9] = [
            StatusCode::Success,
            StatusCode::GasRunOut,
            StatusCode::BalanceNotEnough,
            StatusCode::WrongParameter,
            StatusCode::RuntimeError,
            StatusCode::Timeout,
            StatusCode::WrongTxFormat,
            StatusCode::DuplicateSetCode,
            StatusCode::UnknownError,
        ];
        ALL.get(usize::from(id)).copied()
    }
}

impl Write for StatusCode {
    fn write(&self, buf: &mut impl BufMut) {
        (*self as u8).write(buf);
    }
}
impl EncodeSize for StatusCode {
    fn encode_size(&self) -> usize {
        1
    }
}
impl Read for StatusCode {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let id = u8::read(buf)?;
        Self::from_id(id).ok_or(Error::InvalidEnum(id))
    }
}

/// Code and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The code.
    pub code: StatusCode,
    /// Empty on success, else why it failed.
    pub message: Text<MAX_RECEIPT_TEXT>,
}
codec_struct!(Status { code, message });

/// One entry that a contract left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptEntry {
    /// `contract/action`.
    pub func_name: Text<128>,
    /// JSON text.
    pub content: Text<MAX_RECEIPT_TEXT>,
}
codec_struct!(ReceiptEntry { func_name, content });

/// RAM that an account was charged, in bytes; negative when it was given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RamUsage {
    /// The payer's name.
    pub payer: Text<64>,
    /// Bytes.
    pub bytes: i64,
}
codec_struct!(RamUsage { payer, bytes });

/// A transaction's receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction's hash.
    pub tx_hash: Digest,
    /// Gas used × 100.
    pub gas_usage: i64,
    /// RAM by payer, sorted by name.
    pub ram_usage: Vec<RamUsage>,
    /// What became of it.
    pub status: Status,
    /// One JSON array text per action.
    pub returns: Vec<Text<MAX_RECEIPT_TEXT>>,
    /// What the contracts left.
    pub receipts: Vec<ReceiptEntry>,
}
codec_struct!(Receipt {
    tx_hash,
    gas_usage,
    ram_usage: MAX_RECEIPT_ITEMS,
    status,
    returns: MAX_RECEIPT_ITEMS,
    receipts: MAX_RECEIPT_ITEMS,
});

impl Receipt {
    /// True when every action succeeded.
    pub fn is_success(&self) -> bool {
        self.status.code == StatusCode::Success
    }

    /// SHA3-256 over IOST's receipt bytes: hash, gas, status, RAM map, returns, receipts.
    pub fn hash(&self) -> Digest {
        fn bytes(out: &mut Vec<u8>, b: &[u8]) {
            out.extend_from_slice(&(b.len() as i32).to_be_bytes());
            out.extend_from_slice(b);
        }
        let mut out = Vec::new();
        bytes(&mut out, self.tx_hash.as_ref());
        out.extend_from_slice(&self.gas_usage.to_be_bytes());
        let mut status = (self.status.code as i32).to_be_bytes().to_vec();
        bytes(&mut status, self.status.message.as_str().as_bytes());
        bytes(&mut out, &status);
        out.extend_from_slice(&(self.ram_usage.len() as i32).to_be_bytes());
        for ram in &self.ram_usage {
            bytes(&mut out, ram.payer.as_str().as_bytes());
            out.extend_from_slice(&ram.bytes.to_be_bytes());
        }
        out.extend_from_slice(&(self.returns.len() as i32).to_be_bytes());
        for text in &self.returns {
            bytes(&mut out, text.as_str().as_bytes());
        }
        out.extend_from_slice(&(self.receipts.len() as i32).to_be_bytes());
        for entry in &self.receipts {
            let mut inner = Vec::new();
            bytes(&mut inner, entry.func_name.as_str().as_bytes());
            bytes(&mut inner, entry.content.as_str().as_bytes());
            bytes(&mut out, &inner);
        }
        sha3_256(&out)
    }
}
