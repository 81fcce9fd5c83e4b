//! Bytes that stand on disks and in browsers: a change of format is a change here.

use commonware_codec::Encode as _;
use credo_primitives::block::{HEADER_VERSION, StateCommitment};
use credo_primitives::hash::ZERO_DIGEST;
use credo_primitives::receipt::{RamUsage, ReceiptEntry};
use credo_primitives::spec::{Parameters, SPEC_VERSION};
use credo_primitives::{ChainSpec, Digest, Header, Preset, Receipt, Status, StatusCode, Text};

use crate::codecs::consensus_key;

fn header(msb: Option<Digest>) -> Header {
    Header {
        version: HEADER_VERSION,
        spec: Digest([1; 32]),
        shard: 2,
        epoch: 3,
        height: 4,
        view: 5,
        parent_view: 6,
        parent: Digest([7; 32]),
        time_ms: 8,
        proposer: consensus_key(9),
        transaction_root: Digest([10; 32]),
        receipt_root: Digest([11; 32]),
        state: StateCommitment {
            root: Digest([12; 32]),
            operations_root: Digest([13; 32]),
            operations_start: 14,
            operations_end: 15,
        },
        outbox_root: ZERO_DIGEST,
        msb,
    }
}

fn spec() -> ChainSpec {
    let mut committee = vec![consensus_key(1), consensus_key(2)];
    committee.sort();
    ChainSpec {
        version: SPEC_VERSION,
        preset: Preset::Devnet,
        name: Text::new("fixture").unwrap(),
        parameters: Parameters::preset(Preset::Devnet),
        salt: Digest([1; 32]),
        time_ms: 1_700_000_000_000,
        allocations: Digest([2; 32]),
        state: header(None).state.into(),
        servi_digest: Digest([3; 32]),
        committee,
    }
}

fn receipt() -> Receipt {
    Receipt {
        tx_hash: Digest([1; 32]),
        gas_usage: 762_900,
        ram_usage: vec![RamUsage {
            payer: Text::new("alice").unwrap(),
            bytes: -5,
        }],
        status: Status {
            code: StatusCode::RuntimeError,
            message: Text::new("no").unwrap(),
        },
        returns: vec![Text::new("[]").unwrap()],
        receipts: vec![ReceiptEntry {
            func_name: Text::new("token.iost/transfer").unwrap(),
            content: Text::new("[1]").unwrap(),
        }],
    }
}

#[test]
fn a_header() {
    assert_eq!(hex::encode(header(None).encode()), HEADER);
    assert_eq!(
        hex::encode(header(Some(Digest([16; 32]))).encode()),
        format!("{}01{}", &HEADER[..HEADER.len() - 2], "10".repeat(32))
    );
    assert_eq!(hex::encode(header(None).digest()), HEADER_DIGEST);
}

#[test]
fn a_chain_spec() {
    assert_eq!(hex::encode(spec().encode()), SPEC);
    assert_eq!(hex::encode(spec().hash()), SPEC_HASH);
}

#[test]
fn a_receipt() {
    assert_eq!(hex::encode(receipt().encode()), RECEIPT);
    assert_eq!(hex::encode(receipt().hash()), RECEIPT_HASH);
}

const HEADER: &str = "0101010101010101010101010101010101010101010101010101010101010101010002000000000000000300000000000000040000000000\
    000005000000000000000607070707070707070707070707070707070707070707070707070707070707070000000000000008604db0979c\
    20ed9d01b111521b31dcc8de85ebb981e773b0c8281bfcc05567030a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\
    0a0a0a0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c\
    0c0c0c0c0c0c0c0c0c0c0c0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d000000000000000e0000000000\
    00000f000000000000000000000000000000000000000000000000000000000000000000";
const HEADER_DIGEST: &str = "deb1836b390eedfdf65ac987114a640ff9c76ad27241076c3403ab60e7e4502b";
const SPEC: &str = "0302076669787475726500000004000000000000003c00000000000001f400000000000000fa000000000000000200000\
    000000027101d24b2dfac520000000000000000000a0000000000000006000000000001d4c0000000000000ea60012a6d8e11220000000\
    000000000009000000000000000140000000000000064000000000000000a000000000000006400000000000186a000000000000000010\
    00000000000000400010000000000000003000000174876e8000000000400000003000004000000000000015f900000000a000007d0001\
    0000000000000000e7ef000000000000186a000000000016e3600010101010101010101010101010101010101010101010101010101010\
    10101010000018bcfe5680002020202020202020202020202020202020202020202020202020202020202020c0c0c0c0c0c0c0c0c0c0c0\
    c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d00000\
    0000000000e000000000000000f030303030303030303030303030303030303030303030303030303030303030302478b8e507e0bb2b18\
    c0f9e0824769e8562d10df9abe2e774896f82b4b44052665925ba86e2189444a6c3b437b25d2ef35daecd1abf82c5fb36060f9fc0af428\
    c";
const SPEC_HASH: &str = "57cabf74842d3542813bc81e2a797c864102f253b81134f878d78edbbbcfa770";
const RECEIPT: &str = "010101010101010101010101010101010101010101010101010101010101010100000000000ba4140105616c696365fffffffffffffffb04\
    026e6f01025b5d0113746f6b656e2e696f73742f7472616e73666572035b315d";
const RECEIPT_HASH: &str = "253bc11044d913978df0ec0823ab9336bdd2a9162eeed61bc96dc20901421444";
