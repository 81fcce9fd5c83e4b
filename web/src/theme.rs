//! Light, dark, or the system's choice.

use gloo::utils::{document_element, window};
use web_sys::MediaQueryList;

use crate::browser::{recall, remember};

/// Shared with `static/theme.js`, which applies the choice before the first paint.
const KEY: &str = "credo.theme";

/// What the user chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    /// Follow the system.
    System,
    /// Paper.
    Light,
    /// Ink.
    Dark,
}

impl Theme {
    /// All, in the order in which they are offered.
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The stored choice.
    pub(crate) fn load() -> Self {
        match recall(KEY).as_deref() {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    /// Its name in storage.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Its name on the screen.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// Stores and applies it.
    pub(crate) fn choose(self) {
        remember(KEY, self.key());
        self.apply();
    }

    /// Applies it to the page.
    pub(crate) fn apply(self) {
        let dark = match self {
            Self::Dark => true,
            Self::Light => false,
            Self::System => system().is_some_and(|query| query.matches()),
        };
        // The attribute is plain; setting it cannot fail.
        let _ = document_element().set_attribute("data-theme", if dark { "dark" } else { "light" });
    }
}

/// The system's wish, to be listened to.
pub(crate) fn system() -> Option<MediaQueryList> {
    window()
        .match_media("(prefers-color-scheme: dark)")
        .ok()
        .flatten()
}
