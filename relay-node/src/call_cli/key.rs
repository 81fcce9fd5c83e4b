//! Where the key comes from: a file, or the environment. Never from the command line, which others can read.

use std::path::Path;

use credo_primitives::SecretKey;
use zeroize::Zeroizing;

/// The variable that holds the base58 secret key where no file is named.
const VARIABLE: &str = "CREDO_KEY";
/// Longest key file; a secret key's text has less than a hundred characters.
const MAX_FILE: u64 = 4_096;

pub(super) fn load(file: Option<&Path>) -> Result<SecretKey, String> {
    let (text, place) = match file {
        Some(path) => {
            let unreadable =
                |e: std::io::Error| format!("the key file {} can't be read: {e}", path.display());
            let size = std::fs::metadata(path).map_err(unreadable)?.len();
            if size > MAX_FILE {
                return Err(format!("{} is too large to be a key file", path.display()));
            }
            let text = Zeroizing::new(std::fs::read_to_string(path).map_err(unreadable)?);
            (text, path.display().to_string())
        }
        None => {
            let text = std::env::var(VARIABLE)
                .map_err(|_| format!("no key: name its file with --key FILE, or set {VARIABLE}"))?;
            (Zeroizing::new(text), VARIABLE.to_owned())
        }
    };
    SecretKey::from_base58(&text).map_err(|error| format!("{place} holds no account's secret key: {error}"))
}
