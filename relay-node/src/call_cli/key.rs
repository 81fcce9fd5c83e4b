//! Where the key comes from: a file, or the environment. Never from the command line, which others can read.

use std::path::{Path, PathBuf};

use credo_primitives::SecretKey;
use zeroize::Zeroizing;

/// The variable that holds the base58 secret key where no file is named.
const VARIABLE: &str = "CREDO_KEY";
/// Longest key file; a secret key's text has less than a hundred characters.
const MAX_FILE: u64 = 4_096;

/// Most keys that sign one transaction; IOST's accounts seldom have more than a handful.
const MAX_KEYS: usize = 16;

/// The keys in these files, or the one in the environment when none is named.
pub(super) fn load(files: &[PathBuf]) -> Result<Vec<SecretKey>, String> {
    if files.len() > MAX_KEYS {
        return Err(format!("at most {MAX_KEYS} keys sign a transaction"));
    }
    if files.is_empty() {
        let text = std::env::var(VARIABLE)
            .map_err(|_| format!("no key: name its file with --key FILE, or set {VARIABLE}"))?;
        return Ok(vec![parse(&Zeroizing::new(text), VARIABLE)?]);
    }
    files.iter().map(|file| read(file)).collect()
}

/// The keys in further files, beside so many.
pub(super) fn load_more(files: &[&PathBuf], beside: usize) -> Result<Vec<SecretKey>, String> {
    if beside + files.len() > MAX_KEYS {
        return Err(format!("at most {MAX_KEYS} keys sign a transaction"));
    }
    files.iter().map(|file| read(file)).collect()
}

/// Reads a key file.
pub(crate) fn read(path: &Path) -> Result<SecretKey, String> {
    let unreadable = |e: std::io::Error| format!("the key file {} can't be read: {e}", path.display());
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_FILE {
        return Err(format!("{} is too large to be a key file", path.display()));
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(unreadable)?);
    parse(&text, &path.display().to_string())
}

fn parse(text: &str, place: &str) -> Result<SecretKey, String> {
    SecretKey::from_base58(text).map_err(|error| format!("{place} holds no account's secret key: {error}"))
}
