//! The app: the store around everything, and the page that belongs to the present place and state of the keys.

use credo_web::protocol::{FromWorker, KeysView, Sync, ToWorker, View};
use gloo::events::EventListener;
use gloo::timers::future::TimeoutFuture;
use yew::prelude::*;

use crate::bridge::{Bridge, News};
use crate::components::{Banners, Frame, Waiting};
use crate::environment;
use crate::pages::{
    AccountPage, Chain, Home, Network, OwnAccount, Receive, Send, Settings, Unlock, Vote, Welcome,
};
use crate::plane;
use crate::relays;
use crate::route::{Route, use_route};
use crate::store::{Candidates, Shared, Store};
use crate::theme::{self, Theme};

/// How long until the server is asked for relays again.
const ASK_AGAIN_MS: u32 = 2_000;

/// What has come so far.
#[derive(Clone, PartialEq)]
struct Known {
    view: Shared<View>,
    candidates: Option<Candidates>,
}

enum Change {
    News(News),
    NoRelays(String),
}

impl Reducible for Known {
    type Action = Change;

    fn reduce(self: std::rc::Rc<Self>, change: Change) -> std::rc::Rc<Self> {
        let mut next = (*self).clone();
        match change {
            Change::News(News::Worker(FromWorker::View(mut view))) => {
                if let Some(list) = view.candidates.take() {
                    if self.candidates.as_ref().is_none_or(|old| **old != list) {
                        next.candidates = Some(Shared::new(list));
                    }
                } else if view.chain.is_none() {
                    // Another chain: its nodes aren't these.
                    next.candidates = None;
                }
                next.view = Shared::new(*view);
            }
            Change::News(News::Worker(FromWorker::Candidates(list))) => {
                next.candidates = Some(Shared::new(*list))
            }
            Change::News(News::Worker(_)) => return self,
            Change::News(News::Broken(detail)) => {
                next.view = with_sync(&self.view, Sync::StorageLost { detail })
            }
            Change::NoRelays(reason) => next.view = with_sync(&self.view, Sync::NoRelay { reason }),
        }
        next.into()
    }
}

fn with_sync(view: &View, sync: Sync) -> Shared<View> {
    Shared::new(View { sync, ..view.clone() })
}

/// The root component.
#[component]
pub(crate) fn App() -> Html {
    let known = use_reducer(|| Known {
        view: Shared::new(View::default()),
        candidates: None,
    });
    let bridge = {
        let dispatch = known.dispatcher();
        use_memo((), move |()| {
            Bridge::start(Callback::from(move |news| dispatch.dispatch(Change::News(news))))
        })
    };
    {
        let (bridge, dispatch) = ((*bridge).clone(), known.dispatcher());
        use_effect_with((), move |()| {
            let watched = bridge.clone();
            let watch = environment::watch(move |change| watched.environment(change));
            wasm_bindgen_futures::spawn_local(connect(bridge, dispatch));
            move || drop(watch)
        });
    }
    use_effect_with((), |()| {
        let listener =
            theme::system().map(|query| EventListener::new(&query, "change", |_| Theme::load().apply()));
        move || drop(listener)
    });

    let route = use_route();
    let store = Store {
        view: known.view.clone(),
        candidates: known.candidates.clone(),
        bridge: (*bridge).clone(),
    };
    let page = page(&route, &store.view);
    html! {
        <ContextProvider<Store> context={store}>
            <Frame {route}>
                <Banners />
                { page }
            </Frame>
        </ContextProvider<Store>>
    }
}

/// Finds the relays (again and again until there are some), then starts the worker's work and the connections.
async fn connect(bridge: Bridge, dispatch: UseReducerDispatcher<Known>) {
    let directory = loop {
        match relays::find().await {
            Ok(directory) => break directory,
            Err(reason) => dispatch.dispatch(Change::NoRelays(reason)),
        }
        TimeoutFuture::new(ASK_AGAIN_MS).await;
    };
    bridge.tell(ToWorker::Start {
        pinned: option_env!("CREDO_SPEC")
            .filter(|hash| !hash.is_empty())
            .map(str::to_owned),
        relays: directory.relays.iter().map(relays::Relay::label).collect(),
    });
    plane::run(&bridge, directory.relays);
}

/// The page for this place: what needs keys asks for them first.
fn page(route: &Route, view: &View) -> Html {
    match route {
        Route::Vote(node) => return html! { <Vote node={node.clone()} /> },
        Route::Chain(query) => return html! { <Chain query={query.clone()} /> },
        Route::Network => return html! { <Network /> },
        Route::Settings => return html! { <Settings /> },
        Route::Home | Route::Send | Route::Receive | Route::Account => {}
    }
    match &view.keys {
        KeysView::Unknown => html! { <Waiting title={route.title()} /> },
        KeysView::None => html! { <Welcome /> },
        KeysView::Locked => html! { <Unlock /> },
        KeysView::Unlocked { .. } if view.account.is_none() => html! { <AccountPage /> },
        KeysView::Unlocked { .. } => match route {
            Route::Send => html! { <Send /> },
            Route::Receive => html! { <Receive /> },
            Route::Account => html! { <OwnAccount /> },
            _ => html! { <Home /> },
        },
    }
}
