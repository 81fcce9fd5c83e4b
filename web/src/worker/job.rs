//! Does what only the outside can do: storage and the faucet.

use super::faucet;
use super::parts::{Done, Job, Loaded};
use super::storage::{Storage, StorageError, Write, key, meta};

/// Does one job; most are silent when they succeed.
pub(super) async fn run(job: Job) -> Option<Done> {
    match job {
        Job::Load { pinned } => Some(Done::Loaded(Box::new(load(pinned).await))),
        Job::Revisit { spec } => Some(Done::Revisited(Box::new(load(Some(spec)).await))),
        Job::Store { spec, writes, meta } => store(&spec, &writes, &meta)
            .await
            .err()
            .map(|error| Done::StorageFailed(said(&error))),
        Job::Erase { spec, meta, command } => {
            let result = erase(&spec, &meta).await.map_err(|error| said(&error));
            match (command, result) {
                (Some(command), result) => Some(Done::Erased(command, result)),
                (None, Err(why)) => Some(Done::StorageFailed(why)),
                (None, Ok(())) => None,
            }
        }
        Job::Faucet {
            command,
            name,
            public_key,
        } => {
            let result = faucet::ask(&name, public_key.as_deref()).await;
            Some(Done::Faucet {
                command,
                name,
                account: public_key.is_some(),
                result,
            })
        }
    }
}

fn said(error: &StorageError) -> String {
    format!(
        "{}. What you see still works until you close this page; export a backup, then free some space.",
        super::keys::capital(&error.to_string()).trim_end_matches('.')
    )
}

async fn load(pinned: Option<String>) -> Loaded {
    match read(pinned.clone()).await {
        Ok(loaded) => loaded,
        Err(error) => Loaded {
            given: pinned.is_some(),
            pinned,
            failed: Some(said(&error)),
            ..Loaded::default()
        },
    }
}

async fn read(pinned: Option<String>) -> Result<Loaded, StorageError> {
    let small = Storage::meta().await?;
    let given = pinned.is_some();
    let pinned = match pinned {
        Some(pinned) => Some(pinned),
        None => small
            .get(meta::PINNED)
            .await?
            .and_then(|bytes| String::from_utf8(bytes).ok()),
    };
    let Some(spec) = pinned else {
        return Ok(Loaded::default());
    };
    let had_key = small.get(&meta::has_key(&spec)).await?.is_some();
    let chain = Storage::chain(&spec).await?;
    Ok(Loaded {
        had_key,
        keystore: chain.get(key::KEYSTORE).await?,
        checkpoint: chain.get(key::CHECKPOINT).await?,
        account: chain.get(key::ACCOUNT).await?,
        activity: chain.get(key::ACTIVITY).await?,
        proved: chain.get(key::PROVED).await?,
        pinned: Some(spec),
        given,
        failed: None,
    })
}

async fn store(spec: &str, writes: &[Write], small: &[Write]) -> Result<(), StorageError> {
    if !writes.is_empty() {
        Storage::chain(spec).await?.write(writes).await?;
    }
    // Last: the mark must not say that a key is stored before it is.
    if !small.is_empty() {
        Storage::meta().await?.write(small).await?;
    }
    Ok(())
}

async fn erase(spec: &str, small: &[Write]) -> Result<(), StorageError> {
    // First: a mark without a key would be taken for an eviction.
    Storage::meta().await?.write(small).await?;
    Storage::chain(spec).await?.clear().await
}
