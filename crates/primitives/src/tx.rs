//! The IOST transaction: its fields, its bytes, its three hashes and the checks that need no state.
//!
//! Bytes are IOST's: big-endian integers, `int32` length before every byte string and list. [`Transaction::encode`]
//! gives the *Full* form, [`Transaction::decode`] takes it back and refuses anything that isn't canonical.

use std::collections::BTreeSet;

use crate::keys::{Algorithm, KeyError};
use crate::{Digest, PublicKey, SecretKey, Signature, StateKey, sha3_256, sha256};

/// Largest transaction in its Full encoding, in bytes.
pub const MAX_TX_SIZE: usize = 65_536;
/// Longest time that a transaction may be on its way, in nanoseconds.
pub const MAX_LIFETIME_NS: i64 = 90_000_000_000;
/// How far ahead of the node's clock a transaction's time may be, in nanoseconds.
pub const MAX_AHEAD_NS: i64 = 30_000_000_000;
/// Most signatures of a transaction, its co-signers' and its publisher's together: what checking one may cost is bounded,
/// for pools and for blocks. IOST bounds them by the size alone (some 560). An account whose permission needs more keys
/// acts by proposals (`msig.iost`), where each approves by itself.
pub const MAX_SIGNATURES: usize = 16;
/// The least gas that a transaction may ask for, as users see it.
pub const MIN_GAS: u64 = 6_000;
/// The most gas that a transaction may ask for, as users see it.
pub const MAX_GAS: u64 = 4_000_000;
const MAX_ITEMS: usize = 1_000;

/// One call of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The contract's id, e.g. `token.iost`.
    pub contract: String,
    /// The action's name, e.g. `transfer`.
    pub name: String,
    /// Text of a JSON array with the arguments.
    pub data: String,
}

/// How much of a token the transaction may spend at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmountLimit {
    /// Token symbol, or `*` for any.
    pub token: String,
    /// Decimal text, or `unlimited`.
    pub value: String,
}

/// A transaction. Gas ratio and gas limit are in IOST's node scale: a hundred times what users see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Creation time, nanoseconds since 1970.
    pub time: i64,
    /// Absolute expiration, nanoseconds since 1970.
    pub expiration: i64,
    /// Gas ratio × 100, 100 to 10,000.
    pub gas_ratio: i64,
    /// Gas limit × 100, 600,000 to 400,000,000.
    pub gas_limit: i64,
    /// Always zero: delayed transactions were removed from IOST.
    pub delay: i64,
    /// The chain's number.
    pub chain_id: u32,
    /// `account@permission` of every co-signer.
    pub signers: Vec<String>,
    /// What is to be done, in order, all or nothing.
    pub actions: Vec<Action>,
    /// Limits on spending.
    pub amount_limit: Vec<AmountLimit>,
    /// Co-signers' signatures over the base hash.
    pub signs: Vec<Signature>,
    /// Unused; kept because it is part of the bytes.
    pub referred_tx: Vec<u8>,
    /// The account that publishes and pays.
    pub publisher: String,
    /// The publisher's signatures over the publish hash.
    pub publisher_signs: Vec<Signature>,
}

/// Why a transaction was refused before execution. The texts are IOST's where IOST has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TxError {
    /// Larger than [`MAX_TX_SIZE`].
    #[error("tx size illegal, should <= 65536, got {0}")]
    Size(usize),
    /// Bytes that are no transaction.
    #[error("malformed transaction: {0}")]
    Malformed(&'static str),
    /// Time not positive, or expiration not after it.
    #[error("invalid time and expiration")]
    Times,
    /// Made for another chain.
    #[error("invalid chain_id, should be {expected}, yours:{got}")]
    ChainId {
        /// This chain's number.
        expected: u32,
        /// The transaction's.
        got: u32,
    },
    /// A delay other than zero.
    #[error("invalid delay time")]
    Delay,
    /// Gas ratio outside its range.
    #[error("gas ratio illegal, should in [1, 100]")]
    GasRatio,
    /// Gas limit outside its range.
    #[error("gas limit illegal, should in [6000, 4000000]")]
    GasLimit,
    /// More signatures than [`MAX_SIGNATURES`].
    #[error("too many signatures: at most {MAX_SIGNATURES} are allowed, got {0}")]
    Signatures(usize),
    /// A co-signer's signature is wrong.
    #[error("signer error: {0}")]
    Signer(KeyError),
    /// No publisher, or nothing signed by it.
    #[error("publisher empty error")]
    PublisherEmpty,
    /// The publisher's signature is wrong.
    #[error("publisher error: {0}")]
    Publisher(KeyError),
    /// The transaction's time is further ahead than allowed.
    #[error("TimeError: tx.time is too large. tx.time={time} now={now}")]
    TooEarly {
        /// The transaction's time, ns.
        time: i64,
        /// The clock that it was held against, ns.
        now: i64,
    },
    /// Expired.
    #[error("TimeError: tx.time is expired. tx.time={time} tx.expiration={expiration} now={now}")]
    Expired {
        /// The transaction's time, ns.
        time: i64,
        /// Its expiration, ns.
        expiration: i64,
        /// The clock that it was held against, ns.
        now: i64,
    },
}

struct Writer(Vec<u8>);

impl Writer {
    fn i64(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }
    fn count(&mut self, value: usize) {
        let value = i32::try_from(value).unwrap_or(i32::MAX);
        self.0.extend_from_slice(&value.to_be_bytes());
    }
    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }
    fn list<T>(&mut self, items: &[T], write: impl Fn(&mut Self, &T)) {
        self.count(items.len());
        for item in items {
            let mut inner = Self(Vec::new());
            write(&mut inner, item);
            self.bytes(&inner.0);
        }
    }
}

fn write_signature(w: &mut Writer, s: &Signature) {
    w.0.push(s.algorithm as u8);
    w.bytes(&s.signature);
    w.bytes(&s.public_key);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], TxError> {
        let (head, tail) = self
            .0
            .split_at_checked(n)
            .ok_or(TxError::Malformed("it ends too early"))?;
        self.0 = tail;
        Ok(head)
    }
    fn i64(&mut self) -> Result<i64, TxError> {
        let bytes = self.take(8)?;
        Ok(i64::from_be_bytes(
            bytes
                .try_into()
                .map_err(|_| TxError::Malformed("a number is cut"))?,
        ))
    }
    fn count(&mut self) -> Result<usize, TxError> {
        let bytes = self.take(4)?;
        let value = i32::from_be_bytes(
            bytes
                .try_into()
                .map_err(|_| TxError::Malformed("a length is cut"))?,
        );
        let value = usize::try_from(value).map_err(|_| TxError::Malformed("a length is negative"))?;
        if value > MAX_TX_SIZE {
            Err(TxError::Malformed("a length is too large"))
        } else {
            Ok(value)
        }
    }
    fn bytes(&mut self) -> Result<&'a [u8], TxError> {
        let n = self.count()?;
        self.take(n)
    }
    fn text(&mut self) -> Result<String, TxError> {
        let bytes = self.bytes()?;
        String::from_utf8(bytes.to_vec()).map_err(|_| TxError::Malformed("a text isn't UTF-8"))
    }
    fn list<T>(&mut self, read: impl Fn(&mut Reader<'a>) -> Result<T, TxError>) -> Result<Vec<T>, TxError> {
        let n = self.count()?;
        if n > MAX_ITEMS {
            return Err(TxError::Malformed("a list is too long"));
        }
        let mut items = Vec::new();
        for _ in 0..n {
            let mut inner = Reader(self.bytes()?);
            items.push(read(&mut inner)?);
            inner.end()?;
        }
        Ok(items)
    }
    fn end(&self) -> Result<(), TxError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(TxError::Malformed("bytes are left over"))
        }
    }
}

fn read_signature(r: &mut Reader<'_>) -> Result<Signature, TxError> {
    let algorithm = r.take(1)?[0];
    let algorithm = Algorithm::from_id(algorithm).map_err(|_| TxError::Malformed("unknown algorithm"))?;
    Ok(Signature {
        algorithm,
        signature: r.bytes()?.to_vec(),
        public_key: r.bytes()?.to_vec(),
    })
}

impl Transaction {
    fn write_base(&self, w: &mut Writer) {
        for value in [
            self.time,
            self.expiration,
            self.gas_ratio,
            self.gas_limit,
            self.delay,
        ] {
            w.i64(value);
        }
        w.0.extend_from_slice(&self.chain_id.to_be_bytes());
        w.bytes(&[]); // `reserved`, always empty
        w.count(self.signers.len());
        for signer in &self.signers {
            w.bytes(signer.as_bytes());
        }
        w.list(&self.actions, |w, a| {
            w.bytes(a.contract.as_bytes());
            w.bytes(a.name.as_bytes());
            w.bytes(a.data.as_bytes());
        });
        w.list(&self.amount_limit, |w, a| {
            w.bytes(a.token.as_bytes());
            w.bytes(a.value.as_bytes());
        });
    }

    fn write_publish(&self, w: &mut Writer) {
        self.write_base(w);
        w.list(&self.signs, write_signature);
    }

    /// The *Base* bytes, which co-signers sign.
    pub fn base_bytes(&self) -> Vec<u8> {
        let mut w = Writer(Vec::new());
        self.write_base(&mut w);
        w.0
    }

    /// The *Publish* bytes, which the publisher signs.
    pub fn publish_bytes(&self) -> Vec<u8> {
        let mut w = Writer(Vec::new());
        self.write_publish(&mut w);
        w.0
    }

    /// The *Full* bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer(Vec::new());
        self.write_publish(&mut w);
        w.bytes(&self.referred_tx);
        w.bytes(self.publisher.as_bytes());
        w.list(&self.publisher_signs, write_signature);
        w.0
    }

    /// Reads the *Full* bytes; at most [`MAX_TX_SIZE`], nothing left over.
    pub fn decode(bytes: &[u8]) -> Result<Self, TxError> {
        if bytes.len() > MAX_TX_SIZE {
            return Err(TxError::Size(bytes.len()));
        }
        let mut r = Reader(bytes);
        let (time, expiration) = (r.i64()?, r.i64()?);
        let (gas_ratio, gas_limit, delay) = (r.i64()?, r.i64()?, r.i64()?);
        let chain_id = r.take(4)?;
        let chain_id = u32::from_be_bytes(
            chain_id
                .try_into()
                .map_err(|_| TxError::Malformed("chain id is cut"))?,
        );
        if !r.bytes()?.is_empty() {
            return Err(TxError::Malformed("reserved bytes are in use"));
        }
        let signers = r.count()?;
        if signers > MAX_ITEMS {
            return Err(TxError::Malformed("a list is too long"));
        }
        let signers = (0..signers).map(|_| r.text()).collect::<Result<_, _>>()?;
        let actions = r.list(|r| {
            Ok(Action {
                contract: r.text()?,
                name: r.text()?,
                data: r.text()?,
            })
        })?;
        let amount_limit = r.list(|r| {
            Ok(AmountLimit {
                token: r.text()?,
                value: r.text()?,
            })
        })?;
        let signs = r.list(read_signature)?;
        let referred_tx = r.bytes()?.to_vec();
        let publisher = r.text()?;
        let publisher_signs = r.list(read_signature)?;
        r.end()?;
        Ok(Self {
            time,
            expiration,
            gas_ratio,
            gas_limit,
            delay,
            chain_id,
            signers,
            actions,
            amount_limit,
            signs,
            referred_tx,
            publisher,
            publisher_signs,
        })
    }

    /// SHA3-256 of the Base bytes.
    pub fn base_hash(&self) -> Digest {
        sha3_256(&self.base_bytes())
    }

    /// SHA3-256 of the Publish bytes.
    pub fn publish_hash(&self) -> Digest {
        sha3_256(&self.publish_bytes())
    }

    /// SHA3-256 of the Full bytes: the transaction's hash.
    pub fn hash(&self) -> Digest {
        sha3_256(&self.encode())
    }

    /// Adds a co-signer's signature over the base hash. Its `account@permission` must stand in `signers` first.
    pub fn sign_as_signer(&mut self, key: &SecretKey) {
        self.signs.push(key.sign_hash(&self.base_hash()));
    }

    /// Signs as `publisher`, last of all.
    pub fn sign_as_publisher(&mut self, publisher: &str, key: &SecretKey) {
        self.publisher = publisher.to_owned();
        self.publisher_signs.push(key.sign_hash(&self.publish_hash()));
    }

    /// Checks that need neither state nor clock nor arithmetic: times, chain, gas, how many signatures there are.
    pub fn check_form(&self, chain_id: u32) -> Result<(), TxError> {
        if self.time <= 0 || self.expiration <= self.time {
            return Err(TxError::Times);
        }
        if self.chain_id != chain_id {
            return Err(TxError::ChainId {
                expected: chain_id,
                got: self.chain_id,
            });
        }
        if self.delay != 0 {
            return Err(TxError::Delay);
        }
        if !(100..=10_000).contains(&self.gas_ratio) {
            return Err(TxError::GasRatio);
        }
        if !(600_000..=400_000_000).contains(&self.gas_limit) {
            return Err(TxError::GasLimit);
        }
        if self.publisher.is_empty() || self.publisher_signs.is_empty() {
            return Err(TxError::PublisherEmpty);
        }
        // No signature covers these bytes: anyone could change them, and with them the hash that its sender waits for.
        if !self.referred_tx.is_empty() {
            return Err(TxError::Malformed("referredTx is in use"));
        }
        let signatures = self.signs.len() + self.publisher_signs.len();
        if signatures > MAX_SIGNATURES {
            return Err(TxError::Signatures(signatures));
        }
        Ok(())
    }

    /// Checks that need neither state nor clock: size, [form](Self::check_form), and every signature.
    pub fn check(self, chain_id: u32) -> Result<CheckedTransaction, TxError> {
        let bytes = self.encode();
        if bytes.len() > MAX_TX_SIZE {
            return Err(TxError::Size(bytes.len()));
        }
        self.check_form(chain_id)?;
        let base = self.base_hash();
        let mut signer_keys = BTreeSet::new();
        for sign in &self.signs {
            signer_keys.insert(sign.verify(&base).map_err(TxError::Signer)?);
        }
        let publish = self.publish_hash();
        let mut publisher_keys = BTreeSet::new();
        for sign in &self.publisher_signs {
            publisher_keys.insert(sign.verify(&publish).map_err(TxError::Publisher)?);
        }
        Ok(CheckedTransaction {
            hash: sha3_256(&bytes),
            base_hash: base,
            bytes,
            tx: self,
            signer_keys,
            publisher_keys,
        })
    }

    /// The mark that an execution leaves for the publisher ([`CheckedTransaction::replay_marks`]).
    pub fn publisher_mark(&self) -> Digest {
        mark(&self.base_hash(), &self.publisher)
    }

    /// Holds the transaction's times against a clock (`now`, ns): the pool's rule on arrival.
    pub fn check_time(&self, now: i64) -> Result<(), TxError> {
        if self.time > now.saturating_add(MAX_AHEAD_NS) {
            return Err(TxError::TooEarly { time: self.time, now });
        }
        self.check_not_expired(now)
    }

    /// Refuses a transaction that is expired at `now` (ns): past its expiration, or older than 90 s.
    pub fn check_not_expired(&self, now: i64) -> Result<(), TxError> {
        if self.expiration <= now || now.saturating_sub(self.time) > MAX_LIFETIME_NS {
            return Err(TxError::Expired {
                time: self.time,
                expiration: self.expiration,
                now,
            });
        }
        Ok(())
    }

    /// The moment (ns) after which no node includes it any more.
    pub fn dead_at(&self) -> i64 {
        self.expiration.min(self.time.saturating_add(MAX_LIFETIME_NS))
    }

    /// The moment (ns) after which no block includes it any more on a chain with this longest life of transactions.
    pub fn dead_within(&self, tx_lifetime_ms: u64) -> i64 {
        let lifetime = i64::try_from(tx_lifetime_ms.saturating_mul(1_000_000)).unwrap_or(i64::MAX);
        self.expiration.min(self.time.saturating_add(lifetime))
    }

    /// Where in the state its execution leaves marks: all of these keys hold something then, and none of them otherwise
    /// ([`CheckedTransaction::replay_marks`], P-45).
    pub fn mark_keys(&self) -> Vec<StateKey> {
        let marks = replay_marks(self, &self.base_hash());
        marks.iter().map(StateKey::executed).collect()
    }
}

fn replay_marks(tx: &Transaction, base_hash: &Digest) -> BTreeSet<Digest> {
    let signers = tx.signers.iter().map(|s| s.split('@').next().unwrap_or(s));
    signers
        .chain([tx.publisher.as_str()])
        .map(|account| mark(base_hash, account))
        .collect()
}

fn mark(base_hash: &Digest, account: &str) -> Digest {
    sha256(&[b"credo-executed", base_hash.as_ref(), account.as_bytes()])
}

/// A transaction whose signatures and static fields were checked, with its hash and the keys that signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedTransaction {
    tx: Transaction,
    hash: Digest,
    base_hash: Digest,
    bytes: Vec<u8>,
    signer_keys: BTreeSet<PublicKey>,
    publisher_keys: BTreeSet<PublicKey>,
}

impl CheckedTransaction {
    /// The transaction.
    pub fn tx(&self) -> &Transaction {
        &self.tx
    }
    /// Its hash.
    pub fn hash(&self) -> &Digest {
        &self.hash
    }
    /// What an execution leaves so that it can't be repeated: one mark for the publisher and for every signing account.
    ///
    /// The hash alone would not do. It covers bytes that no signature covers (the publisher's signatures, its name), and
    /// a co-signer signs the base alone, which anyone could publish once more under another name. A mark binds the base
    /// to one account whose authority was used; a stranger who publishes the same base uses up the marks of his own.
    pub fn replay_marks(&self) -> BTreeSet<Digest> {
        replay_marks(&self.tx, &self.base_hash)
    }
    /// The publisher's of them: it stands whenever the same publisher's same base was executed.
    pub fn publisher_mark(&self) -> Digest {
        mark(&self.base_hash, &self.tx.publisher)
    }
    /// Its Full bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
    /// Keys that signed the base hash.
    pub fn signer_keys(&self) -> &BTreeSet<PublicKey> {
        &self.signer_keys
    }
    /// Keys that signed the publish hash.
    pub fn publisher_keys(&self) -> &BTreeSet<PublicKey> {
        &self.publisher_keys
    }
}
