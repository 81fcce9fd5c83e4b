//! A node's data directory: one process at a time, one known format, one identity.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use commonware_cryptography::Signer as _;
use commonware_cryptography::ed25519::PrivateKey;
use credo_primitives::possession::show_possession;
use credo_primitives::{AccountName, ConsensusKey, Digest};
use rand::Rng as _;
use zeroize::Zeroizing;

/// The format of the data directory that this release reads and writes.
pub const FORMAT: u32 = 1;
const LOCK_FILE: &str = "lock";
const FORMAT_FILE: &str = "format";
const KEY_FILE: &str = "consensus.key";

/// Why a data directory can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// The disk refused.
    #[error("{path} can't be used: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another node runs on it.
    #[error("another node is running on the data directory {0}; a directory belongs to one node at a time")]
    Locked(PathBuf),
    /// A format of another release.
    #[error(
        "the data directory {path} has format {got}; this release reads format {FORMAT}: use the release that wrote it, or a newer one that can convert it"
    )]
    Format {
        /// The directory.
        path: PathBuf,
        /// Its format.
        got: String,
    },
    /// A key file that holds no key.
    #[error("{0} holds no consensus key")]
    Key(PathBuf),
}

/// A locked data directory. The lock goes with it.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> DataDirError + '_ {
    move |source| DataDirError::Io {
        path: path.to_owned(),
        source,
    }
}

impl DataDir {
    /// Opens and locks a directory, or makes an empty one.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        fs::create_dir_all(path).map_err(io(path))?;
        let lock_path = path.join(LOCK_FILE);
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(DataDirError::Locked(path.to_owned())),
            Err(fs::TryLockError::Error(error)) => return Err(io(&lock_path)(error)),
        }
        // For people (and tests) who look for the process; nothing reads it back.
        lock.set_len(0)
            .and_then(|()| writeln!(&lock, "{}", std::process::id()))
            .map_err(io(&lock_path))?;
        let format_path = path.join(FORMAT_FILE);
        match fs::read_to_string(&format_path) {
            Ok(text) if text.trim() == FORMAT.to_string() => {}
            Ok(text) => {
                return Err(DataDirError::Format {
                    path: path.to_owned(),
                    got: text.trim().chars().take(32).collect(),
                });
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                write_durably(&format_path, format!("{FORMAT}\n").as_bytes(), 0o644)?;
            }
            Err(error) => return Err(io(&format_path)(error)),
        }
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Whether a directory has a node's key; it needn't be open.
    pub(crate) fn has_key(path: &Path) -> bool {
        path.join(KEY_FILE).exists()
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The node's consensus key; made when there is none yet.
    pub fn consensus_key(&self) -> Result<PrivateKey, DataDirError> {
        let path = self.path.join(KEY_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => read_key(&text).ok_or(DataDirError::Key(path)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut seed = [0u8; 32];
                rand::rng().fill_bytes(&mut seed);
                let key = PrivateKey::decode(Copying(&seed)).map_err(|_| DataDirError::Key(path.clone()))?;
                let text = format!("{}\n", hex::encode(key.encode()));
                write_durably(&path, text.as_bytes(), 0o600)?;
                Ok(key)
            }
            Err(error) => Err(io(&path)(error)),
        }
    }
}

/// The public key of the node in a data directory, which may be running.
pub fn public_key(path: &Path) -> Result<ConsensusKey, DataDirError> {
    let path = path.join(KEY_FILE);
    let text = fs::read_to_string(&path).map_err(io(&path))?;
    Ok(read_key(&text).ok_or(DataDirError::Key(path))?.public_key())
}

/// P-10. The public key of the node in a data directory, with what shows that `account` has it on the chain `spec`.
pub fn possession(
    path: &Path,
    spec: &Digest,
    account: &AccountName,
) -> Result<(ConsensusKey, String), DataDirError> {
    let path = path.join(KEY_FILE);
    let text = Zeroizing::new(fs::read_to_string(&path).map_err(io(&path))?);
    let key = read_key(&text).ok_or(DataDirError::Key(path))?;
    Ok((key.public_key(), show_possession(&key, spec, account)))
}

fn read_key(text: &str) -> Option<PrivateKey> {
    let bytes = hex::decode(text.trim()).ok()?;
    PrivateKey::decode(Copying(&bytes)).ok()
}

/// Writes a secret to a file that must not be there yet.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), DataDirError> {
    let mut options = File::options();
    options.create_new(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(io(path))?;
    file.write_all(bytes).map_err(io(path))?;
    file.sync_all().map_err(io(path))
}

/// Writes a file so that after a power cut it is there whole or not at all.
pub(crate) fn write_durably(path: &Path, bytes: &[u8], mode: u32) -> Result<(), DataDirError> {
    let fresh = path.with_extension("new");
    let mut options = File::options();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(mode);
    }
    let mut file = options.open(&fresh).map_err(io(&fresh))?;
    file.write_all(bytes).map_err(io(&fresh))?;
    file.sync_all().map_err(io(&fresh))?;
    fs::rename(&fresh, path).map_err(io(path))?;
    if let Some(parent) = path.parent()
        && let Ok(folder) = File::open(parent)
    {
        folder.sync_all().map_err(io(parent))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_belongs_to_one_node_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("node");
        let first = DataDir::open(&path).expect("opens");
        assert!(matches!(DataDir::open(&path), Err(DataDirError::Locked(_))));
        let key = first.consensus_key().expect("a key");
        drop(first);
        let again = DataDir::open(&path).expect("opens again");
        let again = again.consensus_key().expect("the same key");
        assert_eq!(again.public_key(), key.public_key());
        assert_eq!(public_key(&path).expect("readable"), key.public_key());
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let dir = DataDir::open(folder.path()).expect("opens");
        dir.consensus_key().expect("a key");
        let mode = fs::metadata(folder.path().join(KEY_FILE))
            .expect("a file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn an_unknown_format_or_a_broken_key_is_refused_in_words() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = DataDir::open(folder.path()).expect("opens");
        fs::write(folder.path().join(KEY_FILE), "not hex").expect("writes");
        assert!(matches!(dir.consensus_key(), Err(DataDirError::Key(_))));
        drop(dir);
        fs::write(folder.path().join(FORMAT_FILE), "2\n").expect("writes");
        let error = DataDir::open(folder.path()).expect_err("refused");
        assert!(error.to_string().contains("has format 2"), "{error}");
    }
}
