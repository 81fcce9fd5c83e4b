//! The committees of past and present epochs, for whoever checks or makes signatures.
//!
//! The engine's certificate provider must answer for every epoch that may still have to be synced; committees come
//! from the hand-overs on disk and from each MSB as it becomes final (P-30, P-32). Memory stays bounded: the newest
//! [`RECENT`] epochs are held, older ones are read through the index.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use commonware_consensus::simplex::scheme::ed25519::Scheme;
use commonware_consensus::types::Epoch;
use commonware_cryptography::Signer as _;
use commonware_cryptography::certificate::{Provider, Scoped};
use commonware_cryptography::ed25519::PrivateKey;
use commonware_utils::ordered::Set;
use credo_primitives::certificate::namespace;
use credo_primitives::{ChainSpec, Committee, Digest};

use crate::executor::Index;

/// Epochs whose committees are kept in memory.
const RECENT: usize = 64;

/// A committee with the engine's signing scheme for it.
#[derive(Clone, Debug)]
struct Entry {
    committee: Arc<Committee>,
    scheme: Arc<Scheme>,
    member: bool,
}

/// All committees this node knows.
#[derive(Clone)]
pub struct Committees(Arc<Inner>);

struct Inner {
    spec: Digest,
    genesis: Committee,
    key: PrivateKey,
    index: Index,
    recent: RwLock<BTreeMap<u64, Entry>>,
}

impl Committees {
    /// Starts with the genesis committee; later ones are read from `index` or told by [`Committees::learn`].
    pub fn new(spec: &ChainSpec, genesis: Committee, key: PrivateKey, index: Index) -> Self {
        Self(Arc::new(Inner {
            spec: spec.hash(),
            genesis,
            key,
            index,
            recent: RwLock::default(),
        }))
    }

    /// The committee of `epoch`, if the hand-over to it is known.
    pub fn get(&self, epoch: u64) -> Option<Arc<Committee>> {
        self.entry(epoch).map(|e| e.committee)
    }

    /// True when this node sits in `epoch`'s committee.
    pub fn is_member(&self, epoch: u64) -> bool {
        self.entry(epoch).is_some_and(|e| e.member)
    }

    /// The engine's scheme for `epoch`: a signer for members, a verifier for others.
    pub fn scheme(&self, epoch: u64) -> Option<Arc<Scheme>> {
        self.entry(epoch).map(|e| e.scheme)
    }

    /// Takes the committee that a final MSB named.
    pub fn learn(&self, committee: Committee) {
        let entry = self.0.entry(committee);
        self.0.remember(entry);
    }

    fn entry(&self, epoch: u64) -> Option<Entry> {
        if let Ok(recent) = self.0.recent.read()
            && let Some(entry) = recent.get(&epoch)
        {
            return Some(entry.clone());
        }
        let committee = if epoch == 0 {
            self.0.genesis.clone()
        } else {
            let hand_over = self.0.index.hand_over(epoch - 1).ok().flatten()?;
            Committee::new(self.0.spec, 0, epoch, &hand_over.msb.next_committee)?
        };
        let entry = self.0.entry(committee);
        self.0.remember(entry.clone());
        Some(entry)
    }
}

impl Inner {
    fn entry(&self, committee: Committee) -> Entry {
        let namespace = namespace(&self.spec, 0, committee.epoch());
        let participants: Set<_> = Set::from_iter_dedup(committee.keys().iter().cloned());
        let member = committee.keys().contains(&self.key.public_key());
        let scheme = Scheme::signer(&namespace, participants.clone(), self.key.clone())
            .unwrap_or_else(|| Scheme::verifier(&namespace, participants));
        Entry {
            committee: Arc::new(committee),
            scheme: Arc::new(scheme),
            member,
        }
    }

    fn remember(&self, entry: Entry) {
        if let Ok(mut recent) = self.recent.write() {
            recent.insert(entry.committee.epoch(), entry);
            while recent.len() > RECENT {
                recent.pop_first();
            }
        }
    }
}

impl Provider for Committees {
    type Scope = Epoch;
    type Scheme = Scheme;

    fn scoped(&self, epoch: Epoch) -> Option<Scoped<Scheme>> {
        let entry = self.entry(epoch.get())?;
        Some(if entry.member {
            Scoped::scheme(entry.scheme)
        } else {
            Scoped::verifier(entry.scheme)
        })
    }
}
