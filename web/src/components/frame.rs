//! The frame around every page: the sidebar on a desk, the bar below on a phone, heading and status above.

use credo_web::protocol::KeysView;
use gloo::utils::document;
use yew::prelude::*;

use super::{Brand, Glyph, Icon, Status, Who};
use crate::route::Route;
use crate::store::use_store;

#[derive(Properties, PartialEq)]
pub(crate) struct Props {
    pub(crate) route: Route,
    pub(crate) children: Html,
}

struct Entry {
    route: Route,
    glyph: Glyph,
}

fn entries(phone: bool) -> Vec<Entry> {
    let entry = |route, glyph| Entry { route, glyph };
    let mut all = vec![entry(Route::Home, Glyph::Home)];
    if phone {
        all.push(entry(Route::Send, Glyph::Send));
    }
    all.push(entry(Route::Vote(None), Glyph::Vote));
    all.push(entry(Route::Chain(None), Glyph::Chain));
    if !phone {
        all.push(entry(Route::Account, Glyph::Person));
        all.push(entry(Route::Network, Glyph::Network));
        all.push(entry(Route::Settings, Glyph::Settings));
    }
    all
}

fn link(entry: &Entry, present: &Route) -> Html {
    let current = entry.route.same_place(present)
        || matches!(
            (&entry.route, present),
            (Route::Home, Route::Send | Route::Receive)
        );
    html! {
        <a href={entry.route.href()} aria-current={current.then_some("page")}>
            <Icon glyph={entry.glyph} />{ entry.route.title() }
        </a>
    }
}

#[component]
pub(crate) fn Frame(props: &Props) -> Html {
    let store = use_store();
    let main = use_node_ref();
    let title = match (&props.route, &store.view.keys) {
        (Route::Home | Route::Send | Route::Receive | Route::Account, KeysView::None) => "Welcome",
        (Route::Home | Route::Send | Route::Receive | Route::Account, KeysView::Locked) => "Locked",
        (route, _) => route.title(),
    };
    {
        // Going to another place begins at its top, and tells screen readers its name.
        let main = main.clone();
        use_effect_with(std::mem::discriminant(&props.route), move |_| {
            gloo::utils::window().scroll_to_with_x_and_y(0.0, 0.0);
            if let Some(main) = main.cast::<web_sys::HtmlElement>()
                && document()
                    .active_element()
                    .is_some_and(|element| element.tag_name() == "A")
            {
                // Focus can only fail on an element that is gone.
                let _ = main.focus();
            }
        });
    }
    use_effect_with(title, |title| document().set_title(&format!("{title} · Credo")));
    let phone_link = |entry: &Entry| {
        let exact = entry.route.same_place(&props.route);
        html! {
            <a href={entry.route.href()} aria-current={exact.then_some("page")}>
                <Icon glyph={entry.glyph} />{ entry.route.title() }
            </a>
        }
    };
    let corner = |route: Route, glyph: Glyph| {
        let current = route.same_place(&props.route);
        html! {
            <a class="corner" href={route.href()} aria-label={route.title()} aria-current={current.then_some("page")}>
                <Icon {glyph} />
            </a>
        }
    };
    html! {
        <div class="app">
            <a class="skip" href="#main" onclick={skip(&main)}>{ "Skip to content" }</a>
            <nav class="side" aria-label="Main">
                <Brand />
                { for entries(false).iter().map(|entry| link(entry, &props.route)) }
                <Who />
            </nav>
            <main ref={main} tabindex="-1" id="main">
                <header class="head">
                    <h1>{ title }</h1>
                    <span class="corners">
                        { corner(Route::Account, Glyph::Person) }
                        { corner(Route::Network, Glyph::Network) }
                        { corner(Route::Settings, Glyph::Settings) }
                    </span>
                    <Status />
                </header>
                { props.children.clone() }
            </main>
            <nav class="tabbar" aria-label="Main, below">
                { for entries(true).iter().map(phone_link) }
            </nav>
        </div>
    }
}

fn skip(main: &NodeRef) -> Callback<MouseEvent> {
    let main = main.clone();
    Callback::from(move |event: MouseEvent| {
        // The place in the address stays: only the focus moves.
        event.prevent_default();
        if let Some(main) = main.cast::<web_sys::HtmlElement>() {
            let _ = main.focus();
        }
    })
}
