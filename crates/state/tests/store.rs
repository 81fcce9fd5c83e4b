//! One suite for both back-ends: the store on disk under tokio, and in memory on the deterministic runtime.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use commonware_runtime::{Runner as _, deterministic, tokio};
use credo_primitives::state_key::MAX_STATE_VALUE;
use credo_primitives::{AccountName, StateKey};
use credo_state::store::Context;
use credo_state::{ReadError, StateRead as _, Store, StoreConfig, StoreError, Writes, verify};

type Model = BTreeMap<StateKey, Vec<u8>>;

fn key(i: u32) -> StateKey {
    StateKey::candidate(&AccountName::any(format!("node{i}")).expect("a name"))
}

fn config() -> StoreConfig {
    StoreConfig {
        partition: "state".into(),
        cache_pages: NonZeroUsize::new(64).expect("not zero"),
        prune_every: 7,
    }
}

async fn open<E: Context>(context: &E) -> Store<E> {
    Store::open(context.child("store"), config())
        .await
        .expect("opens")
}

fn writes(items: &[(u32, Option<&str>)]) -> Writes {
    items
        .iter()
        .map(|(i, v)| (key(*i), v.map(|v| v.as_bytes().to_vec())))
        .collect()
}

async fn put<E: Context>(store: &mut Store<E>, items: &[(u32, Option<&str>)]) {
    let staged = store.stage(None, &writes(items), None).await.expect("stages");
    store.commit(&staged).await.expect("commits");
}

/// Every key that the model has is proved with its value, every other one is proved absent.
async fn agrees<E: Context>(store: &Store<E>, model: &Model, keys: impl Iterator<Item = u32>) {
    let root = store.commitment().expect("open").root;
    for i in keys {
        let expected = model.get(&key(i));
        assert_eq!(store.get(&key(i)).await.expect("reads").as_ref(), expected);
        let (value, proof) = store.prove(&key(i)).await.expect("proves");
        assert_eq!(value.as_ref(), expected);
        verify(&root, &key(i), value.as_deref(), &proof).expect("the proof holds");
        assert!(proof.len() < credo_state::MAX_PROOF);
        // The same proof shows nothing else.
        let other = if value.is_some() { None } else { Some(&b"x"[..]) };
        assert!(verify(&root, &key(i), other, &proof).is_err());
        assert!(verify(&root, &key(i + 1_000_000), value.as_deref(), &proof).is_err() || value.is_none());
    }
}

async fn empty<E: Context>(context: E) {
    let store = open(&context).await;
    agrees(&store, &Model::new(), 0..5).await;
    assert_eq!(store.metadata().await.expect("reads"), None);
}

async fn presence_absence_overwrite_deletion<E: Context>(context: E) {
    let mut store = open(&context).await;
    put(&mut store, &[(1, Some("one")), (2, Some("two")), (3, Some(""))]).await;
    let model = |items: &[(u32, &str)]| -> Model {
        items
            .iter()
            .map(|(i, v)| (key(*i), v.as_bytes().to_vec()))
            .collect()
    };
    agrees(&store, &model(&[(1, "one"), (2, "two"), (3, "")]), 0..6).await;

    put(&mut store, &[(2, Some("zwei")), (1, None), (9, None)]).await;
    agrees(&store, &model(&[(2, "zwei"), (3, "")]), 0..10).await;

    // Back to nothing: absence is then proved by the empty commit.
    put(&mut store, &[(2, None), (3, None)]).await;
    agrees(&store, &Model::new(), 0..6).await;
    put(&mut store, &[(1, Some("again"))]).await;
    agrees(&store, &model(&[(1, "again")]), 0..6).await;
}

async fn reopening<E: Context>(context: E) {
    let mut store = open(&context).await;
    let first = store
        .stage(None, &writes(&[(1, Some("a"))]), Some(vec![7]))
        .await
        .expect("stages");
    store.commit(&first).await.expect("commits");
    let kept = store.commitment().expect("open");
    assert_eq!(kept, first.commitment());
    // Staged but never committed: forgotten.
    let lost = store
        .stage(None, &writes(&[(1, Some("b"))]), Some(vec![8]))
        .await
        .expect("stages");
    assert_ne!(lost.commitment(), kept);
    drop(store);

    let mut store = Store::open(context.child("again"), config())
        .await
        .expect("opens");
    assert_eq!(store.commitment().expect("open"), kept);
    assert_eq!(store.metadata().await.expect("reads"), Some(vec![7]));
    assert_eq!(store.get(&key(1)).await.expect("reads"), Some(b"a".to_vec()));
    // What was staged on the earlier handle doesn't count here, or at least changes nothing it shouldn't.
    let again = store
        .stage(None, &writes(&[(1, Some("b"))]), Some(vec![8]))
        .await
        .expect("stages");
    assert_eq!(again.commitment(), lost.commitment());
    store.commit(&again).await.expect("commits");
    assert_eq!(store.metadata().await.expect("reads"), Some(vec![8]));
}

async fn forks<E: Context>(context: E) {
    let mut store = open(&context).await;
    put(&mut store, &[(1, Some("base")), (2, Some("base"))]).await;
    let a = store
        .stage(None, &writes(&[(1, Some("a"))]), None)
        .await
        .expect("stages");
    let b = store
        .stage(None, &writes(&[(1, Some("b"))]), None)
        .await
        .expect("stages");
    let aa = store
        .stage(Some(&a), &writes(&[(2, None), (3, Some("aa"))]), None)
        .await
        .expect("stages");
    let bb = store
        .stage(Some(&b), &writes(&[(2, Some("bb"))]), None)
        .await
        .expect("stages");
    let text = |v: Option<Vec<u8>>| v.map(|v| String::from_utf8(v).expect("text"));

    // Every one reads its own version.
    assert_eq!(
        text(store.get(&key(1)).await.expect("reads")).as_deref(),
        Some("base")
    );
    assert_eq!(
        text(aa.get(&store, &key(1)).await.expect("reads")).as_deref(),
        Some("a")
    );
    assert_eq!(text(aa.get(&store, &key(2)).await.expect("reads")), None);
    assert_eq!(
        text(bb.get(&store, &key(2)).await.expect("reads")).as_deref(),
        Some("bb")
    );
    assert_eq!(
        text(b.get(&store, &key(2)).await.expect("reads")).as_deref(),
        Some("base")
    );
    let view = store.snapshot(Some(&aa));
    assert_eq!(view.get(&key(3)), Ok(Some(b"aa".to_vec())));
    assert_eq!(store.snapshot(None).get(&key(3)), Ok(None));

    // One branch becomes final: its child stays good, the other branch is refused and hurts nothing.
    store.commit(&a).await.expect("commits");
    assert_eq!(store.commitment().expect("open"), a.commitment());
    assert_eq!(
        text(aa.get(&store, &key(1)).await.expect("reads")).as_deref(),
        Some("a")
    );
    assert_eq!(store.commit(&b).await, Err(StoreError::Stale));
    assert_eq!(store.commit(&bb).await, Err(StoreError::Stale));
    assert_eq!(bb.get(&store, &key(2)).await, Err(StoreError::Stale));
    assert!(matches!(
        store.snapshot(Some(&bb)).get(&key(2)),
        Err(ReadError::Store(_))
    ));
    assert!(matches!(
        store.stage(Some(&b), &Writes::new(), None).await,
        Err(StoreError::Stale)
    ));
    let aaa = store
        .stage(Some(&aa), &writes(&[(4, Some("aaa"))]), None)
        .await
        .expect("stages");
    drop(aa);
    // Committing a grandchild commits what lies between.
    store.commit(&aaa).await.expect("commits");
    assert_eq!(store.commitment().expect("open"), aaa.commitment());
    let model = [(1, "a"), (3, "aa"), (4, "aaa")];
    let model = model
        .iter()
        .map(|(i, v)| (key(*i), v.as_bytes().to_vec()))
        .collect();
    agrees(&store, &model, 0..8).await;
    assert_eq!(
        store.commit(&aaa).await,
        Err(StoreError::Stale),
        "nothing is committed twice"
    );
}

async fn limits<E: Context>(context: E) {
    let mut store = open(&context).await;
    let big = vec![5; MAX_STATE_VALUE];
    let staged = store
        .stage(None, &[(key(1), Some(big.clone()))].into(), None)
        .await
        .expect("the largest value is taken");
    store.commit(&staged).await.expect("commits");
    // The neighbour's value travels in an absence proof: it still fits.
    agrees(&store, &[(key(1), big)].into(), 0..4).await;
    let over = [(key(1), Some(vec![0; MAX_STATE_VALUE + 1]))].into();
    assert!(matches!(
        store.stage(None, &over, None).await,
        Err(StoreError::ValueTooLarge { size, .. }) if size == MAX_STATE_VALUE + 1
    ));
    assert!(matches!(
        store.stage(None, &Writes::new(), Some(vec![0; 1025])).await,
        Err(StoreError::MetadataTooLarge(1025))
    ));
}

/// A node that commits block by block and one that keeps three blocks staged, prunes at other times beneath them and was reopened
/// come to the same commitments; every key is proved against the last of them.
async fn same_root_everywhere<E: Context>(context: E) {
    let batch = |round: u32| -> Writes {
        (0..20)
            .map(|i| {
                let place = (round * 7 + i * 13) % 97;
                let value = format!("{round}-{i}").repeat((i % 5) as usize + 1);
                (
                    key(place),
                    (!(round + i).is_multiple_of(4)).then(|| value.into_bytes()),
                )
            })
            .collect()
    };
    let metadata = |round: u32| Some(round.to_be_bytes().to_vec());
    let rounds = 60;
    let mut store = open(&context).await;
    let (mut model, mut commitments) = (Model::new(), Vec::new());
    for round in 0..rounds {
        let staged = store
            .stage(None, &batch(round), metadata(round))
            .await
            .expect("stages");
        store.commit(&staged).await.expect("commits");
        commitments.push(staged.commitment());
        assert_eq!(store.commitment().expect("open"), staged.commitment());
        for (key, value) in batch(round) {
            match value {
                Some(value) => model.insert(key, value),
                None => model.remove(&key),
            };
        }
    }
    agrees(&store, &model, 0..100).await;

    let other = StoreConfig {
        partition: "other".into(),
        prune_every: 5,
        ..config()
    };
    let mut store = Store::open(context.child("other"), other.clone())
        .await
        .expect("opens");
    let mut staged: Vec<credo_state::Staged> = Vec::new();
    for round in 0..rounds {
        if round == 31 {
            for staged in staged.drain(..) {
                store.commit(&staged).await.expect("commits");
            }
            drop(store);
            store = Store::open(context.child("reopened"), other.clone())
                .await
                .expect("opens");
        }
        let next = store
            .stage(staged.last(), &batch(round), metadata(round))
            .await
            .expect("stages");
        assert_eq!(next.commitment(), commitments[round as usize], "round {round}");
        staged.push(next);
        if staged.len() > 3 {
            store.commit(&staged.remove(0)).await.expect("commits");
        }
    }
    store
        .commit(staged.last().expect("some are left"))
        .await
        .expect("commits");
    agrees(&store, &model, 0..100).await;
}

macro_rules! both {
    ($($case:ident),* $(,)?) => {
        mod in_memory {
            use super::*;
            $(#[test] fn $case() { deterministic::Runner::default().start(super::$case); })*
        }
        mod on_disk {
            use super::*;
            $(#[test] fn $case() {
                let dir = tempfile::tempdir().expect("a directory");
                let config = tokio::Config::new().with_storage_directory(dir.path());
                tokio::Runner::new(config).start(super::$case);
            })*
        }
    };
}
both!(
    empty,
    presence_absence_overwrite_deletion,
    reopening,
    forks,
    limits,
    same_root_everywhere,
);

/// Power fails: what wasn't synced is gone, what was committed is there.
#[test]
fn a_commit_survives_a_crash() {
    let (kept, checkpoint) = deterministic::Runner::default().start_and_recover(|context| async move {
        let mut store = open(&context).await;
        for round in 0..30u32 {
            let value = Some(round.to_be_bytes().to_vec());
            let staged = store
                .stage(None, &[(key(round % 9), value.clone())].into(), value)
                .await
                .expect("stages");
            store.commit(&staged).await.expect("commits");
        }
        let kept = store.commitment().expect("open");
        store
            .stage(None, &writes(&[(1, Some("lost"))]), None)
            .await
            .expect("stages");
        kept
    });
    deterministic::Runner::from(checkpoint).start(|context| async move {
        let store = open(&context).await;
        assert_eq!(store.commitment().expect("open"), kept);
        assert_eq!(
            store.metadata().await.expect("reads"),
            Some(29u32.to_be_bytes().to_vec())
        );
    });
}
