//! The page's places, kept in the address after `#`, so that the server needs to know one file only.

use gloo::events::EventListener;
use gloo::utils::window;
use yew::prelude::*;

/// A place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Balance and activity.
    Home,
    /// A transfer.
    Send,
    /// One's own name.
    Receive,
    /// The Servi nodes; with a name, that one is searched for.
    Vote(Option<String>),
    /// The committee, blocks and look-up; with a query, it is looked up.
    Chain(Option<String>),
    /// Permissions, proposals, one's node.
    Account,
    /// The relays.
    Network,
    /// Theme, lock, backup.
    Settings,
}

impl Route {
    /// From the part after `#`. Unknown places lead home.
    pub(crate) fn parse(hash: &str) -> Self {
        let text = hash.trim_start_matches('#').trim_start_matches('/');
        let (place, rest) = text
            .split_once('/')
            .map_or((text, None), |(place, rest)| (place, Some(rest)));
        let rest = rest.filter(|rest| !rest.is_empty()).map(str::to_owned);
        match place {
            "send" => Self::Send,
            "receive" => Self::Receive,
            "vote" => Self::Vote(rest),
            "chain" => Self::Chain(rest),
            "account" => Self::Account,
            "network" => Self::Network,
            "settings" => Self::Settings,
            _ => Self::Home,
        }
    }

    /// The part after `#`, with it.
    pub(crate) fn href(&self) -> String {
        let with = |place: &str, rest: &Option<String>| match rest {
            Some(rest) => format!("#{place}/{rest}"),
            None => format!("#{place}"),
        };
        match self {
            Self::Home => "#home".into(),
            Self::Send => "#send".into(),
            Self::Receive => "#receive".into(),
            Self::Vote(node) => with("vote", node),
            Self::Chain(query) => with("chain", query),
            Self::Account => "#account".into(),
            Self::Network => "#network".into(),
            Self::Settings => "#settings".into(),
        }
    }

    /// Its heading.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Send => "Send",
            Self::Receive => "Receive",
            Self::Vote(_) => "Vote",
            Self::Chain(_) => "Chain",
            Self::Account => "Account",
            Self::Network => "Network",
            Self::Settings => "Settings",
        }
    }

    /// The same place, whatever it is asked?
    pub(crate) fn same_place(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// Goes there.
pub(crate) fn go(route: &Route) {
    // Setting the hash of an existing page cannot fail.
    let _ = window().location().set_hash(&route.href());
}

fn present() -> Route {
    Route::parse(&window().location().hash().unwrap_or_default())
}

/// The present place.
#[hook]
pub(crate) fn use_route() -> Route {
    let route = use_state(present);
    {
        let route = route.clone();
        use_effect_with((), move |()| {
            let listener = EventListener::new(&window(), "hashchange", move |_| route.set(present()));
            move || drop(listener)
        });
    }
    (*route).clone()
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn every_place_is_found_again_by_its_address() {
        let places = [
            Route::Home,
            Route::Send,
            Route::Receive,
            Route::Vote(None),
            Route::Vote(Some("aurora".into())),
            Route::Chain(Some("84912".into())),
            Route::Account,
            Route::Network,
            Route::Settings,
        ];
        for place in places {
            assert_eq!(Route::parse(&place.href()), place);
        }
        assert_eq!(Route::parse("#/nowhere"), Route::Home);
    }
}
