//! A chain of the tests' own: whatever is asked, answered at once or slowly, with counts of what was made.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use commonware_cryptography::{Signer as _, ed25519::PrivateKey};
use credo_msb::HandOver;
use credo_primitives::block::StateCommitment;
use credo_primitives::hash::ZERO_DIGEST;
use credo_primitives::spec::{SPEC_VERSION, SpecState};
use credo_primitives::{
    CertifiedHeader, ChainSpec, Digest, Header, Parameters, Preset, StateKey, Text, Transaction, sha256,
};
use credo_wire::{BlockAnswer, KeyProof, RankingAnswer, StateAnswer, TransactionAnswer};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::watch;

use crate::service::{ChainService, ServiceError};

/// Bytes of the list: more than any window or buffer on the way.
const PART: usize = credo_wire::MAX_PART;

/// The bytes of a transaction that nothing is wrong with.
pub(crate) fn transaction() -> Vec<u8> {
    let key = credo_primitives::SecretKey::from_seed(credo_primitives::Algorithm::Ed25519, &[7; 32]).unwrap();
    let account = credo_primitives::AccountName::new("someone").unwrap();
    let content = crate::publish::Content {
        actions: Vec::new(),
        gas_limit: crate::publish::LEAST_GAS,
        amount_limit: Vec::new(),
        signers: Vec::new(),
    };
    let spec = Fake::new().spec;
    crate::publish::sign(&spec, &account, &[key], &[], content, now_ms()).encode()
}

pub(crate) struct Fake {
    pub(crate) spec: Arc<ChainSpec>,
    pub(crate) heads: watch::Sender<Option<Arc<CertifiedHeader>>>,
    pub(crate) parts_made: AtomicUsize,
    pub(crate) ranges: Mutex<Vec<(u64, usize)>>,
    /// Milliseconds that a transaction's fate takes to find.
    pub(crate) slow: AtomicU64,
    pub(crate) submitted: Mutex<Vec<Transaction>>,
    /// State keys under which something stands.
    pub(crate) present: Mutex<Vec<StateKey>>,
}

pub(crate) fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

impl Fake {
    pub(crate) fn new() -> Self {
        Self::with_preset(Preset::Devnet)
    }

    pub(crate) fn with_preset(preset: Preset) -> Self {
        let spec = ChainSpec {
            version: SPEC_VERSION,
            preset,
            name: Text::new("fake").unwrap(),
            parameters: Parameters::preset(preset),
            salt: ZERO_DIGEST,
            time_ms: 1_000,
            allocations: ZERO_DIGEST,
            state: SpecState::from(StateCommitment::ZERO),
            servi_digest: ZERO_DIGEST,
            committee: vec![PrivateKey::from_seed(1).public_key()],
        };
        let header = Header {
            time_ms: now_ms(),
            ..spec.genesis_header()
        };
        Self {
            heads: watch::channel(Some(Arc::new(certified(header)))).0,
            spec: Arc::new(spec),
            parts_made: AtomicUsize::new(0),
            ranges: Mutex::default(),
            slow: AtomicU64::new(0),
            submitted: Mutex::default(),
            present: Mutex::default(),
        }
    }

    /// A new block.
    pub(crate) fn advance(&self) {
        let header = self.head().header;
        let next = Header {
            height: header.height + 1,
            parent: header.digest(),
            time_ms: now_ms(),
            ..header
        };
        self.heads.send_replace(Some(Arc::new(certified(next))));
    }

    pub(crate) fn head(&self) -> CertifiedHeader {
        CertifiedHeader::clone(self.heads.borrow().as_ref().unwrap())
    }

    fn part(&self) -> Vec<u8> {
        (0..PART).map(|n| ((n * n) >> 3) as u8).collect()
    }

    pub(crate) fn part_digest(&self) -> Digest {
        sha256(&[&self.part()])
    }
}

fn certified(header: Header) -> CertifiedHeader {
    CertifiedHeader {
        header,
        descendants: Vec::new(),
        certificate: vec![7; 300],
    }
}

impl ChainService for Fake {
    fn spec(&self) -> &Arc<ChainSpec> {
        &self.spec
    }

    fn heads(&self) -> watch::Receiver<Option<Arc<CertifiedHeader>>> {
        self.heads.subscribe()
    }

    fn hand_overs(&self, from: u64, max: usize) -> BoxFuture<'_, Result<Vec<HandOver>, ServiceError>> {
        self.ranges.lock().unwrap().push((from, max));
        async { Ok(Vec::new()) }.boxed()
    }

    fn state(&self, keys: Vec<StateKey>) -> BoxFuture<'_, Result<StateAnswer, ServiceError>> {
        let present = self.present.lock().unwrap();
        let entries = keys.iter().map(|key| KeyProof {
            value: present.contains(key).then(|| vec![1]),
            proof: vec![0; 700],
        });
        let answer = StateAnswer {
            head: self.head(),
            entries: entries.collect(),
        };
        async { Ok(answer) }.boxed()
    }

    fn ranking(&self, _: u32) -> BoxFuture<'_, Result<RankingAnswer, ServiceError>> {
        self.parts_made.fetch_add(1, Ordering::Relaxed);
        let answer = RankingAnswer {
            state: StateAnswer {
                head: self.head(),
                entries: Vec::new(),
            },
            part: self.part(),
        };
        async { Ok(answer) }.boxed()
    }

    fn submit(&self, transaction: Vec<u8>) -> BoxFuture<'_, Result<Digest, ServiceError>> {
        let digest = sha256(&[&transaction]);
        if let Ok(transaction) = Transaction::decode(&transaction) {
            self.submitted.lock().unwrap().push(transaction);
        }
        async move { Ok(digest) }.boxed()
    }

    fn transaction(&self, _: Digest) -> BoxFuture<'_, Result<TransactionAnswer, ServiceError>> {
        let slow = Duration::from_millis(self.slow.load(Ordering::Relaxed));
        async move {
            tokio::time::sleep(slow).await;
            Ok(TransactionAnswer::Unknown)
        }
        .boxed()
    }

    fn block(&self, height: u64) -> BoxFuture<'_, Result<BlockAnswer, ServiceError>> {
        let why = format!("there is no final block {height}");
        async { Err(ServiceError::Refused(why)) }.boxed()
    }
}
