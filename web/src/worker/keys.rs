//! The keystore and the key in memory: unlocked by a password, wiped by locking.
//!
//! It locks by itself after ten minutes without a sign of the user, after five minutes hidden, and after a sleep: a
//! timer that should have ticked and didn't for a minute.

use crate::protocol::{KeysView, Secret};
use credo_primitives::{PublicKey, SecretKey};
use credo_wallet::{Keystore, KeystoreError, StrengthLevel, Words, strength};
use zeroize::Zeroizing;

use super::random::Browser;

const IDLE_MS: f64 = 10.0 * 60_000.0;
const HIDDEN_MS: f64 = 5.0 * 60_000.0;
const SLEEP_MS: f64 = 60_000.0;

/// Where the keystore stands.
#[derive(Debug, Default)]
enum Stored {
    /// Storage hasn't answered yet.
    #[default]
    Unknown,
    None,
    Some(Keystore),
}

/// The keystore and, while unlocked, the key.
#[derive(Debug, Default)]
pub(super) struct Keys {
    stored: Stored,
    unlocked: Option<SecretKey>,
    last_sign: f64,
    last_tick: f64,
    hidden_since: Option<f64>,
}

impl Keys {
    /// What storage held.
    pub(super) fn loaded(&mut self, keystore: Option<Keystore>) {
        self.stored = keystore.map_or(Stored::None, Stored::Some);
        self.unlocked = None;
    }

    /// Storage isn't known (any more).
    pub(super) fn unload(&mut self) {
        *self = Self {
            last_tick: self.last_tick,
            ..Self::default()
        };
    }

    /// The public key, locked or not.
    pub(super) fn public_key(&self) -> Option<&PublicKey> {
        match &self.stored {
            Stored::Some(keystore) => Some(keystore.public_key()),
            _ => None,
        }
    }

    /// The key, while unlocked.
    pub(super) fn secret(&self) -> Option<&SecretKey> {
        self.unlocked.as_ref()
    }

    /// The keystore, if there is one.
    pub(super) fn keystore(&self) -> Option<&Keystore> {
        match &self.stored {
            Stored::Some(keystore) => Some(keystore),
            _ => None,
        }
    }

    /// Takes a secret, encrypts it under `password` and unlocks; the keystore is to be stored.
    pub(super) fn seal(&mut self, secret: Secret, password: &str, now: f64) -> Result<Keystore, String> {
        if self.keystore().is_some() {
            return Err("A key is stored already. Export a backup and erase it first.".into());
        }
        if strength(password).level == StrengthLevel::Refused {
            return Err(strength(password).advice.into());
        }
        let key = read(secret)?;
        let keystore = Keystore::seal(&key, password, &mut Browser).map_err(sentence)?;
        self.stored = Stored::Some(keystore.clone());
        self.unlocked = Some(key);
        self.last_sign = now;
        Ok(keystore)
    }

    /// Unlocks.
    pub(super) fn unlock(&mut self, password: &str, now: f64) -> Result<(), String> {
        let Some(keystore) = self.keystore() else {
            return Err("There is no key here yet. Create or import one first.".into());
        };
        let key = keystore.open(password).map_err(sentence)?;
        self.unlocked = Some(key);
        self.last_sign = now;
        Ok(())
    }

    /// Wipes the key from memory; true if there was one.
    pub(super) fn lock(&mut self) -> bool {
        self.unlocked.take().is_some()
    }

    /// The user did something.
    pub(super) fn activity(&mut self, now: f64) {
        self.last_sign = now;
    }

    /// The page is hidden or visible.
    pub(super) fn hidden(&mut self, hidden: bool, now: f64) {
        match (hidden, self.hidden_since) {
            (true, None) => self.hidden_since = Some(now),
            (false, _) => self.hidden_since = None,
            _ => {}
        }
    }

    /// Holds the rules of locking against the clock; true if it locked now.
    pub(super) fn tick(&mut self, now: f64) -> bool {
        let slept = self.last_tick > 0.0 && now - self.last_tick > SLEEP_MS;
        self.last_tick = now;
        let hidden = self.hidden_since.is_some_and(|since| now - since > HIDDEN_MS);
        let idle = now - self.last_sign > IDLE_MS;
        (slept || hidden || idle) && self.lock()
    }

    /// For the page.
    pub(super) fn view(&self, accounts: &[String]) -> KeysView {
        match (&self.stored, &self.unlocked) {
            (Stored::Unknown, _) => KeysView::Unknown,
            (Stored::None, _) => KeysView::None,
            (Stored::Some(_), None) => KeysView::Locked,
            (Stored::Some(keystore), Some(_)) => KeysView::Unlocked {
                public_key: keystore.public_key().to_base58(),
                accounts: accounts.to_vec(),
                locks_at_ms: self.last_sign + IDLE_MS,
            },
        }
    }
}

fn sentence(error: KeystoreError) -> String {
    capital(&error.to_string())
}

/// A sentence as the screen shows it.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

/// New words for the page to show once.
pub(super) fn new_words() -> Vec<String> {
    Words::generate(&mut Browser).words().map(str::to_owned).collect()
}

fn read(secret: Secret) -> Result<SecretKey, String> {
    match secret {
        Secret::Words(words) => {
            let words = Zeroizing::new(words);
            let words = Words::parse(&words).map_err(|e| capital(&e.to_string()))?;
            words.key(0).map_err(|e| capital(&e.to_string()))
        }
        Secret::Base58(text) => {
            let text = Zeroizing::new(text);
            SecretKey::from_base58(&text).map_err(|e| capital(&e.to_string()))
        }
        Secret::Backup { file, password } => {
            let password = Zeroizing::new(password);
            let keystore = Keystore::from_json(&file).map_err(sentence)?;
            keystore.open(&password).map_err(sentence)
        }
    }
}
