//! What a node says by itself, signed with its consensus key: that it is available (P-14), and who misbehaved (P-5).
//!
//! Both are transactions that need no account's key and cost no gas. They go the way of a client's submission: the
//! node's own pool first, then to all peers, again and again while they wait.
//!
//! Evidence is kept in the data directory, too, under `evidence/`, one file for each member and epoch: a node that isn't
//! registered can't report by itself, and its operator may want to show it to others.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use commonware_codec::Encode as _;
use commonware_cryptography::Signer as _;
use commonware_cryptography::ed25519::PrivateKey;
use credo_primitives::evidence::{Guilty, SignedVote};
use credo_primitives::spec::consensus_key::to_base58;
use credo_primitives::{AccountName, Algorithm, ChainSpec, Evidence, KeyError, SecretKey};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::NodeService;
use super::data_dir::write_durably;
use crate::consensus::Committees;
use crate::executor::{ExecutorHandle, Proof};
use crate::publish::{self, Content, now_ms};
use crate::service::ChainService as _;

/// Proofs or pieces of evidence that may wait.
pub(super) const MAX_WAITING: usize = 16;
/// Most files of evidence kept; whoever has so many has no use for more.
const MAX_FILES: usize = 1_024;
const FOLDER: &str = "evidence";
/// The contract that takes what nodes say.
pub(crate) const CONTRACT: &str = "vote_producer.iost";
/// Its action for evidence.
pub(crate) const REPORT: &str = "reportMisbehaviour";
const PROVE: &str = "proveAvailability";

/// The node's voice.
pub(super) struct Own {
    /// The chain.
    pub(super) spec: Arc<ChainSpec>,
    /// Its consensus key.
    pub(super) key: PrivateKey,
    /// Whom evidence is held against.
    pub(super) committees: Committees,
    /// Who is registered.
    pub(super) executor: ExecutorHandle,
    /// Where transactions go.
    pub(super) service: NodeService,
    /// The data directory.
    pub(super) data: PathBuf,
}

/// The consensus key as the key of an IOST signature: the same ed25519 key.
fn signing_key(key: &PrivateKey) -> Result<SecretKey, KeyError> {
    let seed: zeroize::Zeroizing<[u8; 32]> = zeroize::Zeroizing::new(
        key.encode()
            .as_ref()
            .try_into()
            .map_err(|_| KeyError::Invalid(Algorithm::Ed25519))?,
    );
    SecretKey::from_seed(Algorithm::Ed25519, &seed)
}

/// The bytes of a node's own transaction. Gas isn't charged.
fn transaction(
    spec: &ChainSpec,
    key: &SecretKey,
    account: &AccountName,
    name: &str,
    arguments: &Value,
    now_ms: u64,
) -> Vec<u8> {
    let content = Content {
        actions: vec![publish::action(CONTRACT, name, arguments)],
        gas_limit: publish::LEAST_GAS,
        amount_limit: Vec::new(),
        signers: Vec::new(),
    };
    publish::sign(spec, account, std::slice::from_ref(key), &[], content, now_ms).encode()
}

impl Own {
    /// Says what arrives, until the node stops.
    pub(super) async fn run(self, mut proofs: mpsc::Receiver<Proof>, mut evidence: mpsc::Receiver<Evidence>) {
        let mut known = BTreeSet::new();
        loop {
            tokio::select! {
                proof = proofs.recv() => match proof {
                    Some(proof) => self.prove(proof).await,
                    None => return,
                },
                found = evidence.recv() => match found {
                    Some(found) => self.report(found, &mut known).await,
                    None => return,
                },
            }
        }
    }

    async fn say(&self, account: &AccountName, action: &str, data: Value) -> Result<(), String> {
        let key = signing_key(&self.key).map_err(|e| e.to_string())?;
        let bytes = transaction(&self.spec, &key, account, action, &data, now_ms());
        self.service.submit(bytes).await.map_err(|e| e.to_string())?;
        Ok(())
    }

    async fn prove(&self, proof: Proof) {
        let Proof {
            account,
            epoch,
            age,
            bytes,
        } = proof;
        let data = json!([account, epoch, hex::encode(bytes)]);
        match self.say(&account, PROVE, data).await {
            Ok(()) => tracing::info!(%account, epoch, age, "availability is proved against an MSB"),
            // The next MSB brings another chance.
            Err(why) => tracing::warn!(%account, epoch, age, why, "an availability proof was refused"),
        }
    }

    async fn report(&self, evidence: Evidence, known: &mut BTreeSet<(u64, String)>) {
        let epoch = evidence.first.epoch;
        let Some(committee) = self.committees.get(epoch) else {
            return;
        };
        // The engine reports what it hears; only signatures convict.
        let guilty = match evidence.verify(&committee) {
            Ok(guilty) => guilty,
            Err(error) => {
                tracing::debug!(%error, "what looked like evidence convicts nobody");
                return;
            }
        };
        let key = to_base58(&guilty.key);
        if known.len() >= MAX_FILES || !known.insert((epoch, key.clone())) {
            return;
        }
        let view = guilty.view;
        let file = match keep(&self.data, &evidence, &guilty) {
            Ok(path) => path.display().to_string(),
            Err(why) => format!("(it can't be kept: {why})"),
        };
        if guilty.key == self.key.public_key() {
            tracing::error!(
                epoch,
                view,
                file,
                "THIS NODE'S KEY SIGNED TWO WAYS IN ONE VIEW: does another node run with the same key?"
            );
            return;
        }
        tracing::error!(%key, epoch, view, file, "A MEMBER OF THE COMMITTEE SIGNED TWO WAYS IN ONE VIEW");
        let candidates = self.executor.candidates();
        let own = candidates.place_of_key(&self.key.public_key());
        let Some(own) = own.and_then(|place| candidates.list.get(place as usize)) else {
            tracing::warn!(
                file,
                "this node isn't registered and can't report it: use `relay-node evidence submit`"
            );
            return;
        };
        let data = json!([own.account, hex::encode(evidence.to_bytes())]);
        match self.say(&own.account, REPORT, data).await {
            Ok(()) => tracing::warn!(%key, epoch, view, "the misbehaviour is reported to the chain"),
            Err(why) => tracing::warn!(%key, epoch, view, why, "the report was refused"),
        }
    }
}

/// Writes evidence into the data directory, for people and for `relay-node evidence submit`.
fn keep(data: &Path, evidence: &Evidence, guilty: &Guilty) -> Result<PathBuf, String> {
    let folder = data.join(FOLDER);
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    let files = std::fs::read_dir(&folder).map_err(|e| e.to_string())?.count();
    let key = to_base58(&guilty.key);
    let path = folder.join(format!("{}-{}-{key}.json", guilty.epoch, guilty.view));
    if path.exists() {
        return Ok(path);
    }
    if files >= MAX_FILES {
        return Err(format!("{} holds {files} files already", folder.display()));
    }
    let mut text = serde_json::to_vec_pretty(&describe(evidence, guilty)).map_err(|e| e.to_string())?;
    text.push(b'\n');
    write_durably(&path, &text, 0o644).map_err(|e| e.to_string())?;
    Ok(path)
}

/// The file's content: what the votes say, and their bytes.
fn describe(evidence: &Evidence, guilty: &Guilty) -> Value {
    let vote = |vote: &SignedVote| {
        let proposal = match &vote.choice {
            credo_primitives::evidence::Choice::Notarize(p)
            | credo_primitives::evidence::Choice::Finalize(p) => {
                json!({ "parent_view": p.parent, "block": p.digest.to_string() })
            }
            credo_primitives::evidence::Choice::Nullify => Value::Null,
        };
        json!({
            "vote": vote.choice.name(),
            "proposal": proposal,
            "seat": vote.seat,
            "signature": hex::encode(&vote.signature),
        })
    };
    json!({
        "what": "two votes that a member of the committee signed in one view and that contradict each other",
        "epoch": guilty.epoch,
        "view": guilty.view,
        "key": to_base58(&guilty.key),
        "first": vote(&evidence.first),
        "second": vote(&evidence.second),
        "evidence": hex::encode(evidence.to_bytes()),
    })
}

/// The evidence in a file that a node wrote, or in one that holds its hexadecimal text alone.
pub(crate) fn read_evidence(path: &Path) -> Result<Evidence, String> {
    const MAX_FILE: u64 = 64 * 1024;
    let unreadable = |e: std::io::Error| format!("{} can't be read: {e}", path.display());
    if std::fs::metadata(path).map_err(unreadable)?.len() > MAX_FILE {
        return Err(format!("{} is too large to be evidence", path.display()));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let value: Option<Value> = serde_json::from_str(&text).ok();
    let hex = value
        .as_ref()
        .and_then(|v| v["evidence"].as_str())
        .unwrap_or(text.trim());
    let bytes = hex::decode(hex).map_err(|_| format!("{} holds no evidence", path.display()))?;
    Evidence::from_bytes(&bytes).map_err(|e| format!("{}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use commonware_consensus::simplex::scheme::ed25519::Scheme;
    use commonware_consensus::simplex::types::{Finalize, Nullify, NullifyFinalize, Proposal};
    use commonware_consensus::types::{Epoch, Round, View};
    use commonware_utils::ordered::Set;
    use credo_primitives::certificate::namespace;
    use credo_primitives::evidence::Conflict;
    use credo_primitives::{Committee, Preset, Transaction, sha256};

    use super::*;

    fn evidence() -> (Evidence, Guilty) {
        let spec = sha256(&[b"spec"]);
        let key = PrivateKey::from_seed(5);
        let set = Set::from_iter_dedup([key.public_key()]);
        let scheme = Scheme::signer(&namespace(&spec, 0, 8), set, key.clone()).expect("a member");
        let round = Round::new(Epoch::new(8), View::new(9));
        let proposal = Proposal::new(round, View::new(7), sha256(&[b"block"]));
        let nullify = Nullify::sign::<credo_primitives::Digest>(&scheme, round).expect("signs");
        let finalize = Finalize::sign(&scheme, proposal).expect("signs");
        let pair = NullifyFinalize::new(nullify, finalize).encode();
        let evidence = Evidence::from_engine(Conflict::NullifyFinalize, &pair).expect("reads");
        let committee = Committee::new(spec, 0, 8, &[key.public_key()]).expect("a committee");
        let guilty = evidence.verify(&committee).expect("convicts");
        (evidence, guilty)
    }

    #[test]
    fn evidence_is_kept_once_and_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let (evidence, guilty) = evidence();
        let path = keep(folder.path(), &evidence, &guilty).expect("kept");
        let name = format!("8-9-{}.json", to_base58(&guilty.key));
        assert_eq!(path, folder.path().join(FOLDER).join(name));
        assert_eq!(read_evidence(&path), Ok(evidence.clone()));
        let text = std::fs::read_to_string(&path).expect("reads");
        for part in ["\"nullify\"", "\"finalize\"", "\"epoch\": 8", "\"view\": 9"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        keep(folder.path(), &evidence, &guilty).expect("it is there already");
        let plain = folder.path().join("plain.hex");
        std::fs::write(&plain, format!("{}\n", hex::encode(evidence.to_bytes()))).expect("writes");
        assert_eq!(read_evidence(&plain), Ok(evidence));
        std::fs::write(&plain, "{}").expect("writes");
        let error = read_evidence(&plain).expect_err("refused");
        assert!(error.ends_with("holds no evidence"), "{error}");
    }

    #[test]
    fn a_nodes_own_transaction_is_signed_with_its_consensus_key_alone() {
        let key = PrivateKey::from_seed(5);
        let signing = signing_key(&key).expect("the same key");
        let mut parameters = credo_primitives::Parameters::preset(Preset::Devnet);
        parameters.chain_id = 1024;
        let spec = ChainSpec {
            version: credo_primitives::spec::SPEC_VERSION,
            preset: Preset::Devnet,
            name: credo_primitives::Text::new("test").expect("a name"),
            parameters,
            salt: credo_primitives::hash::ZERO_DIGEST,
            time_ms: 0,
            allocations: credo_primitives::hash::ZERO_DIGEST,
            state: credo_primitives::block::StateCommitment::ZERO.into(),
            servi_digest: credo_primitives::hash::ZERO_DIGEST,
            committee: vec![key.public_key()],
        };
        let account = AccountName::new("node1").expect("a name");
        let now = 1_700_000_000_000;
        let data = json!([account, 3, "00"]);
        let bytes = transaction(&spec, &signing, &account, PROVE, &data, now);
        let checked = Transaction::decode(&bytes)
            .and_then(|tx| tx.check(1024))
            .expect("valid");
        checked.tx().check_time(now as i64 * 1_000_000).expect("in time");
        let signer = checked.publisher_keys().first().expect("one");
        assert_eq!(signer.as_bytes(), key.public_key().as_ref());
        assert_eq!(checked.tx().actions[0].data, r#"["node1",3,"00"]"#);
    }
}
