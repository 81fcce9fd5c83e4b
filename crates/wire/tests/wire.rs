//! Every message comes back as it went; no bytes make the decoder panic; limits hold; the bytes are these.

use bytes::Bytes;
use commonware_cryptography::Signer as _;
use commonware_cryptography::ed25519::PrivateKey;
use credo_msb::{HandOver, MSB_VERSION, MsbHeader};
use credo_primitives::block::{HEADER_VERSION, StateCommitment};
use credo_primitives::hash::ZERO_DIGEST;
use credo_primitives::state_key::MAX_STATE_VALUE;
use credo_primitives::{CertifiedHeader, Digest, Header, StateKey, Text, merkle, sha256};
use credo_wire::{
    BlockAnswer, FrameDecoder, FrameError, Included, KeyProof, MAX_FRAME, MAX_HAND_OVERS, MAX_KEYS, MAX_PART,
    MAX_PROOF, Message, RankingAnswer, Request, Response, StateAnswer, TransactionAnswer, Welcome,
    encode_frame,
};
use proptest::prelude::*;

fn header(n: u64) -> Header {
    Header {
        version: HEADER_VERSION,
        spec: sha256(&[b"spec"]),
        shard: 0,
        epoch: n / 4,
        height: n,
        view: n + 1,
        parent_view: n,
        parent: sha256(&[b"parent"]),
        time_ms: 1_700_000_000_000 + n,
        proposer: PrivateKey::from_seed(n).public_key(),
        transaction_root: merkle::root(&[]),
        receipt_root: merkle::root(&[]),
        state: StateCommitment {
            root: sha256(&[b"root"]),
            operations_root: sha256(&[b"operations"]),
            operations_start: n,
            operations_end: n + 9,
        },
        outbox_root: ZERO_DIGEST,
        msb: n.is_multiple_of(4).then(|| sha256(&[b"msb"])),
    }
}

fn certified(n: u64) -> CertifiedHeader {
    CertifiedHeader {
        header: header(n),
        descendants: (0..n % 3).map(|i| header(n + i + 1)).collect(),
        certificate: vec![n as u8; 237],
    }
}

fn hand_over(n: u64) -> HandOver {
    HandOver {
        header: header(n),
        msb: MsbHeader {
            version: MSB_VERSION,
            shard: 0,
            epoch: n,
            first_height: n,
            last_height: n + 3,
            last_view: n + 4,
            previous: sha256(&[b"previous"]),
            history_root: sha256(&[b"history"]),
            transactions_root: sha256(&[b"transactions"]),
            transaction_count: n,
            state_root: sha256(&[b"root"]),
            servi_digest: sha256(&[b"servi"]),
            randomness: ZERO_DIGEST,
            next_committee: (0..4).map(|i| PrivateKey::from_seed(i).public_key()).collect(),
            council: Vec::new(),
            parameter_set: Vec::new(),
            shards: Vec::new(),
        },
        certificate: vec![7; 237],
    }
}

fn state(n: u64) -> StateAnswer {
    StateAnswer {
        head: certified(n),
        entries: vec![
            KeyProof {
                value: Some(vec![1, 2, 3]),
                proof: vec![4; 800],
            },
            KeyProof {
                value: None,
                proof: vec![5; 900],
            },
        ],
    }
}

fn included(n: u64) -> Included {
    let leaves: Vec<Digest> = (0..5u8).map(|i| sha256(&[&[i]])).collect();
    Included {
        head: certified(n),
        index: 3,
        transaction: vec![1; 300],
        receipt: vec![2; 200],
        transaction_proof: merkle::prove(&leaves, 3).expect("there is a leaf 3"),
        receipt_proof: merkle::prove(&leaves, 4).expect("there is a leaf 4"),
    }
}

/// One of each kind.
fn all(n: u64) -> Vec<Message> {
    let requests = vec![
        Request::Hello { version: 1 },
        Request::Spec,
        Request::HandOvers { from: n, max: 256 },
        Request::Subscribe,
        Request::State {
            keys: vec![StateKey::candidates(), StateKey::msb(n)],
        },
        Request::Ranking { part: 3 },
        Request::Submit {
            transaction: vec![3; 500],
        },
        Request::Transaction {
            hash: sha256(&[b"t"]),
        },
        Request::Block { height: n },
    ];
    let responses = vec![
        Response::Welcome(Welcome {
            version: 1,
            spec: sha256(&[b"spec"]),
            height: n,
            agent: Text::new("relay-node/0.1.0").expect("short"),
            time_ms: 5,
        }),
        Response::Spec(vec![1; 400]),
        Response::HandOvers(vec![hand_over(n), hand_over(n + 1)]),
        Response::HandOvers(Vec::new()),
        Response::Head(certified(n)),
        Response::State(state(n)),
        Response::Ranking(RankingAnswer {
            state: state(n),
            part: vec![6; 5_000],
        }),
        Response::Submitted(sha256(&[b"t"])),
        Response::Transaction(TransactionAnswer::Unknown),
        Response::Transaction(TransactionAnswer::Pending),
        Response::Transaction(TransactionAnswer::Believable { height: n }),
        Response::Transaction(TransactionAnswer::Final(included(n))),
        Response::Block(BlockAnswer {
            head: certified(n),
            transactions: vec![sha256(&[b"t"]); 3],
        }),
        Response::Refused(Text::new("no, because …").expect("short")),
    ];
    let requests = requests
        .into_iter()
        .map(|request| Message::Request { id: n + 1, request });
    let responses = responses
        .into_iter()
        .map(|response| Message::Response { id: n + 1, response });
    requests
        .chain(responses)
        .chain([
            Message::Head(certified(n)),
            Message::Ping(n),
            Message::Pong(n),
            Message::Goodbye,
        ])
        .collect()
}

#[test]
fn every_message_comes_back() {
    for n in [0, 1, 5, 1 << 40] {
        for message in all(n) {
            assert_eq!(Message::from_bytes(message.to_bytes()).expect("decodes"), message);
        }
    }
}

#[test]
fn the_bytes_are_these() {
    let mut bytes = Vec::new();
    for message in all(5) {
        bytes.extend_from_slice(&encode_frame(&message));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/messages.bin");
    if std::env::var_os("CREDO_WRITE_FIXTURES").is_some() {
        std::fs::write(path, &bytes).expect("written");
    }
    let fixture = std::fs::read(path).expect("read");
    assert!(
        fixture == bytes,
        "the format changed: raise WIRE_VERSION, then write the fixture anew"
    );
    let mut decoder = FrameDecoder::new(MAX_FRAME);
    decoder.push(&fixture);
    for message in all(5) {
        assert_eq!(decoder.next_message().expect("a frame"), Some(message));
    }
    assert_eq!(decoder.next_message().expect("nothing more"), None);
}

#[test]
fn limits_hold() {
    let refuses = |message: Message| Message::from_bytes(message.to_bytes()).is_err();
    let ask = |request| Message::Request { id: 1, request };
    let answer = |response| Message::Response { id: 1, response };
    let keys = |n| {
        ask(Request::State {
            keys: vec![StateKey::round(); n],
        })
    };
    assert!(!refuses(keys(MAX_KEYS)) && refuses(keys(MAX_KEYS + 1)));
    let entry = |value, proof| {
        let entries = vec![KeyProof {
            value: Some(vec![0; value]),
            proof: vec![0; proof],
        }];
        let head = certified(1);
        answer(Response::State(StateAnswer { head, entries }))
    };
    assert!(!refuses(entry(MAX_STATE_VALUE, MAX_PROOF)));
    assert!(refuses(entry(MAX_STATE_VALUE + 1, 0)) && refuses(entry(0, MAX_PROOF + 1)));
    let part = |n| {
        answer(Response::Ranking(RankingAnswer {
            state: state(1),
            part: vec![0; n],
        }))
    };
    assert!(!refuses(part(MAX_PART)) && refuses(part(MAX_PART + 1)));
    let hand_overs = |n| answer(Response::HandOvers(vec![hand_over(1); n]));
    assert!(!refuses(hand_overs(MAX_HAND_OVERS)) && refuses(hand_overs(MAX_HAND_OVERS + 1)));
    let submit = |n| {
        ask(Request::Submit {
            transaction: vec![0; n],
        })
    };
    assert!(!refuses(submit(65_536)) && refuses(submit(65_537)));
    let block = |n| {
        answer(Response::Block(BlockAnswer {
            head: certified(1),
            transactions: vec![ZERO_DIGEST; n],
        }))
    };
    assert!(!refuses(block(10_000)) && refuses(block(10_001)));
    // The largest answer of all fits into a frame.
    let entries = vec![
        KeyProof {
            value: Some(vec![0; MAX_STATE_VALUE]),
            proof: vec![0; MAX_PROOF],
        };
        MAX_KEYS
    ];
    let head = certified(1);
    let largest = answer(Response::State(StateAnswer { head, entries }));
    assert!(largest.to_bytes().len() <= MAX_FRAME);
}

#[test]
fn a_frame_over_the_limit_is_refused_before_it_comes() {
    let mut decoder = FrameDecoder::new(1_000);
    decoder.push(&1_001u32.to_be_bytes());
    assert!(matches!(
        decoder.next_message(),
        Err(FrameError::TooLarge(1_001, 1_000))
    ));
    let mut decoder = FrameDecoder::new(MAX_FRAME);
    decoder.push(&u32::MAX.to_be_bytes());
    assert!(matches!(decoder.next_message(), Err(FrameError::TooLarge(..))));
}

#[test]
fn a_frame_that_holds_no_message_is_refused() {
    for body in [&[][..], &[99], &[3, 0], &[5, 0]] {
        let mut decoder = FrameDecoder::new(1_000);
        decoder.push(&(body.len() as u32).to_be_bytes());
        decoder.push(body);
        assert!(
            matches!(decoder.next_message(), Err(FrameError::Malformed(_))),
            "{body:?}"
        );
    }
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_messages(
        picks in prop::collection::vec((0usize..27, 0u64..1_000), 1..12),
        sizes in prop::collection::vec(1usize..4_000, 1..50),
    ) {
        let messages: Vec<Message> = picks.iter().map(|(i, n)| all(*n)[*i].clone()).collect();
        let stream: Vec<u8> = messages.iter().flat_map(encode_frame).collect();
        let mut decoder = FrameDecoder::new(MAX_FRAME);
        let (mut rest, mut got) = (&stream[..], Vec::new());
        for size in sizes.iter().cycle() {
            let (chunk, after) = rest.split_at((*size).min(rest.len()));
            decoder.push(chunk);
            while let Some(message) = decoder.next_message().expect("honest frames") {
                got.push(message);
            }
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(got, messages);
    }

    #[test]
    fn garbage_never_panics(bytes: Vec<u8>) {
        let _ = Message::from_bytes(Bytes::from(bytes.clone()));
        let mut decoder = FrameDecoder::new(10_000);
        decoder.push(&bytes);
        while let Ok(Some(_)) = decoder.next_message() {}
    }

    #[test]
    fn changed_messages_never_panic_and_are_canonical(
        pick in 0usize..27,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = all(3)[pick].to_bytes().to_vec();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        // What decodes is what encodes: two byte strings never mean one message.
        if let Ok(message) = Message::from_bytes(Bytes::from(bytes.clone())) {
            prop_assert_eq!(&message.to_bytes()[..], &bytes[..]);
        }
        bytes.truncate(cut.index(bytes.len()));
        let _ = Message::from_bytes(Bytes::from(bytes));
    }
}
